/*
 * gate.c
 *	  What a version must reach to be promoted to production.
 *
 * The version and the one in production are measured on the same rows: those of the version's source that
 * neither has learned from, as they are now. The source is one that somebody has stored, so it is read as stored_source.h
 * says, and whatever goes wrong while it is read is an answer, not an error: a version whose source is gone can still be
 * promoted by force.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/parameters.h"
#include "core/prediction_latency.h"
#include "extension/arguments.h"
#include "extension/gate.h"
#include "extension/host.h"
#include "extension/model_source.h"
#include "extension/source_error.h"
#include "extension/subtransaction.h"
#include "extension/train_source.h"
#include "extension/version_comparison.h"

/* A model's gate. */
typedef struct Gate
{
	double min_f1;
	bool must_beat;
	double max_latency; /* 0: no limit */
	double max_bytes;   /* 0: no limit */
} Gate;

static const ParameterSpec gate_parameters[] = {
	{.name = "min_f1",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Gate, min_f1),
	 .default_json = "0.75",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Least F1 on the held-out rows; 0 for none"},
	{.name = "must_beat",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(Gate, must_beat),
	 .default_json = "true",
	 .meaning = "Whether it must be better than the version in production, on the same rows"},
	{.name = "max_latency",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Gate, max_latency),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1e9,
	 .meaning = "Most microseconds of a prediction (median); 0 for no limit"},
	{.name = "max_bytes",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Gate, max_bytes),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1e12,
	 .meaning = "Most bytes of the model's image; 0 for no limit"},
};

/* What is measured on the rows of the source. */
typedef struct GateMeasurement
{
	bool is_known;       /* the source could be read */
	const char *problem; /* why not, as the caller may know it */
	int sqlerrcode;      /* why not, as everybody may */
	const char *source_name;
	HeldOutMetrics metrics;
	VersionComparison comparison; /* with the version in production, if there is another one */
	double latency;
} GateMeasurement;

/* Read a gate from JSON in UTF-8 (NULL: the default one). */
static void
parse_gate(const char *json, Gate *gate)
{
	ParameterGroup group = {gate_parameters, lengthof(gate_parameters), gate};

	parameters_parse(json == NULL ? "{}" : json, &group, 1);
}

/* A gate with all of its members, as JSON. */
static Datum
gate_to_jsonb(Gate *gate)
{
	ParameterGroup group = {gate_parameters, lengthof(gate_parameters), gate};
	ByteBuffer json = {0};

	parameters_append_json(&json, &group, 1);
	return jsonb_from_json(buffer_c_string(&json));
}

Datum
gate_canonical(const char *json)
{
	Gate gate;

	parse_gate(json, &gate);
	return gate_to_jsonb(&gate);
}

/* What is to be read of a version's source. */
static TrainSource
source_of_version(const RegistryModel *model, const StoredVersion *version)
{
	const RegistryVersionSource *stored = &version->source;
	TrainSource source = {.split_seed = (uint64) model->split_seed,
						  .holdout = stored->holdout,
						  .held_out_only = true,
						  .context = CurrentMemoryContext};
	const char **names = palloc_array(const char *, stored->n_numeric + 1);

	source.origin.text_column = pstrdup(stored->text_column);
	source.origin.label_column = pstrdup(stored->label_column);
	source.origin.filter = stored->filter;
	source.origin.filter_is_lost = stored->filter_is_lost;
	source.origin.numeric_by = &stored->trained_by;
	source.origin.n_numeric = stored->n_numeric;
	source.origin.numeric = palloc0_array(NumericColumn, stored->n_numeric + 1);
	for (int i = 0; i < stored->n_numeric; i++)
	{
		source.origin.numeric[i].name = stored->numeric_columns[i];
		names[i] = utf8_from_server(stored->numeric_columns[i]);
	}
	source.held_out.n_numeric = stored->n_numeric;
	source.held_out.numeric_names = names;
	return source;
}

/* Read the rows that the version holds out: of its stored source, or of one that the caller names. */
static TrainSource
read_held_out_rows(const RegistryModel *model, const StoredVersion *version, const Source *named)
{
	TrainSource source = source_of_version(model, version);

	if (named == NULL)
		source_take_stored(&source.origin,
						   stored_source_open(model, version->source.schema, version->source.name,
											  &version->source.named_by));
	else
	{
		source.origin.relation = named->relation;
		source.origin.filter = named->filter;
		source.origin.filter_is_lost = false;
	}
	source_check(&source.origin);
	train_source_read(&source);
	return source;
}

/* Measure a version, and compare it with another (NULL: none). */
static void
measure(const RegistryModel *model, const StoredVersion *version, const StoredVersion *other,
		const Source *named, GateMeasurement *measurement)
{
	TrainSource source = read_held_out_rows(model, version, named);

	measurement->metrics = held_out_evaluate(&source.held_out, version->pipeline, source.split_seed,
											 source.holdout, NULL);
	measurement->latency =
		prediction_latency(&source.held_out, version->pipeline, source.split_seed, source.holdout);
	if (other != NULL)
		measurement->comparison =
			version_compare(&source.held_out, source.split_seed, source.holdout, version->pipeline,
							&measurement->metrics, other->source.holdout, other->pipeline);
	measurement->is_known = true;
}

/* What is to be measured. */
typedef struct GateTask
{
	const RegistryModel *model;
	const StoredVersion *version;
	const StoredVersion *other; /* NULL: none */
	const Source *named;        /* NULL: the stored one */
	GateMeasurement *measurement;
} GateTask;

/* The same, as work of a subtransaction that an error of the source is rolled back with. */
static void
measure_task(void *argument)
{
	const GateTask *task = argument;

	measure(task->model, task->version, task->other, task->named, task->measurement);
}

/* The same; an error of the source is its result. */
static void
try_to_measure(const RegistryModel *model, const StoredVersion *version, const StoredVersion *other,
			   const Source *named, GateMeasurement *measurement)
{
	GateTask task = {model, version, other, named, measurement};
	const ErrorData *error = subtransaction_run(measure_task, &task);

	if (error == NULL)
		return;
	measurement->is_known = false;
	measurement->problem =
		error->detail == NULL ? error->message : psprintf("%s (%s)", error->message, error->detail);
	measurement->sqlerrcode = error->sqlerrcode;
}

/* Say of a check that the rows of the source could not be had for it: to the caller, and to everybody. */
static void
explain_problem(const GateMeasurement *measurement, GateCheck *check)
{
	if (measurement->is_known)
	{
		check->detail = psprintf("there are no rows in %s that are known to be held out",
								 measurement->source_name);
		return;
	}
	check->detail = psprintf("the rows of %s could not be measured: %s", measurement->source_name,
							 measurement->problem);
	check->public_detail =
		psprintf("the rows of %s could not be measured: error %s", measurement->source_name,
				 unpack_sql_state(measurement->sqlerrcode));
}

/* F1 against its threshold. */
static GateCheck
check_min_f1(const Gate *gate, const GateMeasurement *measurement)
{
	GateCheck check = {"min_f1", gate->min_f1 == 0, NAN, gate->min_f1, NULL};

	if (!measurement->is_known || measurement->metrics.n_rows == 0)
	{
		explain_problem(measurement, &check);
		return check;
	}
	check.value = measurement->metrics.f1;
	check.passed = check.value >= gate->min_f1;
	check.detail = psprintf("F1 on %u held-out rows of %s", measurement->metrics.n_rows,
							measurement->source_name);
	return check;
}

/* F1 against that of the version in production. */
static GateCheck
check_must_beat(const Gate *gate, const GateMeasurement *measurement, int32 production,
				int32 version)
{
	const VersionComparison *comparison = &measurement->comparison;
	GateCheck check = {"must_beat", !gate->must_beat, NAN, NAN, NULL};

	if (production == 0 || production == version)
	{
		check.passed = true;
		check.detail = production == 0 ? "there is no version in production"
									   : "it is the version in production";
		return check;
	}
	if (!measurement->is_known || comparison->n_rows == 0)
	{
		explain_problem(measurement, &check);
		return check;
	}
	check.value = comparison->f1;
	check.threshold = comparison->other_f1;
	check.passed = !gate->must_beat || version_is_better(comparison);
	check.detail = psprintf("%s against that of version %d in production on the same %u rows%s",
							version_comparison_figure(comparison), production, comparison->n_rows,
							gate->must_beat ? "" : " (not asked for)");
	return check;
}

/* Time of a prediction against its limit. */
static GateCheck
check_max_latency(const Gate *gate, const GateMeasurement *measurement)
{
	GateCheck check = {"max_latency", gate->max_latency == 0, NAN,
					   gate->max_latency == 0 ? NAN : gate->max_latency, NULL};

	if (!measurement->is_known || measurement->metrics.n_rows == 0)
	{
		explain_problem(measurement, &check);
		return check;
	}
	check.value = measurement->latency;
	check.passed = gate->max_latency == 0 || check.value <= gate->max_latency;
	check.detail = "median microseconds of a prediction, on this server just now";
	return check;
}

/* Size of the image against its limit. */
static GateCheck
check_max_bytes(const Gate *gate, const StoredVersion *version)
{
	double bytes = (double) version->key.length;

	return (GateCheck){"max_bytes", gate->max_bytes == 0 || bytes <= gate->max_bytes, bytes,
					   gate->max_bytes == 0 ? NAN : gate->max_bytes, "bytes of the image"};
}

/* Make the report from what was measured. */
static GateReport
make_report(const Gate *gate, const GateMeasurement *measurement, const StoredVersion *version,
			int32 production)
{
	GateReport report = {
		.passed = true, .is_unmeasured = !measurement->is_known, .production = production};

	report.checks[0] = check_min_f1(gate, measurement);
	report.checks[1] = check_must_beat(gate, measurement, production, version->version);
	report.checks[2] = check_max_latency(gate, measurement);
	report.checks[3] = check_max_bytes(gate, version);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		report.checks[i].detail = pstrdup(report.checks[i].detail);
		if (report.checks[i].public_detail != NULL)
			report.checks[i].public_detail = pstrdup(report.checks[i].public_detail);
		report.passed &= report.checks[i].passed;
	}
	return report;
}

/* Measure a training on the rows that it has held out. */
static void
measure_training(const RegistryModel *model, Training *training, int32 production,
				 Snapshot snapshot, GateMeasurement *measurement)
{
	const TrainSource *source = &training->source;
	double holdout = training->train_options.holdout;
	Pipeline *pipeline = training->best->pipeline;
	StoredVersion other;

	measurement->metrics = training->best->metrics;
	measurement->latency =
		prediction_latency(&source->held_out, pipeline, source->split_seed, holdout);
	measurement->is_known = true;
	if (production == 0)
		return;
	other = version_open(model, production, snapshot, training->context);
	measurement->comparison =
		version_compare(&source->held_out, source->split_seed, holdout, pipeline,
						&measurement->metrics, other.source.holdout, other.pipeline);
	pipeline_close(other.pipeline);
}

GateReport
gate_measure_training(const RegistryModel *model, Training *training, Snapshot snapshot)
{
	MemoryContext result_context = MemoryContextSwitchTo(training->context);
	HostBudget old_budget = host_begin_budget(training->context);
	int32 production = model == NULL ? 0 : registry_deployed_version(model->model_id, snapshot);
	const Source *origin = &training->source.origin;
	GateMeasurement measurement = {.source_name =
									   quote_qualified_identifier(origin->schema, origin->name)};
	StoredVersion version = {.key = {.length = image_value_length(training->best->image)}};
	Gate gate;
	GateReport report;

	parse_gate(model == NULL ? NULL : registry_model_gate(model->model_id, snapshot), &gate);
	strlcpy(version.source.name, origin->name, NAMEDATALEN);
	measure_training(model, training, production, snapshot, &measurement);
	MemoryContextSwitchTo(result_context);
	report = make_report(&gate, &measurement, &version, production);
	host_end_budget(old_budget);
	return report;
}

GateReport
gate_measure(const RegistryModel *model, int32 version, const Source *named, Snapshot snapshot)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment gate", ALLOCSET_DEFAULT_SIZES);
	int32 production = registry_deployed_version(model->model_id, snapshot);
	GateMeasurement measurement = {0};
	HostBudget old_budget;
	Gate gate;
	StoredVersion opened;
	StoredVersion other = {0};
	GateReport report;

	MemoryContextSwitchTo(context);
	old_budget = host_begin_budget(context);
	parse_gate(registry_model_gate(model->model_id, snapshot), &gate);
	opened = version_open(model, version, snapshot, context);
	if (production != 0 && production != version)
		other = version_open(model, production, snapshot, context);
	if (named == NULL)
		(void) model_source_of_version(model, version, snapshot, &opened.source);
	measurement.source_name =
		named != NULL ? quote_qualified_identifier(named->schema, named->name)
		: opened.source.name[0] == '\0'
			? "its source"
			: quote_qualified_identifier(opened.source.schema, opened.source.name);
	try_to_measure(model, &opened, other.version == 0 ? NULL : &other, named, &measurement);
	MemoryContextSwitchTo(result_context);
	report = make_report(&gate, &measurement, &opened, production);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	return report;
}

/* What a check says: to the caller, or to everybody. */
static const char *
said_by_check(const GateCheck *check, bool is_public)
{
	return is_public && check->public_detail != NULL ? check->public_detail : check->detail;
}

char *
gate_failures(const GateReport *report, bool is_public)
{
	StringInfoData failures;

	initStringInfo(&failures);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		const GateCheck *check = &report->checks[i];

		if (check->passed)
			continue;
		if (failures.len > 0)
			appendStringInfoString(&failures, "; ");
		appendStringInfoString(&failures, check->name);
		if (!isnan(check->value))
			appendStringInfo(&failures, " %.6g", check->value);
		if (!isnan(check->threshold))
			appendStringInfo(&failures, " (threshold %.6g)", check->threshold);
		appendStringInfo(&failures, ": %s", said_by_check(check, is_public));
	}
	return failures.data;
}

char *
gate_failed_names(const GateReport *report)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		if (!report->checks[i].passed)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", report->checks[i].name);
	}
	return names.data;
}

/* Append a number as JSON: null if it is not known. */
static void
append_number(StringInfo json, double number)
{
	if (isnan(number))
		appendStringInfoString(json, "null");
	else
		appendStringInfoString(json, float8out_internal(number));
}

Datum
gate_report_to_jsonb(const GateReport *report)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		const GateCheck *check = &report->checks[i];

		appendStringInfo(&json, "%s{\"check_name\": ", i == 0 ? "[" : ", ");
		escape_json(&json, check->name);
		appendStringInfo(&json, ", \"passed\": %s, \"value\": ", check->passed ? "true" : "false");
		append_number(&json, check->value);
		appendStringInfoString(&json, ", \"threshold\": ");
		append_number(&json, check->threshold);
		appendStringInfoString(&json, ", \"detail\": ");
		escape_json(&json, said_by_check(check, true));
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

PG_FUNCTION_INFO_V1(sentiment_check_gate);
Datum
sentiment_check_gate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;
	GateReport report;
	char *name;

	require_arguments(fcinfo, 2);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	InitMaterializedSRF(fcinfo, 0);
	if (!registry_find_model(name, snapshot, &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, snapshot);
	report = gate_measure(&model, PG_GETARG_INT32(1), NULL, snapshot);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		const GateCheck *check = &report.checks[i];
		Datum values[5] = {CStringGetTextDatum(check->name), BoolGetDatum(check->passed),
						   Float8GetDatum(check->value), Float8GetDatum(check->threshold),
						   CStringGetTextDatum(check->detail)};
		bool nulls[5] = {false, false, isnan(check->value), isnan(check->threshold), false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_VOID();
}

/* Raise an error for a gate that is none, with one that is. */
static void
check_gate_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"gate\" must not be null"),
						errhint("Give '{}' to return to the default gate.")));
	if (!JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(argument)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a gate must be a JSON object"),
				 errhint("Give checks by name, as in '{\"min_f1\": 0.8, \"must_beat\": false}', "
						 "or '{}' for the default gate.")));
}

PG_FUNCTION_INFO_V1(sentiment_set_gate);
Datum
sentiment_set_gate(PG_FUNCTION_ARGS)
{
	RegistryChange change = {.action = "set_gate"};
	RegistryWriter writer;
	RegistryModel model;
	Oid types[2] = {INT8OID, JSONBOID};
	Datum values[2];
	Gate gate;
	char *name;

	require_arguments(fcinfo, 1);
	check_gate_argument(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	parse_gate(json_from_argument(fcinfo, 1), &gate);
	writer = registry_begin_write("sentiment_set_gate()");
	registry_lock_for_change(&writer, name, PRIVILEGE_ADMIN, &model);
	values[0] = Int64GetDatum(model.model_id);
	values[1] = gate_to_jsonb(&gate);
	registry_execute("UPDATE sentiment.model SET gate = $2 WHERE model_id = $1", 2, types, values,
					 NULL, SPI_OK_UPDATE);
	change.reason = DatumGetCString(DirectFunctionCall1(jsonb_out, values[1]));
	registry_write_history(&writer, &model, &change, 0, (Datum) 0);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sentiment_gate);
Datum
sentiment_gate(PG_FUNCTION_ARGS)
{
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;
	Gate gate;
	char *name;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!registry_find_model(name, snapshot, &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_PREDICT, snapshot);
	parse_gate(registry_model_gate(model.model_id, snapshot), &gate);
	PG_RETURN_DATUM(gate_to_jsonb(&gate));
}
