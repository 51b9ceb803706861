/*
 * sparse_matrix.h
 *	  Rows of features of which few are not zero: one row, and many in CSR form.
 */
#ifndef SENTIMENT_SPARSE_MATRIX_H
#define SENTIMENT_SPARSE_MATRIX_H

#include <stdint.h>

/* One row; the indices are distinct, in no promised order. */
typedef struct SparseRow
{
	uint32_t count;          /* entries */
	const uint32_t *indices; /* (count), each below the number of features */
	const float *values;     /* (count) */
} SparseRow;

/* Compressed sparse rows. */
typedef struct SparseMatrix
{
	uint32_t n_rows;
	uint32_t n_features;
	const uint64_t *row_starts; /* (n_rows + 1), positions in indices and values */
	const uint32_t *indices;    /* (row_starts[n_rows]) */
	const float *values;        /* (row_starts[n_rows]) */
} SparseMatrix;

/* Row number row of the matrix, in place. */
static inline SparseRow
sparse_matrix_row(const SparseMatrix *matrix, uint32_t row)
{
	uint64_t start = matrix->row_starts[row];

	return (SparseRow){(uint32_t) (matrix->row_starts[row + 1] - start), matrix->indices + start,
					   matrix->values + start};
}

/*
 * For loops over all entries, row by row: check for interrupts when a row begins another block of
 * entries.
 */
extern void sparse_matrix_check_interrupts(const SparseMatrix *matrix, uint32_t row);

/* Copy a row, sorted by feature. indices, values: (row->count) */
extern void sparse_row_sort(const SparseRow *row, uint32_t *indices, float *values);

#endif /* SENTIMENT_SPARSE_MATRIX_H */
