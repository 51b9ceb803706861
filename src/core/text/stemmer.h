/*
 * stemmer.h
 *	  Words to their stems, by libstemmer (Snowball).
 */
#ifndef SENTIMENT_STEMMER_H
#define SENTIMENT_STEMMER_H

#include <stddef.h>

/* Names of the stemmers, "none" first; NULL-terminated. */
extern const char *const stemmer_languages[];

/* No word that people write is longer, and a stemmer cannot be interrupted. */
#define STEMMER_MAX_LENGTH 255

/*
 * Get the stemmer of a language (an index into stemmer_languages, not 0) ready; raises an error if the
 * library does not have it.
 */
extern void stemmer_prepare(int language);

/*
 * The stem of a lower-cased word (of at most STEMMER_MAX_LENGTH bytes). It lives until the next call
 * for the language in this thread.
 */
extern const char *stemmer_stem(int language, const char *word, size_t length, size_t *stem_length);

#endif /* SENTIMENT_STEMMER_H */
