/*
 * database_metrics.c
 *	  What the database tells of itself, as metrics.
 *
 * The database is trusted to mean well, not to write Prometheus' format: a row with a name or a label that is
 * not valid is left out and counted.
 */
#include "database_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "json_scanner.h"
#include "log.h"
#include "metrics.h"
#include "routes.h"

#define MAX_METRIC_LABELS 16

const Statement metrics_statement = {
	"SELECT name, type, help, labels::text, value::text FROM @.sentiment_metrics()", 0, false};

/* For a database whose extension has no sentiment_metrics(). */
const Statement built_in_metrics_statement = {
	"SELECT 'sentiment_deployed_version', 'gauge', 'Version that answers.', "
	"jsonb_build_object('model', model)::text, deployed_version::float8::text "
	"FROM @.sentiment_models WHERE deployed_version IS NOT NULL "
	"UNION ALL SELECT 'sentiment_model_versions', 'gauge', 'Versions of a model.', "
	"jsonb_build_object('model', model)::text, versions::float8::text FROM @.sentiment_models "
	"UNION ALL SELECT 'sentiment_model_f1', 'gauge', 'F1 of a version on held-out texts.', "
	"jsonb_build_object('model', model, 'version', version, 'deployed', deployed)::text, f1::text "
	"FROM @.sentiment_model_versions WHERE f1 IS NOT NULL "
	"UNION ALL SELECT 'sentiment_model_accuracy', 'gauge', "
	"'Accuracy of a version on held-out texts.', "
	"jsonb_build_object('model', model, 'version', version, 'deployed', deployed)::text, "
	"accuracy::text FROM @.sentiment_model_versions WHERE accuracy IS NOT NULL "
	"UNION ALL SELECT 'sentiment_model_trained_timestamp_seconds', 'gauge', "
	"'When the version that answers was trained, in seconds since 1970.', "
	"jsonb_build_object('model', model)::text, extract(epoch FROM trained_at)::float8::text "
	"FROM @.sentiment_models WHERE trained_at IS NOT NULL",
	0, false};

/* One row. */
typedef struct Sample
{
	Slice name;
	Slice family;
	MetricType type;
	size_t n_labels;
	MetricLabel labels[MAX_METRIC_LABELS];
} Sample;

/* Read labels from a JSON object; unescapes in place. */
static bool
read_labels(char *json, size_t length, Sample *sample)
{
	JsonScanner scanner;

	sample->n_labels = 0;
	if (length == 0)
		return true;
	json_scanner_init(&scanner, json, length);
	if (!json_enter(&scanner, '{'))
		return false;
	for (bool first = true; json_next(&scanner, '}', first); first = false)
	{
		MetricLabel *label = &sample->labels[sample->n_labels];

		if (sample->n_labels == MAX_METRIC_LABELS || !json_read_name(&scanner, &label->name) ||
			!metric_label_name_is_valid(label->name))
			return false;
		switch (json_peek(&scanner))
		{
			case JSON_STRING:
				(void) json_read_string(&scanner, &label->value);
				break;
			case JSON_NUMBER:
			case JSON_BOOLEAN:
				(void) json_skip(&scanner, &label->value);
				break;
			case JSON_NULL:
				(void) json_skip(&scanner, NULL);
				continue; /* no label */
			default:
				return false;
		}
		sample->n_labels++;
	}
	return json_at_end(&scanner);
}

/* Read a row; its labels are read from a copy, which must live as long. */
static bool
read_sample(const PGresult *result, int row, TextBuffer *copy, Sample *sample)
{
	sample->name = slice_of(PQgetvalue(result, row, 0));
	if (!metric_type_of(PQgetvalue(result, row, 1), &sample->type) ||
		!metric_name_is_valid(sample->name))
		return false;
	sample->family = metric_family_of(sample->name, sample->type);
	copy->length = 0;
	text_buffer_append(copy, PQgetvalue(result, row, 3), (size_t) PQgetlength(result, row, 3));
	return !copy->failed && !PQgetisnull(result, row, 4) &&
		   read_labels(copy->bytes, copy->length, sample);
}

/* Whether a family is written by the process already: the name would be there twice. */
static bool
is_taken(const TextBuffer *page, size_t length, Slice family, MetricForm form, MetricType type)
{
	TextBuffer line = {0};
	bool taken;

	text_buffer_printf(&line, "\n# TYPE %.*s%s ", (int) family.length, family.bytes,
					   form == FORM_PROMETHEUS && type == METRIC_COUNTER ? "_total" : "");
	taken = line.failed || memmem(page->bytes, length, line.bytes, line.length) != NULL;
	text_buffer_free(&line);
	return taken;
}

/* Write a family: all its rows from its first one on. Marks them in done. */
static void
write_family(MetricWriter *writer, const PGresult *result, int first, bool *done, TextBuffer *copy)
{
	Sample sample;
	Slice family;
	MetricType type;

	if (!read_sample(result, first, copy, &sample))
		return;
	family = sample.family;
	type = sample.type;
	metric_begin(writer, family, type, slice_of(PQgetvalue(result, first, 2)));
	for (int row = first; row < PQntuples(result); row++)
	{
		const char *suffix;

		if (done[row] || strncmp(PQgetvalue(result, row, 0), family.bytes, family.length) != 0 ||
			!read_sample(result, row, copy, &sample) || sample.type != type ||
			sample.family.length != family.length)
			continue;
		done[row] = true;
		suffix = sample.name.bytes + family.length;
		metric_sample(writer, suffix, sample.labels, sample.n_labels,
					  strtod(PQgetvalue(result, row, 4), NULL));
	}
}

void
database_metrics_write(MetricWriter *writer, const PGresult *result)
{
	int n = PQntuples(result);
	bool *done = calloc((size_t) n + 1, sizeof(bool));
	TextBuffer copy = {0};
	Sample sample;

	if (done == NULL || PQnfields(result) != 5)
	{
		free(done);
		return;
	}
	for (int row = 0; row < n; row++)
	{
		if (done[row])
			continue;
		if (!read_sample(result, row, &copy, &sample) ||
			is_taken(writer->buffer, writer->buffer->length, sample.family, writer->form,
					 sample.type))
		{
			metrics_count(COUNTER_DROPPED_SAMPLES);
			continue;
		}
		write_family(writer, result, row, done, &copy);
	}
	text_buffer_free(&copy);
	free(done);
}
