/*
 * source_query.h
 *	  Queries that read a source, with the rights that it is to be read with.
 */
#ifndef SENTIMENT_SOURCE_QUERY_H
#define SENTIMENT_SOURCE_QUERY_H

#include "postgres.h"

#include "tcop/dest.h"

#include "extension/source.h"

/* A query that reads a source, and nothing else. */
typedef struct SourceQuery
{
	const char *sql;
	int n_parameters;
	Oid *types;             /* (n_parameters) */
	Datum *values;          /* (n_parameters) */
	const char *nulls;      /* NULL: none is null */
	int cursor_options;     /* as of SPI_prepare_cursor */
	DestReceiver *receiver; /* gets the rows; NULL: they are left in SPI_tuptable */
} SourceQuery;

/*
 * Run a query: as the current role, or for a stored source as stored_source.h says. Connect to SPI before. Answers
 * the number of rows that are in SPI_tuptable. An error that is met while a stored source is read is told as
 * source_error.h says.
 */
extern uint64 source_query(const Source *source, const SourceQuery *query);

/*
 * Look at a source of the current role's that is to be stored with a model, as it will be read later: raises an error if it cannot be stored, or if a
 * query of no rows fails, as it will be run. filter: the condition of that query, or NULL; more_columns: names of
 * columns that are read besides those of the source
 */
extern void source_try_stored(const RegistryModel *model, Source *source, char *filter,
							  List *more_columns);

/* The same for a model of a name that there may be none of yet: then it will be the current role's. */
extern void source_try_new(const char *model, Source *source);

#endif /* SENTIMENT_SOURCE_QUERY_H */
