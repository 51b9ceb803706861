/*
 * test_random_forest.c
 *	  Random forests against scikit-learn, on odd rows, and as bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/model_image.h"
#include "core/models/forest_split.h"
#include "core/models/random_forest.h"
#include "core/models/tree_ensemble.h"
#include "tree_rows.h"

static const ClassifierKind *const kind = &random_forest_kind;

#define N_SEEDS 5

/* Means over seeds are as scikit-learn's. */
static void
check_fixture_case(const FixtureCase *expected)
{
	TreeRows train =
		make_tree_rows(0, FIXTURE_TRAINING_ROWS, expected->n_classes, expected->missing);
	TreeRows test = make_tree_rows(FIXTURE_TRAINING_ROWS, FIXTURE_HELD_OUT_ROWS,
								   expected->n_classes, expected->missing);
	TrainingSet set = tree_training_set(&train, expected->n_classes);
	TreeFigures mean = {0};
	double probabilities[FIXTURE_LISTED][FIXTURE_CLASSES] = {{0}};
	double squares = 0;

	for (set.seed = 0; set.seed < N_SEEDS; set.seed++)
	{
		Classifier classifier = fit(kind, &set, expected->parameters);
		TreeFigures figures = measure(&classifier, &test);

		mean.accuracy += figures.accuracy / N_SEEDS;
		mean.macro_f1 += figures.macro_f1 / N_SEEDS;
		mean.log_loss += figures.log_loss / N_SEEDS;
		for (uint32_t i = 0; i < FIXTURE_LISTED; i++)
		{
			SparseRow row = sparse_matrix_row(&test.matrix, i);
			double one[FIXTURE_CLASSES];

			kind->predict(&classifier, &row, one);
			for (uint32_t k = 0; k < expected->n_classes; k++)
				probabilities[i][k] += one[k] / N_SEEDS;
		}
	}
	for (uint32_t i = 0; i < FIXTURE_LISTED; i++)
	{
		for (uint32_t k = 0; k < expected->n_classes; k++)
			squares += pow(probabilities[i][k] - expected->probabilities[i][k], 2);
	}
	squares = sqrt(squares / FIXTURE_LISTED / expected->n_classes);
	if (!(fabs(mean.accuracy - expected->accuracy) < 0.012 &&
		  fabs(mean.macro_f1 - expected->macro_f1) < 0.012 &&
		  fabs(mean.log_loss - expected->log_loss) < 0.02 * expected->log_loss && squares < 0.03))
		fail_msg("%s: accuracy %.4f, macro F1 %.4f, log loss %.4f, probabilities %.3f away",
				 expected->name, mean.accuracy, mean.macro_f1, mean.log_loss, squares);
}

static void
test_same_as_scikit_learn(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(forest_cases) / sizeof(forest_cases[0]); i++)
		check_fixture_case(&forest_cases[i]);
}

static void
test_importance(void **state)
{
	TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	Classifier classifier = fit(kind, &set, forest_cases[0].parameters);
	double importances[FIXTURE_FEATURES];
	double sum = 0;

	(void) state;
	kind->importance(&classifier, importances);
	for (uint32_t f = 0; f < FIXTURE_FEATURES; f++)
	{
		assert_true(fabs(importances[f] - forest_importances[f]) < 0.01);
		sum += importances[f];
	}
	assert_true(fabs(sum - 1) < 1e-6);
	assert_true(importances[11] == 0); /* constant */
}

/* Rows whose values are missing are learned from and predicted. */
static void
test_missing_values(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, n_classes, true);
		TreeRows test =
			make_tree_rows(FIXTURE_TRAINING_ROWS, FIXTURE_HELD_OUT_ROWS, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);
		Classifier classifier = fit(kind, &set, "{\"n_estimators\": 100}");

		/* that a value is missing tells something here */
		assert_true(measure(&classifier, &test).accuracy > (n_classes == 2 ? 0.77 : 0.45));
	}
}

/* Whether a value is missing may be all there is to know. */
static void
test_only_missing_tells(void **state)
{
	TreeRows rows = allocate_rows(100, 3);
	TrainingSet set;

	(void) state;
	for (uint32_t i = 0; i < 100; i++)
	{
		rows.labels[i] = i % 3 == 0;
		rows.values[3 * i] = i % 3 == 0 ? NAN : (float) (i % 7);
		rows.values[3 * i + 1] = NAN;
		rows.values[3 * i + 2] = 5;
	}
	set = tree_training_set(&rows, 2);
	for (int entropy = 0; entropy < 2; entropy++)
	{
		Classifier classifier = fit(kind, &set, entropy ? "{\"criterion\": \"entropy\"}" : "{}");

		assert_true(measure(&classifier, &rows).accuracy > 0.999999);
		assert_true(measure(&classifier, &rows).log_loss < 1e-9);
	}
}

/* A split of a fully grown tree without bootstrap is exact. */
static void
test_single_tree(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, 250, n_classes, false);
		TrainingSet set = tree_training_set(&train, n_classes);
		Classifier classifier =
			fit(kind, &set, "{\"n_estimators\": 1, \"bootstrap\": false, \"max_depth\": 0}");

		assert_true(measure(&classifier, &train).log_loss < 1e-6);
	}
}

/* Purity of a side by definition, of the weights of two classes. */
static double
side_purity(ForestCriterion criterion, const double *weights)
{
	double sum = weights[0] + weights[1];
	double purity = 0;

	if (criterion == CRITERION_GINI)
		return (weights[0] * weights[0] + weights[1] * weights[1]) / sum;
	for (int k = 0; k < 2; k++)
		purity += weights[k] > 0 ? weights[k] * log(weights[k] / sum) : 0;
	return purity;
}

/* The two ways to find splits agree, and with the definition. */
static void
test_split_search(void **state)
{
	static SplitScratch scratch;
	static PackedSample sorted[500];
	static uint32_t left_counts[2];
	static double count_logs[1501];

	(void) state;
	for (uint32_t c = 1; c <= 1500; c++)
		count_logs[c] = c * log(c);
	scratch.sorted = sorted;
	scratch.left_counts = left_counts;
	for (uint32_t trial = 0; trial < 300; trial++)
	{
		uint32_t count = 2 + trial % 200;
		TreeRows rows = allocate_rows(count, 1);
		TrainingSet set = tree_training_set(&rows, 2);
		uint32_t class_counts[2] = {0};
		double class_weights[2] = {1, trial % 2 == 0 ? 1 : 2.5};
		PackedSample counted[500];
		PackedSample labelled[500];
		uint32_t row_numbers[500];
		uint32_t times[500];
		NodeSamples node = {.count = count,
							.rows = row_numbers,
							.samples = counted,
							.n_classes = 2,
							.class_counts = class_counts,
							.class_weights = class_weights,
							.unit_weights = trial % 2 == 0,
							.min_samples_leaf = 1 + trial % 5,
							.criterion = trial % 7 < 3 ? CRITERION_ENTROPY : CRITERION_GINI,
							.count_logs = count_logs};
		BinnedFeatures features;
		ForestSplit splits[2];
		SplitOutcome outcomes[2];
		double best = -INFINITY;

		for (uint32_t i = 0; i < count; i++)
		{
			double u = uniform(trial, i);

			rows.values[i] = trial % 3 == 0 ? (float) floor(u * 5) : (float) u;
			if (trial % 4 == 1 && uniform(trial, 1000 + i) < 0.2)
				rows.values[i] = NAN;
			rows.labels[i] = uniform(trial, 2000 + i) < 0.3 + 0.4 * u;
			times[i] = 1 + (uint32_t) (uniform(trial, 3000 + i) * 3);
			row_numbers[i] = i;
			counted[i] = counted_sample(times[i], rows.labels[i]);
			labelled[i] = labelled_sample(times[i], rows.labels[i]);
			node.counted += counted[i];
			class_counts[rows.labels[i]] += times[i];
		}
		describe_purity(&node);
		features = binned_features_make(&set, MAX_VALUE_BINS);
		outcomes[0] = find_counted_split(&node, &features, 0, &scratch, &splits[0]);
		node.samples = labelled;
		outcomes[1] = find_labelled_split(&node, &features, 0, &scratch, &splits[1]);
		/* all thresholds, missing values on both sides */
		for (uint32_t threshold = 0; threshold < features.n_value_bins[0]; threshold++)
		{
			for (int missing_left = 0; missing_left < 2; missing_left++)
			{
				double sides[2][2] = {{0}};
				uint32_t side_rows[2] = {0};
				double purity = 0;

				for (uint32_t i = 0; i < count; i++)
				{
					uint32_t bin = features.bins[i];
					bool left = bin == features.n_value_bins[0] ? missing_left : bin <= threshold;

					side_rows[left]++;
					sides[left][rows.labels[i]] += times[i] * class_weights[rows.labels[i]];
				}
				if (side_rows[0] < node.min_samples_leaf || side_rows[1] < node.min_samples_leaf)
					continue;
				for (int side = 0; side < 2; side++)
					purity += side_purity(node.criterion, sides[side]);
				best = fmax(best, purity);
			}
		}
		assert_int_equal(outcomes[0], outcomes[1]);
		assert_int_equal(outcomes[0] == SPLIT_FOUND, isfinite(best));
		if (isfinite(best))
		{
			assert_true(fabs(splits[0].purity - best) < 1e-9 * node.weight);
			assert_true(fabs(splits[1].purity - best) < 1e-9 * node.weight);
		}
		binned_features_free(&features);
	}
}

/* Labels and rows that teach nothing. */
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
			classifier = fit(kind, &set, "{\"bootstrap\": false, \"n_estimators\": 3}");
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
	classifier = fit(kind, &set, "{}");
	assert_true(measure(&classifier, &rows).accuracy > 0.999999);
}

/* Weights of classes count as often as rows do. */
static void
test_class_weights(void **state)
{
	const double weights[2] = {1, 3};
	TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, 2, false);
	TreeRows repeated = allocate_rows(3 * FIXTURE_TRAINING_ROWS, FIXTURE_FEATURES);
	const char *json = "{\"n_estimators\": 1, \"bootstrap\": false, \"tree_max_features\": "
					   "\"all\", \"max_depth\": 5}";
	TrainingSet set = tree_training_set(&train, 2);
	TrainingSet repeated_set;
	Classifier weighted;
	Classifier counted;
	uint32_t n = 0;

	(void) state;
	for (uint32_t i = 0; i < FIXTURE_TRAINING_ROWS; i++)
	{
		for (uint32_t times = 0; times < (train.labels[i] == 1 ? 3 : 1); times++, n++)
		{
			memcpy(repeated.values + (size_t) n * FIXTURE_FEATURES,
				   train.values + (size_t) i * FIXTURE_FEATURES, sizeof(float) * FIXTURE_FEATURES);
			repeated.labels[n] = train.labels[i];
		}
	}
	repeated.matrix.n_rows = n;
	repeated_set = tree_training_set(&repeated, 2);
	set.class_weights = weights;
	weighted = fit(kind, &set, json);
	counted = fit(kind, &repeated_set, json);
	/* the quantiles are others, so the trees are nearly the same only */
	assert_true(fabs(measure(&weighted, &train).log_loss - measure(&counted, &train).log_loss) <
				0.02);
}

/* A sparse feature is the same as a dense one with zeros. */
static void
test_sparse_features(void **state)
{
	uint32_t n_rows = 400;
	TreeRows dense = allocate_rows(n_rows, 5);
	TreeRows mixed = allocate_rows(n_rows, 5);
	TrainingSet dense_set = tree_training_set(&dense, 2);
	TrainingSet mixed_set;
	uint64_t n = 0;
	Classifier first;
	Classifier second;

	(void) state;
	for (uint32_t i = 0; i < n_rows; i++)
	{
		((uint64_t *) mixed.matrix.row_starts)[i] = n;
		for (uint32_t j = 0; j < 5; j++)
		{
			float value = (float) (uniform(i, j) - 0.3);

			if (j < 4 && uniform(i, 10 + j) < 0.7)
				value = 0;
			dense.values[5 * i + j] = value;
			if (value != 0)
			{
				((uint32_t *) mixed.matrix.indices)[n] = j;
				mixed.values[n++] = value;
			}
		}
		dense.labels[i] = uniform(i, 99) < 0.2 + 0.6 * (dense.values[5 * i] > 0.2f);
	}
	((uint64_t *) mixed.matrix.row_starts)[n_rows] = n;
	mixed_set = (TrainingSet){
		.features = mixed.matrix, .labels = dense.labels, .n_classes = 2, .seed = 1, .n_dense = 1};
	first = fit(kind, &dense_set, "{\"n_estimators\": 20}");
	second = fit(kind, &mixed_set, "{\"n_estimators\": 20}");
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.bytes, second.bytes, first.length);
	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow dense_row = sparse_matrix_row(&dense.matrix, i);
		SparseRow mixed_row = sparse_matrix_row(&mixed.matrix, i);
		double dense_probabilities[2];
		double mixed_probabilities[2];

		kind->predict(&first, &dense_row, dense_probabilities);
		kind->predict(&second, &mixed_row, mixed_probabilities);
		assert_true(dense_probabilities[1] == mixed_probabilities[1]);
	}
}

/* A probability is explained as it is. */
static void
forest_output(const double *probabilities, uint32_t n_classes, uint32_t class_index, double *output,
			  bool *is_difference)
{
	(void) n_classes;
	*output = probabilities[class_index];
	*is_difference = false;
}

static void
test_explain(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);
		Classifier classifier = fit(kind, &set, "{\"n_estimators\": 20, \"max_depth\": 0}");

		check_explanations(&classifier, &train, 10, forest_output);
	}
}

/* An interrupt while a row is explained leaves clean scratch memory. */
static void
test_interrupted_explain(void **state)
{
	TreeRows train = make_tree_rows(0, 200, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	Classifier classifier = fit(kind, &set, "{\"n_estimators\": 20}");
	SparseRow row = sparse_matrix_row(&train.matrix, 0);
	double contributions[FIXTURE_FEATURES];
	double intercept;

	(void) state;
	test_host_interrupt_after = 5;
	assert_host_error(HOST_ERROR_INTERNAL,
					  kind->explain(&classifier, &row, 1, contributions, &intercept));
	for (uint32_t j = 0; j < FIXTURE_FEATURES; j++)
		assert_true(((float *) classifier.scratch)[j] == 0);
}

static void
test_threads(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);

		check_threads(kind, &set, "{\"n_estimators\": 30}");
		check_threads(kind, &set, "{\"n_estimators\": 30, \"criterion\": \"entropy\"}");
	}
}

/* Trees so large that a task cannot finish one. */
static void
test_large_trees(void **state)
{
	TreeRows train = make_tree_rows(0, 30000, 2, false);
	TrainingSet set = tree_training_set(&train, 2);

	(void) state;
	check_threads(kind, &set, "{\"n_estimators\": 2, \"tree_max_features\": \"all\"}");
	check_interrupts(kind, &set, "{\"n_estimators\": 2, \"tree_max_features\": \"all\"}");
}

static void
test_seeds(void **state)
{
	TreeRows train = make_tree_rows(0, 200, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	Classifier first = fit(kind, &set, "{\"n_estimators\": 5}");
	Classifier second;

	(void) state;
	set.seed = 2;
	second = fit(kind, &set, "{\"n_estimators\": 5}");
	assert_true(first.length != second.length ||
				memcmp(first.bytes, second.bytes, first.length) != 0);
}

static void
test_interrupts(void **state)
{
	TreeRows train = make_tree_rows(0, FIXTURE_TRAINING_ROWS, 2, false);
	TrainingSet set = tree_training_set(&train, 2);

	(void) state;
	check_interrupts(kind, &set, "{\"n_estimators\": 50}");
}

static void
test_memory_is_freed(void **state)
{
	TreeRows train = make_tree_rows(0, 300, 4, true);
	TrainingSet set = tree_training_set(&train, 4);
	size_t before = test_host_allocated;
	Classifier classifier = fit(kind, &set, "{\"n_estimators\": 5, \"criterion\": \"entropy\"}");

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
		TreeRows train = make_tree_rows(0, 40, n_classes, true);
		TrainingSet set = tree_training_set(&train, n_classes);
		Classifier classifier = fit(kind, &set, "{\"n_estimators\": 3}");
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

/* A forest too large for an image, and features too many for a table. */
static void
test_limits(void **state)
{
	TreeRows train = make_tree_rows(0, 200, 2, false);
	TrainingSet set = tree_training_set(&train, 2);
	TreeRows two = allocate_rows(2, 0);
	TrainingSet wide = tree_training_set(&two, 2);
	RandomForestOptions options;
	ParameterGroup group = {kind->parameters, kind->n_parameters, &options};
	/* other sections come first */
	ByteBuffer image = {.data = host_allocate(IMAGE_MAX_SIZE + 4096 * 1024),
						.length = IMAGE_MAX_SIZE - 4096,
						.capacity = IMAGE_MAX_SIZE + 4096 * 1024};

	(void) state;
	parameters_parse("{}", &group, 1);
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, kind->fit(&set, &options, &image));
	assert_non_null(strstr(test_host_error.hint, "max_depth"));
	wide.features.n_rows = 100000;
	wide.features.n_features = 100000;
	wide.n_dense = 0;
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, fit(kind, &wide, "{}"));
	assert_non_null(strstr(test_host_error.hint, "svd_components"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_same_as_scikit_learn, free_memory),
		cmocka_unit_test_teardown(test_importance, free_memory),
		cmocka_unit_test_teardown(test_missing_values, free_memory),
		cmocka_unit_test_teardown(test_only_missing_tells, free_memory),
		cmocka_unit_test_teardown(test_single_tree, free_memory),
		cmocka_unit_test_teardown(test_split_search, free_memory),
		cmocka_unit_test_teardown(test_odd_rows, free_memory),
		cmocka_unit_test_teardown(test_huge_values, free_memory),
		cmocka_unit_test_teardown(test_class_weights, free_memory),
		cmocka_unit_test_teardown(test_sparse_features, free_memory),
		cmocka_unit_test_teardown(test_explain, free_memory),
		cmocka_unit_test_teardown(test_interrupted_explain, free_memory),
		cmocka_unit_test_teardown(test_threads, free_memory),
		cmocka_unit_test_teardown(test_large_trees, free_memory),
		cmocka_unit_test_teardown(test_seeds, free_memory),
		cmocka_unit_test_teardown(test_interrupts, free_memory),
		cmocka_unit_test_teardown(test_memory_is_freed, free_memory),
		cmocka_unit_test_teardown(test_validate, free_memory),
		cmocka_unit_test_teardown(test_limits, free_memory),
	};

	return cmocka_run_group_tests_name("random_forest", tests, NULL, NULL);
}
