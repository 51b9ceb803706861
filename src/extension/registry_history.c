/*
 * registry_history.c
 *	  Rows of sentiment.deployment_history: what was done to a model, by whom and why.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "extension/registry_history.h"

void
registry_write_history(const RegistryWriter *writer, const RegistryModel *model,
					   const RegistryChange *change, int32 version, Datum traffic)
{
	StoredRole caller = stored_role_of(writer->caller);
	Oid types[11] = {INT8OID, TEXTOID,  INT4OID, TEXTOID, TEXTOID, OIDOID,
					 INT8OID, JSONBOID, INT8OID, BOOLOID, TEXTOID};
	Datum values[11] = {Int64GetDatum(model->model_id),
						CStringGetTextDatum(change->action),
						Int32GetDatum(version),
						CStringGetTextDatum(change->reason),
						CStringGetTextDatum(caller.name),
						ObjectIdGetDatum(caller.oid),
						Int64GetDatum(caller.cluster),
						traffic,
						Int64GetDatum(change->rolls_back_to),
						BoolGetDatum(change->forced),
						CStringGetTextDatum(change->stage == NULL ? "" : change->stage)};
	char nulls[12] = "           ";

	if (traffic == (Datum) 0)
		nulls[7] = 'n';
	if (change->stage == NULL)
		nulls[10] = 'n';
	registry_execute(
		"INSERT INTO sentiment.deployment_history"
		" (model_id, model, action, version, previous_version, traffic, previous_traffic,"
		" rolls_back_to, forced, reason,"
		" owner, owner_oid, owner_cluster, done_by, done_by_oid, done_by_cluster, stage)"
		" SELECT m.model_id, m.name, $2, NULLIF($3, 0),"
		" CASE WHEN $8 IS NULL AND $3 <> 0 THEN NULL ELSE"
		" (SELECT d.version FROM sentiment.deployment AS d WHERE d.model_id = m.model_id"
		" AND d.share > 0 ORDER BY d.share DESC, d.version LIMIT 1) END,"
		" $8, (SELECT pg_catalog.jsonb_object_agg(d.version, d.share)"
		" FROM sentiment.deployment AS d WHERE d.model_id = m.model_id AND d.share > 0),"
		" CASE WHEN $8 IS NULL THEN NULL WHEN $9 >= 0 THEN NULLIF($9, 0)"
		" ELSE (SELECT pg_catalog.max(h.history_id) FROM sentiment.deployment_history AS h"
		" WHERE h.model_id = m.model_id AND h.traffic IS NOT NULL) END, $10, $4,"
		" m.owner, m.owner_oid, m.owner_cluster, $5, $6, $7, $11"
		" FROM sentiment.model AS m WHERE m.model_id = $1",
		11, types, values, nulls, SPI_OK_INSERT);
}
