/*
 * live_traffic.c
 *	  What the predictions of a version have seen since counting began.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/drift/live_sketch.h"
#include "extension/live_traffic.h"
#include "extension/shared_statistics.h"
#include "extension/version_counter.h"

/* A copy of what a slot holds. */
typedef struct SlotCopy
{
	VersionKey key;
	TimestampTz since;
	uint64 counts[N_COUNTERS];
	uint64 sketch[N_LIVE_CELLS];
} SlotCopy;

/* Copy an occupied slot. Under the lock. */
static void
copy_slot(VersionSlot *slot, SlotCopy *copy)
{
	copy->key = slot->key;
	copy->since = slot->since;
	for (int i = 0; i < N_COUNTERS; i++)
		copy->counts[i] = pg_atomic_read_u64(&slot->counts[i]);
	for (int i = 0; i < N_LIVE_CELLS; i++)
		copy->sketch[i] = pg_atomic_read_u64(&slot->sketch[i]);
}

/* Copy the slot of a version; false if it has none. */
static bool
find_slot(const VersionKey *key, SlotCopy *copy)
{
	VersionSlot *slot;

	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	slot = shared_statistics_find(key);
	if (slot != NULL)
		copy_slot(slot, copy);
	LWLockRelease(shared_statistics->lock);
	return slot != NULL;
}

DriftProfile *
live_traffic_profile(const RegistryModel *model, const RegistryVersion *version,
					 const Pipeline *pipeline, LiveTraffic *traffic)
{
	VersionKey key = {.model_id = model->model_id,
					  .checksum = version->key.checksum,
					  .version = version->version,
					  .database = MyDatabaseId};
	DriftProfile *profile = palloc0(sizeof(DriftProfile));
	SlotCopy *copy;

	if (shared_statistics == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no source is given, and live traffic of model \"%s\" is not counted",
						model->name),
				 errdetail("The statistics live in shared memory, which a library gets when "
						   "the server starts."),
				 errhint("Name a table or view of rows in the argument source, or add "
						 "\"sentiment\" to shared_preload_libraries and restart.")));
	statistics_flush();
	*traffic = (LiveTraffic){0};
	copy = palloc(sizeof(SlotCopy));
	if (find_slot(&key, copy))
	{
		live_sketch_fill_profile(copy->sketch, (const PredictionCounts *) copy->counts, pipeline,
								 profile);
		traffic->n_predictions = profile->n_rows;
		traffic->n_sampled = profile->n_texts;
		traffic->since = copy->since;
	}
	pfree(copy);
	return profile;
}

/* Copy the slots of this database. Answers how many. copies: (n_slots) */
static int
copy_slots(SlotCopy *copies)
{
	int n = 0;

	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];

		if (pg_atomic_read_u64(&slot->generation) != 0 && slot->key.database == MyDatabaseId)
			copy_slot(slot, &copies[n++]);
	}
	LWLockRelease(shared_statistics->lock);
	return n;
}

/* Whether the current role may see the sketch of a version, which must be there: who may train it. */
static bool
is_visible(const VersionKey *key)
{
	RegistryModel model;
	RegistryVersion found;

	return registry_find_model_by_id(key->model_id, GetActiveSnapshot(), &model) &&
		   registry_has_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot()) &&
		   registry_find_version(key->model_id, key->version, GetActiveSnapshot(), &found, NULL) &&
		   found.key.checksum == key->checksum;
}

/* The name of a histogram, as drift reports have it. */
static const char *
histogram_name(uint32 histogram)
{
	return histogram == PROFILE_SCORE     ? "(score)"
		   : histogram == PROFILE_UNKNOWN ? "(unknown tokens)"
										  : text_feature_names[histogram - PROFILE_TEXT_FEATURES];
}

/* Put the cells of a version's sketch that are not empty into the answer. */
static void
put_sketch(ReturnSetInfo *result, const SlotCopy *copy)
{
	for (uint32 i = 0; i < N_LIVE_CELLS; i++)
	{
		LiveCell cell;
		Datum values[7];
		bool nulls[7] = {0};

		if (copy->sketch[i] == 0)
			continue;
		cell = live_sketch_cell(i);
		values[0] = Int64GetDatum(copy->key.model_id);
		values[1] = Int32GetDatum(copy->key.version);
		values[2] = CStringGetTextDatum(histogram_name(cell.histogram));
		values[3] = Float8GetDatum(cell.lower);
		values[4] = Float8GetDatum(cell.upper);
		values[5] = Int64GetDatum((int64) copy->sketch[i]);
		values[6] = TimestampTzGetDatum(copy->since);
		nulls[3] = nulls[4] = cell.is_missing;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* (model_id, version, feature, lower, upper, predictions, since) of what may be seen. */
PG_FUNCTION_INFO_V1(sentiment_stat_sketches);
Datum
sentiment_stat_sketches(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SlotCopy *copies;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	statistics_require();
	statistics_flush();
	copies =
		palloc_extended(mul_size(shared_statistics->n_slots, sizeof(SlotCopy)), MCXT_ALLOC_HUGE);
	n = copy_slots(copies);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_visible(&copies[i].key))
			put_sketch(result, &copies[i]);
	}
	pfree(copies);
	return (Datum) 0;
}
