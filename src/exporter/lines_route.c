/*
 * lines_route.c
 *	  POST /batch_predict with newline-delimited JSON: any number of texts.
 *
 * Lines are predicted while the body still comes. The answers wait in memory, beyond a megabyte in a file
 * without a name, and are sent when the body has ended: a client that writes everything before it reads
 * (most do) would otherwise wait for a server that waits for it. While the database works, the body is left in the
 * socket, and the client waits; so memory is bounded whatever is sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_scanner.h"
#include "routes.h"
#include "server.h"

#define CHUNK_SIZE   262144  /* bytes of lines that are parsed at once, and of the longest line */
#define CHUNK_LINES  1024    /* of one query */
#define SPOOL_MEMORY 1048576 /* bytes of answers that stay in memory */
#define BLOCK_SIZE   65536   /* of a file that is sent */

typedef struct LineStream
{
	size_t parsed; /* bytes of the body whose lines are being predicted */
	bool waiting;  /* for the database */
	bool at_end;   /* of the body */
	bool has_more; /* that was sent, but is not unpacked yet */
	uint64_t unpacked;
	size_t *lines; /* (n_lines) of the chunk: 0 for a row, else where its error is, plus one */
	size_t n_lines;
	TextBuffer errors; /* JSON, zero-terminated */
	GzipStream *pack;
	TextBuffer answers; /* that are not in the file */
	TextBuffer packed;
	int file; /* -1: none yet */
	uint64_t spooled;
} LineStream;

/* Free a stream. */
static void
line_stream_free(void *state)
{
	LineStream *stream = state;

	free(stream->lines);
	gzip_end(stream->pack);
	text_buffer_free(&stream->errors);
	text_buffer_free(&stream->answers);
	text_buffer_free(&stream->packed);
	if (stream->file >= 0)
		close(stream->file);
	free(stream);
}

/* A file without a name, for answers. */
static int
open_spool(void)
{
	const char *folder = getenv("TMPDIR");

	return open(folder == NULL || folder[0] == '\0' ? "/tmp" : folder,
				O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* Write bytes to the file. */
static bool
write_spool(LineStream *stream, TextBuffer *bytes)
{
	size_t written = 0;

	if (stream->file < 0)
		stream->file = open_spool();
	while (stream->file >= 0 && written < bytes->length)
	{
		ssize_t n = write(stream->file, bytes->bytes + written, bytes->length - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		written += (size_t) n;
	}
	stream->spooled += written;
	bytes->length = 0;
	return stream->file >= 0;
}

/* Put answers where they wait; last: there are no more. */
static bool
spool(Request *request, LineStream *stream, bool last, ExporterError *error)
{
	TextBuffer *bytes = &stream->answers;

	if (stream->pack != NULL)
	{
		if (!gzip_pack(stream->pack, bytes->bytes, bytes->length, last, &stream->packed))
			bytes->failed = true;
		bytes->length = 0;
		bytes = &stream->packed;
	}
	if (stream->answers.failed || bytes->failed)
		error_set(error, ERROR_OVERLOADED, "out of memory");
	else if (stream->spooled + bytes->length > (uint64_t) request->worker->options->max_stream)
		error_set(error, ERROR_LENGTH, "the answers are larger than --max-stream allows");
	else if ((bytes->length > SPOOL_MEMORY || (last && stream->file >= 0)) &&
			 !write_spool(stream, bytes))
		error_set(error, ERROR_INTERNAL, "cannot write answers to a temporary file: %s",
				  strerror(errno));
	else
		return true;
	return false;
}

/* A file that is being sent. */
typedef struct SpoolReader
{
	int file;
	Client *client;
} SpoolReader;

/* Give the next bytes of a file, and its client more time. */
static ssize_t
read_spool(void *state, uint64_t position, char *buffer, size_t size)
{
	SpoolReader *reader = state;
	ssize_t n = pread(reader->file, buffer, size, (off_t) position);

	client_extend(reader->client);
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* A file is sent. */
static void
close_spool(void *state)
{
	SpoolReader *reader = state;

	close(reader->file);
	free(reader);
}

/* Make the response of what is spooled. */
static struct MHD_Response *
spooled_response(Request *request, LineStream *stream, TextBuffer *bytes, uint64_t *size)
{
	SpoolReader *reader;
	struct MHD_Response *response;

	if (stream->file < 0)
	{
		*size = bytes->length;
		response =
			MHD_create_response_from_buffer_with_free_callback(bytes->length, bytes->bytes, free);
		if (response != NULL)
			*bytes = (TextBuffer){0};
		return response;
	}
	reader = malloc(sizeof(SpoolReader));
	if (reader == NULL)
		return NULL;
	*reader = (SpoolReader){stream->file, request->client};
	*size = stream->spooled;
	response = MHD_create_response_from_callback(stream->spooled, BLOCK_SIZE, read_spool, reader,
												 close_spool);
	if (response == NULL)
		free(reader);
	else
		stream->file = -1;
	return response;
}

/* Send the answers. */
static void
finish(Request *request, LineStream *stream)
{
	ExporterError error;
	struct MHD_Response *response = NULL;
	uint64_t size = 0;

	if (!spool(request, stream, true, &error))
	{
		request_answer_error(request, &error);
		return;
	}
	response = spooled_response(request, stream,
								stream->pack == NULL ? &stream->answers : &stream->packed, &size);
	if (response == NULL)
	{
		error_set(&error, ERROR_OVERLOADED, "out of memory");
		request_answer_error(request, &error);
		return;
	}
	request_add_headers(request, response, "application/x-ndjson");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (stream->pack != NULL)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	request_answer_with(request, 200, response, size);
}

/* Begin a line's answer with the id that the line has, if any. */
static void
append_id(TextBuffer *to, Slice id)
{
	if (id.length == 0)
		return;
	text_buffer_append(to, "\"id\":", 5);
	text_buffer_append(to, id.bytes, id.length);
	text_buffer_append_char(to, ',');
}

/* Write the answers of a chunk in which every line is wrong. */
static void
append_errors(LineStream *stream)
{
	for (size_t i = 0; i < stream->n_lines; i++)
		text_buffer_append_string(&stream->answers, stream->errors.bytes + stream->lines[i] - 1);
}

/* Write the answers of a chunk, line by line. */
static void
append_answers(Request *request, LineStream *stream, const PredictionAnswer *answer)
{
	TextBuffer *to = &stream->answers;
	size_t row = 0;

	for (size_t i = 0; i < stream->n_lines; i++)
	{
		Slice id;
		size_t label;

		if (stream->lines[i] != 0)
		{
			text_buffer_append_string(to, stream->errors.bytes + stream->lines[i] - 1);
			continue;
		}
		id = request->prediction.rows[row].id;
		label = answer_predicted(answer, row);
		text_buffer_append_char(to, '{');
		append_id(to, id);
		text_buffer_append(to, "\"label\":", 8);
		text_buffer_append_json(to, answer->labels[label]);
		text_buffer_append(to, ",\"probability\":", 15);
		text_buffer_append_probability(to, answer_probability(answer, row, label));
		text_buffer_append(to, "}\n", 2);
		row++;
	}
}

/* Remember what is wrong with a line. */
static void
add_line_error(LineStream *stream, const RequestError *wrong)
{
	ExporterError error;

	error_set(&error, wrong->problem == REQUEST_NOT_JSON ? ERROR_INVALID_JSON : ERROR_VALIDATION,
			  "%s", wrong->message);
	stream->lines[stream->n_lines++] = stream->errors.length + 1;
	text_buffer_append_char(&stream->errors, '{');
	append_id(&stream->errors, wrong->id);
	error_append_members(&stream->errors, &error);
	text_buffer_append(&stream->errors, "}\n", 3);
}

/* Parse complete lines of the body, from its start on. */
static void
parse_lines(Request *request, LineStream *stream)
{
	char *start = request->body.bytes;
	char *end = start + request->body.length;

	prediction_request_reset(&request->prediction);
	stream->errors.length = 0;
	stream->n_lines = 0;
	while (start < end && stream->n_lines < CHUNK_LINES)
	{
		char *line_end = memchr(start, '\n', (size_t) (end - start));
		RequestError wrong;
		size_t length;

		if (line_end == NULL && !stream->at_end)
			break;
		if (line_end == NULL)
			line_end = end;
		length = (size_t) (line_end - start);
		if (length > 0 && start[length - 1] == '\r')
			length--;
		if (length > 0)
		{
			if (line_request_parse(start, length, &request->prediction, &wrong))
				stream->lines[stream->n_lines++] = 0;
			else
				add_line_error(stream, &wrong);
		}
		start = line_end < end ? line_end + 1 : end;
	}
	stream->parsed = (size_t) (start - request->body.bytes);
	prediction_request_settle(&request->prediction);
}

static void lines_done(void *context, const PredictionAnswer *answer, const ExporterError *error);

/*
 * Go on with what has come. True if the database was asked, so that everything waits; else all complete lines
 * are answered. Errors set the request's answer.
 */
static bool
go_on(Request *request, LineStream *stream)
{
	ExporterError error;

	for (;;)
	{
		parse_lines(request, stream);
		if (request->prediction.features.failed || stream->errors.failed)
		{
			error_set(&error, ERROR_OVERLOADED, "out of memory");
			request_answer_error(request, &error);
			return false;
		}
		if (request->prediction.n_rows > 0)
			break;
		if (stream->parsed == 0)
			return false;
		append_errors(stream);
		text_buffer_drop(&request->body, stream->parsed);
		if (!spool(request, stream, false, &error))
		{
			request_answer_error(request, &error);
			return false;
		}
	}
	stream->waiting = true;
	request->job = (PredictionJob){
		.rows = request->prediction.rows,
		.n_rows = request->prediction.n_rows,
		.model = request->prediction.model,
		.version = request->prediction.version,
		.done = lines_done,
		.context = request,
	};
	prediction_queue_add(request->worker->predictions, &request->job);
	return true;
}

/* The database has answered a chunk. */
static void
lines_done(void *context, const PredictionAnswer *answer, const ExporterError *error)
{
	Request *request = context;
	LineStream *stream = request->state;
	ExporterError wrong;

	stream->waiting = false;
	if (error != NULL)
	{
		request_answer_error(request, error);
		return;
	}
	append_answers(request, stream, answer);
	text_buffer_drop(&request->body, stream->parsed);
	if (!spool(request, stream, false, &wrong))
	{
		request_answer_error(request, &wrong);
		return;
	}
	client_extend(request->client);
	if ((stream->at_end || memchr(request->body.bytes, '\n', request->body.length) != NULL) &&
		go_on(request, stream))
		return;
	if (request->response != NULL)
		return;
	if (stream->at_end)
		finish(request, stream);
	else
		request_resume(request);
}

/* Take bytes of the body until a chunk is full; false with an error. */
static bool
fill_chunk(Request *request, LineStream *stream, const char **data, size_t *length)
{
	size_t before = request->body.length;
	ExporterError error;

	if (request->unpack != NULL)
	{
		GzipResult result = gzip_unpack(request->unpack, data, length, &request->body, CHUNK_SIZE);

		stream->has_more = result == GZIP_FULL;
		if (result == GZIP_INVALID || result == GZIP_NO_MEMORY)
		{
			error_set(&error, result == GZIP_INVALID ? ERROR_BAD_REQUEST : ERROR_OVERLOADED, "%s",
					  result == GZIP_INVALID ? "the body is not valid gzip" : "out of memory");
			request_answer_error(request, &error);
			return false;
		}
	}
	else
	{
		size_t room = CHUNK_SIZE - before;
		size_t n = *length < room ? *length : room;

		text_buffer_append(&request->body, *data, n);
		*data += n;
		*length -= n;
	}
	stream->unpacked += request->body.length - before;
	request_count_body(request);
	if (request->error.type == ERROR_NONE && request->body.failed)
		error_set(&request->error, ERROR_OVERLOADED, "out of memory");
	if (request->error.type == ERROR_NONE &&
		stream->unpacked > (uint64_t) request->worker->options->max_stream)
		error_set(&request->error, ERROR_LENGTH, "the body is larger than --max-stream allows");
	return request->error.type == ERROR_NONE;
}

/* The body has ended. */
static void
end_of_body(Request *request, LineStream *stream)
{
	ExporterError error;

	stream->at_end = true;
	if (request->unpack != NULL && !gzip_unpack_is_complete(request->unpack))
	{
		error_set(&error, ERROR_BAD_REQUEST, "the body's gzip does not end");
		request_answer_error(request, &error);
		return;
	}
	if (go_on(request, stream))
		request_suspend(request);
	else if (request->response == NULL)
		finish(request, stream);
}

/* The server has bytes of the body, or (length NULL) it has ended. */
static void
lines_upload(Request *request, const char **data, size_t *length)
{
	LineStream *stream = request->state;
	const char *nothing = "";
	size_t none = 0;
	size_t *left = length == NULL ? &none : length;
	ExporterError error;

	if (stream->waiting)
		return;
	while (*left > 0 || stream->has_more)
	{
		if (!fill_chunk(request, stream, length == NULL ? &nothing : data, left))
			return;
		if (request->body.length < CHUNK_SIZE)
			continue;
		if (memchr(request->body.bytes, '\n', request->body.length) == NULL)
		{
			error_set(&error, ERROR_LENGTH, "a line has more than %d bytes", CHUNK_SIZE);
			request_answer_error(request, &error);
			return;
		}
		if (go_on(request, stream))
		{
			request_suspend(request);
			return;
		}
		if (request->response != NULL)
			return;
	}
	if (length == NULL)
		end_of_body(request, stream);
}

void
lines_begin(Request *request)
{
	LineStream *stream = calloc(1, sizeof(LineStream));

	if (stream != NULL)
	{
		stream->file = -1;
		stream->lines = calloc(CHUNK_LINES, sizeof(size_t));
		if (request_accepts_gzip(request))
			stream->pack = gzip_pack_begin();
	}
	if (stream == NULL || stream->lines == NULL)
	{
		gzip_end(stream == NULL ? NULL : stream->pack);
		free(stream);
		error_set(&request->error, ERROR_OVERLOADED, "out of memory");
		return;
	}
	request->state = stream;
	request->free_state = line_stream_free;
	request->upload = lines_upload;
	(void) predict_read_address(request, &request->error);
}
