/*
 * mlp_batch.h
 *	  One step of training a multilayer perceptron: a batch of rows forward and backward through the
 *	  network, and the update of what it touches.
 *
 * Dense features go through OpenBLAS, sparse ones through sums of scaled rows, in the first layer. A
 * batch is cut into tiles of rows for the two passes, and the parameters into blocks of inputs for the
 * update; each parameter's gradient is summed over the rows of the batch by one task. So the result
 * does not depend on the number of threads, and gradients need memory for one block a thread only.
 */
#ifndef SENTIMENT_MLP_BATCH_H
#define SENTIMENT_MLP_BATCH_H

#include <stdbool.h>

#include "core/linear_algebra/blas.h"
#include "core/models/adam.h"
#include "core/models/classifier.h"
#include "core/models/feature_groups.h"
#include "core/models/mlp_network.h"

/* Parameters that one task updates: the weights of some inputs of a layer, or its biases. */
typedef struct ParameterBlock
{
	uint32_t layer;
	bool biases;
	uint32_t first_input; /* in the first layer counted from the first dense feature */
	uint32_t n_inputs;
} ParameterBlock;

typedef struct MlpBatch
{
	/* the problem */
	const Blas *blas;
	const SparseMatrix *features; /* (training rows, n_features) */
	const uint32_t *labels;       /* (training rows) */
	const double *class_weights;  /* (n_classes) of a row, on average over the rows 1 */
	uint32_t n_dense;
	uint32_t n_sparse; /* features before the dense ones */
	MlpShape shape;
	MlpLayout layout;
	float penalty;     /* alpha */
	float *parameters; /* (layout.n_parameters) and so the moments */
	float *means;
	float *squares;

	/* how the work is cut */
	uint32_t max_rows;
	uint32_t tile_rows;
	bool whole_network; /* a task takes its tile through all layers, not through one */
	bool use_threads;   /* a step is long enough for it */
	uint32_t n_blocks;
	ParameterBlock *blocks;

	/* the present batch */
	uint32_t n_rows;
	const uint32_t *rows; /* (n_rows) */
	bool learn;           /* backward, too */
	uint32_t layer;       /* of the present tasks, if they are not for the whole network */
	AdamStep step;

	/* memory for it */
	float *dense;                       /* (max_rows, n_dense) */
	float *activations[MLP_MAX_LAYERS]; /* (max_rows, sizes[l + 1]) of hidden layer l */
	float *deltas[MLP_MAX_LAYERS];      /* the same: gradient of the loss by the layer's sums */
	double *row_losses;                 /* (max_rows) weighted */
	float *gradients;                   /* (threads, gradient_size) */
	size_t gradient_size;               /* floats of the largest block */
	FeatureGroups groups;               /* of the sparse features */
} MlpBatch;

/*
 * Allocate what batches of at most max_rows rows need. The problem's fields are set, and stay.
 */
extern void mlp_batch_initialize(MlpBatch *batch, uint32_t max_rows);

extern void mlp_batch_free(MlpBatch *batch);

/*
 * Learn from some rows: the step'th step. Answers the mean of their losses, weighted, before the step.
 * rows: (n_rows), n_rows <= max_rows
 */
extern double mlp_batch_learn(MlpBatch *batch, const uint32_t *rows, uint32_t n_rows,
							  double learning_rate, uint64_t step);

/* Answers the sum of some rows' weighted losses, and learns nothing. */
extern double mlp_batch_loss(MlpBatch *batch, const uint32_t *rows, uint32_t n_rows);

#endif /* SENTIMENT_MLP_BATCH_H */
