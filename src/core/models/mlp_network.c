/*
 * mlp_network.c
 *	  A multilayer perceptron: its shape, where its parameters are, and its output for one row.
 */
#include <float.h>
#include <string.h>

#include "core/linear_algebra/scaled_rows.h"
#include "core/models/mlp_network.h"

/* Reserve a part of the array. */
static size_t
add_part(size_t *end, size_t count)
{
	size_t start = *end;

	*end = (start + count + MLP_PART_ALIGNMENT - 1) & ~(size_t) (MLP_PART_ALIGNMENT - 1);
	return start;
}

MlpLayout
mlp_layout(const MlpShape *shape)
{
	MlpLayout layout = {.n_parameters = 0};

	for (uint32_t l = 0; l < shape->n_layers; l++)
		layout.biases[l] = add_part(&layout.n_parameters, shape->sizes[l + 1]);
	for (uint32_t l = shape->n_layers; l-- > 0;)
		layout.weights[l] =
			add_part(&layout.n_parameters, (size_t) shape->sizes[l] * shape->sizes[l + 1]);
	return layout;
}

uint32_t
mlp_widest_layer(const MlpShape *shape)
{
	uint32_t widest = 0;

	for (uint32_t l = 1; l <= shape->n_layers; l++)
		widest = shape->sizes[l] > widest ? shape->sizes[l] : widest;
	return widest;
}

/* Collect the units of a hidden layer that are not 0; answers how many. */
static uint32_t
collect_active_units(uint32_t size, MlpRowMemory *memory)
{
	uint32_t count = 0;

	for (uint32_t u = 0; u < size; u++)
	{
		float activation = mlp_rectify(memory->sums[u]);

		memory->units[count] = u;
		memory->activations[count] = activation;
		count += activation > 0;
	}
	return count;
}

/* Make outputs finite that wild parameters made infinite. */
static void
limit_outputs(float *outputs, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++)
	{
		if (!(outputs[k] >= -FLT_MAX && outputs[k] <= FLT_MAX))
			outputs[k] = outputs[k] > 0 ? FLT_MAX : outputs[k] < 0 ? -FLT_MAX : 0;
	}
}

void
mlp_row_outputs(const MlpNetwork *network, const SparseRow *row, MlpRowMemory *memory)
{
	const uint32_t *sizes = network->shape.sizes;
	uint32_t n_layers = network->shape.n_layers;

	for (uint32_t l = 0; l < n_layers; l++)
	{
		const float *weights = network->parameters + network->layout.weights[l];
		const uint32_t *inputs = row->indices;
		const float *values = row->values;
		uint32_t count = row->count;

		if (l > 0)
		{
			count = collect_active_units(sizes[l], memory);
			inputs = memory->units;
			values = memory->activations;
		}
		memcpy(memory->sums, network->parameters + network->layout.biases[l],
			   sizeof(float) * sizes[l + 1]);
		add_scaled_rows(memory->sums, sizes[l + 1], weights, sizes[l + 1], count, inputs, values);
	}
	limit_outputs(memory->sums, sizes[n_layers]);
}
