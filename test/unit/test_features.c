/*
 * test_features.c
 *	  TF-IDF, log-count ratios, scaling and calibration against scikit-learn and numpy.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/features/class_ratios.h"
#include "core/features/feature_space.h"
#include "core/features/standard_scaler.h"
#include "core/models/calibration.h"
#include "core/pipeline.h"
#include "features_fixture.h"
#include "host.h"

static int
free_all(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

/* A corpus of the fixture's texts for a pipeline with those parameters. */
static PipelineOptions
fixture_corpus(const char *json, Corpus *corpus)
{
	PipelineOptions options;
	CorpusValues values;

	pipeline_parse_options(DEFAULT_KIND, json, NULL, 0, &options);
	values = feature_space_corpus_values(&options.features);
	corpus_initialize(corpus, &options.features.tokenizer, &values);
	for (int i = 0; i < FIXTURE_TEXTS; i++)
		corpus_add_text(corpus, fixture_texts[i], strlen(fixture_texts[i]),
						corpus_add_label(corpus, fixture_labels[i] ? "1" : "0", 1), NULL);
	/* labels stand for classes from here on */
	for (int i = 0; i < FIXTURE_TEXTS; i++)
		corpus->documents[i].label = fixture_labels[i];
	return options;
}

/* Fit the feature space and open it. */
static void
fit_space(const char *json, SparseMatrix *matrix, FeatureSpace *space)
{
	static const char *const labels[] = {"0", "1"};
	Corpus corpus;
	PipelineOptions options = fixture_corpus(json, &corpus);
	ImageWriter writer;
	ByteBuffer image;
	uint32_t n_dense;

	image_begin(&writer, IMAGE_VOCABULARY);
	feature_space_fit(&options.features, &corpus, corpus.documents, corpus.n_documents, 2, labels,
					  0, &writer, matrix, &n_dense);
	image = image_finish(&writer);
	feature_space_open(image.data, &options.features, 2, space);
}

/* Compare rows with a dense matrix of scikit-learn's. */
static void
check_tfidf(const char *json, const double *expected)
{
	SparseMatrix matrix;
	FeatureSpace space;

	fit_space(json, &matrix, &space);
	assert_int_equal(matrix.n_features, FIXTURE_TERMS);
	for (uint32_t feature = 0; feature < FIXTURE_TERMS; feature++)
	{
		ByteBuffer name = {0};

		feature_space_append_name(&space, feature, &name);
		assert_string_equal(buffer_c_string(&name), fixture_terms[feature]);
	}
	for (uint32_t row = 0; row < FIXTURE_TEXTS; row++)
	{
		double values[FIXTURE_TERMS] = {0};
		SparseRow entries = sparse_matrix_row(&matrix, row);

		for (uint32_t i = 0; i < entries.count; i++)
			values[entries.indices[i]] = entries.values[i];
		for (uint32_t i = 0; i < FIXTURE_TERMS; i++)
			assert_true(fabs(values[i] - expected[row * FIXTURE_TERMS + i]) < 1e-6);
	}
	feature_space_close(&space);
}

static void
test_tfidf(void **state)
{
	(void) state;
	check_tfidf("{\"sublinear_tf\": true}", fixture_tfidf_sublinear);
	check_tfidf("{\"sublinear_tf\": false, \"norm\": \"l1\"}", fixture_tfidf_plain);
}

static void
test_class_ratios(void **state)
{
	SparseMatrix matrix;
	FeatureSpace space;

	(void) state;
	/* presence times ratio, not normalized: an entry is the ratio */
	fit_space("{\"weighting\": \"nb\", \"norm\": \"none\"}", &matrix, &space);
	for (uint32_t row = 0; row < FIXTURE_TEXTS; row++)
	{
		SparseRow entries = sparse_matrix_row(&matrix, row);

		for (uint32_t i = 0; i < entries.count; i++)
			assert_true(fabs(entries.values[i] - fixture_ratios[entries.indices[i]]) < 1e-6);
	}
	feature_space_close(&space);

	/* the polarity of a new text, the column behind the text features */
	fit_space("{\"text_features\": true}", &matrix, &space);
	for (uint32_t row = 0; row < FIXTURE_TEXTS; row++)
	{
		(void) feature_space_transform(&space, fixture_texts[row], strlen(fixture_texts[row]),
									   NULL);
		assert_true(fabs(feature_space_columns(&space)[space.columns.header.n_text_features] -
						 fixture_polarities[row]) < 1e-6);
	}
	feature_space_close(&space);
}

static void
test_ratios_without_a_part(void **state)
{
	uint64_t row_starts[] = {0, 1, 2, 3, 4};
	uint32_t indices[] = {0, 1, 0, 1};
	float values[] = {1, 1, 1, 1};
	TermCountMatrix counts = {4, 2, row_starts, indices, values};
	uint32_t labels[] = {1, 0, 0, 1};
	uint8_t parts[] = {0, 0, 1, 1};
	float all[2];
	float without[2];

	(void) state;
	/* each term is in one text of each class: it tells nothing */
	class_ratios_fit(&counts, labels, 2, NULL, 0, all);
	assert_true(all[0] == 0 && all[1] == 0);
	/* without the second part the first term is the class's own */
	class_ratios_fit(&counts, labels, 2, parts, 1, without);
	assert_true(fabs(without[0] - log(2)) < 1e-6 && fabs(without[1] + log(2)) < 1e-6);
}

static void
test_standard_scaler(void **state)
{
	static const char *const names[] = {"normal", "large", "constant"};
	ScalerHeader sizes = {.n_columns = 3, .n_numeric = 3};
	StandardScaler scaler;
	ByteBuffer section = {0};
	float values[FIXTURE_ROWS * 3];

	(void) state;
	for (int i = 0; i < FIXTURE_ROWS * 3; i++)
		values[i] = (float) fixture_columns[i];
	standard_scaler_fit(&sizes, names, values, FIXTURE_ROWS, &section);
	standard_scaler_open(section.data, section.length, &scaler);
	for (int row = 0; row < FIXTURE_ROWS; row++)
	{
		float scaled[3];

		standard_scaler_transform(&scaler, MISSING_KEEP, 1, values + 3 * row, scaled);
		for (int i = 0; i < 3; i++)
		{
			double expected = fixture_scaled[3 * row + i];

			assert_true(isnan(expected) ? isnan(scaled[i]) : fabs(scaled[i] - expected) < 1e-5);
		}
		standard_scaler_transform(&scaler, MISSING_MEAN, 2, values + 3 * row, scaled);
		for (int i = 0; i < 3; i++)
		{
			double expected = fixture_scaled[3 * row + i];

			assert_true(isnan(expected) ? scaled[i] == 0 : fabs(scaled[i] - 2 * expected) < 2e-5);
		}
	}
	standard_scaler_close(&scaler);
	/* what is cut off, or says that it has more, is refused */
	for (size_t length = 0; length < section.length; length++)
		assert_host_error(HOST_ERROR_INVALID_IMAGE,
						  standard_scaler_open(section.data, length, &scaler));
}

/* Fit a calibrator of two classes to the fixture's scores. */
static ByteBuffer
fit_calibration(CalibrationMethod method)
{
	double probabilities[FIXTURE_SCORES * 2];
	ByteBuffer section = {0};

	for (int i = 0; i < FIXTURE_SCORES; i++)
	{
		probabilities[2 * i] = 1 - fixture_scores[i];
		probabilities[2 * i + 1] = fixture_scores[i];
	}
	calibration_fit(method, probabilities, fixture_truth, FIXTURE_SCORES, 2, &section);
	return section;
}

static void
check_calibration(CalibrationMethod method, const double *expected, double tolerance)
{
	ByteBuffer section = fit_calibration(method);
	Calibration calibration;

	calibration_open(section.data, section.length, 2, &calibration);
	for (size_t i = 0; i < sizeof(fixture_asked) / sizeof(double); i++)
	{
		double probabilities[2] = {1 - fixture_asked[i], fixture_asked[i]};

		calibration_apply(&calibration, 2, probabilities);
		assert_true(fabs(probabilities[1] - expected[i]) < tolerance);
		assert_true(fabs(probabilities[0] + probabilities[1] - 1) < 1e-12);
	}
	for (size_t length = 0; length < section.length; length++)
		assert_host_error(HOST_ERROR_INVALID_IMAGE,
						  calibration_open(section.data, length, 2, &calibration));
}

static void
test_calibration(void **state)
{
	(void) state;
	/* scikit-learn's minimiser stops a little before the minimum */
	check_calibration(CALIBRATION_SIGMOID, fixture_sigmoid, 1e-4);
	check_calibration(CALIBRATION_ISOTONIC, fixture_isotonic, 1e-9);
}

/* Three classes: one calibrator each, and the sum is 1. */
static void
test_calibration_of_three(void **state)
{
	double probabilities[300];
	uint32_t labels[100];
	ByteBuffer section = {0};
	Calibration calibration;

	(void) state;
	for (uint32_t i = 0; i < 100; i++)
	{
		labels[i] = i % 3;
		for (uint32_t k = 0; k < 3; k++)
			probabilities[3 * i + k] = k == (i % 7 == 0 ? (i + 1) % 3 : i % 3) ? 0.6 : 0.2;
	}
	calibration_fit(CALIBRATION_ISOTONIC, probabilities, labels, 100, 3, &section);
	calibration_open(section.data, section.length, 3, &calibration);
	assert_int_equal(calibration.header.n_calibrators, 3);
	calibration_apply(&calibration, 3, probabilities);
	assert_true(fabs(probabilities[0] + probabilities[1] + probabilities[2] - 1) < 1e-12);
	/* a class that nothing speaks for leaves all equal, not NaN */
	probabilities[0] = probabilities[1] = probabilities[2] = 0;
	calibration_apply(&calibration, 3, probabilities);
	assert_true(probabilities[0] >= 0 && probabilities[0] <= 1);
}

/* Isotonic calibration of few rows answers neither 0 nor 1, though the rows at the ends are of one class. */
static void
test_calibration_is_never_certain(void **state)
{
	(void) state;
	for (uint32_t n_rows = 2; n_rows < 60; n_rows++)
	{
		double probabilities[120];
		uint32_t labels[60];
		ByteBuffer section = {0};
		Calibration calibration;
		double last = 0;

		for (uint32_t i = 0; i < n_rows; i++)
		{
			probabilities[2 * i + 1] = (i + 0.5) / n_rows;
			probabilities[2 * i] = 1 - probabilities[2 * i + 1];
			labels[i] = i >= n_rows / 2;
		}
		calibration_fit(CALIBRATION_ISOTONIC, probabilities, labels, n_rows, 2, &section);
		calibration_open(section.data, section.length, 2, &calibration);
		for (int i = 0; i <= 100; i++)
		{
			double row[2] = {1 - i / 100.0, i / 100.0};

			calibration_apply(&calibration, 2, row);
			assert_true(row[1] > 0.5 / (n_rows + 2) && row[0] > 0.5 / (n_rows + 2));
			assert_true(row[1] >= last);
			last = row[1];
		}
	}
}

static void
test_best_threshold(void **state)
{
	double probabilities[] = {0.1, 0.2, 0.3, 0.4, 0.9};
	bool separable[] = {false, false, true, true, true};
	bool mixed[] = {false, true, false, false, true};
	bool all[] = {true, true, true, true, true};

	(void) state;
	assert_true(fabs(calibration_best_threshold(probabilities, separable, 5) - 0.25) < 1e-12);
	/* F1 is 2/3 for the last row alone and 2/3 for the last four: the higher threshold is taken */
	assert_true(fabs(calibration_best_threshold(probabilities, mixed, 5) - 0.65) < 1e-12);
	assert_true(calibration_best_threshold(probabilities, all, 5) < 0.1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_tfidf, free_all),
		cmocka_unit_test_teardown(test_class_ratios, free_all),
		cmocka_unit_test_teardown(test_ratios_without_a_part, free_all),
		cmocka_unit_test_teardown(test_standard_scaler, free_all),
		cmocka_unit_test_teardown(test_calibration, free_all),
		cmocka_unit_test_teardown(test_calibration_is_never_certain, free_all),
		cmocka_unit_test_teardown(test_calibration_of_three, free_all),
		cmocka_unit_test_teardown(test_best_threshold, free_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
