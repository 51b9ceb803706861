/*
 * proportion_interval.c
 *	  Wilson's interval of a proportion.
 */
#include <math.h>

#include "core/evaluation/proportion_interval.h"

ConfidenceInterval
proportion_interval(double n_successes, double n)
{
	double rate = n_successes / n;
	double z2 = CONFIDENCE_NORMAL * CONFIDENCE_NORMAL;
	double middle = (rate + z2 / (2 * n)) / (1 + z2 / n);
	double half = CONFIDENCE_NORMAL / (1 + z2 / n) * sqrt(rate * (1 - rate) / n + z2 / (4 * n * n));
	ConfidenceInterval interval = {0, 1};

	if (!(n > 0))
		return interval;
	/* at the ends the bound is exact */
	if (n_successes > 0)
		interval.lower = fmax(middle - half, 0);
	if (n_successes < n)
		interval.upper = fmin(middle + half, 1);
	return interval;
}
