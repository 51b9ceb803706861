/*
 * tpe_split.c
 *	  The good trials apart from the others.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/search/hypervolume.h"
#include "core/search/pareto_front.h"
#include "core/search/tpe.h"

#define GOOD_SHARE 0.1
#define MOST_GOOD  25

/* What a good trial counts that adds no volume, of the one that adds most; of Optuna too. */
#define SMALL_WEIGHT 1e-12

/* What decides the order of trials for one objective, and of those beyond the limits for several. */
typedef struct RankedTrial
{
	size_t index;
	double violation;  /* 0: within the limits */
	double steps_left; /* -inf: complete; else the fewer steps the larger */
	double value;      /* -inf: worst */
} RankedTrial;

/* Best first. */
static int
compare_ranked_trials(const void *a, const void *b)
{
	const RankedTrial *first = a;
	const RankedTrial *second = b;

	if (first->violation != second->violation)
		return first->violation < second->violation ? -1 : 1;
	if (first->violation == 0)
	{
		if (first->steps_left != second->steps_left)
			return first->steps_left < second->steps_left ? -1 : 1;
		if (first->value != second->value)
			return first->value > second->value ? -1 : 1;
	}
	return first->index < second->index ? -1 : first->index > second->index;
}

/* Order of indices. */
static int
compare_indices(const void *a, const void *b)
{
	size_t first = *(const size_t *) a;
	size_t second = *(const size_t *) b;

	return first < second ? -1 : first > second;
}

/* Whether a trial was measured: it is complete, and its objectives are numbers. */
static bool
is_measured(const Trial *trial, uint32_t n_objectives)
{
	if (trial->state != TRIAL_COMPLETE)
		return false;
	for (uint32_t i = 0; i < n_objectives; i++)
	{
		if (isnan(trial->objectives[i]))
			return false;
	}
	return true;
}

/* How far a trial is beyond the limits. */
static double
violation_of(const Trial *trial)
{
	if (isnan(trial->violation))
		return INFINITY;
	return fmax(trial->violation, 0);
}

/* Rank a complete or pruned trial. */
static RankedTrial
rank_trial(const Trial *trial, size_t index)
{
	RankedTrial ranked = {.index = index, .violation = violation_of(trial)};

	if (trial->state == TRIAL_COMPLETE)
	{
		ranked.steps_left = -INFINITY;
		ranked.value = trial->objectives[0];
	}
	else if (trial->n_steps > 0)
	{
		double value = trial->steps[trial->n_steps - 1];

		ranked.steps_left = 1 - (double) trial->n_steps;
		ranked.value = isnan(value) ? -INFINITY : value;
	}
	else
		ranked.steps_left = 1;
	return ranked;
}

/* Number of good ones of n trials. */
static size_t
good_of(size_t n)
{
	double share = ceil(GOOD_SHARE * (double) n);

	return share < MOST_GOOD ? (size_t) share : MOST_GOOD;
}

/*
 * The trials that are no good ones, behind those that are: all of the indices but the chosen.
 * below: (n_below) in any order, is sorted
 */
static void
finish_split(const size_t *indices, size_t n, TpeSplit *split)
{
	size_t next = 0;

	qsort(split->below, split->n_below, sizeof(size_t), compare_indices);
	for (size_t i = 0; i < n; i++)
	{
		if (next < split->n_below && split->below[next] == indices[i])
			next++;
		else
			split->above[split->n_above++] = indices[i];
	}
}

/* Choose the first n_below of trials in the order of compare_ranked_trials. */
static void
choose_first(const Trial *trials, const size_t *indices, size_t n, TpeSplit *split)
{
	RankedTrial *ranked = host_allocate_array(RankedTrial, n + 1);

	for (size_t i = 0; i < n; i++)
		ranked[i] = rank_trial(&trials[indices[i]], indices[i]);
	qsort(ranked, n, sizeof(RankedTrial), compare_ranked_trials);
	for (size_t i = 0; i < split->n_below; i++)
		split->below[i] = ranked[i].index;
	host_free(ranked);
}

/* Objectives of some trials, without the infinite: (n, n_objectives). */
static double *
gather_objectives(const Trial *trials, const size_t *indices, size_t n, uint32_t n_objectives)
{
	double *points = host_allocate_array(double, (n + 1) * n_objectives);
	/* so that no volume overflows */
	double limit = pow(DBL_MAX, 1.0 / n_objectives) / 4;

	for (size_t i = 0; i < n; i++)
	{
		for (uint32_t k = 0; k < n_objectives; k++)
			points[i * n_objectives + k] =
				fmin(fmax(trials[indices[i]].objectives[k], -limit), limit);
	}
	return points;
}

/* Choose those of one rank that dominate the largest volume, to fill up the good ones. */
static void
choose_by_volume(const Trial *trials, const size_t *front, size_t n, uint32_t n_objectives,
				 size_t n_chosen, size_t *chosen)
{
	double *points = gather_objectives(trials, front, n, n_objectives);
	double reference[MAX_OBJECTIVES];

	hypervolume_reference(points, n, n_objectives, reference);
	hypervolume_select(points, n, n_objectives, reference, n_chosen, chosen);
	for (size_t i = 0; i < n_chosen; i++)
		chosen[i] = front[chosen[i]];
	host_free(points);
}

/* Choose n_below of the trials, which are more than that, by nondomination rank. */
static void
choose_by_rank(const Trial *trials, const size_t *indices, size_t n, uint32_t n_objectives,
			   TpeSplit *split)
{
	double *points = gather_objectives(trials, indices, n, n_objectives);
	uint32_t *ranks = host_allocate_array(uint32_t, n);
	size_t *front = host_allocate_array(size_t, n);
	size_t n_chosen = 0;

	pareto_ranks(points, n, n_objectives, ranks);
	for (uint32_t rank = 0; n_chosen < split->n_below; rank++)
	{
		size_t n_front = 0;
		size_t n_wanted;

		for (size_t i = 0; i < n; i++)
		{
			if (ranks[i] == rank)
				front[n_front++] = indices[i];
		}
		n_wanted = split->n_below - n_chosen;
		if (n_front <= n_wanted)
		{
			memcpy(split->below + n_chosen, front, n_front * sizeof(size_t));
			n_chosen += n_front;
		}
		else
		{
			choose_by_volume(trials, front, n_front, n_objectives, n_wanted,
							 split->below + n_chosen);
			n_chosen += n_wanted;
		}
	}
	host_free(front);
	host_free(ranks);
	host_free(points);
}

/* Weigh the good trials by the volume that each adds; those beyond the limits hardly count. */
static void
weigh_by_volume(const Trial *trials, uint32_t n_objectives, TpeSplit *split)
{
	size_t *within = host_allocate_array(size_t, split->n_below + 1);
	double *contributions = host_allocate_array(double, split->n_below + 1);
	double reference[MAX_OBJECTIVES];
	double *points;
	double largest = 0;
	size_t n = 0;

	for (size_t i = 0; i < split->n_below; i++)
	{
		split->weights[i] = SMALL_WEIGHT;
		if (violation_of(&trials[split->below[i]]) == 0)
			within[n++] = split->below[i];
	}
	points = gather_objectives(trials, within, n, n_objectives);
	hypervolume_reference(points, n, n_objectives, reference);
	hypervolume_contributions(points, n, n_objectives, reference, contributions);
	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, contributions[i] + SMALL_WEIGHT);
	for (size_t i = 0, next = 0; i < split->n_below && next < n; i++)
	{
		if (split->below[i] == within[next])
		{
			split->weights[i] = (contributions[next] + SMALL_WEIGHT) / largest;
			next++;
		}
	}
	host_free(points);
	host_free(contributions);
	host_free(within);
}

/* Split for several objectives. */
static void
split_by_ranks(const SamplerOptions *options, const Trial *trials, const size_t *measured,
			   size_t n_measured, TpeSplit *split)
{
	size_t *within = host_allocate_array(size_t, n_measured + 1);
	size_t n_within = 0;

	for (size_t i = 0; i < n_measured; i++)
	{
		if (violation_of(&trials[measured[i]]) == 0)
			within[n_within++] = measured[i];
	}
	if (n_within > split->n_below)
		choose_by_rank(trials, within, n_within, options->n_objectives, split);
	else
		choose_first(trials, measured, n_measured, split);
	host_free(within);
}

bool
tpe_split(const SamplerOptions *options, const Trial *trials, size_t n_trials, TpeSplit *split)
{
	bool has_ranks = options->n_objectives > 1;
	size_t *candidates = host_allocate_array(size_t, n_trials + 1);
	size_t *all = host_allocate_array(size_t, n_trials + 1);
	size_t n_candidates = 0;
	size_t n_all = 0;

	for (size_t i = 0; i < n_trials; i++)
	{
		bool measured = is_measured(&trials[i], options->n_objectives);
		bool pruned = trials[i].state == TRIAL_PRUNED;

		if (measured || pruned)
			all[n_all++] = i;
		if (measured || (pruned && !has_ranks))
			candidates[n_candidates++] = i;
	}
	*split = (TpeSplit){.below = host_allocate_array(size_t, n_trials + 1),
						.n_below = good_of(n_candidates),
						.above = host_allocate_array(size_t, n_trials + 1)};
	if (n_candidates < options->n_startup_trials)
	{
		host_free(all);
		host_free(candidates);
		tpe_split_free(split);
		return false;
	}
	if (has_ranks)
		split_by_ranks(options, trials, candidates, n_candidates, split);
	else
		choose_first(trials, candidates, n_candidates, split);
	finish_split(all, n_all, split);
	if (has_ranks)
	{
		split->weights = host_allocate_array(double, split->n_below + 1);
		weigh_by_volume(trials, options->n_objectives, split);
	}
	host_free(all);
	host_free(candidates);
	return true;
}

void
tpe_split_free(TpeSplit *split)
{
	host_free(split->below);
	host_free(split->above);
	host_free(split->weights);
}
