/*
 * test_serving.c
 *	  Which version answers a unit, and what is counted of predictions.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/serving/prediction_counts.h"
#include "core/serving/traffic_split.h"

#define N_UNITS 100000

/* The position of the unit of a number. */
static double
position_of(const char *model, int unit)
{
	char name[16];
	int length = snprintf(name, sizeof(name), "%d", unit);

	return traffic_position(traffic_salt(model, 7), name, (size_t) length);
}

/* Positions are a promise: units keep their version from release to release. */
static void
test_positions_are_fixed(void **state)
{
	(void) state;
	assert_true(fabs(traffic_position(traffic_salt("m", 0), "", 0) - 0.97237638165899665) < 1e-15);
	assert_true(fabs(traffic_position(traffic_salt("m", 0), "user-17", 7) - 0.13185648944896722) <
				1e-15);
	assert_true(fabs(traffic_position(traffic_salt("n", 0), "user-17", 7) - 0.017568002634518409) <
				1e-15);
	assert_true(fabs(traffic_position(traffic_salt("m", -5), "user-17", 7) - 0.85387179577011796) <
				1e-15);
}

/* Positions are spread evenly (chi-squared in 100 cells), and independently between models. */
static void
test_positions_are_uniform(void **state)
{
	int cells[100] = {0};
	int both[10][10] = {{0}};
	double statistic = 0;
	double joint = 0;

	(void) state;
	for (int i = 0; i < N_UNITS; i++)
	{
		double one = position_of("one", i);
		double other = position_of("two", i);

		assert_true(one >= 0 && one < 1);
		cells[(int) (one * 100)]++;
		both[(int) (one * 10)][(int) (other * 10)]++;
	}
	for (int i = 0; i < 100; i++)
	{
		double expected = N_UNITS / 100.0;

		statistic += (cells[i] - expected) * (cells[i] - expected) / expected;
		joint += (both[i / 10][i % 10] - expected) * (both[i / 10][i % 10] - expected) / expected;
	}
	/* 99 degrees of freedom: 148.2 at 0.001 */
	assert_true(statistic < 148.2);
	assert_true(joint < 148.2);
}

/* Shares are kept, and other shares move no more units than the difference. */
static void
test_shares(void **state)
{
	const double before[2] = {0.9, 1};
	const double after[2] = {0.7, 1};
	int n_second = 0;
	int n_moved = 0;

	(void) state;
	for (int i = 0; i < N_UNITS; i++)
	{
		double position = position_of("three", i);
		int first = traffic_choose(before, 2, position);
		int then = traffic_choose(after, 2, position);

		n_second += first == 1;
		n_moved += first != then;
		/* nobody moves back */
		assert_true(then >= first);
	}
	assert_in_range(n_second, N_UNITS / 10 - 400, N_UNITS / 10 + 400);
	assert_in_range(n_moved, N_UNITS / 5 - 600, N_UNITS / 5 + 600);
}

static void
test_choose(void **state)
{
	/* what rounding has left of the last bound does not matter */
	const double bounds[3] = {0.25, 0.5, 1 - 1e-10};

	(void) state;
	assert_int_equal(traffic_choose(bounds, 3, 0), 0);
	assert_int_equal(traffic_choose(bounds, 3, 0.25), 1);
	assert_int_equal(traffic_choose(bounds, 3, 0.5), 2);
	assert_int_equal(traffic_choose(bounds, 3, 1 - 1e-16), 2);
	assert_int_equal(traffic_choose(bounds, 1, 0.9), 0);
}

static void
test_counts(void **state)
{
	PredictionCounts counts;

	(void) state;
	memset(&counts, 0, sizeof(counts));
	prediction_counts_add(&counts, 0, 0.5);
	prediction_counts_add(&counts, 1, 1);
	prediction_counts_add(&counts, 62, 0.04);
	prediction_counts_add(&counts, 63, 0);
	prediction_counts_add(&counts, 900, 0.999);
	assert_int_equal(counts.labels[0], 1);
	assert_int_equal(counts.labels[1], 1);
	assert_int_equal(counts.labels[62], 1);
	assert_int_equal(counts.labels[63], 2);
	assert_int_equal(counts.confidence[10], 1);
	assert_int_equal(counts.confidence[19], 2);
	assert_int_equal(counts.confidence[0], 2);
	assert_int_equal(counts.confidence_sum, 2539000000);
	assert_int_equal(prediction_counts_total(&counts), 5);
}

static void
test_latency(void **state)
{
	PredictionCounts counts;

	(void) state;
	memset(&counts, 0, sizeof(counts));
	assert_true(isnan(prediction_counts_latency_quantile(&counts, 0.5)));
	/* a bound belongs to its bucket */
	prediction_counts_add_latency(&counts, 1000, 1);
	prediction_counts_add_latency(&counts, 1001, 3);
	prediction_counts_add_latency(&counts, UINT64_C(10000000001), 1);
	assert_int_equal(counts.latency[0], 1);
	assert_int_equal(counts.latency[1], 3);
	assert_int_equal(counts.latency[N_LATENCY_BUCKETS - 1], 1);
	assert_int_equal(counts.latency_sum, UINT64_C(10000004004));
	/* of five, the median is the middle of the three in (1, 2] */
	assert_true(fabs(prediction_counts_latency_quantile(&counts, 0.5) - 1.5e-6) < 1e-12);
	assert_true(fabs(prediction_counts_latency_quantile(&counts, 0.1) - 0.5e-6) < 1e-12);
	assert_true(prediction_counts_latency_quantile(&counts, 1) == 10);
	for (int i = 0; i < N_LATENCY_BUCKETS - 1; i++)
	{
		memset(&counts, 0, sizeof(counts));
		prediction_counts_add_latency(&counts, (uint64_t) (latency_bounds[i] * 1e9 + 0.5), 1);
		assert_int_equal(counts.latency[i], 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positions_are_fixed),
		cmocka_unit_test(test_positions_are_uniform),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_latency),
	};

	return cmocka_run_group_tests_name("serving", tests, NULL, NULL);
}
