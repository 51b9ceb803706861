/*
 * shared_statistics.h
 *	  The table of version counts in shared memory: there if the library was preloaded.
 *
 * A slot belongs to a version while its generation is the number that it was given with it, and is free at
 * generation 0. Who adds to a slot enters it (users), looks whether the generation is still the one that it
 * knows, adds, and leaves; no lock is taken. Who gives a slot away holds the lock alone, sets the
 * generation to 0, waits until nobody is inside, and then changes the rest. Both sides use operations that are
 * full memory barriers. Readers hold the lock shared, so the slots stay the same versions'.
 *
 * What predictions see is counted by epochs of equal length: each slot has a ring of them. The first who adds to
 * a new epoch takes the oldest one's place, in the same way: with the lock alone, it sets that epoch's number to 0, waits
 * until nobody is inside, and adds what was counted there to the slot's past. So the lock is taken once an epoch.
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
	pg_atomic_uint32 has_layout; /* 0 until the first prediction is sampled */
	LiveLayout layout;
	LiveSketch past; /* of the epochs that have left the ring; changes under the lock */
} VersionSlot;

/* What predictions saw in an epoch. */
typedef struct LiveEpoch
{
	pg_atomic_uint64 number; /* its start in epoch lengths; 0: unused, or changing */
	pg_atomic_uint64 labels[N_COUNTED_LABELS];         /* all predictions by label */
	pg_atomic_uint64 embedding[MAX_MOMENT_DIMENSIONS]; /* of those that were sampled, as the rest */
	pg_atomic_uint32 counters[N_LIVE_COUNTERS];
} LiveEpoch;

typedef struct SharedStatistics
{
	LWLock *lock; /* alone: to give slots away; shared: to look for them and to read */
	uint64 last_generation;
	uint64 n_evicted;           /* versions that lost their slot to another */
	pg_atomic_uint64 untracked; /* predictions of versions without a slot */
	int n_slots;
	int n_epochs;       /* of each slot */
	int64 epoch_length; /* microseconds */
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

/* The same for a sampled prediction, located by the layout of the version. */
extern bool shared_statistics_add_sample(VersionSlot *slot, uint64 generation,
										 const LiveLayout *layout, const LiveSample *sample);

/* Copy the layout of a slot of the generation; false if it has none. */
extern bool shared_statistics_copy_layout(VersionSlot *slot, uint64 generation, LiveLayout *layout);

#endif /* SENTIMENT_SHARED_STATISTICS_H */
