/*
 * test_hist_gradient_boosting.c
 *	  Gradient boosting against scikit-learn, on odd rows, and as bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/models/binned_features.h"
#include "core/models/hist_gradient_boosting.h"
#include "core/models/split_gain.h"
#include "core/models/tree_ensemble.h"
#include "tree_rows.h"

static const ClassifierKind *const kind = &hist_gradient_boosting_kind;

/* Held-out figures are near scikit-learn's, and single probabilities too if exact. */
static void
check_fixture_case(const FixtureCase *expected, bool exact)
{
	TreeRows train =
		make_tree_rows(0, FIXTURE_TRAINING_ROWS, expected->n_classes, expected->missing);
	TreeRows test = make_tree_rows(FIXTURE_TRAINING_ROWS, FIXTURE_HELD_OUT_ROWS,
								   expected->n_classes, expected->missing);
	TrainingSet set = tree_training_set(&train, expected->n_classes);
	Classifier classifier = fit(kind, &set, expected->parameters);
	TreeFigures figures = measure(&classifier, &test);
	double tolerance = exact ? 2e-3 : 0.02;
	double largest = 0;

	for (uint32_t i = 0; i < FIXTURE_LISTED; i++)
	{
		SparseRow row = sparse_matrix_row(&test.matrix, i);
		double probabilities[FIXTURE_CLASSES];

		kind->predict(&classifier, &row, probabilities);
		for (uint32_t k = 0; k < expected->n_classes; k++)
			largest = fmax(largest, fabs(probabilities[k] - expected->probabilities[i][k]));
	}
	if (!(fabs(figures.accuracy - expected->accuracy) < tolerance &&
		  fabs(figures.macro_f1 - expected->macro_f1) < tolerance &&
		  fabs(figures.log_loss - expected->log_loss) < tolerance &&
		  (!exact || largest < tolerance)))
		fail_msg("%s: accuracy %.4f, macro F1 %.4f, log loss %.5f, a probability %.5f away",
				 expected->name, figures.accuracy, figures.macro_f1, figures.log_loss, largest);
}

static void
test_same_as_scikit_learn(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(boosting_cases) / sizeof(boosting_cases[0]); i++)
		check_fixture_case(&boosting_cases[i], i >= N_NEAR_BOOSTING_CASES);
}

/* Number of trees of a model. */
static uint32_t
count_trees(const Classifier *classifier)
{
	return tree_ensemble_open(classifier).header.n_trees;
}

/* Training stops when rows held out get no better, and that is better than going on. */
static void
test_early_stopping(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, 3000, n_classes, true);
		TreeRows test = make_tree_rows(3000, 1000, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);
		uint32_t n_outputs = n_classes == 2 ? 1 : n_classes;
		Classifier stopped = fit(kind, &set, "{\"early_stopping\": \"true\", \"max_iter\": 200}");
		Classifier finished = fit(kind, &set, "{\"early_stopping\": \"auto\", \"max_iter\": 200}");

		assert_int_equal(count_trees(&finished), 200 * n_outputs);
		assert_true(count_trees(&stopped) < 120 * n_outputs &&
					count_trees(&stopped) > 15 * n_outputs);
		assert_int_equal(count_trees(&stopped) % n_outputs, 0);
		assert_true(measure(&stopped, &test).log_loss < measure(&finished, &test).log_loss);
	}
}

/* Without rows held out the rows that are learned from decide; and what counts as better is tol. */
static void
test_stopping_rule(void **state)
{
	TreeRows train = make_tree_rows(0, 500, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	Classifier classifier;

	(void) state;
	classifier = fit(
		kind, &set, "{\"early_stopping\": \"true\", \"validation_fraction\": 0, \"max_iter\": 50}");
	assert_int_equal(count_trees(&classifier), 50);
	classifier =
		fit(kind, &set, "{\"early_stopping\": \"true\", \"tol\": 1, \"n_iter_no_change\": 7}");
	assert_int_equal(count_trees(&classifier), 7);
}

/* More than 10000 rows stop early by themselves. */
static void
test_auto_stopping(void **state)
{
	TreeRows train = make_tree_rows(0, 10001, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	const char *json = "{\"max_iter\": 30, \"learning_rate\": 1, \"n_iter_no_change\": 3}";
	Classifier classifier;

	(void) state;
	classifier = fit(kind, &set, json);
	assert_true(count_trees(&classifier) < 30);
	set.features.n_rows--;
	classifier = fit(kind, &set, json);
	assert_int_equal(count_trees(&classifier), 30);
}

/* A readable search for the best split: every candidate from the sums of its rows. */
static GainSplit
reference_split(const GainNode *node, const GradientSum *histogram, uint32_t n_value_bins,
				bool has_missing)
{
	GainSplit best = {.score = -1};

	for (int missing_left = 0; missing_left < 2; missing_left++)
	{
		for (uint32_t b = 0; b < n_value_bins; b++)
		{
			GradientSum left = {0, 0};
			GradientSum right;
			double score;

			for (uint32_t i = 0; i <= b; i++)
				left += histogram[i];
			if (missing_left && has_missing)
				left += histogram[n_value_bins];
			right = node->sum - left;
			if (gradient_sum_count(left, node->count_bits) < node->min_samples_leaf ||
				gradient_sum_count(right, node->count_bits) < node->min_samples_leaf ||
				gradient_sum_hessian(left, node->count_bits) < node->min_hessian ||
				gradient_sum_hessian(right, node->count_bits) < node->min_hessian)
				continue;
			score = (double) left[0] * (double) left[0] /
						((double) gradient_sum_hessian(left, node->count_bits) + node->lambda) +
					(double) right[0] * (double) right[0] /
						((double) gradient_sum_hessian(right, node->count_bits) + node->lambda);
			if (score > best.score * (1 + 1e-12))
				best = (GainSplit){.score = score, .bin = b, .missing_left = missing_left};
		}
	}
	return best;
}

/* Histograms of all sizes: the fast search agrees with the readable one, on every processor. */
static void
test_split_gain(void **state)
{
	(void) state;
	for (uint32_t trial = 0; trial < 2000; trial++)
	{
		uint32_t n_value_bins = 1 + (uint32_t) (uniform(trial, 0) * MAX_VALUE_BINS);
		bool has_missing = trial % 3 == 0;
		GradientSum histogram[MAX_VALUE_BINS + 1];
		GainNode node = {.count_bits = 13,
						 .min_samples_leaf = 1 + trial % 40,
						 .min_hessian = 1000,
						 .lambda = trial % 2 == 0 ? 0 : 54321.5};
		GainSplit expected;
		GainSplit portable;
		GainSplit fast;

		for (uint32_t b = 0; b < n_value_bins + has_missing; b++)
		{
			int64_t count = (int64_t) (uniform(trial, 10 + b) * 12) - 4;
			double scale = trial % 5 == 0 ? 0x1p36 : 0x1p20;

			count = count < 0 ? 0 : count;
			histogram[b][0] = (int64_t) ((uniform(trial, 500 + b) - 0.5) * scale) * (count > 0);
			histogram[b][1] =
				(int64_t) (uniform(trial, 1000 + b) * 0x1p20) * (count > 0) << 13 | count;
			node.sum = b == 0 ? histogram[0] : node.sum + histogram[b];
		}
		expected = reference_split(&node, histogram, n_value_bins, has_missing);
		split_gain_is_portable = true;
		portable = find_gain_split(&node, histogram, n_value_bins, has_missing);
		split_gain_is_portable = false;
		fast = find_gain_split(&node, histogram, n_value_bins, has_missing);
		assert_true(fast.score == portable.score);
		if (expected.score < 0)
		{
			assert_true(fast.score < 0);
			continue;
		}
		assert_int_equal(fast.bin, portable.bin);
		assert_int_equal(fast.bin, expected.bin);
		assert_int_equal(fast.missing_left, expected.missing_left);
		assert_true(fabs(fast.score - expected.score) <= 1e-9 * expected.score);
		assert_memory_equal(&fast.left, &portable.left, sizeof(fast.left));
	}
}

/* Models are the same with and without the processor's special instructions. */
static void
test_portable(void **state)
{
	TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, 4, true);
	TrainingSet set = tree_training_set(&train, 4);
	Classifier fast = fit(kind, &set, "{\"max_iter\": 10}");
	Classifier portable;

	(void) state;
	split_gain_is_portable = true;
	portable = fit(kind, &set, "{\"max_iter\": 10}");
	split_gain_is_portable = false;
	assert_int_equal(fast.length, portable.length);
	assert_memory_equal(fast.bytes, portable.bytes, fast.length);
}

/* Whether a value is missing may be all there is to know. */
static void
test_only_missing_tells(void **state)
{
	TreeRows rows = allocate_rows(120, 3);
	TrainingSet set;
	Classifier classifier;

	(void) state;
	for (uint32_t i = 0; i < 120; i++)
	{
		rows.labels[i] = i % 3 == 0;
		rows.values[3 * i] = i % 3 == 0 ? NAN : (float) (i % 7);
		rows.values[3 * i + 1] = NAN;
		rows.values[3 * i + 2] = 5;
	}
	set = tree_training_set(&rows, 2);
	classifier = fit(kind, &set, "{}");
	assert_true(measure(&classifier, &rows).log_loss < 1e-3);
}

/* Rows that teach nothing: the shares of the classes are left. */
static void
test_odd_rows(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		for (uint32_t n_features = 0; n_features <= 2; n_features++)
		{
			TreeRows rows = allocate_rows(12, n_features);
			TrainingSet set = tree_training_set(&rows, n_classes);
			double probabilities[FIXTURE_CLASSES];
			Classifier classifier;
			SparseRow row;

			for (uint32_t i = 0; i < 12; i++)
			{
				rows.labels[i] = i < 6 ? 0 : i % n_classes;
				for (uint32_t j = 0; j < n_features; j++)
					rows.values[i * n_features + j] = j == 0 ? 3.5f : NAN;
			}
			classifier = fit(kind, &set,
							 "{\"min_samples_leaf\": 1, \"early_stopping\": \"true\", "
							 "\"validation_fraction\": 0}");
			row = sparse_matrix_row(&rows.matrix, 0);
			kind->predict(&classifier, &row, probabilities);
			assert_true(fabs(probabilities[0] - (n_classes == 2 ? 9 : 7) / 12.0) < 1e-6);
		}
	}
}

/* Huge and infinite values are values. */
static void
test_huge_values(void **state)
{
	const float values[] = {-INFINITY, -3e38f, -1e-45f, 0, 1e-45f, 3e38f, INFINITY, NAN};
	TreeRows rows = allocate_rows(80, 1);
	TrainingSet set = tree_training_set(&rows, 2);
	Classifier classifier;

	(void) state;
	for (uint32_t i = 0; i < 80; i++)
	{
		rows.values[i] = values[i % 8];
		rows.labels[i] = i % 8 % 2;
	}
	classifier = fit(kind, &set, "{\"min_samples_leaf\": 2}");
	assert_true(measure(&classifier, &rows).log_loss < 1e-3);
}

/* Weights of classes shift the outputs, however large or small they are. */
static void
test_class_weights(void **state)
{
	const double weights[][2] = {{1e-6, 3e-6}, {1, 3}, {1e6, 3e6}};
	TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	Classifier plain = fit(kind, &set, "{}");
	double expected = 0;

	(void) state;
	for (int i = 1; i >= 0; i--)
	{
		double mean = 0;
		Classifier classifier;

		set.class_weights = weights[i + 1];
		classifier = fit(kind, &set, "{}");
		for (uint32_t row = 0; row < 100; row++)
		{
			SparseRow sparse_row = sparse_matrix_row(&train.matrix, row);
			double probabilities[2];
			double unweighted[2];

			kind->predict(&classifier, &sparse_row, probabilities);
			kind->predict(&plain, &sparse_row, unweighted);
			mean += (probabilities[1] - unweighted[1]) / 100;
		}
		assert_true(mean > 0.005 && mean < 0.3);
		assert_true(i == 1 || fabs(mean - expected) < 1e-3);
		expected = mean;
	}
}

/* Log-odds or differences of logits. */
static void
boosting_output(const double *probabilities, uint32_t n_classes, uint32_t class_index,
				double *output, bool *is_difference)
{
	*is_difference = n_classes > 2;
	*output = log(probabilities[class_index]);
	if (n_classes == 2)
		*output -= log(probabilities[1 - class_index]);
}

static void
test_explain(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);
		Classifier classifier = fit(kind, &set, "{\"max_iter\": 30}");

		check_explanations(&classifier, &train, 10, boosting_output);
	}
}

static void
test_importance(void **state)
{
	TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	Classifier classifier = fit(kind, &set, "{}");
	double importances[FIXTURE_FEATURES];
	double sum = 0;

	(void) state;
	kind->importance(&classifier, importances);
	for (uint32_t f = 0; f < FIXTURE_FEATURES; f++)
		sum += importances[f];
	assert_true(fabs(sum - 1) < 1e-6);
	assert_true(importances[11] == 0);
	for (uint32_t f = 6; f < 11; f++) /* noise */
		assert_true(importances[f] < importances[0] && importances[f] < importances[1] &&
					importances[f] < importances[3]);
}

static void
test_threads(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, 5000, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);

		check_threads(kind, &set, "{\"max_iter\": 8, \"early_stopping\": \"true\"}");
	}
}

static void
test_seeds(void **state)
{
	TreeRows train = make_tree_rows(0, 500, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	Classifier first = fit(kind, &set, "{\"early_stopping\": \"true\"}");
	Classifier second;

	(void) state;
	set.seed = 2;
	second = fit(kind, &set, "{\"early_stopping\": \"true\"}");
	assert_true(first.length != second.length ||
				memcmp(first.bytes, second.bytes, first.length) != 0);
}

static void
test_interrupts(void **state)
{
	TreeRows train = make_tree_rows(0, 1000, 2, false);
	TrainingSet set = tree_training_set(&train, 2);

	(void) state;
	check_interrupts(kind, &set, "{\"max_iter\": 10}");
}

static void
test_memory_is_freed(void **state)
{
	TreeRows train = make_tree_rows(0, 300, 4, true);
	TrainingSet set = tree_training_set(&train, 4);
	size_t before = test_host_allocated;
	Classifier classifier = fit(kind, &set, "{\"max_iter\": 5, \"early_stopping\": \"true\"}");

	(void) state;
	classifier_close(&classifier);
	host_free((void *) classifier.bytes);
	assert_int_equal(test_host_allocated, before);
}

static void
test_validate(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, 60, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);
		Classifier classifier = fit(kind, &set, "{\"max_iter\": 4, \"min_samples_leaf\": 5}");
		Classifier other;

		check_flipped_bits(&classifier, &train);
		other = classifier;
		other.n_features++;
		assert_non_null(kind->validate(&other));
		other = classifier;
		other.n_classes++;
		assert_non_null(kind->validate(&other));
		other.n_classes = 1;
		assert_non_null(kind->validate(&other));
		other.n_classes = UINT32_MAX;
		assert_non_null(kind->validate(&other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_same_as_scikit_learn, free_memory),
		cmocka_unit_test_teardown(test_early_stopping, free_memory),
		cmocka_unit_test_teardown(test_stopping_rule, free_memory),
		cmocka_unit_test_teardown(test_auto_stopping, free_memory),
		cmocka_unit_test_teardown(test_split_gain, free_memory),
		cmocka_unit_test_teardown(test_portable, free_memory),
		cmocka_unit_test_teardown(test_only_missing_tells, free_memory),
		cmocka_unit_test_teardown(test_odd_rows, free_memory),
		cmocka_unit_test_teardown(test_huge_values, free_memory),
		cmocka_unit_test_teardown(test_class_weights, free_memory),
		cmocka_unit_test_teardown(test_explain, free_memory),
		cmocka_unit_test_teardown(test_importance, free_memory),
		cmocka_unit_test_teardown(test_threads, free_memory),
		cmocka_unit_test_teardown(test_seeds, free_memory),
		cmocka_unit_test_teardown(test_interrupts, free_memory),
		cmocka_unit_test_teardown(test_memory_is_freed, free_memory),
		cmocka_unit_test_teardown(test_validate, free_memory),
	};

	return cmocka_run_group_tests_name("hist_gradient_boosting", tests, NULL, NULL);
}
