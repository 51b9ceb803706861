/*
 * test_drift_report.c
 *	  Drift profiles and reports: figures of scipy and scikit-learn, order, merges, bad bytes, injections.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/drift/domain_classifier.h"
#include "core/drift/drift_report.h"
#include "core/drift/hypothesis_tests.h"
#include "core/drift/injection.h"
#include "core/drift/text_filter.h"
#include "core/evaluation/distributions.h"
#include "core/evaluation/drift_statistics.h"
#include "core/hash.h"
#include "core/held_out.h"
#include "core/linear_algebra/instruction_set.h"
#include "core/pipeline_train.h"
#include "core/text/utf8.h"
#include "drift_report_fixture.h"
#include "host.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_interrupt_after = 0;
	test_host_free_all();
	return 0;
}

/* Compare numbers to a relative error. */
static void
assert_near(double value, double expected, double error)
{
	if (!(fabs(value - expected) <= error * fmax(fabs(expected), 1e-300)))
		fail_msg("%.17g is not %.17g", value, expected);
}

static void
test_distributions(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_ELEMENTS(beta_values); i++)
		assert_near(regularized_beta(beta_values[i][0], beta_values[i][1], beta_values[i][2]),
					beta_values[i][3], 1e-9);
	for (size_t i = 0; i < N_ELEMENTS(f_values); i++)
		assert_near(f_survival(f_values[i][0], f_values[i][1], f_values[i][2]), f_values[i][3],
					1e-9);
	for (size_t i = 0; i < N_ELEMENTS(fisher_values); i++)
		assert_near(fisher_exact(fisher_values[i][0], fisher_values[i][1], fisher_values[i][2],
								 fisher_values[i][3]),
					fisher_values[i][4], 1e-7);
	assert_near(normal_survival(3), 0.0013498980316300957, 1e-13);
	assert_near(normal_survival(-1), 0.8413447460685429, 1e-13);
	assert_true(isnan(fisher_exact(0, 0, 1, 2)));
	assert_true(isnan(regularized_beta(0, 1, 0.5)));
	assert_true(isnan(f_survival(NAN, 1, 1)));
}

static const Repetition no_repetition = {0, 0};

/* Moments of rows of a fixture. */
static VectorMoments
moments_of(const float *rows, size_t n_numbers)
{
	VectorMoments moments = {.n_dimensions = 4};

	for (size_t i = 0; i < n_numbers; i += 4)
		vector_moments_add(&moments, rows + i);
	return moments;
}

static void
test_hotelling(void **state)
{
	VectorMoments reference = moments_of(moment_reference, N_ELEMENTS(moment_reference));
	VectorMoments current = moments_of(moment_current, N_ELEMENTS(moment_current));
	VectorMoments sums = current;
	VectorMoments few = moments_of(moment_current, 4 * (MIN_MEAN_ROWS - 1));
	VectorMoments constant = {.n_dimensions = 4};
	VectorMoments other_constant = {.n_dimensions = 4};
	double mean[4];
	double covariance[16];
	MeanTest test = hotelling_test(&reference, &current, &no_repetition);

	(void) state;
	vector_moments_mean(&reference, mean);
	vector_moments_covariance(&reference, covariance);
	for (int i = 0; i < 4; i++)
		assert_near(mean[i], moment_mean[i], 1e-12);
	for (int i = 0; i < 16; i++)
		assert_near(covariance[i], moment_covariance[i], 1e-10);
	/* the variance of rounding is added */
	assert_near(test.t_squared, hotelling_figures[0], 1e-5);
	assert_near(test.distance, hotelling_figures[1], 1e-5);
	assert_near(test.p_value, hotelling_figures[2], 1e-4);
	test = hotelling_test(&reference, &reference, &no_repetition);
	assert_true(test.t_squared == 0 && test.distance == 0 && test.p_value == 1);
	assert_true(isnan(hotelling_test(&reference, &few, &no_repetition).p_value));
	/* of the current side, the sums are enough */
	memset(sums.products, 0, sizeof(sums.products));
	test = mean_test(&reference, &sums, &no_repetition);
	assert_near(test.t_squared, mean_test_figures[0], 1e-5);
	assert_near(test.distance, mean_test_figures[1], 1e-5);
	assert_near(test.p_value, mean_test_figures[2], 1e-4);
	assert_true(isnan(mean_test(&reference, &few, &no_repetition).p_value));
	/* rows that are all the same: another text is infinitely far, the same one is not */
	for (int i = 0; i < 200; i++)
	{
		vector_moments_add(&constant, (float[]){0.5F, 0, NAN, -7});
		vector_moments_add(&other_constant, (float[]){0.25F, 0, 0, 7});
	}
	assert_true(hotelling_test(&constant, &constant, &no_repetition).p_value == 1);
	assert_true(hotelling_test(&constant, &other_constant, &no_repetition).p_value < 1e-100);
	vector_moments_mean(&constant, mean);
	assert_true(mean[0] == 0.5 && mean[2] == 0 && mean[3] == -1);
}

static void
test_holm(void **state)
{
	double adjusted[N_ELEMENTS(holm_p_values)];
	double with_nan[3] = {0.02, NAN, 0.01};

	(void) state;
	holm_adjust(holm_p_values, N_ELEMENTS(holm_p_values), adjusted);
	for (size_t i = 0; i < N_ELEMENTS(holm_p_values); i++)
		assert_near(adjusted[i], holm_adjusted[i], 1e-14);
	holm_adjust(with_nan, 3, adjusted);
	assert_true(adjusted[0] == 0.02 && isnan(adjusted[1]) && adjusted[2] == 0.02);
	holm_adjust(with_nan, 0, adjusted);
}

static void
test_categories(void **state)
{
	const double few[3] = {1, 2, 0};
	const double none[3] = {0, 0, 0};

	(void) state;
	assert_near(category_test(category_reference, category_current, N_ELEMENTS(category_current)),
				category_p_value[0], 1e-9);
	assert_true(isnan(category_test(few, few, 3)));
	assert_true(isnan(category_test(category_reference, none, 3)));
	assert_true(category_test(category_reference, category_reference, 3) == 1);
}

/* A sample of rows of a fixture, in their order. */
static RowSample
sample_of(const float *rows, size_t n_numbers)
{
	RowSample sample = {.capacity = 1000, .n_values = 3};

	for (size_t i = 0; i < n_numbers; i += 3)
		row_sample_add(&sample, i, i / 3, rows + i);
	row_sample_settle(&sample);
	return sample;
}

static void
test_domain_classifier(void **state)
{
	RowSample reference = sample_of(domain_reference, N_ELEMENTS(domain_reference));
	RowSample moved = sample_of(domain_moved, N_ELEMENTS(domain_moved));
	RowSample same = sample_of(domain_same, N_ELEMENTS(domain_same));
	RowSample few = sample_of(domain_same, 3 * (MIN_DOMAIN_ROWS - 1));
	RowSample constant = {.capacity = 1000, .n_values = 3};
	const unsigned char is_count[3] = {0, 1, 0};
	DomainTest test = domain_classifier_test(&reference, &moved, is_count);
	DomainTest portable;

	(void) state;
	assert_near(test.area, domain_moved_figures[0], 1e-3);
	assert_near(log(test.p_value), log(domain_moved_figures[1]), 2e-2);
	test = domain_classifier_test(&reference, &same, is_count);
	assert_near(test.area, domain_same_figures[0], 1e-3);
	assert_near(test.p_value, domain_same_figures[1], 2e-2);
	assert_true(isnan(domain_classifier_test(&reference, &few, is_count).area));
	for (uint64_t i = 0; i < 300; i++)
		row_sample_add(&constant, i, i, (float[]){1, NAN, 3});
	test = domain_classifier_test(&constant, &constant, is_count);
	assert_true(test.area == 0.5 && test.p_value == 1);
	/* the same to the last bit without the processor's wider instructions */
	test = domain_classifier_test(&reference, &moved, is_count);
	instruction_set_limit = INSTRUCTIONS_PORTABLE;
	portable = domain_classifier_test(&reference, &moved, is_count);
	instruction_set_limit = INSTRUCTIONS_AVX512;
	assert_true(test.area == portable.area && test.p_value == portable.p_value);
	test_host_interrupt_after = 3;
	assert_host_error(HOST_ERROR_INTERNAL, domain_classifier_test(&reference, &moved, is_count));
}

/* The area has its null distribution: of seeded samples without drift, 1 % are beyond the level of 1 %. */
static void
test_domain_null(void **state)
{
	const unsigned char is_count[6] = {0};
	int n_alarms = 0;

	(void) state;
	for (uint64_t seed = 0; seed < 200; seed++)
	{
		RowSample sides[2] = {{.capacity = 1000, .n_values = 6}, {.capacity = 1000, .n_values = 6}};

		for (uint64_t i = 0; i < 400; i++)
		{
			float values[6];

			for (uint64_t j = 0; j < 6; j++)
				values[j] = (float) (hash_mix(seed * 100000 + i * 10 + j) >> 40);
			row_sample_add(&sides[i % 3 == 0], i, hash_mix(i), values);
		}
		row_sample_settle(&sides[0]);
		row_sample_settle(&sides[1]);
		n_alarms += domain_classifier_test(&sides[0], &sides[1], is_count).p_value < 0.05;
		test_host_free_all();
	}
	/* 10 are expected of 200; more than 20 have a probability of 0.2 % */
	assert_in_range(n_alarms, 1, 20);
}

/* Whatever the order and the parts, the sample is the same. */
static void
test_row_sample(void **state)
{
	RowSample forward = {.capacity = 50, .n_values = 2};
	RowSample backward = {.capacity = 50, .n_values = 2};
	RowSample parts[3] = {{.capacity = 50, .n_values = 2},
						  {.capacity = 50, .n_values = 2},
						  {.capacity = 50, .n_values = 2}};
	char *bytes[3];
	size_t size;
	float values[2];

	(void) state;
	for (uint64_t i = 0; i < 1000; i++)
	{
		uint64_t j = 999 - i;

		/* keys that repeat, too */
		row_sample_add(&forward, hash_mix(i / 2), i % 7, (float[]){(float) i, NAN});
		row_sample_add(&backward, hash_mix(j / 2), j % 7, (float[]){(float) j, NAN});
		row_sample_add(&parts[i % 3], hash_mix(i / 2), i % 7, (float[]){(float) i, NAN});
	}
	row_sample_settle(&parts[1]);
	row_sample_merge(&parts[2], &parts[1]);
	row_sample_merge(&parts[2], &parts[0]);
	row_sample_settle(&forward);
	row_sample_settle(&backward);
	row_sample_settle(&parts[2]);
	size = row_sample_flat_size(&forward, 50);
	for (int i = 0; i < 3; i++)
		bytes[i] = host_allocate(size);
	row_sample_flatten(&forward, bytes[0]);
	row_sample_flatten(&backward, bytes[1]);
	row_sample_flatten(&parts[2], bytes[2]);
	assert_int_equal(forward.n_rows, 50);
	assert_memory_equal(bytes[0], bytes[1], size);
	assert_memory_equal(bytes[0], bytes[2], size);
	row_sample_values(&forward, 0, values);
	assert_true(isnan(values[1]));
	/* bfloat16: 8 bits of fraction; extremes stay finite */
	{
		RowSample extremes = {.capacity = 4, .n_values = 2};

		row_sample_add(&extremes, 1, 0, (float[]){3.4e38F, -3.4e38F});
		row_sample_add(&extremes, 2, 0, (float[]){1.00390625F, -1e-45F});
		row_sample_values(&extremes, 0, values);
		assert_true(values[0] > 3e38F && isfinite(values[0]) && values[1] == -values[0]);
		row_sample_values(&extremes, 1, values);
		assert_true(values[0] == 1.0F && values[1] == 0 && !signbit(values[1]));
	}
}

/* A made review. */
static size_t
make_text(char *text, size_t size, uint64_t seed, bool positive)
{
	static const char *const words[] = {"the",  "coffee", "tea",   "taste", "price", "box",
										"is",   "was",    "a",     "of",    "it",    "cup",
										"milk", "sugar",  "water", "dark",  "order", "again"};
	uint64_t hash = hash_mix(seed * 2654435761 + 17);
	size_t length = 0;
	size_t n_words = 8 + hash % 12;

	for (size_t i = 0; i < n_words; i++)
	{
		const char *word = words[hash % N_ELEMENTS(words)];

		hash = hash_mix(hash + i);
		if (hash % 7 == 0)
			word = positive ? "lovely" : "awful";
		length += (size_t) snprintf(text + length, size - length, "%s%s", i == 0 ? "" : " ", word);
	}
	return length +
		   (size_t) snprintf(text + length, size - length, "%s", hash % 3 == 0 ? "!" : ".");
}

/* A pipeline trained on made reviews, with numbers; SVD if asked for. */
static Pipeline *
make_pipeline(bool svd)
{
	static const char *const names[] = {"price"};
	PipelineOptions options;
	Corpus corpus = {.n_documents = 0};
	CorpusValues values;
	ByteBuffer image;
	void *aligned;

	pipeline_parse_options("logistic_regression",
						   svd ? "{\"svd_components\": 8, \"text_features\": true}"
							   : "{\"ngram_max\": 1}",
						   NULL, 0, &options);
	options.features.n_numeric = 1;
	options.features.numeric_names = names;
	values = feature_space_corpus_values(&options.features);
	corpus_initialize(&corpus, &options.features.tokenizer, &values);
	for (uint64_t i = 0; i < 400; i++)
	{
		char text[512];
		size_t length = make_text(text, sizeof(text), i, i % 2 == 0);
		const char *label = i % 2 == 0 ? "pos" : "neg";
		float price = (float) (i % 50);

		corpus_add_text(&corpus, text, length, corpus_add_label(&corpus, label, 3), &price);
	}
	image = pipeline_train(&options, &corpus, NULL);
	aligned = host_allocate(image.length + 64);
	aligned = (void *) (((uintptr_t) aligned + 63) & ~(uintptr_t) 63);
	memcpy(aligned, image.data, image.length);
	return pipeline_open(aligned, image.length);
}

/* Add a copy of a made review to a profile; kind NULL: without drift. */
static void
add_copy(DriftProfile *profile, Pipeline *pipeline, uint64_t seed, uint64_t copy, const char *kind)
{
	char text[512];
	size_t length = make_text(text, sizeof(text), seed, seed % 2 == 0);
	float price = seed % 11 == 0 ? NAN : (float) (hash_mix(seed) % 50);
	ByteBuffer changed = {0};
	ProfileRow row = {.numeric = &price,
					  .is_counted = true,
					  .key = hash_mix(seed ^ hash_mix(copy)),
					  .text_hash = hash_mix(seed + 1)};

	inject_text_drift(text, length, kind == NULL ? "typos" : kind, kind == NULL ? 0 : 1, 3,
					  &changed);
	row.text = changed.data;
	row.length = changed.length;
	row.label = drift_profile_label(profile, pipeline, seed % 2 == 0 ? "pos" : "neg", 3);
	row.probabilities = pipeline_predict(pipeline, row.text, row.length, &price);
	drift_profile_add(profile, pipeline, &row);
	buffer_reset(&changed);
}

/* Add a made review once. */
static void
add_review(DriftProfile *profile, Pipeline *pipeline, uint64_t seed, const char *kind)
{
	add_copy(profile, pipeline, seed, 0, kind);
}

/* A profile of made reviews. */
static DriftProfile *
profile_of(Pipeline *pipeline, uint64_t first, uint64_t n, const char *kind, uint32_t sample_rows)
{
	DriftProfile *profile = host_allocate_zero(sizeof(DriftProfile));

	drift_profile_begin(profile, pipeline, sample_rows);
	for (uint64_t i = 0; i < n; i++)
		add_review(profile, pipeline, first + i, kind);
	return profile;
}

/* The flat form. */
static char *
flat_of(DriftProfile *profile, size_t *size)
{
	char *bytes;

	*size = drift_profile_flat_size(profile);
	bytes = host_allocate(*size);
	drift_profile_flatten(profile, bytes);
	return bytes;
}

static void
test_profile_merge(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	DriftProfile *whole = profile_of(pipeline, 1000, 300, NULL, 100);
	DriftProfile *backward = host_allocate_zero(sizeof(DriftProfile));
	DriftProfile *merged = host_allocate_zero(sizeof(DriftProfile));
	DriftProfile *again = host_allocate_zero(sizeof(DriftProfile));
	DriftProfile *empty = host_allocate_zero(sizeof(DriftProfile));
	char *bytes[4];
	size_t sizes[4];

	(void) state;
	drift_profile_begin(backward, pipeline, 100);
	for (uint64_t i = 300; i-- > 0;)
		add_review(backward, pipeline, 1000 + i, NULL);
	drift_profile_merge(merged, profile_of(pipeline, 1100, 200, NULL, 100));
	drift_profile_merge(merged, empty);
	drift_profile_merge(merged, profile_of(pipeline, 1000, 100, NULL, 100));
	bytes[0] = flat_of(whole, &sizes[0]);
	bytes[1] = flat_of(backward, &sizes[1]);
	bytes[2] = flat_of(merged, &sizes[2]);
	drift_profile_unflatten(again, bytes[0], sizes[0]);
	bytes[3] = flat_of(again, &sizes[3]);
	for (int i = 1; i < 4; i++)
	{
		assert_int_equal(sizes[i], sizes[0]);
		assert_memory_equal(bytes[i], bytes[0], sizes[0]);
	}
	assert_int_equal(whole->n_rows, 300);
	assert_int_equal(whole->sample.n_rows, 100);
	assert_int_equal(whole->actual[0] + whole->actual[1], 300);
	/* rows without a text are only counted */
	drift_profile_add(again, pipeline, &(ProfileRow){.label = NO_PROFILE_LABEL});
	assert_int_equal(again->n_rows, 301);
	assert_int_equal(again->n_texts, 300);
	bytes[0] = flat_of(empty, &sizes[0]);
	drift_profile_unflatten(host_allocate_zero(sizeof(DriftProfile)), bytes[0], sizes[0]);
	/* of another model */
	assert_host_error(
		HOST_ERROR_INVALID_PARAMETER,
		drift_profile_merge(merged, profile_of(make_pipeline(true), 1, 2, NULL, 100)));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  drift_profile_begin(merged, make_pipeline(true), 100));
}

/* Read changed bytes: what is accepted must come back as it was. Answers whether it was refused. */
static bool
is_refused(const char *bytes, size_t size)
{
	jmp_buf target;

	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		DriftProfile *profile = host_allocate_zero(sizeof(DriftProfile));
		size_t again_size;
		char *again;

		drift_profile_unflatten(profile, bytes, size);
		again = flat_of(profile, &again_size);
		test_host_error_target = NULL;
		assert_int_equal(again_size, size);
		assert_memory_equal(again, bytes, size);
		return false;
	}
	test_host_error_target = NULL;
	return true;
}

/* No byte that is changed is read outside of its place. */
static void
test_profile_bytes(void **state)
{
	Pipeline *pipeline = make_pipeline(true);
	size_t size;
	char *bytes = flat_of(profile_of(pipeline, 1000, 30, NULL, 10), &size);
	char *copy = host_allocate(size);
	size_t n_refused = 0;

	(void) state;
	for (size_t i = 0; i < size; i++)
	{
		const char changes[3] = {(char) (bytes[i] ^ 1), (char) 0xff, (char) (bytes[i] + 0x80)};

		for (int change = 0; change < 3; change++)
		{
			memcpy(copy, bytes, size);
			copy[i] = changes[change];
			n_refused += is_refused(copy, size);
		}
	}
	assert_true(n_refused > size);
	for (size_t length = 0; length < size; length += 7)
		assert_true(is_refused(bytes, length));
}

/* Make a report with default thresholds. */
static DriftReport
report_of(DriftProfile *reference, DriftProfile *current, const Pipeline *pipeline)
{
	DriftReportOptions options;
	ParameterGroup group = {drift_report_parameters, n_drift_report_parameters, &options};

	parameters_parse("{}", &group, 1);
	options.alpha = 0.01;
	return drift_report_make(reference, current, pipeline, &options);
}

/* Each kind of injected drift is found; windows without any raise an alarm no more often than they may. */
static void
test_report(void **state)
{
	static const char *const kinds[] = {"longer", "shorter",         "shouting",
										"typos",  "vocabulary_swap", "negation_flip"};

	(void) state;
	for (int svd = 0; svd < 2; svd++)
	{
		Pipeline *pipeline = make_pipeline(svd);
		DriftProfile *reference = profile_of(pipeline, 10000, 1200, NULL, REFERENCE_SAMPLE_ROWS);
		int n_alarms = 0;

		for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		{
			DriftReport report = report_of(
				reference, profile_of(pipeline, 20000, 400, kinds[i], CURRENT_SAMPLE_ROWS),
				pipeline);

			if (report.n_drifted == 0)
				fail_msg("%s is not found", kinds[i]);
			assert_true(report.p_value <= 0.01);
			assert_int_equal(report.n_current, 400);
			assert_int_equal(report.n_reference, 1200);
		}
		for (uint64_t i = 0; i < 100; i++)
			n_alarms +=
				report_of(reference,
						  profile_of(pipeline, 30000 + i * 1000, 300, NULL, CURRENT_SAMPLE_ROWS),
						  pipeline)
					.n_drifted > 0;
		/* at most 5 of 200 for both */
		assert_in_range(n_alarms, 0, 2);
	}
}

/* Windows too small, empty, or of a single text. */
static void
test_small_windows(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	DriftProfile *reference = profile_of(pipeline, 10000, 1200, NULL, REFERENCE_SAMPLE_ROWS);
	DriftProfile *same = profile_of(pipeline, 1, 0, NULL, CURRENT_SAMPLE_ROWS);
	DriftReport report = report_of(reference, same, pipeline);

	(void) state;
	assert_int_equal(report.n_tests, 0);
	assert_int_equal(report.n_drifted, 0);
	for (size_t i = 0; i < report.n_findings; i++)
		assert_true(isnan(report.findings[i].value) && isnan(report.findings[i].p_value));
	report = report_of(reference, profile_of(pipeline, 5, 1, NULL, 100), pipeline);
	assert_int_equal(report.n_drifted, 0);
	for (int i = 0; i < 500; i++)
		add_review(same, pipeline, 77, NULL);
	/* one text is one text, however often it stands there; that nothing else does is the finding */
	report = report_of(reference, same, pipeline);
	assert_int_equal(report.n_current, 500);
	assert_true(report.effective_current < 1.1);
	assert_int_equal(report.n_drifted, 1);
	assert_string_equal(report.findings[report.n_findings - 1].feature, "(repeated text)");
	assert_true(report.findings[report.n_findings - 1].drifted);
	assert_true(report.findings[report.n_findings - 1].value > 0.99);
	report = report_of(same, same, pipeline);
	assert_int_equal(report.n_drifted, 0);
}

/* Sum of squared shares by going over all pairs of rows. */
static double
slow_match(const uint64_t *a, size_t n, const uint64_t *b, size_t m)
{
	double matches = 0;

	for (size_t i = 0; i < n; i++)
	{
		for (size_t j = 0; j < m; j++)
			matches += a[i] == b[j] && (a != b || i != j);
	}
	return matches / ((double) n * (double) (a == b ? n - 1 : m));
}

/* Effective rows: exact, and in buckets within their standard error. */
static void
test_repetition(void **state)
{
	enum
	{
		N = 1200,
		M = 700
	};
	static uint64_t reference[N];
	static uint64_t current[M];
	uint64_t buckets[2][N_TEXT_BUCKETS] = {0};
	uint64_t folded[N_LIVE_TEXT_BUCKETS];
	Repetition exact;
	Repetition estimate;
	double both;

	(void) state;
	for (uint64_t i = 0; i < N; i++)
		reference[i] = hash_mix(i % 5 == 0 ? i % 60 : i / 3);
	for (uint64_t i = 0; i < M; i++)
		current[i] = hash_mix(i % 9 == 0 ? 5 : 10000 + i);
	both = slow_match(reference, N, current, M);
	for (uint32_t i = 0; i < N; i++)
		buckets[0][text_bucket(reference[i], N_TEXT_BUCKETS)]++;
	for (uint32_t i = 0; i < M; i++)
		buckets[1][text_bucket(current[i], N_TEXT_BUCKETS)]++;
	exact = repetition_of_texts(reference, N, current, M);
	assert_near(exact.reference, slow_match(reference, N, reference, N) - both, 1e-12);
	assert_near(exact.current, slow_match(current, M, current, M) - both, 1e-12);
	estimate = repetition_of_buckets(buckets[0], buckets[1], N_TEXT_BUCKETS);
	assert_near(effective_rows(N, estimate.reference) / effective_rows(N, exact.reference), 1, 0.2);
	assert_near(effective_rows(M, estimate.current) / effective_rows(M, exact.current), 1, 0.2);
	text_buckets_fold(buckets[0], N_TEXT_BUCKETS, N_LIVE_TEXT_BUCKETS, folded);
	for (uint32_t i = 0; i < N_LIVE_TEXT_BUCKETS; i++)
		assert_int_equal(folded[i], buckets[0][i] + buckets[0][i + N_LIVE_TEXT_BUCKETS]);
	/* copies of all: half as many; the same on both sides: as many as there are */
	for (uint64_t i = 0; i < M; i++)
	{
		current[i] = hash_mix(i / 2);
		reference[i] = hash_mix(100000 + i);
	}
	exact = repetition_of_texts(reference, M, current, M);
	assert_near(effective_rows(M, exact.reference), M, 1e-9);
	assert_near(effective_rows(M, exact.current), M / 2.0, 1e-9);
	for (uint64_t i = 0; i < M; i++)
		reference[i] = current[i] = hash_mix(i % 7);
	exact = repetition_of_texts(reference, M, current, M);
	assert_true(effective_rows(M, exact.reference) == M && effective_rows(M, exact.current) == M);
	exact = repetition_of_texts(reference, 0, current, M);
	assert_true(exact.reference == 0 && exact.current == 0);
}

/* Of a text that floods a sample only a share stays, the rest of the rows all. */
static void
test_trimmed_sample(void **state)
{
	RowSample sample = {.capacity = 1000, .n_values = 1};
	RowSample trimmed;
	uint32_t n_flood = 0;

	(void) state;
	for (uint64_t i = 0; i < 800; i++)
		row_sample_add(&sample, hash_mix(i), i % 2 == 0 ? 1 : i, (float[]){(float) i});
	row_sample_settle(&sample);
	trimmed = row_sample_trim(&sample, 0.005);
	for (uint32_t i = 0; i < trimmed.n_rows; i++)
	{
		n_flood += row_sample_text(&trimmed, i) == 1;
		assert_true(i == 0 || row_sample_key(&trimmed, i) >= row_sample_key(&trimmed, i - 1));
	}
	/* the text 1 is one of the others, too */
	assert_int_equal(n_flood, 4);
	assert_int_equal(trimmed.n_rows, 399 + 4);
	assert_int_equal(sample.n_rows, 800);
}

/* Add rows without drift in which texts stand as often as a kind says, or with "longer" ones. */
static DriftProfile *
copied_profile(Pipeline *pipeline, uint64_t first, const char *copies, bool drifted, uint32_t rows)
{
	DriftProfile *profile = host_allocate_zero(sizeof(DriftProfile));

	drift_profile_begin(profile, pipeline, rows);
	for (uint64_t i = first; i < first + 300; i++)
	{
		uint64_t n = strcmp(copies, "mixed") == 0 ? (hash_mix(i) % 10 == 0 ? 20 : 1)
												  : (uint64_t) (copies[0] - '0');

		for (uint64_t copy = 0; copy < n; copy++)
			add_copy(profile, pipeline, i, copy, drifted ? "longer" : NULL);
	}
	return profile;
}

/* Copies do not make alarms, on either side or on both, and drift is found among them. */
static void
test_copies(void **state)
{
	static const char *const kinds[][2] = {{"1", "1"}, {"2", "2"}, {"5", "5"},
										   {"4", "1"}, {"1", "4"}, {"mixed", "mixed"}};
	Pipeline *pipeline = make_pipeline(false);

	(void) state;
	for (size_t kind = 0; kind < N_ELEMENTS(kinds); kind++)
	{
		int n_alarms = 0;

		for (uint64_t i = 0; i < 60; i++)
		{
			DriftProfile *reference = copied_profile(pipeline, 10000 + i * 1000, kinds[kind][0],
													 false, REFERENCE_SAMPLE_ROWS);
			DriftProfile *current = copied_profile(pipeline, 100000 + i * 1000, kinds[kind][1],
												   false, CURRENT_SAMPLE_ROWS);

			n_alarms += report_of(reference, current, pipeline).n_drifted > 0;
			if (i > 0)
				continue;
			current = copied_profile(pipeline, 100000, kinds[kind][1], true, CURRENT_SAMPLE_ROWS);
			assert_true(report_of(reference, current, pipeline).n_drifted > 0);
		}
		/* of 60 at the level of 1 %, more than 3 have a probability of 0.3 % */
		if (n_alarms > 3)
			fail_msg("%d alarms of 60 for %s and %s copies", n_alarms, kinds[kind][0],
					 kinds[kind][1]);
	}
}

/* A profile as the first format wrote it: without buckets, and without texts in the sample. */
static char *
old_flat_of(DriftProfile *profile, size_t *old_size)
{
	size_t size;
	char *bytes = flat_of(profile, &size);
	size_t n_values = (profile->sample.n_values * sizeof(uint16_t) + 7) & ~(size_t) 7;
	size_t n_rows = profile->sample.n_rows;
	size_t head = size - n_rows * (n_values + 16) - 2 * N_TEXT_BUCKETS * sizeof(uint64_t);
	char *old = host_allocate(size);
	const char *row = bytes + size - n_rows * (n_values + 16);

	memcpy(old, bytes, head);
	memcpy(old, &(uint32_t){1}, sizeof(uint32_t));
	*old_size = head;
	for (size_t i = 0; i < n_rows; i++, row += n_values + 16)
	{
		memcpy(old + *old_size, row, 8);
		memcpy(old + *old_size + 8, row + 16, n_values);
		*old_size += n_values + 8;
	}
	return old;
}

/* Profiles of the first format are read, compared and merged; what their sample repeats is known. */
static void
test_old_profile(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	DriftProfile *profile = copied_profile(pipeline, 5000, "4", false, REFERENCE_SAMPLE_ROWS);
	DriftProfile *old = host_allocate_zero(sizeof(DriftProfile));
	DriftProfile *again = host_allocate_zero(sizeof(DriftProfile));
	DriftReport report;
	size_t size;
	char *bytes = old_flat_of(profile, &size);

	(void) state;
	drift_profile_unflatten(old, bytes, size);
	assert_int_equal(old->n_rows, 1200);
	report =
		report_of(old, copied_profile(pipeline, 9000, "1", false, CURRENT_SAMPLE_ROWS), pipeline);
	assert_int_equal(report.n_drifted, 0);
	assert_true(report.effective_reference > 250 && report.effective_reference < 350);
	assert_true(is_refused(bytes, size - 1));
	bytes = flat_of(old, &size);
	drift_profile_unflatten(again, bytes, size);
	drift_profile_merge(again, profile);
	assert_int_equal(again->n_rows, 2400);
	bytes = flat_of(again, &size);
	drift_profile_unflatten(host_allocate_zero(sizeof(DriftProfile)), bytes, size);
}

/* Inject drift and answer the text. */
static char *
injected(const char *text, const char *kind, double strength, uint64_t seed)
{
	ByteBuffer result = {0};

	inject_text_drift(text, strlen(text), kind, strength, seed, &result);
	return buffer_c_string(&result);
}

static void
test_injection(void **state)
{
	static const char *const kinds[] = {"longer", "shorter",         "shouting",
										"typos",  "vocabulary_swap", "negation_flip"};
	const char *text =
		"Das ist größer. It is not bad; \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \xf0\x9f\x98\x80!";
	bool is_missing;

	(void) state;
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
	{
		assert_string_equal(injected(text, kinds[i], 0, 5), text);
		assert_string_equal(injected("", kinds[i], 0, 5), "");
		for (uint64_t seed = 0; seed < 200; seed++)
		{
			char *changed = injected(text, kinds[i], 0.7, seed);

			utf8_check(changed, strlen(changed));
			assert_string_equal(changed, injected(text, kinds[i], 0.7, seed));
		}
		assert_string_not_equal(injected(text, kinds[i], 1, 5), text);
		(void) injected("", kinds[i], 1, 5);
		(void) injected("...", kinds[i], 1, 5);
	}
	assert_string_equal(injected("ab cd", "longer", 1, 0), "ab cd ab cd ab cd");
	assert_string_equal(injected("0123456789", "shorter", 1, 0), "01");
	assert_string_equal(injected("größer. ok", "shouting", 1, 0), "GRÖẞER! OK!!!");
	assert_string_equal(injected("It is not bad. I was happy", "negation_flip", 1, 0),
						"It is bad. I was not happy");
	assert_string_equal(injected("fine", "negation_flip", 1, 0), "not fine");
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, injected(text, "nothing", 1, 0));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, injected(text, "class_shift", 1, 0));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, injected(text, "typos", 1.5, 0));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, injected(text, "typos", NAN, 0));
	assert_host_error(HOST_ERROR_INVALID_TEXT, injected("a\xff", "typos", 0, 0));

	assert_true(inject_number_drift(7, "shift", 1, 0, &is_missing) == 17);
	assert_true(inject_number_drift(8, "scale", 1, 0, &is_missing) == 12);
	assert_true(inject_number_drift(8, "clip", 1, 0, &is_missing) == 1);
	assert_true(inject_number_drift(-8, "clip", 1, 0, &is_missing) == 0);
	assert_true(inject_number_drift(8, "noise", 0, 0, &is_missing) == 8);
	assert_true(inject_number_drift(8, "noise", 1, 0, &is_missing) != 8);
	(void) inject_number_drift(8, "missing", 1, 0, &is_missing);
	assert_true(is_missing);
	(void) inject_number_drift(8, "missing", 0, 0, &is_missing);
	assert_false(is_missing);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  inject_number_drift(8, "missing", 2, 0, &is_missing));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  inject_number_drift(8, "nothing", 1, 0, &is_missing));
	assert_true(inject_class_shift("a", 1, true, 1, 0));
	assert_false(inject_class_shift("a", 1, false, 1, 0));
	assert_true(inject_class_shift("a", 1, false, 0, 0));
}

static void
test_text_filter(void **state)
{
	Corpus corpus = {.n_documents = 0};
	CorpusValues values = {0};
	TokenizerOptions options = {.token_min_length = 2};
	size_t n_false = 0;
	size_t size;
	unsigned char *filter;

	(void) state;
	corpus_initialize(&corpus, &options, &values);
	for (uint64_t i = 0; i < 2000; i++)
	{
		char text[32];

		corpus_add_text(&corpus, text, (size_t) snprintf(text, sizeof(text), "t%d", (int) i), 0,
						NULL);
	}
	size = text_filter_size(corpus.n_documents);
	filter = host_allocate_zero(size);
	text_filter_add_corpus(filter, size, &corpus);
	for (uint64_t i = 0; i < 20000; i++)
	{
		char text[32];
		size_t length = (size_t) snprintf(text, sizeof(text), "t%d", (int) i);
		bool found = text_filter_has(filter, size, corpus_text_hash(text, length));

		if (i < 2000)
			assert_true(found);
		else
			n_false += found;
	}
	assert_in_range(n_false, 0, 18000 * 2 / 100);
	assert_false(text_filter_has(filter, 63, 1));
	assert_int_equal(text_filter_size(SIZE_MAX / 16), MAX_TEXT_FILTER_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_distributions, free_memory),
		cmocka_unit_test_teardown(test_hotelling, free_memory),
		cmocka_unit_test_teardown(test_holm, free_memory),
		cmocka_unit_test_teardown(test_categories, free_memory),
		cmocka_unit_test_teardown(test_domain_classifier, free_memory),
		cmocka_unit_test_teardown(test_domain_null, free_memory),
		cmocka_unit_test_teardown(test_row_sample, free_memory),
		cmocka_unit_test_teardown(test_profile_merge, free_memory),
		cmocka_unit_test_teardown(test_profile_bytes, free_memory),
		cmocka_unit_test_teardown(test_report, free_memory),
		cmocka_unit_test_teardown(test_small_windows, free_memory),
		cmocka_unit_test_teardown(test_repetition, free_memory),
		cmocka_unit_test_teardown(test_trimmed_sample, free_memory),
		cmocka_unit_test_teardown(test_copies, free_memory),
		cmocka_unit_test_teardown(test_old_profile, free_memory),
		cmocka_unit_test_teardown(test_injection, free_memory),
		cmocka_unit_test_teardown(test_text_filter, free_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
