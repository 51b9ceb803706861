/*
 * classification_metrics.c
 *	  Figures of merit of a classifier.
 *
 * All figures of a confusion matrix are made from its ClassTotals: rows, columns and diagonal.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/evaluation/classification_metrics.h"
#include "core/evaluation/sort_doubles.h"
#include "core/host.h"

/* A mean of the labels' figures. */
typedef struct MeanMetrics
{
	double precision;
	double recall;
	double f1;
} MeanMetrics;

/* A share of rows; 0 for a share of nothing. */
static double
ratio(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (double) part / (double) whole;
}

/* Precision, recall and F1 of one label. */
static ClassMetrics
class_metrics(const ClassTotals *totals)
{
	ClassMetrics metrics = {.precision = ratio(totals->correct, totals->predicted),
							.recall = ratio(totals->correct, totals->actual),
							.support = totals->actual};
	double sum = metrics.precision + metrics.recall;

	if (sum > 0)
		metrics.f1 = 2 * metrics.precision * metrics.recall / sum;
	return metrics;
}

/* Totals of one label of a confusion matrix. */
static ClassTotals
totals_of_label(const ConfusionMatrix *matrix, uint32_t label)
{
	size_t n_labels = matrix->n_labels;
	ClassTotals totals = {.correct = matrix->counts[label * n_labels + label]};

	for (size_t other = 0; other < n_labels; other++)
	{
		totals.actual += matrix->counts[label * n_labels + other];
		totals.predicted += matrix->counts[other * n_labels + label];
	}
	return totals;
}

/* Totals of all labels; to be freed by free_totals. */
static ConfusionTotals
totals_of_matrix(const ConfusionMatrix *matrix)
{
	ClassTotals *totals = host_allocate_array(ClassTotals, matrix->n_labels);

	for (uint32_t label = 0; label < matrix->n_labels; label++)
		totals[label] = totals_of_label(matrix, label);
	return (ConfusionTotals){.n_labels = matrix->n_labels,
							 .labels = matrix->labels,
							 .totals = totals,
							 .counts = matrix->counts};
}

static void
free_totals(ConfusionTotals *totals)
{
	host_free((void *) totals->totals);
}

/* Rows, and how many of them were predicted correctly. */
static void
count_rows(const ConfusionTotals *totals, uint64_t *n_rows, uint64_t *n_correct)
{
	*n_rows = 0;
	*n_correct = 0;
	for (uint32_t i = 0; i < totals->n_labels; i++)
	{
		*n_rows += totals->totals[i].actual;
		*n_correct += totals->totals[i].correct;
	}
}

static double
accuracy(const ConfusionTotals *totals)
{
	uint64_t n_rows;
	uint64_t n_correct;

	count_rows(totals, &n_rows, &n_correct);
	return n_rows == 0 ? NAN : (double) n_correct / (double) n_rows;
}

/* Mean over the labels that occur at all. */
static MeanMetrics
macro_average(const ConfusionTotals *totals)
{
	MeanMetrics mean = {0, 0, 0};
	double n_labels = 0;

	for (uint32_t i = 0; i < totals->n_labels; i++)
	{
		const ClassTotals *label = &totals->totals[i];
		ClassMetrics metrics = class_metrics(label);

		mean.precision += metrics.precision;
		mean.recall += metrics.recall;
		mean.f1 += metrics.f1;
		n_labels += label->actual > 0 || label->predicted > 0;
	}
	return (MeanMetrics){mean.precision / n_labels, mean.recall / n_labels, mean.f1 / n_labels};
}

/* Mean over the labels, each as heavy as its number of actual rows. */
static MeanMetrics
weighted_average(const ConfusionTotals *totals)
{
	MeanMetrics mean = {0, 0, 0};
	double n_rows = 0;

	for (uint32_t i = 0; i < totals->n_labels; i++)
	{
		ClassMetrics metrics = class_metrics(&totals->totals[i]);
		double weight = (double) metrics.support;

		mean.precision += metrics.precision * weight;
		mean.recall += metrics.recall * weight;
		mean.f1 += metrics.f1 * weight;
		n_rows += weight;
	}
	return (MeanMetrics){mean.precision / n_rows, mean.recall / n_rows, mean.f1 / n_rows};
}

/*
 * Gorodkin's R_K from the totals alone: the covariances of the indicator vectors only need the
 * diagonal and the margins. In 128 bits, because they are differences of squared numbers of rows.
 */
static double
matthews(const ConfusionTotals *totals)
{
	uint64_t n_rows;
	uint64_t n_correct;
	__int128 both = 0;
	__int128 actual = 0;
	__int128 predicted = 0;
	__int128 square;

	count_rows(totals, &n_rows, &n_correct);
	if (n_rows == 0)
		return NAN;
	for (uint32_t i = 0; i < totals->n_labels; i++)
	{
		const ClassTotals *label = &totals->totals[i];

		both += (__int128) label->actual * label->predicted;
		actual += (__int128) label->actual * label->actual;
		predicted += (__int128) label->predicted * label->predicted;
	}
	square = (__int128) n_rows * n_rows;
	if (square == actual || square == predicted)
		return 0; /* one label only on one side */
	return (double) ((__int128) n_correct * n_rows - both) /
		   sqrt((double) (square - actual) * (double) (square - predicted));
}

double
classification_totals_f1(const ClassTotals *totals)
{
	return class_metrics(totals).f1;
}

double
classification_totals_accuracy(const ConfusionTotals *totals)
{
	return accuracy(totals);
}

double
classification_totals_macro_f1(const ConfusionTotals *totals)
{
	return macro_average(totals).f1;
}

double
classification_totals_weighted_f1(const ConfusionTotals *totals)
{
	return weighted_average(totals).f1;
}

double
classification_totals_matthews(const ConfusionTotals *totals)
{
	return matthews(totals);
}

ClassMetrics
classification_class_metrics(const ConfusionMatrix *matrix, uint32_t label)
{
	ClassTotals totals = totals_of_label(matrix, label);

	return class_metrics(&totals);
}

double
classification_accuracy(const ConfusionMatrix *matrix)
{
	ConfusionTotals totals = totals_of_matrix(matrix);
	double result = accuracy(&totals);

	free_totals(&totals);
	return result;
}

double
classification_macro_f1(const ConfusionMatrix *matrix)
{
	ConfusionTotals totals = totals_of_matrix(matrix);
	double result = macro_average(&totals).f1;

	free_totals(&totals);
	return result;
}

double
classification_matthews(const ConfusionMatrix *matrix)
{
	ConfusionTotals totals = totals_of_matrix(matrix);
	double result = matthews(&totals);

	free_totals(&totals);
	return result;
}

/* Append a key and a number. */
static void
append_number(ByteBuffer *buffer, const char *key, double number)
{
	buffer_printf(buffer, "\"%s\": ", key);
	buffer_append_json_number(buffer, number);
}

/* Append precision, recall and F1, without the braces. */
static void
append_figures(ByteBuffer *buffer, double precision, double recall, double f1)
{
	append_number(buffer, "precision", precision);
	buffer_printf(buffer, ", ");
	append_number(buffer, "recall", recall);
	buffer_printf(buffer, ", ");
	append_number(buffer, "f1", f1);
}

/* Append a key and an object of means. */
static void
append_mean(ByteBuffer *buffer, const char *key, MeanMetrics mean)
{
	buffer_printf(buffer, ", \"%s\": {", key);
	append_figures(buffer, mean.precision, mean.recall, mean.f1);
	buffer_printf(buffer, "}");
}

static void
append_label(ByteBuffer *buffer, const char *label)
{
	buffer_append_json_string(buffer, label, strlen(label));
}

/* Append the object of the labels' own figures. */
static void
append_classes(ByteBuffer *buffer, const ConfusionTotals *totals)
{
	buffer_printf(buffer, ", \"classes\": {");
	for (uint32_t i = 0; i < totals->n_labels; i++)
	{
		ClassMetrics metrics = class_metrics(&totals->totals[i]);

		if (i > 0)
			buffer_printf(buffer, ", ");
		append_label(buffer, totals->labels[i]);
		buffer_printf(buffer, ": {");
		append_figures(buffer, metrics.precision, metrics.recall, metrics.f1);
		buffer_printf(buffer, ", \"support\": %llu}", (unsigned long long) metrics.support);
	}
	buffer_printf(buffer, "}");
}

/* Append the labels and the rows of the confusion matrix. */
static void
append_matrix(ByteBuffer *buffer, const ConfusionTotals *totals)
{
	size_t n_labels = totals->n_labels;

	buffer_printf(buffer, ", \"confusion_matrix\": {\"labels\": [");
	for (size_t i = 0; i < n_labels; i++)
	{
		if (i > 0)
			buffer_printf(buffer, ", ");
		append_label(buffer, totals->labels[i]);
	}
	buffer_printf(buffer, "], \"counts\": [");
	for (size_t i = 0; i < n_labels; i++)
	{
		buffer_printf(buffer, i > 0 ? ", [" : "[");
		for (size_t j = 0; j < n_labels; j++)
			buffer_printf(buffer, "%s%llu", j > 0 ? ", " : "",
						  (unsigned long long) totals->counts[i * n_labels + j]);
		buffer_printf(buffer, "]");
	}
	buffer_printf(buffer, "]}");
}

/* Append what follows the row counts of a report, up to its closing brace. */
static void
append_report(ByteBuffer *buffer, const ConfusionTotals *totals)
{
	buffer_printf(buffer, ", ");
	append_number(buffer, "accuracy", accuracy(totals));
	buffer_printf(buffer, ", ");
	append_number(buffer, "matthews_correlation", matthews(totals));
	append_mean(buffer, "macro", macro_average(totals));
	append_mean(buffer, "weighted", weighted_average(totals));
	append_classes(buffer, totals);
	if ((totals->counts != NULL || totals->n_labels == 0) &&
		totals->n_labels <= MAX_REPORTED_LABELS)
		append_matrix(buffer, totals);
	buffer_printf(buffer, "}");
}

/* Append the opening brace and the number of rows. */
static void
append_rows(ByteBuffer *buffer, const ConfusionTotals *totals)
{
	uint64_t n_rows;
	uint64_t n_correct;

	count_rows(totals, &n_rows, &n_correct);
	buffer_printf(buffer, "{\"rows\": %llu", (unsigned long long) n_rows);
}

void
classification_report_json(const ConfusionMatrix *matrix, ByteBuffer *buffer)
{
	ConfusionTotals totals = totals_of_matrix(matrix);

	append_rows(buffer, &totals);
	append_report(buffer, &totals);
	free_totals(&totals);
}

void
classification_totals_report_json(const ConfusionTotals *totals, ByteBuffer *buffer)
{
	append_rows(buffer, totals);
	buffer_printf(buffer, ", \"rows_skipped\": %llu", (unsigned long long) totals->rows_skipped);
	append_report(buffer, totals);
}

/* Copy scores and sort the copy; to be freed by host_free. */
static double *
sorted_scores(const double *scores, size_t n_scores)
{
	double *sorted = host_allocate_array(double, n_scores);

	for (size_t i = 0; i < n_scores; i++)
	{
		if (isnan(scores[i]))
			host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL, "a score is not a number");
		sorted[i] = scores[i];
	}
	sort_doubles(sorted, n_scores);
	return sorted;
}

/*
 * Twice the number of (positive, negative) pairs in which the positive score is higher, plus the
 * number of ties: an integer, so the area does not depend on the order of summation.
 */
static unsigned __int128
count_ordered_pairs(const double *positive, size_t n_positive, const double *negative,
					size_t n_negative)
{
	unsigned __int128 pairs = 0;
	size_t below = 0;     /* negatives lower than the positive at hand */
	size_t not_above = 0; /* negatives lower or equal */

	for (size_t i = 0; i < n_positive; i++)
	{
		while (below < n_negative && negative[below] < positive[i])
			below++;
		while (not_above < n_negative && negative[not_above] <= positive[i])
			not_above++;
		pairs += below + not_above;
	}
	return pairs;
}

double
classification_roc_auc_of_scores(const double *positive, size_t n_positive, const double *negative,
								 size_t n_negative)
{
	double *sorted_positive = sorted_scores(positive, n_positive);
	double *sorted_negative = sorted_scores(negative, n_negative);
	unsigned __int128 pairs =
		count_ordered_pairs(sorted_positive, n_positive, sorted_negative, n_negative);

	host_free(sorted_positive);
	host_free(sorted_negative);
	if (n_positive == 0 || n_negative == 0)
		return NAN;
	return (double) pairs / (2 * (double) n_positive * (double) n_negative);
}

double
classification_roc_auc(const ScoredRow *rows, size_t n_rows)
{
	double *scores = host_allocate_array(double, n_rows);
	size_t n_positive = 0;
	size_t negative = n_rows;
	double area;

	/* positive scores from the front, negative ones from the back */
	for (size_t i = 0; i < n_rows; i++)
		scores[rows[i].positive ? n_positive++ : --negative] = rows[i].score;
	area =
		classification_roc_auc_of_scores(scores, n_positive, scores + negative, n_rows - negative);
	host_free(scores);
	return area;
}

double
classification_log_loss_row(bool positive, double probability)
{
	double clipped = fmin(fmax(probability, DBL_EPSILON), 1 - DBL_EPSILON);

	return -log(positive ? clipped : 1 - clipped);
}
