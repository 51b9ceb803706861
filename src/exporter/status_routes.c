/*
 * status_routes.c
 *	  GET /health, /ready, /metrics: how the process and its database are.
 */
#include <string.h>

#include "database_metrics.h"
#include "routes.h"

const Statement ready_statement = {
	"SELECT count(*) FROM @.sentiment_models WHERE deployed_version IS NOT NULL "
	"AND ($1::text IS NULL OR model = $1)",
	1, false};

void
health_handle(Request *request)
{
	TextBuffer body = {0};

	text_buffer_printf(&body, "{\"status\":\"ok\",\"version\":\"%s\",\"database\":\"%s\"}\n",
					   EXPORTER_VERSION,
					   database_pool_is_up(request->worker->pool, NULL) ? "up" : "down");
	request_answer(request, 200, "application/json", &body);
}

/* The database has told how many models are deployed. */
static void
ready_done(void *context, const PGresult *result, const ExporterError *error)
{
	Request *request = context;
	ExporterError none;
	TextBuffer body = {0};

	if (error != NULL)
	{
		/* whatever is wrong, this is not ready */
		none = *error;
		if (error_kinds[none.type].status < 500)
			none.type = ERROR_MODEL_UNAVAILABLE;
		request_answer_error(request, &none);
		return;
	}
	if (strcmp(PQgetvalue(result, 0, 0), "0") == 0)
	{
		error_set(&none, ERROR_MODEL_UNAVAILABLE,
				  "there is no deployed model that the exporter's role may use");
		request_answer_error(request, &none);
		return;
	}
	text_buffer_printf(&body, "{\"status\":\"ready\",\"models\":%s}\n", PQgetvalue(result, 0, 0));
	request_answer(request, 200, "application/json", &body);
}

void
ready_handle(Request *request)
{
	Query *query = &request->query;

	query->statement = STATEMENT_READY;
	query->n_parameters = 1;
	query->values[0] = request->worker->options->model;
	query->done = ready_done;
	query->context = request;
	request_suspend(request);
	database_pool_submit(request->worker->pool, query);
}

/* Write the page of metrics. */
static void
answer_metrics(Request *request, const PGresult *result, const ExporterError *error)
{
	MetricForm form = metric_form_of(request_header(request, "Accept"));
	TextBuffer body = {0};
	MetricWriter writer = {.buffer = &body, .form = form};

	metrics_write(&writer);
	metric_begin(&writer, slice_of("sentiment_exporter_database_up"), METRIC_GAUGE,
				 slice_of("Whether the database has answered with its own metrics."));
	metric_sample(&writer, "", NULL, 0, error == NULL);
	if (result != NULL)
		database_metrics_write(&writer, result);
	metric_end(&writer);
	request_answer(request, 200, metric_content_type(form), &body);
}

/* The database has answered with its metrics. */
static void
metrics_done(void *context, const PGresult *result, const ExporterError *error)
{
	Request *request = context;

	if (error != NULL && error->type == ERROR_EXTENSION_MISSING &&
		request->query.statement == STATEMENT_METRICS)
	{
		request->query.statement = STATEMENT_BUILT_IN_METRICS;
		database_pool_submit(request->worker->pool, &request->query);
		return;
	}
	answer_metrics(request, result, error);
}

void
metrics_handle(Request *request)
{
	Query *query = &request->query;

	query->statement = STATEMENT_METRICS;
	query->n_parameters = 0;
	query->done = metrics_done;
	query->context = request;
	request_suspend(request);
	database_pool_submit(request->worker->pool, query);
}
