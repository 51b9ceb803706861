/*
 * decision_metric.c
 *	  The figure of merit by which versions of a model are compared.
 */
#include <math.h>

#include "core/evaluation/decision_metric.h"

const char *const decision_metric_names[N_DECISION_METRICS + 1] = {
	"macro_f1", "matthews_correlation", "f1", "weighted_f1", "accuracy", "roc_auc", "log_loss",
	NULL};

const char *const decision_metric_titles[N_DECISION_METRICS] = {
	"macro F1", "Matthews correlation", "F1", "weighted F1", "accuracy", "ROC AUC", "log loss"};

bool
decision_metric_is_loss(DecisionMetric metric)
{
	return metric == METRIC_LOG_LOSS;
}

bool
decision_metric_prefers(DecisionMetric metric, double value, double other)
{
	if (isnan(value) || isnan(other))
		return !isnan(value);
	return decision_metric_is_loss(metric) ? value < other : value > other;
}

bool
decision_metric_is_of_labels(DecisionMetric metric)
{
	return metric != METRIC_ROC_AUC && metric != METRIC_LOG_LOSS;
}

double
decision_metric_value(DecisionMetric metric, const ConfusionTotals *totals, uint32_t positive)
{
	switch (metric)
	{
		case METRIC_MATTHEWS:
			return classification_totals_matthews(totals);
		case METRIC_F1:
			/* of no rows it is not known either */
			if (positive < totals->n_labels && !isnan(classification_totals_accuracy(totals)))
				return classification_totals_f1(&totals->totals[positive]);
			return classification_totals_macro_f1(totals);
		case METRIC_MACRO_F1:
			return classification_totals_macro_f1(totals);
		case METRIC_WEIGHTED_F1:
			return classification_totals_weighted_f1(totals);
		case METRIC_ACCURACY:
			return classification_totals_accuracy(totals);
		default:
			return NAN;
	}
}

/* The shares of the labels in the rows, as far as a baseline depends on them. */
typedef struct LabelShares
{
	double n_rows;
	double n_labels; /* that occur */
	double largest;
	double positive;
	double sum_of_squares;
	double entropy;
} LabelShares;

/* Find the shares of the labels. */
static LabelShares
shares_of_labels(const ClassTotals *totals, uint32_t n_labels, uint32_t positive)
{
	LabelShares shares = {0};

	for (uint32_t i = 0; i < n_labels; i++)
		shares.n_rows += (double) totals[i].actual;
	for (uint32_t i = 0; i < n_labels; i++)
	{
		double share = (double) totals[i].actual / shares.n_rows;

		if (totals[i].actual == 0)
			continue;
		shares.n_labels++;
		shares.largest = fmax(shares.largest, share);
		shares.sum_of_squares += share * share;
		shares.entropy -= share * log(share);
		if (i == positive)
			shares.positive = share;
	}
	return shares;
}

/* F1 of a label with a share of the rows that is always answered. */
static double
constant_f1(double share)
{
	return 2 * share / (1 + share);
}

double
decision_metric_baseline(DecisionMetric metric, const ClassTotals *totals, uint32_t n_labels,
						 uint32_t positive)
{
	LabelShares shares = shares_of_labels(totals, n_labels, positive);

	if (shares.n_rows == 0)
		return NAN;
	if (metric == METRIC_F1 && positive >= n_labels)
		metric = METRIC_MACRO_F1;
	switch (metric)
	{
		case METRIC_MACRO_F1:
			/* guessing: each label has an F1 of its share, and they sum to 1; always one label: its F1 is below 1 */
			return 1 / shares.n_labels;
		case METRIC_F1:
			return constant_f1(shares.positive);
		case METRIC_WEIGHTED_F1:
			return fmax(shares.largest * constant_f1(shares.largest), shares.sum_of_squares);
		case METRIC_ACCURACY:
			return shares.largest;
		case METRIC_ROC_AUC:
			return 0.5;
		case METRIC_LOG_LOSS:
			return shares.entropy;
		default:
			return 0; /* of the correlation */
	}
}
