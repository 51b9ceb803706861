/*
 * arguments.c
 *	  Arguments of SQL functions that are not STRICT.
 */
#include "postgres.h"

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

char *
optional_text_argument(FunctionCallInfo fcinfo, int argument, const char *default_value)
{
	if (PG_NARGS() > argument && !PG_ARGISNULL(argument))
		return text_to_cstring(PG_GETARG_TEXT_PP(argument));
	return default_value == NULL ? NULL : pstrdup(default_value);
}
