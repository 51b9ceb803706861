/*
 * deployment_history.c
 *	  What answered at a time, as the history tells.
 *
 * The last event until then decides, whoever made it; so it is looked for past row security, and shown if the
 * current role may see it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "extension/arguments.h"
#include "extension/query_result.h"
#include "extension/registry.h"

/* Columns of the query. */
enum
{
	EVENT_VERSION = 1,
	EVENT_SHARE,
	EVENT_SINCE,
	EVENT_ACTION,
	EVENT_REASON,
	EVENT_DONE_BY,
	EVENT_MODEL_ID,
	EVENT_OWNER,
	EVENT_OWNER_OID,
	EVENT_OWNER_CLUSTER,
	EVENT_DONE_BY_OID,
	EVENT_DONE_BY_CLUSTER
};

#define N_RESULT_COLUMNS EVENT_DONE_BY

/* The types of the columns that find_event asks for. */
static const Oid event_types[] = {
	[EVENT_VERSION] = INT4OID,      [EVENT_SHARE] = FLOAT8OID,
	[EVENT_SINCE] = TIMESTAMPTZOID, [EVENT_ACTION] = TEXTOID,
	[EVENT_REASON] = TEXTOID,       [EVENT_DONE_BY] = TEXTOID,
	[EVENT_MODEL_ID] = INT8OID,     [EVENT_OWNER] = TEXTOID,
	[EVENT_OWNER_OID] = OIDOID,     [EVENT_OWNER_CLUSTER] = INT8OID,
	[EVENT_DONE_BY_OID] = OIDOID,   [EVENT_DONE_BY_CLUSTER] = INT8OID};

/* A column of a row that SPI has answered. */
static Datum
column(uint64 row, int number, bool *is_null)
{
	return query_typed_datum(row, number, event_types[number], is_null);
}

/* A role of the first row. */
static StoredRole
role_columns(int name, int oid, int cluster)
{
	StoredRole role = {0};
	bool is_null;

	text_to_cstring_buffer(DatumGetTextPP(column(0, name, &is_null)), role.name, NAMEDATALEN);
	role.oid = DatumGetObjectId(column(0, oid, &is_null));
	role.cluster = DatumGetInt64(column(0, cluster, &is_null));
	return role;
}

/* Find the last event until a time that changed what answers under a name: a row for each version. */
static void
find_event(Datum name, Datum at)
{
	Oid types[2] = {TEXTOID, TIMESTAMPTZOID};
	Datum values[2] = {name, at};

	registry_query(
		"SELECT t.key::pg_catalog.int4, t.value::pg_catalog.float8, h.done_at, h.action, h.reason,"
		" h.done_by, h.model_id, h.owner, h.owner_oid, h.owner_cluster, h.done_by_oid,"
		" h.done_by_cluster FROM (SELECT e.* FROM sentiment.deployment_history AS e"
		" WHERE e.model = $1 AND e.done_at <= $2"
		" AND (e.traffic IS NOT NULL OR e.action = 'drop') ORDER BY e.history_id DESC LIMIT 1)"
		" AS h LEFT JOIN LATERAL pg_catalog.jsonb_each_text(h.traffic) AS t ON true"
		" ORDER BY t.value::pg_catalog.float8 DESC, 1",
		2, types, values);
}

/* Whether the current role may see the event that was found. */
static bool
may_see_event(void)
{
	StoredRole owner = role_columns(EVENT_OWNER, EVENT_OWNER_OID, EVENT_OWNER_CLUSTER);
	StoredRole done_by = role_columns(EVENT_DONE_BY, EVENT_DONE_BY_OID, EVENT_DONE_BY_CLUSTER);
	RegistryModel model;
	bool is_null;
	int64 model_id = DatumGetInt64(column(0, EVENT_MODEL_ID, &is_null));

	return stored_role_is_mine(&owner) || stored_role_is_mine(&done_by) ||
		   (registry_find_model_by_id(model_id, GetActiveSnapshot(), &model) &&
			registry_has_privilege(&model, PRIVILEGE_PREDICT, GetActiveSnapshot()));
}

/* Raise an error unless there is such a model, which the current role may ask. */
static void
check_model(const char *name)
{
	RegistryModel model;

	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_PREDICT, GetActiveSnapshot());
}

/* Put the versions that answered into the result. */
static void
put_versions(ReturnSetInfo *result)
{
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		Datum values[N_RESULT_COLUMNS];
		bool nulls[N_RESULT_COLUMNS];

		for (int i = 0; i < N_RESULT_COLUMNS; i++)
			values[i] = column(row, i + 1, &nulls[i]);
		/* the event was a drop */
		if (!nulls[EVENT_VERSION - 1])
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(sentiment_deployed_at);
Datum
sentiment_deployed_at(PG_FUNCTION_ARGS)
{
	RegistryWriter reader;
	char *name;

	require_arguments(fcinfo, 2);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	InitMaterializedSRF(fcinfo, 0);
	reader = registry_begin_read();
	find_event(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
	registry_become_caller(&reader);
	if (SPI_processed > 0 && may_see_event())
		put_versions((ReturnSetInfo *) fcinfo->resultinfo);
	else
		check_model(name);
	registry_end_write(&reader);
	PG_RETURN_VOID();
}
