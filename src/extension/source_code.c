/*
 * source_code.c
 *	  Whose code runs while a relation is read.
 *
 * All that is looked at comes from the catalogs as it is stored: nothing is planned or simplified here, since that can
 * run functions. CHECK constraints are left out: whoever reads sets constraint_exclusion to off, so that the planner does not
 * look at them.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "extension/compat.h"
#include "extension/simple_expression.h"
#include "extension/source_code.h"

/* A search for code that must not run. */
typedef struct CodeSearch
{
	Oid reader;      /* the role that would run it */
	Oid author;      /* who wrote the expressions that are being looked at */
	List *types;     /* OIDs of those looked at */
	List *relations; /* the same of relations */
	bool has_bodies; /* functions were found whose bodies look names up */
	Oid culprit;     /* a role whose code was found */
	char *code;      /* what it is */
} CodeSearch;

static bool find_code(Node *node, void *context);
static bool find_in_type(CodeSearch *search, Oid type);
static bool find_in_aggregate(CodeSearch *search, Oid aggregate);

bool
role_could_act_as(Oid role, Oid other)
{
	return role == other || superuser_arg(role) || may_act_as_role(role, other);
}

/* Note code of a role. */
static bool
note_code(CodeSearch *search, Oid culprit, char *code)
{
	search->culprit = culprit;
	search->code = code;
	return true;
}

/*
 * Whether a function must not run: one that is SECURITY DEFINER neither, since its owner can change that while the query
 * runs. Expressions of who could not act as the reader may call simple functions only: even a
 * function of a superuser's would do what he wants with the reader's rights.
 */
static bool
find_in_function(Oid function, void *context)
{
	CodeSearch *search = context;
	HeapTuple tuple;
	FormData_pg_proc form;

	if (!role_could_act_as(search->author, search->reader))
		return simple_expression_allows_function(function)
				   ? false
				   : note_code(search, search->author,
							   psprintf("a call of %s", format_procedure(function)));
	if (function < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false; /* gone: the query cannot run */
	memcpy(&form, GETSTRUCT(tuple), offsetof(FormData_pg_proc, proargtypes));
	ReleaseSysCache(tuple);
	if (form.prokind == PROKIND_AGGREGATE && find_in_aggregate(search, function))
		return true;
	search->has_bodies |= form.prolang != ClanguageId && form.prolang != INTERNALlanguageId;
	if (role_could_act_as(form.proowner, search->reader))
		return false;
	return note_code(search, form.proowner,
					 psprintf("the function %s", format_procedure(function)));
}

/* Look at the functions of an aggregate. */
static bool
find_in_aggregate(CodeSearch *search, Oid aggregate)
{
	HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	FormData_pg_aggregate form;

	if (!HeapTupleIsValid(tuple))
		return false;
	memcpy(&form, GETSTRUCT(tuple), sizeof(form));
	ReleaseSysCache(tuple);
	{
		const Oid functions[] = {form.aggtransfn,     form.aggfinalfn,    form.aggcombinefn,
								 form.aggserialfn,    form.aggdeserialfn, form.aggmtransfn,
								 form.aggminvtransfn, form.aggmfinalfn};

		for (int i = 0; i < lengthof(functions); i++)
		{
			if (OidIsValid(functions[i]) && find_in_function(functions[i], search))
				return true;
		}
	}
	return (OidIsValid(form.aggsortop) && find_in_function(get_opcode(form.aggsortop), search)) ||
		   find_in_type(search, form.aggtranstype);
}

/* Look at the support functions and operators of an operator family. */
static bool
find_in_family(CodeSearch *search, Oid family)
{
	CatCList *list;
	bool found = false;

	if (family < FirstNormalObjectId)
		return false;
	list = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(family));
	for (int i = 0; i < list->n_members && !found; i++)
		found = find_in_function(((Form_pg_amproc) GETSTRUCT(&list->members[i]->tuple))->amproc,
								 search);
	ReleaseSysCacheList(list);
	if (found)
		return true;
	list = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(family));
	for (int i = 0; i < list->n_members && !found; i++)
		found = find_in_function(
			get_opcode(((Form_pg_amop) GETSTRUCT(&list->members[i]->tuple))->amopopr), search);
	ReleaseSysCacheList(list);
	return found;
}

/* Look at the family of an operator class. */
static bool
find_in_operator_class(CodeSearch *search, Oid operator_class)
{
	return OidIsValid(operator_class) && operator_class >= FirstNormalObjectId &&
		   find_in_family(search, get_opclass_family(operator_class));
}

/* Look at the functions that a type is cast by: what built-in functions make of its values may call one. */
static bool
find_in_casts(CodeSearch *search, Oid type)
{
	CatCList *list = SearchSysCacheList1(CASTSOURCETARGET, ObjectIdGetDatum(type));
	bool found = false;

	for (int i = 0; i < list->n_members && !found; i++)
	{
		Oid function = ((Form_pg_cast) GETSTRUCT(&list->members[i]->tuple))->castfunc;

		found = OidIsValid(function) && find_in_function(function, search);
	}
	ReleaseSysCacheList(list);
	return found;
}

/* Look at an expression that is stored in a catalog, which a role has written. */
static bool
find_in_stored(CodeSearch *search, Datum expression, Oid author)
{
	Oid outer = search->author;
	bool found;

	search->author = author;
	found = find_code(stringToNode(TextDatumGetCString(expression)), search);
	search->author = outer;
	return found;
}

/* Look at the constraints of a domain. */
static bool
find_in_domain(CodeSearch *search, Oid domain, Oid owner)
{
	Relation relation = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(domain));
	scan = systable_beginscan(relation, ConstraintTypidIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool is_null;
		Datum expression =
			heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(relation), &is_null);

		found = !is_null && find_in_stored(search, expression, owner);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

/* Look at what makes a range type. */
static bool
find_in_range(CodeSearch *search, Oid type)
{
	HeapTuple tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(type));
	FormData_pg_range range;

	if (!HeapTupleIsValid(tuple))
		return false;
	range = *(Form_pg_range) GETSTRUCT(tuple);
	ReleaseSysCache(tuple);
	return (OidIsValid(range.rngcanonical) && find_in_function(range.rngcanonical, search)) ||
		   (OidIsValid(range.rngsubdiff) && find_in_function(range.rngsubdiff, search)) ||
		   find_in_operator_class(search, range.rngsubopc) ||
		   find_in_type(search, range.rngsubtype);
}

/* Look at the types of the columns of a row type. */
static bool
find_in_row_type(CodeSearch *search, Oid type)
{
	TupleDesc descriptor = lookup_rowtype_tupdesc(type, -1);
	bool found = false;

	for (int i = 0; i < descriptor->natts && !found; i++)
		found = !TupleDescAttr(descriptor, i)->attisdropped &&
				find_in_type(search, TupleDescAttr(descriptor, i)->atttypid);
	ReleaseTupleDesc(descriptor);
	return found;
}

/* Look at what a type brings along: casts, constraints, how its values are compared and hashed, and its parts. */
static bool
find_in_type(CodeSearch *search, Oid type)
{
	HeapTuple tuple;
	FormData_pg_type form;
	TypeCacheEntry *cached;

	if (type < FirstNormalObjectId || list_member_oid(search->types, type))
		return false;
	search->types = lappend_oid(search->types, type);
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = *(Form_pg_type) GETSTRUCT(tuple);
	ReleaseSysCache(tuple);
	if (find_in_casts(search, type) ||
		(OidIsValid(form.typelem) && find_in_type(search, form.typelem)))
		return true;
	switch (form.typtype)
	{
		case TYPTYPE_DOMAIN:
			/* its owner can add a constraint while the query runs */
			if (!role_could_act_as(form.typowner, search->reader))
				return note_code(search, form.typowner,
								 psprintf("the domain %s", format_type_be(type)));
			return find_in_domain(search, type, form.typowner) ||
				   find_in_type(search, form.typbasetype);
		case TYPTYPE_RANGE:
			return find_in_range(search, type);
		case TYPTYPE_MULTIRANGE:
			return find_in_type(search, get_multirange_range(type));
		case TYPTYPE_COMPOSITE:
			if (find_in_row_type(search, type))
				return true;
			break;
	}
	cached = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY | TYPECACHE_HASH_OPFAMILY);
	return find_in_family(search, cached->btree_opf) || find_in_family(search, cached->hash_opf);
}

/* Look at a column of a catalog's row that holds expressions, or nothing. */
static bool
find_in_attribute(CodeSearch *search, int cache, HeapTuple tuple, AttrNumber attribute, Oid author)
{
	bool is_null;
	Datum expressions = SysCacheGetAttr(cache, tuple, attribute, &is_null);

	return !is_null && find_in_stored(search, expressions, author);
}

/* Look at an oidvector of operator classes. */
static bool
find_in_operator_classes(CodeSearch *search, Datum vector)
{
	oidvector *classes = (oidvector *) DatumGetPointer(vector);

	for (int i = 0; i < classes->dim1; i++)
	{
		if (find_in_operator_class(search, classes->values[i]))
			return true;
	}
	return false;
}

/* Look at an index, whose expressions the planner simplifies even if it does not use it. */
static bool
find_in_index(CodeSearch *search, Oid index, Oid owner)
{
	HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool is_null;
	bool found;

	if (!HeapTupleIsValid(tuple))
		return false;
	found = find_in_attribute(search, INDEXRELID, tuple, Anum_pg_index_indexprs, owner) ||
			find_in_attribute(search, INDEXRELID, tuple, Anum_pg_index_indpred, owner) ||
			find_in_operator_classes(
				search, SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass, &is_null));
	ReleaseSysCache(tuple);
	if (found)
		search->code = psprintf("%s, of the index \"%s\"", search->code, get_rel_name(index));
	return found;
}

/* Look at the key of a partitioned table. */
static bool
find_in_partition_key(CodeSearch *search, Oid table, Oid owner)
{
	HeapTuple tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(table));
	bool is_null;
	bool found;

	if (!HeapTupleIsValid(tuple))
		return false;
	found =
		find_in_attribute(search, PARTRELID, tuple, Anum_pg_partitioned_table_partexprs, owner) ||
		find_in_operator_classes(
			search,
			SysCacheGetAttr(PARTRELID, tuple, Anum_pg_partitioned_table_partclass, &is_null));
	ReleaseSysCache(tuple);
	return found;
}

/* Look at extended statistics. */
static bool
find_in_statistics(CodeSearch *search, Oid statistics, Oid owner)
{
	HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
	bool found;

	if (!HeapTupleIsValid(tuple))
		return false;
	found = find_in_attribute(search, STATEXTOID, tuple, Anum_pg_statistic_ext_stxexprs, owner);
	if (found)
		search->code = psprintf("%s, of the statistics \"%s\"", search->code,
								NameStr(((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxname));
	ReleaseSysCache(tuple);
	return found;
}

/*
 * Look at a foreign table: where it leads to, its owner and its server's owner say, and somebody else's password, or none, may
 * open it there.
 */
static bool
find_in_foreign_table(CodeSearch *search, Relation relation, Oid owner)
{
	Oid table = RelationGetRelid(relation);
	Oid server_owner = GetForeignServer(GetForeignServerIdByRelId(table))->owner;
	TupleDesc columns = RelationGetDescr(relation);

	if (!role_could_act_as(owner, search->reader))
		return note_code(search, owner, psprintf("the foreign table \"%s\"", get_rel_name(table)));
	if (!role_could_act_as(server_owner, search->reader))
		return note_code(search, server_owner,
						 psprintf("the server of the foreign table \"%s\"", get_rel_name(table)));
	/* its values are made, and checked against domains, while it is read */
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (!column->attisdropped && find_in_type(search, column->atttypid))
			return true;
	}
	return false;
}

/* Look at a table, and what the planner makes ready of it. */
static bool
find_in_table(CodeSearch *search, Oid table)
{
	Relation relation;
	Oid owner;
	ListCell *cell;
	bool found = false;

	if (list_member_oid(search->relations, table))
		return false;
	search->relations = lappend_oid(search->relations, table);
	/* whoever made the query has locked it */
	relation = try_relation_open(table, AccessShareLock);
	if (relation == NULL)
		return false;
	owner = relation->rd_rel->relowner;
	if (relation->rd_rel->relhasindex)
	{
		foreach (cell, RelationGetIndexList(relation))
			found = found || find_in_index(search, lfirst_oid(cell), owner);
	}
	if (relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		found = found || find_in_foreign_table(search, relation, owner);
	if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		found = found || find_in_partition_key(search, table, owner);
	foreach (cell, RelationGetStatExtList(relation))
		found = found || find_in_statistics(search, lfirst_oid(cell), owner);
	relation_close(relation, NoLock);
	return found;
}

/* Look at a table and those that inherit from it. */
static bool
find_in_tables(CodeSearch *search, const RangeTblEntry *entry)
{
	ListCell *cell;

	if (entry->relkind == RELKIND_VIEW)
		return false;
	if (!entry->inh)
		return find_in_table(search, entry->relid);
	foreach (cell, find_all_inheritors(entry->relid, AccessShareLock, NULL))
	{
		if (find_in_table(search, lfirst_oid(cell)))
			return true;
	}
	return false;
}

Oid
relation_owner(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Look at types in a list. */
static bool
find_in_types(CodeSearch *search, List *types)
{
	ListCell *cell;

	foreach (cell, types)
	{
		if (OidIsValid(lfirst_oid(cell)) && find_in_type(search, lfirst_oid(cell)))
			return true;
	}
	return false;
}

/* Look at the types of the columns that functions in FROM give. */
static bool
find_in_function_types(CodeSearch *search, const RangeTblEntry *entry)
{
	ListCell *cell;

	foreach (cell, entry->functions)
	{
		if (find_in_types(search, lfirst_node(RangeTblFunction, cell)->funccoltypes))
			return true;
	}
	return entry->tablefunc != NULL && find_in_types(search, entry->tablefunc->coltypes);
}

/* Look at an entry of a query's range table: what a policy or a view says was written by their owners. */
static bool
find_in_entry(CodeSearch *search, const RangeTblEntry *entry)
{
	Oid outer = search->author;
	Oid view;
	bool found = false;

	if (entry->rtekind == RTE_RELATION)
	{
		if (entry->securityQuals != NIL)
		{
			search->author = relation_owner(entry->relid);
			found = find_code((Node *) entry->securityQuals, search);
			search->author = outer;
		}
		return found || find_in_tables(search, entry);
	}
	if (entry->rtekind != RTE_SUBQUERY)
		return find_in_types(search, entry->coltypes) || find_in_function_types(search, entry);
	view = view_of_subquery(entry);
	if (OidIsValid(view))
		search->author = relation_owner(view);
	found = find_code((Node *) entry->subquery, search);
	search->author = outer;
	return found;
}

/* Look at a query. */
static bool
find_in_query(CodeSearch *search, Query *query)
{
	ListCell *cell;

	foreach (cell, query->rtable)
	{
		if (find_in_entry(search, lfirst_node(RangeTblEntry, cell)))
			return true;
	}
	return query_tree_walker(query, find_code, search,
							 QTW_IGNORE_RT_SUBQUERIES | QTW_EXAMINE_SORTGROUP);
}

/* The type of a node that has a value; InvalidOid otherwise. */
static Oid
value_type(Node *node)
{
	switch (nodeTag(node))
	{
		case T_Var:
			/* what is there already is not checked against a domain; a foreign table's columns are looked at themselves */
			return getBaseType(exprType(node));
		case T_Const:
		case T_Param:
		case T_Aggref:
		case T_WindowFunc:
		case T_SubscriptingRef:
		case T_FuncExpr:
		case T_OpExpr:
		case T_NullIfExpr:
		case T_FieldSelect:
		case T_FieldStore:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CaseExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_CoerceToDomain:
			return exprType(node);
		default:
			return InvalidOid;
	}
}

/* Look at the operators that the planner may put in the place of one: its negator, and the one for changed sides. */
static bool
find_in_related_operators(CodeSearch *search, Oid operator_id)
{
	Oid related[] = {get_negator(operator_id), get_commutator(operator_id)};

	for (int i = 0; i < lengthof(related); i++)
	{
		if (OidIsValid(related[i]) && find_in_function(get_opcode(related[i]), search))
			return true;
	}
	return false;
}

/* Look for code that must not run, in any node of a query. */
static bool
find_code(Node *node, void *context)
{
	CodeSearch *search = context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return find_in_query(search, (Query *) node);
	if (check_functions_in_node(node, find_in_function, search) ||
		find_in_type(search, value_type(node)))
		return true;
	if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
	{
		if (find_in_related_operators(search, ((OpExpr *) node)->opno))
			return true;
	}
	if (IsA(node, ScalarArrayOpExpr) &&
		find_in_related_operators(search, ((ScalarArrayOpExpr *) node)->opno))
		return true;
	if (IsA(node, SortGroupClause))
	{
		const SortGroupClause *clause = (const SortGroupClause *) node;

		return (OidIsValid(clause->eqop) && find_in_function(get_opcode(clause->eqop), search)) ||
			   (OidIsValid(clause->sortop) && find_in_function(get_opcode(clause->sortop), search));
	}
	if (IsA(node, SetOperationStmt) &&
		find_code((Node *) ((SetOperationStmt *) node)->groupClauses, search))
		return true;
	if (IsA(node, NextValueExpr) && !role_could_act_as(search->author, search->reader))
		return note_code(search, search->author, pstrdup("a sequence"));
	return expression_tree_walker(node, find_code, context);
}

/* The name of a role, for an error. */
static char *
name_of_role(Oid role)
{
	char *name = GetUserNameFromId(role, true);

	return name != NULL ? name : psprintf("unknown (OID=%u)", role);
}

/* Raise the error for code that must not run. */
static void
pg_attribute_noreturn() refuse_code(const CodeSearch *search, const char *source)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the source %s would run code of role \"%s\" with the rights of role \"%s\"",
					source, name_of_role(search->culprit), name_of_role(search->reader)),
			 errdetail("It is %s. The rows were not read.", search->code),
			 errhint("Let that code belong to role \"%s\" or to a superuser, or name a source "
					 "without it by sentiment_set_source().",
					 name_of_role(search->reader))));
}

/* The owner of a relation or type that a dependency is of; InvalidOid: it is neither. */
static Oid
owner_of_dependent(const FormData_pg_depend *dependency)
{
	HeapTuple tuple;
	Oid owner = InvalidOid;

	if (dependency->classid == RelationRelationId)
	{
		tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(dependency->objid));
		if (HeapTupleIsValid(tuple))
			owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	}
	else if (dependency->classid == TypeRelationId)
	{
		tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(dependency->objid));
		if (HeapTupleIsValid(tuple))
			owner = ((Form_pg_type) GETSTRUCT(tuple))->typowner;
	}
	else
		return InvalidOid;
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return owner;
}

/* The owner of a relation or type in a schema who could not act as a role; InvalidOid: there is none. */
static Oid
find_stranger_in_schema(Oid schema, Oid reader)
{
	Relation relation = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	Oid stranger = InvalidOid;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(NamespaceRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(schema));
	scan = systable_beginscan(relation, DependReferenceIndexId, true, NULL, 2, keys);
	while (!OidIsValid(stranger) && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Oid owner = owner_of_dependent((Form_pg_depend) GETSTRUCT(tuple));

		if (OidIsValid(owner) && !role_could_act_as(owner, reader))
			stranger = owner;
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return stranger;
}

/*
 * Refuse to run functions whose bodies look names up where a name could lead to something of somebody else's: the session's
 * temporary schema is searched for relations and types whatever the search_path says.
 */
static void
check_temporary_schema(Oid reader, const char *source)
{
	Oid schema = LookupNamespaceNoError("pg_temp");
	Oid stranger = OidIsValid(schema) ? find_stranger_in_schema(schema, reader) : InvalidOid;

	if (!OidIsValid(stranger))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the source %s runs functions, and this session has temporary objects of role "
					"\"%s\"",
					source, name_of_role(stranger)),
			 errdetail("A name in a function could lead to one of them, and so to code that runs "
					   "with the rights of role \"%s\".",
					   name_of_role(reader)),
			 errhint("Drop them (DISCARD TEMP drops all), or use another session.")));
}

/*
 * Refuse to run functions of who could not act as the caller in a session with open cursors: their rows could be fetched.
 * Connected to SPI.
 */
static void
check_cursors(Oid reader, Oid caller, const char *source)
{
	if (role_could_act_as(reader, caller))
		return;
	if (SPI_execute("SELECT FROM pg_catalog.pg_cursors AS c"
					" WHERE c.name OPERATOR(pg_catalog.<>) ''::pg_catalog.text",
					true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the cursors of the session");
	if (SPI_processed == 0)
		return;
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("the source %s runs functions of role \"%s\", and this session has open cursors",
				source, name_of_role(reader)),
		 errdetail("The functions could fetch their rows."),
		 errhint(
			 "Close them: a FOR loop over a query has one, and so has a client that fetches rows "
			 "in parts. Or use another session, as a job's.")));
}

/* Refuse to run functions in a session in which they could lead, or get, to what is not theirs. */
static void
check_session(Oid reader, Oid caller, const char *source)
{
	check_temporary_schema(reader, source);
	check_cursors(reader, caller, source);
}

/* How often the search is repeated when something changes meanwhile. */
#define MAX_SEARCHES 10

void
source_code_check(List *queries, Oid reader, Oid caller, const char *source)
{
	/* waiting for a lock on a child gives its owner time: so look again until nothing changes while it is looked */
	for (int i = 0; i < MAX_SEARCHES; i++)
	{
		CodeSearch search = {.reader = reader, .author = reader};
		uint64 changes;

		AcceptInvalidationMessages();
		changes = SharedInvalidMessageCounter;
		if (find_code((Node *) queries, &search))
			refuse_code(&search, source);
		if (search.has_bodies)
			check_session(reader, caller, source);
		AcceptInvalidationMessages();
		if (changes == SharedInvalidMessageCounter)
			return;
	}
	ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
					errmsg("the source %s was changed while it was looked at", source),
					errhint("Try again.")));
}

/*
 * Whether a built-in function that is not immutable may tell one role something else than another: what the server knows of
 * sessions, settings, rights and objects, or a query that it runs.
 */
static bool
asks_for_role(Oid function)
{
	static const char *const heads[] = {
		"pg_",          "current_",      "session_",   "has_",      "inet_",      "txid_",
		"row_security", "getpgusername", "query_to_",  "table_to_", "schema_to_", "database_to_",
		"cursor_to_",   "lo_",           "set_config", "nextval",   "currval",    "lastval",
		"setval",       "ts_stat",       "ts_rewrite"};
	const char *name = get_func_name(function);

	for (int i = 0; i < lengthof(heads); i++)
	{
		if (strncmp(name, heads[i], strlen(heads[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Note a function that may depend on the role. What one of a user's asks for is not known: it is taken to ask, unless it is
 * said to depend on its arguments alone. context: a string, the cause
 */
static bool
may_depend_on_role(Oid function, void *context)
{
	char **cause = context;

	if (func_volatile(function) == PROVOLATILE_IMMUTABLE ||
		(function < FirstNormalObjectId && !asks_for_role(function)))
		return false;
	*cause = psprintf(function < FirstNormalObjectId ? "it calls %s" : "%s is not IMMUTABLE",
					  format_procedure(function));
	return true;
}

/* Look for what depends on the role that runs a query. */
static bool
find_dependence(Node *node, void *context)
{
	char **cause = context;

	if (node == NULL)
		return false;
	if (IsA(node, SQLValueFunction))
	{
		SQLValueFunctionOp op = ((SQLValueFunction *) node)->op;

		if (op < SVFOP_CURRENT_ROLE || op > SVFOP_SESSION_USER)
			return false;
		*cause = pstrdup("it asks for the current role");
		return true;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_dependence, context, 0);
	return check_functions_in_node(node, may_depend_on_role, context) ||
		   expression_tree_walker(node, find_dependence, context);
}

/* Whether a relation is a view that reads with the rights of who asks it. */
static bool
is_invokers_view(Oid relation_id)
{
	Relation relation;
	bool is_invokers;

	if (get_rel_relkind(relation_id) != RELKIND_VIEW)
		return false;
	relation = relation_open(relation_id, AccessShareLock);
	is_invokers = RelationHasSecurityInvoker(relation);
	relation_close(relation, NoLock);
	return is_invokers;
}

char *
source_code_dependence_on_role(List *queries, List *relations)
{
	char *cause = NULL;
	ListCell *cell;

	foreach (cell, relations)
	{
		if (is_invokers_view(lfirst_oid(cell)))
			return psprintf("the view \"%s\" is security_invoker", get_rel_name(lfirst_oid(cell)));
	}
	(void) find_dependence((Node *) queries, &cause);
	return cause;
}

bool
view_depends_on_role(Oid view)
{
	char *sql = psprintf("SELECT * FROM %s",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(view)),
													get_rel_name(view)));
	List *queries = pg_analyze_and_rewrite_fixedparams(
		linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql, NULL, 0, NULL);
	List *relations;
	List *invalidations;
	bool has_row_security;

	extract_query_dependencies((Node *) queries, &relations, &invalidations, &has_row_security);
	return source_code_dependence_on_role(queries, relations) != NULL;
}
