/*
 * judged_rows.c
 *	  What one or two classifiers have said of the same rows.
 */
#include <stdlib.h>
#include <string.h>

#include "core/evaluation/judged_rows.h"
#include "core/host.h"

static int
compare_clusters(const void *a, const void *b)
{
	const uint64_t *first = a;
	const uint64_t *second = b;

	return (*first > *second) - (*first < *second);
}

void
judged_rows_drop(JudgedRows *rows, const uint64_t *clusters, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->n_rows; i++)
	{
		if (bsearch(&rows->clusters[i], clusters, n, sizeof(uint64_t), compare_clusters) != NULL)
			continue;
		rows->clusters[kept] = rows->clusters[i];
		rows->actual[kept] = rows->actual[i];
		for (int side = 0; side < rows->n_sides; side++)
		{
			Judgements *judgements = &rows->sides[side];

			judgements->predicted[kept] = judgements->predicted[i];
			judgements->scores[kept] = judgements->scores[i];
			judgements->losses[kept] = judgements->losses[i];
		}
		kept++;
	}
	rows->n_rows = kept;
}

void
judged_rows_totals(const JudgedRows *rows, int side, ClassTotals *totals)
{
	const uint32_t *predicted = rows->sides[side].predicted;

	memset(totals, 0, rows->n_labels * sizeof(ClassTotals));
	for (size_t i = 0; i < rows->n_rows; i++)
	{
		totals[rows->actual[i]].actual++;
		totals[predicted[i]].predicted++;
		totals[rows->actual[i]].correct += rows->actual[i] == predicted[i];
	}
}

/* A row's cluster and place, to be sorted. */
typedef struct ClusterPlace
{
	uint64_t cluster;
	uint32_t row;
} ClusterPlace;

static int
compare_places(const void *a, const void *b)
{
	const ClusterPlace *first = a;
	const ClusterPlace *second = b;

	if (first->cluster != second->cluster)
		return first->cluster < second->cluster ? -1 : 1;
	return (first->row > second->row) - (first->row < second->row);
}

uint32_t *
judged_rows_by_cluster(const JudgedRows *rows)
{
	ClusterPlace *places = host_allocate_array(ClusterPlace, rows->n_rows + 1);
	uint32_t *order = host_allocate_array(uint32_t, rows->n_rows + 1);

	for (size_t i = 0; i < rows->n_rows; i++)
		places[i] = (ClusterPlace){rows->clusters[i], (uint32_t) i};
	qsort(places, rows->n_rows, sizeof(ClusterPlace), compare_places);
	for (size_t i = 0; i < rows->n_rows; i++)
		order[i] = places[i].row;
	host_free(places);
	return order;
}

size_t
judged_rows_cluster_size(const JudgedRows *rows, const uint32_t *order, size_t place)
{
	size_t end = place + 1;

	while (end < rows->n_rows && rows->clusters[order[end]] == rows->clusters[order[place]])
		end++;
	return end - place;
}

double
judged_rows_effective(const JudgedRows *rows)
{
	uint32_t *order = judged_rows_by_cluster(rows);
	double n_rows = (double) rows->n_rows;
	double squares = 0;
	size_t size;

	for (size_t i = 0; i < rows->n_rows; i += size)
	{
		size = judged_rows_cluster_size(rows, order, i);
		squares += (double) size * (double) size;
	}
	host_free(order);
	return rows->n_rows == 0 ? 0 : n_rows * n_rows / squares;
}
