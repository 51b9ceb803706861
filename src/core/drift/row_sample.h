/*
 * row_sample.h
 *	  A random sample of rows of numbers, of bounded size: those with the smallest keys.
 *
 * Each row comes with a 64-bit key, as good as random. What is kept depends on the set of rows and keys
 * only, not on their order or on how parts were merged. The hash of its text comes with each row, so that copies are
 * known. Numbers are kept in 16 bits (bfloat16: a relative
 * error of 0.4 %); NaN is missing.
 */
#ifndef SENTIMENT_ROW_SAMPLE_H
#define SENTIMENT_ROW_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_SAMPLE_ROWS   20000
#define MAX_SAMPLE_VALUES 128

/* Starts as zero bytes, but for capacity and n_values. */
typedef struct RowSample
{
	uint32_t capacity; /* rows to keep */
	uint32_t n_values; /* numbers of a row */
	uint32_t n_rows;   /* at hand; up to twice the capacity */
	uint32_t room;
	uint64_t limit; /* rows with a larger key are not kept; 0: none is known */
	char *rows;     /* (room) key, text, values; see row_sample.c */
} RowSample;

/* Add a row. values: (n_values) */
extern void row_sample_add(RowSample *sample, uint64_t key, uint64_t text, const float *values);

/* Whether a row with such a key would be kept as of now. */
static inline int
row_sample_wants(const RowSample *sample, uint64_t key)
{
	return sample->limit == 0 || key <= sample->limit;
}

/* Add the rows of another sample of the same shape. */
extern void row_sample_merge(RowSample *sample, const RowSample *other);

/* Drop what is beyond the capacity and put the rows into the order of their keys. */
extern void row_sample_settle(RowSample *sample);

/* The values of a row, of n_rows. values: (n_values) */
extern void row_sample_values(const RowSample *sample, uint32_t row, float *values);

/* The hash of its text. */
extern uint64_t row_sample_text(const RowSample *sample, uint32_t row);

/* Its key. */
extern uint64_t row_sample_key(const RowSample *sample, uint32_t row);

/* Bytes of the flat form of a settled sample of that many rows. */
extern size_t row_sample_flat_size(const RowSample *sample, uint32_t n_rows);

/* Write the flat form of a settled sample; answers where it ends. */
extern char *row_sample_flatten(const RowSample *sample, char *bytes);

/* The same of rows without texts, as they were written first. */
extern size_t row_sample_old_flat_size(const RowSample *sample, uint32_t n_rows);

/*
 * Read n_rows rows of untrusted origin, of row_sample_flat_size bytes (without texts: row_sample_old_flat_size), into an
 * empty sample. Answers what is wrong, or NULL.
 */
extern const char *row_sample_unflatten(RowSample *sample, const char *bytes, uint32_t n_rows,
										bool has_texts);

/*
 * A settled sample without the rows of a text beyond a share of all, rounded up: of the rest a test still tells when
 * a single text floods a side (trimmed weights, Potter 1990).
 */
extern RowSample row_sample_trim(const RowSample *sample, double largest_share);

#endif /* SENTIMENT_ROW_SAMPLE_H */
