/*
 * source_error.h
 *	  Errors that a stored source gives: who is told what.
 *
 * An error may quote a row, as invalid input syntax does. Who asks for a stored source need not be allowed to read it:
 * then he is told the class of the error and no more. The whole of it goes to the server's log. Who keeps an error, for
 * others to read, keeps the whole of it with the relation that it came from, so that it is shown to who may read that.
 */
#ifndef SENTIMENT_SOURCE_ERROR_H
#define SENTIMENT_SOURCE_ERROR_H

#include "postgres.h"

#include "extension/stored_source.h"

/* Where an error was raised. */
typedef enum SourceErrorOrigin
{
	SOURCE_ERROR_OF_ROWS, /* while rows were read: anything may be in it */
	SOURCE_ERROR_OF_DATA  /* while they were worked on: what complains of data may quote them */
} SourceErrorOrigin;

/* An error of a stored source, as a whole. */
typedef struct SourceError
{
	Oid relation; /* it came from */
	char *message;
	char *detail; /* NULL: none */
} SourceError;

/*
 * Raise the error that was caught again (to be called in PG_CATCH): as it is, if the source's caller may read it or the error can hold
 * no row; else by its class.
 */
extern void source_error_rethrow(const StoredSource *stored, SourceErrorOrigin origin)
	pg_attribute_noreturn();

/* What is known of an error that somebody has caught: NULL if it is none of a stored source. In the current memory context. */
extern SourceError *source_error_of(const ErrorData *error);

#endif /* SENTIMENT_SOURCE_ERROR_H */
