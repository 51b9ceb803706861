/*
 * numeric_features.c
 *	  Numbers that come with a text.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "extension/host.h"
#include "extension/numeric_features.h"

/* The column of a name, or -1. */
static int
find_column(const Pipeline *pipeline, const char *name)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;

	for (uint32 i = 0; i < options->n_numeric; i++)
	{
		if (strcmp(options->numeric_names[i], name) == 0)
			return (int) i;
	}
	return -1;
}

/* Raise the error for a name that the model does not know. */
static void
unknown_feature(const Pipeline *pipeline, const char *name)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;
	StringInfoData names;

	initStringInfo(&names);
	for (uint32 i = 0; i < options->n_numeric; i++)
		appendStringInfo(&names, "%s\"%s\"", i == 0 ? "" : ", ",
						 server_from_utf8(options->numeric_names[i]));
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 errmsg("the model has no feature \"%s\"", server_from_utf8(name)),
		 options->n_numeric == 0 ? errdetail("It learned from texts only.")
								 : errdetail("Its numeric features are %s.", names.data),
		 errhint("Features are named as the numeric columns that the model was trained with.")));
}

/* A number of a JSON value. */
static float
number_of(const char *name, const JsonbValue *value)
{
	double number;

	switch (value->type)
	{
		case jbvNull:
			return NAN;
		case jbvBool:
			return value->val.boolean ? 1 : 0;
		case jbvNumeric:
			number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
														NumericGetDatum(value->val.numeric)));
			if (!isfinite((float) number))
				ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
								errmsg("feature \"%s\" is out of range", server_from_utf8(name)),
								errdetail("Features are kept as float4.")));
			return (float) number;
		default:
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("feature \"%s\" is not a number", server_from_utf8(name)),
							errhint("Give a number, true, false or null.")));
	}
	pg_unreachable();
}

float *
numeric_features_read(const Pipeline *pipeline, Jsonb *features)
{
	uint32 n_numeric = pipeline->space.options.n_numeric;
	float *numbers = palloc_array(float, n_numeric + 1);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	char *name = NULL;

	for (uint32 i = 0; i < n_numeric; i++)
		numbers[i] = NAN;
	if (features == NULL)
		return numbers;
	if (!JB_ROOT_IS_OBJECT(features))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("features must be a JSON object"),
				 errhint("Give numbers by name, as in '{\"price\": 12.5}'.")));
	iterator = JsonbIteratorInit(&features->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		int column;

		if (token == WJB_KEY)
			name = utf8_from_server(pnstrdup(value.val.string.val, value.val.string.len));
		if (token != WJB_VALUE)
			continue;
		column = find_column(pipeline, name);
		if (column < 0)
			unknown_feature(pipeline, name);
		numbers[column] = number_of(name, &value);
	}
	return numbers;
}
