/*
 * public_query.c
 *	  Queries on the extension's own SQL functions.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "extension/compat.h"
#include "extension/failover.h"
#include "extension/public_query.h"
#include "extension/settings.h"

QueryParameter
query_text(const char *string)
{
	return (QueryParameter){TEXTOID, string == NULL ? (Datum) 0 : CStringGetTextDatum(string),
							string == NULL};
}

QueryParameter
query_value(Oid type, Datum value)
{
	return (QueryParameter){type, value, false};
}

QueryParameter
query_optional(Oid type, Datum value)
{
	return (QueryParameter){type, value, value == (Datum) 0};
}

/* The schema of a type. */
static Oid
type_schema(Oid type)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid schema;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	schema = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);
	return schema;
}

const char *
extension_schema_quoted(void)
{
	return quote_identifier(get_namespace_name(type_schema(registry_model_type())));
}

/*
 * Run a query through SPI. Whatever the caller's search_path, its operators and functions are the server's own,
 * or qualified.
 */
static uint64
run_query(const char *query, int n_parameters, const QueryParameter *parameters, bool read_only)
{
	Oid *types = palloc_array(Oid, n_parameters + 1);
	Datum *values = palloc_array(Datum, n_parameters + 1);
	char *nulls = palloc(n_parameters + 1);
	MemoryContext context = CurrentMemoryContext;
	ErrorContextCallback hint;
	int guc_level;
	int result;

	for (int i = 0; i < n_parameters; i++)
	{
		types[i] = parameters[i].type;
		values[i] = parameters[i].value;
		nulls[i] = parameters[i].is_null ? 'n' : ' ';
	}
	/* an error ends the (sub)transaction, and with it the level */
	guc_level = NewGUCNestLevel();
	restrict_search_path();
	settings_hide_plans();
	failover_begin_hint(&hint);
	result = SPI_execute_with_args(query, n_parameters, types, values, nulls, read_only, 0);
	failover_end_hint(&hint);
	AtEOXact_GUC(false, guc_level);
	/* SPI leaves its own, which SPI_finish frees */
	MemoryContextSwitchTo(context);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args answered %s for: %s", SPI_result_code_string(result),
			 query);
	return SPI_processed;
}

uint64
public_query(const char *query, int n_parameters, const QueryParameter *parameters)
{
	return run_query(query, n_parameters, parameters, false);
}

uint64
public_query_read_only(const char *query, int n_parameters, const QueryParameter *parameters)
{
	return run_query(query, n_parameters, parameters, true);
}

Oid
extension_type(const char *name)
{
	Oid schema = type_schema(registry_model_type());
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
							   ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		elog(ERROR, "type %s of the extension does not exist", name);
	return type;
}

RegistryWriter
query_begin_read(void)
{
	MemoryContext context = CurrentMemoryContext;
	RegistryWriter reader = registry_begin_read();

	MemoryContextSwitchTo(context);
	return reader;
}

void
query_connect(void)
{
	MemoryContext context = CurrentMemoryContext;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(context);
}

void
query_finish(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}
