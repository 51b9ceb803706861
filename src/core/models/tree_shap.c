/*
 * tree_shap.c
 *	  Exact Shapley values for decision trees.
 *
 * The names are the paper's. A path holds, for every number of known features, the weight of the
 * subsets of that size: extending it by a feature and unwinding it again are inverse. Every node
 * works on its own copy of its parent's path, one behind the other in the scratch memory.
 */
#include "core/models/tree_shap.h"

/* No feature: the path's first element. */
#define NO_FEATURE UINT32_MAX

typedef struct ShapWalk
{
	const float *values;
	ShapLeafOutput leaf_output;
	const void *context;
	double scale;
	double *contributions;
	double mean;
} ShapWalk;

size_t
tree_shap_path_size(uint32_t max_depth)
{
	size_t longest = (size_t) max_depth + 2;

	return longest * (longest + 1) / 2;
}

/* Add a feature to a path of length elements. */
static void
extend(ShapPathElement *path, uint32_t length, double zero_fraction, double one_fraction,
	   uint32_t feature)
{
	path[length] = (ShapPathElement){feature, zero_fraction, one_fraction, length == 0 ? 1 : 0};
	for (uint32_t i = length; i > 0; i--)
	{
		path[i].weight += one_fraction * path[i - 1].weight * i / (length + 1);
		path[i - 1].weight = zero_fraction * path[i - 1].weight * (length - (i - 1)) / (length + 1);
	}
}

/* Take element number index out of a path whose last element is last. */
static void
unwind(ShapPathElement *path, uint32_t last, uint32_t index)
{
	double one_fraction = path[index].one_fraction;
	double zero_fraction = path[index].zero_fraction;
	double next = path[last].weight;

	for (uint32_t i = last; i > 0; i--)
	{
		uint32_t j = i - 1;

		if (one_fraction != 0)
		{
			double weight = path[j].weight;

			path[j].weight = next * (last + 1) / ((j + 1) * one_fraction);
			next = weight - path[j].weight * zero_fraction * (last - j) / (last + 1);
		}
		else
			path[j].weight = path[j].weight * (last + 1) / (zero_fraction * (last - j));
	}
	for (uint32_t j = index; j < last; j++)
	{
		path[j].feature = path[j + 1].feature;
		path[j].zero_fraction = path[j + 1].zero_fraction;
		path[j].one_fraction = path[j + 1].one_fraction;
	}
}

/* The sum of the weights that unwind would leave. */
static double
unwound_sum(const ShapPathElement *path, uint32_t last, uint32_t index)
{
	double one_fraction = path[index].one_fraction;
	double zero_fraction = path[index].zero_fraction;
	double next = path[last].weight;
	double sum = 0;

	for (uint32_t i = last; i > 0; i--)
	{
		uint32_t j = i - 1;

		if (one_fraction != 0)
		{
			double weight = next * (last + 1) / ((j + 1) * one_fraction);

			sum += weight;
			next = path[j].weight - weight * zero_fraction * (last - j) / (last + 1);
		}
		else
			sum += path[j].weight * (last + 1) / (zero_fraction * (last - j));
	}
	return sum;
}

/*
 * Credit the features on the way to a leaf. share: of the rows that come here if nothing is known
 */
static void
visit_leaf(ShapWalk *walk, const TreeNode *leaf, const ShapPathElement *path, uint32_t last,
		   double share)
{
	double output = walk->scale * walk->leaf_output(walk->context, leaf);

	walk->mean += share * output;
	if (output == 0)
		return;
	for (uint32_t i = 1; i <= last; i++)
		walk->contributions[path[i].feature] +=
			unwound_sum(path, last, i) * (path[i].one_fraction - path[i].zero_fraction) * output;
}

/* Visit a node; parent: the path so far, of length elements, behind which there is room */
static void
visit(ShapWalk *walk, const TreeNode *node, const ShapPathElement *parent, uint32_t length,
	  double zero_fraction, double one_fraction, uint32_t feature, double share)
{
	ShapPathElement *path = (ShapPathElement *) parent + length;
	const TreeNode *children[2];
	double fractions[2];
	double incoming_zero = 1;
	double incoming_one = 1;
	uint32_t split_feature;
	uint32_t index = 1;
	int hot;

	for (uint32_t i = 0; i < length; i++)
		path[i] = parent[i];
	extend(path, length, zero_fraction, one_fraction, feature);
	if (node_is_leaf(node))
	{
		visit_leaf(walk, node, path, length, share);
		return;
	}
	split_feature = node->feature & NODE_FEATURE_MASK;
	hot = node_goes_left(node, walk->values) ? 0 : 1;
	children[0] = node + 1;
	children[1] = node + node->right;
	/* of the children's own sum, so that they sum up to 1 whatever was rounded */
	fractions[0] = children[0]->cover / ((double) children[0]->cover + children[1]->cover);
	fractions[1] = children[1]->cover / ((double) children[0]->cover + children[1]->cover);
	while (index <= length && path[index].feature != split_feature)
		index++;
	if (index <= length)
	{
		incoming_zero = path[index].zero_fraction;
		incoming_one = path[index].one_fraction;
		unwind(path, length, index);
		length--;
	}
	for (int side = 0; side < 2; side++)
		visit(walk, children[side], path, length + 1, incoming_zero * fractions[side],
			  side == hot ? incoming_one : 0, split_feature, share * fractions[side]);
}

double
tree_shap(const TreeNode *root, const float *values, ShapLeafOutput leaf_output,
		  const void *context, double scale, ShapPathElement *path, double *contributions)
{
	ShapWalk walk = {values, leaf_output, context, scale, contributions, 0};

	visit(&walk, root, path, 0, 1, 1, NO_FEATURE, 1);
	return walk.mean;
}
