/*
 * proximal_newton.h
 *	  Logistic regression with an L1 penalty, binary and multinomial.
 */
#ifndef SENTIMENT_PROXIMAL_NEWTON_H
#define SENTIMENT_PROXIMAL_NEWTON_H

#include "core/models/logistic_solver.h"

/*
 * Solve for any number of classes. weights: (n_features, n_outputs), intercepts: (n_outputs); both
 * are overwritten.
 */
extern LogisticRegressionReport proximal_newton(const LogisticProblem *problem, float *weights,
												double *intercepts);

#endif /* SENTIMENT_PROXIMAL_NEWTON_H */
