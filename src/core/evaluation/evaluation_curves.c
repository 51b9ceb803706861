/*
 * evaluation_curves.c
 *	  What is drawn of a classifier's scores.
 */
#include <math.h>

#include "core/evaluation/evaluation_curves.h"
#include "core/evaluation/sort_doubles.h"
#include "core/host.h"

/* Rows whose score reaches a threshold. */
typedef struct CurvePoint
{
	uint64_t true_positive;
	uint64_t false_positive;
} CurvePoint;

/* The points of all thresholds that are kept. */
typedef struct CurvePoints
{
	CurvePoint *points; /* (n_points) from the highest threshold to the lowest */
	size_t n_points;
	size_t n_positive;
	size_t n_negative;
} CurvePoints;

/* The scores of the positive or of the negative rows, in ascending order. */
static double *
sorted_scores_of(const ScoredRow *rows, size_t n_rows, bool positive, size_t *n_scores)
{
	double *scores = host_allocate_array(double, n_rows + 1);

	*n_scores = 0;
	for (size_t i = 0; i < n_rows; i++)
	{
		if (rows[i].positive == positive)
			scores[(*n_scores)++] = rows[i].score;
	}
	sort_doubles(scores, *n_scores);
	return scores;
}

/* Walk down the thresholds, keeping a point whenever another part of the rows is passed. */
static void
find_points(const ScoredRow *rows, size_t n_rows, CurvePoints *curve)
{
	double *positive = sorted_scores_of(rows, n_rows, true, &curve->n_positive);
	double *negative = sorted_scores_of(rows, n_rows, false, &curve->n_negative);
	size_t left_positive = curve->n_positive;
	size_t left_negative = curve->n_negative;
	uint64_t last_part = 0;

	curve->points = host_allocate_array(CurvePoint, MAX_CURVE_POINTS + 2);
	curve->n_points = 0;
	while (left_positive > 0 || left_negative > 0)
	{
		double threshold = fmax(left_positive > 0 ? positive[left_positive - 1] : -INFINITY,
								left_negative > 0 ? negative[left_negative - 1] : -INFINITY);
		uint64_t part;

		while (left_positive > 0 && positive[left_positive - 1] >= threshold)
			left_positive--;
		while (left_negative > 0 && negative[left_negative - 1] >= threshold)
			left_negative--;
		part = (n_rows - left_positive - left_negative) * MAX_CURVE_POINTS / n_rows;
		if (part > last_part || n_rows <= MAX_CURVE_POINTS)
			curve->points[curve->n_points++] =
				(CurvePoint){curve->n_positive - left_positive, curve->n_negative - left_negative};
		last_part = part;
	}
	host_free(positive);
	host_free(negative);
}

/* Append a list of numbers as one point. */
static void
append_point(ByteBuffer *json, bool first, const double *numbers, int n_numbers)
{
	buffer_printf(json, first ? "[" : ", [");
	for (int i = 0; i < n_numbers; i++)
	{
		if (i > 0)
			buffer_printf(json, ", ");
		buffer_append_json_number(json, numbers[i]);
	}
	buffer_printf(json, "]");
}

static void
append_roc(const CurvePoints *curve, ByteBuffer *json)
{
	const double origin[2] = {0, 0};

	if (curve->n_positive == 0 || curve->n_negative == 0)
		return;
	append_point(json, true, origin, 2);
	for (size_t i = 0; i < curve->n_points; i++)
	{
		const double point[2] = {
			(double) curve->points[i].false_positive / (double) curve->n_negative,
			(double) curve->points[i].true_positive / (double) curve->n_positive};

		append_point(json, false, point, 2);
	}
}

static void
append_precision_recall(const CurvePoints *curve, ByteBuffer *json)
{
	const double start[2] = {0, 1};

	if (curve->n_positive == 0)
		return;
	append_point(json, true, start, 2);
	for (size_t i = 0; i < curve->n_points; i++)
	{
		double hits = (double) curve->points[i].true_positive;
		const double point[2] = {hits / (double) curve->n_positive,
								 hits / (hits + (double) curve->points[i].false_positive)};

		append_point(json, false, point, 2);
	}
}

static void
append_calibration(const ScoredRow *rows, size_t n_rows, ByteBuffer *json)
{
	double totals[CALIBRATION_BINS] = {0};
	uint64_t counts[CALIBRATION_BINS] = {0};
	uint64_t positives[CALIBRATION_BINS] = {0};
	bool first = true;

	for (size_t i = 0; i < n_rows; i++)
	{
		int bin = 0;

		while (bin < CALIBRATION_BINS - 1 && rows[i].score > (bin + 1) * (1.0 / CALIBRATION_BINS))
			bin++;
		totals[bin] += rows[i].score;
		counts[bin]++;
		positives[bin] += rows[i].positive;
	}
	for (int bin = 0; bin < CALIBRATION_BINS; bin++)
	{
		const double point[3] = {totals[bin] / (double) counts[bin],
								 (double) positives[bin] / (double) counts[bin],
								 (double) counts[bin]};

		if (counts[bin] == 0)
			continue;
		append_point(json, first, point, 3);
		first = false;
	}
}

void
evaluation_curves_json(const ScoredRow *rows, size_t n_rows, ByteBuffer *json)
{
	CurvePoints curve;

	find_points(rows, n_rows, &curve);
	buffer_printf(json, "{\"roc\": [");
	append_roc(&curve, json);
	buffer_printf(json, "], \"precision_recall\": [");
	append_precision_recall(&curve, json);
	buffer_printf(json, "], \"calibration\": [");
	append_calibration(rows, n_rows, json);
	buffer_printf(json, "]}");
	host_free(curve.points);
}
