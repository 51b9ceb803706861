/*
 * search_space.c
 *	  What a search of hyperparameters chooses from.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/search/search_space.h"

/* What doubles count exactly: integers beyond it would not be told apart. */
#define LARGEST_INTEGER 9007199254740992.0

/* Whether the table of a parameter has anything to search. */
static bool
is_searched(const ParameterSpec *spec)
{
	return spec->search_choices != NULL || spec->search_low < spec->search_high;
}

/* The dimension of a parameter's table row. */
static Dimension
default_dimension(const ParameterSpec *spec)
{
	Dimension dimension = {.name = spec->name};

	if (spec->search_choices != NULL)
	{
		dimension.type = DIMENSION_CHOICE;
		dimension.choices = spec->search_choices;
		while (spec->search_choices[dimension.n_choices] != NULL)
			dimension.n_choices++;
		return dimension;
	}
	dimension.type = spec->type == PARAMETER_NUMBER ? DIMENSION_REAL : DIMENSION_INTEGER;
	dimension.low = spec->search_low;
	dimension.high = spec->search_high;
	dimension.log_scale = spec->log_scale;
	return dimension;
}

/* Add a dimension to a space. */
static void
add_dimension(SearchSpace *space, const Dimension *dimension)
{
	if (space->n_dimensions == MAX_DIMENSIONS)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL,
				   "a search has at most %d parameters to choose", MAX_DIMENSIONS);
	space->dimensions[space->n_dimensions++] = *dimension;
}

void
search_space_default(const ParameterGroup *groups, size_t n_groups, SearchSpace *space)
{
	space->n_dimensions = 0;
	for (size_t g = 0; g < n_groups; g++)
	{
		for (size_t i = 0; i < groups[g].n_specs; i++)
		{
			if (is_searched(&groups[g].specs[i]))
			{
				Dimension dimension = default_dimension(&groups[g].specs[i]);

				add_dimension(space, &dimension);
			}
		}
	}
}

/* Raise the error for a dimension that cannot be sampled. */
static void __attribute__((noreturn))
invalid_dimension(const Dimension *dimension, const char *what)
{
	host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL, "parameter \"%s\" cannot be searched: %s",
			   dimension->name, what);
}

/* Refuse a range that cannot be sampled. */
static void
check_range(const Dimension *dimension)
{
	bool is_integer = dimension->type == DIMENSION_INTEGER;

	if (!isfinite(dimension->low) || !isfinite(dimension->high) ||
		!isfinite(dimension->high - dimension->low))
		invalid_dimension(dimension, "its range is not finite");
	if (dimension->low > dimension->high)
		invalid_dimension(dimension, "the low end of its range is above the high end");
	if (is_integer &&
		(dimension->low != floor(dimension->low) || dimension->high != floor(dimension->high)))
		invalid_dimension(dimension, "an end of its range is not an integer");
	if (is_integer && (dimension->low < -LARGEST_INTEGER || dimension->high > LARGEST_INTEGER))
		invalid_dimension(dimension, "its range reaches beyond 2^53");
	if (dimension->log_scale && is_integer && dimension->low < 1)
		invalid_dimension(dimension, "a logarithmic range of integers begins at 1 at least");
	if (dimension->log_scale && dimension->low <= 0)
		invalid_dimension(dimension, "a logarithmic range must be above 0");
}

void
search_space_check(const SearchSpace *space)
{
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		const Dimension *dimension = &space->dimensions[i];

		for (uint32_t j = 0; j < i; j++)
		{
			if (strcmp(space->dimensions[j].name, dimension->name) == 0)
				invalid_dimension(dimension, "it is in the space twice");
		}
		if (dimension->type != DIMENSION_CHOICE)
			check_range(dimension);
		else if (dimension->n_choices == 0)
			invalid_dimension(dimension, "it has no choices");
	}
}

bool
dimension_is_constant(const Dimension *dimension)
{
	if (dimension->type == DIMENSION_CHOICE)
		return dimension->n_choices == 1;
	return dimension->low == dimension->high;
}
