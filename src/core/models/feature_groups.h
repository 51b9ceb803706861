/*
 * feature_groups.h
 *	  The sparse entries of a batch of rows, grouped by feature.
 *
 * A gradient step needs a batch by columns, but only the columns that the batch has: the groups cost as
 * much as the entries, whatever the number of features.
 */
#ifndef SENTIMENT_FEATURE_GROUPS_H
#define SENTIMENT_FEATURE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/features/sparse_matrix.h"

typedef struct FeatureGroups
{
	uint32_t n_groups;
	uint32_t *features; /* (n_groups) in the order in which the batch has them */
	size_t *starts;     /* (n_groups + 1) where the entries of a group begin */
	uint32_t *rows;     /* (entries) number of the row in the batch, ascending in a group */
	float *values;      /* (entries) */

	uint32_t n_chunks;      /* of about equal work, for tasks */
	uint32_t *chunk_starts; /* (n_chunks + 1) first group of each */
	size_t chunk_work;      /* entries and groups of a chunk that is full */

	uint32_t *group_of_feature; /* (n_features) 1 + group, 0 between two batches */
} FeatureGroups;

/*
 * Memory for batches of at most max_entries entries of features below n_features. A chunk is full when
 * its entries and groups are chunk_work or more.
 */
extern void feature_groups_initialize(FeatureGroups *groups, uint32_t n_features,
									  size_t max_entries, size_t chunk_work);

/*
 * Group the entries of some rows of a matrix, all but the last n_dense of each row. In a thread's task
 * it may not check for interrupts.
 */
extern void feature_groups_build(FeatureGroups *groups, const SparseMatrix *matrix,
								 const uint32_t *rows, uint32_t n_rows, uint32_t n_dense,
								 bool check_interrupts);

extern void feature_groups_free(FeatureGroups *groups);

#endif /* SENTIMENT_FEATURE_GROUPS_H */
