/*
 * shingles.h
 *	  How much two texts have in common: sets of shingles (runs of three words), and sketches of them.
 *
 * Words are the tokenizer's, in lower case, so case and punctuation do not count. A sketch is low bytes of
 * smallest hashes of the set (MinHash, Broder 1997), sixteen by each of four hash functions: a hash's first
 * bits say for which of sixteen bins it counts, and an empty bin borrows from a full one (Li, Owen and Zhang
 * 2012; Shrivastava 2017). The share of equal bytes of two sketches estimates the Jaccard similarity of the
 * sets, with a standard error of about 1/16 for 20 shingles and more.
 */
#ifndef SENTIMENT_SHINGLES_H
#define SENTIMENT_SHINGLES_H

#include <stdint.h>

#include "core/text/tokenizer.h"

#define SHINGLE_WORDS 3

/* A longer text counts with its beginning. */
#define MAX_SHINGLES 2048

#define SKETCH_SIZE 64

/* Sketches are compared if they agree in one of the bands: a band is four bytes. */
#define SKETCH_BAND_SIZE 4
#define N_SKETCH_BANDS   (SKETCH_SIZE / SKETCH_BAND_SIZE)

/* The shingles of a text; a text of fewer words than a shingle is one shingle, one of no word has none. */
typedef struct Shingles
{
	uint32_t n_shingles;
	uint64_t smallest; /* of the hashes; 0 for none */
	uint64_t hashes[MAX_SHINGLES];
} Shingles;

/* A tokenizer for shingles. */
extern Tokenizer *shingles_tokenizer(void);

/* Find the shingles of a valid text. */
extern void shingles_find(Tokenizer *tokenizer, const char *text, size_t length,
						  Shingles *shingles);

/* Make the sketch of a set of shingles that is not empty. sketch: (SKETCH_SIZE) */
extern void shingles_sketch(const Shingles *shingles, uint8_t *sketch);

/* Estimate the Jaccard similarity of what two sketches stand for. */
extern double sketch_similarity(const uint8_t *first, const uint8_t *second);

#endif /* SENTIMENT_SHINGLES_H */
