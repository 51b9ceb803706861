/*
 * tree_rows.h
 *	  Rows for the tests of decision trees: made by arithmetic that trees_fixture.py repeats.
 */
#ifndef SENTIMENT_TEST_TREE_ROWS_H
#define SENTIMENT_TEST_TREE_ROWS_H

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/models/classifier.h"
#include "core/threads.h"
#include "host.h"
#include "trees_fixture.h"

/* Rows that all have the same features, all dense. */
typedef struct TreeRows
{
	SparseMatrix matrix;
	float *values; /* (n_rows, n_features) */
	uint32_t *labels;
} TreeRows;

/* Free what a test left behind, and end the threads. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_interrupt_after = 0;
	test_host_threads = 2;
	threads_stop();
	test_host_free_all();
	return 0;
}

/* A random number from 0 to 1. */
static inline double
uniform(uint64_t row, uint64_t column)
{
	uint64_t word = row * UINT64_C(0x9e3779b97f4a7c15) + column * UINT64_C(0xd1b54a32d192ed03) + 1;

	return (double) (hash_mix(word) >> 11) * 0x1p-53;
}

/* Room for rows. */
static inline TreeRows
allocate_rows(uint32_t n_rows, uint32_t n_features)
{
	size_t n_values = (size_t) n_rows * n_features;
	uint64_t *row_starts = host_allocate_array(uint64_t, (size_t) n_rows + 1);
	uint32_t *indices = host_allocate_array(uint32_t, n_values + 1);
	TreeRows rows = {.values = host_allocate_zero_array(float, n_values + 1),
					 .labels = host_allocate_zero_array(uint32_t, n_rows + 1)};

	for (uint32_t i = 0; i <= n_rows; i++)
		row_starts[i] = (uint64_t) i * n_features;
	for (size_t i = 0; i < n_values; i++)
		indices[i] = (uint32_t) (i % n_features);
	rows.matrix = (SparseMatrix){n_rows, n_features, row_starts, indices, rows.values};
	return rows;
}

/* The features of a row, none missing; answers its score. */
static inline double
make_row(uint64_t row, float *values)
{
	double x[FIXTURE_FEATURES];

	for (uint32_t j = 0; j < FIXTURE_FEATURES; j++)
		x[j] = uniform(row, 4 * j) + uniform(row, 4 * j + 1) + uniform(row, 4 * j + 2) +
			   uniform(row, 4 * j + 3) - 2;
	x[5] = floor(uniform(row, 100) * 4);
	x[11] = 1;
	for (uint32_t j = 0; j < FIXTURE_FEATURES; j++)
		values[j] = (float) x[j];
	return 1.5 * x[0] + 3 * x[1] * x[2] + (x[3] > 0.3 ? 1 : -0.5) + 0.3 * x[5] + x[4] +
		   2 * (uniform(row, 101) - 0.5);
}

/* The fixture's rows from first on. */
static inline TreeRows
make_tree_rows(uint32_t first, uint32_t n_rows, uint32_t n_classes, bool missing)
{
	TreeRows rows = allocate_rows(n_rows, FIXTURE_FEATURES);

	for (uint32_t i = 0; i < n_rows; i++)
	{
		float *values = rows.values + (size_t) i * FIXTURE_FEATURES;
		double score = make_row(first + i, values);

		for (uint32_t j = 0; missing && j < 5; j++)
		{
			if (uniform(first + i, 200 + j) < 0.15 + (j == 0 && score > 1 ? 0.2 : 0))
				values[j] = NAN;
		}
		rows.labels[i] =
			n_classes == 2 ? score > 0.8 : (score > -0.6) + (score > 0.5) + (score > 1.8);
	}
	return rows;
}

/* The rows as a training set. */
static inline TrainingSet
tree_training_set(const TreeRows *rows, uint32_t n_classes)
{
	return (TrainingSet){.features = rows->matrix,
						 .labels = rows->labels,
						 .n_classes = n_classes,
						 .seed = 1,
						 .n_dense = rows->matrix.n_features};
}

/* Fit with parameters from JSON. */
static inline Classifier
fit_unopened(const ClassifierKind *kind, const TrainingSet *set, const char *json)
{
	void *options = host_allocate_zero(kind->options_size);
	ParameterGroup group = {kind->parameters, kind->n_parameters, options};
	uint32_t n_features = set->features.n_features;
	ByteBuffer image = {0};
	Classifier classifier;

	parameters_parse(json, &group, 1);
	kind->fit(set, options, &image);
	assert_true(image.length >= kind->image_size(n_features, set->n_classes, options));
	classifier = (Classifier){kind, n_features, set->n_classes, image.data, image.length, NULL};
	host_free(options);
	return classifier;
}

/* Fit and open. */
static inline Classifier
fit(const ClassifierKind *kind, const TrainingSet *set, const char *json)
{
	Classifier classifier = fit_unopened(kind, set, json);

	assert_null(classifier_open(&classifier));
	return classifier;
}

/* Held-out figures. */
typedef struct TreeFigures
{
	double accuracy;
	double macro_f1;
	double log_loss;
} TreeFigures;

/* Predict rows; check that all probabilities are such, and sum up to 1. */
static inline TreeFigures
measure(const Classifier *classifier, const TreeRows *rows)
{
	uint32_t confusion[FIXTURE_CLASSES][FIXTURE_CLASSES] = {{0}};
	uint32_t n_rows = rows->matrix.n_rows;
	uint32_t n_present = 0;
	TreeFigures figures = {0};

	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&rows->matrix, i);
		double probabilities[FIXTURE_CLASSES];
		uint32_t best = 0;
		double sum = 0;

		classifier->kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 0; k < classifier->n_classes; k++)
		{
			assert_true(probabilities[k] >= 0 && probabilities[k] <= 1);
			best = probabilities[k] > probabilities[best] ? k : best;
			sum += probabilities[k];
		}
		assert_true(fabs(sum - 1) < 1e-9);
		confusion[rows->labels[i]][best]++;
		figures.accuracy += (best == rows->labels[i]) / (double) n_rows;
		figures.log_loss -= log(fmax(probabilities[rows->labels[i]], 1e-15)) / n_rows;
	}
	for (uint32_t k = 0; k < classifier->n_classes; k++)
	{
		uint32_t sum = 0;

		for (uint32_t other = 0; other < classifier->n_classes; other++)
			sum += confusion[k][other] + confusion[other][k];
		n_present += sum > 0;
		figures.macro_f1 += sum > 0 ? 2.0 * confusion[k][k] / sum : 0;
	}
	figures.macro_f1 /= n_present;
	return figures;
}

/*
 * Explain rows: contributions and intercept must sum up to the output, and scratch memory be zero
 * again.
 */
static inline void
check_explanations(const Classifier *classifier, const TreeRows *rows, uint32_t n_rows,
				   void (*output_of)(const double *probabilities, uint32_t n_classes,
									 uint32_t class_index, double *output, bool *is_difference))
{
	double *contributions = host_allocate_array(double, classifier->n_features);

	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&rows->matrix, i);
		double sums[FIXTURE_CLASSES];
		double outputs[FIXTURE_CLASSES];
		double probabilities[FIXTURE_CLASSES];
		bool is_difference = false;

		classifier->kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 0; k < classifier->n_classes; k++)
		{
			classifier->kind->explain(classifier, &row, k, contributions, &sums[k]);
			for (uint32_t j = 0; j < row.count; j++)
				sums[k] += contributions[j];
			output_of(probabilities, classifier->n_classes, k, &outputs[k], &is_difference);
		}
		for (uint32_t k = 0; k < classifier->n_classes; k++)
		{
			/* logits are known up to a constant */
			double sum = is_difference ? sums[k] - sums[0] : sums[k];
			double output = is_difference ? outputs[k] - outputs[0] : outputs[k];

			if (!(fabs(sum - output) < 1e-6))
				fail_msg("explained %.9f of %.9f", sum, output);
		}
		for (uint32_t j = 0; j < classifier->n_features; j++)
			assert_true(((float *) classifier->scratch)[j] == 0);
	}
}

/* Validate a copy in a block of exactly its size, so that a sanitizer sees a read beyond it. */
static inline const char *
validate_bytes(const Classifier *classifier, const char *bytes, size_t length)
{
	char *copy = host_allocate(length);
	Classifier changed = *classifier;
	const char *problem;

	memcpy(copy, bytes, length);
	changed.bytes = copy;
	changed.length = length;
	problem = changed.kind->validate(&changed);
	host_free(copy);
	return problem;
}

/*
 * Flip every bit of an image, one at a time: what still passes as valid can be asked and explained
 * without harm.
 */
static inline void
check_flipped_bits(const Classifier *classifier, const TreeRows *rows)
{
	char *bytes = host_allocate(classifier->length);
	double *contributions = host_allocate_array(double, classifier->n_features);
	SparseRow row = sparse_matrix_row(&rows->matrix, 0);

	memcpy(bytes, classifier->bytes, classifier->length);
	for (size_t i = 0; i < classifier->length * 8; i++)
	{
		Classifier changed = *classifier;
		double probabilities[FIXTURE_CLASSES];
		double intercept;

		bytes[i / 8] ^= (char) (1 << i % 8);
		changed.bytes = bytes;
		if (classifier_open(&changed) == NULL)
		{
			changed.kind->predict(&changed, &row, probabilities);
			changed.kind->explain(&changed, &row, 0, contributions, &intercept);
		}
		else
			/* the header counts, all of it but the depth, which may be larger than it need be */
			assert_null(changed.scratch);
		assert_true(i >= 24 * 8 || changed.scratch == NULL);
		classifier_close(&changed);
		bytes[i / 8] ^= (char) (1 << i % 8);
	}
	for (size_t length = 0; length < classifier->length; length++)
		assert_non_null(validate_bytes(classifier, bytes, length));
	host_free(bytes);
	host_free(contributions);
}

/* The same bytes come out whatever the number of threads. */
static inline void
check_threads(const ClassifierKind *kind, const TrainingSet *set, const char *json)
{
	Classifier first;

	test_host_threads = 1;
	first = fit_unopened(kind, set, json);
	for (test_host_threads = 2; test_host_threads <= 5; test_host_threads++)
	{
		Classifier other = fit_unopened(kind, set, json);

		assert_int_equal(first.length, other.length);
		assert_memory_equal(first.bytes, other.bytes, first.length);
	}
	test_host_threads = 2;
}

/* A training that is interrupted ends, wherever that is, and the next one works. */
static inline void
check_interrupts(const ClassifierKind *kind, const TrainingSet *set, const char *json)
{
	const long enough = 100000000;
	long n_checks;
	Classifier undisturbed = fit_unopened(kind, set, json);
	Classifier again;

	/* with one thread it is always as many checks */
	test_host_threads = 1;
	test_host_interrupt_after = enough;
	fit_unopened(kind, set, json);
	n_checks = enough - test_host_interrupt_after;
	assert_true(n_checks > 10);
	for (int i = 1; i < 12; i++)
	{
		/* with more, a check may be later */
		test_host_threads = i < 8 ? 1 : 3;
		test_host_interrupt_after = i < 8 ? 1 + n_checks * i / 8 : i - 7;
		assert_host_error(HOST_ERROR_INTERNAL, fit_unopened(kind, set, json));
		assert_string_equal(test_host_error.message, "interrupted");
	}
	test_host_threads = 2;
	test_host_interrupt_after = 0;
	again = fit_unopened(kind, set, json);
	assert_int_equal(again.length, undisturbed.length);
	assert_memory_equal(again.bytes, undisturbed.bytes, again.length);
}

#endif /* SENTIMENT_TEST_TREE_ROWS_H */
