/*
 * histogram.h
 *	  A sketch of how numbers are distributed: exact while they are few, then of bounded memory.
 *
 * The bits of a double, mapped to an integer of the same order, are its key. A histogram counts cells:
 * runs of 2^shift neighbouring keys. As long as there are at most max_bins distinct numbers, shift is 0
 * and each number has a cell of its own; then shift is the smallest at which max_bins cells are enough.
 * Within one power of two, cells are equally wide, so a number is known to a relative error of
 * 2^(shift - 52): where the numbers lie closely together the cells are as narrow as it takes.
 *
 * What a histogram holds depends on the rows alone: not on their order, nor on how parts of them were
 * merged (with the smallest max_bins among the parts). The flat form is the same byte for byte. Counts,
 * minimum, maximum, mean and standard deviation are exact at any size (see exact_sum.h); the cells of
 * two histograms lie on one grid, so they can be compared without interpolation.
 *
 * NaN is a missing value; infinities are counted apart.
 */
#ifndef SENTIMENT_HISTOGRAM_H
#define SENTIMENT_HISTOGRAM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/evaluation/exact_sum.h"

#define DEFAULT_HISTOGRAM_BINS 8192
#define MIN_HISTOGRAM_BINS     64
#define MAX_HISTOGRAM_BINS     65536

/* More rows are an error: all counts are exact as doubles too. */
#define MAX_HISTOGRAM_ROWS (UINT64_C(1) << 53)

#define MAX_HISTOGRAM_SHIFT 63

typedef struct HistogramBin
{
	uint64_t cell; /* key >> shift */
	uint64_t count;
} HistogramBin;

/* Starts as zero bytes. */
typedef struct Histogram
{
	uint32_t max_bins; /* 0: DEFAULT_HISTOGRAM_BINS */
	uint32_t shift;
	uint32_t n_bins;
	uint32_t table_bits;
	HistogramBin *table; /* (2^table_bits) open addressing; a count of 0 is a free place; or NULL */
	uint64_t n_rows;     /* all of them */
	uint64_t n_missing;
	uint64_t n_negative_infinite;
	uint64_t n_positive_infinite;
	double minimum; /* of the finite numbers */
	double maximum;
	ExactSum sum;
	ExactSum squares;
} Histogram;

/* Bins in ascending order. */
typedef struct HistogramBins
{
	size_t n_bins;
	HistogramBin *bins;
} HistogramBins;

/* A range of numbers with their count, for a chart. */
typedef struct HistogramRange
{
	double lower;
	double upper;
	uint64_t count;
} HistogramRange;

/* Set max_bins from a JSON object of parameters: of an empty histogram. */
extern void histogram_set_parameters(Histogram *histogram, const char *json);

/* Add a row; NaN counts as missing. */
extern void histogram_add(Histogram *histogram, double value);

/* The cell of a finite number at a shift. */
extern uint64_t histogram_cell(double value, uint32_t shift);

/*
 * Add rows of which only the cell at a shift is known, to a histogram that has no others: its mean and
 * deviation mean nothing then.
 */
extern void histogram_add_cell(Histogram *histogram, uint32_t shift, uint64_t cell, uint64_t count);

/* Add missing values. */
extern void histogram_add_missing(Histogram *histogram, uint64_t count);

/* Add the rows of another histogram. */
extern void histogram_merge(Histogram *histogram, const Histogram *other);

/* Rows with finite numbers, and with any number. */
extern uint64_t histogram_n_finite(const Histogram *histogram);
extern uint64_t histogram_n_values(const Histogram *histogram);

/* Whether each cell is a single number. */
extern bool histogram_is_exact(const Histogram *histogram);

/* Smallest and largest number, infinities included; NaN if there is none. */
extern double histogram_minimum(const Histogram *histogram);
extern double histogram_maximum(const Histogram *histogram);

/*
 * Mean and sample standard deviation (divisor n - 1), to the last digit. As in PostgreSQL, of no numbers
 * (the deviation: of one number) NaN; with infinities the mean is infinite or NaN, the deviation NaN.
 */
extern double histogram_mean(const Histogram *histogram);
extern double histogram_standard_deviation(const Histogram *histogram);

/*
 * The quantile as percentile_cont and numpy.quantile have it: interpolated between neighbouring ranks.
 * Exact if the histogram is; else off by less than the width of a cell. NaN without numbers. A fraction
 * outside of [0, 1] raises HOST_ERROR_INVALID_PARAMETER.
 */
extern double histogram_quantile(const Histogram *histogram, double fraction);

/*
 * The finite numbers' bins at a shift not below the histogram's own. The array is allocated with room
 * for n_more bins behind it.
 */
extern HistogramBins histogram_sorted_bins(const Histogram *histogram, uint32_t shift,
										   size_t n_more);

/* The smallest and the largest finite number that belongs to a cell. */
extern double histogram_cell_lower(uint64_t cell, uint32_t shift);
extern double histogram_cell_upper(uint64_t cell, uint32_t shift);

/*
 * Counts in n_ranges equally wide ranges from the minimum to the maximum, [lower, upper) but for the
 * last; one if all numbers are equal. Infinities are ranges of their own, the first and the last. A cell
 * counts where its middle lies. Writes up to n_ranges + 2 ranges and answers how many.
 */
extern size_t histogram_equal_width(const Histogram *histogram, uint32_t n_ranges,
									HistogramRange *ranges);

/* Bytes of the flat form. */
extern size_t histogram_flat_size(const Histogram *histogram);

/* Write the flat form to memory of histogram_flat_size bytes. */
extern void histogram_flatten(const Histogram *histogram, char *bytes);

/* Read a flat form of untrusted origin into a zeroed histogram; checks all of it. */
extern void histogram_unflatten(Histogram *histogram, const char *bytes, size_t length);

#endif /* SENTIMENT_HISTOGRAM_H */
