/*
 * request.c
 *	  A request on its way from its first line to its answer.
 */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "routes.h"

#define SMALLEST_PACKED 1024 /* bytes of an answer that is worth packing */
#define LONGEST_LOGGED  512  /* bytes of a path */

Request *
request_begin(Client *client, const char *uri)
{
	Request *request = calloc(1, sizeof(Request));

	if (request == NULL)
		return NULL;
	request->worker = client->worker;
	request->client = client;
	request->connection = client->connection;
	request->started = monotonic_now();
	request->endpoint = ENDPOINT_OTHER;
	request->method = METHOD_OTHER;
	request->method_text = "-";
	request->uri_length = strlen(uri);
	request->path = strndup(uri, LONGEST_LOGGED);
	if (request->path != NULL)
		make_valid_utf8(request->path);
	client->request = request;
	client->worker->n_requests++;
	metrics_add(GAUGE_REQUESTS_IN_PROGRESS, 1);
	return request;
}

/* Whether a client's id may be repeated: short, and nothing that a log or a header could mistake. */
static bool
is_valid_id(const char *id)
{
	size_t length = strlen(id);

	return length > 0 && length < REQUEST_ID_SIZE &&
		   strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:") ==
			   length;
}

/* A next random number (splitmix64); ids need to be different, not secret. */
static uint64_t
next_random(Worker *worker)
{
	uint64_t mixed = worker->random += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
	return mixed ^ mixed >> 31;
}

void
request_set_id(Request *request, const char *given)
{
	if (given != NULL && is_valid_id(given))
		snprintf(request->id, sizeof(request->id), "%s", given);
	else
		snprintf(request->id, sizeof(request->id), "%016llx%016llx",
				 (unsigned long long) next_random(request->worker),
				 (unsigned long long) next_random(request->worker));
}

void
request_end(Request *request, bool answered)
{
	Worker *worker = request->worker;
	double seconds = (double) (monotonic_now() - request->started) * 1e-9;
	RequestLog log;

	if (!answered && request->error.type == ERROR_NONE)
		error_set(&request->error,
				  request->client->was_cut ? ERROR_REQUEST_TIMEOUT : ERROR_BAD_REQUEST, "%s",
				  request->client->was_cut ? "the client took too long"
										   : "the client went, or sent no HTTP");
	if (request->id[0] == '\0')
		request_set_id(request, NULL);
	log = (RequestLog){
		.id = request->id,
		.client = request->client->address,
		.method = request->method_text,
		.path = request->path == NULL ? "" : request->path,
		.status = answered || request->status != 0 ? request->status
												   : error_kinds[request->error.type].status,
		.seconds = seconds,
		.request_bytes = request->received,
		.response_bytes = request->answer_size,
		.error = request->error.type == ERROR_NONE ? NULL : error_kinds[request->error.type].name,
		.detail = request->error.message,
	};
	log_request(&log);
	metrics_count_request(request->endpoint, request->method, log.status, request->error.type,
						  seconds, request->received, request->answer_size);
	metrics_add(GAUGE_REQUESTS_IN_PROGRESS, -1);
	metrics_add(GAUGE_BODY_BYTES, -(int64_t) request->body_counted);
	worker->n_requests--;
	if (request->client->request == request)
		request->client->request = NULL;
	if (request->response != NULL)
		MHD_destroy_response(request->response);
	if (request->free_state != NULL)
		request->free_state(request->state);
	gzip_end(request->unpack);
	prediction_request_free(&request->prediction);
	text_buffer_free(&request->body);
	free(request->path);
	free(request);
}

const char *
request_header(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

bool
request_accepts_gzip(const Request *request)
{
	const char *accepted = request_header(request, "Accept-Encoding");
	const char *gzip = accepted == NULL ? NULL : strcasestr(accepted, "gzip");

	if (gzip == NULL)
		return false;
	gzip += 4;
	while (*gzip == ' ')
		gzip++;
	/* "gzip;q=0" is a no */
	return !(*gzip == ';' && strcasestr(gzip, "q=0") == gzip + 1 + strspn(gzip + 1, " ") &&
			 strcspn(gzip, ",") <= 6 + strspn(gzip + 1, " "));
}

void
request_add_headers(const Request *request, struct MHD_Response *response, const char *content_type)
{
	if (content_type != NULL)
		MHD_add_response_header(response, "Content-Type", content_type);
	MHD_add_response_header(response, "X-Request-ID", request->id);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	if (request->worker->stopping)
		MHD_add_response_header(response, "Connection", "close");
}

void
request_count_body(Request *request)
{
	size_t capacity = request->body.capacity;

	if (capacity == request->body_counted)
		return;
	metrics_add(GAUGE_BODY_BYTES, (int64_t) capacity - (int64_t) request->body_counted);
	request->body_counted = capacity;
	if (metrics_gauge(GAUGE_BODY_BYTES) > request->worker->options->body_memory)
		error_set(&request->error, ERROR_OVERLOADED,
				  "the bodies of all requests take too much memory, try again");
}

void
request_suspend(Request *request)
{
	request->suspended = true;
	MHD_suspend_connection(request->connection);
}

void
request_resume(Request *request)
{
	if (!request->suspended)
		return;
	request->suspended = false;
	MHD_resume_connection(request->connection);
}

void
request_answer_with(Request *request, unsigned status, struct MHD_Response *response, uint64_t size)
{
	if (request->response != NULL)
		MHD_destroy_response(request->response);
	request->response = response;
	request->status = status;
	request->answer_size = size;
	request_resume(request);
}

/* Pack an answer, if that is worth it. */
static bool
pack(TextBuffer *body)
{
	TextBuffer packed = {0};
	GzipStream *stream = gzip_pack_begin();
	bool right = stream != NULL && gzip_pack(stream, body->bytes, body->length, true, &packed) &&
				 packed.length < body->length;

	gzip_end(stream);
	if (!right)
	{
		text_buffer_free(&packed);
		return false;
	}
	text_buffer_free(body);
	*body = packed;
	return true;
}

void
request_answer(Request *request, unsigned status, const char *content_type, TextBuffer *body)
{
	struct MHD_Response *response;
	bool packed = false;
	size_t size;

	if (body->failed)
	{
		ExporterError error;

		text_buffer_free(body);
		error_set(&error, ERROR_OVERLOADED, "out of memory");
		if (request->error.type != ERROR_OVERLOADED)
			request_answer_error(request, &error);
		return;
	}
	if (body->length >= SMALLEST_PACKED && request_accepts_gzip(request))
		packed = pack(body);
	size = body->length;
	response = MHD_create_response_from_buffer_with_free_callback(size, body->bytes, free);
	if (response == NULL)
	{
		text_buffer_free(body);
		request_answer_with(request, 500, NULL, 0);
		return;
	}
	*body = (TextBuffer){0};
	request_add_headers(request, response, content_type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "Content-Security-Policy",
							"default-src 'none'; frame-ancestors 'none'");
	if (packed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (size >= SMALLEST_PACKED || packed)
		MHD_add_response_header(response, "Vary", "Accept-Encoding");
	request_answer_with(request, status, response, size);
}

/* The methods that a route has. */
static void
add_allow(const Request *request, struct MHD_Response *response)
{
	if (request->route != NULL)
		MHD_add_response_header(response, "Allow", route_allow(request->route));
}

void
request_answer_error(Request *request, const ExporterError *error)
{
	TextBuffer body = {0};
	unsigned status = error_kinds[error->type].status;

	if (&request->error != error)
		request->error = *error;
	error_append_json(&body, error, request->id);
	text_buffer_append_char(&body, '\n');
	request_answer(request, status, "application/json", &body);
	if (request->response == NULL)
		return;
	if (status == 405)
		add_allow(request, request->response);
	if (status == 401)
		MHD_add_response_header(request->response, "WWW-Authenticate", "Bearer");
	if (status == 429 || status == 503)
		MHD_add_response_header(request->response, "Retry-After", "1");
}
