/*
 * options.h
 *	  What the command line and the environment ask for.
 */
#ifndef EXPORTER_OPTIONS_H
#define EXPORTER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Options
{
	const char *listen;   /* HOST:PORT */
	const char *database; /* connection string of libpq */
	const char *model; /* that answers where a request names none; NULL: the database's default */
	const char *token_file; /* NULL: no token is asked for */
	const char *tls_certificate;
	const char *tls_key;
	const char *log_format;
	bool log_requests;
	long threads;
	long connections;       /* to the database, over all threads */
	long statement_timeout; /* ms */
	long max_body;          /* bytes of a body that is kept in memory */
	long body_memory;       /* bytes of all such bodies together */
	long max_stream;        /* bytes of lines, unpacked, and of their answers */
	long max_connections;   /* of clients */
	long address_connections;
	long request_timeout; /* seconds that a client may take */
	long idle_timeout;    /* seconds of a connection without a request */
	long rate_limit;      /* requests per second and address; -1: the default */
	long shutdown_timeout;
} Options;

/* Read them. Prints and exits for --help, --version and what is wrong. */
extern void options_read(Options *options, int argc, char **argv);

#endif /* EXPORTER_OPTIONS_H */
