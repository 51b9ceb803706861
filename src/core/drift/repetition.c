/*
 * repetition.c
 *	  How often texts repeat on the two sides of a comparison.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/drift/repetition.h"
#include "core/host.h"

/* The probabilities that two rows have the same text: of each side, and of both. */
typedef struct Matches
{
	double reference;
	double current;
	double both;
} Matches;

/* What is beyond both sides' common part. */
static Repetition
excess(Matches matches)
{
	return (Repetition){.reference = fmax(matches.reference - matches.both, 0),
						.current = fmax(matches.current - matches.both, 0)};
}

/* The probability that two of n rows match, by the sum of the squares of counts. */
static double
match_of_pairs(double squares, double n)
{
	return n > 1 ? (squares - n) / (n * (n - 1)) : 0;
}

void
text_buckets_fold(const uint64_t *buckets, uint32_t n_buckets, uint32_t n_folded, uint64_t *folded)
{
	memset(folded, 0, n_folded * sizeof(uint64_t));
	for (uint32_t i = 0; i < n_buckets; i++)
		folded[i & (n_folded - 1)] += buckets[i];
}

/* The probability that rows have the same text, of that to be in the same bucket, where different texts meet by chance. */
static double
without_collisions(double match, uint32_t n_buckets)
{
	return (match - 1.0 / n_buckets) / (1 - 1.0 / n_buckets);
}

Repetition
repetition_of_buckets(const uint64_t *reference, const uint64_t *current, uint32_t n_buckets)
{
	double n = 0;
	double m = 0;
	double squares_n = 0;
	double squares_m = 0;
	double products = 0;
	Matches matches;

	for (uint32_t i = 0; i < n_buckets; i++)
	{
		double of_n = (double) reference[i];
		double of_m = (double) current[i];

		n += of_n;
		m += of_m;
		squares_n += of_n * of_n;
		squares_m += of_m * of_m;
		products += of_n * of_m;
	}
	if (n == 0 || m == 0)
		return (Repetition){0, 0};
	matches = (Matches){
		.reference = n > 1 ? without_collisions(match_of_pairs(squares_n, n), n_buckets) : 0,
		.current = m > 1 ? without_collisions(match_of_pairs(squares_m, m), n_buckets) : 0,
		.both = without_collisions(products / (n * m), n_buckets)};
	return excess(matches);
}

/* The sum of counts. */
static double
sum_of_counts(const uint64_t *counts, uint32_t n_counts)
{
	double sum = 0;

	for (uint32_t i = 0; i < n_counts; i++)
		sum += (double) counts[i];
	return sum;
}

double
largest_text_share(const uint64_t *reference, const uint64_t *current, uint32_t n_buckets)
{
	double n = sum_of_counts(reference, n_buckets);
	double m = sum_of_counts(current, n_buckets);
	double largest = 0;

	if (n == 0 || m == 0)
		return NAN;
	for (uint32_t i = 0; i < n_buckets; i++)
		largest = fmax(largest, (double) current[i] / m - (double) reference[i] / n);
	return largest;
}

static int
compare_texts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/* How many of sorted texts, from one on, are the same. */
static size_t
run_length(const uint64_t *texts, size_t n, size_t first)
{
	size_t end = first + 1;

	while (end < n && texts[end] == texts[first])
		end++;
	return end - first;
}

Repetition
repetition_of_texts(uint64_t *reference, size_t n, uint64_t *current, size_t m)
{
	double squares_n = 0;
	double squares_m = 0;
	double products = 0;
	size_t i = 0;
	size_t j = 0;

	if (n == 0 || m == 0)
		return (Repetition){0, 0};
	qsort(reference, n, sizeof(uint64_t), compare_texts);
	qsort(current, m, sizeof(uint64_t), compare_texts);
	while (i < n || j < m)
	{
		bool in_reference = i < n && (j == m || reference[i] <= current[j]);
		bool in_current = j < m && (i == n || current[j] <= reference[i]);
		double of_n = in_reference ? (double) run_length(reference, n, i) : 0;
		double of_m = in_current ? (double) run_length(current, m, j) : 0;

		squares_n += of_n * of_n;
		squares_m += of_m * of_m;
		products += of_n * of_m;
		i += (size_t) of_n;
		j += (size_t) of_m;
	}
	return excess((Matches){.reference = match_of_pairs(squares_n, (double) n),
							.current = match_of_pairs(squares_m, (double) m),
							.both = products / ((double) n * (double) m)});
}

double
effective_rows(double n_rows, double repetition)
{
	return n_rows > 1 ? n_rows / (1 + (n_rows - 1) * repetition) : n_rows;
}
