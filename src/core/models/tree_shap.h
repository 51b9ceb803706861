/*
 * tree_shap.h
 *	  Exact Shapley values of the features for what a tree says about a row.
 *
 * Path-dependent TreeSHAP (Lundberg, Erion and Lee: Consistent Individualized Feature Attribution
 * for Tree Ensembles, 2018): what the tree would say if only some of the row's values were known is
 * the mean over the ways that an unknown value may go, each as likely as it was for the training
 * rows at that split. Computed as Linear TreeSHAP does (Yu et al. 2022), in one pass over the
 * nodes; see tree_shap.c.
 */
#ifndef SENTIMENT_TREE_SHAP_H
#define SENTIMENT_TREE_SHAP_H

#include "core/models/decision_tree.h"

/* What the computation needs for trees up to a depth; lies in the caller's memory. */
typedef struct ShapWorkspace ShapWorkspace;

/* Bytes of a workspace for trees of that depth, at most MAX_TREE_DEPTH. */
extern size_t tree_shap_workspace_size(uint32_t max_depth);

/* Make a workspace in memory of that size, aligned to 8. */
extern ShapWorkspace *tree_shap_prepare(void *memory, uint32_t max_depth);

/* What a leaf says. */
typedef double (*ShapLeafOutput)(const void *context, const TreeNode *leaf);

/*
 * Add each feature's Shapley value, times scale, to contributions (n_features), and answer the mean
 * output (times scale) if no value is known; together they sum to the output times scale.
 * values: (n_features)
 */
extern double tree_shap(ShapWorkspace *workspace, const TreeNode *root, const float *values,
						ShapLeafOutput leaf_output, const void *context, double scale,
						double *contributions);

#endif /* SENTIMENT_TREE_SHAP_H */
