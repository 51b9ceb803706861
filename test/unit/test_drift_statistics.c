/*
 * test_drift_statistics.c
 *	  Drift statistics against scipy, on odd rows, and the rate of false alarms.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/evaluation/distributions.h"
#include "core/evaluation/drift_statistics.h"
#include "core/hash.h"
#include "drift_fixture.h"
#include "host.h"

#define N_ELEMENTS(array)   (sizeof(array) / sizeof((array)[0]))
#define histogram_of(array) histogram_of_values((array), N_ELEMENTS(array))

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

static Histogram *
histogram_of_values(const double *values, size_t n_values)
{
	Histogram *histogram = host_allocate_zero(sizeof(Histogram));

	for (size_t i = 0; i < n_values; i++)
		histogram_add(histogram, values[i]);
	return histogram;
}

/* Add the same number many times. */
static void
repeat(Histogram *histogram, double value, int n)
{
	for (int i = 0; i < n; i++)
		histogram_add(histogram, value);
}

static void
assert_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance))
		fail_msg("%.17g is not %.17g", actual, expected);
}

/* Uniform in (0, 1). */
static double
uniform(uint64_t i)
{
	return ((double) (hash_mix(i * 0x9e3779b97f4a7c15 + 1) >> 11) + 0.5) * 0x1p-53;
}

static double
normal(uint64_t i)
{
	return sqrt(-2 * log(uniform(2 * i))) * cos(2 * M_PI * uniform(2 * i + 1));
}

static void
test_distributions(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_ELEMENTS(fixture_gamma_q); i++)
	{
		double expected = fixture_gamma_q[i][2];

		assert_near(regularized_gamma_q(fixture_gamma_q[i][0], fixture_gamma_q[i][1]), expected,
					1e-12 * expected);
	}
	for (size_t i = 0; i < N_ELEMENTS(fixture_kolmogorov); i++)
		assert_near(kolmogorov_survival(fixture_kolmogorov[i][0]), fixture_kolmogorov[i][1],
					1e-14 * fixture_kolmogorov[i][1] + 1e-300);
	assert_true(chi_squared_survival(3, 0) == 1);
	assert_true(chi_squared_survival(INFINITY, 3) == 0);
	assert_true(chi_squared_survival(0, 3) == 1);
	assert_true(isnan(chi_squared_survival(NAN, 3)));
	assert_true(chi_squared_survival(1e12, 1e12) > 0.49);
	assert_true(chi_squared_survival(1e6, 1) == 0);
}

static void
assert_figures(const DriftBins *bins, double psi, double p_value, double distance)
{
	DriftTest test = drift_psi(bins);
	double sum = 0;

	assert_near(test.statistic, psi, 1e-14);
	assert_near(test.p_value, p_value, 1e-12 * p_value);
	assert_near(drift_jensen_shannon(bins), distance, 1e-14);
	for (size_t i = 0; i < bins->n_bins; i++)
	{
		assert_true(drift_psi_contribution(bins, i) >= 0);
		sum += drift_psi_contribution(bins, i);
	}
	assert_near(sum, psi, 1e-14);
}

static void
test_figures_of_scipy(void **state)
{
	Histogram *reference = histogram_of(fixture_reference);
	Histogram *current = histogram_of(fixture_current);
	DriftBins bins = drift_bins_make(reference, current, 10);
	DriftTest test = drift_kolmogorov_smirnov(reference, current);

	(void) state;
	assert_int_equal(bins.n_bins, 10);
	for (size_t i = 0; i < 10; i++)
	{
		assert_int_equal(bins.bins[i].n_reference, 40);
		assert_int_equal(bins.bins[i].n_current, (int) fixture_counts[i]);
		assert_true(i == 0 || bins.bins[i].lower == bins.bins[i - 1].upper);
	}
	assert_true(bins.bins[0].lower == -INFINITY);
	assert_true(bins.bins[9].upper == INFINITY);
	assert_figures(&bins, fixture_psi, fixture_psi_p, fixture_js);
	assert_near(test.statistic, fixture_ks, 1e-15);
	assert_near(test.p_value, fixture_ks_p, 1e-13);

	repeat(reference, NAN, 20);
	repeat(current, NAN, 30);
	bins = drift_bins_make(reference, current, 10);
	assert_int_equal(bins.n_bins, 11);
	assert_int_equal(bins.bins[10].kind, DRIFT_BIN_MISSING);
	assert_figures(&bins, fixture_missing_psi, fixture_missing_psi_p, fixture_missing_js);
	assert_near(drift_kolmogorov_smirnov(reference, current).statistic, fixture_ks, 1e-15);
}

/* Few distinct numbers are a bin each, and what the reference does not have is one more. */
static void
test_few_distinct(void **state)
{
	Histogram *reference = histogram_of(fixture_ratings);
	Histogram *current = histogram_of(fixture_new_ratings);
	DriftBins bins = drift_bins_make(reference, current, 10);

	(void) state;
	assert_int_equal(bins.n_bins, 6);
	for (int i = 0; i < 5; i++)
	{
		assert_true(bins.bins[i].lower == i + 1);
		assert_true(bins.bins[i].upper == i + 1);
	}
	assert_int_equal(bins.bins[5].kind, DRIFT_BIN_OTHER);
	assert_figures(&bins, fixture_ratings_psi, fixture_ratings_psi_p, fixture_ratings_js);
	assert_near(drift_kolmogorov_smirnov(reference, current).statistic, fixture_ratings_ks, 1e-15);
	bins = drift_bins_make(reference, reference, 10);
	assert_int_equal(bins.n_bins, 5);
	assert_near(drift_psi(&bins).statistic, 0, 0);
	assert_near(drift_psi(&bins).p_value, 1, 0);
	assert_near(drift_jensen_shannon(&bins), 0, 0);
}

/* A number that makes up much of the reference is a bin of its own, at the ends too. */
static void
test_frequent_number(void **state)
{
	Histogram *reference = histogram_of(fixture_reference);
	Histogram *current = histogram_of(fixture_reference);
	DriftBins bins;

	(void) state;
	repeat(reference, 10, 600); /* beyond all others */
	repeat(current, 11, 600);
	bins = drift_bins_make(reference, current, 10);
	assert_int_equal(bins.n_bins, 6); /* four ranges, 10, and what is beyond */
	assert_true(bins.bins[4].lower == 10 && bins.bins[4].upper == 10);
	assert_int_equal(bins.bins[4].n_reference, 600);
	assert_int_equal(bins.bins[4].n_current, 0);
	assert_int_equal(bins.bins[5].kind, DRIFT_BIN_OTHER);
	assert_int_equal(bins.bins[5].n_current, 600);
	assert_true(drift_psi(&bins).statistic > 5);
	assert_true(drift_psi(&bins).p_value < 1e-100);

	/* among the others */
	reference = histogram_of(fixture_reference);
	repeat(reference, 0, 400);
	bins = drift_bins_make(reference, reference, 10);
	assert_int_equal(bins.n_bins, 6); /* two ranges below, three above */
	assert_true(bins.bins[2].lower == 0 && bins.bins[2].upper == 0);
	assert_int_equal(bins.bins[2].n_reference, 400);
	assert_true(drift_psi(&bins).statistic == 0);
}

/* A constant that changes, in either direction or to something between, is drift. */
static void
test_constants(void **state)
{
	static const double others[] = {-INFINITY,          -1, 4.9999999999999991,
									5.0000000000000009, 9,  INFINITY};
	Histogram *reference = host_allocate_zero(sizeof(Histogram));

	(void) state;
	repeat(reference, 5, 100);
	for (size_t i = 0; i < N_ELEMENTS(others); i++)
	{
		Histogram *current = host_allocate_zero(sizeof(Histogram));
		DriftBins bins;

		repeat(current, others[i], 100);
		bins = drift_bins_make(reference, current, 10);
		assert_int_equal(bins.n_bins, 2);
		assert_true(drift_psi(&bins).statistic > 5);
		assert_true(drift_psi(&bins).p_value < 1e-20);
		assert_near(drift_jensen_shannon(&bins), 1, 1e-15);
		assert_near(drift_kolmogorov_smirnov(reference, current).statistic, 1, 0);
		/* the other way round */
		bins = drift_bins_make(current, reference, 10);
		assert_true(drift_psi(&bins).p_value < 1e-20);
	}
}

static void
test_infinities(void **state)
{
	Histogram *reference = histogram_of(fixture_reference);
	Histogram *current = histogram_of(fixture_reference);
	DriftBins bins;

	(void) state;
	repeat(reference, INFINITY, 10);
	repeat(current, -INFINITY, 10);
	bins = drift_bins_make(reference, current, 10);
	assert_int_equal(bins.n_bins, 10);
	assert_int_equal(bins.n_current, 410);
	assert_int_equal(bins.bins[0].n_reference, 41);
	assert_int_equal(bins.bins[0].n_current, 51);
	assert_near(drift_kolmogorov_smirnov(reference, current).statistic, 10.0 / 410, 1e-15);
	repeat(reference, INFINITY, 100);
	bins = drift_bins_make(reference, current, 10);
	assert_true(bins.bins[bins.n_bins - 1].lower == INFINITY);
	assert_int_equal(bins.bins[bins.n_bins - 1].n_reference, 110);
	assert_int_equal(bins.bins[bins.n_bins - 1].n_current, 0);
	assert_true(bins.bins[bins.n_bins - 2].upper == DBL_MAX);
}

static void
test_empty(void **state)
{
	Histogram *none = host_allocate_zero(sizeof(Histogram));
	Histogram *missing = host_allocate_zero(sizeof(Histogram));
	Histogram *some = histogram_of(fixture_reference);
	DriftBins bins = drift_bins_make(some, none, 10);

	(void) state;
	assert_true(isnan(drift_psi(&bins).statistic));
	assert_true(isnan(drift_psi_contribution(&bins, 0)));
	assert_true(isnan(drift_jensen_shannon(&bins)));
	bins = drift_bins_make(none, none, 10);
	assert_int_equal(bins.n_bins, 0);
	assert_true(isnan(drift_psi(&bins).p_value));
	repeat(missing, NAN, 50);
	assert_true(isnan(drift_kolmogorov_smirnov(some, missing).p_value));
	bins = drift_bins_make(missing, some, 10);
	assert_int_equal(bins.n_bins, 2);
	assert_true(drift_psi(&bins).statistic > 5);
	bins = drift_bins_make(some, missing, 10);
	assert_int_equal(bins.n_bins, 11);
	assert_true(drift_psi(&bins).statistic > 5);
	/* nothing but missing values on both sides: one bin, no drift */
	bins = drift_bins_make(missing, missing, 10);
	assert_int_equal(bins.n_bins, 1);
	assert_true(drift_psi(&bins).statistic == 0);
	assert_true(drift_psi(&bins).p_value == 1);
	/* a single row */
	bins = drift_bins_make(histogram_of_values(fixture_reference, 1), some, 10);
	assert_int_equal(bins.n_bins, 1);
}

/* Bins of all sizes hold all rows, and none of them less reference rows than stated. */
static void
test_bins_hold_all(void **state)
{
	(void) state;
	for (size_t n = 1; n <= 400; n += 7)
	{
		Histogram *reference = histogram_of_values(fixture_reference, n);
		Histogram *current = histogram_of(fixture_current);

		for (uint32_t n_wanted = 1; n_wanted <= MAX_DRIFT_BINS; n_wanted = n_wanted * 3 + 1)
		{
			DriftBins bins = drift_bins_make(reference, current, n_wanted);
			uint64_t n_reference = 0;
			uint64_t n_current = 0;

			assert_true(bins.n_bins <= n_wanted);
			for (size_t i = 0; i < bins.n_bins; i++)
			{
				assert_true(n < 10 || bins.bins[i].n_reference >= MIN_ROWS_PER_BIN);
				n_reference += bins.bins[i].n_reference;
				n_current += bins.bins[i].n_current;
			}
			assert_int_equal(n_reference, n);
			assert_int_equal(n_current, N_ELEMENTS(fixture_current));
		}
	}
}

/* Different shifts: one side has few numbers, the other more than bins; the counts are still exact. */
static void
test_different_cells(void **state)
{
	Histogram *reference = host_allocate_zero(sizeof(Histogram));
	Histogram *current = host_allocate_zero(sizeof(Histogram));
	double largest = 0;
	DriftBins bins;

	(void) state;
	for (uint64_t i = 0; i < 3000; i++)
		histogram_add(reference, uniform(i));
	for (uint64_t i = 0; i < 100000; i++)
		histogram_add(current, pow(uniform(i + 5000), 1.2));
	assert_int_equal(reference->shift, 0);
	assert_true(current->shift > 0);
	bins = drift_bins_make(reference, current, 10);
	assert_int_equal(bins.n_bins, 10);
	for (size_t i = 0; i < 10; i++)
	{
		uint64_t n = 0;

		assert_in_range(bins.bins[i].n_reference, 280, 320);
		for (uint64_t j = 0; j < 100000; j++)
		{
			double value = pow(uniform(j + 5000), 1.2);

			n += value > bins.bins[i].lower && value <= bins.bins[i].upper;
		}
		assert_int_equal(bins.bins[i].n_current, n);
	}
	/* F(x) = x^(1/1.2) against x: the largest distance is where the derivative is 1 */
	for (double x = 0; x < 1; x += 0.001)
		largest = fmax(largest, fabs(pow(x, 1 / 1.2) - x));
	assert_near(drift_kolmogorov_smirnov(reference, current).statistic, largest, 0.03);
}

static void
test_chi_squared(void **state)
{
	static const double none[] = {0, 0, 0, 0, 0};
	DriftTest test = drift_chi_squared(fixture_categories_reference, fixture_categories_current, 5);

	(void) state;
	assert_near(test.statistic, fixture_chi2, 1e-12);
	assert_near(test.p_value, fixture_chi2_p, 1e-12 * fixture_chi2_p);
	assert_near(test.degrees_of_freedom, fixture_chi2_dof, 0);
	assert_true(isnan(drift_chi_squared(fixture_categories_reference, none, 5).p_value));
	test = drift_chi_squared((double[]){3, 0}, (double[]){9, 0}, 2);
	assert_near(test.statistic, 0, 0);
	assert_near(test.degrees_of_freedom, 0, 0);
	assert_near(test.p_value, 1, 0);
}

/* Alarms at the level 0.05 among windows without drift. */
static int
count_false_alarms(double (*draw)(uint64_t), int n_reference, int n_current, int n_windows,
				   bool kolmogorov)
{
	uint64_t row = 0;
	int n_alarms = 0;

	for (int window = 0; window < n_windows; window++)
	{
		Histogram *reference = host_allocate_zero(sizeof(Histogram));
		Histogram *current = host_allocate_zero(sizeof(Histogram));
		DriftBins bins;

		for (int i = 0; i < n_reference; i++)
			histogram_add(reference, draw(row++));
		for (int i = 0; i < n_current; i++)
			histogram_add(current, draw(row++));
		bins = drift_bins_make(reference, current, 10);
		n_alarms += (kolmogorov ? drift_kolmogorov_smirnov(reference, current).p_value
								: drift_psi(&bins).p_value) < 0.05;
		test_host_free_all();
	}
	return n_alarms;
}

/* Ratings from 1 to 5, one in ten missing. */
static double
rating(uint64_t i)
{
	double share = uniform(i);

	return share < 0.1    ? NAN
		   : share < 0.15 ? 1
		   : share < 0.3  ? 2
		   : share < 0.5  ? 3
		   : share < 0.8  ? 4
						  : 5;
}

/* Half of the rows are zero. */
static double
half_zero(uint64_t i)
{
	return uniform(i) < 0.5 ? 0 : normal(i + (UINT64_C(1) << 40));
}

/* Of 200 windows about 10 are false alarms: 3 to 19 with a probability of 99.6 % (binomial). */
static void
test_false_alarms(void **state)
{
	(void) state;
	assert_in_range(count_false_alarms(normal, 1000, 1000, 200, false), 3, 19);
	assert_in_range(count_false_alarms(normal, 2000, 300, 200, false), 3, 19);
	assert_in_range(count_false_alarms(rating, 1000, 500, 200, false), 3, 19);
	assert_in_range(count_false_alarms(half_zero, 1000, 500, 200, false), 3, 19);
	assert_in_range(count_false_alarms(normal, 1000, 1000, 200, true), 2, 19);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_distributions, free_memory),
		cmocka_unit_test_teardown(test_figures_of_scipy, free_memory),
		cmocka_unit_test_teardown(test_few_distinct, free_memory),
		cmocka_unit_test_teardown(test_frequent_number, free_memory),
		cmocka_unit_test_teardown(test_constants, free_memory),
		cmocka_unit_test_teardown(test_infinities, free_memory),
		cmocka_unit_test_teardown(test_empty, free_memory),
		cmocka_unit_test_teardown(test_bins_hold_all, free_memory),
		cmocka_unit_test_teardown(test_different_cells, free_memory),
		cmocka_unit_test_teardown(test_chi_squared, free_memory),
		cmocka_unit_test_teardown(test_false_alarms, free_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
