/*
 * random_forest.c
 *	  Random forest (Breiman 2001), as scikit-learn's RandomForestClassifier on binned features.
 *
 * This file holds the kind: its parameters, the training of all trees, prediction and explanation.
 * Its section of a model image is a tree ensemble without baselines. A leaf of two classes says the
 * probability of class 1; a leaf of more classes has a list of shares.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/models/class_weights.h"
#include "core/models/forest_tree.h"
#include "core/models/random_forest.h"
#include "core/threads.h"

/*
 * Trees that grow at a time: many, so that no thread waits for the last one long, if memory allows.
 */
#define MAX_GROWING_TREES 64
#define MAX_GROWING_SIZE  ((size_t) 64 << 20)

static const char *const criterion_choices[] = {"gini", "entropy", NULL};
static const char *const max_features_choices[] = {"sqrt", "log2", "all", NULL};
static const char *const class_weight_choices[] = {"none", "balanced", "balanced_subsample", NULL};

static const ParameterSpec random_forest_parameters[] = {
	{.name = "n_estimators",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(RandomForestOptions, n_estimators),
	 .default_json = "200",
	 .minimum = 1,
	 .maximum = 5000,
	 .log_scale = true,
	 .meaning = "trees: more are steadier and take longer",
	 .search_low = 100,
	 .search_high = 300},
	{.name = "criterion",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(RandomForestOptions, criterion),
	 .default_json = "\"gini\"",
	 .choices = criterion_choices,
	 .meaning =
		 "what a split should make small in its two sides: the Gini impurity or the entropy"},
	{.name = "max_depth",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(RandomForestOptions, max_depth),
	 .default_json = "18",
	 .minimum = 0,
	 .maximum = MAX_TREE_DEPTH,
	 .meaning = "splits one below the other at most; 0: as many as it takes, up to 500",
	 .search_low = 6,
	 .search_high = 18},
	{.name = "min_samples_split",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(RandomForestOptions, min_samples_split),
	 .default_json = "2",
	 .minimum = 2,
	 .maximum = 1000000,
	 .log_scale = true,
	 .meaning = "rows that a node must have to be split",
	 .search_low = 2,
	 .search_high = 10},
	{.name = "min_samples_leaf",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(RandomForestOptions, min_samples_leaf),
	 .default_json = "1",
	 .minimum = 1,
	 .maximum = 1000000,
	 .log_scale = true,
	 .meaning = "rows that each side of a split must have"},
	{.name = "tree_max_features",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(RandomForestOptions, tree_max_features),
	 .default_json = "\"sqrt\"",
	 .choices = max_features_choices,
	 .meaning = "features that are drawn to choose a split from: the square root or the logarithm "
				"of their number, or all"},
	{.name = "bootstrap",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(RandomForestOptions, bootstrap),
	 .default_json = "true",
	 .meaning = "whether each tree learns from as many rows drawn with replacement, or from all",
	 .search_choices = SEARCH_VALUES("true", "false")},
	{.name = "class_weight",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(RandomForestOptions, class_weight),
	 .default_json = "\"none\"",
	 .choices = class_weight_choices,
	 .meaning = "whether all rows count the same, or rare classes as much as frequent ones: in all "
				"rows (balanced), or in each tree's (balanced_subsample)"},
};

static size_t
random_forest_image_size(uint32_t n_features, uint32_t n_classes, const void *options_pointer)
{
	const RandomForestOptions *options = options_pointer;
	uint32_t n_trees = (uint32_t) options->n_estimators;

	return tree_ensemble_size(n_features, 0, n_trees, n_trees, n_classes == 2 ? 0 : n_trees);
}

/* Features to look at for a split. */
static uint32_t
features_per_split(int choice, uint32_t n_features)
{
	double wanted = n_features;

	if (choice == TREE_MAX_FEATURES_SQRT)
		wanted = sqrt(n_features);
	else if (choice == TREE_MAX_FEATURES_LOG2)
		wanted = n_features > 0 ? log2(n_features) : 0;
	return wanted < 1 ? 1 : (uint32_t) wanted;
}

/* Leaves that a tree can have. */
static uint32_t
leaves_per_tree(uint32_t n_rows, uint32_t max_depth, uint32_t min_samples_leaf)
{
	uint32_t leaves = n_rows / min_samples_leaf;

	if (max_depth < 31 && leaves > 1u << max_depth)
		leaves = 1u << max_depth;
	return leaves > 0 ? leaves : 1;
}

/* c ln c of all counts that can be: (n_rows + 1) */
static double *
make_count_logs(uint32_t n_rows)
{
	double *count_logs = host_allocate_array(double, (size_t) n_rows + 1);

	count_logs[0] = 0;
	for (uint32_t c = 1; c <= n_rows; c++)
	{
		count_logs[c] = c * log(c);
		if (c % 65536 == 0)
			host_check_interrupts();
	}
	return count_logs;
}

static ForestProblem
make_problem(const TrainingSet *set, const RandomForestOptions *options,
			 const BinnedFeatures *features)
{
	uint32_t n_rows = set->features.n_rows;
	uint32_t max_depth = options->max_depth == 0 ? MAX_TREE_DEPTH : (uint32_t) options->max_depth;
	bool entropy = options->criterion == CRITERION_ENTROPY;
	uint32_t *counts = count_class_rows(set);
	double *class_weights =
		make_class_weights(set, counts, options->class_weight == FOREST_CLASS_WEIGHT_BALANCED);

	host_free(counts);
	return (ForestProblem){
		.features = features,
		.labels = set->labels,
		.n_classes = set->n_classes,
		.class_weights = class_weights,
		.balance_samples = options->class_weight == FOREST_CLASS_WEIGHT_BALANCED_SUBSAMPLE,
		.bootstrap = options->bootstrap,
		.criterion = options->criterion,
		.max_depth = max_depth,
		.min_samples_split = (uint32_t) options->min_samples_split,
		.min_samples_leaf = (uint32_t) options->min_samples_leaf,
		.max_features = features_per_split(options->tree_max_features, set->features.n_features),
		.max_leaves = leaves_per_tree(n_rows, max_depth, (uint32_t) options->min_samples_leaf),
		.seed = set->seed,
		.counted = set->n_classes == 2 && n_rows <= COUNTED_MAX_ROWS,
		.count_logs = entropy ? make_count_logs(n_rows) : NULL};
}

/* Trees that grow at a time. */
typedef struct GrowingTrees
{
	const ForestProblem *problem;
	uint32_t n_slots;
	ForestTree **slots; /* (n_slots) */
	uint32_t n_unfinished;
	uint32_t *unfinished; /* (n_slots) slots of trees that are to grow */
	bool *finished;       /* (n_slots) */
	uint32_t n_threads;
	ForestScratch **scratches; /* (n_threads) */
	double *decreases;         /* (n_features) scratch */
} GrowingTrees;

static GrowingTrees
begin_growing(const ForestProblem *problem, uint32_t n_trees)
{
	size_t n_fitting = MAX_GROWING_SIZE / forest_tree_size(problem);
	GrowingTrees growing = {.problem = problem, .n_threads = threads_count()};

	growing.n_slots = n_fitting < MAX_GROWING_TREES ? (uint32_t) n_fitting : MAX_GROWING_TREES;
	if (growing.n_slots < growing.n_threads)
		growing.n_slots = growing.n_threads;
	if (growing.n_slots > n_trees)
		growing.n_slots = n_trees;
	growing.slots = host_allocate_array(ForestTree *, growing.n_slots);
	growing.unfinished = host_allocate_array(uint32_t, growing.n_slots);
	growing.finished = host_allocate_array(bool, growing.n_slots);
	growing.scratches = host_allocate_array(ForestScratch *, growing.n_threads);
	growing.decreases = host_allocate_array(double, problem->features->n_features);
	for (uint32_t i = 0; i < growing.n_slots; i++)
		growing.slots[i] = forest_tree_allocate(problem);
	for (uint32_t i = 0; i < growing.n_threads; i++)
		growing.scratches[i] = forest_scratch_allocate(problem);
	return growing;
}

static void
end_growing(GrowingTrees *growing)
{
	for (uint32_t i = 0; i < growing->n_slots; i++)
		forest_tree_free(growing->slots[i]);
	for (uint32_t i = 0; i < growing->n_threads; i++)
		forest_scratch_free(growing->scratches[i]);
	host_free(growing->slots);
	host_free(growing->unfinished);
	host_free(growing->finished);
	host_free(growing->scratches);
	host_free(growing->decreases);
}

/* Task: let one tree grow for a while. */
static void
grow_tree(void *context, uint32_t task, uint32_t thread)
{
	GrowingTrees *growing = context;
	uint32_t slot = growing->unfinished[task];

	growing->finished[slot] =
		forest_tree_grow(growing->problem, growing->slots[slot], growing->scratches[thread]);
}

/* Grow the trees first to first + count - 1. */
static void
grow_trees(GrowingTrees *growing, uint32_t first, uint32_t count)
{
	growing->n_unfinished = count;
	for (uint32_t i = 0; i < count; i++)
	{
		growing->unfinished[i] = i;
		forest_tree_begin(growing->problem, growing->slots[i], first + i);
	}
	while (growing->n_unfinished > 0)
	{
		uint32_t n_left = 0;

		parallel_for(growing->n_unfinished, grow_tree, growing);
		for (uint32_t i = 0; i < growing->n_unfinished; i++)
		{
			uint32_t slot = growing->unfinished[i];

			if (!growing->finished[slot])
				growing->unfinished[n_left++] = slot;
		}
		growing->n_unfinished = n_left;
	}
}

/* Grow all trees of the forest and write them down in their order. */
static void
grow_forest(const ForestProblem *problem, uint32_t n_trees, ByteBuffer *image)
{
	uint32_t n_features = problem->features->n_features;
	GrowingTrees growing = begin_growing(problem, n_trees);
	double *importances = host_allocate_zero_array(double, n_features);
	TreeEnsembleWriter writer;

	tree_ensemble_begin(&writer, image, n_features, problem->n_classes, 0, n_trees);
	for (uint32_t first = 0; first < n_trees; first += growing.n_slots)
	{
		uint32_t count = n_trees - first < growing.n_slots ? n_trees - first : growing.n_slots;

		grow_trees(&growing, first, count);
		for (uint32_t i = 0; i < count; i++)
		{
			const ForestTree *tree = growing.slots[i];

			tree_ensemble_add(&writer, tree->nodes, tree->n_nodes, tree->shares, tree->n_shares);
			forest_tree_add_importances(tree, growing.decreases, n_features, importances);
		}
	}
	tree_ensemble_finish(&writer, NULL, importances);
	host_free(importances);
	end_growing(&growing);
}

static void
random_forest_fit(const TrainingSet *training_set, const void *options_pointer, ByteBuffer *image)
{
	const RandomForestOptions *options = options_pointer;
	BinnedFeatures features = binned_features_make(training_set, MAX_VALUE_BINS);
	ForestProblem problem = make_problem(training_set, options, &features);

	grow_forest(&problem, (uint32_t) options->n_estimators, image);
	host_free((void *) problem.class_weights);
	host_free((void *) problem.count_logs);
	binned_features_free(&features);
}

/* Check what a leaf says. */
static bool
leaf_is_valid(const TreeEnsemble *ensemble, const TreeNode *leaf)
{
	uint32_t start = leaf_share_start(leaf);
	uint32_t n_shares = ensemble->header.n_shares;

	if (ensemble->header.n_classes == 2)
		return leaf->value >= 0 && leaf->value <= 1 && leaf->right == 0;
	return leaf->right >= 1 && start <= n_shares && leaf->right <= n_shares - start;
}

static const char *
random_forest_validate(const Classifier *classifier)
{
	TreeEnsemble ensemble;
	const char *problem = tree_ensemble_validate(classifier, 0, &ensemble);

	if (problem != NULL)
		return problem;
	if (classifier->n_classes == 2 && ensemble.header.n_shares > 0)
		return "The leaves of a forest have shares that they do not need.";
	for (uint32_t i = 0; i < ensemble.header.n_nodes; i++)
	{
		if (node_is_leaf(&ensemble.nodes[i]) && !leaf_is_valid(&ensemble, &ensemble.nodes[i]))
			return "A leaf of a forest does not say probabilities.";
	}
	for (uint32_t i = 0; i < ensemble.header.n_shares; i++)
	{
		const LeafShare *share = &ensemble.shares[i];

		if (share->class_index >= classifier->n_classes ||
			!(share->probability > 0 && share->probability <= 1))
			return "A share of a forest's leaf is not a probability of a class.";
	}
	return NULL;
}

/* Add what a leaf says to the sums of the classes. */
static inline void
add_leaf_output(const TreeEnsemble *ensemble, const TreeNode *leaf, double *sums)
{
	const LeafShare *shares = ensemble->shares + leaf_share_start(leaf);

	for (uint32_t i = 0; i < leaf->right; i++)
		sums[shares[i].class_index] += shares[i].probability;
}

static void
random_forest_predict(const Classifier *classifier, const SparseRow *row, double *probabilities)
{
	TreeEnsemble ensemble = tree_ensemble_open(classifier);
	const float *values = tree_ensemble_set_row(classifier, row);
	uint32_t n_trees = ensemble.header.n_trees;
	double sum = 0;

	memset(probabilities, 0, sizeof(double) * classifier->n_classes);
	for (uint32_t first = 0; first < n_trees; first += TREES_AT_ONCE)
	{
		uint32_t count = n_trees - first < TREES_AT_ONCE ? n_trees - first : TREES_AT_ONCE;
		const TreeNode *leaves[TREES_AT_ONCE];

		tree_ensemble_leaves(&ensemble, values, first, count, leaves);
		for (uint32_t i = 0; i < count; i++)
		{
			if (classifier->n_classes == 2)
				probabilities[1] += leaves[i]->value;
			else
				add_leaf_output(&ensemble, leaves[i], probabilities);
		}
	}
	tree_ensemble_clear_row(classifier, row);
	if (classifier->n_classes == 2)
		probabilities[0] = n_trees - probabilities[1];
	for (uint32_t k = 0; k < classifier->n_classes; k++)
		sum += probabilities[k];
	for (uint32_t k = 0; k < classifier->n_classes; k++)
		probabilities[k] /= sum;
}

/* A leaf's probability of a class. */
static double
leaf_probability(const TreeEnsemble *ensemble, const TreeNode *leaf, uint32_t class_index)
{
	const LeafShare *shares;

	if (ensemble->header.n_classes == 2)
		return class_index == 1 ? leaf->value : 1 - (double) leaf->value;
	shares = ensemble->shares + leaf_share_start(leaf);
	for (uint32_t i = 0; i < leaf->right; i++)
	{
		if (shares[i].class_index == class_index)
			return shares[i].probability;
	}
	return 0;
}

static void
random_forest_explain(const Classifier *classifier, const SparseRow *row, uint32_t class_index,
					  double *contributions, double *intercept)
{
	double n_trees = tree_ensemble_open(classifier).header.n_trees;

	*intercept = tree_ensemble_explain(classifier, row, 0, 1, leaf_probability, class_index,
									   1 / n_trees, contributions);
}

const ClassifierKind random_forest_kind = {
	.name = "random_forest",
	.meaning = "mean of many decision trees, each grown on rows and features drawn at random; "
			   "needs little tuning",
	.parameters = random_forest_parameters,
	.n_parameters = sizeof(random_forest_parameters) / sizeof(random_forest_parameters[0]),
	.options_size = sizeof(RandomForestOptions),
	.accepts_missing = true,
	.feature_defaults = "{\"svd_components\": 100, \"text_features\": true}",
	.image_size = random_forest_image_size,
	.fit = random_forest_fit,
	.validate = random_forest_validate,
	.scratch_size = tree_ensemble_scratch_size,
	.predict = random_forest_predict,
	.explain = random_forest_explain,
	.importance = tree_ensemble_importance,
};
