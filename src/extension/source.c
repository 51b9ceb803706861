/*
 * source.c
 *	  The relation that texts are read from: its columns, and a filter.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "extension/host.h"
#include "extension/source.h"

/* Names of a relation's columns, for a detail. */
static char *
list_columns(Relation relation)
{
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < RelationGetDescr(relation)->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), i);

		if (!attribute->attisdropped)
			appendStringInfo(&columns, "%s\"%s\"", columns.len == 0 ? "" : ", ",
							 NameStr(attribute->attname));
	}
	return columns.data;
}

/* The number of a column; raises an error unless the relation has it. */
static AttrNumber
check_column(Relation relation, const char *column, const char *argument)
{
	AttrNumber number = get_attnum(RelationGetRelid(relation), column);

	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("column \"%s\" of relation \"%s\" does not exist", column,
							   RelationGetRelationName(relation)),
						errdetail("Its columns are %s.", list_columns(relation)),
						errhint("Name the column in the argument %s.", argument)));
	return number;
}

/* Check that a column holds numbers. */
static void
check_numeric_column(Relation relation, NumericColumn *column)
{
	AttrNumber number = check_column(relation, column->name, "numeric_columns");
	Oid type = getBaseType(get_atttype(RelationGetRelid(relation), number));
	char category;
	bool preferred;

	get_type_category_preferred(type, &category, &preferred);
	column->is_boolean = type == BOOLOID;
	column->is_numeric = type == NUMERICOID;
	if (!column->is_boolean && type != INT2OID && type != INT4OID && type != INT8OID &&
		type != FLOAT4OID && type != FLOAT8OID && type != NUMERICOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is of type %s, which is not numeric",
						column->name, RelationGetRelationName(relation), format_type_be(type)),
				 category == TYPCATEGORY_DATETIME || category == TYPCATEGORY_TIMESPAN
					 ? errhint("Make a number of it in a view, as with "
							   "extract(epoch from %s).",
							   quote_identifier(column->name))
					 : errhint("Make a number of it in a view, or leave it out of "
							   "numeric_columns.")));
}

/* Refuse a column that is named twice: its number would count twice. */
static void
check_distinct_columns(const Source *source)
{
	for (int i = 0; i < source->n_numeric; i++)
	{
		for (int j = 0; j < i; j++)
		{
			if (strcmp(source->numeric[i].name, source->numeric[j].name) == 0)
				ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
								errmsg("column \"%s\" stands in numeric_columns twice",
									   source->numeric[i].name)));
		}
		if (source->label_column != NULL &&
			strcmp(source->numeric[i].name, source->label_column) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the label column \"%s\" cannot be a numeric column",
								   source->label_column),
							errdetail("The model would learn to read the label from itself.")));
	}
}

/*
 * Refuse a filter that is more than one expression: it must not reach beyond the parentheses that it is put
 * in.
 */
static void
check_filter(const char *filter)
{
	List *statements;
	SelectStmt *statement;

	if (filter == NULL)
		return;
	statements = raw_parser(filter, RAW_PARSE_PLPGSQL_EXPR);
	statement = list_length(statements) != 1
					? NULL
					: (SelectStmt *) linitial_node(RawStmt, statements)->stmt;
	if (statement == NULL || !IsA(statement, SelectStmt) || statement->op != SETOP_NONE ||
		list_length(statement->targetList) != 1 || statement->distinctClause != NIL ||
		linitial_node(ResTarget, statement->targetList)->name != NULL ||
		statement->fromClause != NIL || statement->whereClause != NULL ||
		statement->groupClause != NIL || statement->havingClause != NULL ||
		statement->windowClause != NIL || statement->sortClause != NIL ||
		statement->limitOffset != NULL || statement->limitCount != NULL ||
		statement->lockingClause != NIL)
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
						errmsg("the filter is not one expression: %s", filter),
						errdetail("It is the condition by which rows of the source are chosen."),
						errhint("Write what you would write behind WHERE.")));
}

void
source_set_numeric_columns(Source *source, Datum names)
{
	Datum *columns;
	bool *nulls;

	deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &columns, &nulls,
					  &source->n_numeric);
	source->numeric = palloc0_array(NumericColumn, source->n_numeric + 1);
	for (int i = 0; i < source->n_numeric; i++)
		source->numeric[i].name = TextDatumGetCString(columns[i]);
}

void
source_check(Source *source)
{
	Relation relation = try_relation_open(source->relation, AccessShareLock);

	if (relation == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", source->relation)));
	switch (relation->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
							errmsg("cannot read texts from relation \"%s\"",
								   RelationGetRelationName(relation)),
							errdetail("The source must be a table, a view, a materialized view, a "
									  "partitioned or a foreign table.")));
	}
	if (source->text_column != NULL)
		check_column(relation, source->text_column, "text_column");
	if (source->label_column != NULL)
		check_column(relation, source->label_column, "label_column");
	for (int i = 0; i < source->n_numeric; i++)
		check_numeric_column(relation, &source->numeric[i]);
	check_distinct_columns(source);
	check_filter(source->filter);
	source->schema = get_namespace_name(RelationGetNamespace(relation));
	source->name = pstrdup(RelationGetRelationName(relation));
	relation_close(relation, NoLock);
}

char *
source_display_name(const Source *source)
{
	return utf8_from_server(quote_qualified_identifier(source->schema, source->name));
}

void
source_append_from(StringInfo query, const Source *source)
{
	appendStringInfo(query, " FROM %s AS t",
					 quote_qualified_identifier(source->schema, source->name));
	/* the line break ends a comment at the filter's end */
	if (source->filter != NULL)
		appendStringInfo(query, " WHERE (%s\n)", source->filter);
}

void
source_append_number(StringInfo query, const NumericColumn *column)
{
	appendStringInfo(query, "t.%s%s", quote_identifier(column->name),
					 column->is_numeric   ? "::pg_catalog.numeric"
					 : column->is_boolean ? "::pg_catalog.int4::pg_catalog.float8"
										  : "::pg_catalog.float8");
}
