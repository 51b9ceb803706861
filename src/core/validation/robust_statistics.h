/*
 * robust_statistics.h
 *	  Which numbers of a histogram are outlying: median, median absolute deviation, robust z-scores.
 *
 * A robust z-score is (x - median) / (1.4826 MAD), which is the ordinary one where numbers are normal. If
 * more than half of the numbers are equal, the MAD is 0 and 1.2533 times the mean absolute deviation
 * stands for it (Iglewicz and Hoaglin 1993); if that is 0 too, nothing is outlying. Lengths are skewed, so
 * their logarithms are taken. Exact while the histogram is; else cells count where their middle lies.
 */
#ifndef SENTIMENT_ROBUST_STATISTICS_H
#define SENTIMENT_ROBUST_STATISTICS_H

#include <stdbool.h>

#include "core/evaluation/histogram.h"

typedef struct RobustStatistics
{
	double median; /* of the numbers as they are; NaN without any */
	double center; /* the median of their logarithms, or again of the numbers */
	double spread; /* by which a distance from the center is divided; 0: nothing is outlying */
	bool of_logarithms;
	double lower; /* smallest and largest number that is not outlying at the z-score */
	double upper;
	uint64_t n_outlying;
} RobustStatistics;

/* of_logarithms: of ln(1 + x), for numbers that are not negative */
extern RobustStatistics robust_statistics(const Histogram *histogram, bool of_logarithms, double z);

/* The median absolute deviation (from the median) of the numbers, or of ln(1 + x); NaN without any. */
extern double robust_mad(const Histogram *histogram, bool of_logarithms);

#endif /* SENTIMENT_ROBUST_STATISTICS_H */
