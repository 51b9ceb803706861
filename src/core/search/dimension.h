/*
 * dimension.h
 *	  Values of one dimension on the scale on which a search is even.
 *
 * A dimension's scale is its logarithm or the number itself. On it an integer stands for the interval
 * from half a step below to half a step above it, so that the ends of a range are as likely as the rest.
 */
#ifndef SENTIMENT_DIMENSION_H
#define SENTIMENT_DIMENSION_H

#include "core/search/search_space.h"

/* The ends of a range (not of choices) on its scale. */
extern void dimension_bounds(const Dimension *dimension, double *low, double *high);

/* A number of a range, on its scale, within the bounds. */
extern double dimension_to_scale(const Dimension *dimension, double value);

/* The number for a place on the scale: within the range, and an integer where it must be one. */
extern double dimension_from_scale(const Dimension *dimension, double place);

/* Whether a value is one that the dimension can have (a choice) or stand for (a number). */
extern bool dimension_accepts(const Dimension *dimension, double value);

/* The value at a share of the dimension, share in [0, 1). */
extern double dimension_at_share(const Dimension *dimension, double share);

#endif /* SENTIMENT_DIMENSION_H */
