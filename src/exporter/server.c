/*
 * server.c
 *	  A thread that serves.
 *
 * One epoll holds the HTTP daemon (whose own epoll has all clients), the database's sockets and an eventfd.
 * A request that needs the database is suspended, and resumed with its answer: nothing ever waits but the epoll.
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "bearer_token.h"
#include "listen_address.h"
#include "log.h"
#include "routes.h"

/* Bytes for a request's line and headers. The library clears them after each request. */
#define CONNECTION_MEMORY 32768
#define MAX_HEADERS       16384              /* bytes */
#define MAX_URI           4096               /* bytes */
#define MAX_DROPPED       (32 * 1024 * 1024) /* bytes of a refused body that are read to answer it */
#define MAX_EVENTS        64
#define NANOSECONDS       1000000000u

int
server_listen(const char *host_and_port, char *address, size_t size)
{
	ListenAddress wanted;
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);
	char name[80] = "";
	char port[16] = "";
	int one = 1;
	int listener;

	if (listen_address_parse(host_and_port, &wanted) != NULL ||
		getaddrinfo(wanted.host[0] == '\0' ? NULL : wanted.host, wanted.port, &hints, &found) != 0)
	{
		log_message("error", "--listen: there is no address \"%s\"", host_and_port);
		return -1;
	}
	listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		bind(listener, found->ai_addr, found->ai_addrlen) < 0 || listen(listener, 1024) < 0 ||
		getsockname(listener, (struct sockaddr *) &bound, &length) < 0)
	{
		log_message("error", "cannot listen at \"%s\": %s", host_and_port, strerror(errno));
		if (listener >= 0)
			close(listener);
		listener = -1;
	}
	else if (getnameinfo((struct sockaddr *) &bound, length, name, sizeof(name), port, sizeof(port),
						 NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(address, size, strchr(name, ':') == NULL ? "%s:%s" : "[%s]:%s", name, port);
	freeaddrinfo(found);
	return listener;
}

/* Time that a client has from now on. */
static void
give_time(Client *client, long seconds)
{
	client->deadline = monotonic_now() + (uint64_t) seconds * NANOSECONDS;
}

void
client_extend(Client *client)
{
	give_time(client, client->worker->options->request_timeout);
}

/* A connection begins or ends. */
static void
notify_connection(void *argument, struct MHD_Connection *connection, void **context,
				  enum MHD_ConnectionNotificationCode code)
{
	Worker *worker = argument;
	Client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

		client = calloc(1, sizeof(Client));
		if (client == NULL)
			return; /* its requests find none, and are refused */
		client->worker = worker;
		client->connection = connection;
		client->next = worker->clients;
		if (client->next != NULL)
			client->next->previous = client;
		worker->clients = client;
		if (info != NULL && info->client_addr != NULL)
		{
			socklen_t length = info->client_addr->sa_family == AF_INET6
								   ? sizeof(struct sockaddr_in6)
								   : sizeof(struct sockaddr_in);

			client->key = client_key_of(info->client_addr);
			(void) getnameinfo(info->client_addr, length, client->address, sizeof(client->address),
							   NULL, 0, NI_NUMERICHOST);
		}
		client_extend(client);
		*context = client;
		return;
	}
	if (client == NULL)
		return;
	if (client->previous != NULL)
		client->previous->next = client->next;
	else
		worker->clients = client->next;
	if (client->next != NULL)
		client->next->previous = client->previous;
	free(client);
	*context = NULL;
}

/* The client of a connection. */
static Client *
client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

/* A request's first line is here. */
static void *
notify_uri(void *argument, const char *uri, struct MHD_Connection *connection)
{
	Client *client = client_of(connection);

	(void) argument;
	if (client == NULL)
		return NULL;
	client_extend(client);
	return request_begin(client, uri);
}

/* A request is over. */
static void
notify_completed(void *argument, struct MHD_Connection *connection, void **context,
				 enum MHD_RequestTerminationCode code)
{
	Request *request = *context;
	Client *client = client_of(connection);

	(void) argument;
	if (request == NULL)
		return;
	request_end(request, request->queued && code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	*context = NULL;
	if (client != NULL)
		give_time(client, client->worker->options->idle_timeout);
}

/* Whether a media type is this one, parameters aside. */
static bool
is_media_type(const char *header, const char *type)
{
	size_t length = strlen(type);

	return strncasecmp(header, type, length) == 0 &&
		   (header[length] == '\0' || header[length] == ';' || header[length] == ' ');
}

/* Check what kind of body comes. */
static void
check_body(Request *request)
{
	const char *type = request_header(request, "Content-Type");
	const char *encoding = request_header(request, "Content-Encoding");
	const char *length = request_header(request, "Content-Length");
	bool lines =
		type != NULL && request->route->body == BODY_JSON_OR_LINES &&
		(is_media_type(type, "application/x-ndjson") || is_media_type(type, "application/ndjson") ||
		 is_media_type(type, "application/jsonl") ||
		 is_media_type(type, "application/x-jsonlines"));

	if (!lines && (type == NULL || !is_media_type(type, "application/json")))
	{
		error_set(&request->error, ERROR_UNSUPPORTED_MEDIA_TYPE,
				  "the body must be application/json%s",
				  request->route->body == BODY_JSON_OR_LINES ? " or application/x-ndjson" : "");
		return;
	}
	if (encoding != NULL && strcasecmp(encoding, "gzip") == 0)
	{
		request->unpack = gzip_unpack_begin();
		if (request->unpack == NULL)
			error_set(&request->error, ERROR_OVERLOADED, "out of memory");
	}
	else if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
		error_set(&request->error, ERROR_UNSUPPORTED_MEDIA_TYPE,
				  "the body's encoding must be gzip or identity");
	if (request->error.type == ERROR_NONE && !lines && length != NULL &&
		strtoull(length, NULL, 10) > (unsigned long long) request->worker->options->max_body)
		error_set(&request->error, ERROR_LENGTH, "the body has more than %ld bytes",
				  request->worker->options->max_body);
	if (request->error.type == ERROR_NONE && lines)
		lines_begin(request);
}

/* Whether a request's headers are too large. */
static bool
has_large_headers(const Request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info != NULL && info->header_size > MAX_HEADERS;
}

/* Look at the headers: find the route, or what is wrong. */
static void
check_headers(Request *request, const char *path, const char *method)
{
	ExporterError *error = &request->error;

	request->method = method_of(method);
	request->method_text = method_name(request->method);
	request_set_id(request, request_header(request, "X-Request-ID"));
	request->route = route_find(path, &request->endpoint);
	if (request->uri_length > MAX_URI)
		error_set(error, ERROR_URI_TOO_LONG, "the address has more than %d bytes", MAX_URI);
	else if (has_large_headers(request))
		error_set(error, ERROR_HEADERS_TOO_LARGE, "the headers have more than %d bytes",
				  MAX_HEADERS);
	else if ((request->route == NULL || !request->route->open) &&
			 !rate_limit_allows(&request->client->key, request->started))
		error_set(error, ERROR_RATE_LIMITED, "too many requests from this address");
	else if ((request->route == NULL || !request->route->open) &&
			 !bearer_token_matches(request_header(request, "Authorization")))
		error_set(error, ERROR_UNAUTHORIZED, "a valid bearer token is needed");
	else if (request->route == NULL)
		error_set(error, ERROR_NOT_FOUND, "there is no such page");
	else if (request->method == METHOD_OPTIONS)
		return;
	else if (request->method != request->route->method &&
			 !(request->method == METHOD_HEAD && request->route->method == METHOD_GET))
		error_set(error, ERROR_METHOD_NOT_ALLOWED, "%s is not a method of %s",
				  request->method == METHOD_OTHER ? "this" : request->method_text,
				  request->route->path);
	else if (request->route->body != BODY_NONE)
		check_body(request);
}

/* Keep bytes of the body. */
static void
collect(Request *request, const char *data, size_t length)
{
	size_t limit = (size_t) request->worker->options->max_body;
	TextBuffer *body = &request->body;
	GzipResult result = GZIP_MORE;

	if (request->unpack != NULL)
		result = gzip_unpack(request->unpack, &data, &length, body, limit + 1);
	else if (length <= limit - body->length)
		text_buffer_append(body, data, length);
	else
		result = GZIP_FULL;
	if (result == GZIP_INVALID)
		error_set(&request->error, ERROR_BAD_REQUEST, "the body is not valid gzip");
	else if (result == GZIP_FULL || body->length > limit)
		error_set(&request->error, ERROR_LENGTH, "the body has more than %zu bytes", limit);
	else if (result == GZIP_NO_MEMORY || body->failed)
		error_set(&request->error, ERROR_OVERLOADED, "out of memory");
	else
		request_count_body(request);
	if (request->error.type != ERROR_NONE)
	{
		/* what comes is dropped, and so is what has come */
		text_buffer_free(body);
		metrics_add(GAUGE_BODY_BYTES, -(int64_t) request->body_counted);
		request->body_counted = 0;
	}
}

/* Answer OPTIONS. */
static void
answer_options(Request *request)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, (void *) (uintptr_t) "", MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return;
	request_add_headers(request, response, NULL);
	MHD_add_response_header(response, "Allow", route_allow(request->route));
	request_answer_with(request, 204, response, 0);
}

/* Everything of the request is here. */
static void
handle(Request *request)
{
	if (request->error.type != ERROR_NONE)
		request_answer_error(request, &request->error);
	else if (request->method == METHOD_OPTIONS)
		answer_options(request);
	else if (request->unpack != NULL && request->upload == NULL &&
			 !gzip_unpack_is_complete(request->unpack))
	{
		error_set(&request->error, ERROR_BAD_REQUEST, "the body's gzip does not end");
		request_answer_error(request, &request->error);
	}
	else if (request->upload != NULL)
		request->upload(request, NULL, NULL);
	else
		request->route->handle(request);
}

/* Hand the answer to the HTTP library. */
static enum MHD_Result
queue_answer(Request *request)
{
	enum MHD_Result result =
		MHD_queue_response(request->connection, request->status, request->response);

	MHD_destroy_response(request->response);
	request->response = NULL;
	request->queued = result == MHD_YES;
	client_extend(request->client);
	return result;
}

/* Bytes of the body are here. */
static enum MHD_Result
take_body(Request *request, const char *data, size_t *length)
{
	size_t before = *length;

	if (request->error.type == ERROR_NONE && request->response == NULL && request->upload != NULL)
		request->upload(request, &data, length);
	else if (request->error.type == ERROR_NONE && request->response == NULL)
	{
		if (request->route != NULL && request->route->body != BODY_NONE)
			collect(request, data, *length);
		*length = 0;
	}
	else
		*length = 0;
	if (request->error.type != ERROR_NONE || request->response != NULL)
		*length = 0;
	request->received += before - *length;
	/* a refused body that does not end */
	if (*length == 0 && request->upload == NULL && request->received > MAX_DROPPED &&
		request->received > (uint64_t) request->worker->options->max_body)
		return MHD_NO;
	if (request->upload != NULL && request->response != NULL && request->received > MAX_DROPPED)
		return MHD_NO;
	return MHD_YES;
}

/* The HTTP library has headers, a piece of a body, or all of it (length 0). */
static enum MHD_Result
on_request(void *argument, struct MHD_Connection *connection, const char *path, const char *method,
		   const char *version, const char *data, size_t *length, void **context)
{
	Request *request = *context;

	(void) argument;
	(void) connection;
	(void) version;
	if (request == NULL)
		return MHD_NO;
	if (!request->began)
	{
		const char *expect;

		request->began = true;
		check_headers(request, path, method);
		expect = request_header(request, "Expect");
		if (request->error.type != ERROR_NONE && expect != NULL)
		{
			/* the client waits to be told whether it shall send the body */
			request_answer_error(request, &request->error);
			return request->response == NULL ? MHD_NO : queue_answer(request);
		}
		return MHD_YES;
	}
	if (*length > 0)
		return take_body(request, data, length);
	if (request->response == NULL && !request->suspended)
		handle(request);
	if (request->response != NULL && !request->suspended)
		return queue_answer(request);
	return request->suspended || request->response != NULL ? MHD_YES : MHD_NO;
}

/* What the HTTP library says. */
static void __attribute__((format(printf, 2, 0)))
log_library(void *argument, const char *format, va_list arguments)
{
	char message[512];

	(void) argument;
	vsnprintf(message, sizeof(message), format, arguments);
	message[strcspn(message, "\n")] = '\0';
	log_message("info", "HTTP: %s", message);
}

/* Start the HTTP daemon. */
static struct MHD_Daemon *
start_daemon(Worker *worker, const TlsFiles *tls)
{
	const Options *options = worker->options;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
					 (tls->key == NULL ? 0 : MHD_USE_TLS);
	struct MHD_OptionItem more[6];
	int n = 0;

	if (tls->key != NULL)
	{
		more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key};
		more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate};
		more[n++] = (struct MHD_OptionItem){
			MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *) (uintptr_t) "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:%SERVER_PRECEDENCE"};
	}
	if (options->address_connections > 0)
		more[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT,
											options->address_connections, NULL};
	more[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	return MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, worker, MHD_OPTION_EXTERNAL_LOGGER, log_library, worker,
		MHD_OPTION_LISTEN_SOCKET, worker->listener, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t) CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned) (options->max_connections / options->threads + 1), MHD_OPTION_NOTIFY_COMPLETED,
		notify_completed, worker, MHD_OPTION_NOTIFY_CONNECTION, notify_connection, worker,
		MHD_OPTION_URI_LOG_CALLBACK, notify_uri, worker, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_ARRAY, more, MHD_OPTION_END);
}

/* Let an epoll tell of a descriptor. */
static bool
watch(Worker *worker, int descriptor, void *pointer)
{
	struct epoll_event event = {.events = EPOLLIN};

	event.data.ptr = pointer;
	return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

Worker *
worker_create(const Options *options, int listener, unsigned n_connections, const TlsFiles *tls)
{
	Worker *worker = calloc(1, sizeof(Worker));
	const union MHD_DaemonInfo *info;

	if (worker == NULL)
		return NULL;
	worker->options = options;
	worker->listener = listener;
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (getrandom(&worker->random, sizeof(worker->random), 0) < 0)
		worker->random = monotonic_now();
	worker->daemon = start_daemon(worker, tls);
	info = worker->daemon == NULL ? NULL
								  : MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL || !watch(worker, info->epoll_fd, worker->daemon) ||
		!watch(worker, worker->wakeup, worker))
		return NULL;
	worker->pool = database_pool_create(n_connections, worker->epoll);
	if (worker->pool == NULL)
		return NULL;
	worker->predictions = prediction_queue_create(worker->pool, options->model, STATEMENT_CLASSIFY,
												  STATEMENT_EXPLAIN, options->statement_timeout);
	return worker->predictions == NULL ? NULL : worker;
}

void
worker_stop(Worker *worker)
{
	uint64_t one = 1;

	if (write(worker->wakeup, &one, sizeof(one)) < 0)
		log_message("error", "cannot wake a thread up");
}

/* Close the connections of clients that take too long. */
static void
cut_late_clients(Worker *worker, uint64_t now)
{
	for (Client *client = worker->clients; client != NULL; client = client->next)
	{
		const union MHD_ConnectionInfo *info;

		/* what waits for the database has a time limit there */
		if (client->deadline > now || client->was_cut ||
			(client->request != NULL && client->request->suspended))
			continue;
		info = MHD_get_connection_info(client->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info != NULL)
			(void) shutdown(info->connect_fd, SHUT_RDWR);
		client->was_cut = true;
	}
}

/* Begin to end: take no more connections. */
static void
begin_stopping(Worker *worker)
{
	int listener = MHD_quiesce_daemon(worker->daemon);

	worker->stopping = true;
	if (listener >= 0)
		close(listener);
}

/* Answer what still waits, since it will not be answered otherwise. */
static void
give_up(Worker *worker)
{
	ExporterError error;

	error_set(&error, ERROR_OVERLOADED, "the exporter is shutting down");
	for (Client *client = worker->clients; client != NULL; client = client->next)
		if (client->request != NULL && client->request->suspended)
			request_answer_error(client->request, &error);
	MHD_run(worker->daemon);
}

/* Milliseconds that may pass until something must be done. */
static int
next_timeout(Worker *worker, int pool_timeout)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	if (MHD_get_timeout(worker->daemon, &timeout) == MHD_YES &&
		timeout < (MHD_UNSIGNED_LONG_LONG) pool_timeout)
		return (int) timeout;
	return pool_timeout;
}

/* Free what a worker has. */
static void
worker_free(Worker *worker)
{
	MHD_stop_daemon(worker->daemon);
	prediction_queue_free(worker->predictions);
	database_pool_free(worker->pool);
	close(worker->wakeup);
	close(worker->epoll);
	free(worker);
}

void *
worker_run(void *argument)
{
	Worker *worker = argument;
	struct epoll_event events[MAX_EVENTS];
	uint64_t next_tick = 0;
	uint64_t give_up_at = UINT64_MAX;
	int pool_timeout = 0;

	for (;;)
	{
		int n = epoll_wait(worker->epoll, events, MAX_EVENTS, next_timeout(worker, pool_timeout));
		uint64_t now = monotonic_now();

		for (int i = 0; i < n; i++)
			if (events[i].data.ptr == worker && !worker->stopping)
			{
				uint64_t count;

				if (read(worker->wakeup, &count, sizeof(count)) > 0)
					begin_stopping(worker);
				give_up_at = now + (uint64_t) worker->options->shutdown_timeout * NANOSECONDS;
			}
			else if (events[i].data.ptr != worker && events[i].data.ptr != worker->daemon)
				(void) database_pool_event(worker->pool, events[i].data.ptr, events[i].events);
		prediction_queue_advance(worker->predictions, now);
		MHD_run(worker->daemon);
		prediction_queue_advance(worker->predictions, now);
		if (now >= next_tick)
		{
			pool_timeout = database_pool_tick(worker->pool, now);
			cut_late_clients(worker, now);
			next_tick = now + (uint64_t) pool_timeout * 1000000u;
		}
		log_flush();
		if (worker->stopping && (worker->n_requests == 0 || now >= give_up_at))
			break;
	}
	give_up(worker);
	worker_free(worker);
	log_flush();
	return NULL;
}
