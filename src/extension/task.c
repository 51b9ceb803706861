/*
 * task.c
 *	  What a job does for a model.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/monitor.h"
#include "extension/owner_context.h"
#include "extension/pipeline_call.h"
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/retraining.h"
#include "extension/subtransaction.h"
#include "extension/task.h"

/* A check for drift, and what it found. */
typedef struct DriftCheck
{
	const RegistryModel *model;
	bool drifted;
	char *features; /* that drifted, in a list */
} DriftCheck;

/* Check the rows, or the live traffic, of the monitored period, as the role that the monitor is read as. */
static void
check_drift(void *argument)
{
	DriftCheck *check = argument;
	Monitor monitor;
	OwnerContext owner;
	QueryParameter parameters[7];
	bool is_live;
	bool is_null;

	if (!monitor_find(check->model, &monitor))
		monitor_missing(check->model);
	is_live = monitor.name == NULL;
	owner = owner_context_begin_source(check->model, &monitor.set_by);
	parameters[0] = query_text(check->model->name);
	parameters[1] = query_optional(
		REGCLASSOID,
		is_live ? (Datum) 0 : ObjectIdGetDatum(monitor_relation(check->model, &monitor)));
	parameters[2] = query_text(is_live ? NULL : monitor_window(&monitor, monitor.period));
	parameters[3] = query_text(monitor.text_column);
	parameters[4] = query_text(monitor.label_column);
	parameters[5] = query_value(FLOAT8OID, Float8GetDatum(monitor.alpha));
	parameters[6] = query_optional(INTERVALOID, is_live ? monitor.period : (Datum) 0);
	query_connect();
	public_query("SELECT COALESCE(pg_catalog.bool_or(d.drifted) FILTER (WHERE d.feature ="
				 " '(report)'), false),"
				 " pg_catalog.string_agg(DISTINCT d.feature, ', ' ORDER BY d.feature) FILTER"
				 " (WHERE d.drifted AND d.feature <> '(report)')"
				 " FROM @.sentiment_check_drift($1, source => $2, filter => $3,"
				 " text_column => $4::pg_catalog.name, label_column => $5::pg_catalog.name,"
				 " alpha => $6, period => $7) AS d",
				 lengthof(parameters), parameters);
	check->drifted = DatumGetBool(query_datum(0, 1, &is_null));
	check->features = query_column(0, 2);
	query_finish();
	owner_context_end(&owner);
}

/* What a check found, in a line. */
static char *
drift_summary(const DriftCheck *check)
{
	return check->drifted ? psprintf("drift: %s", check->features == NULL ? "" : check->features)
						  : pstrdup("no drift");
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
	DriftCheck check = {.model = &model};

	check_drift(&check);
	return drift_summary(&check);
}

static char *
run_retrain(const char *name)
{
	Retraining *retraining = retraining_begin(name, TRIGGER_SCHEDULE, NULL);

	retraining_run(retraining);
	return retraining_summary(retraining);
}

static char *
run_check_and_retrain(const char *name)
{
	Retraining *retraining = retraining_begin(name, TRIGGER_SCHEDULE, NULL);
	DriftCheck check = {.model = &retraining->model};
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
	QueryParameter parameters[1] = {query_text(name)};
	char *result;

	query_connect();
	public_query("SELECT @.sentiment_prune($1)", 1, parameters);
	result = psprintf("%s versions were dropped", query_column(0, 1));
	query_finish();
	return result;
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
	PreventCommandIfReadOnly("sentiment_run_task()");
	PreventCommandIfParallelMode("sentiment_run_task()");
	PreventCommandDuringRecovery("sentiment_run_task()");
	for (int i = 0; i < 2; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"%s\" must not be null", i == 0 ? "model" : "task")));
	}
	PG_RETURN_TEXT_P(cstring_to_text(task_find(text_to_cstring(PG_GETARG_TEXT_PP(1)))
										 ->run(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}
