/*
 * trial.h
 *	  A trial of a search: a point of the search space and what it was measured to be worth.
 */
#ifndef SENTIMENT_TRIAL_H
#define SENTIMENT_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/search/search_space.h"

#define MAX_OBJECTIVES 8

typedef enum TrialState
{
	TRIAL_COMPLETE, /* measured in all steps */
	TRIAL_PRUNED,   /* given up after some steps */
	TRIAL_FAILED    /* could not be measured: samplers and pruners pass it over */
} TrialState;

/*
 * Objectives are larger-is-better: what should be small (latency, bytes, log loss) is negated by the
 * caller. A complete trial with an objective that is not a number counts as a failed one.
 */
typedef struct Trial
{
	TrialState state;
	const double *point;      /* (n_dimensions) */
	const double *objectives; /* (n_objectives); of complete trials only */
	const double *steps; /* (n_steps) the first objective as it was known after each step (fold) */
	uint32_t n_steps;
	double violation; /* 0: within the limits of the search; else by how much it is beyond them */
} Trial;

/*
 * The earlier trial (complete or pruned) at the same point, or n_trials if there is none: measuring
 * it again would tell nothing new.
 */
extern size_t trial_find_point(const SearchSpace *space, const Trial *trials, size_t n_trials,
							   const double *point);

#endif /* SENTIMENT_TRIAL_H */
