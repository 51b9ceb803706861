/*
 * prediction_latency.h
 *	  How long a pipeline takes to answer.
 */
#ifndef SENTIMENT_PREDICTION_LATENCY_H
#define SENTIMENT_PREDICTION_LATENCY_H

#include "core/held_out.h"
#include "core/pipeline.h"

/* As many rows are timed at most. */
#define LATENCY_MAX_ROWS 1000

/*
 * Median microseconds of one prediction over the rows that are held out at a share, LATENCY_MAX_ROWS of them at
 * most; NaN without rows. It depends on the machine, and on what else that does.
 */
extern double prediction_latency(const HeldOutRows *rows, Pipeline *pipeline, uint64_t seed,
								 double share);

#endif /* SENTIMENT_PREDICTION_LATENCY_H */
