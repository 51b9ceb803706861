/*
 * training_workers.c
 *	  Background workers that train side by side.
 *
 * The leader puts the jobs and its session's settings into a dynamic shared memory segment and starts a worker
 * for each job, sentiment.max_workers at a time. A worker connects as the leader's role, does its job in a
 * transaction of its own, commits, leaves the result in the segment, and ends. Nobody detects a deadlock of a
 * worker and the leader that waits for it: so workers are used only where the leader holds nothing that they
 * could wait for, and they give up after some seconds of waiting for a lock.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc_tables.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "extension/compat.h"
#include "extension/public_query.h"
#include "extension/settings.h"
#include "extension/training_job.h"

/* Milliseconds that a worker waits for a lock. */
#define WORKER_LOCK_TIMEOUT "5000"

/* Milliseconds between two looks at the workers, if none tells of itself. */
#define POLL_INTERVAL 1000

/* How long the leader waits for workers that it has stopped, in steps of 10 ms. */
#define STOP_STEPS 300

#define WORKER_FUNCTION "sentiment_training_worker"
#define WORKER_LIBRARY  "sentiment"

/* A job in the segment. */
typedef struct SharedJob
{
	Size arguments; /* offset of the string */
	TrainingJobResult result;
} SharedJob;

/* The head of the segment; the strings are behind the jobs. */
typedef struct SharedJobs
{
	Oid database;
	Oid role;
	Size settings; /* offset of what collect_settings gives */
	int n_jobs;
	SharedJob jobs[FLEXIBLE_ARRAY_MEMBER];
} SharedJobs;

/* What the leader knows of its workers. */
typedef struct Workers
{
	dsm_segment *segment;
	SharedJobs *shared;
	int n_jobs;
	TrainingJob *jobs; /* (n_jobs) */
	int n_started;     /* jobs below this number were given to a worker */
	int n_running;
	BackgroundWorkerHandle **handles; /* (n_jobs) NULL: there is none, or it has ended */
} Workers;

/* Whether the current session holds a lock that is stronger than what reading and writing rows takes. */
static bool
holds_strong_lock(void)
{
	bool found;

	query_connect();
	found = public_query_read_only(
				"SELECT FROM pg_catalog.pg_locks AS l"
				" WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.granted"
				" AND l.locktype OPERATOR(pg_catalog.=) 'relation'"
				" AND l.mode OPERATOR(pg_catalog.=) ANY (ARRAY['ShareLock',"
				" 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'])",
				0, NULL) > 0;
	query_finish();
	return found;
}

/* Whether a worker may connect as the current role. */
static bool
role_can_login(void)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	bool can_login = HeapTupleIsValid(tuple) && ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return can_login;
}

const char *
training_workers_obstacle(Oid source)
{
	Oid role;
	int security_context;

	GetUserIdAndSecContext(&role, &security_context);
	if (max_workers == 0)
		return "sentiment.max_workers is 0";
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return "the transaction has written already";
	if (IsolationUsesXactSnapshot())
		return "the transaction keeps to one snapshot";
	if (security_context != 0)
		return "it runs within a function with other rights";
	if (!role_can_login())
		return "the role cannot log in";
	if (get_rel_persistence(source) == RELPERSISTENCE_TEMP)
		return "the source is temporary";
	if (holds_strong_lock())
		return "the session holds a strong lock";
	return NULL;
}

/* Whether a worker is to have a setting of the leader's: what was set in the session. */
static bool
is_setting_to_pass(const struct config_generic *setting)
{
	return setting->source == PGC_S_SESSION && setting->context >= PGC_SUSET &&
		   strcmp(setting->name, "role") != 0 &&
		   strcmp(setting->name, "session_authorization") != 0 &&
		   strcmp(setting->name, "seed") != 0 && strcmp(setting->name, "statement_timeout") != 0 &&
		   strcmp(setting->name, "lock_timeout") != 0 &&
		   strncmp(setting->name, "transaction_", strlen("transaction_")) != 0;
}

/*
 * The settings to pass: contexts (a character) with names, and values in turn; a zero byte at the end. A setting
 * of a library that is not loaded yet was never checked: the context says with whose right it was set, so that
 * nobody gets more through a worker than in his own session.
 */
static StringInfoData
collect_settings(void)
{
	StringInfoData buffer;
	int n_settings;
	struct config_generic **settings = all_settings(&n_settings);

	initStringInfo(&buffer);
	for (int i = 0; i < n_settings; i++)
	{
		const char *value;

		if (!is_setting_to_pass(settings[i]))
			continue;
		value = GetConfigOption(settings[i]->name, true, false);
		if (value == NULL)
			continue;
		appendStringInfoChar(&buffer, (char) ('0' + settings[i]->scontext));
		appendBinaryStringInfo(&buffer, settings[i]->name, strlen(settings[i]->name) + 1);
		appendBinaryStringInfo(&buffer, value, strlen(value) + 1);
	}
	appendStringInfoChar(&buffer, '\0');
	return buffer;
}

/* Make the segment; false if there can be none. */
static bool
create_segment(Workers *workers, const TrainingJob *jobs)
{
	StringInfoData settings = collect_settings();
	Size head = offsetof(SharedJobs, jobs) + mul_size(sizeof(SharedJob), workers->n_jobs);
	Size size = add_size(head, settings.len);
	SharedJobs *shared;
	char *at;

	for (int i = 0; i < workers->n_jobs; i++)
		size = add_size(size, strlen(jobs[i].arguments) + 1);
	workers->segment = dsm_create(size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (workers->segment == NULL)
		return false;
	shared = workers->shared = dsm_segment_address(workers->segment);
	memset(shared, 0, head);
	shared->database = MyDatabaseId;
	shared->role = GetUserId();
	shared->n_jobs = workers->n_jobs;
	shared->settings = head;
	at = (char *) shared + head;
	memcpy(at, settings.data, settings.len);
	at += settings.len;
	for (int i = 0; i < workers->n_jobs; i++)
	{
		Size length = strlen(jobs[i].arguments) + 1;

		shared->jobs[i].arguments = at - (char *) shared;
		memcpy(at, jobs[i].arguments, length);
		at += length;
	}
	return true;
}

/* Start a worker for the next job; false if there is no slot for it. */
static bool
start_worker(Workers *workers)
{
	BackgroundWorker worker = {0};
	int number = workers->n_started;

	snprintf(worker.bgw_name, BGW_MAXLEN, "sentiment training worker");
	snprintf(worker.bgw_type, BGW_MAXLEN, "sentiment training worker");
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), WORKER_LIBRARY);
	snprintf(worker.bgw_function_name, BGW_MAXLEN, WORKER_FUNCTION);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(workers->segment));
	memcpy(worker.bgw_extra, &number, sizeof(number));
	if (!RegisterDynamicBackgroundWorker(&worker, &workers->handles[number]))
		return false;
	workers->n_started++;
	workers->n_running++;
	return true;
}

/* Start workers for as many jobs as are allowed at a time; false if none runs and none can be started. */
static bool
start_workers(Workers *workers)
{
	while (workers->n_running < max_workers && workers->n_started < workers->n_jobs)
	{
		if (!start_worker(workers))
			break;
	}
	return workers->n_running > 0;
}

/* Note which workers have ended. */
static void
look_at_workers(Workers *workers)
{
	for (int i = 0; i < workers->n_started; i++)
	{
		pid_t pid;

		if (workers->handles[i] == NULL ||
			GetBackgroundWorkerPid(workers->handles[i], &pid) != BGWH_STOPPED)
			continue;
		pfree(workers->handles[i]);
		workers->handles[i] = NULL;
		workers->n_running--;
	}
}

/* Stop all workers, and wait a while for their end: after an error, or when the backend ends. */
static void
stop_workers(int code, Datum argument)
{
	Workers *workers = (Workers *) DatumGetPointer(argument);

	for (int i = 0; i < workers->n_started; i++)
	{
		if (workers->handles[i] != NULL)
			TerminateBackgroundWorker(workers->handles[i]);
	}
	for (int step = 0; step < STOP_STEPS && workers->n_running > 0; step++)
	{
		pg_usleep(10 * 1000L);
		look_at_workers(workers);
	}
}

/* Tell other sessions of what has changed since this was last told. */
static void
tell_of_jobs(const Workers *workers)
{
	for (int i = 0; i < workers->n_started; i++)
	{
		TrainingJob *job = &workers->jobs[i];
		const TrainingJobResult *result = &workers->shared->jobs[i].result;
		TrainingJobState state = result->state;

		if (state == job->result.state)
			continue;
		pg_read_barrier();
		job->in_worker = true;
		job->result.state = state;
		training_job_tell(job, result);
	}
}

/* Run all jobs that workers can be started for. */
static void
run_workers(Workers *workers)
{
	while (start_workers(workers))
	{
		CHECK_FOR_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, POLL_INTERVAL,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		look_at_workers(workers);
		tell_of_jobs(workers);
	}
}

/* Take a job's result out of the segment. */
static void
take_result(TrainingJob *job, const SharedJob *shared)
{
	job->result = shared->result;
	job->in_worker = shared->result.state != TRAINING_JOB_WAITING;
	if (shared->result.state != TRAINING_JOB_RUNNING)
		return;
	job->result.state = TRAINING_JOB_FAILED;
	job->result.sqlerrcode = ERRCODE_ADMIN_SHUTDOWN;
	strlcpy(job->result.message, "the background worker was terminated",
			sizeof(job->result.message));
}

void
training_workers_run(TrainingJob *jobs, int n_jobs)
{
	Workers workers = {
		.n_jobs = n_jobs, .jobs = jobs, .handles = palloc0_array(BackgroundWorkerHandle *, n_jobs)};

	if (!create_segment(&workers, jobs))
		return;
	PG_ENSURE_ERROR_CLEANUP(stop_workers, PointerGetDatum(&workers));
	{
		run_workers(&workers);
	}
	PG_END_ENSURE_ERROR_CLEANUP(stop_workers, PointerGetDatum(&workers));
	for (int i = 0; i < n_jobs; i++)
	{
		take_result(&jobs[i], &workers.shared->jobs[i]);
		training_job_tell(&jobs[i], &jobs[i].result);
	}
	dsm_detach(workers.segment);
}

/* Take over the settings of the leader's session. */
static void
apply_settings(const char *at)
{
	while (*at != '\0')
	{
		GucContext context = (GucContext) (*at - '0');
		const char *name = at + 1;
		const char *value = name + strlen(name) + 1;

		(void) set_config_option(name, value, context, PGC_S_SESSION, GUC_ACTION_SET, true, WARNING,
								 false);
		at = value + strlen(value) + 1;
	}
	(void) set_config_option("lock_timeout", WORKER_LOCK_TIMEOUT, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SET, true, 0, false);
}

/* Do a job in a transaction of its own. */
static void
do_job(SharedJobs *shared, SharedJob *shared_job)
{
	TrainingJobResult *result = &shared_job->result;
	TrainingJob job = {.arguments = (char *) shared + shared_job->arguments};

	result->started_at = GetCurrentTimestamp();
	result->state = TRAINING_JOB_RUNNING;
	PG_TRY();
	{
		StartTransactionCommand();
		apply_settings((const char *) shared + shared->settings);
		PushActiveSnapshot(GetTransactionSnapshot());
		pgstat_report_activity(STATE_RUNNING, "sentiment_train");
		training_job_train(&job);
		training_job_store(&job);
		result->version = job.result.version;
		result->f1 = job.result.f1;
		result->figure = job.result.figure;
		result->metric = job.result.metric;
		PopActiveSnapshot();
		CommitTransactionCommand();
		pg_write_barrier();
		result->state = TRAINING_JOB_DONE;
	}
	PG_CATCH();
	{
		ErrorData *error;

		HOLD_INTERRUPTS();
		EmitErrorReport();
		MemoryContextSwitchTo(TopMemoryContext);
		error = CopyErrorData();
		FlushErrorState();
		AbortCurrentTransaction();
		training_job_take_error(result, error);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	result->finished_at = GetCurrentTimestamp();
}

PGDLLEXPORT void sentiment_training_worker(Datum main_arg);

/* What a worker does: the job whose number is in bgw_extra, of the segment whose handle is the argument. */
void
sentiment_training_worker(Datum main_arg)
{
	dsm_segment *segment;
	SharedJobs *shared;
	int number;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	memcpy(&number, MyBgworkerEntry->bgw_extra, sizeof(number));
	segment = dsm_attach(DatumGetUInt32(main_arg));
	/* the leader is gone already */
	if (segment == NULL)
		return;
	shared = dsm_segment_address(segment);
	BackgroundWorkerInitializeConnectionByOid(shared->database, shared->role, 0);
	do_job(shared, &shared->jobs[number]);
}
