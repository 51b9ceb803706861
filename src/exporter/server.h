/*
 * server.h
 *	  A thread that serves: its event loop, its connections, its part of HTTP.
 */
#ifndef EXPORTER_SERVER_H
#define EXPORTER_SERVER_H

#include "request.h"

/* PEM texts, NULL without TLS. */
typedef struct TlsFiles
{
	char *certificate;
	char *key;
} TlsFiles;

/* Make a socket that listens at HOST:PORT; address (80 bytes) becomes what it is bound to. */
extern int server_listen(const char *host_and_port, char *address, size_t size);

/* Make a worker whose thread serves until it is told to stop. */
extern Worker *worker_create(const Options *options, int listener, unsigned n_connections,
							 const TlsFiles *tls);

/* The body of a worker's thread; frees the worker. */
extern void *worker_run(void *worker);

/* Let a worker finish what it does, and end; from any thread. */
extern void worker_stop(Worker *worker);

/* Give a client more time, since it makes progress. */
extern void client_extend(Client *client);

#endif /* EXPORTER_SERVER_H */
