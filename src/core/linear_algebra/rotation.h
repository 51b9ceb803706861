/*
 * rotation.h
 *	  Gram matrix and rotation of the columns of a tall row-major matrix, by OpenBLAS.
 *
 * The rows are cut into tiles by the sizes alone, and sums over tiles are in float64, in their order, so
 * the results do not depend on the number of threads.
 */
#ifndef SENTIMENT_ROTATION_H
#define SENTIMENT_ROTATION_H

#include <stddef.h>
#include <stdint.h>

/* gram = transposed matrix times matrix. matrix: (n_rows, n_columns); gram: (n_columns, n_columns) */
extern void rotation_gram(const float *matrix, size_t n_rows, uint32_t n_columns, double *gram);

/* matrix = matrix times rotation, any square matrix: (n_columns, n_columns), row-major */
extern void rotation_apply(float *matrix, size_t n_rows, uint32_t n_columns, const float *rotation);

#endif /* SENTIMENT_ROTATION_H */
