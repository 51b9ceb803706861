/*
 * prediction_counts.c
 *	  What is counted of a model version's predictions.
 */
#include "core/serving/prediction_counts.h"

#include <math.h>

const double latency_bounds[N_LATENCY_BUCKETS - 1] = {
	1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3,
	5e-3, 1e-2, 2e-2, 5e-2, 0.1,  0.2,  0.5,  1,    2,    5,    10,
};

/* The same in nanoseconds. */
static const uint64_t latency_nanoseconds[N_LATENCY_BUCKETS - 1] = {
	1000,      2000,      5000,       10000,      20000,      50000,       100000,   200000,
	500000,    1000000,   2000000,    5000000,    10000000,   20000000,    50000000, 100000000,
	200000000, 500000000, 1000000000, 2000000000, 5000000000, 10000000000,
};

void
prediction_counts_add(PredictionCounts *counts, uint32_t class_index, double probability)
{
	int bin = (int) (probability * N_CONFIDENCE_BINS);

	if (class_index >= N_COUNTED_LABELS)
		class_index = N_COUNTED_LABELS - 1;
	if (bin < 0)
		bin = 0;
	if (bin >= N_CONFIDENCE_BINS)
		bin = N_CONFIDENCE_BINS - 1;
	counts->labels[class_index]++;
	counts->confidence[bin]++;
	counts->confidence_sum += (uint64_t) (probability * CONFIDENCE_BILLION);
}

void
prediction_counts_add_latency(PredictionCounts *counts, uint64_t nanoseconds,
							  uint64_t n_predictions)
{
	int bucket = 0;

	while (bucket < N_LATENCY_BUCKETS - 1 && nanoseconds > latency_nanoseconds[bucket])
		bucket++;
	counts->latency[bucket] += n_predictions;
	counts->latency_sum += nanoseconds * n_predictions;
}

uint64_t
prediction_counts_total(const PredictionCounts *counts)
{
	uint64_t total = 0;

	for (int i = 0; i < N_COUNTED_LABELS; i++)
		total += counts->labels[i];
	return total;
}

double
prediction_counts_latency_quantile(const PredictionCounts *counts, double fraction)
{
	uint64_t total = 0;
	uint64_t below = 0;
	double rank;

	for (int i = 0; i < N_LATENCY_BUCKETS; i++)
		total += counts->latency[i];
	if (total == 0)
		return NAN;
	rank = fraction * (double) total;
	for (int i = 0; i < N_LATENCY_BUCKETS - 1; i++)
	{
		double lower = i == 0 ? 0 : latency_bounds[i - 1];

		if (counts->latency[i] > 0 && (double) (below + counts->latency[i]) >= rank)
			return lower + (latency_bounds[i] - lower) * (rank - (double) below) /
							   (double) counts->latency[i];
		below += counts->latency[i];
	}
	return latency_bounds[N_LATENCY_BUCKETS - 2];
}
