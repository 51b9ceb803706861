/*
 * registry.c
 *	  The tables of models and versions.
 *
 * Reads go straight to the tables by their indexes, under the snapshot that the caller names: they are
 * on the path of every prediction. Writes are SQL.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "extension/compat.h"
#include "extension/event.h"
#include "extension/host.h"
#include "extension/registry.h"

#define REGISTRY_SCHEMA "sentiment"
#define EXTENSION_NAME  "sentiment"

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

/* Columns of sentiment.model_version. */
#define VERSION_MODEL_ID           1
#define VERSION_VERSION            2
#define VERSION_IMAGE_CHECKSUM     3
#define VERSION_IMAGE_BYTES        4
#define VERSION_IMAGE              5
#define VERSION_SOURCE_SCHEMA      8
#define VERSION_SOURCE_NAME        9
#define VERSION_TEXT_COLUMN        10
#define VERSION_LABEL_COLUMN       11
#define VERSION_HOLDOUT            12
#define VERSION_TRAINED_BY         20
#define VERSION_NUMERIC            22
#define VERSION_FILTER             23
#define VERSION_TRAINED_BY_OID     24
#define VERSION_TRAINED_BY_CLUSTER 25

/* Columns of sentiment.version_profile. */
#define PROFILE_MODEL_ID 1
#define PROFILE_VERSION  2
#define PROFILE_PROFILE  3
#define PROFILE_LEARNED  4

/* Columns of sentiment.deployment. */
#define DEPLOYMENT_MODEL_ID     1
#define DEPLOYMENT_VERSION      2
#define DEPLOYMENT_SHARE        3
#define DEPLOYMENT_SHADOW_SHARE 4

/* Columns of sentiment.version_stage. */
#define VERSION_STAGE_MODEL_ID 1
#define VERSION_STAGE_VERSION  2
#define VERSION_STAGE_STAGE    3
#define VERSION_STAGE_RETIRED  4

/* Columns of sentiment.model_privilege. */
#define PRIVILEGE_MODEL_ID        1
#define PRIVILEGE_GRANTEE         2
#define PRIVILEGE_GRANTEE_OID     3
#define PRIVILEGE_GRANTEE_CLUSTER 4
#define PRIVILEGE_NAME            5

static const char *const privilege_names[] = {"predict", "train", "admin"};

const char *
registry_privilege_name(ModelPrivilege privilege)
{
	return privilege_names[privilege];
}

/* Longest name of a model, in bytes: as of an identifier. */
#define MAX_NAME_LENGTH (NAMEDATALEN - 1)

/* Whether a table, or the table of an index, belongs to the extension. */
static bool
belongs_to_extension(Oid relation_id)
{
	Oid table_id = get_rel_relkind(relation_id) == RELKIND_INDEX
					   ? IndexGetRelation(relation_id, true)
					   : relation_id;
	Oid extension_id = get_extension_oid(EXTENSION_NAME, true);

	return OidIsValid(table_id) && OidIsValid(extension_id) &&
		   getExtensionOfObject(RelationRelationId, table_id) == extension_id;
}

/*
 * Refuse a table of somebody else's that merely has the name of one of the registry's. Tables that were
 * found right are remembered: a table that is made anew has another OID.
 */
static void
check_belongs_to_extension(Oid relation_id, const char *name)
{
	static Oid checked[16];
	static int next_checked = 0;

	for (int i = 0; i < lengthof(checked); i++)
	{
		if (checked[i] == relation_id)
			return;
	}
	if (!belongs_to_extension(relation_id))
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("relation \"%s.%s\" does not belong to the extension \"%s\"", REGISTRY_SCHEMA,
					name, EXTENSION_NAME),
			 errdetail("What it holds is not to be trusted."),
			 errhint("Drop the extension and the schema \"%s\", then create the extension again.",
					 REGISTRY_SCHEMA)));
	checked[next_checked] = relation_id;
	next_checked = (next_checked + 1) % lengthof(checked);
}

/* The OID of a table or index of the registry. */
static Oid
registry_relation(const char *name)
{
	Oid namespace_id = get_namespace_oid(REGISTRY_SCHEMA, false);
	Oid relation_id = get_relname_relid(name, namespace_id);

	if (!OidIsValid(relation_id))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation \"%s.%s\" does not exist", REGISTRY_SCHEMA, name),
						errdetail("The extension keeps its models in this schema."),
						errhint("Drop the extension and create it again.")));
	check_belongs_to_extension(relation_id, name);
	return relation_id;
}

Oid
registry_model_type(void)
{
	Oid relation = registry_relation("model_version");

	return get_atttype(relation, VERSION_IMAGE);
}

/* A column that is not null. */
static Datum
required_attribute(HeapTuple tuple, int attribute, Relation relation)
{
	bool is_null;
	Datum value = heap_getattr(tuple, attribute, RelationGetDescr(relation), &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("column %d of relation \"%s\" is null", attribute,
							   RelationGetRelationName(relation))));
	return value;
}

/* Copy a name out of a text column. */
static void
copy_name(char *destination, Datum value)
{
	char *name = TextDatumGetCString(value);

	strlcpy(destination, name, NAMEDATALEN);
	pfree(name);
}

/* Read a role out of its three columns. */
static void
read_role(HeapTuple tuple, Relation relation, int name, int oid, int cluster, StoredRole *role)
{
	copy_name(role->name, required_attribute(tuple, name, relation));
	role->oid = DatumGetObjectId(required_attribute(tuple, oid, relation));
	role->cluster = DatumGetInt64(required_attribute(tuple, cluster, relation));
}

/* Read a row of sentiment.model. */
static void
read_model(HeapTuple tuple, Relation relation, RegistryModel *model)
{
	bool is_null;
	Datum positive_label =
		heap_getattr(tuple, MODEL_POSITIVE_LABEL, RelationGetDescr(relation), &is_null);

	model->model_id = DatumGetInt64(required_attribute(tuple, MODEL_ID, relation));
	model->split_seed = DatumGetInt64(required_attribute(tuple, MODEL_SPLIT_SEED, relation));
	copy_name(model->name, required_attribute(tuple, MODEL_NAME, relation));
	read_role(tuple, relation, MODEL_OWNER, MODEL_OWNER_OID, MODEL_OWNER_CLUSTER, &model->owner);
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
			DatumGetInt32(required_attribute(tuple, DEPLOYMENT_VERSION, relation));
		rows[n_rows].share = DatumGetFloat8(required_attribute(tuple, DEPLOYMENT_SHARE, relation));
		rows[n_rows].shadow_share =
			DatumGetFloat8(required_attribute(tuple, DEPLOYMENT_SHADOW_SHARE, relation));
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

/* Begin to look for a version; its row, or NULL. */
static HeapTuple
begin_version_scan(Relation relation, int64 model_id, int32 version, Snapshot snapshot,
				   SysScanDesc *scan)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], VERSION_MODEL_ID, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(model_id));
	ScanKeyInit(&keys[1], VERSION_VERSION, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(version));
	*scan = systable_beginscan(relation, registry_relation("model_version_pkey"), true, snapshot, 2,
							   keys);
	return systable_getnext(*scan);
}

bool
registry_find_version(int64 model_id, int32 version, Snapshot snapshot, RegistryVersion *found,
					  Datum *image)
{
	Relation relation = table_open(registry_relation("model_version"), AccessShareLock);
	SysScanDesc scan;
	HeapTuple tuple = begin_version_scan(relation, model_id, version, snapshot, &scan);
	bool is_found = HeapTupleIsValid(tuple);

	if (is_found)
	{
		found->version = version;
		found->key.checksum =
			(uint64) DatumGetInt64(required_attribute(tuple, VERSION_IMAGE_CHECKSUM, relation));
		found->key.length =
			(uint64) DatumGetInt64(required_attribute(tuple, VERSION_IMAGE_BYTES, relation));
		if (image != NULL)
			*image = datumCopy(required_attribute(tuple, VERSION_IMAGE, relation), false, -1);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return is_found;
}

/* The stage of a version of which the deployment says nothing. */
static VersionStage
read_stage(int64 model_id, int32 version, Snapshot snapshot)
{
	Relation relation = table_open(registry_relation("version_stage"), AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	VersionStage stage = STAGE_CANDIDATE;

	ScanKeyInit(&keys[0], VERSION_STAGE_MODEL_ID, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(model_id));
	ScanKeyInit(&keys[1], VERSION_STAGE_VERSION, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(version));
	scan = systable_beginscan(relation, registry_relation("version_stage_pkey"), true, snapshot, 2,
							  keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		char *name = TextDatumGetCString(required_attribute(tuple, VERSION_STAGE_STAGE, relation));

		stage = strcmp(name, "staging") == 0 ? STAGE_STAGING
				: DatumGetBool(required_attribute(tuple, VERSION_STAGE_RETIRED, relation))
					? STAGE_RETIRED
					: STAGE_ARCHIVED;
		pfree(name);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return stage;
}

VersionStage
registry_version_stage(int64 model_id, int32 version, Snapshot snapshot)
{
	RegistryDeployed rows[MAX_TRAFFIC_VERSIONS + MAX_SHADOW_VERSIONS];
	int n_rows = registry_read_deployment(model_id, snapshot, rows);

	for (int i = 0; i < n_rows; i++)
	{
		if (rows[i].version == version)
			return registry_deployed_version(model_id, snapshot) == version ? STAGE_PRODUCTION
																			: STAGE_STAGING;
	}
	return read_stage(model_id, version, snapshot);
}

/* Read an array of texts. */
static int
read_texts(Datum array, char ***texts)
{
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, &n);
	*texts = palloc_array(char *, n + 1);
	for (int i = 0; i < n; i++)
		(*texts)[i] = nulls[i] ? pstrdup("") : TextDatumGetCString(elements[i]);
	return n;
}

/* Read what a version's row need not have. Without an OID the name of who trained it decides. */
static void
read_optional(HeapTuple tuple, Relation relation, RegistryVersionSource *source)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	bool is_null[3];
	Datum filter = heap_getattr(tuple, VERSION_FILTER, descriptor, &is_null[0]);
	Datum oid = heap_getattr(tuple, VERSION_TRAINED_BY_OID, descriptor, &is_null[1]);
	Datum cluster = heap_getattr(tuple, VERSION_TRAINED_BY_CLUSTER, descriptor, &is_null[2]);

	source->filter = is_null[0] ? NULL : TextDatumGetCString(filter);
	copy_name(source->trained_by.name, required_attribute(tuple, VERSION_TRAINED_BY, relation));
	source->trained_by.oid = is_null[1] ? InvalidOid : DatumGetObjectId(oid);
	source->trained_by.cluster = is_null[2] ? 0 : DatumGetInt64(cluster);
}

bool
registry_find_version_source(int64 model_id, int32 version, Snapshot snapshot,
							 RegistryVersionSource *source)
{
	Relation relation = table_open(registry_relation("model_version"), AccessShareLock);
	SysScanDesc scan;
	HeapTuple tuple = begin_version_scan(relation, model_id, version, snapshot, &scan);
	bool is_found = HeapTupleIsValid(tuple);

	if (is_found)
	{
		copy_name(source->schema, required_attribute(tuple, VERSION_SOURCE_SCHEMA, relation));
		copy_name(source->name, required_attribute(tuple, VERSION_SOURCE_NAME, relation));
		copy_name(source->text_column, required_attribute(tuple, VERSION_TEXT_COLUMN, relation));
		copy_name(source->label_column, required_attribute(tuple, VERSION_LABEL_COLUMN, relation));
		source->n_numeric = read_texts(required_attribute(tuple, VERSION_NUMERIC, relation),
									   &source->numeric_columns);
		source->holdout = DatumGetFloat8(required_attribute(tuple, VERSION_HOLDOUT, relation));
		read_optional(tuple, relation, source);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return is_found;
}

Oid
registry_profile_type(void)
{
	return get_atttype(registry_relation("version_profile"), PROFILE_PROFILE);
}

bool
registry_find_profile(int64 model_id, int32 version, Snapshot snapshot, Datum *profile,
					  Datum *learned_texts)
{
	Relation relation = table_open(registry_relation("version_profile"), AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	bool is_found;

	ScanKeyInit(&keys[0], PROFILE_MODEL_ID, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(model_id));
	ScanKeyInit(&keys[1], PROFILE_VERSION, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(version));
	scan = systable_beginscan(relation, registry_relation("version_profile_pkey"), true, snapshot,
							  2, keys);
	tuple = systable_getnext(scan);
	is_found = HeapTupleIsValid(tuple);
	if (is_found && profile != NULL)
		*profile = datumCopy(required_attribute(tuple, PROFILE_PROFILE, relation), false, -1);
	if (is_found && learned_texts != NULL)
		*learned_texts = datumCopy(required_attribute(tuple, PROFILE_LEARNED, relation), false, -1);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return is_found;
}

/* Whether a grant to the current role, to a role that it is in, or to public suffices. */
static bool
has_grant(int64 model_id, ModelPrivilege privilege, Snapshot snapshot)
{
	Relation relation = table_open(registry_relation("model_privilege"), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&key, PRIVILEGE_MODEL_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(model_id));
	scan = systable_beginscan(relation, registry_relation("model_privilege_pkey"), true, snapshot,
							  1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		char *granted = TextDatumGetCString(required_attribute(tuple, PRIVILEGE_NAME, relation));
		StoredRole grantee;

		read_role(tuple, relation, PRIVILEGE_GRANTEE, PRIVILEGE_GRANTEE_OID,
				  PRIVILEGE_GRANTEE_CLUSTER, &grantee);
		for (int i = privilege; i <= PRIVILEGE_ADMIN && !found; i++)
			found = strcmp(granted, privilege_names[i]) == 0 &&
					(stored_role_is_public(&grantee) || stored_role_is_mine(&grantee));
		pfree(granted);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

bool
registry_has_privilege(const RegistryModel *model, ModelPrivilege privilege, Snapshot snapshot)
{
	return superuser() || stored_role_is_mine(&model->owner) ||
		   has_grant(model->model_id, privilege, snapshot);
}

void
registry_check_privilege(const RegistryModel *model, ModelPrivilege privilege, Snapshot snapshot)
{
	if (registry_has_privilege(model, privilege, snapshot))
		return;
	ereport(
		ERROR,
		(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		 errmsg("permission denied for model \"%s\"", model->name),
		 errdetail("The privilege \"%s\" is needed.", privilege_names[privilege]),
		 OidIsValid(stored_role_find(&model->owner))
			 ? errhint("Ask its owner \"%s\" to run sentiment_grant('%s', '%s', '%s').",
					   stored_role_name(&model->owner), model->name,
					   GetUserNameFromId(GetUserId(), false), privilege_names[privilege])
			 : errhint("Its owner is gone: ask a superuser to run sentiment_set_owner('%s', ...).",
					   model->name)));
}

void
registry_check_version_privilege(const RegistryModel *model, int32 version, Snapshot snapshot)
{
	VersionStage stage = registry_version_stage(model->model_id, version, snapshot);

	if (stage == STAGE_RETIRED)
		registry_version_retired(model, version);
	if (stage == STAGE_STAGING || stage == STAGE_PRODUCTION ||
		registry_has_privilege(model, PRIVILEGE_TRAIN, snapshot))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for version %d of model \"%s\"", version, model->name),
			 errdetail("It is %s: the privilege \"train\" is needed. The privilege \"predict\" "
					   "suffices for versions in production, in staging or in the shadow.",
					   stage == STAGE_CANDIDATE ? "a candidate" : "archived"),
			 errhint("Ask somebody who may train the model to run sentiment_promote('%s', %d, "
					 "'staging').",
					 model->name, version)));
}

void
registry_version_retired(const RegistryModel *model, int32 version)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("version %d of model \"%s\" is retired", version, model->name),
					errdetail("A retired version cannot answer until it is promoted again."),
					errhint("Run sentiment_promote('%s', %d) first.", model->name, version)));
}

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

void
registry_version_missing(const char *name, int32 version)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("version %d of model \"%s\" does not exist", version, name),
					errhint("The view sentiment_model_versions lists the versions.")));
}

void
registry_refuse_read_only(const char *command)
{
	PreventCommandIfReadOnly(command);
	PreventCommandIfParallelMode(command);
	PreventCommandDuringRecovery(command);
}

/* Connect to SPI as the owner of the tables. */
static RegistryWriter
begin_as_owner(void)
{
	RegistryWriter writer = {0};
	Oid model_table = registry_relation("model");

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	GetUserIdAndSecContext(&writer.caller, &writer.security_context);
	{
		Relation relation = table_open(model_table, AccessShareLock);

		SetUserIdAndSecContext(relation->rd_rel->relowner,
							   writer.security_context | SECURITY_LOCAL_USERID_CHANGE);
		table_close(relation, AccessShareLock);
	}
	writer.guc_level = NewGUCNestLevel();
	restrict_search_path();
	return writer;
}

RegistryWriter
registry_begin_write(const char *command)
{
	registry_refuse_read_only(command);
	return begin_as_owner();
}

RegistryWriter
registry_begin_read(void)
{
	return begin_as_owner();
}

void
registry_become_caller(const RegistryWriter *writer)
{
	SetUserIdAndSecContext(writer->caller, writer->security_context);
}

void
registry_query(const char *query, int n_arguments, Oid *types, Datum *values)
{
	int result = SPI_execute_with_args(query, n_arguments, types, values, NULL, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args answered %s for: %s", SPI_result_code_string(result),
			 query);
}

void
registry_execute(const char *query, int n_arguments, Oid *types, Datum *values, const char *nulls,
				 int expected)
{
	/* a generic plan: a custom one would have copies of the values, of model images even */
	SPIPlanPtr plan = SPI_prepare_cursor(query, n_arguments, types, CURSOR_OPT_GENERIC_PLAN);
	int result;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor answered %s for: %s", SPI_result_code_string(SPI_result),
			 query);
	result = SPI_execute_plan(plan, values, nulls, false, 0);
	if (result != expected)
		elog(ERROR, "SPI_execute_plan answered %s for: %s", SPI_result_code_string(result), query);
	SPI_freeplan(plan);
}

void
registry_end_write(RegistryWriter *writer)
{
	if (writer->has_snapshot)
		PopActiveSnapshot();
	AtEOXact_GUC(false, writer->guc_level);
	SetUserIdAndSecContext(writer->caller, writer->security_context);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/*
 * Lock a model, and read it as it is by then. Changes do not conflict with rows that refer to the model: a check
 * for drift, which a long training may follow in its transaction, writes some.
 */
static bool
lock_model(RegistryWriter *writer, const char *name, bool drops, RegistryModel *model)
{
	Oid types[1] = {TEXTOID};
	Datum values[1] = {CStringGetTextDatum(name)};

	registry_execute(drops
						 ? "SELECT model_id FROM sentiment.model WHERE name = $1 FOR UPDATE"
						 : "SELECT model_id FROM sentiment.model WHERE name = $1 FOR NO KEY UPDATE",
					 1, types, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		return false;
	if (writer->has_snapshot)
		PopActiveSnapshot();
	PushActiveSnapshot(GetLatestSnapshot());
	writer->has_snapshot = true;
	return registry_find_model(name, GetActiveSnapshot(), model);
}

/* The same, with a right of the caller's. */
static void
lock_with_privilege(RegistryWriter *writer, const char *name, ModelPrivilege privilege, bool drops,
					RegistryModel *model)
{
	Oid owner = GetUserId();
	int context = writer->security_context | SECURITY_LOCAL_USERID_CHANGE;

	if (!lock_model(writer, name, drops, model))
		registry_model_missing(name);
	/* the right is the caller's, not the tables' owner's */
	SetUserIdAndSecContext(writer->caller, context);
	registry_check_privilege(model, privilege, GetActiveSnapshot());
	SetUserIdAndSecContext(owner, context);
}

void
registry_lock_for_change(RegistryWriter *writer, const char *name, ModelPrivilege privilege,
						 RegistryModel *model)
{
	lock_with_privilege(writer, name, privilege, false, model);
}

void
registry_lock_for_drop(RegistryWriter *writer, const char *name, RegistryModel *model)
{
	lock_with_privilege(writer, name, PRIVILEGE_ADMIN, true, model);
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
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
}

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
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
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
	version =
		DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
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

Datum
registry_image(const char *name, int32 version, ModelPrivilege privilege)
{
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;
	RegistryVersion found;
	Datum image;

	if (!registry_find_model(name, snapshot, &model))
		registry_model_missing(name);
	registry_check_privilege(&model, privilege, snapshot);
	if (version == 0)
		version = registry_deployed_version(model.model_id, snapshot);
	if (version == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("model \"%s\" has no deployed version", name),
						errhint("Name a version, or deploy one with sentiment_deploy.")));
	if (!registry_find_version(model.model_id, version, snapshot, &found, &image))
		registry_version_missing(name, version);
	return image;
}
