/*
 * calibration.h
 *	  From a classifier's probabilities to calibrated ones, and to a label.
 *
 * A calibrator maps the probability of one class to a better one: by a sigmoid of its log-odds (Platt
 * 1999, with his smoothed targets), or by isotonic regression (Zadrozny and Elkan 2002), centered and with smoothed
 * means, so that it answers neither 0 nor 1 and keeps the order of probabilities. Two classes
 * have one calibrator, of class 1; more have one a class, whose results are divided by their sum, as
 * scikit-learn's CalibratedClassifierCV does. The threshold is of the positive class's probability.
 *
 * The section of an image:
 *
 *		CalibrationHeader
 *		uint32_t point_ends[n_calibrators]		padded to 8 bytes
 *		double points[...][2]					of one calibrator behind the other's
 *
 * The points of an isotonic calibrator are (probability, calibrated) in ascending order, between which
 * it is linear; a sigmoid has one point, (slope, intercept).
 */
#ifndef SENTIMENT_CALIBRATION_H
#define SENTIMENT_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

typedef enum CalibrationMethod
{
	CALIBRATION_NONE,
	CALIBRATION_SIGMOID,
	CALIBRATION_ISOTONIC
} CalibrationMethod;

/* Isotonic regression of fewer rows is worse than a sigmoid (scikit-learn's manual says the same). */
#define MIN_ISOTONIC_ROWS 1000

typedef struct CalibrationHeader
{
	uint32_t method;        /* CalibrationMethod */
	uint32_t n_calibrators; /* 0 without a method */
	uint32_t has_threshold; /* 0 or 1 */
	uint32_t reserved;
	double threshold;
} CalibrationHeader;

/* A calibration in place in an image. */
typedef struct Calibration
{
	CalibrationHeader header;
	const uint32_t *point_ends;
	const double *points; /* pairs */
} Calibration;

/*
 * Fit calibrators to probabilities of rows that the classifier did not see, and append the section up to
 * the threshold's value, which calibration_set_threshold sets.
 * probabilities: (n_rows, n_classes); labels: (n_rows)
 */
extern void calibration_fit(CalibrationMethod method, const double *probabilities,
							const uint32_t *labels, uint32_t n_rows, uint32_t n_classes,
							ByteBuffer *section);

/*
 * The threshold of the positive class's probability at which its F1 is best, halfway between two
 * probabilities that occur. probabilities: (n_rows) of the positive class; is_positive: (n_rows)
 */
extern double calibration_best_threshold(const double *probabilities, const bool *is_positive,
										 uint32_t n_rows);

/* Set the threshold of a section that calibration_fit appended. */
extern void calibration_set_threshold(void *section, double threshold);

/* Open a section of untrusted origin, which must stay in place; checks all of it. */
extern void calibration_open(const void *section, size_t length, uint32_t n_classes,
							 Calibration *calibration);

/* Calibrate the probabilities of one row in place. probabilities: (n_classes) */
extern void calibration_apply(const Calibration *calibration, uint32_t n_classes,
							  double *probabilities);

#endif /* SENTIMENT_CALIBRATION_H */
