/*
 * feature_groups.c
 *	  The sparse entries of a batch of rows, grouped by feature.
 */
#include <string.h>

#include "core/host.h"
#include "core/models/feature_groups.h"

void
feature_groups_initialize(FeatureGroups *groups, uint32_t n_features, size_t max_entries,
						  size_t chunk_work)
{
	size_t max_groups = n_features < max_entries ? n_features : max_entries;

	*groups =
		(FeatureGroups){.features = host_allocate_array(uint32_t, max_groups + 1),
						.starts = host_allocate_array(size_t, max_groups + 2),
						.rows = host_allocate_array(uint32_t, max_entries + 1),
						.values = host_allocate_array(float, max_entries + 1),
						.chunk_starts = host_allocate_array(uint32_t, max_groups + 2),
						.chunk_work = chunk_work,
						.group_of_feature = host_allocate_zero_array(uint32_t, n_features + 1)};
}

void
feature_groups_free(FeatureGroups *groups)
{
	host_free(groups->features);
	host_free(groups->starts);
	host_free(groups->rows);
	host_free(groups->values);
	host_free(groups->chunk_starts);
	host_free(groups->group_of_feature);
}

/* Count the entries of a row; those of group g are counted in starts[g + 1]. */
static void
count_entries(FeatureGroups *groups, const SparseRow *row, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t *group = &groups->group_of_feature[row->indices[i]];

		if (*group == 0)
		{
			groups->features[groups->n_groups++] = row->indices[i];
			*group = groups->n_groups;
			groups->starts[*group] = 0;
		}
		groups->starts[*group]++;
	}
}

/* Put the entries of a row into their groups; starts[g] moves from the group's start to its end. */
static void
place_entries(FeatureGroups *groups, const SparseRow *row, uint32_t count, uint32_t number)
{
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t group = groups->group_of_feature[row->indices[i]] - 1;
		size_t place = groups->starts[group]++;

		groups->rows[place] = number;
		groups->values[place] = row->values[i];
	}
}

/* Turn counts in starts[g + 1] into starts in starts[g], and find the chunks. */
static void
sum_counts(FeatureGroups *groups)
{
	size_t start = 0;
	size_t work = 0;

	groups->n_chunks = 0;
	groups->chunk_starts[0] = 0;
	for (uint32_t g = 0; g < groups->n_groups; g++)
	{
		size_t count = groups->starts[g + 1];

		groups->starts[g] = start;
		start += count;
		work += count + 1;
		if (work >= groups->chunk_work || g + 1 == groups->n_groups)
		{
			groups->chunk_starts[++groups->n_chunks] = g + 1;
			work = 0;
		}
	}
}

/* Undo what place_entries moved, and forget the features. */
static void
restore_starts(FeatureGroups *groups)
{
	for (uint32_t g = groups->n_groups; g > 0; g--)
	{
		groups->starts[g] = groups->starts[g - 1];
		groups->group_of_feature[groups->features[g - 1]] = 0;
	}
	groups->starts[0] = 0;
}

void
feature_groups_build(FeatureGroups *groups, const SparseMatrix *matrix, const uint32_t *rows,
					 uint32_t n_rows, uint32_t n_dense, bool check_interrupts)
{
	groups->n_groups = 0;
	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(matrix, rows[i]);

		if (check_interrupts)
			host_check_interrupts();
		count_entries(groups, &row, row.count - n_dense);
	}
	sum_counts(groups);
	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(matrix, rows[i]);

		if (check_interrupts)
			host_check_interrupts();
		place_entries(groups, &row, row.count - n_dense, i);
	}
	restore_starts(groups);
}
