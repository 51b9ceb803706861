/*
 * registry_table.c
 *	  Finding the registry's tables, and reading columns of their rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "extension/registry_table.h"

#define EXTENSION_NAME "sentiment"

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

Oid
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

Datum
registry_attribute(HeapTuple tuple, int attribute, Relation relation)
{
	bool is_null;
	Datum value = heap_getattr(tuple, attribute, RelationGetDescr(relation), &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("column %d of relation \"%s\" is null", attribute,
							   RelationGetRelationName(relation))));
	return value;
}

void
registry_copy_name(char *destination, Datum value)
{
	char *name = TextDatumGetCString(value);

	strlcpy(destination, name, NAMEDATALEN);
	pfree(name);
}

void
registry_read_role(HeapTuple tuple, Relation relation, int name, int oid, int cluster,
				   StoredRole *role)
{
	registry_copy_name(role->name, registry_attribute(tuple, name, relation));
	role->oid = DatumGetObjectId(registry_attribute(tuple, oid, relation));
	role->cluster = DatumGetInt64(registry_attribute(tuple, cluster, relation));
}
