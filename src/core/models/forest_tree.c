/*
 * forest_tree.c
 *	  One tree of a random forest while it grows.
 *
 * As scikit-learn's RandomForestClassifier: a row that was drawn n times is one sample that counts
 * n times; features are drawn without replacement until max_features were looked at and one of them
 * was not constant in the node.
 *
 * Nodes are made in preorder, as they are stored. The samples of a node stand side by side, in the
 * order of their rows, so that the features' columns are read from front to back.
 */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/models/forest_tree.h"

/* Samples that a call looks at, about: a few milliseconds. */
#define WORK_PER_CALL ((uint64_t) 2 << 20)

/* What looking at a feature costs besides its samples. */
#define WORK_PER_FEATURE 64

/* A random number below limit. */
static inline uint32_t
random_below(ForestTree *tree, uint32_t limit)
{
	uint64_t random = hash_mix(tree->random += UINT64_C(0x9e3779b97f4a7c15));

	return (uint32_t) (((random >> 32) * limit) >> 32);
}

/* Nodes that a tree can have. */
static size_t
max_nodes(const ForestProblem *problem)
{
	return 2 * (size_t) problem->max_leaves - 1;
}

/* Shares that its leaves can have: no leaf has more classes than samples. */
static size_t
max_shares(const ForestProblem *problem)
{
	return problem->n_classes == 2 ? 0 : problem->features->n_rows;
}

size_t
forest_tree_size(const ForestProblem *problem)
{
	size_t per_row = sizeof(uint32_t) + sizeof(PackedSample);
	size_t per_class = sizeof(double) + sizeof(uint32_t);

	return sizeof(ForestTree) + per_row * problem->features->n_rows +
		   per_class * problem->n_classes + sizeof(uint32_t) * problem->features->n_features +
		   (sizeof(TreeNode) + sizeof(double)) * max_nodes(problem) +
		   sizeof(LeafShare) * max_shares(problem);
}

ForestTree *
forest_tree_allocate(const ForestProblem *problem)
{
	ForestTree *tree = host_allocate_zero(sizeof(ForestTree));
	uint32_t n_rows = problem->features->n_rows;

	tree->rows = host_allocate_array(uint32_t, n_rows);
	tree->samples = host_allocate_array(PackedSample, n_rows);
	tree->class_weights = host_allocate_array(double, problem->n_classes);
	tree->class_counts = host_allocate_array(uint32_t, problem->n_classes);
	tree->feature_order = host_allocate_array(uint32_t, problem->features->n_features);
	tree->nodes = host_allocate_array(TreeNode, max_nodes(problem));
	tree->decreases = host_allocate_array(double, max_nodes(problem));
	tree->shares = host_allocate_array(LeafShare, max_shares(problem));
	return tree;
}

void
forest_tree_free(ForestTree *tree)
{
	host_free(tree->rows);
	host_free(tree->samples);
	host_free(tree->class_weights);
	host_free(tree->class_counts);
	host_free(tree->feature_order);
	host_free(tree->nodes);
	host_free(tree->decreases);
	host_free(tree->shares);
	host_free(tree);
}

ForestScratch *
forest_scratch_allocate(const ForestProblem *problem)
{
	ForestScratch *scratch = host_allocate_zero(sizeof(ForestScratch));
	uint32_t n_rows = problem->features->n_rows;

	scratch->rows = host_allocate_array(uint32_t, n_rows);
	scratch->samples = host_allocate_array(PackedSample, n_rows);
	scratch->split.sorted = scratch->samples;
	scratch->split.left_counts = host_allocate_zero_array(uint32_t, problem->n_classes);
	return scratch;
}

void
forest_scratch_free(ForestScratch *scratch)
{
	host_free(scratch->rows);
	host_free(scratch->samples);
	host_free(scratch->split.left_counts);
	host_free(scratch);
}

void
forest_tree_begin(const ForestProblem *problem, ForestTree *tree, uint32_t number)
{
	uint64_t seed = hash_mix(problem->seed + UINT64_C(0x9e3779b97f4a7c15));

	tree->random = hash_mix(seed ^ hash_mix((uint64_t) number + 1));
	tree->n_drawn = 0;
	tree->sampled = false;
	tree->n_samples = 0;
	tree->in_node = false;
	tree->n_open = 0;
	tree->n_nodes = 0;
	tree->n_shares = 0;
	memset(tree->rows, 0, sizeof(uint32_t) * problem->features->n_rows);
	for (uint32_t f = 0; f < problem->features->n_features; f++)
		tree->feature_order[f] = f;
}

/* Make the classes of the sample count the same. Uses class_counts. */
static void
balance_samples(const ForestProblem *problem, ForestTree *tree)
{
	uint64_t n_drawn = 0;

	memset(tree->class_counts, 0, sizeof(uint32_t) * problem->n_classes);
	for (uint32_t row = 0; row < problem->features->n_rows; row++)
	{
		tree->class_counts[problem->labels[row]] += tree->rows[row];
		n_drawn += tree->rows[row];
	}
	for (uint32_t k = 0; k < problem->n_classes; k++)
	{
		if (tree->class_counts[k] > 0)
			tree->class_weights[k] *=
				(double) n_drawn / ((double) problem->n_classes * tree->class_counts[k]);
	}
}

/* Turn the numbers of times into samples: the rows that were drawn. */
static void
list_samples(const ForestProblem *problem, ForestTree *tree)
{
	memcpy(tree->class_weights, problem->class_weights, sizeof(double) * problem->n_classes);
	if (problem->balance_samples)
		balance_samples(problem, tree);
	tree->unit_weights = true;
	for (uint32_t k = 0; k < problem->n_classes; k++)
		tree->unit_weights &= tree->class_weights[k] == 1;
	for (uint32_t row = 0; row < problem->features->n_rows; row++)
	{
		uint32_t times = tree->rows[row];
		uint32_t label = problem->labels[row];

		if (times == 0 || !(problem->class_weights[label] > 0))
			continue;
		/* never ahead of row */
		tree->samples[tree->n_samples] =
			problem->counted ? counted_sample(times, label) : labelled_sample(times, label);
		tree->rows[tree->n_samples++] = row;
	}
	tree->sampled = true;
	tree->open[tree->n_open++] = (OpenNode){0, tree->n_samples, 0};
}

/* Draw the bootstrap sample, or a part of it. */
static void
draw_samples(const ForestProblem *problem, ForestTree *tree, uint64_t *work)
{
	uint32_t n_rows = problem->features->n_rows;

	if (!problem->bootstrap)
	{
		for (uint32_t row = 0; row < n_rows; row++)
			tree->rows[row] = 1;
		tree->n_drawn = n_rows;
	}
	for (; tree->n_drawn < n_rows && *work < WORK_PER_CALL; tree->n_drawn++, (*work)++)
		tree->rows[random_below(tree, n_rows)]++;
	if (tree->n_drawn == n_rows)
	{
		list_samples(problem, tree);
		*work += n_rows;
	}
}

/* Count a node's samples by class. */
static PackedSample
count_classes(const ForestProblem *problem, ForestTree *tree, const OpenNode *open)
{
	PackedSample sum = 0;

	if (problem->counted)
	{
		for (uint32_t i = open->start; i < open->end; i++)
			sum += tree->samples[i];
		tree->class_counts[0] = counted_of_class(sum, 0);
		tree->class_counts[1] = counted_of_class(sum, 1);
		return sum;
	}
	memset(tree->class_counts, 0, sizeof(uint32_t) * problem->n_classes);
	for (uint32_t i = open->start; i < open->end; i++)
		tree->class_counts[labelled_label(tree->samples[i])] += labelled_times(tree->samples[i]);
	return 0;
}

/* What the search for a split needs to know of a node. */
static NodeSamples
describe_node(const ForestProblem *problem, ForestTree *tree, const OpenNode *open)
{
	NodeSamples node = {.count = open->end - open->start,
						.rows = tree->rows + open->start,
						.samples = tree->samples + open->start,
						.counted = count_classes(problem, tree, open),
						.n_classes = problem->n_classes,
						.class_counts = tree->class_counts,
						.class_weights = tree->class_weights,
						.unit_weights = tree->unit_weights,
						.min_samples_leaf = problem->min_samples_leaf,
						.criterion = problem->criterion,
						.count_logs = problem->count_logs};

	describe_purity(&node);
	return node;
}

/* Whether all samples are of one class. */
static bool
is_pure(const NodeSamples *node)
{
	uint32_t n_present = 0;

	for (uint32_t k = 0; k < node->n_classes && n_present < 2; k++)
		n_present += node->class_counts[k] > 0;
	return n_present < 2;
}

/* Whether a node may not be split. */
static bool
must_be_leaf(const ForestProblem *problem, const NodeSamples *node, uint32_t depth)
{
	return depth >= problem->max_depth || node->count < problem->min_samples_split ||
		   node->count / 2 < problem->min_samples_leaf || is_pure(node);
}

/* Add a leaf with the shares of the classes. */
static void
add_leaf(ForestTree *tree, const NodeSamples *node)
{
	TreeNode *leaf = &tree->nodes[tree->n_nodes];

	/* a forest of no rows that count knows nothing */
	*leaf = (TreeNode){0.5f, NODE_IS_LEAF, 0, node->weight > 0 ? (float) node->weight : 1};
	tree->decreases[tree->n_nodes++] = 0;
	if (node->n_classes == 2)
	{
		if (node->weight > 0)
			leaf->value = (float) (node->class_weights[1] * node->class_counts[1] / node->weight);
		return;
	}
	set_leaf_share_start(leaf, tree->n_shares);
	for (uint32_t k = 0; k < node->n_classes; k++)
	{
		double weight = node->class_weights[k] * node->class_counts[k];

		if (weight > 0)
		{
			tree->shares[tree->n_shares++] = (LeafShare){k, (float) (weight / node->weight)};
			leaf->right++;
		}
	}
}

/* The threshold of a split: in the middle of what no sample of the node has. */
static float
split_threshold(const BinnedFeatures *features, const ForestSplit *split)
{
	const float *edges = binned_features_edges(features, split->feature);
	float lower;
	float higher;

	/* all values go left, and missing ones right */
	if (split->next_bin >= features->n_value_bins[split->feature])
		return INFINITY;
	lower = edges[split->bin];
	higher = edges[split->next_bin - 1];
	return (float) (((double) lower + higher) / 2);
}

/* Bring a node's samples into order: those that go left first. Answers how many they are. */
static uint32_t
partition_samples(const ForestProblem *problem, ForestTree *tree, const OpenNode *open,
				  ForestScratch *scratch)
{
	const ForestSplit *split = &tree->best;
	const uint8_t *bins = binned_features_column(problem->features, split->feature);
	uint32_t missing_bin = problem->features->n_value_bins[split->feature];
	uint32_t *rows = tree->rows + open->start;
	PackedSample *samples = tree->samples + open->start;
	uint32_t count = open->end - open->start;
	uint32_t n_left = 0;
	uint32_t n_right = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t row = rows[i];
		PackedSample sample = samples[i];
		uint32_t bin = bins[row];
		bool left = (bin <= split->bin) | ((bin == missing_bin) & split->missing_left);

		/* written to both sides, as a branch would be wrong half of the time */
		rows[n_left] = row;
		samples[n_left] = sample;
		scratch->rows[n_right] = row;
		scratch->samples[n_right] = sample;
		n_left += left;
		n_right += !left;
	}
	memcpy(rows + n_left, scratch->rows, sizeof(uint32_t) * n_right);
	memcpy(samples + n_left, scratch->samples, sizeof(PackedSample) * n_right);
	return n_left;
}

/* Add a split, and its children to the open nodes. */
static void
add_split(const ForestProblem *problem, ForestTree *tree, const OpenNode *open,
		  const NodeSamples *node, ForestScratch *scratch)
{
	const ForestSplit *split = &tree->best;
	uint32_t n_left = partition_samples(problem, tree, open, scratch);
	bool missing_left =
		split->missing_decided ? split->missing_left : n_left > node->count - n_left;

	tree->decreases[tree->n_nodes] = fmax(split->purity - node->purity, 0);
	tree->nodes[tree->n_nodes++] = (TreeNode){
		split_threshold(problem->features, split),
		split->feature | (missing_left ? NODE_MISSING_LEFT : 0), 0, (float) node->weight};
	tree->open[tree->n_open++] = (OpenNode){open->start + n_left, open->end, open->depth + 1};
	tree->open[tree->n_open++] = (OpenNode){open->start, open->start + n_left, open->depth + 1};
}

/* Draw the next feature of the node at hand. */
static uint32_t
draw_feature(const ForestProblem *problem, ForestTree *tree)
{
	uint32_t n_left = problem->features->n_features - tree->n_visited;
	uint32_t drawn = tree->n_visited + random_below(tree, n_left);
	uint32_t feature = tree->feature_order[drawn];

	tree->feature_order[drawn] = tree->feature_order[tree->n_visited];
	tree->feature_order[tree->n_visited++] = feature;
	return feature;
}

/* Whether the node at hand has to look at more features. */
static bool
wants_more_features(const ForestProblem *problem, const ForestTree *tree)
{
	return tree->n_visited < problem->features->n_features &&
		   (tree->n_visited < problem->max_features || !tree->varied);
}

/* Look at features for the node at hand; false if there was too much work for a call. */
static bool
find_split(const ForestProblem *problem, ForestTree *tree, const NodeSamples *node,
		   ForestScratch *scratch, uint64_t *work)
{
	while (wants_more_features(problem, tree))
	{
		uint32_t feature = draw_feature(problem, tree);
		ForestSplit split = {0};
		SplitOutcome outcome = (problem->counted ? find_counted_split : find_labelled_split)(
			node, problem->features, feature, &scratch->split, &split);

		tree->varied |= outcome != SPLIT_CONSTANT;
		if (outcome == SPLIT_FOUND && (!tree->found || split.purity > tree->best.purity))
		{
			tree->found = true;
			tree->best = split;
		}
		*work += (uint64_t) node->count + WORK_PER_FEATURE;
		if (*work >= WORK_PER_CALL)
			return !wants_more_features(problem, tree);
	}
	return true;
}

/* Make the next open node a split or a leaf; false if it takes another call. */
static bool
grow_node(const ForestProblem *problem, ForestTree *tree, ForestScratch *scratch, uint64_t *work)
{
	OpenNode open = tree->open[tree->n_open - 1];
	NodeSamples node = describe_node(problem, tree, &open);

	*work += node.count;
	if (!tree->in_node)
	{
		tree->in_node = true;
		tree->n_visited = 0;
		tree->varied = false;
		tree->found = false;
		if (must_be_leaf(problem, &node, open.depth))
			tree->n_visited = problem->features->n_features;
	}
	if (!find_split(problem, tree, &node, scratch, work))
		return false;
	tree->in_node = false;
	tree->n_open--;
	if (tree->found)
		add_split(problem, tree, &open, &node, scratch);
	else
		add_leaf(tree, &node);
	return true;
}

bool
forest_tree_grow(const ForestProblem *problem, ForestTree *tree, ForestScratch *scratch)
{
	uint64_t work = 0;

	if (!tree->sampled)
		draw_samples(problem, tree, &work);
	while (tree->n_open > 0)
	{
		if (work >= WORK_PER_CALL || !grow_node(problem, tree, scratch, &work))
			return false;
	}
	if (!tree->sampled)
		return false;
	decision_tree_link(tree->nodes, tree->n_nodes);
	return true;
}

void
forest_tree_add_importances(const ForestTree *tree, double *decreases, uint32_t n_features,
							double *importances)
{
	double sum = 0;

	for (uint32_t i = 0; i < tree->n_nodes; i++)
		sum += tree->decreases[i];
	if (sum <= 0)
		return;
	memset(decreases, 0, sizeof(double) * n_features);
	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		if (!node_is_leaf(&tree->nodes[i]))
			decreases[tree->nodes[i].feature & NODE_FEATURE_MASK] += tree->decreases[i];
	}
	for (uint32_t f = 0; f < n_features; f++)
		importances[f] += decreases[f] / sum;
}
