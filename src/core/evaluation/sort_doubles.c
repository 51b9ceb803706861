/*
 * sort_doubles.c
 *	  Sort many doubles, fast and cancellable.
 *
 * A radix sort from the least significant digit, of the bits of the doubles mapped to integers of the
 * same order: O(n), and its passes can stop for an interrupt, which qsort cannot.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluation/sort_doubles.h"
#include "core/host.h"

#define DIGIT_BITS 11
#define N_DIGITS   6 /* 66 bits */
#define N_BUCKETS  (1 << DIGIT_BITS)

/* Fewer values than this are not worth counting digits. */
#define RADIX_MINIMUM 2000

/* Values between two checks for interrupts. */
#define INTERRUPT_INTERVAL (256 * 1024)

#define SIGN_BIT (UINT64_C(1) << 63)

/* The keys lie in memory of doubles, so they are read and written as bytes. */
static inline uint64_t
load_key(const double *array, size_t i)
{
	uint64_t key;

	memcpy(&key, &array[i], sizeof(key));
	return key;
}

static inline void
store_key(double *array, size_t i, uint64_t key)
{
	memcpy(&array[i], &key, sizeof(key));
}

/* Map a double's bits to an integer such that both have the same order. */
static inline uint64_t
key_of_bits(uint64_t bits)
{
	return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

/* The inverse of key_of_bits. */
static inline uint64_t
bits_of_key(uint64_t key)
{
	return key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

static inline size_t
digit_of(uint64_t key, int digit)
{
	return (key >> (digit * DIGIT_BITS)) & (N_BUCKETS - 1);
}

/* Turn values into keys in place and count the keys' digits. counts: (N_DIGITS, N_BUCKETS) */
static void
make_keys(double *values, size_t n_values, size_t *counts)
{
	memset(counts, 0, N_DIGITS * N_BUCKETS * sizeof(size_t));
	for (size_t i = 0; i < n_values; i++)
	{
		uint64_t key = key_of_bits(load_key(values, i));

		store_key(values, i, key);
		for (int digit = 0; digit < N_DIGITS; digit++)
			counts[digit * N_BUCKETS + digit_of(key, digit)]++;
		if (i % INTERRUPT_INTERVAL == 0)
			host_check_interrupts();
	}
}

/* Turn the counts of a digit's buckets into where each bucket starts. */
static void
counts_to_starts(size_t *counts)
{
	size_t start = 0;

	for (size_t bucket = 0; bucket < N_BUCKETS; bucket++)
	{
		size_t count = counts[bucket];

		counts[bucket] = start;
		start += count;
	}
}

/* Move keys to the buckets of one digit, keeping their order within a bucket. */
static void
scatter(const double *source, double *target, size_t n_keys, int digit, size_t *starts)
{
	for (size_t i = 0; i < n_keys; i++)
	{
		uint64_t key = load_key(source, i);

		store_key(target, starts[digit_of(key, digit)]++, key);
		if (i % INTERRUPT_INTERVAL == 0)
			host_check_interrupts();
	}
}

/* Sort keys by the digits that counts tells of; answers which of the two arrays has the result. */
static const double *
sort_keys(double *keys, double *spare, size_t n_keys, size_t *counts)
{
	for (int digit = 0; digit < N_DIGITS; digit++)
	{
		size_t *digit_counts = counts + digit * N_BUCKETS;
		double *sorted = spare;

		/* a digit that all keys share orders nothing */
		if (digit_counts[digit_of(load_key(keys, 0), digit)] == n_keys)
			continue;
		counts_to_starts(digit_counts);
		scatter(keys, sorted, n_keys, digit, digit_counts);
		spare = keys;
		keys = sorted;
	}
	return keys;
}

void
sort_doubles(double *values, size_t n_values)
{
	double *spare;
	const double *sorted;
	size_t *counts;

	for (size_t i = 0; i < n_values; i++)
		values[i] += 0.0; /* -0 becomes 0 */
	if (n_values < RADIX_MINIMUM)
	{
		if (n_values > 0)
			qsort(values, n_values, sizeof(double), compare_doubles);
		return;
	}
	spare = host_allocate_array(double, n_values);
	counts = host_allocate_array(size_t, N_DIGITS * N_BUCKETS);
	make_keys(values, n_values, counts);
	sorted = sort_keys(values, spare, n_values, counts);
	for (size_t i = 0; i < n_values; i++)
		store_key(values, i, bits_of_key(load_key(sorted, i)));
	host_free(counts);
	host_free(spare);
}
