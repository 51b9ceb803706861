/*
 * privileges.c
 *	  Who owns a model, and who may do what with it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/arguments.h"
#include "extension/compat.h"
#include "extension/registry.h"

/* Read the name of a privilege. */
static ModelPrivilege
parse_privilege(const char *name)
{
	for (int i = PRIVILEGE_PREDICT; i <= PRIVILEGE_ADMIN; i++)
	{
		if (pg_strcasecmp(registry_privilege_name((ModelPrivilege) i), name) == 0)
			return (ModelPrivilege) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown privilege \"%s\"", name),
			 errhint("The privileges are \"predict\", \"train\" and \"admin\".")));
}

/*
 * Write or delete rows of sentiment.model_privilege. Parameters of the query: model, name, OID and cluster of
 * the grantee, privilege, name of the caller.
 */
static void
change_privilege(FunctionCallInfo fcinfo, const StoredRole *grantee, const char *command,
				 const char *query, int expected)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ModelPrivilege privilege = parse_privilege(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	char *caller = GetUserNameFromId(GetUserId(), false);
	RegistryWriter writer = registry_begin_write(command);
	RegistryModel model;
	Oid types[6] = {INT8OID, TEXTOID, OIDOID, INT8OID, TEXTOID, TEXTOID};
	Datum values[6];

	registry_lock_for_change(&writer, name, PRIVILEGE_ADMIN, &model);
	values[0] = Int64GetDatum(model.model_id);
	values[1] = CStringGetTextDatum(grantee->name);
	values[2] = ObjectIdGetDatum(grantee->oid);
	values[3] = Int64GetDatum(grantee->cluster);
	values[4] = CStringGetTextDatum(registry_privilege_name(privilege));
	values[5] = CStringGetTextDatum(caller);
	registry_execute(query, 6, types, values, NULL, expected);
	registry_end_write(&writer);
}

/* The name of the grantee, of three arguments that must not be null. */
static char *
grantee_argument(FunctionCallInfo fcinfo)
{
	require_arguments(fcinfo, 3);
	return text_to_cstring(PG_GETARG_TEXT_PP(1));
}

PG_FUNCTION_INFO_V1(sentiment_grant);
Datum
sentiment_grant(PG_FUNCTION_ARGS)
{
	char *name = grantee_argument(fcinfo);
	StoredRole grantee = strcmp(name, PUBLIC_NAME) == 0 ? stored_role_public()
														: stored_role_of(get_role_oid(name, false));

	change_privilege(fcinfo, &grantee, "sentiment_grant()",
					 "INSERT INTO sentiment.model_privilege"
					 " (model_id, grantee, grantee_oid, grantee_cluster, privilege, granted_by)"
					 " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
					 SPI_OK_INSERT);
	PG_RETURN_VOID();
}

/*
 * Takes back what the role has, and what was granted under this name and is nobody's any more: to a
 * role that is gone, or in a cluster that this database was restored from.
 */
PG_FUNCTION_INFO_V1(sentiment_revoke);
Datum
sentiment_revoke(PG_FUNCTION_ARGS)
{
	char *name = grantee_argument(fcinfo);
	StoredRole grantee = {.oid = get_role_oid(name, true), .cluster = stored_role_this_cluster()};

	strlcpy(grantee.name, name, NAMEDATALEN);
	if (strcmp(name, PUBLIC_NAME) == 0)
		grantee = stored_role_public();
	change_privilege(fcinfo, &grantee, "sentiment_revoke()",
					 "DELETE FROM sentiment.model_privilege AS p"
					 " WHERE model_id = $1 AND privilege = $5 AND $6 IS NOT NULL"
					 " AND (grantee_oid = $3 AND grantee_cluster = $4"
					 " OR grantee = $2 AND (grantee_cluster <> $4"
					 " OR NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r"
					 " WHERE r.oid = p.grantee_oid)))",
					 SPI_OK_DELETE);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sentiment_set_owner);
Datum
sentiment_set_owner(PG_FUNCTION_ARGS)
{
	char *name;
	Oid new_owner;
	StoredRole owner;
	RegistryWriter writer;
	RegistryModel model;
	Oid types[4] = {INT8OID, TEXTOID, OIDOID, INT8OID};
	Datum values[4];

	require_arguments(fcinfo, 2);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	new_owner = get_role_oid(NameStr(*PG_GETARG_NAME(1)), false);
	owner = stored_role_of(new_owner);
	check_may_give_to_role(GetUserId(), new_owner);
	writer = registry_begin_write("sentiment_set_owner()");
	registry_lock_for_change(&writer, name, PRIVILEGE_ADMIN, &model);
	values[0] = Int64GetDatum(model.model_id);
	values[1] = CStringGetTextDatum(owner.name);
	values[2] = ObjectIdGetDatum(owner.oid);
	values[3] = Int64GetDatum(owner.cluster);
	registry_execute("UPDATE sentiment.model SET owner = $2, owner_oid = $3, owner_cluster = $4"
					 " WHERE model_id = $1",
					 4, types, values, NULL, SPI_OK_UPDATE);
	registry_execute("UPDATE sentiment.deployment_history"
					 " SET owner = $2, owner_oid = $3, owner_cluster = $4 WHERE model_id = $1",
					 4, types, values, NULL, SPI_OK_UPDATE);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sentiment_has_privilege);
Datum
sentiment_has_privilege(PG_FUNCTION_ARGS)
{
	ModelPrivilege privilege = parse_privilege(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	RegistryModel model;

	PG_RETURN_BOOL(registry_find_model_by_id(PG_GETARG_INT64(0), GetActiveSnapshot(), &model) &&
				   registry_has_privilege(&model, privilege, GetActiveSnapshot()));
}
