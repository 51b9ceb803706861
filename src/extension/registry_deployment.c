/*
 * registry_deployment.c
 *	  Rows of sentiment.deployment: which versions answer, and the stages that go with that.
 *
 * Reads go straight to the table by its indexes, under the snapshot that the caller names: they are on the
 * path of every prediction. Writes are SQL.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "extension/event.h"
#include "extension/host.h"
#include "extension/query_result.h"
#include "extension/registry_deployment.h"
#include "extension/registry_stage.h"
#include "extension/registry_table.h"

/* Columns of sentiment.deployment. */
#define DEPLOYMENT_MODEL_ID     1
#define DEPLOYMENT_VERSION      2
#define DEPLOYMENT_SHARE        3
#define DEPLOYMENT_SHADOW_SHARE 4

int
registry_read_deployment(int64 model_id, Snapshot snapshot, RegistryDeployed *rows)
{
	Relation relation = table_open(registry_relation("deployment"), AccessShareLock);
	Relation index = index_open(registry_relation("deployment_pkey"), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	int n_rows = 0;

	ScanKeyInit(&key, DEPLOYMENT_MODEL_ID, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(model_id));
	scan = systable_beginscan_ordered(relation, index, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		if (n_rows == MAX_TRAFFIC_VERSIONS + MAX_SHADOW_VERSIONS)
			ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
							errmsg("too many versions of model number %lld are deployed",
								   (long long) model_id)));
		rows[n_rows].version =
			DatumGetInt32(registry_attribute(tuple, DEPLOYMENT_VERSION, relation));
		rows[n_rows].share = DatumGetFloat8(registry_attribute(tuple, DEPLOYMENT_SHARE, relation));
		rows[n_rows].shadow_share =
			DatumGetFloat8(registry_attribute(tuple, DEPLOYMENT_SHADOW_SHARE, relation));
		n_rows++;
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(relation, AccessShareLock);
	return n_rows;
}

int32
registry_deployed_version(int64 model_id, Snapshot snapshot)
{
	RegistryDeployed rows[MAX_TRAFFIC_VERSIONS + MAX_SHADOW_VERSIONS];
	int n_rows = registry_read_deployment(model_id, snapshot, rows);
	int32 version = 0;
	double largest_share = 0;

	/* in the order of the versions, so that the lower one of equal shares is found */
	for (int i = 0; i < n_rows; i++)
	{
		if (rows[i].share > largest_share)
		{
			largest_share = rows[i].share;
			version = rows[i].version;
		}
	}
	return version;
}

/* The version with the largest share, the lower one of equals. */
static int32
main_version(Datum traffic)
{
	Oid types[1] = {JSONBOID};
	bool is_null;

	registry_execute("SELECT t.key::pg_catalog.int4 FROM pg_catalog.jsonb_each_text($1) AS t"
					 " ORDER BY t.value::pg_catalog.float8 DESC, 1 LIMIT 1",
					 1, types, &traffic, NULL, SPI_OK_SELECT);
	if (SPI_processed != 1)
		elog(ERROR, "there is no version that answers");
	return DatumGetInt32(query_typed_datum(0, 1, INT4OID, &is_null));
}

void
registry_check_not_retired(const RegistryModel *model, Datum traffic)
{
	Oid types[2] = {INT8OID, JSONBOID};
	Datum values[2] = {Int64GetDatum(model->model_id), traffic};
	int32 version;
	bool is_null;

	registry_execute("SELECT s.version FROM sentiment.version_stage AS s"
					 " WHERE s.model_id = $1 AND s.retired AND $2 ? s.version::pg_catalog.text"
					 " ORDER BY s.version LIMIT 1",
					 2, types, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		return;
	version = DatumGetInt32(query_typed_datum(0, 1, INT4OID, &is_null));
	registry_version_retired(model, version);
}

/*
 * Write the stages that go with other traffic: what answered until now is archived, what answers from now on
 * has its stage by that.
 */
static void
write_stages(const RegistryWriter *writer, const RegistryModel *model, Datum traffic,
			 const char *reason)
{
	Oid types[4] = {INT8OID, JSONBOID, TEXTOID, TEXTOID};
	Datum values[4] = {Int64GetDatum(model->model_id), traffic, CStringGetTextDatum(reason),
					   CStringGetTextDatum(GetUserNameFromId(writer->caller, false))};

	registry_execute("INSERT INTO sentiment.version_stage"
					 " (model_id, version, stage, reason, changed_by)"
					 " SELECT d.model_id, d.version, 'archived', $3, $4"
					 " FROM sentiment.deployment AS d WHERE d.model_id = $1 AND d.share > 0"
					 " AND NOT $2 ? d.version::pg_catalog.text ON CONFLICT (model_id, version)"
					 " DO UPDATE SET stage = EXCLUDED.stage, reason = EXCLUDED.reason,"
					 " changed_by = EXCLUDED.changed_by, changed_at = EXCLUDED.changed_at",
					 4, types, values, NULL, SPI_OK_INSERT);
	registry_execute("DELETE FROM sentiment.version_stage"
					 " WHERE model_id = $1 AND $2 ? version::pg_catalog.text",
					 2, types, values, NULL, SPI_OK_DELETE);
}

int32
registry_set_traffic(const RegistryWriter *writer, const RegistryModel *model, Datum traffic,
					 const RegistryChange *change)
{
	Oid types[3] = {INT8OID, JSONBOID, TEXTOID};
	Datum values[3] = {Int64GetDatum(model->model_id), traffic,
					   CStringGetTextDatum(GetUserNameFromId(writer->caller, false))};
	RegistryChange event = *change;
	int32 version = main_version(traffic);

	registry_check_not_retired(model, traffic);
	event.stage = "production";
	registry_write_history(writer, model, &event, version, traffic);
	write_stages(writer, model, traffic,
				 psprintf("displaced by version %d (%s)", version, change->action));
	/* versions in the shadow stay there, unless they answer from now on */
	registry_execute("DELETE FROM sentiment.deployment WHERE model_id = $1"
					 " AND (share > 0 OR $2 ? version::pg_catalog.text)",
					 2, types, values, NULL, SPI_OK_DELETE);
	registry_execute("INSERT INTO sentiment.deployment (model_id, version, share, deployed_by)"
					 " SELECT $1, t.key::pg_catalog.int4, t.value::pg_catalog.float8, $3"
					 " FROM pg_catalog.jsonb_each_text($2) AS t",
					 3, types, values, NULL, SPI_OK_INSERT);
	registry_execute("UPDATE sentiment.model SET first_deployed_at = pg_catalog.clock_timestamp()"
					 " WHERE model_id = $1 AND first_deployed_at IS NULL",
					 1, types, values, NULL, SPI_OK_UPDATE);
	event_notify(change->action, model->name, version, NULL);
	return version;
}

Datum
registry_single_version_traffic(int32 version)
{
	return jsonb_from_json(psprintf("{\"%d\": 1}", version));
}

void
registry_deploy(const RegistryWriter *writer, const RegistryModel *model, int32 version,
				const char *reason)
{
	RegistryChange change = {.action = "deploy", .reason = reason, .rolls_back_to = -1};

	registry_set_traffic(writer, model, registry_single_version_traffic(version), &change);
}
