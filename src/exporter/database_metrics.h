/*
 * database_metrics.h
 *	  What the database tells of itself, as metrics.
 */
#ifndef EXPORTER_DATABASE_METRICS_H
#define EXPORTER_DATABASE_METRICS_H

#include <libpq-fe.h>

#include "prometheus_format.h"

/*
 * Write rows of (name, type, help, labels, value), in text form; labels is a JSON object. Rows of one family
 * need not be together. Of a histogram the names end in _bucket, _sum and _count.
 */
extern void database_metrics_write(MetricWriter *writer, const PGresult *result);

#endif /* EXPORTER_DATABASE_METRICS_H */
