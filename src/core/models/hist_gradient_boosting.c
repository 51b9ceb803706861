/*
 * hist_gradient_boosting.c
 *	  Gradient boosting (Friedman 2001), as scikit-learn's HistGradientBoostingClassifier.
 *
 * This file holds the kind: its parameters, the loop over iterations, prediction and explanation.
 * Two classes have one output, the log-odds of class 1, and more have one output a class, the
 * logits of a softmax; each iteration adds a tree to each output. The section of a model image is a
 * tree ensemble with a baseline for each output; tree number i adds to output i modulo their
 * number.
 *
 * Differences from scikit-learn: the bins' edges come from all rows, those for validation included;
 * and gradients are rounded (see split_gain.h).
 */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/models/boosted_tree.h"
#include "core/models/class_weights.h"
#include "core/models/hist_gradient_boosting.h"
#include "core/models/link_functions.h"
#include "core/models/tree_ensemble.h"
#include "core/threads.h"

/* Rows of a task; part of the result, as sums of losses are joined task by task. */
#define ROWS_PER_TASK 4096

/* Of more rows than that, early stopping is on by default. */
#define AUTO_STOPPING_ROWS 10000

static const char *const early_stopping_choices[] = {"auto", "true", "false", NULL};
static const char *const class_weight_choices[] = {"none", "balanced", NULL};

static const ParameterSpec hist_gradient_boosting_parameters[] = {
	{.name = "learning_rate",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(HistGradientBoostingOptions, learning_rate),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 10,
	 .minimum_is_exclusive = true,
	 .log_scale = true,
	 .meaning = "what each tree counts: smaller takes more iterations and is often more exact",
	 .search_low = 0.01,
	 .search_high = 0.3},
	{.name = "max_iter",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(HistGradientBoostingOptions, max_iter),
	 .default_json = "100",
	 .minimum = 1,
	 .maximum = 10000,
	 .log_scale = true,
	 .meaning = "iterations at most; each adds a tree, or one a class if there are more than two",
	 .search_low = 60,
	 .search_high = 160},
	{.name = "max_leaf_nodes",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(HistGradientBoostingOptions, max_leaf_nodes),
	 .default_json = "31",
	 .minimum = 2,
	 .maximum = 4096,
	 .log_scale = true,
	 .meaning = "leaves of a tree at most",
	 .search_low = 15,
	 .search_high = 63},
	{.name = "max_depth",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(HistGradientBoostingOptions, max_depth),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = MAX_TREE_DEPTH,
	 .meaning = "splits one below the other at most; 0: as many as max_leaf_nodes leaves, up to "
				"500"},
	{.name = "min_samples_leaf",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(HistGradientBoostingOptions, min_samples_leaf),
	 .default_json = "20",
	 .minimum = 1,
	 .maximum = 1000000,
	 .log_scale = true,
	 .meaning = "rows that each side of a split must have",
	 .search_low = 10,
	 .search_high = 60},
	{.name = "l2_regularization",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(HistGradientBoostingOptions, l2_regularization),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1e6,
	 .meaning = "strength of the penalty that keeps what leaves say small",
	 .search_low = 0,
	 .search_high = 1},
	{.name = "max_bins",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(HistGradientBoostingOptions, max_bins),
	 .default_json = "255",
	 .minimum = 2,
	 .maximum = MAX_VALUE_BINS,
	 .log_scale = true,
	 .meaning = "ranges that a feature's values are told apart by, at most"},
	{.name = "early_stopping",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(HistGradientBoostingOptions, early_stopping),
	 .default_json = "\"auto\"",
	 .choices = early_stopping_choices,
	 .meaning = "whether to stop when rows held out for it are predicted no better; auto: if there "
				"are more than 10000 rows"},
	{.name = "validation_fraction",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(HistGradientBoostingOptions, validation_fraction),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 0.9,
	 .meaning = "share of the rows that is held out for early stopping; 0: none, the rows that are "
				"learned from decide"},
	{.name = "n_iter_no_change",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(HistGradientBoostingOptions, n_iter_no_change),
	 .default_json = "10",
	 .minimum = 1,
	 .maximum = 10000,
	 .log_scale = true,
	 .meaning = "iterations without a better loss until training stops early"},
	{.name = "tol",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(HistGradientBoostingOptions, tol),
	 .default_json = "1e-7",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "how much less a loss must be to count as better"},
	{.name = "class_weight",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(HistGradientBoostingOptions, class_weight),
	 .default_json = "\"none\"",
	 .choices = class_weight_choices,
	 .meaning = "whether all rows count the same, or rare classes as much as frequent ones "
				"(balanced)"},
};

/* Outputs of a model: log-odds for two classes, else one a class. */
static uint32_t
output_count(uint32_t n_classes)
{
	return n_classes == 2 ? 1 : n_classes;
}

static size_t
hist_gradient_boosting_image_size(uint32_t n_features, uint32_t n_classes,
								  const void *options_pointer)
{
	const HistGradientBoostingOptions *options = options_pointer;
	uint32_t n_outputs = output_count(n_classes);
	uint32_t n_trees = n_outputs;

	/* at least one iteration, whatever stops it */
	if (options->early_stopping == EARLY_STOPPING_FALSE)
		n_trees *= (uint32_t) options->max_iter;
	return tree_ensemble_size(n_features, n_outputs, n_trees, n_trees, 0);
}

/* A training. */
typedef struct Boosting
{
	const TrainingSet *set;
	const HistGradientBoostingOptions *options;
	BinnedFeatures features;
	BoostingProblem problem;
	BoostedTreeGrower *grower;
	uint32_t n_rows;
	uint32_t n_outputs;
	double *class_weights;  /* (n_classes) what a row of the class counts */
	double *baselines;      /* (n_outputs) */
	double *outputs;        /* (n_outputs, n_rows) of the rows, as they are so far */
	double *normalizers;    /* (n_rows) log of the sum of exp(output); more than two classes only */
	GradientSum *gradients; /* (n_rows) for the tree at hand */
	uint32_t n_training;    /* rows to learn from */
	uint32_t *training_rows;   /* (n_training) */
	uint32_t n_validation;     /* rows held out */
	uint32_t *validation_rows; /* (n_validation) */
	bool stops_early;
	uint32_t output;             /* that the tree at hand is for */
	GradientSum *task_gradients; /* (tasks over all rows) sums of the rows of a task */
	double *task_losses;         /* (tasks over all rows) */
	double *importances;         /* (n_features) */
} Boosting;

/* Tasks for so many rows. */
static uint32_t
tasks_for(uint32_t n_rows)
{
	return n_rows / ROWS_PER_TASK + (n_rows % ROWS_PER_TASK != 0);
}

/* The end of a task's rows. */
static uint32_t
task_end(uint32_t task, uint32_t n_rows)
{
	uint32_t start = task * ROWS_PER_TASK;

	return n_rows - start < ROWS_PER_TASK ? n_rows : start + ROWS_PER_TASK;
}

/* The outputs of one class for all rows. */
static inline double *
outputs_of(const Boosting *boosting, uint32_t output)
{
	return boosting->outputs + (size_t) output * boosting->n_rows;
}

/* A gradient and a hessian as integers, and one row. */
static inline GradientSum
fixed_point(const BoostingProblem *problem, double gradient, double hessian)
{
	int64_t rounded = llrint(hessian * problem->hessian_scale);

	return (GradientSum){llrint(gradient * problem->gradient_scale),
						 rounded << problem->count_bits | 1};
}

/* Task: the gradients of some rows for the output at hand. */
static void
compute_gradients(void *context, uint32_t task, uint32_t thread)
{
	Boosting *boosting = context;
	const uint32_t *labels = boosting->set->labels;
	const double *outputs = outputs_of(boosting, boosting->output);
	uint32_t end = task_end(task, boosting->n_training);
	bool binary = boosting->n_outputs == 1;
	uint32_t class_index = binary ? 1 : boosting->output;
	GradientSum sum = {0, 0};

	(void) thread;
	for (uint32_t i = task * ROWS_PER_TASK; i < end; i++)
	{
		uint32_t row = boosting->training_rows[i];
		double weight = boosting->class_weights[labels[row]];
		double probability =
			binary ? sigmoid(outputs[row]) : exp(outputs[row] - boosting->normalizers[row]);
		double gradient = weight * (probability - (labels[row] == class_index));
		double hessian = weight * probability * (1 - probability);

		boosting->gradients[row] = fixed_point(&boosting->problem, gradient, hessian);
		sum += boosting->gradients[row];
	}
	boosting->task_gradients[task] = sum;
}

/* Task: the logarithm of the sum of exp(output), for some of all rows. */
static void
compute_normalizers(void *context, uint32_t task, uint32_t thread)
{
	Boosting *boosting = context;
	uint32_t end = task_end(task, boosting->n_rows);

	(void) thread;
	for (uint32_t row = task * ROWS_PER_TASK; row < end; row++)
	{
		double largest = boosting->outputs[row];
		double sum = 0;

		for (uint32_t k = 1; k < boosting->n_outputs; k++)
			largest = fmax(largest, outputs_of(boosting, k)[row]);
		for (uint32_t k = 0; k < boosting->n_outputs; k++)
			sum += exp(outputs_of(boosting, k)[row] - largest);
		boosting->normalizers[row] = largest + log(sum);
	}
}

/* The rows whose loss tells when to stop. */
static uint32_t
scored_rows(const Boosting *boosting, const uint32_t **rows)
{
	*rows = boosting->n_validation > 0 ? boosting->validation_rows : boosting->training_rows;
	return boosting->n_validation > 0 ? boosting->n_validation : boosting->n_training;
}

/* Task: the sum of weighted losses of some of the scored rows. */
static void
compute_losses(void *context, uint32_t task, uint32_t thread)
{
	Boosting *boosting = context;
	const uint32_t *rows;
	uint32_t end = task_end(task, scored_rows(boosting, &rows));
	double sum = 0;

	(void) thread;
	for (uint32_t i = task * ROWS_PER_TASK; i < end; i++)
	{
		uint32_t row = rows[i];
		uint32_t label = boosting->set->labels[row];
		double loss;

		if (boosting->n_outputs == 1)
		{
			double wrong = label == 1 ? -boosting->outputs[row] : boosting->outputs[row];

			loss = fmax(wrong, 0) + log1p(exp(-fabs(wrong)));
		}
		else
			loss = boosting->normalizers[row] - outputs_of(boosting, label)[row];
		sum += boosting->class_weights[label] * loss;
	}
	boosting->task_losses[task] = sum;
}

/* The mean loss of the scored rows, by weight. */
static double
mean_loss(Boosting *boosting)
{
	const uint32_t *rows;
	uint32_t n_rows = scored_rows(boosting, &rows);
	double loss = 0;
	double weight = 0;

	parallel_for(tasks_for(n_rows), compute_losses, boosting);
	for (uint32_t i = 0; i < tasks_for(n_rows); i++)
		loss += boosting->task_losses[i];
	for (uint32_t i = 0; i < n_rows; i++)
		weight += boosting->class_weights[boosting->set->labels[rows[i]]];
	return loss / weight;
}

/* Task: update the outputs of some of the rows that were held out. */
static void
update_validation(void *context, uint32_t task, uint32_t thread)
{
	Boosting *boosting = context;
	double *outputs = outputs_of(boosting, boosting->output);
	uint32_t end = task_end(task, boosting->n_validation);

	(void) thread;
	for (uint32_t i = task * ROWS_PER_TASK; i < end; i++)
	{
		uint32_t row = boosting->validation_rows[i];

		outputs[row] += boosted_tree_value(boosting->grower, row);
	}
}

/*
 * Hold out rows of each class, as near to the fraction as can be; one of each class at least is
 * kept. A row is taken with the probability that leaves the right number for the rows behind it.
 */
static void
hold_out_rows(Boosting *boosting, const uint32_t *counts, double fraction)
{
	const TrainingSet *set = boosting->set;
	uint32_t *unseen = host_allocate_array(uint32_t, set->n_classes);
	uint32_t *wanted = host_allocate_array(uint32_t, set->n_classes);
	uint64_t random = hash_mix(set->seed + UINT64_C(0x9e3779b97f4a7c15));

	for (uint32_t k = 0; k < set->n_classes; k++)
	{
		unseen[k] = counts[k];
		wanted[k] = (uint32_t) floor(counts[k] * fraction + 0.5);
		if (wanted[k] >= counts[k])
			wanted[k] = counts[k] > 0 ? counts[k] - 1 : 0;
	}
	for (uint32_t row = 0; row < boosting->n_rows; row++)
	{
		uint32_t k = set->labels[row];
		uint64_t drawn = hash_mix(random += UINT64_C(0x9e3779b97f4a7c15)) >> 32;

		if ((drawn * unseen[k]) >> 32 < wanted[k])
		{
			boosting->validation_rows[boosting->n_validation++] = row;
			wanted[k]--;
		}
		else
			boosting->training_rows[boosting->n_training++] = row;
		unseen[k]--;
	}
	host_free(unseen);
	host_free(wanted);
}

/* The largest power of two that limit divided by amount is not below. */
static double
power_of_two(double limit, double amount)
{
	return exp2(floor(log2(limit / amount)));
}

/* Choose the fixed points so that no sum can overflow. */
static void
choose_scales(const Boosting *boosting, BoostingProblem *problem)
{
	double weight = 0;

	for (uint32_t i = 0; i < boosting->n_training; i++)
		weight += boosting->class_weights[boosting->set->labels[boosting->training_rows[i]]];
	weight = fmax(weight, 1e-300);
	problem->count_bits = 1;
	while (boosting->n_training >> problem->count_bits != 0)
		problem->count_bits++;
	/* a gradient is at most its row's weight, a hessian a quarter of it; rounding adds a bit */
	problem->gradient_scale = power_of_two(MAX_GRADIENT_SUM, weight);
	problem->hessian_scale =
		power_of_two(fmin(MAX_HESSIAN_SUM, ldexp(1, 62 - problem->count_bits)), weight / 4);
}

/* Outputs before any tree: the classes' shares. baselines: (n_outputs) */
static void
compute_baselines(const Boosting *boosting, double *baselines)
{
	uint32_t n_classes = boosting->set->n_classes;
	double *weights = host_allocate_zero_array(double, n_classes);
	double mean = 0;

	for (uint32_t i = 0; i < boosting->n_training; i++)
	{
		uint32_t label = boosting->set->labels[boosting->training_rows[i]];

		weights[label] += boosting->class_weights[label];
	}
	for (uint32_t k = 0; k < n_classes; k++)
		mean += log(fmax(weights[k], 1e-300)) / n_classes;
	if (boosting->n_outputs == 1)
		baselines[0] = log(fmax(weights[1], 1e-300)) - log(fmax(weights[0], 1e-300));
	else
	{
		for (uint32_t k = 0; k < n_classes; k++)
			baselines[k] = log(fmax(weights[k], 1e-300)) - mean;
	}
	host_free(weights);
}

/* Set all outputs to the baselines. */
static void
set_outputs(Boosting *boosting)
{
	for (uint32_t k = 0; k < boosting->n_outputs; k++)
	{
		double *outputs = outputs_of(boosting, k);

		host_check_interrupts();
		for (uint32_t row = 0; row < boosting->n_rows; row++)
			outputs[row] = boosting->baselines[k];
	}
	if (boosting->n_outputs > 1)
		parallel_for(tasks_for(boosting->n_rows), compute_normalizers, boosting);
}

/* Bin the features, and allocate and set what the iterations need. */
static Boosting
begin_boosting(const TrainingSet *set, const HistGradientBoostingOptions *options)
{
	uint32_t n_rows = set->features.n_rows;
	uint32_t *counts = count_class_rows(set);
	Boosting boosting = {.set = set,
						 .options = options,
						 .features = binned_features_make(set, (uint32_t) options->max_bins),
						 .n_rows = n_rows,
						 .n_outputs = output_count(set->n_classes),
						 .class_weights = make_class_weights(
							 set, counts, options->class_weight == BOOSTING_CLASS_WEIGHT_BALANCED),
						 .stops_early = options->early_stopping == EARLY_STOPPING_TRUE ||
										(options->early_stopping == EARLY_STOPPING_AUTO &&
										 n_rows > AUTO_STOPPING_ROWS)};

	boosting.training_rows = host_allocate_array(uint32_t, n_rows);
	boosting.validation_rows = host_allocate_array(uint32_t, n_rows);
	hold_out_rows(&boosting, counts, boosting.stops_early ? options->validation_fraction : 0);
	boosting.baselines = host_allocate_array(double, boosting.n_outputs);
	boosting.outputs = host_allocate_array(double, host_array_size(n_rows, boosting.n_outputs));
	boosting.normalizers = host_allocate_array(double, boosting.n_outputs > 1 ? n_rows : 0);
	boosting.gradients = host_allocate_array(GradientSum, n_rows);
	boosting.task_gradients = host_allocate_array(GradientSum, tasks_for(n_rows));
	boosting.task_losses = host_allocate_array(double, tasks_for(n_rows));
	boosting.importances = host_allocate_zero_array(double, set->features.n_features);
	host_free(counts);
	return boosting;
}

/* Fill in what all trees have in common. The addresses in it are the caller's boosting's. */
static void
set_problem(Boosting *boosting)
{
	const HistGradientBoostingOptions *options = boosting->options;

	boosting->problem = (BoostingProblem){
		.features = &boosting->features,
		.n_rows = boosting->n_training,
		.rows = boosting->training_rows,
		.max_leaf_nodes = (uint32_t) options->max_leaf_nodes,
		.max_depth = options->max_depth == 0 ? MAX_TREE_DEPTH : (uint32_t) options->max_depth,
		.min_samples_leaf = (uint32_t) options->min_samples_leaf,
		.l2_regularization = options->l2_regularization,
		.learning_rate = options->learning_rate};
	choose_scales(boosting, &boosting->problem);
	boosting->grower = boosted_tree_allocate(&boosting->problem);
	compute_baselines(boosting, boosting->baselines);
	set_outputs(boosting);
}

static void
end_boosting(Boosting *boosting)
{
	boosted_tree_free(boosting->grower);
	binned_features_free(&boosting->features);
	host_free(boosting->class_weights);
	host_free(boosting->training_rows);
	host_free(boosting->validation_rows);
	host_free(boosting->baselines);
	host_free(boosting->outputs);
	host_free(boosting->normalizers);
	host_free(boosting->gradients);
	host_free(boosting->task_gradients);
	host_free(boosting->task_losses);
	host_free(boosting->importances);
}

/* Grow one tree for one output. */
static void
boost_output(Boosting *boosting, uint32_t output, TreeEnsembleWriter *writer)
{
	GradientSum sum = {0, 0};
	uint32_t n_nodes;
	const TreeNode *nodes;

	boosting->output = output;
	parallel_for(tasks_for(boosting->n_training), compute_gradients, boosting);
	for (uint32_t i = 0; i < tasks_for(boosting->n_training); i++)
		sum += boosting->task_gradients[i];
	boosted_tree_grow(boosting->grower, boosting->gradients, sum);
	boosted_tree_update(boosting->grower, outputs_of(boosting, output));
	if (boosting->n_validation > 0)
		parallel_for(tasks_for(boosting->n_validation), update_validation, boosting);
	nodes = boosted_tree_nodes(boosting->grower, &n_nodes, boosting->importances);
	tree_ensemble_add(writer, nodes, n_nodes, NULL, 0);
}

/* Whether none of the last losses is below the one before them. losses: (n_losses) */
static bool
should_stop(const HistGradientBoostingOptions *options, const double *losses, uint32_t n_losses)
{
	uint32_t n_recent = (uint32_t) options->n_iter_no_change;

	if (n_losses <= n_recent)
		return false;
	for (uint32_t i = n_losses - n_recent; i < n_losses; i++)
	{
		if (losses[i] < losses[n_losses - n_recent - 1] - options->tol)
			return false;
	}
	return true;
}

/* All iterations. */
static void
boost(Boosting *boosting, TreeEnsembleWriter *writer)
{
	uint32_t max_iter = (uint32_t) boosting->options->max_iter;
	double *losses = host_allocate_array(double, (size_t) max_iter + 1);

	losses[0] = boosting->stops_early ? mean_loss(boosting) : 0;
	for (uint32_t i = 0; i < max_iter; i++)
	{
		for (uint32_t k = 0; k < boosting->n_outputs; k++)
			boost_output(boosting, k, writer);
		if (boosting->n_outputs > 1)
			parallel_for(tasks_for(boosting->n_rows), compute_normalizers, boosting);
		if (!boosting->stops_early)
			continue;
		losses[i + 1] = mean_loss(boosting);
		if (should_stop(boosting->options, losses, i + 2))
		{
			host_progress("gradient boosting stopped early after %u iterations, at a loss of %.6g",
						  i + 1, losses[i + 1]);
			break;
		}
	}
	host_free(losses);
}

static void
hist_gradient_boosting_fit(const TrainingSet *training_set, const void *options_pointer,
						   ByteBuffer *image)
{
	const HistGradientBoostingOptions *options = options_pointer;
	Boosting boosting = begin_boosting(training_set, options);
	TreeEnsembleWriter writer;

	set_problem(&boosting);
	tree_ensemble_begin(&writer, image, training_set->features.n_features, training_set->n_classes,
						boosting.n_outputs, boosting.n_outputs * (uint32_t) options->max_iter);
	boost(&boosting, &writer);
	tree_ensemble_finish(&writer, boosting.baselines, boosting.importances);
	end_boosting(&boosting);
}

static const char *
hist_gradient_boosting_validate(const Classifier *classifier)
{
	TreeEnsemble ensemble;
	uint32_t n_outputs = output_count(classifier->n_classes);
	const char *problem = tree_ensemble_validate(classifier, n_outputs, &ensemble);

	if (problem != NULL)
		return problem;
	if (ensemble.header.n_trees % n_outputs != 0 || ensemble.header.n_shares != 0)
		return "The boosted trees are not as many for every class.";
	for (uint32_t i = 0; i < ensemble.header.n_nodes; i++)
	{
		const TreeNode *node = &ensemble.nodes[i];

		if (node_is_leaf(node) && (!isfinite(node->value) || node->right != 0))
			return "A leaf of the boosted trees does not say a number.";
	}
	return NULL;
}

/* The outputs for a row: (n_outputs) */
static void
compute_outputs(const Classifier *classifier, const SparseRow *row, double *outputs)
{
	TreeEnsemble ensemble = tree_ensemble_open(classifier);
	const float *values = tree_ensemble_set_row(classifier, row);
	uint32_t n_outputs = ensemble.header.n_baselines;
	uint32_t n_trees = ensemble.header.n_trees;

	memcpy(outputs, ensemble.baselines, sizeof(double) * n_outputs);
	for (uint32_t first = 0; first < n_trees; first += TREES_AT_ONCE)
	{
		uint32_t count = n_trees - first < TREES_AT_ONCE ? n_trees - first : TREES_AT_ONCE;
		const TreeNode *leaves[TREES_AT_ONCE];

		tree_ensemble_leaves(&ensemble, values, first, count, leaves);
		for (uint32_t i = 0; i < count; i++)
			outputs[(first + i) % n_outputs] += leaves[i]->value;
	}
	tree_ensemble_clear_row(classifier, row);
}

static void
hist_gradient_boosting_predict(const Classifier *classifier, const SparseRow *row,
							   double *probabilities)
{
	compute_outputs(classifier, row, probabilities);
	if (classifier->n_classes == 2)
	{
		double output = probabilities[0];

		probabilities[0] = sigmoid(-output);
		probabilities[1] = sigmoid(output);
	}
	else
		softmax(probabilities, classifier->n_classes);
}

/* What a leaf adds to the output. */
static double
leaf_value(const TreeEnsemble *ensemble, const TreeNode *leaf, uint32_t output)
{
	(void) ensemble;
	(void) output;
	return leaf->value;
}

static void
hist_gradient_boosting_explain(const Classifier *classifier, const SparseRow *row,
							   uint32_t class_index, double *contributions, double *intercept)
{
	TreeEnsemble ensemble = tree_ensemble_open(classifier);
	uint32_t n_outputs = ensemble.header.n_baselines;
	uint32_t output = n_outputs == 1 ? 0 : class_index;
	double sign = n_outputs == 1 && class_index == 0 ? -1 : 1;

	*intercept = sign * ensemble.baselines[output] +
				 tree_ensemble_explain(classifier, row, output, n_outputs, leaf_value, output, sign,
									   contributions);
}

const ClassifierKind hist_gradient_boosting_kind = {
	.name = "hist_gradient_boosting",
	.meaning = "sum of small decision trees, each grown to correct those before it; often the most "
			   "exact on numbers",
	.parameters = hist_gradient_boosting_parameters,
	.n_parameters =
		sizeof(hist_gradient_boosting_parameters) / sizeof(hist_gradient_boosting_parameters[0]),
	.options_size = sizeof(HistGradientBoostingOptions),
	.accepts_missing = true,
	.feature_defaults = "{\"svd_components\": 100, \"text_features\": true}",
	.image_size = hist_gradient_boosting_image_size,
	.fit = hist_gradient_boosting_fit,
	.validate = hist_gradient_boosting_validate,
	.scratch_size = tree_ensemble_scratch_size,
	.predict = hist_gradient_boosting_predict,
	.explain = hist_gradient_boosting_explain,
	.importance = tree_ensemble_importance,
};
