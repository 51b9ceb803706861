/*
 * class_weights.c
 *	  What a training row counts, by its class.
 */
#include "core/host.h"
#include "core/models/class_weights.h"

uint32_t *
count_class_rows(const TrainingSet *training_set)
{
	uint32_t *counts = host_allocate_zero_array(uint32_t, training_set->n_classes);

	for (uint32_t i = 0; i < training_set->features.n_rows; i++)
		counts[training_set->labels[i]]++;
	return counts;
}

double *
make_class_weights(const TrainingSet *training_set, const uint32_t *class_counts, bool balanced)
{
	uint32_t n_classes = training_set->n_classes;
	double *weights = host_allocate_array(double, n_classes);

	for (uint32_t k = 0; k < n_classes; k++)
	{
		weights[k] = training_set->class_weights == NULL ? 1 : training_set->class_weights[k];
		if (balanced && class_counts[k] > 0)
			weights[k] *=
				(double) training_set->features.n_rows / ((double) n_classes * class_counts[k]);
	}
	return weights;
}
