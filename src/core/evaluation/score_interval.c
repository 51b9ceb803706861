/*
 * score_interval.c
 *	  Intervals of figures that are means over rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluation/distributions.h"
#include "core/evaluation/score_interval.h"
#include "core/evaluation/sort_doubles.h"
#include "core/host.h"

/* The interval of a figure with a variance of so many independent parts, which may not pass the limits. */
static ConfidenceInterval
interval_of_variance(double figure, double variance, double n_parts, double lowest, double highest)
{
	double half = student_quantile((1 + CONFIDENCE_LEVEL) / 2, n_parts - 1) * sqrt(variance);

	return (ConfidenceInterval){fmax(figure - half, lowest), fmin(figure + half, highest)};
}

/* The variance of a sum of what rows add, whose mean is 0, by clusters. Gives the number of these. */
static double
clustered_variance(const JudgedRows *rows, const uint32_t *order, const double *parts,
				   double *n_clusters)
{
	double squares = 0;
	size_t size;

	*n_clusters = 0;
	for (size_t i = 0; i < rows->n_rows; i += size)
	{
		double sum = 0;

		size = judged_rows_cluster_size(rows, order, i);
		for (size_t j = 0; j < size; j++)
			sum += parts[order[i + j]];
		squares += sum * sum;
		(*n_clusters)++;
	}
	return *n_clusters > 1 ? squares * *n_clusters / (*n_clusters - 1) : NAN;
}

/* What is not known of figures. */
static ScoreFigures
unknown_figures(void)
{
	ConfidenceInterval unknown = {NAN, NAN};

	return (ScoreFigures){{NAN, NAN}, NAN, {unknown, unknown}, unknown};
}

/* Mean and interval of a number of the rows: the losses of a side, or the difference of both (side 2). */
static double
mean_loss(const JudgedRows *rows, const uint32_t *order, int side, double *parts,
		  ConfidenceInterval *interval)
{
	double n = (double) rows->n_rows;
	double sum = 0;
	double variance;
	double n_clusters;

	for (size_t i = 0; i < rows->n_rows; i++)
	{
		parts[i] = side < 2 ? rows->sides[side].losses[i]
							: rows->sides[0].losses[i] - rows->sides[1].losses[i];
		sum += parts[i];
	}
	for (size_t i = 0; i < rows->n_rows; i++)
		parts[i] = (parts[i] - sum / n) / n;
	variance = clustered_variance(rows, order, parts, &n_clusters);
	if (n_clusters > 1)
		*interval =
			interval_of_variance(sum / n, variance, n_clusters, side < 2 ? 0 : -INFINITY, INFINITY);
	return sum / n;
}

ScoreFigures
log_loss_figures(const JudgedRows *rows)
{
	ScoreFigures figures = unknown_figures();
	uint32_t *order;
	double *parts;

	if (rows->n_rows == 0)
		return figures;
	order = judged_rows_by_cluster(rows);
	parts = host_allocate_array(double, rows->n_rows);
	for (int side = 0; side < rows->n_sides; side++)
		figures.side[side] = mean_loss(rows, order, side, parts, &figures.side_interval[side]);
	if (rows->n_sides == 2)
		figures.difference = mean_loss(rows, order, 2, parts, &figures.difference_interval);
	host_free(parts);
	host_free(order);
	return figures;
}

/* How many of n sorted scores are below a score, those that are equal counted half. */
static double
count_below(const double *sorted, size_t n, double score)
{
	size_t below = 0;
	size_t not_above;

	for (size_t high = n; below < high;)
	{
		size_t middle = below + (high - below) / 2;

		if (sorted[middle] < score)
			below = middle + 1;
		else
			high = middle;
	}
	not_above = below;
	for (size_t high = n; not_above < high;)
	{
		size_t middle = not_above + (high - not_above) / 2;

		if (sorted[middle] <= score)
			not_above = middle + 1;
		else
			high = middle;
	}
	return ((double) below + (double) not_above) / 2;
}

/* The scores of the rows that are positive or not, sorted; to be freed by host_free. */
static double *
sorted_scores(const JudgedRows *rows, int side, bool positive, size_t *n)
{
	double *scores = host_allocate_array(double, rows->n_rows + 1);

	*n = 0;
	for (size_t i = 0; i < rows->n_rows; i++)
	{
		if ((rows->actual[i] == rows->positive) == positive)
			scores[(*n)++] = rows->sides[side].scores[i];
	}
	sort_doubles(scores, *n);
	return scores;
}

/* The area of a side, and what each row adds to its distance from its mean; NaN without either label. */
static double
roc_auc_parts(const JudgedRows *rows, int side, double *parts)
{
	size_t n_positive;
	size_t n_negative;
	double *positive = sorted_scores(rows, side, true, &n_positive);
	double *negative = sorted_scores(rows, side, false, &n_negative);
	double area = 0;

	for (size_t i = 0; i < rows->n_rows; i++)
	{
		double score = rows->sides[side].scores[i];

		if (rows->actual[i] == rows->positive)
		{
			double below = count_below(negative, n_negative, score);

			/* halves of whole numbers: the sum is exact */
			area += below;
			parts[i] = below / (double) n_negative;
		}
		else
			parts[i] = 1 - count_below(positive, n_positive, score) / (double) n_positive;
	}
	area /= (double) n_positive * (double) n_negative;
	for (size_t i = 0; i < rows->n_rows; i++)
		parts[i] = (parts[i] - area) /
				   (double) (rows->actual[i] == rows->positive ? n_positive : n_negative);
	host_free(positive);
	host_free(negative);
	return n_positive == 0 || n_negative == 0 ? NAN : area;
}

/* The areas of rows, and their intervals. */
static ScoreFigures
plain_roc_auc_figures(const JudgedRows *rows)
{
	ScoreFigures figures = unknown_figures();
	uint32_t *order = judged_rows_by_cluster(rows);
	double *parts[2] = {NULL, NULL};
	double n_clusters;
	double variance;

	for (int side = 0; side < rows->n_sides; side++)
	{
		parts[side] = host_allocate_array(double, rows->n_rows + 1);
		figures.side[side] = roc_auc_parts(rows, side, parts[side]);
		variance = clustered_variance(rows, order, parts[side], &n_clusters);
		if (!isnan(figures.side[side]) && n_clusters > 1)
			figures.side_interval[side] =
				interval_of_variance(figures.side[side], variance, n_clusters, 0, 1);
	}
	if (rows->n_sides == 2)
	{
		for (size_t i = 0; i < rows->n_rows; i++)
			parts[0][i] -= parts[1][i];
		figures.difference = figures.side[0] - figures.side[1];
		variance = clustered_variance(rows, order, parts[0], &n_clusters);
		if (!isnan(figures.difference) && n_clusters > 1)
			figures.difference_interval =
				interval_of_variance(figures.difference, variance, n_clusters, -1, 1);
	}
	host_free(parts[0]);
	host_free(parts[1]);
	host_free(order);
	return figures;
}

/* Rows that are added to those that are there. */
#define N_EXTREME_ROWS 4

/* The rows, and four more that either side takes for the best or the worst. Scores are probabilities. */
static JudgedRows
with_extreme_rows(const JudgedRows *rows)
{
	JudgedRows more = *rows;
	size_t n = rows->n_rows + N_EXTREME_ROWS;

	more.n_rows = n;
	more.clusters = host_allocate_array(uint64_t, n);
	more.actual = host_allocate_array(uint32_t, n);
	memcpy(more.clusters, rows->clusters, rows->n_rows * sizeof(uint64_t));
	memcpy(more.actual, rows->actual, rows->n_rows * sizeof(uint32_t));
	for (uint32_t i = 0; i < N_EXTREME_ROWS; i++)
	{
		/* they are clusters of their own: no two of them can be those of one text of the rows and one of these */
		more.clusters[rows->n_rows + i] = UINT64_MAX - i;
		more.actual[rows->n_rows + i] = i < 2 ? rows->positive : rows->positive == 0 ? 1 : 0;
	}
	for (int side = 0; side < rows->n_sides; side++)
	{
		more.sides[side].scores = host_allocate_array(double, n);
		memcpy(more.sides[side].scores, rows->sides[side].scores, rows->n_rows * sizeof(double));
		for (int i = 0; i < N_EXTREME_ROWS; i++)
			more.sides[side].scores[rows->n_rows + (size_t) i] = i % 2 == side ? 2 : -1;
	}
	return more;
}

/* An interval holds the figure itself. */
static ConfidenceInterval
with_figure(ConfidenceInterval interval, double figure)
{
	return (ConfidenceInterval){fmin(interval.lower, figure), fmax(interval.upper, figure)};
}

ScoreFigures
roc_auc_figures(const JudgedRows *rows)
{
	ScoreFigures figures;
	ScoreFigures wider;
	JudgedRows more;

	if (rows->positive >= rows->n_labels || rows->n_rows == 0)
		return unknown_figures();
	figures = plain_roc_auc_figures(rows);
	if (isnan(figures.side[0]))
		return unknown_figures();
	more = with_extreme_rows(rows);
	wider = plain_roc_auc_figures(&more);
	for (int side = 0; side < rows->n_sides; side++)
	{
		figures.side_interval[side] = with_figure(wider.side_interval[side], figures.side[side]);
		host_free(more.sides[side].scores);
	}
	if (rows->n_sides == 2)
		figures.difference_interval = with_figure(wider.difference_interval, figures.difference);
	host_free(more.clusters);
	host_free(more.actual);
	return figures;
}
