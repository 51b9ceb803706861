/*
 * judged_rows.h
 *	  What one or two classifiers have said of the same rows.
 */
#ifndef SENTIMENT_JUDGED_ROWS_H
#define SENTIMENT_JUDGED_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "core/evaluation/classification_metrics.h"

/* What one of them has said. */
typedef struct Judgements
{
	uint32_t *predicted; /* (n_rows) labels */
	double *scores;      /* (n_rows) of the positive label */
	double *losses;      /* (n_rows) log loss */
} Judgements;

/* Rows, in any order; labels are numbers below n_labels. */
typedef struct JudgedRows
{
	size_t n_rows;
	uint32_t n_labels;
	uint32_t positive; /* label; n_labels if there is none */
	uint64_t *
		clusters; /* (n_rows) rows of the same number are not independent: those of the same text */
	uint32_t *actual; /* (n_rows) */
	int n_sides;
	Judgements sides[2]; /* (n_sides) */
} JudgedRows;

/* Drop the rows of some clusters. clusters: (n) in ascending order */
extern void judged_rows_drop(JudgedRows *rows, const uint64_t *clusters, size_t n);

/* Count the totals of a side; totals: (n_labels) */
extern void judged_rows_totals(const JudgedRows *rows, int side, ClassTotals *totals);

/* The row numbers, with those of a cluster side by side, in an order of the numbers; to be freed by host_free. */
extern uint32_t *judged_rows_by_cluster(const JudgedRows *rows);

/* How many rows from a place in that order on are of the same cluster. */
extern size_t judged_rows_cluster_size(const JudgedRows *rows, const uint32_t *order, size_t place);

/*
 * How many independent rows tell as much as these, of which some repeat: the number of rows by Kish's design effect (1965) for
 * clusters whose rows agree.
 */
extern double judged_rows_effective(const JudgedRows *rows);

#endif /* SENTIMENT_JUDGED_ROWS_H */
