/*
 * retraining.c
 *	  Training a model again from present data.
 *
 * The source is a stored one, read as stored_source.h says; all else is the caller's doing and needs the caller's right. All of
 * it happens in a subtransaction: what fails leaves the deployment as it was, and a row in sentiment.retraining.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/snapmgr.h"

#include "extension/advisory_lock.h"
#include "extension/event.h"
#include "extension/gate.h"
#include "extension/lifecycle.h"
#include "extension/progress.h"
#include "extension/public_query.h"
#include "extension/retraining.h"
#include "extension/source_error.h"
#include "extension/subtransaction.h"
#include "extension/train_recipe.h"
#include "extension/train_store.h"

bool
retraining_lock(const RegistryModel *model)
{
	return advisory_lock_try(ADVISORY_LOCK_RETRAINING, (uint64) model->model_id);
}

Retraining *
retraining_begin(const char *model, const char *trigger, const char *reason)
{
	Retraining *retraining = palloc0(sizeof(Retraining));

	retraining->trigger = trigger;
	retraining->reason = reason;
	retraining->started_at = GetCurrentTimestamp();
	if (!registry_find_model(model, GetActiveSnapshot(), &retraining->model))
		registry_model_missing(model);
	registry_check_privilege(&retraining->model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	return retraining;
}

/* Train by the recipe; nothing is stored or locked yet. */
static Training *
train_by_recipe(const Retraining *retraining, const TrainRecipe *recipe)
{
	TrainRequest request = train_recipe_request(&retraining->model, recipe);

	progress_set_phase(progress_present(), "train");
	return train_begin(&request);
}

/* Ask the model's gate about what was trained, beside what answers by now. */
static GateReport
ask_gate(const Retraining *retraining, Training *training)
{
	GateReport report;

	PushActiveSnapshot(GetLatestSnapshot());
	report = gate_measure_training(&retraining->model, training, GetActiveSnapshot());
	PopActiveSnapshot();
	return report;
}

/* Write the versions that were trained. From here on the model is locked. */
static void
store(Retraining *retraining, Training *training)
{
	progress_set_phase(progress_present(), "store");
	train_store(training);
	retraining->new_version = training->best->version;
	progress_set_version(progress_present(), retraining->new_version);
}

/* The version that answers by now. */
static int32
deployed_version_by_now(const Retraining *retraining)
{
	int32 version;

	PushActiveSnapshot(GetLatestSnapshot());
	version = registry_deployed_version(retraining->model.model_id, GetActiveSnapshot());
	PopActiveSnapshot();
	return version;
}

/* Let the new version answer. */
static void
promote(Retraining *retraining, bool force, GateReport *report)
{
	const char *reason =
		retraining->reason != NULL
			? psprintf("retraining (%s): %s", retraining->trigger, retraining->reason)
			: psprintf("retraining (%s)", retraining->trigger);

	progress_set_phase(progress_present(), "deploy");
	lifecycle_promote(&retraining->model, retraining->new_version, reason, force, report);
	retraining->status = RETRAINING_PROMOTED;
	retraining->message = psprintf("version %d answers%s", retraining->new_version,
								   force ? ", as asked for, past the gate" : "");
}

/* Decide by the gate and the rule. */
static void
decide(Retraining *retraining, const char *rule, GateReport *report)
{
	retraining->status = RETRAINING_KEPT;
	retraining->gate = gate_report_to_jsonb(report);
	if (!report->passed)
		retraining->message = psprintf("version %d does not pass the gate: %s",
									   retraining->new_version, gate_failed_names(report));
	if (strcmp(rule, "never") == 0)
		retraining->message =
			psprintf("version %d is a candidate, as asked for", retraining->new_version);
	else if (report->passed || strcmp(rule, "always") == 0)
		promote(retraining, !report->passed, report);
}

/*
 * Train, ask the gate, store, and decide. What takes long comes first: the model is locked from the storing until the
 * transaction's end.
 */
static void
train_and_decide(void *argument)
{
	Retraining *retraining = argument;
	Monitor monitor;
	bool is_monitored = monitor_find(&retraining->model, &monitor);
	TrainRecipe recipe = train_recipe_for_model(&retraining->model, is_monitored ? &monitor : NULL);
	Training *training = train_by_recipe(retraining, &recipe);
	GateReport report;

	train_check_not_dropped(retraining->model.name, retraining->model.model_id);
	progress_set_phase(progress_present(), "gate");
	report = ask_gate(retraining, training);
	train_check_not_dropped(retraining->model.name, retraining->model.model_id);
	store(retraining, training);
	/* somebody else may have been faster: then it has another one to beat */
	if (deployed_version_by_now(retraining) != report.production)
		report = ask_gate(retraining, training);
	decide(retraining, is_monitored ? monitor.deploy : "if_better", &report);
	train_end(training);
}

/* Whether the last retraining ended so short a time ago that none may follow yet. */
static bool
is_cooling_down(const Retraining *retraining)
{
	QueryParameter parameters[2] = {
		query_value(INT8OID, Int64GetDatum(retraining->model.model_id))};
	Monitor monitor;
	RegistryWriter reader;
	bool found;

	if (!retraining->is_task || !monitor_find(&retraining->model, &monitor))
		return false;
	parameters[1] = query_value(INTERVALOID, monitor.cooldown);
	reader = query_begin_read();
	found = public_query_read_only("SELECT FROM sentiment.retraining AS r"
								   " WHERE r.model_id = $1 AND r.status <> '" RETRAINING_SKIPPED "'"
								   " AND r.finished_at > pg_catalog.clock_timestamp() - $2 LIMIT 1",
								   2, parameters) > 0;
	registry_end_write(&reader);
	return found;
}

/* End one that is not run. */
static void
skip(Retraining *retraining, const char *message)
{
	retraining->status = RETRAINING_SKIPPED;
	retraining->message = pstrdup(message);
}

/* Take over an error. */
static void
take_error(Retraining *retraining, const ErrorData *error)
{
	retraining->status = RETRAINING_FAILED;
	retraining->new_version = 0;
	retraining->gate = (Datum) 0;
	retraining->message = pstrdup(error->message);
	retraining->detail = error->detail == NULL ? NULL : pstrdup(error->detail);
	retraining->hint = error->hint == NULL ? NULL : pstrdup(error->hint);
	retraining->sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	retraining->source_error = source_error_of(error);
}

/* Note in the row of the last retraining, which was skipped as this one is, that this one was too. Answers whether it is so. */
static bool
repeat_skipped(const Retraining *retraining)
{
	QueryParameter parameters[] = {query_value(INT8OID, Int64GetDatum(retraining->model.model_id)),
								   query_text(retraining->message),
								   query_text(retraining->trigger)};

	return strcmp(retraining->status, RETRAINING_SKIPPED) == 0 &&
		   public_query(
			   "UPDATE sentiment.retraining AS r SET finished_at = pg_catalog.clock_timestamp()"
			   " WHERE r.model_id = $1 AND r.status = '" RETRAINING_SKIPPED "'"
			   " AND r.message = $2 AND r.trigger = $3"
			   " AND r.retraining_id = (SELECT pg_catalog.max(l.retraining_id)"
			   " FROM sentiment.retraining AS l WHERE l.model_id = $1)",
			   lengthof(parameters), parameters) > 0;
}

/*
 * Write the row. Skipped ones in a row that say the same share one, which has the time of the last: a job may run each
 * minute.
 */
static void
write_retraining(Retraining *retraining)
{
	RegistryWriter writer = registry_begin_write("sentiment_retrain()");
	StoredRole caller = stored_role_of(writer.caller);
	const RegistryModel *model = &retraining->model;
	QueryParameter parameters[] = {
		query_value(INT8OID, Int64GetDatum(model->model_id)),
		query_text(model->name),
		query_text(retraining->trigger),
		query_text(retraining->reason),
		query_text(retraining->status),
		query_value(INT4OID, Int32GetDatum(retraining->old_version)),
		query_value(INT4OID, Int32GetDatum(retraining->new_version)),
		query_optional(JSONBOID, retraining->gate),
		query_text(retraining->sqlstate == NULL
					   ? retraining->message
					   : psprintf("failed with SQLSTATE %s", retraining->sqlstate)),
		query_text(retraining->sqlstate),
		query_value(TIMESTAMPTZOID, TimestampTzGetDatum(retraining->started_at)),
		query_text(caller.name),
		query_value(OIDOID, ObjectIdGetDatum(caller.oid)),
		query_value(INT8OID, Int64GetDatum(caller.cluster))};
	bool is_null;

	if (!repeat_skipped(retraining) &&
		public_query(
			"INSERT INTO sentiment.retraining (model_id, model, trigger, reason, status,"
			" old_version, new_version, gate, message, sqlstate, started_at, done_by,"
			" done_by_oid, done_by_cluster)"
			" VALUES ($1, $2, $3, $4, $5, NULLIF($6, 0), NULLIF($7, 0), $8, $9, $10, $11, $12, $13,"
			" $14) RETURNING retraining_id",
			lengthof(parameters), parameters) == 1)
		retraining->retraining_id = DatumGetInt64(query_typed_datum(0, 1, INT8OID, &is_null));
	registry_end_write(&writer);
}

/*
 * Write the error of one that failed: apart, since it may quote a value of the source. What came from the source is written as a
 * whole, for those who may read that.
 */
static void
write_error(const Retraining *retraining)
{
	RegistryWriter writer = registry_begin_write("sentiment_retrain()");
	const SourceError *of_source = retraining->source_error;
	QueryParameter parameters[] = {
		query_value(INT8OID, Int64GetDatum(retraining->retraining_id)),
		query_text(of_source == NULL ? retraining->message : of_source->message),
		query_text(of_source == NULL ? retraining->detail : of_source->detail),
		query_optional(OIDOID, of_source == NULL ? 0 : ObjectIdGetDatum(of_source->relation)),
		query_optional(INT8OID, of_source == NULL ? 0 : Int64GetDatum(stored_role_this_cluster()))};

	public_query("INSERT INTO sentiment.retraining_error (retraining_id, message, detail,"
				 " source_oid, source_cluster) VALUES ($1, $2, $3, $4, $5)",
				 lengthof(parameters), parameters);
	registry_end_write(&writer);
}

/* Notify listeners of the end. */
static void
notify_retraining(const Retraining *retraining)
{
	bool failed = strcmp(retraining->status, RETRAINING_FAILED) == 0;
	StringInfoData members;

	initStringInfo(&members);
	appendStringInfo(
		&members, "\"retraining_id\": " INT64_FORMAT ", \"status\": ", retraining->retraining_id);
	escape_json(&members, retraining->status);
	appendStringInfoString(&members, ", \"trigger\": ");
	escape_json(&members, retraining->trigger);
	/* everybody may listen, and an error may quote a value of the source */
	appendStringInfoString(&members, failed ? ", \"sqlstate\": " : ", \"message\": ");
	escape_json(&members, failed ? retraining->sqlstate : retraining->message);
	event_notify(failed ? "retraining_failed" : "retraining_finished", retraining->model.name,
				 retraining->new_version, members.data);
}

char *
retraining_summary(const Retraining *retraining)
{
	return psprintf("%s: %s", retraining->status, retraining->message);
}

/* Tell of the end: in the history, to listeners, in the log. */
static void
finish(Retraining *retraining)
{
	bool failed = strcmp(retraining->status, RETRAINING_FAILED) == 0;

	write_retraining(retraining);
	if (failed)
		write_error(retraining);
	if (retraining->retraining_id != 0)
		notify_retraining(retraining);
	ereport(LOG_SERVER_ONLY,
			(errmsg("sentiment: retraining of model \"%s\" (%s) %s", retraining->model.name,
					retraining->trigger, retraining_summary(retraining)),
			 retraining->detail != NULL ? errdetail("%s", retraining->detail) : 0));
	if (failed)
		ereport(WARNING_CLIENT_ONLY,
				(errmsg("retraining of model \"%s\" failed: %s", retraining->model.name,
						retraining->message),
				 retraining->detail != NULL ? errdetail("%s", retraining->detail) : 0,
				 retraining->hint != NULL
					 ? errhint("%s", retraining->hint)
					 : errhint("What answered before goes on. The view sentiment_retrainings has "
							   "the history.")));
}

void
retraining_fail(Retraining *retraining, const ErrorData *error)
{
	take_error(retraining, error);
	finish(retraining);
}

void
retraining_run(Retraining *retraining)
{
	Progress *progress;
	ErrorData *error;

	if (!retraining_lock(&retraining->model))
	{
		skip(retraining, "another retraining of the model is under way");
		finish(retraining);
		return;
	}
	progress = progress_begin("retrain", retraining->model.name);
	/* what one that has just ended has committed is to be seen */
	PushActiveSnapshot(GetLatestSnapshot());
	retraining->old_version =
		registry_deployed_version(retraining->model.model_id, GetActiveSnapshot());
	if (is_cooling_down(retraining))
		skip(retraining, "the cooldown after the last retraining is not over");
	else if ((error = subtransaction_run(train_and_decide, retraining)) != NULL)
		take_error(retraining, error);
	PopActiveSnapshot();
	finish(retraining);
	progress_end(progress);
}

/* The function's result. */
static Datum
result_row(FunctionCallInfo fcinfo, const Retraining *retraining)
{
	TupleDesc descriptor;
	Datum values[] = {
		Int64GetDatum(retraining->retraining_id),
		CStringGetTextDatum(retraining->status),
		Int32GetDatum(retraining->new_version),
		BoolGetDatum(strcmp(retraining->status, RETRAINING_PROMOTED) == 0),
		Int32GetDatum(retraining->old_version),
		CStringGetTextDatum(retraining->message),
	};
	bool nulls[] = {retraining->retraining_id == 0, false, retraining->new_version == 0, false,
					retraining->old_version == 0,   false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

PG_FUNCTION_INFO_V1(sentiment_retrain);
Datum
sentiment_retrain(PG_FUNCTION_ARGS)
{
	Retraining *retraining;

	registry_refuse_read_only("sentiment_retrain()");
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"model\" must not be null")));
	retraining = retraining_begin(text_to_cstring(PG_GETARG_TEXT_PP(0)), TRIGGER_MANUAL,
								  PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	retraining_run(retraining);
	PG_RETURN_DATUM(result_row(fcinfo, retraining));
}
