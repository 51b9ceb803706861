/*
 * source.c
 *	  The relation that texts are read from: its columns, and a filter.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_collate.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "extension/compat.h"
#include "extension/host.h"
#include "extension/settings.h"
#include "extension/simple_expression.h"
#include "extension/source.h"
#include "extension/subtransaction.h"

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

/* Raise the error for a filter that is more than one expression. */
static void
pg_attribute_noreturn() not_one_expression(const char *filter)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR), errmsg("the filter is not one expression: %s", filter),
			 errdetail("It is the condition by which rows of the source are chosen."),
			 errhint("Write what you would write behind WHERE.")));
}

/* Whether something that was parsed has a parameter: those of the query are not for who writes a filter. */
static bool
has_parameter(Node *node, void *context)
{
	return node != NULL &&
		   (IsA(node, ParamRef) || raw_expression_tree_walker(node, has_parameter, context));
}

/*
 * The expression that a filter is, as it is parsed. Refuses one that is more than one expression: it must not reach
 * beyond the parentheses that it is put in.
 */
static Node *
parse_filter(const char *filter)
{
	List *statements = raw_parser(filter, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *statement = list_length(statements) != 1
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
		not_one_expression(filter);
	if (has_parameter(linitial_node(ResTarget, statement->targetList)->val, NULL))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_PARAMETER),
						errmsg("a filter has no parameters: %s", filter),
						errhint("Write the value into the filter.")));
	return linitial_node(ResTarget, statement->targetList)->val;
}

/* Let an error point into the filter, not into the caller's query. */
static void
point_into_filter(void *filter)
{
	int position = geterrposition();

	if (position <= 0)
		return;
	errposition(0);
	internalerrposition(position);
	internalerrquery(filter);
}

/*
 * The expression that a filter means by the present search_path. The relation is locked. is_stored: only what runs no
 * code is analyzed
 */
static Node *
analyze_filter(Oid relation_id, const char *filter, bool is_stored)
{
	Relation relation = relation_open(relation_id, AccessShareLock);
	ParseState *state = make_parsestate(NULL);
	ErrorContextCallback callback = {
		.previous = error_context_stack, .callback = point_into_filter, .arg = (void *) filter};
	ParseNamespaceItem *item;
	Node *expression;

	state->p_sourcetext = filter;
	if (is_stored)
		simple_expression_watch_columns(state);
	error_context_stack = &callback;
	item = addRangeTableEntryForRelation(state, relation, AccessShareLock, makeAlias("t", NIL),
										 true, true);
	addNSItemToQuery(state, item, false, true, true);
	expression = transformWhereClause(state, parse_filter(filter), EXPR_KIND_WHERE, "WHERE");
	assign_expr_collations(state, expression);
	error_context_stack = callback.previous;
	free_parsestate(state);
	relation_close(relation, NoLock);
	return expression;
}

/* A filter that is to be understood by the settings of stored ones. */
typedef struct StoredFilter
{
	Oid relation;
	const char *filter;
	char *problem;    /* why it is not simple; NULL: it is */
	Node *expression; /* what it means, if it is */
} StoredFilter;

/* Understand a filter as it will be where it is stored. */
static void
analyze_stored_filter(void *argument)
{
	StoredFilter *stored = argument;
	int guc_level = source_begin_settings();

	stored->problem = simple_expression_raw_problem(parse_filter(stored->filter));
	if (stored->problem == NULL)
	{
		stored->expression = analyze_filter(stored->relation, stored->filter, true);
		stored->problem = simple_expression_problem(stored->expression);
	}
	AtEOXact_GUC(false, guc_level);
}

/* Set a setting until the level of settings ends. */
static void
set_until_end(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

void
source_forget_custom_settings(void)
{
	int n_settings;
	struct config_generic **settings = all_settings(&n_settings);
	List *names = NIL;
	ListCell *cell;

	/* setting one may change the array */
	for (int i = 0; i < n_settings; i++)
	{
		if ((settings[i]->flags & GUC_CUSTOM_PLACEHOLDER) != 0 &&
			settings[i]->source > PGC_S_DATABASE)
			names = lappend(names, pstrdup(settings[i]->name));
	}
	foreach (cell, names)
		(void) set_config_option(lfirst(cell), "", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
								 0, false);
}

int
source_begin_settings(void)
{
	int guc_level = NewGUCNestLevel();

	restrict_search_path();
	settings_hide_plans();
	/* what was looked at is what is run: these change how a filter is read */
	set_until_end("standard_conforming_strings", "on");
	set_until_end("transform_null_equals", "off");
	set_until_end("backslash_quote", "safe_encoding");
	/* rows are hidden, whatever the caller says */
	set_until_end("row_security", "on");
	/* see source_code.c */
	set_until_end("constraint_exclusion", "off");
	return guc_level;
}

char *
source_filter_problem(const Source *source)
{
	StoredFilter stored = {source->relation, source->filter, NULL, NULL};
	const ErrorData *error;
	Node *expression;
	char *problem;

	if (source->filter == NULL)
		return NULL;
	expression = analyze_filter(source->relation, source->filter, false);
	problem = simple_expression_problem(expression);
	if (problem != NULL)
		return problem;
	error = subtransaction_run(analyze_stored_filter, &stored);
	if (error == NULL && stored.problem == NULL && equal(expression, stored.expression))
		return NULL;
	return pstrdup("It would mean something else with other settings, as of search_path.");
}

/* Raise the error for a filter that is not simple where one is to be stored, or was. */
static void
pg_attribute_noreturn() filter_is_not_simple(const Source *source, const char *problem)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("the filter cannot be stored with a model: %s", source->filter),
					errdetail("%s A stored filter is run again in other sessions, so it must be a "
							  "simple expression over columns and built-in functions.",
							  problem),
					errhint("Put the condition into a view, and name the view as the source.")));
}

/* Refuse a stored filter that is not simple, as those of earlier releases may be. */
static void
check_stored_filter(const Source *source)
{
	StoredFilter stored = {source->relation, source->filter, NULL, NULL};

	if (source->filter == NULL)
		return;
	analyze_stored_filter(&stored);
	if (stored.problem == NULL && source->filter_is_lost)
		stored.problem = "It meant something else by the settings of the session that used it.";
	if (stored.problem == NULL)
		return;
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("the stored filter of model \"%s\" is not a simple expression: %s",
						   source->stored->model.name, source->filter),
					errdetail("%s It could run somebody's code with the rights of others.",
							  stored.problem),
					errhint("Put the condition into a view, and name the view with "
							"sentiment_set_source('%s', 'a_view').",
							source->stored->model.name)));
}

void
source_check_can_be_stored(const Source *source)
{
	char *problem = source_filter_problem(source);

	if (problem != NULL)
		filter_is_not_simple(source, problem);
	if (source->is_temporary)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a temporary relation cannot be the stored source of a model"),
						errdetail("Other sessions do not see \"%s\".", source->name),
						errhint("Name a permanent table or view.")));
}

/* The columns of a relation whose numbers are in a set. */
static List *
names_of_columns(Oid relation, Bitmapset *numbers)
{
	List *names = NIL;
	int member = -1;

	while ((member = bms_next_member(numbers, member)) >= 0)
	{
		AttrNumber number = member + FirstLowInvalidHeapAttributeNumber;

		if (number > 0)
			names = lappend(names, get_attname(relation, number, false));
	}
	return names;
}

List *
source_filter_columns(const Source *source)
{
	StoredFilter stored = {source->relation, source->filter, NULL, NULL};
	Bitmapset *numbers = NULL;

	if (source->filter == NULL)
		return NIL;
	analyze_stored_filter(&stored);
	pull_varattnos(stored.expression, 1, &numbers);
	return names_of_columns(source->relation, numbers);
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
source_take_stored(Source *source, const StoredSource *stored)
{
	source->relation = stored->relation;
	source->stored = stored;
}

void
source_check(Source *source)
{
	source_check_with(source, NIL);
}

void
source_check_with(Source *source, List *more_columns)
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
	if (source->filter != NULL)
		(void) parse_filter(source->filter);
	source->is_temporary = relation_is_temporary(source->relation);
	source->schema = source->is_temporary ? pstrdup("pg_temp")
										  : get_namespace_name(RelationGetNamespace(relation));
	source->name = pstrdup(RelationGetRelationName(relation));
	relation_close(relation, NoLock);
	if (source->stored == NULL)
		return;
	check_stored_filter(source);
	stored_source_check_rights(source, more_columns);
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
