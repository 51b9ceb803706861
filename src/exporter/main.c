/*
 * main.c
 *	  sentiment-exporter: the models of the extension sentiment over HTTP, and metrics for Prometheus.
 *
 * The main thread only waits for signals: SIGTERM and SIGINT end the process after the requests in flight,
 * SIGHUP reads the token again.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bearer_token.h"
#include "log.h"
#include "routes.h"
#include "server.h"

#define MAX_THREADS    64
#define MAX_PEM        1048576
#define SPARE_FILES    64
#define START_TIMEOUT  5      /* seconds at most that requests wait for the first connections */
#define MMAP_THRESHOLD 131072 /* larger blocks go back to the system at once */

/* The whole of a file, zero-terminated; NULL if it cannot be read. */
static char *
read_file(const char *name)
{
	FILE *file = fopen(name, "re");
	char *bytes = calloc(1, MAX_PEM);

	if (file == NULL || bytes == NULL || fread(bytes, 1, MAX_PEM - 1, file) == 0)
	{
		log_message("error", "cannot read \"%s\"", name);
		free(bytes);
		bytes = NULL;
	}
	if (file != NULL)
		fclose(file);
	return bytes;
}

/* Let the process have as many descriptors as its connections need. */
static void
raise_file_limit(const Options *options)
{
	struct rlimit limit;
	rlim_t needed = (rlim_t) (options->max_connections + options->connections + SPARE_FILES);

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < needed)
		log_message("warning", "the system allows %llu open files only",
					(unsigned long long) limit.rlim_cur);
}

/* Wait for signals until one of them ends the process. */
static void
wait_for_end(const Options *options, const sigset_t *signals)
{
	int received;

	for (;;)
	{
		if (sigwait(signals, &received) != 0)
			continue;
		if (received != SIGHUP)
			break;
		if (options->token_file != NULL && bearer_token_read(options->token_file))
			log_message("info", "the token is read again");
	}
	log_message("info", "ending on %s", received == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* Read the files that the options name. */
static bool
read_files(const Options *options, TlsFiles *tls)
{
	if (options->token_file != NULL && !bearer_token_read(options->token_file))
		return false;
	if (options->tls_key == NULL)
		return true;
	tls->key = read_file(options->tls_key);
	tls->certificate = read_file(options->tls_certificate);
	return tls->key != NULL && tls->certificate != NULL;
}

/* Start all threads; their number, 0 if one cannot be started. */
static int
start_workers(const Options *options, int listener, const TlsFiles *tls, Worker **workers,
			  pthread_t *threads)
{
	int n = (int) options->threads;
	unsigned connections = (unsigned) ((options->connections + n - 1) / n);

	for (int i = 0; i < n; i++)
	{
		workers[i] = worker_create(options, i == 0 ? listener : dup(listener), connections, tls);
		if (workers[i] == NULL)
		{
			log_message("error",
						options->tls_key == NULL
							? "cannot start the HTTP server"
							: "cannot start the HTTPS server: see the certificate and key");
			return 0;
		}
	}
	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, worker_run, workers[i]) != 0)
		{
			log_message("error", "cannot start a thread");
			return 0;
		}
	return n;
}

int
main(int argc, char **argv)
{
	static Options options;
	static DatabaseSettings database;
	TlsFiles tls = {NULL, NULL};
	Worker *workers[MAX_THREADS];
	pthread_t threads[MAX_THREADS];
	sigset_t signals;
	char address[80] = "";
	int listener;
	int n;

	options_read(&options, argc, argv);
	log_open(strcmp(options.log_format, "json") == 0 ? LOG_JSON : LOG_TEXT, options.log_requests);
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	mallopt(M_TRIM_THRESHOLD, MMAP_THRESHOLD);
	mallopt(M_ARENA_MAX, 2);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	raise_file_limit(&options);
	rate_limit_set(options.rate_limit < 0 ? 1000 : options.rate_limit, options.rate_limit >= 0);
	database.conninfo = options.database;
	database.statement_timeout = options.statement_timeout;
	database.start_timeout = options.request_timeout < START_TIMEOUT
								 ? options.request_timeout * 1000
								 : START_TIMEOUT * 1000;
	routes_register(&database);
	listener =
		read_files(&options, &tls) ? server_listen(options.listen, address, sizeof(address)) : -1;
	if (listener < 0 || !database_connector_start(&database))
		return 1;
	n = start_workers(&options, listener, &tls, workers, threads);
	if (n == 0)
		return 1;
	log_message("info", "sentiment-exporter %s listens at %s://%s", EXPORTER_VERSION,
				options.tls_key == NULL ? "http" : "https", address);
	wait_for_end(&options, &signals);
	for (int i = 0; i < n; i++)
		worker_stop(workers[i]);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	free(tls.key);
	free(tls.certificate);
	log_message("info", "ended");
	/* the connector may be in the middle of a connection: its thread ends with the process */
	_exit(0);
}
