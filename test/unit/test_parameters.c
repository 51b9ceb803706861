/*
 * test_parameters.c
 *	  Parameters from JSON: defaults, values, and what is refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "core/parameters.h"
#include "host.h"

typedef struct ShelfOptions
{
	bool oiled;
	int boards;
	double width;
	int wood;
	const char *owner;
	const char *colour;
} ShelfOptions;

typedef struct DoorOptions
{
	int min_df;
	double C;
} DoorOptions;

static const char *const woods[] = {"oak", "beech", NULL};

static const ParameterSpec shelf_specs[] = {
	{.name = "oiled",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(ShelfOptions, oiled),
	 .default_json = "true",
	 .meaning = "whether it is oiled"},
	{.name = "boards",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(ShelfOptions, boards),
	 .default_json = "3",
	 .minimum = 1,
	 .maximum = 10,
	 .meaning = "number of boards"},
	{.name = "width",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(ShelfOptions, width),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 2.5,
	 .minimum_is_exclusive = true,
	 .meaning = "metres"},
	{.name = "wood",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(ShelfOptions, wood),
	 .default_json = "\"beech\"",
	 .choices = woods,
	 .meaning = "kind of wood"},
	{.name = "owner",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(ShelfOptions, owner),
	 .default_json = "null",
	 .meaning = "whose it is"},
	{.name = "colour",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(ShelfOptions, colour),
	 .default_json = "\"natural\"",
	 .meaning = "of the paint"},
};

static const ParameterSpec door_specs[] = {
	{.name = "min_df",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(DoorOptions, min_df),
	 .default_json = "2",
	 .minimum = -INFINITY,
	 .maximum = INFINITY,
	 .meaning = "rows at least"},
	{.name = "C",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DoorOptions, C),
	 .default_json = "10",
	 .minimum = 0,
	 .maximum = 1000000,
	 .minimum_is_exclusive = true,
	 .meaning = "inverse strength"},
};

typedef struct ChestOptions
{
	IntegerList drawers;
	int feet;
} ChestOptions;

static const ParameterSpec chest_specs[] = {
	{.name = "drawers",
	 .type = PARAMETER_INTEGER_LIST,
	 .offset = offsetof(ChestOptions, drawers),
	 .default_json = "[3, 2]",
	 .minimum = 1,
	 .maximum = 20,
	 .maximum_length = 4,
	 .meaning = "of each row"},
	{.name = "feet",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(ChestOptions, feet),
	 .default_json = "4",
	 .minimum = 1,
	 .maximum = 9,
	 .meaning = "that it stands on"},
};

static ShelfOptions shelf;
static DoorOptions door;
static ChestOptions chest;
static const ParameterGroup chest_group = {chest_specs,
										   sizeof(chest_specs) / sizeof(chest_specs[0]), &chest};

static const ParameterGroup groups[] = {
	{shelf_specs, sizeof(shelf_specs) / sizeof(shelf_specs[0]), &shelf},
	{door_specs, sizeof(door_specs) / sizeof(door_specs[0]), &door},
};

/* Parse into both groups. */
static void
parse(const char *json)
{
	parameters_parse(json, groups, 2);
}

/* The canonical JSON of both groups; in memory of the test host. */
static const char *
canonical(void)
{
	ByteBuffer buffer = {0};

	parameters_append_json(&buffer, groups, 2);
	return buffer_c_string(&buffer);
}

/* Expect an error with this message, detail and hint. */
static void
assert_refused(const char *json, const char *message, const char *detail, const char *hint)
{
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse(json));
	assert_string_equal(test_host_error.message, message);
	assert_string_equal(test_host_error.detail, detail);
	assert_string_equal(test_host_error.hint, hint);
}

static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

static void
test_defaults(void **state)
{
	(void) state;
	memset(&shelf, 0xff, sizeof(shelf));
	parse(" {} ");
	assert_true(shelf.oiled);
	assert_int_equal(shelf.boards, 3);
	assert_true(shelf.width == 0.1);
	assert_int_equal(shelf.wood, 1);
	assert_null(shelf.owner);
	assert_string_equal(shelf.colour, "natural");
	assert_int_equal(door.min_df, 2);
	assert_true(door.C == 10);
	assert_string_equal(canonical(),
						"{\"oiled\": true, \"boards\": 3, \"width\": 0.1, \"wood\": \"beech\", "
						"\"owner\": null, \"colour\": \"natural\", \"min_df\": 2, \"C\": 10}");
}

static void
test_values(void **state)
{
	(void) state;
	parse("{\"C\": 1e-3, \"owner\": \"A \\\"B\\\" \\u00e9\", \"wood\": \"oak\", \"oiled\": false,"
		  "\"width\": 2.5, \"boards\": 4.0, \"min_df\": -7, \"colour\": \"\"}");
	assert_false(shelf.oiled);
	assert_int_equal(shelf.boards, 4);
	assert_true(shelf.width == 2.5);
	assert_int_equal(shelf.wood, 0);
	assert_string_equal(shelf.owner, "A \"B\" \xc3\xa9");
	assert_string_equal(shelf.colour, "");
	assert_int_equal(door.min_df, -7);
	assert_true(door.C == 1e-3);
}

/* What parameters_append_json writes reads back as the same options. */
static void
test_round_trip(void **state)
{
	ShelfOptions before;
	const char *json;

	(void) state;
	parse("{\"width\": 0.30000000000000004, \"owner\": \"\\\\ \\n \\\"\", \"C\": 123456.789e-9}");
	before = shelf;
	json = canonical();
	parse(json);
	assert_true(shelf.width == before.width);
	assert_string_equal(shelf.owner, before.owner);
	assert_true(door.C == 123456.789e-9);
	assert_string_equal(canonical(), json);
}

static void
test_null_is_default(void **state)
{
	(void) state;
	parse("{\"boards\": null, \"wood\": null, \"owner\": null, \"C\": null}");
	assert_int_equal(shelf.boards, 3);
	assert_int_equal(shelf.wood, 1);
	assert_null(shelf.owner);
	assert_true(door.C == 10);
}

/* Strings of several parameters do not run into each other. */
static void
test_strings(void **state)
{
	(void) state;
	parse("{\"owner\":\"a\",\"colour\":\"b\"}");
	assert_string_equal(shelf.owner, "a");
	assert_string_equal(shelf.colour, "b");
}

#define KNOWN "Known parameters are oiled, boards, width, wood, owner, colour, min_df, C."

static void
test_unknown_key(void **state)
{
	(void) state;
	assert_refused("{\"foo\": 1}", "unknown parameter \"foo\"", "", KNOWN);
	assert_refused("{\"mindf\": 1}", "unknown parameter \"mindf\"", "",
				   "Perhaps you meant \"min_df\". " KNOWN);
	assert_refused("{\"c\": 1}", "unknown parameter \"c\"", "", "Perhaps you meant \"C\". " KNOWN);
	assert_refused("{\"C\": 1, \"color\": 1}", "unknown parameter \"color\"", "",
				   "Perhaps you meant \"colour\". " KNOWN);
	assert_refused("{\"\": 1}", "unknown parameter \"\"", "", KNOWN);
}

/* A long key is cut between characters, not within one. */
static void
test_long_key(void **state)
{
	ByteBuffer json = {0};
	ByteBuffer message = {0};

	(void) state;
	buffer_printf(&json, "{\"x");
	buffer_printf(&message, "unknown parameter \"x");
	for (int i = 0; i < 100; i++)
		buffer_printf(&json, "\xc3\xa9");
	/* one byte and 37 characters of two: the 76th byte would be half of one */
	for (int i = 0; i < 37; i++)
		buffer_printf(&message, "\xc3\xa9");
	buffer_printf(&json, "\": 1}");
	buffer_printf(&message, "...\"");
	assert_refused(buffer_c_string(&json), buffer_c_string(&message), "", KNOWN);
}

static void
test_invalid_values(void **state)
{
	const char *boards = "It must be an integer >= 1 and <= 10.";
	const char *width = "It must be a number > 0 and <= 2.5.";
	const char *wood = "It must be one of \"oak\", \"beech\".";

	(void) state;
	assert_refused("{\"C\": -1}", "invalid value for parameter \"C\": -1",
				   "It must be a number > 0 and <= 1000000.", "");
	assert_refused("{\"C\": 0}", "invalid value for parameter \"C\": 0",
				   "It must be a number > 0 and <= 1000000.", "");
	assert_refused("{\"boards\": 2.5}", "invalid value for parameter \"boards\": 2.5", boards, "");
	assert_refused("{\"boards\": 0}", "invalid value for parameter \"boards\": 0", boards, "");
	assert_refused("{\"boards\": 11}", "invalid value for parameter \"boards\": 11", boards, "");
	assert_refused("{\"boards\": \"3\"}", "invalid value for parameter \"boards\": \"3\"", boards,
				   "");
	assert_refused("{\"boards\": true}", "invalid value for parameter \"boards\": true", boards,
				   "");
	assert_refused("{\"width\": 2.5000001}", "invalid value for parameter \"width\": 2.5000001",
				   width, "");
	assert_refused("{\"width\": 1e999}",
				   "invalid value for parameter \"width\": a number that is too large", width, "");
	assert_refused("{\"min_df\": 1e10}", "invalid value for parameter \"min_df\": 10000000000",
				   "It must be an integer.", "");
	assert_refused("{\"min_df\": 1e999}",
				   "invalid value for parameter \"min_df\": a number that is too large",
				   "It must be an integer.", "");
	assert_refused("{\"wood\": \"pine\"}", "invalid value for parameter \"wood\": \"pine\"", wood,
				   "");
	assert_refused("{\"wood\": \"oa\"}", "invalid value for parameter \"wood\": \"oa\"", wood, "");
	assert_refused("{\"wood\": 1}", "invalid value for parameter \"wood\": 1", wood, "");
	assert_refused("{\"oiled\": 1}", "invalid value for parameter \"oiled\": 1",
				   "It must be true or false.", "");
	assert_refused("{\"owner\": [1]}", "invalid value for parameter \"owner\": [...]",
				   "It must be a string.", "");
	assert_refused("{\"owner\": {}}", "invalid value for parameter \"owner\": {...}",
				   "It must be a string.", "");
}

/* A long value is cut, and stays within its quotes. */
static void
test_long_value(void **state)
{
	char json[400] = "{\"wood\": \"";
	size_t length = strlen(json);

	(void) state;
	memset(json + length, 'x', 300);
	strcpy(json + length + 300, "\"}");
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse(json));
	assert_non_null(strstr(test_host_error.message, "\": \"xxx"));
	assert_string_equal(test_host_error.message + strlen(test_host_error.message) - 7, "xxx...\"");
}

static void
test_not_an_object(void **state)
{
	(void) state;
	assert_refused("[1]", "parameters must be a JSON object", "",
				   "Write them as {\"name\": value, ...}.");
	assert_refused("{\"C\": 1, \"C\": 2}", "parameter \"C\" is given twice", "", "");
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse(""));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse("{\"C\": 1} x"));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse("{\"C\": 1"));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse("{\"C\": NaN}"));
	assert_string_equal(test_host_error.message, "invalid parameters");
}

/* Parse a list and expect this canonical JSON, also when it is read back. */
static void
assert_list(const char *json, const char *canonical_json)
{
	for (int i = 0; i < 2; i++)
	{
		ByteBuffer buffer = {0};

		memset(&chest, 0xff, sizeof(chest));
		parameters_parse(i == 0 ? json : canonical_json, &chest_group, 1);
		parameters_append_json(&buffer, &chest_group, 1);
		assert_string_equal(buffer_c_string(&buffer), canonical_json);
	}
}

static void
test_integer_list(void **state)
{
	const char *const refused[] = {"[]",      "[1, 0]", "[1, 21]",      "[1, 2, 3, 4, 5]", "[1.5]",
								   "[\"1\"]", "[null]", "[[1]]",        "{\"a\": 1}",      "\"1\"",
								   "0",       "2.5",    "[1, 2, true]", "[1e999]",         "true"};

	(void) state;
	assert_list("{}", "{\"drawers\": [3, 2], \"feet\": 4}");
	assert_list("{\"drawers\": null}", "{\"drawers\": [3, 2], \"feet\": 4}");
	assert_list("{\"drawers\": 7}", "{\"drawers\": [7], \"feet\": 4}");
	assert_list("{\"drawers\": [20]}", "{\"drawers\": [20], \"feet\": 4}");
	assert_list("{\"feet\": 9, \"drawers\": [1,2.0,3e0,4]}",
				"{\"drawers\": [1, 2, 3, 4], \"feet\": 9}");
	assert_int_equal(chest.drawers.length, 4);
	assert_int_equal(chest.drawers.values[3], 4);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		char json[100];

		snprintf(json, sizeof(json), "{\"drawers\": %s}", refused[i]);
		assert_host_error(HOST_ERROR_INVALID_PARAMETER, parameters_parse(json, &chest_group, 1));
		assert_string_equal(test_host_error.detail,
							"It must be an integer >= 1 and <= 20, or an array of 1 to 4 of them.");
	}
}

/* Text without end and nesting without end are refused, not followed. */
static void
test_hostile_sizes(void **state)
{
	size_t length = 2 * 1024 * 1024;
	char *json = host_allocate(length + 1);

	(void) state;
	memset(json, '[', length);
	json[length] = '\0';
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, parse(json));
	json[length / 4] = '\0';
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse(json));
}

/* Blocks that cJSON still gets. */
static int blocks_left;

static void *
allocate_some(size_t size)
{
	return blocks_left-- > 0 ? malloc(size) : NULL;
}

/* Wherever memory ends, that is what is said: values are read, or nothing is. */
static void
test_no_memory(void **state)
{
	const char *json = "{\"owner\": \"Ada\", \"parts\": {\"nails\": [1, 2, 3]}}";
	cJSON_Hooks hooks = {allocate_some, free};
	const char *parts = NULL;
	const char *owner = NULL;
	ParameterSpec specs[] = {
		{.name = "parts", .type = PARAMETER_OBJECT, .default_json = "null"},
		{.name = "owner", .type = PARAMETER_STRING, .default_json = "null"},
	};
	ParameterGroup groups[] = {{specs, 1, &parts}, {specs + 1, 1, &owner}};
	volatile int n_refused = 0;

	(void) state;
	cJSON_InitHooks(&hooks);
	for (; parts == NULL; n_refused++)
	{
		jmp_buf target;

		assert_true(n_refused < 100);
		blocks_left = n_refused;
		test_host_error_target = &target;
		if (setjmp(target) == 0)
			parameters_parse(json, groups, 2);
		else
			assert_int_equal(test_host_error.code, HOST_ERROR_OUT_OF_MEMORY);
		test_host_error_target = NULL;
	}
	assert_true(n_refused > 10);
	assert_string_equal(parts, "{\"nails\":[1,2,3]}");
	/* what is wrong is wrong */
	blocks_left = 100;
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parameters_parse("{\"owner\": ", groups, 2));
	cJSON_InitHooks(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_defaults, free_memory),
		cmocka_unit_test_teardown(test_values, free_memory),
		cmocka_unit_test_teardown(test_round_trip, free_memory),
		cmocka_unit_test_teardown(test_null_is_default, free_memory),
		cmocka_unit_test_teardown(test_strings, free_memory),
		cmocka_unit_test_teardown(test_unknown_key, free_memory),
		cmocka_unit_test_teardown(test_long_key, free_memory),
		cmocka_unit_test_teardown(test_invalid_values, free_memory),
		cmocka_unit_test_teardown(test_long_value, free_memory),
		cmocka_unit_test_teardown(test_not_an_object, free_memory),
		cmocka_unit_test_teardown(test_integer_list, free_memory),
		cmocka_unit_test_teardown(test_hostile_sizes, free_memory),
		cmocka_unit_test_teardown(test_no_memory, free_memory),
	};

	return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
