/*
 * ngrams.h
 *	  The terms of a text as strings: what a feature space sees, for people to look at.
 */
#ifndef SENTIMENT_NGRAMS_H
#define SENTIMENT_NGRAMS_H

#include "core/buffer.h"
#include "core/features/vocabulary.h"
#include "core/text/tokenizer.h"

/* Terms one behind the other; starts and bytes are the caller's to free. */
typedef struct NgramList
{
	size_t n_terms;
	uint64_t *starts; /* (n_terms + 1), positions in bytes */
	ByteBuffer bytes;
} NgramList;

/*
 * Read the parameters of tokens and n-grams from a JSON object; the other parameters of a feature
 * space are allowed, and ignored.
 */
extern void ngrams_parse(const char *json, TokenizerOptions *tokenizer_options,
						 VocabularyOptions *ngram_options);

/* The terms of a text, in scikit-learn's order: all single tokens, then all pairs, and so on. */
extern NgramList ngrams_list(Tokenizer *tokenizer, const VocabularyOptions *options,
							 const char *text, size_t length);

#endif /* SENTIMENT_NGRAMS_H */
