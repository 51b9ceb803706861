/*
 * sampler.h
 *	  Which point of a search space to try next.
 *
 * A suggestion is a pure function of its arguments: the same space, options and trials give the same
 * point on every machine of the same arithmetic, so that a search can be repeated by its seed.
 *
 * - random: each dimension evenly, on its scale.
 * - grid: up to GRID_VALUES values of each range and every choice, in an order shuffled by the seed;
 *   behind the last point it begins again.
 * - TPE: the tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter
 *   optimization", https://papers.nips.cc/paper/4443) with the settings of Optuna's TPESampler: for
 *   each dimension the best trials make a density l(x), the others g(x), and of some draws from l that
 *   of the largest l(x)/g(x) is taken. With more than one objective the best trials are chosen by
 *   nondomination rank and hypervolume and weighted by what they add to the hypervolume (Ozaki et al.
 *   2020, "Multiobjective tree-structured Parzen estimator", https://doi.org/10.1145/3377930.3389817).
 */
#ifndef SENTIMENT_SAMPLER_H
#define SENTIMENT_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "core/search/search_space.h"
#include "core/search/trial.h"

#define GRID_VALUES 4

typedef enum SamplerType
{
	SAMPLER_TPE,
	SAMPLER_RANDOM,
	SAMPLER_GRID
} SamplerType;

/* Names of the types in their order, NULL-terminated. */
extern const char *const sampler_names[];

typedef struct SamplerOptions
{
	SamplerType type;
	uint32_t n_startup_trials; /* TPE draws at random until so many trials are complete or pruned */
	uint32_t n_candidates;     /* draws from l(x), 1 at least */
	uint32_t n_objectives;     /* of each trial, 1 to MAX_OBJECTIVES */
	uint64_t seed;
} SamplerOptions;

/* TPE for one objective, with 10 trials at random and 24 candidates. */
extern void sampler_default_options(SamplerOptions *options);

/*
 * Suggest the point of trial number n_trials, given the trials before it (all of them, the failed ones
 * too, in their order). point: (n_dimensions)
 */
extern void sampler_suggest(const SearchSpace *space, const SamplerOptions *options,
							const Trial *trials, size_t n_trials, double *point);

/* Number of points of the grid; UINT64_MAX if there are more than that. */
extern uint64_t sampler_grid_size(const SearchSpace *space);

#endif /* SENTIMENT_SAMPLER_H */
