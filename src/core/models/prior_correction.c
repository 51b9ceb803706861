/*
 * prior_correction.c
 *	  From the probabilities of learned priors to those of base rates.
 */
#include <math.h>

#include "core/host.h"
#include "core/model_image.h"
#include "core/models/prior_correction.h"

/* Ratios of an image beyond these are no training's: rows are counted in 32 bits. */
#define LEAST_RATIO   1e-12
#define LARGEST_RATIO 1e12

/* Measured ratios are within these bounds: rows that a forest is certain of cannot be moved. */
#define LEAST_MEASURED   1e-3
#define LARGEST_MEASURED 1e3

/* Steps of measuring at most, and the relative error at which it ends. */
#define MAX_STEPS       200
#define MEASURED_ENOUGH 1e-6

/* Corrected probabilities this close were equal before rounding, as the votes of trees often are. */
#define ROUNDING 1e-12

bool
prior_correction_ratios(const uint32_t *base_sizes, const uint32_t *learned_sizes,
						uint32_t n_classes, double *ratios)
{
	double n_base = 0;
	double n_learned = 0;
	bool differ = false;

	for (uint32_t k = 0; k < n_classes; k++)
	{
		n_base += base_sizes[k];
		n_learned += learned_sizes[k];
	}
	for (uint32_t k = 0; k < n_classes; k++)
	{
		ratios[k] = base_sizes[k] / n_base / (learned_sizes[k] / n_learned);
		differ |= fabs(ratios[k] - 1) > ROUNDING;
	}
	return differ;
}

/* Sums of the classes' probabilities over all rows, corrected by ratios. sums: (n_classes) */
static void
sum_corrected(const double *probabilities, uint32_t n_rows, uint32_t n_classes,
			  const double *ratios, double *sums)
{
	for (uint32_t k = 0; k < n_classes; k++)
		sums[k] = 0;
	for (uint32_t i = 0; i < n_rows; i++)
	{
		const double *row = probabilities + (size_t) i * n_classes;
		double total = 0;

		for (uint32_t k = 0; k < n_classes; k++)
			total += row[k] * ratios[k];
		for (uint32_t k = 0; k < n_classes; k++)
			sums[k] += row[k] * ratios[k] / total;
		if (i % 1024 == 0)
			host_check_interrupts();
	}
}

void
prior_correction_measure(const double *probabilities, const uint32_t *labels, uint32_t n_rows,
						 uint32_t n_classes, double *ratios)
{
	double *counts = host_allocate_zero_array(double, n_classes);
	double *sums = host_allocate_array(double, n_classes);
	double error = INFINITY;

	for (uint32_t i = 0; i < n_rows; i++)
		counts[labels[i]]++;
	for (uint32_t k = 0; k < n_classes; k++)
		ratios[k] = 1;
	for (int step = 0; step < MAX_STEPS && error > MEASURED_ENOUGH; step++)
	{
		sum_corrected(probabilities, n_rows, n_classes, ratios, sums);
		error = 0;
		for (uint32_t k = 0; k < n_classes; k++)
		{
			/* a row more of each, so that a class without any says nothing */
			double factor = (counts[k] + 1) / (sums[k] + 1);

			ratios[k] = fmin(fmax(ratios[k] * factor, LEAST_MEASURED), LARGEST_MEASURED);
			error = fmax(error, fabs(factor - 1));
		}
	}
	host_free(counts);
	host_free(sums);
}

const double *
prior_correction_open(const void *section, size_t length, uint32_t n_classes)
{
	const double *ratios = section;

	if (length != n_classes * sizeof(double))
		image_invalid("Its priors do not fit its classes.");
	for (uint32_t k = 0; k < n_classes; k++)
	{
		if (!(ratios[k] >= LEAST_RATIO && ratios[k] <= LARGEST_RATIO))
			image_invalid("A ratio of its priors is out of range.");
	}
	return ratios;
}

void
prior_correction_apply(const double *ratios, uint32_t n_classes, double *probabilities)
{
	double sum = 0;

	if (ratios == NULL)
		return;
	for (uint32_t k = 0; k < n_classes; k++)
	{
		probabilities[k] *= ratios[k];
		sum += probabilities[k];
	}
	for (uint32_t k = 0; k < n_classes; k++)
		probabilities[k] /= sum;
}

/* The most probable class, the first of equals. */
static uint32_t
most_probable(uint32_t n_classes, const double *probabilities)
{
	uint32_t best = 0;

	for (uint32_t k = 1; k < n_classes; k++)
	{
		if (probabilities[k] > probabilities[best])
			best = k;
	}
	return best;
}

uint32_t
prior_correction_decide(const double *ratios, uint32_t n_classes, const double *probabilities)
{
	uint32_t best = 0;
	double best_value;

	if (ratios == NULL)
		return most_probable(n_classes, probabilities);
	best_value = probabilities[0] / ratios[0];
	for (uint32_t k = 1; k < n_classes; k++)
	{
		double value = probabilities[k] / ratios[k];

		if (value > best_value * (1 + ROUNDING))
		{
			best = k;
			best_value = value;
		}
	}
	return best;
}

double
prior_correction_threshold(const double *ratios, uint32_t class_index)
{
	return ratios[class_index] / (ratios[0] + ratios[1]);
}
