/*
 * hist_gradient_boosting.h
 *	  Gradient boosting: a sum of small decision trees, each grown to correct those before it.
 */
#ifndef SENTIMENT_HIST_GRADIENT_BOOSTING_H
#define SENTIMENT_HIST_GRADIENT_BOOSTING_H

#include "core/models/classifier.h"

typedef enum EarlyStopping
{
	EARLY_STOPPING_AUTO,
	EARLY_STOPPING_TRUE,
	EARLY_STOPPING_FALSE
} EarlyStopping;

typedef enum BoostingClassWeight
{
	BOOSTING_CLASS_WEIGHT_NONE,
	BOOSTING_CLASS_WEIGHT_BALANCED
} BoostingClassWeight;

typedef struct HistGradientBoostingOptions
{
	double learning_rate;
	int max_iter;
	int max_leaf_nodes;
	int max_depth; /* 0: no limit but MAX_TREE_DEPTH */
	int min_samples_leaf;
	double l2_regularization;
	int max_bins;
	int early_stopping; /* EarlyStopping */
	double validation_fraction;
	int n_iter_no_change;
	double tol;
	int class_weight; /* BoostingClassWeight */
} HistGradientBoostingOptions;

extern const ClassifierKind hist_gradient_boosting_kind;

#endif /* SENTIMENT_HIST_GRADIENT_BOOSTING_H */
