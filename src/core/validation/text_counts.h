/*
 * text_counts.h
 *	  How often each distinct text occurs, and whether with one label.
 *
 * Texts are known by their hash. Up to MAX_COUNTED_TEXTS distinct ones, all are counted; then a sample of
 * them: those whose hash begins with so many zero bits (the level) as it takes to have few enough (Gibbons
 * 2001). So what is kept depends on the rows alone, not on their order or on how parts of them merged.
 */
#ifndef SENTIMENT_TEXT_COUNTS_H
#define SENTIMENT_TEXT_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_COUNTED_TEXTS (1u << 20)
#define MAX_SAMPLE_LEVEL  48

/* More rows are an error: sums of them cannot overflow. */
#define MAX_VALIDATED_ROWS (UINT64_C(1) << 40)

/* No label among a text's. */
#define NO_LABEL_HASH UINT32_MAX

/* A distinct text. */
typedef struct TextCount
{
	uint64_t hash;
	uint64_t n_rows;         /* 0: a free place */
	uint32_t smallest_label; /* of the hashes of its labels; NO_LABEL_HASH without any */
	uint32_t largest_label;  /* 0 without any */
} TextCount;

/* Starts as zero bytes. */
typedef struct TextCounts
{
	uint32_t level;
	uint32_t n_texts;
	uint32_t table_bits;
	TextCount *table; /* (2^table_bits) open addressing; or NULL */
} TextCounts;

/* What is known of repeated texts. */
typedef struct TextRepetition
{
	double n_distinct;   /* texts */
	double n_duplicates; /* rows but the first of each text */
	double n_conflicts;  /* rows of texts with several labels */
	bool is_estimate;
} TextRepetition;

/* Whether a hash belongs to a sample of that level. */
static inline bool
sample_has(uint64_t hash, uint32_t level)
{
	return level == 0 || hash >> (64 - level) == 0;
}

/* Hash of a label as the counts want it. */
extern uint32_t text_counts_label_hash(const char *label, size_t length);

/*
 * Add a row (label_hash NO_LABEL_HASH: without a label). Answers whether the text may be new: false only
 * if it has been here before.
 */
extern bool text_counts_add(TextCounts *counts, uint64_t hash, uint32_t label_hash);

/* Find a text; NULL if it is not among those that are kept. */
extern const TextCount *text_counts_find(const TextCounts *counts, uint64_t hash);

/* Whether a text has several labels. */
static inline bool
text_has_conflict(const TextCount *count)
{
	return count->smallest_label < count->largest_label;
}

/* Add the rows of other counts. */
extern void text_counts_merge(TextCounts *counts, const TextCounts *other);

/* Sum up. n_rows: with a text, that were added */
extern TextRepetition text_counts_sum(const TextCounts *counts, uint64_t n_rows);

/* Bytes of the flat form; write it; read one of untrusted origin into zeroed counts. */
extern size_t text_counts_flat_size(const TextCounts *counts);
extern void text_counts_flatten(const TextCounts *counts, char *bytes);
extern void text_counts_unflatten(TextCounts *counts, const char *bytes, size_t length);

#endif /* SENTIMENT_TEXT_COUNTS_H */
