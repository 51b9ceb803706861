/*
 * multinomial_dual_coordinate_descent.c
 *	  Multinomial logistic regression with an L2 penalty, by block coordinate descent in the dual.
 *
 * After Yu, Huang & Lin 2011, "Dual coordinate descent methods for logistic regression and maximum
 * entropy models" (https://doi.org/10.1007/s10994-010-5221-8), with intercepts that carry no
 * penalty.
 *
 * Each row i has one dual variable p_ik a class, a distribution over the classes, which at the
 * optimum is the one that the model predicts. With e_i the distribution that has the row's label
 * for certain and c_i the cost of the row,
 *
 *		w_k = sum over i of c_i (e_ik - p_ik) x_i.
 *
 * A visit to row i sets its distribution to the best one while all others stay. With the logits
 * z_k = w_k.x_i + b_k and q_k = c_i ||x_i||^2 it is p'_k = exp(u_k), where u and mu solve
 *
 *		u_k + q_k exp(u_k) = z_k + q_k p_k - mu  for every class,  sum over k of exp(u_k) = 1.
 *
 * Newton's method on u and mu together starts at softmax(z), and is there in a few steps.
 *
 * The intercepts are kept by the method of multipliers, as for two classes (see
 * dual_coordinate_descent.c), each with a rate r_k of its own, which adds c_i r_k to q_k.
 */
#include <math.h>
#include <string.h>

#include "core/models/dual_epochs.h"
#include "core/models/multinomial_dual_coordinate_descent.h"

/* Newton's method ends when it changes no probability by more; the error is about the square. */
#define PROBABILITY_STEP 1e-5

/* Steps of Newton's method before something simpler is done. */
#define MAX_NEWTON_STEPS 40

typedef struct MultinomialState
{
	const LogisticProblem *problem;
	float *weights;              /* (n_features, n_classes) */
	float *duals;                /* (n_rows, n_classes) p_ik */
	const float *squared_norms;  /* (n_rows) ||x_i||^2 */
	double *intercepts;          /* (n_classes) multiplier + rate * dual_sum */
	double *smoothed_intercepts; /* (n_classes) */
	double *multipliers;         /* (n_classes) */
	double *intercept_rates;     /* (n_classes) r_k */
	double *dual_sums;           /* (n_classes) sum of c_i (e_ik - p_ik) */

	/* of the row that is visited, (n_classes) each */
	double *logits;
	double *softmax;       /* of the logits */
	double *probabilities; /* exp(u_k) */
	double *remainders;    /* what is missing in the equation of u_k */
	double *q;
	float *changes; /* of c_i (e_ik - p_ik) */
} MultinomialState;

/* The logits of a row. */
static void
compute_logits(const MultinomialState *state, const SparseRow *row)
{
	uint32_t n_classes = state->problem->n_classes;
	double *restrict logits = state->logits;

	memcpy(logits, state->intercepts, sizeof(double) * n_classes);
	for (uint32_t j = 0; j < row->count; j++)
	{
		const float *weights = state->weights + (size_t) row->indices[j] * n_classes;
		double value = row->values[j];

		for (uint32_t k = 0; k < n_classes; k++)
			logits[k] += value * weights[k];
	}
}

/* Add the changes times the row to the weights. */
static void
add_changes(const MultinomialState *state, const SparseRow *row)
{
	uint32_t n_classes = state->problem->n_classes;
	const float *restrict changes = state->changes;

	for (uint32_t j = 0; j < row->count; j++)
	{
		float *restrict weights = state->weights + (size_t) row->indices[j] * n_classes;
		float value = row->values[j];

		for (uint32_t k = 0; k < n_classes; k++)
			weights[k] += value * changes[k];
	}
}

/* The distribution that the logits stand for; leaves the logits as logarithms of it. */
static void
compute_softmax(const MultinomialState *state)
{
	uint32_t n_classes = state->problem->n_classes;
	double *logits = state->logits;
	double largest = logits[0];
	double sum = 0;
	double shift;

	for (uint32_t k = 1; k < n_classes; k++)
		largest = fmax(largest, logits[k]);
	for (uint32_t k = 0; k < n_classes; k++)
	{
		state->softmax[k] = exp(logits[k] - largest);
		sum += state->softmax[k];
	}
	shift = largest + log(sum);
	for (uint32_t k = 0; k < n_classes; k++)
	{
		state->softmax[k] /= sum;
		logits[k] -= shift;
	}
}

/* The largest difference between the softmax and the dual variables of the row. */
static double
largest_residual(const MultinomialState *state, const float *duals)
{
	double largest = 0;

	for (uint32_t k = 0; k < state->problem->n_classes; k++)
		largest = fmax(largest, fabs(state->softmax[k] - duals[k]));
	return largest;
}

/*
 * The step of mu in Newton's method, which makes the probabilities sum up to 1 to first order.
 * remainders: z_k + q_k p_k - mu - u_k - q_k exp(u_k)
 */
static double
step_of_mu(const MultinomialState *state)
{
	double sum = -1;
	double slope = 0;

	for (uint32_t k = 0; k < state->problem->n_classes; k++)
	{
		double probability = state->probabilities[k];
		double weight = probability / (1 + state->q[k] * probability);

		sum += probability + weight * state->remainders[k];
		slope += weight;
	}
	return sum / slope;
}

/*
 * Take a step of Newton's method. logits: u_k, which may not become positive. Answers the largest
 * change of a probability.
 */
static double
take_newton_step(const MultinomialState *state)
{
	double mu_step = step_of_mu(state);
	double largest = 0;

	for (uint32_t k = 0; k < state->problem->n_classes; k++)
	{
		double old_probability = state->probabilities[k];
		double old_u = state->logits[k];
		double remainder = state->remainders[k] - mu_step;
		double u = fmin(0, old_u + remainder / (1 + state->q[k] * old_probability));

		state->probabilities[k] = exp(u);
		state->remainders[k] =
			remainder - (u - old_u) - state->q[k] * (state->probabilities[k] - old_probability);
		state->logits[k] = u;
		largest = fmax(largest, fabs(state->probabilities[k] - old_probability));
	}
	return largest;
}

/* Make the probabilities sum up to 1 exactly. Answers whether they were near that. */
static bool
normalize(const MultinomialState *state)
{
	uint32_t n_classes = state->problem->n_classes;
	double sum = 0;

	for (uint32_t k = 0; k < n_classes; k++)
		sum += state->probabilities[k];
	if (!(fabs(sum - 1) <= 0.01))
		return false;
	for (uint32_t k = 0; k < n_classes; k++)
		state->probabilities[k] /= sum;
	return true;
}

/*
 * A step from the dual variables towards the softmax that is short enough to be an improvement for
 * certain: the loss of the softmax has no curvature above 1.
 */
static void
take_safe_step(const MultinomialState *state, const float *duals)
{
	double largest_q = 0;

	for (uint32_t k = 0; k < state->problem->n_classes; k++)
		largest_q = fmax(largest_q, state->q[k]);
	for (uint32_t k = 0; k < state->problem->n_classes; k++)
		state->probabilities[k] = duals[k] + (state->softmax[k] - duals[k]) / (1 + largest_q);
}

/* Find the best distribution for the row. */
static void
solve_duals(const MultinomialState *state, const float *duals)
{
	for (uint32_t k = 0; k < state->problem->n_classes; k++)
	{
		state->probabilities[k] = state->softmax[k];
		state->remainders[k] = state->q[k] * (duals[k] - state->softmax[k]);
	}
	for (int i = 0; i < MAX_NEWTON_STEPS; i++)
	{
		if (take_newton_step(state) <= PROBABILITY_STEP)
		{
			if (normalize(state))
				return;
			break;
		}
	}
	take_safe_step(state, duals);
}

/* Store the new distribution of a row, and note how its part in weights and sums changes. */
static void
store_duals(const MultinomialState *state, float *duals, double cost)
{
	for (uint32_t k = 0; k < state->problem->n_classes; k++)
	{
		float new_dual = (float) state->probabilities[k];
		double change = cost * ((double) duals[k] - new_dual);

		duals[k] = new_dual;
		state->changes[k] = (float) change;
		state->dual_sums[k] += change;
		state->intercepts[k] =
			state->multipliers[k] + state->intercept_rates[k] * state->dual_sums[k];
	}
}

/* Set the dual variables of one row to their best values. Answers the residual before. */
static double
visit_row(void *state_pointer, uint32_t row_number, double cost_scale)
{
	MultinomialState *state = state_pointer;
	uint32_t n_classes = state->problem->n_classes;
	SparseRow row = sparse_matrix_row(state->problem->features, row_number);
	double cost = state->problem->class_costs[state->problem->labels[row_number]] * cost_scale;
	float *duals = state->duals + (size_t) row_number * n_classes;
	double residual;

	for (uint32_t k = 0; k < n_classes; k++)
		state->q[k] = cost * (state->squared_norms[row_number] + state->intercept_rates[k]);
	compute_logits(state, &row);
	compute_softmax(state);
	residual = largest_residual(state, duals);
	solve_duals(state, duals);
	store_duals(state, duals, cost);
	add_changes(state, &row);
	return residual;
}

/* Move the multipliers to the intercepts, and the intercepts on from there. */
static void
move_multipliers(void *state_pointer)
{
	MultinomialState *state = state_pointer;

	for (uint32_t k = 0; k < state->problem->n_classes; k++)
	{
		state->multipliers[k] = state->intercepts[k];
		state->smoothed_intercepts[k] +=
			INTERCEPT_SMOOTHING * (state->intercepts[k] - state->smoothed_intercepts[k]);
		state->intercepts[k] += state->intercept_rates[k] * state->dual_sums[k];
	}
}

/* Rescale how far all dual variables are from the labels. */
static void
rescale_duals(void *state_pointer, double factor)
{
	MultinomialState *state = state_pointer;
	uint32_t n_classes = state->problem->n_classes;
	uint64_t work = 0;

	for (uint32_t i = 0; i < state->problem->features->n_rows; i++)
	{
		float *duals = state->duals + (size_t) i * n_classes;

		for (uint32_t k = 0; k < n_classes; k++)
		{
			double label = k == state->problem->labels[i];

			duals[k] = (float) (label + factor * (duals[k] - label));
		}
		count_work(&work, n_classes);
	}
}

/* Start at w = 0, distributions that have the labels, and the intercepts that are best for w = 0. */
static void
initialize(MultinomialState *state, const RowSizes *sizes)
{
	const LogisticProblem *problem = state->problem;
	uint32_t n_classes = problem->n_classes;
	uint32_t n_rows = problem->features->n_rows;
	double total = 0;
	double mean_log = 0;

	memset(state->weights, 0, sizeof(float) * n_classes * problem->features->n_features);
	state->duals =
		host_allocate_zero(host_array_size(host_array_size(n_rows, n_classes), sizeof(float)));
	for (uint32_t i = 0; i < n_rows; i++)
		state->duals[(size_t) i * n_classes + problem->labels[i]] = 1;
	for (uint32_t k = 0; k < n_classes; k++)
	{
		double cost = problem->class_counts[k] * problem->class_costs[k];

		total += cost;
		mean_log += log(cost) / n_classes;
	}
	for (uint32_t k = 0; k < n_classes; k++)
	{
		double cost = problem->class_counts[k] * problem->class_costs[k];

		state->intercept_rates[k] =
			dual_epochs_intercept_rate(sizes, cost * (total - cost) / total);
		state->multipliers[k] = log(cost) - mean_log;
		state->intercepts[k] = state->multipliers[k];
		state->smoothed_intercepts[k] = state->multipliers[k];
		state->dual_sums[k] = 0;
	}
}

LogisticRegressionReport
multinomial_dual_coordinate_descent(const LogisticProblem *problem, float *weights,
									double *intercepts)
{
	uint32_t n_classes = problem->n_classes;
	RowSizes sizes = dual_epochs_measure_rows(problem);
	double *vectors = host_allocate_array(double, (size_t) 9 * n_classes);
	MultinomialState state = {.problem = problem,
							  .weights = weights,
							  .squared_norms = sizes.squared_norms,
							  .smoothed_intercepts = intercepts,
							  .intercepts = vectors + 8 * n_classes,
							  .multipliers = vectors,
							  .intercept_rates = vectors + n_classes,
							  .dual_sums = vectors + 2 * n_classes,
							  .logits = vectors + 3 * n_classes,
							  .softmax = vectors + 4 * n_classes,
							  .probabilities = vectors + 5 * n_classes,
							  .remainders = vectors + 6 * n_classes,
							  .q = vectors + 7 * n_classes,
							  .changes = host_allocate_array(float, n_classes)};
	DualSolver solver = {problem, &state, visit_row, move_multipliers, rescale_duals};
	LogisticRegressionReport report;

	initialize(&state, &sizes);
	report = dual_epochs_run(&solver, &sizes);
	center_intercepts(intercepts, n_classes);
	host_free(state.duals);
	host_free(state.changes);
	host_free(vectors);
	host_free(sizes.squared_norms);
	return report;
}
