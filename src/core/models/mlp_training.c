/*
 * mlp_training.c
 *	  Training of a multilayer perceptron: initial parameters, epochs, and when to stop.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/models/class_weights.h"
#include "core/models/logistic_solver.h"
#include "core/models/mlp_batch.h"
#include "core/models/mlp_training.h"
#include "core/threads.h"

/* Parameters that one task sets or copies: 1 MB. */
#define PARAMETERS_PER_TASK ((size_t) 1 << 18)

/* What shuffle() is given instead of an epoch to choose the validation rows. */
#define VALIDATION_EPOCH (UINT64_MAX - 1)

/* Parameters that begin uniform between -bound and bound; or a copy of others. */
typedef struct ParameterTask
{
	float *parameters;
	const float *source; /* NULL: begin */
	size_t count;
	uint64_t key; /* of the random numbers */
	float bound;
} ParameterTask;

/* Rows to learn from and rows to decide when to stop. */
typedef struct RowSplit
{
	uint32_t *training; /* (n_training) */
	uint32_t n_training;
	uint32_t *validation; /* (n_validation) */
	uint32_t n_validation;
} RowSplit;

/* What the epochs have come to. */
typedef struct Progress
{
	MlpReport report;
	uint32_t n_without_improvement; /* epochs in a row */
	float *best_parameters;         /* NULL without validation rows */
} Progress;

/* A number in (-1, 1), from a counter. */
static inline float
random_number(uint64_t key, uint64_t counter)
{
	uint64_t random = hash_mix(key + counter * UINT64_C(0x9e3779b97f4a7c15));

	return ((float) (random >> 41) + 0.5f) * 0x1p-22f - 1;
}

/* Task: set or copy some parameters. */
static void
run_parameter_task(void *context, uint32_t number, uint32_t thread)
{
	const ParameterTask *task = context;
	size_t start = number * PARAMETERS_PER_TASK;
	size_t end = start + PARAMETERS_PER_TASK;

	(void) thread;
	end = end < task->count ? end : task->count;
	if (task->source != NULL)
	{
		memcpy(task->parameters + start, task->source + start, sizeof(float) * (end - start));
		return;
	}
	for (size_t i = start; i < end; i++)
		task->parameters[i] = task->bound * random_number(task->key, i);
}

/* Set or copy parameters, in tasks. */
static void
run_parameter_tasks(ParameterTask task)
{
	parallel_for((uint32_t) ((task.count + PARAMETERS_PER_TASK - 1) / PARAMETERS_PER_TASK),
				 run_parameter_task, &task);
}

/* Set parameters to 0. */
static void
clear_parameters(float *parameters, size_t count)
{
	run_parameter_tasks((ParameterTask){parameters, NULL, count, 0, 0});
}

/* Copy parameters. */
static void
copy_parameters(float *parameters, const float *source, size_t count)
{
	run_parameter_tasks((ParameterTask){parameters, source, count, 0, 0});
}

void
mlp_initialize(const MlpShape *shape, uint64_t seed, float *parameters)
{
	MlpLayout layout = mlp_layout(shape);
	uint64_t key = hash_mix(seed ^ UINT64_C(0x6d6c705f696e6974));

	/* for the sake of what is between the parts; only the first layer's weights are many */
	clear_parameters(parameters, layout.weights[0]);
	if (layout.n_parameters > layout.weights[0])
		memset(parameters + layout.n_parameters - MLP_PART_ALIGNMENT, 0,
			   sizeof(float) * MLP_PART_ALIGNMENT);
	for (uint32_t l = 0; l < shape->n_layers; l++)
	{
		uint32_t n_inputs = shape->sizes[l];
		uint32_t n_outputs = shape->sizes[l + 1];
		float bound = (float) sqrt(6 / ((double) n_inputs + n_outputs));

		key = hash_mix(key + 1);
		run_parameter_tasks(
			(ParameterTask){parameters + layout.biases[l], NULL, n_outputs, key, bound});
		key = hash_mix(key + 1);
		run_parameter_tasks((ParameterTask){parameters + layout.weights[l], NULL,
											(size_t) n_inputs * n_outputs, key, bound});
	}
}

/* What a row of each class counts, on average over the rows 1: (n_classes) */
static double *
make_mean_class_weights(const TrainingSet *training_set, int class_weight)
{
	uint32_t n_rows = training_set->features.n_rows;
	uint32_t n_classes = training_set->n_classes;
	uint32_t *counts = count_class_rows(training_set);
	double *weights =
		make_class_weights(training_set, counts, class_weight == CLASS_WEIGHT_BALANCED);
	double sum = 0;

	for (uint32_t k = 0; k < n_classes; k++)
		sum += weights[k] * counts[k];
	for (uint32_t k = 0; k < n_classes; k++)
		weights[k] *= n_rows / sum;
	host_free(counts);
	return weights;
}

/* Rows of each class to validate with: its share, but not its last row. */
static uint32_t *
count_validation_rows(const TrainingSet *training_set, double fraction)
{
	uint32_t *counts = count_class_rows(training_set);

	for (uint32_t k = 0; k < training_set->n_classes; k++)
	{
		uint32_t wanted = (uint32_t) (fraction * counts[k] + 0.5);

		counts[k] = wanted < counts[k] ? wanted : counts[k] - (counts[k] > 0);
	}
	return counts;
}

/* Split the rows by chance, each class by itself. */
static RowSplit
split_rows(const TrainingSet *training_set, double fraction)
{
	uint32_t n_rows = training_set->features.n_rows;
	uint32_t *wanted = count_validation_rows(training_set, fraction);
	uint32_t *order = host_allocate_array(uint32_t, n_rows);
	RowSplit split = {host_allocate_array(uint32_t, n_rows), 0,
					  host_allocate_array(uint32_t, n_rows), 0};

	for (uint32_t i = 0; i < n_rows; i++)
		order[i] = i;
	shuffle(order, n_rows, training_set->seed, VALIDATION_EPOCH);
	for (uint32_t i = 0; i < n_rows; i++)
	{
		uint32_t label = training_set->labels[order[i]];

		if (wanted[label] > 0)
		{
			wanted[label]--;
			split.validation[split.n_validation++] = order[i];
		}
		else
			split.training[split.n_training++] = order[i];
	}
	host_free(wanted);
	host_free(order);
	return split;
}

/* One pass over the training rows. Answers their mean loss. */
static double
run_epoch(MlpBatch *batch, const RowSplit *split, double learning_rate, uint64_t *step)
{
	double loss = 0;

	for (uint32_t start = 0; start < split->n_training; start += batch->max_rows)
	{
		uint32_t rest = split->n_training - start;
		uint32_t n_rows = rest < batch->max_rows ? rest : batch->max_rows;

		++*step;
		loss +=
			n_rows * mlp_batch_learn(batch, split->training + start, n_rows, learning_rate, *step);
	}
	return loss / split->n_training;
}

/* Mean loss on the validation rows. */
static double
validate(MlpBatch *batch, const RowSplit *split)
{
	double loss = 0;
	double weight = 0;

	for (uint32_t start = 0; start < split->n_validation; start += batch->max_rows)
	{
		uint32_t rest = split->n_validation - start;

		loss += mlp_batch_loss(batch, split->validation + start,
							   rest < batch->max_rows ? rest : batch->max_rows);
	}
	for (uint32_t i = 0; i < split->n_validation; i++)
		weight += batch->class_weights[batch->labels[split->validation[i]]];
	return weight > 0 ? loss / weight : 0;
}

/* Note the loss of an epoch, and keep the best parameters if there is a place for them. */
static void
note_loss(Progress *progress, const MlpBatch *batch, double loss, double tol)
{
	MlpReport *report = &progress->report;
	bool is_first = report->n_epochs == 1;

	if (is_first || loss <= report->best_loss - tol)
		progress->n_without_improvement = 0;
	else
		progress->n_without_improvement++;
	if (is_first || loss < report->best_loss)
	{
		report->best_loss = loss;
		report->best_epoch = report->n_epochs;
		if (progress->best_parameters != NULL)
			copy_parameters(progress->best_parameters, batch->parameters,
							batch->layout.n_parameters);
	}
}

/* All epochs. */
static MlpReport
run_epochs(MlpBatch *batch, const RowSplit *split, const MlpOptions *options, uint64_t seed)
{
	Progress progress = {.n_without_improvement = 0};
	size_t n_parameters = batch->layout.n_parameters;
	uint64_t step = 0;

	if (split->n_validation > 0)
		progress.best_parameters = host_allocate_array(float, n_parameters);
	while (progress.report.n_epochs < (uint32_t) options->max_iter &&
		   progress.n_without_improvement <= (uint32_t) options->n_iter_no_change)
	{
		double loss;

		shuffle(split->training, split->n_training, seed, progress.report.n_epochs);
		loss = run_epoch(batch, split, options->learning_rate_init, &step);
		if (split->n_validation > 0)
			loss = validate(batch, split);
		progress.report.n_epochs++;
		note_loss(&progress, batch, loss, options->tol);
	}
	if (progress.best_parameters == NULL)
		progress.report.best_epoch = progress.report.n_epochs;
	else
		copy_parameters(batch->parameters, progress.best_parameters, n_parameters);
	host_free(progress.best_parameters);
	return progress.report;
}

MlpReport
mlp_train(const TrainingSet *training_set, const MlpShape *shape, const MlpOptions *options,
		  float *parameters)
{
	MlpLayout layout = mlp_layout(shape);
	double *class_weights = make_mean_class_weights(training_set, options->class_weight);
	RowSplit split =
		split_rows(training_set, options->early_stopping ? options->validation_fraction : 0);
	uint32_t batch_size = (uint32_t) options->batch_size;
	MlpBatch batch = {.features = &training_set->features,
					  .labels = training_set->labels,
					  .class_weights = class_weights,
					  .n_dense = training_set->n_dense,
					  .shape = *shape,
					  .layout = layout,
					  .penalty = (float) options->alpha,
					  .parameters = parameters,
					  .means = host_allocate_array(float, layout.n_parameters),
					  .squares = host_allocate_array(float, layout.n_parameters)};
	MlpReport report;

	if (options->early_stopping && split.n_validation == 0)
		host_progress("mlp: there are too few rows for validation_fraction %g; training stops by "
					  "the loss on the training rows",
					  options->validation_fraction);
	mlp_batch_initialize(&batch, batch_size < split.n_training ? batch_size : split.n_training);
	clear_parameters(batch.means, layout.n_parameters);
	clear_parameters(batch.squares, layout.n_parameters);
	mlp_initialize(shape, training_set->seed, parameters);
	report = run_epochs(&batch, &split, options, training_set->seed);
	mlp_batch_free(&batch);
	host_free(batch.means);
	host_free(batch.squares);
	host_free(split.training);
	host_free(split.validation);
	host_free(class_weights);
	return report;
}
