/*
 * prediction_queue.c
 *	  Predictions that wait for a connection.
 *
 * Arrays go to the server and come from it in its binary form (array_recv, array_send): no escaping, no
 * rows. A job whose texts have numbers is asked alone, since warnings of unknown numbers are given once for
 * a query. Where a query of several jobs fails because of its data, each is asked again alone.
 */
#include "prediction_queue.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

#define TEXT_OID            25
#define JSONB_OID           3802
#define INT4_OID            23
#define FLOAT8_OID          701
#define MAX_ANSWER_LABELS   1000
#define MAX_ANSWER_WARNINGS 100 /* of sentiment_classify_batch */

#define PREDICTED_STRIDE   8  /* length and int4 */
#define PROBABILITY_STRIDE 12 /* length and float8 */

const Statement prediction_statement_classify = {
	"SELECT model, version, labels, predicted, probabilities, warnings, NULL::text "
	"FROM sentiment.classify_batch($1::text[], $2::text, $3::jsonb[], $4::int4)",
	4, true};

const Statement prediction_statement_explain = {
	"SELECT c.model, c.version, c.labels, c.predicted, c.probabilities, c.warnings, "
	"(SELECT json_agg((SELECT json_agg(json_build_object('term', e.term, 'weight', e.weight, "
	"'contribution', e.contribution)) FROM sentiment.explain(t.text, $2::text, t.features, "
	"NULL::text, NULL::text, $4::int4) AS e) "
	"ORDER BY t.ordinal)::text "
	"FROM unnest($1::text[], $3::jsonb[]) WITH ORDINALITY AS t (text, features, ordinal)) "
	"FROM sentiment.classify_batch($1::text[], $2::text, $3::jsonb[], $4::int4) AS c",
	4, true};

/* A query on its way, with its jobs. */
typedef struct Batch
{
	struct Batch *next; /* in the list of idle ones */
	PredictionQueue *queue;
	Query query;
	PredictionJob *jobs;
	size_t n_jobs;
	uint64_t sent;
	uint32_t version; /* in network order */
} Batch;

struct PredictionQueue
{
	DatabasePool *pool;
	Slice default_model;
	unsigned classify;
	unsigned explain;
	uint64_t timeout; /* nanoseconds in line */
	PredictionJob *first;
	PredictionJob *last;
	Batch *idle;
	TextBuffer texts; /* parameters of the query that is being sent */
	TextBuffer features;
	Slice labels[MAX_ANSWER_LABELS];
	Slice warnings[2 * MAX_ANSWER_WARNINGS];
	size_t n_warnings;
	TextBuffer rewritten; /* warnings with other numbers */
	uint64_t label_counts[MAX_ANSWER_LABELS];
};

PredictionQueue *
prediction_queue_create(DatabasePool *pool, const char *default_model, unsigned classify,
						unsigned explain, long timeout)
{
	PredictionQueue *queue = calloc(1, sizeof(PredictionQueue));

	if (queue == NULL)
		return NULL;
	queue->pool = pool;
	queue->default_model = slice_of(default_model == NULL ? "" : default_model);
	queue->classify = classify;
	queue->explain = explain;
	queue->timeout = (uint64_t) timeout * 1000000u;
	return queue;
}

void
prediction_queue_free(PredictionQueue *queue)
{
	while (queue->idle != NULL)
	{
		Batch *batch = queue->idle;

		queue->idle = batch->next;
		free(batch);
	}
	text_buffer_free(&queue->texts);
	text_buffer_free(&queue->features);
	text_buffer_free(&queue->rewritten);
	free(queue);
}

/* Append a number in network order. */
static void
append_int32(TextBuffer *buffer, size_t number)
{
	uint32_t bytes = htonl((uint32_t) number);

	text_buffer_append(buffer, &bytes, sizeof(bytes));
}

/* A number in network order. */
static uint32_t
read_uint32(const char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return ntohl(number);
}

size_t
answer_predicted(const PredictionAnswer *answer, size_t text)
{
	uint32_t subscript = read_uint32(answer->predicted + text * PREDICTED_STRIDE + 4);

	return subscript >= 1 && subscript <= answer->n_labels ? subscript - 1 : 0;
}

double
answer_probability(const PredictionAnswer *answer, size_t text, size_t label)
{
	const char *place =
		answer->probabilities + (text * answer->n_labels + label) * PROBABILITY_STRIDE + 4;
	uint64_t bits = (uint64_t) read_uint32(place) << 32 | read_uint32(place + 4);
	double probability;

	memcpy(&probability, &bits, sizeof(probability));
	return probability;
}

/* Begin an array of n elements. */
static void
begin_array(TextBuffer *buffer, size_t n, bool has_nulls, unsigned element_type)
{
	buffer->length = 0;
	append_int32(buffer, 1);
	append_int32(buffer, has_nulls);
	append_int32(buffer, element_type);
	append_int32(buffer, n);
	append_int32(buffer, 1);
}

/* Write the parameters of a query. */
static bool
write_parameters(PredictionQueue *queue, const PredictionJob *jobs, size_t n_rows,
				 bool has_features)
{
	begin_array(&queue->texts, n_rows, false, TEXT_OID);
	if (has_features)
		begin_array(&queue->features, n_rows, true, JSONB_OID);
	for (const PredictionJob *job = jobs; job != NULL; job = job->next)
		for (size_t i = 0; i < job->n_rows; i++)
		{
			const TextRow *row = &job->rows[i];

			append_int32(&queue->texts, row->text.length);
			text_buffer_append(&queue->texts, row->text.bytes, row->text.length);
			if (!has_features)
				continue;
			if (row->features.length == 0)
			{
				append_int32(&queue->features, UINT32_MAX); /* NULL */
				continue;
			}
			append_int32(&queue->features, row->features.length + 1);
			text_buffer_append_char(&queue->features, 1); /* version of jsonb's binary form */
			text_buffer_append(&queue->features, row->features.bytes, row->features.length);
		}
	return !queue->texts.failed && !queue->features.failed;
}

/* Whether a job has numbers. */
static bool
has_features(const PredictionJob *job)
{
	for (size_t i = 0; i < job->n_rows; i++)
		if (job->rows[i].features.length > 0)
			return true;
	return false;
}

/* Be done with a list of jobs, with an error. */
static void
fail_jobs(PredictionJob *jobs, const ExporterError *error)
{
	while (jobs != NULL)
	{
		PredictionJob *next = jobs->next;

		jobs->done(jobs->context, NULL, error);
		jobs = next;
	}
}

/* What a binary array is made of; false if it is not what is expected. */
static bool
open_array(const PGresult *result, int column, unsigned type, size_t n_dimensions, size_t *sizes,
		   const char **elements, const char **end)
{
	const char *bytes = PQgetvalue(result, 0, column);
	size_t length = (size_t) PQgetlength(result, 0, column);

	if (PQgetisnull(result, 0, column) || length < 12 || read_uint32(bytes + 8) != type)
		return false;
	*end = bytes + length;
	if (read_uint32(bytes) == 0)
	{
		memset(sizes, 0, n_dimensions * sizeof(*sizes));
		*elements = bytes + 12;
		return true;
	}
	if (read_uint32(bytes) != n_dimensions || length < 12 + 8 * n_dimensions)
		return false;
	for (size_t i = 0; i < n_dimensions; i++)
		sizes[i] = read_uint32(bytes + 12 + 8 * i);
	*elements = bytes + 12 + 8 * n_dimensions;
	return true;
}

/* Slices of an array of texts. */
static bool
open_texts(const PGresult *result, int column, Slice *texts, size_t capacity, size_t *n)
{
	const char *place;
	const char *end;

	if (!open_array(result, column, TEXT_OID, 1, n, &place, &end) || *n > capacity)
		return false;
	for (size_t i = 0; i < *n; i++)
	{
		uint32_t length;

		if (end - place < 4)
			return false;
		length = read_uint32(place);
		if (length > (size_t) (end - place - 4))
			return false;
		texts[i] = (Slice){place + 4, length};
		place += 4 + length;
	}
	return true;
}

/* Read the one row of a result. */
static bool
read_answer(PredictionQueue *queue, const PGresult *result, size_t n_rows, PredictionAnswer *answer)
{
	size_t sizes[2];
	const char *end;

	if (PQntuples(result) != 1 || PQnfields(result) != 7 || PQgetlength(result, 0, 1) != 4)
		return false;
	answer->model = (Slice){PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0)};
	answer->version = (int) read_uint32(PQgetvalue(result, 0, 1));
	answer->labels = queue->labels;
	if (!open_texts(result, 2, queue->labels, MAX_ANSWER_LABELS, &answer->n_labels) ||
		!open_texts(result, 5, queue->warnings, MAX_ANSWER_WARNINGS * 2, &queue->n_warnings))
		return false;
	if (!open_array(result, 3, INT4_OID, 1, sizes, &answer->predicted, &end) ||
		sizes[0] != n_rows || (size_t) (end - answer->predicted) != n_rows * PREDICTED_STRIDE)
		return false;
	if (!open_array(result, 4, FLOAT8_OID, 2, sizes, &answer->probabilities, &end) ||
		sizes[0] != n_rows || sizes[1] != answer->n_labels ||
		(size_t) (end - answer->probabilities) != n_rows * answer->n_labels * PROBABILITY_STRIDE)
		return false;
	answer->explanations = PQgetisnull(result, 0, 6) ? (Slice){"", 0}
													 : (Slice){PQgetvalue(result, 0, 6),
															   (size_t) PQgetlength(result, 0, 6)};
	return true;
}

/*
 * The warnings of one job: "text N: ..." with N in its range, numbered anew from 0 as in its request, and
 * those of no text. Answers their number, in place of the queue's.
 */
static size_t
warnings_of_job(PredictionQueue *queue, size_t first_row, size_t n_rows, Slice *warnings,
				size_t *starts)
{
	size_t n = 0;

	queue->rewritten.length = 0;
	for (size_t i = 0; i < queue->n_warnings; i++)
	{
		Slice warning = queue->warnings[i];
		char head[24] = "";
		size_t ordinal = 0;
		int length = 0;

		memcpy(head, warning.bytes,
			   warning.length < sizeof(head) - 1 ? warning.length : sizeof(head) - 1);
		if (sscanf(head, "text %zu: %n", &ordinal, &length) == 1 && length > 0)
		{
			if (ordinal <= first_row || ordinal > first_row + n_rows)
				continue;
			starts[n] = queue->rewritten.length;
			text_buffer_printf(&queue->rewritten, "texts[%zu]: %.*s", ordinal - 1 - first_row,
							   (int) warning.length - length, warning.bytes + length);
		}
		else
		{
			starts[n] = queue->rewritten.length;
			text_buffer_append(&queue->rewritten, warning.bytes, warning.length);
		}
		n++;
	}
	if (queue->rewritten.failed)
	{
		text_buffer_free(&queue->rewritten);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		warnings[i] = (Slice){queue->rewritten.bytes + starts[i],
							  (i + 1 < n ? starts[i + 1] : queue->rewritten.length) - starts[i]};
	return n;
}

/* Count what was answered. */
static void
count_answer(PredictionQueue *queue, const PredictionAnswer *answer, size_t n_rows, double seconds)
{
	memset(queue->label_counts, 0, answer->n_labels * sizeof(*queue->label_counts));
	for (size_t i = 0; i < n_rows; i++)
	{
		size_t label = answer_predicted(answer, i);

		queue->label_counts[label]++;
		metrics_count_confidence(answer_probability(answer, i, label));
	}
	for (size_t i = 0; i < answer->n_labels; i++)
		if (queue->label_counts[i] > 0)
			metrics_count_label(answer->labels[i], queue->label_counts[i]);
	metrics_count_predictions(answer->model, n_rows, seconds);
}

/* Put jobs back at the head of the line, each to be asked alone. */
static void
ask_alone(PredictionQueue *queue, PredictionJob *jobs)
{
	PredictionJob *last = jobs;

	for (PredictionJob *job = jobs; job != NULL; job = job->next)
	{
		job->alone = true;
		last = job;
		metrics_add(GAUGE_POOL_WAITING, 1);
	}
	last->next = queue->first;
	if (queue->first == NULL)
		queue->last = last;
	queue->first = jobs;
}

/* Hand a query's answer out to its jobs. */
static void
hand_out(PredictionQueue *queue, PredictionJob *jobs, const PredictionAnswer *whole)
{
	size_t first_row = 0;
	Slice warnings[MAX_ANSWER_WARNINGS * 2];
	size_t starts[MAX_ANSWER_WARNINGS * 2];

	while (jobs != NULL)
	{
		PredictionJob *next = jobs->next;
		size_t n_rows = jobs->n_rows;
		PredictionAnswer answer = *whole;

		answer.predicted += first_row * PREDICTED_STRIDE;
		answer.probabilities += first_row * answer.n_labels * PROBABILITY_STRIDE;
		answer.warnings = warnings;
		if (queue->n_warnings > 0)
			answer.n_warnings = warnings_of_job(queue, first_row, n_rows, warnings, starts);
		first_row += n_rows;
		jobs->done(jobs->context, &answer, NULL);
		jobs = next;
	}
}

/* A query is done. */
static void
batch_done(void *context, const PGresult *result, const ExporterError *error)
{
	Batch *batch = context;
	PredictionQueue *queue = batch->queue;
	PredictionJob *jobs = batch->jobs;
	size_t n_jobs = batch->n_jobs;
	double seconds = (double) (monotonic_now() - batch->sent) * 1e-9;
	PredictionAnswer answer = {0};
	ExporterError wrong;
	size_t n_rows = 0;

	batch->next = queue->idle;
	queue->idle = batch;
	for (PredictionJob *job = jobs; job != NULL; job = job->next)
		n_rows += job->n_rows;
	if (result != NULL && !read_answer(queue, result, n_rows, &answer))
	{
		error_set(&wrong, ERROR_INTERNAL, "the database answered in an unexpected form");
		error = &wrong;
	}
	if (n_jobs > 1 && ((error != NULL && error->type == ERROR_VALIDATION) ||
					   (error == NULL && queue->n_warnings >= MAX_ANSWER_WARNINGS)))
	{
		/* one job's data, or more warnings than there is room for: each for itself */
		ask_alone(queue, jobs);
		return;
	}
	if (error != NULL)
	{
		ExporterError copy = *error;

		/* the version that was asked for is retired: waiting does not help, as with one that is not there */
		if (jobs->version > 0 && error->type == ERROR_MODEL_UNAVAILABLE)
			copy.type = ERROR_MODEL_NOT_FOUND;
		fail_jobs(jobs, &copy);
		return;
	}
	count_answer(queue, &answer, n_rows, seconds);
	hand_out(queue, jobs, &answer);
}

void
prediction_queue_add(PredictionQueue *queue, PredictionJob *job)
{
	job->next = NULL;
	job->bytes = 0;
	job->alone = job->explain || has_features(job);
	if (job->model.length == 0)
		job->model = queue->default_model;
	for (size_t i = 0; i < job->n_rows; i++)
		job->bytes += job->rows[i].text.length + 4;
	job->deadline = monotonic_now() + queue->timeout;
	if (queue->last == NULL)
		queue->first = job;
	else
		queue->last->next = job;
	queue->last = job;
	metrics_add(GAUGE_POOL_WAITING, 1);
}

/* Take the first job from the line, and all that go with it. */
static PredictionJob *
take_jobs(PredictionQueue *queue, size_t *n_jobs, size_t *n_rows)
{
	PredictionJob *taken = queue->first;
	PredictionJob *last_taken = taken;
	PredictionJob **place = &queue->first;
	size_t bytes = taken->bytes;

	*place = taken->next;
	taken->next = NULL;
	*n_jobs = 1;
	*n_rows = taken->n_rows;
	while (!taken->alone && *place != NULL && *n_rows < QUERY_ROWS && bytes < QUERY_BYTES)
	{
		PredictionJob *job = *place;

		if (job->alone || job->version != taken->version ||
			job->model.length != taken->model.length ||
			memcmp(job->model.bytes, taken->model.bytes, job->model.length) != 0 ||
			*n_rows + job->n_rows > QUERY_ROWS || bytes + job->bytes > QUERY_BYTES)
		{
			place = &job->next;
			continue;
		}
		*place = job->next;
		job->next = NULL;
		last_taken->next = job;
		last_taken = job;
		(*n_jobs)++;
		*n_rows += job->n_rows;
		bytes += job->bytes;
	}
	queue->last = NULL;
	for (PredictionJob *job = queue->first; job != NULL; job = job->next)
		queue->last = job;
	metrics_add(GAUGE_POOL_WAITING, -(int64_t) *n_jobs);
	return taken;
}

/* Send one query; a connection is free. */
static void
send_batch(PredictionQueue *queue)
{
	Batch *batch = queue->idle;
	size_t n_rows;
	PredictionJob *jobs;
	bool with_features;
	Query *query;
	size_t n_jobs;

	if (batch != NULL)
		queue->idle = batch->next;
	else
		batch = calloc(1, sizeof(Batch));
	jobs = take_jobs(queue, &n_jobs, &n_rows);
	with_features = has_features(jobs);
	if (batch == NULL || !write_parameters(queue, jobs, n_rows, with_features))
	{
		ExporterError error;

		text_buffer_free(&queue->texts);
		text_buffer_free(&queue->features);
		free(batch);
		error_set(&error, ERROR_OVERLOADED, "out of memory");
		fail_jobs(jobs, &error);
		return;
	}
	batch->queue = queue;
	batch->jobs = jobs;
	batch->n_jobs = n_jobs;
	batch->sent = monotonic_now();
	query = &batch->query;
	query->statement = jobs->explain ? queue->explain : queue->classify;
	query->n_parameters = 4;
	query->values[0] = queue->texts.bytes;
	query->lengths[0] = (int) queue->texts.length;
	query->formats[0] = 1;
	query->values[1] = jobs->model.length == 0 ? NULL : jobs->model.bytes;
	query->lengths[1] = (int) jobs->model.length;
	query->formats[1] = 1;
	query->values[2] = with_features ? queue->features.bytes : NULL;
	query->lengths[2] = with_features ? (int) queue->features.length : 0;
	query->formats[2] = 1;
	batch->version = htonl((uint32_t) jobs->version);
	query->values[3] = jobs->version == 0 ? NULL : (const char *) &batch->version;
	query->lengths[3] = jobs->version == 0 ? 0 : (int) sizeof(batch->version);
	query->formats[3] = 1;
	query->done = batch_done;
	query->context = batch;
	(void) database_pool_begin(queue->pool, query);
}

/* Fail jobs whose time in line is over; those that came first are first. */
static void
expire(PredictionQueue *queue, uint64_t now)
{
	ExporterError error;

	while (queue->first != NULL && queue->first->deadline < now)
	{
		PredictionJob *job = queue->first;

		queue->first = job->next;
		if (queue->first == NULL)
			queue->last = NULL;
		metrics_add(GAUGE_POOL_WAITING, -1);
		error_set(&error, ERROR_OVERLOADED, "no connection to the database was free in time");
		job->done(job->context, NULL, &error);
	}
}

void
prediction_queue_advance(PredictionQueue *queue, uint64_t now)
{
	ExporterError error;

	if (queue->first == NULL)
		return;
	if (!database_pool_may_wait(queue->pool, &error))
	{
		PredictionJob *jobs = queue->first;

		for (PredictionJob *job = jobs; job != NULL; job = job->next)
			metrics_add(GAUGE_POOL_WAITING, -1);
		queue->first = queue->last = NULL;
		fail_jobs(jobs, &error);
		return;
	}
	while (queue->first != NULL && database_pool_has_free(queue->pool))
		send_batch(queue);
	expire(queue, now);
}
