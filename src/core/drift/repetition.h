/*
 * repetition.h
 *	  How often texts repeat on the two sides of a comparison, and how many independent rows that leaves.
 *
 * A test that takes the copies of a text for independent rows finds drift where there is none. Shares of n rows vary as
 * those of 1 / sum s^2 independent ones, where s is a text's share of the rows (Kish 1965: n for distinct texts, n / 2 if
 * each stands twice). What both sides have in common is no such excess: a text that is often written, as "good", varies
 * like any other value. Nor are texts without a word copies of one another: they say that there is none. So what counts is the squared distance of both sides' shares, sum (s - t)^2 = 1/n' + 1/m', of
 * which each side's part is sum s^2 - sum s t.
 *
 * The sums are exact where all texts are at hand. Else they come from counts of rows in buckets by the hash of the text
 * (a row of a count sketch, Charikar et al. 2002): of bounded size, the sum of its parts, and with B buckets the reciprocal
 * of the independent rows is right within a standard error of sqrt(2 / B): 4 % of 1024.
 */
#ifndef SENTIMENT_REPETITION_H
#define SENTIMENT_REPETITION_H

#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"

/* Buckets of a profile, and of the counters of live traffic: powers of two. */
#define N_TEXT_BUCKETS      1024
#define N_LIVE_TEXT_BUCKETS 512

/* The probability that two rows of a side have the same text, beyond that of one row of each side; 0 at least. */
typedef struct Repetition
{
	double reference;
	double current;
} Repetition;

/* The bucket of a text's hash, of a power of two: that of more buckets, modulo the fewer. */
static inline uint32_t
text_bucket(uint64_t text, uint32_t n_buckets)
{
	return (uint32_t) hash_mix(text ^ UINT64_C(0x6a09e667f3bcc909)) & (n_buckets - 1);
}

/* Join buckets to fewer, both powers of two. folded: (n_folded) */
extern void text_buckets_fold(const uint64_t *buckets, uint32_t n_buckets, uint32_t n_folded,
							  uint64_t *folded);

/* The repetition of rows that are counted in buckets. reference, current: (n_buckets) */
extern Repetition repetition_of_buckets(const uint64_t *reference, const uint64_t *current,
										uint32_t n_buckets);

/* The repetition of texts by their hashes, which are sorted. reference: (n), current: (m) */
extern Repetition repetition_of_texts(uint64_t *reference, size_t n, uint64_t *current, size_t m);

/*
 * The largest part of the current rows that are in one bucket beyond the reference's part: of rows of one text, but for
 * a thousandth. NaN if a side has no rows.
 */
extern double largest_text_share(const uint64_t *reference, const uint64_t *current,
								 uint32_t n_buckets);

/* How many independent rows so many are, of a side with such a repetition. */
extern double effective_rows(double n_rows, double repetition);

#endif /* SENTIMENT_REPETITION_H */
