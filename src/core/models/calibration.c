/*
 * calibration.c
 *	  From a classifier's probabilities to calibrated ones, and to a label.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/model_image.h"
#include "core/models/calibration.h"
#include "core/models/link_functions.h"

/* Probabilities of 0 and 1 have no log-odds. */
#define SMALLEST_PROBABILITY 1e-12

/* Rows of the class's share that smooth the mean of every block of an isotonic calibrator. */
#define SMOOTHING_ROWS 2.0

/* Newton's steps of a sigmoid at most; it takes a dozen. */
#define MAX_STEPS 100

/* A row for one calibrator. */
typedef struct CalibrationRow
{
	double probability;
	bool is_class;
} CalibrationRow;

static double
log_odds(double probability)
{
	double p = fmin(fmax(probability, SMALLEST_PROBABILITY), 1 - SMALLEST_PROBABILITY);

	return log(p / (1 - p));
}

/* Loss of a sigmoid, with the targets of both kinds of rows. */
static double
sigmoid_loss(const CalibrationRow *rows, uint32_t n_rows, const double *targets, double slope,
			 double intercept)
{
	double loss = 0;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		double z = slope * log_odds(rows[i].probability) + intercept;
		double target = targets[rows[i].is_class];

		/* log(1 + exp(z)) - target * z, without overflow */
		loss += fmax(z, 0) + log1p(exp(-fabs(z))) - target * z;
	}
	return loss;
}

/*
 * Fit sigmoid(slope * log-odds + intercept) by Newton's method with halved steps (Lin, Lin, Weng 2007,
 * "A note on Platt's probabilistic outputs"). point: slope, intercept
 */
static void
fit_sigmoid(const CalibrationRow *rows, uint32_t n_rows, double *point)
{
	uint32_t n_class = 0;
	double targets[2];
	double slope = 0;
	double intercept;
	double loss;

	for (uint32_t i = 0; i < n_rows; i++)
		n_class += rows[i].is_class;
	targets[1] = (n_class + 1.0) / (n_class + 2.0);
	targets[0] = 1 / (n_rows - n_class + 2.0);
	intercept = log((n_class + 1.0) / (n_rows - n_class + 1.0));
	loss = sigmoid_loss(rows, n_rows, targets, slope, intercept);
	for (int step = 0; step < MAX_STEPS; step++)
	{
		double h11 = 1e-12;
		double h22 = 1e-12;
		double h12 = 0;
		double g1 = 0;
		double g2 = 0;
		double determinant;
		double slope_step;
		double intercept_step;
		double size = 1;
		double new_loss = INFINITY;

		host_check_interrupts();
		for (uint32_t i = 0; i < n_rows; i++)
		{
			double score = log_odds(rows[i].probability);
			double p = sigmoid(slope * score + intercept);
			double difference = p - targets[rows[i].is_class];

			h11 += score * score * p * (1 - p);
			h22 += p * (1 - p);
			h12 += score * p * (1 - p);
			g1 += score * difference;
			g2 += difference;
		}
		if (fabs(g1) < 1e-7 * n_rows && fabs(g2) < 1e-7 * n_rows)
			break;
		determinant = h11 * h22 - h12 * h12;
		slope_step = -(h22 * g1 - h12 * g2) / determinant;
		intercept_step = -(h11 * g2 - h12 * g1) / determinant;
		for (; size > 1e-10; size /= 2)
		{
			host_check_interrupts();
			new_loss = sigmoid_loss(rows, n_rows, targets, slope + size * slope_step,
									intercept + size * intercept_step);
			if (new_loss < loss)
				break;
		}
		if (!(new_loss < loss))
			break;
		slope += size * slope_step;
		intercept += size * intercept_step;
		loss = new_loss;
	}
	point[0] = slope;
	point[1] = intercept;
}

static int
compare_rows(const void *a, const void *b)
{
	double first = ((const CalibrationRow *) a)->probability;
	double second = ((const CalibrationRow *) b)->probability;

	return (first > second) - (first < second);
}

/* Rows that isotonic regression gives one value. */
typedef struct IsotonicBlock
{
	double sum;
	double count;
	double total; /* of the probabilities */
	double first; /* smallest probability */
	double last;  /* largest probability */
} IsotonicBlock;

/* Isotonic regression by pooling adjacent violators; answers the blocks of sorted rows. */
static uint32_t
pool_rows(const CalibrationRow *rows, uint32_t n_rows, IsotonicBlock *blocks)
{
	uint32_t n_blocks = 0;

	for (uint32_t i = 0; i < n_rows;)
	{
		IsotonicBlock block = {.first = rows[i].probability, .last = rows[i].probability};

		/* rows of one probability are one row with their mean */
		for (; i < n_rows && rows[i].probability == block.first; i++)
		{
			block.sum += rows[i].is_class;
			block.total += rows[i].probability;
			block.count++;
		}
		while (n_blocks > 0 &&
			   blocks[n_blocks - 1].sum * block.count >= block.sum * blocks[n_blocks - 1].count)
		{
			n_blocks--;
			block.sum += blocks[n_blocks].sum;
			block.count += blocks[n_blocks].count;
			block.total += blocks[n_blocks].total;
			block.first = blocks[n_blocks].first;
		}
		blocks[n_blocks++] = block;
	}
	return n_blocks;
}

/* Blocks that smoothing has brought out of order, and their common value. */
typedef struct SmoothedBlocks
{
	double sum;
	double count;
	uint32_t n_blocks;
} SmoothedBlocks;

/*
 * Smooth the blocks' means: each has SMOOTHING_ROWS more rows of the class's share. A small block moves more than a
 * large one, so adjacent violators are pooled once more. smoothed: (n_blocks); answers how many there are
 */
static uint32_t
smooth_blocks(const IsotonicBlock *blocks, uint32_t n_blocks, double share,
			  SmoothedBlocks *smoothed)
{
	uint32_t n_smoothed = 0;

	for (uint32_t i = 0; i < n_blocks; i++)
	{
		SmoothedBlocks pool = {blocks[i].sum + SMOOTHING_ROWS * share,
							   blocks[i].count + SMOOTHING_ROWS, 1};

		while (n_smoothed > 0 && smoothed[n_smoothed - 1].sum * pool.count >=
									 pool.sum * smoothed[n_smoothed - 1].count)
		{
			n_smoothed--;
			pool.sum += smoothed[n_smoothed].sum;
			pool.count += smoothed[n_smoothed].count;
			pool.n_blocks += smoothed[n_smoothed].n_blocks;
		}
		smoothed[n_smoothed++] = pool;
	}
	return n_smoothed;
}

/* Append the points of an isotonic calibrator: the centre of each block, and its smoothed mean. */
static void
append_centres(const IsotonicBlock *blocks, const SmoothedBlocks *smoothed, uint32_t n_smoothed,
			   ByteBuffer *points)
{
	for (uint32_t i = 0; i < n_smoothed; i++)
	{
		double value = fmin(fmax(smoothed[i].sum / smoothed[i].count, 0), 1);

		for (uint32_t k = 0; k < smoothed[i].n_blocks; k++, blocks++)
		{
			/* within the block, so that rounding leaves the points in order */
			double centre = fmin(fmax(blocks->total / blocks->count, blocks->first), blocks->last);
			double point[2] = {centre, value};

			buffer_append(points, point, sizeof(point));
		}
	}
}

/*
 * Centered isotonic regression (Oron and Flournoy 2017) of smoothed means. The ordinary one answers 0 and 1 wherever the
 * rows at an end are all of one class, and is flat within its blocks; both cost dearly with few rows.
 * Appends the points and answers their number.
 */
static uint32_t
fit_isotonic(CalibrationRow *rows, uint32_t n_rows, ByteBuffer *points)
{
	IsotonicBlock *blocks = host_allocate_array(IsotonicBlock, (size_t) n_rows + 1);
	SmoothedBlocks *smoothed;
	uint32_t n_class = 0;
	uint32_t n_blocks;

	qsort(rows, n_rows, sizeof(CalibrationRow), compare_rows);
	host_check_interrupts();
	for (uint32_t i = 0; i < n_rows; i++)
		n_class += rows[i].is_class;
	n_blocks = pool_rows(rows, n_rows, blocks);
	smoothed = host_allocate_array(SmoothedBlocks, (size_t) n_blocks + 1);
	append_centres(blocks, smoothed,
				   smooth_blocks(blocks, n_blocks, (double) n_class / n_rows, smoothed), points);
	host_free(smoothed);
	host_free(blocks);
	return n_blocks;
}

/* Calibrators of a number of classes. */
static uint32_t
calibrator_count(uint32_t n_classes)
{
	return n_classes == 2 ? 1 : n_classes;
}

/* Bytes of the section before the points. */
static size_t
points_offset(uint32_t n_calibrators)
{
	return (sizeof(CalibrationHeader) + sizeof(uint32_t) * (size_t) n_calibrators + 7) &
		   ~(size_t) 7;
}

void
calibration_fit(CalibrationMethod method, const double *probabilities, const uint32_t *labels,
				uint32_t n_rows, uint32_t n_classes, ByteBuffer *section)
{
	CalibrationHeader header = {.method = method, .threshold = 0.5};
	CalibrationRow *rows = host_allocate_array(CalibrationRow, (size_t) n_rows + 1);
	ByteBuffer points = {0};
	uint32_t n_points = 0;

	if (method != CALIBRATION_NONE)
		header.n_calibrators = calibrator_count(n_classes);
	buffer_append(section, &header, sizeof(header));
	for (uint32_t k = 0; k < header.n_calibrators; k++)
	{
		uint32_t class = header.n_calibrators == 1 ? 1 : k;

		for (uint32_t i = 0; i < n_rows; i++)
			rows[i] =
				(CalibrationRow){probabilities[(size_t) i * n_classes + class], labels[i] == class};
		if (method == CALIBRATION_SIGMOID)
		{
			double point[2];

			fit_sigmoid(rows, n_rows, point);
			buffer_append(&points, point, sizeof(point));
			n_points++;
		}
		else
			n_points += fit_isotonic(rows, n_rows, &points);
		buffer_append(section, &n_points, sizeof(n_points));
	}
	if (header.n_calibrators % 2 == 1)
	{
		const uint32_t padding = 0;

		buffer_append(section, &padding, sizeof(padding));
	}
	buffer_append(section, points.data, points.length);
	buffer_reset(&points);
	host_free(rows);
}

double
calibration_best_threshold(const double *probabilities, const bool *is_positive, uint32_t n_rows)
{
	CalibrationRow *rows = host_allocate_array(CalibrationRow, (size_t) n_rows + 1);
	double n_positive = 0;
	double true_positives = 0;
	double best_f1 = -1;
	double best = 0.5;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		rows[i] = (CalibrationRow){probabilities[i], is_positive[i]};
		n_positive += is_positive[i];
	}
	qsort(rows, n_rows, sizeof(CalibrationRow), compare_rows);
	/* from the highest probability downwards: the rows from i on are called positive */
	for (uint32_t i = n_rows; i-- > 0;)
	{
		double f1;

		true_positives += rows[i].is_class;
		if (i > 0 && rows[i - 1].probability == rows[i].probability)
			continue;
		f1 = 2 * true_positives / (n_rows - i + n_positive);
		if (f1 > best_f1)
		{
			best_f1 = f1;
			best = i == 0 ? rows[i].probability / 2
						  : (rows[i - 1].probability + rows[i].probability) / 2;
		}
	}
	host_free(rows);
	return best;
}

void
calibration_set_threshold(void *section, double threshold)
{
	CalibrationHeader *header = section;

	header->has_threshold = 1;
	header->threshold = threshold;
}

/* Check the points of one calibrator. */
static void
check_points(CalibrationMethod method, const double *points, uint32_t start, uint32_t end)
{
	if (start >= end || (method == CALIBRATION_SIGMOID && end - start != 1))
		image_invalid("A calibrator has not the points that its method needs.");
	for (uint32_t i = start; i < end; i++)
	{
		if (!isfinite(points[2 * i]) || !isfinite(points[2 * i + 1]))
			image_invalid("A point of a calibrator is not a finite number.");
		if (method == CALIBRATION_ISOTONIC && ((i > start && points[2 * i] <= points[2 * i - 2]) ||
											   points[2 * i + 1] < 0 || points[2 * i + 1] > 1))
			image_invalid("The points of a calibrator are not in order.");
	}
}

void
calibration_open(const void *section, size_t length, uint32_t n_classes, Calibration *calibration)
{
	CalibrationHeader *header = &calibration->header;
	const char *bytes = section;
	size_t offset;
	uint32_t start = 0;

	if (length < sizeof(CalibrationHeader))
		image_invalid("Its calibration is truncated.");
	memcpy(header, section, sizeof(CalibrationHeader));
	if (header->method > CALIBRATION_ISOTONIC || header->has_threshold > 1 ||
		!(header->threshold >= 0 && header->threshold <= 1) ||
		header->n_calibrators !=
			(header->method == CALIBRATION_NONE ? 0 : calibrator_count(n_classes)))
		image_invalid("Its calibration does not fit its classes.");
	offset = points_offset(header->n_calibrators);
	if (length < offset)
		image_invalid("Its calibration is truncated.");
	calibration->point_ends = (const uint32_t *) (bytes + sizeof(CalibrationHeader));
	calibration->points = (const double *) (bytes + offset);
	for (uint32_t k = 0; k < header->n_calibrators; k++)
	{
		uint32_t end = calibration->point_ends[k];

		if (end > (length - offset) / (2 * sizeof(double)))
			image_invalid("A calibrator lies outside of its space.");
		check_points((CalibrationMethod) header->method, calibration->points, start, end);
		start = end;
	}
	if (length != offset + (size_t) start * 2 * sizeof(double))
		image_invalid("Its calibration has not the length that it states.");
}

/* What isotonic points make of a probability; outside of them, the first or last value. */
static double
interpolate(const double *points, uint32_t n_points, double probability)
{
	uint32_t low = 0;
	uint32_t high = n_points - 1;
	double share;

	if (probability <= points[0])
		return points[1];
	if (probability >= points[2 * high])
		return points[2 * high + 1];
	while (high - low > 1)
	{
		uint32_t middle = low + (high - low) / 2;

		if (points[2 * middle] <= probability)
			low = middle;
		else
			high = middle;
	}
	share = (probability - points[2 * low]) / (points[2 * high] - points[2 * low]);
	return points[2 * low + 1] + share * (points[2 * high + 1] - points[2 * low + 1]);
}

/* One class's probability, calibrated. */
static double
calibrate(const Calibration *calibration, uint32_t calibrator, double probability)
{
	uint32_t start = calibrator == 0 ? 0 : calibration->point_ends[calibrator - 1];
	const double *points = calibration->points + 2 * (size_t) start;

	if (calibration->header.method == CALIBRATION_SIGMOID)
		return sigmoid(points[0] * log_odds(probability) + points[1]);
	return interpolate(points, calibration->point_ends[calibrator] - start, probability);
}

void
calibration_apply(const Calibration *calibration, uint32_t n_classes, double *probabilities)
{
	double sum = 0;

	if (calibration->header.n_calibrators == 0)
		return;
	if (n_classes == 2)
	{
		probabilities[1] = calibrate(calibration, 0, probabilities[1]);
		probabilities[0] = 1 - probabilities[1];
		return;
	}
	for (uint32_t k = 0; k < n_classes; k++)
	{
		probabilities[k] = calibrate(calibration, k, probabilities[k]);
		sum += probabilities[k];
	}
	for (uint32_t k = 0; k < n_classes; k++)
		probabilities[k] = sum > 0 ? probabilities[k] / sum : 1.0 / n_classes;
}
