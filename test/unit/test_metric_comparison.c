/*
 * test_metric_comparison.c
 *	  Intervals and paired tests against scipy, statsmodels and numpy; how often they are wrong where the truth is known.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/evaluation/bootstrap_interval.h"
#include "core/evaluation/distributions.h"
#include "core/evaluation/metric_comparison.h"
#include "core/evaluation/paired_tests.h"
#include "core/evaluation/proportion_interval.h"
#include "core/evaluation/random_draws.h"
#include "host.h"
#include "metric_comparison_fixture.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static const DecisionMetric all_metrics[N_DECISION_METRICS] = {
	METRIC_MACRO_F1, METRIC_MATTHEWS, METRIC_F1,      METRIC_WEIGHTED_F1,
	METRIC_ACCURACY, METRIC_ROC_AUC,  METRIC_LOG_LOSS};

static void
assert_near(double actual, double expected, double tolerance)
{
	if (isnan(actual) && isnan(expected))
		return;
	if (!(fabs(actual - expected) <= tolerance))
		fail_msg("%.17g is not %.17g", actual, expected);
}

static void
test_proportions(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_OF(proportion_cases); i++)
	{
		ConfidenceInterval interval = proportion_interval((double) proportion_cases[i].successes,
														  (double) proportion_cases[i].n);

		assert_near(interval.lower, proportion_cases[i].lower, 1e-12);
		assert_near(interval.upper, proportion_cases[i].upper, 1e-12);
	}
	assert_near(proportion_interval(0, 0).lower, 0, 0);
	assert_near(proportion_interval(0, 0).upper, 1, 0);
}

static void
test_mcnemar(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_OF(mcnemar_cases); i++)
	{
		double expected = mcnemar_cases[i].p_value;

		assert_near(mcnemar_exact(mcnemar_cases[i].only_first, mcnemar_cases[i].only_other),
					expected, 1e-9 * expected);
		assert_near(mcnemar_exact(mcnemar_cases[i].only_other, mcnemar_cases[i].only_first),
					expected, 1e-9 * expected);
	}
}

static void
test_student(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_OF(student_cases); i++)
		assert_near(student_quantile(student_cases[i].p, student_cases[i].degrees_of_freedom),
					student_cases[i].x, 1e-7 * student_cases[i].x);
}

/* Draws fall where scipy's distribution function says, within what so many of them vary. */
static void
test_binomial(void **state)
{
	const int n_draws = 40000;

	(void) state;
	for (size_t i = 0; i < N_OF(binomial_cases); i++)
	{
		const BinomialCase *of_case = &binomial_cases[i];
		RandomStream stream = random_stream_start(7, i, 0);
		double below[3] = {0};
		double sum = 0;

		for (int draw = 0; draw < n_draws; draw++)
		{
			double k = (double) draw_binomial(&stream, of_case->n, of_case->p);

			assert_true(k <= (double) of_case->n);
			sum += k;
			for (int j = 0; j < 3; j++)
				below[j] += k <= of_case->at[j];
		}
		assert_near(sum / n_draws, (double) of_case->n * of_case->p,
					5 * sqrt((double) of_case->n * of_case->p * (1 - of_case->p) / n_draws));
		for (int j = 0; j < 3; j++)
			assert_near(below[j] / n_draws, of_case->quantiles[j], 5 * 0.5 / sqrt(n_draws));
	}
}

/* The rows of a case of the fixture. */
static JudgedRows
rows_of_case(const ComparisonCase *of_case)
{
	return (JudgedRows){of_case->n_rows,
						of_case->n_labels,
						of_case->positive,
						(uint64_t *) of_case->clusters,
						(uint32_t *) of_case->actual,
						2,
						{{(uint32_t *) of_case->predicted[0], (double *) of_case->scores[0],
						  (double *) of_case->losses[0]},
						 {(uint32_t *) of_case->predicted[1], (double *) of_case->scores[1],
						  (double *) of_case->losses[1]}}};
}

/* A bound of a bootstrap is as near as the bounds of so many resamples are: about a tenth of the interval's width. */
static void
assert_bound(double actual, double expected, double width)
{
	assert_near(actual, expected, 0.12 * width + 0.005);
}

static void
assert_interval(ConfidenceInterval actual, double lower, double upper)
{
	assert_bound(actual.lower, lower, upper - lower);
	assert_bound(actual.upper, upper, upper - lower);
}

static void
test_against_numpy(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_OF(comparison_cases); i++)
	{
		const ComparisonCase *of_case = &comparison_cases[i];
		JudgedRows rows = rows_of_case(of_case);
		MetricComparison found[N_DECISION_METRICS];

		metric_compare(&rows, all_metrics, N_DECISION_METRICS, 1, found);
		for (int metric = 0; metric < 5; metric++)
		{
			const MetricFigure figures[4] = {found[metric].side[0], found[metric].side[1],
											 found[metric].difference, found[metric].over_baseline};

			for (int number = 0; number < 4; number++)
			{
				assert_near(figures[number].value, of_case->values[metric][number], 1e-12);
				/* those of the accuracy are Wilson's */
				if (metric != METRIC_ACCURACY || number > 1)
					assert_interval(figures[number].interval, of_case->lower[metric][number],
									of_case->upper[metric][number]);
			}
		}
		assert_near(found[0].p_value, of_case->p_value, 1e-10);
		for (int side = 0; side < 2; side++)
		{
			assert_near(found[METRIC_ROC_AUC].side[side].value, of_case->areas[side][0], 1e-12);
			assert_near(found[METRIC_ROC_AUC].side[side].interval.lower, of_case->areas[side][1],
						1e-7);
			assert_near(found[METRIC_ROC_AUC].side[side].interval.upper, of_case->areas[side][2],
						1e-7);
			assert_near(found[METRIC_LOG_LOSS].side[side].value, of_case->mean_losses[side][0],
						1e-12);
			assert_near(found[METRIC_LOG_LOSS].side[side].interval.lower,
						fmax(of_case->mean_losses[side][1], 0), 1e-7);
			assert_near(found[METRIC_LOG_LOSS].side[side].interval.upper,
						of_case->mean_losses[side][2], 1e-7);
		}
		assert_near(found[METRIC_ROC_AUC].difference.interval.lower, of_case->areas[2][1], 1e-7);
		assert_near(found[METRIC_ROC_AUC].difference.interval.upper, of_case->areas[2][2], 1e-7);
		/* less loss is better */
		assert_near(found[METRIC_LOG_LOSS].difference.value, of_case->mean_losses[2][0], 1e-12);
		assert_near(found[METRIC_LOG_LOSS].difference.interval.lower, of_case->mean_losses[2][1],
					1e-7);
		assert_near(found[METRIC_LOG_LOSS].difference.interval.upper, of_case->mean_losses[2][2],
					1e-7);
	}
	test_host_free_all();
}

/* Rows made up, with all that two classifiers say of them: to be freed by free_rows. */
static JudgedRows
make_rows(size_t n, uint32_t n_labels)
{
	JudgedRows rows = {
		.n_rows = n, .n_labels = n_labels, .positive = n_labels == 2 ? 1 : n_labels, .n_sides = 2};

	rows.clusters = calloc(n, sizeof(uint64_t));
	rows.actual = calloc(n, sizeof(uint32_t));
	for (int side = 0; side < 2; side++)
		rows.sides[side] = (Judgements){calloc(n, sizeof(uint32_t)), calloc(n, sizeof(double)),
										calloc(n, sizeof(double))};
	for (size_t i = 0; i < n; i++)
		rows.clusters[i] = i;
	return rows;
}

static void
free_rows(JudgedRows *rows)
{
	free(rows->clusters);
	free(rows->actual);
	for (int side = 0; side < 2; side++)
	{
		free(rows->sides[side].predicted);
		free(rows->sides[side].scores);
		free(rows->sides[side].losses);
	}
	test_host_free_all();
}

/* Let classifiers be right with a probability, or guess by the labels' shares; each row repeats so many times. */
static void
draw_rows(JudgedRows *rows, const double *shares, const double *skill, size_t repeats,
		  RandomStream *stream)
{
	for (size_t i = 0; i < rows->n_rows; i++)
	{
		uint32_t labels[3];

		rows->clusters[i] = i - i % repeats;
		for (int draw = 0; draw < 3; draw++)
		{
			double left = random_stream_uniform(stream);

			for (labels[draw] = 0; labels[draw] + 1 < rows->n_labels && left > shares[labels[draw]];
				 labels[draw]++)
				left -= shares[labels[draw]];
		}
		rows->actual[i] = labels[0];
		for (int side = 0; side < 2; side++)
		{
			rows->sides[side].predicted[i] =
				random_stream_uniform(stream) < skill[side] ? labels[0] : labels[1 + side];
			rows->sides[side].scores[i] =
				random_stream_uniform(stream) + 0.3 * skill[side] * labels[0];
			rows->sides[side].losses[i] = -log(random_stream_uniform(stream));
		}
		if (i % repeats == 0)
			continue;
		rows->actual[i] = rows->actual[i - 1];
		for (int side = 0; side < 2; side++)
		{
			rows->sides[side].predicted[i] = rows->sides[side].predicted[i - 1];
			rows->sides[side].scores[i] = rows->sides[side].scores[i - 1];
			rows->sides[side].losses[i] = rows->sides[side].losses[i - 1];
		}
	}
}

/* How often each metric says something about rows drawn again and again. */
typedef struct Verdicts
{
	double better[N_DECISION_METRICS];
	double beats_baseline[N_DECISION_METRICS];
	double lost[N_DECISION_METRICS];
} Verdicts;

static Verdicts
judge_draws(size_t n, uint32_t n_labels, const double *shares, const double *skill, size_t repeats)
{
	const int n_draws = 300;
	Verdicts verdicts = {0};
	JudgedRows rows = make_rows(n, n_labels);
	RandomStream stream = random_stream_start(3, n, repeats);

	for (int draw = 0; draw < n_draws; draw++)
	{
		MetricComparison found[N_DECISION_METRICS];

		draw_rows(&rows, shares, skill, repeats, &stream);
		metric_compare(&rows, all_metrics, N_DECISION_METRICS, (uint64_t) draw, found);
		for (int i = 0; i < N_DECISION_METRICS; i++)
		{
			verdicts.better[i] += (double) metric_is_better(&found[i]) / n_draws;
			verdicts.beats_baseline[i] += (double) metric_beats_baseline(&found[i]) / n_draws;
			verdicts.lost[i] += (double) metric_is_lost(&found[i], 0) / n_draws;
		}
	}
	free_rows(&rows);
	return verdicts;
}

/* Guessing beats neither the baseline nor another guess, but for 2.5 % of the draws, whether texts repeat or not. */
static void
test_noise(void **state)
{
	const double shares[3][3] = {{0.33, 0.67}, {0.05, 0.95}, {0.2, 0.3, 0.5}};
	const double skill[2] = {0, 0};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		for (size_t repeats = 1; repeats <= 4; repeats += 3)
		{
			Verdicts found =
				judge_draws(repeats == 1 ? 150 : 400, i == 2 ? 3 : 2, shares[i], skill, repeats);

			for (int metric = 0; metric < METRIC_LOG_LOSS; metric++)
			{
				/* 2.5 % expected; 300 draws vary by 0.9 % */
				double limit = metric == METRIC_ROC_AUC ? 0.09 : 0.06; /* of five positive texts */

				assert_true(found.better[metric] <= limit);
				assert_true(found.lost[metric] <= limit);
				assert_true(found.beats_baseline[metric] <= limit);
			}
		}
	}
}

/* What is there is found. */
static void
test_power(void **state)
{
	const double shares[2] = {0.33, 0.67};
	const double skill[2] = {0.8, 0.5};
	const double turned[2] = {0.5, 0.8};
	Verdicts found = judge_draws(300, 2, shares, skill, 1);

	(void) state;
	assert_true(found.better[METRIC_MACRO_F1] > 0.95);
	assert_true(found.better[METRIC_MATTHEWS] > 0.95);
	assert_true(found.better[METRIC_ACCURACY] > 0.95);
	assert_true(found.beats_baseline[METRIC_MACRO_F1] > 0.99);
	assert_true(found.lost[METRIC_MACRO_F1] == 0);
	found = judge_draws(300, 2, shares, turned, 1);
	assert_true(found.lost[METRIC_MACRO_F1] > 0.95);
	assert_true(found.better[METRIC_MACRO_F1] == 0);
}

/* The interval of macro F1 holds the true figure in about 95 % of the draws, of few rows too. */
static void
test_coverage(void **state)
{
	const double shares[2] = {0.3, 0.7};
	const double skill[2] = {0.6, 0.6};
	/* of label 1: predicted as often as it occurs, right with 0.6 + 0.4 * its share */
	const double truth = (0.6 + 0.4 * 0.3 + 0.6 + 0.4 * 0.7) / 2;
	const size_t sizes[3] = {20, 60, 500};
	const int n_draws = 400;

	(void) state;
	for (int size = 0; size < 3; size++)
	{
		JudgedRows rows = make_rows(sizes[size], 2);
		RandomStream stream = random_stream_start(5, sizes[size], 0);
		DecisionMetric metric = METRIC_MACRO_F1;
		int n_held = 0;

		for (int draw = 0; draw < n_draws; draw++)
		{
			MetricComparison found;

			draw_rows(&rows, shares, skill, 1, &stream);
			metric_compare(&rows, &metric, 1, (uint64_t) draw, &found);
			n_held +=
				found.side[0].interval.lower <= truth && truth <= found.side[0].interval.upper;
		}
		assert_true(n_held >= 0.91 * n_draws);
		free_rows(&rows);
	}
}

/* One row tells nothing, right as it may be; equal answers differ in nothing, and are not worse. */
static void
test_few_rows(void **state)
{
	const DecisionMetric metrics[3] = {METRIC_MACRO_F1, METRIC_ACCURACY, METRIC_ROC_AUC};
	MetricComparison found[3];
	JudgedRows rows = make_rows(1, 2);

	(void) state;
	metric_compare(&rows, metrics, 3, 1, found);
	assert_near(found[0].side[0].value, 1, 0);
	assert_true(found[0].side[0].interval.lower < 0.25);
	assert_true(found[1].side[0].interval.lower < 0.25);
	assert_true(isnan(found[2].side[0].value) && isnan(found[2].side[0].interval.lower));
	for (int i = 0; i < 3; i++)
	{
		assert_false(metric_beats_baseline(&found[i]));
		assert_false(metric_is_better(&found[i]));
		assert_false(metric_is_lost(&found[i], 0));
	}
	rows.n_rows = 0;
	metric_compare(&rows, metrics, 3, 1, found);
	assert_true(isnan(found[0].side[0].value) && isnan(found[0].side[0].interval.lower));
	assert_false(metric_beats_baseline(&found[0]) || metric_is_better(&found[0]) ||
				 metric_is_lost(&found[0], 0));
	rows.n_rows = 1;
	free_rows(&rows);
}

/* The order of the rows does not show, and a cancel takes effect. */
static void
test_repeatable(void **state)
{
	const double shares[3] = {0.2, 0.3, 0.5};
	const double skill[2] = {0.5, 0.4};
	JudgedRows rows = make_rows(500, 3);
	RandomStream stream = random_stream_start(9, 0, 0);
	MetricComparison first[N_DECISION_METRICS];
	MetricComparison second[N_DECISION_METRICS];

	(void) state;
	draw_rows(&rows, shares, skill, 2, &stream);
	metric_compare(&rows, all_metrics, N_DECISION_METRICS, 4, first);
	for (size_t i = 0; i < rows.n_rows / 2; i++)
	{
		size_t j = rows.n_rows - 1 - i;
		uint64_t cluster = rows.clusters[i];
		uint32_t label = rows.actual[i];

		rows.clusters[i] = rows.clusters[j];
		rows.clusters[j] = cluster;
		rows.actual[i] = rows.actual[j];
		rows.actual[j] = label;
		for (int side = 0; side < 2; side++)
		{
			label = rows.sides[side].predicted[i];
			rows.sides[side].predicted[i] = rows.sides[side].predicted[j];
			rows.sides[side].predicted[j] = label;
		}
	}
	metric_compare(&rows, all_metrics, METRIC_ROC_AUC, 4, second);
	for (int i = 0; i < METRIC_ROC_AUC; i++)
	{
		assert_near(second[i].side[1].value, first[i].side[1].value, 0);
		assert_near(second[i].side[1].interval.lower, first[i].side[1].interval.lower, 0);
		assert_near(second[i].difference.interval.lower, first[i].difference.interval.lower, 0);
		assert_near(second[i].difference.interval.upper, first[i].difference.interval.upper, 0);
		assert_near(second[i].over_baseline.interval.lower, first[i].over_baseline.interval.lower,
					0);
		assert_near(second[i].p_value, first[i].p_value, 0);
	}
	test_host_interrupt_after = 10;
	assert_host_error(HOST_ERROR_INTERNAL, metric_compare(&rows, all_metrics, 1, 4, second));
	test_host_interrupt_after = 0;
	free_rows(&rows);
}

/* Twenty thousand rows are compared in the time that a person does not see, of however many labels. */
static void
test_cost(void **state)
{
	const uint32_t n_labels[3] = {2, 5, 100};
	const double skill[2] = {0.5, 0.4};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		double shares[100];
		JudgedRows rows = make_rows(20000, n_labels[i]);
		RandomStream stream = random_stream_start(9, 0, 0);
		MetricComparison found;
		clock_t start;
		double seconds;

		for (uint32_t label = 0; label < n_labels[i]; label++)
			shares[label] = 1.0 / n_labels[i];
		draw_rows(&rows, shares, skill, 1, &stream);
		start = clock();
		metric_compare(&rows, all_metrics, 1, 4, &found);
		seconds = (double) (clock() - start) / CLOCKS_PER_SEC;
		print_message("%u labels: %.1f ms\n", n_labels[i], seconds * 1000);
		/* ten times what it takes, for slow machines and sanitizers */
		assert_true(seconds < 2);
		free_rows(&rows);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proportions),   cmocka_unit_test(test_mcnemar),
		cmocka_unit_test(test_student),       cmocka_unit_test(test_binomial),
		cmocka_unit_test(test_against_numpy), cmocka_unit_test(test_noise),
		cmocka_unit_test(test_power),         cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_few_rows),      cmocka_unit_test(test_repeatable),
		cmocka_unit_test(test_cost)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
