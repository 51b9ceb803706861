/*
 * logistic_solver.h
 *	  What the solvers of logistic regression are given and what they answer.
 *
 * All of them minimise, over weights w and intercepts b,
 *
 *		penalty(w) + sum over rows i of cost[label of i] * loss_i(w, b)
 *
 * with penalty 1/2 ||w||^2 (L2) or ||w||_1 (L1). The intercepts are not penalised. For two classes
 * there is one output, the log-odds of class 1, and the logistic loss; for more there is one output
 * a class, and the loss of the softmax (multinomial).
 */
#ifndef SENTIMENT_LOGISTIC_SOLVER_H
#define SENTIMENT_LOGISTIC_SOLVER_H

#include <math.h>

#include "core/features/sparse_matrix.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/models/link_functions.h"
#include "core/models/logistic_regression.h"

typedef struct LogisticProblem
{
	const SparseMatrix *features; /* (n_rows, n_features) */
	const uint32_t *labels;       /* (n_rows) */
	uint32_t n_classes;
	uint32_t n_outputs;           /* 1 for two classes, else n_classes */
	const uint32_t *class_counts; /* (n_classes) rows of each class */
	const double *class_costs;    /* (n_classes) cost of a row: C times the weight of its class */
	int max_iter;                 /* passes over the rows at most */
	double tol;
	uint64_t seed;
} LogisticProblem;

/* Weights touched between two checks for interrupts: about 1 ms of work. */
#define WORK_PER_INTERRUPT_CHECK ((uint64_t) 1 << 19)

/* Count work that was done since the last check for interrupts, and check when it is time. */
static inline void
count_work(uint64_t *work, uint64_t amount)
{
	*work += amount;
	if (*work >= WORK_PER_INTERRUPT_CHECK)
	{
		host_check_interrupts();
		*work = 0;
	}
}

/* Shift the intercepts of a softmax so that they sum up to 0, which changes no probability. */
static inline void
center_intercepts(double *intercepts, uint32_t n_outputs)
{
	double mean = 0;

	for (uint32_t k = 0; k < n_outputs; k++)
		mean += intercepts[k] / n_outputs;
	for (uint32_t k = 0; k < n_outputs; k++)
		intercepts[k] -= mean;
}

/* Bring numbers into an order that depends on nothing but the seed, the epoch and their count. */
static inline void
shuffle(uint32_t *numbers, uint32_t count, uint64_t seed, uint64_t epoch)
{
	uint64_t state = hash_mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ hash_mix(epoch + 1);

	for (uint32_t i = count; i > 1; i--)
	{
		uint64_t random = hash_mix(state += UINT64_C(0x9e3779b97f4a7c15));
		uint32_t j = (uint32_t) (((random >> 32) * i) >> 32);
		uint32_t swapped = numbers[i - 1];

		numbers[i - 1] = numbers[j];
		numbers[j] = swapped;
	}
}

#endif /* SENTIMENT_LOGISTIC_SOLVER_H */
