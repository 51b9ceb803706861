/*
 * text_subset.h
 *	  Some of many texts, chosen by their hashes: which ones depends on the set of texts, not on their order.
 */
#ifndef SENTIMENT_TEXT_SUBSET_H
#define SENTIMENT_TEXT_SUBSET_H

#include "core/held_out.h"

/* Texts, and bytes of them, that are kept at most; about half as many at least, if there are as many. */
#define TEXT_SUBSET_SIZE  1000
#define TEXT_SUBSET_BYTES ((size_t) 64 * 1024 * 1024)

/* Starts as zero bytes. */
typedef struct TextSubset
{
	HeldOutRows rows;
	int shift; /* one of 2^shift texts is kept */
} TextSubset;

/* Consider a text. hash: see corpus_text_hash */
extern void text_subset_add(TextSubset *subset, const char *text, size_t length, uint64_t hash);

#endif /* SENTIMENT_TEXT_SUBSET_H */
