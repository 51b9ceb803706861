/*
 * statistics.c
 *	  What is counted of predictions, as rows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/registry.h"
#include "extension/shared_statistics.h"
#include "extension/version_counter.h"

/* A copy of a version's counts. */
typedef struct VersionCounts
{
	VersionKey key;
	TimestampTz since;
	uint64 counts[N_COUNTERS];
} VersionCounts;

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
put_version(ReturnSetInfo *result, const VersionCounts *version)
{
	const PredictionCounts *counts = (const PredictionCounts *) version->counts;
	Datum values[19];
	bool nulls[19] = {0};
	int i = 0;

	values[i++] = Int64GetDatum(version->key.model_id);
	values[i++] = Int32GetDatum(version->key.version);
	values[i++] = TimestampTzGetDatum(version->since);
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
copy_slots(VersionCounts *copies)
{
	int n = 0;

	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];

		if (pg_atomic_read_u64(&slot->generation) == 0 || slot->key.database != MyDatabaseId)
			continue;
		copies[n].key = slot->key;
		copies[n].since = slot->since;
		for (int j = 0; j < N_COUNTERS; j++)
			copies[n].counts[j] = pg_atomic_read_u64(&slot->counts[j]);
		n++;
	}
	LWLockRelease(shared_statistics->lock);
	return n;
}

/* The counts of all versions that the current role may use. */
PG_FUNCTION_INFO_V1(sentiment_stat_versions);
Datum
sentiment_stat_versions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	VersionCounts *copies;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	/* for sentiment_metrics, which has other things to tell too */
	if (shared_statistics == NULL && !PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
		return (Datum) 0;
	statistics_require();
	statistics_flush();
	copies = palloc_extended(shared_statistics->n_slots * sizeof(VersionCounts), MCXT_ALLOC_HUGE);
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
	if (shared_statistics == NULL && !PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
		return (Datum) 0;
	statistics_require();
	statistics_flush();
	LWLockAcquire(shared_statistics->lock, LW_SHARED);
	for (int i = 0; i < shared_statistics->n_slots; i++)
		n_tracked += pg_atomic_read_u64(&shared_statistics->slots[i].generation) != 0;
	n_evicted = shared_statistics->n_evicted;
	LWLockRelease(shared_statistics->lock);
	values[0] = Int32GetDatum(shared_statistics->n_slots);
	values[1] = Int32GetDatum(n_tracked);
	values[2] = Int64GetDatum((int64) n_evicted);
	values[3] = Int64GetDatum((int64) pg_atomic_read_u64(&shared_statistics->untracked));
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
		elements[i] = CStringGetTextDatum(counted_error_classes[i]);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(elements, N_COUNTED_ERRORS, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Begin at zero for a model of this database, or for all of them. */
static void
reset(int64 model_id, bool all)
{
	TimestampTz now = GetCurrentTimestamp();

	LWLockAcquire(shared_statistics->lock, LW_EXCLUSIVE);
	for (int i = 0; i < shared_statistics->n_slots; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];
		VersionKey key = slot->key;

		if (pg_atomic_read_u64(&slot->generation) == 0 || key.database != MyDatabaseId ||
			!(all || key.model_id == model_id))
			continue;
		shared_statistics_vacate(slot);
		shared_statistics_occupy(slot, &key, now);
	}
	LWLockRelease(shared_statistics->lock);
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
	statistics_require();
	statistics_flush();
	reset(model.model_id, PG_ARGISNULL(0));
	PG_RETURN_VOID();
}
