/*
 * multinomial_dual_coordinate_descent.h
 *	  Multinomial logistic regression with an L2 penalty.
 */
#ifndef SENTIMENT_MULTINOMIAL_DUAL_COORDINATE_DESCENT_H
#define SENTIMENT_MULTINOMIAL_DUAL_COORDINATE_DESCENT_H

#include "core/models/logistic_solver.h"

/*
 * Solve for three classes or more. weights: (n_features, n_classes), intercepts: (n_classes); both
 * are overwritten.
 */
extern LogisticRegressionReport multinomial_dual_coordinate_descent(const LogisticProblem *problem,
																	float *weights,
																	double *intercepts);

#endif /* SENTIMENT_MULTINOMIAL_DUAL_COORDINATE_DESCENT_H */
