/*
 * link_functions.h
 *	  From the outputs of a classifier to probabilities.
 */
#ifndef SENTIMENT_LINK_FUNCTIONS_H
#define SENTIMENT_LINK_FUNCTIONS_H

#include <math.h>
#include <stdint.h>

/* 1 / (1 + exp(-z)), without overflow. */
static inline double
sigmoid(double z)
{
	double e = exp(-fabs(z));

	return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* Turn logits into probabilities, in place; without overflow. */
static inline void
softmax(double *logits, uint32_t count)
{
	double largest = logits[0];
	double sum = 0;

	for (uint32_t k = 1; k < count; k++)
		largest = logits[k] > largest ? logits[k] : largest;
	for (uint32_t k = 0; k < count; k++)
	{
		logits[k] = exp(logits[k] - largest);
		sum += logits[k];
	}
	for (uint32_t k = 0; k < count; k++)
		logits[k] /= sum;
}

#endif /* SENTIMENT_LINK_FUNCTIONS_H */
