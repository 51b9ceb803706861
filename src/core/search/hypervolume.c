/*
 * hypervolume.c
 *	  The volume that points dominate, down to a reference point.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/search/hypervolume.h"

/* Heights of points over the reference: (n_points, n_objectives), none is negative. */
typedef struct Heights
{
	double *heights;
	size_t n_points;
	uint32_t n_objectives;
} Heights;

/* What a reference is instead of zero, which no factor would make worse; of Optuna too. */
#define SMALL_REFERENCE 1e-12

/* Order of points by a height, the largest first; the heights before it decide among equals. */
static int
compare_first(const void *a, const void *b)
{
	double first = *(const double *) a;
	double second = *(const double *) b;

	return (first < second) - (first > second);
}

/* Sort points of two or more heights by the first one, the largest first. */
static void
sort_by_first(double *heights, size_t n_points, uint32_t n_objectives)
{
	qsort(heights, n_points, n_objectives * sizeof(double), compare_first);
}

/* The area under points of two heights, which it sorts: a sweep. */
static double
area(double *heights, size_t n_points)
{
	double sum = 0;
	double covered = 0;

	sort_by_first(heights, n_points, 2);
	for (size_t i = 0; i < n_points; i++)
	{
		if (heights[2 * i + 1] > covered)
		{
			sum += heights[2 * i] * (heights[2 * i + 1] - covered);
			covered = heights[2 * i + 1];
		}
	}
	return sum;
}

/* Insert a point into the staircase of points that do not dominate each other; answers their number. */
static size_t
climb(double *stairs, size_t n_stairs, const double *step)
{
	size_t place = 0;
	size_t end;

	/* descending by the first height, so ascending by the second */
	while (place < n_stairs && stairs[2 * place] > step[0])
		place++;
	if (place < n_stairs && stairs[2 * place] == step[0] && stairs[2 * place + 1] >= step[1])
		return n_stairs;
	if (place > 0 && stairs[2 * place - 1] >= step[1])
		return n_stairs;
	end = place;
	while (end < n_stairs && stairs[2 * end + 1] <= step[1])
		end++;
	memmove(stairs + 2 * (place + 1), stairs + 2 * end, (n_stairs - end) * 2 * sizeof(double));
	memcpy(stairs + 2 * place, step, 2 * sizeof(double));
	return n_stairs - (end - place) + 1;
}

/* The area under a staircase. */
static double
stairs_area(const double *stairs, size_t n_stairs)
{
	double sum = 0;
	double covered = 0;

	for (size_t i = 0; i < n_stairs; i++)
	{
		sum += stairs[2 * i] * (stairs[2 * i + 1] - covered);
		covered = stairs[2 * i + 1];
	}
	return sum;
}

/* The volume under points of three heights, which it sorts: in slices of the first height. */
static double
slices(double *heights, size_t n_points)
{
	double *stairs = host_allocate_array(double, 2 * (n_points + 1));
	size_t n_stairs = 0;
	double sum = 0;

	sort_by_first(heights, n_points, 3);
	for (size_t i = 0; i < n_points; i++)
	{
		double below = i + 1 < n_points ? heights[3 * (i + 1)] : 0;

		n_stairs = climb(stairs, n_stairs, heights + 3 * i + 1);
		if (heights[3 * i] > below)
			sum += (heights[3 * i] - below) * stairs_area(stairs, n_stairs);
		host_check_interrupts();
	}
	host_free(stairs);
	return sum;
}

/* The volume of the box between a point and the reference. */
static double
box(const double *heights, uint32_t n_objectives)
{
	double product = 1;

	for (uint32_t i = 0; i < n_objectives; i++)
		product *= heights[i];
	return product;
}

/* Whether one point is nowhere above another. */
static bool
is_covered(const double *point, const double *other, uint32_t n_objectives)
{
	for (uint32_t i = 0; i < n_objectives; i++)
	{
		if (point[i] > other[i])
			return false;
	}
	return true;
}

/* Keep only points that no other covers. */
static void
drop_covered(Heights *points)
{
	uint32_t m = points->n_objectives;
	size_t n_kept = 0;

	for (size_t i = 0; i < points->n_points; i++)
	{
		const double *point = points->heights + i * m;
		bool covered = false;

		for (size_t j = 0; j < n_kept && !covered; j++)
			covered = is_covered(point, points->heights + j * m, m);
		for (size_t j = i + 1; j < points->n_points && !covered; j++)
			covered = is_covered(point, points->heights + j * m, m);
		if (!covered)
			memmove(points->heights + n_kept++ * m, point, m * sizeof(double));
	}
	points->n_points = n_kept;
}

static double volume(Heights *points);

/* What the point at a place adds to the points behind it. */
static double
exclusive_volume(const Heights *points, size_t place)
{
	uint32_t m = points->n_objectives;
	const double *point = points->heights + place * m;
	Heights rest = {NULL, points->n_points - place - 1, m};
	double shared;

	rest.heights = host_allocate_array(double, (rest.n_points + 1) * m);
	for (size_t i = 0; i < rest.n_points; i++)
	{
		for (uint32_t k = 0; k < m; k++)
			rest.heights[i * m + k] = fmin(point[k], point[(i + 1) * m + k]);
	}
	shared = volume(&rest);
	host_free(rest.heights);
	return box(point, m) - shared;
}

/* The volume under points, which it reorders. */
static double
volume(Heights *points)
{
	uint32_t m = points->n_objectives;
	double sum = 0;

	if (m == 1)
	{
		for (size_t i = 0; i < points->n_points; i++)
			sum = fmax(sum, points->heights[i]);
		return sum;
	}
	if (m == 2)
		return area(points->heights, points->n_points);
	if (m == 3)
		return slices(points->heights, points->n_points);
	host_check_interrupts();
	drop_covered(points);
	sort_by_first(points->heights, points->n_points, m);
	for (size_t i = 0; i < points->n_points; i++)
		sum += exclusive_volume(points, i);
	return sum;
}

/*
 * Heights of points over the reference, with room for one more. What is below it has none, and what is
 * not a number neither.
 */
static Heights
heights_over(const double *points, size_t n_points, uint32_t n_objectives, const double *reference)
{
	Heights result = {host_allocate_array(double, (n_points + 1) * n_objectives), n_points,
					  n_objectives};

	for (size_t i = 0; i < n_points; i++)
	{
		for (uint32_t k = 0; k < n_objectives; k++)
		{
			double height = points[i * n_objectives + k] - reference[k];

			result.heights[i * n_objectives + k] = height > 0 ? height : 0;
		}
	}
	return result;
}

/* The volume under some points, which stay as they are, but for one of them (or n_points: all). */
static double
volume_without(const Heights *points, size_t left_out, double *scratch)
{
	uint32_t m = points->n_objectives;
	Heights copy = {scratch, 0, m};

	for (size_t i = 0; i < points->n_points; i++)
	{
		if (i != left_out)
			memcpy(scratch + copy.n_points++ * m, points->heights + i * m, m * sizeof(double));
	}
	return volume(&copy);
}

double
hypervolume(const double *points, size_t n_points, uint32_t n_objectives, const double *reference)
{
	Heights heights = heights_over(points, n_points, n_objectives, reference);
	double result = volume(&heights);

	host_free(heights.heights);
	return result;
}

void
hypervolume_contributions(const double *points, size_t n_points, uint32_t n_objectives,
						  const double *reference, double *contributions)
{
	Heights heights = heights_over(points, n_points, n_objectives, reference);
	double *scratch = host_allocate_array(double, (n_points + 1) * n_objectives);
	double whole = volume_without(&heights, n_points, scratch);

	for (size_t i = 0; i < n_points; i++)
		contributions[i] = fmax(whole - volume_without(&heights, i, scratch), 0);
	host_free(scratch);
	host_free(heights.heights);
}

/* State of the greedy choice. */
typedef struct Choice
{
	const Heights *points;
	double *gains; /* (n_points) what each added when it was last looked at; negative once chosen */
	Heights chosen;
	double chosen_volume;
	double *scratch;
} Choice;

/* What a point would add to those chosen. */
static double
gain(const Choice *choice, size_t place)
{
	uint32_t m = choice->points->n_objectives;
	size_t n = choice->chosen.n_points;
	Heights with = {choice->scratch, n + 1, m};

	memcpy(choice->scratch, choice->chosen.heights, n * m * sizeof(double));
	memcpy(choice->scratch + n * m, choice->points->heights + place * m, m * sizeof(double));
	return fmax(volume(&with) - choice->chosen_volume, 0);
}

/*
 * The point that adds most, the first of equals. A point adds less the more are chosen, so only those
 * whose old gain is above the best new one need be looked at again.
 */
static size_t
best_gain(Choice *choice, bool *is_fresh)
{
	size_t n_points = choice->points->n_points;

	memset(is_fresh, 0, n_points * sizeof(bool));
	for (;;)
	{
		size_t best = 0;

		for (size_t i = 1; i < n_points; i++)
		{
			if (choice->gains[i] > choice->gains[best])
				best = i;
		}
		if (is_fresh[best])
			return best;
		choice->gains[best] = gain(choice, best);
		is_fresh[best] = true;
		host_check_interrupts();
	}
}

void
hypervolume_select(const double *points, size_t n_points, uint32_t n_objectives,
				   const double *reference, size_t n_chosen, size_t *chosen)
{
	Heights heights = heights_over(points, n_points, n_objectives, reference);
	Choice choice = {
		.points = &heights,
		.gains = host_allocate_array(double, n_points + 1),
		.chosen = {host_allocate_array(double, (n_chosen + 1) * n_objectives), 0, n_objectives},
		.scratch = host_allocate_array(double, (n_chosen + 1) * n_objectives)};
	bool *is_fresh = host_allocate_array(bool, n_points + 1);

	for (size_t i = 0; i < n_points; i++)
		choice.gains[i] = box(heights.heights + i * n_objectives, n_objectives);
	for (size_t i = 0; i < n_chosen && i < n_points; i++)
	{
		size_t best = best_gain(&choice, is_fresh);

		chosen[i] = best;
		choice.chosen_volume += choice.gains[best];
		choice.gains[best] = -1;
		memcpy(choice.chosen.heights + choice.chosen.n_points++ * n_objectives,
			   heights.heights + best * n_objectives, n_objectives * sizeof(double));
	}
	host_free(is_fresh);
	host_free(choice.scratch);
	host_free(choice.chosen.heights);
	host_free(choice.gains);
	host_free(heights.heights);
}

void
hypervolume_reference(const double *points, size_t n_points, uint32_t n_objectives,
					  double *reference)
{
	for (uint32_t k = 0; k < n_objectives; k++)
	{
		double worst = INFINITY;

		for (size_t i = 0; i < n_points; i++)
			worst = fmin(worst, points[i * n_objectives + k]);
		reference[k] = fmin(1.1 * worst, 0.9 * worst);
		if (reference[k] == 0)
			reference[k] = -SMALL_REFERENCE;
	}
}
