/*
 * stem_cache.c
 *	  The stems of the words seen last.
 */
#include <string.h>

#include "core/host.h"
#include "core/text/stem_cache.h"
#include "core/text/stemmer.h"

/* A power of two: 128 kB, which fits into the second-level cache. */
#define N_ENTRIES 2048

/* An entry is as large as a cache line. */
#define ENTRY_BYTES 54

/* A word and its stem, if both are short; word_length is 0 in an empty entry. */
typedef struct StemEntry
{
	uint64_t hash;
	uint8_t word_length;
	uint8_t stem_length;
	char bytes[ENTRY_BYTES]; /* of the word, then of the stem */
} StemEntry;

/* Where a word may be is decided by its hash alone; the last one wins. */
struct StemCache
{
	int language;
	StemEntry entries[N_ENTRIES];
};

/* Make a cache for a language. */
StemCache *
stem_cache_create(int language)
{
	StemCache *cache = host_allocate_zero(sizeof(StemCache));

	stemmer_prepare(language);
	cache->language = language;
	return cache;
}

/* Free a cache. */
void
stem_cache_free(StemCache *cache)
{
	host_free(cache);
}

/* The stem of a lower-cased word with its hash_token. */
const char *
stem_cache_stem(StemCache *cache, const char *word, size_t length, uint64_t hash,
				size_t *stem_length)
{
	StemEntry *entry = &cache->entries[hash % N_ENTRIES];
	const char *stem;

	if (entry->hash == hash && entry->word_length == length &&
		memcmp(entry->bytes, word, length) == 0)
	{
		*stem_length = entry->stem_length;
		return entry->bytes + length;
	}
	stem = stemmer_stem(cache->language, word, length, stem_length);
	if (length + *stem_length <= ENTRY_BYTES)
	{
		entry->hash = hash;
		entry->word_length = (uint8_t) length;
		entry->stem_length = (uint8_t) *stem_length;
		memcpy(entry->bytes, word, length);
		memcpy(entry->bytes + length, stem, *stem_length);
	}
	return stem;
}
