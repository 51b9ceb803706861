/*
 * pipeline_report.c
 *	  Telling of a run of the pipeline.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "extension/event.h"
#include "extension/pipeline_report.h"
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/retraining.h"

/*
 * Write what is not for everybody who may ask the model, since it may quote a value of the source. step_number: 0, the
 * run. source: which one, or InvalidOid
 */
static void
write_error(const PipelineRun *run, int step_number, const char *message, Oid source)
{
	bool has_source = OidIsValid(source);
	QueryParameter parameters[] = {
		query_value(INT8OID, Int64GetDatum(run->run_id)),
		query_value(INT4OID, Int32GetDatum(step_number)), query_text(message),
		query_optional(OIDOID, has_source ? ObjectIdGetDatum(source) : (Datum) 0),
		query_optional(INT8OID,
					   has_source ? Int64GetDatum(stored_role_this_cluster()) : (Datum) 0)};

	public_query("INSERT INTO sentiment.pipeline_error (run_id, step_number, message, source_oid,"
				 " source_cluster) VALUES ($1, $2, $3, $4, $5)",
				 lengthof(parameters), parameters);
}

/* The step in which a run failed; NULL: in none. */
static const PipelineStep *
failed_step(const PipelineRun *run)
{
	for (int i = 0; i < run->n_steps; i++)
	{
		if (run->steps[i].sqlstate != NULL)
			return &run->steps[i];
	}
	return NULL;
}

/* What everybody may read of a step; NULL: its message. */
static char *
public_step_message(const PipelineRun *run, const PipelineStep *step)
{
	if (step->sqlstate != NULL)
		return psprintf("failed with SQLSTATE %s", step->sqlstate);
	if (strcmp(step->name, "report") == 0 && strcmp(run->status, RETRAINING_FAILED) == 0)
		return pstrdup(RETRAINING_FAILED);
	return step->public_message;
}

/* What everybody may read of a run that failed: in which step. */
static char *
public_run_message(const PipelineRun *run)
{
	const PipelineStep *step = failed_step(run);

	return step == NULL ? pstrdup(RETRAINING_FAILED)
						: psprintf("%s: failed with SQLSTATE %s", step->name, step->sqlstate);
}

/* What who may read the source may read of a step. */
static const char *
whole_step_message(const PipelineStep *step)
{
	return step->whole_message != NULL ? step->whole_message : step->message;
}

/* The same of a run that failed in a step. */
static char *
whole_run_message(const PipelineRun *run)
{
	const PipelineStep *step = failed_step(run);

	return psprintf("%s: %s", step->name, whole_step_message(step));
}

/* Write the error of a run that failed. */
static void
write_run_error(const PipelineRun *run)
{
	const PipelineStep *step = failed_step(run);

	if (step == NULL)
		write_error(run, 0, run->message, InvalidOid);
	else
		write_error(run, 0, whole_run_message(run), step->source);
}

/* Write a step's row. */
static void
write_step(const PipelineRun *run, int number)
{
	const PipelineStep *step = &run->steps[number];
	char *public_message = public_step_message(run, step);
	QueryParameter parameters[] = {
		query_value(INT8OID, Int64GetDatum(run->run_id)),
		query_value(INT4OID, Int32GetDatum(number + 1)),
		query_text(step->name),
		query_text(step->kind),
		query_text(step->status),
		query_value(INT4OID, Int32GetDatum(step->version)),
		query_value(FLOAT8OID, Float8GetDatum(step->f1)),
		query_value(BOOLOID, BoolGetDatum(step->in_worker)),
		query_text(public_message != NULL ? public_message : step->message),
		query_text(step->sqlstate),
		query_value(TIMESTAMPTZOID, TimestampTzGetDatum(step->started_at)),
		query_value(TIMESTAMPTZOID, TimestampTzGetDatum(step->finished_at))};

	public_query("INSERT INTO sentiment.pipeline_step (run_id, step_number, step, kind, status,"
				 " version, f1, in_worker, message, sqlstate, started_at, finished_at)"
				 " VALUES ($1, $2, $3, $4, $5, NULLIF($6, 0), NULLIF($7, 'NaN'), $8, $9, $10, $11,"
				 " $12)",
				 lengthof(parameters), parameters);
	if (public_message == NULL)
		return;
	if (strcmp(step->name, "report") == 0 && failed_step(run) != NULL)
		write_error(run, number + 1, psprintf("%s: %s", run->status, whole_run_message(run)),
					failed_step(run)->source);
	else
		write_error(run, number + 1, whole_step_message(step), step->source);
}

/* The kinds as an array of texts. */
static Datum
kinds_array(const PipelineRun *run)
{
	Datum *kinds = palloc_array(Datum, run->n_kinds);

	for (int i = 0; i < run->n_kinds; i++)
		kinds[i] = CStringGetTextDatum(run->kinds[i]);
	return PointerGetDatum(construct_array(kinds, run->n_kinds, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Write the rows of the run and of its steps. */
static void
write_run(PipelineRun *run)
{
	RegistryWriter writer = registry_begin_write("sentiment_run_pipeline()");
	StoredRole caller = stored_role_of(writer.caller);
	bool failed = strcmp(run->status, RETRAINING_FAILED) == 0;
	QueryParameter parameters[] = {
		query_text(run->name),
		query_value(TEXTARRAYOID, kinds_array(run)),
		query_text(run->recipe.schema),
		query_text(run->recipe.name),
		query_text(run->status),
		query_value(INT4OID, Int32GetDatum(run->version)),
		query_text(failed ? public_run_message(run) : run->message),
		query_value(TIMESTAMPTZOID, TimestampTzGetDatum(run->started_at)),
		query_text(caller.name),
		query_value(OIDOID, ObjectIdGetDatum(caller.oid)),
		query_value(INT8OID, Int64GetDatum(caller.cluster))};
	bool is_null;

	public_query("INSERT INTO sentiment.pipeline_run (model_id, model, kinds, source_schema,"
				 " source_name, status, version, message, started_at, done_by, done_by_oid,"
				 " done_by_cluster)"
				 " VALUES ((SELECT m.model_id FROM sentiment.model AS m WHERE m.name = $1), $1, $2,"
				 " $3, $4, $5, NULLIF($6, 0), $7, $8, $9, $10, $11) RETURNING run_id",
				 lengthof(parameters), parameters);
	run->run_id = DatumGetInt64(query_typed_datum(0, 1, INT8OID, &is_null));
	if (failed)
		write_run_error(run);
	for (int i = 0; i < run->n_steps; i++)
		write_step(run, i);
	registry_end_write(&writer);
}

void
pipeline_report(PipelineRun *run)
{
	bool failed = strcmp(run->status, RETRAINING_FAILED) == 0;
	PipelineStep *step = pipeline_begin_step(run, "report");
	StringInfoData members;

	step->version = run->version;
	step->message = psprintf("%s: %s", run->status, run->message);
	step->finished_at = GetCurrentTimestamp();
	write_run(run);
	initStringInfo(&members);
	appendStringInfo(&members, "\"run_id\": " INT64_FORMAT, run->run_id);
	json_append_member(&members, "status", run->status);
	/* everybody may listen, and an error may quote a value of the source */
	if (!failed)
		json_append_member(&members, "message", run->message);
	event_notify(failed ? "pipeline_failed" : "pipeline_finished", run->name, run->version,
				 members.data);
	ereport(LOG_SERVER_ONLY,
			(errmsg("sentiment: pipeline run " INT64_FORMAT " of model \"%s\" %s: %s", run->run_id,
					run->name, run->status, run->message)));
	if (failed)
		ereport(WARNING_CLIENT_ONLY,
				(errmsg("the pipeline of model \"%s\" failed: %s", run->name, run->message),
				 errhint("The view sentiment_pipeline_steps tells of each step.")));
}
