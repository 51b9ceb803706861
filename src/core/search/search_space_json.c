/*
 * search_space_json.c
 *	  Search spaces and points as JSON.
 *
 * cJSON allocates with malloc, so nothing between json_parse and cJSON_Delete may raise an error: what
 * the text says is copied to memory that was allocated before, and judged when the tree is gone.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/json_document.h"
#include "core/search/search_space.h"

/* Longer texts are a mistake; they are refused before cJSON makes a tree of them. */
#define MAX_JSON_LENGTH (1024 * 1024)

typedef enum WishKind
{
	WISH_NOTHING, /* not to search */
	WISH_CHOICES,
	WISH_RANGE
} WishKind;

typedef enum WishLog
{
	LOG_AS_USUAL,
	LOG_YES,
	LOG_NO
} WishLog;

/* What the text says about one parameter. */
typedef struct Wish
{
	const char *name;
	WishKind kind;
	double low;
	double high;
	WishLog log;
	uint32_t n_choices;
	const char **choices;
	const char *problem; /* NULL: none */
} Wish;

/* All that the text says, and the memory for it. */
typedef struct Wishes
{
	Wish *wishes;
	size_t n_wishes;
	char *strings;        /* the free rest */
	const char **choices; /* the free rest */
	bool is_object;
	bool out_of_memory;
} Wishes;

/* Copy a string to the memory for strings. */
static const char *
keep_string(Wishes *wishes, const char *string)
{
	size_t size = strlen(string) + 1;
	char *kept = wishes->strings;

	memcpy(kept, string, size);
	wishes->strings += size;
	return kept;
}

/* Add a choice to a wish, as JSON text. */
static void
keep_choice(Wishes *wishes, Wish *wish, const cJSON *value)
{
	char *printed;

	/* would be printed as null, which stands for the default */
	if (cJSON_IsNumber(value) && !isfinite(value->valuedouble))
	{
		wish->problem = "a number is too large";
		return;
	}
	printed = cJSON_PrintUnformatted(value);
	if (printed == NULL)
	{
		wishes->out_of_memory = true;
		return;
	}
	wish->choices[wish->n_choices++] = keep_string(wishes, printed);
	wishes->choices++;
	cJSON_free(printed);
}

/* Read a range. */
static void
read_range(Wish *wish, const cJSON *range)
{
	bool has_low = false;
	bool has_high = false;

	wish->kind = WISH_RANGE;
	for (const cJSON *item = range->child; item != NULL; item = item->next)
	{
		if (strcmp(item->string, "low") == 0 && cJSON_IsNumber(item))
		{
			wish->low = item->valuedouble;
			has_low = true;
		}
		else if (strcmp(item->string, "high") == 0 && cJSON_IsNumber(item))
		{
			wish->high = item->valuedouble;
			has_high = true;
		}
		else if (strcmp(item->string, "log") == 0 && cJSON_IsBool(item))
			wish->log = cJSON_IsTrue(item) ? LOG_YES : LOG_NO;
		else
			wish->problem = "a range has the numbers \"low\" and \"high\", and perhaps \"log\", "
							"true or false";
	}
	if (wish->problem == NULL && !(has_low && has_high))
		wish->problem = "a range needs \"low\" and \"high\"";
}

/* Read what is said about one parameter. */
static void
read_wish(Wishes *wishes, const cJSON *item)
{
	Wish *wish = &wishes->wishes[wishes->n_wishes++];

	*wish = (Wish){.name = keep_string(wishes, item->string), .choices = wishes->choices};
	if (cJSON_IsNull(item))
		wish->kind = WISH_NOTHING;
	else if (cJSON_IsObject(item))
		read_range(wish, item);
	else
	{
		wish->kind = WISH_CHOICES;
		if (!cJSON_IsArray(item))
			keep_choice(wishes, wish, item);
		else if (item->child == NULL)
			wish->problem = "there is no value to choose";
		else if (cJSON_GetArraySize(item) > MAX_DIMENSION_CHOICES)
			wish->problem = "there are more than 1000 values to choose from";
		else
		{
			for (const cJSON *value = item->child; value != NULL; value = value->next)
				keep_choice(wishes, wish, value);
		}
	}
}

/*
 * Read all that a text says. A name or value takes two bytes of it at least; a value that is printed
 * anew may have six bytes for one (an escape), or seventeen digits for "1e9".
 */
static void
read_wishes(const char *json, Wishes *wishes)
{
	size_t length = strlen(json);
	cJSON *root;

	if (length > MAX_JSON_LENGTH)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL,
				   "the search space exceeds the limit of %d bytes", MAX_JSON_LENGTH);
	*wishes = (Wishes){.wishes = host_allocate_array(Wish, length / 2 + 1),
					   .strings = host_allocate(8 * (length + 1)),
					   .choices = host_allocate_array(const char *, length / 2 + 1)};
	root = json_parse(json);
	wishes->is_object = cJSON_IsObject(root);
	if (wishes->is_object)
	{
		for (const cJSON *item = root->child; item != NULL; item = item->next)
			read_wish(wishes, item);
	}
	cJSON_Delete(root);
}

/* Raise the error for a wish that cannot be fulfilled. */
static void __attribute__((noreturn)) refuse(const Wish *wish, const char *problem)
{
	host_error(
		HOST_ERROR_INVALID_PARAMETER, NULL,
		"Write {\"name\": [value, value, ...]} for values to choose from, {\"name\": "
		"{\"low\": 0.1, \"high\": 10, \"log\": true}} for a range, or {\"name\": null} to keep "
		"the default.",
		"parameter \"%s\" cannot be searched: %s", wish->name, problem);
}

/* Raise an error unless a parameter may have a value, which is JSON text. */
static void
check_value(const char *name, const char *value, const ParameterGroup *groups, size_t n_groups)
{
	ByteBuffer json = {0};

	buffer_printf(&json, "{");
	buffer_append_json_string(&json, name, strlen(name));
	buffer_printf(&json, ": ");
	buffer_append(&json, value, strlen(value));
	buffer_printf(&json, "}");
	parameters_parse(buffer_c_string(&json), groups, n_groups);
	buffer_reset(&json);
}

/* Raise an error unless a parameter may have a number. */
static void
check_number(const char *name, double number, const ParameterGroup *groups, size_t n_groups)
{
	ByteBuffer json = {0};

	buffer_append_json_number(&json, number);
	check_value(name, buffer_c_string(&json), groups, n_groups);
	buffer_reset(&json);
}

/* The row of a parameter, or NULL. */
static const ParameterSpec *
find_parameter(const char *name, const ParameterGroup *groups, size_t n_groups)
{
	for (size_t g = 0; g < n_groups; g++)
	{
		for (size_t i = 0; i < groups[g].n_specs; i++)
		{
			if (strcmp(groups[g].specs[i].name, name) == 0)
				return &groups[g].specs[i];
		}
	}
	return NULL;
}

/* The dimension of a range. */
static Dimension
range_dimension(const Wish *wish, const ParameterSpec *spec, const ParameterGroup *groups,
				size_t n_groups)
{
	Dimension dimension = {.name = spec->name, .low = wish->low, .high = wish->high};
	bool may_be_log;

	if (spec->type != PARAMETER_NUMBER && spec->type != PARAMETER_INTEGER &&
		spec->type != PARAMETER_INTEGER_LIST)
		refuse(wish, "only numbers have a range");
	check_number(wish->name, wish->low, groups, n_groups);
	check_number(wish->name, wish->high, groups, n_groups);
	dimension.type = spec->type == PARAMETER_NUMBER ? DIMENSION_REAL : DIMENSION_INTEGER;
	may_be_log = wish->low > 0;
	dimension.log_scale =
		wish->log == LOG_YES || (wish->log == LOG_AS_USUAL && spec->log_scale && may_be_log);
	return dimension;
}

/* The dimension of some choices. */
static Dimension
choice_dimension(const Wish *wish, const ParameterSpec *spec, const ParameterGroup *groups,
				 size_t n_groups)
{
	for (uint32_t i = 0; i < wish->n_choices; i++)
		check_value(wish->name, wish->choices[i], groups, n_groups);
	return (Dimension){.name = spec->name,
					   .type = DIMENSION_CHOICE,
					   .n_choices = wish->n_choices,
					   .choices = wish->choices};
}

/* Place of a dimension in the space; its size if it has none of that name. */
static uint32_t
find_dimension(const SearchSpace *space, const char *name)
{
	uint32_t place = 0;

	while (place < space->n_dimensions && strcmp(space->dimensions[place].name, name) != 0)
		place++;
	return place;
}

/* Take a dimension out, if there is one at the place. */
static void
remove_dimension(SearchSpace *space, uint32_t place)
{
	if (place >= space->n_dimensions)
		return;
	space->n_dimensions--;
	memmove(&space->dimensions[place], &space->dimensions[place + 1],
			(space->n_dimensions - place) * sizeof(Dimension));
}

/* Change the space as one wish says. */
static void
apply_wish(const Wish *wish, const ParameterGroup *groups, size_t n_groups, SearchSpace *space)
{
	const ParameterSpec *spec = find_parameter(wish->name, groups, n_groups);
	uint32_t place = find_dimension(space, wish->name);

	/* raises the error for an unknown name */
	check_value(wish->name, "null", groups, n_groups);
	if (wish->problem != NULL)
		refuse(wish, wish->problem);
	if (wish->kind == WISH_NOTHING)
	{
		remove_dimension(space, place);
		return;
	}
	if (place == MAX_DIMENSIONS)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL,
				   "a search has at most %d parameters to choose", MAX_DIMENSIONS);
	space->dimensions[place] = wish->kind == WISH_RANGE
								   ? range_dimension(wish, spec, groups, n_groups)
								   : choice_dimension(wish, spec, groups, n_groups);
	if (place == space->n_dimensions)
		space->n_dimensions++;
}

void
search_space_apply_json(const char *json, const ParameterGroup *groups, size_t n_groups,
						SearchSpace *space)
{
	Wishes wishes;

	read_wishes(json, &wishes);
	if (wishes.out_of_memory)
		json_out_of_memory();
	if (!wishes.is_object)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL,
				   "Write it as {\"parameter\": {\"low\": 0.1, \"high\": 10}, \"other\": [value, "
				   "value], ...}.",
				   "the search space must be a JSON object");
	for (size_t i = 0; i < wishes.n_wishes; i++)
		apply_wish(&wishes.wishes[i], groups, n_groups, space);
	host_free(wishes.wishes);
	search_space_check(space);
}

void
search_space_remove_keys(const char *json, SearchSpace *space)
{
	Wishes wishes;

	read_wishes(json, &wishes);
	for (size_t i = 0; i < wishes.n_wishes; i++)
		remove_dimension(space, find_dimension(space, wishes.wishes[i].name));
	host_free(wishes.wishes);
}

/* Append one end of a range. */
static void
append_end(ByteBuffer *buffer, const Dimension *dimension, double number)
{
	if (dimension->type == DIMENSION_INTEGER)
		buffer_printf(buffer, "%.0f", number);
	else
		buffer_append_json_number(buffer, number);
}

/* Append a dimension's name as a JSON key. */
static void
append_key(ByteBuffer *buffer, const Dimension *dimension, bool is_first)
{
	if (!is_first)
		buffer_printf(buffer, ", ");
	buffer_append_json_string(buffer, dimension->name, strlen(dimension->name));
	buffer_printf(buffer, ": ");
}

void
search_space_append_point(ByteBuffer *buffer, const SearchSpace *space, const double *point)
{
	buffer_printf(buffer, "{");
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		const Dimension *dimension = &space->dimensions[i];

		append_key(buffer, dimension, i == 0);
		if (dimension->type == DIMENSION_CHOICE)
		{
			const char *choice = dimension->choices[(uint32_t) point[i]];

			buffer_append(buffer, choice, strlen(choice));
		}
		else
			append_end(buffer, dimension, point[i]);
	}
	buffer_printf(buffer, "}");
}

/* The index of the choice that is a value, or n_choices. Raises nothing. */
static uint32_t
find_choice(const Dimension *dimension, const cJSON *value)
{
	for (uint32_t i = 0; i < dimension->n_choices; i++)
	{
		cJSON *choice = cJSON_Parse(dimension->choices[i]);
		bool is_same = cJSON_Compare(choice, value, true);

		cJSON_Delete(choice);
		if (is_same)
			return i;
	}
	return dimension->n_choices;
}

/* Find the place of a value in a dimension; false if it has not that value. Raises nothing. */
static bool
find_value(const Dimension *dimension, const cJSON *value, double *place)
{
	if (dimension->type == DIMENSION_CHOICE)
	{
		uint32_t choice = find_choice(dimension, value);

		*place = choice;
		return choice < dimension->n_choices;
	}
	/* a list of one number is what the number stands for */
	if (cJSON_GetArraySize(value) == 1 && cJSON_IsArray(value))
		value = value->child;
	if (!cJSON_IsNumber(value))
		return false;
	*place = value->valuedouble;
	return *place >= dimension->low && *place <= dimension->high &&
		   (dimension->type != DIMENSION_INTEGER || *place == rint(*place));
}

const char *
search_space_find_point(const SearchSpace *space, const char *json, double *point)
{
	cJSON *object = json_parse(json);
	const char *outside = NULL;

	for (uint32_t i = 0; i < space->n_dimensions && outside == NULL; i++)
	{
		const Dimension *dimension = &space->dimensions[i];

		if (!find_value(dimension, cJSON_GetObjectItemCaseSensitive(object, dimension->name),
						&point[i]))
			outside = dimension->name;
	}
	cJSON_Delete(object);
	return outside;
}

/* Append the choices of a dimension as a JSON array. */
static void
append_choices(ByteBuffer *buffer, const Dimension *dimension)
{
	buffer_printf(buffer, "[");
	for (uint32_t i = 0; i < dimension->n_choices; i++)
	{
		buffer_printf(buffer, "%s", i == 0 ? "" : ", ");
		buffer_append(buffer, dimension->choices[i], strlen(dimension->choices[i]));
	}
	buffer_printf(buffer, "]");
}

/* Append a range as a JSON object. */
static void
append_range(ByteBuffer *buffer, const Dimension *dimension)
{
	buffer_printf(buffer, "{\"low\": ");
	append_end(buffer, dimension, dimension->low);
	buffer_printf(buffer, ", \"high\": ");
	append_end(buffer, dimension, dimension->high);
	buffer_printf(buffer, ", \"log\": %s}", dimension->log_scale ? "true" : "false");
}

void
search_space_append_json(ByteBuffer *buffer, const SearchSpace *space)
{
	buffer_printf(buffer, "{");
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		append_key(buffer, &space->dimensions[i], i == 0);
		if (space->dimensions[i].type == DIMENSION_CHOICE)
			append_choices(buffer, &space->dimensions[i]);
		else
			append_range(buffer, &space->dimensions[i]);
	}
	buffer_printf(buffer, "}");
}
