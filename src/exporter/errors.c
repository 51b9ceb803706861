/*
 * errors.c
 *	  What can go wrong, as a client sees it.
 */
#include "errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_scanner.h"

const ErrorKind error_kinds[N_ERROR_TYPES] = {
	[ERROR_NONE] = {"none", 200},
	[ERROR_BAD_REQUEST] = {"bad_request", 400},
	[ERROR_INVALID_JSON] = {"invalid_json", 400},
	[ERROR_UNAUTHORIZED] = {"unauthorized", 401},
	[ERROR_FORBIDDEN] = {"forbidden", 403},
	[ERROR_NOT_FOUND] = {"not_found", 404},
	[ERROR_MODEL_NOT_FOUND] = {"model_not_found", 404},
	[ERROR_METHOD_NOT_ALLOWED] = {"method_not_allowed", 405},
	[ERROR_REQUEST_TIMEOUT] = {"request_timeout", 408},
	[ERROR_LENGTH] = {"payload_too_large", 413},
	[ERROR_URI_TOO_LONG] = {"uri_too_long", 414},
	[ERROR_UNSUPPORTED_MEDIA_TYPE] = {"unsupported_media_type", 415},
	[ERROR_VALIDATION] = {"validation_error", 422},
	[ERROR_RATE_LIMITED] = {"rate_limited", 429},
	[ERROR_HEADERS_TOO_LARGE] = {"headers_too_large", 431},
	[ERROR_INTERNAL] = {"internal_error", 500},
	[ERROR_DATABASE_UNAVAILABLE] = {"database_unavailable", 503},
	[ERROR_MODEL_UNAVAILABLE] = {"model_unavailable", 503},
	[ERROR_EXTENSION_MISSING] = {"extension_missing", 503},
	[ERROR_OVERLOADED] = {"overloaded", 503},
	[ERROR_DATABASE_TIMEOUT] = {"database_timeout", 504},
};

void
make_valid_utf8(char *string)
{
	for (char *place = string; *place != '\0'; place++)
	{
		size_t length = 1;

		if ((unsigned char) *place < 0x80)
			continue;
		while (length < 4 && ((unsigned char) place[length] & 0xc0) == 0x80)
			length++;
		if (utf8_is_valid((Slice){place, length}))
			place += length - 1;
		else
			*place = '?';
	}
}

void
error_set(ExporterError *error, ErrorType type, const char *format, ...)
{
	va_list arguments;

	memset(error, 0, sizeof(*error));
	error->type = type;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	make_valid_utf8(error->message);
}

void
error_append_members(TextBuffer *buffer, const ExporterError *error)
{
	text_buffer_append_string(buffer, "\"detail\":");
	text_buffer_append_json(buffer, slice_of(error->message));
	text_buffer_printf(buffer, ",\"error\":\"%s\",\"status\":%u", error_kinds[error->type].name,
					   error_kinds[error->type].status);
	if (error->sqlstate[0] != '\0')
	{
		text_buffer_append_string(buffer, ",\"sqlstate\":");
		text_buffer_append_json(buffer, slice_of(error->sqlstate));
	}
	if (error->hint[0] != '\0')
	{
		text_buffer_append_string(buffer, ",\"hint\":");
		text_buffer_append_json(buffer, slice_of(error->hint));
	}
}

void
error_append_json(TextBuffer *buffer, const ExporterError *error, const char *request_id)
{
	text_buffer_append_char(buffer, '{');
	error_append_members(buffer, error);
	if (request_id != NULL)
	{
		text_buffer_append_string(buffer, ",\"request_id\":");
		text_buffer_append_json(buffer, slice_of(request_id));
	}
	text_buffer_append_string(buffer, "}");
}
