/*
 * dimension.c
 *	  Values of one dimension on the scale on which a search is even.
 */
#include <math.h>

#include "core/search/dimension.h"

/* A number that is not outside of a range. */
static double
clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

void
dimension_bounds(const Dimension *dimension, double *low, double *high)
{
	double margin = dimension->type == DIMENSION_INTEGER ? 0.5 : 0;

	*low = dimension->low - margin;
	*high = dimension->high + margin;
	if (dimension->log_scale)
	{
		*low = log(*low);
		*high = log(*high);
	}
}

double
dimension_to_scale(const Dimension *dimension, double value)
{
	value = clamp(value, dimension->low, dimension->high);
	return dimension->log_scale ? log(value) : value;
}

double
dimension_from_scale(const Dimension *dimension, double place)
{
	double value = dimension->log_scale ? exp(place) : place;

	if (dimension->type == DIMENSION_INTEGER)
		value = rint(value);
	return clamp(value, dimension->low, dimension->high);
}

bool
dimension_accepts(const Dimension *dimension, double value)
{
	if (isnan(value))
		return false;
	if (dimension->type == DIMENSION_CHOICE)
		return value >= 0 && value < dimension->n_choices;
	return true;
}

double
dimension_at_share(const Dimension *dimension, double share)
{
	double low;
	double high;

	if (dimension->type == DIMENSION_CHOICE)
		return clamp(floor(share * dimension->n_choices), 0, dimension->n_choices - 1.0);
	dimension_bounds(dimension, &low, &high);
	return dimension_from_scale(dimension, low + share * (high - low));
}
