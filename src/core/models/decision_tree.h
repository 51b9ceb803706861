/*
 * decision_tree.h
 *	  One decision tree as it is stored and asked.
 *
 * The nodes stand in preorder: the left child of a node is the next one, and its right child comes
 * behind all of the left one's descendants. A feature's value up to the threshold goes left, a
 * larger one right, and a missing one (NaN) where the node says.
 */
#ifndef SENTIMENT_DECISION_TREE_H
#define SENTIMENT_DECISION_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Splits on the way from the root to any leaf, at most. */
#define MAX_TREE_DEPTH 500

#define NODE_IS_LEAF      0x80000000u
#define NODE_MISSING_LEFT 0x40000000u
#define NODE_FEATURE_MASK 0x3fffffffu

/* A split or a leaf; part of the image's format. */
typedef struct TreeNode
{
	float value;      /* a split's threshold, or what the leaf says; see leaf_share_start too */
	uint32_t feature; /* of a split, with NODE_MISSING_LEFT; just NODE_IS_LEAF for a leaf */
	uint32_t right; /* of a split: nodes from it to its right child; of a leaf: number of shares */
	float cover;    /* how many training rows came here, each with its weight; above 0 */
} TreeNode;

static inline bool
node_is_leaf(const TreeNode *node)
{
	return (node->feature & NODE_IS_LEAF) != 0;
}

/* A leaf with more to say than a number says where that begins. */
static inline uint32_t
leaf_share_start(const TreeNode *leaf)
{
	uint32_t start;

	memcpy(&start, &leaf->value, sizeof(start));
	return start;
}

static inline void
set_leaf_share_start(TreeNode *leaf, uint32_t start)
{
	memcpy(&leaf->value, &start, sizeof(start));
}

/* Whether a row goes left at a split. values: (n_features) */
static inline bool
node_goes_left(const TreeNode *node, const float *values)
{
	float value = values[node->feature & NODE_FEATURE_MASK];

	/* both compare false with NaN */
	return (node->feature & NODE_MISSING_LEFT) != 0 ? !(value > node->value) : value <= node->value;
}

/* The child that a row goes to. values: (n_features) */
static inline const TreeNode *
node_child(const TreeNode *node, const float *values)
{
	return node + (node_goes_left(node, values) ? 1 : node->right);
}

/* The leaf that a row ends in. values: (n_features) */
static inline const TreeNode *
decision_tree_leaf(const TreeNode *root, const float *values)
{
	const TreeNode *node = root;

	while (!node_is_leaf(node))
		node = node_child(node, values);
	return node;
}

/* Fill in the right children of nodes in preorder whose leaves and splits are marked. */
extern void decision_tree_link(TreeNode *nodes, uint32_t n_nodes);

/*
 * Check untrusted nodes: that they are one tree in preorder, no deeper than max_depth (at most
 * MAX_TREE_DEPTH), with features that exist, thresholds that are numbers and covers above 0. What
 * the leaves say is the caller's. Answers NULL, or what is wrong (a constant string).
 */
extern const char *decision_tree_validate(const TreeNode *nodes, uint32_t n_nodes,
										  uint32_t n_features, uint32_t max_depth);

#endif /* SENTIMENT_DECISION_TREE_H */
