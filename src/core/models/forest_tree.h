/*
 * forest_tree.h
 *	  One tree of a random forest while it grows.
 *
 * Growing runs inside tasks of threads.h: a call does a limited amount of work and can be taken up
 * again, so that a training can be cancelled however large its trees are.
 */
#ifndef SENTIMENT_FOREST_TREE_H
#define SENTIMENT_FOREST_TREE_H

#include "core/models/forest_split.h"
#include "core/models/tree_ensemble.h"

/* What all trees of a forest have in common. */
typedef struct ForestProblem
{
	const BinnedFeatures *features;
	const uint32_t *labels; /* (n_rows) */
	uint32_t n_classes;
	const double *class_weights; /* (n_classes) what a row of the class counts */
	bool balance_samples;        /* and besides, make the classes of each sample count the same */
	bool bootstrap;
	ForestCriterion criterion;
	uint32_t max_depth;
	uint32_t min_samples_split;
	uint32_t min_samples_leaf;
	uint32_t max_features; /* looked at for a split, 1 to n_features */
	uint32_t max_leaves;   /* that a tree can have */
	uint64_t seed;
	bool counted;             /* how samples are packed; see forest_split.h */
	const double *count_logs; /* (n_rows + 1) c ln c, for the entropy */
} ForestProblem;

/* What a node is before it is split. */
typedef struct OpenNode
{
	uint32_t start; /* its samples: from start to end */
	uint32_t end;
	uint32_t depth;
} OpenNode;

/* A tree while it grows. The arrays are allocated for the largest tree there can be. */
typedef struct ForestTree
{
	uint64_t random;  /* state of the random numbers */
	uint32_t n_drawn; /* times that a row was drawn for the bootstrap sample */
	bool sampled;     /* the samples are complete */
	uint32_t n_samples;
	uint32_t *rows;        /* (n_rows) the samples' rows, node by node; before, times of each row */
	PackedSample *samples; /* (n_rows) */
	double *class_weights; /* (n_classes) for this tree */
	bool unit_weights;     /* all of them are 1 */
	uint32_t *class_counts;  /* (n_classes) of the node at hand */
	uint32_t *feature_order; /* (n_features) those drawn for the node at hand come first */

	OpenNode open[MAX_TREE_DEPTH + 1]; /* the last one is the next node */
	uint32_t n_open;

	/* the node at hand */
	bool in_node;
	uint32_t n_visited; /* features looked at */
	bool varied;        /* one of them was not constant */
	bool found;
	ForestSplit best;

	uint32_t n_nodes;
	TreeNode *nodes;   /* (2 * max_leaves - 1) */
	double *decreases; /* (2 * max_leaves - 1) of a split: weighted decrease of the impurity */
	uint32_t n_shares;
	LeafShare *shares; /* (n_rows) more than two classes only */
} ForestTree;

/* Scratch memory of a thread. */
typedef struct ForestScratch
{
	SplitScratch split;
	uint32_t *rows;        /* (n_rows) */
	PackedSample *samples; /* (n_rows) */
} ForestScratch;

/* Bytes that forest_tree_allocate takes. */
extern size_t forest_tree_size(const ForestProblem *problem);

extern ForestTree *forest_tree_allocate(const ForestProblem *problem);
extern void forest_tree_free(ForestTree *tree);
extern ForestScratch *forest_scratch_allocate(const ForestProblem *problem);
extern void forest_scratch_free(ForestScratch *scratch);

/* Begin tree number number. */
extern void forest_tree_begin(const ForestProblem *problem, ForestTree *tree, uint32_t number);

/*
 * Go on for some milliseconds; answers whether the tree is complete. Uses no function of the host.
 */
extern bool forest_tree_grow(const ForestProblem *problem, ForestTree *tree,
							 ForestScratch *scratch);

/*
 * Add what each feature contributes to the tree, all together 1, if there is a split. importances:
 * (n_features)
 */
extern void forest_tree_add_importances(const ForestTree *tree, double *decreases,
										uint32_t n_features, double *importances);

#endif /* SENTIMENT_FOREST_TREE_H */
