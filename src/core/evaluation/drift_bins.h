/*
 * drift_bins.h
 *	  The bins in which two histograms are compared: cut by what is usual in the reference.
 */
#ifndef SENTIMENT_DRIFT_BINS_H
#define SENTIMENT_DRIFT_BINS_H

#include <stddef.h>
#include <stdint.h>

#include "core/evaluation/histogram.h"

#define DEFAULT_DRIFT_BINS 10
#define MAX_DRIFT_BINS     1000

/* Fewest reference rows for which a range is cut in two (as long as that leaves two ranges). */
#define MIN_ROWS_PER_BIN 5

typedef enum DriftBinKind
{
	DRIFT_BIN_RANGE,  /* numbers above lower, up to upper; lower = upper: that number */
	DRIFT_BIN_OTHER,  /* numbers between and beyond the ranges */
	DRIFT_BIN_MISSING /* missing values */
} DriftBinKind;

typedef struct DriftBin
{
	DriftBinKind kind;
	double lower; /* NaN if kind is not DRIFT_BIN_RANGE */
	double upper;
	uint64_t n_reference;
	uint64_t n_current;
} DriftBin;

/* None of the bins is empty on both sides. */
typedef struct DriftBins
{
	size_t n_bins;
	DriftBin *bins;
	uint64_t n_reference; /* rows, the missing ones included */
	uint64_t n_current;
} DriftBins;

/*
 * Cut bins at the reference's quantiles and count both histograms in them, exactly.
 *
 * - A number (or cell, see histogram.h) that occurs as often as a bin should hold rows, n_wanted of them
 *   together all, is a bin of its own. If the reference has at most n_wanted distinct numbers, which
 *   repeat, each of them is.
 * - What lies between (or beyond) such numbers is cut into ranges of equal numbers of reference rows,
 *   MIN_ROWS_PER_BIN at least; the outer ones are open-ended.
 * - Where the reference has less than a tenth of a bin's share between two such numbers, or beyond the
 *   outermost, no range is made: what lies there counts in the bin of the other values. So a constant
 *   that changes is seen.
 * - Missing values are a bin.
 */
extern DriftBins drift_bins_make(const Histogram *reference, const Histogram *current,
								 uint32_t n_wanted);

/* The Kolmogorov-Smirnov statistic: largest distance of the two distribution functions. */
extern double drift_largest_distance(const Histogram *reference, const Histogram *current);

#endif /* SENTIMENT_DRIFT_BINS_H */
