/*
 * stop_words.h
 *	  Words that say nothing: lists by language, and a set to look them up.
 */
#ifndef SENTIMENT_STOP_WORDS_H
#define SENTIMENT_STOP_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names of the lists, "none" first; NULL-terminated. */
extern const char *const stop_word_languages[];

/* The words of each list in UTF-8, NULL-terminated; NULL for "none". */
extern const char *const *const stop_word_lists[];

typedef struct StopWordSet StopWordSet;

/* Make the set of a language (an index into stop_word_languages, not 0). */
extern StopWordSet *stop_word_set_create(int language);

/* Free a set; NULL is allowed. */
extern void stop_word_set_free(StopWordSet *set);

/* Is a token, with its hash_token, in the set? */
extern bool stop_word_set_contains(const StopWordSet *set, const char *bytes, size_t length,
								   uint64_t hash);

#endif /* SENTIMENT_STOP_WORDS_H */
