/*
 * parameters.h
 *	  Parameters that a user sets by name in a JSON object.
 *
 * A table of ParameterSpec declares the parameters of one options struct: name, type, range,
 * default and meaning. Checking JSON, the canonical JSON that is stored with a model, the
 * documentation and the search space are all read from such tables.
 */
#ifndef SENTIMENT_PARAMETERS_H
#define SENTIMENT_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

typedef enum ParameterType
{
	PARAMETER_BOOLEAN,      /* field: bool */
	PARAMETER_INTEGER,      /* field: int */
	PARAMETER_NUMBER,       /* field: double */
	PARAMETER_CHOICE,       /* field: int, an index into choices */
	PARAMETER_STRING,       /* field: const char *, NULL if not given */
	PARAMETER_INTEGER_LIST, /* field: IntegerList, of 1 to maximum_length integers */
	PARAMETER_OBJECT,       /* field: const char *, the JSON text of an object, NULL if not given */
	PARAMETER_ARRAY         /* field: const char *, the JSON text of an array, NULL if not given */
} ParameterType;

#define MAX_INTEGER_LIST_LENGTH 8

/* Integers that are given as a JSON array; one of them may stand alone, without the array. */
typedef struct IntegerList
{
	int length;
	int values[MAX_INTEGER_LIST_LENGTH];
} IntegerList;

typedef struct ParameterSpec
{
	const char *name;
	ParameterType type;
	size_t offset;              /* of the field in the options struct */
	const char *default_json;   /* as JSON text; "null" for what is not given; "inf" for no bound */
	double minimum;             /* smallest value allowed (numbers, integers, each of a list) */
	double maximum;             /* largest value allowed */
	bool minimum_is_exclusive;  /* the minimum itself is not allowed */
	bool log_scale;             /* a search should sample its logarithm */
	const char *const *choices; /* NULL-terminated, for PARAMETER_CHOICE */
	int maximum_length;         /* of a list, at most MAX_INTEGER_LIST_LENGTH */
	const char *meaning;        /* one line for people */

	/*
	 * What a search of hyperparameters tries unless told otherwise: a range, narrower than what is
	 * allowed, or values as JSON text (NULL-terminated). Both absent: it keeps the default.
	 */
	double search_low; /* numbers, integers, the one of a list */
	double search_high;
	const char *const *search_choices;
} ParameterSpec;

/* Values for search_choices, each as JSON text. */
#define SEARCH_VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Parameters and the options struct that they fill. */
typedef struct ParameterGroup
{
	const ParameterSpec *specs;
	size_t n_specs;
	void *options;
} ParameterGroup;

/* Set every field to its default. */
extern void parameters_set_defaults(const ParameterGroup *group);

/*
 * Set defaults, then apply a JSON object to the groups. A key that no group knows, a value of the
 * wrong type or out of range raises HOST_ERROR_INVALID_PARAMETER with the key and what is allowed.
 * A JSON null stands for the default. Strings are allocated from the host.
 */
extern void parameters_parse(const char *json, const ParameterGroup *groups, size_t n_groups);

/* The same, with other defaults for some parameters: those of a JSON object, or NULL. */
extern void parameters_parse_over(const char *defaults, const char *json,
								  const ParameterGroup *groups, size_t n_groups);

/* What messages call the keys of an object that is not a function's parameters. */
typedef struct ParameterWording
{
	const char *noun;  /* of a key, as "parameter" */
	const char *owner; /* whose keys they are, as " of the contract"; "" for nobody's */
} ParameterWording;

/* As parameters_parse, in other words. */
extern void parameters_parse_worded(const char *json, const ParameterGroup *groups, size_t n_groups,
									const ParameterWording *wording);

/* Append all parameters of the groups with their present values, as one JSON object. */
extern void parameters_append_json(ByteBuffer *buffer, const ParameterGroup *groups,
								   size_t n_groups);

/* Append the present value of one parameter of a group as JSON. */
extern void parameters_append_value(ByteBuffer *buffer, const ParameterGroup *group,
									const ParameterSpec *spec);

/* The range or choices of a parameter for people, such as "a number > 0 and <= 1000000". */
extern void parameters_append_allowed(ByteBuffer *buffer, const ParameterSpec *spec);

#endif /* SENTIMENT_PARAMETERS_H */
