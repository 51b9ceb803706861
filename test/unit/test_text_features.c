/*
 * test_text_features.c
 *	  Text features, by hand and against a plain reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/text/text_features.h"
#include "core/text/utf8.h"
#include "host.h"
#include "reference_text.h"

/* Places of the features in the result. */
typedef enum Feature
{
	TEXT_LEN,
	WORD_COUNT,
	AVG_WORD_LENGTH,
	EXCLAMATION_COUNT,
	QUESTION_COUNT,
	CAPS_RATIO,
	DIGIT_RATIO,
	PUNCTUATION_RATIO,
	EMOJI_COUNT,
	ELONGATION_COUNT
} Feature;

/* One feature of a text. */
static double
feature_of(const char *text, Feature feature)
{
	double values[N_TEXT_FEATURES];

	text_features_compute(text, strlen(text), values);
	return values[feature];
}

#define assert_feature(text, feature, expected) \
	assert_float_equal(feature_of((text), (feature)), (expected), 1e-12)

/* Compare the features of a text with those of the reference. */
static void
check_against_reference(const char *text, size_t length)
{
	/* Without a zero byte behind it, so that AddressSanitizer sees reads beyond the end. */
	char *copy = malloc(length);
	double expected[N_TEXT_FEATURES];
	double values[N_TEXT_FEATURES];

	memcpy(copy, text, length);
	assert_true(reference_text_features(copy, length, expected));
	text_features_compute(copy, length, values);
	for (unsigned i = 0; i < N_TEXT_FEATURES; i++)
	{
		if (values[i] != expected[i])
			fail_msg("%s is %g, not %g", text_feature_names[i], values[i], expected[i]);
	}
	free(copy);
}

static void
features_have_names(void **state)
{
	(void) state;
	assert_string_equal(text_feature_names[TEXT_LEN], "text_len");
	assert_string_equal(text_feature_names[CAPS_RATIO], "caps_ratio");
	assert_string_equal(text_feature_names[ELONGATION_COUNT], "elongation_count");
}

static void
empty_text_is_all_zero(void **state)
{
	(void) state;
	for (Feature feature = TEXT_LEN; feature <= ELONGATION_COUNT; feature++)
		assert_feature("", feature, 0);
}

static void
words_and_lengths(void **state)
{
	(void) state;
	assert_feature("Could not put it down.", TEXT_LEN, 22);
	assert_feature("Could not put it down.", WORD_COUNT, 5);
	assert_feature("Could not put it down.", AVG_WORD_LENGTH, 18.0 / 5);
	assert_feature("  two\twords\n", WORD_COUNT, 2);
	assert_feature(" \t ", AVG_WORD_LENGTH, 0);
	/* Characters, not bytes; no-break and ideographic space part words */
	assert_feature("Größe", TEXT_LEN, 5);
	assert_feature("한국어 영화", AVG_WORD_LENGTH, 2.5);
	assert_feature("a\u00a0b\u3000c", WORD_COUNT, 3);
	assert_feature("이 영화는 정말 재미있었고 배우들의 연기도 좋았다", WORD_COUNT, 7);
}

static void
sentence_marks(void **state)
{
	(void) state;
	assert_feature("Wow!! ¡Sí! すごい！", EXCLAMATION_COUNT, 5);
	assert_feature("What? ¿Qué? 何？ ماذا؟", QUESTION_COUNT, 5);
	assert_feature("Wow!!", QUESTION_COUNT, 0);
}

static void
ratios(void **state)
{
	(void) state;
	assert_feature("GREAT book", CAPS_RATIO, 5.0 / 9);
	assert_feature("ÄÖü", CAPS_RATIO, 2.0 / 3);
	assert_feature("МИР мир", CAPS_RATIO, 0.5);
	assert_feature("123 한국어", CAPS_RATIO, 0);
	assert_feature("2019 was", DIGIT_RATIO, 0.5);
	assert_feature("١٢ab", DIGIT_RATIO, 0.5);
	assert_feature("²½", DIGIT_RATIO, 0);
	assert_feature("a, b.", PUNCTUATION_RATIO, 0.4);
	assert_feature("«a»…", PUNCTUATION_RATIO, 0.75);
	/* Symbols are no punctuation. */
	assert_feature("$+<=>^`|~", PUNCTUATION_RATIO, 0);
	assert_feature("!\"#%&'()*,-./:;?@[\\]_{}", PUNCTUATION_RATIO, 1);
}

static void
emoji(void **state)
{
	(void) state;
	assert_feature("👍👍🏽 ❤️", EMOJI_COUNT, 3);
	assert_feature("👨‍👩‍👧‍👦 🇩🇪🇫🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
				   EMOJI_COUNT, 4);
	assert_feature("1️⃣2⃣ #️⃣", EMOJI_COUNT, 3);
	assert_feature("© 5 ™ plain text of more than sixteen bytes", EMOJI_COUNT, 0);
	/* The digit is counted with ASCII, the box is not. */
	assert_feature("0123456789abcde1️⃣", EMOJI_COUNT, 1);
}

static void
elongations(void **state)
{
	(void) state;
	assert_feature("sooo good", ELONGATION_COUNT, 1);
	assert_feature("soo good", ELONGATION_COUNT, 0);
	assert_feature("NOOoooo waaaay", ELONGATION_COUNT, 2);
	assert_feature("aaabbb", ELONGATION_COUNT, 2);
	assert_feature("ㅋㅋㅋㅋ ㅠㅠ", ELONGATION_COUNT, 1);
	assert_feature("ööö ÄÄä", ELONGATION_COUNT, 2);
	assert_feature("!!!... 1000", ELONGATION_COUNT, 0);
}

/* Texts around the sizes of vectors and stretches, made of different pieces. */
static void
boundaries_do_not_matter(void **state)
{
	static const char *const pieces[] = {"a",
										 "o",
										 "O",
										 "! ",
										 "x?",
										 "ß",
										 "ÄÄ",
										 "日",
										 "👍",
										 "1️⃣",
										 "#️⃣",
										 "  ",
										 "é ",
										 "\u00a0",
										 "\u0301",
										 "9,5",
										 "\xe2\x84\xaa" /* a kelvin sign: k */,
										 "k"};
	char text[8192];
	uint64_t seed = 3;

	(void) state;
	for (int round = 0; round < 6000; round++)
	{
		size_t length = 0;
		size_t limit;

		seed = hash_mix(seed + 1);
		limit = seed % (round % 16 == 0 ? sizeof(text) - 16 : 80);
		while (length < limit)
		{
			const char *piece;

			seed = hash_mix(seed + 1);
			piece = pieces[seed % 8 == 0 ? (seed >> 8) % (sizeof(pieces) / sizeof(pieces[0]))
										 : (size_t) round % (sizeof(pieces) / sizeof(pieces[0]))];
			memcpy(text + length, piece, strlen(piece));
			length += strlen(piece);
		}
		check_against_reference(text, length);
	}
}

/* A text must raise an error. (A function of its own, because setjmp endangers local variables.) */
static __attribute__((noinline)) void
assert_invalid(const char *text)
{
	assert_host_error(HOST_ERROR_INVALID_TEXT, feature_of(text, TEXT_LEN));
}

static void
invalid_bytes_raise_an_error(void **state)
{
	(void) state;
	assert_invalid("\xff");
	assert_invalid("plain text of more than sixteen bytes \xc3");
	assert_invalid("plain text of more than sixteen bytes \xed\xa0\x80 and more");
	assert_invalid("ä\xc0\x80");
}

static void
huge_texts_work(void **state)
{
	size_t length = 50 << 20;
	char *text = malloc(length);
	double values[N_TEXT_FEATURES];

	(void) state;
	memset(text, 'x', length);
	for (size_t i = 4; i < length; i += 5)
		text[i] = ' ';
	text_features_compute(text, length, values);
	assert_float_equal(values[TEXT_LEN], length, 0);
	assert_float_equal(values[WORD_COUNT], length / 5, 0);
	assert_float_equal(values[ELONGATION_COUNT], length / 5, 0);
	memset(text, '!', length);
	text_features_compute(text, length, values);
	assert_float_equal(values[EXCLAMATION_COUNT], length, 0);
	test_host_interrupt_after = 20;
	assert_host_error(HOST_ERROR_INTERNAL, text_features_compute(text, length, values));
	memset(text, 0xcd, length);
	for (size_t i = 1; i < length; i += 2)
		text[i] = (char) 0x81;
	test_host_interrupt_after = 20;
	assert_host_error(HOST_ERROR_INTERNAL, text_features_compute(text, length, values));
	test_host_interrupt_after = 0;
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_have_names),
		cmocka_unit_test(empty_text_is_all_zero),
		cmocka_unit_test(words_and_lengths),
		cmocka_unit_test(sentence_marks),
		cmocka_unit_test(ratios),
		cmocka_unit_test(emoji),
		cmocka_unit_test(elongations),
		cmocka_unit_test(boundaries_do_not_matter),
		cmocka_unit_test(invalid_bytes_raise_an_error),
		cmocka_unit_test(huge_texts_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
