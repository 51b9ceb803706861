/*
 * paired_tests.h
 *	  Whether two classifiers differ on the same rows.
 */
#ifndef SENTIMENT_PAIRED_TESTS_H
#define SENTIMENT_PAIRED_TESTS_H

#include <stdint.h>

/*
 * Two-sided p-value of McNemar's exact test: of the rows that only one of the two gets right, so many are the first's and
 * so many the other's. 1 without such rows.
 */
extern double mcnemar_exact(uint64_t only_first, uint64_t only_other);

#endif /* SENTIMENT_PAIRED_TESTS_H */
