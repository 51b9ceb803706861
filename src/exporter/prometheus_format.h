/*
 * prometheus_format.h
 *	  The text forms of metrics: Prometheus 0.0.4 and OpenMetrics 1.0.
 */
#ifndef EXPORTER_PROMETHEUS_FORMAT_H
#define EXPORTER_PROMETHEUS_FORMAT_H

#include "text_buffer.h"

typedef enum MetricForm
{
	FORM_PROMETHEUS,
	FORM_OPENMETRICS
} MetricForm;

typedef enum MetricType
{
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
	METRIC_SUMMARY,
	METRIC_UNTYPED
} MetricType;

/* A label of a sample. */
typedef struct MetricLabel
{
	Slice name;
	Slice value;
} MetricLabel;

typedef struct MetricWriter
{
	TextBuffer *buffer;
	MetricForm form;
	char family[256]; /* the present family's name, without _total */
	MetricType type;
} MetricWriter;

/* The form that an Accept header asks for. */
extern MetricForm metric_form_of(const char *accept);
extern const char *metric_content_type(MetricForm form);

extern bool metric_type_of(const char *name, MetricType *type);
extern bool metric_name_is_valid(Slice name);
extern bool metric_label_name_is_valid(Slice name);

/* Name of a sample's family: without _bucket, _sum, _count of histograms, without _total of counters. */
extern Slice metric_family_of(Slice sample, MetricType type);

/* Begin a family. A counter's name may end in _total or not. */
extern void metric_begin(MetricWriter *writer, Slice name, MetricType type, Slice help);

/* A sample of the present family. suffix: "", "_bucket", "_sum" or "_count". */
extern void metric_sample(MetricWriter *writer, const char *suffix, const MetricLabel *labels,
						  size_t n_labels, double value);

/* End the page. */
extern void metric_end(MetricWriter *writer);

#endif /* EXPORTER_PROMETHEUS_FORMAT_H */
