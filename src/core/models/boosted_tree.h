/*
 * boosted_tree.h
 *	  One tree of gradient boosting: grown from histograms of gradients, best leaf first.
 *
 * Gradients and hessians are integers (fixed point), so that sums of them are exact, whatever the
 * order and the number of threads, and a node's histogram less one child's is the other child's.
 */
#ifndef SENTIMENT_BOOSTED_TREE_H
#define SENTIMENT_BOOSTED_TREE_H

#include "core/models/binned_features.h"
#include "core/models/decision_tree.h"
#include "core/models/split_gain.h"

/* What all trees of a training have in common. */
typedef struct BoostingProblem
{
	const BinnedFeatures *features;
	uint32_t n_rows;      /* to learn from */
	const uint32_t *rows; /* (n_rows) ascending */
	uint32_t max_leaf_nodes;
	uint32_t max_depth;
	uint32_t min_samples_leaf;
	double l2_regularization;
	double learning_rate;
	/* what gradients and hessians are multiplied by to become integers; see split_gain.h */
	double gradient_scale;
	double hessian_scale;
	int count_bits;
} BoostingProblem;

/* A split; the gain is 0 if there is none. */
typedef struct BoostedSplit
{
	double gain; /* how much less the loss is, without the learning rate */
	uint32_t feature;
	uint32_t bin; /* the last one on the left */
	bool missing_left;
	GradientSum left; /* sum of the rows on the left */
} BoostedSplit;

/* A node of a tree while it grows. */
typedef struct BoostedNode
{
	uint32_t start; /* its rows: from start to end */
	uint32_t end;
	uint32_t depth;
	uint32_t left; /* its left child, which the right one follows; 0: it is a leaf */
	GradientSum sum;
	BoostedSplit split;
	GradientSum *histogram; /* of all features; NULL if it cannot be split */
	double value;           /* of a leaf */
} BoostedNode;

typedef struct BoostedTreeGrower BoostedTreeGrower;

extern BoostedTreeGrower *boosted_tree_allocate(const BoostingProblem *problem);
extern void boosted_tree_free(BoostedTreeGrower *grower);

/* Grow a tree. gradients: by row of the features; sum: of all rows that are learned from */
extern void boosted_tree_grow(BoostedTreeGrower *grower, const GradientSum *gradients,
							  GradientSum sum);

/* Add what the tree says to the output of every row that it was grown from. outputs: by row */
extern void boosted_tree_update(BoostedTreeGrower *grower, double *outputs);

/* What the tree says about a row of the features. */
extern double boosted_tree_value(const BoostedTreeGrower *grower, uint32_t row);

/*
 * The tree in preorder: (*n_nodes), until the next tree grows. Adds the gains of its splits to
 * importances (n_features).
 */
extern const TreeNode *boosted_tree_nodes(BoostedTreeGrower *grower, uint32_t *n_nodes,
										  double *importances);

#endif /* SENTIMENT_BOOSTED_TREE_H */
