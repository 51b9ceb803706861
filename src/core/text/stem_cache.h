/*
 * stem_cache.h
 *	  The stems of the words seen last: a text repeats its words, and stemming one takes long.
 */
#ifndef SENTIMENT_STEM_CACHE_H
#define SENTIMENT_STEM_CACHE_H

#include <stddef.h>
#include <stdint.h>

typedef struct StemCache StemCache;

/* Make a cache for a language (an index into stemmer_languages, not 0). */
extern StemCache *stem_cache_create(int language);

/* Free a cache; NULL is allowed. */
extern void stem_cache_free(StemCache *cache);

/*
 * The stem of a lower-cased word (of at most STEMMER_MAX_LENGTH bytes) with its hash_token. It lives
 * until the next call.
 */
extern const char *stem_cache_stem(StemCache *cache, const char *word, size_t length, uint64_t hash,
								   size_t *stem_length);

#endif /* SENTIMENT_STEM_CACHE_H */
