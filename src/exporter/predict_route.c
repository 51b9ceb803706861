/*
 * predict_route.c
 *	  POST /predict, and POST /batch_predict with a JSON array.
 *
 * A batch goes to the database in parts, so that it keeps no connection for long. All of them must be
 * answered by one version: where another one is deployed meanwhile, the batch begins anew.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "json_scanner.h"
#include "routes.h"

#define MAX_RESTARTS      3
#define MAX_KEPT_WARNINGS 100

/* An answer that is being put together. */
typedef struct PartialAnswer
{
	TextBuffer labels;
	TextBuffer probabilities;
	TextBuffer classes;
	TextBuffer warnings;
	TextBuffer explanations;
	TextBuffer model;
	size_t n_warnings;
	size_t n_done; /* rows */
	int version;
	int restarts;
} PartialAnswer;

/* Free an answer's buffers. */
static void
partial_answer_free(void *state)
{
	PartialAnswer *answer = state;

	text_buffer_free(&answer->labels);
	text_buffer_free(&answer->probabilities);
	text_buffer_free(&answer->classes);
	text_buffer_free(&answer->warnings);
	text_buffer_free(&answer->explanations);
	text_buffer_free(&answer->model);
	free(answer);
}

/* Add a warning to the list. */
static void
add_warning(PartialAnswer *answer, Slice warning)
{
	if (answer->n_warnings++ >= MAX_KEPT_WARNINGS)
		return;
	if (answer->warnings.length > 0)
		text_buffer_append_char(&answer->warnings, ',');
	text_buffer_append_json(&answer->warnings, warning);
}

/* Warnings of members that mean nothing. */
static void
warn_of_ignored(Request *request, PartialAnswer *answer)
{
	for (size_t i = 0; i < request->prediction.n_ignored; i++)
	{
		TextBuffer warning = {0};

		text_buffer_append_string(&warning, "\"");
		text_buffer_append(
			&warning, request->prediction.ignored[i].bytes,
			request->prediction.ignored[i].length > 80 ? 0 : request->prediction.ignored[i].length);
		text_buffer_append_string(&warning, "\" is not known, and ignored");
		add_warning(answer, (Slice){warning.bytes, warning.length});
		text_buffer_free(&warning);
	}
}

/* Write one part's labels and probabilities. */
static void
append_part(PartialAnswer *to, const PredictionAnswer *answer, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++)
	{
		if (to->labels.length > 0)
		{
			text_buffer_append_char(&to->labels, ',');
			text_buffer_append_char(&to->probabilities, ',');
		}
		text_buffer_append_json(&to->labels, answer->labels[answer_predicted(answer, i)]);
		for (size_t j = 0; j < answer->n_labels; j++)
		{
			text_buffer_append_char(&to->probabilities, j == 0 ? '[' : ',');
			text_buffer_append_probability(&to->probabilities, answer_probability(answer, i, j));
		}
		text_buffer_append_char(&to->probabilities, ']');
	}
	for (size_t i = 0; i < answer->n_warnings; i++)
		add_warning(to, answer->warnings[i]);
	if (to->n_done == 0)
	{
		to->version = answer->version;
		text_buffer_append_json(&to->model, answer->model);
		for (size_t i = 0; i < answer->n_labels; i++)
		{
			text_buffer_append_char(&to->classes, i == 0 ? '[' : ',');
			text_buffer_append_json(&to->classes, answer->labels[i]);
		}
	}
	text_buffer_append(&to->explanations, answer->explanations.bytes, answer->explanations.length);
	to->n_done += n_rows;
}

/* Append one buffer to another. */
static void
append_buffer(TextBuffer *to, const TextBuffer *buffer)
{
	text_buffer_append(to, buffer->bytes, buffer->length);
	to->failed = to->failed || buffer->failed;
}

/* Send the whole answer. */
static void
finish(Request *request, PartialAnswer *answer)
{
	TextBuffer body = {0};

	text_buffer_reserve(&body, answer->labels.length + answer->probabilities.length +
								   answer->explanations.length + answer->warnings.length + 512);
	text_buffer_append_string(&body, "{\"labels\":[");
	append_buffer(&body, &answer->labels);
	text_buffer_append_string(&body, "],\"probs\":[");
	append_buffer(&body, &answer->probabilities);
	text_buffer_append_string(&body, "],\"classes\":");
	append_buffer(&body, &answer->classes);
	text_buffer_append_string(&body, "],\"model\":");
	append_buffer(&body, &answer->model);
	text_buffer_printf(&body, ",\"version\":%d,\"warnings\":[", answer->version);
	append_buffer(&body, &answer->warnings);
	if (answer->n_warnings > MAX_KEPT_WARNINGS)
		text_buffer_printf(&body, ",\"and %zu more warnings\"",
						   answer->n_warnings - MAX_KEPT_WARNINGS);
	text_buffer_append_char(&body, ']');
	if (answer->explanations.length > 0)
	{
		text_buffer_append_string(&body, ",\"explanations\":");
		append_buffer(&body, &answer->explanations);
	}
	text_buffer_append_string(&body, ",\"request_id\":");
	text_buffer_append_json(&body, slice_of(request->id));
	text_buffer_append_string(&body, "}\n");
	request_answer(request, 200, "application/json", &body);
}

/* Rows of the next part: as many as one query takes. */
static size_t
part_of(const PredictionRequest *prediction, size_t first)
{
	size_t bytes = 0;
	size_t n = 0;

	while (first + n < prediction->n_rows && n < QUERY_ROWS / 2)
	{
		bytes +=
			prediction->rows[first + n].text.length + prediction->rows[first + n].features.length;
		if (n > 0 && bytes > QUERY_BYTES / 2)
			break;
		n++;
	}
	return n;
}

static void predict_part_done(void *context, const PredictionAnswer *answer,
							  const ExporterError *error);

/* Ask for the next part. */
static void
predict_part(Request *request, const PartialAnswer *answer)
{
	request->job = (PredictionJob){
		.rows = request->prediction.rows + answer->n_done,
		.n_rows = part_of(&request->prediction, answer->n_done),
		.model = request->prediction.model,
		.version = request->prediction.version,
		.explain = request->prediction.explain,
		.done = predict_part_done,
		.context = request,
	};
	prediction_queue_add(request->worker->predictions, &request->job);
}

/* Forget what was answered so far. */
static void
begin_anew(Request *request, PartialAnswer *answer)
{
	answer->labels.length = answer->probabilities.length = 0;
	answer->classes.length = answer->model.length = answer->warnings.length = 0;
	answer->n_warnings = answer->n_done = 0;
	warn_of_ignored(request, answer);
}

/* A part is answered. */
static void
predict_part_done(void *context, const PredictionAnswer *answer, const ExporterError *error)
{
	Request *request = context;
	PartialAnswer *to = request->state;
	ExporterError changed;

	if (error != NULL)
	{
		request_answer_error(request, error);
		return;
	}
	if (to->n_done > 0 && answer->version != to->version)
	{
		if (to->restarts++ == MAX_RESTARTS)
		{
			error_set(&changed, ERROR_MODEL_UNAVAILABLE,
					  "another version was deployed again and again meanwhile");
			request_answer_error(request, &changed);
			return;
		}
		begin_anew(request, to);
	}
	else
		append_part(to, answer, request->job.n_rows);
	if (to->n_done < request->prediction.n_rows)
		predict_part(request, to);
	else
		finish(request, to);
}

/* Answer what is wrong with a body. */
static void
answer_request_error(Request *request, const RequestError *wrong)
{
	ExporterError error;

	error_set(&error,
			  wrong->problem == REQUEST_NOT_JSON  ? ERROR_INVALID_JSON
			  : wrong->problem == REQUEST_INVALID ? ERROR_VALIDATION
												  : ERROR_OVERLOADED,
			  "%s", wrong->problem == REQUEST_NO_MEMORY ? "out of memory" : wrong->message);
	request_answer_error(request, &error);
}

bool
predict_read_address(Request *request, ExporterError *error)
{
	PredictionRequest *prediction = &request->prediction;
	const char *model =
		MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "model");
	const char *version =
		MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "version");

	if (model != NULL && prediction->model.length == 0)
	{
		prediction->model = slice_of(model);
		if (prediction->model.length == 0 || prediction->model.length > MAX_MODEL_NAME ||
			!utf8_is_valid(prediction->model))
		{
			error_set(error, ERROR_VALIDATION,
					  "the parameter \"model\" must have 1 to %d bytes of UTF-8", MAX_MODEL_NAME);
			return false;
		}
	}
	if (version != NULL && prediction->version == 0 &&
		!version_parse(slice_of(version), &prediction->version))
	{
		error_set(error, ERROR_VALIDATION,
				  "the parameter \"version\" must be a whole number from 1 to %d", INT_MAX);
		return false;
	}
	return true;
}

/* Begin to answer a request whose body is read. */
static void
start(Request *request)
{
	PartialAnswer *answer;
	ExporterError error;

	if (!predict_read_address(request, &error))
	{
		request_answer_error(request, &error);
		return;
	}
	answer = calloc(1, sizeof(PartialAnswer));
	if (answer == NULL)
	{
		error_set(&error, ERROR_OVERLOADED, "out of memory");
		request_answer_error(request, &error);
		return;
	}
	request->state = answer;
	request->free_state = partial_answer_free;
	warn_of_ignored(request, answer);
	request_suspend(request);
	predict_part(request, answer);
}

void
predict_handle(Request *request)
{
	RequestError error;

	if (predict_request_parse(request->body.bytes, request->body.length, &request->prediction,
							  &error))
		start(request);
	else
		answer_request_error(request, &error);
}

void
batch_predict_handle(Request *request)
{
	RequestError error;

	if (batch_request_parse(request->body.bytes, request->body.length, &request->prediction,
							&error))
		start(request);
	else
		answer_request_error(request, &error);
}
