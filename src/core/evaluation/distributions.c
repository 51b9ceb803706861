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

/* A rational function of degree 7: numerator and denominator from the constant term on. */
static double
rational(const double *numerator, const double *denominator, double x)
{
	double above = numerator[7];
	double below = denominator[7];

	for (int i = 6; i >= 0; i--)
	{
		above = above * x + numerator[i];
		below = below * x + denominator[i];
	}
	return above / below;
}

/* The coefficients of AS 241, PPND16: near the middle, in the tails, and far out in them. */
static const double middle_above[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
									   1.9715909503065514427e3, 1.3731693765509461125e4,
									   4.5921953931549871457e4, 6.7265770927008700853e4,
									   3.3430575583588128105e4, 2.5090809287301226727e3};
static const double middle_below[8] = {1,
									   4.2313330701600911252e1,
									   6.8718700749205790830e2,
									   5.3941960214247511077e3,
									   2.1213794301586595867e4,
									   3.9307895800092710610e4,
									   2.8729085735721942674e4,
									   5.2264952788528545610e3};
static const double tail_above[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
									 5.76949722146069140550e0,  3.64784832476320460504e0,
									 1.27045825245236838258e0,  2.41780725177450611770e-1,
									 2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double tail_below[8] = {1,
									 2.05319162663775882187e0,
									 1.67638483018380384940e0,
									 6.89767334985100004550e-1,
									 1.48103976427480074590e-1,
									 1.51986665636164571966e-2,
									 5.47593808499534494600e-4,
									 1.05075007164441684324e-9};
static const double far_above[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
									1.78482653991729133580e0,  2.96560571828504891230e-1,
									2.65321895265761230930e-2, 1.24266094738807843860e-3,
									2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double far_below[8] = {1,
									5.99832206555887937690e-1,
									1.36929880922735805310e-1,
									1.48753612908506148525e-2,
									7.86869131145613259100e-4,
									1.84631831751005468180e-5,
									1.42151175831644588870e-7,
									2.04426310338993978564e-15};

double
normal_quantile(double p)
{
	double from_middle = p - 0.5;
	double r;
	double x;

	if (fabs(from_middle) <= 0.425)
		return from_middle *
			   rational(middle_above, middle_below, 0.180625 - from_middle * from_middle);
	if (p <= 0 || p >= 1)
		return p <= 0 ? -INFINITY : INFINITY;
	r = sqrt(-log(from_middle < 0 ? p : 1 - p));
	x = r <= 5 ? rational(tail_above, tail_below, r - 1.6) : rational(far_above, far_below, r - 5);
	return from_middle < 0 ? -x : x;
}

double
student_quantile(double p, double degrees_of_freedom)
{
	double low = 0;
	double high = 1;

	/* the square of such a variable has an F distribution */
	while (f_survival(high * high, 1, degrees_of_freedom) / 2 > 1 - p && high < 1e150)
		high *= 2;
	for (int i = 0; i < 100 && high - low > low * 1e-14; i++)
	{
		double middle = (low + high) / 2;

		if (f_survival(middle * middle, 1, degrees_of_freedom) / 2 > 1 - p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
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
