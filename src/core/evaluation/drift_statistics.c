/*
 * drift_statistics.c
 *	  How far a distribution has moved from a reference.
 */
#include <math.h>

#include "core/evaluation/distributions.h"
#include "core/evaluation/drift_statistics.h"

/* What tests of nothing answer. */
static const DriftTest no_test = {NAN, NAN, NAN};

/* Rows added to each bin. */
static double
pseudo_count(const DriftBins *bins)
{
	for (size_t i = 0; i < bins->n_bins; i++)
	{
		if (bins->bins[i].n_reference == 0 || bins->bins[i].n_current == 0)
			return DRIFT_PSEUDO_COUNT;
	}
	return 0;
}

/* A bin's contribution, with a number of rows added to each bin. */
static double
psi_term(const DriftBins *bins, size_t bin, double pseudo)
{
	double added = pseudo * (double) bins->n_bins;
	double reference =
		((double) bins->bins[bin].n_reference + pseudo) / ((double) bins->n_reference + added);
	double current =
		((double) bins->bins[bin].n_current + pseudo) / ((double) bins->n_current + added);

	return (current - reference) * log(current / reference);
}

double
drift_psi_contribution(const DriftBins *bins, size_t bin)
{
	if (bins->n_reference == 0 || bins->n_current == 0)
		return NAN;
	return psi_term(bins, bin, pseudo_count(bins));
}

DriftTest
drift_psi(const DriftBins *bins)
{
	DriftTest test = {.degrees_of_freedom = (double) bins->n_bins - 1};
	double pseudo = pseudo_count(bins);
	double scale;

	if (bins->n_reference == 0 || bins->n_current == 0)
		return no_test;
	for (size_t i = 0; i < bins->n_bins; i++)
		test.statistic += psi_term(bins, i, pseudo);
	scale = 1 / (double) bins->n_reference + 1 / (double) bins->n_current;
	test.p_value = chi_squared_survival(test.statistic / scale, test.degrees_of_freedom);
	return test;
}

/* share log2(share / mean), with its limit 0 at 0 */
static double
divergence_term(double share, double mean)
{
	return share > 0 ? share * log2(share / mean) : 0;
}

double
drift_jensen_shannon(const DriftBins *bins)
{
	double divergence = 0;

	if (bins->n_reference == 0 || bins->n_current == 0)
		return NAN;
	for (size_t i = 0; i < bins->n_bins; i++)
	{
		double reference = (double) bins->bins[i].n_reference / (double) bins->n_reference;
		double current = (double) bins->bins[i].n_current / (double) bins->n_current;
		double mean = (reference + current) / 2;

		divergence += divergence_term(reference, mean) + divergence_term(current, mean);
	}
	/* rounding may lead a hair out of the range */
	return sqrt(fmin(fmax(divergence / 2, 0), 1));
}

DriftTest
drift_kolmogorov_smirnov(const Histogram *reference, const Histogram *current)
{
	double n = (double) histogram_n_values(reference);
	double m = (double) histogram_n_values(current);
	DriftTest test = no_test;

	if (n == 0 || m == 0)
		return no_test;
	test.statistic = drift_largest_distance(reference, current);
	test.p_value = kolmogorov_survival(sqrt(n * m / (n + m)) * test.statistic);
	return test;
}

/* The square of the difference to what is expected, in units of the latter. */
static double
pearson_term(double observed, double expected)
{
	return (observed - expected) * (observed - expected) / expected;
}

DriftTest
drift_chi_squared(const double *reference, const double *current, size_t n_categories)
{
	DriftTest test = {0};
	double n_reference = 0;
	double n_current = 0;
	size_t n_occupied = 0;

	for (size_t i = 0; i < n_categories; i++)
	{
		n_reference += reference[i];
		n_current += current[i];
		n_occupied += reference[i] + current[i] > 0;
	}
	if (n_reference == 0 || n_current == 0)
		return no_test;
	for (size_t i = 0; i < n_categories; i++)
	{
		double share = (reference[i] + current[i]) / (n_reference + n_current);

		if (share > 0)
			test.statistic += pearson_term(reference[i], share * n_reference) +
							  pearson_term(current[i], share * n_current);
	}
	test.degrees_of_freedom = (double) n_occupied - 1;
	test.p_value = chi_squared_survival(test.statistic, test.degrees_of_freedom);
	return test;
}
