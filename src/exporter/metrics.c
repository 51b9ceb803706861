/*
 * metrics.c
 *	  The counters and histograms of this process.
 */
#include "metrics.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MAX_MODELS  64
#define MAX_LABELS  128
#define MAX_NAME    256
#define MAX_BUCKETS 16

/* Statuses that are answered. Another one counts as the last. */
static const unsigned statuses[] = {200, 304, 400, 401, 403, 404, 405, 408, 413,
									414, 415, 422, 429, 431, 500, 503, 504};
#define N_STATUSES (sizeof(statuses) / sizeof(*statuses))

static const char *const method_names[N_METHODS] = {"GET", "HEAD", "POST", "OPTIONS", "other"};

/* Upper bounds of a histogram's buckets, the last one open. */
typedef struct Buckets
{
	unsigned n;
	double bounds[MAX_BUCKETS];
} Buckets;

static const Buckets duration_buckets = {
	13, {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10}};
static const Buckets size_buckets = {8, {128, 512, 2048, 8192, 32768, 131072, 1048576, 8388608}};
static const Buckets confidence_buckets = {10, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99}};

/* Sums are kept as integers, because they are added to without locks. */
typedef struct Histogram
{
	_Atomic uint64_t counts[MAX_BUCKETS + 1];
	_Atomic uint64_t sum; /* in the histogram's unit */
} Histogram;

#define NANOSECONDS 1e-9 /* unit of durations and confidences */

/* Everything about the requests of an endpoint by a method. */
typedef struct EndpointMetrics
{
	_Atomic uint64_t by_status[N_STATUSES];
	_Atomic uint64_t by_error[N_ERROR_TYPES];
	Histogram duration;
	Histogram request_size;
	Histogram response_size;
	bool is_known; /* a route: the usual counters are there before its first request */
} EndpointMetrics;

/* What is counted from 0 on, so that a rate sees the first ones too. */
static const unsigned usual_statuses[] = {200, 400, 422, 500, 503, 504};
static const ErrorType usual_errors[] = {ERROR_INVALID_JSON, ERROR_VALIDATION,
										 ERROR_INTERNAL,     ERROR_DATABASE_UNAVAILABLE,
										 ERROR_OVERLOADED,   ERROR_DATABASE_TIMEOUT};
#define N_USUAL_STATUSES (sizeof(usual_statuses) / sizeof(*usual_statuses))
#define N_USUAL_ERRORS   (sizeof(usual_errors) / sizeof(*usual_errors))

/* A counter for each of the first names that come; the rest counts as "other". */
typedef struct NamedCounters
{
	pthread_mutex_t lock; /* for adding a name */
	_Atomic unsigned n;
	unsigned capacity;
	char (*names)[MAX_NAME];
	_Atomic uint64_t *counts; /* (capacity + 1), the last one "other" */
} NamedCounters;

static char model_names[MAX_MODELS][MAX_NAME];
static _Atomic uint64_t model_counts[MAX_MODELS + 1];
static char label_names[MAX_LABELS][MAX_NAME];
static _Atomic uint64_t label_counts[MAX_LABELS + 1];
static NamedCounters models = {PTHREAD_MUTEX_INITIALIZER, 0, MAX_MODELS, model_names, model_counts};
static NamedCounters labels = {PTHREAD_MUTEX_INITIALIZER, 0, MAX_LABELS, label_names, label_counts};

static const char *const *endpoint_names;
static unsigned n_endpoints;
static EndpointMetrics *_Atomic by_endpoint[MAX_ENDPOINTS][N_METHODS];
static Histogram confidence;
static Histogram prediction_duration;
static _Atomic int64_t gauges[N_GAUGES];
static _Atomic uint64_t counters[N_COUNTERS];

Method
method_of(const char *name)
{
	for (unsigned i = 0; i < METHOD_OTHER; i++)
		if (strcmp(name, method_names[i]) == 0)
			return (Method) i;
	return METHOD_OTHER;
}

const char *
method_name(Method method)
{
	return method_names[method];
}

void
metrics_set_endpoints(const char *const *endpoints, unsigned n)
{
	endpoint_names = endpoints;
	n_endpoints = n > MAX_ENDPOINTS ? MAX_ENDPOINTS : n;
}

/* Add without ordering: every figure stands for itself. */
static void
add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Count a value. */
static void
observe(Histogram *histogram, const Buckets *buckets, double value, double unit)
{
	unsigned bucket = 0;

	while (bucket < buckets->n && value > buckets->bounds[bucket])
		bucket++;
	add(&histogram->counts[bucket], 1);
	add(&histogram->sum, (uint64_t) (value / unit + 0.5));
}

/* The figures of an endpoint and method, made at their first use; NULL without memory. */
static EndpointMetrics *
endpoint_metrics(unsigned endpoint, Method method)
{
	EndpointMetrics *metrics = atomic_load(&by_endpoint[endpoint][method]);

	if (metrics == NULL)
	{
		EndpointMetrics *made = calloc(1, sizeof(EndpointMetrics));

		if (made == NULL)
			return NULL;
		if (atomic_compare_exchange_strong(&by_endpoint[endpoint][method], &metrics, made))
			return made;
		free(made);
	}
	return metrics;
}

void
metrics_add_route(unsigned endpoint, Method method)
{
	EndpointMetrics *metrics = endpoint_metrics(endpoint, method);

	if (metrics != NULL)
		metrics->is_known = true;
}

void
metrics_count_request(unsigned endpoint, Method method, unsigned status, ErrorType error,
					  double seconds, uint64_t request_bytes, uint64_t response_bytes)
{
	EndpointMetrics *metrics = endpoint_metrics(endpoint, method);
	unsigned i = 0;

	if (metrics == NULL)
		return;
	while (i + 1 < N_STATUSES && statuses[i] != status)
		i++;
	add(&metrics->by_status[i], 1);
	if (error != ERROR_NONE)
		add(&metrics->by_error[error], 1);
	observe(&metrics->duration, &duration_buckets, seconds, NANOSECONDS);
	observe(&metrics->request_size, &size_buckets, (double) request_bytes, 1);
	observe(&metrics->response_size, &size_buckets, (double) response_bytes, 1);
}

/* The counter of a name. */
static _Atomic uint64_t *
named_counter(NamedCounters *named, Slice name)
{
	unsigned n = atomic_load(&named->n);
	_Atomic uint64_t *found = NULL;

	for (unsigned i = 0; i < n; i++)
		if (slice_equals(name, named->names[i]))
			return &named->counts[i];
	if (n == named->capacity || name.length >= MAX_NAME || memchr(name.bytes, '\0', name.length))
		return &named->counts[named->capacity];
	pthread_mutex_lock(&named->lock);
	n = atomic_load(&named->n);
	for (unsigned i = 0; i < n && found == NULL; i++)
		if (slice_equals(name, named->names[i]))
			found = &named->counts[i];
	if (found == NULL && n == named->capacity)
		found = &named->counts[named->capacity];
	if (found == NULL)
	{
		memcpy(named->names[n], name.bytes, name.length);
		found = &named->counts[n];
		atomic_store(&named->n, n + 1);
	}
	pthread_mutex_unlock(&named->lock);
	return found;
}

void
metrics_count_predictions(Slice model, uint64_t texts, double seconds)
{
	add(named_counter(&models, model), texts);
	observe(&prediction_duration, &duration_buckets, seconds, NANOSECONDS);
}

void
metrics_count_confidence(double probability)
{
	observe(&confidence, &confidence_buckets, probability, NANOSECONDS);
}

void
metrics_count_label(Slice label, uint64_t texts)
{
	add(named_counter(&labels, label), texts);
}

void
metrics_add(Gauge gauge, int64_t change)
{
	atomic_fetch_add_explicit(&gauges[gauge], change, memory_order_relaxed);
}

int64_t
metrics_gauge(Gauge gauge)
{
	return atomic_load_explicit(&gauges[gauge], memory_order_relaxed);
}

void
metrics_count(Counter counter)
{
	add(&counters[counter], 1);
}

/* A label of two strings. */
static MetricLabel
label_of(const char *name, const char *value)
{
	return (MetricLabel){slice_of(name), slice_of(value)};
}

/* Write a histogram; labels has room for one more behind its n. */
static void
write_histogram(MetricWriter *writer, const Histogram *histogram, const Buckets *buckets,
				double unit, MetricLabel *with, size_t n)
{
	uint64_t count = 0;
	char bound[32];

	for (unsigned i = 0; i <= buckets->n; i++)
	{
		count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
		if (i < buckets->n)
			snprintf(bound, sizeof(bound),
					 buckets->bounds[i] == (double) (int64_t) buckets->bounds[i] ? "%.1f" : "%g",
					 buckets->bounds[i]);
		with[n] = label_of("le", i < buckets->n ? bound : "+Inf");
		metric_sample(writer, "_bucket", with, n + 1, (double) count);
	}
	metric_sample(writer, "_sum", with, n,
				  (double) atomic_load_explicit(&histogram->sum, memory_order_relaxed) * unit);
	metric_sample(writer, "_count", with, n, (double) count);
}

/* Write one figure of an endpoint and method. */
typedef void (*EndpointWriter)(MetricWriter *writer, const EndpointMetrics *metrics,
							   MetricLabel *with);

/* Whether a status is counted from 0 on. */
static bool
is_usual_status(unsigned status)
{
	for (unsigned i = 0; i < N_USUAL_STATUSES; i++)
		if (usual_statuses[i] == status)
			return true;
	return false;
}

/* Whether a type of errors is counted from 0 on. */
static bool
is_usual_error(ErrorType type)
{
	for (unsigned i = 0; i < N_USUAL_ERRORS; i++)
		if (usual_errors[i] == type)
			return true;
	return false;
}

/* Whether there has been a request, so that there is something to tell of its time and size. */
static bool
was_used(const EndpointMetrics *metrics)
{
	for (unsigned i = 0; i < N_STATUSES; i++)
		if (atomic_load_explicit(&metrics->by_status[i], memory_order_relaxed) > 0)
			return true;
	return false;
}

static void
write_statuses(MetricWriter *writer, const EndpointMetrics *metrics, MetricLabel *with)
{
	for (unsigned i = 0; i < N_STATUSES; i++)
	{
		uint64_t n = atomic_load_explicit(&metrics->by_status[i], memory_order_relaxed);
		char status[16];

		snprintf(status, sizeof(status), "%u", statuses[i]);
		with[2] = label_of("status", status);
		if (n > 0 || (metrics->is_known && is_usual_status(statuses[i])))
			metric_sample(writer, "", with, 3, (double) n);
	}
}

static void
write_errors(MetricWriter *writer, const EndpointMetrics *metrics, MetricLabel *with)
{
	for (unsigned i = 1; i < N_ERROR_TYPES; i++)
	{
		uint64_t n = atomic_load_explicit(&metrics->by_error[i], memory_order_relaxed);

		with[2] = label_of("error_type", error_kinds[i].name);
		if (n > 0 || (metrics->is_known && is_usual_error((ErrorType) i)))
			metric_sample(writer, "", with, 3, (double) n);
	}
}

static void
write_duration(MetricWriter *writer, const EndpointMetrics *metrics, MetricLabel *with)
{
	write_histogram(writer, &metrics->duration, &duration_buckets, NANOSECONDS, with, 2);
}

static void
write_request_size(MetricWriter *writer, const EndpointMetrics *metrics, MetricLabel *with)
{
	write_histogram(writer, &metrics->request_size, &size_buckets, 1, with, 2);
}

static void
write_response_size(MetricWriter *writer, const EndpointMetrics *metrics, MetricLabel *with)
{
	write_histogram(writer, &metrics->response_size, &size_buckets, 1, with, 2);
}

/* Write one family over all endpoints and methods. */
static void
write_by_endpoint(MetricWriter *writer, const char *name, MetricType type, const char *help,
				  EndpointWriter write)
{
	metric_begin(writer, slice_of(name), type, slice_of(help));
	for (unsigned i = 0; i < n_endpoints; i++)
		for (unsigned j = 0; j < N_METHODS; j++)
		{
			const EndpointMetrics *metrics = atomic_load(&by_endpoint[i][j]);
			MetricLabel with[4] = {label_of("method", method_names[j]),
								   label_of("endpoint", endpoint_names[i])};

			if (metrics != NULL && (type != METRIC_HISTOGRAM || was_used(metrics)))
				write(writer, metrics, with);
		}
}

/* Write a counter for each name. */
static void
write_named(MetricWriter *writer, const char *name, const char *label, const char *help,
			NamedCounters *named)
{
	unsigned n = atomic_load(&named->n);

	metric_begin(writer, slice_of(name), METRIC_COUNTER, slice_of(help));
	for (unsigned i = 0; i <= n; i++)
	{
		unsigned index = i == n ? named->capacity : i;
		uint64_t count = atomic_load_explicit(&named->counts[index], memory_order_relaxed);
		MetricLabel with = label_of(label, i == n ? "other" : named->names[i]);

		if (count > 0)
			metric_sample(writer, "", &with, 1, (double) count);
	}
}

/* Write a figure without labels. */
static void
write_single(MetricWriter *writer, const char *name, MetricType type, const char *help,
			 double value)
{
	metric_begin(writer, slice_of(name), type, slice_of(help));
	metric_sample(writer, "", NULL, 0, value);
}

/* Number of open file descriptors. */
static unsigned
open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned n = 0;

	if (folder == NULL)
		return 0;
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

/* Seconds since 1970 at which this process began. */
static double
start_time(void)
{
	static double started;
	char line[1024];
	unsigned long long ticks = 0;
	unsigned long long boot = 0;
	FILE *file;

	if (started > 0)
		return started;
	file = fopen("/proc/self/stat", "r");
	if (file != NULL)
	{
		if (fgets(line, sizeof(line), file) != NULL && strrchr(line, ')') != NULL)
			(void) sscanf(strrchr(line, ')') + 1,
						  " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
						  "%*s %*s %llu",
						  &ticks);
		fclose(file);
	}
	file = fopen("/proc/stat", "r");
	if (file != NULL)
	{
		while (boot == 0 && fgets(line, sizeof(line), file) != NULL)
			(void) sscanf(line, "btime %llu", &boot);
		fclose(file);
	}
	started = (double) boot + (double) ticks / (double) sysconf(_SC_CLK_TCK);
	return started;
}

/* The figures that every Prometheus client gives of its process. */
static void
write_process(MetricWriter *writer)
{
	struct rusage usage;
	struct rlimit files;
	unsigned long long size = 0;
	unsigned long long resident = 0;
	double page = (double) sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "r");

	if (file != NULL)
	{
		if (fscanf(file, "%llu %llu", &size, &resident) != 2)
			size = resident = 0;
		fclose(file);
	}
	getrusage(RUSAGE_SELF, &usage);
	write_single(writer, "process_cpu_seconds", METRIC_COUNTER, "User and system CPU time.",
				 (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
					 (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
	write_single(writer, "process_resident_memory_bytes", METRIC_GAUGE, "Resident memory.",
				 (double) resident * page);
	write_single(writer, "process_virtual_memory_bytes", METRIC_GAUGE, "Virtual memory.",
				 (double) size * page);
	write_single(writer, "process_start_time_seconds", METRIC_GAUGE,
				 "When the process began, in seconds since 1970.", start_time());
	write_single(writer, "process_open_fds", METRIC_GAUGE, "Open file descriptors.",
				 open_descriptors());
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		write_single(writer, "process_max_fds", METRIC_GAUGE, "File descriptors that may be open.",
					 (double) files.rlim_cur);
}

/* The exporter's own state. */
static void
write_exporter(MetricWriter *writer)
{
	static const struct
	{
		const char *name;
		const char *help;
	} gauge_texts[N_GAUGES] = {
		{"api_requests_in_progress", "Requests that are being answered."},
		{"sentiment_exporter_pool_connections", "Open connections to the database."},
		{"sentiment_exporter_pool_busy", "Connections that wait for an answer."},
		{"sentiment_exporter_pool_waiting", "Predictions and queries that wait for a connection."},
		{"sentiment_exporter_body_bytes", "Memory of request bodies that are being read."},
	};
	static const struct
	{
		const char *name;
		const char *help;
	} counter_texts[N_COUNTERS] = {
		{"sentiment_exporter_pool_connects", "Connections to the database that were made."},
		{"sentiment_exporter_pool_connect_failures", "Attempts to connect that failed."},
		{"sentiment_exporter_queries", "Queries sent to the database."},
		{"sentiment_exporter_dropped_samples",
		 "Rows of sentiment_metrics() that were not valid metrics."},
	};

	for (unsigned i = 0; i < N_GAUGES; i++)
		write_single(writer, gauge_texts[i].name, METRIC_GAUGE, gauge_texts[i].help,
					 (double) metrics_gauge((Gauge) i));
	for (unsigned i = 0; i < N_COUNTERS; i++)
		write_single(writer, counter_texts[i].name, METRIC_COUNTER, counter_texts[i].help,
					 (double) atomic_load_explicit(&counters[i], memory_order_relaxed));
}

void
metrics_write(MetricWriter *writer)
{
	MetricLabel room[1];

	write_by_endpoint(writer, "api_requests", METRIC_COUNTER,
					  "Requests by method, endpoint and status.", write_statuses);
	write_by_endpoint(writer, "api_errors", METRIC_COUNTER, "Errors by method, endpoint and type.",
					  write_errors);
	write_by_endpoint(writer, "api_request_duration_seconds", METRIC_HISTOGRAM,
					  "Time from a request's headers to its answer.", write_duration);
	write_by_endpoint(writer, "api_request_size_bytes", METRIC_HISTOGRAM, "Size of request bodies.",
					  write_request_size);
	write_by_endpoint(writer, "api_response_size_bytes", METRIC_HISTOGRAM,
					  "Size of response bodies.", write_response_size);
	write_named(writer, "predictions", "model_name", "Texts that were predicted, by model.",
				&models);
	write_named(writer, "prediction_labels", "label", "Texts that were predicted, by label.",
				&labels);
	metric_begin(writer, slice_of("prediction_confidence"), METRIC_HISTOGRAM,
				 slice_of("Probability of the label that was answered."));
	write_histogram(writer, &confidence, &confidence_buckets, NANOSECONDS, room, 0);
	metric_begin(writer, slice_of("prediction_duration"), METRIC_HISTOGRAM,
				 slice_of("Seconds that the database took for one query of predictions."));
	write_histogram(writer, &prediction_duration, &duration_buckets, NANOSECONDS, room, 0);
	write_exporter(writer);
	write_process(writer);
}
