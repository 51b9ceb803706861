/*
 * source.h
 *	  The relation that texts are read from: its columns, and a filter.
 */
#ifndef SENTIMENT_SOURCE_H
#define SENTIMENT_SOURCE_H

#include "postgres.h"

#include "lib/stringinfo.h"

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
	char *text_column;  /* NULL: not to be looked at */
	char *label_column; /* NULL: none */
	char *filter;       /* a condition in SQL that chooses rows; NULL: all */
	int n_numeric;
	NumericColumn *numeric; /* (n_numeric) */
} Source;

/* Name the numeric columns; names: text[] without nulls */
extern void source_set_numeric_columns(Source *source, Datum names);

/*
 * Look at the source: raises an error unless it is a relation that can be read and has the columns, the
 * numeric ones of a numeric type, and the filter is one expression. Fills in schema and name, and the types
 * of the numeric columns.
 */
extern void source_check(Source *source);

/* The source's qualified name in UTF-8, for progress. */
extern char *source_display_name(const Source *source);

/* Append FROM (under the alias t) and WHERE. */
extern void source_append_from(StringInfo query, const Source *source);

/* Append an expression for a numeric column: of type numeric if the column is, float8 otherwise. */
extern void source_append_number(StringInfo query, const NumericColumn *column);

#endif /* SENTIMENT_SOURCE_H */
