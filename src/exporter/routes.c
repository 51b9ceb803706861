/*
 * routes.c
 *	  Which path is answered by what.
 *
 * A new read-only route is one row here: a path, read_route_handle, and a query with one column of JSON.
 */
#include "routes.h"

#include <string.h>

#include "json_scanner.h"
#include "page_queries.h"

/* Models and versions that the exporter's role may use. */
#define METADATA_SQL                                                                             \
	"SELECT json_build_object('models', coalesce(json_agg(m ORDER BY m.model), '[]'))::text "    \
	"FROM (SELECT s.model, s.owner, s.deployed_version, s.kind, s.f1, s.accuracy, "              \
	"s.labels, s.positive_label, s.rows_trained, s.trained_at, s.deployed_at, "                  \
	"(SELECT coalesce(json_agg(json_build_object('version', v.version, 'deployed', v.deployed, " \
	"'kind', v.kind, 'f1', v.f1, 'macro_f1', v.macro_f1, 'accuracy', v.accuracy, "               \
	"'roc_auc', v.roc_auc, 'rows_trained', v.rows_trained, 'rows_held_out', v.rows_held_out, "   \
	"'numeric_columns', v.numeric_columns, 'features', v.features, 'labels', v.labels, "         \
	"'parameters', v.parameters, 'metrics', v.metrics, 'trained_at', v.trained_at) "             \
	"ORDER BY v.version), '[]') FROM @.sentiment_model_versions AS v WHERE v.model = s.model) "  \
	"AS versions FROM @.sentiment_models AS s WHERE $1::text IS NULL OR s.model = $1) AS m "     \
	"HAVING $1::text IS NULL OR count(*) > 0"

/* What the page reads: a query, how many parameters it has and needs, and their names. */
#define PAGE_ROUTE(path, query, n_parameters, n_required, ...)                               \
	{                                                                                        \
		path, METHOD_GET, BODY_NONE, false, read_route_handle, {query, n_parameters, false}, \
			n_required,                                                                      \
		{                                                                                    \
			__VA_ARGS__                                                                      \
		}                                                                                    \
	}

static const Route routes[] = {
	{"/health", METHOD_GET, BODY_NONE, true, health_handle, {NULL, 0, false}, 0, {NULL}},
	{"/ready", METHOD_GET, BODY_NONE, true, ready_handle, {NULL, 0, false}, 0, {NULL}},
	{"/metrics", METHOD_GET, BODY_NONE, false, metrics_handle, {NULL, 0, false}, 0, {NULL}},
	{"/predict", METHOD_POST, BODY_JSON, false, predict_handle, {NULL, 0, false}, 0, {NULL}},
	{"/batch_predict",
	 METHOD_POST,
	 BODY_JSON_OR_LINES,
	 false,
	 batch_predict_handle,
	 {NULL, 0, false},
	 0,
	 {NULL}},
	{"/metadata",
	 METHOD_GET,
	 BODY_NONE,
	 false,
	 read_route_handle,
	 {METADATA_SQL, 1, false},
	 0,
	 {"model"}},
	{"/openapi.json", METHOD_GET, BODY_NONE, true, openapi_handle, {NULL, 0, false}, 0, {NULL}},
	PAGE_ROUTE("/api/models", page_query_models, 0, 0, NULL),
	PAGE_ROUTE("/api/versions", page_query_versions, 1, 1, "model"),
	PAGE_ROUTE("/api/curves", page_query_curves, 2, 2, "model", "version"),
	PAGE_ROUTE("/api/drift", page_query_drift, 1, 1, "model"),
	PAGE_ROUTE("/api/drift_bins", page_query_drift_bins, 1, 1, "report"),
	PAGE_ROUTE("/api/live_drift", page_query_live_drift, 2, 1, "model", "version"),
	PAGE_ROUTE("/api/operations", page_query_operations, 1, 1, "model"),
	PAGE_ROUTE("/api/experiments", page_query_experiments, 1, 1, "model"),
	PAGE_ROUTE("/api/searches", page_query_searches, 1, 1, "model"),
	PAGE_ROUTE("/api/model_card", page_query_model_card, 2, 1, "model", "version"),
	{"/", METHOD_GET, BODY_NONE, true, page_handle, {NULL, 0, false}, 0, {NULL}},
};
#define N_ROUTES (sizeof(routes) / sizeof(*routes))

_Static_assert(N_ROUTES < MAX_ENDPOINTS, "every route is an endpoint of the metrics");
_Static_assert(N_ROUTES + N_FIXED_STATEMENTS <= MAX_STATEMENTS, "there is room for all statements");

/* The files of the page are beside it, and count as it does. */
static bool
is_page(const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, "/index.html") == 0 ||
		   strcmp(path, "/favicon.ico") == 0 || strncmp(path, "/assets/", 8) == 0;
}

const Route *
route_find(const char *path, unsigned *endpoint)
{
	for (unsigned i = 0; i < N_ROUTES; i++)
		if (strcmp(routes[i].path, path) == 0 || (routes[i].handle == page_handle && is_page(path)))
		{
			*endpoint = i + 1;
			return &routes[i];
		}
	*endpoint = ENDPOINT_OTHER;
	return NULL;
}

const char *
route_allow(const Route *route)
{
	return route->method == METHOD_POST ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

void
routes_register(DatabaseSettings *settings)
{
	static const char *endpoints[N_ROUTES + 1] = {[ENDPOINT_OTHER] = "other"};

	settings->statements[STATEMENT_CLASSIFY] = &prediction_statement_classify;
	settings->statements[STATEMENT_EXPLAIN] = &prediction_statement_explain;
	settings->statements[STATEMENT_READY] = &ready_statement;
	settings->statements[STATEMENT_METRICS] = &metrics_statement;
	settings->statements[STATEMENT_BUILT_IN_METRICS] = &built_in_metrics_statement;
	settings->n_statements = N_FIXED_STATEMENTS;
	for (unsigned i = 0; i < N_ROUTES; i++)
	{
		endpoints[i + 1] = routes[i].path;
		/* a route that only reads: its statement has its own number behind the fixed ones */
		settings->statements[settings->n_statements++] =
			routes[i].statement.sql == NULL ? &ready_statement : &routes[i].statement;
	}
	metrics_set_endpoints(endpoints, N_ROUTES + 1);
	for (unsigned i = 0; i < N_ROUTES; i++)
		metrics_add_route(i + 1, routes[i].method);
}

/* Say that a query has found nothing; an unknown model is the same error as for a prediction. */
static void
answer_not_found(Request *request)
{
	ExporterError error;
	const Route *route = request->route;

	if (route->statement.n_parameters == 1 && strcmp(route->parameters[0], "model") == 0 &&
		request->query.values[0] != NULL)
		error_set(&error, ERROR_MODEL_NOT_FOUND,
				  "there is no model \"%s\" that the exporter's role may see",
				  request->query.values[0]);
	else
		error_set(&error, ERROR_NOT_FOUND, "there is nothing of that name");
	request_answer_error(request, &error);
}

/* A read-only route has its answer. */
static void
read_route_done(void *context, const PGresult *result, const ExporterError *error)
{
	Request *request = context;
	TextBuffer body = {0};

	if (error != NULL)
		request_answer_error(request, error);
	else if (PQntuples(result) != 1 || PQnfields(result) != 1 || PQgetisnull(result, 0, 0))
		answer_not_found(request);
	else
	{
		text_buffer_append(&body, PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0));
		text_buffer_append_char(&body, '\n');
		request_answer(request, 200, "application/json", &body);
	}
}

/* Whether a parameter is given where it must be, and is a text; answers the request if not. */
static bool
check_parameter(Request *request, int index, const char *value)
{
	const Route *route = request->route;
	ExporterError error;

	if (index < route->n_required && (value == NULL || value[0] == '\0'))
		error_set(&error, ERROR_VALIDATION, "the parameter \"%s\" is missing",
				  route->parameters[index]);
	else if (value != NULL && !utf8_is_valid(slice_of(value)))
		error_set(&error, ERROR_BAD_REQUEST, "the parameter \"%s\" is not valid UTF-8",
				  route->parameters[index]);
	else
		return true;
	request_answer_error(request, &error);
	return false;
}

void
read_route_handle(Request *request)
{
	const Route *route = request->route;
	Query *query = &request->query;

	query->statement = N_FIXED_STATEMENTS + (unsigned) (route - routes);
	query->n_parameters = route->statement.n_parameters;
	for (int i = 0; i < query->n_parameters; i++)
	{
		query->values[i] = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND,
													   route->parameters[i]);
		if (!check_parameter(request, i, query->values[i]))
			return;
	}
	query->done = read_route_done;
	query->context = request;
	request_suspend(request);
	database_pool_submit(request->worker->pool, query);
}
