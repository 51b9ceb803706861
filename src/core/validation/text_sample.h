/*
 * text_sample.h
 *	  Distinct texts with sketches and excerpts, to find those that resemble each other.
 *
 * Up to MAX_SAMPLED_TEXTS distinct texts, all are kept; then a sample, by one of two rules. By the hash of
 * the text every text has the same chance, so a crowd of similar texts stays a crowd; but both texts of a
 * pair are seldom kept. By the smallest hash of its shingles, which two texts of Jaccard similarity J share
 * with probability J, pairs stay or go together; but so does a crowd. A validation keeps one of each.
 */
#ifndef SENTIMENT_TEXT_SAMPLE_H
#define SENTIMENT_TEXT_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/validation/shingles.h"

#define MAX_SAMPLED_TEXTS (1u << 15)

/* Bytes of an excerpt at most. */
#define MAX_EXCERPT_LENGTH 79

/* The beginning of a text on one line. */
typedef struct Excerpt
{
	uint8_t length;
	char bytes[MAX_EXCERPT_LENGTH];
} Excerpt;

/* A distinct text. */
typedef struct SampledText
{
	uint64_t hash;
	uint64_t smallest; /* of the hashes of its shingles */
	uint64_t n_rows;
	uint64_t has_shingles; /* 0 or 1 */
	uint8_t sketch[SKETCH_SIZE];
	Excerpt excerpt;
} SampledText;

/* Starts as zero bytes, but for the rule. */
typedef struct TextSample
{
	bool by_shingles; /* the rule */
	uint32_t level;
	uint32_t n_texts;
	uint32_t capacity;
	SampledText *texts; /* (capacity) */
	uint32_t *places;   /* (2^places_bits) numbers of texts + 1 by hash; 0: free */
	uint32_t places_bits;
} TextSample;

/* What was found of texts that resemble each other. */
typedef struct SimilarTexts
{
	double n_rows;
	bool is_estimate;
	const SampledText *text;    /* an example, or NULL */
	const SampledText *partner; /* what it resembles */
} SimilarTexts;

/* Make the excerpt of a text: valid UTF-8, on one line, without control characters. */
extern Excerpt excerpt_make(const char *text, size_t length);

/* Count a row of a text that may be kept; false if it is not kept so far. */
extern bool text_sample_count(TextSample *sample, uint64_t hash);

/* Whether a text that is not kept so far is to be added. */
extern bool text_sample_wants(const TextSample *sample, uint64_t hash, uint64_t smallest);

/* Add a text that the sample wants, with one row. */
extern void text_sample_add(TextSample *sample, const SampledText *text);

/* Find a text; NULL if it is not kept. */
extern const SampledText *text_sample_find(const TextSample *sample, uint64_t hash);

/* Add the rows of another sample by the same rule. */
extern void text_sample_merge(TextSample *sample, const TextSample *other);

/* Find the texts that resemble another one. */
extern SimilarTexts text_sample_similar(const TextSample *sample, double similarity);

/* Bytes of the flat form; write it; read one of untrusted origin into an empty sample. */
extern size_t text_sample_flat_size(const TextSample *sample);
extern void text_sample_flatten(const TextSample *sample, char *bytes);
extern void text_sample_unflatten(TextSample *sample, const char *bytes, size_t length);

/* Whether an excerpt of untrusted origin is one. */
extern bool excerpt_is_valid(const Excerpt *excerpt);

#endif /* SENTIMENT_TEXT_SAMPLE_H */
