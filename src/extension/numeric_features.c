/*
 * numeric_features.c
 *	  Numbers that come with a text.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "extension/host.h"
#include "extension/numeric_features.h"

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

/* Whether a model has a numeric column; name: in UTF-8 */
static bool
has_column(const Pipeline *pipeline, const char *name)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;

	for (uint32 i = 0; i < options->n_numeric; i++)
	{
		if (strcmp(options->numeric_names[i], name) == 0)
			return true;
	}
	return false;
}

void
numeric_features_check(const Pipeline *const *pipelines, int n, Jsonb *features)
{
	JsonbIterator *iterator = JsonbIteratorInit(&features->root);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char *name;
		int i = 0;

		if (token != WJB_KEY)
			continue;
		name = utf8_from_server(pnstrdup(value.val.string.val, value.val.string.len));
		while (i < n && !has_column(pipelines[i], name))
			i++;
		if (i == n)
			unknown_feature(pipelines[0], name);
	}
}

/* The value of a column among the features; NULL if it is not there. */
static JsonbValue *
find_value(const char *name, Jsonb *features, JsonbValue *buffer)
{
	const char *key = GetDatabaseEncoding() == PG_UTF8 ? name : server_from_utf8(name);

	/* an object's keys are sorted, so each column is found by a binary search */
	return getKeyJsonValueFromContainer(&features->root, key, strlen(key), buffer);
}

bool
numeric_features_are_known(const Pipeline *pipeline, Jsonb *features)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;
	uint32 n_found = 0;
	JsonbValue buffer;

	for (uint32 i = 0; i < options->n_numeric; i++)
		n_found += find_value(options->numeric_names[i], features, &buffer) != NULL;
	return n_found == JB_ROOT_COUNT(features);
}

float *
numeric_features_read(const Pipeline *pipeline, Jsonb *features, bool ignore_unknown)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;
	float *numbers = palloc_array(float, options->n_numeric + 1);
	uint32 n_found = 0;

	if (features != NULL && !JB_ROOT_IS_OBJECT(features))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("features must be a JSON object"),
				 errhint("Give numbers by name, as in '{\"price\": 12.5}'.")));
	for (uint32 i = 0; i < options->n_numeric; i++)
	{
		const char *name = options->numeric_names[i];
		JsonbValue buffer;
		JsonbValue *value = features == NULL ? NULL : find_value(name, features, &buffer);

		n_found += value != NULL;
		numbers[i] = value == NULL ? NAN : number_of(name, value);
	}
	if (features != NULL && !ignore_unknown && n_found < JB_ROOT_COUNT(features))
		numeric_features_check(&pipeline, 1, features);
	return numbers;
}
