/*
 * sequential_test.c
 *	  Whether two versions succeed equally often, looked at at any time.
 */
#include <math.h>

#include "core/evaluation/proportion_interval.h"
#include "core/evaluation/sequential_test.h"

#define LEVEL  0.05
#define NORMAL 1.959963984540054 /* 97.5 % of the standard normal distribution lie below */

RateInterval
wilson_interval(Outcomes outcomes)
{
	return proportion_interval((double) outcomes.n_successes, (double) outcomes.n);
}

/* Harmonic sum of the sides' sizes: the outcomes that tell of the difference. */
static double
effective_size(Outcomes one, Outcomes other)
{
	return (double) one.n * (double) other.n / ((double) one.n + (double) other.n);
}

double
sequential_p_value(Outcomes one, Outcomes other)
{
	double size = effective_size(one, other);
	double common;
	double scaled_information;
	double score;
	double logarithm;

	if (one.n == 0 || other.n == 0)
		return 1;
	common = ((double) one.n_successes + (double) other.n_successes) /
			 ((double) one.n + (double) other.n);
	score = size * ((double) other.n_successes / (double) other.n -
					(double) one.n_successes / (double) one.n);
	scaled_information = MIXTURE_DEVIATION * MIXTURE_DEVIATION * size * common * (1 - common);
	logarithm =
		MIXTURE_DEVIATION * MIXTURE_DEVIATION * score * score / (2 * (1 + scaled_information)) -
		log1p(scaled_information) / 2;
	return logarithm <= 0 ? 1 : exp(-logarithm);
}

/*
 * A rate kept off 0 and 1, where its variance would be none, by two successes and two failures more (Agresti and
 * Coull 1998): few outcomes on one side would make the interval too short else.
 */
static double
smoothed_rate(Outcomes outcomes)
{
	return ((double) outcomes.n_successes + 2) / ((double) outcomes.n + 4);
}

RateInterval
sequential_difference(Outcomes one, Outcomes other)
{
	RateInterval interval = {-1, 1};
	double rate_one = smoothed_rate(one);
	double rate_other = smoothed_rate(other);
	double common;
	double variance;
	double scale;
	double ratio;
	double half;
	double difference;

	if (one.n == 0 || other.n == 0)
		return interval;
	common = (rate_one * (double) one.n + rate_other * (double) other.n) /
			 ((double) one.n + (double) other.n);
	variance = rate_one * (1 - rate_one) / (double) one.n +
			   rate_other * (1 - rate_other) / (double) other.n;
	/* the mixture's deviation, of log-odds there, as a difference of rates */
	scale = MIXTURE_DEVIATION * common * (1 - common);
	ratio = scale * scale / variance;
	half = sqrt(variance * (1 + 1 / ratio) * (log1p(ratio) - 2 * log(LEVEL)));
	difference =
		(double) other.n_successes / (double) other.n - (double) one.n_successes / (double) one.n;
	interval.lower = fmax(difference - half, -1);
	interval.upper = fmin(difference + half, 1);
	return interval;
}
