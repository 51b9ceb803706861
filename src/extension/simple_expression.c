/*
 * simple_expression.c
 *	  Expressions that run no code of anybody's.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "funcapi.h"
#include "catalog/namespace.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_node.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "extension/simple_expression.h"

/*
 * Stable functions that are allowed: they depend on the moment, on the time zone, or on how dates are written, and on
 * nothing that a role can supply. I/O functions stand for casts from and to text.
 */
static const Oid stable_functions[] = {
	F_NOW,
	F_STATEMENT_TIMESTAMP,
	F_TRANSACTION_TIMESTAMP,
	F_AGE_TIMESTAMP,
	F_AGE_TIMESTAMPTZ,
	F_DATE_PART_TEXT_TIMESTAMPTZ,
	F_DATE_TRUNC_TEXT_TIMESTAMPTZ,
	F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT,
	F_EXTRACT_TEXT_TIMESTAMPTZ,
	F_MAKE_TIMESTAMPTZ_INT4_INT4_INT4_INT4_INT4_FLOAT8,
	F_MAKE_TIMESTAMPTZ_INT4_INT4_INT4_INT4_INT4_FLOAT8_TEXT,
	F_OVERLAPS_TIMESTAMPTZ_INTERVAL_TIMESTAMPTZ_INTERVAL,
	F_OVERLAPS_TIMESTAMPTZ_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ,
	F_OVERLAPS_TIMESTAMPTZ_TIMESTAMPTZ_TIMESTAMPTZ_INTERVAL,
	F_TIMEZONE_TEXT_TIMETZ,
	/* arithmetic */
	F_INTERVAL_PL_TIMESTAMPTZ,
	F_TIMESTAMPTZ_MI_INTERVAL,
	F_TIMESTAMPTZ_PL_INTERVAL,
	/* comparisons of two types */
	F_DATE_EQ_TIMESTAMPTZ,
	F_DATE_GE_TIMESTAMPTZ,
	F_DATE_GT_TIMESTAMPTZ,
	F_DATE_LE_TIMESTAMPTZ,
	F_DATE_LT_TIMESTAMPTZ,
	F_DATE_NE_TIMESTAMPTZ,
	F_TIMESTAMP_EQ_TIMESTAMPTZ,
	F_TIMESTAMP_GE_TIMESTAMPTZ,
	F_TIMESTAMP_GT_TIMESTAMPTZ,
	F_TIMESTAMP_LE_TIMESTAMPTZ,
	F_TIMESTAMP_LT_TIMESTAMPTZ,
	F_TIMESTAMP_NE_TIMESTAMPTZ,
	F_TIMESTAMPTZ_EQ_DATE,
	F_TIMESTAMPTZ_EQ_TIMESTAMP,
	F_TIMESTAMPTZ_GE_DATE,
	F_TIMESTAMPTZ_GE_TIMESTAMP,
	F_TIMESTAMPTZ_GT_DATE,
	F_TIMESTAMPTZ_GT_TIMESTAMP,
	F_TIMESTAMPTZ_LE_DATE,
	F_TIMESTAMPTZ_LE_TIMESTAMP,
	F_TIMESTAMPTZ_LT_DATE,
	F_TIMESTAMPTZ_LT_TIMESTAMP,
	F_TIMESTAMPTZ_NE_DATE,
	F_TIMESTAMPTZ_NE_TIMESTAMP,
	/* casts */
	F_DATE_TIMESTAMPTZ,
	F_TIME_TIMESTAMPTZ,
	F_TIMESTAMP_TIMESTAMPTZ,
	F_TIMESTAMPTZ_DATE,
	F_TIMESTAMPTZ_DATE_TIME,
	F_TIMESTAMPTZ_TIMESTAMP,
	F_TIMETZ_TIME,
	F_TIMETZ_TIMESTAMPTZ,
	F_ARRAY_IN,
	F_ARRAY_OUT,
	F_DATE_IN,
	F_DATE_OUT,
	F_INTERVAL_IN,
	F_INTERVAL_OUT,
	F_TIME_IN,
	F_TIMESTAMP_IN,
	F_TIMESTAMP_OUT,
	F_TIMESTAMPTZ_IN,
	F_TIMESTAMPTZ_OUT,
	F_TIMETZ_IN,
	/* text */
	F_ARRAY_TO_STRING_ANYARRAY_TEXT,
	F_ARRAY_TO_STRING_ANYARRAY_TEXT_TEXT,
	F_CONCAT,
	F_CONCAT_WS,
	F_FORMAT_TEXT,
	F_FORMAT_TEXT_ANY,
	F_TO_CHAR_FLOAT4_TEXT,
	F_TO_CHAR_FLOAT8_TEXT,
	F_TO_CHAR_INT4_TEXT,
	F_TO_CHAR_INT8_TEXT,
	F_TO_CHAR_INTERVAL_TEXT,
	F_TO_CHAR_NUMERIC_TEXT,
	F_TO_CHAR_TIMESTAMP_TEXT,
	F_TO_CHAR_TIMESTAMPTZ_TEXT,
	F_TO_DATE,
	F_TO_NUMBER,
	F_TO_TIMESTAMP_TEXT_TEXT,
};

/* Whether an object came with the server: initdb gives such numbers, and nobody can take one. */
static bool
is_built_in(Oid object)
{
	return object < FirstNormalObjectId;
}

bool
simple_expression_allows_function(Oid function)
{
	if (!is_built_in(function))
		return false;
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return true;
	for (int i = 0; i < lengthof(stable_functions); i++)
	{
		if (stable_functions[i] == function)
			return true;
	}
	return false;
}

/* Whether a name stands in the schema pg_catalog, or in none. names: strings */
static bool
is_in_catalog_or_unqualified(const List *names)
{
	return list_length(names) == 1 ||
		   (list_length(names) == 2 && strcmp(strVal(linitial(names)), "pg_catalog") == 0);
}

/* What is wrong with a name of a function or operator that is qualified. */
static char *
qualified_problem(const List *names)
{
	return is_in_catalog_or_unqualified(names)
			   ? NULL
			   : psprintf("The function or operator %s is not built in.",
						  NameListToString((List *) names));
}

/* Whether the server came with a function of a name. */
static bool
has_built_in_function(const char *name)
{
	CatCList *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	bool found = false;

	for (int i = 0; i < list->n_members && !found; i++)
		found = is_built_in(((Form_pg_proc) GETSTRUCT(&list->members[i]->tuple))->oid);
	ReleaseSysCacheList(list);
	return found;
}

/* What is wrong with the name of a function. */
static char *
function_problem(List *names)
{
	char *problem = qualified_problem(names);

	return problem != NULL || has_built_in_function(strVal(llast(names)))
			   ? problem
			   : psprintf("The function %s is not built in.", NameListToString(names));
}

/* What is wrong with a type. */
static char *
type_problem(const TypeName *name)
{
	Oid type = LookupTypeNameOid(NULL, name, true);

	/* one that is not there is an error of the analysis */
	return !OidIsValid(type) || is_built_in(type)
			   ? NULL
			   : psprintf("The type %s is not built in.", format_type_be(type));
}

/* Look for what must not be analyzed. */
static bool
find_raw_problem(Node *node, void *context)
{
	char **problem = context;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_SubLink:
			*problem = pstrdup("A subquery may not be stored.");
			break;
		case T_ParamRef:
			*problem = pstrdup("A parameter may not be stored.");
			break;
		case T_TypeName:
			*problem = type_problem((TypeName *) node);
			break;
		case T_FuncCall:
			*problem = function_problem(((FuncCall *) node)->funcname);
			break;
		case T_A_Expr:
			*problem = qualified_problem(((A_Expr *) node)->name);
			break;
		default:
			break;
	}
	return *problem != NULL || raw_expression_tree_walker(node, find_raw_problem, context);
}

char *
simple_expression_raw_problem(Node *expression)
{
	char *problem = NULL;

	(void) find_raw_problem(expression, &problem);
	return problem;
}

/* Refuse what a column reference has turned out to be, before constants beside it are read as values of its type. */
static Node *
check_column(ParseState *state, ColumnRef *reference, Node *found)
{
	if (found == NULL)
		return NULL;
	if (!IsA(found, Var) || ((Var *) found)->varattno <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a stored filter can use columns only: %s",
						NameListToString(reference->fields)),
				 errdetail("A system column or a whole row may not be stored."),
				 errhint("Put the condition into a view, and name the view as the source.")));
	if (!is_built_in(((Var *) found)->vartype))
		ereport(
			ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a stored filter cannot use column \"%s\"",
					NameListToString(reference->fields)),
			 errdetail("Its type %s is not built in.", format_type_be(((Var *) found)->vartype)),
			 errhint("Put the condition into a view, and name the view as the source.")));
	return NULL;
}

void
simple_expression_watch_columns(ParseState *state)
{
	state->p_post_columnref_hook = check_column;
}

/* What was found to be not simple. */
typedef struct Problem
{
	char *text; /* NULL: nothing yet */
} Problem;

/* Note a function that is not allowed. */
static bool
is_function_refused(Oid function, void *context)
{
	Problem *problem = context;

	if (simple_expression_allows_function(function))
		return false;
	problem->text = is_built_in(function)
						? psprintf("The function %s is not among those that may be stored.",
								   format_procedure(function))
						: psprintf("The function %s is not built in.", format_procedure(function));
	return true;
}

/* Note an operator that is not built in: its function may be. */
static bool
is_operator_refused(Node *node, Problem *problem)
{
	Oid operator_id = InvalidOid;

	if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
		operator_id = ((OpExpr *) node)->opno;
	else if (IsA(node, ScalarArrayOpExpr))
		operator_id = ((ScalarArrayOpExpr *) node)->opno;
	else if (IsA(node, RowCompareExpr))
	{
		ListCell *cell;

		foreach (cell, ((RowCompareExpr *) node)->opnos)
		{
			if (!is_built_in(lfirst_oid(cell)))
				operator_id = lfirst_oid(cell);
		}
	}
	if (is_built_in(operator_id))
		return false;
	problem->text = psprintf("The operator %s is not built in.", format_operator(operator_id));
	return true;
}

/* Note a node whose kind is not allowed. */
static bool
is_kind_refused(Node *node, Problem *problem)
{
	switch (nodeTag(node))
	{
		case T_List:
		case T_Const:
		case T_FuncExpr:
		case T_NamedArgExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_RowCompareExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_SubscriptingRef:
			return false;
		case T_Var:
			if (((Var *) node)->varattno > 0 && ((Var *) node)->varlevelsup == 0)
				return false;
			problem->text = pstrdup("A system column or a whole row may not be stored.");
			return true;
		case T_SQLValueFunction:
			if (((SQLValueFunction *) node)->op <= SVFOP_LOCALTIMESTAMP_N)
				return false;
			problem->text =
				pstrdup("What depends on the current role, schema or database may not be stored.");
			return true;
		case T_SubLink:
			problem->text = pstrdup("A subquery may not be stored.");
			return true;
		default:
			problem->text = pstrdup("Only columns, constants, built-in functions and operators may "
									"be stored.");
			return true;
	}
}

/* Note a type or collation that is not built in. */
static bool
is_type_refused(Node *node, Problem *problem)
{
	if (IsA(node, List) || IsA(node, CaseWhen))
		return false;
	if (!is_built_in(exprType(node)))
		problem->text = psprintf("The type %s is not built in.", format_type_be(exprType(node)));
	else if (!is_built_in(exprCollation(node)) || !is_built_in(exprInputCollation(node)))
		problem->text = pstrdup("A collation is not built in.");
	return problem->text != NULL;
}

/* Look for what is not simple. */
static bool
find_problem(Node *node, void *context)
{
	Problem *problem = context;

	if (node == NULL)
		return false;
	if (is_kind_refused(node, problem) ||
		check_functions_in_node(node, is_function_refused, problem) ||
		is_operator_refused(node, problem) || is_type_refused(node, problem))
		return true;
	return expression_tree_walker(node, find_problem, context);
}

char *
simple_expression_problem(Node *expression)
{
	Problem problem = {NULL};

	(void) find_problem(expression, &problem);
	return problem.text;
}

/* The stable functions that a stored filter may call. */
PG_FUNCTION_INFO_V1(sentiment_filter_functions);
Datum
sentiment_filter_functions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < lengthof(stable_functions); i++)
	{
		Datum values[1] = {ObjectIdGetDatum(stable_functions[i])};
		bool nulls[1] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
