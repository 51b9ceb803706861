/*
 * pipeline_run.c
 *	  The whole pipeline as one call: validate, train, select, gate, deploy, report.
 *
 * Each step is a subtransaction, so that one that fails can be told. Rows are written at the end: before
 * the background workers are done, the leader must not write anything (see training_workers.c). What the workers
 * train are candidates that they commit themselves; they stay if the caller rolls back.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "core/models/classifier.h"
#include "extension/event.h"
#include "extension/host.h"
#include "extension/owner_context.h"
#include "extension/pipeline_run.h"
#include "extension/public_query.h"
#include "extension/retraining.h"
#include "extension/source.h"
#include "extension/subtransaction.h"
#include "extension/train_arguments.h"
#include "extension/train_recipe.h"
#include "extension/training_job.h"

/* What became of a step. */
#define STEP_SUCCEEDED "succeeded"
#define STEP_FAILED    "failed"
#define STEP_SKIPPED   "skipped"

/* validate, select, gate, deploy, report; the trainings are between the first two */
#define N_OTHER_STEPS 5

/* A step. */
typedef struct Step
{
	const char *name;
	const char *kind; /* NULL: none */
	const char *status;
	int32 version; /* 0: none */
	double f1;     /* NaN: none */
	bool in_worker;
	char *message;
	char *sqlstate; /* NULL: no error */
	TimestampTz started_at;
	TimestampTz finished_at;
} Step;

/* A run. */
typedef struct PipelineRun
{
	/* what is to be done */
	char *name;
	bool is_stored; /* the source is a stored one */
	TrainRecipe recipe;
	Oid relation;
	int n_kinds;
	char **kinds;
	const char *deploy;
	TimestampTz started_at;

	/* what became of it */
	int64 model_id; /* 0: there is no model of the name yet */
	TrainingJob *jobs;
	int n_steps;
	Step *steps; /* (n_kinds + N_OTHER_STEPS) */
	int64 run_id;
	const char *status; /* as of a retraining */
	char *message;
	int32 version;
	bool passes_gate;
} PipelineRun;

/* A step that begins now. */
static Step *
begin_step(PipelineRun *run, const char *name)
{
	Step *step = &run->steps[run->n_steps++];

	*step = (Step){.name = name,
				   .status = STEP_SUCCEEDED,
				   .f1 = NAN,
				   .message = "",
				   .started_at = GetCurrentTimestamp()};
	return step;
}

/* Say that a step was not done. */
static void
skip_step(PipelineRun *run, const char *name, const char *why)
{
	Step *step = begin_step(run, name);

	step->status = STEP_SKIPPED;
	step->message = pstrdup(why);
	step->finished_at = step->started_at;
}

/* Whether the run goes on: nothing has failed or decided it. */
static bool
goes_on(const PipelineRun *run)
{
	return run->status == NULL;
}

/* Do a step in a subtransaction; one that fails ends the run. */
static void
do_step(PipelineRun *run, const char *name, SubtransactionWork work)
{
	Step *step;
	ErrorData *error;

	if (!goes_on(run))
	{
		skip_step(run, name, "the run had ended");
		return;
	}
	step = begin_step(run, name);
	error = subtransaction_run(work, run);
	step->finished_at = GetCurrentTimestamp();
	if (error == NULL)
		return;
	step->status = STEP_FAILED;
	step->message = error->detail == NULL ? pstrdup(error->message)
										  : psprintf("%s: %s", error->message, error->detail);
	step->sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	run->status = RETRAINING_FAILED;
	run->message = psprintf("%s: %s", name, error->message);
}

/* The step that is being done. */
static Step *
present_step(PipelineRun *run)
{
	return &run->steps[run->n_steps - 1];
}

/* Whether the model has a contract. */
static bool
has_contract(const char *model)
{
	QueryParameter parameters[1] = {query_text(model)};

	return public_query_read_only("SELECT FROM @.sentiment_contracts AS c"
								  " WHERE c.model OPERATOR(pg_catalog.=) $1",
								  1, parameters) > 0;
}

/* Run sentiment_validate by the model's contract. */
static void
validate_by_contract(PipelineRun *run)
{
	QueryParameter parameters[] = {query_text(run->name),
								   query_value(REGCLASSOID, ObjectIdGetDatum(run->relation)),
								   query_text(run->recipe.filter)};
	Step *step = present_step(run);
	bool is_null;
	int64 n_errors;

	public_query("SELECT pg_catalog.count(*),"
				 " pg_catalog.count(*) FILTER (WHERE v.severity OPERATOR(pg_catalog.=) 'error'),"
				 " pg_catalog.string_agg(DISTINCT v.check_name, ', ')"
				 " FILTER (WHERE v.severity OPERATOR(pg_catalog.=) 'error')"
				 " FROM @.sentiment_validate($1, $2, $3) AS v",
				 lengthof(parameters), parameters);
	n_errors = DatumGetInt64(query_datum(0, 2, &is_null));
	if (n_errors > 0)
		ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
						errmsg("the data break the contract of model \"%s\": %s", run->name,
							   query_column(0, 3)),
						errhint("Run sentiment_validate for what was found.")));
	step->message = psprintf("%s findings, none of them an error", query_column(0, 1));
}

/* The step "validate". */
static void
validate(void *argument)
{
	PipelineRun *run = argument;
	Step *step = present_step(run);
	RegistryModel model;
	OwnerContext owner;

	query_connect();
	if (!has_contract(run->name))
	{
		step->status = STEP_SKIPPED;
		step->message = "the model has no contract";
		query_finish();
		return;
	}
	if (run->is_stored)
	{
		if (!registry_find_model(run->name, GetActiveSnapshot(), &model))
			registry_model_missing(run->name);
		owner = owner_context_begin_source(&model, &run->recipe.named_by);
	}
	validate_by_contract(run);
	if (run->is_stored)
		owner_context_end(&owner);
	query_finish();
}

/* Append a member with a string, or null. */
static void
append_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, ", \"%s\": ", name);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, value);
}

/* Arguments of a training as a JSON object, see training_job.c. */
static char *
job_arguments(const PipelineRun *run, const char *kind)
{
	const TrainRecipe *recipe = &run->recipe;
	Jsonb *params = DatumGetJsonbP(train_parameters_for_kind(recipe->params, kind));
	StringInfoData json;
	Datum *columns;
	bool *nulls;
	int n_columns;

	initStringInfo(&json);
	appendStringInfo(&json,
					 "{\"relation\": %u, \"is_stored\": %s, \"named_by_oid\": %u,"
					 " \"named_by_cluster\": " INT64_FORMAT,
					 run->relation, run->is_stored ? "true" : "false", recipe->named_by.oid,
					 recipe->named_by.cluster);
	append_member(&json, "named_by", recipe->named_by.name);
	append_member(&json, "model", run->name);
	append_member(&json, "text_column", recipe->text_column);
	append_member(&json, "label_column", recipe->label_column);
	append_member(&json, "filter", recipe->filter);
	append_member(&json, "kind", kind);
	appendStringInfo(&json, ", \"params\": %s",
					 JsonbToCString(NULL, &params->root, VARSIZE(params)));
	deconstruct_array(DatumGetArrayTypeP(recipe->numeric_columns), TEXTOID, -1, false, TYPALIGN_INT,
					  &columns, &nulls, &n_columns);
	appendStringInfoString(&json, ", \"numeric_columns\": [");
	for (int i = 0; i < n_columns; i++)
	{
		if (i > 0)
			appendStringInfoString(&json, ", ");
		escape_json(&json, TextDatumGetCString(columns[i]));
	}
	appendStringInfoString(&json, "]}");
	return json.data;
}

/* A training that is done here. */
static void
run_job_here(void *argument)
{
	TrainingJob *job = argument;

	training_job_run(job->arguments, &job->result);
}

/* Train here what no worker did: none could be started, or it waited for a lock that this session has. */
static void
train_here(PipelineRun *run)
{
	for (int i = 0; i < run->n_kinds; i++)
	{
		TrainingJob *job = &run->jobs[i];
		TrainingJobResult *result = &job->result;
		ErrorData *error;

		if (result->state != TRAINING_JOB_WAITING &&
			!(result->state == TRAINING_JOB_FAILED &&
			  result->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE))
			continue;
		job->in_worker = false;
		result->started_at = GetCurrentTimestamp();
		error = subtransaction_run(run_job_here, job);
		result->state = TRAINING_JOB_DONE;
		if (error != NULL)
			training_job_take_error(result, error);
		result->finished_at = GetCurrentTimestamp();
	}
}

/* Note a training as a step. */
static void
note_training(PipelineRun *run, int number, const char *obstacle)
{
	const TrainingJob *job = &run->jobs[number];
	const TrainingJobResult *result = &job->result;
	Step *step = begin_step(run, "train");

	step->kind = run->kinds[number];
	step->in_worker = job->in_worker;
	step->started_at = result->started_at;
	step->finished_at = result->finished_at;
	if (result->state == TRAINING_JOB_FAILED)
	{
		step->status = STEP_FAILED;
		step->message = pstrdup(result->message);
		step->sqlstate = pstrdup(unpack_sql_state(result->sqlerrcode));
		return;
	}
	step->version = result->version;
	step->f1 = result->f1;
	step->message = job->in_worker     ? pstrdup("in a background worker")
					: obstacle == NULL ? pstrdup("without a background worker: none was free")
									   : psprintf("without a background worker: %s", obstacle);
}

/* Train all kinds; the run goes on if one succeeded. */
static void
train_kinds(PipelineRun *run)
{
	const char *obstacle;
	int n_done = 0;

	if (!goes_on(run))
	{
		skip_step(run, "train", "the run had ended");
		return;
	}
	run->jobs = palloc0_array(TrainingJob, run->n_kinds);
	for (int i = 0; i < run->n_kinds; i++)
		run->jobs[i].arguments = job_arguments(run, run->kinds[i]);
	obstacle =
		run->n_kinds == 1 ? "there is one kind only" : training_workers_obstacle(run->relation);
	if (obstacle == NULL)
		training_workers_run(run->jobs, run->n_kinds);
	train_here(run);
	for (int i = 0; i < run->n_kinds; i++)
	{
		note_training(run, i, obstacle);
		n_done += run->jobs[i].result.state == TRAINING_JOB_DONE;
	}
	if (n_done > 0)
		return;
	run->status = RETRAINING_FAILED;
	run->message = psprintf("no kind could be trained: %s", run->jobs[0].result.message);
}

/* The step "select": the version of the highest F1, the first of equals. */
static void
select_best(void *argument)
{
	PipelineRun *run = argument;
	Step *step = present_step(run);
	int n_trained = 0;

	for (int i = 0; i < run->n_kinds; i++)
	{
		const TrainingJobResult *result = &run->jobs[i].result;

		if (result->state != TRAINING_JOB_DONE)
			continue;
		n_trained++;
		if (run->version != 0 && !(result->f1 > step->f1))
			continue;
		run->version = result->version;
		step->f1 = result->f1;
		step->kind = run->kinds[i];
	}
	step->version = run->version;
	if (n_trained > 1 && isnan(step->f1))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the new versions were not measured"),
						errdetail("They are compared on held-out rows, and there are none.")));
	step->message = psprintf("version %d is the best of %d", run->version, n_trained);
}

/* The step "gate". */
static void
ask_gate(void *argument)
{
	PipelineRun *run = argument;
	Step *step = present_step(run);
	QueryParameter parameters[] = {query_text(run->name),
								   query_value(INT4OID, Int32GetDatum(run->version))};
	bool is_null;

	step->version = run->version;
	query_connect();
	public_query("SELECT COALESCE(pg_catalog.bool_and(g.passed), true),"
				 " COALESCE(pg_catalog.string_agg(pg_catalog.format('%s (%s)', g.check_name,"
				 " g.detail), ', ') FILTER (WHERE NOT g.passed), '')"
				 " FROM @.sentiment_check_gate($1, $2) AS g",
				 lengthof(parameters), parameters);
	run->passes_gate = DatumGetBool(query_datum(0, 1, &is_null));
	step->message =
		run->passes_gate ? pstrdup("passed") : psprintf("not passed: %s", query_column(0, 2));
	query_finish();
}

/* The step "deploy". */
static void
deploy(void *argument)
{
	PipelineRun *run = argument;
	Step *step = present_step(run);
	bool always = strcmp(run->deploy, "always") == 0;
	QueryParameter parameters[] = {query_text(run->name),
								   query_value(INT4OID, Int32GetDatum(run->version)),
								   query_text("sentiment_run_pipeline"),
								   query_value(BOOLOID, BoolGetDatum(!run->passes_gate))};

	step->version = run->version;
	if (strcmp(run->deploy, "never") == 0 || (!run->passes_gate && !always))
	{
		step->status = STEP_SKIPPED;
		step->message = run->passes_gate ? "as asked for" : "the gate was not passed";
		run->status = RETRAINING_KEPT;
		run->message = psprintf("version %d is a candidate: %s", run->version, step->message);
		return;
	}
	query_connect();
	public_query("SELECT @.sentiment_promote($1, $2, 'production', $3, $4)", lengthof(parameters),
				 parameters);
	query_finish();
	step->message = psprintf("version %d answers", run->version);
	run->status = RETRAINING_PROMOTED;
	run->message = step->message;
}

/* Write a step's row. */
static void
write_step(const PipelineRun *run, int number)
{
	const Step *step = &run->steps[number];
	QueryParameter parameters[] = {
		query_value(INT8OID, Int64GetDatum(run->run_id)),
		query_value(INT4OID, Int32GetDatum(number + 1)),
		query_text(step->name),
		query_text(step->kind),
		query_text(step->status),
		query_value(INT4OID, Int32GetDatum(step->version)),
		query_value(FLOAT8OID, Float8GetDatum(step->f1)),
		query_value(BOOLOID, BoolGetDatum(step->in_worker)),
		query_text(step->message),
		query_text(step->sqlstate),
		query_value(TIMESTAMPTZOID, TimestampTzGetDatum(step->started_at)),
		query_value(TIMESTAMPTZOID, TimestampTzGetDatum(step->finished_at))};

	public_query("INSERT INTO sentiment.pipeline_step (run_id, step_number, step, kind, status,"
				 " version, f1, in_worker, message, sqlstate, started_at, finished_at)"
				 " VALUES ($1, $2, $3, $4, $5, NULLIF($6, 0), NULLIF($7, 'NaN'), $8, $9, $10, $11,"
				 " $12)",
				 lengthof(parameters), parameters);
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
	QueryParameter parameters[] = {
		query_text(run->name),
		query_value(TEXTARRAYOID, kinds_array(run)),
		query_text(run->recipe.schema),
		query_text(run->recipe.name),
		query_text(run->status),
		query_value(INT4OID, Int32GetDatum(run->version)),
		query_text(run->message),
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
	run->run_id = DatumGetInt64(query_datum(0, 1, &is_null));
	for (int i = 0; i < run->n_steps; i++)
		write_step(run, i);
	registry_end_write(&writer);
}

/* Tell of the run: the step "report", the rows, an event, the log. */
static void
report(PipelineRun *run)
{
	bool failed = strcmp(run->status, RETRAINING_FAILED) == 0;
	Step *step = begin_step(run, "report");
	StringInfoData members;

	step->version = run->version;
	step->message = psprintf("%s: %s", run->status, run->message);
	step->finished_at = GetCurrentTimestamp();
	write_run(run);
	initStringInfo(&members);
	appendStringInfo(&members, "\"run_id\": " INT64_FORMAT, run->run_id);
	append_member(&members, "status", run->status);
	append_member(&members, "message", run->message);
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

/* The steps in their order. */
static void
do_steps(PipelineRun *run)
{
	do_step(run, "validate", validate);
	train_kinds(run);
	do_step(run, "select", select_best);
	do_step(run, "gate", ask_gate);
	do_step(run, "deploy", deploy);
}

/* Keep away from retrainings of the model, and from other runs; without a model there are none. */
static bool
lock_model(PipelineRun *run)
{
	RegistryModel model;

	if (!registry_find_model(run->name, GetActiveSnapshot(), &model))
		return true;
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	return retraining_lock(&model);
}

/* Do all of it. */
static void
do_run(PipelineRun *run)
{
	run->steps = palloc0_array(Step, run->n_kinds + N_OTHER_STEPS);
	if (lock_model(run))
		do_steps(run);
	else
	{
		run->status = RETRAINING_SKIPPED;
		run->message = "a retraining or another run for the model is under way";
	}
	report(run);
}

/* Take over the kinds: NULL stands for all. */
static void
take_kinds(PipelineRun *run, ArrayType *kinds)
{
	Datum *names;
	bool *nulls;

	if (kinds == NULL)
	{
		run->n_kinds = (int) n_classifier_kinds;
		run->kinds = palloc_array(char *, run->n_kinds);
		for (int i = 0; i < run->n_kinds; i++)
			run->kinds[i] = pstrdup(classifier_kinds[i]->name);
		return;
	}
	deconstruct_array(kinds, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &run->n_kinds);
	if (run->n_kinds == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"kinds\" must name a kind"),
						errhint("Leave it out to train all kinds.")));
	run->kinds = palloc_array(char *, run->n_kinds);
	for (int i = 0; i < run->n_kinds; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"kinds\" must not contain null")));
		run->kinds[i] = TextDatumGetCString(names[i]);
		for (int j = 0; j < i; j++)
		{
			if (strcmp(run->kinds[i], run->kinds[j]) == 0)
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("kind \"%s\" stands in kinds twice", run->kinds[i])));
		}
	}
}

/* Check that every kind is there and takes the parameters. */
static void
check_kinds(const PipelineRun *run)
{
	double holdout;

	for (int i = 0; i < run->n_kinds; i++)
	{
		if (strcmp(run->kinds[i], KIND_AUTO) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("kind \"%s\" cannot be one of several", KIND_AUTO),
							errhint("Leave the argument kinds out to train all kinds.")));
		holdout = train_check_recipe(run->kinds[i],
									 train_parameters_for_kind(run->recipe.params, run->kinds[i]));
		if (holdout == 0 && run->n_kinds > 1)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("several kinds need held-out rows"),
							errdetail("They are compared on rows that none of them has seen."),
							errhint("Leave the parameter holdout out, or name one kind.")));
	}
}

/* The source is what the model is trained from. */
static void
take_stored_source(PipelineRun *run)
{
	RegistryModel model;
	Monitor monitor;
	bool is_monitored;

	if (!registry_find_model(run->name, GetActiveSnapshot(), &model))
		registry_model_missing(run->name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	is_monitored = monitor_find(&model, &monitor);
	run->is_stored = true;
	run->recipe = train_recipe_for_model(&model, is_monitored ? &monitor : NULL);
	run->relation = train_recipe_relation(&model, &run->recipe);
}

/* The numeric columns as text[]: none if they are not given. */
static Datum
numeric_columns_argument(FunctionCallInfo fcinfo, int argument)
{
	Datum *columns;
	bool *nulls;
	int n;

	if (PG_ARGISNULL(argument))
		return PointerGetDatum(construct_empty_array(TEXTOID));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &columns, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"numeric_columns\" must not contain null")));
		columns[i] = CStringGetTextDatum(NameStr(*DatumGetName(columns[i])));
	}
	return PointerGetDatum(construct_array(columns, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The source is the caller's. */
static void
take_named_source(FunctionCallInfo fcinfo, PipelineRun *run)
{
	TrainRecipe *recipe = &run->recipe;
	Source source = {.relation = PG_GETARG_OID(2)};
	Datum numeric_columns;

	source.text_column = PG_ARGISNULL(3) ? "text" : NameStr(*PG_GETARG_NAME(3));
	source.label_column = PG_ARGISNULL(4) ? "label" : NameStr(*PG_GETARG_NAME(4));
	source.filter = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));
	numeric_columns = numeric_columns_argument(fcinfo, 7);
	source_set_numeric_columns(&source, numeric_columns);
	source_check(&source);
	run->relation = source.relation;
	*recipe = (TrainRecipe){.schema = source.schema,
							.name = source.name,
							.text_column = source.text_column,
							.label_column = source.label_column,
							.filter = source.filter,
							.params = jsonb_from_json("{}"),
							.numeric_columns = numeric_columns};
}

/* Refuse a filter that would have nothing to choose from. */
static void
check_no_named_source(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(5) || !PG_ARGISNULL(7))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments \"filter\" and \"numeric_columns\" need the argument "
						"\"source\""),
				 errdetail("Without it the rows are those that the model is trained from.")));
}

/* Read the arguments. */
static void
read_arguments(FunctionCallInfo fcinfo, PipelineRun *run)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"model\" must not be null")));
	run->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	registry_check_name(run->name);
	take_kinds(run, PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1));
	run->deploy = PG_ARGISNULL(8) ? "if_better" : text_to_cstring(PG_GETARG_TEXT_PP(8));
	train_check_deploy_rule(run->deploy);
	if (PG_ARGISNULL(2))
	{
		check_no_named_source(fcinfo);
		take_stored_source(run);
	}
	else
		take_named_source(fcinfo, run);
	if (!PG_ARGISNULL(6))
		run->recipe.params = PG_GETARG_DATUM(6);
	check_kinds(run);
}

/* The function's result. */
static Datum
result_row(FunctionCallInfo fcinfo, const PipelineRun *run)
{
	TupleDesc descriptor;
	Datum values[] = {Int64GetDatum(run->run_id), CStringGetTextDatum(run->status),
					  Int32GetDatum(run->version),
					  BoolGetDatum(strcmp(run->status, RETRAINING_PROMOTED) == 0),
					  CStringGetTextDatum(run->message)};
	bool nulls[] = {false, false, run->version == 0, false, false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

PG_FUNCTION_INFO_V1(sentiment_run_pipeline);
Datum
sentiment_run_pipeline(PG_FUNCTION_ARGS)
{
	PipelineRun run = {.started_at = GetCurrentTimestamp()};

	PreventCommandIfReadOnly("sentiment_run_pipeline()");
	PreventCommandIfParallelMode("sentiment_run_pipeline()");
	PreventCommandDuringRecovery("sentiment_run_pipeline()");
	read_arguments(fcinfo, &run);
	do_run(&run);
	PG_RETURN_DATUM(result_row(fcinfo, &run));
}

char *
pipeline_run_for_job(const char *model)
{
	PipelineRun run = {.name = pstrdup(model), .started_at = GetCurrentTimestamp()};
	RegistryModel found;
	Monitor monitor;

	take_kinds(&run, NULL);
	take_stored_source(&run);
	check_kinds(&run);
	run.deploy = "if_better";
	if (registry_find_model(model, GetActiveSnapshot(), &found) && monitor_find(&found, &monitor))
		run.deploy = monitor.deploy;
	do_run(&run);
	return psprintf("%s: %s", run.status, run.message);
}
