/*
 * request.h
 *	  A request on its way from its first line to its answer.
 */
#ifndef EXPORTER_REQUEST_H
#define EXPORTER_REQUEST_H

#include <microhttpd.h>
#include <stdint.h>

#include "database_pool.h"
#include "errors.h"
#include "gzip.h"
#include "json_request.h"
#include "metrics.h"
#include "options.h"
#include "prediction_queue.h"
#include "rate_limit.h"

#define REQUEST_ID_SIZE 65

typedef struct Request Request;
typedef struct Route Route;

/* A thread: an HTTP server with its connections, and those to the database. */
typedef struct Worker
{
	const Options *options;
	struct MHD_Daemon *daemon;
	DatabasePool *pool;
	PredictionQueue *predictions;
	struct Client *clients; /* all connections */
	unsigned n_requests;    /* that are being answered */
	bool stopping;
	int epoll;
	int wakeup;
	int listener;
	uint64_t random; /* state of request ids */
} Worker;

/* A client's connection. */
typedef struct Client
{
	struct Client *next;
	struct Client *previous;
	Worker *worker;
	struct MHD_Connection *connection;
	Request *request; /* the present one */
	uint64_t deadline;
	bool was_cut; /* it took too long */
	char address[64];
	ClientKey key;
} Client;

struct Request
{
	Worker *worker;
	Client *client;
	struct MHD_Connection *connection;
	const Route *route; /* NULL: none has this path */
	unsigned endpoint;
	Method method;
	const char *method_text;
	uint64_t started;
	char id[REQUEST_ID_SIZE];
	char *path; /* as sent, for the log; cut off where it is long */
	size_t uri_length;
	bool began; /* its headers are here */
	bool suspended;

	/* body */
	TextBuffer body;     /* unpacked */
	size_t body_counted; /* of its capacity, in the gauge */
	GzipStream *unpack;
	uint64_t received;   /* bytes as sent */
	ExporterError error; /* found before the body was read, which is dropped then */
	void (*upload)(Request *request, const char **data,
				   size_t *length); /* takes the body by pieces */

	/* answer */
	struct MHD_Response *response;
	unsigned status;
	uint64_t answer_size;
	bool queued;

	/* of the route */
	PredictionRequest prediction;
	PredictionJob job;
	Query query;
	void *state;
	void (*free_state)(void *state);
};

/* Answer a request, now or after it was suspended. The buffer's bytes are taken over. */
extern void request_answer(Request *request, unsigned status, const char *content_type,
						   TextBuffer *body);
extern void request_answer_error(Request *request, const ExporterError *error);

/* Answer with a response that is made already. */
extern void request_answer_with(Request *request, unsigned status, struct MHD_Response *response,
								uint64_t size);

/* Let a request wait for its answer. */
extern void request_suspend(Request *request);
extern void request_resume(Request *request);

/* A request header, or NULL. */
extern const char *request_header(const Request *request, const char *name);

/* Whether the client takes gzip. */
extern bool request_accepts_gzip(const Request *request);

/* Headers that every response has. */
extern void request_add_headers(const Request *request, struct MHD_Response *response,
								const char *content_type);

/* Count memory of the body; sets the error if there is no more. */
extern void request_count_body(Request *request);

/* Begin and end; the server's. */
extern Request *request_begin(Client *client, const char *uri);
extern void request_set_id(Request *request, const char *given);
extern void request_end(Request *request, bool answered);

#endif /* EXPORTER_REQUEST_H */
