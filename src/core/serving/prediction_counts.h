/*
 * prediction_counts.h
 *	  What is counted of a model version's predictions.
 *
 * All counters are 64-bit numbers, so that a backend's own counts are added to shared ones number by
 * number. Sums of times and probabilities are whole nanoseconds and billionths.
 */
#ifndef SENTIMENT_PREDICTION_COUNTS_H
#define SENTIMENT_PREDICTION_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#define N_COUNTED_LABELS   64 /* the last one counts all labels from there on */
#define N_CONFIDENCE_BINS  20 /* equally wide, of the answered label's probability */
#define N_LATENCY_BUCKETS  23 /* 1, 2, 5, 10, ... microseconds up to 10 s, and beyond */
#define N_COUNTED_ERRORS   16 /* classes of errors, as the caller numbers them */
#define CONFIDENCE_BILLION 1e9

/* Upper bounds of the latency buckets in seconds; the last one has none. */
extern const double latency_bounds[N_LATENCY_BUCKETS - 1];

typedef struct PredictionCounts
{
	uint64_t labels[N_COUNTED_LABELS]; /* predictions by class */
	uint64_t confidence[N_CONFIDENCE_BINS];
	uint64_t confidence_sum; /* billionths */
	uint64_t latency[N_LATENCY_BUCKETS];
	uint64_t latency_sum; /* nanoseconds */
	uint64_t errors[N_COUNTED_ERRORS];
	uint64_t shadow_compared;  /* predictions of others that this version was scored beside */
	uint64_t shadow_disagreed; /* where its label was another one */
	uint64_t shadow_failed;    /* where it failed */
	uint64_t trainings;
	uint64_t rows_trained;
	uint64_t loads; /* how often a session has read the version from its table */
} PredictionCounts;

/* The counters as an array. */
#define N_COUNTERS (sizeof(PredictionCounts) / sizeof(uint64_t))

/* Count a prediction: its class and that class's probability. */
extern void prediction_counts_add(PredictionCounts *counts, uint32_t class_index,
								  double probability);

/* Count a latency that stands for so many predictions. */
extern void prediction_counts_add_latency(PredictionCounts *counts, uint64_t nanoseconds,
										  uint64_t n_predictions);

/* Predictions that were counted. */
extern uint64_t prediction_counts_total(const PredictionCounts *counts);

/*
 * The latency in seconds that a fraction of the predictions do not pass, interpolated in its bucket; NaN
 * without any, the last bound if it is beyond.
 */
extern double prediction_counts_latency_quantile(const PredictionCounts *counts, double fraction);

#endif /* SENTIMENT_PREDICTION_COUNTS_H */
