/*
 * owner_context.c
 *	  Running as a model's owner.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "extension/compat.h"
#include "extension/owner_context.h"

OwnerContext
owner_context_begin(const RegistryModel *model)
{
	OwnerContext context;
	Oid owner = stored_role_find(&model->owner);

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the owner of model \"%s\" is gone", model->name),
				 errdetail("What is stored with a model runs with the rights of its owner."),
				 errhint("Ask a superuser to run sentiment_set_owner('%s', ...).", model->name)));
	GetUserIdAndSecContext(&context.caller, &context.security_context);
	SetUserIdAndSecContext(owner, context.security_context | SECURITY_RESTRICTED_OPERATION);
	context.guc_level = NewGUCNestLevel();
	restrict_search_path();
	return context;
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
