/*
 * tree_shap.h
 *	  Exact Shapley values of the features for what a tree says about a row.
 *
 * Lundberg, Erion and Lee: Consistent Individualized Feature Attribution for Tree Ensembles (2018),
 * algorithm 2. What the tree would say if only some of the row's values were known is the mean over
 * the ways that an unknown value may go, each as likely as it was for the training rows at that
 * split.
 */
#ifndef SENTIMENT_TREE_SHAP_H
#define SENTIMENT_TREE_SHAP_H

#include "core/models/decision_tree.h"

/* One feature on the way from the root, or the root itself. */
typedef struct ShapPathElement
{
	uint32_t feature;
	double zero_fraction; /* of the ways that stay on the path if the feature is unknown */
	double one_fraction;  /* 1 if the row itself stays on the path, else 0 */
	double weight;        /* of the subsets of features of one size */
} ShapPathElement;

/* Path elements that tree_shap needs for a tree of that depth. */
extern size_t tree_shap_path_size(uint32_t max_depth);

/* What a leaf says. */
typedef double (*ShapLeafOutput)(const void *context, const TreeNode *leaf);

/*
 * Add each feature's Shapley value, times scale, to contributions (n_features), and answer the mean
 * output (times scale) if no value is known; together they sum to the output times scale.
 * values: (n_features); path: scratch of tree_shap_path_size elements
 */
extern double tree_shap(const TreeNode *root, const float *values, ShapLeafOutput leaf_output,
						const void *context, double scale, ShapPathElement *path,
						double *contributions);

#endif /* SENTIMENT_TREE_SHAP_H */
