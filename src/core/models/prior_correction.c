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

/* Base rates over the shares of rows that count so much (NULL: 1); answers whether one is not 1. ratios: (n_classes) */
static bool
make_ratios(const uint32_t *base_sizes, const uint32_t *learned_sizes, uint32_t n_classes,
			const double *weights, double *ratios)
{
	double n_base = 0;
	double n_learned = 0;
	bool differ = false;

	for (uint32_t k = 0; k < n_classes; k++)
	{
		n_base += base_sizes[k];
		n_learned += learned_sizes[k] * (weights == NULL ? 1 : weights[k]);
	}
	for (uint32_t k = 0; k < n_classes; k++)
	{
		double learned = learned_sizes[k] * (weights == NULL ? 1 : weights[k]) / n_learned;

		ratios[k] = base_sizes[k] / n_base / learned;
		differ |= fabs(ratios[k] - 1) > ROUNDING;
	}
	return differ;
}

bool
prior_correction_make(const uint32_t *base_sizes, const uint32_t *learned_sizes, uint32_t n_classes,
					  const double *weights, bool undoes_weights, double *ratios)
{
	bool scores_differ =
		make_ratios(base_sizes, learned_sizes, n_classes, undoes_weights ? NULL : weights, ratios);
	bool decisions_differ =
		make_ratios(base_sizes, learned_sizes, n_classes, weights, ratios + n_classes);

	return scores_differ || decisions_differ;
}

PriorCorrection
prior_correction_of(const double *ratios, uint32_t n_classes)
{
	return (PriorCorrection){ratios, ratios + n_classes};
}

PriorCorrection
prior_correction_open(const void *section, size_t length, uint32_t n_classes)
{
	const double *ratios = section;

	if (length != PRIOR_CORRECTION_SIZE(n_classes) * sizeof(double))
		image_invalid("Its priors do not fit its classes.");
	for (size_t i = 0; i < PRIOR_CORRECTION_SIZE(n_classes); i++)
	{
		if (!(ratios[i] >= LEAST_RATIO && ratios[i] <= LARGEST_RATIO))
			image_invalid("A ratio of its priors is out of range.");
	}
	return prior_correction_of(ratios, n_classes);
}

void
prior_correction_apply(const PriorCorrection *correction, uint32_t n_classes, double *probabilities)
{
	double sum = 0;

	if (correction->scores == NULL)
		return;
	for (uint32_t k = 0; k < n_classes; k++)
	{
		probabilities[k] *= correction->scores[k];
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
prior_correction_decide(const PriorCorrection *correction, uint32_t n_classes,
						const double *probabilities)
{
	uint32_t best = 0;
	double best_value;

	if (correction->decisions == NULL)
		return most_probable(n_classes, probabilities);
	best_value = probabilities[0] / correction->decisions[0];
	for (uint32_t k = 1; k < n_classes; k++)
	{
		double value = probabilities[k] / correction->decisions[k];

		if (value > best_value * (1 + ROUNDING))
		{
			best = k;
			best_value = value;
		}
	}
	return best;
}

double
prior_correction_threshold(const PriorCorrection *correction, uint32_t class_index)
{
	return correction->decisions[class_index] /
		   (correction->decisions[0] + correction->decisions[1]);
}
