/*
 * boosted_tree.c
 *	  One tree of gradient boosting.
 *
 * As scikit-learn's HistGradientBoosting and LightGBM (Ke et al. 2017): when a node is split, the
 * histograms of its smaller child are made from the child's rows, and those of the larger child are
 * what the parent's are more. Both children's best splits are looked for in the same pass, feature
 * by feature, while the feature's histogram is in the cache; the features are spread over the
 * threads.
 */
#include <math.h>

#include "core/host.h"
#include "core/models/boosted_tree.h"
#include "core/threads.h"

/* A side of a split must have this much of the hessian, as in scikit-learn. */
#define MIN_HESSIAN 1e-3

/* Work of a task, about: rows looked at and bins looked through; some tens of microseconds. */
#define WORK_PER_TASK 16384

/* What looking for a feature's split costs besides the rows. */
#define WORK_PER_FEATURE 512

/* Rows between two checks for interrupts. */
#define ROWS_PER_INTERRUPT_CHECK ((uint32_t) 1 << 18)

/* Histograms start at a cache line. */
#define HISTOGRAM_ALIGNMENT 64

/* One or two nodes whose best splits are looked for. */
typedef struct SplitSearch
{
	BoostedNode *built;      /* its histogram is made from its rows */
	BoostedNode *subtracted; /* its histogram is the parent's less the one built; NULL: none */
	bool search_built;
	uint32_t features_per_task;
	uint32_t n_tasks;
} SplitSearch;

/* The best splits of a task's features. */
typedef struct TaskSplits
{
	BoostedSplit built;
	BoostedSplit subtracted;
} TaskSplits;

struct BoostedTreeGrower
{
	const BoostingProblem *problem;
	uint64_t *histogram_starts; /* (n_features + 1) of the features' bins in a histogram */

	uint32_t n_nodes;
	BoostedNode *nodes; /* (2 * max_leaf_nodes - 1) */
	uint32_t *rows;     /* (n_rows) of the problem, node by node */

	uint32_t n_free_histograms;
	GradientSum **free_histograms; /* (max_leaf_nodes + 1) those that no node uses */
	uint32_t n_histograms;
	void **histogram_memory; /* (max_leaf_nodes + 1) as allocated */

	const GradientSum *gradients; /* by row */
	GradientSum *node_gradients;  /* (n_rows) of the node whose histogram is made, in its order */
	SplitSearch search;
	TaskSplits *task_splits; /* (n_features) */

	uint32_t *partition; /* (n_rows) scratch */
	double *outputs;     /* that are updated */
	TreeNode *tree;      /* (2 * max_leaf_nodes - 1) in preorder */
};

BoostedTreeGrower *
boosted_tree_allocate(const BoostingProblem *problem)
{
	BoostedTreeGrower *grower = host_allocate_zero(sizeof(BoostedTreeGrower));
	const BinnedFeatures *features = problem->features;
	size_t max_nodes = 2 * (size_t) problem->max_leaf_nodes - 1;

	grower->problem = problem;
	grower->histogram_starts = host_allocate_array(uint64_t, (size_t) features->n_features + 1);
	grower->histogram_starts[0] = 0;
	for (uint32_t f = 0; f < features->n_features; f++)
		grower->histogram_starts[f + 1] =
			grower->histogram_starts[f] + binned_features_count(features, f);
	grower->nodes = host_allocate_array(BoostedNode, max_nodes);
	grower->rows = host_allocate_array(uint32_t, problem->n_rows);
	grower->free_histograms = host_allocate_array(GradientSum *, problem->max_leaf_nodes + 1);
	grower->histogram_memory = host_allocate_array(void *, problem->max_leaf_nodes + 1);
	grower->node_gradients = host_allocate_array(GradientSum, problem->n_rows);
	grower->task_splits = host_allocate_array(TaskSplits, (size_t) features->n_features + 1);
	grower->partition = host_allocate_array(uint32_t, problem->n_rows);
	grower->tree = host_allocate_array(TreeNode, max_nodes);
	return grower;
}

void
boosted_tree_free(BoostedTreeGrower *grower)
{
	for (uint32_t i = 0; i < grower->n_histograms; i++)
		host_free(grower->histogram_memory[i]);
	host_free(grower->histogram_starts);
	host_free(grower->nodes);
	host_free(grower->rows);
	host_free(grower->free_histograms);
	host_free(grower->histogram_memory);
	host_free(grower->node_gradients);
	host_free(grower->task_splits);
	host_free(grower->partition);
	host_free(grower->tree);
	host_free(grower);
}

/* A histogram that no node uses. */
static GradientSum *
take_histogram(BoostedTreeGrower *grower)
{
	size_t n_bins = grower->histogram_starts[grower->problem->features->n_features];
	uintptr_t address;

	if (grower->n_free_histograms > 0)
		return grower->free_histograms[--grower->n_free_histograms];
	address = (uintptr_t) (grower->histogram_memory[grower->n_histograms++] = host_allocate(
							   host_array_size(n_bins, sizeof(GradientSum)) + HISTOGRAM_ALIGNMENT));
	return (GradientSum *) ((address + HISTOGRAM_ALIGNMENT - 1) / HISTOGRAM_ALIGNMENT *
							HISTOGRAM_ALIGNMENT);
}

/* A node needs its histogram no more. */
static void
release_histogram(BoostedTreeGrower *grower, BoostedNode *node)
{
	if (node->histogram != NULL)
		grower->free_histograms[grower->n_free_histograms++] = node->histogram;
	node->histogram = NULL;
}

/* The most that a histogram's search needs to know of a node. */
static GainNode
describe_node(const BoostingProblem *problem, const BoostedNode *node)
{
	return (GainNode){.sum = node->sum,
					  .count_bits = problem->count_bits,
					  .min_samples_leaf = problem->min_samples_leaf,
					  .min_hessian = (int64_t) ceil(MIN_HESSIAN * problem->hessian_scale),
					  .lambda = problem->l2_regularization * problem->hessian_scale};
}

/* Look for a better split of a node by a feature. */
static void
search_feature(const BoostingProblem *problem, const BoostedNode *node,
			   const GradientSum *histogram, uint32_t feature, BoostedSplit *best)
{
	const BinnedFeatures *features = problem->features;
	GainNode gain_node = describe_node(problem, node);
	GainSplit split = find_gain_split(&gain_node, histogram, features->n_value_bins[feature],
									  features->has_missing[feature]);
	double gradient = (double) node->sum[0];
	double hessian = (double) gradient_sum_hessian(node->sum, problem->count_bits);
	double unit = problem->hessian_scale / problem->gradient_scale / problem->gradient_scale;
	double gain = (split.score - gradient * gradient / (hessian + gain_node.lambda)) * unit;

	if (split.score < 0 || !(gain > best->gain))
		return;
	best->gain = gain;
	best->feature = feature;
	best->bin = split.bin;
	best->left = split.left;
	best->missing_left = split.missing_left;
	if (!split.missing_decided)
		best->missing_left =
			gradient_sum_count(split.left, problem->count_bits) > (node->end - node->start) / 2;
}

/* Features whose histograms are made in one pass over the rows: one has to wait for memory less. */
#define FEATURES_AT_ONCE 2

/*
 * Make the histograms of up to FEATURES_AT_ONCE features of the node whose gradients were gathered.
 */
static void
build_histograms(const BoostedTreeGrower *grower, const BoostedNode *node, uint32_t feature,
				 uint32_t n_features)
{
	const BinnedFeatures *features = grower->problem->features;
	const uint64_t *starts = grower->histogram_starts;
	GradientSum *first = node->histogram + starts[feature];
	GradientSum *second = node->histogram + starts[feature + 1];
	const uint8_t *first_bins = binned_features_column(features, feature);
	const uint8_t *second_bins = first_bins + features->n_rows;
	const uint32_t *rows = grower->rows + node->start;
	const GradientSum *gradients = grower->node_gradients;
	uint32_t count = node->end - node->start;

	memset(first, 0, sizeof(GradientSum) * (starts[feature + n_features] - starts[feature]));
	if (n_features == 1)
	{
		for (uint32_t i = 0; i < count; i++)
			first[first_bins[rows[i]]] += gradients[i];
		return;
	}
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t row = rows[i];
		GradientSum gradient = gradients[i];

		first[first_bins[row]] += gradient;
		second[second_bins[row]] += gradient;
	}
}

/* Look for the best splits by a feature whose histogram of the node built was made. */
static void
search_histogram(BoostedTreeGrower *grower, uint32_t feature, TaskSplits *splits)
{
	const BoostingProblem *problem = grower->problem;
	const SplitSearch *search = &grower->search;
	uint64_t start = grower->histogram_starts[feature];
	uint32_t n_bins = binned_features_count(problem->features, feature);
	const GradientSum *built = search->built->histogram + start;
	GradientSum *rest;

	if (search->search_built)
		search_feature(problem, search->built, built, feature, &splits->built);
	if (search->subtracted == NULL)
		return;
	rest = search->subtracted->histogram + start;
	for (uint32_t b = 0; b < n_bins; b++)
		rest[b] -= built[b];
	search_feature(problem, search->subtracted, rest, feature, &splits->subtracted);
}

/* Task: histograms and best splits of some features. */
static void
search_features(void *context, uint32_t task, uint32_t thread)
{
	BoostedTreeGrower *grower = context;
	const SplitSearch *search = &grower->search;
	uint32_t n_features = grower->problem->features->n_features;
	uint32_t start = task * search->features_per_task;
	uint32_t end = n_features - start < search->features_per_task
					   ? n_features
					   : start + search->features_per_task;

	(void) thread;
	grower->task_splits[task] = (TaskSplits){0};
	for (uint32_t f = start; f < end; f += FEATURES_AT_ONCE)
	{
		uint32_t count = end - f < FEATURES_AT_ONCE ? end - f : FEATURES_AT_ONCE;

		build_histograms(grower, search->built, f, count);
		for (uint32_t i = f; i < f + count; i++)
			search_histogram(grower, i, &grower->task_splits[task]);
	}
}

/* Gather the gradients of a node's rows. */
static void
gather_gradients(BoostedTreeGrower *grower, const BoostedNode *node)
{
	const uint32_t *rows = grower->rows + node->start;
	uint32_t count = node->end - node->start;

	for (uint32_t i = 0; i < count; i++)
	{
		grower->node_gradients[i] = grower->gradients[rows[i]];
		if (i % ROWS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
	}
}

/* Run a search and give the nodes their best splits; the first feature of equals wins. */
static void
run_search(BoostedTreeGrower *grower)
{
	SplitSearch *search = &grower->search;
	uint32_t n_features = grower->problem->features->n_features;
	uint32_t n_rows = search->built->end - search->built->start;
	uint64_t per_feature = (uint64_t) n_rows + WORK_PER_FEATURE;

	search->features_per_task =
		per_feature < WORK_PER_TASK ? (uint32_t) (WORK_PER_TASK / per_feature) : 1;
	search->features_per_task += search->features_per_task % FEATURES_AT_ONCE;
	search->n_tasks =
		n_features / search->features_per_task + (n_features % search->features_per_task != 0);
	gather_gradients(grower, search->built);
	parallel_for(search->n_tasks, search_features, grower);
	for (uint32_t i = 0; i < search->n_tasks; i++)
	{
		const TaskSplits *splits = &grower->task_splits[i];

		if (search->search_built && splits->built.gain > search->built->split.gain)
			search->built->split = splits->built;
		if (search->subtracted != NULL && splits->subtracted.gain > search->subtracted->split.gain)
			search->subtracted->split = splits->subtracted;
	}
}

/* Whether a node may be split at all. */
static bool
may_split(const BoostingProblem *problem, const BoostedNode *node)
{
	return node->depth < problem->max_depth &&
		   (node->end - node->start) / 2 >= problem->min_samples_leaf;
}

/* Add a node. */
static BoostedNode *
add_node(BoostedTreeGrower *grower, uint32_t start, uint32_t end, uint32_t depth, GradientSum sum)
{
	const BoostingProblem *problem = grower->problem;
	BoostedNode *node = &grower->nodes[grower->n_nodes++];
	double gradient = (double) sum[0] / problem->gradient_scale;
	double hessian =
		(double) gradient_sum_hessian(sum, problem->count_bits) / problem->hessian_scale;

	*node = (BoostedNode){.start = start, .end = end, .depth = depth, .sum = sum};
	/* as it will be stored */
	node->value = (float) (-problem->learning_rate * gradient /
						   (hessian + problem->l2_regularization + 1e-15));
	return node;
}

/* Bring a node's rows into order: those that go left first. Answers how many they are. */
static uint32_t
partition_rows(BoostedTreeGrower *grower, const BoostedNode *node)
{
	const BinnedFeatures *features = grower->problem->features;
	const uint8_t *bins = binned_features_column(features, node->split.feature);
	uint32_t missing_bin = features->n_value_bins[node->split.feature];
	uint32_t last_bin = node->split.bin;
	bool missing_left = node->split.missing_left;
	uint32_t *rows = grower->rows + node->start;
	uint32_t count = node->end - node->start;
	uint32_t n_left = 0;
	uint32_t n_right = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t row = rows[i];
		uint32_t bin = bins[row];
		bool left = (bin <= last_bin) | ((bin == missing_bin) & missing_left);

		/* written to both sides, as a branch would be wrong half of the time */
		rows[n_left] = row;
		grower->partition[n_right] = row;
		n_left += left;
		n_right += !left;
		if (i % ROWS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
	}
	memcpy(rows + n_left, grower->partition, sizeof(uint32_t) * n_right);
	return n_left;
}

/* Look for the splits of a split node's children; its own histogram becomes that of one of them. */
static void
search_children(BoostedTreeGrower *grower, BoostedNode *parent)
{
	const BoostingProblem *problem = grower->problem;
	BoostedNode *smaller = &grower->nodes[parent->left];
	BoostedNode *larger = smaller + 1;

	if (smaller->end - smaller->start > larger->end - larger->start)
	{
		larger = smaller;
		smaller = larger + 1;
	}
	if (!may_split(problem, larger))
	{
		/* nor may the smaller one, that is as deep */
		release_histogram(grower, parent);
		return;
	}
	larger->histogram = parent->histogram;
	parent->histogram = NULL;
	smaller->histogram = take_histogram(grower);
	grower->search = (SplitSearch){
		.built = smaller, .subtracted = larger, .search_built = may_split(problem, smaller)};
	run_search(grower);
	if (smaller->split.gain <= 0)
		release_histogram(grower, smaller);
	if (larger->split.gain <= 0)
		release_histogram(grower, larger);
}

/* Split a node: its rows, and its children's nodes. */
static void
split_node(BoostedTreeGrower *grower, BoostedNode *node)
{
	uint32_t n_left = partition_rows(grower, node);

	node->left = grower->n_nodes;
	add_node(grower, node->start, node->start + n_left, node->depth + 1, node->split.left);
	add_node(grower, node->start + n_left, node->end, node->depth + 1,
			 node->sum - node->split.left);
}

/* The leaf whose split gains most; NULL if none can be split. */
static BoostedNode *
best_leaf(BoostedTreeGrower *grower)
{
	BoostedNode *best = NULL;

	for (uint32_t i = 0; i < grower->n_nodes; i++)
	{
		BoostedNode *node = &grower->nodes[i];

		if (node->histogram != NULL && (best == NULL || node->split.gain > best->split.gain))
			best = node;
	}
	return best;
}

/* Make the root, and look for its split. */
static void
begin_tree(BoostedTreeGrower *grower, GradientSum sum)
{
	const BoostingProblem *problem = grower->problem;
	BoostedNode *root;

	memcpy(grower->rows, problem->rows, sizeof(uint32_t) * problem->n_rows);
	for (uint32_t i = 0; i < grower->n_nodes; i++)
		release_histogram(grower, &grower->nodes[i]);
	grower->n_nodes = 0;
	root = add_node(grower, 0, problem->n_rows, 0, sum);
	if (!may_split(problem, root))
		return;
	root->histogram = take_histogram(grower);
	grower->search = (SplitSearch){.built = root, .search_built = true};
	run_search(grower);
	if (root->split.gain <= 0)
		release_histogram(grower, root);
}

void
boosted_tree_grow(BoostedTreeGrower *grower, const GradientSum *gradients, GradientSum sum)
{
	uint32_t n_leaves = 1;

	grower->gradients = gradients;
	begin_tree(grower, sum);
	while (n_leaves < grower->problem->max_leaf_nodes)
	{
		BoostedNode *node = best_leaf(grower);

		if (node == NULL)
			return;
		split_node(grower, node);
		n_leaves++;
		if (n_leaves < grower->problem->max_leaf_nodes)
			search_children(grower, node);
	}
}

/* Task: update the outputs of one leaf's rows. */
static void
update_leaf(void *context, uint32_t task, uint32_t thread)
{
	BoostedTreeGrower *grower = context;
	const BoostedNode *node = &grower->nodes[task];

	(void) thread;
	if (node->left != 0)
		return;
	for (uint32_t i = node->start; i < node->end; i++)
		grower->outputs[grower->rows[i]] += node->value;
}

void
boosted_tree_update(BoostedTreeGrower *grower, double *outputs)
{
	grower->outputs = outputs;
	parallel_for(grower->n_nodes, update_leaf, grower);
}

double
boosted_tree_value(const BoostedTreeGrower *grower, uint32_t row)
{
	const BinnedFeatures *features = grower->problem->features;
	const BoostedNode *node = &grower->nodes[0];

	while (node->left != 0)
	{
		const BoostedSplit *split = &node->split;
		uint32_t bin = binned_features_column(features, split->feature)[row];
		bool left = bin <= split->bin ||
					(bin == features->n_value_bins[split->feature] && split->missing_left);

		node = &grower->nodes[node->left + !left];
	}
	return node->value;
}

/* A node as it is stored. */
static TreeNode
stored_node(const BoostedTreeGrower *grower, const BoostedNode *node)
{
	const BinnedFeatures *features = grower->problem->features;
	const BoostedSplit *split = &node->split;
	float cover = (float) (node->end - node->start);
	float threshold;

	if (node->left == 0)
		return (TreeNode){(float) node->value, NODE_IS_LEAF, 0, cover > 0 ? cover : 1};
	/* if all values go left, missing ones go right */
	threshold = split->bin + 1 < features->n_value_bins[split->feature]
					? binned_features_edges(features, split->feature)[split->bin]
					: INFINITY;
	return (TreeNode){threshold, split->feature | (split->missing_left ? NODE_MISSING_LEFT : 0), 0,
					  cover};
}

const TreeNode *
boosted_tree_nodes(BoostedTreeGrower *grower, uint32_t *n_nodes, double *importances)
{
	uint32_t open[MAX_TREE_DEPTH + 1];
	uint32_t n_open = 0;
	uint32_t count = 0;

	open[n_open++] = 0;
	while (n_open > 0)
	{
		const BoostedNode *node = &grower->nodes[open[--n_open]];

		grower->tree[count++] = stored_node(grower, node);
		if (node->left == 0)
			continue;
		importances[node->split.feature] += node->split.gain;
		open[n_open++] = node->left + 1;
		open[n_open++] = node->left;
	}
	decision_tree_link(grower->tree, count);
	*n_nodes = count;
	return grower->tree;
}
