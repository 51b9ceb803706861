/*
 * column_matrix.h
 *	  Sparse features by column (CSC form), for methods that go from feature to feature.
 */
#ifndef SENTIMENT_COLUMN_MATRIX_H
#define SENTIMENT_COLUMN_MATRIX_H

#include "core/features/sparse_matrix.h"

/* Compressed sparse columns; within a column the rows ascend. */
typedef struct ColumnMatrix
{
	uint32_t n_rows;
	uint32_t n_features;
	uint64_t *column_starts; /* (n_features + 1), positions in rows and values */
	uint32_t *rows;          /* (column_starts[n_features]) */
	float *values;           /* (column_starts[n_features]) */
} ColumnMatrix;

/* Make a copy of a matrix by column; it takes as much memory again. */
extern ColumnMatrix column_matrix_make(const SparseMatrix *matrix);

/* Free the copy. */
extern void column_matrix_free(ColumnMatrix *matrix);

#endif /* SENTIMENT_COLUMN_MATRIX_H */
