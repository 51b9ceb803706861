/*
 * decision_tree.c
 *	  One decision tree as it is stored.
 */
#include <math.h>

#include "core/models/decision_tree.h"

/* A split whose right side is still to come. */
typedef struct OpenSplit
{
	uint32_t node;
	uint32_t depth;
} OpenSplit;

void
decision_tree_link(TreeNode *nodes, uint32_t n_nodes)
{
	uint32_t open[MAX_TREE_DEPTH + 1];
	uint32_t n_open = 0;

	for (uint32_t i = 0; i < n_nodes; i++)
	{
		if (!node_is_leaf(&nodes[i]))
			open[n_open++] = i;
		else if (n_open > 0)
		{
			uint32_t parent = open[--n_open];

			nodes[parent].right = i + 1 - parent;
		}
	}
}

const char *
decision_tree_validate(const TreeNode *nodes, uint32_t n_nodes, uint32_t n_features,
					   uint32_t max_depth)
{
	OpenSplit open[MAX_TREE_DEPTH];
	uint32_t n_open = 0;
	uint32_t depth = 0;

	for (uint32_t i = 0; i < n_nodes; i++)
	{
		const TreeNode *node = &nodes[i];

		if (!(node->cover > 0) || isinf(node->cover))
			return "The cover of a tree's node is not a number above 0.";
		if (!node_is_leaf(node))
		{
			if ((node->feature & NODE_FEATURE_MASK) >= n_features || isnan(node->value))
				return "A split of a tree has no feature or threshold.";
			if (depth >= max_depth)
				return "A tree is deeper than it may be.";
			open[n_open++] = (OpenSplit){i, depth++};
			continue;
		}
		if (node->feature != NODE_IS_LEAF)
			return "A leaf of a tree is not marked as one.";
		if (n_open == 0)
			return i + 1 == n_nodes ? NULL : "A tree has nodes behind its last leaf.";
		n_open--;
		if (nodes[open[n_open].node].right != i + 1 - open[n_open].node)
			return "The nodes of a tree are not in preorder.";
		depth = open[n_open].depth + 1;
	}
	return "A tree ends before its last leaf.";
}
