/*
 * pipeline_run.c
 *	  The whole pipeline as one call: validate, train, select, gate, deploy, report.
 *
 * Each step is a subtransaction, so that one that fails can be told. Rows are written at the end: before
 * the background workers are done, the leader must not write anything (see training_workers.c). What the workers
 * train are candidates that they commit themselves; they stay if the caller rolls back. What the session trains by
 * itself is stored when all is measured, since storing locks the model.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"

#include "extension/contract.h"
#include "extension/lifecycle.h"
#include "extension/pipeline_report.h"
#include "extension/pipeline_run.h"
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/retraining.h"
#include "extension/source_error.h"
#include "extension/subtransaction.h"
#include "extension/train_arguments.h"

PipelineStep *
pipeline_begin_step(PipelineRun *run, const char *name)
{
	PipelineStep *step = &run->steps[run->n_steps++];

	*step = (PipelineStep){.name = name,
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
	PipelineStep *step = pipeline_begin_step(run, name);

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

/* Tell other sessions what the run is doing, and how many of its steps are behind it. */
static void
tell_of_phase(const PipelineRun *run, const char *name, int n_done)
{
	progress_set_phase(run->progress, name);
	progress_set_done(run->progress, n_done, run->n_kinds + N_OTHER_STEPS);
}

/* A message with its detail. */
static char *
with_detail(const char *message, const char *detail)
{
	return detail == NULL ? pstrdup(message) : psprintf("%s: %s", message, detail);
}

/* Note the error of a step. What comes from a source that the caller has named may quote it too. */
static void
fail_step(const PipelineRun *run, PipelineStep *step, const ErrorData *error)
{
	const SourceError *of_source = source_error_of(error);

	step->status = STEP_FAILED;
	step->message = with_detail(error->message, error->detail);
	step->sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	step->source = run->stored == NULL ? run->relation : InvalidOid;
	if (of_source == NULL)
		return;
	step->source = of_source->relation;
	step->whole_message = with_detail(of_source->message, of_source->detail);
}

/* Do a step in a subtransaction; one that fails ends the run. */
static void
do_step(PipelineRun *run, const char *name, SubtransactionWork work)
{
	PipelineStep *step;
	Progress *progress;
	ErrorData *error;

	if (!goes_on(run))
	{
		skip_step(run, name, "the run had ended");
		return;
	}
	step = pipeline_begin_step(run, name);
	tell_of_phase(run, name, run->n_steps - 1);
	progress = progress_begin_step(run->progress, run->n_steps, name, NULL);
	error = subtransaction_run(work, run);
	step->finished_at = GetCurrentTimestamp();
	progress_set_version(progress, step->version);
	progress_finish_step(progress, error == NULL ? step->status : STEP_FAILED);
	if (error == NULL)
		return;
	fail_step(run, step, error);
	run->status = RETRAINING_FAILED;
	run->message = psprintf("%s: %s", name, error->message);
}

/* The step that is being done. */
static PipelineStep *
present_step(PipelineRun *run)
{
	return &run->steps[run->n_steps - 1];
}

/* What the contract says of the rows of the run. */
static void
tell_of_validation(const PipelineRun *run, const Findings *findings, PipelineStep *step)
{
	uint32 n_errors = findings_count(findings, SEVERITY_ERROR);

	if (n_errors > 0)
		ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
						errmsg("the data break the contract of model \"%s\": %s", run->name,
							   contract_broken_checks(findings)),
						errhint("Run sentiment_validate for what was found.")));
	step->message = psprintf("%u findings, none of them an error", findings->n_findings);
}

/* The step "validate". */
static void
validate(void *argument)
{
	PipelineRun *run = argument;
	PipelineStep *step = present_step(run);
	Source source = {.relation = run->relation,
					 .text_column = run->recipe.text_column,
					 .label_column = run->recipe.label_column,
					 .filter = run->recipe.filter,
					 .filter_is_lost = run->recipe.filter_is_lost,
					 .stored = run->stored};
	Findings findings;

	if (contract_validate_source(run->name, &source, &findings))
	{
		tell_of_validation(run, &findings, step);
		return;
	}
	step->status = STEP_SKIPPED;
	step->message = "the model has no contract";
}

void
json_append_member(StringInfo json, const char *name, const char *value)
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
	Jsonb *params = DatumGetJsonbP(train_recipe_parameters(recipe, kind));
	StringInfoData json;
	Datum *columns;
	bool *nulls;
	int n_columns;

	initStringInfo(&json);
	appendStringInfo(&json,
					 "{\"relation\": %u, \"is_stored\": %s, \"filter_is_lost\": %s,"
					 " \"numeric_by_oid\": %u, \"numeric_by_cluster\": " INT64_FORMAT
					 ", \"named_by_oid\": %u,"
					 " \"named_by_cluster\": " INT64_FORMAT,
					 run->relation, run->stored != NULL ? "true" : "false",
					 recipe->filter_is_lost ? "true" : "false", recipe->numeric_by.oid,
					 recipe->numeric_by.cluster, recipe->named_by.oid, recipe->named_by.cluster);
	json_append_member(&json, "source_schema", recipe->schema);
	json_append_member(&json, "source_name", recipe->name);
	json_append_member(&json, "named_by", recipe->named_by.name);
	json_append_member(&json, "numeric_by", recipe->numeric_by.name);
	json_append_member(&json, "model", run->name);
	json_append_member(&json, "text_column", recipe->text_column);
	json_append_member(&json, "label_column", recipe->label_column);
	json_append_member(&json, "filter", recipe->filter);
	json_append_member(&json, "kind", kind);
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
	training_job_train(argument);
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

		if (!training_job_is_to_do(result))
			continue;
		job->in_worker = false;
		result->started_at = GetCurrentTimestamp();
		progress_set_step_state(job->step, "running", false);
		error = subtransaction_run(run_job_here, job);
		result->state = TRAINING_JOB_DONE;
		if (error != NULL)
			training_job_take_error(result, error);
		result->finished_at = GetCurrentTimestamp();
		training_job_tell(job, result);
	}
}

/* Note a training as a step. */
static void
note_training(PipelineRun *run, int number, const char *obstacle)
{
	const TrainingJob *job = &run->jobs[number];
	const TrainingJobResult *result = &job->result;
	PipelineStep *step = pipeline_begin_step(run, "train");

	step->kind = run->kinds[number];
	step->in_worker = job->in_worker;
	step->started_at = result->started_at;
	step->finished_at = result->finished_at;
	if (result->state == TRAINING_JOB_FAILED)
	{
		step->status = STEP_FAILED;
		step->message = pstrdup(result->message);
		step->sqlstate = pstrdup(unpack_sql_state(result->sqlerrcode));
		step->source = run->stored == NULL ? run->relation : result->source;
		if (OidIsValid(result->source))
			step->whole_message = pstrdup(result->whole_message);
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
	tell_of_phase(run, "train", run->n_steps);
	run->first_job_step = run->n_steps;
	run->jobs = palloc0_array(TrainingJob, run->n_kinds);
	for (int i = 0; i < run->n_kinds; i++)
	{
		TrainingJob *job = &run->jobs[i];

		job->arguments = job_arguments(run, run->kinds[i]);
		job->step =
			progress_begin_step(run->progress, run->n_steps + i + 1, "train", run->kinds[i]);
		training_job_tell(job, &job->result);
	}
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

/* The step "select": the training of the best figure, the first of equals. */
static void
select_best(void *argument)
{
	PipelineRun *run = argument;
	PipelineStep *step = present_step(run);
	int n_trained = 0;

	for (int i = 0; i < run->n_kinds; i++)
	{
		TrainingJob *job = &run->jobs[i];

		if (job->result.state != TRAINING_JOB_DONE)
			continue;
		n_trained++;
		if (run->best != NULL && !decision_metric_prefers(job->result.metric, job->result.figure,
														  run->best->result.figure))
			continue;
		run->best = job;
		step->f1 = job->result.f1;
		step->kind = run->kinds[i];
	}
	if (n_trained > 1 && isnan(step->f1))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the new versions were not measured"),
						errdetail("They are compared on held-out rows, and there are none.")));
	step->message = psprintf("the best of %d", n_trained);
	if (n_trained > 1)
		step->message =
			psprintf("%s by %s", step->message, decision_metric_titles[run->best->result.metric]);
}

/* The model of the run by now; NULL: there is none yet. */
static const RegistryModel *
find_model(const PipelineRun *run, RegistryModel *model)
{
	if (!registry_find_model(run->name, GetActiveSnapshot(), model))
		return NULL;
	registry_check_privilege(model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	return model;
}

/* Measure the best version: one that a worker has stored, or one that is not stored yet. */
static GateReport
measure_best(const PipelineRun *run)
{
	const Source named = {.relation = run->relation,
						  .schema = run->recipe.schema,
						  .name = run->recipe.name,
						  .filter = run->recipe.filter};
	RegistryModel model;
	GateReport report;

	PushActiveSnapshot(GetLatestSnapshot());
	if (run->best->training != NULL)
		report = gate_measure_training(find_model(run, &model), run->best->training,
									   GetActiveSnapshot());
	else if (find_model(run, &model) != NULL)
		report = gate_measure(&model, run->best->result.version,
							  run->stored == NULL ? &named : NULL, GetActiveSnapshot());
	else
		registry_model_missing(run->name);
	PopActiveSnapshot();
	return report;
}

/* The step "gate". */
static void
ask_gate(void *argument)
{
	PipelineRun *run = argument;
	PipelineStep *step = present_step(run);

	train_check_not_dropped(run->name, run->model_id);
	run->gate = measure_best(run);
	if (run->gate.passed)
	{
		step->message = "passed";
		return;
	}
	step->message = psprintf("not passed: %s", gate_failures(&run->gate, false));
	step->public_message = psprintf("not passed: %s", gate_failures(&run->gate, true));
	step->source = run->relation;
}

/* Store what this session has trained. From here on the model is locked. */
static void
store(void *argument)
{
	PipelineRun *run = argument;

	train_check_not_dropped(run->name, run->model_id);
	for (int i = 0; i < run->n_kinds; i++)
	{
		if (run->jobs[i].training != NULL)
			training_job_store(&run->jobs[i]);
	}
}

/* The same in a subtransaction, whatever became of the run; steps are told the numbers of their versions. */
static void
store_versions(PipelineRun *run)
{
	ErrorData *error;

	if (run->jobs == NULL)
		return;
	tell_of_phase(run, "store", run->n_steps);
	error = subtransaction_run(store, run);
	for (int i = 0; i < run->n_kinds; i++)
	{
		PipelineStep *step = &run->steps[run->first_job_step + i];

		if (error != NULL && run->jobs[i].training != NULL)
			run->jobs[i].result.version = 0;
		step->version = run->jobs[i].result.version;
	}
	if (error != NULL && goes_on(run))
	{
		run->status = RETRAINING_FAILED;
		run->message = psprintf("store: %s", error->message);
	}
	if (run->best == NULL)
		return;
	run->version = run->best->result.version;
	for (int i = run->first_job_step + run->n_kinds; i < run->n_steps; i++)
	{
		PipelineStep *step = &run->steps[i];

		if (strcmp(step->status, STEP_SKIPPED) != 0)
			step->version = run->version;
		if (strcmp(step->name, "select") == 0 && strcmp(step->status, STEP_SUCCEEDED) == 0)
			step->message = psprintf("version %d is %s", run->version, step->message);
	}
}

/* The version that answers by now has another one to beat, if somebody else was faster. */
static void
ask_gate_again(PipelineRun *run)
{
	RegistryModel model;

	PushActiveSnapshot(GetLatestSnapshot());
	if (run->best->training != NULL && find_model(run, &model) != NULL &&
		registry_deployed_version(model.model_id, GetActiveSnapshot()) != run->gate.production)
		run->gate = gate_measure_training(&model, run->best->training, GetActiveSnapshot());
	PopActiveSnapshot();
}

/* The step "deploy". */
static void
deploy(void *argument)
{
	PipelineRun *run = argument;
	PipelineStep *step = present_step(run);
	bool always = strcmp(run->deploy, "always") == 0;
	RegistryModel model;

	step->version = run->version;
	ask_gate_again(run);
	if (strcmp(run->deploy, "never") == 0 || (!run->gate.passed && !always))
	{
		step->status = STEP_SKIPPED;
		step->message = run->gate.passed ? "as asked for" : "the gate was not passed";
		run->status = RETRAINING_KEPT;
		run->message = psprintf("version %d is a candidate: %s", run->version, step->message);
		return;
	}
	PushActiveSnapshot(GetLatestSnapshot());
	if (find_model(run, &model) == NULL)
		registry_model_missing(run->name);
	lifecycle_promote(&model, run->version, "sentiment_run_pipeline", !run->gate.passed,
					  &run->gate);
	PopActiveSnapshot();
	step->message = psprintf("version %d answers", run->version);
	run->status = RETRAINING_PROMOTED;
	run->message = step->message;
}

/* The steps in their order. */
static void
do_steps(PipelineRun *run)
{
	do_step(run, "validate", validate);
	train_kinds(run);
	do_step(run, "select", select_best);
	do_step(run, "gate", ask_gate);
	store_versions(run);
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
	run->model_id = model.model_id;
	return retraining_lock(&model);
}

void
pipeline_run(PipelineRun *run)
{
	run->steps = palloc0_array(PipelineStep, run->n_kinds + N_OTHER_STEPS);
	run->progress = progress_begin("pipeline", run->name);
	if (lock_model(run))
		do_steps(run);
	else
	{
		run->status = RETRAINING_SKIPPED;
		run->message = "a retraining or another run for the model is under way";
	}
	tell_of_phase(run, "report", run->n_steps);
	pipeline_report(run);
	progress_end(run->progress);
}
