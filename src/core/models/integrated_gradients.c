/*
 * integrated_gradients.c
 *	  What each feature of a row adds to an output of a multilayer perceptron.
 *
 * On the path t x, t from 0 to 1, the sums of the first layer are b + t s with s = W'x: the features are
 * gone through once, whatever the number of points.
 */
#include <string.h>

#include "core/host.h"
#include "core/models/integrated_gradients.h"

/* Points of the path, and multiplications for which fewer than the most are taken: some ms. */
#define MIN_POINTS 64
#define MAX_POINTS 256
#define POINT_WORK ((size_t) 1 << 21)

typedef struct Path
{
	const MlpNetwork *network;
	uint32_t output;
	double *slopes;                      /* (sizes[1]) s */
	double *mean_gradient;               /* (sizes[1]) of the output by the first layer's sums */
	double *activations[MLP_MAX_LAYERS]; /* (sizes[l + 1]) of hidden layer l, at one point */
	double *gradient;                    /* (widest layer) of the output by a layer's activations */
	double *next_gradient;               /* (widest layer) */
} Path;

size_t
integrated_gradients_memory(const MlpShape *shape)
{
	size_t count = 2 * (size_t) shape->sizes[1] + 2 * (size_t) mlp_widest_layer(shape);

	for (uint32_t l = 0; l < shape->n_layers; l++)
		count += shape->sizes[l + 1];
	return count;
}

/* Divide the memory. */
static Path
prepare_path(const MlpNetwork *network, uint32_t output, double *memory)
{
	const MlpShape *shape = &network->shape;
	uint32_t widest = mlp_widest_layer(shape);
	Path path = {.network = network, .output = output};

	path.slopes = memory;
	path.mean_gradient = path.slopes + shape->sizes[1];
	path.gradient = path.mean_gradient + shape->sizes[1];
	path.next_gradient = path.gradient + widest;
	memory = path.next_gradient + widest;
	for (uint32_t l = 0; l < shape->n_layers; l++)
	{
		path.activations[l] = memory;
		memory += shape->sizes[l + 1];
	}
	return path;
}

/* The weights of a layer. */
static const float *
layer_weights(const MlpNetwork *network, uint32_t layer)
{
	return network->parameters + network->layout.weights[layer];
}

/* The biases of a layer. */
static const float *
layer_biases(const MlpNetwork *network, uint32_t layer)
{
	return network->parameters + network->layout.biases[layer];
}

/* How the first layer's sums change along the path. */
static void
compute_slopes(Path *path, const SparseRow *row)
{
	uint32_t size = path->network->shape.sizes[1];

	memset(path->slopes, 0, sizeof(double) * size);
	for (uint32_t i = 0; i < row->count; i++)
	{
		const float *weights = layer_weights(path->network, 0) + (size_t) row->indices[i] * size;
		double value = limit_scale(row->values[i]);

		for (uint32_t u = 0; u < size; u++)
			path->slopes[u] += value * weights[u];
	}
}

/* The share of the path on which bias + t slope > 0. */
static double
active_share(double bias, double slope)
{
	double end = bias + slope;

	if (bias > 0)
		return end >= 0 ? 1 : bias / -slope;
	return end > 0 ? end / slope : 0;
}

/* One hidden layer: the derivative is constant while a unit is active. */
static void
integrate_one_layer(Path *path)
{
	const MlpNetwork *network = path->network;
	uint32_t n_outputs = network->shape.sizes[2];

	for (uint32_t u = 0; u < network->shape.sizes[1]; u++)
		path->mean_gradient[u] = layer_weights(network, 1)[(size_t) u * n_outputs + path->output] *
								 active_share(layer_biases(network, 0)[u], path->slopes[u]);
}

/* The activations of all hidden layers at a point of the path. */
static void
compute_activations(Path *path, double point)
{
	const MlpNetwork *network = path->network;
	const uint32_t *sizes = network->shape.sizes;

	for (uint32_t l = 0; l + 1 < network->shape.n_layers; l++)
	{
		double *sums = path->activations[l];

		for (uint32_t c = 0; c < sizes[l + 1]; c++)
			sums[c] = layer_biases(network, l)[c] + (l == 0 ? point * path->slopes[c] : 0);
		for (uint32_t u = 0; l > 0 && u < sizes[l]; u++)
		{
			const float *weights = layer_weights(network, l) + (size_t) u * sizes[l + 1];
			double activation = path->activations[l - 1][u];

			for (uint32_t c = 0; activation > 0 && c < sizes[l + 1]; c++)
				sums[c] += activation * weights[c];
		}
		for (uint32_t c = 0; c < sizes[l + 1]; c++)
			sums[c] = sums[c] > 0 ? sums[c] : 0;
	}
}

/* From the gradient by a layer's sums to the gradient by the sums of the layer before it. */
static void
step_back(Path *path, uint32_t layer)
{
	const uint32_t *sizes = path->network->shape.sizes;
	double *swapped = path->gradient;

	for (uint32_t u = 0; u < sizes[layer]; u++)
	{
		const float *weights = layer_weights(path->network, layer) + (size_t) u * sizes[layer + 1];
		double sum = 0;

		for (uint32_t c = 0; path->activations[layer - 1][u] > 0 && c < sizes[layer + 1]; c++)
			sum += path->gradient[c] * weights[c];
		path->next_gradient[u] = sum;
	}
	path->gradient = path->next_gradient;
	path->next_gradient = swapped;
}

/* How many points of the path are worth their cost. */
static uint32_t
count_points(const MlpShape *shape)
{
	size_t work = 1;
	size_t count;

	for (uint32_t l = 1; l < shape->n_layers; l++)
		work += (size_t) shape->sizes[l] * shape->sizes[l + 1];
	count = POINT_WORK / work;
	return count < MIN_POINTS ? MIN_POINTS : count > MAX_POINTS ? MAX_POINTS : (uint32_t) count;
}

/* More hidden layers: the mean over the midpoints of equal pieces of the path. */
static void
integrate_midpoints(Path *path)
{
	const MlpShape *shape = &path->network->shape;
	uint32_t n_points = count_points(shape);

	memset(path->mean_gradient, 0, sizeof(double) * shape->sizes[1]);
	for (uint32_t i = 0; i < n_points; i++)
	{
		host_check_interrupts();
		compute_activations(path, (i + 0.5) / n_points);
		memset(path->gradient, 0, sizeof(double) * shape->sizes[shape->n_layers]);
		path->gradient[path->output] = 1;
		for (uint32_t l = shape->n_layers; --l > 0;)
			step_back(path, l);
		for (uint32_t u = 0; u < shape->sizes[1]; u++)
			path->mean_gradient[u] += path->gradient[u] / n_points;
	}
}

void
integrated_gradients(const MlpNetwork *network, const SparseRow *row, uint32_t output,
					 double *contributions, double *memory)
{
	Path path = prepare_path(network, output, memory);
	uint32_t size = network->shape.sizes[1];

	compute_slopes(&path, row);
	if (network->shape.n_layers == 2)
		integrate_one_layer(&path);
	else
		integrate_midpoints(&path);
	for (uint32_t i = 0; i < row->count; i++)
	{
		const float *weights = layer_weights(network, 0) + (size_t) row->indices[i] * size;
		double sum = 0;

		for (uint32_t u = 0; u < size; u++)
			sum += path.mean_gradient[u] * weights[u];
		contributions[i] = limit_scale(row->values[i]) * sum;
	}
}
