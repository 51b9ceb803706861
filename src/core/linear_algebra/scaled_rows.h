/*
 * scaled_rows.h
 *	  The product of a sparse vector and a matrix: a sum of scaled rows of the matrix.
 *
 * Both passes over the first layer of a neural network are such sums, and so is every layer of the
 * prediction for one row.
 */
#ifndef SENTIMENT_SCALED_ROWS_H
#define SENTIMENT_SCALED_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Scales are cut to this size, so that sums of products stay finite; NaN counts as 0. */
#define SCALE_LIMIT      1e15f
#define SCALE_LIMIT_BITS 0x58635fa9
#define INFINITY_BITS    0x7f800000

/* Sizes of floats compare as integers do, and compilers make vectors of that. */
static inline float
limit_scale(float scale)
{
	uint32_t bits;
	int32_t size;

	memcpy(&bits, &scale, sizeof(bits));
	size = (int32_t) (bits & 0x7fffffff);
	size = size > INFINITY_BITS ? 0 : size;
	size = size > SCALE_LIMIT_BITS ? SCALE_LIMIT_BITS : size;
	bits = (bits & 0x80000000) | (uint32_t) size;
	memcpy(&scale, &bits, sizeof(bits));
	return scale;
}

/*
 * Add scales[i] times row rows[i] of the matrix to sum, for each i in its order. The result is the same
 * whatever instructions the processor has.
 * sum: (n_columns); matrix: rows of n_columns numbers that begin stride numbers apart; rows, scales:
 * (count)
 */
extern void add_scaled_rows(float *sum, uint32_t n_columns, const float *matrix, size_t stride,
							uint32_t count, const uint32_t *rows, const float *scales);

#endif /* SENTIMENT_SCALED_ROWS_H */
