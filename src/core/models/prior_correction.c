/*
 * prior_correction.c
 *	  From the probabilities of learned priors to those of base rates.
 */
#include <math.h>

#include "core/model_image.h"
#include "core/models/prior_correction.h"

/* Ratios of an image beyond these are no training's: rows are counted in 32 bits. */
#define LEAST_RATIO   1e-12
#define LARGEST_RATIO 1e12

/* Corrected probabilities this close were equal before rounding, as the votes of trees often are. */
#define ROUNDING 1e-12

bool
prior_correction_ratios(const uint32_t *base_sizes, const uint32_t *learned_sizes,
						uint32_t n_classes, bool is_weighted, double *ratios)
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
		double learned = is_weighted ? 1.0 / n_classes : learned_sizes[k] / n_learned;

		ratios[k] = base_sizes[k] / n_base / learned;
		differ |= fabs(ratios[k] - 1) > ROUNDING;
	}
	return differ;
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

	for (uint32_t k = 0; k < n_classes; k++)
	{
		probabilities[k] *= ratios[k];
		sum += probabilities[k];
	}
	for (uint32_t k = 0; k < n_classes; k++)
		probabilities[k] /= sum;
}

uint32_t
prior_correction_decide(const double *ratios, uint32_t n_classes, const double *probabilities)
{
	uint32_t best = 0;
	double best_value = probabilities[0] / (ratios == NULL ? 1 : ratios[0]);

	for (uint32_t k = 1; k < n_classes; k++)
	{
		double value = probabilities[k] / (ratios == NULL ? 1 : ratios[k]);

		if (value > (ratios == NULL ? best_value : best_value * (1 + ROUNDING)))
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
