/*
 * text_filter.h
 *	  Which texts a model has learned from, by their hashes: a blocked Bloom filter (Putze et al. 2007).
 *
 * A model is surer of texts that it has learned from, and knows all of their words: compared with the
 * held-out rows of the reference they would look like drift. The filter knows every one of them, and takes
 * about one in a hundred others for one of them.
 */
#ifndef SENTIMENT_TEXT_FILTER_H
#define SENTIMENT_TEXT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/features/corpus.h"

/* Bits for each text, as long as the filter is not larger than it may be. */
#define TEXT_FILTER_BITS     10
#define MAX_TEXT_FILTER_SIZE (32 * 1024 * 1024)

/* A filter is an array of blocks of this many bytes, nothing else. */
#define TEXT_FILTER_BLOCK 64

/* Bytes of a filter for that many texts. */
extern size_t text_filter_size(size_t n_texts);

/* Add all texts of a corpus to a zeroed filter. */
extern void text_filter_add_corpus(unsigned char *filter, size_t size, const Corpus *corpus);

/*
 * Whether a text is (probably) in a filter; hash: by corpus_text_hash. A filter of less than a block, of
 * whatever origin, has none.
 */
extern bool text_filter_has(const unsigned char *filter, size_t size, uint64_t hash);

#endif /* SENTIMENT_TEXT_FILTER_H */
