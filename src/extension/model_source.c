/*
 * model_source.c
 *	  The rows that a model was told to be trained from.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/arguments.h"
#include "extension/event.h"
#include "extension/model_source.h"
#include "extension/public_query.h"
#include "extension/source.h"
#include "extension/source_query.h"
#include "extension/train_recipe.h"

/* Arguments of sentiment_set_source. */
enum
{
	ARGUMENT_MODEL,
	ARGUMENT_SOURCE,
	ARGUMENT_TEXT_COLUMN,
	ARGUMENT_LABEL_COLUMN,
	ARGUMENT_FILTER,
	ARGUMENT_NUMERIC_COLUMNS
};

bool
model_source_find(const RegistryModel *model, ModelSource *source)
{
	QueryParameter parameters[1] = {query_value(INT8OID, Int64GetDatum(model->model_id))};
	RegistryWriter reader = query_begin_read();
	bool is_null;
	bool found;

	found =
		public_query_read_only("SELECT s.source_schema, s.source_name, s.text_column,"
							   " s.label_column, s.filter, s.numeric_columns, s.set_by,"
							   " s.set_by_oid, s.set_by_cluster FROM sentiment.model_source AS s"
							   " WHERE s.model_id OPERATOR(pg_catalog.=) $1",
							   1, parameters) == 1;
	if (found)
	{
		*source = (ModelSource){.schema = query_column(0, 1),
								.name = query_column(0, 2),
								.text_column = query_column(0, 3),
								.label_column = query_column(0, 4),
								.filter = query_column(0, 5),
								.numeric_columns = query_typed_datum(0, 6, TEXTARRAYOID, &is_null)};
		strlcpy(source->named_by.name, query_column(0, 7), NAMEDATALEN);
		source->named_by.oid = DatumGetObjectId(query_typed_datum(0, 8, OIDOID, &is_null));
		source->named_by.cluster = DatumGetInt64(query_typed_datum(0, 9, INT8OID, &is_null));
	}
	registry_end_write(&reader);
	return found;
}

bool
model_source_of_version(const RegistryModel *model, int32 version, Snapshot snapshot,
						RegistryVersionSource *source)
{
	ModelSource named;

	if (!registry_find_version_source(model->model_id, version, snapshot, source))
		return false;
	if (!model_source_find(model, &named))
		return true;
	strlcpy(source->schema, named.schema, NAMEDATALEN);
	strlcpy(source->name, named.name, NAMEDATALEN);
	strlcpy(source->text_column, named.text_column, NAMEDATALEN);
	strlcpy(source->label_column, named.label_column, NAMEDATALEN);
	source->filter = named.filter;
	source->filter_is_lost = false;
	source->named_by = named.named_by;
	return true;
}

/* The argument numeric_columns as text[], 0 if it is not given. */
static Datum
numeric_columns_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARGUMENT_NUMERIC_COLUMNS))
		return (Datum) 0;
	return text_array_of_names(PG_GETARG_ARRAYTYPE_P(ARGUMENT_NUMERIC_COLUMNS), "numeric_columns");
}

/* Read the arguments, and take the columns of numbers that are not given from the version that answers. */
static Source
read_source(FunctionCallInfo fcinfo, const RegistryModel *model, Datum numeric_columns)
{
	int32 version = train_recipe_version(model);
	Source source = {.relation = PG_GETARG_OID(ARGUMENT_SOURCE),
					 .text_column = pstrdup(NameStr(*PG_GETARG_NAME(ARGUMENT_TEXT_COLUMN))),
					 .label_column = pstrdup(NameStr(*PG_GETARG_NAME(ARGUMENT_LABEL_COLUMN))),
					 .filter = PG_ARGISNULL(ARGUMENT_FILTER)
								   ? NULL
								   : text_to_cstring(PG_GETARG_TEXT_PP(ARGUMENT_FILTER))};

	if (numeric_columns != (Datum) 0)
		source_set_numeric_columns(&source, numeric_columns);
	else if (version != 0)
		source_set_numeric_columns(&source,
								   train_recipe_of_version(model, version).numeric_columns);
	return source;
}

/* Write the row, or delete it. */
static void
write_source(const RegistryWriter *writer, const RegistryModel *model, const Source *source,
			 Datum numeric_columns)
{
	StoredRole caller = stored_role_of(writer->caller);
	QueryParameter parameters[] = {query_value(INT8OID, Int64GetDatum(model->model_id)),
								   query_text(source->schema),
								   query_text(source->name),
								   query_text(source->text_column),
								   query_text(source->label_column),
								   query_text(source->filter),
								   query_optional(TEXTARRAYOID, numeric_columns),
								   query_text(caller.name),
								   query_value(OIDOID, ObjectIdGetDatum(caller.oid)),
								   query_value(INT8OID, Int64GetDatum(caller.cluster))};

	public_query("DELETE FROM sentiment.model_source AS s"
				 " WHERE s.model_id OPERATOR(pg_catalog.=) $1",
				 1, parameters);
	if (source->name == NULL)
		return;
	public_query("INSERT INTO sentiment.model_source (model_id, source_schema, source_name,"
				 " text_column, label_column, filter, numeric_columns, set_by, set_by_oid,"
				 " set_by_cluster) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
				 lengthof(parameters), parameters);
}

PG_FUNCTION_INFO_V1(sentiment_set_source);
Datum
sentiment_set_source(PG_FUNCTION_ARGS)
{
	Source source = {0};
	Datum numeric_columns = numeric_columns_argument(fcinfo);
	RegistryModel model;
	RegistryWriter writer;
	char *name;

	require_arguments(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(ARGUMENT_MODEL));
	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	if (!PG_ARGISNULL(ARGUMENT_SOURCE))
	{
		for (int i = ARGUMENT_TEXT_COLUMN; i <= ARGUMENT_LABEL_COLUMN; i++)
			require_argument(fcinfo, i, i == ARGUMENT_TEXT_COLUMN ? "text_column" : "label_column");
		source = read_source(fcinfo, &model, numeric_columns);
		source_try_stored(&model, &source, source.filter, NIL);
	}
	writer = registry_begin_write("sentiment_set_source()");
	registry_lock_for_change(&writer, name, PRIVILEGE_TRAIN, &model);
	write_source(&writer, &model, &source, numeric_columns);
	event_notify("source", model.name, 0, NULL);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}
