/*
 * paired_tests.c
 *	  Whether two classifiers differ on the same rows.
 */
#include <math.h>

#include "core/evaluation/distributions.h"
#include "core/evaluation/paired_tests.h"

double
mcnemar_exact(uint64_t only_first, uint64_t only_other)
{
	double fewer = (double) (only_first < only_other ? only_first : only_other);
	double n = (double) only_first + (double) only_other;

	if (only_first == only_other)
		return 1;
	/* the lower tail of the binomial distribution of n throws of a coin */
	return fmin(2 * regularized_beta(n - fewer, fewer + 1, 0.5), 1);
}
