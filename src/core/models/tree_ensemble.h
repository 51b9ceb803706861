/*
 * tree_ensemble.h
 *	  Many decision trees as a section of a model image: what forests and boosted trees share.
 *
 * The section, little-endian, each part at a multiple of 16 bytes:
 *
 *		TreeEnsembleHeader
 *		double baselines[n_baselines]     outputs before any tree (boosting; a forest has none)
 *		float importances[n_features]     sum up to 1, or all 0
 *		uint32_t tree_starts[n_trees + 1] positions of the trees' roots in nodes
 *		TreeNode nodes[n_nodes]
 *		LeafShare shares[n_shares]        what leaves of more than two classes say (forests)
 */
#ifndef SENTIMENT_TREE_ENSEMBLE_H
#define SENTIMENT_TREE_ENSEMBLE_H

#include "core/models/classifier.h"
#include "core/models/decision_tree.h"

typedef struct TreeEnsembleHeader
{
	uint32_t n_features;
	uint32_t n_classes;
	uint32_t n_baselines;
	uint32_t n_trees;
	uint32_t n_nodes;
	uint32_t n_shares;
	uint32_t max_depth; /* of the deepest tree, at most MAX_TREE_DEPTH */
	uint32_t reserved;
} TreeEnsembleHeader;

/* A leaf's probability of one class; those that it does not list are 0. */
typedef struct LeafShare
{
	uint32_t class_index;
	float probability;
} LeafShare;

/* An ensemble in place in an image. */
typedef struct TreeEnsemble
{
	TreeEnsembleHeader header;
	const double *baselines;
	const float *importances;
	const uint32_t *tree_starts;
	const TreeNode *nodes;
	const LeafShare *shares;
} TreeEnsemble;

/* An ensemble under construction at the end of an image. */
typedef struct TreeEnsembleWriter
{
	TreeEnsembleHeader header;
	ByteBuffer *image;
	size_t start; /* of the section in the image */
	ByteBuffer shares;
} TreeEnsembleWriter;

/* Bytes of a section, of n_trees trees with a leaf each at least. */
extern size_t tree_ensemble_size(uint32_t n_features, uint32_t n_baselines, uint32_t n_trees,
								 uint32_t n_nodes, uint32_t n_shares);

/* Begin a section for at most max_trees trees, at the end of the image. */
extern void tree_ensemble_begin(TreeEnsembleWriter *writer, ByteBuffer *image, uint32_t n_features,
								uint32_t n_classes, uint32_t n_baselines, uint32_t max_trees);

/*
 * Add a tree in preorder. The starts of its leaves' shares count from the tree's own shares; a tree
 * whose leaves are numbers has none. Raises an error if the image becomes too large.
 */
extern void tree_ensemble_add(TreeEnsembleWriter *writer, const TreeNode *nodes, uint32_t n_nodes,
							  const LeafShare *shares, uint32_t n_shares);

/*
 * Finish the section. baselines: (n_baselines); importances: (n_features), as they are before they
 * are made to sum up to 1
 */
extern void tree_ensemble_finish(TreeEnsembleWriter *writer, const double *baselines,
								 const double *importances);

/*
 * Check a section for the classifier, with n_baselines; what its leaves say is left to the caller.
 * Answers NULL, or what is wrong, and then no more of the ensemble may be used.
 */
extern const char *tree_ensemble_validate(const Classifier *classifier, uint32_t n_baselines,
										  TreeEnsemble *ensemble);

/* The ensemble of a checked section. */
extern TreeEnsemble tree_ensemble_open(const Classifier *classifier);

/* Bytes of scratch memory for rows and for explanations. */
extern size_t tree_ensemble_scratch_size(const Classifier *classifier);

/* Put a row's values into the scratch memory, where features that it lacks are 0: (n_features) */
extern const float *tree_ensemble_set_row(const Classifier *classifier, const SparseRow *row);

/* Make the scratch memory zero again. */
extern void tree_ensemble_clear_row(const Classifier *classifier, const SparseRow *row);

/* Trees whose leaves are looked for at once. */
#define TREES_AT_ONCE 8

/*
 * The leaves that a row ends in, of count trees from first on, at most TREES_AT_ONCE. leaves:
 * (count)
 */
extern void tree_ensemble_leaves(const TreeEnsemble *ensemble, const float *values, uint32_t first,
								 uint32_t count, const TreeNode **leaves);

/* What a leaf says, as a number: the caller's. */
typedef double (*LeafOutput)(const TreeEnsemble *ensemble, const TreeNode *leaf, uint32_t output);

/*
 * Explain scale times the sum of what the trees first, first + step, ... say about an output, by
 * exact Shapley values (tree_shap.h). contributions: (row->count); answers what they leave of the
 * output: the mean over the training rows, and what features add that the row has no entry for.
 * Checks for interrupts.
 */
extern double tree_ensemble_explain(const Classifier *classifier, const SparseRow *row,
									uint32_t first, uint32_t step, LeafOutput leaf_output,
									uint32_t output, double scale, double *contributions);

/* importances: (n_features) */
extern void tree_ensemble_importance(const Classifier *classifier, double *importances);

#endif /* SENTIMENT_TREE_ENSEMBLE_H */
