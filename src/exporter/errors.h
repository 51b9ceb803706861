/*
 * errors.h
 *	  What can go wrong, as a client sees it: a type, an HTTP status, a message.
 */
#ifndef EXPORTER_ERRORS_H
#define EXPORTER_ERRORS_H

#include "text_buffer.h"

typedef enum ErrorType
{
	ERROR_NONE,
	ERROR_BAD_REQUEST,
	ERROR_INVALID_JSON,
	ERROR_UNAUTHORIZED,
	ERROR_FORBIDDEN,
	ERROR_NOT_FOUND,
	ERROR_MODEL_NOT_FOUND,
	ERROR_METHOD_NOT_ALLOWED,
	ERROR_REQUEST_TIMEOUT,
	ERROR_LENGTH,
	ERROR_URI_TOO_LONG,
	ERROR_UNSUPPORTED_MEDIA_TYPE,
	ERROR_VALIDATION,
	ERROR_RATE_LIMITED,
	ERROR_HEADERS_TOO_LARGE,
	ERROR_INTERNAL,
	ERROR_DATABASE_UNAVAILABLE,
	ERROR_MODEL_UNAVAILABLE,
	ERROR_EXTENSION_MISSING,
	ERROR_OVERLOADED,
	ERROR_DATABASE_TIMEOUT,
	N_ERROR_TYPES
} ErrorType;

typedef struct ErrorKind
{
	const char *name;
	unsigned status;
} ErrorKind;

/* By ErrorType. */
extern const ErrorKind error_kinds[N_ERROR_TYPES];

/* An error on its way to a client. */
typedef struct ExporterError
{
	ErrorType type;
	char message[400];
	char hint[400];
	char sqlstate[6];
} ExporterError;

extern void error_set(ExporterError *error, ErrorType type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Append the one JSON form of errors. */
extern void error_append_json(TextBuffer *buffer, const ExporterError *error,
							  const char *request_id);

/* The same without brackets and request, for an object that has other members too. */
extern void error_append_members(TextBuffer *buffer, const ExporterError *error);

/* Replace what is not valid UTF-8 (a name cut off in the middle of a character) in a message. */
extern void make_valid_utf8(char *string);

#endif /* EXPORTER_ERRORS_H */
