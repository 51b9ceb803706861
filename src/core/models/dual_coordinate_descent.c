/*
 * dual_coordinate_descent.c
 *	  Binary logistic regression with an L2 penalty, by coordinate descent in the dual.
 *
 * After Yu, Huang & Lin 2011, "Dual coordinate descent methods for logistic regression and maximum
 * entropy models" (https://doi.org/10.1007/s10994-010-5221-8), with an intercept that carries no
 * penalty.
 *
 * Each row i has one dual variable a_i in [0, 1], which at the optimum is the probability that the
 * model gives to the wrong label. With y_i = +1 or -1 and c_i the cost of the row,
 *
 *		w = sum over i of c_i y_i a_i x_i.
 *
 * A visit to row i sets a_i to its best value while all others stay. With the margin
 * m = y_i (w.x_i + b) and q = c_i ||x_i||^2 that is a_i = sigmoid(-u), where u solves
 *
 *		u - q sigmoid(-u) = m - q a_i,
 *
 * an equation in one unknown with an increasing left side. Its residual, |sigmoid(-m) - a_i|, says
 * how far the probability of the row was from its dual variable.
 *
 * The intercept. That it has no penalty is, in the dual, the constraint s = sum c_i y_i a_i = 0.
 * It is kept by the method of multipliers: b = multiplier + r s, as if there were a feature with
 * the value sqrt(r) in every row (so q grows by c_i r), and the multiplier moves to b several times
 * an epoch. It rests where s = 0, at the optimum without a penalty on b, whatever r > 0; r decides
 * how fast. A small r is good as long as r times the curvature of the loss in b is well above 1.
 * On its way b swings about its resting place, so the answer is a running mean of it.
 *
 * The weights are float while they are solved for, which keeps them in the caches: they drift from
 * the sum above by some 1e-6 of their size, which is far below any tol that makes sense.
 */
#include <math.h>
#include <string.h>

#include "core/models/dual_coordinate_descent.h"
#include "core/models/dual_epochs.h"

/* Newton's method ends with a step below this; the error is then about the step's square. */
#define MARGIN_STEP 1e-4

typedef struct BinaryState
{
	const LogisticProblem *problem;
	float *weights;             /* (n_features) */
	float *duals;               /* (n_rows) a_i */
	const float *squared_norms; /* (n_rows) ||x_i||^2 */
	double intercept;           /* multiplier + intercept_rate * dual_sum */
	double smoothed_intercept;
	double multiplier;
	double intercept_rate; /* r */
	double dual_sum;       /* s */
} BinaryState;

/* w.x, summed in a fixed order. */
static double
dot_product(const float *weights, const SparseRow *row)
{
	const uint32_t *indices = row->indices;
	const float *values = row->values;
	double sum0 = 0;
	double sum1 = 0;
	double sum2 = 0;
	double sum3 = 0;
	uint32_t j = 0;

	for (; j + 4 <= row->count; j += 4)
	{
		sum0 += (double) weights[indices[j]] * values[j];
		sum1 += (double) weights[indices[j + 1]] * values[j + 1];
		sum2 += (double) weights[indices[j + 2]] * values[j + 2];
		sum3 += (double) weights[indices[j + 3]] * values[j + 3];
	}
	for (; j < row->count; j++)
		sum0 += (double) weights[indices[j]] * values[j];
	return (sum0 + sum1) + (sum2 + sum3);
}

/* w += factor * x */
static void
add_scaled_row(float *weights, const SparseRow *row, float factor)
{
	for (uint32_t j = 0; j < row->count; j++)
		weights[row->indices[j]] += factor * row->values[j];
}

/*
 * Find the best value of a dual variable by Newton's method on u, which starts at the margin and
 * stays within a bracket: the left side of the equation increases, and the solution lies in
 * [target, target + q]. start: sigmoid(-margin)
 */
static double
solve_dual(double margin, double q, double old_dual, double start)
{
	double target = margin - q * old_dual;
	double low = target;
	double high = target + q;
	double u = margin;
	double dual = start;

	for (int i = 0; i < 60; i++)
	{
		double slope = dual * (1 - dual);
		double excess = u - q * dual - target;
		double step = -excess / (1 + q * slope);

		if (fabs(step) <= MARGIN_STEP)
			return fmin(fmax(dual - slope * step, 0), 1);
		if (excess > 0)
			high = u;
		else
			low = u;
		u += step;
		if (!(u > low && u < high))
			u = (low + high) / 2;
		dual = sigmoid(-u);
	}
	return dual;
}

/* Set the dual variable of one row to its best value. Answers the residual before. */
static double
visit_row(void *state_pointer, uint32_t row_number, double cost_scale)
{
	BinaryState *state = state_pointer;
	const LogisticProblem *problem = state->problem;
	SparseRow row = sparse_matrix_row(problem->features, row_number);
	uint32_t label = problem->labels[row_number];
	double sign = label == 1 ? 1 : -1;
	double cost = problem->class_costs[label] * cost_scale;
	double q = cost * (state->squared_norms[row_number] + state->intercept_rate);
	double old_dual = state->duals[row_number];
	double margin = sign * (dot_product(state->weights, &row) + state->intercept);
	double probability = sigmoid(-margin);
	float new_dual = (float) solve_dual(margin, q, old_dual, probability);
	double change = cost * sign * (new_dual - old_dual);

	state->duals[row_number] = new_dual;
	state->dual_sum += change;
	state->intercept = state->multiplier + state->intercept_rate * state->dual_sum;
	add_scaled_row(state->weights, &row, (float) change);
	return fabs(probability - old_dual);
}

/* Move the multiplier to the intercept, and the intercept on from there. */
static void
move_multiplier(void *state_pointer)
{
	BinaryState *state = state_pointer;

	state->multiplier = state->intercept;
	state->smoothed_intercept +=
		INTERCEPT_SMOOTHING * (state->intercept - state->smoothed_intercept);
	state->intercept = state->multiplier + state->intercept_rate * state->dual_sum;
}

/* Rescale all dual variables. */
static void
rescale_duals(void *state_pointer, double factor)
{
	BinaryState *state = state_pointer;

	for (uint32_t i = 0; i < state->problem->features->n_rows; i++)
		state->duals[i] *= (float) factor;
}

LogisticRegressionReport
dual_coordinate_descent(const LogisticProblem *problem, float *weights, double *intercept)
{
	const SparseMatrix *features = problem->features;
	double cost0 = problem->class_counts[0] * problem->class_costs[0];
	double cost1 = problem->class_counts[1] * problem->class_costs[1];
	RowSizes sizes = dual_epochs_measure_rows(problem);
	BinaryState state = {
		.problem = problem, .weights = weights, .squared_norms = sizes.squared_norms};
	DualSolver solver = {problem, &state, visit_row, move_multiplier, rescale_duals};
	LogisticRegressionReport report;

	/* w = 0 and a_i = 0, with the intercept that is best for w = 0 */
	memset(weights, 0, sizeof(float) * features->n_features);
	state.duals = host_allocate_zero_array(float, features->n_rows);
	state.intercept_rate = dual_epochs_intercept_rate(&sizes, cost0 * cost1 / (cost0 + cost1));
	state.multiplier = log(cost1 / cost0);
	state.intercept = state.multiplier;
	state.smoothed_intercept = state.multiplier;
	report = dual_epochs_run(&solver, &sizes);
	*intercept = state.smoothed_intercept;
	host_free(state.duals);
	host_free(sizes.squared_norms);
	return report;
}
