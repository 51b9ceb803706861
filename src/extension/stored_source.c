/*
 * stored_source.c
 *	  Sources that were stored: finding them, and who may read them.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "extension/compat.h"
#include "extension/source.h"
#include "extension/source_code.h"
#include "extension/stored_source.h"

bool
relation_is_temporary(Oid relation)
{
	return get_rel_persistence(relation) == RELPERSISTENCE_TEMP ||
		   isAnyTempNamespace(get_rel_namespace(relation));
}

void
stored_source_missing(const RegistryModel *model)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("model \"%s\" has no stored source: name one with sentiment_set_source()",
					model->name),
			 errdetail("It was trained from a temporary relation, or imported without a source."),
			 errhint("Use sentiment_set_source('%s', 'a_table').", model->name)));
}

/*
 * Lock the relation of a name, which another may have by the time that the lock is there; InvalidOid: there is none. The
 * caller need not be allowed to use the schema: who must be is checked later.
 */
static Oid
find_and_lock(const char *schema_name, const char *name)
{
	for (;;)
	{
		Oid schema = get_namespace_oid(schema_name, true);
		Oid relation = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;

		if (!OidIsValid(relation))
			return InvalidOid;
		LockRelationOid(relation, AccessShareLock);
		if (get_namespace_oid(schema_name, true) == schema &&
			get_relname_relid(name, schema) == relation)
			return relation;
		UnlockRelationOid(relation, AccessShareLock);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Raise an error if the owner of a model is gone. */
static void
check_model_has_owner(const RegistryModel *model)
{
	if (OidIsValid(stored_role_find(&model->owner)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("the owner of model \"%s\" is gone", model->name),
			 errdetail("What is stored with a model is read with the rights of its owner."),
			 errhint("Ask a superuser to run sentiment_set_owner('%s', ...).", model->name)));
}

StoredSource *
stored_source_open(const RegistryModel *model, const char *schema, const char *name,
				   const StoredRole *named_by)
{
	StoredSource *stored = palloc0(sizeof(StoredSource));

	check_model_has_owner(model);
	if (name == NULL || name[0] == '\0')
		stored_source_missing(model);
	stored->relation = find_and_lock(schema, name);
	if (!OidIsValid(stored->relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the source \"%s.%s\" of model \"%s\" is gone", schema, name, model->name),
				 errhint("Name another with sentiment_monitor('%s', ...), if that has named "
						 "it, or else with sentiment_set_source('%s', ...).",
						 model->name, model->name)));
	if (relation_is_temporary(stored->relation))
		stored_source_missing(model);
	stored->model = *model;
	stored->named_by = *named_by;
	stored->caller = GetUserId();
	stored->caller_may_act_as_owner =
		role_could_act_as(stored->caller, stored_role_find(&model->owner));
	stored->caller_name = GetUserNameFromId(GetUserId(), false);
	stored->caller_may_read = role_may_read_relation(GetUserId(), stored->relation);
	stored->relation_owner = relation_owner(stored->relation);
	stored->schema = pstrdup(schema);
	stored->name = pstrdup(name);
	stored->display_name = quote_qualified_identifier(stored->schema, stored->name);
	return stored;
}

/* Whether a role may SELECT a column. A column that is not there is somebody else's error. */
static bool
may_select_column(Oid role, Oid relation, const char *column)
{
	AttrNumber number = get_attnum(relation, column);

	return number == InvalidAttrNumber ||
		   pg_attribute_aclcheck(relation, number, role, ACL_SELECT) == ACLCHECK_OK;
}

/* The names of all columns that a source reads, but for those of its filter. */
static List *
columns_of_source(const Source *source, List *more)
{
	List *columns = list_copy(more);

	if (source->text_column != NULL)
		columns = lappend(columns, source->text_column);
	if (source->label_column != NULL)
		columns = lappend(columns, source->label_column);
	for (int i = 0; i < source->n_numeric; i++)
		columns = lappend(columns, source->numeric[i].name);
	return list_concat(columns, source_filter_columns(source));
}

/* What is said of a role that must be allowed to read, and what to do instead of granting that. */
typedef struct ReaderWords
{
	const char *detail; /* with the model's name */
	const char *way_out;
} ReaderWords;

static const ReaderWords reader_words[] = {
	[SOURCE_READER_OWNER] = {"It owns model \"%s\", for which the source is read.",
							 "name another source with sentiment_set_source()"},
	[SOURCE_READER_NAMER] = {"It named the source of model \"%s\".",
							 "let the model's owner name the source with sentiment_set_source()"},
	[SOURCE_READER_CHOOSER] = {"It chose the numeric columns of model \"%s\".",
							   "let the model's owner choose them with sentiment_set_source()"},
	[SOURCE_READER_AUTHOR] = {
		"It set the contract of model \"%s\", which looks at columns of the source.",
		"let a role that may read it set the contract"}};

/* Raise the error for a role that may not read something of a stored source: what, and the command that lets it. */
static void
pg_attribute_noreturn() may_not_read(const StoredSource *stored, const char *role, SourceReader why,
									 const char *what, const char *grant)
{
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					errmsg("role \"%s\" may not read %s %s", role, what, stored->display_name),
					errdetail(reader_words[why].detail, stored->model.name),
					errhint("%s TO %s; or %s.", grant, quote_identifier(role),
							reader_words[why].way_out)));
}

void
stored_source_check_role(const StoredSource *stored, Oid role, SourceReader why, List *columns)
{
	char *name = GetUserNameFromId(role, false);
	ListCell *cell;

	if (!may_use_schema(role, get_rel_namespace(stored->relation)))
		may_not_read(stored, name, why, "the source",
					 psprintf("GRANT USAGE ON SCHEMA %s", quote_identifier(stored->schema)));
	if (pg_class_aclcheck(stored->relation, role, ACL_SELECT) == ACLCHECK_OK)
		return;
	if (pg_attribute_aclcheck_all(stored->relation, role, ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		may_not_read(stored, name, why, "the source",
					 psprintf("GRANT SELECT ON %s", stored->display_name));
	foreach (cell, columns)
	{
		const char *column = lfirst(cell);

		if (!may_select_column(role, stored->relation, column))
			may_not_read(stored, name, why, psprintf("column \"%s\" of the source", column),
						 psprintf("GRANT SELECT (%s) ON %s", quote_identifier(column),
								  stored->display_name));
	}
}

/* Raise an error unless who chose the numeric columns may read them: it may be another than who named the source. */
static void
check_numeric_columns(const Source *source)
{
	Oid chooser = source->numeric_by == NULL ? InvalidOid : stored_role_find(source->numeric_by);
	List *columns = NIL;

	for (int i = 0; i < source->n_numeric; i++)
		columns = lappend(columns, source->numeric[i].name);
	if (OidIsValid(chooser) && columns != NIL)
		stored_source_check_role(source->stored, chooser, SOURCE_READER_CHOOSER, columns);
}

void
stored_source_check_rights(const Source *source, List *more_columns)
{
	const StoredSource *stored = source->stored;
	List *columns = columns_of_source(source, more_columns);
	Oid owner = stored_role_find(&stored->model.owner);
	Oid namer = stored_role_find(&stored->named_by);

	stored_source_check_role(stored, owner, SOURCE_READER_OWNER, columns);
	check_numeric_columns(source);
	/* who could only train must not have the owner's tables read for him under a name that he gave */
	if (OidIsValid(namer) && namer != owner)
		stored_source_check_role(stored, namer, SOURCE_READER_NAMER, columns);
}

StoredRole
stored_source_trainer(const StoredSource *stored)
{
	Oid owner = stored_role_find(&stored->model.owner);
	Oid namer = stored_role_find(&stored->named_by);

	return !OidIsValid(namer) || has_privs_of_role(namer, owner) ? stored->model.owner
																 : stored->named_by;
}

bool
role_may_read_relation(Oid role, Oid relation)
{
	Oid schema = get_rel_namespace(relation);

	if (!OidIsValid(schema) || !may_use_schema(role, schema))
		return false;
	if (pg_class_aclcheck(relation, role, ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relation, role, ACL_SELECT, ACLMASK_ALL) != ACLCHECK_OK)
		return false;
	if (check_enable_rls(relation, role, true) == RLS_ENABLED)
		return false;
	/* what another sees in such a view, he need not */
	return get_rel_relkind(relation) != RELKIND_VIEW ||
		   role_could_act_as(role, relation_owner(relation)) || !view_depends_on_role(relation);
}
