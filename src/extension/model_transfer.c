/*
 * model_transfer.c
 *	  Versions of models as values, and on their way out to another database.
 *
 * An exported version is a container (core/model_container.h) of its image, of a manifest that tells what the
 * registry knows of it, of what was measured at its training, and of the contract of its model. Monitors and
 * jobs are not in it: they name relations to be read, and here nobody has consented to that. model_import.c reads it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/model_container.h"
#include "extension/arguments.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/query_result.h"
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

/* The columns that an export reads. */
enum
{
	EXPORT_MANIFEST = 1,
	EXPORT_IMAGE,
	EXPORT_CURVES,
	EXPORT_PROFILE,
	EXPORT_LEARNED_TEXTS,
	EXPORT_CONTRACT
};

/* Read all of a version. */
static void
read_export(const RegistryModel *model, int32 version)
{
	Oid types[2] = {INT8OID, INT4OID};
	Datum values[2] = {Int64GetDatum(model->model_id), Int32GetDatum(version)};

	registry_query(
		"SELECT pg_catalog.jsonb_build_object('model', m.name, 'version', v.version,"
		" 'description', m.description, 'gate', m.gate, 'split_seed', m.split_seed,"
		" 'source_schema', v.source_schema, 'source_name', v.source_name,"
		" 'text_column', v.text_column, 'label_column', v.label_column, 'filter', v.filter,"
		" 'holdout', v.holdout, 'rows_held_out', v.rows_held_out,"
		" 'rows_skipped', v.rows_skipped, 'seconds', v.seconds, 'metrics', v.metrics,"
		" 'trained_by', v.trained_by, 'trained_at', v.trained_at AT TIME ZONE 'UTC')"
		"::pg_catalog.text, v.image, c.curves::pg_catalog.text, p.profile, p.learned_texts,"
		" (SELECT d.contract FROM sentiment.contract AS d WHERE d.model_id = m.model_id"
		" ORDER BY d.contract_id DESC LIMIT 1)::pg_catalog.text"
		" FROM sentiment.model AS m"
		" JOIN sentiment.model_version AS v ON v.model_id = m.model_id AND v.version = $2"
		" LEFT JOIN sentiment.version_curves AS c"
		" ON c.model_id = m.model_id AND c.version = v.version"
		" LEFT JOIN sentiment.version_profile AS p"
		" ON p.model_id = m.model_id AND p.version = v.version WHERE m.model_id = $1",
		2, types, values);
	if (SPI_processed != 1)
		registry_version_missing(model->name, version);
}

/* The type of a column that read_export asks for. */
static Oid
export_type(int number)
{
	switch (number)
	{
		case EXPORT_IMAGE:
			return registry_model_type();
		case EXPORT_PROFILE:
			return registry_profile_type();
		case EXPORT_LEARNED_TEXTS:
			return BYTEAOID;
		default:
			return TEXTOID;
	}
}

/* A column of what read_export has read, not copied; false if it is null. */
static bool
export_column(int number, Datum *value)
{
	bool is_null;

	query_check_type(number, export_type(number));
	*value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, &is_null);
	return !is_null;
}

/* Add a text as a section, in UTF-8. */
static void
add_text(ContainerWriter *writer, const char *name, Datum value)
{
	char *utf8 = utf8_cstring_from_datum(value);

	model_container_add(writer, name, utf8, strlen(utf8));
}

/* Add bytes as a section. */
static void
add_bytes(ContainerWriter *writer, const char *name, const bytea *bytes)
{
	model_container_add(writer, name, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

/* The binary form of a drift profile. */
static bytea *
send_profile(Datum profile)
{
	Oid function;
	bool is_varlena;

	getTypeBinaryOutputInfo(registry_profile_type(), &function, &is_varlena);
	return OidSendFunctionCall(function, profile);
}

/* Make the container of what read_export has read. */
static ByteBuffer
make_container(void)
{
	ContainerWriter writer;
	ImageValue *image;
	Datum value;

	model_container_begin(&writer);
	(void) export_column(EXPORT_MANIFEST, &value);
	add_text(&writer, CONTAINER_MANIFEST, value);
	(void) export_column(EXPORT_IMAGE, &value);
	image = DatumGetImageValue(value);
	model_container_add(&writer, CONTAINER_IMAGE, image->image, image_value_length(image));
	if (export_column(EXPORT_CURVES, &value))
		add_text(&writer, CONTAINER_CURVES, value);
	if (export_column(EXPORT_PROFILE, &value))
		add_bytes(&writer, CONTAINER_DRIFT_PROFILE, send_profile(value));
	if (export_column(EXPORT_LEARNED_TEXTS, &value))
		add_bytes(&writer, CONTAINER_LEARNED_TEXTS, DatumGetByteaPP(value));
	if (export_column(EXPORT_CONTRACT, &value))
		add_text(&writer, CONTAINER_CONTRACT, value);
	return model_container_finish(&writer);
}

/* A container as a bytea, in a context. */
static bytea *
container_value(const ByteBuffer *container, MemoryContext context)
{
	bytea *value = MemoryContextAlloc(context, VARHDRSZ + container->length);

	SET_VARSIZE(value, VARHDRSZ + container->length);
	memcpy(VARDATA(value), container->data, container->length);
	return value;
}

PG_FUNCTION_INFO_V1(sentiment_export_model);
Datum
sentiment_export_model(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	Snapshot snapshot = GetActiveSnapshot();
	RegistryWriter reader;
	RegistryModel model;
	ByteBuffer container;
	bytea *result;
	int32 version;
	char *name;

	require_arguments(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!registry_find_model(name, snapshot, &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_ADMIN, snapshot);
	version =
		PG_ARGISNULL(1) ? registry_deployed_version(model.model_id, snapshot) : PG_GETARG_INT32(1);
	if (version == 0 && PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no deployed version", name), errhint("Name a version.")));
	reader = registry_begin_read();
	read_export(&model, version);
	container = make_container();
	result = container_value(&container, result_context);
	registry_end_write(&reader);
	PG_RETURN_BYTEA_P(result);
}
