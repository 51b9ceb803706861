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

/* A word of a set; bytes is NULL in an empty slot. */
typedef struct StopWord
{
	uint64_t hash;
	const char *bytes;
	size_t length;
} StopWord;

/* Bits of a set's filter, one or none for each word. */
#define STOP_WORD_FILTER_BITS 8192

/* An open-addressing hash table that is at most a quarter full, with a filter before it. */
typedef struct StopWordSet
{
	uint64_t filter[STOP_WORD_FILTER_BITS / 64];
	size_t mask; /* slots - 1 */
	StopWord slots[];
} StopWordSet;

/* Make the set of a language (an index into stop_word_languages, not 0). */
extern StopWordSet *stop_word_set_create(int language);

/* Free a set; NULL is allowed. */
extern void stop_word_set_free(StopWordSet *set);

/* Could a token of a hash be in the set? False is certain, true seldom wrong. */
static inline bool
stop_word_set_may_contain(const StopWordSet *set, uint64_t hash)
{
	/* The table takes the low bits. */
	uint64_t bit = (hash >> 32) % STOP_WORD_FILTER_BITS;

	return set->filter[bit / 64] >> bit % 64 & 1;
}

/* Is a token, with its hash_token, in the set? */
extern bool stop_word_set_contains(const StopWordSet *set, const char *bytes, size_t length,
								   uint64_t hash);

#endif /* SENTIMENT_STOP_WORDS_H */
