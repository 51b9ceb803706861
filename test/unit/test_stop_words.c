/*
 * test_stop_words.c
 *	  Stop word lists and stemmers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libstemmer.h>

#include "core/hash.h"
#include "core/text/stem_cache.h"
#include "core/text/stemmer.h"
#include "core/text/stop_words.h"
#include "core/text/utf8.h"
#include "host.h"

/* The index of a name in a NULL-terminated list. */
static int
index_of(const char *const *names, const char *name)
{
	for (int i = 0; names[i] != NULL; i++)
	{
		if (strcmp(names[i], name) == 0)
			return i;
	}
	fail_msg("%s is not in the list", name);
	return -1;
}

static bool
contains(const StopWordSet *set, const char *word)
{
	return stop_word_set_contains(set, word, strlen(word), hash_token(word, strlen(word)));
}

static void
english_list_is_complete(void **state)
{
	int english = index_of(stop_word_languages, "english");
	StopWordSet *set = stop_word_set_create(english);
	size_t n = 0;

	(void) state;
	while (stop_word_lists[english][n] != NULL)
		n++;
	/* As in Snowball's list */
	assert_int_equal(n, 127);
	assert_true(contains(set, "the"));
	assert_true(contains(set, "yourselves"));
	assert_true(contains(set, "not"));
	assert_false(contains(set, "book"));
	assert_false(contains(set, "The"));
	assert_false(contains(set, ""));
	stop_word_set_free(set);
	stop_word_set_free(NULL);
	assert_int_equal(test_host_allocated, 0);
}

static void
all_lists_are_found(void **state)
{
	(void) state;
	assert_string_equal(stop_word_languages[0], "none");
	assert_null(stop_word_lists[0]);
	for (int i = 1; stop_word_languages[i] != NULL; i++)
	{
		StopWordSet *set = stop_word_set_create(i);

		assert_non_null(stop_word_lists[i][0]);
		for (const char *const *word = stop_word_lists[i]; *word != NULL; word++)
		{
			utf8_check(*word, strlen(*word));
			assert_true(contains(set, *word));
			/* Neither white space nor a carriage return came along. */
			assert_null(strpbrk(*word, " \t\r\n"));
		}
		stop_word_set_free(set);
	}
}

static void
words_of_languages(void **state)
{
	static const char *const words[][2] = {
		{"german", "über"}, {"russian", "что"}, {"french", "été"},
		{"turkish", "çok"}, {"nepali", "छ"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		StopWordSet *set = stop_word_set_create(index_of(stop_word_languages, words[i][0]));

		assert_true(contains(set, words[i][1]));
		stop_word_set_free(set);
	}
}

/* The list is fixed, but it must be the library's, without the outdated "porter". */
static void
stemmers_are_those_of_the_library(void **state)
{
	/* "porter" is the outdated one for English; the others came with libstemmer 3. */
	static const char *const left_out[] = {"porter",   "czech",   "dutch_porter", "esperanto",
										   "estonian", "persian", "polish",       "sesotho"};
	size_t n = 0;

	(void) state;
	assert_string_equal(stemmer_languages[0], "none");
	for (int i = 1; stemmer_languages[i] != NULL; i++)
	{
		stemmer_prepare(i);
		assert_true(i == 1 || strcmp(stemmer_languages[i - 1], stemmer_languages[i]) < 0);
	}
	for (const char **name = sb_stemmer_list(); *name != NULL; name++)
	{
		bool is_left_out = false;

		for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
			is_left_out |= strcmp(*name, left_out[i]) == 0;
		if (is_left_out)
			continue;
		assert_true(index_of(stemmer_languages, *name) > 0);
		n++;
	}
	assert_null(stemmer_languages[n + 1]);
}

static void
words_have_stems(void **state)
{
	static const char *const words[][3] = {
		{"english", "happily", "happili"},
		{"english", "hoping", "hope"},
		{"german", "häuser", "haus"},
		{"russian", "книги", "книг"},
		{"french", "continuellement", "continuel"},
		{"turkish", "kitaplar", "kitap"},
		{"english", "a", "a"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		size_t length;
		const char *stem = stemmer_stem(index_of(stemmer_languages, words[i][0]), words[i][1],
										strlen(words[i][1]), &length);

		assert_int_equal(length, strlen(words[i][2]));
		assert_memory_equal(stem, words[i][2], length);
	}
}

/* Words that push each other out of the cache have the stems that the stemmer gives them. */
static void
cache_gives_the_same_stems(void **state)
{
	int english = index_of(stemmer_languages, "english");
	StemCache *cache = stem_cache_create(english);

	(void) state;
	for (int i = 0; i < 60000; i++)
	{
		char word[128];
		char expected[128];
		size_t expected_length;
		size_t length;
		const char *stem;

		/* Each word comes twice in a row; some are too long to be kept. */
		snprintf(word, sizeof(word), "%s%dhoping", i % 7 == 0 ? "abcdefghijklmnopqrstuvwxyz" : "x",
				 i / 2 % 10000);
		stem = stemmer_stem(english, word, strlen(word), &expected_length);
		memcpy(expected, stem, expected_length);
		stem = stem_cache_stem(cache, word, strlen(word), hash_token(word, strlen(word)), &length);
		assert_int_equal(length, expected_length);
		assert_memory_equal(stem, expected, length);
	}
	stem_cache_free(cache);
	stem_cache_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(english_list_is_complete),
		cmocka_unit_test(all_lists_are_found),
		cmocka_unit_test(words_of_languages),
		cmocka_unit_test(stemmers_are_those_of_the_library),
		cmocka_unit_test(words_have_stems),
		cmocka_unit_test(cache_gives_the_same_stems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
