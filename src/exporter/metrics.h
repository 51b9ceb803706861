/*
 * metrics.h
 *	  The counters and histograms of this process.
 *
 * Every thread adds to them without locks. How many time series there can be is fixed: methods, endpoints,
 * statuses and types of errors are known before, models and labels beyond the first ones count as "other".
 */
#ifndef EXPORTER_METRICS_H
#define EXPORTER_METRICS_H

#include <stdint.h>

#include "errors.h"
#include "prometheus_format.h"
#include "text_buffer.h"

#define MAX_ENDPOINTS 48

/* The methods that are told apart. */
typedef enum Method
{
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_OPTIONS,
	METHOD_OTHER,
	N_METHODS
} Method;

extern Method method_of(const char *name);
extern const char *method_name(Method method);

/* Name the endpoints: (n) strings that stay; an endpoint is its number in them. */
extern void metrics_set_endpoints(const char *const *endpoints, unsigned n);

/* Let the usual counters of a route be there, with 0; before the first request. */
extern void metrics_add_route(unsigned endpoint, Method method);

/* Count an answered request. */
extern void metrics_count_request(unsigned endpoint, Method method, unsigned status,
								  ErrorType error, double seconds, uint64_t request_bytes,
								  uint64_t response_bytes);

/* Count texts that a model has answered by one query, and how long that took. */
extern void metrics_count_predictions(Slice model, uint64_t texts, double seconds);

/* Count one label that was answered with a probability. */
extern void metrics_count_confidence(double probability);
extern void metrics_count_label(Slice label, uint64_t texts);

/* Gauges that go up and down. */
typedef enum Gauge
{
	GAUGE_REQUESTS_IN_PROGRESS,
	GAUGE_POOL_CONNECTIONS, /* open ones */
	GAUGE_POOL_BUSY,
	GAUGE_POOL_WAITING,
	GAUGE_BODY_BYTES, /* memory of bodies that are being read */
	N_GAUGES
} Gauge;

extern void metrics_add(Gauge gauge, int64_t change);
extern int64_t metrics_gauge(Gauge gauge);

/* Counters without labels. */
typedef enum Counter
{
	COUNTER_POOL_CONNECTS,
	COUNTER_POOL_CONNECT_FAILURES,
	COUNTER_POOL_QUERIES,
	COUNTER_DROPPED_SAMPLES,
	N_COUNTERS
} Counter;

extern void metrics_count(Counter counter);

/* Write everything. */
extern void metrics_write(MetricWriter *writer);

#endif /* EXPORTER_METRICS_H */
