/*
 * test_classification_metrics.c
 *	  Figures of merit, compared with scikit-learn's, and the states that collect what they need.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "core/evaluation/classification_metrics.h"
#include "core/evaluation/confusion_counts.h"
#include "core/evaluation/log_loss.h"
#include "core/evaluation/scored_rows.h"
#include "core/evaluation/sort_doubles.h"
#include "core/labels.h"
#include "host.h"

typedef struct MeanCase
{
	double precision;
	double recall;
	double f1;
} MeanCase;

/* A confusion matrix over the labels "0", "1", ... and its figures. */
typedef struct MatrixCase
{
	const char *name;
	uint32_t n_labels;
	const uint64_t *counts;
	const double *precision;
	const double *recall;
	const double *f1;
	double accuracy;
	double matthews;
	MeanCase macro;
	MeanCase weighted;
} MatrixCase;

/* Rows with scores, and their figures. */
typedef struct ScoredCase
{
	const char *name;
	size_t n_rows;
	const bool *actual;
	const double *scores;
	double roc_auc;
	double log_loss;
} ScoredCase;

#include "fixtures/classification_metrics.h"

#define N_MATRIX_CASES (sizeof(matrix_cases) / sizeof(matrix_cases[0]))
#define N_SCORED_CASES (sizeof(scored_cases) / sizeof(scored_cases[0]))

#define TOLERANCE 1e-13

/* Labels of the matrix cases, in their order as integers. */
static const char *const digit_labels[] = {"0", "1", "2", "3", "4",  "5",
										   "6", "7", "8", "9", "10", "11"};

static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

/* Compare a figure with the expected one. */
static void
assert_figure(const char *name, const char *figure, double actual, double expected)
{
	if (!(fabs(actual - expected) <= TOLERANCE))
		fail_msg("%s of case %s is %.17g instead of %.17g", figure, name, actual, expected);
}

static ConfusionMatrix
matrix_of(const MatrixCase *matrix_case)
{
	return (ConfusionMatrix){matrix_case->n_labels, digit_labels, matrix_case->counts};
}

static void
test_figures(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_MATRIX_CASES; i++)
	{
		const MatrixCase *expected = &matrix_cases[i];
		ConfusionMatrix matrix = matrix_of(expected);

		assert_figure(expected->name, "accuracy", classification_accuracy(&matrix),
					  expected->accuracy);
		assert_figure(expected->name, "MCC", classification_matthews(&matrix), expected->matthews);
		assert_figure(expected->name, "macro F1", classification_macro_f1(&matrix),
					  expected->macro.f1);
		for (uint32_t label = 0; label < expected->n_labels; label++)
		{
			ClassMetrics metrics = classification_class_metrics(&matrix, label);

			assert_figure(expected->name, "precision", metrics.precision,
						  expected->precision[label]);
			assert_figure(expected->name, "recall", metrics.recall, expected->recall[label]);
			assert_figure(expected->name, "F1", metrics.f1, expected->f1[label]);
		}
	}
}

/* A label that occurs on neither side does not count in the means. */
static void
test_absent_label(void **state)
{
	const uint64_t counts[] = {50, 0, 7, 0, 0, 0, 11, 0, 32};
	const char *const labels[] = {"a", "b", "c"};
	ConfusionMatrix matrix = {3, labels, counts};

	(void) state;
	assert_string_equal(matrix_cases[0].name, "two_labels");
	assert_figure("absent label", "macro F1", classification_macro_f1(&matrix),
				  matrix_cases[0].macro.f1);
	assert_figure("absent label", "MCC", classification_matthews(&matrix),
				  matrix_cases[0].matthews);
}

/* The greatest counts neither overflow nor lose the sign of the correlation. */
static void
test_huge_counts(void **state)
{
	const uint64_t half = MAX_EVALUATED_ROWS / 2;
	const uint64_t counts[] = {half, 0, 1, half - 1};
	const char *const labels[] = {"a", "b"};
	ConfusionMatrix matrix = {2, labels, counts};

	(void) state;
	assert_true(classification_matthews(&matrix) > 1 - 1e-15);
	assert_true(classification_matthews(&matrix) <= 1);
}

static void
test_no_rows(void **state)
{
	const uint64_t counts[] = {0};
	const char *const labels[] = {"a"};
	ConfusionMatrix matrix = {0, NULL, NULL};
	ByteBuffer json = {0};

	(void) state;
	assert_true(isnan(classification_accuracy(&matrix)));
	assert_true(isnan(classification_matthews(&matrix)));
	assert_true(isnan(classification_macro_f1(&matrix)));
	classification_report_json(&matrix, &json);
	assert_string_equal(buffer_c_string(&json),
						"{\"rows\": 0, \"accuracy\": null, \"matthews_correlation\": null, "
						"\"macro\": {\"precision\": null, \"recall\": null, \"f1\": null}, "
						"\"weighted\": {\"precision\": null, \"recall\": null, \"f1\": null}, "
						"\"classes\": {}, \"confusion_matrix\": {\"labels\": [], \"counts\": []}}");
	matrix = (ConfusionMatrix){1, labels, counts};
	assert_true(isnan(classification_accuracy(&matrix)));
	assert_true(isnan(classification_macro_f1(&matrix)));
}

/* A number in a JSON object. */
static double
json_number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

/* Compare an object {precision, recall, f1} with the expected figures. */
static void
assert_mean(const char *name, const cJSON *mean, double precision, double recall, double f1)
{
	assert_non_null(mean);
	assert_figure(name, "precision", json_number(mean, "precision"), precision);
	assert_figure(name, "recall", json_number(mean, "recall"), recall);
	assert_figure(name, "F1", json_number(mean, "f1"), f1);
}

/* Compare the report's matrix with the case's. */
static void
assert_matrix(const MatrixCase *expected, const cJSON *matrix)
{
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(matrix, "labels");
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(matrix, "counts");
	uint32_t n_labels = expected->n_labels;

	assert_int_equal(cJSON_GetArraySize(labels), n_labels);
	assert_int_equal(cJSON_GetArraySize(counts), n_labels);
	for (uint32_t i = 0; i < n_labels; i++)
	{
		const cJSON *row = cJSON_GetArrayItem(counts, (int) i);

		assert_string_equal(cJSON_GetArrayItem(labels, (int) i)->valuestring, digit_labels[i]);
		assert_int_equal(cJSON_GetArraySize(row), n_labels);
		for (uint32_t j = 0; j < n_labels; j++)
			assert_true(cJSON_GetArrayItem(row, (int) j)->valuedouble ==
						(double) expected->counts[i * n_labels + j]);
	}
}

/* Compare a whole report with the case's figures. */
static void
assert_report(const MatrixCase *expected, const char *json)
{
	cJSON *report = cJSON_Parse(json);
	const cJSON *classes = cJSON_GetObjectItemCaseSensitive(report, "classes");

	assert_non_null(report);
	assert_figure(expected->name, "accuracy", json_number(report, "accuracy"), expected->accuracy);
	assert_figure(expected->name, "MCC", json_number(report, "matthews_correlation"),
				  expected->matthews);
	assert_mean(expected->name, cJSON_GetObjectItemCaseSensitive(report, "macro"),
				expected->macro.precision, expected->macro.recall, expected->macro.f1);
	assert_mean(expected->name, cJSON_GetObjectItemCaseSensitive(report, "weighted"),
				expected->weighted.precision, expected->weighted.recall, expected->weighted.f1);
	assert_int_equal(cJSON_GetArraySize(classes), expected->n_labels);
	for (uint32_t i = 0; i < expected->n_labels; i++)
	{
		const cJSON *of_class = cJSON_GetObjectItemCaseSensitive(classes, digit_labels[i]);
		double support = 0;

		for (uint32_t j = 0; j < expected->n_labels; j++)
			support += (double) expected->counts[i * expected->n_labels + j];
		assert_mean(expected->name, of_class, expected->precision[i], expected->recall[i],
					expected->f1[i]);
		assert_true(json_number(of_class, "support") == support);
	}
	assert_matrix(expected, cJSON_GetObjectItemCaseSensitive(report, "confusion_matrix"));
	cJSON_Delete(report);
}

static void
test_report(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_MATRIX_CASES; i++)
	{
		ConfusionMatrix matrix = matrix_of(&matrix_cases[i]);
		ByteBuffer json = {0};

		classification_report_json(&matrix, &json);
		assert_report(&matrix_cases[i], buffer_c_string(&json));
	}
}

/* Split a case's rows by what is true: positive scores first. */
static double *
split_scores(const ScoredCase *scored_case, size_t *n_positive)
{
	double *scores = host_allocate_array(double, scored_case->n_rows);
	size_t n = 0;

	for (int positive = 1; positive >= 0; positive--)
	{
		for (size_t i = 0; i < scored_case->n_rows; i++)
		{
			if (scored_case->actual[i] == positive)
				scores[n++] = scored_case->scores[i];
		}
		if (positive)
			*n_positive = n;
	}
	return scores;
}

static void
test_roc_auc(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_SCORED_CASES; i++)
	{
		const ScoredCase *expected = &scored_cases[i];
		ScoredRow *rows = host_allocate_array(ScoredRow, expected->n_rows);
		size_t n_positive;
		double *scores = split_scores(expected, &n_positive);

		for (size_t j = 0; j < expected->n_rows; j++)
			rows[j] = (ScoredRow){expected->scores[j], expected->actual[j]};
		assert_figure(expected->name, "ROC AUC", classification_roc_auc(rows, expected->n_rows),
					  expected->roc_auc);
		assert_figure(expected->name, "ROC AUC",
					  classification_roc_auc_of_scores(scores, n_positive, scores + n_positive,
													   expected->n_rows - n_positive),
					  expected->roc_auc);
	}
}

static void
test_roc_auc_edge_cases(void **state)
{
	const ScoredRow one_class[] = {{0.5, true}, {0.7, true}};
	const ScoredRow not_a_number[] = {{0.5, true}, {NAN, false}};
	const ScoredRow infinite[] = {{INFINITY, true}, {-INFINITY, false}, {DBL_MAX, false}};
	const ScoredRow zeros[] = {{0.0, true}, {-0.0, false}};

	(void) state;
	assert_true(isnan(classification_roc_auc(one_class, 2)));
	assert_true(isnan(classification_roc_auc(NULL, 0)));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, classification_roc_auc(not_a_number, 2));
	assert_true(classification_roc_auc(infinite, 3) == 1);
	assert_true(classification_roc_auc(zeros, 2) == 0.5);
}

static void
test_log_loss(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_SCORED_CASES; i++)
	{
		const ScoredCase *expected = &scored_cases[i];
		double total = 0;

		for (size_t j = 0; j < expected->n_rows; j++)
			total += classification_log_loss_row(expected->actual[j], expected->scores[j]);
		assert_figure(expected->name, "log loss", total / (double) expected->n_rows,
					  expected->log_loss);
	}
}

/* Whatever the order of the rows and of the parts, the mean is the same to the last bit. */
static void
test_log_loss_order(void **state)
{
	const ScoredCase *scored_case = &scored_cases[1];
	LogLoss forward = {0};
	LogLoss parts[3] = {{0}};
	double mean;

	(void) state;
	assert_string_equal(scored_case->name, "ordinary");
	assert_true(isnan(log_loss_mean(&forward)));
	for (size_t i = 0; i < scored_case->n_rows; i++)
		log_loss_add(&forward, scored_case->actual[i], scored_case->scores[i]);
	for (size_t i = scored_case->n_rows; i-- > 0;)
		log_loss_add(&parts[i % 7 % 3], scored_case->actual[i], scored_case->scores[i]);
	log_loss_merge(&parts[1], &parts[2]);
	log_loss_merge(&parts[0], &parts[1]);
	mean = log_loss_mean(&forward);
	assert_figure("ordinary", "log loss", mean, scored_case->log_loss);
	assert_true(log_loss_mean(&parts[0]) == mean);
	assert_true(parts[0].n_rows == forward.n_rows);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, log_loss_add(&forward, true, 1.0000001));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, log_loss_add(&forward, true, -0.1));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, log_loss_add(&forward, true, NAN));
	assert_string_equal(test_host_error.detail, "It must be a probability, from 0 to 1.");
	assert_true(log_loss_mean(&forward) == mean);
}

/* What a plain sum forgets: small losses beside a large one. */
static void
test_log_loss_precision(void **state)
{
	LogLoss loss = {.n_rows = 0};

	(void) state;
	log_loss_add(&loss, true, 0);
	for (int i = 0; i < 100000; i++)
		log_loss_add(&loss, true, 1);
	assert_true(loss.high == -log(DBL_EPSILON) + 100000 * -log(1 - DBL_EPSILON));
}

/* A double of any exponent and sign, never NaN. */
static double
random_double(void)
{
	uint64_t bits;
	double value;

	do
	{
		bits = ((uint64_t) mrand48() << 32) ^ (uint32_t) mrand48();
		memcpy(&value, &bits, sizeof(value));
	} while (isnan(value));
	return value;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Sort values and compare with qsort. */
static void
assert_sorts(double *values, size_t n_values)
{
	double *expected = host_allocate_array(double, n_values + 1);

	for (size_t i = 0; i < n_values; i++)
		expected[i] = values[i];
	qsort(expected, n_values, sizeof(double), compare_doubles);
	sort_doubles(values, n_values);
	for (size_t i = 0; i < n_values; i++)
	{
		assert_true(values[i] == expected[i]);
		assert_false(values[i] == 0 && signbit(values[i]));
	}
	host_free(expected);
}

static void
test_sort_doubles(void **state)
{
	const size_t sizes[] = {0, 1, 2, 100, 1999, 2000, 2001, 50000};
	double *values = host_allocate_array(double, 50000);

	(void) state;
	srand48(1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		for (size_t j = 0; j < sizes[i]; j++)
			values[j] = random_double();
		assert_sorts(values, sizes[i]);
		for (size_t j = 0; j < sizes[i]; j++)
			values[j] = (double) (lrand48() % 7 - 3) * 0.25;
		assert_sorts(values, sizes[i]);
		for (size_t j = 0; j < sizes[i]; j++)
			values[j] = j % 3 == 0 ? -0.0 : j % 3 == 1 ? INFINITY : -INFINITY;
		assert_sorts(values, sizes[i]);
		for (size_t j = 0; j < sizes[i]; j++)
			values[j] = 0.5;
		assert_sorts(values, sizes[i]);
	}
}

/* A pending cancel leaves the sort. */
static void
test_sort_interrupt(void **state)
{
	size_t n_values = 1000000;
	double *values = host_allocate_array(double, n_values);

	(void) state;
	for (size_t i = 0; i < n_values; i++)
		values[i] = drand48();
	test_host_interrupt_after = 3;
	assert_host_error(HOST_ERROR_INTERNAL, sort_doubles(values, n_values));
	test_host_interrupt_after = 0;
}

/* Count a row of zero-terminated labels. */
static void
add_row(ConfusionCounts *counts, const char *actual, const char *predicted)
{
	confusion_counts_add(counts, actual, strlen(actual), predicted, strlen(predicted));
}

/* The report of counts; in memory of the test host. */
static const char *
report_of(const ConfusionCounts *counts)
{
	ByteBuffer json = {0};

	confusion_counts_report_json(counts, &json);
	return buffer_c_string(&json);
}

/* Flatten counts and read them again, comparing the bytes of a second flattening. */
static ConfusionCounts
round_trip(const ConfusionCounts *counts)
{
	size_t size = confusion_counts_flat_size(counts);
	char *bytes = host_allocate(size);
	char *again = host_allocate(size);
	ConfusionCounts copy = {0};

	confusion_counts_flatten(counts, bytes);
	confusion_counts_unflatten(&copy, bytes, size);
	assert_int_equal(confusion_counts_flat_size(&copy), size);
	confusion_counts_flatten(&copy, again);
	assert_memory_equal(bytes, again, size);
	return copy;
}

/* The matrix cases again, counted row by row, in parts that merge. */
static void
test_confusion_counts(void **state)
{
	(void) state;
	for (size_t c = 0; c < N_MATRIX_CASES; c++)
	{
		const MatrixCase *expected = &matrix_cases[c];
		uint32_t n_labels = expected->n_labels;
		ConfusionCounts whole = {0};
		ConfusionCounts parts[3] = {{.n_rows = 0}};

		if (strcmp(expected->name, "large_counts") == 0)
			continue;
		/* from the last pair to the first, so that the labels do not come in order */
		for (uint32_t pair = n_labels * n_labels; pair-- > 0;)
		{
			for (uint64_t i = 0; i < expected->counts[pair]; i++)
			{
				const char *actual = digit_labels[pair / n_labels];
				const char *predicted = digit_labels[pair % n_labels];

				add_row(&whole, actual, predicted);
				add_row(&parts[i % 3], actual, predicted);
			}
		}
		assert_report(expected, report_of(&whole));
		parts[2] = round_trip(&parts[2]);
		confusion_counts_merge(&parts[0], &parts[1]);
		confusion_counts_merge(&parts[0], &parts[2]);
		assert_string_equal(report_of(&parts[0]), report_of(&whole));
		whole = round_trip(&whole);
		assert_report(expected, report_of(&whole));
	}
}

/* Rows that were skipped are counted, and merge. */
static void
test_skipped_rows(void **state)
{
	ConfusionCounts counts = {0};
	ConfusionCounts other = {0};

	(void) state;
	confusion_counts_skip(&counts);
	assert_non_null(strstr(report_of(&counts), "{\"rows\": 0, \"rows_skipped\": 1, "));
	confusion_counts_skip(&other);
	add_row(&other, "a", "b");
	confusion_counts_merge(&counts, &other);
	counts = round_trip(&counts);
	assert_non_null(strstr(report_of(&counts), "{\"rows\": 1, \"rows_skipped\": 2, "));
}

/* A label "l0", "l1", ...; lives until the next call but one. */
static const char *
numbered_label(int number)
{
	static char labels[2][32];
	static int next = 0;

	next = 1 - next;
	snprintf(labels[next], sizeof(labels[next]), "l%d", number);
	return labels[next];
}

/* Beyond MAX_REPORTED_LABELS the totals remain, whichever way the labels came together. */
static void
test_many_labels(void **state)
{
	ConfusionCounts whole = {0};
	ConfusionCounts parts[2] = {{.n_rows = 0}};
	const char *report;

	(void) state;
	for (int i = 0; i < 3 * 180; i++)
	{
		const char *actual = numbered_label(i % 180);
		const char *predicted = numbered_label(i % 2 == 0 ? i % 180 : i % 90);

		add_row(&whole, actual, predicted);
		add_row(&parts[i % 180 >= 90], actual, predicted);
	}
	report = report_of(&whole);
	assert_null(strstr(report, "confusion_matrix"));
	assert_non_null(strstr(report, "{\"rows\": 540, \"rows_skipped\": 0, \"accuracy\": 0.75, "));
	assert_int_equal(parts[0].labels.n_strings, 90);
	assert_non_null(strstr(report_of(&parts[0]), "confusion_matrix"));
	confusion_counts_merge(&parts[0], &parts[1]);
	assert_string_equal(report_of(&parts[0]), report);
	whole = round_trip(&whole);
	assert_string_equal(report_of(&whole), report);
	/* few into many, too */
	confusion_counts_merge(&whole, &parts[1]);
	confusion_counts_merge(&parts[1], &parts[0]);
	assert_string_equal(report_of(&parts[1]), report_of(&whole));
}

static void
test_counts_limits(void **state)
{
	ConfusionCounts counts = {0};
	char *label = host_allocate_zero(MAX_LABEL_LENGTH + 2);

	(void) state;
	memset(label, 'x', MAX_LABEL_LENGTH + 1);
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, add_row(&counts, "a", label));
	label[MAX_LABEL_LENGTH] = '\0';
	add_row(&counts, "a", label);
	for (int i = 2; i < MAX_EVALUATED_LABELS; i++)
		add_row(&counts, "a", numbered_label(i));
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, add_row(&counts, "a", "one more"));
}

/* Flat bytes of counts of a few rows, with room for one byte more. */
static char *
example_counts(size_t *size)
{
	ConfusionCounts counts = {0};
	char *bytes;

	add_row(&counts, "pos", "pos");
	add_row(&counts, "neg", "pos");
	*size = confusion_counts_flat_size(&counts);
	bytes = host_allocate_zero(*size + 1);
	confusion_counts_flatten(&counts, bytes);
	return bytes;
}

/* Read flat counts and expect the error. */
static void
assert_counts_refused(const char *bytes, size_t size, const char *detail)
{
	ConfusionCounts counts = {0};

	assert_host_error(HOST_ERROR_INVALID_IMAGE, confusion_counts_unflatten(&counts, bytes, size));
	assert_string_equal(test_host_error.detail, detail);
}

/* Read the first bytes of flat counts, in memory of that size (a sanitizer sees reads beyond it). */
static void
assert_truncated_counts_refused(const char *bytes, size_t length)
{
	ConfusionCounts counts = {0};
	char *copy = memcpy(host_allocate(length), bytes, length);

	assert_host_error(HOST_ERROR_INVALID_IMAGE, confusion_counts_unflatten(&counts, copy, length));
}

/* Store a number in bytes at a position. */
static void
put(char *bytes, size_t position, uint64_t number, size_t size)
{
	memcpy(bytes + position, &number, size);
}

static void
test_invalid_counts(void **state)
{
	size_t size;
	char *bytes = example_counts(&size);
	ConfusionCounts counts = {0};

	(void) state;
	/* version, labels, skipped: 16 bytes; 4 counts; 2 lengths; "posneg" */
	assert_int_equal(size, 16 + 32 + 8 + 6);
	for (size_t length = 0; length < size; length++)
		assert_truncated_counts_refused(bytes, length);
	assert_counts_refused(bytes, size + 1, "It is longer than its labels.");
	put(bytes, 0, 0, 4);
	assert_counts_refused(bytes, size, "It has no format version.");
	put(bytes, 0, 2, 4);
	assert_host_error(HOST_ERROR_UNSUPPORTED_IMAGE,
					  confusion_counts_unflatten(&counts, bytes, size));
	put(bytes, 0, 1, 4);
	put(bytes, 4, UINT32_MAX, 4);
	assert_counts_refused(bytes, size, "It has too many labels.");
	put(bytes, 4, 2, 4);
	put(bytes, 8, UINT64_MAX, 8);
	assert_counts_refused(bytes, size, "It has too many rows.");
	put(bytes, 8, 0, 8);
	put(bytes, 16, UINT64_MAX, 8);
	assert_counts_refused(bytes, size, "It has too many rows.");
	put(bytes, 16, 1, 8);
	put(bytes, 48, UINT32_MAX, 4);
	assert_counts_refused(bytes, size, "A label lies outside of its space.");
	put(bytes, 48, 3, 4);
	memcpy(bytes + 56, "pospos", 6);
	assert_counts_refused(bytes, size, "A label stands there twice.");
	memcpy(bytes + 56, "pos\0eg", 6);
	assert_counts_refused(bytes, size, "A label is not valid UTF-8.");
	memcpy(bytes + 56, "po\xc3neg", 6);
	assert_counts_refused(bytes, size, "A label is not valid UTF-8.");
	memcpy(bytes + 56, "posneg", 6);
	confusion_counts_unflatten(&counts, bytes, size);
	assert_int_equal(counts.n_rows, 2);
}

/* Totals without pairs must make sense, too. */
static void
test_invalid_totals(void **state)
{
	ConfusionCounts counts = {0};
	size_t size;
	char *bytes;

	(void) state;
	for (int i = 0; i <= MAX_REPORTED_LABELS; i++)
		add_row(&counts, numbered_label(i), numbered_label(i));
	size = confusion_counts_flat_size(&counts);
	bytes = host_allocate(size);
	confusion_counts_flatten(&counts, bytes);
	put(bytes, 16, 2, 8);
	assert_counts_refused(bytes, size, "A label is correct more often than it occurs.");
	put(bytes, 16, 0, 8);
	put(bytes, 24, 2, 8);
	assert_counts_refused(bytes, size, "It has not as many actual as predicted labels.");
	put(bytes, 24, UINT64_MAX, 8);
	assert_counts_refused(bytes, size, "It has too many rows.");
}

static void
test_scored_rows(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_SCORED_CASES; i++)
	{
		const ScoredCase *expected = &scored_cases[i];
		ScoredRows rows = {{0}, {0}};
		ScoredRows parts[2] = {{.positive = {0}}};
		size_t size;
		char *bytes;
		char *again;

		for (size_t j = 0; j < expected->n_rows; j++)
		{
			scored_rows_add(&rows, expected->actual[j], expected->scores[j]);
			scored_rows_add(&parts[j % 3 == 0], expected->actual[j], expected->scores[j]);
		}
		assert_figure(expected->name, "ROC AUC", scored_rows_roc_auc(&rows), expected->roc_auc);

		size = scored_rows_flat_size(&parts[1]);
		bytes = host_allocate(size);
		again = host_allocate(size);
		scored_rows_flatten(&parts[1], bytes);
		parts[1] = (ScoredRows){.positive = {0}};
		scored_rows_unflatten(&parts[1], bytes, size);
		scored_rows_flatten(&parts[1], again);
		assert_memory_equal(bytes, again, size);
		scored_rows_merge(&parts[0], &parts[1]);
		assert_true(scored_rows_roc_auc(&parts[0]) == scored_rows_roc_auc(&rows));
	}
}

/* Read flat rows and expect the error. */
static void
assert_rows_refused(const char *bytes, size_t size, const char *detail)
{
	ScoredRows rows = {.positive = {0}};

	assert_host_error(HOST_ERROR_INVALID_IMAGE, scored_rows_unflatten(&rows, bytes, size));
	assert_string_equal(test_host_error.detail, detail);
}

/* Read the first bytes of flat rows. */
static void
assert_truncated_rows_refused(const char *bytes, size_t length)
{
	ScoredRows rows = {.positive = {0}};
	char *copy = memcpy(host_allocate(length), bytes, length);

	assert_host_error(HOST_ERROR_INVALID_IMAGE, scored_rows_unflatten(&rows, copy, length));
}

static void
test_invalid_scored_rows(void **state)
{
	ScoredRows rows = {.positive = {0}};
	char *bytes = host_allocate_zero(24 + 4 * 8);
	double not_a_number = NAN;

	(void) state;
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, scored_rows_add(&rows, true, NAN));
	scored_rows_add(&rows, true, 0.5);
	scored_rows_add(&rows, false, 0.5);
	scored_rows_add(&rows, false, -1);
	assert_int_equal(scored_rows_flat_size(&rows), 24 + 3 * 8);
	scored_rows_flatten(&rows, bytes);
	for (size_t length = 0; length < 24 + 3 * 8; length++)
		assert_truncated_rows_refused(bytes, length);
	assert_rows_refused(bytes, 24 + 3 * 8 + 1, "Its length is not the length that it states.");
	assert_rows_refused(bytes, 24 + 4 * 8, "Its length is not the length that it states.");
	put(bytes, 8, UINT64_MAX, 8);
	put(bytes, 16, 4, 8);
	assert_rows_refused(bytes, 24 + 3 * 8, "Its length is not the length that it states.");
	put(bytes, 8, 1, 8);
	put(bytes, 16, 2, 8);
	memcpy(bytes + 40, &not_a_number, 8);
	assert_rows_refused(bytes, 24 + 3 * 8, "A score is not a number.");
	put(bytes, 4, 1, 4);
	assert_rows_refused(bytes, 24 + 3 * 8, "It has no format version.");
	put(bytes, 0, 2, 8);
	assert_host_error(HOST_ERROR_UNSUPPORTED_IMAGE,
					  scored_rows_unflatten(&rows, bytes, 24 + 3 * 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_figures, free_memory),
		cmocka_unit_test_teardown(test_absent_label, free_memory),
		cmocka_unit_test_teardown(test_huge_counts, free_memory),
		cmocka_unit_test_teardown(test_no_rows, free_memory),
		cmocka_unit_test_teardown(test_report, free_memory),
		cmocka_unit_test_teardown(test_roc_auc, free_memory),
		cmocka_unit_test_teardown(test_roc_auc_edge_cases, free_memory),
		cmocka_unit_test_teardown(test_log_loss, free_memory),
		cmocka_unit_test_teardown(test_log_loss_order, free_memory),
		cmocka_unit_test_teardown(test_log_loss_precision, free_memory),
		cmocka_unit_test_teardown(test_sort_doubles, free_memory),
		cmocka_unit_test_teardown(test_sort_interrupt, free_memory),
		cmocka_unit_test_teardown(test_confusion_counts, free_memory),
		cmocka_unit_test_teardown(test_skipped_rows, free_memory),
		cmocka_unit_test_teardown(test_many_labels, free_memory),
		cmocka_unit_test_teardown(test_counts_limits, free_memory),
		cmocka_unit_test_teardown(test_invalid_counts, free_memory),
		cmocka_unit_test_teardown(test_invalid_totals, free_memory),
		cmocka_unit_test_teardown(test_scored_rows, free_memory),
		cmocka_unit_test_teardown(test_invalid_scored_rows, free_memory),
	};

	return cmocka_run_group_tests_name("classification_metrics", tests, NULL, NULL);
}
