/*
 * bootstrap_interval.h
 *	  Intervals of figures of confusion matrices, by resampling rows.
 *
 * Percentile intervals of a bootstrap (Efron and Tibshirani 1993) of clusters of rows (Davison and Hinkley 1997, section 3.8): a text that
 * repeats is drawn as a whole, for its rows say the same thing again. Clusters that are alike are drawn by their number, with
 * one binomial variable for all resamples of a kind, so the work does not grow with the rows but with the kinds of them.
 *
 * A bootstrap of few rows, or of rows that are all right, is too sure: what has not occurred is never drawn. So each resample is drawn
 * from the rows and PSEUDO_ROWS more: one that both classifiers get right, one that only the first does, one that only the
 * other does, and one that neither does, with labels as frequent as those of the rows. That is what Agresti and Coull (1998) add for a
 * proportion, and Bonett and Price (2012) for the difference of two. It is nothing beside a hundred rows, and all beside one.
 */
#ifndef SENTIMENT_BOOTSTRAP_INTERVAL_H
#define SENTIMENT_BOOTSTRAP_INTERVAL_H

#include "core/evaluation/confidence_interval.h"
#include "core/evaluation/decision_metric.h"
#include "core/evaluation/judged_rows.h"

#define PSEUDO_ROWS 4

/* As many resamples at most, fewer of very many kinds of rows. */
#define BOOTSTRAP_RESAMPLES     1000
#define BOOTSTRAP_MIN_RESAMPLES 200

/* The intervals, of a confidence of CONFIDENCE_LEVEL. */
typedef struct BootstrapIntervals
{
	ConfidenceInterval side[2];       /* the figure */
	ConfidenceInterval difference;    /* of the first side less the second */
	ConfidenceInterval over_baseline; /* the first side less the baseline of the resampled rows */
} BootstrapIntervals;

/*
 * Intervals of several figures of labels, from the same resamples; intervals: (n_metrics). Those of a second side and of the difference are NaN if
 * there is none. The same rows in any order, and the same seed, give the same intervals.
 */
extern void bootstrap_intervals(const JudgedRows *rows, const DecisionMetric *metrics,
								int n_metrics, uint64_t seed, BootstrapIntervals *intervals);

#endif /* SENTIMENT_BOOTSTRAP_INTERVAL_H */
