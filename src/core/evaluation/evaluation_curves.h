/*
 * evaluation_curves.h
 *	  What is drawn of a classifier's scores: ROC curve, precision and recall, calibration.
 *
 * Definitions as in scikit-learn's roc_curve (drop_intermediate=False), precision_recall_curve and
 * calibration_curve (10 bins, strategy="uniform"). Of many distinct scores, about MAX_CURVE_POINTS thresholds
 * are kept, spread evenly over the rows.
 */
#ifndef SENTIMENT_EVALUATION_CURVES_H
#define SENTIMENT_EVALUATION_CURVES_H

#include "core/buffer.h"
#include "core/evaluation/classification_metrics.h"

#define MAX_CURVE_POINTS 100
#define CALIBRATION_BINS 10

/*
 * Append the curves of one label as a JSON object: roc [[false positive rate, true positive rate], ...] from
 * (0, 0) to (1, 1); precision_recall [[recall, precision], ...] from recall 0 up; calibration [[mean predicted
 * probability, share of positive rows, rows], ...] of the bins that are not empty. Scores are probabilities.
 * Without positive or negative rows, roc is empty; without positive ones precision_recall is too.
 * rows: (n_rows), their order does not matter
 */
extern void evaluation_curves_json(const ScoredRow *rows, size_t n_rows, ByteBuffer *json);

#endif /* SENTIMENT_EVALUATION_CURVES_H */
