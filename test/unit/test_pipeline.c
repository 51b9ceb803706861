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
#include "core/explanation.h"
#include "core/pipeline.h"
#include "core/pipeline_train.h"
#include "core/text/text_features.h"
#include "core/threads.h"
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
						corpus_add_label(corpus, label_of(i), strlen(label_of(i))), NULL);
	}
}

/* An empty corpus for a pipeline. */
static void
begin_corpus(Corpus *corpus, const PipelineOptions *options)
{
	CorpusValues values = feature_space_corpus_values(&options->features);

	corpus_initialize(corpus, &options->features.tokenizer, &values);
}

/* Options of a kind and an empty corpus for them. */
static PipelineOptions
parse_kind(const char *kind, const char *json, Corpus *corpus)
{
	PipelineOptions options;

	pipeline_parse_options(kind, json, NULL, 0, &options);
	begin_corpus(corpus, &options);
	return options;
}

static PipelineOptions
parse(const char *json, Corpus *corpus)
{
	return parse_kind(DEFAULT_KIND, json, corpus);
}

/* Train a kind on the made reviews. */
static ByteBuffer
train_kind(const char *kind, const char *json)
{
	Corpus corpus;
	PipelineOptions options = parse_kind(kind, json, &corpus);

	add_texts(&corpus, 0, 1);
	return pipeline_train(&options, &corpus, NULL);
}

static ByteBuffer
train(const char *json)
{
	Corpus corpus;
	PipelineOptions options = parse(json, &corpus);

	add_texts(&corpus, 0, 1);
	return pipeline_train(&options, &corpus, NULL);
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
		probabilities = pipeline_predict(pipeline, text, strlen(text), NULL);
		assert_true(fabs(probabilities[0] + probabilities[1] - 1) < 1e-12);
		assert_string_equal(pipeline->labels[pipeline_decide(pipeline, probabilities)],
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
						corpus_add_label(&corpus, label_of(i), strlen(label_of(i))), NULL);
	}
	image = pipeline_train(&options, &corpus, NULL);
	assert_int_equal(image.length, expected.length);
	assert_memory_equal(image.data, expected.data, expected.length);

	begin_corpus(&corpus, &options);
	for (int part = 2; part >= 0; part--)
	{
		size_t size;
		void *flat;
		Corpus again;

		begin_corpus(&parts[part], &options);
		add_texts(&parts[part], part, 3);
		size = corpus_flat_size(&parts[part]);
		flat = host_allocate(size);
		corpus_flatten(&parts[part], flat);
		begin_corpus(&again, &options);
		corpus_unflatten(&again, flat, size);
		corpus_combine(&corpus, &again);
	}
	image = pipeline_train(&options, &corpus, NULL);
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
	static const char *const labels[] = {"neg", "pos"};
	uint32_t n_dense;

	add_texts(&corpus, 0, 1);
	image_begin(&writer, IMAGE_VOCABULARY);
	feature_space_fit(&options.features, &corpus, corpus.documents, corpus.n_documents, 2, labels,
					  0, &writer, &matrix, &n_dense);
	image = image_finish(&writer);
	feature_space_open(image.data, &options.features, 2, &space);
	assert_int_equal(space.n_dense, n_dense);
	assert_int_equal(space.n_features, matrix.n_features);
	assert_true(matrix.n_features > 0);
	for (int i = 0; i < N_TEXTS; i++)
	{
		char text[200];
		SparseRow expected = sparse_matrix_row(&matrix, i);
		SparseRow row;

		make_text(i, text, sizeof(text));
		row = feature_space_transform(&space, text, strlen(text), NULL);
		assert_int_equal(row.count, expected.count);
		for (uint32_t j = 0; j < row.count; j++)
		{
			assert_int_equal(row.indices[j], expected.indices[j]);
			/* a training row's polarity comes from other rows */
			if (options.features.blocks.text_features && j + 1 == row.count)
				continue;
			if (options.features.blocks.svd_components > 0)
				assert_true(fabsf(row.values[j] - expected.values[j]) < 1e-5f);
			else
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
	check_rows_agree("{\"weighting\": \"nb\"}");
	check_rows_agree("{\"weighting\": \"tfidf_nb\", \"text_weight\": 0.5}");
	check_rows_agree("{\"text_features\": true, \"numeric_weight\": 3}");
	check_rows_agree("{\"text_features\": true, \"text_weight\": 0}");
	check_rows_agree("{\"svd_components\": 12}");
	check_rows_agree("{\"svd_components\": 5, \"text_features\": true, \"text_weight\": 2}");
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
		corpus_add_text(&corpus, text.data, text.length, 0, NULL);
		image = feature_space_image(&options.features, &corpus);
		space = feature_space_open_image(image.data, image.length);
		row = feature_space_transform(space, text.data, text.length, NULL);
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
		Contribution *terms;

		make_text(i, text, sizeof(text));
		probabilities = pipeline_predict(pipeline, text, strlen(text), NULL);
		p = probabilities[i % 2];
		terms = explain_text(pipeline, text, strlen(text), NULL, i % 2, &n_terms, &sum);
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
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, pipeline_train(&options, &corpus, NULL));
	corpus_add_text(&corpus, "a text", 6, corpus_add_label(&corpus, "one", 3), NULL);
	corpus_add_text(&corpus, "a text", 6, corpus_add_label(&corpus, "one", 3), NULL);
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, pipeline_train(&options, &corpus, NULL));
	assert_string_equal(test_host_error.message, "all rows have the same label");
	corpus_add_text(&corpus, "a text", 6, corpus_add_label(&corpus, "two", 3), NULL);
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, pipeline_train(&options, &corpus, NULL));
	assert_string_equal(test_host_error.message, "label \"two\" has a single row to learn from");
	assert_host_error(HOST_ERROR_INVALID_TEXT, corpus_add_text(&corpus, "\xff", 1, 0, NULL));
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
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, pipeline_train(&options, &corpus, NULL));

	begin_corpus(&corpus, &options);
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

		begin_corpus(&again, &options);
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

		begin_corpus(&again, &options);
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
	held_out_add(&rows, "good book", 9, 0, "pos", 3, NULL);
	held_out_add(&rows, "awful book", 10, 0, "neg", 3, NULL);
	held_out_add(&rows, "great book", 10, 0, "neg", 3, NULL);
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
		corpus_add_text(&corpus, text.data, text.length, corpus_add_label(&corpus, label_of(i), 3),
						NULL);
		buffer_reset(&text);
	}
	test_host_peak = test_host_allocated;
	(void) pipeline_train(&options, &corpus, NULL);
	print_message("# %zu bytes of texts, %zu at the peak: %.1f times\n", n_bytes, test_host_peak,
				  (double) test_host_peak / n_bytes);
	assert_true(test_host_peak <= 8 * n_bytes + ((size_t) 64 << 20));
	assert_true(test_host_peak <= 12 * n_bytes);
}

/* Parameters that every kind is trained with in the tests below. */
static const char *const block_parameters[] = {
	"{\"svd_components\": 0, \"text_features\": false}",
	"{\"svd_components\": 8, \"text_features\": true}",
	"{\"svd_components\": 0, \"text_features\": true, \"weighting\": \"nb\"}",
	"{\"text_weight\": 0, \"text_features\": true}",
};

/* The output that a kind's contributions sum up to, of a class's probability. */
static double
output_of(const Pipeline *pipeline, double probability)
{
	if (strcmp(pipeline->options.kind->name, "random_forest") == 0)
		return probability;
	return log(probability / (1 - probability));
}

/* Every kind on every sort of block: it predicts, and its explanations add up. */
static void
test_kinds_and_blocks(void **state)
{
	(void) state;
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		for (size_t b = 0; b < sizeof(block_parameters) / sizeof(block_parameters[0]); b++)
		{
			ByteBuffer image = train_kind(classifier_kinds[k]->name, block_parameters[b]);
			Pipeline *pipeline = pipeline_open(image.data, image.length);
			int n_right = 0;

			for (int i = 0; i < N_TEXTS; i++)
			{
				char text[200];
				const double *probabilities;
				Contribution *contributions;
				uint32_t n_contributions;
				double sum;
				double probability;

				make_text(i, text, sizeof(text));
				probabilities = pipeline_predict(pipeline, text, strlen(text), NULL);
				assert_true(fabs(probabilities[0] + probabilities[1] - 1) < 1e-9);
				n_right += strcmp(pipeline->labels[pipeline_decide(pipeline, probabilities)],
								  label_of(i)) == 0;
				if (i % 40 != 0)
					continue;
				probability = probabilities[i / 40 % 2];
				contributions = explain_text(pipeline, text, strlen(text), NULL, i / 40 % 2,
											 &n_contributions, &sum);
				for (uint32_t j = 0; j < n_contributions; j++)
					sum += contributions[j].contribution;
				assert_true(fabs(sum - output_of(pipeline, probability)) < 1e-4);
				host_free(contributions);
			}
			/* every text has a word that tells */
			if (b < 3)
				assert_true(n_right >= N_TEXTS * 95 / 100);
			pipeline_close(pipeline);
			test_host_free_all();
			threads_stop();
		}
	}
}

/* Neither the order of the rows nor the number of threads changes a byte. */
static void
test_kinds_repeat(void **state)
{
	(void) state;
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		const char *kind = classifier_kinds[k]->name;
		const char *json = "{\"svd_components\": 6, \"text_features\": true}";
		ByteBuffer expected = train_kind(kind, json);

		for (test_host_threads = 1; test_host_threads <= 3; test_host_threads++)
		{
			Corpus corpus;
			PipelineOptions options = parse_kind(kind, json, &corpus);
			ByteBuffer image;

			for (int part = 2; part >= 0; part--)
				add_texts(&corpus, part, 3);
			image = pipeline_train(&options, &corpus, NULL);
			assert_int_equal(image.length, expected.length);
			assert_memory_equal(image.data, expected.data, expected.length);
		}
		test_host_threads = 2;
		threads_stop();
		test_host_free_all();
	}
}

/* A cancel ends the training of every kind, wherever it comes, and leaves no thread at work. */
static void
test_kinds_interrupted(void **state)
{
	(void) state;
	for (volatile size_t k = 0; k < n_classifier_kinds; k++)
	{
		volatile int n_interrupted = 0;

		for (volatile int after = 1; after < 400; after += 23)
		{
			jmp_buf target;

			test_host_error_target = &target;
			if (setjmp(target) == 0)
			{
				test_host_interrupt_after = after;
				train_kind(classifier_kinds[k]->name,
						   "{\"svd_components\": 6, \"text_features\": true, \"cv_folds\": 2}");
			}
			else
				n_interrupted++;
			test_host_error_target = NULL;
			test_host_interrupt_after = 0;
			threads_stop();
			test_host_free_all();
		}
		assert_true(n_interrupted > 0);
	}
}

/* Add rows of two unequal classes, whose number column tells the label where it is not missing. */
static void
add_numbered(Corpus *corpus, int n_rows)
{
	for (int i = 0; i < n_rows; i++)
	{
		bool is_positive = i % 5 == 0;
		float numeric[2] = {i % 7 == 0 ? NAN : (is_positive ? 100.0f : 0.0f) + (float) (i % 13),
							42};
		char text[100];

		snprintf(text, sizeof(text), "text number%d of some words w%d", i % 17, i);
		corpus_add_text(corpus, text, strlen(text),
						corpus_add_label(corpus, is_positive ? "yes" : "no", is_positive ? 3 : 2),
						numeric);
	}
}

/* Train a kind on them. */
static ByteBuffer
train_numbered(const char *kind, const char *json, ByteBuffer *report)
{
	static const char *const names[] = {"amount", "constant"};
	PipelineOptions options;
	Corpus corpus;

	pipeline_parse_options(kind, json, NULL, 0, &options);
	options.features.n_numeric = 2;
	options.features.numeric_names = names;
	begin_corpus(&corpus, &options);
	add_numbered(&corpus, 400);
	return pipeline_train(&options, &corpus, report);
}

static void
test_numeric_columns(void **state)
{
	static const char *const rules[] = {"mean", "zero", "keep"};

	(void) state;
	for (volatile size_t k = 0; k < n_classifier_kinds; k++)
	{
		for (volatile int rule = 0; rule < 3; rule++)
		{
			const ClassifierKind *kind = classifier_kinds[k];
			float high[2] = {107, 42};
			float low[2] = {5, 42};
			float missing[2] = {NAN, NAN};
			const char *text = "text number3 of some words";
			char json[200];
			ByteBuffer image;
			Pipeline *pipeline;

			snprintf(json, sizeof(json),
					 "{\"svd_components\": 0, \"text_features\": false, \"max_features\": 10, "
					 "\"numeric_missing\": \"%s\"}",
					 rules[rule]);
			if (rule == 2 && !kind->accepts_missing)
			{
				assert_host_error(HOST_ERROR_INVALID_PARAMETER,
								  train_numbered(kind->name, json, NULL));
				continue;
			}
			image = train_numbered(kind->name, json, NULL);
			pipeline = pipeline_open(image.data, image.length);
			assert_int_equal(pipeline->space.columns.header.n_numeric, 2);
			assert_string_equal(pipeline->space.columns.names[0], "amount");
			assert_int_equal(pipeline->space.columns.columns[0].n_missing, 58);
			assert_true(pipeline_predict(pipeline, text, strlen(text), high)[1] > 0.7);
			assert_true(pipeline_predict(pipeline, text, strlen(text), low)[1] < 0.3);
			assert_true(isfinite(pipeline_predict(pipeline, text, strlen(text), missing)[1]));
			assert_true(isfinite(pipeline_predict(pipeline, text, strlen(text), NULL)[1]));
			pipeline_close(pipeline);
		}
		threads_stop();
		test_host_free_all();
	}
}

/* Balance, cross-validation, calibration and threshold. */
static void
test_training_options(void **state)
{
	static const char *const parameters[] = {
		"{\"balance\": \"undersample\", \"numeric_missing\": \"zero\"}",
		"{\"per_class_limit\": 30}",
		"{\"balance\": \"class_weight\"}",
		"{\"cv_folds\": 4}",
		"{\"calibration\": \"sigmoid\"}",
		"{\"calibration\": \"isotonic\", \"threshold\": \"f1\"}",
		"{\"threshold\": \"f1\", \"cv_folds\": 3}",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
	{
		ByteBuffer report = {0};
		ByteBuffer image = train_numbered(DEFAULT_KIND, parameters[i], &report);
		Pipeline *pipeline = pipeline_open(image.data, image.length);
		float high[2] = {107, 42};
		const double *probabilities = pipeline_predict(pipeline, "text", strlen("text"), high);

		assert_true(pipeline_decide(pipeline, probabilities) == 1);
		assert_true(fabs(probabilities[0] + probabilities[1] - 1) < 1e-9);
		if (i == 0)
			assert_int_equal(pipeline->n_rows, 160);
		if (i == 1)
			assert_int_equal(pipeline->n_rows, 60);
		assert_int_equal(strstr(buffer_c_string(&report), "cross_validation") != NULL, i >= 3);
		/* of balanced rows and of two labels, the base rate */
		assert_int_equal(strstr(buffer_c_string(&report), "threshold") != NULL, i < 3 || i >= 5);
		assert_int_equal(pipeline->calibration.header.has_threshold, i >= 5);
		pipeline_close(pipeline);
	}
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  train_numbered(DEFAULT_KIND, "{\"cv_folds\": 1}", NULL));
	/* folds are of all rows, so a limit does not make too few for them */
	assert_non_null(
		train_numbered(DEFAULT_KIND, "{\"per_class_limit\": 5, \"cv_folds\": 20}", NULL).data);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  train_kind(DEFAULT_KIND, "{\"text_weight\": 0}"));
}

/* Numbers alone: texts without a term do not matter. */
static void
test_no_terms(void **state)
{
	static const char *const names[] = {"amount"};
	PipelineOptions options;
	Corpus corpus;
	ByteBuffer image;
	Pipeline *pipeline;
	float high = 3e38f;
	const double *probabilities;

	(void) state;
	pipeline_parse_options(DEFAULT_KIND, "{\"text_weight\": 0}", NULL, 0, &options);
	options.features.n_numeric = 1;
	options.features.numeric_names = names;
	begin_corpus(&corpus, &options);
	for (int i = 0; i < 60; i++)
	{
		float amount = (float) (i % 2) * 0.0001f + (float) (i % 3) * 0.00001f;

		corpus_add_text(&corpus, "", 0,
						corpus_add_label(&corpus, i % 2 ? "yes" : "no", i % 2 ? 3 : 2), &amount);
	}
	image = pipeline_train(&options, &corpus, NULL);
	pipeline = pipeline_open(image.data, image.length);
	assert_int_equal(pipeline->space.vocabulary.n_features, 0);
	assert_int_equal(pipeline->space.n_features, 1);
	/* a number far beyond those of training is no infinity */
	probabilities = pipeline_predict(pipeline, "some text", 9, &high);
	assert_true(probabilities[1] > 0.5 && isfinite(probabilities[0]));
	pipeline_close(pipeline);
}

/* Text features alone: texts without a term need none, and have no polarity either. */
static void
test_text_features_without_terms(void **state)
{
	static const char *const parameters[] = {"{\"text_weight\": 0, \"text_features\": true}",
											 "{\"text_weight\": 0, \"text_features\": true, "
											 "\"cv_folds\": 3, \"calibration\": \"sigmoid\"}"};

	(void) state;
	for (size_t k = 0; k < 2 * n_classifier_kinds; k++)
	{
		PipelineOptions options;
		Corpus corpus;
		ByteBuffer image;
		Pipeline *pipeline;

		pipeline_parse_options(classifier_kinds[k / 2]->name, parameters[k % 2], NULL, 0, &options);
		begin_corpus(&corpus, &options);
		for (int i = 0; i < 60; i++)
		{
			char text[100];
			int length =
				snprintf(text, sizeof(text), "%s%.*s", i % 2 ? "!!! " : "... ? ", i,
						 "------------------------------------------------------------------");

			corpus_add_text(&corpus, text, (size_t) length,
							corpus_add_label(&corpus, i % 2 ? "yes" : "no", i % 2 ? 3 : 2), NULL);
		}
		image = pipeline_train(&options, &corpus, NULL);
		pipeline = pipeline_open(image.data, image.length);
		assert_int_equal(pipeline->space.vocabulary.n_features, 0);
		assert_int_equal(pipeline->space.columns.header.n_polarities, 0);
		assert_int_equal(pipeline->space.n_features, N_TEXT_FEATURES);
		assert_true(pipeline_predict(pipeline, "!!! -----", 9, NULL)[1] >
					pipeline_predict(pipeline, "... ? ---", 9, NULL)[1]);
		pipeline_close(pipeline);
		threads_stop();
		test_host_free_all();
	}
}

/* Isotonic calibration of few rows is a sigmoid's, which the image says; of many it is what was asked for. */
static void
test_calibration_of_few_rows(void **state)
{
	(void) state;
	for (int n_rows = 500; n_rows <= 1000; n_rows += 500)
	{
		uint32_t n_warnings = test_host_warnings;
		PipelineOptions options;
		Corpus corpus;
		ByteBuffer image;
		Pipeline *pipeline;

		pipeline_parse_options(DEFAULT_KIND, "{\"calibration\": \"isotonic\"}", NULL, 0, &options);
		begin_corpus(&corpus, &options);
		add_numbered(&corpus, n_rows);
		image = pipeline_train(&options, &corpus, NULL);
		pipeline = pipeline_open(image.data, image.length);
		assert_int_equal(test_host_warnings - n_warnings, n_rows < 1000);
		assert_int_equal(pipeline->options.calibration,
						 n_rows < 1000 ? CALIBRATION_SIGMOID : CALIBRATION_ISOTONIC);
		assert_int_equal(pipeline->calibration.header.method, pipeline->options.calibration);
		assert_int_equal(options.calibration, CALIBRATION_ISOTONIC);
		pipeline_close(pipeline);
		test_host_free_all();
	}
}

/* Texts with rows of several labels: every fold leaves each label some text to learn from. */
static void
test_folds_of_ambiguous_texts(void **state)
{
	(void) state;
	for (int seed = 0; seed < 20; seed++)
	{
		PipelineOptions options;
		Corpus corpus;
		ByteBuffer report = {0};

		pipeline_parse_options(DEFAULT_KIND,
							   "{\"cv_folds\": 2, \"balance\": \"class_weight\", \"min_df\": 1}",
							   NULL, 0, &options);
		begin_corpus(&corpus, &options);
		for (int i = 0; i < 60; i++)
		{
			char text[50];

			snprintf(text, sizeof(text), "text%d of some words", i);
			corpus_add_text(&corpus, text, strlen(text), corpus_add_label(&corpus, "a", 1), NULL);
			if (i == seed || i == 2 * seed + 1)
				corpus_add_text(&corpus, text, strlen(text), corpus_add_label(&corpus, "b", 1),
								NULL);
		}
		(void) pipeline_train(&options, &corpus, &report);
		assert_non_null(strstr(buffer_c_string(&report), "\"folds\": 2"));
		test_host_free_all();
	}
}

/* A corpus of texts without labels is refused before anything is looked up by label. */
static void
test_corpus_without_labels(void **state)
{
	Corpus corpus;
	PipelineOptions options = parse("{}", &corpus);

	(void) state;
	for (int i = 0; i < 10; i++)
		corpus_add_text(&corpus, "a text", 6, 0, NULL);
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, pipeline_train(&options, &corpus, NULL));
}

/* Open a copy of an image to which columns and ratios of too many polarities are given. */
static void
open_with_polarities(const ByteBuffer *image)
{
	static const ImageSectionId copied[] = {IMAGE_SECTION_PARAMETERS, IMAGE_SECTION_SUMMARY,
											IMAGE_SECTION_LABELS, IMAGE_SECTION_VOCABULARY,
											IMAGE_SECTION_CLASSIFIER};
	ScalerHeader sizes = {.n_columns = N_TEXT_FEATURES + MAX_POLARITY_CLASSES + 1,
						  .n_text_features = N_TEXT_FEATURES,
						  .n_polarities = MAX_POLARITY_CLASSES + 1};
	const char *names[N_TEXT_FEATURES + MAX_POLARITY_CLASSES + 1];
	float *values = host_allocate_zero_array(float, sizes.n_columns);
	ByteBuffer ratios = {0};
	ImageWriter writer;
	ByteBuffer changed;

	for (uint32_t i = 0; i < sizes.n_columns; i++)
		names[i] = "name";
	image_begin(&writer, IMAGE_MODEL);
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
	{
		size_t length;
		const void *section = image_required_section(image->data, copied[i], &length);

		buffer_append(image_begin_section(&writer, copied[i]), section, length);
	}
	standard_scaler_fit(&sizes, names, values, 1,
						image_begin_section(&writer, IMAGE_SECTION_COLUMNS));
	memset(buffer_extend(&ratios, (size_t) 100 * sizes.n_polarities * sizeof(float)), 0,
		   (size_t) 100 * sizes.n_polarities * sizeof(float));
	buffer_append(image_begin_section(&writer, IMAGE_SECTION_POLARITIES), ratios.data,
				  /* "some", "words", "some words" */
				  (size_t) 3 * sizes.n_polarities * sizeof(float));
	changed = image_finish(&writer);
	(void) pipeline_open(changed.data, changed.length);
}

/* More classes than polarities have room is refused, however well the sections fit each other. */
static void
test_too_many_polarities(void **state)
{
	Corpus corpus;
	PipelineOptions options =
		parse("{\"text_features\": true, \"max_features\": 5, \"min_df\": 1}", &corpus);
	ByteBuffer image;
	Pipeline *pipeline;

	(void) state;
	for (int i = 0; i < 2 * (MAX_POLARITY_CLASSES + 1); i++)
	{
		char label[20];

		snprintf(label, sizeof(label), "label%d", i / 2);
		corpus_add_text(&corpus, "some words", 10, corpus_add_label(&corpus, label, strlen(label)),
						NULL);
	}
	image = pipeline_train(&options, &corpus, NULL);
	pipeline = pipeline_open(image.data, image.length);
	assert_int_equal(pipeline->space.columns.header.n_polarities, 0);
	(void) pipeline_predict(pipeline, "some words", 10, NULL);
	pipeline_close(pipeline);
	/* the same model with polarities of all its labels, by somebody who writes images of his own */
	assert_host_error(HOST_ERROR_INVALID_IMAGE, open_with_polarities(&image));
	assert_string_equal(test_host_error.detail, "Its columns do not fit its parameters.");
}

/* More components than there can be are lowered, not refused. */
static void
test_too_many_components(void **state)
{
	ByteBuffer image = train("{\"svd_components\": 500, \"max_features\": 9}");
	Pipeline *pipeline = pipeline_open(image.data, image.length);

	(void) state;
	assert_int_equal(pipeline->space.n_components, 9);
	assert_int_equal(pipeline->space.n_features, 9);
	pipeline_close(pipeline);
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
		cmocka_unit_test_teardown(test_kinds_and_blocks, free_all),
		cmocka_unit_test_teardown(test_kinds_repeat, free_all),
		cmocka_unit_test_teardown(test_kinds_interrupted, free_all),
		cmocka_unit_test_teardown(test_numeric_columns, free_all),
		cmocka_unit_test_teardown(test_training_options, free_all),
		cmocka_unit_test_teardown(test_no_terms, free_all),
		cmocka_unit_test_teardown(test_text_features_without_terms, free_all),
		cmocka_unit_test_teardown(test_calibration_of_few_rows, free_all),
		cmocka_unit_test_teardown(test_folds_of_ambiguous_texts, free_all),
		cmocka_unit_test_teardown(test_corpus_without_labels, free_all),
		cmocka_unit_test_teardown(test_too_many_polarities, free_all),
		cmocka_unit_test_teardown(test_too_many_components, free_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
