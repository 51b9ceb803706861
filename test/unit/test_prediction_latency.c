/*
 * test_prediction_latency.c
 *	  The time of a prediction: of the rows that are held out, a positive number that grows with the text.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/pipeline_train.h"
#include "core/prediction_latency.h"
#include "host.h"

#define SEED 17

/* A small pipeline. */
static Pipeline *
make_pipeline(void)
{
	PipelineOptions options;
	CorpusValues values;
	Corpus corpus;
	ByteBuffer image;

	pipeline_parse_options(DEFAULT_KIND, "{\"min_df\": 1}", NULL, 0, &options);
	values = feature_space_corpus_values(&options.features);
	corpus_initialize(&corpus, &options.features.tokenizer, &values);
	for (int i = 0; i < 20; i++)
	{
		const char *text = i % 2 == 0 ? "a good book" : "a bad film";

		corpus_add_text(&corpus, text, strlen(text),
						corpus_add_label(&corpus, i % 2 == 0 ? "pos" : "neg", 3), NULL);
	}
	image = pipeline_train(&options, &corpus, NULL);
	return pipeline_open(image.data, image.length);
}

/* Rows of texts with so many words. */
static HeldOutRows
make_rows(int n_rows, int n_words)
{
	HeldOutRows rows = {0};

	for (int i = 0; i < n_rows; i++)
	{
		ByteBuffer text = {0};

		for (int j = 0; j < n_words; j++)
			buffer_printf(&text, "good book%d ", i + j);
		held_out_add(&rows, text.data, text.length, corpus_text_hash(text.data, text.length), "pos",
					 3, NULL);
	}
	return rows;
}

static void
test_median(void **state)
{
	Pipeline *pipeline = make_pipeline();
	HeldOutRows short_rows = make_rows(200, 2);
	HeldOutRows long_rows = make_rows(200, 2000);
	double short_latency = prediction_latency(&short_rows, pipeline, SEED, 1);
	double long_latency = prediction_latency(&long_rows, pipeline, SEED, 1);

	(void) state;
	assert_true(short_latency > 0);
	/* a thousand times the words: a clock in another unit, or one that stands still, would show */
	assert_true(long_latency > short_latency * 5);
	assert_true(long_latency < 1e6);
	test_host_free_all();
}

/* Without rows that are held out nothing is known. */
static void
test_no_rows(void **state)
{
	Pipeline *pipeline = make_pipeline();
	HeldOutRows rows = make_rows(50, 2);
	HeldOutRows none = {0};

	(void) state;
	assert_true(isnan(prediction_latency(&none, pipeline, SEED, 1)));
	assert_true(isnan(prediction_latency(&rows, pipeline, SEED, 0)));
	assert_false(isnan(prediction_latency(&rows, pipeline, SEED, 0.5)));
	test_host_free_all();
}

/* It ends when somebody wants it to. */
static void
test_interrupt(void **state)
{
	Pipeline *pipeline = make_pipeline();
	HeldOutRows rows = make_rows(50, 2);

	(void) state;
	test_host_interrupt_after = 10;
	assert_host_error(HOST_ERROR_INTERNAL, prediction_latency(&rows, pipeline, SEED, 1));
	test_host_interrupt_after = 0;
	test_host_free_all();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
