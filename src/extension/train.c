/*
 * train.c
 *	  sentiment_train: from a relation to a new version of a model.
 *
 * The source is read as the caller, in one scan without locks on the registry: each text goes to the
 * corpus or, by its hash, to the held-out rows. What is long (solving, measuring) is done before the
 * model's row is locked; under the lock the version gets its number, is compared with the version that
 * is deployed by then, and is written. So trainings of one model may run side by side.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "portability/instr_time.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/hash.h"
#include "core/held_out.h"
#include "core/pipeline.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/registry.h"

/* When a version is deployed. */
typedef enum DeployRule
{
	DEPLOY_ALWAYS,
	DEPLOY_IF_BETTER,
	DEPLOY_NEVER
} DeployRule;

/* Parameters of sentiment_train besides the pipeline's. */
typedef struct TrainOptions
{
	double holdout;
} TrainOptions;

static const ParameterSpec train_parameters[] = {
	{.name = "holdout",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(TrainOptions, holdout),
	 .default_json = "0.2",
	 .minimum = 0,
	 .maximum = 0.5,
	 .meaning = "Share of the texts that are held out to measure the model"},
};

/* One training. */
typedef struct Training
{
	/* arguments */
	char *name;
	Oid source;
	char *source_schema;
	char *source_name;
	char *text_column;
	char *label_column;
	char *kind;
	DeployRule deploy;
	TrainOptions train_options;
	PipelineOptions options;
	char *caller;
	uint64 split_seed;
	TimestampTz started_at;
	instr_time start;

	/* state; in context, what lives no longer than the training */
	MemoryContext context;
	MemoryContext row_context;
	Corpus corpus;
	HeldOutRows held_out;
	int64 n_rows;
	int64 n_skipped;
	TimestampTz last_progress;

	/* result */
	ImageValue *image;
	Pipeline *pipeline;
	HeldOutMetrics metrics;
	ByteBuffer metrics_json;
	ByteBuffer parameters_json;
	int32 version;
	bool deployed;
	double seconds;
} Training;

/* Milliseconds between two lines of progress while rows are read. */
#define PROGRESS_INTERVAL 5000

/* Seconds since the training began. */
static double
elapsed_seconds(const Training *training)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, training->start);
	return INSTR_TIME_GET_DOUBLE(now);
}

/* Read the rule of deployment. */
static DeployRule
parse_deploy_rule(const char *name)
{
	if (strcmp(name, "always") == 0)
		return DEPLOY_ALWAYS;
	if (strcmp(name, "if_better") == 0)
		return DEPLOY_IF_BETTER;
	if (strcmp(name, "never") == 0)
		return DEPLOY_NEVER;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid value for argument \"deploy\": \"%s\"", name),
					errhint("Use \"always\", \"if_better\" or \"never\".")));
}

/* Raise an error for an argument that must not be NULL. */
static void
require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
}

/* A text argument, or its default for NULL. */
static char *
text_argument(FunctionCallInfo fcinfo, int argument, const char *default_value)
{
	return PG_ARGISNULL(argument) ? pstrdup(default_value)
								  : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* A name argument, or its default for NULL. */
static char *
name_argument(FunctionCallInfo fcinfo, int argument, const char *default_value)
{
	return pstrdup(PG_ARGISNULL(argument) ? default_value : NameStr(*PG_GETARG_NAME(argument)));
}

/* Read the arguments and check what can be checked without looking at the source. */
static void
read_arguments(FunctionCallInfo fcinfo, Training *training)
{
	ParameterGroup train_group = {train_parameters, lengthof(train_parameters),
								  &training->train_options};

	require_argument(fcinfo, 0, "model");
	require_argument(fcinfo, 1, "source");
	training->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	registry_check_name(training->name);
	training->source = PG_GETARG_OID(1);
	training->text_column = name_argument(fcinfo, 2, "text");
	training->label_column = name_argument(fcinfo, 3, "label");
	training->kind = text_argument(fcinfo, 4, DEFAULT_KIND);
	if (!PG_ARGISNULL(6) &&
		ArrayGetNItems(ARR_NDIM(PG_GETARG_ARRAYTYPE_P(6)), ARR_DIMS(PG_GETARG_ARRAYTYPE_P(6))) > 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("numeric columns are not supported in this release"),
						errdetail("Models of this release learn from texts only."),
						errhint("Leave the argument numeric_columns out.")));
	training->deploy = parse_deploy_rule(text_argument(fcinfo, 7, "if_better"));
	pipeline_parse_options(training->kind, json_from_argument(fcinfo, 5), &train_group, 1,
						   &training->options);
	training->caller = GetUserNameFromId(GetUserId(), false);
}

/* Raise an error unless the relation has the column. */
static void
check_column(Relation relation, const char *column, const char *argument)
{
	StringInfoData columns;

	if (get_attnum(RelationGetRelid(relation), column) > 0)
		return;
	initStringInfo(&columns);
	for (int i = 0; i < RelationGetDescr(relation)->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), i);

		if (!attribute->attisdropped)
			appendStringInfo(&columns, "%s\"%s\"", columns.len == 0 ? "" : ", ",
							 NameStr(attribute->attname));
	}
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
					errmsg("column \"%s\" of relation \"%s\" does not exist", column,
						   RelationGetRelationName(relation)),
					errdetail("Its columns are %s.", columns.data),
					errhint("Name the column in the argument %s.", argument)));
}

/* Look at the source: what it is, and whether it has the columns. */
static void
check_source(Training *training)
{
	Relation relation = try_relation_open(training->source, AccessShareLock);

	if (relation == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", training->source)));
	switch (relation->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("cannot train from relation \"%s\"", RelationGetRelationName(relation)),
					 errdetail("The source must be a table, a view, a materialized view, a "
							   "partitioned or a foreign table.")));
	}
	check_column(relation, training->text_column, "text_column");
	check_column(relation, training->label_column, "label_column");
	training->source_schema = get_namespace_name(RelationGetNamespace(relation));
	training->source_name = pstrdup(RelationGetRelationName(relation));
	relation_close(relation, NoLock);
}

/* Take over what belongs to the model if it exists already, after checking the right to train it. */
static void
check_model(Training *training)
{
	RegistryModel model;
	Snapshot snapshot = GetActiveSnapshot();

	/* the name decides, so that two first trainings at once agree */
	training->split_seed = hash_content(training->name, strlen(training->name)) >> 1;
	if (!registry_find_model(training->name, snapshot, &model))
		return;
	registry_check_privilege(&model, PRIVILEGE_TRAIN, snapshot);
	training->split_seed = (uint64) model.split_seed;
	if (training->options.positive_label == NULL)
		training->options.positive_label = model.positive_label;
	else if (model.positive_label != NULL &&
			 strcmp(training->options.positive_label, model.positive_label) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the positive label of model \"%s\" is \"%s\", not \"%s\"",
							   model.name, model.positive_label, training->options.positive_label),
						errdetail("It belongs to the model, so that the scores of its versions "
								  "mean the same."),
						errhint("Leave positive_label out, or train a model of another name.")));
}

/* Add one row of the source. */
static void
add_row(Training *training, Datum text_datum, Datum label_datum)
{
	Utf8Text text = utf8_from_datum(text_datum);
	Utf8Text label = utf8_from_datum(label_datum);
	uint64 hash = corpus_text_hash(text.bytes, text.length);
	MemoryContext old_context = MemoryContextSwitchTo(training->context);

	if (corpus_is_held_out(hash, training->split_seed, training->train_options.holdout))
		held_out_add(&training->held_out, text.bytes, text.length, hash, label.bytes, label.length);
	else
		corpus_add_text(&training->corpus, text.bytes, text.length,
						corpus_add_label(&training->corpus, label.bytes, label.length));
	MemoryContextSwitchTo(old_context);
}

/* Tell how far the scan is, now and then. */
static void
report_scan(Training *training)
{
	TimestampTz now;

	if (training->n_rows % 1024 != 0)
		return;
	now = GetCurrentTimestamp();
	if (TimestampDifferenceExceeds(training->last_progress, now, PROGRESS_INTERVAL))
	{
		training->last_progress = now;
		host_progress("%lld rows read", (long long) training->n_rows);
	}
}

/* A receiver of the scan's rows. */
typedef struct RowReceiver
{
	DestReceiver receiver;
	Training *training;
} RowReceiver;

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Training *training = ((RowReceiver *) self)->training;
	MemoryContext old_context = MemoryContextSwitchTo(training->row_context);
	bool text_is_null;
	bool label_is_null;
	Datum text_datum = slot_getattr(slot, 1, &text_is_null);
	Datum label_datum = slot_getattr(slot, 2, &label_is_null);

	training->n_rows++;
	if (text_is_null || label_is_null)
		training->n_skipped++;
	else
		add_row(training, text_datum, label_datum);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(training->row_context);
	report_scan(training);
	return true;
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc descriptor)
{
}

static void
receiver_nothing(DestReceiver *self)
{
}

/* Read all rows of the source, as the caller. */
static void
read_source(Training *training)
{
	RowReceiver receiver = {
		{receive_row, receiver_startup, receiver_nothing, receiver_nothing, DestTuplestore},
		training};
	SPIPrepareOptions prepare_options = {0};
	SPIExecuteOptions execute_options = {0};
	StringInfoData query;
	SPIPlanPtr plan;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT t.%s::pg_catalog.text, t.%s::pg_catalog.text FROM %s AS t",
					 quote_identifier(training->text_column),
					 quote_identifier(training->label_column),
					 quote_qualified_identifier(training->source_schema, training->source_name));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare_extended(query.data, &prepare_options);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_extended failed for: %s", query.data);
	execute_options.read_only = true;
	execute_options.dest = &receiver.receiver;
	if (SPI_execute_plan_extended(plan, &execute_options) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan_extended failed for: %s", query.data);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/* Tell what was read, and refuse what cannot be learned from with a hint that fits. */
static void
report_rows(Training *training)
{
	host_progress("%lld rows read from %s: %u to learn from, %u held out (%.1f s)",
				  (long long) training->n_rows,
				  quote_qualified_identifier(training->source_schema, training->source_name),
				  training->corpus.n_documents, training->held_out.n_rows,
				  elapsed_seconds(training));
	if (training->n_skipped > 0)
		host_progress("%lld rows without a text or a label were skipped",
					  (long long) training->n_skipped);
	if (training->corpus.n_documents == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("there are no rows to learn from in \"%s\"", training->source_name),
				 errdetail("%lld rows were read, %lld of them without a text or a label.",
						   (long long) training->n_rows, (long long) training->n_skipped),
				 training->held_out.n_rows > 0
					 ? errhint("All rows were held out: add rows, or lower the parameter holdout.")
					 : errhint("Check the columns, and what the current role may see.")));
}

/* Refuse a label that was held out in all of its rows: the model could never answer it. */
static void
check_held_out_labels(Training *training)
{
	for (uint32 i = 0; i < training->held_out.labels.n_strings; i++)
	{
		char *label = string_table_copy(&training->held_out.labels, i);
		uint32 before = training->corpus.labels.n_strings;

		if (corpus_add_label(&training->corpus, label, strlen(label)) == before)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("all rows of label \"%s\" are held out", label),
					 errdetail("The split is by a hash of the text, so a label of few rows may "
							   "have none left to learn from."),
					 errhint("Add rows of this label, lower the parameter holdout, or leave the "
							 "label out of the source with a view.")));
	}
}

/* Train, and measure on the held-out rows. */
static void
fit(Training *training)
{
	ParameterGroup train_group = {train_parameters, lengthof(train_parameters),
								  &training->train_options};
	ByteBuffer image;

	check_held_out_labels(training);
	image = pipeline_train(&training->options, &training->corpus);
	training->image = image_value_create(&image);
	training->pipeline = pipeline_open(training->image->image, image_value_length(training->image));
	host_progress("%s fitted, %zu kB (%.1f s)", training->kind,
				  image_value_length(training->image) / 1024, elapsed_seconds(training));
	training->metrics =
		held_out_evaluate(&training->held_out, training->pipeline, training->split_seed,
						  training->train_options.holdout, &training->metrics_json);
	pipeline_append_parameters(training->pipeline, &train_group, 1, &training->parameters_json);
	if (training->metrics.n_rows > 0)
		host_progress("F1 %.4f on %u held-out rows (%.1f s)", training->metrics.f1,
					  training->metrics.n_rows, elapsed_seconds(training));
	else
		host_progress("no rows are held out: the model is not measured");
}

/* Make sure that the model has a row, and lock it. */
static void
lock_or_create_model(Training *training, RegistryWriter *writer, RegistryModel *model)
{
	Datum positive_label = (Datum) 0;

	if (training->pipeline->n_labels == 2)
	{
		const char *label = training->pipeline->labels[training->pipeline->positive];

		positive_label = utf8_to_text(label, strlen(label));
	}
	registry_create_model(writer, training->name, (int64) training->split_seed, positive_label);
	registry_lock_for_change(writer, training->name, PRIVILEGE_TRAIN, model);
}

/* Number the version. */
static void
take_version(Training *training, const RegistryModel *model)
{
	Oid types[1] = {INT8OID};
	Datum values[1] = {Int64GetDatum(model->model_id)};
	bool is_null;

	registry_execute("UPDATE sentiment.model SET next_version = next_version + 1"
					 " WHERE model_id = $1 RETURNING next_version - 1",
					 1, types, values, NULL, SPI_OK_UPDATE_RETURNING);
	training->version =
		DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
}

/* The labels as an array of texts. */
static Datum
labels_array(const Pipeline *pipeline)
{
	Datum *labels = palloc_array(Datum, pipeline->n_labels);

	for (uint32 i = 0; i < pipeline->n_labels; i++)
		labels[i] = utf8_to_text(pipeline->labels[i], strlen(pipeline->labels[i]));
	return PointerGetDatum(
		construct_array(labels, pipeline->n_labels, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The OID of the type sentiment_model: that of the column it goes to. */
static Oid
model_type(void)
{
	Oid relation = get_relname_relid("model_version", get_namespace_oid("sentiment", false));

	return get_atttype(relation, get_attnum(relation, "image"));
}

/* Write the version's row. */
static void
write_version(Training *training, const RegistryModel *model)
{
	const ImageHeader *header = (const ImageHeader *) training->image->image;
	Oid types[] = {INT8OID, INT4OID, INT8OID, INT8OID,   InvalidOid, TEXTOID,      JSONBOID,
				   TEXTOID, TEXTOID, TEXTOID, TEXTOID,   FLOAT8OID,  TEXTARRAYOID, INT8OID,
				   INT8OID, INT8OID, INT8OID, FLOAT8OID, JSONBOID,   TEXTOID,      TIMESTAMPTZOID};
	Datum values[] = {Int64GetDatum(model->model_id),
					  Int32GetDatum(training->version),
					  Int64GetDatum((int64) header->checksum),
					  Int64GetDatum((int64) header->length),
					  PointerGetDatum(training->image),
					  CStringGetTextDatum(training->kind),
					  jsonb_from_json(buffer_c_string(&training->parameters_json)),
					  CStringGetTextDatum(training->source_schema),
					  CStringGetTextDatum(training->source_name),
					  CStringGetTextDatum(training->text_column),
					  CStringGetTextDatum(training->label_column),
					  Float8GetDatum(training->train_options.holdout),
					  labels_array(training->pipeline),
					  Int64GetDatum(training->pipeline->space.vocabulary.n_features),
					  Int64GetDatum(training->corpus.n_documents),
					  Int64GetDatum(training->held_out.n_rows),
					  Int64GetDatum(training->n_skipped),
					  Float8GetDatum(training->seconds),
					  jsonb_from_json(buffer_c_string(&training->metrics_json)),
					  CStringGetTextDatum(training->caller),
					  TimestampTzGetDatum(training->started_at)};

	types[4] = model_type();
	registry_execute("INSERT INTO sentiment.model_version"
					 " (model_id, version, image_checksum, image_bytes, image, kind, parameters,"
					 " source_schema, source_name, text_column, label_column, holdout, labels,"
					 " features, rows_trained, rows_held_out, rows_skipped, seconds, metrics,"
					 " trained_by, trained_at)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
					 " $16, $17, $18, $19, $20, $21)",
					 lengthof(values), types, values, NULL, SPI_OK_INSERT);
}

/* The held-out share of a version. */
static double
version_holdout(const RegistryModel *model, int32 version)
{
	Oid types[2] = {INT8OID, INT4OID};
	Datum values[2] = {Int64GetDatum(model->model_id), Int32GetDatum(version)};
	bool is_null;

	registry_execute("SELECT holdout FROM sentiment.model_version"
					 " WHERE model_id = $1 AND version = $2",
					 2, types, values, NULL, SPI_OK_SELECT);
	if (SPI_processed != 1)
		registry_version_missing(model->name, version);
	return DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
}

/* Compare with the deployed version on the rows that neither has seen; answers why (or why not). */
static bool
is_better(Training *training, const RegistryModel *model, int32 deployed_version, StringInfo reason)
{
	double share = Min(training->train_options.holdout, version_holdout(model, deployed_version));
	RegistryVersion found;
	Datum stored;
	const char *image;
	Size length;
	Pipeline *deployed;
	HeldOutMetrics new_metrics;
	HeldOutMetrics old_metrics;

	if (!registry_find_version(model->model_id, deployed_version, GetActiveSnapshot(), &found,
							   &stored))
		registry_version_missing(model->name, deployed_version);
	image = image_value_place(stored, training->context, &length);
	deployed = pipeline_open(image, length);
	old_metrics =
		held_out_evaluate(&training->held_out, deployed, training->split_seed, share, NULL);
	pipeline_close(deployed);
	new_metrics = share == training->train_options.holdout
					  ? training->metrics
					  : held_out_evaluate(&training->held_out, training->pipeline,
										  training->split_seed, share, NULL);
	if (new_metrics.n_rows == 0)
	{
		appendStringInfo(reason, "no held-out rows to compare it with version %d on",
						 deployed_version);
		return false;
	}
	appendStringInfo(reason, "F1 %.4f against %.4f of version %d on the same %u held-out rows",
					 new_metrics.f1, old_metrics.f1, deployed_version, new_metrics.n_rows);
	return new_metrics.f1 > old_metrics.f1;
}

/* Decide whether the version is to answer, and let it. */
static void
deploy(Training *training, const RegistryWriter *writer, const RegistryModel *model)
{
	int32 deployed_version = registry_deployed_version(model->model_id, GetActiveSnapshot());
	StringInfoData reason;

	initStringInfo(&reason);
	if (training->deploy == DEPLOY_NEVER)
		appendStringInfoString(&reason, "as asked for");
	else if (training->deploy == DEPLOY_ALWAYS)
	{
		appendStringInfoString(&reason, "sentiment_train, deploy => always");
		training->deployed = true;
	}
	else if (deployed_version == 0)
	{
		appendStringInfoString(&reason, "first version");
		training->deployed = true;
	}
	else
		training->deployed = is_better(training, model, deployed_version, &reason);
	if (training->deployed)
		registry_deploy(writer, model, training->version, reason.data);
	host_progress("version %d of model %s is %s: %s", training->version, model->name,
				  training->deployed ? "deployed" : "not deployed", reason.data);
}

/* Write the version, and deploy it where that is due. */
static void
store(Training *training)
{
	RegistryWriter writer = registry_begin_write("sentiment_train()");
	MemoryContext old_context = MemoryContextSwitchTo(training->context);
	RegistryModel model;

	lock_or_create_model(training, &writer, &model);
	take_version(training, &model);
	training->seconds = elapsed_seconds(training);
	write_version(training, &model);
	deploy(training, &writer, &model);
	MemoryContextSwitchTo(old_context);
	registry_end_write(&writer);
	ereport(LOG,
			(errmsg("sentiment: trained version %d of model \"%s\" from \"%s.%s\" in %.3f s: "
					"%u rows, %u terms, F1 %.4f on %u held-out rows, %s",
					training->version, training->name, training->source_schema,
					training->source_name, training->seconds, training->corpus.n_documents,
					training->pipeline->space.vocabulary.n_features, training->metrics.f1,
					training->metrics.n_rows, training->deployed ? "deployed" : "not deployed")));
}

/* The function's result. */
static Datum
result_row(FunctionCallInfo fcinfo, Training *training)
{
	TupleDesc descriptor;
	bool nulls[8] = {0};
	Datum values[8] = {CStringGetTextDatum(training->name),
					   Int32GetDatum(training->version),
					   CStringGetTextDatum(training->kind),
					   BoolGetDatum(training->deployed),
					   Int64GetDatum(training->corpus.n_documents),
					   Int64GetDatum(training->held_out.n_rows),
					   Float8GetDatum(training->seconds),
					   jsonb_from_json(buffer_c_string(&training->metrics_json))};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

PG_FUNCTION_INFO_V1(sentiment_train);
Datum
sentiment_train(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old_context;
	HostBudget old_budget;
	Training *training;
	Datum result;

	PreventCommandIfReadOnly("sentiment_train()");
	PreventCommandIfParallelMode("sentiment_train()");
	PreventCommandDuringRecovery("sentiment_train()");

	context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment training", ALLOCSET_DEFAULT_SIZES);
	old_context = MemoryContextSwitchTo(context);
	old_budget = host_begin_training(context);
	training = palloc0(sizeof(Training));
	INSTR_TIME_SET_CURRENT(training->start);
	training->started_at = GetCurrentTimestamp();
	training->last_progress = training->started_at;
	training->context = context;
	training->row_context =
		AllocSetContextCreate(context, "sentiment training row", ALLOCSET_DEFAULT_SIZES);
	read_arguments(fcinfo, training);
	check_source(training);
	check_model(training);
	corpus_initialize(&training->corpus, &training->options.features.tokenizer);

	host_show_progress(true);
	read_source(training);
	report_rows(training);
	fit(training);
	store(training);
	host_show_progress(false);

	MemoryContextSwitchTo(old_context);
	result = result_row(fcinfo, training);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	PG_RETURN_DATUM(result);
}
