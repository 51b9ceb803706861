/*
 * arguments.c
 *	  Arguments of SQL functions that are not STRICT.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "extension/arguments.h"

void
require_arguments(FunctionCallInfo fcinfo, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument %d of function %s must not be null", i + 1,
								   get_func_name(fcinfo->flinfo->fn_oid))));
	}
}

void
require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
}

Datum
text_array_of_names(ArrayType *names, const char *argument)
{
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"%s\" must not contain null", argument)));
		elements[i] = CStringGetTextDatum(NameStr(*DatumGetName(elements[i])));
	}
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

char *
optional_text_argument(FunctionCallInfo fcinfo, int argument, const char *default_value)
{
	if (PG_NARGS() > argument && !PG_ARGISNULL(argument))
		return text_to_cstring(PG_GETARG_TEXT_PP(argument));
	return default_value == NULL ? NULL : pstrdup(default_value);
}
