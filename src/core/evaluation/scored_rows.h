/*
 * scored_rows.h
 *	  Collects the scores of positive and of negative rows, for figures that need all of them.
 */
#ifndef SENTIMENT_SCORED_ROWS_H
#define SENTIMENT_SCORED_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scores of one class, in the order in which they came. */
typedef struct ScoreList
{
	double *scores; /* (capacity) */
	uint64_t n_scores;
	uint64_t capacity;
} ScoreList;

/* Starts as zero bytes. */
typedef struct ScoredRows
{
	ScoreList positive;
	ScoreList negative;
} ScoredRows;

/* Add a row. A score that is NaN raises HOST_ERROR_INVALID_PARAMETER. */
extern void scored_rows_add(ScoredRows *rows, bool positive, double score);

/* Add all rows of others. */
extern void scored_rows_merge(ScoredRows *rows, const ScoredRows *other);

/* Area under the ROC curve, see classification_roc_auc. */
extern double scored_rows_roc_auc(const ScoredRows *rows);

/* Bytes of the flat form. */
extern size_t scored_rows_flat_size(const ScoredRows *rows);

/* Write the flat form to memory of scored_rows_flat_size bytes. */
extern void scored_rows_flatten(const ScoredRows *rows, char *bytes);

/* Read a flat form of untrusted origin into zeroed rows; checks all of it. */
extern void scored_rows_unflatten(ScoredRows *rows, const char *bytes, size_t length);

#endif /* SENTIMENT_SCORED_ROWS_H */
