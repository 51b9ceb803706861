/*
 * statistics.c
 *	  Counts of what model versions answer, in shared memory.
 *
 * A slot belongs to a version while its generation is the number that it was given with it, and is free at
 * generation 0. Who adds to a slot enters it (users), looks whether the generation is still the one that it
 * knows, adds, and leaves; no lock is taken. Who gives a slot away holds the lock alone, sets the
 * generation to 0, waits until nobody is inside, and then changes the rest. Both sides use operations that are
 * full memory barriers. Readers hold the lock shared, so the slots stay the same versions'.
 *
 * Counts survive a restart in a file that is written when the server shuts down in order, and removed when it
 * is read: after a crash there is none. A file that is damaged or of another form is ignored.
 */
#include "postgres.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "core/serving/prediction_counts.h"
#include "extension/settings.h"
#include "extension/statistics.h"

#define STATISTICS_NAME "sentiment"
#define STATISTICS_FILE PGSTAT_STAT_PERMANENT_DIRECTORY "/sentiment.stat"
#define FILE_MAGIC      UINT64_C(0x3154415453544e53)
#define FILE_VERSION    1

/* A backend adds its counts to the shared ones after so many predictions at the latest. */
#define MOST_PENDING 1024

/* The time of a transaction's first predictions of a version is taken, then that of each n-th: it costs. */
#define ALWAYS_TIMED 16
#define TIMED_EVERY  16

/* A version that found no slot tries again after so many milliseconds. */
#define RETRY_MILLISECONDS 10000

/* Which version; a key of a hash table, so without padding. */
typedef struct VersionKey
{
	int64 model_id;
	uint64 checksum; /* of the image: tells versions apart after the extension was made anew */
	int32 version;
	Oid database;
} VersionKey;

typedef struct VersionSlot
{
	pg_atomic_uint64 generation; /* 0: free */
	pg_atomic_uint32 users;
	VersionKey key;
	TimestampTz since; /* when counting began */
	pg_atomic_uint64 last_counted;
	pg_atomic_uint64 counts[N_COUNTERS];
} VersionSlot;

typedef struct SharedStatistics
{
	LWLock *lock; /* alone: to give slots away; shared: to look for them and to read */
	uint64 last_generation;
	uint64 n_evicted;           /* versions that lost their slot to another */
	pg_atomic_uint64 untracked; /* predictions of versions without a slot */
	int n_slots;
	VersionSlot slots[FLEXIBLE_ARRAY_MEMBER];
} SharedStatistics;

struct VersionCounter
{
	VersionKey key;
	VersionSlot *slot; /* NULL: none was found */
	uint64 generation;
	TimestampTz next_attempt;
	VersionCounter *next_pending; /* in the list of those that have something to add */
	bool is_pending;
	uint32 n_pending; /* predictions since the last time it was added */
	uint32 n_timed;   /* in this transaction */
	uint32 n_untimed; /* predictions since a time was taken */
	uint64 last_time; /* nanoseconds that a prediction took */
	PredictionCounts counts;
};

/* First bytes of the file. */
typedef struct FileHeader
{
	uint64 magic;
	uint32 version;
	uint32 n_counters;
	uint64 n_slots;
	uint64 n_evicted;
	uint64 untracked;
} FileHeader;

/* A slot in the file. */
typedef struct FileSlot
{
	VersionKey key;
	TimestampTz since;
	uint64 last_counted;
	uint64 counts[N_COUNTERS];
} FileSlot;

static SharedStatistics *shared = NULL;
static HTAB *counters = NULL;
static VersionCounter *first_pending = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* Classes of SQLSTATE that are counted one by one; the last counter is of all others. */
static const char *const error_classes[N_COUNTED_ERRORS] = {
	"0A", "22", "23", "24", "25", "28", "40", "42",
	"53", "54", "55", "57", "58", "P0", "XX", "other",
};

bool
statistics_available(void)
{
	return shared != NULL;
}

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

/* Give a free slot to a version. Under the lock, alone. */
static void
occupy(VersionSlot *slot, const VersionKey *key, TimestampTz since)
{
	slot->key = *key;
	slot->since = since;
	pg_atomic_write_u64(&slot->last_counted, (uint64) since);
	for (int i = 0; i < N_COUNTERS; i++)
		pg_atomic_write_u64(&slot->counts[i], 0);
	(void) pg_atomic_exchange_u64(&slot->generation, ++shared->last_generation);
}

/* Take a slot away from its version. Under the lock, alone. */
static void
vacate(VersionSlot *slot)
{
	(void) pg_atomic_exchange_u64(&slot->generation, 0);
	/* whoever is inside adds some numbers and leaves */
	while (pg_atomic_read_u32(&slot->users) > 0)
		pg_usleep(1);
}

/* Fill the table from the bytes of a file; false if they are not such a file's. */
static bool
read_file_bytes(const char *bytes, Size length)
{
	const FileHeader *header = (const FileHeader *) bytes;
	const FileSlot *slots = (const FileSlot *) (bytes + sizeof(FileHeader));
	pg_crc32c checksum;
	pg_crc32c stored;

	if (length < sizeof(FileHeader) + sizeof(pg_crc32c) || header->magic != FILE_MAGIC ||
		header->version != FILE_VERSION || header->n_counters != N_COUNTERS ||
		header->n_slots > length / sizeof(FileSlot) ||
		length != sizeof(FileHeader) + header->n_slots * sizeof(FileSlot) + sizeof(pg_crc32c))
		return false;
	INIT_CRC32C(checksum);
	COMP_CRC32C(checksum, bytes, length - sizeof(pg_crc32c));
	FIN_CRC32C(checksum);
	memcpy(&stored, bytes + length - sizeof(pg_crc32c), sizeof(pg_crc32c));
	if (!EQ_CRC32C(checksum, stored))
		return false;
	shared->n_evicted = header->n_evicted;
	pg_atomic_write_u64(&shared->untracked, header->untracked);
	for (uint64 i = 0; i < header->n_slots; i++)
	{
		if (i >= shared->n_slots)
		{
			/* sentiment.max_tracked_versions was lowered */
			shared->n_evicted++;
			continue;
		}
		occupy(&shared->slots[i], &slots[i].key, slots[i].since);
		pg_atomic_write_u64(&shared->slots[i].last_counted, slots[i].last_counted);
		for (int j = 0; j < N_COUNTERS; j++)
			pg_atomic_write_u64(&shared->slots[i].counts[j], slots[i].counts[j]);
	}
	return true;
}

/* Fill the table from the file that the last shutdown has left, and remove it. */
static void
read_file(void)
{
	FILE *file = AllocateFile(STATISTICS_FILE, PG_BINARY_R);
	Size limit = sizeof(FileHeader) + sizeof(pg_crc32c) + (Size) 100000 * sizeof(FileSlot);
	Size capacity = 0;
	Size length = 0;
	char *bytes = NULL;

	if (file == NULL)
	{
		if (errno != ENOENT)
			ereport(LOG, (errcode_for_file_access(),
						  errmsg("could not read file \"%s\": %m", STATISTICS_FILE)));
		return;
	}
	while (!feof(file) && !ferror(file) && length < limit)
	{
		if (length == capacity)
		{
			capacity = Max(2 * capacity, 65536);
			bytes = bytes == NULL ? palloc_extended(capacity, MCXT_ALLOC_HUGE)
								  : repalloc_huge(bytes, capacity);
		}
		length += fread(bytes + length, 1, capacity - length, file);
	}
	if (ferror(file) || !read_file_bytes(bytes, length))
		ereport(LOG, (errcode(ERRCODE_DATA_CORRUPTED),
					  errmsg("ignoring file \"%s\": it does not hold statistics of this version",
							 STATISTICS_FILE),
					  errdetail("The statistics of predictions begin at zero.")));
	FreeFile(file);
	pfree(bytes);
	unlink(STATISTICS_FILE);
}

/* Write bytes, and add them to a checksum. */
static bool
write_bytes(FILE *file, const void *bytes, Size length, pg_crc32c *checksum)
{
	COMP_CRC32C(*checksum, bytes, length);
	return fwrite(bytes, 1, length, file) == length;
}

/* Write the whole table to an open file. */
static bool
write_table(FILE *file)
{
	FileHeader header = {.magic = FILE_MAGIC,
						 .version = FILE_VERSION,
						 .n_counters = N_COUNTERS,
						 .n_evicted = shared->n_evicted,
						 .untracked = pg_atomic_read_u64(&shared->untracked)};
	pg_crc32c checksum;
	bool is_good;

	INIT_CRC32C(checksum);
	for (int i = 0; i < shared->n_slots; i++)
		header.n_slots += pg_atomic_read_u64(&shared->slots[i].generation) != 0;
	is_good = write_bytes(file, &header, sizeof(header), &checksum);
	for (int i = 0; i < shared->n_slots && is_good; i++)
	{
		VersionSlot *slot = &shared->slots[i];
		FileSlot stored = {.key = slot->key,
						   .since = slot->since,
						   .last_counted = pg_atomic_read_u64(&slot->last_counted)};

		if (pg_atomic_read_u64(&slot->generation) == 0)
			continue;
		for (int j = 0; j < N_COUNTERS; j++)
			stored.counts[j] = pg_atomic_read_u64(&slot->counts[j]);
		is_good = write_bytes(file, &stored, sizeof(stored), &checksum);
	}
	FIN_CRC32C(checksum);
	return is_good && fwrite(&checksum, 1, sizeof(checksum), file) == sizeof(checksum);
}

/* Write the file: when the postmaster exits. */
static void
write_file(int code, Datum argument)
{
	FILE *file;

	/* after a crash, the counts are not to be trusted */
	if (code != 0 || shared == NULL)
		return;
	file = AllocateFile(STATISTICS_FILE ".tmp", PG_BINARY_W);
	if (file == NULL || !write_table(file))
	{
		ereport(LOG, (errcode_for_file_access(),
					  errmsg("could not write file \"%s\": %m", STATISTICS_FILE ".tmp")));
		if (file != NULL)
			FreeFile(file);
		unlink(STATISTICS_FILE ".tmp");
		return;
	}
	if (FreeFile(file) != 0)
	{
		ereport(LOG, (errcode_for_file_access(),
					  errmsg("could not write file \"%s\": %m", STATISTICS_FILE ".tmp")));
		unlink(STATISTICS_FILE ".tmp");
		return;
	}
	(void) durable_rename(STATISTICS_FILE ".tmp", STATISTICS_FILE, LOG);
}

/* shmem_startup_hook */
static void
start_up(void)
{
	bool found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(STATISTICS_NAME " statistics", shared_size(), &found);
	if (!found)
	{
		memset(shared, 0, shared_size());
		shared->lock = &(GetNamedLWLockTranche(STATISTICS_NAME))->lock;
		shared->n_slots = max_tracked_versions;
		pg_atomic_init_u64(&shared->untracked, 0);
		for (int i = 0; i < shared->n_slots; i++)
		{
			pg_atomic_init_u64(&shared->slots[i].generation, 0);
			pg_atomic_init_u32(&shared->slots[i].users, 0);
			pg_atomic_init_u64(&shared->slots[i].last_counted, 0);
			for (int j = 0; j < N_COUNTERS; j++)
				pg_atomic_init_u64(&shared->slots[i].counts[j], 0);
		}
	}
	LWLockRelease(AddinShmemInitLock);
	if (IsUnderPostmaster)
		return;
	on_shmem_exit(write_file, (Datum) 0);
	if (!found)
		read_file();
}

void
statistics_install(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_up;
}

/* The slot of a version, or NULL. Under the lock. */
static VersionSlot *
find_slot(const VersionKey *key)
{
	for (int i = 0; i < shared->n_slots; i++)
	{
		VersionSlot *slot = &shared->slots[i];

		if (pg_atomic_read_u64(&slot->generation) != 0 &&
			memcmp(&slot->key, key, sizeof(VersionKey)) == 0)
			return slot;
	}
	return NULL;
}

/* Let a counter know its version's slot, if there is one. */
static bool
attach(VersionCounter *counter)
{
	LWLockAcquire(shared->lock, LW_SHARED);
	counter->slot = find_slot(&counter->key);
	if (counter->slot != NULL)
		counter->generation = pg_atomic_read_u64(&counter->slot->generation);
	LWLockRelease(shared->lock);
	return counter->slot != NULL;
}

/* What is known of a slot when one must be taken away. */
typedef struct Candidate
{
	VersionKey key;
	uint64 generation;
	uint64 last_counted;
} Candidate;

/* Copy the table's keys. Answers how many. candidates: (n_slots) */
static int
list_candidates(Candidate *candidates)
{
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < shared->n_slots; i++)
	{
		VersionSlot *slot = &shared->slots[i];

		candidates[i].key = slot->key;
		candidates[i].generation = pg_atomic_read_u64(&slot->generation);
		candidates[i].last_counted = pg_atomic_read_u64(&slot->last_counted);
	}
	LWLockRelease(shared->lock);
	return shared->n_slots;
}

/* Whether a version does not answer: 2 if it is gone, 1 if it is there, 0 if it answers. */
static int
expendability(const VersionKey *key)
{
	RegistryDeployed rows[MAX_TRAFFIC_VERSIONS + MAX_SHADOW_VERSIONS];
	RegistryVersion found;
	int n_rows;

	if (key->database != MyDatabaseId)
		return SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(key->database)) ? 0 : 2;
	if (!registry_find_version(key->model_id, key->version, GetActiveSnapshot(), &found, NULL) ||
		found.key.checksum != key->checksum)
		return 2;
	n_rows = registry_read_deployment(key->model_id, GetActiveSnapshot(), rows);
	for (int i = 0; i < n_rows; i++)
	{
		if (rows[i].version == key->version)
			return 0;
	}
	return 1;
}

/*
 * The slot to be taken away when all are occupied: of a version that is gone, else of the one that was asked
 * least recently among those that do not answer any more; -1 if all of them answer.
 */
static int
choose_victim(const Candidate *candidates, int n)
{
	int victim = -1;

	for (int i = 0; i < n; i++)
	{
		int degree = candidates[i].generation == 0 ? 2 : expendability(&candidates[i].key);

		if (degree == 2)
			return i;
		if (degree == 1 &&
			(victim < 0 || candidates[i].last_counted < candidates[victim].last_counted))
			victim = i;
	}
	return victim;
}

/* A free slot, or NULL. Under the lock. */
static VersionSlot *
find_free_slot(void)
{
	for (int i = 0; i < shared->n_slots; i++)
	{
		if (pg_atomic_read_u64(&shared->slots[i].generation) == 0)
			return &shared->slots[i];
	}
	return NULL;
}

/* Take the slot away that a candidate was seen in, unless it has changed since. Under the lock, alone. */
static VersionSlot *
take_away(int place, const Candidate *candidate)
{
	VersionSlot *slot = &shared->slots[place];

	if (pg_atomic_read_u64(&slot->generation) != candidate->generation)
		return NULL;
	vacate(slot);
	shared->n_evicted++;
	return slot;
}

/* Give a counter's version a slot, if there is room or somebody's can be taken away. */
static void
claim(VersionCounter *counter)
{
	Candidate *candidates = NULL;
	int victim = -1;
	TimestampTz now = GetCurrentTimestamp();

	for (int attempt = 0; attempt < 2; attempt++)
	{
		VersionSlot *slot;

		LWLockAcquire(shared->lock, LW_EXCLUSIVE);
		slot = find_slot(&counter->key);
		if (slot == NULL)
		{
			slot = find_free_slot();
			if (slot == NULL && victim >= 0)
				slot = take_away(victim, &candidates[victim]);
			if (slot != NULL)
				occupy(slot, &counter->key, now);
		}
		counter->slot = slot;
		if (slot != NULL)
			counter->generation = pg_atomic_read_u64(&slot->generation);
		LWLockRelease(shared->lock);
		if (slot != NULL || attempt == 1)
			break;
		/* the tables are read without the lock */
		candidates = palloc_array(Candidate, shared->n_slots);
		victim = choose_victim(candidates, list_candidates(candidates));
		if (victim < 0)
			break;
	}
	if (candidates != NULL)
		pfree(candidates);
	if (counter->slot == NULL)
		counter->next_attempt = TimestampTzPlusMilliseconds(now, RETRY_MILLISECONDS);
}

/* The counter of a key, made if there is none. */
static VersionCounter *
find_counter(const VersionKey *key)
{
	VersionCounter *counter;
	bool found;

	if (counters == NULL)
	{
		HASHCTL control = {.keysize = sizeof(VersionKey),
						   .entrysize = sizeof(VersionCounter),
						   .hcxt = TopMemoryContext};

		counters =
			hash_create("sentiment counters", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	counter = hash_search(counters, key, HASH_ENTER, &found);
	if (!found)
		memset((char *) counter + sizeof(VersionKey), 0,
			   sizeof(VersionCounter) - sizeof(VersionKey));
	return counter;
}

VersionCounter *
statistics_counter(int64 model_id, const RegistryVersion *version)
{
	VersionKey key = {.model_id = model_id,
					  .checksum = version->key.checksum,
					  .version = version->version,
					  .database = MyDatabaseId};
	VersionCounter *counter;

	if (shared == NULL || !track_predictions)
		return NULL;
	counter = find_counter(&key);
	if (counter->slot != NULL &&
		pg_atomic_read_u64(&counter->slot->generation) == counter->generation)
		return counter;
	if (!attach(counter) && GetCurrentTransactionStartTimestamp() >= counter->next_attempt)
		claim(counter);
	return counter;
}

/* Remember that a counter has something to add. */
static inline void
set_pending(VersionCounter *counter)
{
	if (counter->is_pending)
		return;
	counter->is_pending = true;
	counter->next_pending = first_pending;
	first_pending = counter;
}

/* Nanoseconds of a clock that only goes forward. */
static uint64
now_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64) now.tv_sec * 1000000000 + (uint64) now.tv_nsec;
}

uint64
statistics_begin(VersionCounter *counter)
{
	if (counter->n_timed >= ALWAYS_TIMED && counter->n_untimed < TIMED_EVERY - 1)
		return 0;
	return now_nanoseconds();
}

/* Add a counter's numbers to its slot; false if that is another version's by now. */
static bool
add_to_slot(const VersionCounter *counter)
{
	const uint64 *counts = (const uint64 *) &counter->counts;
	VersionSlot *slot = counter->slot;
	bool is_mine;

	(void) pg_atomic_fetch_add_u32(&slot->users, 1);
	is_mine = pg_atomic_read_u64(&slot->generation) == counter->generation;
	if (is_mine)
	{
		for (int i = 0; i < N_COUNTERS; i++)
		{
			if (counts[i] != 0)
				(void) pg_atomic_fetch_add_u64(&slot->counts[i], (int64) counts[i]);
		}
		pg_atomic_write_u64(&slot->last_counted, (uint64) GetCurrentTransactionStartTimestamp());
	}
	(void) pg_atomic_fetch_sub_u32(&slot->users, 1);
	return is_mine;
}

/* Add a counter's numbers to the shared ones, and begin again at zero. */
static void
flush_counter(VersionCounter *counter)
{
	if (counter->n_untimed > 0)
		prediction_counts_add_latency(&counter->counts, counter->last_time, counter->n_untimed);
	/* after a reset the version has its slot under another generation */
	if (!(counter->slot != NULL && add_to_slot(counter)) &&
		!(attach(counter) && add_to_slot(counter)))
		(void) pg_atomic_fetch_add_u64(&shared->untracked,
									   (int64) prediction_counts_total(&counter->counts));
	memset(&counter->counts, 0, sizeof(counter->counts));
	counter->n_untimed = 0;
	counter->n_pending = 0;
}

void
statistics_end(VersionCounter *counter, uint64 begun, uint32 class_index, double probability)
{
	set_pending(counter);
	prediction_counts_add(&counter->counts, class_index, probability);
	counter->n_untimed++;
	if (begun != 0)
	{
		/* it stands for those before it whose time was not taken */
		counter->last_time = now_nanoseconds() - begun;
		prediction_counts_add_latency(&counter->counts, counter->last_time, counter->n_untimed);
		counter->n_untimed = 0;
		counter->n_timed++;
	}
	if (++counter->n_pending >= MOST_PENDING)
		flush_counter(counter);
}

void
statistics_fail(VersionCounter *counter, int sqlstate)
{
	const char *state = unpack_sql_state(sqlstate);
	int i = 0;

	while (i < N_COUNTED_ERRORS - 1 && strncmp(error_classes[i], state, 2) != 0)
		i++;
	set_pending(counter);
	counter->counts.errors[i]++;
}

void
statistics_count_shadow(VersionCounter *counter, bool disagrees)
{
	set_pending(counter);
	counter->counts.shadow_compared++;
	counter->counts.shadow_disagreed += disagrees;
}

void
statistics_count_shadow_failure(VersionCounter *counter)
{
	set_pending(counter);
	counter->counts.shadow_failed++;
}

void
statistics_count_load(VersionCounter *counter)
{
	set_pending(counter);
	counter->counts.loads++;
}

void
statistics_count_training(VersionCounter *counter, uint64 n_rows)
{
	set_pending(counter);
	counter->counts.trainings++;
	counter->counts.rows_trained += n_rows;
}

void
statistics_flush(void)
{
	while (first_pending != NULL)
	{
		VersionCounter *counter = first_pending;

		first_pending = counter->next_pending;
		counter->is_pending = false;
		counter->next_pending = NULL;
		counter->n_timed = 0;
		flush_counter(counter);
	}
}

/* Raise an error if nothing is counted. */
static void
require_statistics(void)
{
	if (shared == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("predictions are not counted"),
				 errdetail("The statistics live in shared memory, which a library gets when the "
						   "server starts."),
				 errhint("Add \"sentiment\" to shared_preload_libraries and restart.")));
}

/* A bigint array of counters. */
static Datum
counter_array(const uint64 *counts, int n)
{
	Datum *elements = palloc_array(Datum, n);

	for (int i = 0; i < n; i++)
		elements[i] = Int64GetDatum((int64) counts[i]);
	return PointerGetDatum(
		construct_array(elements, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Whether the current role may see the counts of a version, which must be there. */
static bool
is_visible(const VersionKey *key)
{
	RegistryModel model;
	RegistryVersion found;

	return key->database == MyDatabaseId &&
		   registry_find_model_by_id(key->model_id, GetActiveSnapshot(), &model) &&
		   registry_has_privilege(&model, PRIVILEGE_PREDICT, GetActiveSnapshot()) &&
		   registry_find_version(key->model_id, key->version, GetActiveSnapshot(), &found, NULL) &&
		   found.key.checksum == key->checksum;
}

/* A number that may be none. */
static void
set_number(double number, Datum *value, bool *is_null)
{
	*is_null = isnan(number);
	*value = Float8GetDatum(number);
}

/* Put a row of a version's counts into the answer. */
static void
put_version(ReturnSetInfo *result, const FileSlot *slot)
{
	const PredictionCounts *counts = (const PredictionCounts *) slot->counts;
	Datum values[19];
	bool nulls[19] = {0};
	int i = 0;

	values[i++] = Int64GetDatum(slot->key.model_id);
	values[i++] = Int32GetDatum(slot->key.version);
	values[i++] = TimestampTzGetDatum(slot->since);
	values[i++] = Int64GetDatum((int64) prediction_counts_total(counts));
	values[i++] = counter_array(counts->labels, N_COUNTED_LABELS);
	values[i++] = counter_array(counts->confidence, N_CONFIDENCE_BINS);
	values[i++] = Float8GetDatum((double) counts->confidence_sum / CONFIDENCE_BILLION);
	values[i++] = counter_array(counts->latency, N_LATENCY_BUCKETS);
	values[i++] = Float8GetDatum((double) counts->latency_sum / 1e9);
	set_number(prediction_counts_latency_quantile(counts, 0.5), &values[i], &nulls[i]);
	i++;
	set_number(prediction_counts_latency_quantile(counts, 0.95), &values[i], &nulls[i]);
	i++;
	set_number(prediction_counts_latency_quantile(counts, 0.99), &values[i], &nulls[i]);
	i++;
	values[i++] = counter_array(counts->errors, N_COUNTED_ERRORS);
	values[i++] = Int64GetDatum((int64) counts->shadow_compared);
	values[i++] = Int64GetDatum((int64) counts->shadow_disagreed);
	values[i++] = Int64GetDatum((int64) counts->shadow_failed);
	values[i++] = Int64GetDatum((int64) counts->trainings);
	values[i++] = Int64GetDatum((int64) counts->rows_trained);
	values[i++] = Int64GetDatum((int64) counts->loads);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Copy the occupied slots. Answers how many. copies: (n_slots) */
static int
copy_slots(FileSlot *copies)
{
	int n = 0;

	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < shared->n_slots; i++)
	{
		VersionSlot *slot = &shared->slots[i];

		if (pg_atomic_read_u64(&slot->generation) == 0 || slot->key.database != MyDatabaseId)
			continue;
		copies[n].key = slot->key;
		copies[n].since = slot->since;
		for (int j = 0; j < N_COUNTERS; j++)
			copies[n].counts[j] = pg_atomic_read_u64(&slot->counts[j]);
		n++;
	}
	LWLockRelease(shared->lock);
	return n;
}

/* The counts of all versions that the current role may use. */
PG_FUNCTION_INFO_V1(sentiment_stat_versions);
Datum
sentiment_stat_versions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	FileSlot *copies;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	/* for sentiment_metrics, which has other things to tell too */
	if (shared == NULL && !PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
		return (Datum) 0;
	require_statistics();
	statistics_flush();
	copies = palloc_extended(shared->n_slots * sizeof(FileSlot), MCXT_ALLOC_HUGE);
	n = copy_slots(copies);
	for (int i = 0; i < n; i++)
	{
		if (is_visible(&copies[i].key))
			put_version(result, &copies[i]);
	}
	pfree(copies);
	return (Datum) 0;
}

/* (maximum, tracked, evicted, untracked) */
PG_FUNCTION_INFO_V1(sentiment_stat_table);
Datum
sentiment_stat_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[4];
	bool nulls[4] = {0};
	int n_tracked = 0;
	uint64 n_evicted;

	InitMaterializedSRF(fcinfo, 0);
	if (shared == NULL && !PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
		return (Datum) 0;
	require_statistics();
	statistics_flush();
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < shared->n_slots; i++)
		n_tracked += pg_atomic_read_u64(&shared->slots[i].generation) != 0;
	n_evicted = shared->n_evicted;
	LWLockRelease(shared->lock);
	values[0] = Int32GetDatum(shared->n_slots);
	values[1] = Int32GetDatum(n_tracked);
	values[2] = Int64GetDatum((int64) n_evicted);
	values[3] = Int64GetDatum((int64) pg_atomic_read_u64(&shared->untracked));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}

/* The upper bounds of the latency buckets in seconds; the last one is infinite. */
PG_FUNCTION_INFO_V1(sentiment_stat_latency_bounds);
Datum
sentiment_stat_latency_bounds(PG_FUNCTION_ARGS)
{
	Datum elements[N_LATENCY_BUCKETS];

	for (int i = 0; i < N_LATENCY_BUCKETS; i++)
		elements[i] = Float8GetDatum(i < N_LATENCY_BUCKETS - 1 ? latency_bounds[i] : INFINITY);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, N_LATENCY_BUCKETS, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The classes of SQLSTATE that are counted. */
PG_FUNCTION_INFO_V1(sentiment_stat_error_classes);
Datum
sentiment_stat_error_classes(PG_FUNCTION_ARGS)
{
	Datum elements[N_COUNTED_ERRORS];

	for (int i = 0; i < N_COUNTED_ERRORS; i++)
		elements[i] = CStringGetTextDatum(error_classes[i]);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(elements, N_COUNTED_ERRORS, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Begin at zero for a model of this database, or for all of them. */
static void
reset(int64 model_id, bool all)
{
	TimestampTz now = GetCurrentTimestamp();

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < shared->n_slots; i++)
	{
		VersionSlot *slot = &shared->slots[i];
		VersionKey key = slot->key;

		if (pg_atomic_read_u64(&slot->generation) == 0 || key.database != MyDatabaseId ||
			!(all || key.model_id == model_id))
			continue;
		vacate(slot);
		occupy(slot, &key, now);
	}
	LWLockRelease(shared->lock);
}

/* Count a model's predictions from zero, or all models' of the database. Works on a standby. */
PG_FUNCTION_INFO_V1(sentiment_stat_reset);
Datum
sentiment_stat_reset(PG_FUNCTION_ARGS)
{
	RegistryModel model = {0};

	if (PG_ARGISNULL(0))
	{
		if (!superuser())
			ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
							errmsg("permission denied to reset the statistics of all models"),
							errdetail("Only superusers may."), errhint("Name a model of yours.")));
	}
	else
	{
		char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

		if (!registry_find_model(name, GetActiveSnapshot(), &model))
			registry_model_missing(name);
		registry_check_privilege(&model, PRIVILEGE_ADMIN, GetActiveSnapshot());
	}
	require_statistics();
	statistics_flush();
	reset(model.model_id, PG_ARGISNULL(0));
	PG_RETURN_VOID();
}
