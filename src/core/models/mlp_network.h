/*
 * mlp_network.h
 *	  A multilayer perceptron: its shape, where its parameters are, and its output for one row.
 *
 * A layer maps sizes[l] inputs to sizes[l + 1] outputs, z = W'a + b. All layers but the last are followed by
 * the rectifier, a = max(z, 0). The last gives the log-odds of class 1 for two classes, else a logit
 * for each class.
 *
 * The parameters are one array of floats: the biases of all layers, then the weights from the last
 * layer to the first, each beginning at a multiple of 16 floats, with zeros between them. The weights
 * of an input stand side by side: (sizes[l], sizes[l + 1]).
 */
#ifndef SENTIMENT_MLP_NETWORK_H
#define SENTIMENT_MLP_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "core/features/sparse_matrix.h"
#include "core/linear_algebra/scaled_rows.h"

#define MLP_MAX_HIDDEN_LAYERS 4
#define MLP_MAX_HIDDEN_SIZE   2048
#define MLP_MAX_LAYERS        (MLP_MAX_HIDDEN_LAYERS + 1)
#define MLP_PART_ALIGNMENT    16

typedef struct MlpShape
{
	uint32_t n_layers;                  /* hidden layers and the output layer */
	uint32_t sizes[MLP_MAX_LAYERS + 1]; /* (n_layers + 1) features, hidden units, outputs */
} MlpShape;

/* Where the parameters of each layer begin in the array, and how many floats it has. */
typedef struct MlpLayout
{
	size_t biases[MLP_MAX_LAYERS];
	size_t weights[MLP_MAX_LAYERS];
	size_t n_parameters; /* with the zeros between them */
} MlpLayout;

typedef struct MlpNetwork
{
	MlpShape shape;
	MlpLayout layout;
	const float *parameters; /* (layout.n_parameters) */
} MlpNetwork;

/* Memory for the output of one row. */
typedef struct MlpRowMemory
{
	float *sums;        /* (widest layer) */
	uint32_t *units;    /* (widest layer) units that are not 0 */
	float *activations; /* (widest layer) of those */
} MlpRowMemory;

/* Outputs of a model of so many classes. */
static inline uint32_t
mlp_output_count(uint32_t n_classes)
{
	return n_classes == 2 ? 1 : n_classes;
}

/* Lay the parameters out; no overflow for any uint32_t of features within the limits above. */
extern MlpLayout mlp_layout(const MlpShape *shape);

/* Outputs of the widest layer. */
extern uint32_t mlp_widest_layer(const MlpShape *shape);

/* A hidden unit's activation: never NaN, and small enough that sums of products stay finite. */
static inline float
mlp_rectify(float sum)
{
	float positive = sum > 0 ? sum : 0;

	return positive < SCALE_LIMIT ? positive : SCALE_LIMIT;
}

/*
 * The outputs of a row, finite for any finite parameters and any row. They are in memory->sums.
 */
extern void mlp_row_outputs(const MlpNetwork *network, const SparseRow *row, MlpRowMemory *memory);

#endif /* SENTIMENT_MLP_NETWORK_H */
