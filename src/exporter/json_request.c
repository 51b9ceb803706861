/*
 * json_request.c
 *	  The bodies of /predict and /batch_predict.
 *
 * While rows are read, their composed features are offsets into a buffer that still grows (a slice whose
 * bytes are NULL plus the offset plus one); prediction_request_settle makes pointers of them.
 */
#include "json_request.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_scanner.h"

/* Say that the body is JSON, but not what is wanted; false, for the caller to return. */
static bool __attribute__((format(printf, 2, 3)))
invalid(RequestError *error, const char *format, ...)
{
	va_list arguments;

	error->problem = REQUEST_INVALID;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	return false;
}

/* Tell what the scanner stumbled over, unless something else is wrong already. */
static bool
not_json(const JsonScanner *scanner, RequestError *error)
{
	if (error->problem == REQUEST_OK)
	{
		error->problem = REQUEST_NOT_JSON;
		snprintf(error->message, sizeof(error->message), "%s (at byte %zu)",
				 scanner->error == NULL ? "not JSON" : scanner->error,
				 (size_t) ((scanner->error == NULL ? scanner->position : scanner->error_position) -
						   scanner->start));
	}
	return false;
}

/* A new row at the end; NULL without memory. */
static TextRow *
add_row(PredictionRequest *request, RequestError *error)
{
	if (request->n_rows == request->capacity)
	{
		size_t capacity = request->capacity == 0 ? 4 : request->capacity * 2;
		TextRow *rows = realloc(request->rows, capacity * sizeof(TextRow));

		if (rows == NULL)
		{
			error->problem = REQUEST_NO_MEMORY;
			return NULL;
		}
		request->rows = rows;
		request->capacity = capacity;
	}
	request->rows[request->n_rows] = (TextRow){{"", 0}, {NULL, 0}, {NULL, 0}};
	return &request->rows[request->n_rows++];
}

/* Remember a member that means nothing. */
static void
ignore_member(PredictionRequest *request, Slice name)
{
	if (request->n_ignored < MAX_IGNORED)
		request->ignored[request->n_ignored++] = name;
}

/* Index of the only row of a line, in messages. */
#define OF_A_LINE SIZE_MAX

/* How a message calls a text or row: texts[3], or the line. */
static const char *
place_name(const char *what, size_t index, char *buffer, size_t size)
{
	if (index == OF_A_LINE)
		return "the line";
	snprintf(buffer, size, "%s[%zu]", what, index);
	return buffer;
}

/* Read a text of allowed length. */
static bool
read_text(JsonScanner *scanner, const char *what, size_t index, Slice *text, RequestError *error)
{
	JsonType type = json_peek(scanner);
	char name[32];

	if (type != JSON_STRING && type != JSON_NOTHING)
		return !json_skip(scanner, NULL) ? not_json(scanner, error)
										 : invalid(error, "the text of %s must be a string",
												   place_name(what, index, name, sizeof(name)));
	if (!json_read_string(scanner, text))
		return not_json(scanner, error);
	if (text->length > MAX_TEXT_CHARACTERS && utf8_characters(*text) > MAX_TEXT_CHARACTERS)
		return invalid(error, "the text of %s has more than %d characters",
					   place_name(what, index, name, sizeof(name)), MAX_TEXT_CHARACTERS);
	return true;
}

/* Read the array of texts. */
static bool
read_texts(JsonScanner *scanner, PredictionRequest *request, RequestError *error)
{
	JsonType type = json_peek(scanner);

	if (type != JSON_ARRAY && type != JSON_NOTHING)
		return invalid(error, "\"texts\" must be an array of strings");
	if (!json_enter(scanner, '['))
		return not_json(scanner, error);
	for (bool first = true; json_next(scanner, ']', first); first = false)
	{
		TextRow *row;

		if (request->n_rows == MAX_TEXTS)
			return invalid(error, "\"texts\" has more than %d texts", MAX_TEXTS);
		row = add_row(request, error);
		if (row == NULL || !read_text(scanner, "texts", request->n_rows - 1, &row->text, error))
			return false;
	}
	return scanner->error == NULL || not_json(scanner, error);
}

/* Read the name of a model. */
static bool
read_model(JsonScanner *scanner, PredictionRequest *request, RequestError *error)
{
	JsonType type = json_peek(scanner);

	if (type == JSON_NULL)
		return json_skip(scanner, NULL) || not_json(scanner, error);
	if (type != JSON_STRING && type != JSON_NOTHING)
		return invalid(error, "\"model\" must be a string");
	if (!json_read_string(scanner, &request->model))
		return not_json(scanner, error);
	if (request->model.length == 0 || request->model.length > MAX_MODEL_NAME)
		return invalid(error, "\"model\" must have 1 to %d bytes", MAX_MODEL_NAME);
	return true;
}

bool
version_parse(Slice digits, int *version)
{
	long number = 0;

	if (digits.length == 0 || digits.length > 10 || digits.bytes[0] == '0')
		return false;
	for (size_t i = 0; i < digits.length; i++)
	{
		if (digits.bytes[i] < '0' || digits.bytes[i] > '9')
			return false;
		number = number * 10 + (digits.bytes[i] - '0');
	}
	if (number > INT_MAX)
		return false;
	*version = (int) number;
	return true;
}

/* Read the number of a version. */
static bool
read_version(JsonScanner *scanner, PredictionRequest *request, RequestError *error)
{
	JsonType type = json_peek(scanner);
	Slice number;

	if (type == JSON_NULL)
		return json_skip(scanner, NULL) || not_json(scanner, error);
	if (type == JSON_NUMBER || type == JSON_NOTHING)
	{
		if (!json_read_number(scanner, &number))
			return not_json(scanner, error);
		if (version_parse(number, &request->version))
			return true;
	}
	return invalid(error, "\"version\" must be a whole number from 1 to %d", INT_MAX);
}

/* Read whether an explanation is wanted. */
static bool
read_explain(JsonScanner *scanner, PredictionRequest *request, RequestError *error)
{
	JsonType type = json_peek(scanner);

	if (type != JSON_BOOLEAN && type != JSON_NOTHING)
		return invalid(error, "\"explain\" must be true or false");
	return json_read_boolean(scanner, &request->explain) || not_json(scanner, error);
}

/* Whether a value can be a feature: a number, a boolean, or null for a missing one. */
static bool
is_feature(JsonType type)
{
	return type == JSON_NUMBER || type == JSON_BOOLEAN || type == JSON_NULL;
}

/* Begin a row's composed features, or go on with them. */
static void
append_feature(PredictionRequest *request, size_t *start, Slice raw_name, Slice value)
{
	TextBuffer *buffer = &request->features;

	if (*start == SIZE_MAX)
		*start = buffer->length;
	text_buffer_append_char(buffer, *start == buffer->length ? '{' : ',');
	text_buffer_append(buffer, raw_name.bytes, raw_name.length);
	text_buffer_append_char(buffer, ':');
	text_buffer_append(buffer, value.bytes, value.length);
}

/* End a row's composed features, which began at start (SIZE_MAX: there are none). */
static void
end_features(PredictionRequest *request, size_t start, TextRow *row)
{
	if (start == SIZE_MAX)
		return;
	text_buffer_append_char(&request->features, '}');
	row->features =
		(Slice){(const char *) (uintptr_t) (start + 1), request->features.length - start};
}

/* What numeric_features holds: values for all texts, or an array with one for each text. */
static bool
check_features(Slice raw, size_t n_texts, bool *has_arrays, RequestError *error)
{
	JsonScanner scanner;
	Slice name;
	size_t n_values;

	*has_arrays = false;
	json_scanner_init(&scanner, (char *) (uintptr_t) raw.bytes, raw.length);
	(void) json_enter(&scanner, '{');
	for (bool first = true; json_next(&scanner, '}', first); first = false)
	{
		(void) json_read_raw_name(&scanner, &name);
		if (is_feature(json_peek(&scanner)))
		{
			(void) json_skip(&scanner, NULL);
			continue;
		}
		*has_arrays = true;
		if (json_peek(&scanner) != JSON_ARRAY)
			return invalid(error, "numeric_features[%.*s] must be a number, or an array of numbers",
						   (int) (name.length > 80 ? 80 : name.length), name.bytes);
		(void) json_enter(&scanner, '[');
		n_values = 0;
		for (bool first_value = true; json_next(&scanner, ']', first_value); first_value = false)
		{
			if (!is_feature(json_peek(&scanner)))
				return invalid(error, "numeric_features[%.*s][%zu] must be a number",
							   (int) (name.length > 80 ? 80 : name.length), name.bytes, n_values);
			(void) json_skip(&scanner, NULL);
			n_values++;
		}
		if (n_values != n_texts)
			return invalid(error, "numeric_features[%.*s] has %zu numbers for %zu texts",
						   (int) (name.length > 80 ? 80 : name.length), name.bytes, n_values,
						   n_texts);
	}
	return scanner.error == NULL || not_json(&scanner, error);
}

/* The value of a feature for one text. */
static Slice
feature_of_text(JsonScanner *scanner, size_t text)
{
	Slice value = {"null", 4};

	if (json_peek(scanner) != JSON_ARRAY)
	{
		(void) json_skip(scanner, &value);
		return value;
	}
	(void) json_enter(scanner, '[');
	for (size_t i = 0; json_next(scanner, ']', i == 0); i++)
		(void) json_skip(scanner, i == text ? &value : NULL);
	return value;
}

/* Give every text its numbers; raw: the checked object numeric_features. */
static bool
spread_features(PredictionRequest *request, Slice raw, RequestError *error)
{
	bool has_arrays;
	Slice name;

	if (!check_features(raw, request->n_rows, &has_arrays, error))
		return false;
	if (!has_arrays && raw.length > MAX_SHARED_FEATURE_SIZE)
		return invalid(error, "\"numeric_features\" has more than %d bytes",
					   MAX_SHARED_FEATURE_SIZE);
	if (has_arrays && raw.length > (size_t) MAX_SHARED_FEATURE_SIZE * (request->n_rows + 1))
		return invalid(error, "\"numeric_features\" has more than %d bytes for each text",
					   MAX_SHARED_FEATURE_SIZE);
	for (size_t i = 0; i < request->n_rows; i++)
	{
		JsonScanner scanner;
		size_t start = SIZE_MAX;

		if (!has_arrays)
		{
			request->rows[i].features = raw;
			continue;
		}
		json_scanner_init(&scanner, (char *) (uintptr_t) raw.bytes, raw.length);
		(void) json_enter(&scanner, '{');
		for (bool first = true; json_next(&scanner, '}', first); first = false)
		{
			(void) json_read_raw_name(&scanner, &name);
			append_feature(request, &start, name, feature_of_text(&scanner, i));
		}
		end_features(request, start, &request->rows[i]);
	}
	return true;
}

/* What /predict's body has been found to have. */
typedef struct PredictMembers
{
	bool texts;
	bool model;
	bool version;
	bool explain;
	Slice features; /* numeric_features as it stands */
} PredictMembers;

/* Read one member of /predict's body. */
static bool
read_predict_member(JsonScanner *scanner, Slice name, PredictionRequest *request,
					PredictMembers *members, RequestError *error)
{
	bool *seen = slice_equals(name, "texts")     ? &members->texts
				 : slice_equals(name, "model")   ? &members->model
				 : slice_equals(name, "version") ? &members->version
				 : slice_equals(name, "explain") ? &members->explain
												 : NULL;

	if ((seen != NULL && *seen) ||
		(slice_equals(name, "numeric_features") && members->features.length > 0))
		return invalid(error, "\"%.*s\" is there twice", (int) name.length, name.bytes);
	if (seen != NULL)
		*seen = true;
	if (seen == &members->texts)
		return read_texts(scanner, request, error);
	if (seen == &members->model)
		return read_model(scanner, request, error);
	if (seen == &members->version)
		return read_version(scanner, request, error);
	if (seen == &members->explain)
		return read_explain(scanner, request, error);
	if (slice_equals(name, "numeric_features"))
	{
		JsonType type = json_peek(scanner);

		if (type == JSON_NULL)
			return json_skip(scanner, NULL) || not_json(scanner, error);
		if (type != JSON_OBJECT && type != JSON_NOTHING)
			return invalid(error, "\"numeric_features\" must be an object of numbers");
		return json_skip(scanner, &members->features) || not_json(scanner, error);
	}
	ignore_member(request, name);
	return json_skip(scanner, NULL) || not_json(scanner, error);
}

/* Step into the object that a body must be. */
static bool
enter_body(JsonScanner *scanner, RequestError *error)
{
	JsonType type = json_peek(scanner);

	if (type == JSON_OBJECT)
		return json_enter(scanner, '{');
	if (type == JSON_NOTHING)
	{
		(void) json_fail(scanner,
						 scanner->position == scanner->end ? "the body is empty" : "not JSON");
		return not_json(scanner, error);
	}
	if (!json_skip(scanner, NULL) || !json_at_end(scanner))
		return not_json(scanner, error);
	return invalid(error, "the body must be a JSON object");
}

bool
predict_request_parse(char *bytes, size_t length, PredictionRequest *request, RequestError *error)
{
	JsonScanner scanner;
	PredictMembers members = {0};
	Slice name;

	*error = (RequestError){0};
	json_scanner_init(&scanner, bytes, length);
	if (!enter_body(&scanner, error))
		return false;
	for (bool first = true; json_next(&scanner, '}', first); first = false)
		if (!json_read_name(&scanner, &name) ||
			!read_predict_member(&scanner, name, request, &members, error))
			return not_json(&scanner, error);
	if (!json_at_end(&scanner))
		return not_json(&scanner, error);
	if (!members.texts)
		return invalid(error, "\"texts\" is missing");
	if (request->n_rows == 0)
		return invalid(error, "\"texts\" is empty");
	if (request->explain && request->n_rows > MAX_EXPLAINED_TEXTS)
		return invalid(error, "at most %d texts can be explained at once", MAX_EXPLAINED_TEXTS);
	if (members.features.length > 0 && !spread_features(request, members.features, error))
		return false;
	prediction_request_settle(request);
	if (request->features.failed)
		error->problem = REQUEST_NO_MEMORY;
	return !request->features.failed;
}

/* Whether a raw name (in quotes) is this one. */
static bool
is_name(Slice raw, const char *name)
{
	return raw.length >= 2 && slice_equals((Slice){raw.bytes + 1, raw.length - 2}, name);
}

/* Leave an object in which a value was wrong; a row (id not NULL) is known by the id that may follow. */
static void
skip_members(JsonScanner *scanner, Slice *id)
{
	Slice name;

	while (json_next(scanner, '}', false) && json_read_raw_name(scanner, &name))
	{
		JsonType type = json_peek(scanner);
		Slice *place =
			id != NULL && is_name(name, "id") && (type == JSON_STRING || type == JSON_NUMBER)
				? id
				: NULL;

		if (!json_skip(scanner, place))
			return;
	}
}

/* Add the numbers of a row's own object of features. */
static bool
read_row_features(JsonScanner *scanner, PredictionRequest *request, size_t index, size_t *start,
				  RequestError *error)
{
	Slice name;
	Slice value;
	char place[32];

	if (!json_enter(scanner, '{'))
		return not_json(scanner, error);
	for (bool first = true; json_next(scanner, '}', first); first = false)
	{
		JsonType type;

		if (!json_read_raw_name(scanner, &name))
			return not_json(scanner, error);
		type = json_peek(scanner);
		if (!json_skip(scanner, &value))
			return not_json(scanner, error);
		if (!is_feature(type))
		{
			skip_members(scanner, NULL);
			return invalid(error, "numeric_features[%.*s] of %s must be a number",
						   (int) (name.length > 80 ? 80 : name.length), name.bytes,
						   place_name("data", index, place, sizeof(place)));
		}
		append_feature(request, start, name, value);
	}
	return scanner->error == NULL || not_json(scanner, error);
}

/* Read one member of a row. */
static bool
read_row_member(JsonScanner *scanner, Slice name, PredictionRequest *request, TextRow *row,
				size_t index, bool *has_text, size_t *start, RequestError *error)
{
	JsonType type = json_peek(scanner);
	Slice value;
	char place[32];

	if (is_name(name, "reviewText") || is_name(name, "text"))
	{
		if (*has_text)
			return !json_skip(scanner, NULL)
					   ? not_json(scanner, error)
					   : invalid(error, "%s has two texts",
								 place_name("data", index, place, sizeof(place)));
		*has_text = true;
		return read_text(scanner, "data", index, &row->text, error);
	}
	if (is_name(name, "numeric_features") && type == JSON_OBJECT)
		return read_row_features(scanner, request, index, start, error);
	if (is_name(name, "id") && (type == JSON_STRING || type == JSON_NUMBER))
	{
		/* a name, not a number to predict from */
		return json_skip(scanner, &row->id) || not_json(scanner, error);
	}
	if (!json_skip(scanner, &value))
		return not_json(scanner, error);
	if (type == JSON_NUMBER || type == JSON_BOOLEAN)
		append_feature(request, start, name, value);
	return true;
}

/* Read a row: an object with a text. */
static bool
read_row(JsonScanner *scanner, PredictionRequest *request, size_t index, RequestError *error)
{
	JsonType type = json_peek(scanner);
	TextRow *row;
	bool has_text = false;
	size_t start = SIZE_MAX;
	Slice name;
	char place[32];

	if (type != JSON_OBJECT && type != JSON_NOTHING)
		return !json_skip(scanner, NULL) ? not_json(scanner, error)
										 : invalid(error, "%s must be an object%s",
												   place_name("data", index, place, sizeof(place)),
												   index == OF_A_LINE ? " or a string" : "");
	if (!json_enter(scanner, '{'))
		return not_json(scanner, error);
	row = add_row(request, error);
	if (row == NULL)
		return false;
	for (bool first = true; json_next(scanner, '}', first); first = false)
		if (!json_read_raw_name(scanner, &name) ||
			!read_row_member(scanner, name, request, row, index, &has_text, &start, error))
		{
			(void) not_json(scanner, error);
			skip_members(scanner, &row->id);
			return false;
		}
	if (scanner->error != NULL)
		return not_json(scanner, error);
	if (!has_text)
		return invalid(error, "%s has no \"reviewText\"",
					   place_name("data", index, place, sizeof(place)));
	end_features(request, start, row);
	return true;
}

/* Read the rows of a batch. */
static bool
read_data(JsonScanner *scanner, PredictionRequest *request, RequestError *error)
{
	JsonType type = json_peek(scanner);

	if (type != JSON_ARRAY && type != JSON_NOTHING)
		return invalid(error, "\"data\" must be an array of objects");
	if (!json_enter(scanner, '['))
		return not_json(scanner, error);
	for (bool first = true; json_next(scanner, ']', first); first = false)
	{
		if (request->n_rows == MAX_BATCH_ROWS)
			return invalid(error,
						   "\"data\" has more than %d rows; send newline-delimited JSON instead",
						   MAX_BATCH_ROWS);
		if (!read_row(scanner, request, request->n_rows, error))
			return false;
	}
	return scanner->error == NULL || not_json(scanner, error);
}

bool
batch_request_parse(char *bytes, size_t length, PredictionRequest *request, RequestError *error)
{
	JsonScanner scanner;
	bool has_data = false;
	bool has_model = false;
	bool has_version = false;
	Slice name;

	*error = (RequestError){0};
	json_scanner_init(&scanner, bytes, length);
	if (!enter_body(&scanner, error))
		return false;
	for (bool first = true; json_next(&scanner, '}', first); first = false)
	{
		bool right;

		if (!json_read_name(&scanner, &name))
			return not_json(&scanner, error);
		if ((has_data && slice_equals(name, "data")) ||
			(has_model && slice_equals(name, "model")) ||
			(has_version && slice_equals(name, "version")))
			return invalid(error, "\"%.*s\" is there twice", (int) name.length, name.bytes);
		if (slice_equals(name, "data"))
		{
			has_data = true;
			right = read_data(&scanner, request, error);
		}
		else if (slice_equals(name, "model"))
		{
			has_model = true;
			right = read_model(&scanner, request, error);
		}
		else if (slice_equals(name, "version"))
		{
			has_version = true;
			right = read_version(&scanner, request, error);
		}
		else
		{
			ignore_member(request, name);
			right = json_skip(&scanner, NULL);
		}
		if (!right)
			return not_json(&scanner, error);
	}
	if (!json_at_end(&scanner))
		return not_json(&scanner, error);
	if (!has_data)
		return invalid(error, "\"data\" is missing");
	if (request->n_rows == 0)
		return invalid(error, "\"data\" is empty");
	prediction_request_settle(request);
	if (request->features.failed)
		error->problem = REQUEST_NO_MEMORY;
	return !request->features.failed;
}

bool
line_request_parse(char *bytes, size_t length, PredictionRequest *request, RequestError *error)
{
	JsonScanner scanner;
	size_t n_rows = request->n_rows;
	size_t n_features = request->features.length;
	bool right;

	*error = (RequestError){0};
	json_scanner_init(&scanner, bytes, length);
	if (json_peek(&scanner) == JSON_STRING)
	{
		TextRow *row = add_row(request, error);

		right = row != NULL && read_text(&scanner, "data", OF_A_LINE, &row->text, error);
	}
	else
		right = read_row(&scanner, request, OF_A_LINE, error);
	if (right && !json_at_end(&scanner))
		right = not_json(&scanner, error);
	if (!right)
	{
		if (request->n_rows > n_rows)
			error->id = request->rows[n_rows].id;
		request->n_rows = n_rows;
		if (!request->features.failed)
			request->features.length = n_features;
	}
	return right;
}

void
prediction_request_settle(PredictionRequest *request)
{
	if (request->features.length == 0)
		return;
	for (size_t i = 0; i < request->n_rows; i++)
	{
		Slice *features = &request->rows[i].features;

		if (features->length > 0)
			features->bytes = request->features.failed
								  ? ""
								  : request->features.bytes + ((uintptr_t) features->bytes - 1);
	}
}

void
prediction_request_reset(PredictionRequest *request)
{
	request->n_rows = 0;
	request->features.length = 0;
	request->n_ignored = 0;
}

void
prediction_request_free(PredictionRequest *request)
{
	free(request->rows);
	text_buffer_free(&request->features);
	*request = (PredictionRequest){0};
}
