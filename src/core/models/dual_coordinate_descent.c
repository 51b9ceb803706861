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
 * an equation in one unknown with an increasing left side. An epoch visits all rows once, in an
 * order shuffled anew: in the rows' own order descent takes several times as many epochs.
 *
 * The intercept. That it has no penalty is, in the dual, the constraint s = sum c_i y_i a_i = 0.
 * It is kept by the method of multipliers: b = multiplier + r s, as if there were a feature with
 * the value sqrt(r) in every row, and the multiplier moves to b after every epoch. It rests where
 * s = 0, at the optimum without a penalty on b, whatever r > 0; r decides how fast. A small r is
 * good as long as r times the curvature of the loss in b is well above 1.
 *
 * When to stop. tol bounds | sigmoid(-m) - a_i |, how far the probability of a row was from its
 * dual variable when it was visited, for all rows of an epoch. At the optimum it is 0.
 */
#include <string.h>

#include "core/host.h"
#include "core/models/dual_coordinate_descent.h"

/* The value of r, as a share of the mean of ||x_i||^2. */
#define INTERCEPT_SHARE 0.05

/* And r times the curvature of the loss in the intercept is this at least. */
#define INTERCEPT_CURVATURE 10.0

typedef struct Solver
{
	const LogisticProblem *problem;
	float *weights;       /* (n_features) */
	uint32_t *order;      /* (n_rows) rows in the order of the visits */
	float *duals;         /* (n_rows) a_i */
	float *squared_norms; /* (n_rows) ||x_i||^2 */
	double intercept;     /* multiplier + intercept_rate * dual_sum */
	double multiplier;
	double intercept_rate;   /* r */
	double dual_sum;         /* s */
	double largest_residual; /* of this epoch */
} Solver;

/* ||x||^2 */
static double
squared_norm(const SparseRow *row)
{
	double sum = 0;

	for (uint32_t j = 0; j < row->count; j++)
		sum += (double) row->values[j] * row->values[j];
	return sum;
}

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

/* Bring the weights that a row will need near, and the entries of the row after it. */
static void
prefetch_rows(const Solver *solver, uint32_t position)
{
	const LogisticProblem *problem = solver->problem;
	uint32_t n_rows = problem->features->n_rows;

	if (position + 1 < n_rows)
	{
		SparseRow row = sparse_matrix_row(problem->features, solver->order[position + 1]);

		for (uint32_t j = 0; j < row.count; j++)
			__builtin_prefetch(&solver->weights[row.indices[j]], 1);
	}
	if (position + 2 < n_rows)
	{
		SparseRow row = sparse_matrix_row(problem->features, solver->order[position + 2]);

		for (uint32_t j = 0; j < row.count; j += 16)
		{
			__builtin_prefetch(&row.indices[j]);
			__builtin_prefetch(&row.values[j]);
		}
	}
}

/*
 * Solve u - q sigmoid(-u) = target by Newton's method within a bracket: the left side increases,
 * and the solution lies in [target, target + q].
 */
static double
solve_margin(double target, double q, double start)
{
	double low = target;
	double high = target + q;
	double u = fmin(fmax(start, low), high);

	for (int i = 0; i < 60; i++)
	{
		double dual = sigmoid(-u);
		double excess = u - q * dual - target;
		double next = u - excess / (1 + q * dual * (1 - dual));

		if (excess > 0)
			high = u;
		else
			low = u;
		if (!(next > low && next < high))
			next = (low + high) / 2;
		if (fabs(next - u) <= 1e-7)
			return next;
		u = next;
	}
	return u;
}

/* Set the dual variable of one row to its best value. */
static void
visit_row(Solver *solver, uint32_t row_number)
{
	const LogisticProblem *problem = solver->problem;
	SparseRow row = sparse_matrix_row(problem->features, row_number);
	uint32_t label = problem->labels[row_number];
	double sign = label == 1 ? 1 : -1;
	double cost = problem->class_costs[label];
	double q = cost * (solver->squared_norms[row_number] + solver->intercept_rate);
	double old_dual = solver->duals[row_number];
	double margin = sign * (dot_product(solver->weights, &row) + solver->intercept);
	double residual = fabs(sigmoid(-margin) - old_dual);
	float new_dual = (float) sigmoid(-solve_margin(margin - q * old_dual, q, margin));
	double change = cost * sign * (new_dual - old_dual);

	if (residual > solver->largest_residual)
		solver->largest_residual = residual;
	solver->duals[row_number] = new_dual;
	solver->dual_sum += change;
	solver->intercept = solver->multiplier + solver->intercept_rate * solver->dual_sum;
	add_scaled_row(solver->weights, &row, (float) change);
}

/* Visit all rows once in a new order, then move the multiplier. */
static void
run_epoch(Solver *solver, int epoch)
{
	uint32_t n_rows = solver->problem->features->n_rows;

	solver->largest_residual = 0;
	shuffle_rows(solver->order, n_rows, solver->problem->seed, epoch);
	for (uint32_t position = 0; position < n_rows; position++)
	{
		if (position % ROWS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
		prefetch_rows(solver, position);
		visit_row(solver, solver->order[position]);
	}
	solver->multiplier = solver->intercept;
	solver->intercept = solver->multiplier + solver->intercept_rate * solver->dual_sum;
}

/* Start at w = 0 and all a_i = 0, with the intercept that is best for w = 0. */
static void
initialize(Solver *solver, const LogisticProblem *problem, float *weights)
{
	const SparseMatrix *features = problem->features;
	double cost0 = problem->class_counts[0] * problem->class_costs[0];
	double cost1 = problem->class_counts[1] * problem->class_costs[1];
	double curvature = cost0 * cost1 / (cost0 + cost1);
	double norm_sum = 0;

	solver->problem = problem;
	solver->weights = weights;
	memset(weights, 0, sizeof(float) * features->n_features);
	solver->order = host_allocate_array(uint32_t, features->n_rows);
	solver->duals = host_allocate_zero_array(float, features->n_rows);
	solver->squared_norms = host_allocate_array(float, features->n_rows);
	for (uint32_t i = 0; i < features->n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(features, i);

		if (i % ROWS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
		solver->order[i] = i;
		solver->squared_norms[i] = (float) squared_norm(&row);
		norm_sum += solver->squared_norms[i];
	}
	solver->intercept_rate =
		INTERCEPT_SHARE * norm_sum / features->n_rows + INTERCEPT_CURVATURE / curvature;
	solver->dual_sum = 0;
	solver->multiplier = log(cost1 / cost0);
	solver->intercept = solver->multiplier;
}

LogisticRegressionReport
dual_coordinate_descent(const LogisticProblem *problem, float *weights, double *intercept)
{
	LogisticRegressionReport report = {0, false};
	Solver solver;

	initialize(&solver, problem, weights);
	while (!report.converged && report.iterations < problem->max_iter)
	{
		run_epoch(&solver, report.iterations++);
		report.converged = solver.largest_residual <= problem->tol;
	}
	*intercept = solver.intercept;
	host_free(solver.order);
	host_free(solver.duals);
	host_free(solver.squared_norms);
	return report;
}
