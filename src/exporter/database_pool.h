/*
 * database_pool.h
 *	  A thread's connections to the database.
 *
 * All queries are prepared statements with parameters. A connection has one query at a time; the thread
 * waits for all of them at once, with epoll. Connections are made by a thread of their own (one for the
 * process), because looking up a host's name blocks; a lost connection is made anew, after pauses that grow.
 */
#ifndef EXPORTER_DATABASE_POOL_H
#define EXPORTER_DATABASE_POOL_H

#include <libpq-fe.h>
#include <stdint.h>

#include "errors.h"

/*
 * A statement. Its search path is pg_catalog, pg_temp; "@." stands for the schema of the extension. Functions of the
 * extension get all of their arguments, each of the declared type: an overload is not preferred then.
 */
typedef struct Statement
{
	const char *sql;
	int n_parameters;
	bool binary; /* the form of the result */
} Statement;

#define MAX_STATEMENTS 64

/* What all pools share. */
typedef struct DatabaseSettings
{
	const char *conninfo;
	long statement_timeout; /* ms */
	long start_timeout;     /* ms that queries wait for a pool's first connection */
	const Statement *statements[MAX_STATEMENTS];
	unsigned n_statements;
} DatabaseSettings;

typedef struct DatabasePool DatabasePool;

/* Called with a result of tuples, or with an error and no result. The result is cleared afterwards. */
typedef void (*QueryDone)(void *context, const PGresult *result, const ExporterError *error);

/* A query that waits or runs; belongs to the caller until it is done. */
typedef struct Query
{
	struct Query *next;
	unsigned statement;
	int n_parameters;
	const char *values[4];
	int lengths[4];
	int formats[4];
	QueryDone done;
	void *context;
	uint64_t deadline; /* to begin; set by the pool */
} Query;

/* Start the thread that connects. */
extern bool database_connector_start(const DatabaseSettings *settings);

/* A pool of n connections whose sockets are added to an epoll. */
extern DatabasePool *database_pool_create(unsigned n, int epoll);
extern void database_pool_free(DatabasePool *pool);

/* Whether an event's pointer belongs to the pool; handles it then. */
extern bool database_pool_event(DatabasePool *pool, void *pointer, uint32_t events);

/* Connections to make anew, queries that take too long. Answers ms until it wants to be called again. */
extern int database_pool_tick(DatabasePool *pool, uint64_t now);

/* Whether a query would begin at once. */
extern bool database_pool_has_free(const DatabasePool *pool);

/* Whether there is any connection; if not, why (error may be NULL). */
extern bool database_pool_is_up(const DatabasePool *pool, ExporterError *error);

/* Whether a query may wait in line: there is a connection, or the first one is being made (else why not). */
extern bool database_pool_may_wait(const DatabasePool *pool, ExporterError *error);

/* Run a query, or let it wait; where it may not wait it is done at once, with an error. */
extern void database_pool_submit(DatabasePool *pool, Query *query);

/*
 * Begin a query on a free connection, without waiting in line; its parameters need not live on. False if no
 * connection is free.
 */
extern bool database_pool_begin(DatabasePool *pool, Query *query);

/* Nanoseconds of a clock that only goes forward. */
extern uint64_t monotonic_now(void);

#endif /* EXPORTER_DATABASE_POOL_H */
