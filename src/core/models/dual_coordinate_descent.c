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
 * An epoch visits all rows once, in an order shuffled anew: in the rows' own order descent takes
 * several times as many epochs. Then it visits the rows whose residual stood out once more: rows
 * that are nearly equal correct each other slowly, and they are few.
 *
 * The intercept. That it has no penalty is, in the dual, the constraint s = sum c_i y_i a_i = 0.
 * It is kept by the method of multipliers: b = multiplier + r s, as if there were a feature with
 * the value sqrt(r) in every row, and the multiplier moves to b several times an epoch. It rests
 * where s = 0, at the optimum without a penalty on b, whatever r > 0; r decides how fast. A small
 * r is good as long as r times the curvature of the loss in b is well above 1.
 *
 * A large C. Where q is in the hundreds, descent from a_i = 0 wanders for a long time. So the costs
 * begin with a part of their size, and grow from epoch to epoch; the weights carry over.
 *
 * When to stop. tol bounds the largest residual of an epoch, each taken before its row was put
 * right. On TF-IDF rows the probabilities of held-out rows are then ten times closer to the optimum
 * than that, or more.
 *
 * The weights are float while they are solved for, which keeps them in the caches: they drift from
 * the sum above by some 1e-6 of their size, which is far below any tol that makes sense.
 */
#include <string.h>

#include "core/host.h"
#include "core/models/dual_coordinate_descent.h"

/* The value of r, as a share of the mean of ||x_i||^2. */
#define INTERCEPT_SHARE 0.05

/* And r times the curvature of the loss in the intercept is this at least. */
#define INTERCEPT_CURVATURE 10.0

/* Moves of the multiplier in an epoch. */
#define MULTIPLIER_MOVES 4

/* Mean of q in the first epoch at most, and the factor by which costs grow from epoch to epoch. */
#define FIRST_MEAN_Q 50.0
#define COST_GROWTH  4.0

/*
 * A row stands out if its residual is above this share of the root mean square of the epoch before
 * (in this epoch it is about a third of that).
 */
#define STAND_OUT_SHARE 0.4

/* Rows of an epoch that may be visited twice, as a share. */
#define MAX_REVISITED_SHARE 0.5

/* Newton's method ends with a step below this; the error is then about the step's square. */
#define MARGIN_STEP 1e-4

typedef struct Solver
{
	const LogisticProblem *problem;
	float *weights;       /* (n_features) */
	uint32_t *order;      /* (n_rows) rows in the order of the visits */
	float *duals;         /* (n_rows) a_i */
	float *squared_norms; /* (n_rows) ||x_i||^2 */
	double mean_q;        /* mean of q over the rows at full cost */
	double cost_scale;    /* part of the costs that counts in this epoch */
	double intercept;     /* multiplier + intercept_rate * dual_sum */
	double multiplier;
	double intercept_rate;    /* r */
	double dual_sum;          /* s */
	uint32_t visits;          /* since the multiplier moved */
	double largest_residual;  /* of this epoch */
	double squared_residuals; /* their sum */
	double stand_out;         /* residual from which a row is visited again */
} Solver;

/* A row's dual variable, and how far it was from the row's probability. */
typedef struct Visit
{
	double dual;
	double residual;
} Visit;

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

/* Bring the entries of a row near; its weights are mostly in a cache already. */
static void
prefetch_row(const SparseMatrix *features, uint32_t row_number)
{
	SparseRow row = sparse_matrix_row(features, row_number);

	for (uint32_t j = 0; j < row.count; j += 16)
	{
		__builtin_prefetch(&row.indices[j]);
		__builtin_prefetch(&row.values[j]);
	}
}

/*
 * Find the best value of a dual variable by Newton's method on u, which starts at the margin and
 * stays within a bracket: the left side of the equation increases, and the solution lies in
 * [target, target + q].
 */
static Visit
solve_dual(double margin, double q, double old_dual)
{
	double target = margin - q * old_dual;
	double low = target;
	double high = target + q;
	double u = margin;
	double dual = sigmoid(-u);
	Visit visit = {0, fabs(dual - old_dual)};

	for (int i = 0; i < 60; i++)
	{
		double slope = dual * (1 - dual);
		double excess = u - q * dual - target;
		double step = -excess / (1 + q * slope);

		if (fabs(step) <= MARGIN_STEP)
		{
			dual -= slope * step;
			break;
		}
		if (excess > 0)
			high = u;
		else
			low = u;
		u += step;
		if (!(u > low && u < high))
			u = (low + high) / 2;
		dual = sigmoid(-u);
	}
	visit.dual = dual;
	return visit;
}

/* Move the multiplier to the intercept, and the intercept on from there. */
static void
move_multiplier(Solver *solver)
{
	solver->visits = 0;
	solver->multiplier = solver->intercept;
	solver->intercept = solver->multiplier + solver->intercept_rate * solver->dual_sum;
}

/* Set the dual variable of one row to its best value. Answers the residual before. */
static double
visit_row(Solver *solver, uint32_t row_number)
{
	const LogisticProblem *problem = solver->problem;
	SparseRow row = sparse_matrix_row(problem->features, row_number);
	uint32_t label = problem->labels[row_number];
	double sign = label == 1 ? 1 : -1;
	double cost = problem->class_costs[label] * solver->cost_scale;
	double q = cost * (solver->squared_norms[row_number] + solver->intercept_rate);
	float old_dual = solver->duals[row_number];
	double margin = sign * (dot_product(solver->weights, &row) + solver->intercept);
	Visit visit = solve_dual(margin, q, old_dual);
	float new_dual = (float) visit.dual;
	double change = cost * sign * ((double) new_dual - old_dual);

	solver->duals[row_number] = new_dual;
	solver->dual_sum += change;
	solver->intercept = solver->multiplier + solver->intercept_rate * solver->dual_sum;
	add_scaled_row(solver->weights, &row, (float) change);
	if (++solver->visits > problem->features->n_rows / MULTIPLIER_MOVES)
		move_multiplier(solver);
	return visit.residual;
}

/*
 * Visit the first count rows of the order. Those that stand out are moved to its front; answers
 * their number.
 */
static uint32_t
visit_rows(Solver *solver, uint32_t count)
{
	uint32_t n_standing_out = 0;

	solver->largest_residual = 0;
	solver->squared_residuals = 0;
	for (uint32_t position = 0; position < count; position++)
	{
		uint32_t row_number = solver->order[position];
		double residual;

		if (position % ROWS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
		if (position + 1 < count)
			prefetch_row(solver->problem->features, solver->order[position + 1]);
		residual = visit_row(solver, row_number);
		solver->squared_residuals += residual * residual;
		if (residual > solver->largest_residual)
			solver->largest_residual = residual;
		if (residual > solver->stand_out)
		{
			solver->order[position] = solver->order[n_standing_out];
			solver->order[n_standing_out++] = row_number;
		}
	}
	return n_standing_out;
}

/* Let the costs grow; the dual variables shrink so that the weights stay what they are. */
static void
grow_costs(Solver *solver)
{
	double scale = fmin(1, solver->cost_scale * COST_GROWTH);
	float shrink = (float) (solver->cost_scale / scale);

	if (scale == solver->cost_scale)
		return;
	for (uint32_t i = 0; i < solver->problem->features->n_rows; i++)
		solver->duals[i] *= shrink;
	solver->cost_scale = scale;
}

/* Visit all rows, and some again. Answers whether the solution was good enough before. */
static bool
run_epoch(Solver *solver, int epoch)
{
	uint32_t n_rows = solver->problem->features->n_rows;
	uint64_t seed = solver->problem->seed;
	bool good;
	uint32_t n_standing_out;

	shuffle_rows(solver->order, n_rows, seed, 2 * (uint64_t) epoch);
	n_standing_out = visit_rows(solver, n_rows);
	good = solver->largest_residual <= solver->problem->tol && solver->cost_scale == 1;
	solver->stand_out = STAND_OUT_SHARE * sqrt(solver->squared_residuals / n_rows);
	if (!good && n_standing_out <= MAX_REVISITED_SHARE * n_rows)
	{
		shuffle_rows(solver->order, n_standing_out, seed, 2 * (uint64_t) epoch + 1);
		visit_rows(solver, n_standing_out);
	}
	return good;
}

/* Sum up ||x_i||^2 and q. */
static void
measure_rows(Solver *solver, double *mean_squared_norm)
{
	const LogisticProblem *problem = solver->problem;
	const SparseMatrix *features = problem->features;
	double norm_sum = 0;
	double q_sum = 0;

	for (uint32_t i = 0; i < features->n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(features, i);
		double norm = squared_norm(&row);

		if (i % ROWS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
		solver->squared_norms[i] = (float) norm;
		norm_sum += norm;
		q_sum += norm * problem->class_costs[problem->labels[i]];
	}
	*mean_squared_norm = norm_sum / features->n_rows;
	solver->mean_q = q_sum / features->n_rows;
}

/* Start at w = 0 and all a_i = 0, with the intercept that is best for w = 0. */
static void
initialize(Solver *solver, const LogisticProblem *problem, float *weights)
{
	const SparseMatrix *features = problem->features;
	double cost0 = problem->class_counts[0] * problem->class_costs[0];
	double cost1 = problem->class_counts[1] * problem->class_costs[1];
	double curvature = cost0 * cost1 / (cost0 + cost1);
	double mean_squared_norm;

	*solver = (Solver){.problem = problem, .weights = weights};
	memset(weights, 0, sizeof(float) * features->n_features);
	solver->order = host_allocate_array(uint32_t, features->n_rows);
	solver->duals = host_allocate_zero_array(float, features->n_rows);
	solver->squared_norms = host_allocate_array(float, features->n_rows);
	for (uint32_t i = 0; i < features->n_rows; i++)
		solver->order[i] = i;
	measure_rows(solver, &mean_squared_norm);
	solver->cost_scale = solver->mean_q > FIRST_MEAN_Q ? FIRST_MEAN_Q / solver->mean_q : 1;
	solver->intercept_rate = INTERCEPT_SHARE * mean_squared_norm + INTERCEPT_CURVATURE / curvature;
	solver->multiplier = log(cost1 / cost0);
	solver->intercept = solver->multiplier;
	solver->stand_out = 1; /* nothing does in the first epoch */
}

LogisticRegressionReport
dual_coordinate_descent(const LogisticProblem *problem, float *weights, double *intercept)
{
	LogisticRegressionReport report = {0, false};
	Solver solver;

	initialize(&solver, problem, weights);
	while (!report.converged && report.iterations < problem->max_iter)
	{
		if (report.iterations > 0)
			grow_costs(&solver);
		report.converged = run_epoch(&solver, report.iterations++);
	}
	*intercept = solver.intercept;
	host_free(solver.order);
	host_free(solver.duals);
	host_free(solver.squared_norms);
	return report;
}
