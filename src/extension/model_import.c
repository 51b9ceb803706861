/*
 * model_import.c
 *	  Versions of models that come from another database.
 *
 * Nothing of a container (see model_transfer.c) is believed: what the image tells itself (kind, parameters,
 * labels) is read from the image, which is checked as any other; what only the manifest tells is checked, or is a
 * text that is shown and nothing more. The source that the version was trained from is such a text: who imports a
 * version does not consent to reading a relation, let alone running a filter, that somebody else has named. He
 * may name one of his own.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/drift/text_filter.h"
#include "core/model_container.h"
#include "core/pipeline.h"
#include "extension/arguments.h"
#include "extension/contract_store.h"
#include "extension/event.h"
#include "extension/gate.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/registry.h"
#include "extension/source_query.h"
#include "extension/validation_scan.h"
#include "extension/version_row.h"

/* A manifest, or curves, may not be longer. */
#define MAX_JSON_SIZE ((Size) 16 * 1024 * 1024)

/* What an import is told and has read. */
typedef struct Import
{
	/* arguments */
	const char *name; /* of the model */
	Source source;    /* named by the caller; no relation: none */

	/* of the container */
	const char *bytes;
	Size length;
	Jsonb *manifest;
	ImageValue *image;
	Pipeline *pipeline;
	uint64 split_seed;
	double holdout;
	Datum curves;        /* jsonb, or 0 */
	Datum profile;       /* sentiment_drift_profile, or 0 */
	Datum learned_texts; /* bytea, or 0 */
	Datum contract;      /* jsonb, or 0 */

	/* result */
	int32 version;
} Import;

/* A member of the manifest; NULL if it is missing or null. */
static JsonbValue *
manifest_member(const Import *import, const char *name)
{
	JsonbValue *value =
		getKeyJsonValueFromContainer(&import->manifest->root, name, strlen(name), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

/* Raise an error for a member of the manifest. */
static void
pg_attribute_noreturn() invalid_member(const char *name)
{
	model_container_invalid(psprintf("The manifest's \"%s\" is not what it must be.", name));
}

/* A text of the manifest of limited length; NULL if it is missing. */
static char *
manifest_text(const Import *import, const char *name, int max_length)
{
	JsonbValue *value = manifest_member(import, name);

	if (value == NULL)
		return NULL;
	if (value->type != jbvString || value->val.string.len > max_length)
		invalid_member(name);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* A number of the manifest within limits. */
static double
manifest_number(const Import *import, const char *name, double minimum, double maximum)
{
	JsonbValue *value = manifest_member(import, name);
	double number;

	if (value == NULL || value->type != jbvNumeric)
		invalid_member(name);
	number = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!(number >= minimum && number <= maximum))
		invalid_member(name);
	return number;
}

/* Counts of rows, sums of which are shown, may not be larger. */
#define MAX_COUNT 1e15

/* A whole number of the manifest, from 0 on. */
static int64
manifest_integer(const Import *import, const char *name, double maximum)
{
	(void) manifest_number(import, name, 0, maximum);
	return DatumGetInt64(DirectFunctionCall1(
		numeric_int8, NumericGetDatum(manifest_member(import, name)->val.numeric)));
}

/* A section as a zero-terminated string of JSON. */
static char *
json_section(const Import *import, const char *name)
{
	size_t length;
	const char *section = model_container_require(import->bytes, name, &length);

	if (length > MAX_JSON_SIZE)
		model_container_invalid("A section is too long.");
	if (memchr(section, '\0', length) != NULL)
		model_container_invalid("A section is not a text.");
	return pnstrdup(section, length);
}

/* Check figures that views take for numbers between 0 and 1. */
static void
check_metrics(Jsonb *metrics)
{
	static const char *const shares[] = {"f1", "macro_f1", "accuracy", "roc_auc"};

	for (int i = 0; i < lengthof(shares); i++)
	{
		JsonbValue *value =
			getKeyJsonValueFromContainer(&metrics->root, shares[i], strlen(shares[i]), NULL);
		double number;

		if (value == NULL || value->type == jbvNull)
			continue;
		if (value->type != jbvNumeric)
			invalid_member("metrics");
		number = DatumGetFloat8(
			DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
		if (!(number >= 0 && number <= 1))
			invalid_member("metrics");
	}
}

/* The metrics of the manifest: an object. */
static Datum
manifest_metrics(const Import *import)
{
	JsonbValue *value = manifest_member(import, "metrics");
	Jsonb *metrics;

	if (value == NULL)
		return jsonb_from_json("{}");
	metrics = JsonbValueToJsonb(value);
	if (!JB_ROOT_IS_OBJECT(metrics))
		invalid_member("metrics");
	check_metrics(metrics);
	return JsonbPGetDatum(metrics);
}

/* The gate of the manifest, or 0: checked as one that somebody sets. */
static Datum
manifest_gate(const Import *import)
{
	JsonbValue *value = manifest_member(import, "gate");
	Jsonb *gate;

	if (value == NULL)
		return (Datum) 0;
	gate = JsonbValueToJsonb(value);
	if (!JB_ROOT_IS_OBJECT(gate))
		invalid_member("gate");
	return gate_canonical(utf8_from_server(JsonbToCString(NULL, &gate->root, VARSIZE(gate))));
}

/* When it was trained. */
static TimestampTz
manifest_trained_at(const Import *import)
{
	char *text = manifest_text(import, "trained_at", 64);
	TimestampTz trained_at;

	if (text == NULL)
		return GetCurrentTimestamp();
	trained_at = DatumGetTimestampTz(
		DirectFunctionCall3(timestamptz_in, CStringGetDatum(psprintf("%s UTC", text)),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	if (TIMESTAMP_NOT_FINITE(trained_at))
		invalid_member("trained_at");
	return trained_at;
}

/* Read the manifest. */
static void
read_manifest(Import *import)
{
	import->manifest = DatumGetJsonbP(jsonb_from_json(json_section(import, CONTAINER_MANIFEST)));
	if (!JB_ROOT_IS_OBJECT(import->manifest))
		model_container_invalid("Its manifest is not an object.");
	import->split_seed = (uint64) manifest_integer(import, "split_seed", (double) PG_INT64_MAX);
	import->holdout = manifest_number(import, "holdout", 0, 0.5);
	if (import->name == NULL)
		import->name = manifest_text(import, "model", NAMEDATALEN - 1);
	if (import->name == NULL)
		invalid_member("model");
}

/* Read the image, which is checked in full by opening it. */
static void
read_image(Import *import)
{
	size_t length;
	const void *bytes = model_container_require(import->bytes, CONTAINER_IMAGE, &length);
	ByteBuffer copy = {0};

	image_check_size(length);
	buffer_append(&copy, bytes, length);
	import->image = image_value_create(&copy);
	import->pipeline = pipeline_open(import->image->image, image_value_length(import->image));
}

/* Read the curves: an object of objects, as the view of them needs. */
static void
read_curves(Import *import)
{
	size_t length;
	Jsonb *curves;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (model_container_find(import->bytes, CONTAINER_CURVES, &length) == NULL)
		return;
	curves = DatumGetJsonbP(jsonb_from_json(json_section(import, CONTAINER_CURVES)));
	if (!JB_ROOT_IS_OBJECT(curves))
		model_container_invalid("Its curves are not an object.");
	iterator = JsonbIteratorInit(&curves->root);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_END_OBJECT)
	{
		if (token == WJB_VALUE &&
			(value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data)))
			model_container_invalid("Its curves are not an object of objects.");
	}
	import->curves = JsonbPGetDatum(curves);
}

/* Read the reference for drift, by the type's own check of bytes from anybody. */
static void
read_profile(Import *import)
{
	size_t length;
	size_t learned_length;
	const char *profile = model_container_find(import->bytes, CONTAINER_DRIFT_PROFILE, &length);
	const char *learned =
		model_container_find(import->bytes, CONTAINER_LEARNED_TEXTS, &learned_length);
	StringInfoData message;
	bytea *filter;
	Oid function;
	Oid io_parameter;

	if (profile == NULL || learned == NULL)
		return;
	if (learned_length > MAX_TEXT_FILTER_SIZE || learned_length % TEXT_FILTER_BLOCK != 0)
		model_container_invalid("Its filter of learned texts is not one.");
	initStringInfo(&message);
	appendBinaryStringInfo(&message, profile, length);
	getTypeBinaryInputInfo(registry_profile_type(), &function, &io_parameter);
	import->profile = OidReceiveFunctionCall(function, &message, io_parameter, -1);
	filter = palloc(VARHDRSZ + learned_length);
	SET_VARSIZE(filter, VARHDRSZ + learned_length);
	memcpy(VARDATA(filter), learned, learned_length);
	import->learned_texts = PointerGetDatum(filter);
}

/* Read the data contract, which is checked as one that somebody sets. */
static void
read_contract(Import *import)
{
	size_t length;
	Contract checked;

	if (model_container_find(import->bytes, CONTAINER_CONTRACT, &length) == NULL)
		return;
	import->contract = jsonb_from_json(json_section(import, CONTAINER_CONTRACT));
	contract_read(import->contract, &checked);
}

/* A name argument, or what the manifest says, or a default. */
static char *
column_argument(FunctionCallInfo fcinfo, int argument, const Import *import, const char *member)
{
	char *text;

	if (!PG_ARGISNULL(argument))
		return pstrdup(NameStr(*PG_GETARG_NAME(argument)));
	text = manifest_text(import, member, NAMEDATALEN - 1);
	if (text == NULL)
		invalid_member(member);
	return text;
}

/* Look at the source that the caller names, as training does; without one, its names are only texts. */
static void
read_source(FunctionCallInfo fcinfo, Import *import)
{
	const FeatureSpaceOptions *features = &import->pipeline->space.options;
	Source *source = &import->source;

	source->text_column = column_argument(fcinfo, 3, import, "text_column");
	source->label_column = column_argument(fcinfo, 4, import, "label_column");
	source->filter = optional_text_argument(fcinfo, 5, NULL);
	source->n_numeric = features->n_numeric;
	source->numeric = palloc0_array(NumericColumn, features->n_numeric + 1);
	for (uint32 i = 0; i < features->n_numeric; i++)
	{
		const char *name = features->numeric_names[i];

		source->numeric[i].name = TextDatumGetCString(utf8_to_text(name, strlen(name)));
	}
	source->schema = "";
	source->name = "";
	if (!PG_ARGISNULL(2))
	{
		source->relation = PG_GETARG_OID(2);
		source_check(source);
		source_check_can_be_stored(source);
		source_try_new(import->name, source);
	}
	else if (source->filter != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a filter needs a source"),
						errhint("Name the relation in the argument source.")));
}

/* Read all of the container. */
static Import
read_import(FunctionCallInfo fcinfo)
{
	bytea *container = PG_GETARG_BYTEA_PP(0);
	Import import = {.name = optional_text_argument(fcinfo, 1, NULL),
					 .bytes = VARDATA_ANY(container),
					 .length = VARSIZE_ANY_EXHDR(container)};

	model_container_check(import.bytes, import.length);
	read_manifest(&import);
	registry_check_name(import.name);
	read_image(&import);
	read_curves(&import);
	read_profile(&import);
	read_contract(&import);
	read_source(fcinfo, &import);
	return import;
}

/* The positive label of the version, or 0 for more than two. */
static Datum
positive_label(const Pipeline *pipeline)
{
	const char *label;

	if (pipeline->n_labels != 2)
		return (Datum) 0;
	label = pipeline->labels[pipeline->positive];
	return utf8_to_text(label, strlen(label));
}

/* Give a model that the import has made what belongs to it. */
static void
describe_new_model(const Import *import, const RegistryModel *model)
{
	char *description = manifest_text(import, "description", 1024 * 1024);
	Datum gate = manifest_gate(import);
	Oid types[3] = {INT8OID, TEXTOID, JSONBOID};
	Datum values[3] = {Int64GetDatum(model->model_id),
					   CStringGetTextDatum(description == NULL ? "" : description), gate};
	char nulls[4] = {' ', description == NULL ? 'n' : ' ', gate == (Datum) 0 ? 'n' : ' ', '\0'};

	registry_execute("UPDATE sentiment.model SET description = $2, gate = $3 WHERE model_id = $1",
					 3, types, values, nulls, SPI_OK_UPDATE);
}

/*
 * Put the contract in force for a model that the import has made, unless the caller had one ready for it. A
 * model that was there keeps what it has, as it keeps its gate.
 */
static void
store_contract(const Import *import, const RegistryWriter *writer, const RegistryModel *model,
			   bool is_new)
{
	StoredContract present;
	bool has_contract;

	contract_adopt(writer, model);
	if (import->contract == (Datum) 0)
		return;
	has_contract = contract_of_model(model, &present);
	if (has_contract &&
		DatumGetBool(DirectFunctionCall2(jsonb_eq, present.contract, import->contract)))
		return;
	if (is_new && !has_contract)
		contract_write(writer, model->name, model, import->contract);
	else
		ereport(NOTICE, (errmsg("the contract of the exported model is left out"),
						 errdetail(has_contract ? "Model \"%s\" has another one."
												: "Model \"%s\" was there, and has none.",
								   model->name),
						 errhint("sentiment_set_contract sets another.")));
}

/* Make the version's scores mean what those of the model's other versions do. */
static void
agree_on_positive_label(const Import *import, const RegistryModel *model)
{
	Datum label = positive_label(import->pipeline);
	Oid types[2] = {INT8OID, TEXTOID};
	Datum values[2] = {Int64GetDatum(model->model_id), label};

	if (label == (Datum) 0)
		return;
	if (model->positive_label == NULL)
		registry_execute("UPDATE sentiment.model SET positive_label = $2 WHERE model_id = $1", 2,
						 types, values, NULL, SPI_OK_UPDATE);
	else if (strcmp(model->positive_label, TextDatumGetCString(label)) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the positive label of model \"%s\" is \"%s\", not \"%s\"",
							   model->name, model->positive_label, TextDatumGetCString(label)),
						errdetail("It belongs to the model, so that the scores of its versions "
								  "mean the same."),
						errhint("Import the version under another name.")));
}

/* Texts held out under another seed may be texts that the version has learned from. */
static void
forget_foreign_split(Import *import, const RegistryModel *model)
{
	if ((uint64) model->split_seed == import->split_seed || import->holdout == 0)
		return;
	import->holdout = 0;
	ereport(NOTICE, (errmsg("the version held out other texts than model \"%s\" does", model->name),
					 errdetail("No texts are known that it has not learned from, so it cannot be "
							   "compared with other versions.")));
}

/* Lock the model, which is made if there is none. */
static void
lock_or_create_model(Import *import, RegistryWriter *writer, RegistryModel *model)
{
	bool is_new;

	registry_create_model(writer, import->name, (int64) import->split_seed,
						  positive_label(import->pipeline));
	is_new = SPI_processed > 0;
	registry_lock_for_change(writer, import->name, PRIVILEGE_TRAIN, model);
	if (is_new)
		describe_new_model(import, model);
	else
		agree_on_positive_label(import, model);
	store_contract(import, writer, model, is_new);
	forget_foreign_split(import, model);
}

/* The parameters as JSON, the held-out share among them. */
static Datum
parameters_json(const Import *import)
{
	ByteBuffer json = {0};
	ByteBuffer holdout = {0};

	pipeline_append_parameters(import->pipeline, NULL, 0, &json);
	buffer_printf(&holdout, "{\"holdout\": ");
	buffer_append_json_number(&holdout, import->holdout);
	buffer_printf(&holdout, "}");
	return DirectFunctionCall2(jsonb_concat, jsonb_from_json(buffer_c_string(&json)),
							   jsonb_from_json(buffer_c_string(&holdout)));
}

/* Write the version's row. */
static void
write_version(const Import *import, const RegistryWriter *writer, const RegistryModel *model)
{
	VersionRow row = {.model_id = model->model_id,
					  .version = import->version,
					  .image = import->image,
					  .pipeline = import->pipeline,
					  .parameters = parameters_json(import),
					  .source = &import->source,
					  .holdout = import->holdout,
					  .rows_held_out = manifest_integer(import, "rows_held_out", MAX_COUNT),
					  .rows_skipped = manifest_integer(import, "rows_skipped", MAX_COUNT),
					  .seconds = manifest_number(import, "seconds", 0, 1e12),
					  .metrics = manifest_metrics(import),
					  .trained_by = stored_role_of(writer->caller),
					  .trained_at = manifest_trained_at(import)};

	version_row_write(&row);
}

/* Write what was measured at the training. */
static void
write_measurements(const Import *import, const RegistryModel *model)
{
	Oid profile_types[4] = {INT8OID, INT4OID, registry_profile_type(), BYTEAOID};
	Datum profile_values[4] = {Int64GetDatum(model->model_id), Int32GetDatum(import->version),
							   import->profile, import->learned_texts};

	if (import->curves != (Datum) 0)
		version_row_write_curves(model->model_id, import->version, import->curves);
	if (import->profile != (Datum) 0)
		registry_execute("INSERT INTO sentiment.version_profile"
						 " (model_id, version, profile, learned_texts) VALUES ($1, $2, $3, $4)",
						 4, profile_types, profile_values, NULL, SPI_OK_INSERT);
}

/* Why the version is there: where the manifest says that it comes from. */
static const char *
import_reason(const Import *import)
{
	const char *model = manifest_text(import, "model", NAMEDATALEN - 1);
	const char *schema = manifest_text(import, "source_schema", NAMEDATALEN - 1);
	const char *source = manifest_text(import, "source_name", NAMEDATALEN - 1);
	const char *trained_by = manifest_text(import, "trained_by", NAMEDATALEN - 1);

	return psprintf("version %lld of model \"%s\", trained from \"%s.%s\" by \"%s\"",
					(long long) manifest_integer(import, "version", PG_INT32_MAX),
					model == NULL ? "" : model, schema == NULL ? "" : schema,
					source == NULL ? "" : source, trained_by == NULL ? "" : trained_by);
}

/* Write the version as a candidate of its model. */
static void
write_import(Import *import)
{
	RegistryChange change = {.action = "import", .stage = "candidate"};
	RegistryWriter writer = registry_begin_write("sentiment_import_model()");
	RegistryModel model;

	change.reason = import_reason(import);
	lock_or_create_model(import, &writer, &model);
	import->version = registry_take_version(&model);
	write_version(import, &writer, &model);
	write_measurements(import, &model);
	registry_write_history(&writer, &model, &change, import->version, (Datum) 0);
	event_notify("import", model.name, import->version, NULL);
	registry_end_write(&writer);
}

PG_FUNCTION_INFO_V1(sentiment_import_model);
Datum
sentiment_import_model(PG_FUNCTION_ARGS)
{
	TupleDesc descriptor;
	Import import;
	Datum values[2];
	bool nulls[2] = {false, false};

	require_arguments(fcinfo, 1);
	registry_refuse_read_only("sentiment_import_model()");
	import = read_import(fcinfo);
	write_import(&import);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(import.name);
	values[1] = Int32GetDatum(import.version);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
