/*
 * test_exporter.c
 *	  The exporter's parts without HTTP and database: JSON, requests, gzip, metrics' format, limits, tokens.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>

#include <cmocka.h>

#include "exporter/bearer_token.h"
#include "exporter/errors.h"
#include "exporter/gzip.h"
#include "exporter/json_request.h"
#include "exporter/json_scanner.h"
#include "exporter/listen_address.h"
#include "exporter/prometheus_format.h"
#include "exporter/rate_limit.h"

/* What the scanner says of a JSON text: NULL if it is right. */
static const char *
scan(const char *json)
{
	char copy[4096];
	JsonScanner scanner;

	memcpy(copy, json, strlen(json) + 1);
	json_scanner_init(&scanner, copy, strlen(json));
	(void) (json_skip(&scanner, NULL) && json_at_end(&scanner));
	return scanner.error;
}

static void
scanner_accepts_json_only(void **state)
{
	static const char *const right[] = {"null",
										" true ",
										"[]",
										"{}",
										"[1,-0,1.5e+10,0.1]",
										"\"\\u00e9\\ud83d\\ude00\\n\"",
										"{\"a\":[{\"b\":[]}]}",
										"\"\xf0\x9f\x98\x80 \xe2\x82\xac\"",
										"\"exactly8\"",
										"\"more than eight bytes\""};
	static const char *const wrong[] = {"",
										"nul",
										"[1,]",
										"[1 2]",
										"{\"a\"}",
										"{a:1}",
										"{\"a\":1,}",
										"01",
										"1.",
										"-",
										"1e",
										"\"",
										"\"\\x\"",
										"\"\\u12\"",
										"\"\t\"",
										"\"\\u0000\"",
										"\"\\ud800\"",
										"\"\\udc00\"",
										"\"\\ud800\\u0041\"",
										"\"\xff\"",
										"\"\xc0\x80\"",
										"\"\xed\xa0\x80\"",
										"\"\xf4\x90\x80\x80\"",
										"\"\xe2\x82\"",
										"[",
										"[[",
										"{\"a\":",
										"1 2",
										"+1",
										".5",
										"NaN",
										"'a'",
										"\"abcdefg\x01\"",
										"\"abcdefgh\x1f\""};

	(void) state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		assert_null(scan(right[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (scan(wrong[i]) == NULL)
			fail_msg("%s was taken for JSON", wrong[i]);
}

static void
scanner_bounds_nesting(void **state)
{
	char json[2 * JSON_MAX_DEPTH + 3];

	(void) state;
	memset(json, '[', JSON_MAX_DEPTH);
	memset(json + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	json[2 * JSON_MAX_DEPTH] = '\0';
	assert_null(scan(json));
	memset(json, '[', JSON_MAX_DEPTH + 1);
	memset(json + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	json[2 * JSON_MAX_DEPTH + 2] = '\0';
	assert_string_equal(scan(json), "JSON is nested too deeply");
}

static void
strings_are_unescaped(void **state)
{
	char json[] = "\"a long beginning \\u00e9\\ud83d\\ude00\\/\\\"\\b and an end of it\"";
	JsonScanner scanner;
	Slice string;

	(void) state;
	json_scanner_init(&scanner, json, strlen(json));
	assert_true(json_read_string(&scanner, &string));
	assert_true(
		slice_equals(string, "a long beginning \xc3\xa9\xf0\x9f\x98\x80/\"\b and an end of it"));
}

/* Parse a body of /predict. */
static bool
predict(const char *json, PredictionRequest *request, RequestError *error)
{
	static char copy[4096];

	memset(request, 0, sizeof(*request));
	memcpy(copy, json, strlen(json) + 1);
	return predict_request_parse(copy, strlen(json), request, error);
}

static void
predict_requests(void **state)
{
	PredictionRequest request;
	RequestError error;

	(void) state;
	assert_true(predict(
		"{\"texts\":[\"a\",\"b\"],\"numeric_features\":{\"x\":[1,null],\"y\":true},\"model\":\"m\","
		"\"explain\":true,\"other\":[{}]}",
		&request, &error));
	assert_int_equal(request.n_rows, 2);
	assert_true(slice_equals(request.rows[1].text, "b"));
	assert_true(slice_equals(request.rows[0].features, "{\"x\":1,\"y\":true}"));
	assert_true(slice_equals(request.rows[1].features, "{\"x\":null,\"y\":true}"));
	assert_true(slice_equals(request.model, "m"));
	assert_true(request.explain);
	assert_int_equal(request.n_ignored, 1);
	prediction_request_free(&request);

	assert_true(predict("{\"numeric_features\":{\"x\":1e3},\"texts\":[\"\"]}", &request, &error));
	assert_true(slice_equals(request.rows[0].features, "{\"x\":1e3}"));
	prediction_request_free(&request);
}

static void
predict_requests_that_are_wrong(void **state)
{
	static const char *const not_json[] = {"", "x", "{\"texts\":[\"a\"]", "{\"texts\":[\"a\"]} x",
										   "{\"texts\":[\"\\ud800\"]}"};
	static const char *const other_form[] = {
		"[]",
		"1",
		"{}",
		"{\"texts\":[]}",
		"{\"texts\":\"a\"}",
		"{\"texts\":[1]}",
		"{\"texts\":[null]}",
		"{\"texts\":[\"a\"],\"texts\":[\"b\"]}",
		"{\"texts\":[\"a\"],\"model\":1}",
		"{\"texts\":[\"a\"],\"model\":\"\"}",
		"{\"texts\":[\"a\"],\"explain\":1}",
		"{\"texts\":[\"a\"],\"numeric_features\":[1]}",
		"{\"texts\":[\"a\"],\"numeric_features\":{\"x\":\"1\"}}",
		"{\"texts\":[\"a\"],\"numeric_features\":{\"x\":[1,2]}}",
		"{\"texts\":[\"a\"],\"numeric_features\":{\"x\":[[1]]}}"};
	PredictionRequest request;
	RequestError error;

	(void) state;
	for (size_t i = 0; i < sizeof(not_json) / sizeof(*not_json); i++)
	{
		assert_false(predict(not_json[i], &request, &error));
		assert_int_equal(error.problem, REQUEST_NOT_JSON);
		prediction_request_free(&request);
	}
	for (size_t i = 0; i < sizeof(other_form) / sizeof(*other_form); i++)
	{
		if (predict(other_form[i], &request, &error) || error.problem != REQUEST_INVALID)
			fail_msg("%s: %d", other_form[i], error.problem);
		assert_true(error.message[0] != '\0');
		prediction_request_free(&request);
	}
}

/* A body with so many texts of so many characters; the caller frees it. */
static char *
body_of(size_t n_texts, size_t n_characters, const char *character, size_t *length)
{
	TextBuffer body = {0};

	text_buffer_append_string(&body, "{\"texts\":[");
	for (size_t i = 0; i < n_texts; i++)
	{
		text_buffer_append_string(&body, i == 0 ? "\"" : ",\"");
		for (size_t j = 0; j < n_characters; j++)
			text_buffer_append_string(&body, character);
		text_buffer_append_string(&body, "\"");
	}
	text_buffer_append_string(&body, "]}");
	*length = body.length;
	return body.bytes;
}

static void
limits_count_characters(void **state)
{
	const struct
	{
		size_t n_texts;
		size_t n_characters;
		const char *character;
		bool right;
	} cases[] = {{MAX_TEXTS, 1, "a", true},
				 {MAX_TEXTS + 1, 1, "a", false},
				 {1, MAX_TEXT_CHARACTERS, "\xf0\x9f\x98\x80", true},
				 {1, MAX_TEXT_CHARACTERS + 1, "\xc3\xa9", false},
				 {1, MAX_TEXT_CHARACTERS, "\\u00e9", true}};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		PredictionRequest request = {0};
		RequestError error;
		size_t length;
		char *body = body_of(cases[i].n_texts, cases[i].n_characters, cases[i].character, &length);

		assert_int_equal(predict_request_parse(body, length, &request, &error), cases[i].right);
		prediction_request_free(&request);
		free(body);
	}
}

static void
batches_and_lines(void **state)
{
	char batch[] = "{\"data\":[{\"reviewText\":\"a\",\"overall\":5,\"asin\":\"B0\",\"vote\":null},{"
				   "\"text\":\"b\"}],\"model\":\"m\"}";
	char line[] = "{\"id\":\"x\\\"7\",\"text\":\"c\",\"numeric_features\":{\"p\":1}}";
	char bad[] = "{\"id\":1}";
	char string[] = "\"d\"";
	PredictionRequest request = {0};
	RequestError error;

	(void) state;
	assert_true(batch_request_parse(batch, strlen(batch), &request, &error));
	assert_int_equal(request.n_rows, 2);
	assert_true(slice_equals(request.rows[0].features, "{\"overall\":5}"));
	assert_int_equal(request.rows[1].features.length, 0);
	prediction_request_reset(&request);

	assert_true(line_request_parse(line, strlen(line), &request, &error));
	assert_false(line_request_parse(bad, strlen(bad), &request, &error));
	assert_int_equal(error.problem, REQUEST_INVALID);
	assert_true(line_request_parse(string, strlen(string), &request, &error));
	prediction_request_settle(&request);
	assert_int_equal(request.n_rows, 2);
	assert_true(slice_equals(request.rows[0].id, "\"x\\\"7\""));
	assert_true(slice_equals(request.rows[0].features, "{\"p\":1}"));
	assert_true(slice_equals(request.rows[1].text, "d"));
	prediction_request_free(&request);
}

static void
versions_are_whole_numbers(void **state)
{
	static const struct
	{
		const char *value;
		int version; /* 0: refused */
	} cases[] = {
		{"1", 1},          {" 42 ", 42},      {"2147483647", 2147483647},
		{"2147483648", 0}, {"4294967297", 0}, {"99999999999999999999", 0},
		{"0", 0},          {"-1", 0},         {"1.0", 0},
		{"1e0", 0},        {"\"1\"", 0},      {"true", 0},
		{"[1]", 0},        {"{\"1\":1}", 0},  {"1,\"version\":1", 0},
		{"+1", 0},         {"01", 0},         {"", 0},
	};
	static const char *const forms[] = {"{\"texts\":[\"a\"],\"version\":%s}",
										"{\"version\":%s,\"data\":[{\"text\":\"a\"}]}"};

	(void) state;
	for (size_t form = 0; form < 2; form++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		{
			PredictionRequest request = {0};
			RequestError error;
			char body[100];
			bool right;

			snprintf(body, sizeof(body), forms[form], cases[i].value);
			right = form == 0 ? predict_request_parse(body, strlen(body), &request, &error)
							  : batch_request_parse(body, strlen(body), &request, &error);
			if (right != (cases[i].version > 0) || (right && request.version != cases[i].version))
				fail_msg("%s: %d, %s", cases[i].value, request.version, error.message);
			prediction_request_free(&request);
		}
}

static void
without_a_version_what_is_deployed_answers(void **state)
{
	char null[] = "{\"texts\":[\"a\"],\"version\":null}";
	char none[] = "{\"data\":[{\"text\":\"a\",\"version\":3}]}";
	PredictionRequest request = {0};
	RequestError error;

	(void) state;
	assert_true(predict_request_parse(null, strlen(null), &request, &error));
	assert_int_equal(request.version, 0);
	assert_int_equal(request.n_ignored, 0);
	prediction_request_free(&request);
	/* in a row it is a number like others */
	assert_true(batch_request_parse(none, strlen(none), &request, &error));
	assert_int_equal(request.version, 0);
	assert_true(slice_equals(request.rows[0].features, "{\"version\":3}"));
	prediction_request_free(&request);
}

static void
wrong_lines_keep_their_id(void **state)
{
	static const struct
	{
		const char *line;
		const char *id;
		RequestProblem problem;
	} cases[] = {
		{"{\"id\":7,\"x\":1}", "7", REQUEST_INVALID},
		{"{\"text\":7,\"id\":\"a\\\"b\"}", "\"a\\\"b\"", REQUEST_INVALID},
		{"{\"text\":{\"id\":1},\"id\":2}", "2", REQUEST_INVALID},
		{"{\"text\":\"a\",\"reviewText\":\"b\",\"x\":[1],\"id\":3}", "3", REQUEST_INVALID},
		{"{\"numeric_features\":{\"p\":[],\"id\":8,\"q\":{}},\"id\":9,\"text\":\"a\"}", "9",
		 REQUEST_INVALID},
		{"{\"id\":4,\"text\":\"a\"} x", "4", REQUEST_NOT_JSON},
		{"{\"id\":5,\"text\":\"a", "5", REQUEST_NOT_JSON},
		{"{\"text\":7,\"id\":", "", REQUEST_INVALID},
		{"{\"id\":[1],\"x\":1}", "", REQUEST_INVALID},
		{"nonsense", "", REQUEST_NOT_JSON},
		{"7", "", REQUEST_INVALID},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		char line[100];
		PredictionRequest request = {0};
		RequestError error;

		memcpy(line, cases[i].line, strlen(cases[i].line) + 1);
		assert_false(line_request_parse(line, strlen(line), &request, &error));
		assert_int_equal(error.problem, cases[i].problem);
		assert_true(slice_equals(error.id, cases[i].id));
		assert_int_equal(request.n_rows, 0);
		prediction_request_free(&request);
	}
}

static void
probabilities_are_written_as_they_are(void **state)
{
	const double values[] = {0,    1,   0.5,          0.123456789, 0.999999999,
							 1e-9, 0.1, 0.7271035139, 0.9999999999};

	(void) state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
	{
		TextBuffer buffer = {0};

		text_buffer_append_probability(&buffer, values[i]);
		text_buffer_append_char(&buffer, '\0');
		assert_true(fabs(strtod(buffer.bytes, NULL) - values[i]) <= 0.5000001e-9);
		text_buffer_free(&buffer);
	}
}

static void
gzip_is_bounded(void **state)
{
	TextBuffer zeros = {0};
	TextBuffer packed = {0};
	TextBuffer unpacked = {0};
	GzipStream *stream = gzip_pack_begin();
	const char *input;
	size_t length;

	(void) state;
	assert_true(text_buffer_reserve(&zeros, 1000000));
	memset(zeros.bytes, 'z', 1000000);
	assert_true(gzip_pack(stream, zeros.bytes, 1000000, true, &packed));
	gzip_end(stream);

	stream = gzip_unpack_begin();
	input = packed.bytes;
	length = packed.length;
	assert_int_equal(gzip_unpack(stream, &input, &length, &unpacked, 5000), GZIP_FULL);
	assert_int_equal(unpacked.length, 5000);
	assert_false(gzip_unpack_is_complete(stream));
	assert_int_equal(gzip_unpack(stream, &input, &length, &unpacked, 2000000), GZIP_MORE);
	assert_int_equal(unpacked.length, 1000000);
	assert_true(gzip_unpack_is_complete(stream));
	assert_memory_equal(unpacked.bytes, zeros.bytes, 1000000);
	gzip_end(stream);

	/* cut off, and damaged */
	stream = gzip_unpack_begin();
	unpacked.length = 0;
	input = packed.bytes;
	length = packed.length / 2;
	assert_int_equal(gzip_unpack(stream, &input, &length, &unpacked, 2000000), GZIP_MORE);
	assert_false(gzip_unpack_is_complete(stream));
	gzip_end(stream);
	stream = gzip_unpack_begin();
	input = "this is not packed";
	length = strlen(input);
	assert_int_equal(gzip_unpack(stream, &input, &length, &unpacked, 2000000), GZIP_INVALID);
	gzip_end(stream);
	text_buffer_free(&zeros);
	text_buffer_free(&packed);
	text_buffer_free(&unpacked);
}

static void
metrics_have_two_forms(void **state)
{
	MetricLabel label = {{"l", 1}, {"a\"b\\c\nd", 7}};
	TextBuffer text = {0};
	TextBuffer open = {0};
	MetricWriter writers[2] = {{.buffer = &text, .form = FORM_PROMETHEUS},
							   {.buffer = &open, .form = FORM_OPENMETRICS}};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		metric_begin(&writers[i], slice_of("things_total"), METRIC_COUNTER, slice_of("Things."));
		metric_sample(&writers[i], "", &label, 1, 3);
		metric_begin(&writers[i], slice_of("level"), METRIC_GAUGE, slice_of("Level."));
		metric_sample(&writers[i], "", NULL, 0, 0.25);
		metric_sample(&writers[i], "", NULL, 0, INFINITY);
		metric_end(&writers[i]);
		text_buffer_append_char(writers[i].buffer, '\0');
	}
	assert_string_equal(text.bytes,
						"# HELP things_total Things.\n# TYPE things_total counter\n"
						"things_total{l=\"a\\\"b\\\\c\\nd\"} 3\n"
						"# HELP level Level.\n# TYPE level gauge\nlevel 0.25\nlevel +Inf\n");
	assert_string_equal(open.bytes,
						"# HELP things Things.\n# TYPE things counter\n"
						"things_total{l=\"a\\\"b\\\\c\\nd\"} 3\n"
						"# HELP level Level.\n# TYPE level gauge\nlevel 0.25\nlevel +Inf\n# EOF\n");
	text_buffer_free(&text);
	text_buffer_free(&open);
	assert_true(slice_equals(metric_family_of(slice_of("h_bucket"), METRIC_HISTOGRAM), "h"));
	assert_true(slice_equals(metric_family_of(slice_of("h_sum"), METRIC_GAUGE), "h_sum"));
	assert_false(metric_name_is_valid(slice_of("1a")));
	assert_false(metric_label_name_is_valid(slice_of("a:b")));
}

static void
accept_header_chooses_the_form(void **state)
{
	(void) state;
	assert_int_equal(metric_form_of(NULL), FORM_PROMETHEUS);
	assert_int_equal(metric_form_of("*/*"), FORM_PROMETHEUS);
	assert_int_equal(metric_form_of("application/openmetrics-text; version=1.0.0"),
					 FORM_OPENMETRICS);
	assert_int_equal(
		metric_form_of(
			"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.6"),
		FORM_PROMETHEUS);
	assert_int_equal(
		metric_form_of("application/openmetrics-text;version=1.0.0,text/plain;q=0.5,*/*;q=0.1"),
		FORM_OPENMETRICS);
	assert_int_equal(metric_form_of(",;q=,,"), FORM_PROMETHEUS);
}

/* The key of an IPv4 address. */
static ClientKey
client(const char *address)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};

	inet_pton(AF_INET, address, &ipv4.sin_addr);
	return client_key_of((struct sockaddr *) &ipv4);
}

static void
rates_are_limited_by_address(void **state)
{
	ClientKey one = client("192.0.2.1");
	ClientKey two = client("192.0.2.2");
	ClientKey loopback = client("127.0.0.1");
	uint64_t now = 1000000000;
	int allowed = 0;

	(void) state;
	rate_limit_set(10, false);
	for (int i = 0; i < 100; i++)
		allowed += rate_limit_allows(&one, now);
	assert_int_equal(allowed, 20);
	assert_true(rate_limit_allows(&two, now));
	assert_true(rate_limit_allows(&one, now + 100000000));
	assert_false(rate_limit_allows(&one, now + 100000000));
	for (int i = 0; i < 100; i++)
		assert_true(rate_limit_allows(&loopback, now));
	/* many others, and it still knows what it must */
	for (uint32_t i = 0; i < 100000; i++)
	{
		ClientKey many = {0, i, false};

		assert_true(rate_limit_allows(&many, now + 200000000 + i));
	}
}

static void
tokens_are_compared(void **state)
{
	char name[] = "/tmp/exporter-token-XXXXXX";
	int file = mkstemp(name);

	(void) state;
	assert_true(file >= 0);
	assert_true(bearer_token_matches(NULL));
	assert_int_equal(write(file, "0123456789abcdef\n", 17), 17);
	assert_true(bearer_token_read(name));
	assert_true(bearer_token_matches("Bearer 0123456789abcdef"));
	assert_false(bearer_token_matches("Bearer 0123456789abcdeg"));
	assert_false(bearer_token_matches("Bearer 0123456789abcde"));
	assert_false(bearer_token_matches("Bearer "));
	assert_false(bearer_token_matches("Basic 0123456789abcdef"));
	assert_false(bearer_token_matches(NULL));
	/* what is wrong changes nothing */
	assert_int_equal(ftruncate(file, 3), 0);
	assert_false(bearer_token_read(name));
	assert_true(bearer_token_matches("Bearer 0123456789abcdef"));
	close(file);
	unlink(name);
}

static void
errors_are_valid_utf8(void **state)
{
	ExporterError error;
	char name[10] = "ab\xe2\x82";
	TextBuffer json = {0};

	(void) state;
	error_set(&error, ERROR_VALIDATION, "%s \xf0\x9f\x98\x80", name);
	assert_string_equal(error.message, "ab?? \xf0\x9f\x98\x80");
	error_append_json(&json, &error, "id");
	text_buffer_append_char(&json, '\0');
	assert_null(scan(json.bytes));
	text_buffer_free(&json);
}

static void
listen_addresses_have_a_port(void **state)
{
	static const char *const wrong[] = {"nonsense",        "",
										"127.0.0.1:",      "127.0.0.1:8000000",
										"127.0.0.1:65536", "127.0.0.1:-1",
										"127.0.0.1:+1",    "127.0.0.1: 80",
										"127.0.0.1:80x",   "127.0.0.1:http"};
	ListenAddress address;

	(void) state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_non_null(listen_address_parse(wrong[i], &address));
	assert_null(listen_address_parse("127.0.0.1:65535", &address));
	assert_string_equal(address.host, "127.0.0.1");
	assert_string_equal(address.port, "65535");
	assert_null(listen_address_parse("[::1]:1", &address));
	assert_string_equal(address.host, "::1");
	assert_null(listen_address_parse("*:0", &address));
	assert_string_equal(address.host, "");
	assert_string_equal(address.port, "0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scanner_accepts_json_only),
		cmocka_unit_test(scanner_bounds_nesting),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(predict_requests),
		cmocka_unit_test(predict_requests_that_are_wrong),
		cmocka_unit_test(limits_count_characters),
		cmocka_unit_test(batches_and_lines),
		cmocka_unit_test(versions_are_whole_numbers),
		cmocka_unit_test(without_a_version_what_is_deployed_answers),
		cmocka_unit_test(wrong_lines_keep_their_id),
		cmocka_unit_test(probabilities_are_written_as_they_are),
		cmocka_unit_test(gzip_is_bounded),
		cmocka_unit_test(metrics_have_two_forms),
		cmocka_unit_test(accept_header_chooses_the_form),
		cmocka_unit_test(rates_are_limited_by_address),
		cmocka_unit_test(tokens_are_compared),
		cmocka_unit_test(errors_are_valid_utf8),
		cmocka_unit_test(listen_addresses_have_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
