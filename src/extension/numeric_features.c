/*
 * numeric_features.c
 *	  Numbers that come with a text.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "extension/host.h"
#include "extension/numeric_features.h"

void
numeric_features_raise_unknown(const Pipeline *pipeline, const char *name)
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
			/* beyond float4 it is missing, as in training */
			return isfinite((float) number) ? (float) number : NAN;
		default:
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("feature \"%s\" is not a number", server_from_utf8(name)),
							errhint("Give a number, true, false or null.")));
	}
	pg_unreachable();
}

bool
numeric_features_has(const Pipeline *pipeline, const char *name)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;

	for (uint32 i = 0; i < options->n_numeric; i++)
	{
		if (strcmp(options->numeric_names[i], name) == 0)
			return true;
	}
	return false;
}

/* The names of an object that are no columns, in UTF-8, as a list of strings. */
static List *
unknown_names(const Pipeline *pipeline, Jsonb *features)
{
	JsonbIterator *iterator = JsonbIteratorInit(&features->root);
	JsonbIteratorToken token;
	JsonbValue value;
	List *names = NIL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char *name;

		if (token != WJB_KEY)
			continue;
		name = utf8_from_server(pnstrdup(value.val.string.val, value.val.string.len));
		if (!numeric_features_has(pipeline, name))
			names = lappend(names, name);
	}
	return names;
}

float *
numeric_features_read_known(const Pipeline *pipeline, Jsonb *features, List **unknown)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;
	float *numbers = palloc_array(float, options->n_numeric + 1);
	uint32 n_found = 0;

	*unknown = NIL;
	if (features != NULL && !JB_ROOT_IS_OBJECT(features))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("features must be a JSON object"),
				 errhint("Give numbers by name, as in '{\"price\": 12.5}'.")));
	/* an object's keys are sorted, so each column is found by a binary search */
	for (uint32 i = 0; i < options->n_numeric; i++)
	{
		const char *name = options->numeric_names[i];
		JsonbValue buffer;
		JsonbValue *value = NULL;

		if (features != NULL)
		{
			const char *key = GetDatabaseEncoding() == PG_UTF8 ? name : server_from_utf8(name);

			value = getKeyJsonValueFromContainer(&features->root, key, strlen(key), &buffer);
		}
		n_found += value != NULL;
		numbers[i] = value == NULL ? NAN : number_of(name, value);
	}
	if (features != NULL && n_found < JB_ROOT_COUNT(features))
		*unknown = unknown_names(pipeline, features);
	return numbers;
}

float *
numeric_features_read(const Pipeline *pipeline, Jsonb *features)
{
	List *unknown;
	float *numbers = numeric_features_read_known(pipeline, features, &unknown);

	if (unknown != NIL)
		numeric_features_raise_unknown(pipeline, linitial(unknown));
	return numbers;
}
