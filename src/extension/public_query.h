/*
 * public_query.h
 *	  Queries on the extension's own SQL functions, so that each thing is done in one place.
 */
#ifndef SENTIMENT_PUBLIC_QUERY_H
#define SENTIMENT_PUBLIC_QUERY_H

#include "postgres.h"

#include "extension/query_result.h"
#include "extension/registry.h"

/* A parameter of a query. */
typedef struct QueryParameter
{
	Oid type;
	Datum value;
	bool is_null;
} QueryParameter;

extern QueryParameter query_text(const char *string); /* may be NULL */
extern QueryParameter query_value(Oid type, Datum value);

/* The same with a datum that is null if it is 0. */
extern QueryParameter query_optional(Oid type, Datum value);

/*
 * Run a query as the current role and with what earlier queries wrote. Its search_path is pg_catalog, pg_temp. Connect to
 * SPI before; the rows are in SPI_tuptable. Answers their number.
 */
extern uint64 public_query(const char *query, int n_parameters, const QueryParameter *parameters);

/* The same, but reading only. */
extern uint64 public_query_read_only(const char *query, int n_parameters,
									 const QueryParameter *parameters);

/* The schema of the extension's functions, quoted: for what is run later, in another session. */
extern const char *extension_schema_quoted(void);

/* A type of the extension, by its name. */
extern Oid extension_type(const char *name);

/*
 * As registry_begin_read, with the caller's memory context: what is read outlives registry_end_write. The caller
 * has checked what the current role may see.
 */
extern RegistryWriter query_begin_read(void);

/* Connect to SPI, and disconnect, or raise an error. The memory context stays the caller's. */
extern void query_connect(void);
extern void query_finish(void);

#endif /* SENTIMENT_PUBLIC_QUERY_H */
