/*
 * registry_model.c
 *	  Rows of sentiment.model.
 *
 * Reads go straight to the table by its indexes, under the snapshot that the caller names: they are on the
 * path of every prediction. Writes are SQL.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "extension/host.h"
#include "extension/query_result.h"
#include "extension/registry_model.h"
#include "extension/registry_privilege.h"
#include "extension/registry_table.h"

/* Columns of sentiment.model; upgrades only append columns. */
#define MODEL_ID             1
#define MODEL_NAME           2
#define MODEL_OWNER          3
#define MODEL_OWNER_OID      4
#define MODEL_OWNER_CLUSTER  5
#define MODEL_SPLIT_SEED     6
#define MODEL_POSITIVE_LABEL 7
#define MODEL_FIRST_DEPLOYED 10
#define MODEL_GATE           12

/* Longest name of a model, in bytes: as of an identifier. */
#define MAX_NAME_LENGTH (NAMEDATALEN - 1)

void
registry_check_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > MAX_NAME_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME), errmsg("invalid name of a model: \"%s\"", name),
				 errdetail("A name has 1 to %d bytes.", MAX_NAME_LENGTH)));
}

void
registry_model_missing(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" does not exist", name),
					errhint("The view sentiment_models lists the models that you may use.")));
}

/* Read a row of sentiment.model. */
static void
read_model(HeapTuple tuple, Relation relation, RegistryModel *model)
{
	bool is_null;
	Datum positive_label =
		heap_getattr(tuple, MODEL_POSITIVE_LABEL, RelationGetDescr(relation), &is_null);

	model->model_id = DatumGetInt64(registry_attribute(tuple, MODEL_ID, relation));
	model->split_seed = DatumGetInt64(registry_attribute(tuple, MODEL_SPLIT_SEED, relation));
	registry_copy_name(model->name, registry_attribute(tuple, MODEL_NAME, relation));
	registry_read_role(tuple, relation, MODEL_OWNER, MODEL_OWNER_OID, MODEL_OWNER_CLUSTER,
					   &model->owner);
	model->positive_label = is_null ? NULL : TextDatumGetCString(positive_label);
}

bool
registry_find_model(const char *name, Snapshot snapshot, RegistryModel *model)
{
	Relation relation = table_open(registry_relation("model"), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	bool found;

	ScanKeyInit(&key, MODEL_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	scan =
		systable_beginscan(relation, registry_relation("model_name_key"), true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
		read_model(tuple, relation, model);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

/* Begin to look for a model by number; its row, or NULL. */
static HeapTuple
begin_model_scan(Relation relation, int64 model_id, Snapshot snapshot, SysScanDesc *scan)
{
	ScanKeyData key;

	ScanKeyInit(&key, MODEL_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(model_id));
	*scan = systable_beginscan(relation, registry_relation("model_pkey"), true, snapshot, 1, &key);
	return systable_getnext(*scan);
}

bool
registry_find_model_by_id(int64 model_id, Snapshot snapshot, RegistryModel *model)
{
	Relation relation = table_open(registry_relation("model"), AccessShareLock);
	SysScanDesc scan;
	HeapTuple tuple = begin_model_scan(relation, model_id, snapshot, &scan);
	bool found = HeapTupleIsValid(tuple);

	if (found)
		read_model(tuple, relation, model);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

const char *
registry_model_gate(int64 model_id, Snapshot snapshot)
{
	Relation relation = table_open(registry_relation("model"), AccessShareLock);
	SysScanDesc scan;
	HeapTuple tuple = begin_model_scan(relation, model_id, snapshot, &scan);
	const char *json = NULL;

	if (HeapTupleIsValid(tuple))
	{
		bool is_null;
		Datum gate = heap_getattr(tuple, MODEL_GATE, RelationGetDescr(relation), &is_null);

		if (!is_null)
			json = utf8_from_server(DatumGetCString(DirectFunctionCall1(jsonb_out, gate)));
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return json;
}

/* The role that owns the current database. */
static Oid
database_owner(void)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	owner = ((Form_pg_database) GETSTRUCT(tuple))->datdba;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Whether the current role may be given a model of that owner's without having named it. Anybody who may
 * use the extension can train a model and grant it to all: it must not become the answer to everybody's
 * questions. That a superuser has the rights of all roles is no reason to trust them.
 */
static bool
is_trusted_owner(const StoredRole *stored)
{
	Oid owner = stored_role_find(stored);

	return OidIsValid(owner) &&
		   (owner == GetUserId() || superuser_arg(owner) || owner == database_owner() ||
			(is_member_of_role_nosuper(GetUserId(), owner) &&
			 has_privs_of_role(GetUserId(), owner)));
}

bool
registry_find_first_deployed(Snapshot snapshot, RegistryModel *model)
{
	Relation relation = table_open(registry_relation("model"), AccessShareLock);
	Relation index = index_open(registry_relation("model_first_deployed"), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(relation, index, snapshot, 0, NULL);
	HeapTuple tuple;
	bool found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		CHECK_FOR_INTERRUPTS();
		if (heap_attisnull(tuple, MODEL_FIRST_DEPLOYED, RelationGetDescr(relation)))
			break;
		read_model(tuple, relation, model);
		found = is_trusted_owner(&model->owner) &&
				registry_has_privilege(model, PRIVILEGE_PREDICT, snapshot);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(relation, AccessShareLock);
	return found;
}

void
registry_create_model(const RegistryWriter *writer, const char *name, int64 split_seed,
					  Datum positive_label)
{
	StoredRole owner = stored_role_of(writer->caller);
	Oid types[6] = {TEXTOID, TEXTOID, OIDOID, INT8OID, INT8OID, TEXTOID};
	Datum values[6] = {CStringGetTextDatum(name),   CStringGetTextDatum(owner.name),
					   ObjectIdGetDatum(owner.oid), Int64GetDatum(owner.cluster),
					   Int64GetDatum(split_seed),   positive_label};
	char nulls[7] = "      ";

	if (DatumGetPointer(positive_label) == NULL)
		nulls[5] = 'n';
	registry_execute("INSERT INTO sentiment.model"
					 " (name, owner, owner_oid, owner_cluster, split_seed, positive_label)"
					 " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING",
					 6, types, values, nulls, SPI_OK_INSERT);
}

int32
registry_take_version(const RegistryModel *model)
{
	Oid types[1] = {INT8OID};
	Datum values[1] = {Int64GetDatum(model->model_id)};
	bool is_null;

	registry_execute("UPDATE sentiment.model SET next_version = next_version + 1"
					 " WHERE model_id = $1 RETURNING next_version - 1",
					 1, types, values, NULL, SPI_OK_UPDATE_RETURNING);
	return DatumGetInt32(query_typed_datum(0, 1, INT4OID, &is_null));
}
