/*
 * shared_statistics.c
 *	  The table of version counts in shared memory.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "extension/live_epochs.h"
#include "extension/settings.h"
#include "extension/shared_statistics.h"
#include "extension/shared_statistics_file.h"

#define STATISTICS_NAME "sentiment"

SharedStatistics *shared_statistics = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* Bytes of the table, without the rings of epochs behind it. */
static Size
table_size(void)
{
	return MAXALIGN(add_size(offsetof(SharedStatistics, slots),
							 mul_size(max_tracked_versions, sizeof(VersionSlot))));
}

/* Bytes of shared memory. */
static Size
shared_size(void)
{
	return add_size(table_size(), live_epochs_size(max_tracked_versions, live_epochs));
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
		pg_atomic_init_u64(&slot->counts[i], 0);
	pg_atomic_write_u32(&slot->has_layout, 0);
	live_epochs_clear(slot);
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

/* Add labels to an epoch, unless it has just given its place to another. */
static void
add_labels(LiveEpoch *epoch, uint64 number, const uint64 *labels)
{
	if (pg_atomic_read_u64(&epoch->number) < number)
		return;
	for (int i = 0; i < N_COUNTED_LABELS; i++)
	{
		if (labels[i] != 0)
			(void) pg_atomic_fetch_add_u64(&epoch->labels[i], (int64) labels[i]);
	}
}

bool
shared_statistics_add(VersionSlot *slot, uint64 generation, const PredictionCounts *counts)
{
	const uint64 *numbers = (const uint64 *) counts;
	uint64 number;
	LiveEpoch *epoch = live_epochs_present(slot, generation, &number);
	bool is_same;

	if (epoch == NULL)
		return false;
	(void) pg_atomic_fetch_add_u32(&slot->users, 1);
	is_same = pg_atomic_read_u64(&slot->generation) == generation;
	if (is_same)
	{
		for (int i = 0; i < N_COUNTERS; i++)
		{
			if (numbers[i] != 0)
				(void) pg_atomic_fetch_add_u64(&slot->counts[i], (int64) numbers[i]);
		}
		add_labels(epoch, number, counts->labels);
		pg_atomic_write_u64(&slot->last_counted, (uint64) GetCurrentTransactionStartTimestamp());
	}
	(void) pg_atomic_fetch_sub_u32(&slot->users, 1);
	return is_same;
}

/* Add a sample to an epoch, unless it has just given its place to another. */
static void
add_sample(LiveEpoch *epoch, uint64 number, const LiveSample *sample)
{
	if (pg_atomic_read_u64(&epoch->number) < number)
		return;
	/* atomic additions wait for their memory one after the other, but not for what is on its way already */
	for (uint32 i = 0; i < sample->n_places; i++)
		__builtin_prefetch(&epoch->counters[sample->places[i]], 1);
	for (uint32 i = 0; i < sample->n_dimensions; i += 8)
		__builtin_prefetch(&epoch->embedding[i], 1);
	for (uint32 i = 0; i < sample->n_places; i++)
		(void) pg_atomic_fetch_add_u32(&epoch->counters[sample->places[i]], 1);
	(void) pg_atomic_fetch_add_u32(&epoch->counters[LIVE_OTHER_TERMS], (int32) sample->n_other);
	for (uint32 i = 0; i < sample->n_dimensions; i++)
		(void) pg_atomic_fetch_add_u64(&epoch->embedding[i], sample->embedding[i]);
}

/* Give a slot the layout of its version, if it has none. */
static void
set_layout(VersionSlot *slot, uint64 generation, const LiveLayout *layout)
{
	LWLockAcquire(shared_statistics->lock, LW_EXCLUSIVE);
	if (pg_atomic_read_u64(&slot->generation) == generation &&
		pg_atomic_read_u32(&slot->has_layout) == 0)
	{
		slot->layout = *layout;
		pg_atomic_write_u32(&slot->has_layout, 1);
	}
	LWLockRelease(shared_statistics->lock);
}

bool
shared_statistics_add_sample(VersionSlot *slot, uint64 generation, const LiveLayout *layout,
							 const LiveSample *sample)
{
	uint64 number;
	LiveEpoch *epoch = live_epochs_present(slot, generation, &number);
	bool is_same;

	if (epoch == NULL)
		return false;
	if (pg_atomic_read_u32(&slot->has_layout) == 0)
		set_layout(slot, generation, layout);
	(void) pg_atomic_fetch_add_u32(&slot->users, 1);
	is_same = pg_atomic_read_u64(&slot->generation) == generation;
	if (is_same)
		add_sample(epoch, number, sample);
	(void) pg_atomic_fetch_sub_u32(&slot->users, 1);
	return is_same;
}

bool
shared_statistics_copy_layout(VersionSlot *slot, uint64 generation, LiveLayout *layout)
{
	bool is_there;

	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	is_there = pg_atomic_read_u64(&slot->generation) == generation &&
			   pg_atomic_read_u32(&slot->has_layout) != 0;
	if (is_there)
		*layout = slot->layout;
	LWLockRelease(shared_statistics->lock);
	return is_there;
}

/*
 * Make the table empty. What belongs to a version is set when it gets its slot: memory of slots that nobody needs is not
 * touched.
 */
static void
initialize(void)
{
	memset(shared_statistics, 0, offsetof(SharedStatistics, slots));
	shared_statistics->lock = &(GetNamedLWLockTranche(STATISTICS_NAME))->lock;
	shared_statistics->n_slots = max_tracked_versions;
	shared_statistics->n_epochs = live_epochs;
	shared_statistics->epoch_length = live_epoch * USECS_PER_SEC;
	pg_atomic_init_u64(&shared_statistics->untracked, 0);
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];

		memset(slot, 0, offsetof(VersionSlot, counts));
		pg_atomic_init_u64(&slot->generation, 0);
		pg_atomic_init_u32(&slot->users, 0);
		pg_atomic_init_u64(&slot->last_counted, 0);
		pg_atomic_init_u32(&slot->has_layout, 0);
	}
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
	live_epochs_locate((char *) shared_statistics + table_size());
	if (!found)
		initialize();
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
