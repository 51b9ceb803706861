/*
 * split_gain.h
 *	  The split of a node of a boosted tree that gains most, from the histogram of one feature.
 *
 * A split's gain is G_l^2 / (H_l + lambda) + G_r^2 / (H_r + lambda) - G^2 / (H + lambda), with the
 * sums of gradients G and hessians H of the left side, the right side and the node.
 */
#ifndef SENTIMENT_SPLIT_GAIN_H
#define SENTIMENT_SPLIT_GAIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Of a row or a sum of rows, as integers (fixed point): [0] the gradient; [1] the hessian in the
 * upper bits, and the number of rows in the lower count_bits. Sums of gradients and of hessians are
 * smaller than 2^51, so that a double holds them and the conversion is cheap.
 */
typedef int64_t GradientSum __attribute__((vector_size(16), aligned(8)));

#define MAX_GRADIENT_SUM 0x1p50
#define MAX_HESSIAN_SUM  0x1p50

/* The node, and what its splits have to keep. */
typedef struct GainNode
{
	GradientSum sum;
	int count_bits;
	uint32_t min_samples_leaf; /* rows on each side at least */
	int64_t min_hessian;       /* hessian on each side at least */
	double lambda;             /* in units of the hessians */
} GainNode;

/* The best split; score is the gain without the node's own part, below 0 if there is none. */
typedef struct GainSplit
{
	double score;
	uint32_t bin; /* the last one on the left */
	bool missing_left;
	bool missing_decided; /* there are missing values on one of the sides */
	GradientSum left;
} GainSplit;

static inline uint32_t
gradient_sum_count(GradientSum sum, int count_bits)
{
	return (uint32_t) (sum[1] & ((INT64_C(1) << count_bits) - 1));
}

static inline int64_t
gradient_sum_hessian(GradientSum sum, int count_bits)
{
	return sum[1] >> count_bits;
}

/* Whether not to use the processor's special instructions; for tests. */
extern bool split_gain_is_portable;

/*
 * Find the best split; the first of equals. histogram: (n_value_bins, and one for the missing
 * values if has_missing)
 */
extern GainSplit find_gain_split(const GainNode *node, const GradientSum *histogram,
								 uint32_t n_value_bins, bool has_missing);

#endif /* SENTIMENT_SPLIT_GAIN_H */
