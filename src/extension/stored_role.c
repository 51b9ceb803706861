/*
 * stored_role.c
 *	  Roles in the tables of the registry.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "extension/stored_role.h"

int64
stored_role_this_cluster(void)
{
	return (int64) GetSystemIdentifier();
}

StoredRole
stored_role_of(Oid role)
{
	StoredRole stored = {.oid = role, .cluster = stored_role_this_cluster()};

	strlcpy(stored.name, GetUserNameFromId(role, false), NAMEDATALEN);
	return stored;
}

StoredRole
stored_role_public(void)
{
	return (StoredRole){.name = PUBLIC_NAME, .oid = InvalidOid, .cluster = 0};
}

bool
stored_role_is_public(const StoredRole *stored)
{
	return !OidIsValid(stored->oid) && strcmp(stored->name, PUBLIC_NAME) == 0;
}

Oid
stored_role_find(const StoredRole *stored)
{
	if (stored_role_is_public(stored))
		return InvalidOid;
	if (stored->cluster != stored_role_this_cluster())
		return get_role_oid(stored->name, true);
	return SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(stored->oid)) ? stored->oid : InvalidOid;
}

bool
stored_role_is_mine(const StoredRole *stored)
{
	Oid role = stored_role_find(stored);

	return OidIsValid(role) && has_privs_of_role(GetUserId(), role);
}

char *
stored_role_name(const StoredRole *stored)
{
	Oid role = stored_role_find(stored);
	char *name = OidIsValid(role) ? GetUserNameFromId(role, true) : NULL;

	if (name != NULL)
		return name;
	/* elsewhere the name is all that is known; here it may be another role's by now */
	if (stored_role_is_public(stored) || stored->cluster != stored_role_this_cluster())
		return pstrdup(stored->name);
	return psprintf("unknown (OID=%u)", stored->oid);
}

/* A stored role of three arguments: name, OID, cluster. */
static StoredRole
role_argument(FunctionCallInfo fcinfo)
{
	StoredRole stored = {.oid = PG_GETARG_OID(1), .cluster = PG_GETARG_INT64(2)};

	text_to_cstring_buffer(PG_GETARG_TEXT_PP(0), stored.name, NAMEDATALEN);
	return stored;
}

PG_FUNCTION_INFO_V1(sentiment_role_name);
Datum
sentiment_role_name(PG_FUNCTION_ARGS)
{
	StoredRole stored = role_argument(fcinfo);

	PG_RETURN_TEXT_P(cstring_to_text(stored_role_name(&stored)));
}

PG_FUNCTION_INFO_V1(sentiment_has_role);
Datum
sentiment_has_role(PG_FUNCTION_ARGS)
{
	StoredRole stored = role_argument(fcinfo);

	PG_RETURN_BOOL(stored_role_is_mine(&stored));
}
