/*
 * source.h
 *	  The relation that texts are read from: its columns, and a filter.
 */
#ifndef SENTIMENT_SOURCE_H
#define SENTIMENT_SOURCE_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "extension/stored_source.h"

/* A column of numbers. */
typedef struct NumericColumn
{
	char *name;      /* as the server has it */
	bool is_boolean; /* counts as 0 and 1 */
	bool is_numeric; /* may be beyond float8 */
} NumericColumn;

typedef struct Source
{
	Oid relation;
	char *schema; /* set by source_check, as is name */
	char *name;
	bool is_temporary;  /* set by source_check: it is of this session only, and never stored */
	char *text_column;  /* NULL: not to be looked at */
	char *label_column; /* NULL: none */
	char *filter;       /* a condition in SQL that chooses rows; NULL: all */
	const StoredRole
		*numeric_by;     /* of a stored source: who chose the numeric columns; NULL: who named it */
	bool filter_is_lost; /* of a stored source: the filter was for once, and is not to be used */
	const StoredSource *stored; /* whose rights it is read with; NULL: the current role's */
	int n_numeric;
	NumericColumn *numeric; /* (n_numeric) */
} Source;

/* Name the numeric columns; names: text[] without nulls */
extern void source_set_numeric_columns(Source *source, Datum names);

/* What is read of a source that was stored. columns: as set by the caller, like those of any source */
extern void source_take_stored(Source *source, const StoredSource *stored);

/*
 * Look at the source: raises an error unless it is a relation that can be read and has the columns, the
 * numeric ones of a numeric type, and the filter is one expression. Fills in schema and name, and the types
 * of the numeric columns. Of a stored source the filter must be simple, see simple_expression.h, and those that it is
 * read for may read the columns, and those in a list of more names.
 */
extern void source_check(Source *source);
extern void source_check_with(Source *source, List *more_columns);

/* The names of the columns that the filter of a stored source reads. */
extern List *source_filter_columns(const Source *source);

/*
 * Why a filter that was checked cannot be stored, as the detail of an error; NULL if it can, or there is none. It can if
 * it is simple, and means the same to the current role and where the search_path is pg_catalog.
 */
extern char *source_filter_problem(const Source *source);

/*
 * Set what decides how a stored filter is read, and how a stored source is: search_path and a few settings, as they are for
 * everybody. Until AtEOXact_GUC with the level that it answers.
 */
extern int source_begin_settings(void);

/*
 * Until the level of settings ends, forget the settings with a dot in their names that the session or its role has set, but those of this
 * extension: functions and policies ask for them.
 */
extern void source_forget_custom_settings(void);

/* Raise an error if the filter, or the relation, cannot be stored. hint: what to do about a temporary relation */
extern void source_check_can_be_stored(const Source *source);

/* The source's qualified name in UTF-8, for progress. */
extern char *source_display_name(const Source *source);

/* Append FROM (under the alias t) and WHERE. */
extern void source_append_from(StringInfo query, const Source *source);

/* Append an expression for a numeric column: of type numeric if the column is, float8 otherwise. */
extern void source_append_number(StringInfo query, const NumericColumn *column);

#endif /* SENTIMENT_SOURCE_H */
