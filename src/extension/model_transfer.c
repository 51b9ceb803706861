/*
 * model_transfer.c
 *	  Versions of models as values, and from one database to another.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "extension/registry.h"

PG_FUNCTION_INFO_V1(sentiment_get_model);
Datum
sentiment_get_model(PG_FUNCTION_ARGS)
{
	Datum image;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	image = registry_image(text_to_cstring(PG_GETARG_TEXT_PP(0)),
						   PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1), PRIVILEGE_ADMIN);
	PG_RETURN_DATUM(PointerGetDatum(PG_DETOAST_DATUM(image)));
}
