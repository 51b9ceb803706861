/*
 * tpe.h
 *	  The tree-structured Parzen estimator: good trials apart from the others, and what to try then.
 */
#ifndef SENTIMENT_TPE_H
#define SENTIMENT_TPE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/search/sampler.h"

/* The trials of an estimation, as indices in ascending order. */
typedef struct TpeSplit
{
	size_t *below; /* (n_below) the good ones */
	size_t n_below;
	size_t *above; /* (n_above) */
	size_t n_above;
	double *weights; /* (n_below) of the good ones; NULL for one objective: by age */
} TpeSplit;

/*
 * Take the good tenth of the trials, 25 at most. One objective: complete trials by it, then pruned ones
 * by how far they came and what they were worth there. Several: complete trials by nondomination rank, and
 * of the rank that does not fit as a whole those that dominate the largest volume; pruned trials are
 * among the others. Trials beyond the limits (violation) are worse than those within. Answers false if
 * there are too few to begin with (n_startup_trials).
 */
extern bool tpe_split(const SamplerOptions *options, const Trial *trials, size_t n_trials,
					  TpeSplit *split);

extern void tpe_split_free(TpeSplit *split);

/* Suggest a point by trials that were split. point: (n_dimensions) */
extern void tpe_suggest(const SearchSpace *space, const SamplerOptions *options,
						const Trial *trials, size_t n_trials, const TpeSplit *split, double *point);

#endif /* SENTIMENT_TPE_H */
