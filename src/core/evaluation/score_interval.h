/*
 * score_interval.h
 *	  Intervals of figures that are means over rows: the log loss and the area under the ROC curve.
 *
 * Either is a sum of what each row adds to it; the variance is that of the sums of clusters of rows, since a text that repeats says
 * the same thing again. For the area, what a row adds is its placement value (DeLong, DeLong and Clarke-Pearson 1988; in clusters
 * Obuchowski 1997).
 */
#ifndef SENTIMENT_SCORE_INTERVAL_H
#define SENTIMENT_SCORE_INTERVAL_H

#include "core/evaluation/confidence_interval.h"
#include "core/evaluation/judged_rows.h"

/* A figure of either side, and the difference of the first less the second; what is not known is NaN. */
typedef struct ScoreFigures
{
	double side[2];
	double difference;
	ConfidenceInterval side_interval[2];
	ConfidenceInterval difference_interval;
} ScoreFigures;

/* Mean log loss, with Student's intervals; those of fewer than two clusters are NaN. */
extern ScoreFigures log_loss_figures(const JudgedRows *rows);

/*
 * Area under the ROC curve of the positive label. All NaN if the rows have one label only on either side of it. Where
 * scores part the labels perfectly the variance would be 0: the intervals are those of the rows and four more, of either
 * label one that is the first side's best and the other's worst, and one the other way round.
 */
extern ScoreFigures roc_auc_figures(const JudgedRows *rows);

#endif /* SENTIMENT_SCORE_INTERVAL_H */
