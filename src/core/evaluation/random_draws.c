/*
 * random_draws.c
 *	  Draws from distributions, for resampling.
 */
#include <math.h>

#include "core/evaluation/random_draws.h"

/* Below so many expected successes inversion takes the fewer steps. */
#define INVERSION_MEAN 10

uint64_t
draw_integer(RandomStream *stream, uint64_t n)
{
	/* the bias is below n / 2^64 */
	return (uint64_t) (((unsigned __int128) random_stream_next(stream) * n) >> 64);
}

/* Walk along the distribution; p is small or the mean is. */
static uint64_t
draw_by_inversion(RandomStream *stream, uint64_t n, double p)
{
	double odds = p / (1 - p);
	double probability = exp((double) n * log1p(-p));
	double left = random_stream_uniform(stream);
	uint64_t k = 0;

	while (left > probability && k < n)
	{
		left -= probability;
		k++;
		probability *= odds * (double) (n - k + 1) / (double) k;
		/* beyond the last digit of what is left nothing can follow */
		if (probability < 1e-18 && (double) k > (double) n * p)
			break;
	}
	return k;
}

/* ln k!, by Stirling's series for all but small k. */
static double
log_factorial(double k)
{
	static const double small[10] = {0,
									 0,
									 0.69314718055994529,
									 1.791759469228055,
									 3.1780538303479458,
									 4.7874917427820458,
									 6.5792512120101012,
									 8.5251613610654147,
									 10.604602902745251,
									 12.801827480081469};

	if (k < 10)
		return small[(int) k];
	return (k + 0.5) * log(k + 1) - (k + 1) + 0.91893853320467274 +
		   (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / ((k + 1) * (k + 1))) / ((k + 1) * (k + 1))) /
			   (k + 1);
}

/* Transformed rejection with squeeze, for p <= 1/2 and a mean of 10 at least. */
static uint64_t
draw_by_rejection(RandomStream *stream, uint64_t n_trials, double p)
{
	double n = (double) n_trials;
	double deviation = sqrt(n * p * (1 - p));
	double b = 1.15 + 2.53 * deviation;
	double a = -0.0873 + 0.0248 * b + 0.01 * p;
	double centre = n * p + 0.5;
	double squeeze = 0.92 - 4.2 / b;
	double alpha = (2.83 + 5.1 / b) * deviation;
	double mode = floor((n + 1) * p);

	for (;;)
	{
		double u = random_stream_uniform(stream) - 0.5;
		double v = random_stream_uniform(stream);
		double us = 0.5 - fabs(u);
		double k = floor((2 * a / us + b) * u + centre);

		if (k < 0 || k > n)
			continue;
		if (us >= 0.07 && v <= squeeze)
			return (uint64_t) k;
		v = log(v * alpha / (a / (us * us) + b));
		if (v <= log_factorial(mode) + log_factorial(n - mode) - log_factorial(k) -
					 log_factorial(n - k) + (k - mode) * log(p / (1 - p)))
			return (uint64_t) k;
	}
}

uint64_t
draw_binomial(RandomStream *stream, uint64_t n, double p)
{
	if (n == 0 || p <= 0)
		return 0;
	if (p >= 1)
		return n;
	if (p > 0.5)
		return n - draw_binomial(stream, n, 1 - p);
	if ((double) n * p < INVERSION_MEAN)
		return draw_by_inversion(stream, n, p);
	return draw_by_rejection(stream, n, p);
}
