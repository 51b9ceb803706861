/*
 * dual_epochs.h
 *	  Epochs of dual coordinate descent: which row is visited when, and when to stop.
 */
#ifndef SENTIMENT_DUAL_EPOCHS_H
#define SENTIMENT_DUAL_EPOCHS_H

#include "core/models/logistic_solver.h"

/* Sizes of the rows, of which steps and rates are made. */
typedef struct RowSizes
{
	float *squared_norms;     /* (n_rows) ||x_i||^2, allocated */
	double mean_squared_norm; /* over the rows */
	double mean_q;            /* mean of cost * ||x_i||^2 */
} RowSizes;

/* Weight of an intercept in its running mean when the multipliers move; the mean is the answer. */
#define INTERCEPT_SMOOTHING 0.33

/* What a solver does with a row and with its own state. */
typedef struct DualSolver
{
	const LogisticProblem *problem;
	void *state;

	/*
	 * Set the dual variables of a row to their best values, with this part of the row's cost.
	 * Answers the residual before: how far the row's probabilities were from its dual variables.
	 */
	double (*visit_row)(void *state, uint32_t row, double cost_scale);

	/* Move the multipliers of the intercepts; called several times an epoch. */
	void (*move_multipliers)(void *state);

	/* Rescale the dual variables: costs grow by 1 / factor, and the weights must stay. */
	void (*rescale_duals)(void *state, double factor);
} DualSolver;

/* Measure the rows. */
extern RowSizes dual_epochs_measure_rows(const LogisticProblem *problem);

/* Rate of the method of multipliers for an intercept with this curvature of the loss at w = 0. */
extern double dual_epochs_intercept_rate(const RowSizes *sizes, double curvature);

/* Run epochs until the solution is good enough or max_iter is reached. */
extern LogisticRegressionReport dual_epochs_run(const DualSolver *solver, const RowSizes *sizes);

#endif /* SENTIMENT_DUAL_EPOCHS_H */
