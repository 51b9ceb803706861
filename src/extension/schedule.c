/*
 * schedule.c
 *	  Jobs of pg_cron.
 *
 * A job is a task that pg_cron does for a model: it calls sentiment_run_task, as the role that scheduled it.
 * pg_cron need not be there; what is missing is told only where a job is asked for. Jobs are found by their
 * names, which are made of the model's and the task's.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "core/hash.h"
#include "extension/compat.h"
#include "extension/event.h"
#include "extension/monitor.h"
#include "extension/owner_context.h"
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/task.h"

#define CRON_EXTENSION "pg_cron"
#define CRON_SCHEMA    "cron"
#define CRON_DATABASE  "cron.database_name" /* its setting, known where it is preloaded */

/* Columns of sentiment_list_jobs; what the query gives first, from the model's name on. */
#define N_JOB_COLUMNS 11

/* The name of a job. pg_cron keeps 63 bytes: of a long name, the model's is cut and gets a hash. */
static char *
job_name(const char *model, const char *task)
{
	char *name = psprintf("sentiment: %s: %s", model, task);
	int kept = (int) strlen(model) - ((int) strlen(name) - (NAMEDATALEN - 1)) - 9;

	if (strlen(name) < NAMEDATALEN)
		return name;
	kept = pg_mbcliplen(model, strlen(model), kept);
	return psprintf("sentiment: %.*s~%08x: %s", kept, model,
					(uint32) hash_content(model, strlen(model)), task);
}

/* The name of the database that pg_cron works in; NULL if it is not preloaded. */
static const char *
cron_database(void)
{
	return GetConfigOption(CRON_DATABASE, true, false);
}

/* Whether pg_cron can be asked here. */
static bool
cron_is_here(void)
{
	const char *database = cron_database();

	return database != NULL && OidIsValid(get_extension_oid(CRON_EXTENSION, true)) &&
		   strcmp(database, get_database_name(MyDatabaseId)) == 0;
}

/* Raise an error that says what to do if pg_cron cannot be asked here. */
static void
check_cron(void)
{
	const char *database = cron_database();
	char *here = get_database_name(MyDatabaseId);

	if (database == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the library pg_cron is not loaded"),
				 errdetail("Jobs are run by the extension pg_cron."),
				 errhint("Install it (on Debian, postgresql-%d-cron), put pg_cron into "
						 "shared_preload_libraries and cron.database_name = '%s' into "
						 "postgresql.conf, restart the server, and run CREATE EXTENSION pg_cron.",
						 PG_VERSION_NUM / 10000, here)));
	if (strcmp(database, here) != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pg_cron works in database \"%s\", not in \"%s\"", database, here),
						errhint("Set cron.database_name = '%s' in postgresql.conf, restart the "
								"server, and run CREATE EXTENSION pg_cron here. Or schedule in "
								"\"%s\": cron.schedule_in_database('...', '...', 'SELECT "
								"sentiment_run_task(...)', '%s').",
								here, database, here)));
	if (!OidIsValid(get_extension_oid(CRON_EXTENSION, true)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the extension pg_cron does not exist in this database"),
						errhint("Ask a superuser to run CREATE EXTENSION pg_cron.")));
	if (!may_use_schema(GetUserId(), get_namespace_oid(CRON_SCHEMA, false)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for schema %s", CRON_SCHEMA),
				 errdetail("Jobs belong to the role that schedules them."),
				 errhint("Ask a superuser to run GRANT USAGE ON SCHEMA %s TO %s.", CRON_SCHEMA,
						 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}

/* A text argument that must not be null. */
static char *
required_text(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* Add to an error of pg_cron about the cron text what such a text looks like. */
static void
hint_at_cron_text(void *argument)
{
	if (geterrcode() == ERRCODE_INVALID_PARAMETER_VALUE)
		errhint("Give minute, hour, day, month and weekday, as in '0 3 * * *': every day at three "
				"o'clock GMT.");
}

/* Have pg_cron keep a job: name, cron text, command. */
static void
schedule_job(const QueryParameter *parameters, int n_parameters)
{
	ErrorContextCallback callback = {.previous = error_context_stack,
									 .callback = hint_at_cron_text};

	query_connect();
	error_context_stack = &callback;
	public_query("SELECT cron.schedule($1, $2, $3)", n_parameters, parameters);
	error_context_stack = callback.previous;
	query_finish();
}

PG_FUNCTION_INFO_V1(sentiment_schedule);
Datum
sentiment_schedule(PG_FUNCTION_ARGS)
{
	char *name = required_text(fcinfo, 0, "model");
	char *schedule = required_text(fcinfo, 1, "schedule");
	const TaskKind *task = task_find(required_text(fcinfo, 2, "task"));
	char *job = job_name(name, task->name);
	RegistryModel model;
	Monitor monitor;
	QueryParameter parameters[3];

	PreventCommandIfReadOnly("sentiment_schedule()");
	PreventCommandDuringRecovery("sentiment_schedule()");
	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	/* a job that cannot but fail, every night, is better refused now */
	if (task->needs_monitor && !monitor_find(&model, &monitor))
		monitor_missing(&model);
	check_cron();
	parameters[0] = query_text(job);
	parameters[1] = query_text(schedule);
	parameters[2] =
		query_text(psprintf("SELECT %s.sentiment_run_task(%s, %s)", extension_schema_quoted(),
							quote_literal_cstr(name), quote_literal_cstr(task->name)));
	schedule_job(parameters, lengthof(parameters));
	event_notify("schedule", name, 0, psprintf("\"task\": \"%s\"", task->name));
	PG_RETURN_TEXT_P(cstring_to_text(job));
}

/* The names of the jobs of a model: of one task, or (NULL) of all. */
static Datum
job_names(const char *model, const TaskKind *task)
{
	Datum *names = palloc_array(Datum, n_task_kinds);
	int n = 0;

	for (int i = 0; i < n_task_kinds; i++)
	{
		if (task == NULL || task == &task_kinds[i])
			names[n++] = CStringGetTextDatum(job_name(model, task_kinds[i].name));
	}
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* End jobs by their names, everybody's or those of one role (NULL: of everybody); answers how many. */
static int
unschedule(Datum names, const char *role)
{
	QueryParameter parameters[2] = {query_value(TEXTARRAYOID, names), query_text(role)};

	return (int) public_query("SELECT cron.unschedule(j.jobid) FROM cron.job AS j"
							  " WHERE j.jobname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($1)"
							  " AND j.database OPERATOR(pg_catalog.=) pg_catalog.current_database()"
							  " AND ($2 IS NULL OR j.username OPERATOR(pg_catalog.=) $2)",
							  lengthof(parameters), parameters);
}

PG_FUNCTION_INFO_V1(sentiment_unschedule);
Datum
sentiment_unschedule(PG_FUNCTION_ARGS)
{
	char *name = required_text(fcinfo, 0, "model");
	const TaskKind *task =
		PG_ARGISNULL(1) ? NULL : task_find(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	Datum names = job_names(name, task);
	RegistryModel model;
	int n;

	check_cron();
	/* jobs of a model that is gone can be ended too: by who scheduled them */
	if (registry_find_model(name, GetActiveSnapshot(), &model) &&
		registry_has_privilege(&model, PRIVILEGE_ADMIN, GetActiveSnapshot()))
	{
		RegistryWriter writer = registry_begin_write("sentiment_unschedule()");

		n = unschedule(names, NULL);
		registry_end_write(&writer);
	}
	else
	{
		PreventCommandIfReadOnly("sentiment_unschedule()");
		query_connect();
		n = unschedule(names, GetUserNameFromId(GetUserId(), false));
		query_finish();
	}
	if (n > 0)
		event_notify("unschedule", name, 0, psprintf("\"jobs\": %d", n));
	PG_RETURN_INT32(n);
}

/* A job that was found. */
typedef struct JobRow
{
	Datum values[N_JOB_COLUMNS];
	bool nulls[N_JOB_COLUMNS];
} JobRow;

/*
 * All jobs on the names of a model. A retraining or run of the pipeline that failed is told by its own table:
 * for pg_cron the call succeeded. What pg_cron says of a call that succeeded ("SELECT 1") tells nothing.
 * pg_cron notes the start a little after its worker has begun, so what was done is looked for from a second before.
 */
static JobRow *
find_jobs(const RegistryModel *model, uint64 *n_jobs)
{
	Datum *tasks = palloc_array(Datum, n_task_kinds);
	QueryParameter parameters[4] = {
		query_text(model->name), query_value(TEXTARRAYOID, job_names(model->name, NULL)),
		query_value(TEXTARRAYOID, (Datum) 0), query_value(INT8OID, Int64GetDatum(model->model_id))};
	RegistryWriter reader;
	JobRow *rows;

	for (int i = 0; i < n_task_kinds; i++)
		tasks[i] = CStringGetTextDatum(task_kinds[i].name);
	parameters[2].value =
		PointerGetDatum(construct_array(tasks, n_task_kinds, TEXTOID, -1, false, TYPALIGN_INT));
	reader = query_begin_read();
	*n_jobs = public_query_read_only(
		"SELECT $1, n.task, j.schedule, j.username, j.active, d.start_time, d.end_time,"
		" COALESCE(o.status, d.status),"
		" COALESCE(o.message, CASE WHEN d.status <> 'succeeded' THEN d.return_message END), "
		"j.jobid,"
		" j.jobname::pg_catalog.text"
		" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n (jobname, task)"
		" JOIN cron.job AS j ON j.jobname::pg_catalog.text = n.jobname"
		" AND j.database = pg_catalog.current_database()"
		" LEFT JOIN LATERAL (SELECT d.* FROM cron.job_run_details AS d WHERE d.jobid = j.jobid"
		" ORDER BY d.runid DESC LIMIT 1) AS d ON true"
		" LEFT JOIN LATERAL (SELECT u.status, u.message FROM ("
		"SELECT 1 AS rank, r.status, r.message, r.started_at FROM sentiment.retraining AS r"
		" WHERE r.model_id = $4 AND n.task IN ('retrain', 'check_and_retrain')"
		" AND r.trigger <> 'manual' AND r.done_by = j.username"
		" UNION ALL SELECT 1, p.status, p.message, p.started_at FROM sentiment.pipeline_run AS p"
		" WHERE p.model = $1 AND n.task = 'pipeline' AND p.done_by = j.username"
		" UNION ALL SELECT 2, NULL, CASE WHEN c.drifted THEN 'drift: ' || COALESCE("
		"(SELECT pg_catalog.string_agg(DISTINCT f.feature, ', ' ORDER BY f.feature)"
		" FROM sentiment.drift_report_feature AS f WHERE f.report_id = c.report_id AND f.drifted"
		" AND f.feature <> '(report)'), '') ELSE 'no drift' END,"
		" c.checked_at - c.seconds * interval '1 s' FROM sentiment.drift_report AS c"
		" WHERE c.model_id = $4 AND n.task IN ('check_drift', 'check_and_retrain')"
		" AND d.status = 'succeeded') AS u"
		" WHERE u.started_at BETWEEN d.start_time - interval '1 s'"
		" AND COALESCE(d.end_time, 'infinity') ORDER BY u.rank,"
		" pg_catalog.abs(EXTRACT(EPOCH FROM u.started_at - d.start_time)) LIMIT 1) AS o ON true"
		" ORDER BY 2, 4",
		lengthof(parameters), parameters);
	rows = palloc_array(JobRow, *n_jobs + 1);
	for (uint64 i = 0; i < *n_jobs; i++)
	{
		for (int c = 0; c < N_JOB_COLUMNS; c++)
			rows[i].values[c] = query_datum(i, c + 1, &rows[i].nulls[c]);
	}
	registry_end_write(&reader);
	return rows;
}

/* The names of all models. */
static char **
all_models(uint64 *n_models)
{
	RegistryWriter reader = query_begin_read();
	char **names;

	*n_models = public_query_read_only("SELECT name FROM sentiment.model ORDER BY name", 0, NULL);
	names = palloc_array(char *, *n_models + 1);
	for (uint64 i = 0; i < *n_models; i++)
		names[i] = query_column(i, 1);
	registry_end_write(&reader);
	return names;
}

PG_FUNCTION_INFO_V1(sentiment_list_jobs);
Datum
sentiment_list_jobs(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint64 n_models;
	char **names;

	InitMaterializedSRF(fcinfo, 0);
	if (!cron_is_here())
		PG_RETURN_NULL();
	names = all_models(&n_models);
	for (uint64 i = 0; i < n_models; i++)
	{
		RegistryModel model;
		JobRow *rows;
		uint64 n_jobs;

		if (!registry_find_model(names[i], GetActiveSnapshot(), &model) ||
			!registry_has_privilege(&model, PRIVILEGE_PREDICT, GetActiveSnapshot()))
			continue;
		rows = find_jobs(&model, &n_jobs);
		for (uint64 j = 0; j < n_jobs; j++)
			tuplestore_putvalues(result->setResult, result->setDesc, rows[j].values, rows[j].nulls);
	}
	PG_RETURN_NULL();
}
