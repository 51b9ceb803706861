/*
 * decision_metric.h
 *	  The figure of merit by which versions of a model are compared.
 *
 * The default is macro F1: always answering one label gives it 1/k at most for k labels and less than guessing does, while
 * F1 of the positive label rewards always answering it, and accuracy always answering the most frequent label.
 */
#ifndef SENTIMENT_DECISION_METRIC_H
#define SENTIMENT_DECISION_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/evaluation/classification_metrics.h"

typedef enum DecisionMetric
{
	METRIC_MACRO_F1,
	METRIC_MATTHEWS,
	METRIC_F1, /* of the positive label; macro F1 without one */
	METRIC_WEIGHTED_F1,
	METRIC_ACCURACY,
	METRIC_ROC_AUC,  /* of the positive label */
	METRIC_LOG_LOSS, /* less is better */
	N_DECISION_METRICS
} DecisionMetric;

/* The names that users give, in the order of the enumeration, and a NULL. */
extern const char *const decision_metric_names[N_DECISION_METRICS + 1];

/* What people call them, in the same order. */
extern const char *const decision_metric_titles[N_DECISION_METRICS];

/* Whether less of it is better. */
extern bool decision_metric_is_loss(DecisionMetric metric);

/* Whether a value is better than another; what is not known (NaN) is the worst. */
extern bool decision_metric_prefers(DecisionMetric metric, double value, double other);

/* Whether it is a figure of a confusion matrix, not of scores. */
extern bool decision_metric_is_of_labels(DecisionMetric metric);

/*
 * A figure of a confusion matrix; NaN without rows, and for figures of scores. positive: the label that F1 is of; n_labels
 * for macro F1
 */
extern double decision_metric_value(DecisionMetric metric, const ConfusionTotals *totals,
									uint32_t positive);

/*
 * What is reached without looking at the texts, at most: by always answering the most frequent label (for F1 the positive
 * one), or by guessing labels as often as they occur; for the log loss by the shares of the labels as probabilities. NaN
 * without rows. totals: of which only actual is read
 */
extern double decision_metric_baseline(DecisionMetric metric, const ClassTotals *totals,
									   uint32_t n_labels, uint32_t positive);

#endif /* SENTIMENT_DECISION_METRIC_H */
