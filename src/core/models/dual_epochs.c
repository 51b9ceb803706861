/*
 * dual_epochs.c
 *	  Epochs of dual coordinate descent: which row is visited when, and when to stop.
 *
 * An epoch visits all rows once, in an order shuffled anew: in the rows' own order descent takes
 * several times as many epochs. Short runs of neighbours stay together, because memory is read
 * faster that way. Then it visits the rows whose residual stood out once more: rows that are
 * nearly equal correct each other slowly, and they are few.
 *
 * A large C. Where q = cost * ||x||^2 is in the hundreds, descent from nothing wanders for a long
 * time. So the costs begin with a part of their size, and grow from epoch to epoch; the weights
 * carry over.
 *
 * When to stop. tol bounds the largest residual of an epoch, each taken before its row was put
 * right. On TF-IDF rows the probabilities of held-out rows are then about ten times closer to the
 * optimum than that; on a hundred short rows of a few dozen features, two or three times.
 */
#include <math.h>

#include "core/host.h"
#include "core/models/dual_epochs.h"

/* Rate of the multipliers' method, as a share of the mean of ||x||^2. */
#define INTERCEPT_SHARE 0.05

/* And the rate times the curvature of the loss in the intercept is this at least. */
#define INTERCEPT_CURVATURE 10.0

/* Neighbouring rows that are visited one after the other. */
#define RUN_LENGTH 4

/* Moves of the multipliers in an epoch. */
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

typedef struct Epochs
{
	const DualSolver *solver;
	uint32_t *order;          /* (n_rows) rows in the order of the visits */
	uint32_t visits;          /* since the multipliers moved */
	double cost_scale;        /* part of the costs that counts in this epoch */
	double largest_residual;  /* of these visits */
	double squared_residuals; /* their sum */
	double stand_out;         /* residual from which a row is visited again */
} Epochs;

/* ||x||^2 */
static double
squared_norm(const SparseRow *row)
{
	double sum = 0;

	for (uint32_t j = 0; j < row->count; j++)
		sum += (double) row->values[j] * row->values[j];
	return sum;
}

RowSizes
dual_epochs_measure_rows(const LogisticProblem *problem)
{
	const SparseMatrix *features = problem->features;
	RowSizes sizes = {host_allocate_array(float, features->n_rows), 0, 0};
	uint64_t work = 0;

	for (uint32_t i = 0; i < features->n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(features, i);
		double norm = squared_norm(&row);

		count_work(&work, row.count + 1);
		sizes.squared_norms[i] = (float) norm;
		sizes.mean_squared_norm += norm / features->n_rows;
		sizes.mean_q += norm * problem->class_costs[problem->labels[i]] / features->n_rows;
	}
	return sizes;
}

double
dual_epochs_intercept_rate(const RowSizes *sizes, double curvature)
{
	return INTERCEPT_SHARE * sizes->mean_squared_norm + INTERCEPT_CURVATURE / curvature;
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

/* Visit one row, and move the multipliers when it is time. Answers the residual. */
static double
visit_row(Epochs *epochs, uint32_t row)
{
	const DualSolver *solver = epochs->solver;
	double residual = solver->visit_row(solver->state, row, epochs->cost_scale);

	epochs->squared_residuals += residual * residual;
	if (residual > epochs->largest_residual)
		epochs->largest_residual = residual;
	if (++epochs->visits > solver->problem->features->n_rows / MULTIPLIER_MOVES)
	{
		solver->move_multipliers(solver->state);
		epochs->visits = 0;
	}
	return residual;
}

/* The work of a visit: entries and a constant, for each output. */
static uint64_t
work_of_row(const LogisticProblem *problem, uint32_t row)
{
	const uint64_t *starts = problem->features->row_starts;

	return (starts[row + 1] - starts[row] + 64) * problem->n_outputs;
}

/*
 * Visit the first count rows of the order. Those that stand out are moved to its front; answers
 * their number.
 */
static uint32_t
visit_rows(Epochs *epochs, uint32_t count)
{
	uint32_t *order = epochs->order;
	uint32_t n_standing_out = 0;
	uint64_t work = 0;

	epochs->largest_residual = 0;
	epochs->squared_residuals = 0;
	for (uint32_t position = 0; position < count; position++)
	{
		uint32_t row = order[position];

		if (position + 1 < count)
			prefetch_row(epochs->solver->problem->features, order[position + 1]);
		if (visit_row(epochs, row) > epochs->stand_out)
		{
			order[position] = order[n_standing_out];
			order[n_standing_out++] = row;
		}
		count_work(&work, work_of_row(epochs->solver->problem, row));
	}
	return n_standing_out;
}

/* Let the costs grow towards their size. */
static void
grow_costs(Epochs *epochs)
{
	const DualSolver *solver = epochs->solver;
	double scale = fmin(1, epochs->cost_scale * COST_GROWTH);

	if (scale == epochs->cost_scale)
		return;
	solver->rescale_duals(solver->state, epochs->cost_scale / scale);
	epochs->cost_scale = scale;
}

/*
 * Put all rows in a new order: runs of neighbours, which are faster to read than single rows, are
 * shuffled. The rows that fill no run come last.
 */
static void
order_rows(Epochs *epochs, int epoch)
{
	const LogisticProblem *problem = epochs->solver->problem;
	uint32_t n_rows = problem->features->n_rows;
	uint32_t n_runs = n_rows / RUN_LENGTH;
	uint32_t *order = epochs->order;

	/* the starts of the runs, shuffled, then spread out from the last one on, in place */
	for (uint32_t i = 0; i < n_runs; i++)
		order[i] = i * RUN_LENGTH;
	shuffle(order, n_runs, problem->seed, 2 * (uint64_t) epoch);
	for (uint32_t i = n_runs; i-- > 0;)
	{
		uint32_t start = order[i];

		for (uint32_t j = 0; j < RUN_LENGTH; j++)
			order[i * RUN_LENGTH + j] = start + j;
	}
	for (uint32_t i = n_runs * RUN_LENGTH; i < n_rows; i++)
		order[i] = i;
}

/* Visit all rows, and some again. Answers whether the solution was good enough before. */
static bool
run_epoch(Epochs *epochs, int epoch)
{
	const LogisticProblem *problem = epochs->solver->problem;
	uint32_t n_rows = problem->features->n_rows;
	uint32_t n_standing_out;
	bool good;

	host_check_interrupts();
	order_rows(epochs, epoch);
	n_standing_out = visit_rows(epochs, n_rows);
	good = epochs->largest_residual <= problem->tol && epochs->cost_scale == 1;
	epochs->stand_out = STAND_OUT_SHARE * sqrt(epochs->squared_residuals / n_rows);
	if (n_standing_out <= MAX_REVISITED_SHARE * n_rows)
	{
		shuffle(epochs->order, n_standing_out, problem->seed, 2 * (uint64_t) epoch + 1);
		visit_rows(epochs, n_standing_out);
	}
	return good;
}

LogisticRegressionReport
dual_epochs_run(const DualSolver *solver, const RowSizes *sizes)
{
	uint32_t n_rows = solver->problem->features->n_rows;
	LogisticRegressionReport report = {0, false};
	Epochs epochs = {.solver = solver, .stand_out = 1}; /* nothing does in the first epoch */

	epochs.cost_scale = sizes->mean_q > FIRST_MEAN_Q ? FIRST_MEAN_Q / sizes->mean_q : 1;
	epochs.order = host_allocate_array(uint32_t, n_rows);
	while (!report.converged && report.iterations < solver->problem->max_iter)
	{
		if (report.iterations > 0)
			grow_costs(&epochs);
		report.converged = run_epoch(&epochs, report.iterations++);
	}
	host_free(epochs.order);
	return report;
}
