/*
 * search_space.h
 *	  What a search of hyperparameters chooses from: one dimension a parameter.
 *
 * A point of a space is an array of doubles, one a dimension: the number itself, or the index of a
 * choice. The default space is read from the tables of parameters (search_low, search_high and
 * search_choices of ParameterSpec), so that a kind of classifier brings its own.
 */
#ifndef SENTIMENT_SEARCH_SPACE_H
#define SENTIMENT_SEARCH_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/parameters.h"

#define MAX_DIMENSIONS        64
#define MAX_DIMENSION_CHOICES 1000

typedef enum DimensionType
{
	DIMENSION_REAL,    /* any number from low to high */
	DIMENSION_INTEGER, /* an integer from low to high */
	DIMENSION_CHOICE   /* an index from 0 to n_choices - 1 */
} DimensionType;

typedef struct Dimension
{
	const char *name; /* of the parameter */
	DimensionType type;
	double low; /* both ends belong to the range; equal ends make a constant */
	double high;
	bool log_scale; /* the logarithm is what is even: low > 0 */
	uint32_t n_choices;
	const char *const *choices; /* (n_choices) each as JSON text */
} Dimension;

typedef struct SearchSpace
{
	uint32_t n_dimensions; /* 0 to MAX_DIMENSIONS */
	Dimension dimensions[MAX_DIMENSIONS];
} SearchSpace;

/*
 * The parameters of the groups that are worth searching, with the ranges of their tables. Names and
 * choices are those of the tables, not copies.
 */
extern void search_space_default(const ParameterGroup *groups, size_t n_groups, SearchSpace *space);

/*
 * Change a space by a JSON object: for each parameter of the groups that is named, instead of what
 * the space had for it,
 *   [v, v, ...]                                choices, any values that the parameter may have
 *   {"low": x, "high": y, "log": true|false}   a range (integers of a parameter that is an integer or a
 *                                              list of integers); without "log" as its table says
 *   v                                          always this value
 *   null                                       not searched
 * What is wrong raises HOST_ERROR_INVALID_PARAMETER. Strings are allocated from the host. The groups'
 * options are overwritten, for values are checked by setting them.
 */
extern void search_space_apply_json(const char *json, const ParameterGroup *groups, size_t n_groups,
									SearchSpace *space);

/*
 * Take the dimensions out that a JSON object has keys for: parameters that are given, not searched. What
 * is not a JSON object changes nothing.
 */
extern void search_space_remove_keys(const char *json, SearchSpace *space);

/*
 * Refuse a space that cannot be sampled (HOST_ERROR_INVALID_PARAMETER): a range that is empty, not
 * finite, or reaches below 1 (integers) or to 0 on a logarithmic scale; no choices; a name twice.
 */
extern void search_space_check(const SearchSpace *space);

/* Whether a dimension has one value only. */
extern bool dimension_is_constant(const Dimension *dimension);

/* Append a point as a JSON object of parameters, as params of sentiment_train. */
extern void search_space_append_point(ByteBuffer *buffer, const SearchSpace *space,
									  const double *point);

/*
 * The point of a JSON object that has a value for every dimension, as parameters do. Answers NULL, or the name of a
 * dimension that has not that value. point: (n_dimensions)
 */
extern const char *search_space_find_point(const SearchSpace *space, const char *json,
										   double *point);

/* Append the space as a JSON object, in the form of search_space_apply_json. */
extern void search_space_append_json(ByteBuffer *buffer, const SearchSpace *space);

#endif /* SENTIMENT_SEARCH_SPACE_H */
