/*
 * shared_statistics.c
 *	  The table of version counts in shared memory.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "extension/settings.h"
#include "extension/shared_statistics.h"
#include "extension/shared_statistics_file.h"

#define STATISTICS_NAME "sentiment"

SharedStatistics *shared_statistics = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* Bytes of shared memory. */
static Size
shared_size(void)
{
	return add_size(offsetof(SharedStatistics, slots),
					mul_size(max_tracked_versions, sizeof(VersionSlot)));
}

/* shmem_request_hook */
static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(shared_size());
	RequestNamedLWLockTranche(STATISTICS_NAME, 1);
}

void
shared_statistics_occupy(VersionSlot *slot, const VersionKey *key, TimestampTz since)
{
	slot->key = *key;
	slot->since = since;
	pg_atomic_write_u64(&slot->last_counted, (uint64) since);
	for (int i = 0; i < N_COUNTERS; i++)
		pg_atomic_write_u64(&slot->counts[i], 0);
	for (int i = 0; i < N_LIVE_CELLS; i++)
		pg_atomic_write_u64(&slot->sketch[i], 0);
	(void) pg_atomic_exchange_u64(&slot->generation, ++shared_statistics->last_generation);
}

void
shared_statistics_vacate(VersionSlot *slot)
{
	(void) pg_atomic_exchange_u64(&slot->generation, 0);
	/* whoever is inside adds some numbers and leaves */
	while (pg_atomic_read_u32(&slot->users) > 0)
		pg_usleep(1);
}

VersionSlot *
shared_statistics_find(const VersionKey *key)
{
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];

		if (pg_atomic_read_u64(&slot->generation) != 0 &&
			memcmp(&slot->key, key, sizeof(VersionKey)) == 0)
			return slot;
	}
	return NULL;
}

VersionSlot *
shared_statistics_find_free(void)
{
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		if (pg_atomic_read_u64(&shared_statistics->slots[i].generation) == 0)
			return &shared_statistics->slots[i];
	}
	return NULL;
}

bool
shared_statistics_add(VersionSlot *slot, uint64 generation, const PredictionCounts *counts)
{
	const uint64 *numbers = (const uint64 *) counts;
	bool is_same;

	(void) pg_atomic_fetch_add_u32(&slot->users, 1);
	is_same = pg_atomic_read_u64(&slot->generation) == generation;
	if (is_same)
	{
		for (int i = 0; i < N_COUNTERS; i++)
		{
			if (numbers[i] != 0)
				(void) pg_atomic_fetch_add_u64(&slot->counts[i], (int64) numbers[i]);
		}
		pg_atomic_write_u64(&slot->last_counted, (uint64) GetCurrentTransactionStartTimestamp());
	}
	(void) pg_atomic_fetch_sub_u32(&slot->users, 1);
	return is_same;
}

bool
shared_statistics_add_sample(VersionSlot *slot, uint64 generation, const uint32 *cells)
{
	bool is_same;

	(void) pg_atomic_fetch_add_u32(&slot->users, 1);
	is_same = pg_atomic_read_u64(&slot->generation) == generation;
	for (int i = 0; i < N_LIVE_HISTOGRAMS && is_same; i++)
		(void) pg_atomic_fetch_add_u64(&slot->sketch[cells[i]], 1);
	(void) pg_atomic_fetch_sub_u32(&slot->users, 1);
	return is_same;
}

/* shmem_startup_hook */
static void
start_up(void)
{
	bool found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared_statistics = ShmemInitStruct(STATISTICS_NAME " statistics", shared_size(), &found);
	if (!found)
	{
		memset(shared_statistics, 0, shared_size());
		shared_statistics->lock = &(GetNamedLWLockTranche(STATISTICS_NAME))->lock;
		shared_statistics->n_slots = max_tracked_versions;
		pg_atomic_init_u64(&shared_statistics->untracked, 0);
		for (int i = 0; i < shared_statistics->n_slots; i++)
		{
			pg_atomic_init_u64(&shared_statistics->slots[i].generation, 0);
			pg_atomic_init_u32(&shared_statistics->slots[i].users, 0);
			pg_atomic_init_u64(&shared_statistics->slots[i].last_counted, 0);
			for (int j = 0; j < N_COUNTERS; j++)
				pg_atomic_init_u64(&shared_statistics->slots[i].counts[j], 0);
			for (int j = 0; j < N_LIVE_CELLS; j++)
				pg_atomic_init_u64(&shared_statistics->slots[i].sketch[j], 0);
		}
	}
	LWLockRelease(AddinShmemInitLock);
	if (IsUnderPostmaster)
		return;
	on_shmem_exit(shared_statistics_write_file, (Datum) 0);
	if (!found)
		shared_statistics_read_file();
}

void
shared_statistics_install(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_up;
}
