/*
 * distributions.c
 *	  Tail probabilities of the distributions that test statistics have.
 */
#include <float.h>
#include <math.h>

#include "core/evaluation/distributions.h"
#include "core/host.h"

/* Keeps the continued fraction from dividing by zero. */
#define TINY 1e-300

/* Steps after which both expansions have long converged: they need some ten times sqrt(a). */
static long
step_limit(double a)
{
	return 1000 + (long) (40 * sqrt(a < 1e12 ? a : 1e12));
}

/*
 * ln of x^a e^-x / Gamma(a), which both expansions begin with. For large a its parts are large and cancel;
 * with Stirling's series for Gamma they do so before they are computed.
 */
static double
log_front(double a, double x)
{
	double distance = (x - a) / a;
	double square = 1 / (a * a);
	double stirling;
	int sign;

	if (a < 30)
		return a * log(x) - x - lgamma_r(a, &sign);
	stirling = (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680))) / a;
	return a * (log1p(distance) - distance) + log(a / (2 * M_PI)) / 2 - stirling;
}

/* P(a, x), the complement, by its power series. */
static double
gamma_p_series(double a, double x)
{
	double term = 1 / a;
	double sum = term;
	long limit = step_limit(a);

	for (long n = 1; n < limit && term > sum * (DBL_EPSILON / 4); n++)
	{
		term *= x / (a + n);
		sum += term;
		if (n % 4096 == 0)
			host_check_interrupts();
	}
	return sum * exp(log_front(a, x));
}

/* Q(a, x) by its continued fraction, evaluated from the front (Lentz 1976, Thompson and Barnett 1986). */
static double
gamma_q_fraction(double a, double x)
{
	double b = x + 1 - a;
	double c = 1 / TINY;
	double d = 1 / b;
	double result = d;
	long limit = step_limit(a);

	for (long n = 1; n < limit; n++)
	{
		double numerator = -n * (n - a);
		double factor;

		b += 2;
		d = numerator * d + b;
		if (fabs(d) < TINY)
			d = TINY;
		c = b + numerator / c;
		if (fabs(c) < TINY)
			c = TINY;
		d = 1 / d;
		factor = d * c;
		result *= factor;
		if (fabs(factor - 1) < DBL_EPSILON)
			break;
		if (n % 4096 == 0)
			host_check_interrupts();
	}
	return result * exp(log_front(a, x));
}

double
regularized_gamma_q(double a, double x)
{
	double result;

	if (isnan(a) || isnan(x) || a <= 0 || x < 0)
		return NAN;
	if (x == 0)
		return 1;
	if (isinf(x))
		return 0;
	result = x < a + 1 ? 1 - gamma_p_series(a, x) : gamma_q_fraction(a, x);
	return fmin(fmax(result, 0), 1);
}

double
chi_squared_survival(double x, double degrees_of_freedom)
{
	if (degrees_of_freedom <= 0)
		return 1;
	return regularized_gamma_q(degrees_of_freedom / 2, x / 2);
}

/*
 * 2 sum (-1)^(k-1) exp(-2 k^2 x^2) converges fast for large x; for small x, what the theta function's
 * transformation makes of it: 1 - sqrt(2 pi)/x sum exp(-(2k-1)^2 pi^2 / (8 x^2)).
 */
double
kolmogorov_survival(double x)
{
	double sum = 0;

	if (isnan(x))
		return NAN;
	if (x < 0.04)
		return 1; /* to the last digit */
	if (x < 1)
	{
		for (int k = 1; k <= 10; k++)
		{
			double odd = 2 * k - 1;

			sum += exp(-odd * odd * M_PI * M_PI / (8 * x * x));
		}
		return 1 - sqrt(2 * M_PI) / x * sum;
	}
	for (int k = 10; k >= 1; k--)
		sum = exp(-2.0 * k * k * x * x) - sum;
	return 2 * sum;
}

/* The continued fraction of the incomplete beta function (Lentz 1976). */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1;
	double d = 1 - (a + b) * x / (a + 1);
	double result;
	long limit = step_limit(a > b ? a : b);

	if (fabs(d) < TINY)
		d = TINY;
	d = 1 / d;
	result = d;
	for (long n = 1; n < limit; n++)
	{
		double factor = 1;

		for (int odd = 0; odd < 2; odd++)
		{
			double numerator = odd ? -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1))
								   : n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n));

			d = 1 + numerator * d;
			if (fabs(d) < TINY)
				d = TINY;
			c = 1 + numerator / c;
			if (fabs(c) < TINY)
				c = TINY;
			d = 1 / d;
			factor = d * c;
			result *= factor;
		}
		if (fabs(factor - 1) < DBL_EPSILON)
			break;
		if (n % 4096 == 0)
			host_check_interrupts();
	}
	return result;
}

double
regularized_beta(double a, double b, double x)
{
	int sign;
	double front;

	if (isnan(x) || !(a > 0) || !(b > 0))
		return NAN;
	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) +
				b * log1p(-x));
	/* the fraction converges fast on one side of the mean */
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double
f_survival(double x, double numerator_freedom, double denominator_freedom)
{
	if (isnan(x) || !(numerator_freedom > 0) || !(denominator_freedom > 0))
		return NAN;
	if (x <= 0)
		return 1;
	if (isinf(x))
		return 0;
	return regularized_beta(denominator_freedom / 2, numerator_freedom / 2,
							denominator_freedom / (denominator_freedom + numerator_freedom * x));
}

double
normal_survival(double x)
{
	return erfc(x / M_SQRT2) / 2;
}

/* ln of the number of ways to choose. */
static double
log_choose(double n, double k)
{
	int sign;

	return lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) - lgamma_r(n - k + 1, &sign);
}

double
fisher_exact(double marked_n, double n, double marked_m, double m)
{
	double marked = marked_n + marked_m;
	double expected = marked * m / (n + m);
	double step = marked_m < expected ? -1 : 1; /* into the smaller tail */
	double term;
	double sum;
	double k = marked_m;

	if (!(n > 0) || !(m > 0))
		return NAN;
	term = exp(log_choose(m, k) + log_choose(n, marked - k) - log_choose(n + m, marked));
	sum = term;
	for (long i = 1; term > sum * (DBL_EPSILON / 4); i++)
	{
		if (step > 0)
			term *= (m - k) * (marked - k) / ((k + 1) * (n - marked + k + 1));
		else
			term *= k * (n - marked + k) / ((m - k + 1) * (marked - k + 1));
		k += step;
		sum += term;
		if (i % 4096 == 0)
			host_check_interrupts();
	}
	return fmin(2 * sum, 1);
}
