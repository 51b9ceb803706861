/*
 * trial.c
 *	  Trials of a search.
 */
#include <stdbool.h>

#include "core/search/trial.h"

/* Whether two points are the same. */
static bool
points_are_equal(const SearchSpace *space, const double *point, const double *other)
{
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		if (point[i] != other[i])
			return false;
	}
	return true;
}

size_t
trial_find_point(const SearchSpace *space, const Trial *trials, size_t n_trials,
				 const double *point)
{
	for (size_t i = 0; i < n_trials; i++)
	{
		if (trials[i].state != TRIAL_FAILED && points_are_equal(space, trials[i].point, point))
			return i;
	}
	return n_trials;
}
