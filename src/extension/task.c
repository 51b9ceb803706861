/*
 * task.c
 *	  What a job does for a model.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "extension/drift_report.h"
#include "extension/host.h"
#include "extension/lifecycle.h"
#include "extension/monitor.h"
#include "extension/pipeline_call.h"
#include "extension/registry.h"
#include "extension/retraining.h"
#include "extension/subtransaction.h"
#include "extension/task.h"

/* A check for drift, and what it found. */
typedef struct DriftTask
{
	const RegistryModel *model;
	bool drifted;
	char *features; /* that drifted, in a list */
} DriftTask;

/* Compare two names. */
static int
compare_names(const void *first, const void *second)
{
	return strcmp(*(const char *const *) first, *(const char *const *) second);
}

/* The features that drifted, each once, in a list. */
static char *
list_drifted(const DriftReport *report)
{
	const char **names = palloc_array(const char *, report->n_findings + 1);
	StringInfoData list;
	int n = 0;

	for (size_t i = 0; i < report->n_findings; i++)
	{
		if (report->findings[i].drifted)
			names[n++] = server_from_utf8(report->findings[i].feature);
	}
	qsort(names, n, sizeof(*names), compare_names);
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			appendStringInfo(&list, "%s%s", list.len == 0 ? "" : ", ", names[i]);
	}
	return list.data;
}

/* Check the rows, or the live traffic, of the monitored period. */
static void
check_drift(void *argument)
{
	DriftTask *task = argument;
	Monitor monitor;
	DriftReport report;

	if (!monitor_find(task->model, &monitor))
		monitor_missing(task->model);
	report = drift_check_monitored(task->model, &monitor);
	task->drifted = report.n_tests > 0 && report.n_drifted > 0;
	task->features = list_drifted(&report);
}

/* What a check found, in a line. */
static char *
drift_summary(const DriftTask *check)
{
	return check->drifted ? psprintf("drift: %s", check->features) : pstrdup("no drift");
}

/* A model that the current role may train. */
static RegistryModel
model_to_train(const char *name)
{
	RegistryModel model;

	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	return model;
}

static char *
run_check_drift(const char *name)
{
	RegistryModel model = model_to_train(name);
	DriftTask check = {.model = &model};

	check_drift(&check);
	return drift_summary(&check);
}

/* Begin the retraining of a task. It may be called by hand: pg_cron runs jobs in workers, or in sessions that bear its name. */
static Retraining *
begin_retraining(const char *name)
{
	bool is_scheduled = MyBackendType == B_BG_WORKER || strcmp(application_name, "pg_cron") == 0;
	Retraining *retraining =
		retraining_begin(name, is_scheduled ? TRIGGER_SCHEDULE : TRIGGER_MANUAL, NULL);

	retraining->is_task = true;
	return retraining;
}

static char *
run_retrain(const char *name)
{
	Retraining *retraining = begin_retraining(name);

	retraining_run(retraining);
	return retraining_summary(retraining);
}

static char *
run_check_and_retrain(const char *name)
{
	Retraining *retraining = begin_retraining(name);
	DriftTask check = {.model = &retraining->model};
	ErrorData *error = subtransaction_run(check_drift, &check);

	if (error != NULL)
	{
		retraining->reason = "check for drift";
		retraining_fail(retraining, error);
		return retraining_summary(retraining);
	}
	if (!check.drifted)
		return drift_summary(&check);
	retraining->trigger = TRIGGER_DRIFT;
	retraining->reason = drift_summary(&check);
	retraining_run(retraining);
	return psprintf("%s; %s", retraining->reason, retraining_summary(retraining));
}

/* Drop old versions, with the right of the current role. */
static char *
run_prune(const char *name)
{
	return psprintf("%d versions were dropped", lifecycle_prune(name, LIFECYCLE_PRUNE_KEEP));
}

const TaskKind task_kinds[] = {{"check_drift", run_check_drift, true},
							   {"retrain", run_retrain, false},
							   {"check_and_retrain", run_check_and_retrain, true},
							   {"pipeline", pipeline_run_for_job, false},
							   {"prune", run_prune, false}};
const int n_task_kinds = lengthof(task_kinds);

const TaskKind *
task_find(const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < n_task_kinds; i++)
	{
		if (strcmp(task_kinds[i].name, name) == 0)
			return &task_kinds[i];
		appendStringInfo(&names, "%s\"%s\"", i == 0 ? "" : ", ", task_kinds[i].name);
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown task \"%s\"", name),
					errhint("The tasks are %s.", names.data)));
}

PG_FUNCTION_INFO_V1(sentiment_run_task);
Datum
sentiment_run_task(PG_FUNCTION_ARGS)
{
	registry_refuse_read_only("sentiment_run_task()");
	for (int i = 0; i < 2; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"%s\" must not be null", i == 0 ? "model" : "task")));
	}
	PG_RETURN_TEXT_P(cstring_to_text(task_find(text_to_cstring(PG_GETARG_TEXT_PP(1)))
										 ->run(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}
