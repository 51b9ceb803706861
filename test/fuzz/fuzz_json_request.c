/*
 * fuzz_json_request.c
 *	  Bodies of the HTTP API: whatever comes, the parser neither reads nor writes beside its bytes, and what it
 *	  accepts keeps the promises that the rest of the exporter relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "exporter/json_request.h"
#include "exporter/json_scanner.h"

/* A text or a name that goes to the database: valid UTF-8 without zeros. */
static void
check_text(Slice text)
{
	if (!utf8_is_valid(text) || memchr(text.bytes, '\0', text.length) != NULL)
		abort();
}

/* An object of numbers that goes to the database. */
static void
check_features(Slice features)
{
	JsonScanner scanner;
	char *copy;

	if (features.length == 0)
		return;
	copy = malloc(features.length);
	if (copy == NULL)
		return;
	memcpy(copy, features.bytes, features.length);
	json_scanner_init(&scanner, copy, features.length);
	if (json_peek(&scanner) != JSON_OBJECT || !json_skip(&scanner, NULL) || !json_at_end(&scanner))
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	PredictionRequest request = {0};
	RequestError error;
	TextBuffer json = {0};
	char *bytes;
	bool right;

	if (size == 0)
		return 0;
	bytes = malloc(size - 1 + 1);
	if (bytes == NULL)
		return 0;
	memcpy(bytes, data + 1, size - 1);
	switch (data[0] % 3)
	{
		case 0:
			right = predict_request_parse(bytes, size - 1, &request, &error);
			break;
		case 1:
			right = batch_request_parse(bytes, size - 1, &request, &error);
			break;
		default:
			right = line_request_parse(bytes, size - 1, &request, &error);
			prediction_request_settle(&request);
	}
	if (right == (error.problem != REQUEST_OK))
		abort();
	for (size_t i = 0; right && i < request.n_rows; i++)
	{
		check_text(request.rows[i].text);
		check_features(request.rows[i].features);
		text_buffer_append_json(&json, request.rows[i].text);
	}
	if (right && request.model.length > 0)
		check_text(request.model);
	if (request.version < 0 || (request.version > 0 && data[0] % 3 == 2))
		abort();
	text_buffer_free(&json);
	prediction_request_free(&request);
	free(bytes);
	return 0;
}
