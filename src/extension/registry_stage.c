/*
 * registry_stage.c
 *	  Rows of sentiment.version_stage: where a version stands, and who may ask it for that.
 *
 * Reads go straight to the table by its index, under the snapshot that the caller names: they are on the path of
 * predictions by a version's number.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "extension/compat.h"
#include "extension/registry_deployment.h"
#include "extension/registry_privilege.h"
#include "extension/registry_stage.h"
#include "extension/registry_table.h"

/* Columns of sentiment.version_stage. */
#define VERSION_STAGE_MODEL_ID 1
#define VERSION_STAGE_VERSION  2
#define VERSION_STAGE_STAGE    3
#define VERSION_STAGE_RETIRED  4

void
registry_version_retired(const RegistryModel *model, int32 version)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("version %d of model \"%s\" is retired", version, model->name),
					errdetail("A retired version cannot answer until it is promoted again."),
					errhint("Run sentiment_promote('%s', %d) first.", model->name, version)));
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
		char *name = TextDatumGetCString(registry_attribute(tuple, VERSION_STAGE_STAGE, relation));
		bool retired = DatumGetBool(registry_attribute(tuple, VERSION_STAGE_RETIRED, relation));

		stage = strcmp(name, "staging") == 0 ? STAGE_STAGING
				: retired                    ? STAGE_RETIRED
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
