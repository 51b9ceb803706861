/*
 * logistic_regression.h
 *	  Logistic regression, binary and multinomial, with an L2 or L1 penalty.
 */
#ifndef SENTIMENT_LOGISTIC_REGRESSION_H
#define SENTIMENT_LOGISTIC_REGRESSION_H

#include "core/models/classifier.h"

typedef enum LogisticRegressionPenalty
{
	PENALTY_L2,
	PENALTY_L1
} LogisticRegressionPenalty;

typedef enum ClassWeight
{
	CLASS_WEIGHT_NONE,
	CLASS_WEIGHT_BALANCED
} ClassWeight;

typedef struct LogisticRegressionOptions
{
	double C;         /* inverse strength of the penalty */
	int penalty;      /* LogisticRegressionPenalty */
	int class_weight; /* ClassWeight */
	int max_iter;     /* passes over the rows at most */
	double tol;       /* when to stop, see logistic_regression.c */
} LogisticRegressionOptions;

/* What a solver did. */
typedef struct LogisticRegressionReport
{
	int iterations;
	bool converged;
} LogisticRegressionReport;

extern const ClassifierKind logistic_regression_kind;

#endif /* SENTIMENT_LOGISTIC_REGRESSION_H */
