/*
 * metric_comparison.c
 *	  A figure of merit of one or two classifiers on the same rows.
 */
#include <math.h>

#include "core/evaluation/bootstrap_interval.h"
#include "core/evaluation/metric_comparison.h"
#include "core/evaluation/paired_tests.h"
#include "core/evaluation/proportion_interval.h"
#include "core/evaluation/score_interval.h"
#include "core/host.h"

static const ConfidenceInterval unknown_interval = {NAN, NAN};

/*
 * Count texts that only one side gets right: rows of a cluster are one, in the direction of most of them, so that a text that repeats is
 * no evidence of its own.
 */
static void
count_discordant(const JudgedRows *rows, MetricComparison *comparison)
{
	uint32_t *order = judged_rows_by_cluster(rows);
	size_t size;

	for (size_t i = 0; i < rows->n_rows; i += size)
	{
		long lead = 0;

		size = judged_rows_cluster_size(rows, order, i);
		for (size_t j = 0; j < size; j++)
		{
			uint32_t row = order[i + j];

			lead += (rows->sides[0].predicted[row] == rows->actual[row]) -
					(rows->sides[1].predicted[row] == rows->actual[row]);
		}
		comparison->only_first += lead > 0;
		comparison->only_other += lead < 0;
	}
	host_free(order);
	comparison->p_value = mcnemar_exact(comparison->only_first, comparison->only_other);
}

/* Less the other way round, for figures of which less is better. */
static MetricFigure
oriented(MetricFigure figure, bool is_loss)
{
	if (!is_loss)
		return figure;
	return (MetricFigure){-figure.value, {-figure.interval.upper, -figure.interval.lower}};
}

/* The figures of a metric of scores. */
static void
take_score_figures(const ScoreFigures *figures, MetricComparison *comparison)
{
	bool is_loss = decision_metric_is_loss(comparison->metric);
	double baseline = comparison->baseline;

	for (int side = 0; side < 2; side++)
		comparison->side[side] = (MetricFigure){figures->side[side], figures->side_interval[side]};
	comparison->difference =
		oriented((MetricFigure){figures->difference, figures->difference_interval}, is_loss);
	comparison->over_baseline =
		oriented((MetricFigure){figures->side[0] - baseline,
								{figures->side_interval[0].lower - baseline,
								 figures->side_interval[0].upper - baseline}},
				 is_loss);
}

/* The figures of a metric of labels. */
static void
take_label_figures(const JudgedRows *rows, const BootstrapIntervals *intervals, double effective,
				   ClassTotals *totals, MetricComparison *comparison)
{
	for (int side = 0; side < rows->n_sides; side++)
	{
		ConfusionTotals of_side = {.n_labels = rows->n_labels, .totals = totals};
		MetricFigure *figure = &comparison->side[side];

		judged_rows_totals(rows, side, totals);
		figure->value = decision_metric_value(comparison->metric, &of_side, rows->positive);
		figure->interval = intervals->side[side];
		if (comparison->metric == METRIC_ACCURACY && rows->n_rows > 0)
			figure->interval = proportion_interval(figure->value * effective, effective);
	}
	comparison->difference = (MetricFigure){comparison->side[0].value - comparison->side[1].value,
											intervals->difference};
	comparison->over_baseline =
		(MetricFigure){comparison->side[0].value - comparison->baseline, intervals->over_baseline};
}

/* Find the metrics of labels, whose intervals come from the same resamples. Answers how many. */
static int
metrics_of_labels(const DecisionMetric *metrics, int n_metrics, DecisionMetric *of_labels)
{
	int n = 0;

	for (int i = 0; i < n_metrics; i++)
	{
		if (decision_metric_is_of_labels(metrics[i]))
			of_labels[n++] = metrics[i];
	}
	return n;
}

void
metric_compare(const JudgedRows *rows, const DecisionMetric *metrics, int n_metrics, uint64_t seed,
			   MetricComparison *comparisons)
{
	DecisionMetric *of_labels = host_allocate_array(DecisionMetric, n_metrics);
	BootstrapIntervals *intervals = host_allocate_zero_array(BootstrapIntervals, n_metrics);
	ClassTotals *totals = host_allocate_array(ClassTotals, (size_t) rows->n_labels + 1);
	double effective = judged_rows_effective(rows);
	MetricComparison common = {.p_value = 1};
	int n_of_labels = metrics_of_labels(metrics, n_metrics, of_labels);
	int next = 0;

	if (n_of_labels > 0)
		bootstrap_intervals(rows, of_labels, n_of_labels, seed, intervals);
	if (rows->n_sides == 2)
		count_discordant(rows, &common);
	for (int i = 0; i < n_metrics; i++)
	{
		MetricComparison *comparison = &comparisons[i];

		*comparison = common;
		comparison->metric = metrics[i];
		comparison->side[1] = (MetricFigure){NAN, unknown_interval};
		judged_rows_totals(rows, 0, totals);
		comparison->baseline =
			decision_metric_baseline(metrics[i], totals, rows->n_labels, rows->positive);
		if (decision_metric_is_of_labels(metrics[i]))
			take_label_figures(rows, &intervals[next++], effective, totals, comparison);
		else
		{
			ScoreFigures figures =
				metrics[i] == METRIC_ROC_AUC ? roc_auc_figures(rows) : log_loss_figures(rows);

			take_score_figures(&figures, comparison);
		}
	}
	host_free(totals);
	host_free(intervals);
	host_free(of_labels);
}

bool
metric_beats_baseline(const MetricComparison *comparison)
{
	return comparison->over_baseline.interval.lower > 0;
}

bool
metric_is_better(const MetricComparison *comparison)
{
	if (comparison->metric == METRIC_ACCURACY)
		return comparison->difference.value > 0 && comparison->p_value < 1 - CONFIDENCE_LEVEL;
	return comparison->difference.interval.lower > 0;
}

bool
metric_is_lost(const MetricComparison *comparison, double tolerance)
{
	if (comparison->metric == METRIC_ACCURACY)
		return comparison->difference.value < -tolerance &&
			   comparison->p_value < 1 - CONFIDENCE_LEVEL;
	return comparison->difference.value < -tolerance && comparison->difference.interval.upper < 0;
}
