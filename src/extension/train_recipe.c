/*
 * train_recipe.c
 *	  How a model is trained again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "extension/host.h"
#include "extension/model_source.h"
#include "extension/public_query.h"
#include "extension/train_arguments.h"
#include "extension/train_recipe.h"

TrainRecipe
train_recipe_of_version(const RegistryModel *model, int32 version)
{
	QueryParameter parameters[2] = {query_value(INT8OID, Int64GetDatum(model->model_id)),
									query_value(INT4OID, Int32GetDatum(version))};
	RegistryWriter reader = query_begin_read();
	TrainRecipe recipe = {.version = version};
	bool is_null;

	if (public_query_read_only(
			"SELECT source_schema, source_name, text_column, label_column, filter, kind,"
			" parameters, numeric_columns, trained_by, COALESCE(trained_by_oid, 0::pg_catalog.oid),"
			" COALESCE(trained_by_cluster, 0), filter_is_kept"
			" FROM sentiment.model_version WHERE model_id = $1 AND version = $2",
			2, parameters) != 1)
		registry_version_missing(model->name, version);
	recipe.schema = query_column(0, 1);
	recipe.name = query_column(0, 2);
	recipe.text_column = query_column(0, 3);
	recipe.label_column = query_column(0, 4);
	recipe.filter = query_column(0, 5);
	recipe.kind = query_column(0, 6);
	recipe.params = query_typed_datum(0, 7, JSONBOID, &is_null);
	recipe.numeric_columns = query_typed_datum(0, 8, TEXTARRAYOID, &is_null);
	strlcpy(recipe.named_by.name, query_column(0, 9), NAMEDATALEN);
	recipe.named_by.oid = DatumGetObjectId(query_typed_datum(0, 10, OIDOID, &is_null));
	recipe.named_by.cluster = DatumGetInt64(query_typed_datum(0, 11, INT8OID, &is_null));
	recipe.filter_is_lost = !DatumGetBool(query_typed_datum(0, 12, BOOLOID, &is_null));
	recipe.numeric_by = recipe.named_by;
	registry_end_write(&reader);
	return recipe;
}

/* The newest version, or 0. */
static int32
newest_version(const RegistryModel *model)
{
	QueryParameter parameters[1] = {query_value(INT8OID, Int64GetDatum(model->model_id))};
	RegistryWriter reader = query_begin_read();
	int32 version;
	bool is_null;

	public_query_read_only("SELECT COALESCE(pg_catalog.max(version), 0)"
						   " FROM sentiment.model_version WHERE model_id = $1",
						   1, parameters);
	version = DatumGetInt32(query_typed_datum(0, 1, INT4OID, &is_null));
	registry_end_write(&reader);
	return version;
}

/* Let the model say from which rows, if it was told. */
static void
take_source_of_model(TrainRecipe *recipe, const RegistryModel *model)
{
	ModelSource source;

	if (!model_source_find(model, &source))
		return;
	recipe->schema = source.schema;
	recipe->name = source.name;
	recipe->text_column = source.text_column;
	recipe->label_column = source.label_column;
	recipe->filter = source.filter;
	recipe->filter_is_lost = false;
	recipe->named_by = source.named_by;
	if (source.numeric_columns == (Datum) 0)
		return;
	recipe->numeric_columns = source.numeric_columns;
	recipe->numeric_by = source.named_by;
}

/* Let the monitor say from which rows. */
static void
take_source_of_monitor(TrainRecipe *recipe, const Monitor *monitor)
{
	recipe->schema = monitor->schema;
	recipe->name = monitor->name;
	recipe->text_column = monitor->text_column;
	recipe->label_column = monitor->label_column;
	recipe->filter = monitor_window(monitor, monitor->training_period);
	recipe->filter_is_lost = false;
	recipe->named_by = monitor->set_by;
}

int32
train_recipe_version(const RegistryModel *model)
{
	int32 version = registry_deployed_version(model->model_id, GetActiveSnapshot());

	return version != 0 ? version : newest_version(model);
}

TrainRecipe
train_recipe_for_model(const RegistryModel *model, const Monitor *monitor)
{
	int32 version = train_recipe_version(model);
	TrainRecipe recipe;

	if (version == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("model \"%s\" has no version", model->name),
						errhint("Train one with sentiment_train.")));
	recipe = train_recipe_of_version(model, version);
	take_source_of_model(&recipe, model);
	/* what is watched may have no labels; then there is nothing to learn from it */
	if (monitor != NULL && monitor->label_column != NULL)
		take_source_of_monitor(&recipe, monitor);
	if (monitor != NULL && monitor->numeric_columns != (Datum) 0)
	{
		recipe.numeric_columns = monitor->numeric_columns;
		recipe.numeric_by = monitor->set_by;
	}
	if (monitor != NULL && monitor->kind != NULL)
	{
		recipe.kind = monitor->kind;
		recipe.params = monitor->params != (Datum) 0 ? monitor->params : jsonb_from_json("{}");
	}
	return recipe;
}

StoredSource *
train_recipe_source(const RegistryModel *model, const TrainRecipe *recipe)
{
	return stored_source_open(model, recipe->schema, recipe->name, &recipe->named_by);
}

/* An array of texts as one of names, which is what sentiment_train takes. */
static Datum
names_of_texts(Datum texts)
{
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(DatumGetArrayTypeP(texts), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, &n);
	for (int i = 0; i < n; i++)
		elements[i] =
			DirectFunctionCall1(namein, CStringGetDatum(TextDatumGetCString(elements[i])));
	return PointerGetDatum(
		construct_array(elements, n, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR));
}

TrainRequest
train_recipe_request(const RegistryModel *model, const TrainRecipe *recipe)
{
	const StoredSource *stored = train_recipe_source(model, recipe);

	return (TrainRequest){.model = (char *) model->name,
						  .stored = stored,
						  .relation = stored->relation,
						  .text_column = recipe->text_column,
						  .label_column = recipe->label_column,
						  .kind = recipe->kind,
						  .params = recipe->params,
						  .numeric_columns = names_of_texts(recipe->numeric_columns),
						  .deploy = "never",
						  .filter = recipe->filter,
						  .filter_is_lost = recipe->filter_is_lost,
						  .numeric_by = &recipe->numeric_by};
}

/*
 * A version keeps all parameters, the defaults of its kind included: those are left out, so that another kind has
 * defaults of its own (trees reduce the terms, for one).
 */
Datum
train_recipe_parameters(const TrainRecipe *recipe, const char *kind)
{
	QueryParameter parameters[2] = {query_value(JSONBOID, recipe->params),
									query_text(recipe->kind)};
	Datum chosen;
	bool is_null;

	if (recipe->version == 0 || recipe->kind == NULL || strcmp(kind, recipe->kind) == 0)
		return train_parameters_for_kind(recipe->params, kind);
	query_connect();
	public_query_read_only("SELECT COALESCE(pg_catalog.jsonb_object_agg(p.key, p.value), '{}')"
						   " FROM pg_catalog.jsonb_each($1) AS p"
						   " LEFT JOIN sentiment.kind_parameters() AS k"
						   " ON k.kind = $2 AND k.parameter = p.key"
						   " WHERE k.default_value IS DISTINCT FROM p.value",
						   2, parameters);
	chosen = query_typed_datum(0, 1, JSONBOID, &is_null);
	query_finish();
	return train_parameters_for_kind(chosen, kind);
}
