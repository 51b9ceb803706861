/*
 * test_sequential_test.c
 *	  Rates and the sequential test against scipy; false alarms and power of looks after every outcome.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/evaluation/sequential_test.h"
#include "core/hash.h"
#include "sequential_test_fixture.h"

#define N_CASES (sizeof(sequential_cases) / sizeof(sequential_cases[0]))

static void
assert_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance))
		fail_msg("%.17g is not %.17g", actual, expected);
}

static void
test_against_scipy(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_CASES; i++)
	{
		Outcomes one = {sequential_cases[i].n, sequential_cases[i].successes};
		Outcomes other = {sequential_cases[i].other_n, sequential_cases[i].other_successes};
		RateInterval wilson = wilson_interval(one);
		RateInterval difference = sequential_difference(one, other);

		assert_near(wilson.lower, sequential_cases[i].wilson_lower, 1e-13);
		assert_near(wilson.upper, sequential_cases[i].wilson_upper, 1e-13);
		assert_near(sequential_p_value(one, other), sequential_cases[i].p_value,
					1e-8 * sequential_cases[i].p_value);
		assert_near(difference.lower, sequential_cases[i].lower, 1e-9);
		assert_near(difference.upper, sequential_cases[i].upper, 1e-9);
	}
}

/* The sides may change places. */
static void
test_symmetry(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_CASES; i++)
	{
		Outcomes one = {sequential_cases[i].n, sequential_cases[i].successes};
		Outcomes other = {sequential_cases[i].other_n, sequential_cases[i].other_successes};
		RateInterval interval = sequential_difference(one, other);
		RateInterval turned = sequential_difference(other, one);

		assert_near(sequential_p_value(one, other), sequential_p_value(other, one), 1e-12);
		assert_near(interval.lower, -turned.upper, 1e-12);
		assert_near(interval.upper, -turned.lower, 1e-12);
	}
}

static void
test_nothing(void **state)
{
	Outcomes none = {0, 0};
	Outcomes some = {10, 4};
	RateInterval interval = wilson_interval(none);

	(void) state;
	assert_true(interval.lower == 0 && interval.upper == 1);
	assert_true(sequential_p_value(none, some) == 1 && sequential_p_value(some, none) == 1);
	interval = sequential_difference(none, some);
	assert_true(interval.lower == -1 && interval.upper == 1);
}

/* Uniform in [0, 1), of a stream of numbers. */
static double
uniform(uint64_t *stream)
{
	*stream += UINT64_C(0x9e3779b97f4a7c15);
	return (double) (hash_mix(*stream) >> 11) * 0x1p-53;
}

/* What a simulated experiment came to. */
typedef struct Course
{
	int alarm;  /* outcomes until the p-value was 0.05 at most; 0: never */
	int missed; /* whether the interval ever left the true difference out */
} Course;

/* Outcomes of two sides, looked at after every one. share: of the other side */
static Course
simulate(uint64_t *stream, double rate, double other_rate, double share, int n)
{
	Outcomes sides[2] = {{0, 0}, {0, 0}};
	double rates[2] = {rate, other_rate};
	Course course = {0, 0};

	for (int i = 1; i <= n; i++)
	{
		int side = uniform(stream) < share;
		RateInterval interval;

		sides[side].n++;
		sides[side].n_successes += uniform(stream) < rates[side];
		if (course.alarm == 0 && sequential_p_value(sides[0], sides[1]) <= 0.05)
			course.alarm = i;
		interval = sequential_difference(sides[0], sides[1]);
		course.missed |= other_rate - rate < interval.lower || other_rate - rate > interval.upper;
	}
	return course;
}

/* Without a difference, 5 % of the experiments at most raise an alarm, ever; nor do intervals miss it. */
static void
test_false_alarms(void **state)
{
	static const struct
	{
		double rate;
		double share;
	} settings[] = {{0.5, 0.5},  {0.5, 0.1},    {0.1, 0.5}, {0.9, 0.1},
					{0.01, 0.5}, {0.005, 0.05}, {0.99, 0.5}};
	enum
	{
		N_EXPERIMENTS = 400,
		N_OUTCOMES = 4000
	};

	(void) state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
	{
		uint64_t stream = i + 1;
		int n_alarms = 0;
		int n_missed = 0;

		for (int j = 0; j < N_EXPERIMENTS; j++)
		{
			Course course = simulate(&stream, settings[i].rate, settings[i].rate, settings[i].share,
									 N_OUTCOMES);

			n_alarms += course.alarm > 0;
			n_missed += course.missed;
		}
		assert_in_range(n_alarms, 0, N_EXPERIMENTS / 20);
		assert_in_range(n_missed, 0, N_EXPERIMENTS / 20);
	}
}

/*
 * A difference is found before three times the outcomes have come that a test of a fixed size would need for
 * a power of 80 % (for 50 % against 55 %, some 3,130), in 95 of 100 experiments; half of them at that size.
 */
static void
test_power(void **state)
{
	uint64_t stream = 99;
	int n_late = 0;
	int n_soon = 0;
	int n_missed = 0;

	(void) state;
	for (int j = 0; j < 200; j++)
	{
		Course course = simulate(&stream, 0.5, 0.55, 0.5, 3 * 3130);

		n_late += course.alarm == 0;
		n_soon += course.alarm > 0 && course.alarm <= 3130 * 5 / 4;
		n_missed += course.missed;
	}
	assert_in_range(n_late, 0, 10);
	assert_in_range(n_soon, 100, 200);
	assert_in_range(n_missed, 0, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_scipy), cmocka_unit_test(test_symmetry),
		cmocka_unit_test(test_nothing),       cmocka_unit_test(test_false_alarms),
		cmocka_unit_test(test_power),
	};

	return cmocka_run_group_tests_name("sequential_test", tests, NULL, NULL);
}
