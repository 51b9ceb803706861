/*
 * prometheus_format.c
 *	  The text forms of metrics.
 *
 * In OpenMetrics a counter's family has no _total, its sample has; in Prometheus' older form both have.
 */
#include "prometheus_format.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge",     [METRIC_HISTOGRAM] = "histogram",
	[METRIC_SUMMARY] = "summary", [METRIC_UNTYPED] = "untyped",
};

/* The quality of one media range's parameters, such as ";version=1.0.0;q=0.5". */
static double
quality_of(const char *parameters, const char *end)
{
	for (const char *place = parameters; place < end; place++)
	{
		if (*place != ';')
			continue;
		do
			place++;
		while (place < end && (*place == ' ' || *place == '\t'));
		if (end - place > 2 && (place[0] == 'q' || place[0] == 'Q') && place[1] == '=')
			return atof(place + 2);
		place--;
	}
	return 1;
}

MetricForm
metric_form_of(const char *accept)
{
	double openmetrics = 0;
	double text = 0;
	const char *range = accept == NULL ? "" : accept;

	while (*range != '\0')
	{
		const char *end = strchrnul(range, ',');
		const char *parameters;

		while (*range == ' ' || *range == '\t')
			range++;
		parameters = memchr(range, ';', (size_t) (end > range ? end - range : 0));
		if (parameters == NULL)
			parameters = end;
		if (strncasecmp(range, "application/openmetrics-text", 28) == 0)
			openmetrics = fmax(openmetrics, quality_of(parameters, end));
		else if (strncasecmp(range, "text/plain", 10) == 0)
			text = fmax(text, quality_of(parameters, end));
		range = *end == ',' ? end + 1 : end;
	}
	return openmetrics > 0 && openmetrics >= text ? FORM_OPENMETRICS : FORM_PROMETHEUS;
}

const char *
metric_content_type(MetricForm form)
{
	return form == FORM_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
									: "text/plain; version=0.0.4; charset=utf-8";
}

bool
metric_type_of(const char *name, MetricType *type)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++)
		if (strcmp(name, type_names[i]) == 0)
		{
			*type = (MetricType) i;
			return true;
		}
	return false;
}

/* Whether a name has letters, digits, underscores, and maybe colons. */
static bool
is_name(Slice name, bool colons)
{
	if (name.length == 0 || name.length > 200 || isdigit((unsigned char) name.bytes[0]))
		return false;
	for (size_t i = 0; i < name.length; i++)
	{
		char byte = name.bytes[i];

		if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			  (byte >= '0' && byte <= '9') || byte == '_' || (colons && byte == ':')))
			return false;
	}
	return true;
}

bool
metric_name_is_valid(Slice name)
{
	return is_name(name, true);
}

bool
metric_label_name_is_valid(Slice name)
{
	return is_name(name, false);
}

/* A name without its suffix, if it has it. */
static bool
strip(Slice *name, const char *suffix)
{
	size_t length = strlen(suffix);

	if (name->length <= length || memcmp(name->bytes + name->length - length, suffix, length) != 0)
		return false;
	name->length -= length;
	return true;
}

Slice
metric_family_of(Slice sample, MetricType type)
{
	if (type == METRIC_COUNTER)
		(void) strip(&sample, "_total");
	else if (type == METRIC_HISTOGRAM || type == METRIC_SUMMARY)
		(void) (strip(&sample, "_bucket") || strip(&sample, "_count") || strip(&sample, "_sum"));
	return sample;
}

/* Append text with backslashes and line ends escaped, and quotes if so wanted. */
static void
append_escaped(TextBuffer *buffer, Slice text, bool quotes)
{
	for (size_t i = 0; i < text.length; i++)
	{
		char byte = text.bytes[i];

		if (byte == '\\' || (quotes && byte == '"'))
			text_buffer_append_char(buffer, '\\');
		if (byte == '\n')
			text_buffer_append(buffer, "\\n", 2);
		else
			text_buffer_append_char(buffer, byte);
	}
}

void
metric_begin(MetricWriter *writer, Slice name, MetricType type, Slice help)
{
	const char *total;
	bool older = writer->form == FORM_PROMETHEUS;

	if (type == METRIC_COUNTER)
		(void) strip(&name, "_total");
	snprintf(writer->family, sizeof(writer->family), "%.*s", (int) name.length, name.bytes);
	writer->type = type;
	total = older && type == METRIC_COUNTER ? "_total" : "";
	text_buffer_printf(writer->buffer, "# HELP %s%s ", writer->family, total);
	append_escaped(writer->buffer, help, !older);
	text_buffer_printf(writer->buffer, "\n# TYPE %s%s %s\n", writer->family, total,
					   type == METRIC_UNTYPED && !older ? "unknown" : type_names[type]);
}

/* Append a number in Go's form of special values. */
static void
append_number(TextBuffer *buffer, double value)
{
	char digits[40];

	if (isnan(value))
		text_buffer_append_string(buffer, "NaN");
	else if (isinf(value))
		text_buffer_append_string(buffer, value > 0 ? "+Inf" : "-Inf");
	else if (fabs(value) < 9e15 && value == (double) (int64_t) value)
		text_buffer_append_integer(buffer, (int64_t) value);
	else
	{
		snprintf(digits, sizeof(digits), "%.15g", value);
		if (strtod(digits, NULL) != value)
			snprintf(digits, sizeof(digits), "%.17g", value);
		text_buffer_append_string(buffer, digits);
	}
}

void
metric_sample(MetricWriter *writer, const char *suffix, const MetricLabel *labels, size_t n_labels,
			  double value)
{
	TextBuffer *buffer = writer->buffer;

	text_buffer_append_string(buffer, writer->family);
	text_buffer_append_string(buffer, writer->type == METRIC_COUNTER ? "_total" : suffix);
	for (size_t i = 0; i < n_labels; i++)
	{
		text_buffer_append_char(buffer, i == 0 ? '{' : ',');
		text_buffer_append(buffer, labels[i].name.bytes, labels[i].name.length);
		text_buffer_append(buffer, "=\"", 2);
		append_escaped(buffer, labels[i].value, true);
		text_buffer_append_char(buffer, '"');
	}
	if (n_labels > 0)
		text_buffer_append_char(buffer, '}');
	text_buffer_append_char(buffer, ' ');
	append_number(buffer, value);
	text_buffer_append_char(buffer, '\n');
}

void
metric_end(MetricWriter *writer)
{
	if (writer->form == FORM_OPENMETRICS)
		text_buffer_append_string(writer->buffer, "# EOF\n");
}
