/*
 * column_matrix.c
 *	  Sparse features by column (CSC form).
 */
#include "core/features/column_matrix.h"
#include "core/host.h"

/* Set column_starts[f + 1] to the end of column f. */
static void
compute_column_starts(const SparseMatrix *matrix, uint64_t *column_starts)
{
	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		sparse_matrix_check_interrupts(matrix, i);
		for (uint64_t j = matrix->row_starts[i]; j < matrix->row_starts[i + 1]; j++)
			column_starts[matrix->indices[j] + 1]++;
	}
	for (uint32_t f = 0; f < matrix->n_features; f++)
		column_starts[f + 1] += column_starts[f];
}

ColumnMatrix
column_matrix_make(const SparseMatrix *matrix)
{
	uint64_t n_entries = matrix->row_starts[matrix->n_rows];
	ColumnMatrix columns = {matrix->n_rows, matrix->n_features,
							host_allocate_zero_array(uint64_t, (size_t) matrix->n_features + 1),
							host_allocate_array(uint32_t, n_entries),
							host_allocate_array(float, n_entries)};
	uint64_t *ends = host_allocate_array(uint64_t, matrix->n_features);

	compute_column_starts(matrix, columns.column_starts);
	for (uint32_t f = 0; f < matrix->n_features; f++)
		ends[f] = columns.column_starts[f];
	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		sparse_matrix_check_interrupts(matrix, i);
		for (uint64_t j = matrix->row_starts[i]; j < matrix->row_starts[i + 1]; j++)
		{
			uint64_t position = ends[matrix->indices[j]]++;

			columns.rows[position] = i;
			columns.values[position] = matrix->values[j];
		}
	}
	host_free(ends);
	return columns;
}

void
column_matrix_free(ColumnMatrix *matrix)
{
	host_free(matrix->column_starts);
	host_free(matrix->rows);
	host_free(matrix->values);
}
