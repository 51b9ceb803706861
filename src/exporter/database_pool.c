/*
 * database_pool.c
 *	  A thread's connections to the database.
 *
 * A slot is owned by its pool's thread, but while its state is CONNECTING by the connector. Slots go there
 * and back through two lists under one lock; an eventfd wakes the pool's thread.
 */
#include "database_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "metrics.h"
#include "text_buffer.h"

#define FIRST_PAUSE   100u /* ms before a lost connection is made anew */
#define LONGEST_PAUSE 5000u
#define GRACE         2000u /* ms that the server may be late with its own timeout */

typedef enum SlotState
{
	SLOT_DOWN,
	SLOT_CONNECTING,
	SLOT_FREE,
	SLOT_BUSY
} SlotState;

typedef struct Slot
{
	struct Slot *next; /* in a list of the connector */
	DatabasePool *pool;
	SlotState state;
	PGconn *connection;
	char missing[MAX_STATEMENTS][6]; /* SQLSTATE why a statement could not be prepared, or "" */
	ExporterError connect_error;
	Query *query;     /* that runs */
	PGresult *result; /* of the query, the first one */
	uint64_t deadline;
	uint64_t retry_at;
	unsigned pause;
	bool wants_write;
} Slot;

struct DatabasePool
{
	Slot *slots; /* (n) */
	unsigned n;
	int epoll;
	int wakeup;
	Slot *connected; /* come back from the connector */
	Query *first;    /* in line */
	Query *last;
	uint64_t
		start_until; /* until then queries wait for a first connection; 0: it came, or failed */
	ExporterError why_down;
};

/* The connector. */
static pthread_mutex_t connector_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t connector_wakeup = PTHREAD_COND_INITIALIZER;
static Slot *to_connect;
static const DatabaseSettings *settings;

uint64_t
monotonic_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

/* What the server says beside its answers. */
static void
log_notice(void *argument, const char *message)
{
	(void) argument;
	log_message("info", "the database says: %.*s", (int) strcspn(message, "\n"), message);
}

/* Which error of ours an SQLSTATE is. */
static ErrorType
type_of_sqlstate(const char *sqlstate)
{
	static const struct
	{
		const char *prefix;
		ErrorType type;
	} types[] = {
		{"42501", ERROR_FORBIDDEN},
		{"28", ERROR_DATABASE_UNAVAILABLE},
		{"42883", ERROR_EXTENSION_MISSING},
		{"42P01", ERROR_EXTENSION_MISSING},
		{"42704", ERROR_MODEL_NOT_FOUND},
		{"3F", ERROR_EXTENSION_MISSING},
		{"55000", ERROR_MODEL_UNAVAILABLE},
		{"57014", ERROR_DATABASE_TIMEOUT},
		{"08", ERROR_DATABASE_UNAVAILABLE},
		{"57", ERROR_DATABASE_UNAVAILABLE},
		{"53", ERROR_DATABASE_UNAVAILABLE},
		{"3D", ERROR_DATABASE_UNAVAILABLE},
		{"25006", ERROR_DATABASE_UNAVAILABLE},
		{"40", ERROR_DATABASE_UNAVAILABLE},
		{"22", ERROR_VALIDATION},
		{"54000", ERROR_VALIDATION},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strncmp(sqlstate, types[i].prefix, strlen(types[i].prefix)) == 0)
			return types[i].type;
	return ERROR_INTERNAL;
}

/* Make an error of a result; of an unexpected one the client learns the SQLSTATE only. */
static void
error_of_result(const PGresult *result, ExporterError *error)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	ErrorType type = sqlstate == NULL ? ERROR_DATABASE_UNAVAILABLE : type_of_sqlstate(sqlstate);

	if (sqlstate == NULL)
	{
		error_set(error, type, "the connection to the database is lost");
		return;
	}
	if (type == ERROR_INTERNAL || type == ERROR_DATABASE_UNAVAILABLE)
	{
		error_set(error, type,
				  type == ERROR_INTERNAL ? "the database raised an error"
										 : "the database does not answer at present");
		log_message("error", "the database raised %s: %s", sqlstate,
					message == NULL ? "" : message);
	}
	else
	{
		error_set(error, type, "%s", message == NULL ? "" : message);
		if (hint != NULL)
		{
			snprintf(error->hint, sizeof(error->hint), "%s", hint);
			make_valid_utf8(error->hint);
		}
	}
	snprintf(error->sqlstate, sizeof(error->sqlstate), "%s", sqlstate);
}

/* Run a command of the set-up; NULL with an error if it fails. */
static PGresult *
set_up(PGconn *connection, const char *sql, int n, const char *const *values, ExporterError *error)
{
	PGresult *result = PQexecParams(connection, sql, n, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	error_of_result(result, error);
	log_message("error", "cannot set the connection up: %.*s",
				(int) strcspn(PQresultErrorMessage(result), "\n"), PQresultErrorMessage(result));
	PQclear(result);
	return NULL;
}

/* Append a statement with the schema of the extension in the place of each "@". */
static void
append_statement(TextBuffer *sql, const char *statement, const char *schema)
{
	const char *at;

	for (; (at = strstr(statement, "@.")) != NULL; statement = at + 1)
	{
		text_buffer_append(sql, statement, (size_t) (at - statement));
		text_buffer_append(sql, schema, strlen(schema));
	}
	/* with the zero at its end */
	text_buffer_append(sql, statement, strlen(statement) + 1);
}

/*
 * Prepare all statements. What the extension does not have (yet) is remembered as missing.
 * schema: of the extension, quoted where it must be
 */
static bool
prepare_statements(Slot *slot, const char *schema)
{
	for (unsigned i = 0; i < settings->n_statements; i++)
	{
		char name[16];
		TextBuffer sql = {0};
		PGresult *result;
		const char *sqlstate;

		snprintf(name, sizeof(name), "s%u", i);
		append_statement(&sql, settings->statements[i]->sql, schema);
		if (sql.failed)
		{
			text_buffer_free(&sql);
			return false;
		}
		result = PQprepare(slot->connection, name, sql.bytes, 0, NULL);
		text_buffer_free(&sql);
		sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		slot->missing[i][0] = '\0';
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			snprintf(slot->missing[i], sizeof(slot->missing[i]), "%s",
					 sqlstate == NULL ? "XX000" : sqlstate);
		PQclear(result);
		if (PQstatus(slot->connection) != CONNECTION_OK)
			return false;
	}
	return true;
}

/*
 * Timeouts, read-only transactions, the statements. The search path has the server's own schema only: what others
 * have put into that of the extension, or into public, is not preferred to a function or operator of a statement.
 */
static bool
set_connection_up(Slot *slot, ExporterError *error)
{
	char timeout[24];
	const char *values[1] = {timeout};
	PGresult *result;
	bool prepared;

	snprintf(timeout, sizeof(timeout), "%ldms", settings->statement_timeout);
	result = set_up(slot->connection,
					"SELECT pg_catalog.set_config('statement_timeout', $1, false), "
					"pg_catalog.set_config('default_transaction_read_only', 'on', false), "
					"pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', false), "
					"pg_catalog.set_config('extra_float_digits', '1', false), "
					"pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)",
					1, values, error);
	if (result == NULL)
		return false;
	PQclear(result);
	result = set_up(slot->connection,
					"SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e "
					"JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace "
					"WHERE e.extname = 'sentiment'",
					0, NULL, error);
	if (result == NULL)
		return false;
	if (PQntuples(result) != 1)
	{
		PQclear(result);
		error_set(error, ERROR_EXTENSION_MISSING,
				  "the extension sentiment is not installed in the database");
		snprintf(error->hint, sizeof(error->hint), "Run CREATE EXTENSION sentiment.");
		return false;
	}
	prepared = prepare_statements(slot, PQgetvalue(result, 0, 0));
	PQclear(result);
	return prepared;
}

/* Connect, and set up. */
static bool
connect_slot(Slot *slot, ExporterError *error)
{
	/* what the connection string says goes before what comes earlier, and the encoding after it */
	const char *const names[] = {"fallback_application_name",
								 "connect_timeout",
								 "keepalives_idle",
								 "tcp_user_timeout",
								 "dbname",
								 "client_encoding",
								 NULL};
	const char *const values[] = {"sentiment-exporter", "5",    "30", "20000",
								  settings->conninfo,   "UTF8", NULL};

	slot->connection = PQconnectdbParams(names, values, 1);
	if (PQstatus(slot->connection) != CONNECTION_OK)
	{
		error_set(error, ERROR_DATABASE_UNAVAILABLE, "cannot connect to the database");
		log_message("error", "cannot connect to the database: %.*s",
					(int) strcspn(PQerrorMessage(slot->connection), "\n"),
					PQerrorMessage(slot->connection));
		return false;
	}
	PQsetNoticeProcessor(slot->connection, log_notice, NULL);
	return set_connection_up(slot, error) && PQsetnonblocking(slot->connection, 1) == 0;
}

/* The connector's thread. */
static void *
connector(void *argument)
{
	(void) argument;
	pthread_mutex_lock(&connector_lock);
	for (;;)
	{
		Slot *slot = to_connect;
		ExporterError error = {0};
		uint64_t one = 1;

		if (slot == NULL)
		{
			pthread_cond_wait(&connector_wakeup, &connector_lock);
			continue;
		}
		to_connect = slot->next;
		pthread_mutex_unlock(&connector_lock);
		if (!connect_slot(slot, &error))
		{
			if (error.type == ERROR_NONE)
				error_set(&error, ERROR_DATABASE_UNAVAILABLE, "cannot connect to the database");
			PQfinish(slot->connection);
			slot->connection = NULL;
			slot->connect_error = error;
		}
		metrics_count(slot->connection == NULL ? COUNTER_POOL_CONNECT_FAILURES
											   : COUNTER_POOL_CONNECTS);
		pthread_mutex_lock(&connector_lock);
		slot->next = slot->pool->connected;
		slot->pool->connected = slot;
		if (write(slot->pool->wakeup, &one, sizeof(one)) < 0)
			continue; /* it cannot be full; the pool looks at its next tick */
	}
	return NULL;
}

bool
database_connector_start(const DatabaseSettings *of_all)
{
	pthread_t thread;

	settings = of_all;
	if (pthread_create(&thread, NULL, connector, NULL) != 0)
		return false;
	pthread_detach(thread);
	return true;
}

/* Let the connector make a slot's connection. */
static void
begin_connecting(Slot *slot)
{
	slot->state = SLOT_CONNECTING;
	pthread_mutex_lock(&connector_lock);
	slot->next = to_connect;
	to_connect = slot;
	pthread_cond_signal(&connector_wakeup);
	pthread_mutex_unlock(&connector_lock);
}

DatabasePool *
database_pool_create(unsigned n, int epoll)
{
	DatabasePool *pool = calloc(1, sizeof(DatabasePool));
	struct epoll_event event = {.events = EPOLLIN};

	if (pool == NULL)
		return NULL;
	pool->slots = calloc(n, sizeof(Slot));
	pool->n = n;
	pool->epoll = epoll;
	pool->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	event.data.ptr = pool;
	if (pool->slots == NULL || pool->wakeup < 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, pool->wakeup, &event) < 0)
	{
		free(pool->slots);
		free(pool);
		return NULL;
	}
	error_set(&pool->why_down, ERROR_DATABASE_UNAVAILABLE, "not connected to the database yet");
	pool->start_until = monotonic_now() + (uint64_t) settings->start_timeout * 1000000u;
	for (unsigned i = 0; i < n; i++)
	{
		pool->slots[i].pool = pool;
		pool->slots[i].pause = FIRST_PAUSE;
		begin_connecting(&pool->slots[i]);
	}
	return pool;
}

void
database_pool_free(DatabasePool *pool)
{
	for (unsigned i = 0; i < pool->n; i++)
	{
		/* the connector may still hold the slot: then it outlives the pool, as the process ends */
		if (pool->slots[i].state == SLOT_CONNECTING)
			return;
		PQfinish(pool->slots[i].connection);
	}
	close(pool->wakeup);
	free(pool->slots);
	free(pool);
}

/* Wait for a slot's socket. */
static bool
watch(Slot *slot, int operation)
{
	struct epoll_event event = {.events = EPOLLIN | (slot->wants_write ? (uint32_t) EPOLLOUT : 0)};

	event.data.ptr = slot;
	return epoll_ctl(slot->pool->epoll, operation, PQsocket(slot->connection), &event) == 0;
}

/* Be done with a query, whose owner may submit another one in this very call. */
static void
finish_query(Query *query, const PGresult *result, const ExporterError *error)
{
	query->done(query->context, result, error);
}

/* Fail all queries in line. */
static void
fail_waiting(DatabasePool *pool, const ExporterError *error)
{
	Query *query = pool->first;

	pool->first = pool->last = NULL;
	while (query != NULL)
	{
		Query *next = query->next;

		metrics_add(GAUGE_POOL_WAITING, -1);
		finish_query(query, NULL, error);
		query = next;
	}
}

/* Give a connection up; its query gets the error. */
static void
lose(Slot *slot, const ExporterError *error, uint64_t now)
{
	Query *query = slot->query;
	bool was_busy = slot->state == SLOT_BUSY;
	ExporterError copy = *error;

	(void) epoll_ctl(slot->pool->epoll, EPOLL_CTL_DEL, PQsocket(slot->connection), NULL);
	PQclear(slot->result);
	PQfinish(slot->connection);
	slot->connection = NULL;
	slot->result = NULL;
	slot->query = NULL;
	slot->state = SLOT_DOWN;
	slot->retry_at = now + slot->pause * 1000000u;
	slot->pool->why_down = copy;
	metrics_add(GAUGE_POOL_CONNECTIONS, -1);
	if (was_busy)
		metrics_add(GAUGE_POOL_BUSY, -1);
	log_message("warning", "a connection to the database is given up: %s", copy.message);
	if (query != NULL)
		finish_query(query, NULL, &copy);
	if (!database_pool_is_up(slot->pool, NULL))
		fail_waiting(slot->pool, &copy);
}

bool
database_pool_is_up(const DatabasePool *pool, ExporterError *error)
{
	for (unsigned i = 0; i < pool->n; i++)
		if (pool->slots[i].state == SLOT_FREE || pool->slots[i].state == SLOT_BUSY)
			return true;
	if (error != NULL)
		*error = pool->why_down;
	return false;
}

bool
database_pool_may_wait(const DatabasePool *pool, ExporterError *error)
{
	return database_pool_is_up(pool, error) || monotonic_now() < pool->start_until;
}

/* A free connection, or NULL. */
static Slot *
free_slot(const DatabasePool *pool)
{
	for (unsigned i = 0; i < pool->n; i++)
		if (pool->slots[i].state == SLOT_FREE)
			return &pool->slots[i];
	return NULL;
}

bool
database_pool_has_free(const DatabasePool *pool)
{
	return free_slot(pool) != NULL;
}

/* Send what libpq holds back. */
static bool
flush(Slot *slot)
{
	int left = PQflush(slot->connection);

	if (left < 0)
		return false;
	if ((left > 0) != slot->wants_write)
	{
		slot->wants_write = left > 0;
		return watch(slot, EPOLL_CTL_MOD);
	}
	return true;
}

/* Why a statement could not be prepared. */
static void
missing_error(const char *sqlstate, ExporterError *error)
{
	ErrorType type = type_of_sqlstate(sqlstate);

	if (type == ERROR_FORBIDDEN)
		error_set(error, type, "the exporter's role may not use what this needs in the database");
	else
		error_set(error, ERROR_EXTENSION_MISSING,
				  "the extension sentiment in the database lacks what this needs");
	snprintf(error->sqlstate, sizeof(error->sqlstate), "%s", sqlstate);
}

bool
database_pool_begin(DatabasePool *pool, Query *query)
{
	Slot *slot = free_slot(pool);
	const Statement *statement = settings->statements[query->statement];
	uint64_t now;
	char name[16];

	if (slot == NULL)
		return false;
	if (slot->missing[query->statement][0] != '\0')
	{
		ExporterError error;

		missing_error(slot->missing[query->statement], &error);
		finish_query(query, NULL, &error);
		return true;
	}
	now = monotonic_now();
	snprintf(name, sizeof(name), "s%u", query->statement);
	slot->query = query;
	slot->state = SLOT_BUSY;
	slot->deadline = now + ((uint64_t) settings->statement_timeout + GRACE) * 1000000u;
	metrics_add(GAUGE_POOL_BUSY, 1);
	metrics_count(COUNTER_POOL_QUERIES);
	if (PQsendQueryPrepared(slot->connection, name, query->n_parameters, query->values,
							query->lengths, query->formats, statement->binary) != 1 ||
		!flush(slot))
	{
		ExporterError error;

		error_set(&error, ERROR_DATABASE_UNAVAILABLE, "the connection to the database is lost");
		lose(slot, &error, now);
	}
	return true;
}

/* Begin what waits in line, as far as connections are free. */
static void
advance(DatabasePool *pool)
{
	while (pool->first != NULL && database_pool_has_free(pool))
	{
		Query *query = pool->first;

		pool->first = query->next;
		if (pool->first == NULL)
			pool->last = NULL;
		metrics_add(GAUGE_POOL_WAITING, -1);
		(void) database_pool_begin(pool, query);
	}
}

void
database_pool_submit(DatabasePool *pool, Query *query)
{
	ExporterError error;

	if (!database_pool_may_wait(pool, &error))
	{
		finish_query(query, NULL, &error);
		return;
	}
	query->next = NULL;
	query->deadline = monotonic_now() + ((uint64_t) settings->statement_timeout + GRACE) * 1000000u;
	if (pool->last == NULL)
		pool->first = query;
	else
		pool->last->next = query;
	pool->last = query;
	metrics_add(GAUGE_POOL_WAITING, 1);
	advance(pool);
}

/* Whether a connection is no good after an error: statements may need to be prepared anew. */
static bool
is_stale(const ExporterError *error)
{
	return strcmp(error->sqlstate, "0A000") == 0 || strcmp(error->sqlstate, "42883") == 0 ||
		   strcmp(error->sqlstate, "42P01") == 0 || strcmp(error->sqlstate, "26000") == 0 ||
		   strcmp(error->sqlstate, "58P01") == 0 || strncmp(error->sqlstate, "57P", 3) == 0;
}

/* The answer of a slot's query is complete. */
static void
complete(Slot *slot, uint64_t now)
{
	Query *query = slot->query;
	PGresult *result = slot->result;
	ExporterError error;

	if (result != NULL && PQresultStatus(result) == PGRES_TUPLES_OK)
	{
		slot->query = NULL;
		slot->result = NULL;
		slot->state = SLOT_FREE;
		slot->pause = FIRST_PAUSE;
		metrics_add(GAUGE_POOL_BUSY, -1);
		finish_query(query, result, NULL);
		PQclear(result);
		return;
	}
	error_of_result(result, &error);
	if (PQstatus(slot->connection) != CONNECTION_OK || is_stale(&error))
	{
		lose(slot, &error, now);
		return;
	}
	slot->query = NULL;
	slot->result = NULL;
	slot->state = SLOT_FREE;
	metrics_add(GAUGE_POOL_BUSY, -1);
	finish_query(query, NULL, &error);
	PQclear(result);
}

/* Read what has come. */
static void
receive(Slot *slot)
{
	uint64_t now = monotonic_now();
	ExporterError error;

	if (PQconsumeInput(slot->connection) != 1 || !flush(slot))
	{
		/* what the server said before it went may be there still, such as that it shuts down */
		error_set(&error, ERROR_DATABASE_UNAVAILABLE, "the connection to the database is lost");
		lose(slot, &error, now);
		return;
	}
	while (slot->state == SLOT_BUSY && !PQisBusy(slot->connection))
	{
		PGresult *result = PQgetResult(slot->connection);

		if (result == NULL)
			complete(slot, now);
		else if (slot->result == NULL)
			slot->result = result;
		else
			PQclear(result);
	}
	if (slot->state == SLOT_FREE && PQstatus(slot->connection) != CONNECTION_OK)
	{
		error_set(&error, ERROR_DATABASE_UNAVAILABLE, "the connection to the database is lost");
		lose(slot, &error, now);
	}
}

/* Fail what waits for a first connection that did not come. */
static void
fail_hopeless(DatabasePool *pool)
{
	ExporterError error;

	if (pool->first != NULL && !database_pool_may_wait(pool, &error))
		fail_waiting(pool, &error);
}

/* Take what the connector has made. */
static void
take_connected(DatabasePool *pool)
{
	uint64_t count;
	uint64_t now = monotonic_now();
	Slot *slot;

	if (read(pool->wakeup, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&connector_lock);
	slot = pool->connected;
	pool->connected = NULL;
	pthread_mutex_unlock(&connector_lock);
	while (slot != NULL)
	{
		Slot *next = slot->next;

		pool->start_until = 0;
		slot->wants_write = false;
		if (slot->connection != NULL && watch(slot, EPOLL_CTL_ADD))
		{
			slot->state = SLOT_FREE;
			metrics_add(GAUGE_POOL_CONNECTIONS, 1);
			log_message("info", "connected to the database");
		}
		else
		{
			PQfinish(slot->connection);
			slot->connection = NULL;
			slot->state = SLOT_DOWN;
			slot->retry_at = now + slot->pause * 1000000u;
			slot->pause = slot->pause * 2 > LONGEST_PAUSE ? LONGEST_PAUSE : slot->pause * 2;
			pool->why_down = slot->connect_error;
		}
		slot = next;
	}
	fail_hopeless(pool);
}

bool
database_pool_event(DatabasePool *pool, void *pointer, uint32_t events)
{
	(void) events;
	if (pointer == pool)
		take_connected(pool);
	else if (pointer >= (void *) pool->slots && pointer < (void *) (pool->slots + pool->n))
	{
		Slot *slot = pointer;

		if (slot->connection != NULL && slot->state != SLOT_CONNECTING)
			receive(slot);
	}
	else
		return false;
	advance(pool);
	return true;
}

/* Fail queries in line whose time to begin is over. */
static void
expire_waiting(DatabasePool *pool, uint64_t now)
{
	ExporterError error;

	while (pool->first != NULL && pool->first->deadline < now)
	{
		Query *query = pool->first;

		pool->first = query->next;
		if (pool->first == NULL)
			pool->last = NULL;
		metrics_add(GAUGE_POOL_WAITING, -1);
		error_set(&error, ERROR_OVERLOADED, "no connection to the database was free in time");
		finish_query(query, NULL, &error);
	}
}

int
database_pool_tick(DatabasePool *pool, uint64_t now)
{
	int wait = 1000;

	take_connected(pool);
	for (unsigned i = 0; i < pool->n; i++)
	{
		Slot *slot = &pool->slots[i];
		ExporterError error;

		if (slot->state == SLOT_BUSY && slot->deadline < now)
		{
			error_set(&error, ERROR_DATABASE_TIMEOUT, "the database did not answer in time");
			lose(slot, &error, now);
		}
		if (slot->state == SLOT_DOWN && slot->retry_at <= now)
			begin_connecting(slot);
		else if (slot->state == SLOT_DOWN && (slot->retry_at - now) / 1000000 < (uint64_t) wait)
			wait = (int) ((slot->retry_at - now) / 1000000) + 1;
	}
	expire_waiting(pool, now);
	advance(pool);
	return wait;
}
