/*
 * model_card.c
 *	  What people should know of a model, as far as somebody has to write it down; the card is SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "extension/arguments.h"
#include "extension/registry.h"

PG_FUNCTION_INFO_V1(sentiment_set_description);
Datum
sentiment_set_description(PG_FUNCTION_ARGS)
{
	RegistryWriter writer;
	RegistryModel model;
	Oid types[2] = {INT8OID, TEXTOID};
	Datum values[2];
	char nulls[3] = {' ', PG_ARGISNULL(1) ? 'n' : ' ', '\0'};

	require_arguments(fcinfo, 1);
	writer = registry_begin_write("sentiment_set_description()");
	registry_lock_for_change(&writer, text_to_cstring(PG_GETARG_TEXT_PP(0)), PRIVILEGE_ADMIN,
							 &model);
	values[0] = Int64GetDatum(model.model_id);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	registry_execute("UPDATE sentiment.model SET description = $2 WHERE model_id = $1", 2, types,
					 values, nulls, SPI_OK_UPDATE);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}
