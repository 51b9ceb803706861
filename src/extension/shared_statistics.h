/*
 * shared_statistics.h
 *	  The table of version counts in shared memory: there if the library was preloaded.
 *
 * A slot belongs to a version while its generation is the number that it was given with it, and is free at
 * generation 0. Who adds to a slot enters it (users), looks whether the generation is still the one that it
 * knows, adds, and leaves; no lock is taken. Who gives a slot away holds the lock alone, sets the
 * generation to 0, waits until nobody is inside, and then changes the rest. Both sides use operations that are
 * full memory barriers. Readers hold the lock shared, so the slots stay the same versions'.
 */
#ifndef SENTIMENT_SHARED_STATISTICS_H
#define SENTIMENT_SHARED_STATISTICS_H

#include "postgres.h"

#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "core/drift/live_sketch.h"

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
	pg_atomic_uint64 sketch[N_LIVE_CELLS]; /* of the predictions that were sampled */
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

/* The table; NULL if the library was not preloaded. */
extern SharedStatistics *shared_statistics;

/* Ask for shared memory: once, when the library is preloaded. */
extern void shared_statistics_install(void);

/* The slot of a version, or NULL. Under the lock. */
extern VersionSlot *shared_statistics_find(const VersionKey *key);

/* A free slot, or NULL. Under the lock. */
extern VersionSlot *shared_statistics_find_free(void);

/* Give a free slot to a version, its counts at zero. Under the lock, alone. */
extern void shared_statistics_occupy(VersionSlot *slot, const VersionKey *key, TimestampTz since);

/* Take a slot away from its version. Under the lock, alone. */
extern void shared_statistics_vacate(VersionSlot *slot);

/*
 * Add counts to a slot without a lock; false, and nothing is added, if it is not of the generation any more.
 */
extern bool shared_statistics_add(VersionSlot *slot, uint64 generation,
								  const PredictionCounts *counts);

/* The same for a sampled prediction. cells: (N_LIVE_HISTOGRAMS) */
extern bool shared_statistics_add_sample(VersionSlot *slot, uint64 generation, const uint32 *cells);

#endif /* SENTIMENT_SHARED_STATISTICS_H */
