/*
 * query_result.h
 *	  Columns of the rows that SPI has answered last, by number from 1 on.
 */
#ifndef SENTIMENT_QUERY_RESULT_H
#define SENTIMENT_QUERY_RESULT_H

#include "postgres.h"

/* A column as text in the current memory context, or NULL. */
extern char *query_column(uint64 row, int column);

/*
 * The same as a value of a type; *is_null tells if there is none. A column of another type is an error: a Datum says
 * nothing of what it is, and an int8 of somebody's choice would be taken for a pointer.
 */
extern Datum query_typed_datum(uint64 row, int column, Oid expected, bool *is_null);

/* Raise that error, for a column that is read without a copy. */
extern void query_check_type(int column, Oid expected);

/* As query_typed_datum, of whatever type the column is: only for what is not looked into. */
extern Datum query_datum(uint64 row, int column, bool *is_null);

#endif /* SENTIMENT_QUERY_RESULT_H */
