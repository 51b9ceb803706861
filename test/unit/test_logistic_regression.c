/*
 * test_logistic_regression.c
 *	  Logistic regression against scikit-learn, against its own objective, and on odd rows.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/models/classifier.h"
#include "core/models/logistic_regression.h"
#include "host.h"
#include "logistic_regression_fixture.h"

static const ClassifierKind *const kind = &logistic_regression_kind;

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_interrupt_after = 0;
	test_host_free_all();
	return 0;
}

/* Options from JSON. */
static LogisticRegressionOptions
parse_options(const char *json)
{
	LogisticRegressionOptions options;
	ParameterGroup group = {kind->parameters, kind->n_parameters, &options};

	parameters_parse(json, &group, 1);
	return options;
}

/* Fit, and check that the image is as large as announced and valid. */
static Classifier
fit(const TrainingSet *training_set, const char *json)
{
	LogisticRegressionOptions options = parse_options(json);
	uint32_t n_features = training_set->features.n_features;
	ByteBuffer image = {0};

	kind->fit(training_set, &options, &image);
	Classifier classifier = {kind,       n_features,   training_set->n_classes,
							 image.data, image.length, NULL};
	assert_int_equal(image.length, kind->image_size(n_features, training_set->n_classes, &options));
	assert_null(kind->validate(&classifier));
	return classifier;
}

/* Outputs of a model, as the image's description says. */
static uint32_t
n_outputs_of(const Classifier *classifier)
{
	return classifier->n_classes == 2 ? 1 : classifier->n_classes;
}

/* The intercepts in the image. */
static const double *
intercepts_of(const Classifier *classifier)
{
	return (const double *) ((const char *) classifier->bytes + 16);
}

/* The weights in the image, (n_features, n_outputs). */
static const float *
weights_of(const Classifier *classifier)
{
	size_t offset = 16 + (n_outputs_of(classifier) * sizeof(double) + 15) / 16 * 16;

	return (const float *) ((const char *) classifier->bytes + offset);
}

/* A readable model: the outputs of a row, one feature after the other. */
static void
reference_outputs(const Classifier *classifier, const SparseRow *row, double *outputs)
{
	uint32_t n_outputs = n_outputs_of(classifier);

	for (uint32_t k = 0; k < n_outputs; k++)
	{
		outputs[k] = intercepts_of(classifier)[k];
		for (uint32_t j = 0; j < row->count; j++)
			outputs[k] += (double) row->values[j] *
						  weights_of(classifier)[(size_t) row->indices[j] * n_outputs + k];
	}
}

/* And its probabilities. */
static void
reference_probabilities(const Classifier *classifier, const SparseRow *row, double *probabilities)
{
	double outputs[MAX_CLASSES] = {0};
	double sum = 0;

	reference_outputs(classifier, row, outputs);
	if (classifier->n_classes == 2)
	{
		outputs[1] = outputs[0];
		outputs[0] = 0;
	}
	for (uint32_t k = 0; k < classifier->n_classes; k++)
		sum += exp(outputs[k]);
	for (uint32_t k = 0; k < classifier->n_classes; k++)
		probabilities[k] = exp(outputs[k]) / sum;
}

/* Weight of a row in the loss. */
static double
row_cost(const TrainingSet *set, const LogisticRegressionOptions *options, uint32_t row)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < set->features.n_rows; i++)
		count += set->labels[i] == set->labels[row];
	if (options->class_weight == CLASS_WEIGHT_BALANCED)
		return options->C * set->features.n_rows / ((double) set->n_classes * count);
	return options->C;
}

/* The size of the weights that the penalty counts. */
static double
reference_penalty(const Classifier *classifier, int penalty)
{
	size_t count = (size_t) classifier->n_features * n_outputs_of(classifier);
	double sum = 0;

	for (size_t i = 0; i < count; i++)
	{
		double weight = weights_of(classifier)[i];

		sum += penalty == PENALTY_L1 ? fabs(weight) : weight * weight / 2;
	}
	return sum;
}

/* What the solver should have minimised. */
static double
reference_objective(const Classifier *classifier, const TrainingSet *set, const char *json)
{
	LogisticRegressionOptions options = parse_options(json);
	double probabilities[MAX_CLASSES];
	double loss = 0;

	for (uint32_t i = 0; i < set->features.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&set->features, i);

		reference_probabilities(classifier, &row, probabilities);
		loss -= row_cost(set, &options, i) * log(probabilities[set->labels[i]]);
	}
	return reference_penalty(classifier, options.penalty) + loss;
}

/* The fixture's training rows with the labels of a case. */
static TrainingSet
fixture_training_set(uint32_t n_classes)
{
	uint32_t *labels = host_allocate_array(uint32_t, FIXTURE_TRAINING_ROWS);
	SparseMatrix features = {FIXTURE_TRAINING_ROWS, FIXTURE_FEATURES, fixture_row_starts,
							 fixture_indices, fixture_values};

	for (uint32_t i = 0; i < FIXTURE_TRAINING_ROWS; i++)
		labels[i] = fixture_labels[i] % n_classes;
	return (TrainingSet){features, labels, n_classes, 1, 0, NULL};
}

/* A held-out row of the fixture. */
static SparseRow
fixture_held_out_row(uint32_t row)
{
	SparseMatrix features = {FIXTURE_TRAINING_ROWS + FIXTURE_HELD_OUT_ROWS, FIXTURE_FEATURES,
							 fixture_row_starts, fixture_indices, fixture_values};

	return sparse_matrix_row(&features, FIXTURE_TRAINING_ROWS + row);
}

/* Compare a fit with what scikit-learn made of the same rows. */
static void
check_fixture_case(const FixtureCase *expected)
{
	TrainingSet set = fixture_training_set(expected->n_classes);
	Classifier classifier = fit(&set, expected->parameters);
	double objective = reference_objective(&classifier, &set, expected->parameters);
	size_t n_all_weights = (size_t) FIXTURE_FEATURES * n_outputs_of(&classifier);
	int n_weights = 0;

	if (fabs(objective - expected->objective) > 1e-6 * expected->objective)
		fail_msg("%s: objective %.10g, not %.10g", expected->name, objective, expected->objective);
	for (uint32_t i = 0; i < FIXTURE_HELD_OUT_ROWS; i++)
	{
		SparseRow row = fixture_held_out_row(i);
		double probabilities[FIXTURE_CLASSES];

		kind->predict(&classifier, &row, probabilities);
		for (uint32_t k = 0; k < expected->n_classes; k++)
		{
			if (!(fabs(probabilities[k] - expected->probabilities[i][k]) <= 1e-4))
				fail_msg("%s: probability %.6f, not %.6f", expected->name, probabilities[k],
						 expected->probabilities[i][k]);
		}
	}
	for (size_t i = 0; i < n_all_weights; i++)
		n_weights += weights_of(&classifier)[i] != 0;
	if (n_weights != expected->n_weights)
		fail_msg("%s: %d weights, not %d", expected->name, n_weights, expected->n_weights);
}

static void
test_same_as_scikit_learn(void **state)
{
	size_t n_cases = sizeof(fixture_cases) / sizeof(fixture_cases[0]);

	(void) state;
	for (size_t i = 0; i < n_cases; i++)
		check_fixture_case(&fixture_cases[i]);
}

/* The default tol keeps probabilities within 2e-3 of the optimum, for every penalty and seed. */
static void
test_default_tol(void **state)
{
	const char *const parameters[] = {"{\"C\": 10}", "{\"C\": 1}",
									  "{\"C\": 10, \"penalty\": \"l1\"}"};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
		{
			TrainingSet set = fixture_training_set(n_classes);
			char tight[200];
			Classifier exact;

			snprintf(tight, sizeof(tight), "%.*s, \"tol\": 1e-6, \"max_iter\": 1000}",
					 (int) strlen(parameters[i]) - 1, parameters[i]);
			exact = fit(&set, tight);
			for (set.seed = 0; set.seed < 20; set.seed++)
			{
				Classifier classifier = fit(&set, parameters[i]);

				for (uint32_t j = 0; j < FIXTURE_HELD_OUT_ROWS; j++)
				{
					SparseRow row = fixture_held_out_row(j);
					double expected[FIXTURE_CLASSES];
					double probabilities[FIXTURE_CLASSES];

					kind->predict(&exact, &row, expected);
					kind->predict(&classifier, &row, probabilities);
					for (uint32_t k = 0; k < n_classes; k++)
						assert_true(fabs(probabilities[k] - expected[k]) <= 2e-3);
				}
			}
		}
	}
}

/* A matrix under construction, row by row. */
typedef struct Rows
{
	SparseMatrix matrix;
	uint64_t *row_starts;
	uint32_t *indices;
	float *values;
	uint32_t *labels;
	uint64_t n_entries;
} Rows;

/* Room for rows. */
static Rows
begin_rows(uint32_t max_rows, uint64_t max_entries, uint32_t n_features)
{
	Rows rows = {.row_starts = host_allocate_zero_array(uint64_t, max_rows + 1),
				 .indices = host_allocate_array(uint32_t, max_entries + 1),
				 .values = host_allocate_array(float, max_entries + 1),
				 .labels = host_allocate_array(uint32_t, max_rows + 1)};

	rows.matrix = (SparseMatrix){0, n_features, rows.row_starts, rows.indices, rows.values};
	return rows;
}

/* Add an entry to the row that add_row will close. */
static void
add_entry(Rows *rows, uint32_t index, float value)
{
	rows->indices[rows->n_entries] = index;
	rows->values[rows->n_entries++] = value;
}

/* Close a row. */
static void
add_row(Rows *rows, uint32_t label)
{
	rows->labels[rows->matrix.n_rows++] = label;
	rows->row_starts[rows->matrix.n_rows] = rows->n_entries;
}

/* The rows as a training set. */
static TrainingSet
training_set_of(const Rows *rows, uint32_t n_classes)
{
	return (TrainingSet){rows->matrix, rows->labels, n_classes, 1, 0, NULL};
}

/* Random rows of norm 1, with labels that depend on them in part. */
static Rows
random_rows(uint32_t n_rows, uint32_t n_entries, uint32_t n_features, uint32_t n_classes)
{
	Rows rows = begin_rows(n_rows, (uint64_t) n_rows * n_entries, n_features);
	uint64_t random = 1;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		uint32_t stride = n_features / n_entries;
		uint32_t label = (uint32_t) (hash_mix(random += 77) % n_classes);

		for (uint32_t j = 0; j < n_entries; j++)
		{
			uint64_t bits = hash_mix(random += 77);
			/* half of the entries prefer features of their class */
			uint32_t index = (uint32_t) (bits % stride);

			if (bits & (1 << 20))
				index -= index % n_classes == 0 ? 0 : index % n_classes;
			if (bits & (1 << 21))
				index = (index / n_classes * n_classes + label) % stride;
			add_entry(&rows, j * stride + index, 1 / sqrtf((float) n_entries));
		}
		add_row(&rows, i < n_classes ? i : label);
	}
	return rows;
}

/* The largest part of the gradient of the objective, over weights and intercepts (L2). */
static double
largest_gradient(const Classifier *classifier, const TrainingSet *set, const char *json)
{
	LogisticRegressionOptions options = parse_options(json);
	uint32_t n_outputs = n_outputs_of(classifier);
	size_t n_weights = (size_t) classifier->n_features * n_outputs;
	double *gradient = host_allocate_zero_array(double, n_weights + n_outputs);
	double largest = 0;

	for (size_t i = 0; i < n_weights; i++)
		gradient[i] = weights_of(classifier)[i];
	for (uint32_t i = 0; i < set->features.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&set->features, i);
		double cost = row_cost(set, &options, i);
		double probabilities[MAX_CLASSES];

		reference_probabilities(classifier, &row, probabilities);
		for (uint32_t k = 0; k < n_outputs; k++)
		{
			uint32_t class_index = n_outputs == 1 ? 1 : k;
			double excess = cost * (probabilities[class_index] - (set->labels[i] == class_index));

			gradient[n_weights + k] += excess;
			for (uint32_t j = 0; j < row.count; j++)
				gradient[(size_t) row.indices[j] * n_outputs + k] += excess * row.values[j];
		}
	}
	for (size_t i = 0; i < n_weights + n_outputs; i++)
		largest = fmax(largest, fabs(gradient[i]));
	return largest;
}

/* At a tight tol the gradient is gone, whatever C. */
static void
test_gradient_vanishes(void **state)
{
	Rows two = random_rows(500, 10, 600, 2);
	Rows five = random_rows(500, 10, 600, 5);
	TrainingSet sets[] = {training_set_of(&two, 2), training_set_of(&five, 5)};
	const double C[] = {1e-6, 1e-3, 1, 10, 1000};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		for (int j = 0; j < 5; j++)
		{
			char json[200];
			Classifier classifier;

			snprintf(json, sizeof(json), "{\"C\": %g, \"tol\": 1e-7, \"max_iter\": 1000}", C[j]);
			classifier = fit(&sets[i], json);
			/* at w = 0 it is C times some tens of rows */
			if (!(largest_gradient(&classifier, &sets[i], json) <= 2e-5 * C[j] * 100))
				fail_msg("%s: gradient %g", json, largest_gradient(&classifier, &sets[i], json));
		}
	}
}

/* The same rows, parameters and seed give the same bytes; another seed the same model. */
static void
test_deterministic(void **state)
{
	const char *const parameters[] = {"{}", "{\"penalty\": \"l1\"}"};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
		{
			TrainingSet set = fixture_training_set(n_classes);
			Classifier first = fit(&set, parameters[i]);
			Classifier second = fit(&set, parameters[i]);
			Classifier third;

			assert_int_equal(first.length, second.length);
			assert_memory_equal(first.bytes, second.bytes, first.length);
			set.seed = 2;
			third = fit(&set, parameters[i]);
			assert_true(memcmp(first.bytes, third.bytes, first.length) != 0);
		}
	}
}

static void
test_interrupt(void **state)
{
	const char *const parameters[] = {"{\"tol\": 1e-12}", "{\"penalty\": \"l1\", \"tol\": 1e-12}"};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
		{
			TrainingSet set = fixture_training_set(n_classes);

			test_host_interrupt_after = 4;
			assert_host_error(HOST_ERROR_INTERNAL, fit(&set, parameters[i]));
			assert_string_equal(test_host_error.message, "interrupted");
		}
	}
}

/* A long training asks for interrupts often: at least once every so many entries. */
static void
test_interrupt_often(void **state)
{
	Rows rows = random_rows(20000, 100, 5000, 2);
	TrainingSet set = training_set_of(&rows, 2);
	const long enough = 1000000;

	(void) state;
	test_host_interrupt_after = enough;
	fit(&set, "{\"max_iter\": 5, \"tol\": 1e-12}");
	/* five epochs and a measurement of two million entries, at a million a ms */
	assert_true(enough - test_host_interrupt_after >= 12);
}

/* Without a feature, or a term that is known, what is left are the shares of the classes. */
static void
test_no_features(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 3; n_classes++)
	{
		for (uint32_t n_features = 0; n_features <= 1; n_features++)
		{
			for (int l1 = 0; l1 < 2; l1++)
			{
				Rows rows = begin_rows(10, 0, n_features);
				TrainingSet set;
				Classifier classifier;
				SparseRow empty = {0};
				double probabilities[3];

				for (uint32_t i = 0; i < 10; i++)
					add_row(&rows, i < 7 ? 0 : i < 9 ? 1 : n_classes - 1);
				set = training_set_of(&rows, n_classes);
				classifier =
					fit(&set, l1 ? "{\"penalty\": \"l1\", \"tol\": 1e-6}" : "{\"tol\": 1e-6}");
				kind->predict(&classifier, &empty, probabilities);
				assert_true(fabs(probabilities[0] - 0.7) < 1e-5);
				assert_true(fabs(probabilities[n_classes - 1] - (n_classes == 2 ? 0.3 : 0.1)) <
							1e-5);
			}
		}
	}
}

/* Check that all numbers of a model are finite and its probabilities sum up to 1. */
static void
assert_sane(const Classifier *classifier, const TrainingSet *set)
{
	double probabilities[MAX_CLASSES];

	assert_null(kind->validate(classifier));
	for (uint32_t i = 0; i < set->features.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&set->features, i);
		double sum = 0;

		kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 0; k < set->n_classes; k++)
		{
			assert_true(probabilities[k] >= 0 && probabilities[k] <= 1);
			sum += probabilities[k];
		}
		assert_true(fabs(sum - 1) < 1e-9);
	}
}

/* Rows that are odd in some way, with every penalty and the limits of C. */
static void
check_odd_rows(const Rows *rows, uint32_t n_classes)
{
	const char *const penalties[] = {"l2", "l1"};
	const char *const weights[] = {"none", "balanced"};
	const char *const C[] = {"1e-6", "10", "1e6"};
	TrainingSet set = training_set_of(rows, n_classes);

	for (int i = 0; i < 12; i++)
	{
		char json[200];
		Classifier classifier;

		snprintf(json, sizeof(json),
				 "{\"penalty\": \"%s\", \"class_weight\": \"%s\", \"C\": %s, \"max_iter\": 200}",
				 penalties[i % 2], weights[i / 2 % 2], C[i / 4]);
		classifier = fit(&set, json);
		assert_sane(&classifier, &set);
	}
}

static void
test_odd_rows(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 3; n_classes++)
	{
		Rows separable = begin_rows(30, 30, 3);
		Rows equal = begin_rows(30, 60, 3);
		Rows lonely = begin_rows(30, 60, 3);
		Rows huge = begin_rows(30, 60, 3);

		for (uint32_t i = 0; i < 30; i++)
		{
			add_entry(&separable, i % n_classes, 1);
			add_row(&separable, i % n_classes);

			add_entry(&equal, 0, 0.6f);
			add_entry(&equal, 2, 0.8f);
			add_row(&equal, i % n_classes);

			/* one row a class but for the first, and a row without entries */
			if (i != 5)
				add_entry(&lonely, i % 3, 1);
			add_row(&lonely, i < n_classes ? i : 0);

			/* values that no TF-IDF has */
			add_entry(&huge, i % 3, i % 2 == 0 ? 1e6f : -1e4f);
			add_entry(&huge, (i + 1) % 3, 1e-6f);
			add_row(&huge, i * 7 % 5 % n_classes);
		}
		check_odd_rows(&separable, n_classes);
		check_odd_rows(&equal, n_classes);
		check_odd_rows(&lonely, n_classes);
		check_odd_rows(&huge, n_classes);
	}
}

/* Rows that are all equal but for the label get the shares of the labels. */
static void
test_equal_rows(void **state)
{
	Rows rows = begin_rows(10, 10, 1);
	TrainingSet set;
	Classifier classifier;
	SparseRow row;
	double probabilities[2];

	(void) state;
	for (uint32_t i = 0; i < 10; i++)
	{
		add_entry(&rows, 0, 1);
		add_row(&rows, i < 8);
	}
	set = training_set_of(&rows, 2);
	classifier = fit(&set, "{\"tol\": 1e-7}");
	row = sparse_matrix_row(&set.features, 0);
	kind->predict(&classifier, &row, probabilities);
	assert_true(fabs(probabilities[1] - 0.8) < 1e-5);
}

/* A thousand classes: the right one is found, in bounded memory. */
static void
test_many_classes(void **state)
{
	uint32_t n_rows = 2 * MAX_CLASSES;
	Rows rows = begin_rows(n_rows, 2 * (uint64_t) n_rows, MAX_CLASSES + 1);
	TrainingSet set;
	Classifier classifier;
	double probabilities[MAX_CLASSES];
	uint32_t n_right = 0;
	size_t before;

	(void) state;
	for (uint32_t i = 0; i < n_rows; i++)
	{
		add_entry(&rows, i % MAX_CLASSES, 0.8f);
		add_entry(&rows, MAX_CLASSES, 0.6f);
		add_row(&rows, i % MAX_CLASSES);
	}
	set = training_set_of(&rows, MAX_CLASSES);
	before = test_host_allocated;
	test_host_peak = before;
	classifier = fit(&set, "{\"C\": 100}");
	assert_true(test_host_peak - before < classifier.length + (size_t) n_rows * MAX_CLASSES * 4 +
											  n_rows * 12 + MAX_CLASSES * 200);
	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&set.features, i);

		kind->predict(&classifier, &row, probabilities);
		n_right += probabilities[set.labels[i]] > 0.5;
	}
	assert_int_equal(n_right, n_rows);
}

/* Two classes with the L2 penalty need little memory beside the rows. */
static void
test_memory(void **state)
{
	Rows rows = random_rows(5000, 10, 2000, 2);
	TrainingSet set = training_set_of(&rows, 2);
	size_t before = test_host_allocated;
	Classifier classifier;

	(void) state;
	test_host_peak = before;
	classifier = fit(&set, "{}");
	assert_true(test_host_peak - before <= classifier.length + 12 * 5000 + 1000);
}

/* The probabilities are those of the readable model. */
static void
test_predict(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes++)
	{
		Rows rows = random_rows(300, 50, 400, n_classes);
		TrainingSet set = training_set_of(&rows, n_classes);
		Classifier classifier = fit(&set, "{}");

		for (uint32_t i = 0; i < 300; i++)
		{
			SparseRow row = sparse_matrix_row(&set.features, i);
			double expected[4];
			double probabilities[4];

			/* rows of every length, the empty one too */
			row.count = i % 51;
			reference_probabilities(&classifier, &row, expected);
			kind->predict(&classifier, &row, probabilities);
			for (uint32_t k = 0; k < n_classes; k++)
				assert_true(fabs(probabilities[k] - expected[k]) < 1e-12);
		}
	}
}

/* Outputs of any size become probabilities. */
static void
test_predict_extreme(void **state)
{
	Rows rows = begin_rows(3, 3, 1);
	SparseRow row;

	(void) state;
	for (uint32_t i = 0; i < 3; i++)
	{
		add_entry(&rows, 0, 3e38f);
		add_row(&rows, i);
	}
	row = sparse_matrix_row(&rows.matrix, 0);
	for (uint32_t n_classes = 2; n_classes <= 3; n_classes++)
	{
		TrainingSet set = training_set_of(&rows, 3);
		Classifier classifier = fit(&set, "{\"max_iter\": 1}");
		double probabilities[3];

		for (uint32_t k = 0; k < 3; k++)
		{
			((float *) weights_of(&classifier))[k] = k == 1 ? 3e38f : -3e38f;
			((double *) intercepts_of(&classifier))[k] = k == 1 ? 1.7e308 : -1.7e308;
		}
		assert_null(kind->validate(&classifier));
		kind->predict(&classifier, &row, probabilities);
		assert_true(probabilities[0] == 0 && probabilities[1] == 1);
	}
}

/* Intercept and contributions sum up to the output. */
static void
test_explain(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TrainingSet set = fixture_training_set(n_classes);
		Classifier classifier = fit(&set, "{}");
		SparseRow row = fixture_held_out_row(0);
		double *contributions = host_allocate_array(double, row.count);
		double outputs[FIXTURE_CLASSES];

		reference_outputs(&classifier, &row, outputs);
		for (uint32_t k = 0; k < n_classes; k++)
		{
			double expected = n_classes > 2 ? outputs[k] : k == 1 ? outputs[0] : -outputs[0];
			double sum;

			kind->explain(&classifier, &row, k, contributions, &sum);
			for (uint32_t j = 0; j < row.count; j++)
				sum += contributions[j];
			assert_true(fabs(sum - expected) < 1e-12);
		}
	}
}

/* Validate a copy in a block of exactly its size, so that a sanitizer sees a read beyond it. */
static const char *
validate_bytes(const Classifier *classifier, const char *bytes, size_t length)
{
	char *copy = host_allocate(length);
	Classifier changed = *classifier;
	const char *problem;

	memcpy(copy, bytes, length);
	changed.bytes = copy;
	changed.length = length;
	problem = kind->validate(&changed);
	host_free(copy);
	return problem;
}

static void
test_validate(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		TrainingSet set = fixture_training_set(n_classes);
		Classifier classifier = fit(&set, "{}");
		size_t length = classifier.length;
		char *bytes = host_allocate(length + 4);
		const double infinite = INFINITY;
		const float not_a_number = NAN;
		Classifier other;

		memcpy(bytes, classifier.bytes, length);
		assert_null(validate_bytes(&classifier, bytes, length));
		for (size_t i = 0; i < length; i++)
			assert_non_null(validate_bytes(&classifier, bytes, i));
		assert_non_null(validate_bytes(&classifier, bytes, length + 4));
		/* every bit of the header counts */
		for (int i = 0; i < 16 * 8; i++)
		{
			bytes[i / 8] ^= (char) (1 << i % 8);
			assert_non_null(validate_bytes(&classifier, bytes, length));
			bytes[i / 8] ^= (char) (1 << i % 8);
		}
		/* numbers that are not finite: the first intercept, the last weight */
		memcpy(bytes + 16, &infinite, sizeof(infinite));
		assert_non_null(validate_bytes(&classifier, bytes, length));
		memcpy(bytes, classifier.bytes, length);
		memcpy(bytes + length - sizeof(float), &not_a_number, sizeof(float));
		assert_non_null(validate_bytes(&classifier, bytes, length));
		/* a model of other sizes */
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

/* Sizes are right where 32 bits would overflow. */
static void
test_image_size(void **state)
{
	LogisticRegressionOptions options = parse_options("{}");

	(void) state;
	assert_int_equal(kind->image_size(0, 2, &options), 32);
	assert_true(kind->image_size(UINT32_MAX, 1000, &options) ==
				16 + 8000 + (size_t) UINT32_MAX * 1000 * 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_same_as_scikit_learn, free_memory),
		cmocka_unit_test_teardown(test_default_tol, free_memory),
		cmocka_unit_test_teardown(test_gradient_vanishes, free_memory),
		cmocka_unit_test_teardown(test_deterministic, free_memory),
		cmocka_unit_test_teardown(test_interrupt, free_memory),
		cmocka_unit_test_teardown(test_interrupt_often, free_memory),
		cmocka_unit_test_teardown(test_no_features, free_memory),
		cmocka_unit_test_teardown(test_odd_rows, free_memory),
		cmocka_unit_test_teardown(test_equal_rows, free_memory),
		cmocka_unit_test_teardown(test_many_classes, free_memory),
		cmocka_unit_test_teardown(test_memory, free_memory),
		cmocka_unit_test_teardown(test_predict, free_memory),
		cmocka_unit_test_teardown(test_predict_extreme, free_memory),
		cmocka_unit_test_teardown(test_explain, free_memory),
		cmocka_unit_test_teardown(test_validate, free_memory),
		cmocka_unit_test_teardown(test_image_size, free_memory),
	};

	return cmocka_run_group_tests_name("logistic_regression", tests, NULL, NULL);
}
