/*
 * mlp_batch.c
 *	  One step of training a multilayer perceptron.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/linear_algebra/scaled_rows.h"
#include "core/models/link_functions.h"
#include "core/models/mlp_batch.h"
#include "core/threads.h"

/* Rows of a tile at most; four tiles a batch of the default size. */
#define MAX_TILE_ROWS 64
#define MIN_TILE_ROWS 8

/* Multiplications of one task at most, where the shapes allow it: some ms. */
#define MAX_TASK_WORK ((uint64_t) 1 << 27)

/* Multiplications of one task of an update, if the batch is small: about 20 us. */
#define BLOCK_WORK ((uint64_t) 1 << 20)

/*
 * Multiplications of a step from which on threads are worth waiting for: about 0.5 ms. Where other
 * programs keep the processors busy, a wait may take as long.
 */
#define MIN_THREADED_WORK ((uint64_t) 1 << 24)

/* What the update of a sparse feature's weight costs, in multiplications: it comes from far memory. */
#define SPARSE_UPDATE_WORK 8

/* Inputs of a block at least, unless they are too much work: OpenBLAS packs the other matrix anew. */
#define MIN_BLOCK_INPUTS 32

/* Features or rows that are asked for ahead of their use, and how many floats of each. */
#define PREFETCH_DISTANCE 4
#define PREFETCH_WIDTH    128
#define CACHE_LINE_FLOATS 16

/* Columns of the first layer that one task sums for a row of very many entries. */
#define INPUT_COLUMNS 512

/* Entries that a task may group: about 10 ms. */
#define MAX_ENTRIES_IN_TASK ((uint64_t) 1 << 20)

/* Weight of a batch at least (of a row it is 1 on average), for its inverse to be finite. */
#define MIN_BATCH_WEIGHT 1e-20

/* Outputs beyond this are cut; their probabilities are 0 or 1. */
#define OUTPUT_LIMIT 1e30

/* Inputs of a layer that sgemm multiplies: the first layer's sparse ones are summed otherwise. */
static uint32_t
product_inputs(const MlpBatch *batch, uint32_t layer)
{
	return layer == 0 ? batch->n_dense : batch->shape.sizes[layer];
}

/* Where the weights of those inputs begin in the parameters. */
static size_t
product_weights(const MlpBatch *batch, uint32_t layer)
{
	size_t skipped = layer == 0 ? (size_t) batch->n_sparse * batch->shape.sizes[1] : 0;

	return batch->layout.weights[layer] + skipped;
}

/* What those inputs are for the rows of the batch, (n_rows, product_inputs). */
static const float *
product_values(const MlpBatch *batch, uint32_t layer)
{
	return layer == 0 ? batch->dense : batch->activations[layer - 1];
}

/* Where the sums of a layer go: activations, or for the last layer what becomes its deltas. */
static float *
layer_sums(const MlpBatch *batch, uint32_t layer)
{
	bool is_last = layer + 1 == batch->shape.n_layers;

	return is_last ? batch->deltas[layer] : batch->activations[layer];
}

/* The most entries of a row, dense ones left out, and of all rows. */
static void
count_sparse_entries(const MlpBatch *batch, uint64_t *largest, uint64_t *total)
{
	const SparseMatrix *features = batch->features;

	*largest = 0;
	*total = features->row_starts[features->n_rows] - (uint64_t) features->n_rows * batch->n_dense;
	for (uint32_t i = 0; i < features->n_rows; i++)
	{
		uint64_t count = features->row_starts[i + 1] - features->row_starts[i] - batch->n_dense;

		*largest = count > *largest ? count : *largest;
	}
}

/* Choose the rows of a tile: about equal tiles, four or a multiple of it. */
static uint32_t
choose_tile_rows(const MlpBatch *batch)
{
	uint32_t n_tiles = (batch->max_rows + 4 * MAX_TILE_ROWS - 1) / (4 * MAX_TILE_ROWS) * 4;
	uint32_t rows = (batch->max_rows + n_tiles - 1) / n_tiles;
	uint64_t largest_layer = 1;

	for (uint32_t l = 0; l < batch->shape.n_layers; l++)
	{
		uint64_t work = (uint64_t) product_inputs(batch, l) * batch->shape.sizes[l + 1];

		largest_layer = work > largest_layer ? work : largest_layer;
	}
	if (rows > MAX_TASK_WORK / largest_layer)
		rows = (uint32_t) (MAX_TASK_WORK / largest_layer);
	return rows < MIN_TILE_ROWS ? MIN_TILE_ROWS : rows;
}

/* Multiplications for a row through all layers, and back. */
static uint64_t
row_work(const MlpBatch *batch, uint64_t sparse_entries)
{
	uint64_t work = sparse_entries * batch->shape.sizes[1];

	for (uint32_t l = 0; l < batch->shape.n_layers; l++)
		work += 2 * (uint64_t) product_inputs(batch, l) * batch->shape.sizes[l + 1];
	return work;
}

/* Multiplications of a step, or what costs as much. */
static uint64_t
step_work(const MlpBatch *batch, uint64_t all_entries)
{
	uint64_t mean_entries = all_entries / (batch->features->n_rows + 1) + 1;
	uint64_t row = row_work(batch, mean_entries * (1 + SPARSE_UPDATE_WORK));

	return row > UINT64_MAX / batch->max_rows ? UINT64_MAX : row * batch->max_rows;
}

/* Inputs of a block of a layer: BLOCK_WORK if it can be. */
static uint32_t
choose_block_inputs(const MlpBatch *batch, uint32_t layer)
{
	uint64_t input_work = (uint64_t) batch->max_rows * batch->shape.sizes[layer + 1];
	uint64_t inputs = BLOCK_WORK / input_work;

	if (inputs < MIN_BLOCK_INPUTS)
		inputs = MIN_BLOCK_INPUTS;
	if (inputs * input_work > 2 * MAX_TASK_WORK)
		inputs = 2 * MAX_TASK_WORK / input_work + 1;
	return (uint32_t) inputs;
}

/* Cut the parameters of a layer into blocks. Answers how many; blocks may be NULL to count them. */
static uint32_t
cut_layer(const MlpBatch *batch, uint32_t layer, ParameterBlock *blocks)
{
	uint32_t n_inputs = product_inputs(batch, layer);
	uint32_t block_inputs = choose_block_inputs(batch, layer);
	uint32_t count = 0;

	for (uint32_t first = 0; first < n_inputs; first += block_inputs)
	{
		uint32_t rest = n_inputs - first;

		if (blocks != NULL)
			blocks[count] =
				(ParameterBlock){layer, false, first, rest < block_inputs ? rest : block_inputs};
		count++;
	}
	if (blocks != NULL)
		blocks[count] = (ParameterBlock){layer, true, 0, 1};
	return count + 1;
}

/* Cut all layers into blocks. */
static void
cut_parameters(MlpBatch *batch)
{
	uint32_t count = 0;

	for (uint32_t l = 0; l < batch->shape.n_layers; l++)
		count += cut_layer(batch, l, NULL);
	batch->blocks = host_allocate_array(ParameterBlock, count);
	batch->n_blocks = 0;
	batch->gradient_size = 0;
	for (uint32_t l = 0; l < batch->shape.n_layers; l++)
		batch->n_blocks += cut_layer(batch, l, batch->blocks + batch->n_blocks);
	for (uint32_t i = 0; i < count; i++)
	{
		size_t size =
			(size_t) batch->blocks[i].n_inputs * batch->shape.sizes[batch->blocks[i].layer + 1];

		batch->gradient_size = size > batch->gradient_size ? size : batch->gradient_size;
	}
}

/* Floats for a number of each row of the batch and each of count. */
static float *
allocate_for_rows(const MlpBatch *batch, uint32_t count)
{
	return host_allocate(
		host_array_size(host_array_size(batch->max_rows, count) + 1, sizeof(float)));
}

void
mlp_batch_initialize(MlpBatch *batch, uint32_t max_rows)
{
	uint32_t n_layers = batch->shape.n_layers;
	uint64_t largest;
	uint64_t total;

	batch->max_rows = max_rows;
	batch->n_sparse = batch->shape.sizes[0] - batch->n_dense;
	count_sparse_entries(batch, &largest, &total);
	batch->tile_rows = choose_tile_rows(batch);
	batch->whole_network = row_work(batch, largest) <= MAX_TASK_WORK / batch->tile_rows;
	batch->use_threads = step_work(batch, total) >= MIN_THREADED_WORK;
	batch->blas = blas_load(batch->use_threads ? threads_count() : 1);
	cut_parameters(batch);
	batch->gradients =
		host_allocate(host_array_size(batch->gradient_size, threads_count() * sizeof(float)));
	batch->dense = allocate_for_rows(batch, batch->n_dense);
	for (uint32_t l = 0; l < n_layers; l++)
	{
		batch->deltas[l] = allocate_for_rows(batch, batch->shape.sizes[l + 1]);
		batch->activations[l] =
			l + 1 < n_layers ? allocate_for_rows(batch, batch->shape.sizes[l + 1]) : NULL;
	}
	batch->row_losses = host_allocate_array(double, max_rows);
	feature_groups_initialize(&batch->groups, batch->n_sparse,
							  total < largest * max_rows ? total : largest * max_rows,
							  BLOCK_WORK / 2 / batch->shape.sizes[1] + 1);
}

void
mlp_batch_free(MlpBatch *batch)
{
	host_free(batch->blocks);
	host_free(batch->gradients);
	host_free(batch->dense);
	for (uint32_t l = 0; l < batch->shape.n_layers; l++)
	{
		host_free(batch->deltas[l]);
		host_free(batch->activations[l]);
	}
	host_free(batch->row_losses);
	feature_groups_free(&batch->groups);
}

/* Fill a number of rows with the biases of a layer. */
static void
fill_with_biases(const MlpBatch *batch, uint32_t layer, float *sums, uint32_t n_rows)
{
	uint32_t size = batch->shape.sizes[layer + 1];
	const float *biases = batch->parameters + batch->layout.biases[layer];

	for (uint32_t i = 0; i < n_rows; i++)
		memcpy(sums + (size_t) i * size, biases, sizeof(float) * size);
}

/* Sum biases and sparse features for some columns of the first layer, of one row. */
static void
sum_sparse_features(const MlpBatch *batch, uint32_t number, uint32_t column, uint32_t n_columns)
{
	uint32_t size = batch->shape.sizes[1];
	SparseRow row = sparse_matrix_row(batch->features, batch->rows[number]);
	float *sums = layer_sums(batch, 0) + (size_t) number * size + column;

	memcpy(sums, batch->parameters + batch->layout.biases[0] + column, sizeof(float) * n_columns);
	add_scaled_rows(sums, n_columns, batch->parameters + batch->layout.weights[0] + column, size,
					row.count - batch->n_dense, row.indices, row.values);
}

/* The dense features of one row of the batch. */
static const float *
dense_features(const MlpBatch *batch, uint32_t number)
{
	uint64_t end = batch->features->row_starts[batch->rows[number] + (size_t) 1];

	return batch->features->values + end - batch->n_dense;
}

/* Copy the dense features of one row to where they are multiplied. */
static void
copy_dense_features(const MlpBatch *batch, uint32_t number)
{
	const float *values = dense_features(batch, number);
	float *copy = batch->dense + (size_t) number * batch->n_dense;

	/* shuffled rows lie anywhere */
	if (number + PREFETCH_DISTANCE < batch->n_rows)
	{
		const float *next = dense_features(batch, number + PREFETCH_DISTANCE);

		for (uint32_t i = 0; i < batch->n_dense && i < PREFETCH_WIDTH; i += CACHE_LINE_FLOATS)
			__builtin_prefetch(next + i);
	}
	for (uint32_t i = 0; i < batch->n_dense; i++)
		copy[i] = limit_scale(values[i]);
}

/* Weight of a row of the batch. */
static double
row_weight(const MlpBatch *batch, uint32_t number)
{
	return batch->class_weights[batch->labels[batch->rows[number]]];
}

/* An output that no calculation with it makes infinite. */
static double
limit_output(double output)
{
	if (output > OUTPUT_LIMIT)
		return OUTPUT_LIMIT;
	if (output < -OUTPUT_LIMIT)
		return -OUTPUT_LIMIT;
	return output == output ? output : 0;
}

/* Loss of a row for two classes; turns its log-odds into their gradient. */
static double
logistic_loss(float *output, bool is_positive, double weight)
{
	double z = limit_output(*output);

	*output = (float) (weight * (sigmoid(z) - is_positive));
	if (is_positive)
		z = -z;
	return weight * (fmax(z, 0) + log1p(exp(-fabs(z))));
}

/* Loss of a row for more classes; turns its logits into their gradient. */
static double
softmax_loss(float *outputs, uint32_t n_outputs, uint32_t label, double weight)
{
	double largest = limit_output(outputs[0]);
	double own = limit_output(outputs[label]);
	double sum = 0;

	for (uint32_t k = 1; k < n_outputs; k++)
		largest = fmax(largest, limit_output(outputs[k]));
	for (uint32_t k = 0; k < n_outputs; k++)
	{
		double power = exp(limit_output(outputs[k]) - largest);

		sum += power;
		outputs[k] = (float) power;
	}
	for (uint32_t k = 0; k < n_outputs; k++)
		outputs[k] = (float) (weight * (outputs[k] / sum - (k == label)));
	return weight * (log(sum) + largest - own);
}

/* Turn the outputs of some rows into losses and their gradients. */
static void
compute_losses(const MlpBatch *batch, uint32_t first, uint32_t end)
{
	uint32_t n_outputs = batch->shape.sizes[batch->shape.n_layers];

	for (uint32_t i = first; i < end; i++)
	{
		float *outputs = layer_sums(batch, batch->shape.n_layers - 1) + (size_t) i * n_outputs;
		uint32_t label = batch->labels[batch->rows[i]];
		double weight = row_weight(batch, i);

		batch->row_losses[i] = n_outputs == 1 ? logistic_loss(outputs, label == 1, weight)
											  : softmax_loss(outputs, n_outputs, label, weight);
	}
}

/* A layer forward, for some rows. The first layer's sums hold biases and sparse features already. */
static void
layer_forward(const MlpBatch *batch, uint32_t layer, uint32_t first, uint32_t end)
{
	uint32_t n_inputs = product_inputs(batch, layer);
	uint32_t size = batch->shape.sizes[layer + 1];
	float *sums = layer_sums(batch, layer) + (size_t) first * size;
	size_t count = (size_t) (end - first) * size;

	if (layer > 0)
		fill_with_biases(batch, layer, sums, end - first);
	if (n_inputs > 0)
		batch->blas->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_NO_TRANSPOSE,
						   (int) (end - first), (int) size, (int) n_inputs, 1,
						   product_values(batch, layer) + (size_t) first * n_inputs, (int) n_inputs,
						   batch->parameters + product_weights(batch, layer), (int) size, 1, sums,
						   (int) size);
	if (layer + 1 == batch->shape.n_layers)
	{
		compute_losses(batch, first, end);
		return;
	}
	for (size_t i = 0; i < count; i++)
		sums[i] = mlp_rectify(sums[i]);
}

/* A layer backward, for some rows: from its deltas to those of the layer before it. */
static void
layer_backward(const MlpBatch *batch, uint32_t layer, uint32_t first, uint32_t end)
{
	uint32_t size = batch->shape.sizes[layer + 1];
	uint32_t n_inputs = batch->shape.sizes[layer];
	const float *activations = batch->activations[layer - 1] + (size_t) first * n_inputs;
	float *deltas = batch->deltas[layer - 1] + (size_t) first * n_inputs;
	size_t count = (size_t) (end - first) * n_inputs;

	batch->blas->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_TRANSPOSE, (int) (end - first),
					   (int) n_inputs, (int) size, 1, batch->deltas[layer] + (size_t) first * size,
					   (int) size, batch->parameters + batch->layout.weights[layer], (int) size, 0,
					   deltas, (int) n_inputs);
	for (size_t i = 0; i < count; i++)
		deltas[i] = activations[i] > 0 ? deltas[i] : 0;
}

/* Run tasks, with threads if that is worth it. */
static void
run_tasks(MlpBatch *batch, uint32_t n_tasks, ParallelTask task)
{
	if (batch->use_threads)
		parallel_for(n_tasks, task, batch);
	else
	{
		for (uint32_t i = 0; i < n_tasks; i++)
			task(batch, i, 0);
	}
}

/* The rows of a tile. */
static void
tile_range(const MlpBatch *batch, uint32_t tile, uint32_t *first, uint32_t *end)
{
	*first = tile * batch->tile_rows;
	*end = *first + batch->tile_rows;
	*end = *end < batch->n_rows ? *end : batch->n_rows;
}

/* Group the entries of the batch by feature. */
static void
group_features(MlpBatch *batch, bool check_interrupts)
{
	feature_groups_build(&batch->groups, batch->features, batch->rows, batch->n_rows,
						 batch->n_dense, check_interrupts);
}

/* Task: a tile through the whole network; the first task is to group the features. */
static void
run_tile(void *context, uint32_t task, uint32_t thread)
{
	MlpBatch *batch = context;
	uint32_t first;
	uint32_t end;

	(void) thread;
	if (task == 0)
	{
		if (batch->learn)
			group_features(batch, false);
		return;
	}
	tile_range(batch, task - 1, &first, &end);
	for (uint32_t i = first; i < end; i++)
	{
		sum_sparse_features(batch, i, 0, batch->shape.sizes[1]);
		copy_dense_features(batch, i);
	}
	for (uint32_t l = 0; l < batch->shape.n_layers; l++)
		layer_forward(batch, l, first, end);
	for (uint32_t l = batch->shape.n_layers; batch->learn && --l > 0;)
		layer_backward(batch, l, first, end);
}

/* Task: some columns of the first layer's sums for a row. */
static void
run_input(void *context, uint32_t task, uint32_t thread)
{
	MlpBatch *batch = context;
	uint32_t size = batch->shape.sizes[1];
	uint32_t n_parts = (size + INPUT_COLUMNS - 1) / INPUT_COLUMNS;
	uint32_t number = task / n_parts;
	uint32_t column = task % n_parts * INPUT_COLUMNS;
	uint32_t rest = size - column;

	(void) thread;
	sum_sparse_features(batch, number, column, rest < INPUT_COLUMNS ? rest : INPUT_COLUMNS);
	if (column == 0)
		copy_dense_features(batch, number);
}

/* Task: a tile forward through one layer. */
static void
run_forward(void *context, uint32_t task, uint32_t thread)
{
	MlpBatch *batch = context;
	uint32_t first;
	uint32_t end;

	(void) thread;
	tile_range(batch, task, &first, &end);
	layer_forward(batch, batch->layer, first, end);
}

/* Task: a tile backward through one layer. */
static void
run_backward(void *context, uint32_t task, uint32_t thread)
{
	MlpBatch *batch = context;
	uint32_t first;
	uint32_t end;

	(void) thread;
	tile_range(batch, task, &first, &end);
	layer_backward(batch, batch->layer, first, end);
}

/* All passes over the batch but the update, layer by layer: no task is long even in a large network. */
static void
run_layers(MlpBatch *batch, uint32_t n_tiles)
{
	uint32_t n_parts = (batch->shape.sizes[1] + INPUT_COLUMNS - 1) / INPUT_COLUMNS;

	if (batch->learn)
		group_features(batch, true);
	run_tasks(batch, batch->n_rows * n_parts, run_input);
	for (batch->layer = 0; batch->layer < batch->shape.n_layers; batch->layer++)
		run_tasks(batch, n_tiles, run_forward);
	for (batch->layer = batch->shape.n_layers; batch->learn && --batch->layer > 0;)
		run_tasks(batch, n_tiles, run_backward);
}

/* Entries of the batch, sparse or not. */
static uint64_t
count_entries(const MlpBatch *batch)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < batch->n_rows; i++)
		count += sparse_matrix_row(batch->features, batch->rows[i]).count;
	return count;
}

/* The passes over a batch but the update. Answers the sum of the rows' weighted losses. */
static double
run_batch(MlpBatch *batch, const uint32_t *rows, uint32_t n_rows, bool learn)
{
	uint32_t n_tiles = (n_rows + batch->tile_rows - 1) / batch->tile_rows;
	double sum = 0;

	host_check_interrupts();
	batch->rows = rows;
	batch->n_rows = n_rows;
	batch->learn = learn;
	if (batch->whole_network && count_entries(batch) <= MAX_ENTRIES_IN_TASK)
		run_tasks(batch, n_tiles + 1, run_tile);
	else
		run_layers(batch, n_tiles);
	for (uint32_t i = 0; i < n_rows; i++)
		sum += batch->row_losses[i];
	return sum;
}

/* Update parameters, from place on, by their gradients. */
static void
update_parameters(const MlpBatch *batch, float penalty, size_t place, const float *gradients,
				  size_t count)
{
	adam_update(&batch->step, penalty, batch->parameters + place, batch->means + place,
				batch->squares + place, gradients, count);
}

/* Update the weights of some inputs of a layer. */
static void
update_weights(const MlpBatch *batch, const ParameterBlock *block, float *gradients)
{
	uint32_t size = batch->shape.sizes[block->layer + 1];
	uint32_t n_inputs = product_inputs(batch, block->layer);
	const float *values = product_values(batch, block->layer) + block->first_input;

	batch->blas->sgemm(BLAS_ROW_MAJOR, BLAS_TRANSPOSE, BLAS_NO_TRANSPOSE, (int) block->n_inputs,
					   (int) size, (int) batch->n_rows, 1, values, (int) n_inputs,
					   batch->deltas[block->layer], (int) size, 0, gradients, (int) size);
	update_parameters(batch, batch->penalty,
					  product_weights(batch, block->layer) + (size_t) block->first_input * size,
					  gradients, (size_t) block->n_inputs * size);
}

/* Update the biases of a layer. */
static void
update_biases(const MlpBatch *batch, uint32_t layer, float *restrict gradients)
{
	uint32_t size = batch->shape.sizes[layer + 1];

	memset(gradients, 0, sizeof(float) * size);
	for (uint32_t i = 0; i < batch->n_rows; i++)
	{
		const float *deltas = batch->deltas[layer] + (size_t) i * size;

		for (uint32_t c = 0; c < size; c++)
			gradients[c] += deltas[c];
	}
	update_parameters(batch, 0, batch->layout.biases[layer], gradients, size);
}

/* Ask for the weights and moments of a sparse feature ahead of their use. */
static void
prefetch_feature(const MlpBatch *batch, uint32_t feature)
{
	uint32_t size = batch->shape.sizes[1];
	size_t place = batch->layout.weights[0] + (size_t) feature * size;
	uint32_t width = size < PREFETCH_WIDTH ? size : PREFETCH_WIDTH;

	for (uint32_t c = 0; c < width; c += CACHE_LINE_FLOATS)
	{
		__builtin_prefetch(batch->parameters + place + c, 1);
		__builtin_prefetch(batch->means + place + c, 1);
		__builtin_prefetch(batch->squares + place + c, 1);
	}
}

/* Update the weights of some sparse features. */
static void
update_sparse_features(const MlpBatch *batch, uint32_t chunk, float *gradients)
{
	const FeatureGroups *groups = &batch->groups;
	uint32_t size = batch->shape.sizes[1];

	for (uint32_t g = groups->chunk_starts[chunk]; g < groups->chunk_starts[chunk + 1]; g++)
	{
		size_t start = groups->starts[g];
		size_t place = batch->layout.weights[0] + (size_t) groups->features[g] * size;

		if (g + PREFETCH_DISTANCE < groups->n_groups)
			prefetch_feature(batch, groups->features[g + PREFETCH_DISTANCE]);
		memset(gradients, 0, sizeof(float) * size);
		add_scaled_rows(gradients, size, batch->deltas[0], size,
						(uint32_t) (groups->starts[g + 1] - start), groups->rows + start,
						groups->values + start);
		update_parameters(batch, batch->penalty, place, gradients, size);
	}
}

/* Task: the update of a block, or of a chunk of the sparse features. */
static void
run_update(void *context, uint32_t task, uint32_t thread)
{
	MlpBatch *batch = context;
	float *gradients = batch->gradients + thread * batch->gradient_size;

	if (task >= batch->n_blocks)
		update_sparse_features(batch, task - batch->n_blocks, gradients);
	else if (batch->blocks[task].biases)
		update_biases(batch, batch->blocks[task].layer, gradients);
	else
		update_weights(batch, &batch->blocks[task], gradients);
}

double
mlp_batch_learn(MlpBatch *batch, const uint32_t *rows, uint32_t n_rows, double learning_rate,
				uint64_t step)
{
	double loss = run_batch(batch, rows, n_rows, true);
	double weight = 0;

	for (uint32_t i = 0; i < n_rows; i++)
		weight += row_weight(batch, i);
	/* rows that count nothing teach nothing */
	if (!(weight > MIN_BATCH_WEIGHT))
		return 0;
	batch->step = adam_step(learning_rate, step, 1 / weight);
	run_tasks(batch, batch->n_blocks + batch->groups.n_chunks, run_update);
	return loss / weight;
}

double
mlp_batch_loss(MlpBatch *batch, const uint32_t *rows, uint32_t n_rows)
{
	return run_batch(batch, rows, n_rows, false);
}
