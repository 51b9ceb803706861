/*
 * contract.c
 *	  A data contract: what the rows that a model learns from must be like.
 *
 * Keys that hold a single value are read by parameters.c. Those that hold columns or labels are walked
 * here: as there, nothing is raised while cJSON's tree exists, so arrays of the largest size are made
 * first, and what is wrong is noted.
 */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/host.h"
#include "core/json_document.h"
#include "core/labels.h"
#include "core/validation/contract.h"

const char *const severity_names[] = {"error", "warning", "info", "off", NULL};

const char *const column_family_names[] = {"any",      "text", "number", "integer", "boolean",
										   "datetime", "enum", "json",   NULL};

/* A share of rows that is allowed. */
#define SHARE(key, field, allowed, text)                                            \
	{                                                                               \
		.name = key, .type = PARAMETER_NUMBER, .offset = offsetof(Contract, field), \
		.default_json = allowed, .minimum = 0, .maximum = 1, .meaning = text        \
	}

/* A number of rows or characters. */
#define COUNT(key, field, allowed, text)                                             \
	{                                                                                \
		.name = key, .type = PARAMETER_INTEGER, .offset = offsetof(Contract, field), \
		.default_json = allowed, .minimum = 0, .maximum = INT_MAX, .meaning = text   \
	}

const ParameterSpec contract_parameters[] = {
	{.name = "text_column",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(Contract, text_column),
	 .default_json = "\"text\"",
	 .meaning = "Column of the texts"},
	{.name = "label_column",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(Contract, label_column),
	 .default_json = "\"label\"",
	 .meaning = "Column of the labels; an empty string for rows without labels"},
	{.name = "columns",
	 .type = PARAMETER_OBJECT,
	 .offset = offsetof(Contract, columns_json),
	 .default_json = "null",
	 .meaning = "Required columns and their types: {\"column\": \"any\", \"text\", \"number\", "
				"\"integer\", \"boolean\", \"datetime\", \"enum\" or \"json\"}"},
	{.name = "ranges",
	 .type = PARAMETER_OBJECT,
	 .offset = offsetof(Contract, ranges_json),
	 .default_json = "null",
	 .meaning = "Columns of numbers: {\"column\": {\"min\": , \"max\": , \"max_outside_share\": , "
				"\"max_null_share\": }}"},
	{.name = "labels",
	 .type = PARAMETER_ARRAY,
	 .offset = offsetof(Contract, labels_json),
	 .default_json = "null",
	 .meaning = "Labels that are allowed, as strings"},
	COUNT("min_rows", min_rows, "1", "Fewest rows"),
	COUNT("min_text_length", min_text_length, "0", "Fewest characters of a text"),
	COUNT("max_text_length", max_text_length, "2147483647", "Most characters of a text"),
	COUNT("min_rows_per_class", min_rows_per_class, "0",
		  "Fewest rows of each label, of the allowed ones too if they are named"),
	SHARE("min_class_share", min_class_share, "0",
		  "Smallest share of a label in the labelled rows"),
	SHARE("max_class_share", max_class_share, "1", "Largest share of a label in the labelled rows"),
	SHARE("max_null_text_share", max_null_text_share, "1", "Largest share of rows without a text"),
	SHARE("max_null_label_share", max_null_label_share, "1",
		  "Largest share of rows without a label"),
	SHARE("max_blank_share", max_blank_share, "1",
		  "Largest share of texts of nothing but white space"),
	SHARE("max_length_violation_share", max_length_violation_share, "0",
		  "Largest share of texts shorter than min_text_length, and of those longer than "
		  "max_text_length"),
	SHARE("max_unknown_label_share", max_unknown_label_share, "0",
		  "Largest share of rows with a label that is not allowed"),
	SHARE("max_duplicate_share", max_duplicate_share, "1",
		  "Largest share of rows whose text stood in another row before"),
	SHARE("max_near_duplicate_share", max_near_duplicate_share, "0.1",
		  "Largest share of rows whose text is almost another one"),
	{.name = "near_duplicate_similarity",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Contract, near_duplicate_similarity),
	 .default_json = "0.8",
	 .minimum = 0.5,
	 .maximum = 1,
	 .meaning = "Jaccard similarity from which on two texts count as almost the same"},
	SHARE("max_label_conflict_share", max_label_conflict_share, "0",
		  "Largest share of rows whose text stands elsewhere with another label"),
	SHARE("max_label_error_share", max_label_error_share, "0.05",
		  "Largest share of held-out rows whose label a confident model contradicts"),
	SHARE("max_outlier_share", max_outlier_share, "0.01",
		  "Largest share of rows with an outlying length, rate or number"),
	{.name = "outlier_z",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Contract, outlier_z),
	 .default_json = "5",
	 .minimum = 1,
	 .maximum = 1000,
	 .meaning = "Robust z-score beyond which a value is outlying"},
	SHARE("max_encoding_damage_share", max_encoding_damage_share, "0",
		  "Largest share of rows with damage of one kind to their characters"),
	SHARE("max_html_share", max_html_share, "1", "Largest share of texts with remnants of HTML"),
	{.name = "severity",
	 .type = PARAMETER_OBJECT,
	 .offset = offsetof(Contract, severity_json),
	 .default_json = "null",
	 .meaning = "Severity of checks: {\"check\": \"error\", \"warning\", \"info\" or \"off\"}"},
};
const size_t n_contract_parameters = sizeof(contract_parameters) / sizeof(contract_parameters[0]);

const ParameterSpec contract_range_parameters[] = {
	{.name = "min",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(ContractRange, minimum),
	 .default_json = "-inf",
	 .minimum = -DBL_MAX,
	 .maximum = DBL_MAX,
	 .meaning = "Smallest number"},
	{.name = "max",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(ContractRange, maximum),
	 .default_json = "inf",
	 .minimum = -DBL_MAX,
	 .maximum = DBL_MAX,
	 .meaning = "Largest number"},
	{.name = "max_outside_share",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(ContractRange, max_outside_share),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Largest share of numbers outside of min and max, NaN and infinity included"},
	{.name = "max_null_share",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(ContractRange, max_null_share),
	 .default_json = "1",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Largest share of rows without a number"},
};
const size_t n_contract_range_parameters =
	sizeof(contract_range_parameters) / sizeof(contract_range_parameters[0]);

/* A check: its name, its severity if the contract says nothing, its meaning. */
#define CHECK(number, key, severity, text)                                         \
	[number] = {.name = key,                                                       \
				.type = PARAMETER_CHOICE,                                          \
				.offset = offsetof(Contract, severities) + (number) * sizeof(int), \
				.default_json = "\"" severity "\"",                                \
				.choices = severity_names,                                         \
				.meaning = text}

const ParameterSpec contract_checks[] = {
	CHECK(CHECK_COLUMN_MISSING, "column_missing", "error", "A required column is not there"),
	CHECK(CHECK_COLUMN_TYPE, "column_type", "error", "A column has another type"),
	CHECK(CHECK_ROWS, "rows", "error", "There are fewer rows than min_rows"),
	CHECK(CHECK_NULL_TEXT, "null_text", "error", "The text is NULL"),
	CHECK(CHECK_BLANK_TEXT, "blank_text", "error", "The text is empty or white space"),
	CHECK(CHECK_TEXT_TOO_SHORT, "text_too_short", "error",
		  "The text has fewer characters than min_text_length"),
	CHECK(CHECK_TEXT_TOO_LONG, "text_too_long", "error",
		  "The text has more characters than max_text_length"),
	CHECK(CHECK_NULL_LABEL, "null_label", "error", "The label is NULL"),
	CHECK(CHECK_UNKNOWN_LABEL, "unknown_label", "error", "The label is not one of labels"),
	CHECK(CHECK_LABEL_UNUSABLE, "label_unusable", "error",
		  "The column of labels cannot be one: a label of more than 1024 bytes or not in UTF-8, or "
		  "more than 10000 labels"),
	CHECK(CHECK_NEAR_EQUAL_LABELS, "near_equal_labels", "warning",
		  "Labels differ only in case, in white space or in the form of their characters"),
	CHECK(CHECK_CLASS_ROWS, "class_rows", "error",
		  "A label has fewer rows than min_rows_per_class"),
	CHECK(CHECK_CLASS_BALANCE, "class_balance", "error",
		  "A label's share is below min_class_share or above max_class_share"),
	CHECK(CHECK_NULL_NUMBER, "null_number", "error", "A number of ranges is NULL"),
	CHECK(CHECK_NUMBER_RANGE, "number_range", "error",
		  "A number lies outside of its range, or is NaN or infinite"),
	CHECK(CHECK_DUPLICATE_TEXT, "duplicate_text", "error", "The text stood in another row before"),
	CHECK(CHECK_NEAR_DUPLICATE_TEXT, "near_duplicate_text", "warning",
		  "The text is almost that of another row"),
	CHECK(CHECK_LABEL_CONFLICT, "label_conflict", "warning",
		  "The same text has another label elsewhere"),
	CHECK(
		CHECK_LABEL_ERROR, "label_error", "warning",
		"The deployed model contradicts the label with confidence, on a row that it has not seen"),
	CHECK(CHECK_OUTLYING_LENGTH, "outlying_length", "warning",
		  "The length of the text is outlying"),
	CHECK(CHECK_OUTLYING_RATE, "outlying_rate", "info",
		  "A rate of the text (capitals, digits, punctuation, word length) is outlying"),
	CHECK(CHECK_OUTLYING_NUMBER, "outlying_number", "info", "A number of ranges is outlying"),
	CHECK(CHECK_INVALID_ENCODING, "invalid_encoding", "warning", "The text is not valid UTF-8"),
	CHECK(CHECK_REPLACEMENT_CHARACTER, "replacement_character", "warning",
		  "The text has the character U+FFFD, which stands for lost ones"),
	CHECK(CHECK_CONTROL_CHARACTER, "control_character", "warning",
		  "The text has control characters besides tab and line ends"),
	CHECK(CHECK_MOJIBAKE, "mojibake", "warning",
		  "The text has UTF-8 that was read as Latin-1 or Windows-1252"),
	CHECK(CHECK_DOUBLE_ENCODING, "double_encoding", "warning", "The same, twice over"),
	CHECK(CHECK_LONE_SURROGATE, "lone_surrogate", "warning",
		  "The text has halves of characters: surrogates as bytes (CESU-8) or as \\ud83d"),
	CHECK(CHECK_HTML, "html", "info", "The text has HTML tags or character references"),
	CHECK(CHECK_SPLIT_LABELS, "split_labels", "warning",
		  "The labels of the held-out rows are distributed otherwise than the others'"),
	CHECK(CHECK_SPLIT_LENGTH, "split_length", "warning",
		  "The lengths of the held-out texts are distributed otherwise than the others'"),
};

_Static_assert(sizeof(contract_checks) / sizeof(contract_checks[0]) == N_CONTRACT_CHECKS,
			   "a check has no row");

/* Room for a part of the contract in a message. */
#define PLACE_SIZE 160

/* What is wrong with a part that is walked here; the message is empty if nothing is. */
typedef struct ContractProblem
{
	char message[400];
	char detail[400];
	bool out_of_memory;
} ContractProblem;

/* The wording of messages about the keys of a part of the contract. */
static ParameterWording
wording_of(char place[PLACE_SIZE], const char *key, const char *member)
{
	if (member != NULL)
		snprintf(place, PLACE_SIZE, " of \"%s\" in \"%s\" of the contract", member, key);
	else
		snprintf(place, PLACE_SIZE, " in \"%s\" of the contract", key);
	return (ParameterWording){"key", place};
}

/* Raise the error for what was noted. */
static void
raise_problem(const ContractProblem *problem)
{
	if (problem->out_of_memory)
		json_out_of_memory();
	if (problem->message[0] != '\0')
		host_error(HOST_ERROR_INVALID_PARAMETER,
				   problem->detail[0] == '\0' ? NULL : problem->detail, NULL, "%s",
				   problem->message);
}

/* Bytes of a string that fit into a message, cut between characters. */
static int
shown_length(const char *string)
{
	size_t length = strlen(string);

	if (length > 63)
	{
		length = 63;
		while (length > 0 && ((unsigned char) string[length] & 0xc0) == 0x80)
			length--;
	}
	return (int) length;
}

/* Note that a key of a part is empty or stands there twice; answers whether it is fine. */
static bool
check_member_key(const cJSON *parent, const cJSON *item, const char *part, ContractProblem *problem)
{
	if (item->string[0] == '\0')
		snprintf(problem->message, sizeof(problem->message),
				 "an empty name in \"%s\" of the contract", part);
	for (const cJSON *other = parent->child; other != item; other = other->next)
	{
		if (strcmp(other->string, item->string) == 0)
			snprintf(problem->message, sizeof(problem->message),
					 "key \"%.*s\" in \"%s\" of the contract is given twice",
					 shown_length(item->string), item->string, part);
	}
	return problem->message[0] == '\0';
}

/* Copy a string to where *strings is, which moves on. */
static const char *
keep_string(const char *string, char **strings)
{
	size_t size = strlen(string) + 1;
	char *copy = memcpy(*strings, string, size);

	*strings += size;
	return copy;
}

/* The family of a name, or -1. */
static int
find_family(const cJSON *value)
{
	for (int i = 0; cJSON_IsString(value) && column_family_names[i] != NULL; i++)
	{
		if (strcmp(column_family_names[i], value->valuestring) == 0)
			return i;
	}
	return -1;
}

/* Note that a part has too many members. */
static void
note_too_many(ContractProblem *problem, const char *part, int limit)
{
	snprintf(problem->message, sizeof(problem->message),
			 "too many entries in \"%s\" of the contract", part);
	snprintf(problem->detail, sizeof(problem->detail), "At most %d are allowed.", limit);
}

/* Walk the required columns. Raises nothing. */
static void
walk_columns(const cJSON *root, Contract *contract, char **strings, ContractProblem *problem)
{
	for (const cJSON *item = root->child; item != NULL && problem->message[0] == '\0';
		 item = item->next)
	{
		int family = find_family(item);

		if (!check_member_key(root, item, "columns", problem))
			return;
		if (contract->n_columns == MAX_CONTRACT_COLUMNS)
		{
			note_too_many(problem, "columns", MAX_CONTRACT_COLUMNS);
			return;
		}
		if (family < 0)
		{
			snprintf(problem->message, sizeof(problem->message),
					 "invalid type of column \"%.*s\" in \"columns\" of the contract",
					 shown_length(item->string), item->string);
			snprintf(problem->detail, sizeof(problem->detail),
					 "It must be one of \"any\", \"text\", \"number\", \"integer\", \"boolean\", "
					 "\"datetime\", \"enum\", \"json\".");
			return;
		}
		contract->columns[contract->n_columns++] =
			(ContractColumn){keep_string(item->string, strings), (ColumnFamily) family};
	}
}

/* Walk the allowed labels. Raises nothing. */
static void
walk_labels(const cJSON *root, Contract *contract, char **strings, ContractProblem *problem)
{
	for (const cJSON *item = root->child; item != NULL; item = item->next)
	{
		if (contract->n_labels == MAX_CONTRACT_LABELS)
		{
			note_too_many(problem, "labels", MAX_CONTRACT_LABELS);
			return;
		}
		if (!cJSON_IsString(item) || strlen(item->valuestring) > MAX_LABEL_LENGTH)
		{
			snprintf(problem->message, sizeof(problem->message),
					 "invalid label in \"labels\" of the contract");
			snprintf(problem->detail, sizeof(problem->detail),
					 "A label must be a string of at most %d bytes, also if it is a number: \"1\".",
					 MAX_LABEL_LENGTH);
			return;
		}
		if (contract_allows_label(contract, item->valuestring, strlen(item->valuestring)) &&
			contract->n_labels > 0)
		{
			snprintf(problem->message, sizeof(problem->message),
					 "label \"%.*s\" stands in \"labels\" of the contract twice",
					 shown_length(item->valuestring), item->valuestring);
			return;
		}
		contract->labels[contract->n_labels++] = keep_string(item->valuestring, strings);
	}
	if (contract->n_labels == 0)
		snprintf(problem->message, sizeof(problem->message), "\"labels\" of the contract is empty");
}

/* Find the next range of a contract: its column, and the JSON text of what it says. Raises nothing. */
static void
walk_ranges(const cJSON *root, Contract *contract, const char **texts, char **strings,
			ContractProblem *problem)
{
	for (const cJSON *item = root->child; item != NULL; item = item->next)
	{
		char *printed;

		if (!check_member_key(root, item, "ranges", problem))
			return;
		if (contract->n_ranges == MAX_CONTRACT_RANGES)
		{
			note_too_many(problem, "ranges", MAX_CONTRACT_RANGES);
			return;
		}
		if (!cJSON_IsObject(item))
		{
			snprintf(problem->message, sizeof(problem->message),
					 "invalid value of column \"%.*s\" in \"ranges\" of the contract",
					 shown_length(item->string), item->string);
			snprintf(problem->detail, sizeof(problem->detail),
					 "It must be an object, such as {\"min\": 0, \"max\": 100}.");
			return;
		}
		printed = cJSON_PrintUnformatted(item);
		if (printed == NULL)
		{
			problem->out_of_memory = true;
			return;
		}
		texts[contract->n_ranges] = keep_string(printed, strings);
		cJSON_free(printed);
		contract->ranges[contract->n_ranges++].column = keep_string(item->string, strings);
	}
}

/* Walk the parts that hold columns and labels. texts: (MAX_CONTRACT_RANGES) */
static void
walk_parts(Contract *contract, const char **texts, char *strings)
{
	ContractProblem problem = {.message = ""};
	cJSON *root;

	if (contract->columns_json != NULL && (root = json_parse(contract->columns_json)) != NULL)
	{
		walk_columns(root, contract, &strings, &problem);
		cJSON_Delete(root);
	}
	raise_problem(&problem);
	if (contract->labels_json != NULL && (root = json_parse(contract->labels_json)) != NULL)
	{
		walk_labels(root, contract, &strings, &problem);
		cJSON_Delete(root);
	}
	raise_problem(&problem);
	if (contract->ranges_json != NULL && (root = json_parse(contract->ranges_json)) != NULL)
	{
		walk_ranges(root, contract, texts, &strings, &problem);
		cJSON_Delete(root);
	}
	raise_problem(&problem);
}

/* Read what a range says. */
static void
parse_range(ContractRange *range, const char *json)
{
	const char *column = range->column;
	ParameterGroup group = {contract_range_parameters, n_contract_range_parameters, range};
	char place[PLACE_SIZE];
	char name[64];
	ParameterWording wording;

	snprintf(name, sizeof(name), "%.*s", shown_length(column), column);
	wording = wording_of(place, "ranges", name);
	parameters_parse_worded(json, &group, 1, &wording);
	range->column = column;
	if (range->minimum > range->maximum)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL, "\"min\" is greater than \"max\"%s",
				   place);
}

/* Refuse limits that no data can keep. */
static void
check_limits(const Contract *contract)
{
	if (contract->text_column[0] == '\0')
		host_error(HOST_ERROR_INVALID_PARAMETER, "It must be the name of a column.", NULL,
				   "invalid value for key \"text_column\" of the contract: \"\"");
	if (strcmp(contract->text_column, contract->label_column) == 0)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL,
				   "\"text_column\" and \"label_column\" of the contract are the same");
	if (contract->min_text_length > contract->max_text_length)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL,
				   "\"min_text_length\" of the contract is greater than \"max_text_length\"");
	if (contract->min_class_share > contract->max_class_share)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL,
				   "\"min_class_share\" of the contract is greater than \"max_class_share\"");
	if (contract->n_labels > 0 && contract->min_class_share * contract->n_labels > 1 + 1e-9)
		host_error(HOST_ERROR_INVALID_PARAMETER,
				   "The shares of all labels would be more than the whole.", NULL,
				   "\"min_class_share\" of the contract is too large for %u labels",
				   contract->n_labels);
	if (contract->label_column[0] == '\0' &&
		(contract->n_labels > 0 || contract->min_rows_per_class > 0 ||
		 contract->min_class_share > 0 || contract->max_class_share < 1))
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL,
				   "Name the column of the labels, or leave out what is said of labels.",
				   "the contract is for rows without labels, but says what they must be");
}

void
contract_parse(const char *json, Contract *contract)
{
	static const ParameterWording wording = {"key", " of the contract"};
	ParameterGroup group = {contract_parameters, n_contract_parameters, contract};
	ParameterGroup checks = {contract_checks, N_CONTRACT_CHECKS, contract};
	const char *texts[MAX_CONTRACT_RANGES];
	ParameterWording severity_wording;
	char place[PLACE_SIZE];

	memset(contract, 0, sizeof(*contract));
	if (strlen(json) > MAX_CONTRACT_LENGTH)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL,
				   "the contract exceeds the limit of %d bytes", MAX_CONTRACT_LENGTH);
	parameters_parse_worded(json, &group, 1, &wording);
	contract->columns = host_allocate_array(ContractColumn, MAX_CONTRACT_COLUMNS);
	contract->ranges = host_allocate_zero_array(ContractRange, MAX_CONTRACT_RANGES);
	contract->labels = host_allocate_array(const char *, MAX_CONTRACT_LABELS);
	/* ranges are printed anew, see parameters.c */
	walk_parts(contract, texts, host_allocate(16 * (strlen(json) + 1)));
	for (uint32_t i = 0; i < contract->n_ranges; i++)
		parse_range(&contract->ranges[i], texts[i]);
	severity_wording = wording_of(place, "severity", NULL);
	parameters_parse_worded(contract->severity_json == NULL ? "{}" : contract->severity_json,
							&checks, 1, &severity_wording);
	check_limits(contract);
}

bool
contract_allows_label(const Contract *contract, const char *label, size_t length)
{
	for (uint32_t i = 0; i < contract->n_labels; i++)
	{
		if (strlen(contract->labels[i]) == length &&
			memcmp(contract->labels[i], label, length) == 0)
			return true;
	}
	return contract->n_labels == 0;
}
