/*
 * live_traffic.c
 *	  What the predictions of a version have seen: since counting began, or lately.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/drift/live_sketch.h"
#include "extension/drift_profile.h"
#include "extension/live_epochs.h"
#include "extension/live_traffic.h"
#include "extension/shared_statistics.h"
#include "extension/version_counter.h"

/* A copy of what a version's slot holds of its traffic. */
typedef struct TrafficCopy
{
	TimestampTz since; /* when counting began */
	LiveLayout layout; /* without terms and columns if no prediction was sampled */
	LiveWindow window;
} TrafficCopy;

/* Copy what the slot of a version holds from a moment on, DT_NOBEGIN for all; false if it has no slot. */
static bool
copy_traffic(const VersionKey *key, TimestampTz from, TrafficCopy *copy)
{
	VersionSlot *slot;

	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	slot = shared_statistics_find(key);
	if (slot != NULL)
	{
		copy->since = slot->since;
		if (pg_atomic_read_u32(&slot->has_layout) != 0)
			copy->layout = slot->layout;
		else
			memset(&copy->layout, 0, sizeof(LiveLayout));
		live_epochs_copy(slot, from, &copy->window);
	}
	LWLockRelease(shared_statistics->lock);
	return slot != NULL;
}

void
live_traffic_require(const RegistryModel *model)
{
	if (shared_statistics != NULL)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("no source is given, and live traffic of model \"%s\" is not counted",
						   model->name),
					errdetail("The statistics live in shared memory, which a library gets when the "
							  "server starts."),
					errhint("Name a table or view of rows in the argument source, or add "
							"\"sentiment\" to shared_preload_libraries and restart.")));
}

/* The moment from which on traffic is looked at. */
static TimestampTz
start_of_period(const Interval *period)
{
	if (period == NULL)
		return DT_NOBEGIN;
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(GetCurrentTimestamp()),
												   IntervalPGetDatum(period)));
}

/* Tell that a period is longer than epochs are kept. */
static void
notice_cut(const RegistryModel *model, TimestampTz since)
{
	ereport(NOTICE, (errmsg("live traffic of model \"%s\" is looked at from %s on", model->name,
							timestamptz_to_str(since)),
					 errdetail("The last %d epochs of %d seconds each are kept.",
							   shared_statistics->n_epochs,
							   (int) (shared_statistics->epoch_length / USECS_PER_SEC)),
					 errhint("Raise sentiment.live_epochs or sentiment.live_epoch, and restart.")));
}

DriftProfile *
live_traffic_profile(const RegistryModel *model, const RegistryVersion *version,
					 const Pipeline *pipeline, const Interval *period, DriftProfile **reference,
					 LiveTraffic *traffic)
{
	VersionKey key = {.model_id = model->model_id,
					  .checksum = version->key.checksum,
					  .version = version->version,
					  .database = MyDatabaseId};
	DriftProfile *profile;
	TrafficCopy *copy;

	live_traffic_require(model);
	statistics_flush();
	*traffic = (LiveTraffic){0};
	copy = palloc(sizeof(TrafficCopy));
	if (!copy_traffic(&key, start_of_period(period), copy))
	{
		pfree(copy);
		return palloc0(sizeof(DriftProfile));
	}
	/* of another model, if the file of a restart had it: then what its counters mean is not known */
	if (!live_layout_is_of(&copy->layout, pipeline))
		memset(&copy->layout, 0, sizeof(LiveLayout));
	if (copy->window.is_cut && copy->since < copy->window.since)
		notice_cut(model, copy->window.since);
	profile =
		live_sketch_profile(&copy->window.sketch, &copy->layout, copy->window.labels, pipeline);
	*reference = live_layout_project(&copy->layout, *reference, profile->term_slots);
	traffic->n_predictions = profile->n_rows;
	traffic->n_sampled = profile->n_texts;
	traffic->since = copy->window.since;
	pfree(copy);
	return profile;
}

void
live_traffic_make_layout(int64 model_id, int32 version, const Pipeline *pipeline,
						 LiveLayout *layout)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment layout", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	const DriftProfile *reference = NULL;
	Datum stored;

	/* texts need no reference */
	if (pipeline->space.options.n_numeric > 0 &&
		registry_find_profile(model_id, version, GetActiveSnapshot(), &stored, NULL))
		reference = expanded_state_for_reading(stored, &drift_profile_type);
	live_layout_make(layout, pipeline, reference);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

/* The versions of this database that have a slot. Answers how many. keys: (n_slots) */
static int
list_versions(VersionKey *keys)
{
	int n = 0;

	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];

		if (pg_atomic_read_u64(&slot->generation) != 0 && slot->key.database == MyDatabaseId)
			keys[n++] = slot->key;
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

/* A row of the answer: some predictions in a range of a feature, which may be a numeric column. */
static void
put_count(ReturnSetInfo *result, const VersionKey *key, const TrafficCopy *copy,
		  const char *feature, int column, double lower, double upper, uint64 count)
{
	Datum values[8] = {Int64GetDatum(key->model_id),
					   Int32GetDatum(key->version),
					   feature == NULL ? (Datum) 0 : CStringGetTextDatum(feature),
					   Int32GetDatum(column + 1),
					   Float8GetDatum(lower),
					   Float8GetDatum(upper),
					   Int64GetDatum((int64) count),
					   TimestampTzGetDatum(copy->since)};
	bool nulls[8] = {false, false, feature == NULL, feature != NULL, isnan(lower), isnan(upper)};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Put the cells of a version's sketch that are not empty into the answer. */
static void
put_sketch(ReturnSetInfo *result, const VersionKey *key, const TrafficCopy *copy)
{
	const uint64 *counters = copy->window.sketch.counters;

	for (uint32 i = 0; i < N_LIVE_CELLS; i++)
	{
		LiveCell cell = live_sketch_cell(i);

		if (counters[i] > 0)
			put_count(result, key, copy, histogram_name(cell.histogram), 0, cell.lower, cell.upper,
					  counters[i]);
	}
	for (uint32 i = 0; i < copy->layout.n_columns * LIVE_COLUMN_CELLS; i++)
	{
		uint64 count = counters[FIRST_LIVE_COLUMN + i];
		uint32 column = i / LIVE_COLUMN_CELLS;
		double lower;
		double upper;

		live_column_range(&copy->layout.columns[column], i % LIVE_COLUMN_CELLS, &lower, &upper);
		if (count > 0)
			put_count(result, key, copy, NULL, (int) column, lower, upper, count);
	}
}

/* (model_id, version, feature, numeric_column, lower, upper, predictions, since) of what may be seen. */
PG_FUNCTION_INFO_V1(sentiment_stat_sketches);
Datum
sentiment_stat_sketches(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TrafficCopy *copy;
	VersionKey *keys;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	statistics_require();
	statistics_flush();
	copy = palloc(sizeof(TrafficCopy));
	keys = palloc_array(VersionKey, shared_statistics->n_slots);
	n = list_versions(keys);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_visible(&keys[i]) && copy_traffic(&keys[i], DT_NOBEGIN, copy))
			put_sketch(result, &keys[i], copy);
	}
	pfree(keys);
	pfree(copy);
	return (Datum) 0;
}
