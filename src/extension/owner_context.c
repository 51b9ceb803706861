/*
 * owner_context.c
 *	  Running as a model's owner.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "extension/compat.h"
#include "extension/owner_context.h"

/* Go on as a role. */
static OwnerContext
begin_as(Oid role)
{
	OwnerContext context;

	GetUserIdAndSecContext(&context.caller, &context.security_context);
	SetUserIdAndSecContext(role, context.security_context | SECURITY_RESTRICTED_OPERATION);
	context.guc_level = NewGUCNestLevel();
	restrict_search_path();
	return context;
}

/* The model's owner. */
static Oid
find_owner(const RegistryModel *model)
{
	Oid owner = stored_role_find(&model->owner);

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the owner of model \"%s\" is gone", model->name),
				 errdetail("What is stored with a model runs with the rights of its owner."),
				 errhint("Ask a superuser to run sentiment_set_owner('%s', ...).", model->name)));
	return owner;
}

OwnerContext
owner_context_begin(const RegistryModel *model)
{
	return begin_as(find_owner(model));
}

OwnerContext
owner_context_begin_source(const RegistryModel *model, const StoredRole *named_by)
{
	Oid owner = find_owner(model);
	Oid role = stored_role_find(named_by);

	if (!OidIsValid(role))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the role \"%s\", which named the source, is gone", named_by->name),
						errdetail("A stored source is read with the rights of whoever named it."),
						errhint("Train a version from the source again.")));
	return begin_as(has_privs_of_role(role, owner) ? owner : role);
}

void
owner_context_end(OwnerContext *context)
{
	AtEOXact_GUC(false, context->guc_level);
	SetUserIdAndSecContext(context->caller, context->security_context);
}

const char *
extension_schema_quoted(void)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(registry_model_type()));
	Oid schema;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", registry_model_type());
	schema = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);
	return quote_identifier(get_namespace_name(schema));
}
