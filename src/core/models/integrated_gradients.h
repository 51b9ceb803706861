/*
 * integrated_gradients.h
 *	  What each feature of a row adds to an output of a multilayer perceptron: integrated gradients
 *	  (Sundararajan, Taly and Yan 2017, https://arxiv.org/abs/1703.01365).
 *
 * The contribution of feature j is x_j times the mean of the output's derivative by it on the straight
 * path from the row of zeros to the row x. So the contributions and the output for the row of zeros sum
 * up to the output for x.
 */
#ifndef SENTIMENT_INTEGRATED_GRADIENTS_H
#define SENTIMENT_INTEGRATED_GRADIENTS_H

#include "core/models/mlp_network.h"

/* Numbers of memory that integrated_gradients needs. */
extern size_t integrated_gradients_memory(const MlpShape *shape);

/*
 * The contributions to one output. The mean is exact for one hidden layer; for more it is taken at the
 * midpoints of 64 to 256 pieces of the path. Checks for interrupts.
 * contributions: (row->count); memory: (integrated_gradients_memory)
 */
extern void integrated_gradients(const MlpNetwork *network, const SparseRow *row, uint32_t output,
								 double *contributions, double *memory);

#endif /* SENTIMENT_INTEGRATED_GRADIENTS_H */
