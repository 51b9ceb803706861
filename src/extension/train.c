/*
 * train.c
 *	  sentiment_train: from a relation to a new version of a model.
 *
 * What is long (reading, solving, measuring) is done before the model's row is locked; under the lock the
 * version gets its number, is compared with the version that is deployed by then, and is written. So
 * trainings of one model may run side by side.
 *
 * A candidate is one kind of classifier, trained and measured. There is one, unless the kind is auto: then
 * every kind is a candidate and becomes a version, and the best may be deployed.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/hash.h"
#include "core/held_out.h"
#include "core/pipeline.h"
#include "core/pipeline_train.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/registry.h"
#include "extension/statistics.h"
#include "extension/train_source.h"

/* The argument kind that stands for all of them. */
#define KIND_AUTO "auto"

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

/* One kind of classifier, trained. */
typedef struct Candidate
{
	PipelineOptions options;
	ImageValue *image;
	Pipeline *pipeline;
	HeldOutMetrics metrics;
	Datum metrics_json;    /* jsonb */
	Datum parameters_json; /* jsonb */
	int32 version;
	bool deployed;
	double seconds; /* of the scan and of its own work */
} Candidate;

/* One training. */
typedef struct Training
{
	/* arguments */
	char *name;
	DeployRule deploy;
	TrainOptions train_options;
	char *caller;
	TrainSource source;
	TimestampTz started_at;
	instr_time start;
	MemoryContext context; /* for what lives no longer than the training */
	int64 model_id;        /* 0 if the model did not exist at the start */

	/* result */
	int n_candidates;
	Candidate *candidates; /* (n_candidates) */
	Candidate *best;
} Training;

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

/* Whether a parameter is a kind's. */
static bool
kind_has_parameter(const ClassifierKind *kind, const char *name)
{
	for (size_t i = 0; i < kind->n_parameters; i++)
	{
		if (strcmp(kind->parameters[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Parameters for one kind of all: without those that only other kinds know. */
static const char *
parameters_for_kind(Jsonb *params, const ClassifierKind *kind)
{
	Datum left = JsonbPGetDatum(params);
	char *json;

	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		const ClassifierKind *other = classifier_kinds[k];

		for (size_t i = 0; i < other->n_parameters; i++)
		{
			if (!kind_has_parameter(kind, other->parameters[i].name))
				left = DirectFunctionCall2(jsonb_delete, left,
										   CStringGetTextDatum(other->parameters[i].name));
		}
	}
	json = JsonbToCString(NULL, &DatumGetJsonbP(left)->root, VARSIZE(DatumGetPointer(left)));
	return utf8_from_server(json);
}

/* Read the parameters of a candidate. */
static void
parse_candidate(Training *training, Candidate *candidate, const char *kind, const char *json)
{
	ParameterGroup train_group = {train_parameters, lengthof(train_parameters),
								  &training->train_options};
	FeatureSpaceOptions *features = &candidate->options.features;
	const char **names = palloc_array(const char *, training->source.origin.n_numeric + 1);

	pipeline_parse_options(kind, json, &train_group, 1, &candidate->options);
	for (int i = 0; i < training->source.origin.n_numeric; i++)
		names[i] = utf8_from_server(training->source.origin.numeric[i].name);
	features->n_numeric = training->source.origin.n_numeric;
	features->numeric_names = names;
}

/* Read kind and parameters: one candidate, or all kinds. */
static void
read_candidates(FunctionCallInfo fcinfo, Training *training)
{
	char *kind = utf8_from_server(text_argument(fcinfo, 4, DEFAULT_KIND));
	const char *json = json_from_argument(fcinfo, 5);

	if (strcmp(kind, KIND_AUTO) != 0)
	{
		training->n_candidates = 1;
		training->candidates = palloc0_array(Candidate, 1);
		parse_candidate(training, &training->candidates[0], kind, json);
		return;
	}
	training->n_candidates = n_classifier_kinds;
	training->candidates = palloc0_array(Candidate, n_classifier_kinds);
	for (size_t k = 0; k < n_classifier_kinds; k++)
		parse_candidate(training, &training->candidates[k], classifier_kinds[k]->name,
						PG_ARGISNULL(5)
							? "{}"
							: parameters_for_kind(PG_GETARG_JSONB_P(5), classifier_kinds[k]));
	if (training->train_options.holdout == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("kind \"auto\" needs held-out rows"),
						errdetail("The kinds are compared on rows that none of them has seen."),
						errhint("Leave the parameter holdout out, or name a kind.")));
}

/* Read the names of the numeric columns. */
static void
read_numeric_columns(FunctionCallInfo fcinfo, TrainSource *source)
{
	Datum *names;
	bool *nulls;

	if (PG_ARGISNULL(6))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(6), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names,
					  &nulls, &source->origin.n_numeric);
	source->origin.numeric = palloc0_array(NumericColumn, source->origin.n_numeric + 1);
	for (int i = 0; i < source->origin.n_numeric; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"numeric_columns\" must not contain null")));
		source->origin.numeric[i].name = pstrdup(NameStr(*DatumGetName(names[i])));
	}
}

/* Read the arguments and check what can be checked without looking at the source. */
static void
read_arguments(FunctionCallInfo fcinfo, Training *training)
{
	TrainSource *source = &training->source;

	require_argument(fcinfo, 0, "model");
	require_argument(fcinfo, 1, "source");
	training->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	registry_check_name(training->name);
	source->origin.relation = PG_GETARG_OID(1);
	source->origin.text_column = name_argument(fcinfo, 2, "text");
	source->origin.label_column = name_argument(fcinfo, 3, "label");
	read_numeric_columns(fcinfo, source);
	training->deploy = parse_deploy_rule(text_argument(fcinfo, 7, "if_better"));
	read_candidates(fcinfo, training);
	training->caller = GetUserNameFromId(GetUserId(), false);
	source->holdout = training->train_options.holdout;
}

/* Raise an error for another positive label than the model's. */
static void
check_positive_label(const RegistryModel *model, const char *label)
{
	char *of_model = utf8_from_server(model->positive_label);

	if (strcmp(label, of_model) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the positive label of model \"%s\" is \"%s\", not \"%s\"", model->name,
						model->positive_label, server_from_utf8(label)),
				 errdetail("It belongs to the model, so that the scores of its versions mean the "
						   "same."),
				 errhint("Leave positive_label out, or train a model of another name.")));
}

/* Take over what belongs to the model if it exists already, after checking the right to train it. */
static void
check_model(Training *training)
{
	RegistryModel model;
	Snapshot snapshot = GetActiveSnapshot();

	/* the name decides, so that two first trainings at once agree */
	training->source.split_seed = hash_content(training->name, strlen(training->name)) >> 1;
	if (!registry_find_model(training->name, snapshot, &model))
		return;
	registry_check_privilege(&model, PRIVILEGE_TRAIN, snapshot);
	training->model_id = model.model_id;
	training->source.split_seed = (uint64) model.split_seed;
	for (int i = 0; i < training->n_candidates && model.positive_label != NULL; i++)
	{
		PipelineOptions *options = &training->candidates[i].options;

		if (options->positive_label == NULL)
			options->positive_label = utf8_from_server(model.positive_label);
		else
			check_positive_label(&model, options->positive_label);
	}
}

/* Make the corpus ready for what the candidates need. */
static void
begin_corpus(Training *training)
{
	TrainSource *source = &training->source;
	const FeatureSpaceOptions *features = &training->candidates[0].options.features;
	CorpusValues values = feature_space_corpus_values(features);

	for (int i = 1; i < training->n_candidates; i++)
		values.text_features |= training->candidates[i].options.features.blocks.text_features;
	corpus_initialize(&source->corpus, &features->tokenizer, &values);
	source->held_out.n_numeric = features->n_numeric;
	source->held_out.numeric_names = features->numeric_names;
}

/* Tell what was read, and refuse what cannot be learned from with a hint that fits. */
static void
report_rows(Training *training)
{
	const TrainSource *source = &training->source;

	host_progress("%lld rows read from %s: %u to learn from, %u held out (%.1f s)",
				  (long long) source->n_rows, source_display_name(&source->origin),
				  source->corpus.n_documents, source->held_out.n_rows, elapsed_seconds(training));
	if (source->n_skipped > 0)
		host_progress("%lld rows without a text or a label were skipped",
					  (long long) source->n_skipped);
	if (source->corpus.n_documents == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("there are no rows to learn from in \"%s\"", source->origin.name),
				 errdetail("%lld rows were read, %lld of them without a text or a label.",
						   (long long) source->n_rows, (long long) source->n_skipped),
				 source->held_out.n_rows > 0
					 ? errhint("All rows were held out: add rows, or lower the parameter holdout.")
					 : errhint("Check the columns, and what the current role may see.")));
}

/* Refuse a label that was held out in all of its rows: the model could never answer it. */
static void
check_held_out_labels(TrainSource *source)
{
	for (uint32 i = 0; i < source->held_out.labels.n_strings; i++)
	{
		char *label = string_table_copy(&source->held_out.labels, i);
		uint32 before = source->corpus.labels.n_strings;

		if (corpus_add_label(&source->corpus, label, strlen(label)) == before)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("all rows of label \"%s\" are held out", server_from_utf8(label)),
					 errdetail("The split is by a hash of the text, so a label of few rows may "
							   "have none left to learn from."),
					 errhint("Add rows of this label, lower the parameter holdout, or leave the "
							 "label out of the source with a view.")));
	}
}

/* Train a candidate, and measure it on the held-out rows. */
static void
fit(Training *training, Candidate *candidate, double scan_seconds)
{
	ParameterGroup train_group = {train_parameters, lengthof(train_parameters),
								  &training->train_options};
	const char *kind = candidate->options.kind->name;
	double start = elapsed_seconds(training);
	ByteBuffer metrics = {0};
	ByteBuffer report = {0};
	ByteBuffer parameters = {0};
	ByteBuffer image = pipeline_train(&candidate->options, &training->source.corpus, &report);

	candidate->image = image_value_create(&image);
	candidate->pipeline =
		pipeline_open(candidate->image->image, image_value_length(candidate->image));
	host_progress("%s fitted, %zu kB (%.1f s)", kind, image_value_length(candidate->image) / 1024,
				  elapsed_seconds(training));
	candidate->metrics =
		held_out_evaluate(&training->source.held_out, candidate->pipeline,
						  training->source.split_seed, training->train_options.holdout, &metrics);
	candidate->metrics_json =
		DirectFunctionCall2(jsonb_concat, jsonb_from_json(buffer_c_string(&metrics)),
							jsonb_from_json(buffer_c_string(&report)));
	pipeline_append_parameters(candidate->pipeline, &train_group, 1, &parameters);
	candidate->parameters_json = jsonb_from_json(buffer_c_string(&parameters));
	if (candidate->metrics.n_rows > 0)
		host_progress("%s: F1 %.4f on %u held-out rows (%.1f s)", kind, candidate->metrics.f1,
					  candidate->metrics.n_rows, elapsed_seconds(training));
	else
		host_progress("no rows are held out: the model is not measured");
	candidate->seconds = scan_seconds + elapsed_seconds(training) - start;
}

/* Train all candidates; the best has the highest F1 on the held-out rows, the first of equals. */
static void
fit_candidates(Training *training)
{
	double scan_seconds = elapsed_seconds(training);

	check_held_out_labels(&training->source);
	training->best = &training->candidates[0];
	for (int i = 0; i < training->n_candidates; i++)
	{
		Candidate *candidate = &training->candidates[i];

		fit(training, candidate, scan_seconds);
		if (candidate->metrics.n_rows > 0 && candidate->metrics.f1 > training->best->metrics.f1)
			training->best = candidate;
	}
}

/* Set the positive label of a model that has none yet. */
static void
set_positive_label(const RegistryModel *model, Datum label)
{
	Oid types[2] = {INT8OID, TEXTOID};
	Datum values[2] = {Int64GetDatum(model->model_id), label};

	registry_execute("UPDATE sentiment.model SET positive_label = $2 WHERE model_id = $1", 2, types,
					 values, NULL, SPI_OK_UPDATE);
}

/*
 * Lock the model, which is made if it did not exist when the training began. One that existed must be
 * there still: whoever dropped it does not want it back from a training.
 */
static void
lock_or_create_model(Training *training, RegistryWriter *writer, RegistryModel *model)
{
	const Pipeline *pipeline = training->best->pipeline;
	Datum positive_label = (Datum) 0;

	if (pipeline->n_labels == 2)
	{
		const char *label = pipeline->labels[pipeline->positive];

		positive_label = utf8_to_text(label, strlen(label));
	}
	if (training->model_id == 0)
		registry_create_model(writer, training->name, (int64) training->source.split_seed,
							  positive_label);
	registry_lock_for_change(writer, training->name, PRIVILEGE_TRAIN, model);
	if (training->model_id != 0 && training->model_id != model->model_id)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("model \"%s\" was dropped while it was trained", training->name),
						errdetail("Another model has the name by now; nothing was stored."),
						errhint("Train again if the version is to belong to that model.")));
	if (pipeline->n_labels != 2)
		return;
	/* a training beside this one, or versions of more labels, may have left it otherwise */
	if (model->positive_label != NULL)
		check_positive_label(model, pipeline->labels[pipeline->positive]);
	else
		set_positive_label(model, positive_label);
}

/* Number the version. */
static void
take_version(Candidate *candidate, const RegistryModel *model)
{
	Oid types[1] = {INT8OID};
	Datum values[1] = {Int64GetDatum(model->model_id)};
	bool is_null;

	registry_execute("UPDATE sentiment.model SET next_version = next_version + 1"
					 " WHERE model_id = $1 RETURNING next_version - 1",
					 1, types, values, NULL, SPI_OK_UPDATE_RETURNING);
	candidate->version =
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

/* The numeric columns as an array of texts. */
static Datum
numeric_columns_array(const TrainSource *source)
{
	Datum *names = palloc_array(Datum, source->origin.n_numeric + 1);

	for (int i = 0; i < source->origin.n_numeric; i++)
		names[i] = CStringGetTextDatum(source->origin.numeric[i].name);
	return PointerGetDatum(
		construct_array(names, source->origin.n_numeric, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Write a version's row. */
static void
write_version(Training *training, const Candidate *candidate, const RegistryModel *model)
{
	const TrainSource *source = &training->source;
	const ImageHeader *header = (const ImageHeader *) candidate->image->image;
	Oid types[] = {INT8OID,      INT4OID, INT8OID,        INT8OID,     InvalidOid, TEXTOID,
				   JSONBOID,     TEXTOID, TEXTOID,        TEXTOID,     TEXTOID,    FLOAT8OID,
				   TEXTARRAYOID, INT8OID, INT8OID,        INT8OID,     INT8OID,    FLOAT8OID,
				   JSONBOID,     TEXTOID, TIMESTAMPTZOID, TEXTARRAYOID};
	Datum values[] = {Int64GetDatum(model->model_id),
					  Int32GetDatum(candidate->version),
					  Int64GetDatum((int64) header->checksum),
					  Int64GetDatum((int64) header->length),
					  PointerGetDatum(candidate->image),
					  CStringGetTextDatum(candidate->options.kind->name),
					  candidate->parameters_json,
					  CStringGetTextDatum(source->origin.schema),
					  CStringGetTextDatum(source->origin.name),
					  CStringGetTextDatum(source->origin.text_column),
					  CStringGetTextDatum(source->origin.label_column),
					  Float8GetDatum(training->train_options.holdout),
					  labels_array(candidate->pipeline),
					  Int64GetDatum(candidate->pipeline->space.n_features),
					  Int64GetDatum(candidate->pipeline->n_rows),
					  Int64GetDatum(source->held_out.n_rows),
					  Int64GetDatum(source->n_skipped),
					  Float8GetDatum(candidate->seconds),
					  candidate->metrics_json,
					  CStringGetTextDatum(training->caller),
					  TimestampTzGetDatum(training->started_at),
					  numeric_columns_array(source)};

	types[4] = registry_model_type();
	registry_execute("INSERT INTO sentiment.model_version"
					 " (model_id, version, image_checksum, image_bytes, image, kind, parameters,"
					 " source_schema, source_name, text_column, label_column, holdout, labels,"
					 " features, rows_trained, rows_held_out, rows_skipped, seconds, metrics,"
					 " trained_by, trained_at, numeric_columns)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
					 " $16, $17, $18, $19, $20, $21, $22)",
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

/* Whether two pipelines answer the same labels, which are in order. */
static bool
have_same_labels(const Pipeline *first, const Pipeline *second)
{
	for (uint32 i = 0; i < first->n_labels && i < second->n_labels; i++)
	{
		if (strcmp(first->labels[i], second->labels[i]) != 0)
			return false;
	}
	return first->n_labels == second->n_labels;
}

/* Compare with the deployed version on the rows that neither has seen; answers why (or why not). */
static bool
is_better(Training *training, const RegistryModel *model, int32 deployed_version, StringInfo reason)
{
	const TrainSource *source = &training->source;
	double share = Min(training->train_options.holdout, version_holdout(model, deployed_version));
	RegistryVersion found;
	Datum stored;
	const char *image;
	Size length;
	Pipeline *deployed;
	HeldOutMetrics new_metrics = training->best->metrics;
	HeldOutMetrics old_metrics;
	bool same_labels;

	if (!registry_find_version(model->model_id, deployed_version, GetActiveSnapshot(), &found,
							   &stored))
		registry_version_missing(model->name, deployed_version);
	image = image_value_place(stored, training->context, &length);
	deployed = pipeline_open(image, length);
	old_metrics = held_out_evaluate(&source->held_out, deployed, source->split_seed, share, NULL);
	same_labels = have_same_labels(training->best->pipeline, deployed);
	pipeline_close(deployed);
	if (share != training->train_options.holdout)
		new_metrics = held_out_evaluate(&source->held_out, training->best->pipeline,
										source->split_seed, share, NULL);
	/* F1 is of the positive label for two labels: other labels, other figures */
	if (!same_labels)
	{
		new_metrics.f1 = new_metrics.macro_f1;
		old_metrics.f1 = old_metrics.macro_f1;
	}
	if (new_metrics.n_rows == 0)
	{
		appendStringInfo(reason, "no held-out rows to compare it with version %d on",
						 deployed_version);
		return false;
	}
	appendStringInfo(reason, "%s %.4f against %.4f of version %d on the same %u held-out rows",
					 same_labels ? "F1" : "macro F1", new_metrics.f1, old_metrics.f1,
					 deployed_version, new_metrics.n_rows);
	return new_metrics.f1 > old_metrics.f1;
}

/* Decide whether the best candidate is to answer, and let it. */
static void
deploy(Training *training, const RegistryWriter *writer, const RegistryModel *model)
{
	int32 deployed_version = registry_deployed_version(model->model_id, GetActiveSnapshot());
	Candidate *best = training->best;
	StringInfoData reason;

	initStringInfo(&reason);
	if (training->n_candidates > 1)
		appendStringInfo(&reason, "best of %d kinds; ", training->n_candidates);
	if (training->deploy == DEPLOY_NEVER)
		appendStringInfoString(&reason, "as asked for");
	else if (training->deploy == DEPLOY_ALWAYS)
	{
		appendStringInfoString(&reason, "sentiment_train, deploy => always");
		best->deployed = true;
	}
	else if (deployed_version == 0)
	{
		appendStringInfoString(&reason, "first version");
		best->deployed = true;
	}
	else
		best->deployed = is_better(training, model, deployed_version, &reason);
	if (best->deployed)
		registry_deploy(writer, model, best->version, reason.data);
	host_progress("version %d of model %s is %s: %s", best->version, utf8_from_server(model->name),
				  best->deployed ? "deployed" : "not deployed", reason.data);
}

/* Leave a line in the server's log. */
static void
log_candidate(const Training *training, const Candidate *candidate)
{
	ereport(LOG,
			(errmsg("sentiment: trained version %d of model \"%s\" (%s) from \"%s.%s\" in %.3f s: "
					"%u rows, %u features, F1 %.4f on %u held-out rows, %s",
					candidate->version, training->name, candidate->options.kind->name,
					training->source.origin.schema, training->source.origin.name,
					candidate->seconds, candidate->pipeline->n_rows,
					candidate->pipeline->space.n_features, candidate->metrics.f1,
					candidate->metrics.n_rows, candidate->deployed ? "deployed" : "not deployed")));
}

/* Count a training in shared memory, if there is any. */
static void
count_training(const Candidate *candidate, const RegistryModel *model)
{
	const ImageHeader *header = (const ImageHeader *) candidate->image->image;
	RegistryVersion version = {.version = candidate->version,
							   .key = {.checksum = header->checksum, .length = header->length}};
	VersionCounter *counter = statistics_counter(model->model_id, &version);

	if (counter != NULL)
		statistics_count_training(counter, candidate->pipeline->n_rows);
}

/* Write the versions, and deploy the best where that is due. */
static void
store(Training *training)
{
	RegistryWriter writer = registry_begin_write("sentiment_train()");
	MemoryContext old_context = MemoryContextSwitchTo(training->context);
	RegistryModel model;

	lock_or_create_model(training, &writer, &model);
	for (int i = 0; i < training->n_candidates; i++)
	{
		take_version(&training->candidates[i], &model);
		write_version(training, &training->candidates[i], &model);
	}
	deploy(training, &writer, &model);
	MemoryContextSwitchTo(old_context);
	registry_end_write(&writer);
	for (int i = 0; i < training->n_candidates; i++)
	{
		log_candidate(training, &training->candidates[i]);
		count_training(&training->candidates[i], &model);
	}
}

/* The function's result: the best candidate. */
static Datum
result_row(FunctionCallInfo fcinfo, Training *training)
{
	const Candidate *best = training->best;
	TupleDesc descriptor;
	bool nulls[8] = {0};
	Datum values[8] = {CStringGetTextDatum(training->name),
					   Int32GetDatum(best->version),
					   CStringGetTextDatum(best->options.kind->name),
					   BoolGetDatum(best->deployed),
					   Int64GetDatum(best->pipeline->n_rows),
					   Int64GetDatum(training->source.held_out.n_rows),
					   Float8GetDatum(elapsed_seconds(training)),
					   best->metrics_json};

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
	training->context = context;
	training->source.context = context;
	read_arguments(fcinfo, training);
	source_check(&training->source.origin);
	check_model(training);
	begin_corpus(training);

	host_show_progress(true);
	train_source_read(&training->source);
	report_rows(training);
	fit_candidates(training);
	store(training);
	host_show_progress(false);

	MemoryContextSwitchTo(old_context);
	result = result_row(fcinfo, training);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	PG_RETURN_DATUM(result);
}
