/*
 * search_progress.c
 *	  How far searches are, in shared memory.
 *
 * A slot is written by its own backend alone, under the lock; readers copy all slots under it.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/registry.h"
#include "extension/search_progress.h"

#define PROGRESS_NAME "sentiment searches"

typedef struct SharedProgress
{
	LWLock *lock;
	SearchProgress slots[MAX_SEARCHES_TOLD];
} SharedProgress;

static SharedProgress *shared_progress = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* The slot of this backend's search, or NULL. */
static SearchProgress *own_slot = NULL;

/* Searches of this backend that began and have not ended, and the transaction level of the first. */
static int n_searches = 0;
static int own_nest_level = 0;

/* shmem_request_hook */
static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(SharedProgress));
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
	shared_progress = ShmemInitStruct(PROGRESS_NAME, sizeof(SharedProgress), &found);
	if (!found)
	{
		memset(shared_progress, 0, sizeof(SharedProgress));
		shared_progress->lock = &(GetNamedLWLockTranche(PROGRESS_NAME))->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
search_progress_install(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_up;
}

void
search_progress_begin(const SearchProgress *progress)
{
	if (shared_progress == NULL || n_searches++ > 0)
		return;
	own_nest_level = GetCurrentTransactionNestLevel();
	LWLockAcquire(shared_progress->lock, LW_EXCLUSIVE);
	for (int i = 0; i < MAX_SEARCHES_TOLD && own_slot == NULL; i++)
	{
		if (shared_progress->slots[i].pid == 0)
			own_slot = &shared_progress->slots[i];
	}
	if (own_slot != NULL)
		*own_slot = *progress;
	LWLockRelease(shared_progress->lock);
}

void
search_progress_update(const SearchProgress *progress)
{
	if (own_slot == NULL || n_searches > 1)
		return;
	LWLockAcquire(shared_progress->lock, LW_EXCLUSIVE);
	*own_slot = *progress;
	LWLockRelease(shared_progress->lock);
}

/* Give the slot back. */
static void
leave_slot(void)
{
	n_searches = 0;
	if (own_slot == NULL)
		return;
	LWLockAcquire(shared_progress->lock, LW_EXCLUSIVE);
	own_slot->pid = 0;
	LWLockRelease(shared_progress->lock);
	own_slot = NULL;
}

void
search_progress_end(void)
{
	if (n_searches > 1)
		n_searches--;
	else
		leave_slot();
}

void
search_progress_transaction_ended(void)
{
	if (n_searches > 0)
		leave_slot();
}

void
search_progress_subtransaction_aborted(void)
{
	if (n_searches > 0 && own_nest_level >= GetCurrentTransactionNestLevel())
		leave_slot();
}

/* Whether the current role may see a search. */
static bool
is_visible(const SearchProgress *progress)
{
	RegistryModel model;

	if (progress->database != MyDatabaseId)
		return false;
	if (has_privs_of_role(GetUserId(), progress->role))
		return true;
	return progress->model_id != 0 &&
		   registry_find_model_by_id(progress->model_id, GetActiveSnapshot(), &model) &&
		   registry_has_privilege(&model, PRIVILEGE_PREDICT, GetActiveSnapshot());
}

/* Put a row into the answer. */
static void
put_search(ReturnSetInfo *result, const SearchProgress *progress)
{
	bool nulls[14] = {0};
	Datum values[14] = {
		CStringGetTextDatum(progress->model),     Int32GetDatum(progress->pid),
		CStringGetTextDatum(progress->kind),      Int32GetDatum(progress->trial),
		Int32GetDatum(progress->trials),          Int32GetDatum(progress->fold),
		Int32GetDatum(progress->folds),           Int32GetDatum(progress->complete),
		Int32GetDatum(progress->pruned),          Int32GetDatum(progress->failed),
		CStringGetTextDatum(progress->objective), Float8GetDatum(progress->best_value),
		Int32GetDatum(progress->best_trial),      TimestampTzGetDatum(progress->started_at)};

	nulls[2] = progress->kind[0] == '\0';
	nulls[3] = progress->trial == 0;
	nulls[5] = progress->fold == 0;
	nulls[11] = isnan(progress->best_value);
	nulls[12] = progress->best_trial == 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(sentiment_running_searches);
Datum
sentiment_running_searches(PG_FUNCTION_ARGS)
{
	SearchProgress *copies = palloc_array(SearchProgress, MAX_SEARCHES_TOLD);

	InitMaterializedSRF(fcinfo, 0);
	if (shared_progress == NULL)
	{
		if (!PG_GETARG_BOOL(0))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the progress of searches is not told"),
					 errdetail("It is told in shared memory, which the library gets only when the "
							   "server starts."),
					 errhint("Add \"sentiment\" to shared_preload_libraries and restart.")));
		PG_RETURN_VOID();
	}
	LWLockAcquire(shared_progress->lock, LW_SHARED);
	memcpy(copies, shared_progress->slots, sizeof(shared_progress->slots));
	LWLockRelease(shared_progress->lock);
	for (int i = 0; i < MAX_SEARCHES_TOLD; i++)
	{
		if (copies[i].pid != 0 && is_visible(&copies[i]))
			put_search((ReturnSetInfo *) fcinfo->resultinfo, &copies[i]);
	}
	PG_RETURN_VOID();
}
