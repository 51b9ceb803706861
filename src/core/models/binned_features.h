/*
 * binned_features.h
 *	  Features cut into at most 255 bins of values each, by column, for learning decision trees.
 *
 * A tree that only compares a value with a few hundred thresholds needs no more of the value than
 * the bin that it lies in: one byte, counted in a histogram. The edges between bins are kept, so
 * that the trees that come out compare values, not bins. As scikit-learn's _BinMapper: a feature
 * with few distinct values has an edge in the middle between each two neighbours, another one edges
 * at the quantiles.
 */
#ifndef SENTIMENT_BINNED_FEATURES_H
#define SENTIMENT_BINNED_FEATURES_H

#include <stdbool.h>

#include "core/models/classifier.h"

/* Bins of values that a feature may have; the bin of the missing ones comes behind them. */
#define MAX_VALUE_BINS 255

typedef struct BinnedFeatures
{
	uint32_t n_rows;
	uint32_t n_features;
	uint8_t *bins;         /* (n_features, n_rows) bin of each value */
	uint8_t *n_value_bins; /* (n_features) bins of values, 1 to MAX_VALUE_BINS */
	bool *has_missing;     /* (n_features) whether rows lack the value; their bin is n_value_bins */
	uint64_t *edge_starts; /* (n_features + 1) positions in edges */
	float *edges;          /* value <= edge b just if its bin is <= b; ascending, finite */
} BinnedFeatures;

/*
 * Bin the features of a training set, with at most max_bins (2 to MAX_VALUE_BINS) bins of values
 * each. Raises HOST_ERROR_LIMIT_EXCEEDED if the bins would take more than 4 GB.
 */
extern BinnedFeatures binned_features_make(const TrainingSet *training_set, uint32_t max_bins);

/* Free the bins and the edges. */
extern void binned_features_free(BinnedFeatures *features);

/* The bins of a feature: (n_rows) */
static inline const uint8_t *
binned_features_column(const BinnedFeatures *features, uint32_t feature)
{
	return features->bins + (size_t) feature * features->n_rows;
}

/* The upper edges of a feature's bins: (n_value_bins - 1) */
static inline const float *
binned_features_edges(const BinnedFeatures *features, uint32_t feature)
{
	return features->edges + features->edge_starts[feature];
}

/* Bins of a feature with the bin of the missing values. */
static inline uint32_t
binned_features_count(const BinnedFeatures *features, uint32_t feature)
{
	return (uint32_t) features->n_value_bins[feature] + features->has_missing[feature];
}

#endif /* SENTIMENT_BINNED_FEATURES_H */
