/*
 * dual_coordinate_descent.h
 *	  Binary logistic regression with an L2 penalty.
 */
#ifndef SENTIMENT_DUAL_COORDINATE_DESCENT_H
#define SENTIMENT_DUAL_COORDINATE_DESCENT_H

#include "core/models/logistic_solver.h"

/* Solve for two classes. weights: (n_features); both results are overwritten. */
extern LogisticRegressionReport dual_coordinate_descent(const LogisticProblem *problem,
														float *weights, double *intercept);

#endif /* SENTIMENT_DUAL_COORDINATE_DESCENT_H */
