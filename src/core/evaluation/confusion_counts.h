/*
 * confusion_counts.h
 *	  Counts pairs of an actual and a predicted label, row by row; counts of parts of the rows merge.
 *
 * Up to MAX_REPORTED_LABELS labels every pair is counted; with more of them only the labels' totals
 * are kept, so the memory depends on the number of labels alone. What remains at the end does not
 * depend on the order of the rows and merges, but for the labels' order in the flat form.
 */
#ifndef SENTIMENT_CONFUSION_COUNTS_H
#define SENTIMENT_CONFUSION_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/evaluation/classification_metrics.h"
#include "core/features/corpus.h"

/* More distinct labels are an error. */
#define MAX_EVALUATED_LABELS 10000

/* More rows are an error: all figures are exact up to here. */
#define MAX_EVALUATED_ROWS (UINT64_C(1) << 53)

/* Starts as zero bytes. */
typedef struct ConfusionCounts
{
	StringTable labels;
	ClassTotals *totals; /* (capacity) by number of the label */
	uint32_t capacity;
	uint32_t counts_capacity; /* of the rows and columns of counts */
	uint64_t *counts;         /* (counts_capacity, counts_capacity) row = actual */
	uint64_t n_rows;
	uint64_t n_skipped;
} ConfusionCounts;

/* Count a row. Labels are UTF-8. */
extern void confusion_counts_add(ConfusionCounts *counts, const char *actual, size_t actual_length,
								 const char *predicted, size_t predicted_length);

/* Count a row that misses a label. */
extern void confusion_counts_skip(ConfusionCounts *counts);

/* Add the rows of other counts. */
extern void confusion_counts_merge(ConfusionCounts *counts, const ConfusionCounts *other);

/* Append the report, see classification_totals_report_json. */
extern void confusion_counts_report_json(const ConfusionCounts *counts, ByteBuffer *buffer);

/* Bytes of the flat form. */
extern size_t confusion_counts_flat_size(const ConfusionCounts *counts);

/* Write the flat form to memory of confusion_counts_flat_size bytes. */
extern void confusion_counts_flatten(const ConfusionCounts *counts, char *bytes);

/* Read a flat form of untrusted origin into zeroed counts; checks all of it. */
extern void confusion_counts_unflatten(ConfusionCounts *counts, const char *bytes, size_t length);

#endif /* SENTIMENT_CONFUSION_COUNTS_H */
