/*
 * query_result.c
 *	  Reading columns of the rows that SPI has answered.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "extension/query_result.h"

char *
query_column(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

Datum
query_datum(uint64 row, int column, bool *is_null)
{
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, is_null);
	Form_pg_attribute attribute = TupleDescAttr(SPI_tuptable->tupdesc, column - 1);

	return *is_null ? (Datum) 0 : datumCopy(value, attribute->attbyval, attribute->attlen);
}

void
query_check_type(int column, Oid expected)
{
	Oid type = SPI_gettypeid(SPI_tuptable->tupdesc, column);

	if (type != expected)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg_internal("column %d of a query of the extension is of type %s,"
										" not %s",
										column, format_type_be(type), format_type_be(expected))));
}

Datum
query_typed_datum(uint64 row, int column, Oid expected, bool *is_null)
{
	query_check_type(column, expected);
	return query_datum(row, column, is_null);
}
