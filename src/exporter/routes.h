/*
 * routes.h
 *	  Which path is answered by what.
 */
#ifndef EXPORTER_ROUTES_H
#define EXPORTER_ROUTES_H

#include "request.h"

#define MAX_ROUTE_PARAMETERS 4

/* The bodies that a route reads. */
typedef enum BodyKind
{
	BODY_NONE,
	BODY_JSON,
	BODY_JSON_OR_LINES /* newline-delimited JSON too */
} BodyKind;

struct Route
{
	const char *path;
	Method method; /* METHOD_GET answers HEAD too */
	BodyKind body;
	bool open; /* without a token */
	void (*handle)(Request *request);

	/*
	 * A route that only reads: a query with one row of one column, JSON as text (no row: not found), and
	 * the names of the query parameters that are its $1, $2, ... (NULL where not given), of which the
	 * first ones are required.
	 */
	Statement statement;
	int n_required;
	const char *parameters[MAX_ROUTE_PARAMETERS];
};

/* The endpoint of the metrics for all paths that are no route. */
#define ENDPOINT_OTHER 0

/* Find a path's route; *endpoint becomes its number in the metrics. */
extern const Route *route_find(const char *path, unsigned *endpoint);

/* The value of an Allow header. */
extern const char *route_allow(const Route *route);

/* Tell the metrics and the pool of all routes. */
extern void routes_register(DatabaseSettings *settings);

/* Numbers of the fixed statements. */
typedef enum FixedStatement
{
	STATEMENT_CLASSIFY,
	STATEMENT_EXPLAIN,
	STATEMENT_READY,
	STATEMENT_METRICS,
	STATEMENT_BUILT_IN_METRICS,
	N_FIXED_STATEMENTS
} FixedStatement;

/* Read the model and the version that the address names, for a body that names none; false with an error. */
extern bool predict_read_address(Request *request, ExporterError *error);

/* The handlers. */
extern void predict_handle(Request *request);
extern void batch_predict_handle(Request *request);
extern void lines_begin(Request *request);
extern void health_handle(Request *request);
extern void ready_handle(Request *request);
extern void metrics_handle(Request *request);
extern void openapi_handle(Request *request);
extern void page_handle(Request *request);
extern void read_route_handle(Request *request);

/* The statements of ready_handle and metrics_handle. */
extern const Statement ready_statement;
extern const Statement metrics_statement;
extern const Statement built_in_metrics_statement;

#endif /* EXPORTER_ROUTES_H */
