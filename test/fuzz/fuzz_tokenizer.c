/*
 * fuzz_tokenizer.c
 *	  libFuzzer harness for tokenizer, HTML and URL stripping, and text features.
 *
 * The first bytes choose the options, the rest is the text. Whatever it holds, the fast code must agree
 * with the plain one of reference_text.h, hashes must be those of hash_token, and text that is not valid
 * UTF-8 must raise an error.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/text/ascii_block.h"
#include "core/text/contractions.h"
#include "core/text/html.h"
#include "core/text/tokenizer.h"
#include "core/text/urls.h"

#include "../unit/host.h"
#include "../unit/reference_text.h"

#define N_OPTION_BYTES 4

#define require(condition)              \
	do                                  \
	{                                   \
		if (!(condition))               \
			fail(#condition, __LINE__); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* End with a report that libFuzzer keeps the input for. */
static void
fail(const char *condition, int line)
{
	fprintf(stderr, "line %d: not true: %s\n", line, condition);
	abort();
}

/* Number of choices in a NULL-terminated list. */
static int
count_choices(const char *const *choices)
{
	int n = 0;

	while (choices[n] != NULL)
		n++;
	return n;
}

/* Options out of arbitrary bytes; ordinary ones come often. */
static TokenizerOptions
choose_options(const uint8_t *data)
{
	TokenizerOptions options = {
		.lowercase = (data[0] & 1) == 0,
		.strip_html = (data[0] & 2) != 0,
		.strip_urls = (data[0] & 4) != 0,
		.token_min_length = data[1] < 200    ? 2
							: data[1] == 255 ? 100
											 : 1 + data[1] % 8,
		.stop_words = data[2] < 128 ? 0 : data[2] % count_choices(stop_word_languages),
		.stemmer = data[3] < 128 ? 0 : data[3] % count_choices(stemmer_languages),
	};

	return options;
}

/* The text as the tokenizer's options leave it, in memory of malloc. */
static char *
clean_text(const char *text, size_t length, const TokenizerOptions *options, size_t *clean_length)
{
	char *clean = malloc(length + 1);
	ReferenceText decoded;

	memcpy(clean, text, length);
	*clean_length = length;
	if (!reference_decode(text, length, &decoded))
		return clean;
	reference_free_text(&decoded);
	if (options->strip_html)
	{
		size_t stripped = html_strip(text, length, clean);

		require(stripped <= length);
		require(html_is_present(text, length) || stripped == length);
		*clean_length = stripped;
	}
	if (options->strip_urls)
	{
		char *copy = malloc(*clean_length + 1);
		char *expected = malloc(*clean_length + 1);
		size_t stripped = url_strip(clean, *clean_length, copy);

		require(stripped == reference_strip_urls(clean, *clean_length, expected));
		require(memcmp(copy, expected, stripped) == 0);
		require(url_is_present(clean, *clean_length) || stripped == *clean_length);
		/* Stripping in place is the same. */
		require(url_strip(clean, *clean_length, clean) == stripped);
		require(memcmp(clean, copy, stripped) == 0);
		*clean_length = stripped;
		free(expected);
		free(copy);
	}
	/* which ones these are the unit tests know; in place and apart must be the same */
	if (contraction_is_present(options->stop_words, clean, *clean_length))
	{
		char *copy = malloc(*clean_length + 1);

		contractions_strip(options->stop_words, options->lowercase, clean, *clean_length, copy);
		contractions_strip(options->stop_words, options->lowercase, clean, *clean_length, clean);
		require(memcmp(clean, copy, *clean_length) == 0);
		free(copy);
	}
	return clean;
}

/* Compare the tokens of a text with the reference's; only look at them if that is NULL. */
static void
compare_tokens(Tokenizer *tokenizer, const char *text, size_t length,
			   const ReferenceTokens *expected)
{
	const TokenBatch *batch;
	size_t n = 0;

	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		require(batch->count > 0 && batch->count <= TOKEN_BATCH_SIZE);
		for (uint32_t i = 0; i < batch->count; i++, n++)
		{
			size_t start;

			require(batch->lengths[i] > 0);
			require(batch->hashes[i] == hash_token(batch->bytes[i], batch->lengths[i]));
			if (expected == NULL)
				continue;
			start = reference_token_start(expected, n);
			require(n < expected->count);
			require(batch->lengths[i] == expected->ends[n] - start);
			require(memcmp(batch->bytes[i], expected->bytes + start, batch->lengths[i]) == 0);
		}
	}
	require(expected == NULL || n == expected->count);
}

/* Run the tokenizer; answers whether it accepted the text. */
static bool
run_tokenizer(Tokenizer *tokenizer, const char *text, size_t length,
			  const ReferenceTokens *expected)
{
	jmp_buf target;

	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		compare_tokens(tokenizer, text, length, expected);
		test_host_error_target = NULL;
		return true;
	}
	test_host_error_target = NULL;
	require(test_host_error.code == HOST_ERROR_INVALID_TEXT);
	return false;
}

/* Run the text features; answers whether they accepted the text. */
static bool
run_text_features(const char *text, size_t length, double *values)
{
	jmp_buf target;

	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		text_features_compute(text, length, values);
		test_host_error_target = NULL;
		return true;
	}
	test_host_error_target = NULL;
	require(test_host_error.code == HOST_ERROR_INVALID_TEXT);
	return false;
}

/* Compare the versions of ascii_block_classify on the text's first bytes. */
static void
compare_ascii_blocks(const char *text, uint8_t case_bit)
{
	char expected[ASCII_BLOCK_SIZE];
	char found[ASCII_BLOCK_SIZE];
	AsciiBlock portable = ascii_block_classify_portable(text, expected, case_bit);
	AsciiBlock block = ascii_block_classify(text, found, case_bit);

	require(portable.words == block.words && portable.non_ascii == block.non_ascii);
	require(memcmp(expected, found, sizeof(expected)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double expected_values[N_TEXT_FEATURES];
	double values[N_TEXT_FEATURES];
	TokenizerOptions options;
	ReferenceTokens expected;
	Tokenizer *tokenizer;
	size_t length;
	char *text;
	char *clean;
	bool is_valid;

	if (size < N_OPTION_BYTES)
		return 0;
	options = choose_options(data);
	/* Exactly as large as the text, so that every byte read beyond it is found. */
	length = size - N_OPTION_BYTES;
	text = malloc(length);
	memcpy(text, data + N_OPTION_BYTES, length);

	clean = clean_text(text, length, &options, &size);
	is_valid = reference_tokenize(clean, size, &options, &expected);
	tokenizer = tokenizer_create(&options);
	/* Of a text that is not valid some batches may come before the error. */
	require(run_tokenizer(tokenizer, text, length, is_valid ? &expected : NULL) == is_valid);
	/* A tokenizer is as good as new for the next text, after an error too. */
	require(run_tokenizer(tokenizer, text, length, is_valid ? &expected : NULL) == is_valid);
	tokenizer_free(tokenizer);
	require(test_host_allocated == 0);

	require(reference_text_features(text, length, expected_values) == is_valid);
	require(run_text_features(text, length, values) == is_valid);
	require(!is_valid || memcmp(values, expected_values, sizeof(values)) == 0);
	if (length >= ASCII_BLOCK_SIZE)
		compare_ascii_blocks(text, (uint8_t) (options.lowercase ? ASCII_CASE_BIT : 0));

	reference_free_tokens(&expected);
	free(clean);
	free(text);
	return 0;
}
