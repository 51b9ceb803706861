/*
 * pareto_front.h
 *	  Which points are dominated by which: nondomination ranks.
 *
 * Objectives are larger-is-better. A point dominates another if it is as good in all objectives and
 * better in one; equal points do not dominate each other. What is not a number is worse than any number.
 */
#ifndef SENTIMENT_PARETO_FRONT_H
#define SENTIMENT_PARETO_FRONT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Rank of every point: 0 on the Pareto front, 1 on the front of what is left without it, and so on.
 * points: (n_points, n_objectives); ranks: (n_points)
 */
extern void pareto_ranks(const double *points, size_t n_points, uint32_t n_objectives,
						 uint32_t *ranks);

#endif /* SENTIMENT_PARETO_FRONT_H */
