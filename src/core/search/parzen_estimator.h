/*
 * parzen_estimator.h
 *	  The density of one dimension where some trials lie: a mixture of one component a trial and a prior.
 *
 * As Optuna's estimator with its default settings. A number's component is a normal distribution
 * truncated to the range, on the dimension's scale, as wide as the farther of the neighbours is away,
 * but not narrower than a share of the range; an integer (not of a logarithmic scale) has the mass of the
 * interval around it. The prior is as wide as the range. A choice's component is its own value for the
 * most part. The latest 25 trials count fully, the ones before them less the older they are.
 */
#ifndef SENTIMENT_PARZEN_ESTIMATOR_H
#define SENTIMENT_PARZEN_ESTIMATOR_H

#include <stddef.h>
#include <stdint.h>

#include "core/search/random_stream.h"
#include "core/search/search_space.h"

typedef struct ParzenEstimator
{
	const Dimension *dimension;
	size_t n_components; /* values, and the prior as the last */
	double low;          /* the bounds on the scale, of a range */
	double high;
	double *cumulated; /* (n_components) sums of the weights; the last one is 1 */
	double *centers;   /* (n_components) of a range */
	double *widths;    /* (n_components) standard deviations, of a range */
	double *factors;   /* (n_components) weight over the mass within the bounds, of a range */
	double *choices;   /* (n_choices) probability of each, of choices */
} ParzenEstimator;

/*
 * Fit the values of trials in their order, passing over those that the dimension does not accept. The
 * dimension must not be constant, and outlive the estimator.
 * values: (n_values); weights: (n_values) above 0, or NULL: by age
 */
extern void parzen_estimator_fit(const Dimension *dimension, const double *values,
								 const double *weights, size_t n_values,
								 ParzenEstimator *estimator);

extern void parzen_estimator_free(ParzenEstimator *estimator);

/* Draw a value. */
extern double parzen_estimator_sample(const ParzenEstimator *estimator, RandomStream *stream);

/*
 * Logarithm of how dense the trials lie at a value: of its probability, or for real numbers and logarithmic
 * scales of the mixture of components that are not divided by their widths.
 */
extern double parzen_estimator_log_density(const ParzenEstimator *estimator, double value);

#endif /* SENTIMENT_PARZEN_ESTIMATOR_H */
