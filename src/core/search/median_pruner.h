/*
 * median_pruner.h
 *	  Whether to give a trial up before its last step.
 */
#ifndef SENTIMENT_MEDIAN_PRUNER_H
#define SENTIMENT_MEDIAN_PRUNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/search/trial.h"

typedef struct MedianPrunerOptions
{
	uint32_t n_startup_trials; /* no pruning until so many trials are complete */
	uint32_t n_warmup_steps;   /* no pruning in the first so many steps */
} MedianPrunerOptions;

/* 5 trials, no warm-up: as Optuna's MedianPruner. */
extern void median_pruner_default_options(MedianPrunerOptions *options);

/*
 * Whether to give up a running trial after its step n_steps - 1: the best of its steps is worse than
 * the median of the complete trials at that step, or none of its steps is a number.
 * steps: (n_steps) the first objective as it was known after each
 */
extern bool median_pruner_prunes(const Trial *trials, size_t n_trials, const double *steps,
								 uint32_t n_steps, const MedianPrunerOptions *options);

#endif /* SENTIMENT_MEDIAN_PRUNER_H */
