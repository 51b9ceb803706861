/*
 * forest_split.c
 *	  The purity of a forest's node.
 */
#include <math.h>

#include "core/models/forest_split.h"

double
weight_log(double weight)
{
	return weight > 0 ? weight * log(weight) : 0;
}

void
describe_purity(NodeSamples *node)
{
	node->weight = 0;
	node->sum = 0;
	for (uint32_t k = 0; k < node->n_classes; k++)
	{
		double weight = node->class_weights[k] * node->class_counts[k];

		node->weight += weight;
		node->sum += node->criterion == CRITERION_GINI ? weight * weight : weight_log(weight);
	}
	if (node->criterion == CRITERION_GINI)
		node->purity = node->sum / node->weight;
	else
		node->purity = node->sum - weight_log(node->weight);
}
