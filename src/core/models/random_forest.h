/*
 * random_forest.h
 *	  Random forest: the mean of many decision trees, each grown on its own sample of the rows.
 */
#ifndef SENTIMENT_RANDOM_FOREST_H
#define SENTIMENT_RANDOM_FOREST_H

#include "core/models/classifier.h"

typedef enum TreeMaxFeatures
{
	TREE_MAX_FEATURES_SQRT,
	TREE_MAX_FEATURES_LOG2,
	TREE_MAX_FEATURES_ALL
} TreeMaxFeatures;

typedef enum ForestClassWeight
{
	FOREST_CLASS_WEIGHT_NONE,
	FOREST_CLASS_WEIGHT_BALANCED,
	FOREST_CLASS_WEIGHT_BALANCED_SUBSAMPLE
} ForestClassWeight;

typedef struct RandomForestOptions
{
	int n_estimators;
	int criterion; /* ForestCriterion */
	int max_depth; /* 0: no limit but MAX_TREE_DEPTH */
	int min_samples_split;
	int min_samples_leaf;
	int tree_max_features; /* TreeMaxFeatures */
	bool bootstrap;
	int class_weight; /* ForestClassWeight */
} RandomForestOptions;

extern const ClassifierKind random_forest_kind;

#endif /* SENTIMENT_RANDOM_FOREST_H */
