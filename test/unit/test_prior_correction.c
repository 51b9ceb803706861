/*
 * test_prior_correction.c
 *	  Scores of balanced models at the base rates, against the papers' formulas, and of all kinds of classifiers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/host.h"
#include "core/model_image.h"
#include "core/pipeline_train.h"
#include "core/threads.h"
#include "host.h"
#include "prior_correction_fixture.h"

/* Correct probabilities of rows, and compare. */
static void
check_rows(const double *ratios, uint32_t n_classes, const double *asked, const double *expected,
		   uint32_t n_rows)
{
	for (uint32_t i = 0; i < n_rows; i++)
	{
		double row[4];
		uint32_t best = 0;

		for (uint32_t k = 0; k < n_classes; k++)
		{
			row[k] = asked[i * n_classes + k];
			if (row[k] > row[best])
				best = k;
		}
		prior_correction_apply(ratios, n_classes, row);
		for (uint32_t k = 0; k < n_classes; k++)
			assert_true(fabs(row[k] - expected[i * n_classes + k]) <
						1e-12 * fmax(expected[i * n_classes + k], 1e-3));
		/* what is answered does not change */
		assert_int_equal(prior_correction_decide(ratios, n_classes, row), best);
	}
}

/* The same for two classes, of which the probability of class 1 is known. */
static void
check_binary(const double *ratios, const double *expected)
{
	double asked[FIXTURE_BINARY * 2];
	double corrected[FIXTURE_BINARY * 2];

	for (int i = 0; i < FIXTURE_BINARY; i++)
	{
		asked[2 * i] = 1 - binary_asked[i];
		asked[2 * i + 1] = binary_asked[i];
		corrected[2 * i] = 1 - expected[i];
		corrected[2 * i + 1] = expected[i];
	}
	check_rows(ratios, 2, asked, corrected, FIXTURE_BINARY);
}

static void
test_formulas(void **state)
{
	static const uint32_t base[] = {19000, 1000};
	static const uint32_t undersampled[] = {50, 50};
	static const uint32_t to_limit[] = {9600, 400};
	static const uint32_t limited[] = {600, 400};
	double ratios[4];

	(void) state;
	assert_true(prior_correction_ratios(base, undersampled, 2, ratios));
	check_binary(ratios, binary_corrected);
	assert_true(fabs(prior_correction_threshold(ratios, 1) - 0.05) < 1e-15);
	assert_true(fabs(prior_correction_threshold(ratios, 0) - 0.95) < 1e-15);
	assert_true(prior_correction_ratios(to_limit, limited, 2, ratios));
	check_binary(ratios, limited_corrected);
	assert_true(prior_correction_ratios(four_base, four_limited, 4, ratios));
	check_rows(ratios, 4, four_asked, four_corrected, FIXTURE_ROWS);
}

/* Rows in the shares that they have need no correction. */
static void
test_nothing_to_correct(void **state)
{
	static const uint32_t base[] = {300, 600, 90};
	static const uint32_t third[] = {100, 200, 30};
	double ratios[3];

	(void) state;
	assert_false(prior_correction_ratios(base, base, 3, ratios));
	assert_false(prior_correction_ratios(base, third, 3, ratios));
}

/* What is measured is what a minimiser of log loss finds, and gives the classes their shares. */
static void
test_measured(void **state)
{
	double ratios[3];
	double mean[3] = {0, 0, 0};
	double share[3] = {0, 0, 0};

	(void) state;
	prior_correction_measure(measured_asked, measured_labels, FIXTURE_MEASURED, 3, ratios);
	for (uint32_t i = 0; i < FIXTURE_MEASURED; i++)
	{
		double row[3];

		memcpy(row, measured_asked + 3 * (size_t) i, sizeof(row));
		prior_correction_apply(ratios, 3, row);
		for (uint32_t k = 0; k < 3; k++)
		{
			mean[k] += row[k] / FIXTURE_MEASURED;
			share[k] += (measured_labels[i] == k) / (double) FIXTURE_MEASURED;
		}
	}
	for (uint32_t k = 0; k < 3; k++)
	{
		assert_true(fabs(mean[k] - share[k]) < 1e-5);
		assert_true(fabs(log(ratios[k] / ratios[0]) - measured_offsets[k]) < 1e-3);
	}
}

/* Rows that cannot be moved, and classes without rows, end in finite ratios. */
static void
test_measured_at_the_limits(void **state)
{
	static const double certain[] = {1, 0, 1, 0, 1, 0, 1, 0};
	static const uint32_t labels[] = {0, 1, 0, 1};
	static const uint32_t one_label[] = {1, 1, 1, 1};
	static const double halves[] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
	double ratios[2];

	(void) state;
	prior_correction_measure(certain, labels, 4, 2, ratios);
	assert_true(ratios[0] >= 1e-3 && ratios[0] <= 1e3 && ratios[1] >= 1e-3 && ratios[1] <= 1e3);
	prior_correction_measure(halves, one_label, 4, 2, ratios);
	assert_true(ratios[0] >= 1e-3 && ratios[1] > ratios[0] && ratios[1] <= 1e3);
	prior_correction_measure(halves, labels, 0, 2, ratios);
	assert_true(ratios[0] == 1 && ratios[1] == 1);
}

/* Classes that were equal before correction are so behind it, and the first of them answers, as without. */
static void
test_equal_classes(void **state)
{
	(void) state;
	for (uint32_t n = 3; n < 1000; n++)
	{
		uint32_t base[] = {n, 7};
		uint32_t learned[] = {7, 7};
		double ratios[2];
		double row[] = {0.5, 0.5};

		(void) prior_correction_ratios(base, learned, 2, ratios);
		prior_correction_apply(ratios, 2, row);
		assert_int_equal(prior_correction_decide(ratios, 2, row), 0);
	}
}

/* A section is data of untrusted origin. */
static void
test_damaged_section(void **state)
{
	static const double wrong[] = {0, -1, NAN, INFINITY, 1e300};
	double ratios[] = {0.5, 2};

	(void) state;
	assert_ptr_equal(prior_correction_open(ratios, sizeof(ratios), 2), ratios);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  (void) prior_correction_open(ratios, sizeof(ratios) - 1, 2));
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  (void) prior_correction_open(ratios, sizeof(ratios), 3));
	for (volatile size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		ratios[1] = wrong[i];
		assert_host_error(HOST_ERROR_INVALID_IMAGE,
						  (void) prior_correction_open(ratios, sizeof(ratios), 2));
	}
}

#define N_LABELS 3

static const char *const label_names[N_LABELS] = {"a", "b", "c"};

/* The label of row i: of two labels one row in ten, of three 2 in 20 and 3 in 20, is not "a". */
static uint32_t
label_of(int i, uint32_t n_labels)
{
	if (n_labels == 2)
		return i % 10 == 0;
	return i % 20 < 2 ? 1 : i % 20 < 5 ? 2 : 0;
}

/* The text of row i: ten words of a hundred, of which some are the label's own in one case of ten. */
static size_t
make_text(int i, uint32_t n_labels, char *text, size_t size)
{
	size_t length = 0;

	for (int word = 0; word < 10; word++)
	{
		int r = rand();

		length += (size_t) snprintf(
			text + length, size - length, "w%d ",
			r % 10 < 1 ? 1000 + (int) label_of(i, n_labels) * 20 + r / 10 % 20 : r / 10 % 100);
	}
	return length;
}

/* Train a kind on 3,000 rows. */
static ByteBuffer
train(const char *kind, uint32_t n_labels, const char *json, ByteBuffer *report)
{
	PipelineOptions options;
	CorpusValues values;
	Corpus corpus;

	srand(7);
	pipeline_parse_options(kind, json, NULL, 0, &options);
	values = feature_space_corpus_values(&options.features);
	corpus_initialize(&corpus, &options.features.tokenizer, &values);
	for (int i = 0; i < 3000; i++)
	{
		char text[200];
		size_t length = make_text(i, n_labels, text, sizeof(text));

		corpus_add_text(&corpus, text, length,
						corpus_add_label(&corpus, label_names[label_of(i, n_labels)], 1), NULL);
	}
	return pipeline_train(&options, &corpus, report);
}

/* What a pipeline says of 1,500 fresh rows. */
typedef struct Measured
{
	double mean[N_LABELS];
	double actual[N_LABELS];
	double log_loss;
	double changed; /* answers that the correction changes */
} Measured;

/* Ask a pipeline, with its correction or without. */
static Measured
measure(Pipeline *pipeline, bool corrected)
{
	const double *ratios = pipeline->prior_ratios;
	double *decision_ratios = pipeline->decision_ratios;
	uint32_t n = pipeline->n_labels;
	Measured result = {{0}, {0}, 0, 0};
	int n_rows = 1500;

	srand(8);
	for (int i = 0; i < n_rows; i++)
	{
		char text[200];
		size_t length = make_text(i, n, text, sizeof(text));
		uint32_t answer;
		const double *row;

		row = pipeline_predict(pipeline, text, length, NULL);
		answer = pipeline_decide(pipeline, row);
		if (!corrected)
		{
			pipeline->prior_ratios = NULL;
			pipeline->decision_ratios = NULL;
			row = pipeline_predict(pipeline, text, length, NULL);
			result.changed += pipeline_decide(pipeline, row) != answer;
			pipeline->prior_ratios = ratios;
			pipeline->decision_ratios = decision_ratios;
		}
		for (uint32_t k = 0; k < n; k++)
			result.mean[k] += row[k] / n_rows;
		result.actual[label_of(i, n)] += 1.0 / n_rows;
		result.log_loss -= log(fmax(row[label_of(i, n)], 1e-15)) / n_rows;
	}
	return result;
}

/* Mean scores of fresh rows are the base rates, and what is answered does not change. */
static void
check_kind(const ClassifierKind *kind, uint32_t n_labels, const char *balance)
{
	char json[200];
	ByteBuffer report = {0};
	ByteBuffer image;
	Pipeline *pipeline;
	Measured raw;
	Measured corrected;

	snprintf(json, sizeof(json), "{\"ngram_max\": 1, \"max_features\": 200, %s}", balance);
	image = train(kind->name, n_labels, json, &report);
	assert_int_equal(((const ImageHeader *) image.data)->format_version,
					 IMAGE_FORMAT_VERSION_PRIORS);
	assert_non_null(strstr(buffer_c_string(&report), "\"base_rates\": {\"a\": 0."));
	assert_int_equal(strstr(buffer_c_string(&report), "\"threshold\": 0.") != NULL, n_labels == 2);
	pipeline = pipeline_open(image.data, image.length);
	assert_non_null(pipeline->prior_ratios);
	raw = measure(pipeline, false);
	corrected = measure(pipeline, true);
	assert_true(raw.changed == 0);
	for (uint32_t i = 0; i < n_labels; i++)
		assert_true(fabs(corrected.mean[i] - corrected.actual[i]) < 0.03);
	/* where there was nothing to correct, the chance of what was measured remains */
	assert_true(corrected.log_loss < raw.log_loss + 0.005);
	if (fabs(raw.mean[0] - raw.actual[0]) > 0.05)
		assert_true(corrected.log_loss < raw.log_loss);
	pipeline_close(pipeline);
	threads_stop();
	test_host_free_all();
}

static void
test_kinds(void **state)
{
	static const char *const balances[] = {
		"\"balance\": \"undersample\"", "\"balance\": \"class_weight\"", "\"per_class_limit\": 300",
		"\"class_weight\": \"balanced\""};

	(void) state;
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		for (size_t i = 0; i < 8; i++)
			check_kind(classifier_kinds[k], 2 + (uint32_t) i % 2, balances[i / 2]);
	}
}

/* Folds measure rows as they are distributed, so calibrated scores have the base rate too, and F1 is what it is. */
static void
test_calibration_and_folds(void **state)
{
	static const char *const balances[] = {"undersample", "class_weight"};
	static const char *const methods[] = {"sigmoid", "isotonic"};

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		char json[200];
		ByteBuffer report = {0};
		ByteBuffer image;
		Pipeline *pipeline;
		Measured measured;

		snprintf(
			json, sizeof(json),
			"{\"ngram_max\": 1, \"balance\": \"%s\", \"calibration\": \"%s\", \"cv_folds\": 5, "
			"\"threshold\": \"%s\"}",
			balances[i / 2], methods[i % 2], i == 0 ? "none" : "f1");
		image = train("logistic_regression", 2, json, &report);
		pipeline = pipeline_open(image.data, image.length);
		measured = measure(pipeline, true);
		assert_true(fabs(measured.mean[1] - 0.1) < 0.02);
		assert_int_equal(pipeline->calibration.header.has_threshold, i != 0);
		/* the report names one threshold, the tuned one if there is one */
		assert_non_null(strstr(buffer_c_string(&report), "\"threshold\": "));
		assert_null(
			strstr(strstr(buffer_c_string(&report), "\"threshold\": ") + 5, "\"threshold\": "));
		pipeline_close(pipeline);
		test_host_free_all();
	}
}

/* Calibration changes probabilities, not what is answered: of two labels exactly, of more hardly ever. */
static void
test_calibrated_answers(void **state)
{
	static const char *const methods[] = {"none", "sigmoid", "isotonic"};

	(void) state;
	for (uint32_t n_labels = 2; n_labels <= 3; n_labels++)
	{
		Pipeline *pipelines[3];
		int n_changed = 0;
		int n_rare = 0;

		for (int m = 0; m < 3; m++)
		{
			char json[200];
			ByteBuffer report = {0};
			ByteBuffer image;

			snprintf(json, sizeof(json),
					 "{\"ngram_max\": 1, \"balance\": \"undersample\", \"calibration\": \"%s\"}",
					 methods[m]);
			image = train("logistic_regression", n_labels, json, &report);
			pipelines[m] = pipeline_open(image.data, image.length);
			assert_int_equal(strstr(buffer_c_string(&report), "\"threshold\": 0.") != NULL,
							 n_labels == 2);
			assert_int_equal(isnan(pipeline_threshold(pipelines[m])), n_labels != 2);
		}
		srand(11);
		for (int i = 0; i < 1000; i++)
		{
			char text[200];
			size_t length = make_text(i, n_labels, text, sizeof(text));
			uint32_t answers[3];

			for (int m = 0; m < 3; m++)
				answers[m] = pipeline_decide(pipelines[m],
											 pipeline_predict(pipelines[m], text, length, NULL));
			n_changed += answers[1] != answers[0];
			n_changed += answers[2] != answers[0];
			n_rare += answers[0] != 0;
		}
		assert_in_range(n_rare, 50, 950);
		/* an isotonic calibrator is flat in places */
		assert_in_range(n_changed, 0, n_labels == 2 ? 20 : 100);
		for (int m = 0; m < 3; m++)
			pipeline_close(pipelines[m]);
		test_host_free_all();
	}
}

/* An image of rows as they are distributed is one that earlier releases read. */
static void
test_format_version(void **state)
{
	ByteBuffer image = train("logistic_regression", 2, "{\"ngram_max\": 1}", NULL);
	size_t length;

	(void) state;
	assert_int_equal(((const ImageHeader *) image.data)->format_version, 1);
	assert_null(image_section(image.data, IMAGE_SECTION_PRIORS, &length));
}

static int
free_all(void **state)
{
	(void) state;
	threads_stop();
	test_host_free_all();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_formulas, free_all),
		cmocka_unit_test_teardown(test_measured, free_all),
		cmocka_unit_test_teardown(test_measured_at_the_limits, free_all),
		cmocka_unit_test_teardown(test_nothing_to_correct, free_all),
		cmocka_unit_test_teardown(test_equal_classes, free_all),
		cmocka_unit_test_teardown(test_damaged_section, free_all),
		cmocka_unit_test_teardown(test_kinds, free_all),
		cmocka_unit_test_teardown(test_calibration_and_folds, free_all),
		cmocka_unit_test_teardown(test_calibrated_answers, free_all),
		cmocka_unit_test_teardown(test_format_version, free_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
