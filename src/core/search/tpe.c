/*
 * tpe.c
 *	  The tree-structured Parzen estimator: what to try.
 */
#include <math.h>

#include "core/host.h"
#include "core/search/dimension.h"
#include "core/search/parzen_estimator.h"
#include "core/search/random_stream.h"
#include "core/search/tpe.h"

/* Fit one dimension of some trials. values: scratch for as many */
static void
fit_trials(const Dimension *dimension, uint32_t place, const Trial *trials, const size_t *indices,
		   size_t n, const double *weights, double *values, ParzenEstimator *estimator)
{
	for (size_t i = 0; i < n; i++)
		values[i] = trials[indices[i]].point[place];
	parzen_estimator_fit(dimension, values, weights, n, estimator);
}

/* Of some draws from the good trials' density, the one of the largest ratio to the others' density. */
static double
best_candidate(const ParzenEstimator *good, const ParzenEstimator *others, uint32_t n_candidates,
			   RandomStream *stream)
{
	double best = parzen_estimator_sample(good, stream);
	double best_ratio =
		parzen_estimator_log_density(good, best) - parzen_estimator_log_density(others, best);

	for (uint32_t i = 1; i < n_candidates; i++)
	{
		double candidate = parzen_estimator_sample(good, stream);
		double ratio;

		if (candidate == best)
			continue;
		ratio = parzen_estimator_log_density(good, candidate) -
				parzen_estimator_log_density(others, candidate);
		if (ratio > best_ratio)
		{
			best = candidate;
			best_ratio = ratio;
		}
	}
	return best;
}

void
tpe_suggest(const SearchSpace *space, const SamplerOptions *options, const Trial *trials,
			size_t n_trials, const TpeSplit *split, double *point)
{
	double *values = host_allocate_array(double, n_trials + 1);

	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		const Dimension *dimension = &space->dimensions[i];
		RandomStream stream = random_stream_start(options->seed, n_trials, i);
		ParzenEstimator good;
		ParzenEstimator others;

		host_check_interrupts();
		if (dimension_is_constant(dimension))
		{
			point[i] = dimension_at_share(dimension, 0);
			continue;
		}
		fit_trials(dimension, i, trials, split->below, split->n_below, split->weights, values,
				   &good);
		fit_trials(dimension, i, trials, split->above, split->n_above, NULL, values, &others);
		point[i] = best_candidate(&good, &others, options->n_candidates, &stream);
		parzen_estimator_free(&good);
		parzen_estimator_free(&others);
	}
	host_free(values);
}
