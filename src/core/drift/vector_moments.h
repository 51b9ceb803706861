/*
 * vector_moments.h
 *	  Sums and sums of products of short vectors: their mean and covariance, whatever the order of the rows.
 *
 * Coordinates are rounded to multiples of 2^-14, so the sums are of integers: exact, and the same in any
 * order and by any merge.
 */
#ifndef SENTIMENT_VECTOR_MOMENTS_H
#define SENTIMENT_VECTOR_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

#define MAX_MOMENT_DIMENSIONS 32
#define MAX_MOMENT_PRODUCTS   (MAX_MOMENT_DIMENSIONS * (MAX_MOMENT_DIMENSIONS + 1) / 2)

/* One, as a rounded coordinate; larger ones are cut to it. */
#define MOMENT_ONE 16384

/* With products up to MOMENT_ONE squared, their sums stay below 2^61. */
#define MAX_MOMENT_ROWS (UINT64_C(1) << 33)

/* Starts as zero bytes, but for n_dimensions. */
typedef struct VectorMoments
{
	uint32_t n_dimensions;
	uint64_t n_rows;
	int64_t sums[MAX_MOMENT_DIMENSIONS];
	int64_t products[MAX_MOMENT_PRODUCTS]; /* of i and j <= i at i (i + 1) / 2 + j */
} VectorMoments;

/* Number of products of vectors of some dimensions. */
static inline uint32_t
moment_product_count(uint32_t n_dimensions)
{
	return n_dimensions * (n_dimensions + 1) / 2;
}

/* Add a row of coordinates in [-1, 1]; NaN counts as 0. coordinates: (n_dimensions) */
extern void vector_moments_add(VectorMoments *moments, const float *coordinates);

/* A coordinate in [-1, 1] as it is added up; NaN counts as 0. */
extern int32_t vector_moments_round(float coordinate);

/* Mean and sample covariance; NaN without rows, or with a single one. mean: (n), covariance: (n, n) */
extern void vector_moments_mean(const VectorMoments *moments, double *mean);
extern void vector_moments_covariance(const VectorMoments *moments, double *covariance);

#endif /* SENTIMENT_VECTOR_MOMENTS_H */
