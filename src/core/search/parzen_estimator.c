/*
 * parzen_estimator.c
 *	  The density of one dimension where some trials lie.
 */
#include <math.h>
#include <stdlib.h>

#include "core/evaluation/distributions.h"
#include "core/host.h"
#include "core/search/dimension.h"
#include "core/search/parzen_estimator.h"

#define PRIOR_WEIGHT 1.0

/* The latest trials, which count fully. */
#define N_FULL_WEIGHTS 25

/* A component is nowhere narrower than the range over this, if there are so many of them. */
#define MOST_WIDTHS 100.0

/* Squared distance in widths beyond which a component adds less than the prior's rounding error. */
#define FAR_AWAY 120.0

/* Below this width of an interval, in standard deviations, its mass is taken from the density. */
#define NARROW_INTERVAL 0.01

#define INVERSE_SQRT_2PI 0.39894228040143267794

/* Probability that a standard normal variable is at most x. */
static double
normal_distribution(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

/* Probability that a standard normal variable lies between a and b. */
static double
normal_mass(double a, double b)
{
	double middle = 0.5 * (a + b);
	double width = b - a;

	/* differences of erf lose digits there, the series of the density about the middle none */
	if (width < NARROW_INTERVAL)
		return INVERSE_SQRT_2PI * exp(-0.5 * middle * middle) * width *
			   (1 + width * width * (middle * middle - 1) / 24);
	return 0.5 * (erf(b * M_SQRT1_2) - erf(a * M_SQRT1_2));
}

/* The weight of a trial by its age: of n, number i. */
static double
weight_by_age(size_t i, size_t n)
{
	size_t n_older = n > N_FULL_WEIGHTS ? n - N_FULL_WEIGHTS : 0;
	double oldest = 1.0 / (double) n;

	if (i >= n_older)
		return 1;
	return n_older == 1 ? oldest : oldest + (1 - oldest) * (double) i / (double) (n_older - 1);
}

/*
 * Take the values that the dimension accepts, and the weights of the components (the prior's last),
 * scaled to sum to 1. kept, shares: (n_values + 1). Answers the number of values.
 */
static size_t
keep_values(const Dimension *dimension, const double *values, const double *weights,
			size_t n_values, double *kept, double *shares)
{
	size_t n = 0;
	double sum = PRIOR_WEIGHT;

	for (size_t i = 0; i < n_values; i++)
	{
		if (!dimension_accepts(dimension, values[i]))
			continue;
		shares[n] = weights == NULL ? 1 : weights[i];
		kept[n++] = values[i];
	}
	for (size_t i = 0; i < n; i++)
	{
		if (weights == NULL)
			shares[i] = weight_by_age(i, n);
		sum += shares[i];
	}
	for (size_t i = 0; i < n; i++)
		shares[i] /= sum;
	shares[n] = PRIOR_WEIGHT / sum;
	return n;
}

/* Probabilities of the choices. */
static void
fit_choices(const double *values, const double *shares, size_t n_values, ParzenEstimator *estimator)
{
	uint32_t n_choices = estimator->dimension->n_choices;
	double other = PRIOR_WEIGHT / (double) (n_values + 1);
	double own = 1 / (1 + n_choices * other);
	double even = 0;

	estimator->choices = host_allocate_zero_array(double, n_choices);
	for (size_t i = 0; i < n_values; i++)
	{
		estimator->choices[(size_t) values[i]] += shares[i] * own;
		even += shares[i] * own * other;
	}
	even += shares[n_values] / n_choices;
	for (uint32_t i = 0; i < n_choices; i++)
		estimator->choices[i] += even;
}

/* A component's place among the sorted. */
typedef struct SortedCenter
{
	double center;
	size_t component;
} SortedCenter;

/* From low to high, equals in the order of the trials. */
static int
compare_centers(const void *a, const void *b)
{
	const SortedCenter *first = a;
	const SortedCenter *second = b;

	if (first->center != second->center)
		return first->center < second->center ? -1 : 1;
	return first->component < second->component ? -1 : first->component > second->component;
}

/* The larger distance of a sorted center from its neighbours; the outermost have one only. */
static double
farther_neighbour(const SortedCenter *sorted, size_t n, size_t i)
{
	double left = i > 0 ? sorted[i].center - sorted[i - 1].center : 0;
	double right = i + 1 < n ? sorted[i + 1].center - sorted[i].center : 0;

	return fmax(left, right);
}

/* How wide each component is. */
static void
fit_widths(ParzenEstimator *estimator)
{
	size_t n = estimator->n_components;
	double range = estimator->high - estimator->low;
	double narrowest = range / fmin(MOST_WIDTHS, 1.0 + (double) n);
	SortedCenter *sorted = host_allocate_array(SortedCenter, n);

	for (size_t i = 0; i < n; i++)
		sorted[i] = (SortedCenter){estimator->centers[i], i};
	qsort(sorted, n, sizeof(SortedCenter), compare_centers);
	for (size_t i = 0; i < n; i++)
		estimator->widths[sorted[i].component] =
			fmin(fmax(farther_neighbour(sorted, n, i), narrowest), range);
	estimator->widths[n - 1] = range;
	host_free(sorted);
}

/* Centers, widths and factors of a range. */
static void
fit_range(const double *values, const double *shares, size_t n_values, ParzenEstimator *estimator)
{
	size_t n = estimator->n_components;

	dimension_bounds(estimator->dimension, &estimator->low, &estimator->high);
	estimator->centers = host_allocate_array(double, n);
	estimator->widths = host_allocate_array(double, n);
	estimator->factors = host_allocate_array(double, n);
	for (size_t i = 0; i < n_values; i++)
		estimator->centers[i] = dimension_to_scale(estimator->dimension, values[i]);
	estimator->centers[n_values] = 0.5 * estimator->low + 0.5 * estimator->high;
	fit_widths(estimator);
	for (size_t i = 0; i < n; i++)
	{
		double a = (estimator->low - estimator->centers[i]) / estimator->widths[i];
		double b = (estimator->high - estimator->centers[i]) / estimator->widths[i];

		estimator->factors[i] = shares[i] / normal_mass(a, b);
	}
}

void
parzen_estimator_fit(const Dimension *dimension, const double *values, const double *weights,
					 size_t n_values, ParzenEstimator *estimator)
{
	double *kept = host_allocate_array(double, n_values + 1);
	double *shares = host_allocate_array(double, n_values + 1);
	size_t n = keep_values(dimension, values, weights, n_values, kept, shares);
	double sum = 0;

	*estimator = (ParzenEstimator){.dimension = dimension, .n_components = n + 1};
	if (dimension->type == DIMENSION_CHOICE)
		fit_choices(kept, shares, n, estimator);
	else
		fit_range(kept, shares, n, estimator);
	for (size_t i = 0; i <= n; i++)
	{
		sum += shares[i];
		shares[i] = sum;
	}
	estimator->cumulated = shares;
	host_free(kept);
}

void
parzen_estimator_free(ParzenEstimator *estimator)
{
	host_free(estimator->cumulated);
	host_free(estimator->centers);
	host_free(estimator->widths);
	host_free(estimator->factors);
	host_free(estimator->choices);
}

/* Draw a component by weight. */
static size_t
sample_component(const ParzenEstimator *estimator, RandomStream *stream)
{
	double share = random_stream_uniform(stream);
	size_t low = 0;
	size_t high = estimator->n_components - 1;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (estimator->cumulated[middle] <= share)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Draw a choice. */
static double
sample_choice(const ParzenEstimator *estimator, RandomStream *stream)
{
	double share = random_stream_uniform(stream);
	uint32_t last = estimator->dimension->n_choices - 1;
	uint32_t choice = 0;

	while (choice < last && share >= estimator->choices[choice])
		share -= estimator->choices[choice++];
	return choice;
}

double
parzen_estimator_sample(const ParzenEstimator *estimator, RandomStream *stream)
{
	size_t component;
	double center;
	double width;
	double below;
	double within;

	if (estimator->dimension->type == DIMENSION_CHOICE)
		return sample_choice(estimator, stream);
	component = sample_component(estimator, stream);
	center = estimator->centers[component];
	width = estimator->widths[component];
	below = normal_distribution((estimator->low - center) / width);
	within = normal_distribution((estimator->high - center) / width) - below;
	return dimension_from_scale(
		estimator->dimension,
		center + width * normal_quantile(below + within * random_stream_uniform(stream)));
}

/*
 * The mixture at a place of the scale. As in Optuna 3.1, the components are not divided by their widths, so
 * the narrow ones count less than in the density that is drawn from. On Branin's function and a mixed one
 * 60 trials come nearer to the optimum by a third that way (a thousand seeds).
 */
static double
density_at(const ParzenEstimator *estimator, double place)
{
	double sum = 0;

	for (size_t i = 0; i < estimator->n_components; i++)
	{
		double distance = (place - estimator->centers[i]) / estimator->widths[i];

		if (distance * distance < FAR_AWAY)
			sum += estimator->factors[i] * exp(-0.5 * distance * distance);
	}
	return sum * INVERSE_SQRT_2PI;
}

/* The mass of the mixture in the interval that an integer stands for. */
static double
mass_of(const ParzenEstimator *estimator, double integer)
{
	double sum = 0;

	for (size_t i = 0; i < estimator->n_components; i++)
	{
		double a = (integer - 0.5 - estimator->centers[i]) / estimator->widths[i];
		double b = (integer + 0.5 - estimator->centers[i]) / estimator->widths[i];

		if (a * a < FAR_AWAY || b * b < FAR_AWAY || (a < 0 && b > 0))
			sum += estimator->factors[i] * normal_mass(a, b);
	}
	return sum;
}

double
parzen_estimator_log_density(const ParzenEstimator *estimator, double value)
{
	const Dimension *dimension = estimator->dimension;

	if (dimension->type == DIMENSION_CHOICE)
		return log(estimator->choices[(uint32_t) value]);
	if (dimension->type == DIMENSION_INTEGER && !dimension->log_scale)
		return log(mass_of(estimator, value));
	return log(density_at(estimator, dimension_to_scale(dimension, value)));
}
