/*
 * progress.c
 *	  What runs, told to other sessions while it runs.
 *
 * The lock of the table is held alone to take a slot and to give it back, and shared to read. A slot's content is
 * changed and copied under its own spinlock.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/progress.h"
#include "extension/registry.h"

#define PROGRESS_NAME "sentiment_progress"

/* Slots for each process that may be there: an activity within another, and some to spare for steps. */
#define SLOTS_PER_PROCESS 2
#define SPARE_SLOTS       64

/* A slot. */
struct Progress
{
	slock_t mutex;
	bool is_taken; /* under the table's lock */
	ProgressState state;
};

/* The table. */
typedef struct ProgressTable
{
	LWLock *lock;
	int n_slots;
	Progress slots[FLEXIBLE_ARRAY_MEMBER];
} ProgressTable;

/* An activity of this session that has not been given back. */
typedef struct HeldProgress
{
	Progress *slot;
	bool has_ended; /* a step that has, and is still to be seen */
	int nest_level; /* of the transaction in which it began */
} HeldProgress;

/* Columns of sentiment_list_progress. */
#define N_PROGRESS_COLUMNS 19

/* More activities of one session than this are not told. */
#define MOST_HELD 64

static ProgressTable *table = NULL;
static HeldProgress held[MOST_HELD];
static int n_held = 0;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* How many slots there are: from the time on at which shared memory is asked for. */
static int
slot_count(void)
{
	return SLOTS_PER_PROCESS * MaxBackends + SPARE_SLOTS;
}

/* Bytes of shared memory. */
static Size
table_size(void)
{
	return add_size(offsetof(ProgressTable, slots), mul_size(slot_count(), sizeof(Progress)));
}

/* shmem_request_hook */
static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(table_size());
	RequestNamedLWLockTranche(PROGRESS_NAME, 1);
}

/* shmem_startup_hook */
static void
start_up(void)
{
	bool found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	table = ShmemInitStruct(PROGRESS_NAME, table_size(), &found);
	if (!found)
	{
		memset(table, 0, table_size());
		table->lock = &(GetNamedLWLockTranche(PROGRESS_NAME))->lock;
		table->n_slots = slot_count();
		for (int i = 0; i < table->n_slots; i++)
			SpinLockInit(&table->slots[i].mutex);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
progress_install(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_up;
}

/* Take a free slot; NULL if there is none. */
static Progress *
take_slot(const ProgressState *state)
{
	Progress *slot = NULL;

	LWLockAcquire(table->lock, LW_EXCLUSIVE);
	for (int i = 0; i < table->n_slots && slot == NULL; i++)
	{
		if (!table->slots[i].is_taken)
			slot = &table->slots[i];
	}
	if (slot != NULL)
	{
		slot->state = *state;
		slot->is_taken = true;
	}
	LWLockRelease(table->lock);
	return slot;
}

/* How many activities of this session have begun and not ended. */
static int
present_level(void)
{
	int level = 0;

	for (int i = 0; i < n_held; i++)
		level += !held[i].has_ended;
	return level;
}

/* Take a slot, and note it as this session's. */
static Progress *
begin(const ProgressState *state, bool has_ended)
{
	Progress *slot;

	if (table == NULL || n_held == MOST_HELD || (slot = take_slot(state)) == NULL)
		return NULL;
	held[n_held++] = (HeldProgress){slot, has_ended, GetCurrentTransactionNestLevel()};
	return slot;
}

/* The number of the model of a name; 0 if there is none. */
static int64
find_model_id(const char *name)
{
	RegistryModel model;

	return ActiveSnapshotSet() && registry_find_model(name, GetActiveSnapshot(), &model)
			   ? model.model_id
			   : 0;
}

/* The state of an activity that begins now. */
static ProgressState
new_state(const char *command, const char *model)
{
	ProgressState state = {
		.pid = MyProcPid,
		.leader_pid = MyBgworkerEntry != NULL ? (int32) MyBgworkerEntry->bgw_notify_pid : 0,
		.database = MyDatabaseId,
		.role = GetUserId(),
		.level = present_level(),
		.rows = PROGRESS_UNKNOWN,
		.done = PROGRESS_UNKNOWN,
		.total = PROGRESS_UNKNOWN,
		.best = NAN,
		.started_at = GetCurrentTimestamp()};

	state.phase_started_at = state.started_at;
	strlcpy(state.command, command, sizeof(state.command));
	strlcpy(state.model, model, sizeof(state.model));
	return state;
}

Progress *
progress_begin(const char *command, const char *model)
{
	ProgressState state;

	if (table == NULL)
		return NULL;
	state = new_state(command, model);
	state.model_id = find_model_id(model);
	return begin(&state, false);
}

Progress *
progress_begin_step(const Progress *run, int number, const char *phase, const char *kind)
{
	ProgressState state;

	if (run == NULL)
		return NULL;
	state = new_state(run->state.command, run->state.model);
	state.model_id = run->state.model_id;
	state.step = number;
	strlcpy(state.phase, phase, sizeof(state.phase));
	strlcpy(state.kind, kind == NULL ? "" : kind, sizeof(state.kind));
	strlcpy(state.status, "running", sizeof(state.status));
	return begin(&state, false);
}

Progress *
progress_present(void)
{
	for (int i = n_held - 1; i >= 0; i--)
	{
		if (!held[i].has_ended)
			return held[i].slot;
	}
	return NULL;
}

/* Change members of an activity's state. */
#define CHANGE_STATE(progress, ...)                    \
	do                                                 \
	{                                                  \
		if ((progress) != NULL)                        \
		{                                              \
			ProgressState *state = &(progress)->state; \
			SpinLockAcquire(&(progress)->mutex);       \
			__VA_ARGS__;                               \
			SpinLockRelease(&(progress)->mutex);       \
		}                                              \
	} while (0)

void
progress_set_phase(Progress *progress, const char *phase)
{
	TimestampTz now = progress == NULL ? 0 : GetCurrentTimestamp();

	CHANGE_STATE(progress, strlcpy(state->phase, phase, sizeof(state->phase));
				 state->rows = PROGRESS_UNKNOWN; state->phase_started_at = now);
}

void
progress_set_kind(Progress *progress, const char *kind)
{
	CHANGE_STATE(progress, strlcpy(state->kind, kind, sizeof(state->kind)));
}

void
progress_set_rows(Progress *progress, int64 rows)
{
	CHANGE_STATE(progress, state->rows = rows);
}

void
progress_set_done(Progress *progress, int64 done, int64 total)
{
	CHANGE_STATE(progress, state->done = done; state->total = total);
}

void
progress_set_best(Progress *progress, double best)
{
	CHANGE_STATE(progress, state->best = best);
}

void
progress_set_version(Progress *progress, int32 version)
{
	CHANGE_STATE(progress, state->version = version);
}

void
progress_set_step_state(Progress *step, const char *status, bool in_worker)
{
	CHANGE_STATE(step, strlcpy(state->status, status, sizeof(state->status));
				 state->in_worker = in_worker);
}

void
progress_finish_step(Progress *step, const char *status)
{
	TimestampTz now = step == NULL ? 0 : GetCurrentTimestamp();

	CHANGE_STATE(step, strlcpy(state->status, status, sizeof(state->status));
				 state->finished_at = state->finished_at == 0 ? now : state->finished_at);
	for (int i = 0; i < n_held; i++)
		held[i].has_ended |= held[i].slot == step;
}

/* Give slots back, from the one of a number on. */
static void
give_back_from(int first)
{
	if (n_held <= first)
		return;
	LWLockAcquire(table->lock, LW_EXCLUSIVE);
	while (n_held > first)
		held[--n_held].slot->is_taken = false;
	LWLockRelease(table->lock);
}

void
progress_end(Progress *progress)
{
	for (int i = 0; i < n_held; i++)
	{
		if (held[i].slot == progress)
			give_back_from(i);
	}
}

void
progress_transaction_ended(void)
{
	give_back_from(0);
}

void
progress_subtransaction_aborted(void)
{
	int level = GetCurrentTransactionNestLevel();
	int kept = n_held;

	while (kept > 0 && held[kept - 1].nest_level >= level)
		kept--;
	give_back_from(kept);
}

/* Copy the activities of all databases. Answers how many. copies: (n_slots) */
static int
copy_slots(ProgressState *copies)
{
	int n = 0;

	LWLockAcquire(table->lock, LW_SHARED);
	for (int i = 0; i < table->n_slots; i++)
	{
		Progress *slot = &table->slots[i];

		if (!slot->is_taken)
			continue;
		SpinLockAcquire(&slot->mutex);
		copies[n++] = slot->state;
		SpinLockRelease(&slot->mutex);
	}
	LWLockRelease(table->lock);
	return n;
}

/*
 * Whether an activity is about a model of its name. Of a first training only the name is known, which somebody else
 * may have given to a model meanwhile: then who trains may do nothing with that.
 */
static bool
is_about(const ProgressState *state, const RegistryModel *model)
{
	return state->model_id != 0 ? state->model_id == model->model_id
								: registry_role_has_privilege(state->role, model, PRIVILEGE_TRAIN,
															  GetActiveSnapshot());
}

/* Whether the current role may see an activity: its own, those of models that it may use, or all. */
static bool
is_visible(const ProgressState *state)
{
	RegistryModel model;

	if (state->database != MyDatabaseId)
		return false;
	return has_privs_of_role(GetUserId(), state->role) ||
		   has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		   (registry_find_model(state->model, GetActiveSnapshot(), &model) &&
			registry_has_privilege(&model, PRIVILEGE_PREDICT, GetActiveSnapshot()) &&
			is_about(state, &model));
}

/* A text; null if it is empty. */
static void
put_text(const char *string, Datum *value, bool *is_null)
{
	*is_null = string == NULL || string[0] == '\0';
	*value = *is_null ? (Datum) 0 : CStringGetTextDatum(string);
}

/* A number; null if it is not known. */
static void
put_number(int64 number, Datum *value, bool *is_null)
{
	*is_null = number == PROGRESS_UNKNOWN;
	*value = Int64GetDatum(number);
}

/* Put a row of an activity into the answer. */
static void
put_row(ReturnSetInfo *result, const ProgressState *state)
{
	Datum values[N_PROGRESS_COLUMNS];
	bool nulls[N_PROGRESS_COLUMNS] = {0};

	values[0] = Int32GetDatum(state->pid);
	nulls[1] = state->leader_pid == 0;
	values[1] = Int32GetDatum(state->leader_pid);
	put_text(GetUserNameFromId(state->role, true), &values[2], &nulls[2]);
	put_text(state->command, &values[3], &nulls[3]);
	put_text(state->model, &values[4], &nulls[4]);
	values[5] = Int32GetDatum(state->level);
	nulls[6] = state->step == 0;
	values[6] = Int32GetDatum(state->step);
	put_text(state->phase, &values[7], &nulls[7]);
	put_text(state->kind, &values[8], &nulls[8]);
	put_text(state->status, &values[9], &nulls[9]);
	nulls[10] = state->step == 0;
	values[10] = BoolGetDatum(state->in_worker);
	nulls[11] = state->version == 0;
	values[11] = Int32GetDatum(state->version);
	put_number(state->rows, &values[12], &nulls[12]);
	put_number(state->done, &values[13], &nulls[13]);
	put_number(state->total, &values[14], &nulls[14]);
	nulls[15] = isnan(state->best);
	values[15] = Float8GetDatum(state->best);
	nulls[16] = state->started_at == 0;
	values[16] = TimestampTzGetDatum(state->started_at);
	nulls[17] = state->phase_started_at == 0;
	values[17] = TimestampTzGetDatum(state->phase_started_at);
	nulls[18] = state->finished_at == 0;
	values[18] = TimestampTzGetDatum(state->finished_at);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The activities that the current role may see. */
PG_FUNCTION_INFO_V1(sentiment_list_progress);
Datum
sentiment_list_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ProgressState *copies;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	/* for sentiment_metrics, which has other things to tell too */
	if (table == NULL && !PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
		return (Datum) 0;
	if (table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("progress is not told"),
				 errdetail("It is kept in shared memory, which a library gets when the server "
						   "starts."),
				 errhint("Add \"sentiment\" to shared_preload_libraries and restart.")));
	copies = palloc_extended(table->n_slots * sizeof(ProgressState), MCXT_ALLOC_HUGE);
	n = copy_slots(copies);
	for (int i = 0; i < n; i++)
	{
		if (is_visible(&copies[i]))
			put_row(result, &copies[i]);
	}
	pfree(copies);
	return (Datum) 0;
}
