/*
 * parameters.c
 *	  Parameters that a user sets by name in a JSON object.
 *
 * cJSON allocates with malloc, so nothing between json_parse and cJSON_Delete may raise an error:
 * what is wrong is noted in a Problem of fixed size, and raised when the tree is gone.
 */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/json_document.h"
#include "core/parameters.h"

/* Longer parameters are a mistake; they are refused before cJSON makes a tree of them. */
#define MAX_JSON_LENGTH (1024 * 1024)

/* Room to quote a key or a value in a message. */
#define QUOTE_SIZE 80

/* Keys up to this length are compared with the known names to find what was meant. */
#define MAX_NAME_LENGTH 63

typedef enum ProblemKind
{
	PROBLEM_NONE,
	PROBLEM_NOT_JSON,
	PROBLEM_NOT_AN_OBJECT,
	PROBLEM_UNKNOWN_KEY,
	PROBLEM_DUPLICATE_KEY,
	PROBLEM_INVALID_VALUE,
	PROBLEM_OUT_OF_MEMORY
} ProblemKind;

static const ParameterWording default_wording = {"parameter", ""};

/* The first thing that is wrong with the parameters. */
typedef struct Problem
{
	ProblemKind kind;
	const ParameterSpec *spec; /* PROBLEM_INVALID_VALUE */
	char key[QUOTE_SIZE];
	char value[QUOTE_SIZE];
} Problem;

/* Address of a parameter's field in the options of its group. */
static void *
parameter_field(const ParameterGroup *group, const ParameterSpec *spec)
{
	return (char *) group->options + spec->offset;
}

/* Copy text for a message into size bytes, cut between characters and marked if it is too long. */
static void
quote(char *target, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length < size)
	{
		memcpy(target, text, length + 1);
		return;
	}
	length = size - sizeof("...");
	while (length > 0 && ((unsigned char) text[length] & 0xC0) == 0x80)
		length--;
	memcpy(target, text, length);
	strcpy(target + length, "...");
}

/* Describe a JSON value for a message. */
static void
quote_value(char target[QUOTE_SIZE], const cJSON *value)
{
	if (cJSON_IsString(value))
	{
		target[0] = '"';
		quote(target + 1, QUOTE_SIZE - 2, value->valuestring);
		strcat(target, "\"");
	}
	else if (cJSON_IsNumber(value))
	{
		if (isfinite(value->valuedouble))
			snprintf(target, QUOTE_SIZE, "%.15g", value->valuedouble);
		else
			strcpy(target, "a number that is too large");
	}
	else if (cJSON_IsBool(value))
		strcpy(target, cJSON_IsTrue(value) ? "true" : "false");
	else
		strcpy(target, cJSON_IsArray(value) ? "[...]" : "{...}");
}

/* Index of a text among the choices of a parameter, or -1. */
static int
choice_index(const ParameterSpec *spec, const char *text, size_t length)
{
	for (int i = 0; spec->choices[i] != NULL; i++)
	{
		if (strlen(spec->choices[i]) == length && memcmp(spec->choices[i], text, length) == 0)
			return i;
	}
	return -1;
}

/* Whether a number is one that the parameter may have. */
static bool
number_is_allowed(const ParameterSpec *spec, double number)
{
	if (!isfinite(number) || number < spec->minimum || number > spec->maximum)
		return false;
	if (spec->minimum_is_exclusive && number == spec->minimum)
		return false;
	if (spec->type == PARAMETER_INTEGER || spec->type == PARAMETER_INTEGER_LIST)
		return number == floor(number) && number >= INT_MIN && number <= INT_MAX;
	return true;
}

/* Store a checked number in an integer or number field. */
static void
store_number(const ParameterGroup *group, const ParameterSpec *spec, double number)
{
	if (spec->type == PARAMETER_INTEGER)
		*(int *) parameter_field(group, spec) = (int) number;
	else
		*(double *) parameter_field(group, spec) = number;
}

/*
 * Store a string default: a JSON string (without escapes) or null. Each string is an allocation of
 * its own.
 */
static void
set_default_string(const ParameterGroup *group, const ParameterSpec *spec)
{
	const char *json = spec->default_json;
	char *string = NULL;

	if (strcmp(json, "null") != 0)
	{
		size_t length = strlen(json) - 2;

		string = host_allocate(length + 1);
		memcpy(string, json + 1, length);
		string[length] = '\0';
	}
	*(const char **) parameter_field(group, spec) = string;
}

/* Store a list default: a JSON array of integers. */
static void
set_default_list(const ParameterGroup *group, const ParameterSpec *spec)
{
	IntegerList *list = parameter_field(group, spec);
	const char *json = spec->default_json;

	memset(list, 0, sizeof(*list));
	while (*json != ']')
	{
		char *end;

		/* behind the bracket or a comma */
		list->values[list->length++] = (int) strtol(json + 1, &end, 10);
		json = end;
	}
}

/* Set one field to its default. */
static void
set_default(const ParameterGroup *group, const ParameterSpec *spec)
{
	const char *json = spec->default_json;

	switch (spec->type)
	{
		case PARAMETER_BOOLEAN:
			*(bool *) parameter_field(group, spec) = strcmp(json, "true") == 0;
			break;
		case PARAMETER_INTEGER:
		case PARAMETER_NUMBER:
			store_number(group, spec, strtod(json, NULL));
			break;
		case PARAMETER_CHOICE:
		{
			size_t length = strlen(json);
			int index = length < 2 ? -1 : choice_index(spec, json + 1, length - 2);

			if (index < 0)
				host_error(HOST_ERROR_INTERNAL, NULL, NULL,
						   "default of parameter \"%s\" is not among its choices", spec->name);
			*(int *) parameter_field(group, spec) = index;
			break;
		}
		case PARAMETER_STRING:
		case PARAMETER_OBJECT:
		case PARAMETER_ARRAY:
			set_default_string(group, spec);
			break;
		case PARAMETER_INTEGER_LIST:
			set_default_list(group, spec);
			break;
	}
}

void
parameters_set_defaults(const ParameterGroup *group)
{
	for (size_t i = 0; i < group->n_specs; i++)
		set_default(group, &group->specs[i]);
}

/* Find a parameter by its name; answers NULL if no group knows it. */
static const ParameterSpec *
find_spec(const ParameterGroup *groups, size_t n_groups, const char *name,
		  const ParameterGroup **found_group)
{
	for (size_t g = 0; g < n_groups; g++)
	{
		for (size_t i = 0; i < groups[g].n_specs; i++)
		{
			if (strcmp(groups[g].specs[i].name, name) == 0)
			{
				*found_group = &groups[g];
				return &groups[g].specs[i];
			}
		}
	}
	return NULL;
}

/* Check a JSON array of integers, or one integer, and store it. Answers whether it is allowed. */
static bool
store_list(const ParameterGroup *group, const ParameterSpec *spec, const cJSON *value)
{
	IntegerList list = {0};

	for (const cJSON *item = cJSON_IsArray(value) ? value->child : value; item != NULL;
		 item = cJSON_IsArray(value) ? item->next : NULL)
	{
		if (list.length == spec->maximum_length || !cJSON_IsNumber(item) ||
			!number_is_allowed(spec, item->valuedouble))
			return false;
		list.values[list.length++] = (int) item->valuedouble;
	}
	if (list.length > 0)
		*(IntegerList *) parameter_field(group, spec) = list;
	return list.length > 0;
}

/* Store the JSON text of an object or array. Answers false if there is no memory for it. */
static bool
store_json(const ParameterGroup *group, const ParameterSpec *spec, const cJSON *value,
		   char **strings)
{
	char *printed = cJSON_PrintUnformatted(value);
	size_t size;

	if (printed == NULL)
		return false;
	size = strlen(printed) + 1;
	memcpy(*strings, printed, size);
	cJSON_free(printed);
	*(const char **) parameter_field(group, spec) = *strings;
	*strings += size;
	return true;
}

/*
 * Check a JSON value and store it. Strings are copied to *strings, which moves on. Answers whether
 * the value is allowed. Raises nothing.
 */
static bool
store_value(const ParameterGroup *group, const ParameterSpec *spec, const cJSON *value,
			char **strings)
{
	switch (spec->type)
	{
		case PARAMETER_BOOLEAN:
			if (!cJSON_IsBool(value))
				return false;
			*(bool *) parameter_field(group, spec) = cJSON_IsTrue(value);
			return true;
		case PARAMETER_INTEGER:
		case PARAMETER_NUMBER:
			if (!cJSON_IsNumber(value) || !number_is_allowed(spec, value->valuedouble))
				return false;
			store_number(group, spec, value->valuedouble);
			return true;
		case PARAMETER_CHOICE:
		{
			int index = -1;

			if (cJSON_IsString(value))
				index = choice_index(spec, value->valuestring, strlen(value->valuestring));
			if (index < 0)
				return false;
			*(int *) parameter_field(group, spec) = index;
			return true;
		}
		case PARAMETER_STRING:
		{
			size_t size;

			if (!cJSON_IsString(value))
				return false;
			size = strlen(value->valuestring) + 1;
			memcpy(*strings, value->valuestring, size);
			*(const char **) parameter_field(group, spec) = *strings;
			*strings += size;
			return true;
		}
		case PARAMETER_INTEGER_LIST:
			return store_list(group, spec, value);
		case PARAMETER_OBJECT:
			return cJSON_IsObject(value) && store_json(group, spec, value, strings);
		case PARAMETER_ARRAY:
			return cJSON_IsArray(value) && store_json(group, spec, value, strings);
	}
	return false;
}

/* Whether a value is refused only because it could not be printed: for that, memory must be short. */
static bool
lacks_memory(const ParameterSpec *spec, const cJSON *value)
{
	return (spec->type == PARAMETER_OBJECT && cJSON_IsObject(value)) ||
		   (spec->type == PARAMETER_ARRAY && cJSON_IsArray(value));
}

/* Whether a key of the object stands before the item already. */
static bool
key_is_repeated(const cJSON *object, const cJSON *item)
{
	for (const cJSON *other = object->child; other != item; other = other->next)
	{
		if (strcmp(other->string, item->string) == 0)
			return true;
	}
	return false;
}

/* Apply the keys of a JSON object up to the first problem. Raises nothing. */
static void
apply_object(const cJSON *object, const ParameterGroup *groups, size_t n_groups, char **strings,
			 Problem *problem)
{
	for (const cJSON *item = object->child; item != NULL; item = item->next)
	{
		const ParameterGroup *group = NULL;
		const ParameterSpec *spec = find_spec(groups, n_groups, item->string, &group);

		if (spec == NULL)
			problem->kind = PROBLEM_UNKNOWN_KEY;
		else if (key_is_repeated(object, item))
			problem->kind = PROBLEM_DUPLICATE_KEY;
		else if (!cJSON_IsNull(item) && !store_value(group, spec, item, strings))
		{
			problem->kind =
				lacks_memory(spec, item) ? PROBLEM_OUT_OF_MEMORY : PROBLEM_INVALID_VALUE;
			problem->spec = spec;
			quote_value(problem->value, item);
		}
		if (problem->kind != PROBLEM_NONE)
		{
			quote(problem->key, QUOTE_SIZE, item->string);
			return;
		}
	}
}

/* Parse JSON text and apply it up to the first problem. Raises no other error than a lack of memory. */
static void
apply_json(const char *json, const ParameterGroup *groups, size_t n_groups, char **strings,
		   Problem *problem)
{
	cJSON *root = json_parse(json);

	if (root == NULL)
		problem->kind = PROBLEM_NOT_JSON;
	else if (!cJSON_IsObject(root))
		problem->kind = PROBLEM_NOT_AN_OBJECT;
	else
		apply_object(root, groups, n_groups, strings, problem);
	cJSON_Delete(root);
}

/* The smallest of three numbers. */
static size_t
minimum_of_three(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* Levenshtein's distance of two names, case ignored. Neither is longer than MAX_NAME_LENGTH. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t row[MAX_NAME_LENGTH + 1];
	size_t b_length = strlen(b);

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++)
	{
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b_length; j++)
		{
			bool differ = tolower((unsigned char) a[i]) != tolower((unsigned char) b[j]);
			size_t substituted = diagonal + differ;

			diagonal = row[j + 1];
			row[j + 1] = minimum_of_three(substituted, row[j] + 1, row[j + 1] + 1);
		}
	}
	return row[b_length];
}

/* The known name that looks most like a key, or NULL if none is near. */
static const char *
closest_name(const ParameterGroup *groups, size_t n_groups, const char *key)
{
	const char *closest = NULL;
	size_t length = strlen(key);
	size_t closest_distance = length > 5 ? length / 3 + 1 : 2;

	if (length > MAX_NAME_LENGTH)
		return NULL;
	for (size_t g = 0; g < n_groups; g++)
	{
		for (size_t i = 0; i < groups[g].n_specs; i++)
		{
			const char *name = groups[g].specs[i].name;
			size_t distance;

			if (strlen(name) > MAX_NAME_LENGTH)
				continue;
			distance = edit_distance(key, name);
			if (distance < closest_distance && distance < length)
			{
				closest = name;
				closest_distance = distance;
			}
			/* "c" is a slip for "C", whatever else is one letter away */
			if (distance == 0)
				return name;
		}
	}
	return closest;
}

/* Raise the error for a key that no group knows. */
static void
raise_unknown_key(const Problem *problem, const ParameterGroup *groups, size_t n_groups,
				  const ParameterWording *wording)
{
	const char *closest = closest_name(groups, n_groups, problem->key);
	const char *separator = "";
	ByteBuffer hint = {0};

	if (closest != NULL)
		buffer_printf(&hint, "Perhaps you meant \"%s\". ", closest);
	buffer_printf(&hint, "Known %ss are ", wording->noun);
	for (size_t g = 0; g < n_groups; g++)
	{
		for (size_t i = 0; i < groups[g].n_specs; i++)
		{
			buffer_printf(&hint, "%s%s", separator, groups[g].specs[i].name);
			separator = ", ";
		}
	}
	buffer_printf(&hint, ".");
	host_error(HOST_ERROR_INVALID_PARAMETER, NULL, buffer_c_string(&hint), "unknown %s \"%s\"%s",
			   wording->noun, problem->key, wording->owner);
}

/* Raise the error for a value of the wrong type or out of range. */
static void
raise_invalid_value(const Problem *problem, const ParameterWording *wording)
{
	ByteBuffer detail = {0};

	buffer_printf(&detail, "It must be ");
	parameters_append_allowed(&detail, problem->spec);
	buffer_printf(&detail, ".");
	host_error(HOST_ERROR_INVALID_PARAMETER, buffer_c_string(&detail), NULL,
			   "invalid value for %s \"%s\"%s: %s", wording->noun, problem->key, wording->owner,
			   problem->value);
}

/* Raise the error that belongs to a problem, if there is one. */
static void
raise_problem(const Problem *problem, const ParameterGroup *groups, size_t n_groups,
			  const ParameterWording *wording)
{
	switch (problem->kind)
	{
		case PROBLEM_NONE:
			break;
		case PROBLEM_NOT_JSON:
			host_error(HOST_ERROR_INVALID_PARAMETER,
					   "They are not valid JSON, or hold a number of more than 63 characters.",
					   NULL, "invalid %ss%s", wording->noun, wording->owner);
		case PROBLEM_NOT_AN_OBJECT:
			host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Write them as {\"name\": value, ...}.",
					   "%ss%s must be a JSON object", wording->noun, wording->owner);
		case PROBLEM_UNKNOWN_KEY:
			raise_unknown_key(problem, groups, n_groups, wording);
			break;
		case PROBLEM_DUPLICATE_KEY:
			host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL, "%s \"%s\"%s is given twice",
					   wording->noun, problem->key, wording->owner);
		case PROBLEM_INVALID_VALUE:
			raise_invalid_value(problem, wording);
			break;
		case PROBLEM_OUT_OF_MEMORY:
			json_out_of_memory();
	}
}

/* Set defaults, then apply up to two JSON objects. */
static void
parse(const char *defaults, const char *json, const ParameterGroup *groups, size_t n_groups,
	  const ParameterWording *wording)
{
	Problem problem = {.kind = PROBLEM_NONE};
	size_t length = strlen(json);
	char *strings;
	char *strings_end;

	if (length > MAX_JSON_LENGTH)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "%ss%s exceed the limit of %d bytes",
				   wording->noun, wording->owner, MAX_JSON_LENGTH);
	for (size_t g = 0; g < n_groups; g++)
		parameters_set_defaults(&groups[g]);

	/*
	 * A string never needs more room than its JSON text, whose quotes pay for the zero byte. An object
	 * or array is printed anew: a character that the text has raw may become an escape of six, a number
	 * of one digit and an exponent ("1e9") one of seventeen digits.
	 */
	strings = strings_end =
		host_allocate(8 * (length + 1 + (defaults == NULL ? 0 : strlen(defaults))));
	if (defaults != NULL)
		apply_json(defaults, groups, n_groups, &strings_end, &problem);
	raise_problem(&problem, groups, n_groups, wording);
	apply_json(json, groups, n_groups, &strings_end, &problem);
	raise_problem(&problem, groups, n_groups, wording);
	if (strings_end == strings)
		host_free(strings);
}

void
parameters_parse(const char *json, const ParameterGroup *groups, size_t n_groups)
{
	parse(NULL, json, groups, n_groups, &default_wording);
}

void
parameters_parse_over(const char *defaults, const char *json, const ParameterGroup *groups,
					  size_t n_groups)
{
	parse(defaults, json, groups, n_groups, &default_wording);
}

void
parameters_parse_worded(const char *json, const ParameterGroup *groups, size_t n_groups,
						const ParameterWording *wording)
{
	parse(NULL, json, groups, n_groups, wording);
}

/* Append a list as a JSON array. */
static void
append_list(ByteBuffer *buffer, const IntegerList *list)
{
	for (int i = 0; i < list->length; i++)
		buffer_printf(buffer, "%s%d", i == 0 ? "[" : ", ", list->values[i]);
	buffer_printf(buffer, "]");
}

void
parameters_append_value(ByteBuffer *buffer, const ParameterGroup *group, const ParameterSpec *spec)
{
	const void *field = parameter_field(group, spec);
	const char *string = NULL;

	switch (spec->type)
	{
		case PARAMETER_BOOLEAN:
			buffer_printf(buffer, "%s", *(const bool *) field ? "true" : "false");
			return;
		case PARAMETER_INTEGER:
			buffer_printf(buffer, "%d", *(const int *) field);
			return;
		case PARAMETER_NUMBER:
			buffer_append_json_number(buffer, *(const double *) field);
			return;
		case PARAMETER_CHOICE:
			string = spec->choices[*(const int *) field];
			break;
		case PARAMETER_STRING:
			string = *(const char *const *) field;
			break;
		case PARAMETER_INTEGER_LIST:
			append_list(buffer, field);
			return;
		case PARAMETER_OBJECT:
		case PARAMETER_ARRAY:
			string = *(const char *const *) field;
			buffer_printf(buffer, "%s", string == NULL ? "null" : string);
			return;
	}
	if (string == NULL)
		buffer_printf(buffer, "null");
	else
		buffer_append_json_string(buffer, string, strlen(string));
}

void
parameters_append_json(ByteBuffer *buffer, const ParameterGroup *groups, size_t n_groups)
{
	const char *separator = "";

	buffer_append(buffer, "{", 1);
	for (size_t g = 0; g < n_groups; g++)
	{
		for (size_t i = 0; i < groups[g].n_specs; i++)
		{
			const ParameterSpec *spec = &groups[g].specs[i];

			buffer_printf(buffer, "%s\"%s\": ", separator, spec->name);
			parameters_append_value(buffer, &groups[g], spec);
			separator = ", ";
		}
	}
	buffer_append(buffer, "}", 1);
}

/* Append the range of a number, such as " > 0 and <= 100". */
static void
append_range(ByteBuffer *buffer, const ParameterSpec *spec)
{
	bool has_minimum = isfinite(spec->minimum);

	if (has_minimum)
	{
		buffer_printf(buffer, " %s %.15g", spec->minimum_is_exclusive ? ">" : ">=", spec->minimum);
	}
	if (isfinite(spec->maximum))
		buffer_printf(buffer, "%s <= %.15g", has_minimum ? " and" : "", spec->maximum);
}

void
parameters_append_allowed(ByteBuffer *buffer, const ParameterSpec *spec)
{
	switch (spec->type)
	{
		case PARAMETER_BOOLEAN:
			buffer_printf(buffer, "true or false");
			break;
		case PARAMETER_INTEGER:
			buffer_printf(buffer, "an integer");
			append_range(buffer, spec);
			break;
		case PARAMETER_NUMBER:
			buffer_printf(buffer, "a number");
			append_range(buffer, spec);
			break;
		case PARAMETER_CHOICE:
			buffer_printf(buffer, "one of ");
			for (int i = 0; spec->choices[i] != NULL; i++)
				buffer_printf(buffer, "%s\"%s\"", i > 0 ? ", " : "", spec->choices[i]);
			break;
		case PARAMETER_STRING:
			buffer_printf(buffer, "a string");
			break;
		case PARAMETER_INTEGER_LIST:
			buffer_printf(buffer, "an integer");
			append_range(buffer, spec);
			buffer_printf(buffer, ", or an array of 1 to %d of them", spec->maximum_length);
			break;
		case PARAMETER_OBJECT:
			buffer_printf(buffer, "an object");
			break;
		case PARAMETER_ARRAY:
			buffer_printf(buffer, "an array");
			break;
	}
}
