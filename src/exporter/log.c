/*
 * log.c
 *	  Lines on standard error, as text or JSON.
 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "text_buffer.h"

/* Lines are written at the latest when there are so many bytes of them. */
#define FLUSH_SIZE 16384

static LogFormat log_format = LOG_TEXT;
static bool log_requests = true;

static __thread TextBuffer lines;

void
log_open(LogFormat format, bool requests)
{
	log_format = format;
	log_requests = requests;
}

void
log_flush(void)
{
	size_t written = 0;

	while (written < lines.length)
	{
		ssize_t n = write(STDERR_FILENO, lines.bytes + written, lines.length - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* nobody can be told */
		written += (size_t) n;
	}
	lines.length = 0;
	if (lines.failed || lines.capacity > 4 * FLUSH_SIZE)
		text_buffer_free(&lines);
}

/* Begin a line with the time and the level. */
static void
begin_line(const char *level)
{
	static __thread time_t last_second;
	static __thread char second[32];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != last_second || second[0] == '\0')
	{
		struct tm parts;

		gmtime_r(&now.tv_sec, &parts);
		strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S", &parts);
		last_second = now.tv_sec;
	}
	text_buffer_printf(&lines,
					   log_format == LOG_JSON ? "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\""
											  : "%s.%03ldZ %s",
					   second, now.tv_nsec / 1000000, level);
}

/* Append a field; in text, quoted if it is not a plain word. */
static void
append_field(const char *name, const char *value)
{
	if (log_format == LOG_JSON)
	{
		text_buffer_printf(&lines, ",\"%s\":", name);
		text_buffer_append_json(&lines, slice_of(value));
		return;
	}
	text_buffer_printf(&lines, " %s=", name);
	for (const char *place = value; *place != '\0'; place++)
		if (*place <= ' ' || *place == '"' || *place == '=' || *place == '\\' || *place == 0x7f)
		{
			text_buffer_append_json(&lines, slice_of(value));
			return;
		}
	text_buffer_append_string(&lines, value);
}

/* End a line. */
static void
end_line(void)
{
	text_buffer_append_string(&lines, log_format == LOG_JSON ? "}\n" : "\n");
	if (lines.failed || lines.length >= FLUSH_SIZE)
		log_flush();
}

void
log_message(const char *level, const char *format, ...)
{
	char message[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	make_valid_utf8(message);
	begin_line(level);
	append_field("message", message);
	end_line();
	log_flush();
}

void
log_request(const RequestLog *request)
{
	if (!log_requests)
		return;
	begin_line(request->status >= 500 ? "error" : request->status >= 400 ? "warning" : "info");
	append_field("request_id", request->id);
	append_field("client", request->client);
	append_field("method", request->method);
	append_field("path", request->path);
	text_buffer_printf(
		&lines,
		log_format == LOG_JSON
			? ",\"status\":%u,\"duration_seconds\":%.6f,\"request_bytes\":%zu,"
			  "\"response_bytes\":%zu"
			: " status=%u duration_seconds=%.6f request_bytes=%zu response_bytes=%zu",
		request->status, request->seconds, request->request_bytes, request->response_bytes);
	if (request->error != NULL)
		append_field("error", request->error);
	if (request->detail != NULL && request->detail[0] != '\0')
		append_field("detail", request->detail);
	end_line();
}
