/*
 * robust_statistics.c
 *	  Which numbers of a histogram are outlying.
 */
#include <math.h>
#include <stdlib.h>

#include "core/host.h"
#include "core/validation/robust_statistics.h"

/* What makes the MAD, and the mean absolute deviation, a standard deviation where numbers are normal. */
#define MAD_FACTOR                     1.482602218505602
#define MEAN_ABSOLUTE_DEVIATION_FACTOR 1.2533141373155003

/* A number and how often it occurs. */
typedef struct WeightedNumber
{
	double number;
	uint64_t count;
} WeightedNumber;

/* qsort's comparison. */
static int
compare_numbers(const void *a, const void *b)
{
	double first = ((const WeightedNumber *) a)->number;
	double second = ((const WeightedNumber *) b)->number;

	return first < second ? -1 : first > second;
}

/* The number of a rank among sorted ones. */
static double
number_of_rank(const WeightedNumber *numbers, size_t n_numbers, uint64_t rank)
{
	size_t i = 0;

	while (i + 1 < n_numbers && rank >= numbers[i].count)
		rank -= numbers[i++].count;
	return numbers[i].number;
}

/* The median of n values that are sorted: of an even number, the mean of the two in the middle. */
static double
weighted_median(const WeightedNumber *numbers, size_t n_numbers, uint64_t n)
{
	double low = number_of_rank(numbers, n_numbers, (n - 1) / 2);
	double high = number_of_rank(numbers, n_numbers, n / 2);

	return low + (high - low) / 2;
}

/* The finite numbers of a histogram in ascending order: (n_bins), to be freed. */
static WeightedNumber *
list_numbers(const Histogram *histogram, bool of_logarithms, size_t *n_numbers)
{
	HistogramBins sorted = histogram_sorted_bins(histogram, histogram->shift, 0);
	WeightedNumber *numbers = host_allocate_array(WeightedNumber, sorted.n_bins + 1);

	for (size_t i = 0; i < sorted.n_bins; i++)
	{
		double lower = histogram_cell_lower(sorted.bins[i].cell, histogram->shift);
		double upper = histogram_cell_upper(sorted.bins[i].cell, histogram->shift);
		double middle = lower == upper ? lower : lower / 2 + upper / 2;

		middle = fmin(fmax(middle, histogram->minimum), histogram->maximum);
		numbers[i].number = of_logarithms ? log1p(middle) : middle;
		numbers[i].count = sorted.bins[i].count;
	}
	*n_numbers = sorted.n_bins;
	host_free(sorted.bins);
	return numbers;
}

/* The absolute deviations from a center, in ascending order: (n_numbers), to be freed. */
static WeightedNumber *
list_deviations(const WeightedNumber *numbers, size_t n_numbers, double center)
{
	WeightedNumber *deviations = host_allocate_array(WeightedNumber, n_numbers + 1);

	for (size_t i = 0; i < n_numbers; i++)
		deviations[i] = (WeightedNumber){fabs(numbers[i].number - center), numbers[i].count};
	qsort(deviations, n_numbers, sizeof(deviations[0]), compare_numbers);
	return deviations;
}

/* The mean of weighted numbers. */
static double
weighted_mean(const WeightedNumber *numbers, size_t n_numbers, uint64_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n_numbers; i++)
		sum += numbers[i].number * ((double) numbers[i].count / (double) n);
	return sum;
}

/* The spread around a center: by the MAD, or where that is 0 by the mean absolute deviation. */
static double
find_spread(const WeightedNumber *numbers, size_t n_numbers, uint64_t n, double center, double *mad)
{
	WeightedNumber *deviations = list_deviations(numbers, n_numbers, center);
	double spread;

	*mad = weighted_median(deviations, n_numbers, n);
	spread = *mad > 0 ? *mad * MAD_FACTOR
					  : weighted_mean(deviations, n_numbers, n) * MEAN_ABSOLUTE_DEVIATION_FACTOR;
	host_free(deviations);
	return isfinite(spread) ? spread : 0;
}

RobustStatistics
robust_statistics(const Histogram *histogram, bool of_logarithms, double z)
{
	RobustStatistics statistics = {.of_logarithms = of_logarithms, .median = NAN};
	uint64_t n = histogram_n_finite(histogram);
	WeightedNumber *numbers;
	size_t n_numbers;
	double mad;
	double distance;

	if (n == 0)
		return statistics;
	numbers = list_numbers(histogram, of_logarithms, &n_numbers);
	statistics.center = weighted_median(numbers, n_numbers, n);
	statistics.median = of_logarithms ? expm1(statistics.center) : statistics.center;
	statistics.spread = find_spread(numbers, n_numbers, n, statistics.center, &mad);
	distance = z * statistics.spread;
	for (size_t i = 0; i < n_numbers && statistics.spread > 0; i++)
	{
		if (fabs(numbers[i].number - statistics.center) > distance)
			statistics.n_outlying += numbers[i].count;
	}
	statistics.lower = statistics.center - distance;
	statistics.upper = statistics.center + distance;
	if (of_logarithms)
	{
		statistics.lower = expm1(statistics.lower);
		statistics.upper = expm1(statistics.upper);
	}
	/* lengths and shares are not negative */
	if (histogram->minimum >= 0 && statistics.lower < 0)
		statistics.lower = 0;
	host_free(numbers);
	return statistics;
}

double
robust_mad(const Histogram *histogram, bool of_logarithms)
{
	uint64_t n = histogram_n_finite(histogram);
	WeightedNumber *numbers;
	size_t n_numbers;
	double mad;

	if (n == 0)
		return NAN;
	numbers = list_numbers(histogram, of_logarithms, &n_numbers);
	find_spread(numbers, n_numbers, n, weighted_median(numbers, n_numbers, n), &mad);
	host_free(numbers);
	return mad;
}
