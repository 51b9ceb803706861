/*
 * schedule.c
 *	  Jobs of pg_cron.
 *
 * A job is a task that pg_cron does for a model: it calls sentiment_run_task, as the role that scheduled it.
 * pg_cron need not be there; what is missing is told only where a job is asked for. Jobs are found by the command
 * that they run in this database, and by the role that they run as: whoever may use pg_cron may give any job any name.
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
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/retraining.h"
#include "extension/stored_source.h"
#include "extension/task.h"

#define CRON_EXTENSION "pg_cron"
#define CRON_SCHEMA    "cron"
#define CRON_DATABASE  "cron.database_name" /* its setting, known where it is preloaded */

/* Columns of sentiment_list_jobs; what the query gives first, from the model's name on. */
#define N_JOB_COLUMNS 11
#define JOB_ROLE      3
#define JOB_STATUS    7
#define JOB_MESSAGE   8

/* What the query gives besides: an error as a whole, the relation that it came from, and what pg_cron kept of one. */
#define JOB_WHOLE_MESSAGE   11
#define JOB_SOURCE_OID      12
#define JOB_SOURCE_CLUSTER  13
#define JOB_CRON_MESSAGE    14
#define N_JOB_QUERY_COLUMNS 15

/* Types of what the query gives. */
static const Oid job_column_types[N_JOB_QUERY_COLUMNS] = {
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,
	TEXTOID, INT8OID, TEXTOID, TEXTOID, OIDOID,  INT8OID,        TEXTOID};

/*
 * The name of a job. pg_cron keeps 63 bytes: of a long name, the model's is cut and gets a hash. attempt: other names
 * for the same job, from 1 on
 */
static char *
job_name(const char *model, const char *task, int attempt)
{
	char *name = psprintf("sentiment: %s: %s", model, task);
	char *salted = psprintf("%s%d", model, attempt);
	int kept = (int) strlen(model) - ((int) strlen(name) - (NAMEDATALEN - 1)) - 9;

	if (strlen(name) < NAMEDATALEN && attempt == 0)
		return name;
	kept = pg_mbcliplen(model, strlen(model), Min(kept, (int) strlen(model)));
	return psprintf("sentiment: %.*s~%08x: %s", kept, model,
					(uint32) hash_content(salted, strlen(salted)), task);
}

/* What a job runs: this, not its name, which anybody may give to a job, says whose job it is. */
static char *
job_command(const char *model, const char *task)
{
	return psprintf("SELECT %s.sentiment_run_task(%s::pg_catalog.text, %s::pg_catalog.text)",
					extension_schema_quoted(), quote_literal_cstr(model), quote_literal_cstr(task));
}

/* The same as an earlier release wrote it, whose jobs may still be there: its literals have no types. */
static char *
earlier_job_command(const char *model, const char *task)
{
	return psprintf("SELECT %s.sentiment_run_task(%s, %s)", extension_schema_quoted(),
					quote_literal_cstr(model), quote_literal_cstr(task));
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

/*
 * A name for a job: that of the current role's job that does the same, or one that none of its jobs has, since
 * pg_cron would put the new job in the place of one of an equal name.
 */
static char *
choose_job_name(const char *model, const char *task, const char *command)
{
	char *role = GetUserNameFromId(GetUserId(), false);
	char *name = NULL;

	query_connect();
	for (int attempt = 0; name == NULL; attempt++)
	{
		char *candidate = job_name(model, task, attempt);
		QueryParameter parameters[] = {query_text(candidate), query_text(role),
									   query_text(command)};

		if (public_query_read_only(
				"SELECT j.jobname::pg_catalog.text FROM cron.job AS j"
				" WHERE j.username OPERATOR(pg_catalog.=) $2"
				" AND j.database OPERATOR(pg_catalog.=) pg_catalog.current_database()"
				" AND j.command OPERATOR(pg_catalog.=) $3 AND j.jobname IS NOT NULL"
				" ORDER BY j.jobid LIMIT 1",
				lengthof(parameters), parameters) > 0)
			name = query_column(0, 1);
		else if (public_query_read_only("SELECT FROM cron.job AS j"
										" WHERE j.username OPERATOR(pg_catalog.=) $2"
										" AND j.jobname::pg_catalog.text OPERATOR(pg_catalog.=) $1",
										2, parameters) == 0)
			name = candidate;
	}
	query_finish();
	return name;
}

PG_FUNCTION_INFO_V1(sentiment_schedule);
Datum
sentiment_schedule(PG_FUNCTION_ARGS)
{
	char *name = required_text(fcinfo, 0, "model");
	char *schedule = required_text(fcinfo, 1, "schedule");
	const TaskKind *task = task_find(required_text(fcinfo, 2, "task"));
	char *command = job_command(name, task->name);
	char *job;
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
	job = choose_job_name(name, task->name, command);
	parameters[0] = query_text(job);
	parameters[1] = query_text(schedule);
	parameters[2] = query_text(command);
	schedule_job(parameters, lengthof(parameters));
	event_notify("schedule", name, 0, psprintf("\"task\": \"%s\"", task->name));
	PG_RETURN_TEXT_P(cstring_to_text(job));
}

/* What the jobs of a model run: of one task, or (NULL) of all. */
static Datum
job_commands(const char *model, const TaskKind *task)
{
	Datum *commands = palloc_array(Datum, n_task_kinds * 2);
	int n = 0;

	for (int i = 0; i < n_task_kinds; i++)
	{
		if (task != NULL && task != &task_kinds[i])
			continue;
		commands[n++] = CStringGetTextDatum(job_command(model, task_kinds[i].name));
		commands[n++] = CStringGetTextDatum(earlier_job_command(model, task_kinds[i].name));
	}
	return PointerGetDatum(construct_array(commands, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* End jobs by what they run, everybody's or those of one role (NULL: of everybody); answers how many. */
static int
unschedule(Datum commands, const char *role)
{
	QueryParameter parameters[2] = {query_value(TEXTARRAYOID, commands), query_text(role)};

	return (int) public_query("SELECT cron.unschedule(j.jobid) FROM cron.job AS j"
							  " WHERE j.command OPERATOR(pg_catalog.=) ANY ($1)"
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
	Datum commands = job_commands(name, task);
	RegistryModel model;
	int n;

	check_cron();
	/* jobs of a model that is gone can be ended too: by who scheduled them */
	if (registry_find_model(name, GetActiveSnapshot(), &model) &&
		registry_has_privilege(&model, PRIVILEGE_ADMIN, GetActiveSnapshot()))
	{
		RegistryWriter writer = registry_begin_write("sentiment_unschedule()");

		n = unschedule(commands, NULL);
		registry_end_write(&writer);
	}
	else
	{
		PreventCommandIfReadOnly("sentiment_unschedule()");
		query_connect();
		n = unschedule(commands, GetUserNameFromId(GetUserId(), false));
		query_finish();
	}
	if (n > 0)
		event_notify("unschedule", name, 0, psprintf("\"jobs\": %d", n));
	PG_RETURN_INT32(n);
}

/* A job that was found. */
typedef struct JobRow
{
	Datum values[N_JOB_QUERY_COLUMNS];
	bool nulls[N_JOB_QUERY_COLUMNS];
} JobRow;

/*
 * All jobs that do something for a model. A retraining or run of the pipeline that failed is told by its own table:
 * for pg_cron the call succeeded. What pg_cron says of a call that succeeded ("SELECT 1") tells nothing.
 * pg_cron notes the start a little after its worker has begun, so what was done is looked for from a second before.
 */
static JobRow *
find_jobs(const RegistryModel *model, uint64 *n_jobs)
{
	Datum *tasks = palloc_array(Datum, n_task_kinds * 2);
	QueryParameter parameters[4] = {
		query_text(model->name), query_value(TEXTARRAYOID, job_commands(model->name, NULL)),
		query_value(TEXTARRAYOID, (Datum) 0), query_value(INT8OID, Int64GetDatum(model->model_id))};
	RegistryWriter reader;
	JobRow *rows;

	/* as job_commands gives them: two forms of each */
	for (int i = 0; i < n_task_kinds * 2; i++)
		tasks[i] = CStringGetTextDatum(task_kinds[i / 2].name);
	parameters[2].value =
		PointerGetDatum(construct_array(tasks, n_task_kinds * 2, TEXTOID, -1, false, TYPALIGN_INT));
	reader = query_begin_read();
	*n_jobs = public_query_read_only(
		"SELECT $1, n.task, j.schedule, j.username, j.active, d.start_time, d.end_time,"
		" COALESCE(o.status, d.status),"
		" o.message, j.jobid, j.jobname::pg_catalog.text, o.whole, o.source_oid,"
		" o.source_cluster, CASE WHEN d.status <> 'succeeded' THEN d.return_message END"
		" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n (command, task)"
		" JOIN cron.job AS j ON j.command = n.command"
		" AND j.database = pg_catalog.current_database()"
		" LEFT JOIN LATERAL (SELECT d.* FROM cron.job_run_details AS d WHERE d.jobid = j.jobid"
		" ORDER BY d.runid DESC LIMIT 1) AS d ON true"
		" LEFT JOIN LATERAL (SELECT u.status, u.message, u.whole,"
		" u.source_oid, u.source_cluster FROM ("
		"SELECT 1 AS rank, r.status, r.message, e.message AS whole, e.source_oid,"
		" e.source_cluster, CASE WHEN r.status = '" RETRAINING_SKIPPED "' THEN r.finished_at"
		" ELSE r.started_at END AS started_at"
		" FROM sentiment.retraining AS r LEFT JOIN sentiment.retraining_error AS e"
		" ON e.retraining_id = r.retraining_id"
		" WHERE r.model_id = $4 AND n.task IN ('retrain', 'check_and_retrain')"
		" AND r.trigger <> 'manual' AND r.done_by = j.username"
		" UNION ALL SELECT 1, p.status, p.message, e.message, e.source_oid, e.source_cluster,"
		" p.started_at"
		" FROM sentiment.pipeline_run AS p LEFT JOIN sentiment.pipeline_error AS e"
		" ON e.run_id = p.run_id AND e.step_number = 0"
		" WHERE p.model = $1 AND n.task = 'pipeline' AND p.done_by = j.username"
		" UNION ALL SELECT 2, NULL, CASE WHEN c.drifted THEN 'drift: ' || COALESCE("
		"(SELECT pg_catalog.string_agg(DISTINCT f.feature, ', ' ORDER BY f.feature)"
		" FROM sentiment.drift_report_feature AS f WHERE f.report_id = c.report_id AND f.drifted"
		" AND f.feature <> '(report)'), '') ELSE 'no drift' END,"
		" NULL, NULL, NULL,"
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
		for (int c = 0; c < N_JOB_QUERY_COLUMNS; c++)
			rows[i].values[c] = query_typed_datum(i, c + 1, job_column_types[c], &rows[i].nulls[c]);
	}
	registry_end_write(&reader);
	return rows;
}

/* Whether a role, which must be there, may train a model. */
static bool
role_may_train(Oid role, const RegistryModel *model)
{
	Oid caller;
	int security_context;
	bool may;

	GetUserIdAndSecContext(&caller, &security_context);
	SetUserIdAndSecContext(role, security_context | SECURITY_LOCAL_USERID_CHANGE);
	may = registry_has_privilege(model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	SetUserIdAndSecContext(caller, security_context);
	return may;
}

/* Set a text of a row. */
static void
set_text(JobRow *row, int column, const char *string)
{
	row->nulls[column] = string == NULL;
	row->values[column] = string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

/* Whether the current role may see the error of a job as a whole. */
static bool
may_see_error(const JobRow *row, bool is_mine, bool may_train)
{
	if (superuser())
		return true;
	if (row->nulls[JOB_SOURCE_OID])
		return is_mine || may_train;
	return DatumGetInt64(row->values[JOB_SOURCE_CLUSTER]) == stored_role_this_cluster() &&
		   role_may_read_relation(GetUserId(), DatumGetObjectId(row->values[JOB_SOURCE_OID]));
}

/*
 * Choose what the current role is told of how a job ended. What pg_cron kept is of an error that nobody else kept: it was
 * told to the job's role, and may quote what that role may read.
 */
static void
choose_message(JobRow *row, bool is_mine, bool may_train)
{
	int column = JOB_MESSAGE;

	if (!row->nulls[JOB_WHOLE_MESSAGE] && may_see_error(row, is_mine, may_train))
		column = JOB_WHOLE_MESSAGE;
	else if (row->nulls[JOB_MESSAGE] && (is_mine || superuser()))
		column = JOB_CRON_MESSAGE;
	row->values[JOB_MESSAGE] = row->values[column];
	row->nulls[JOB_MESSAGE] = row->nulls[column];
}

/*
 * Judge a job by its role; false if it is not to be shown. One whose role may not train the model fails each time, and
 * whoever may use pg_cron can make one: it is shown to that role alone. One whose role is gone does not run at all.
 */
static bool
judge_job(const RegistryModel *model, JobRow *row)
{
	char *name = TextDatumGetCString(row->values[JOB_ROLE]);
	Oid role = get_role_oid(name, true);
	bool may_train = registry_has_privilege(model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	bool is_mine = role == GetUserId();

	if (!OidIsValid(role))
	{
		set_text(row, JOB_STATUS, RETRAINING_FAILED);
		set_text(row, JOB_MESSAGE,
				 psprintf("the job does not run: role \"%s\" does not exist", name));
		return may_train;
	}
	if (!is_mine && !role_may_train(role, model))
		return false;
	choose_message(row, is_mine, may_train);
	return true;
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
		{
			if (judge_job(&model, &rows[j]))
				tuplestore_putvalues(result->setResult, result->setDesc, rows[j].values,
									 rows[j].nulls);
		}
	}
	PG_RETURN_NULL();
}
