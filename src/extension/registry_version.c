/*
 * registry_version.c
 *	  Rows of sentiment.model_version and of sentiment.version_profile.
 *
 * Reads go straight to the tables by their indexes, under the snapshot that the caller names: they are on the
 * path of every prediction.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "extension/registry_deployment.h"
#include "extension/registry_model.h"
#include "extension/registry_table.h"
#include "extension/registry_version.h"

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
#define VERSION_FILTER_IS_KEPT     26

/* Columns of sentiment.version_profile. */
#define PROFILE_MODEL_ID 1
#define PROFILE_VERSION  2
#define PROFILE_PROFILE  3
#define PROFILE_LEARNED  4

void
registry_version_missing(const char *name, int32 version)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("version %d of model \"%s\" does not exist", version, name),
					errhint("The view sentiment_model_versions lists the versions.")));
}

Oid
registry_model_type(void)
{
	Oid relation = registry_relation("model_version");

	return get_atttype(relation, VERSION_IMAGE);
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
			(uint64) DatumGetInt64(registry_attribute(tuple, VERSION_IMAGE_CHECKSUM, relation));
		found->key.length =
			(uint64) DatumGetInt64(registry_attribute(tuple, VERSION_IMAGE_BYTES, relation));
		if (image != NULL)
			*image = datumCopy(registry_attribute(tuple, VERSION_IMAGE, relation), false, -1);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return is_found;
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
	source->filter_is_lost =
		!DatumGetBool(registry_attribute(tuple, VERSION_FILTER_IS_KEPT, relation));
	registry_copy_name(source->named_by.name,
					   registry_attribute(tuple, VERSION_TRAINED_BY, relation));
	source->named_by.oid = is_null[1] ? InvalidOid : DatumGetObjectId(oid);
	source->named_by.cluster = is_null[2] ? 0 : DatumGetInt64(cluster);
	source->trained_by = source->named_by;
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
		registry_copy_name(source->schema,
						   registry_attribute(tuple, VERSION_SOURCE_SCHEMA, relation));
		registry_copy_name(source->name, registry_attribute(tuple, VERSION_SOURCE_NAME, relation));
		registry_copy_name(source->text_column,
						   registry_attribute(tuple, VERSION_TEXT_COLUMN, relation));
		registry_copy_name(source->label_column,
						   registry_attribute(tuple, VERSION_LABEL_COLUMN, relation));
		source->n_numeric = read_texts(registry_attribute(tuple, VERSION_NUMERIC, relation),
									   &source->numeric_columns);
		source->holdout = DatumGetFloat8(registry_attribute(tuple, VERSION_HOLDOUT, relation));
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
		*profile = datumCopy(registry_attribute(tuple, PROFILE_PROFILE, relation), false, -1);
	if (is_found && learned_texts != NULL)
		*learned_texts = datumCopy(registry_attribute(tuple, PROFILE_LEARNED, relation), false, -1);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return is_found;
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
