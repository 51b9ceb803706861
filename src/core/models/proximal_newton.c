/*
 * proximal_newton.c
 *	  Logistic regression with an L1 penalty, by Newton's method with coordinate descent inside.
 *
 * After Yuan, Ho & Lin 2012, "An improved GLMNET for L1-regularized logistic regression"
 * (https://www.jmlr.org/papers/v13/yuan12a.html), for one output or many, with intercepts that
 * carry no penalty.
 *
 * An iteration. With p_ik the probability of output k in row i as it is, y_ik whether the row has
 * the output's class, and c_i the cost of the row, the loss is approximated to second order around
 * the present outputs. For a step d of the weights and e of the intercepts, which moves the outputs
 * by v_ik = d_k.x_i + e_k, its slope along v_ik is
 *
 *		c_i (p_ik (1 + v_ik - m_i) - y_ik),   m_i = sum over k of p_ik v_ik.
 *
 * Coordinate descent finds the step that is best for this approximation and the penalty ||w + d||_1:
 * it goes from output to output, and within an output visits features in a shuffled order, each set
 * to its best value while the others stay. The slope along feature j and output k is the sum of
 * x_ij times the slope along v_ik, over the rows that have the feature; v and m are kept up to date.
 * The step is then shortened until the true objective falls by a fair part of what the slopes
 * promise.
 *
 * At the optimum the slope of the loss along a weight is -sign(w), or between -1 and 1 where w = 0.
 * How far it is from that is the weight's violation. Weights that are 0 and whose slope is well
 * within (-1, 1) are left out of most work: a full iteration looks at all weights, and the
 * iterations between two full ones only at those that are not zero.
 *
 * When to stop. The largest step of an output in an iteration, together with how fast these steps
 * shrink, tells how far outputs still have to go. A full iteration that finds this below
 * OUTPUT_STEP * tol is the last one. Rows never move their probabilities by more than a quarter of
 * their outputs' steps.
 *
 * Features that occur in exactly the same rows, with values in a fixed ratio, can share a weight in
 * many ways that are all optimal; which one is found depends on the seed.
 */
#include <math.h>
#include <string.h>

#include "core/features/column_matrix.h"
#include "core/models/proximal_newton.h"

/* How far outputs may have to go at the end, as a multiple of tol. */
#define OUTPUT_STEP 0.5

/* The steps of outputs are not believed to shrink by less than this from one to the next. */
#define SLOWEST_SHRINKING 0.95

/* A weight of zero takes part in an iteration if its slope is at least this. */
#define CANDIDATE_SLOPE 0.9

/* And rests within the iteration, while it is zero, if its slope is below this. */
#define RESTING_SLOPE 0.999

/* The descent ends at this share of the violation that it began with, or after some passes. */
#define DESCENT_SHARE 0.1
#define MAX_PASSES    15

/* Or when the mean violation is so small that rounding errors would show. */
#define LEAST_VIOLATION 1e-10

/* Iterations over the weights that are not zero, between two full ones. */
#define MAX_PARTIAL_ITERATIONS 3

/* A visit moves no output by more: the approximation would mean nothing. */
#define MAX_VISIT_STEP 10.0

/* Least curvature of a row's loss, relative to its cost. */
#define MIN_CURVATURE 1e-10

/* Part of the promised decrease that a step must keep, and how often it is halved for that. */
#define SUFFICIENT_DECREASE 0.01
#define MAX_HALVINGS        30

/* A promise below this is rounding errors: there is nothing to gain. */
#define LEAST_PROMISE 1e-12

/* One output of one row. */
typedef struct RowOutput
{
	double probability; /* p_ik */
	double step;        /* v_ik */
} RowOutput;

/* What is known of a row, whatever the output. */
typedef struct RowState
{
	double mean_step; /* m_i */
	double cost;      /* c_i */
} RowState;

/* A weight that takes part in an iteration. */
typedef struct Candidate
{
	uint32_t feature;
	double old_weight;
	double weight;     /* with the step */
	double label_part; /* sum of c_i x_ij over the rows of the class */
	double curvature;
	double max_step;
} Candidate;

/* The candidates of one output: the part of the order that they take up. */
typedef struct CandidateRange
{
	size_t start;
	uint32_t count;
	uint32_t n_moving; /* that do not rest; they come first */
} CandidateRange;

typedef struct ProximalNewton
{
	const LogisticProblem *problem;
	ColumnMatrix columns;
	float *weights;          /* (n_features, n_outputs) */
	double *intercepts;      /* (n_outputs) */
	double *outputs;         /* (n_outputs, n_rows) */
	RowOutput *row_outputs;  /* (n_outputs, n_rows) */
	RowState *rows;          /* (n_rows) */
	double *residuals;       /* (n_rows) c_i (p_ik - y_ik) of one output */
	double *intercept_steps; /* (n_outputs) e_k */

	CandidateRange *ranges; /* (n_outputs) */
	Candidate *candidates;  /* (capacity) */
	uint32_t *order;        /* (capacity) candidates, from the start of their range, as visited */
	size_t n_candidates;
	size_t capacity;

	double largest_step; /* of an output, in this iteration */
	uint64_t work;       /* since the last check for interrupts */
} ProximalNewton;

/* The class that an output stands for. */
static inline uint32_t
class_of_output(const ProximalNewton *solver, uint32_t output)
{
	return solver->problem->n_outputs == 1 ? 1 : output;
}

/* The rows of an output. */
static inline RowOutput *
rows_of_output(const ProximalNewton *solver, uint32_t output)
{
	return solver->row_outputs + (size_t) output * solver->columns.n_rows;
}

/* The outputs of all rows for one output. */
static inline double *
values_of_output(const ProximalNewton *solver, uint32_t output)
{
	return solver->outputs + (size_t) output * solver->columns.n_rows;
}

/*
 * Compute the probabilities of a row from its outputs. With one output the other class has the
 * output 0.
 */
static void
compute_probabilities(ProximalNewton *solver, uint32_t row)
{
	uint32_t n_outputs = solver->problem->n_outputs;
	double largest = n_outputs == 1 ? 0 : -INFINITY;
	double sum;

	for (uint32_t k = 0; k < n_outputs; k++)
		largest = fmax(largest, values_of_output(solver, k)[row]);
	sum = n_outputs == 1 ? exp(-largest) : 0;
	for (uint32_t k = 0; k < n_outputs; k++)
	{
		double odds = exp(values_of_output(solver, k)[row] - largest);

		rows_of_output(solver, k)[row] = (RowOutput){odds, 0};
		sum += odds;
	}
	for (uint32_t k = 0; k < n_outputs; k++)
		rows_of_output(solver, k)[row].probability /= sum;
	solver->rows[row].mean_step = 0;
}

/* Begin an iteration: the probabilities as they are, and no step. */
static void
begin_step(ProximalNewton *solver)
{
	uint32_t n_outputs = solver->problem->n_outputs;

	for (uint32_t i = 0; i < solver->columns.n_rows; i++)
	{
		compute_probabilities(solver, i);
		count_work(&solver->work, 16 * (uint64_t) n_outputs);
	}
	memset(solver->intercept_steps, 0, sizeof(double) * n_outputs);
	solver->n_candidates = 0;
	solver->largest_step = 0;
}

/* Fill in the residuals of an output. Answers their sum, the slope along the intercept. */
static double
compute_residuals(ProximalNewton *solver, uint32_t output)
{
	const RowOutput *row_outputs = rows_of_output(solver, output);
	const uint32_t *labels = solver->problem->labels;
	uint32_t class_index = class_of_output(solver, output);
	double sum = 0;

	for (uint32_t i = 0; i < solver->columns.n_rows; i++)
	{
		double target = labels[i] == class_index;

		solver->residuals[i] = solver->rows[i].cost * (row_outputs[i].probability - target);
		sum += solver->residuals[i];
	}
	return sum;
}

/* The slope along a feature before the step, from the residuals of the output. */
static double
slope_before_step(ProximalNewton *solver, uint32_t feature)
{
	const ColumnMatrix *columns = &solver->columns;
	uint64_t end = columns->column_starts[feature + 1];
	uint64_t j = columns->column_starts[feature];
	double sum0 = 0;
	double sum1 = 0;

	count_work(&solver->work, end - j + 4);
	for (; j + 2 <= end; j += 2)
	{
		sum0 += columns->values[j] * solver->residuals[columns->rows[j]];
		sum1 += columns->values[j + 1] * solver->residuals[columns->rows[j + 1]];
	}
	if (j < end)
		sum0 += columns->values[j] * solver->residuals[columns->rows[j]];
	return sum0 + sum1;
}

/* How far a slope of the loss is from what the optimum asks for. */
static double
violation_of(double weight, double slope)
{
	if (weight > 0)
		return fabs(slope + 1);
	if (weight < 0)
		return fabs(slope - 1);
	return fmax(0, fabs(slope) - 1);
}

/* Make room for another candidate. */
static void
reserve_candidate(ProximalNewton *solver)
{
	if (solver->n_candidates < solver->capacity)
		return;
	solver->capacity += solver->capacity / 2 + 1024;
	solver->candidates = host_reallocate_array(solver->candidates, Candidate, solver->capacity);
	solver->order = host_reallocate_array(solver->order, uint32_t, solver->capacity);
}

/* Make a weight take part in the iteration, unless no row has its feature. */
static void
add_candidate(ProximalNewton *solver, uint32_t output, uint32_t feature, double weight)
{
	const ColumnMatrix *columns = &solver->columns;
	const RowOutput *row_outputs = rows_of_output(solver, output);
	uint32_t class_index = class_of_output(solver, output);
	uint64_t end = columns->column_starts[feature + 1];
	Candidate candidate = {.feature = feature, .old_weight = weight, .weight = weight};
	double largest = 0;

	for (uint64_t j = columns->column_starts[feature]; j < end; j++)
	{
		uint32_t row = columns->rows[j];
		double value = columns->values[j];
		double p = row_outputs[row].probability;
		double cost = solver->rows[row].cost;

		candidate.curvature += value * value * cost * fmax(p * (1 - p), MIN_CURVATURE);
		candidate.label_part += solver->problem->labels[row] == class_index ? cost * value : 0;
		largest = fmax(largest, fabs(value));
	}
	count_work(&solver->work, end - columns->column_starts[feature]);
	if (!(candidate.curvature > 0))
		return;
	candidate.max_step = MAX_VISIT_STEP / largest;
	reserve_candidate(solver);
	solver->candidates[solver->n_candidates++] = candidate;
}

/*
 * Choose the weights of an output that take part in the iteration, of all or of those that are not
 * zero. Answers the sum of the violations that were seen.
 */
static double
choose_candidates(ProximalNewton *solver, uint32_t output, bool full)
{
	uint32_t n_outputs = solver->problem->n_outputs;
	CandidateRange *range = &solver->ranges[output];
	double violations = fabs(compute_residuals(solver, output));

	range->start = solver->n_candidates;
	for (uint32_t f = 0; f < solver->columns.n_features; f++)
	{
		double weight = solver->weights[(size_t) f * n_outputs + output];
		double slope;

		if (weight == 0 && !full)
			continue;
		slope = slope_before_step(solver, f);
		violations += violation_of(weight, slope);
		if (weight != 0 || fabs(slope) >= CANDIDATE_SLOPE)
			add_candidate(solver, output, f, weight);
	}
	count_work(&solver->work, solver->columns.n_rows + solver->columns.n_features);
	range->count = (uint32_t) (solver->n_candidates - range->start);
	range->n_moving = range->count;
	for (uint32_t c = 0; c < range->count; c++)
		solver->order[range->start + c] = c;
	return violations;
}

/* Move the intercept of an output to its best value. Answers its violation before. */
static double
visit_intercept(ProximalNewton *solver, uint32_t output)
{
	RowOutput *row_outputs = rows_of_output(solver, output);
	uint32_t class_index = class_of_output(solver, output);
	uint32_t n_rows = solver->columns.n_rows;
	double slope = -(double) solver->problem->class_counts[class_index] *
				   solver->problem->class_costs[class_index];
	double curvature = 0;
	double step;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		const RowState *row = &solver->rows[i];
		double p = row_outputs[i].probability;

		slope += row->cost * p * (1 + row_outputs[i].step - row->mean_step);
		curvature += row->cost * fmax(p * (1 - p), MIN_CURVATURE);
	}
	step = fmax(-MAX_VISIT_STEP, fmin(MAX_VISIT_STEP, -slope / curvature));
	for (uint32_t i = 0; i < n_rows; i++)
	{
		row_outputs[i].step += step;
		solver->rows[i].mean_step += row_outputs[i].probability * step;
	}
	solver->intercept_steps[output] += step;
	count_work(&solver->work, 4 * (uint64_t) n_rows);
	return fabs(slope);
}

/* The slope along a candidate. */
static double
slope_of_candidate(ProximalNewton *solver, const RowOutput *row_outputs, const Candidate *candidate)
{
	const ColumnMatrix *columns = &solver->columns;
	uint64_t end = columns->column_starts[candidate->feature + 1];
	uint64_t j = columns->column_starts[candidate->feature];
	double sum = 0;

	count_work(&solver->work, end - j + 4);
	for (; j < end; j++)
	{
		const RowOutput *row_output = &row_outputs[columns->rows[j]];
		const RowState *row = &solver->rows[columns->rows[j]];

		sum += columns->values[j] * row->cost * row_output->probability *
			   (1 + row_output->step - row->mean_step);
	}
	return sum - candidate->label_part;
}

/* The weight that is best along a candidate: Newton's step, and the penalty's pull towards zero. */
static double
best_weight(const Candidate *candidate, double slope)
{
	double target = candidate->weight - slope / candidate->curvature;
	double pull = 1 / candidate->curvature;
	double best = target > pull ? target - pull : target < -pull ? target + pull : 0;
	double step = fmax(-candidate->max_step, fmin(candidate->max_step, best - candidate->weight));

	return candidate->weight + step;
}

/* Move a candidate to its best value. Answers its violation before, and the slope. */
static double
visit_candidate(ProximalNewton *solver, RowOutput *row_outputs, Candidate *candidate, double *slope)
{
	const ColumnMatrix *columns = &solver->columns;
	uint64_t end = columns->column_starts[candidate->feature + 1];
	double violation;
	double weight;
	double step;

	*slope = slope_of_candidate(solver, row_outputs, candidate);
	violation = violation_of(candidate->weight, *slope);
	weight = best_weight(candidate, *slope);
	step = weight - candidate->weight;
	if (step == 0)
		return violation;
	for (uint64_t j = columns->column_starts[candidate->feature]; j < end; j++)
	{
		RowOutput *row_output = &row_outputs[columns->rows[j]];
		double row_step = step * columns->values[j];

		row_output->step += row_step;
		solver->rows[columns->rows[j]].mean_step += row_output->probability * row_step;
	}
	candidate->weight = weight;
	count_work(&solver->work, end - columns->column_starts[candidate->feature]);
	return violation;
}

/*
 * Visit the intercept of an output and its candidates that do not rest, in a new order. Answers the
 * sum of their violations.
 */
static double
visit_output(ProximalNewton *solver, uint32_t output, uint64_t epoch)
{
	CandidateRange *range = &solver->ranges[output];
	uint32_t *order = solver->order + range->start;
	double violations = visit_intercept(solver, output);
	uint32_t position = 0;

	shuffle(order, range->n_moving, solver->problem->seed, epoch);
	while (position < range->n_moving)
	{
		Candidate *candidate = &solver->candidates[range->start + order[position]];
		double slope;

		violations += visit_candidate(solver, rows_of_output(solver, output), candidate, &slope);
		if (candidate->weight == 0 && fabs(slope) < RESTING_SLOPE)
		{
			uint32_t resting = order[position];

			order[position] = order[--range->n_moving];
			order[range->n_moving] = resting;
		}
		else
			position++;
	}
	return violations;
}

/* Wake the candidates that rest. Answers whether there were any. */
static bool
wake_candidates(ProximalNewton *solver)
{
	bool any = false;

	for (uint32_t k = 0; k < solver->problem->n_outputs; k++)
	{
		any |= solver->ranges[k].n_moving < solver->ranges[k].count;
		solver->ranges[k].n_moving = solver->ranges[k].count;
	}
	return any;
}

/* Find the step that is best for the approximation, down to some sum of violations. */
static void
descend(ProximalNewton *solver, double goal, uint64_t iteration)
{
	uint32_t n_outputs = solver->problem->n_outputs;
	bool all = true;

	goal = fmax(goal, LEAST_VIOLATION * (double) (solver->n_candidates + n_outputs));
	for (uint64_t pass = 0; pass < MAX_PASSES; pass++)
	{
		uint64_t epoch = (iteration * MAX_PASSES + pass) * n_outputs;
		double violations = 0;

		for (uint32_t k = 0; k < n_outputs; k++)
			violations += visit_output(solver, k, epoch + k);
		if (violations <= goal && all)
			return;
		/* those that rest have a say before it is over */
		all = violations <= goal && wake_candidates(solver);
	}
}

/* How a row's loss changes with a part of the step. */
static double
loss_change_of_row(const ProximalNewton *solver, uint32_t row, double part)
{
	uint32_t n_outputs = solver->problem->n_outputs;
	uint32_t label = solver->problem->labels[row];
	double own_step = 0; /* of the output that the row's class has */
	double growth = 0;

	if (n_outputs > 1 || label == 1)
		own_step = part * rows_of_output(solver, n_outputs > 1 ? label : 0)[row].step;
	for (uint32_t k = 0; k < n_outputs; k++)
	{
		const RowOutput *row_output = &rows_of_output(solver, k)[row];

		growth += row_output->probability * expm1(part * row_output->step - own_step);
	}
	/* the class without an output, with its step of 0 */
	if (n_outputs == 1)
		growth += (1 - rows_of_output(solver, 0)[row].probability) * expm1(-own_step);
	return log1p(fmax(growth, -1));
}

/* How the objective changes with a part of the step. */
static double
objective_change(ProximalNewton *solver, double part)
{
	double sum = 0;

	for (size_t c = 0; c < solver->n_candidates; c++)
	{
		const Candidate *candidate = &solver->candidates[c];
		double step = candidate->weight - candidate->old_weight;

		sum += fabs(candidate->old_weight + part * step) - fabs(candidate->old_weight);
	}
	for (uint32_t i = 0; i < solver->columns.n_rows; i++)
	{
		sum += solver->rows[i].cost * loss_change_of_row(solver, i, part);
		count_work(&solver->work, 32 * (uint64_t) solver->problem->n_outputs);
	}
	return sum;
}

/* What the full step promises: the slopes of the loss, and the change of the penalty. */
static double
promised_change(ProximalNewton *solver)
{
	double sum = 0;

	for (size_t c = 0; c < solver->n_candidates; c++)
		sum += fabs(solver->candidates[c].weight) - fabs(solver->candidates[c].old_weight);
	for (uint32_t k = 0; k < solver->problem->n_outputs; k++)
	{
		const RowOutput *row_outputs = rows_of_output(solver, k);

		compute_residuals(solver, k);
		for (uint32_t i = 0; i < solver->columns.n_rows; i++)
			sum += solver->residuals[i] * row_outputs[i].step;
		count_work(&solver->work, 4 * (uint64_t) solver->columns.n_rows);
	}
	return sum;
}

/* The part of the step that makes the objective fall enough; 0 if none does. */
static double
choose_part(ProximalNewton *solver)
{
	double promised = promised_change(solver);
	double part = 1;

	if (promised > -LEAST_PROMISE)
		return 1;
	for (int i = 0; i < MAX_HALVINGS; i++)
	{
		if (objective_change(solver, part) <= SUFFICIENT_DECREASE * part * promised)
			return part;
		part /= 2;
	}
	return 0;
}

/* Take a part of the step of an output. */
static void
take_step(ProximalNewton *solver, uint32_t output, double part)
{
	const CandidateRange *range = &solver->ranges[output];
	const RowOutput *row_outputs = rows_of_output(solver, output);
	double *values = values_of_output(solver, output);

	for (uint32_t c = 0; c < range->count; c++)
	{
		const Candidate *candidate = &solver->candidates[range->start + c];
		double step = candidate->weight - candidate->old_weight;
		size_t position = (size_t) candidate->feature * solver->problem->n_outputs + output;

		solver->weights[position] = (float) (candidate->old_weight + part * step);
	}
	solver->intercepts[output] += part * solver->intercept_steps[output];
	for (uint32_t i = 0; i < solver->columns.n_rows; i++)
	{
		values[i] += part * row_outputs[i].step;
		solver->largest_step = fmax(solver->largest_step, fabs(row_outputs[i].step));
	}
	count_work(&solver->work, solver->columns.n_rows);
}

/* Improve the solution. Answers whether the whole step was taken. */
static bool
run_iteration(ProximalNewton *solver, bool full, int iteration)
{
	uint32_t n_outputs = solver->problem->n_outputs;
	double violations = 0;
	double part;

	host_check_interrupts();
	begin_step(solver);
	for (uint32_t k = 0; k < n_outputs; k++)
		violations += choose_candidates(solver, k, full);
	descend(solver, DESCENT_SHARE * violations, (uint64_t) iteration);
	part = choose_part(solver);
	for (uint32_t k = 0; k < n_outputs && part > 0; k++)
		take_step(solver, k, part);
	return part == 1;
}

/* Iterate until a full iteration finds little to do. */
static LogisticRegressionReport
iterate(ProximalNewton *solver)
{
	LogisticRegressionReport report = {0, false};
	int n_partial = MAX_PARTIAL_ITERATIONS;
	double previous_step = INFINITY;

	while (!report.converged && report.iterations < solver->problem->max_iter)
	{
		bool full = n_partial >= MAX_PARTIAL_ITERATIONS;
		bool good = run_iteration(solver, full, report.iterations++);
		double shrinking = isinf(previous_step)
							   ? SLOWEST_SHRINKING
							   : fmin(solver->largest_step / previous_step, SLOWEST_SHRINKING);

		/* the steps to come are a geometric series */
		good &= solver->largest_step * shrinking / (1 - shrinking) <=
				OUTPUT_STEP * solver->problem->tol;
		previous_step = solver->largest_step;
		report.converged = full && good;
		/* a partial iteration that leaves little to do gives the word to a full one */
		n_partial = full ? 0 : good ? MAX_PARTIAL_ITERATIONS : n_partial + 1;
	}
	return report;
}

/* Start at w = 0, with the intercepts that are best for it. */
static void
initialize(ProximalNewton *solver)
{
	const LogisticProblem *problem = solver->problem;
	uint32_t n_rows = solver->columns.n_rows;
	double reference = problem->class_counts[0] * problem->class_costs[0];

	memset(solver->weights, 0, sizeof(float) * problem->n_outputs * solver->columns.n_features);
	for (uint32_t k = 0; k < problem->n_outputs; k++)
	{
		uint32_t class_index = class_of_output(solver, k);

		solver->intercepts[k] =
			log(problem->class_counts[class_index] * problem->class_costs[class_index] / reference);
		for (uint32_t i = 0; i < n_rows; i++)
			values_of_output(solver, k)[i] = solver->intercepts[k];
	}
	for (uint32_t i = 0; i < n_rows; i++)
		solver->rows[i].cost = problem->class_costs[problem->labels[i]];
}

LogisticRegressionReport
proximal_newton(const LogisticProblem *problem, float *weights, double *intercepts)
{
	uint32_t n_rows = problem->features->n_rows;
	uint32_t n_outputs = problem->n_outputs;
	size_t n_row_outputs = host_array_size(n_rows, n_outputs);
	ProximalNewton solver = {.problem = problem,
							 .columns = column_matrix_make(problem->features),
							 .weights = weights,
							 .intercepts = intercepts,
							 .outputs = host_allocate_array(double, n_row_outputs),
							 .row_outputs = host_allocate_array(RowOutput, n_row_outputs),
							 .rows = host_allocate_array(RowState, n_rows),
							 .residuals = host_allocate_array(double, n_rows),
							 .intercept_steps = host_allocate_array(double, n_outputs),
							 .ranges = host_allocate_array(CandidateRange, n_outputs),
							 .candidates = host_allocate_array(Candidate, 1),
							 .order = host_allocate_array(uint32_t, 1),
							 .capacity = 1};
	LogisticRegressionReport report;

	initialize(&solver);
	report = iterate(&solver);
	if (n_outputs > 1)
		center_intercepts(intercepts, n_outputs);
	host_free(solver.outputs);
	host_free(solver.row_outputs);
	host_free(solver.rows);
	host_free(solver.residuals);
	host_free(solver.intercept_steps);
	host_free(solver.ranges);
	host_free(solver.candidates);
	host_free(solver.order);
	column_matrix_free(&solver.columns);
	return report;
}
