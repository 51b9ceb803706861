/*
 * version_counter.c
 *	  Counting what model versions answer.
 */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "access/xact.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "extension/live_traffic.h"
#include "extension/settings.h"
#include "extension/shared_statistics.h"
#include "extension/version_counter.h"

/* A backend adds its counts to the shared ones after so many predictions at the latest. */
#define MOST_PENDING 1024

/* The time of a transaction's first predictions of a version is taken, then that of each n-th: it costs. */
#define ALWAYS_TIMED 16
#define TIMED_EVERY  16

/* One prediction in so many goes into the sketch. */
#define SAMPLED_EVERY 64

/* A version that found no slot tries again after so many milliseconds. */
#define RETRY_MILLISECONDS 10000

/* How often it is tried to add counts to a slot that is given away, or reset, meanwhile. */
#define MOST_ATTEMPTS 16

/* So many versions' layouts are kept; a session that asks more begins anew. */
#define MOST_LAYOUTS 16

struct VersionCounter
{
	VersionKey key;
	VersionSlot *slot; /* NULL: none was found */
	uint64 generation;
	TimestampTz next_attempt;
	VersionCounter *next_pending; /* in the list of those that have something to add */
	bool is_pending;
	uint32 n_pending;   /* predictions since the last time it was added */
	uint32 n_timed;     /* in this transaction */
	uint32 n_untimed;   /* predictions since a time was taken */
	uint64 last_time;   /* nanoseconds that a prediction took */
	LiveLayout *layout; /* a copy, or NULL */
	PredictionCounts counts;
};

static HTAB *counters = NULL;
static VersionCounter *first_pending = NULL;
static int n_layouts = 0; /* that counters have */

const char *const counted_error_classes[N_COUNTED_ERRORS] = {
	"0A", "22", "23", "24", "25", "28", "40", "42",
	"53", "54", "55", "57", "58", "P0", "XX", "other",
};

bool
statistics_available(void)
{
	return shared_statistics != NULL;
}

void
statistics_require(void)
{
	if (shared_statistics == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("predictions are not counted"),
				 errdetail("The statistics live in shared memory, which a library gets when the "
						   "server starts."),
				 errhint("Add \"sentiment\" to shared_preload_libraries and restart.")));
}

/* Let a counter know its version's slot, if there is one. */
static bool
attach(VersionCounter *counter)
{
	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	counter->slot = shared_statistics_find(&counter->key);
	if (counter->slot != NULL)
		counter->generation = pg_atomic_read_u64(&counter->slot->generation);
	LWLockRelease(shared_statistics->lock);
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
	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];

		candidates[i].key = slot->key;
		candidates[i].generation = pg_atomic_read_u64(&slot->generation);
		candidates[i].last_counted = pg_atomic_read_u64(&slot->last_counted);
	}
	LWLockRelease(shared_statistics->lock);
	return shared_statistics->n_slots;
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

/* Take the slot away that a candidate was seen in, unless it has changed since. Under the lock, alone. */
static VersionSlot *
take_away(int place, const Candidate *candidate)
{
	VersionSlot *slot = &shared_statistics->slots[place];

	if (pg_atomic_read_u64(&slot->generation) != candidate->generation)
		return NULL;
	shared_statistics_vacate(slot);
	shared_statistics->n_evicted++;
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

		LWLockAcquire(shared_statistics->lock, LW_EXCLUSIVE);
		slot = shared_statistics_find(&counter->key);
		if (slot == NULL)
		{
			slot = shared_statistics_find_free();
			if (slot == NULL && victim >= 0)
				slot = take_away(victim, &candidates[victim]);
			if (slot != NULL)
				shared_statistics_occupy(slot, &counter->key, now);
		}
		counter->slot = slot;
		if (slot != NULL)
			counter->generation = pg_atomic_read_u64(&slot->generation);
		LWLockRelease(shared_statistics->lock);
		if (slot != NULL || attempt == 1)
			break;
		/* the tables are read without the lock */
		candidates = palloc_array(Candidate, shared_statistics->n_slots);
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

	if (shared_statistics == NULL || !track_predictions)
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

/* Add a counter's numbers to the shared ones, and begin again at zero. */
static void
flush_counter(VersionCounter *counter)
{
	bool is_added = false;

	if (counter->n_untimed > 0)
		prediction_counts_add_latency(&counter->counts, counter->last_time, counter->n_untimed);
	/* after a reset the version has its slot under another generation; resets may follow each other */
	for (int attempt = 0; attempt < MOST_ATTEMPTS && !is_added; attempt++)
	{
		if ((attempt > 0 || counter->slot == NULL) && !attach(counter))
			break;
		is_added = shared_statistics_add(counter->slot, counter->generation, &counter->counts);
	}
	if (!is_added)
		(void) pg_atomic_fetch_add_u64(&shared_statistics->untracked,
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

/* How many predictions it is until the next one that is sampled, itself included: geometrically distributed. */
static uint32
draw_gap(void)
{
	double uniform = 1 - pg_prng_double(&pg_global_prng_state);

	return 1 + (uint32) (log(uniform) / log1p(-1.0 / SAMPLED_EVERY));
}

/*
 * At random rather than every 64th: sessions may be short, and texts may come in a rhythm. Each is taken with the same
 * probability, whatever was before: that is what geometrically distributed gaps are, and one number is drawn for each.
 */
bool
statistics_wants_sample(void)
{
	static uint32 until_sample = 0;

	if (until_sample == 0)
		until_sample = draw_gap();
	if (--until_sample > 0)
		return false;
	until_sample = draw_gap();
	return true;
}

/* Forget the layouts of all versions. */
static void
forget_layouts(void)
{
	HASH_SEQ_STATUS status;
	VersionCounter *counter;

	hash_seq_init(&status, counters);
	while ((counter = hash_seq_search(&status)) != NULL)
	{
		if (counter->layout != NULL)
			pfree(counter->layout);
		counter->layout = NULL;
	}
	n_layouts = 0;
}

const LiveLayout *
statistics_layout(VersionCounter *counter, const Pipeline *pipeline)
{
	LiveLayout layout;

	if (counter->layout != NULL)
		return counter->layout;
	if (counter->slot == NULL)
		return NULL;
	if (!shared_statistics_copy_layout(counter->slot, counter->generation, &layout) ||
		!live_layout_is_of(&layout, pipeline))
		live_traffic_make_layout(counter->key.model_id, counter->key.version, pipeline, &layout);
	if (n_layouts >= MOST_LAYOUTS)
		forget_layouts();
	counter->layout = MemoryContextAlloc(TopMemoryContext, sizeof(LiveLayout));
	*counter->layout = layout;
	n_layouts++;
	return counter->layout;
}

/* At once, not at the end of the transaction: it is rare, and few numbers of many change. */
void
statistics_sample(VersionCounter *counter, const LiveSample *sample)
{
	if (counter->slot != NULL &&
		shared_statistics_add_sample(counter->slot, counter->generation, counter->layout, sample))
		return;
	/* after a reset the version has its slot under another generation */
	if (attach(counter))
		(void) shared_statistics_add_sample(counter->slot, counter->generation, counter->layout,
											sample);
}

void
statistics_fail(VersionCounter *counter, int sqlstate)
{
	const char *state = unpack_sql_state(sqlstate);
	int i = 0;

	while (i < N_COUNTED_ERRORS - 1 && strncmp(counted_error_classes[i], state, 2) != 0)
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
