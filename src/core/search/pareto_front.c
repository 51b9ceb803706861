/*
 * pareto_front.c
 *	  Which points are dominated by which: nondomination ranks.
 *
 * The efficient nondominated sort (Zhang et al. 2015, https://doi.org/10.1109/TEVC.2014.2308305): in
 * descending lexicographic order no point is dominated by a later one, so each needs only be compared
 * with the fronts so far.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/host.h"
#include "core/search/pareto_front.h"

#define NO_POINT SIZE_MAX

/* A point in the order of the sort, with what is not a number made comparable. */
typedef struct SortedPoint
{
	size_t index;
	uint32_t n_objectives;
	const double *objectives; /* (n_objectives) */
} SortedPoint;

/* Best first objective first, equals by the next, and at last by index. */
static int
compare_points(const void *a, const void *b)
{
	const SortedPoint *first = a;
	const SortedPoint *second = b;

	for (uint32_t i = 0; i < first->n_objectives; i++)
	{
		if (first->objectives[i] != second->objectives[i])
			return first->objectives[i] > second->objectives[i] ? -1 : 1;
	}
	return first->index < second->index ? -1 : first->index > second->index;
}

/* Whether two points, one behind the other in the order, are equal. */
static bool
are_equal(const SortedPoint *point, const SortedPoint *other)
{
	for (uint32_t i = 0; i < point->n_objectives; i++)
	{
		if (point->objectives[i] != other->objectives[i])
			return false;
	}
	return true;
}

/* Whether a point is as good as another in all objectives. */
static bool
is_as_good(const double *point, const double *other, uint32_t n_objectives)
{
	for (uint32_t i = 0; i < n_objectives; i++)
	{
		if (point[i] < other[i])
			return false;
	}
	return true;
}

/* The fronts so far: lists of points through next, the last one first. */
typedef struct Fronts
{
	const SortedPoint *points;
	size_t *last; /* (n) of each front */
	size_t *next; /* (n_points) the one before it in its front */
	size_t n;
} Fronts;

/*
 * Whether a point of the front dominates a point that is later in the order and equal to none of
 * them. Of two objectives the front's last point has the best second one.
 */
static bool
front_dominates(const Fronts *fronts, size_t front, const SortedPoint *point)
{
	for (size_t i = fronts->last[front]; i != NO_POINT; i = fronts->next[i])
	{
		if (is_as_good(fronts->points[i].objectives, point->objectives, point->n_objectives))
			return true;
		if (point->n_objectives <= 2)
			return false;
	}
	return false;
}

/*
 * The first front that does not dominate the point: by bisection, for if a front does, so do those
 * before it.
 */
static size_t
find_front(const Fronts *fronts, const SortedPoint *point)
{
	size_t low = 0;
	size_t high = fronts->n;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (front_dominates(fronts, middle, point))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The points in their order; objectives: (n_points, n_objectives) room for their numbers */
static SortedPoint *
sort_points(const double *points, size_t n_points, uint32_t n_objectives, double *objectives)
{
	SortedPoint *sorted = host_allocate_array(SortedPoint, n_points);

	for (size_t i = 0; i < n_points * n_objectives; i++)
		objectives[i] = isnan(points[i]) ? -INFINITY : points[i];
	for (size_t i = 0; i < n_points; i++)
		sorted[i] = (SortedPoint){i, n_objectives, objectives + i * n_objectives};
	qsort(sorted, n_points, sizeof(SortedPoint), compare_points);
	return sorted;
}

void
pareto_ranks(const double *points, size_t n_points, uint32_t n_objectives, uint32_t *ranks)
{
	double *objectives = host_allocate_array(double, n_points *n_objectives);
	SortedPoint *sorted = sort_points(points, n_points, n_objectives, objectives);
	Fronts fronts = {sorted, host_allocate_array(size_t, n_points),
					 host_allocate_array(size_t, n_points), 0};

	for (size_t i = 0; i < n_points; i++)
	{
		size_t front;

		host_check_interrupts();
		if (i > 0 && are_equal(&sorted[i], &sorted[i - 1]))
			front = ranks[sorted[i - 1].index];
		else
			front = find_front(&fronts, &sorted[i]);
		if (front == fronts.n)
			fronts.last[fronts.n++] = NO_POINT;
		ranks[sorted[i].index] = (uint32_t) front;
		fronts.next[i] = fronts.last[front];
		fronts.last[front] = i;
	}
	host_free(fronts.next);
	host_free(fronts.last);
	host_free(sorted);
	host_free(objectives);
}
