/*
 * version_counter.h
 *	  Counting what model versions answer.
 *
 * Each version of each database's models has a slot of atomic counters. A backend counts into its own memory,
 * and adds that to the slot at the end of a transaction, or after many predictions; nobody waits for
 * a lock but when a version gets a slot. The table has a fixed size: a version that finds no room takes the
 * slot of one that is gone or does not answer any more; if there is none, its predictions are counted as
 * untracked only.
 */
#ifndef SENTIMENT_VERSION_COUNTER_H
#define SENTIMENT_VERSION_COUNTER_H

#include "postgres.h"

#include "core/drift/live_sketch.h"
#include "extension/registry.h"

/* What a backend counts of a version. */
typedef struct VersionCounter VersionCounter;

/* Classes of SQLSTATE that are counted one by one; the last counter is of all others. (N_COUNTED_ERRORS) */
extern const char *const counted_error_classes[];

/* Whether there is shared memory to count in. */
extern bool statistics_available(void);

/* Raise an error if there is none. */
extern void statistics_require(void);

/* The counter of a version; NULL if nothing is to be counted. Stays where it is. Under an active snapshot. */
extern VersionCounter *statistics_counter(int64 model_id, const RegistryVersion *version);

/* A prediction begins: the time, or 0 if it is one whose time is not taken. */
extern uint64 statistics_begin(VersionCounter *counter);

/* It has ended: with a class that has a probability. begun: of statistics_begin */
extern void statistics_end(VersionCounter *counter, uint64 begun, uint32 class_index,
						   double probability);

/* Whether a prediction is one of those, one in 64 and chosen at random, that the sketch sees. */
extern bool statistics_wants_sample(void);

/*
 * What is counted of the texts of a version, whose pipeline is given; NULL if it has found no room. Lives until the next
 * call.
 */
extern const LiveLayout *statistics_layout(VersionCounter *counter, const Pipeline *pipeline);

/* Add a sampled prediction to what the version has seen: located by statistics_layout. */
extern void statistics_sample(VersionCounter *counter, const LiveSample *sample);

/* It has failed. */
extern void statistics_fail(VersionCounter *counter, int sqlstate);

/* A version was scored in the shadow, or could not be. */
extern void statistics_count_shadow(VersionCounter *counter, bool disagrees);
extern void statistics_count_shadow_failure(VersionCounter *counter);

/* A version was read from its table into a session's cache. */
extern void statistics_count_load(VersionCounter *counter);

/* A version was trained. */
extern void statistics_count_training(VersionCounter *counter, uint64 n_rows);

/* Add this backend's counts to the shared ones: at the end of a transaction. */
extern void statistics_flush(void);

#endif /* SENTIMENT_VERSION_COUNTER_H */
