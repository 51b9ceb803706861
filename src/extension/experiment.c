/*
 * experiment.c
 *	  Outcomes of units, and whether versions differ in them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "core/evaluation/sequential_test.h"
#include "extension/deployment.h"
#include "extension/registry.h"

/* Longest unit in bytes: it is a part of a key. */
#define MAX_UNIT_LENGTH 1024

/* What a call site remembers: outcomes come by the thousand. */
typedef struct OutcomeSite
{
	uint64 generation;
	int64 model_id;
	int32 checked_version; /* 0: none */
	char name[NAMEDATALEN];
} OutcomeSite;

/* The call site's memory, with the model of a name that the current role may ask. */
static OutcomeSite *
outcome_site(FunctionCallInfo fcinfo, const char *name)
{
	OutcomeSite *site = fcinfo->flinfo->fn_extra;
	uint64 generation = deployment_generation();
	RegistryModel model;

	if (site == NULL)
		site = fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(OutcomeSite));
	if (site->generation == generation && strcmp(site->name, name) == 0)
		return site;
	site->generation = 0;
	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_PREDICT, GetActiveSnapshot());
	site->model_id = model.model_id;
	site->checked_version = 0;
	strlcpy(site->name, name, NAMEDATALEN);
	site->generation = generation;
	return site;
}

/*
 * Raise an error for a version that has never answered, unless the current role may ask it all the same: outcomes
 * of it are made up otherwise.
 */
static void
check_may_have_answered(const OutcomeSite *site, int32 version)
{
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;

	if (registry_version_stage(site->model_id, version, snapshot) != STAGE_CANDIDATE)
		return;
	if (!registry_find_model_by_id(site->model_id, snapshot, &model))
		registry_model_missing(site->name);
	registry_check_version_privilege(&model, version, snapshot);
}

/* The version that an outcome is of: as given, or the one that answers the unit now. */
static int32
outcome_version(FunctionCallInfo fcinfo, OutcomeSite *site)
{
	RegistryVersion found;
	int32 version;

	if (PG_ARGISNULL(1))
	{
		const Deployment *deployment = deployment_resolve(site->name);
		int place = deployment_choose(deployment, PG_GETARG_TEXT_PP(2));

		return deployment->versions[place].version.version;
	}
	version = PG_GETARG_INT32(1);
	if (version == site->checked_version)
		return version;
	if (!registry_find_version(site->model_id, version, GetActiveSnapshot(), &found, NULL))
		registry_version_missing(site->name, version);
	check_may_have_answered(site, version);
	site->checked_version = version;
	return version;
}

/* Raise an error if a version is gone, whose row would be locked if it were there. */
static void
check_version_is_there(const OutcomeSite *site, int32 version)
{
	Oid types[2] = {INT8OID, INT4OID};
	Datum values[2] = {Int64GetDatum(site->model_id), Int32GetDatum(version)};

	registry_execute("SELECT FROM sentiment.model_version WHERE model_id = $1 AND version = $2", 2,
					 types, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		registry_version_missing(site->name, version);
}

/*
 * Write an outcome, and hold its version against being pruned until the transaction's end. A unit is of the experiment in which
 * it was reported last, so its time follows.
 */
static void
write_outcome(const OutcomeSite *site, int32 version, Datum unit, bool success)
{
	static SPIPlanPtr plan = NULL;
	RegistryWriter writer = registry_begin_write("sentiment_outcome()");
	Oid types[4] = {INT8OID, INT4OID, TEXTOID, BOOLOID};
	Datum values[4] = {Int64GetDatum(site->model_id), Int32GetDatum(version), unit,
					   BoolGetDatum(success)};
	int result;

	if (plan == NULL)
	{
		SPIPlanPtr made =
			SPI_prepare("INSERT INTO sentiment.outcome AS o (model_id, version, unit, success)"
						" SELECT v.model_id, v.version, $3, $4 FROM sentiment.model_version AS v"
						" WHERE v.model_id = $1 AND v.version = $2 FOR KEY SHARE OF v"
						" ON CONFLICT (model_id, version, unit)"
						" DO UPDATE SET success = EXCLUDED.success,"
						" reported_at = GREATEST(o.reported_at, EXCLUDED.reported_at)"
						" WHERE o.success <> EXCLUDED.success"
						" OR o.reported_at < EXCLUDED.reported_at",
						4, types);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare: %s", SPI_result_code_string(SPI_result));
		plan = made;
	}
	result = SPI_execute_plan(plan, values, NULL, false, 0);
	if (result != SPI_OK_INSERT)
		elog(ERROR, "SPI_execute_plan answered %s", SPI_result_code_string(result));
	if (SPI_processed == 0)
		check_version_is_there(site, version);
	registry_end_write(&writer);
}

PG_FUNCTION_INFO_V1(sentiment_outcome);
Datum
sentiment_outcome(PG_FUNCTION_ARGS)
{
	OutcomeSite *site;
	int32 version;

	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i) && i != 1)
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument %d of function %s must not be null", i + 1,
								   get_func_name(fcinfo->flinfo->fn_oid))));
	}
	if (VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(2)) > MAX_UNIT_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the unit is longer than %d bytes", MAX_UNIT_LENGTH),
						errhint("Give its number or a hash of it.")));
	site = outcome_site(fcinfo, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	version = outcome_version(fcinfo, site);
	write_outcome(site, version, PG_GETARG_DATUM(2), PG_GETARG_BOOL(3));
	PG_RETURN_INT32(version);
}

/* Outcomes out of two arguments: successes, and all of them. */
static Outcomes
outcomes_of(FunctionCallInfo fcinfo, int argument)
{
	int64 n_successes = PG_GETARG_INT64(argument);
	int64 n = PG_GETARG_INT64(argument + 1);

	if (n_successes < 0 || n_successes > n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%lld successes of %lld outcomes", (long long) n_successes, (long long) n),
				 errdetail("There are 0 to all of them.")));
	return (Outcomes){.n = (uint64) n, .n_successes = (uint64) n_successes};
}

/* A row of numbers; those from first_null on are null. */
static Datum
row_of(FunctionCallInfo fcinfo, const double *numbers, int n, int first_null)
{
	TupleDesc descriptor;
	Datum values[4];
	bool nulls[4];

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (int i = 0; i < n; i++)
	{
		values[i] = Float8GetDatum(numbers[i]);
		nulls[i] = i >= first_null;
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

/* (rate, lower, upper); all null without outcomes */
PG_FUNCTION_INFO_V1(sentiment_rate);
Datum
sentiment_rate(PG_FUNCTION_ARGS)
{
	Outcomes outcomes = outcomes_of(fcinfo, 0);
	RateInterval interval = wilson_interval(outcomes);
	double numbers[3] = {(double) outcomes.n_successes / (double) outcomes.n, interval.lower,
						 interval.upper};

	return row_of(fcinfo, numbers, 3, outcomes.n == 0 ? 0 : 3);
}

/* (difference, lower, upper, p_value); all null without outcomes on either side */
PG_FUNCTION_INFO_V1(sentiment_rate_difference);
Datum
sentiment_rate_difference(PG_FUNCTION_ARGS)
{
	Outcomes one = outcomes_of(fcinfo, 0);
	Outcomes other = outcomes_of(fcinfo, 2);
	RateInterval interval = sequential_difference(one, other);
	double numbers[4] = {(double) other.n_successes / (double) other.n -
							 (double) one.n_successes / (double) one.n,
						 interval.lower, interval.upper, sequential_p_value(one, other)};

	return row_of(fcinfo, numbers, 4, one.n == 0 || other.n == 0 ? 0 : 4);
}
