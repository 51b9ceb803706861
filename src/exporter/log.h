/*
 * log.h
 *	  Lines on standard error, as text or JSON.
 *
 * A thread collects its lines and writes them when it next waits (log_flush), many by one system call.
 */
#ifndef EXPORTER_LOG_H
#define EXPORTER_LOG_H

#include <stdbool.h>
#include <stddef.h>

typedef enum LogFormat
{
	LOG_TEXT,
	LOG_JSON
} LogFormat;

/* What is told of a request. */
typedef struct RequestLog
{
	const char *id;
	const char *client;
	const char *method;
	const char *path;
	unsigned status;
	double seconds;
	size_t request_bytes;
	size_t response_bytes;
	const char *error; /* its type, or NULL */
	const char *detail;
} RequestLog;

extern void log_open(LogFormat format, bool requests);

/* A message; level: "info", "warning" or "error". */
extern void log_message(const char *level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

extern void log_request(const RequestLog *request);

/* Write the lines of this thread. */
extern void log_flush(void);

#endif /* EXPORTER_LOG_H */
