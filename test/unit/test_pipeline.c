/*
 * test_pipeline.c
 *	  Training, storing and asking a pipeline; its feature space against itself and the definitions.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/held_out.h"
#include "core/pipeline.h"
#include "host.h"

#define N_TEXTS 240

/* A made review: its words follow from its number, and the first tells its label. */
static void
make_text(int i, char *text, size_t size)
{
	static const char *const moods[] = {"good", "great", "lovely", "bad", "poor", "awful"};

	snprintf(text, size, "%s book number%d the the story%d of w%d", moods[i % 6], i % 11, i % 7, i);
}

static const char *
label_of(int i)
{
	return i % 6 < 3 ? "pos" : "neg";
}

/* Add made reviews to a corpus: numbers first, first + step, ... below N_TEXTS. */
static void
add_texts(Corpus *corpus, int first, int step)
{
	for (int i = first; i < N_TEXTS; i += step)
	{
		char text[200];

		make_text(i, text, sizeof(text));
		corpus_add_text(corpus, text, strlen(text),
						corpus_add_label(corpus, label_of(i), strlen(label_of(i))));
	}
}

/* Options and an empty corpus for them. */
static PipelineOptions
parse(const char *json, Corpus *corpus)
{
	PipelineOptions options;

	pipeline_parse_options(DEFAULT_KIND, json, NULL, 0, &options);
	corpus_initialize(corpus, &options.features.tokenizer);
	return options;
}

static ByteBuffer
train(const char *json)
{
	Corpus corpus;
	PipelineOptions options = parse(json, &corpus);

	add_texts(&corpus, 0, 1);
	return pipeline_train(&options, &corpus);
}

static int
free_all(void **state)
{
	(void) state;
	test_host_interrupt_after = 0;
	test_host_free_all();
	assert_int_equal(test_host_allocated, 0);
	return 0;
}

static void
test_learns(void **state)
{
	ByteBuffer image = train("{}");
	Pipeline *pipeline = pipeline_open(image.data, image.length);

	(void) state;
	assert_int_equal(pipeline->n_labels, 2);
	assert_string_equal(pipeline->labels[0], "neg");
	assert_int_equal(pipeline->n_rows, N_TEXTS);
	for (int i = 0; i < N_TEXTS; i++)
	{
		char text[200];
		const double *probabilities;

		make_text(i, text, sizeof(text));
		probabilities = pipeline_predict(pipeline, text, strlen(text));
		assert_true(fabs(probabilities[0] + probabilities[1] - 1) < 1e-12);
		assert_string_equal(pipeline->labels[pipeline_most_probable(pipeline, probabilities)],
							label_of(i));
	}
	pipeline_close(pipeline);
}

/* The same rows in another order, or collected in parts that are stored and combined. */
static void
test_canonical(void **state)
{
	ByteBuffer expected = train("{\"ngram_max\": 3}");
	Corpus corpus;
	Corpus parts[3];
	PipelineOptions options = parse("{\"ngram_max\": 3}", &corpus);
	ByteBuffer image;

	(void) state;
	for (int i = N_TEXTS - 1; i >= 0; i--)
	{
		char text[200];

		make_text(i, text, sizeof(text));
		corpus_add_text(&corpus, text, strlen(text),
						corpus_add_label(&corpus, label_of(i), strlen(label_of(i))));
	}
	image = pipeline_train(&options, &corpus);
	assert_int_equal(image.length, expected.length);
	assert_memory_equal(image.data, expected.data, expected.length);

	corpus_initialize(&corpus, &options.features.tokenizer);
	for (int part = 2; part >= 0; part--)
	{
		size_t size;
		void *flat;
		Corpus again;

		corpus_initialize(&parts[part], &options.features.tokenizer);
		add_texts(&parts[part], part, 3);
		size = corpus_flat_size(&parts[part]);
		flat = host_allocate(size);
		corpus_flatten(&parts[part], flat);
		corpus_initialize(&again, &options.features.tokenizer);
		corpus_unflatten(&again, flat, size);
		corpus_combine(&corpus, &again);
	}
	image = pipeline_train(&options, &corpus);
	assert_int_equal(image.length, expected.length);
	assert_memory_equal(image.data, expected.data, expected.length);
}

/* Training rows and prediction rows are made by different code: they must be the same numbers. */
static void
check_rows_agree(const char *json)
{
	Corpus corpus;
	PipelineOptions options = parse(json, &corpus);
	ImageWriter writer;
	SparseMatrix matrix;
	ByteBuffer image;
	FeatureSpace space;

	add_texts(&corpus, 0, 1);
	image_begin(&writer, IMAGE_VOCABULARY);
	feature_space_fit(&options.features, &corpus, corpus.documents, corpus.n_documents, &writer,
					  &matrix);
	image = image_finish(&writer);
	feature_space_open(image.data, &options.features, &space);
	assert_true(matrix.n_features > 0);
	for (int i = 0; i < N_TEXTS; i++)
	{
		char text[200];
		SparseRow expected = sparse_matrix_row(&matrix, i);
		SparseRow row;

		make_text(i, text, sizeof(text));
		row = feature_space_transform(&space, text, strlen(text));
		assert_int_equal(row.count, expected.count);
		for (uint32_t j = 0; j < row.count; j++)
		{
			assert_int_equal(row.indices[j], expected.indices[j]);
			assert_true(row.values[j] == expected.values[j]);
		}
	}
	feature_space_close(&space);
	feature_space_free_matrix(&matrix);
}

static void
test_rows_agree(void **state)
{
	(void) state;
	check_rows_agree("{}");
	check_rows_agree("{\"ngram_max\": 1, \"min_df\": 1, \"sublinear_tf\": false}");
	check_rows_agree("{\"ngram_max\": 3, \"norm\": \"l1\"}");
	check_rows_agree("{\"ngram_min\": 2, \"ngram_max\": 3, \"norm\": \"none\"}");
	check_rows_agree("{\"max_df\": 0.5, \"min_df\": 0.01}");
	check_rows_agree("{\"max_features\": 20}");
}

/* Terms that cross the border between two batches of tokens are found. */
static void
test_batch_borders(void **state)
{
	static const int lengths[] = {511, 512, 513, 1023, 1024, 1025, 1030};

	(void) state;
	for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++)
	{
		Corpus corpus;
		PipelineOptions options = parse("{\"ngram_max\": 3, \"min_df\": 1, \"norm\": \"none\","
										"\"sublinear_tf\": false}",
										&corpus);
		ByteBuffer text = {0};
		ByteBuffer image;
		FeatureSpace *space;
		SparseRow row;
		double total = 0;

		for (int i = 0; i < lengths[k]; i++)
			buffer_printf(&text, "t%d ", i % 97);
		corpus_add_text(&corpus, text.data, text.length, 0);
		image = feature_space_image(&options.features, &corpus);
		space = feature_space_open_image(image.data, image.length);
		row = feature_space_transform(space, text.data, text.length);
		/* with one text every idf is 1, so the values are counts: n + (n - 1) + (n - 2) */
		for (uint32_t j = 0; j < row.count; j++)
			total += row.values[j];
		assert_true(total == 3.0 * lengths[k] - 3);
		assert_int_equal(row.count, space->vocabulary.n_features);
		feature_space_close(space);
		host_free(space);
	}
}

/* Contributions and the intercept sum to the logit of the class that is explained. */
static void
test_explain(void **state)
{
	ByteBuffer image = train("{}");
	Pipeline *pipeline = pipeline_open(image.data, image.length);

	(void) state;
	for (int i = 0; i < 60; i++)
	{
		char text[200];
		const double *probabilities;
		double p;
		double sum;
		uint32_t n_terms;
		TermContribution *terms;

		make_text(i, text, sizeof(text));
		probabilities = pipeline_predict(pipeline, text, strlen(text));
		p = probabilities[i % 2];
		terms = pipeline_explain(pipeline, text, strlen(text), i % 2, &n_terms, &sum);
		for (uint32_t j = 0; j < n_terms; j++)
			sum += terms[j].contribution;
		assert_true(fabs(sum - log(p / (1 - p))) < 1e-9);
		for (uint32_t j = 1; j < n_terms; j++)
			assert_true(fabs(terms[j].contribution) <= fabs(terms[j - 1].contribution));
	}
	pipeline_close(pipeline);
}

static void
test_errors(void **state)
{
	Corpus corpus;
	PipelineOptions options = parse("{}", &corpus);
	ByteBuffer long_label = {0};

	(void) state;
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, pipeline_train(&options, &corpus));
	corpus_add_text(&corpus, "a text", 6, corpus_add_label(&corpus, "one", 3));
	corpus_add_text(&corpus, "a text", 6, corpus_add_label(&corpus, "one", 3));
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, pipeline_train(&options, &corpus));
	assert_string_equal(test_host_error.message, "all rows have the same label");
	corpus_add_text(&corpus, "a text", 6, corpus_add_label(&corpus, "two", 3));
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, pipeline_train(&options, &corpus));
	assert_string_equal(test_host_error.message, "label \"two\" has a single row to learn from");
	assert_host_error(HOST_ERROR_INVALID_TEXT, corpus_add_text(&corpus, "\xff", 1, 0));
	assert_host_error(HOST_ERROR_INVALID_TEXT, corpus_add_label(&corpus, "\xff", 1));
	for (int i = 0; i < 3000; i++)
		buffer_append(&long_label, "x", 1);
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED,
					  corpus_add_label(&corpus, long_label.data, long_label.length));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  pipeline_parse_options("oracle", "{}", NULL, 0, &options));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  pipeline_parse_options(DEFAULT_KIND, "{\"c\": 1}", NULL, 0, &options));

	options = parse("{\"positive_label\": \"maybe\"}", &corpus);
	add_texts(&corpus, 0, 1);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, pipeline_train(&options, &corpus));

	corpus_initialize(&corpus, &options.features.tokenizer);
	for (int i = 0; i < 1000; i++)
	{
		char label[20];

		snprintf(label, sizeof(label), "label %d", i);
		assert_int_equal(corpus_add_label(&corpus, label, strlen(label)), i);
	}
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, corpus_add_label(&corpus, "another", 7));
}

/* A cancel ends training wherever it comes, and leaves nothing that the host cannot free. */
static void
test_interrupts(void **state)
{
	volatile int n_interrupted = 0;

	(void) state;
	for (volatile int after = 1; after < 200; after++)
	{
		jmp_buf target;

		test_host_error_target = &target;
		if (setjmp(target) == 0)
		{
			test_host_interrupt_after = after;
			train("{}");
		}
		else
		{
			assert_string_equal(test_host_error.message, "interrupted");
			n_interrupted++;
		}
		test_host_error_target = NULL;
		test_host_interrupt_after = 0;
		test_host_free_all();
	}
	assert_true(n_interrupted > 5);
}

/* Every byte of an image is covered: changed anywhere, it is refused. */
static void
test_changed_images(void **state)
{
	ByteBuffer image = train("{\"ngram_max\": 1}");
	char *copy = host_allocate(image.length);

	(void) state;
	for (size_t i = 0; i < image.length; i += 7)
	{
		jmp_buf target;
		volatile bool refused = false;

		memcpy(copy, image.data, image.length);
		copy[i] ^= 1 << (i % 8);
		test_host_error_target = &target;
		if (setjmp(target) == 0)
			image_check(copy, image.length, IMAGE_MODEL);
		else
			refused = true;
		test_host_error_target = NULL;
		assert_true(refused);
	}
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  image_check(image.data, image.length - 1, IMAGE_MODEL));
	assert_host_error(HOST_ERROR_INVALID_IMAGE, image_check(image.data, 10, IMAGE_MODEL));
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  image_check(image.data, image.length, IMAGE_VOCABULARY));
	memcpy(copy, image.data, image.length);
	((ImageHeader *) copy)->format_version = IMAGE_FORMAT_VERSION + 1;
	assert_host_error(HOST_ERROR_UNSUPPORTED_IMAGE, image_check(copy, image.length, IMAGE_MODEL));
}

static void
test_changed_corpus(void **state)
{
	Corpus corpus;
	PipelineOptions options = parse("{}", &corpus);
	size_t size;
	char *flat;

	(void) state;
	add_texts(&corpus, 0, 10);
	size = corpus_flat_size(&corpus);
	flat = host_allocate(size);
	corpus_flatten(&corpus, flat);
	for (size_t i = 0; i < size; i += 3)
	{
		Corpus again;
		jmp_buf target;
		volatile bool refused = false;

		corpus_initialize(&again, &options.features.tokenizer);
		flat[i] ^= 4;
		test_host_error_target = &target;
		if (setjmp(target) == 0)
			corpus_unflatten(&again, flat, size);
		else
			refused = true;
		test_host_error_target = NULL;
		assert_true(refused);
		flat[i] ^= 4;
	}
	for (volatile size_t length = 0; length < size; length += 11)
	{
		Corpus again;

		corpus_initialize(&again, &options.features.tokenizer);
		assert_host_error(HOST_ERROR_INVALID_IMAGE, corpus_unflatten(&again, flat, length));
	}
}

/* Held-out rows: nested shares, and figures that are counted by hand. */
static void
test_held_out(void **state)
{
	ByteBuffer image = train("{}");
	Pipeline *pipeline = pipeline_open(image.data, image.length);
	HeldOutRows rows = {0};
	HeldOutMetrics metrics;
	ByteBuffer json = {0};
	int n_held_out = 0;

	(void) state;
	for (int i = 0; i < 10000; i++)
	{
		uint64_t hash = hash_mix(i);

		if (corpus_is_held_out(hash, 7, 0.1))
			assert_true(corpus_is_held_out(hash, 7, 0.2));
		n_held_out += corpus_is_held_out(hash, 7, 0.2);
		assert_false(corpus_is_held_out(hash, 7, 0));
	}
	assert_true(n_held_out > 1850 && n_held_out < 2150);

	/* right, right, and a bad review that is called good: precision 1/2, recall 1 */
	held_out_add(&rows, "good book", 9, 0, "pos", 3);
	held_out_add(&rows, "awful book", 10, 0, "neg", 3);
	held_out_add(&rows, "great book", 10, 0, "neg", 3);
	metrics = held_out_evaluate(&rows, pipeline, 0, 1, &json);
	assert_int_equal(metrics.n_rows, 3);
	assert_true(fabs(metrics.f1 - 2.0 / 3) < 1e-12);
	assert_true(fabs(metrics.macro_f1 - (2.0 / 3 + 2.0 / 3) / 2) < 1e-12);
	assert_non_null(strstr(buffer_c_string(&json), "\"accuracy\": 0.666666666666"));
	json.length = 0;
	metrics = held_out_evaluate(&rows, pipeline, 0, 0, &json);
	assert_int_equal(metrics.n_rows, 0);
	assert_true(isnan(metrics.f1));
	assert_string_equal(buffer_c_string(&json), "{}");
	pipeline_close(pipeline);
}

/* The promise: at most 8 times the bytes of the texts, and 64 MB. */
static void
test_memory(void **state)
{
	Corpus corpus;
	PipelineOptions options = parse("{}", &corpus);
	size_t n_bytes = 0;
	uint64_t random = 1;

	(void) state;
	for (int i = 0; i < 6000; i++)
	{
		ByteBuffer text = {0};

		for (int j = 0; j < 200; j++)
		{
			/* Zipf's law, roughly: the logarithm of the rank is uniform */
			random = hash_mix(random);
			buffer_printf(&text, "word%.0f ", exp((double) (random >> 11) * 0x1p-53 * 11));
		}
		n_bytes += text.length;
		corpus_add_text(&corpus, text.data, text.length, corpus_add_label(&corpus, label_of(i), 3));
		buffer_reset(&text);
	}
	test_host_peak = test_host_allocated;
	(void) pipeline_train(&options, &corpus);
	print_message("# %zu bytes of texts, %zu at the peak: %.1f times\n", n_bytes, test_host_peak,
				  (double) test_host_peak / n_bytes);
	assert_true(test_host_peak <= 8 * n_bytes + ((size_t) 64 << 20));
	assert_true(test_host_peak <= 12 * n_bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_learns, free_all),
		cmocka_unit_test_teardown(test_canonical, free_all),
		cmocka_unit_test_teardown(test_rows_agree, free_all),
		cmocka_unit_test_teardown(test_batch_borders, free_all),
		cmocka_unit_test_teardown(test_explain, free_all),
		cmocka_unit_test_teardown(test_errors, free_all),
		cmocka_unit_test_teardown(test_interrupts, free_all),
		cmocka_unit_test_teardown(test_changed_images, free_all),
		cmocka_unit_test_teardown(test_changed_corpus, free_all),
		cmocka_unit_test_teardown(test_held_out, free_all),
		cmocka_unit_test_teardown(test_memory, free_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
