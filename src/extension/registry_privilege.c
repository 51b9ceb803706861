/*
 * registry_privilege.c
 *	  Who may do what with a model.
 *
 * Reads go straight to the tables by their indexes, under the snapshot that the caller names: they are on the
 * path of every prediction.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "extension/registry_privilege.h"
#include "extension/registry_table.h"

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
		char *granted = TextDatumGetCString(registry_attribute(tuple, PRIVILEGE_NAME, relation));
		StoredRole grantee;

		registry_read_role(tuple, relation, PRIVILEGE_GRANTEE, PRIVILEGE_GRANTEE_OID,
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

bool
registry_role_has_privilege(Oid role, const RegistryModel *model, ModelPrivilege privilege,
							Snapshot snapshot)
{
	Oid caller;
	int security_context;
	bool may;

	GetUserIdAndSecContext(&caller, &security_context);
	SetUserIdAndSecContext(role, security_context | SECURITY_LOCAL_USERID_CHANGE);
	may = registry_has_privilege(model, privilege, snapshot);
	SetUserIdAndSecContext(caller, security_context);
	return may;
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
