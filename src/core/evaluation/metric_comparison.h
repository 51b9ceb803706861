/*
 * metric_comparison.h
 *	  A figure of merit of one or two classifiers on the same rows: how sure it is, and whether it is more than noise.
 */
#ifndef SENTIMENT_METRIC_COMPARISON_H
#define SENTIMENT_METRIC_COMPARISON_H

#include <stdbool.h>

#include "core/evaluation/confidence_interval.h"
#include "core/evaluation/decision_metric.h"
#include "core/evaluation/judged_rows.h"

/* The figure of one side. */
typedef struct MetricFigure
{
	double value; /* NaN: not known */
	ConfidenceInterval interval;
} MetricFigure;

/*
 * What is known of a metric. Differences are oriented: more is better, for the log loss too. Those of a second side are
 * NaN if there is none.
 */
typedef struct MetricComparison
{
	DecisionMetric metric;
	MetricFigure side[2];
	MetricFigure difference;    /* how much better the first side is than the second */
	double baseline;            /* see decision_metric_baseline */
	MetricFigure over_baseline; /* how much better the first side is than that */
	double p_value;             /* of McNemar's exact test: that both are right equally often */
	uint64_t only_first;        /* texts that only the first side gets right, */
	uint64_t only_other;        /* and only the other one */
} MetricComparison;

/* Compare by several metrics; comparisons: (n_metrics). The same rows in any order, and the same seed, give the same. */
extern void metric_compare(const JudgedRows *rows, const DecisionMetric *metrics, int n_metrics,
						   uint64_t seed, MetricComparison *comparisons);

/* Whether the first side is better than what is reached without looking at the texts, by more than noise. */
extern bool metric_beats_baseline(const MetricComparison *comparison);

/* Whether the first side is better than the second by more than noise: by McNemar's test for the accuracy, else by the interval. */
extern bool metric_is_better(const MetricComparison *comparison);

/* Whether the first side is worse than the second by more than the tolerance, and by more than noise. */
extern bool metric_is_lost(const MetricComparison *comparison, double tolerance);

#endif /* SENTIMENT_METRIC_COMPARISON_H */
