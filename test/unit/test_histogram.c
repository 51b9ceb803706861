/*
 * test_histogram.c
 *	  Histograms against numpy and against sorted rows: order, merges, extreme numbers, bad bytes.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/evaluation/histogram.h"
#include "core/evaluation/sort_doubles.h"
#include "core/hash.h"
#include "drift_fixture.h"
#include "host.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_interrupt_after = 0;
	test_host_free_all();
	return 0;
}

/* A new, empty histogram. */
static Histogram *
new_histogram(uint32_t max_bins)
{
	Histogram *histogram = host_allocate_zero(sizeof(Histogram));

	histogram->max_bins = max_bins;
	return histogram;
}

/* A histogram of numbers. */
static Histogram *
histogram_of(const double *values, size_t n_values, uint32_t max_bins)
{
	Histogram *histogram = new_histogram(max_bins);

	for (size_t i = 0; i < n_values; i++)
		histogram_add(histogram, values[i]);
	return histogram;
}

/* Uniform in (0, 1). */
static double
uniform(uint64_t i)
{
	return ((double) (hash_mix(i * 0x9e3779b97f4a7c15 + 1) >> 11) + 0.5) * 0x1p-53;
}

/* Normal, by Box and Muller. */
static double
normal(uint64_t i)
{
	return sqrt(-2 * log(uniform(2 * i))) * cos(2 * M_PI * uniform(2 * i + 1));
}

/* The flat form. */
static char *
flat_form(const Histogram *histogram, size_t *length)
{
	char *bytes;

	*length = histogram_flat_size(histogram);
	bytes = host_allocate(*length);
	histogram_flatten(histogram, bytes);
	return bytes;
}

static void
assert_same(const Histogram *a, const Histogram *b)
{
	size_t length;
	size_t other_length;
	char *bytes = flat_form(a, &length);
	char *other = flat_form(b, &other_length);

	assert_int_equal(length, other_length);
	assert_memory_equal(bytes, other, length);
}

/* A histogram must come back from its flat form byte for byte. */
static void
assert_returns(const Histogram *histogram)
{
	size_t length;
	char *bytes = flat_form(histogram, &length);
	Histogram *back = new_histogram(0);

	histogram_unflatten(back, bytes, length);
	assert_same(histogram, back);
}

static void
assert_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance))
		fail_msg("%.17g is not %.17g", actual, expected);
}

static void
test_figures_of_numpy(void **state)
{
	Histogram *histogram = histogram_of(fixture_reference, N_ELEMENTS(fixture_reference), 0);

	(void) state;
	assert_true(histogram_is_exact(histogram));
	assert_near(histogram_mean(histogram), fixture_mean, 1e-15);
	assert_near(histogram_standard_deviation(histogram), fixture_stddev, 1e-15);
	for (size_t i = 0; i < N_ELEMENTS(fixture_quantiles); i++)
		assert_near(histogram_quantile(histogram, fixture_quantiles[i][0]), fixture_quantiles[i][1],
					1e-15);
	assert_returns(histogram);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, histogram_quantile(histogram, 1.01));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, histogram_quantile(histogram, NAN));
}

static void
test_no_rows(void **state)
{
	Histogram *histogram = new_histogram(0);
	HistogramRange ranges[7];

	(void) state;
	assert_true(isnan(histogram_mean(histogram)));
	assert_true(isnan(histogram_standard_deviation(histogram)));
	assert_true(isnan(histogram_minimum(histogram)));
	assert_true(isnan(histogram_maximum(histogram)));
	assert_true(isnan(histogram_quantile(histogram, 0.5)));
	assert_int_equal(histogram_equal_width(histogram, 5, ranges), 0);
	assert_returns(histogram);
	histogram_add(histogram, NAN);
	assert_int_equal(histogram->n_missing, 1);
	assert_int_equal(histogram_n_values(histogram), 0);
	assert_true(isnan(histogram_mean(histogram)));
	assert_returns(histogram);
	histogram_merge(histogram, new_histogram(0));
	histogram_add(histogram, 3);
	assert_near(histogram_mean(histogram), 3, 0);
	assert_true(isnan(histogram_standard_deviation(histogram)));
	assert_near(histogram_quantile(histogram, 0.3), 3, 0);
}

static void
test_infinities(void **state)
{
	static const double values[] = {INFINITY, 1, -INFINITY, 2, INFINITY, NAN, -0.0, 0.0};
	Histogram *histogram = histogram_of(values, N_ELEMENTS(values), 0);
	HistogramRange ranges[6];

	(void) state;
	assert_int_equal(histogram->n_bins, 3); /* -0 is 0 */
	assert_int_equal(histogram_n_values(histogram), 7);
	assert_int_equal(histogram_n_finite(histogram), 4);
	assert_true(histogram_minimum(histogram) == -INFINITY);
	assert_true(histogram_maximum(histogram) == INFINITY);
	assert_true(isnan(histogram_mean(histogram)));
	assert_true(isnan(histogram_standard_deviation(histogram)));
	assert_true(histogram_quantile(histogram, 0) == -INFINITY);
	assert_true(histogram_quantile(histogram, 0.5) == 1);
	assert_true(histogram_quantile(histogram, 0.7) == INFINITY);
	assert_int_equal(histogram_equal_width(histogram, 4, ranges), 6);
	assert_int_equal(ranges[0].count, 1);
	assert_int_equal(ranges[1].count, 2);
	assert_int_equal(ranges[2].count, 0);
	assert_int_equal(ranges[3].count, 1);
	assert_int_equal(ranges[4].count, 1);
	assert_int_equal(ranges[5].count, 2);
	assert_returns(histogram);
}

/* Mean and deviation keep every digit: far from zero, beside large numbers, beyond what squares allow. */
static void
test_exact_moments(void **state)
{
	static const double cancelling[] = {1e308, 1, 1e308, -1e308, 5e-324, -1e308};
	static const double huge[] = {DBL_MAX, DBL_MAX, -DBL_MAX, DBL_MAX};
	static const double large[] = {1e300, 1e300, -1e300};
	static const double tiny[] = {5e-324, 1.5e-323};
	Histogram *histogram = new_histogram(64);

	(void) state;
	for (int i = 0; i < 1000; i++)
		histogram_add(histogram, 1e15 + i % 2);
	assert_near(histogram_mean(histogram), 1e15 + 0.5, 0);
	assert_near(histogram_standard_deviation(histogram), sqrt(250.0 / 999), 1e-16);
	assert_near(histogram_mean(histogram_of(cancelling, 6, 0)), 1.0 / 6, 1e-17);
	assert_near(histogram_mean(histogram_of(huge, 4, 0)), DBL_MAX / 2, 0);
	assert_near(histogram_standard_deviation(histogram_of(large, 3, 0)) / 1e300, 2 / sqrt(3),
				1e-15);
	assert_true(isinf(histogram_standard_deviation(histogram_of(huge, 3, 0))));
	assert_near(histogram_mean(histogram_of(tiny, 2, 0)), 1e-323, 0);
	assert_near(histogram_standard_deviation(histogram_of(tiny, 2, 0)), 5e-324, 0);
	assert_returns(histogram_of(huge, 4, 0));
	assert_returns(histogram_of(cancelling, 6, 0));
	assert_returns(histogram_of(tiny, 2, 0));
	assert_near(histogram_quantile(histogram_of(huge + 1, 2, 0), 0.5), 0, 0);
}

/* Many pending carries, and sums that change their sign. */
static void
test_exact_sum(void **state)
{
	ExactSum sum = {.n_pending = 0};
	ExactNumber number;

	(void) state;
	for (int i = 0; i < 100000; i++)
	{
		exact_sum_add(&sum, -0.1);
		if (i % 1000 == 0)
			exact_sum_normalize(&sum);
	}
	number = exact_sum_number(&sum);
	assert_int_equal(number.sign, -1);
	/* 100000 times the double that is nearest to 0.1, rounded once */
	ScaledDouble rounded = exact_number_round(&number, EXACT_SUM_UNIT);
	assert_near(ldexp(rounded.fraction, rounded.exponent), -10000.000000000000555, 0);
	exact_sum_merge(&sum, &sum);
	for (int i = 0; i < 200000; i++)
		exact_sum_add(&sum, 0.1);
	assert_int_equal(exact_sum_number(&sum).sign, 0);
	sum.n_pending = EXACT_SUM_MAX_PENDING - 1;
	exact_sum_add(&sum, 1);
	assert_int_equal(sum.n_pending, 1);
}

/* Sorted copies of numbers. */
static double *
sorted_copy(const double *values, size_t n_values)
{
	double *sorted = host_allocate_array(double, n_values);

	memcpy(sorted, values, n_values * sizeof(double));
	sort_doubles(sorted, n_values);
	return sorted;
}

/* Share of sorted numbers below a value. */
static double
share_below(const double *sorted, size_t n_values, double value)
{
	size_t n = 0;

	while (n < n_values && sorted[n] < value)
		n++;
	return (double) n / (double) n_values;
}

/* Quantiles of more distinct numbers than bins are near in rank, however the numbers are distributed. */
static void
check_ranks(double (*draw)(uint64_t), double tolerance)
{
	size_t n = 100000;
	double *values = host_allocate_array(double, n);
	Histogram *histogram;
	double *sorted;

	for (size_t i = 0; i < n; i++)
		values[i] = draw(i);
	histogram = histogram_of(values, n, 0);
	sorted = sorted_copy(values, n);
	assert_false(histogram_is_exact(histogram));
	assert_true(histogram->n_bins <= DEFAULT_HISTOGRAM_BINS);
	assert_true(histogram->n_bins > DEFAULT_HISTOGRAM_BINS / 4);
	for (double fraction = 0; fraction <= 1; fraction += 0.015625)
		assert_near(share_below(sorted, n, histogram_quantile(histogram, fraction)), fraction,
					tolerance);
	assert_true(histogram_minimum(histogram) == sorted[0]);
	assert_true(histogram_maximum(histogram) == sorted[n - 1]);
	assert_returns(histogram);
}

static double
close_together(uint64_t i)
{
	return 1700000000 + uniform(i);
}

static double
lognormal(uint64_t i)
{
	return exp(5 * normal(i));
}

static double
any_bits(uint64_t i)
{
	uint64_t bits = hash_mix(i + 77);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return isfinite(value) ? value : 0;
}

static void
test_ranks(void **state)
{
	(void) state;
	check_ranks(uniform, 0.001);
	check_ranks(normal, 0.001);
	check_ranks(close_together, 0.001);
	check_ranks(lognormal, 0.001);
	check_ranks(any_bits, 0.001);
}

/* The same rows give the same bytes, in whatever order and parts they come. */
static void
test_order_and_merges(void **state)
{
	size_t n = 20000;
	Histogram *forward = new_histogram(100);
	Histogram *backward = new_histogram(100);
	Histogram *parts[7];
	Histogram *merged = new_histogram(100);
	Histogram *merged_backward = new_histogram(100);

	(void) state;
	for (size_t i = 0; i < N_ELEMENTS(parts); i++)
		parts[i] = new_histogram(100);
	for (size_t i = 0; i < n; i++)
	{
		double value = i % 100 == 0 ? NAN : i % 333 == 0 ? -INFINITY : normal(i) * (i % 5 == 0);
		double last = (n - 1 - i) % 100 == 0   ? NAN
					  : (n - 1 - i) % 333 == 0 ? -INFINITY
											   : normal(n - 1 - i) * ((n - 1 - i) % 5 == 0);

		histogram_add(forward, value);
		histogram_add(backward, last);
		histogram_add(parts[i % 50 < 6 ? i % 50 : 6], value);
	}
	assert_true(forward->shift > 0);
	for (size_t i = 0; i < N_ELEMENTS(parts); i++)
	{
		size_t length;
		char *bytes = flat_form(parts[i], &length);
		Histogram *part = new_histogram(0);

		histogram_unflatten(part, bytes, length);
		histogram_merge(merged, part);
		histogram_merge(merged_backward, parts[N_ELEMENTS(parts) - 1 - i]);
	}
	assert_same(forward, backward);
	assert_same(forward, merged);
	assert_same(forward, merged_backward);
	/* the smallest max_bins counts */
	histogram_merge(merged, new_histogram(64));
	assert_int_equal(merged->max_bins, 64);
	assert_true(merged->n_bins <= 64);
	backward = new_histogram(64);
	histogram_merge(backward, forward);
	assert_same(merged, backward);
	/* with itself */
	histogram_merge(merged, merged);
	assert_int_equal(merged->n_rows, 2 * n);
	assert_returns(merged);
}

/* Cells: a number lies between the ends of its own, whatever the shift. */
static void
test_cells(void **state)
{
	static const double values[] = {-DBL_MAX, -1, -5e-324, 0, 5e-324, 0.7, 1, 1e300, DBL_MAX};

	(void) state;
	for (uint32_t shift = 0; shift <= MAX_HISTOGRAM_SHIFT; shift++)
	{
		for (size_t i = 0; i < N_ELEMENTS(values); i++)
		{
			HistogramBins bins = histogram_sorted_bins(histogram_of(&values[i], 1, 0), shift, 0);
			double lower = histogram_cell_lower(bins.bins[0].cell, shift);
			double upper = histogram_cell_upper(bins.bins[0].cell, shift);

			assert_true(lower <= values[i] && values[i] <= upper);
			assert_true(shift > 0 || (lower == values[i] && upper == values[i]));
		}
	}
}

static void
test_parameters(void **state)
{
	Histogram *histogram = new_histogram(0);

	(void) state;
	histogram_set_parameters(histogram, "{}");
	assert_int_equal(histogram->max_bins, DEFAULT_HISTOGRAM_BINS);
	histogram_set_parameters(histogram, "{\"max_bins\": 64}");
	assert_int_equal(histogram->max_bins, 64);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  histogram_set_parameters(histogram, "{\"max_bins\": 63}"));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  histogram_set_parameters(histogram, "{\"bins\": 10}"));
}

/* Too many rows are refused, not miscounted. */
static void
test_row_limit(void **state)
{
	Histogram *histogram = histogram_of((double[]){1, 2}, 2, 0);
	Histogram *other = histogram_of((double[]){1}, 1, 0);

	(void) state;
	histogram->n_rows = MAX_HISTOGRAM_ROWS;
	histogram->n_missing = MAX_HISTOGRAM_ROWS - 2;
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, histogram_add(histogram, 1));
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, histogram_add(histogram, NAN));
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, histogram_merge(histogram, other));
	assert_returns(histogram);
}

/* Read bytes: true if they are a histogram, which then must work and come back. */
static bool
try_bytes(const char *bytes, size_t length)
{
	jmp_buf target;
	Histogram *histogram = new_histogram(0);
	HistogramRange ranges[5];
	size_t back_length;
	char *back;

	test_host_error_target = &target;
	if (setjmp(target) != 0)
	{
		test_host_error_target = NULL;
		assert_true(test_host_error.code == HOST_ERROR_INVALID_IMAGE ||
					test_host_error.code == HOST_ERROR_UNSUPPORTED_IMAGE);
		return false;
	}
	histogram_unflatten(histogram, bytes, length);
	test_host_error_target = NULL;
	back = flat_form(histogram, &back_length);
	assert_int_equal(back_length, length);
	assert_memory_equal(back, bytes, length);
	histogram_mean(histogram);
	assert_false(histogram_standard_deviation(histogram) < 0);
	histogram_quantile(histogram, 0.3);
	histogram_equal_width(histogram, 3, ranges);
	return true;
}

/* Every shorter length is refused; every changed bit is refused or another valid histogram. */
static void
test_bad_bytes(void **state)
{
	static const double values[] = {-3, 2.5, 2.5, 7, NAN, INFINITY};
	size_t length;
	char *bytes = flat_form(histogram_of(values, N_ELEMENTS(values), 64), &length);
	size_t n_refused = 0;

	(void) state;
	assert_true(try_bytes(bytes, length));
	for (size_t i = 0; i < length; i++)
		assert_false(try_bytes(bytes, i));
	for (size_t i = 0; i < 8 * length; i++)
	{
		bytes[i / 8] ^= 1 << i % 8;
		n_refused += !try_bytes(bytes, length);
		bytes[i / 8] ^= 1 << i % 8;
	}
	assert_true(n_refused > length);
}

/* A cancel is noticed between merges. */
static void
test_interrupt(void **state)
{
	Histogram *histogram = new_histogram(64);
	Histogram *other = histogram_of((double[]){1}, 1, 0);
	jmp_buf target;

	(void) state;
	test_host_interrupt_after = 3;
	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		for (int i = 0; i < 1000; i++)
			histogram_merge(histogram, other);
		fail();
	}
	test_host_error_target = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_figures_of_numpy, free_memory),
		cmocka_unit_test_teardown(test_no_rows, free_memory),
		cmocka_unit_test_teardown(test_infinities, free_memory),
		cmocka_unit_test_teardown(test_exact_moments, free_memory),
		cmocka_unit_test_teardown(test_exact_sum, free_memory),
		cmocka_unit_test_teardown(test_ranks, free_memory),
		cmocka_unit_test_teardown(test_order_and_merges, free_memory),
		cmocka_unit_test_teardown(test_cells, free_memory),
		cmocka_unit_test_teardown(test_parameters, free_memory),
		cmocka_unit_test_teardown(test_row_limit, free_memory),
		cmocka_unit_test_teardown(test_bad_bytes, free_memory),
		cmocka_unit_test_teardown(test_interrupt, free_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
