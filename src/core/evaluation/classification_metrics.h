/*
 * classification_metrics.h
 *	  Figures of merit of a classifier: accuracy, precision, recall, F1, MCC, ROC AUC, log loss.
 *
 * Definitions and edge cases as in scikit-learn 1.2 (zero_division = 0). Figures of no rows are NaN.
 */
#ifndef SENTIMENT_CLASSIFICATION_METRICS_H
#define SENTIMENT_CLASSIFICATION_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

/* The report shows the confusion matrix up to this number of labels. */
#define MAX_REPORTED_LABELS 100

/* Counts of (actual, predicted) pairs over the same list of labels. */
typedef struct ConfusionMatrix
{
	uint32_t n_labels;
	const char *const *labels; /* (n_labels) zero-terminated, in the order of the report */
	const uint64_t *counts;    /* (n_labels, n_labels) row = actual, column = predicted */
} ConfusionMatrix;

typedef struct ClassMetrics
{
	double precision;
	double recall;
	double f1;
	uint64_t support; /* rows whose actual label this is */
} ClassMetrics;

/* Precision, recall and F1 of one label. */
extern ClassMetrics classification_class_metrics(const ConfusionMatrix *matrix, uint32_t label);

extern double classification_accuracy(const ConfusionMatrix *matrix);

/* Mean of the labels' F1, over labels that occur as actual or predicted. */
extern double classification_macro_f1(const ConfusionMatrix *matrix);

/* Matthews' correlation coefficient, the multi-class form (Gorodkin 2004). */
extern double classification_matthews(const ConfusionMatrix *matrix);

/*
 * Append the report as a JSON object: rows, accuracy, matthews_correlation, macro and weighted
 * {precision, recall, f1}, classes {label: {precision, recall, f1, support}} and confusion_matrix
 * {labels, counts: [[...]]} (the last only up to MAX_REPORTED_LABELS).
 */
extern void classification_report_json(const ConfusionMatrix *matrix, ByteBuffer *buffer);

/* Of a confusion matrix, what the figures of one label are made of. */
typedef struct ClassTotals
{
	uint64_t correct;   /* rows with this label as actual and as predicted */
	uint64_t actual;    /* rows with this label as actual */
	uint64_t predicted; /* rows with this label as predicted */
} ClassTotals;

/* A confusion matrix of many labels, without its pairs. */
typedef struct ConfusionTotals
{
	uint32_t n_labels;
	const char *const *labels; /* (n_labels) as in ConfusionMatrix */
	const ClassTotals *totals; /* (n_labels) */
	const uint64_t *counts;    /* (n_labels, n_labels) or NULL if not known */
	uint64_t rows_skipped;     /* rows that could not be compared */
} ConfusionTotals;

/* F1 of one label. */
extern double classification_totals_f1(const ClassTotals *totals);

/* The figures of a confusion matrix, from its totals; the weighted mean of F1 is weighted by the actual rows. */
extern double classification_totals_accuracy(const ConfusionTotals *totals);
extern double classification_totals_macro_f1(const ConfusionTotals *totals);
extern double classification_totals_weighted_f1(const ConfusionTotals *totals);
extern double classification_totals_matthews(const ConfusionTotals *totals);

/* As classification_report_json, from totals, with the key rows_skipped. */
extern void classification_totals_report_json(const ConfusionTotals *totals, ByteBuffer *buffer);

/* A score and whether its row is positive. */
typedef struct ScoredRow
{
	double score;
	bool positive;
} ScoredRow;

/*
 * Area under the ROC curve: the share of pairs of a positive and a negative row in which the positive
 * one has the higher score, ties counted half. NaN if either class is missing. A score that is NaN
 * raises HOST_ERROR_INVALID_PARAMETER; infinite ones are allowed.
 */
extern double classification_roc_auc(const ScoredRow *rows, size_t n_rows);

/* The same, from the scores of the positive and of the negative rows. */
extern double classification_roc_auc_of_scores(const double *positive, size_t n_positive,
											   const double *negative, size_t n_negative);

/* Loss of one row, -ln of the probability given to what was true, clipped to [eps, 1 - eps]. */
extern double classification_log_loss_row(bool positive, double probability);

#endif /* SENTIMENT_CLASSIFICATION_METRICS_H */
