/*
 * sparse_matrix.c
 *	  Rows of features of which few are not zero.
 */
#include <stdlib.h>

#include "core/features/sparse_matrix.h"
#include "core/host.h"

/* Entries between two checks for interrupts. */
#define ENTRIES_PER_INTERRUPT_CHECK ((uint64_t) 1 << 18)

/* An entry of a row. */
typedef struct RowEntry
{
	uint32_t feature;
	float value;
} RowEntry;

static int
compare_entries(const void *a, const void *b)
{
	uint32_t first = ((const RowEntry *) a)->feature;
	uint32_t second = ((const RowEntry *) b)->feature;

	return (first > second) - (first < second);
}

void
sparse_row_sort(const SparseRow *row, uint32_t *indices, float *values)
{
	RowEntry *entries = host_allocate_array(RowEntry, (size_t) row->count + 1);

	for (uint32_t i = 0; i < row->count; i++)
		entries[i] = (RowEntry){row->indices[i], row->values[i]};
	qsort(entries, row->count, sizeof(RowEntry), compare_entries);
	for (uint32_t i = 0; i < row->count; i++)
	{
		indices[i] = entries[i].feature;
		values[i] = entries[i].value;
	}
	host_free(entries);
}

void
sparse_matrix_check_interrupts(const SparseMatrix *matrix, uint32_t row)
{
	if (row == 0 || matrix->row_starts[row] / ENTRIES_PER_INTERRUPT_CHECK !=
						matrix->row_starts[row - 1] / ENTRIES_PER_INTERRUPT_CHECK)
		host_check_interrupts();
}
