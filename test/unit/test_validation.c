/*
 * test_validation.c
 *	  Data contracts: the JSON, robust statistics against numpy and scipy, near duplicates against exact
 *	  Jaccard similarities, damage to texts, and that a state depends on its rows alone.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "core/hash.h"
#include "core/validation/contract_suggestion.h"
#include "core/validation/robust_statistics.h"
#include "core/validation/validation_report.h"
#include "host.h"
#include "validation_fixture.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Whether two numbers differ by a tolerance at most. */
#define assert_near(number, expected, tolerance) \
	assert_true(fabs((number) - (expected)) <= (tolerance))

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

/* A histogram of numbers. */
static Histogram *
histogram_of(const double *values, size_t n_values)
{
	Histogram *histogram = host_allocate_zero(sizeof(Histogram));

	for (size_t i = 0; i < n_values; i++)
		histogram_add(histogram, values[i]);
	return histogram;
}

/* Compare with center, MAD, spread and number of outlying values. */
static void
check_robust(const double *values, size_t n_values, const double *expected, bool of_logarithms)
{
	Histogram *histogram = histogram_of(values, n_values);
	RobustStatistics statistics = robust_statistics(histogram, of_logarithms, 5);

	assert_near(statistics.center, expected[0], 1e-12);
	assert_near(robust_mad(histogram, of_logarithms), expected[1], 1e-12);
	assert_near(statistics.spread, expected[2], 1e-12);
	assert_int_equal(statistics.n_outlying, (int) expected[3]);
}

static void
test_robust_statistics(void **state)
{
	(void) state;
	check_robust(lengths_values, N_ELEMENTS(lengths_values), lengths_expected, true);
	check_robust(rates_values, N_ELEMENTS(rates_values), rates_expected, false);
	check_robust(numbers_values, N_ELEMENTS(numbers_values), numbers_expected, false);
	check_robust(equal_values, N_ELEMENTS(equal_values), equal_expected, false);
	/* the cases differ */
	assert_true(numbers_expected[3] >= 3);
	assert_true(rates_expected[1] == 0 && rates_expected[2] > 0);
	assert_true(equal_expected[2] == 0);
	assert_true(isnan(robust_mad(histogram_of(NULL, 0), false)));
	assert_int_equal(robust_statistics(histogram_of(NULL, 0), true, 5).n_outlying, 0);
}

/* Many distinct numbers: cells stand for them, and the figures stay near. */
static void
test_robust_statistics_of_cells(void **state)
{
	Histogram *histogram = host_allocate_zero(sizeof(Histogram));
	RobustStatistics statistics;

	(void) state;
	for (uint64_t i = 0; i < 100000; i++)
		histogram_add(histogram, 100 + (double) (hash_mix(i + 1) >> 11) * 0x1p-53 * 50);
	assert_false(histogram_is_exact(histogram));
	statistics = robust_statistics(histogram, false, 5);
	/* uniform on [100, 150]: median 125, MAD 12.5 */
	assert_near(statistics.median, 125, 0.3);
	assert_near(robust_mad(histogram, false), 12.5, 0.3);
	assert_int_equal(statistics.n_outlying, 0);
}

/* The sketch of a text. */
static void
sketch_of(Tokenizer *tokenizer, const char *text, uint8_t *sketch)
{
	Shingles *shingles = host_allocate(sizeof(Shingles));

	shingles_find(tokenizer, text, strlen(text), shingles);
	assert_true(shingles->n_shingles > 0);
	shingles_sketch(shingles, sketch);
	host_free(shingles);
}

/* Estimates are near the exact similarity, and centred on it. */
static void
test_sketches_estimate_jaccard(void **state)
{
	Tokenizer *tokenizer = shingles_tokenizer();
	double sum = 0;
	double squares = 0;

	(void) state;
	for (size_t i = 0; i < N_ELEMENTS(text_pairs); i++)
	{
		uint8_t first[SKETCH_SIZE];
		uint8_t second[SKETCH_SIZE];
		double error;

		sketch_of(tokenizer, text_pairs[i].first, first);
		sketch_of(tokenizer, text_pairs[i].second, second);
		error = sketch_similarity(first, second) - text_pairs[i].jaccard;
		sum += error;
		squares += error * error;
		assert_true(text_pairs[i].jaccard < 1 || error == 0);
	}
	assert_near(sum / N_ELEMENTS(text_pairs), 0, 0.01);
	assert_true(sqrt(squares / N_ELEMENTS(text_pairs)) < 1.0 / 16);
}

/* Add a row with a text and a label. */
static void
add_row(Validation *validation, const char *text, const char *label)
{
	ValidationRow row = {.text = text,
						 .text_length = text == NULL ? 0 : strlen(text),
						 .label = label,
						 .label_length = label == NULL ? 0 : strlen(label)};

	validation_add(validation, &row);
}

/* A validation by a contract. */
static Validation *
new_validation(const char *contract)
{
	Validation *validation = host_allocate_zero(sizeof(Validation));
	ByteBuffer json = {0};

	buffer_printf(&json, "{\"contract\": %s, \"split_seed\": \"7\", \"holdout\": 0.2}", contract);
	validation_set_options(validation, buffer_c_string(&json));
	return validation;
}

/* The finding of a check, or NULL. */
static const Finding *
find_finding(const Validation *validation, ContractCheck check)
{
	Findings *findings = host_allocate_zero(sizeof(Findings));

	validation_report(validation, &validation->options.contract, NULL, findings);
	for (uint32_t i = 0; i < findings->n_findings; i++)
	{
		if (findings->findings[i].check == check)
			return &findings->findings[i];
	}
	return NULL;
}

/*
 * Recall and precision of the search for near duplicates, against exact similarities: of texts that have a
 * partner of 0.9 and more nearly all are found, and none below 0.6.
 */
static void
test_near_duplicates(void **state)
{
	unsigned n_similar = 0;
	unsigned n_found = 0;
	unsigned n_different = 0;
	unsigned n_wrong = 0;

	(void) state;
	for (size_t i = 0; i < N_ELEMENTS(text_pairs); i++)
	{
		Validation *validation = new_validation("{}");
		const Finding *finding;
		double jaccard = text_pairs[i].jaccard;

		if (jaccard == 1)
			continue;
		add_row(validation, text_pairs[i].first, "a");
		add_row(validation, text_pairs[i].second, "b");
		finding = find_finding(validation, CHECK_NEAR_DUPLICATE_TEXT);
		n_similar += jaccard >= 0.9;
		n_found += jaccard >= 0.9 && finding != NULL && finding->n_rows == 2;
		n_different += jaccard < 0.6;
		n_wrong += jaccard < 0.6 && finding != NULL;
		test_host_free_all();
	}
	assert_true(n_similar >= 30 && n_different >= 100);
	assert_true(n_found >= 0.97 * n_similar);
	assert_int_equal(n_wrong, 0);
}

static void
test_damage(void **state)
{
	static const struct
	{
		const char *text;
		unsigned expected;
	} cases[] = {
		{"a plain text, with (marks) and 1 < 2 > 0 & so on; tab\t and line\r\n", 0},
		{"caf\xc3\xa9 na\xc3\xafve \xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x80\x93 100 \xe2\x82\xac "
		 "\xf0\x9f\x98\x80 \xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
		 0},
		/* Portuguese capitals before quotation marks and an ellipsis; French guillemets */
		{"MA\xc3\x87\xc3\x83\xc2\xbb e MANH\xc3\x83\xe2\x80\xa6 e IRM\xc3\x83\xe2\x80\x9d "
		 "\xc2\xab\xc3\x89\xc2\xbb",
		 0},
		/* UTF-8 read as Windows-1252 or Latin-1: é, ’, £, no-break space, ñ before a letter */
		{"caf\xc3\x83\xc2\xa9", DAMAGE_MOJIBAKE},
		{"it\xc3\xa2\xe2\x82\xac\xe2\x84\xa2s", DAMAGE_MOJIBAKE},
		{"\xc3\x82\xc2\xa3"
		 "5",
		 DAMAGE_MOJIBAKE},
		{"ni\xc3\x83\xc2\xb1o", DAMAGE_MOJIBAKE},
		/* привет read as Windows-1252 */
		{"\xc3\x90\xc2\xbf\xc3\x91\xe2\x82\xac\xc3\x90\xc2\xb8", DAMAGE_MOJIBAKE},
		/* é read wrongly twice */
		{"caf\xc3\x83\xc6\x92\xc3\x82\xc2\xa9", DAMAGE_MOJIBAKE | DAMAGE_DOUBLE_ENCODED},
		{"lost \xef\xbf\xbd here", DAMAGE_REPLACEMENT},
		{"bell\x07", DAMAGE_CONTROL},
		{"next\xc2\x85line", DAMAGE_CONTROL},
		{"deleted\x7f", DAMAGE_CONTROL},
		{"broken \xff byte", DAMAGE_INVALID},
		{"cut \xe2\x82", DAMAGE_INVALID},
		{"cesu \xed\xa0\xbd\xed\xb8\x80", DAMAGE_INVALID | DAMAGE_SURROGATE},
		{"escaped \\ud83d half", DAMAGE_SURROGATE},
		{"path\\users\\data", 0},
		{"one<br/>two", DAMAGE_HTML},
		{"<a href='x'>y</a>", DAMAGE_HTML},
		{"Tom &amp; Jerry", DAMAGE_HTML},
		{"it&#39;s", DAMAGE_HTML},
		{"AT&T; and <3 and a<b", 0},
	};

	(void) state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
	{
		/* at every offset of a block of sixteen bytes */
		for (size_t padding = 0; padding < 18; padding++)
		{
			char text[256];

			memset(text, 'x', sizeof(text));
			text[padding == 0 ? 0 : padding - 1] = ' ';
			strcpy(text + padding, cases[i].text);
			if (text_damage_find(text, strlen(text)) != cases[i].expected)
				fail_msg("case %zu at %zu: %u", i, padding, text_damage_find(text, strlen(text)));
		}
	}
}

/* A row of many, as a function of its number. */
static void
add_made_row(Validation *validation, uint64_t i, uint64_t n_distinct)
{
	uint64_t h = hash_mix(i % n_distinct + 1);
	char text[200];
	char label[16];
	double numbers[1] = {(double) (hash_mix(i) % 1000)};
	bool is_null[1] = {i % 17 == 0};
	ValidationRow row = {.text = i % 29 == 0 ? NULL : text,
						 .label = i % 31 == 0 ? NULL : label,
						 .numbers = numbers,
						 .is_null = is_null};

	snprintf(text, sizeof(text), "Text %llu of %s with %llu words%s",
			 (unsigned long long) (h % 100000), h % 3 ? "a kind" : "KINDS",
			 (unsigned long long) (h >> 40), h % 5 == 0 ? "!!! caf\xc3\x83\xc2\xa9 <br>" : "");
	snprintf(label, sizeof(label), "label %llu", (unsigned long long) (hash_mix(i) % 7));
	row.text_length = strlen(text);
	row.label_length = strlen(label);
	validation_add(validation, &row);
}

/* The flat form. */
static char *
flat_form(const Validation *validation, size_t *length)
{
	char *bytes;

	*length = validation_flat_size(validation);
	bytes = host_allocate(*length);
	validation_flatten(validation, bytes);
	return bytes;
}

/* In order, backwards, and in parts merged either way: the same bytes; which read back as they are. */
static void
check_order(uint64_t n_rows, uint64_t n_distinct)
{
	const char *contract =
		"{\"ranges\": {\"x\": {\"min\": 10, \"max\": 900}}, \"max_text_length\": 40}";
	Validation *validations[4];
	Validation *again = host_allocate_zero(sizeof(Validation));
	Validation *part = new_validation(contract);
	size_t length;
	char *bytes;

	for (unsigned v = 0; v < 4; v++)
		validations[v] = new_validation(contract);
	for (uint64_t i = 0; i < n_rows; i++)
	{
		add_made_row(validations[0], i, n_distinct);
		add_made_row(validations[1], n_rows - 1 - i, n_distinct);
		add_made_row(i % 3 == 0 ? part : validations[2], i, n_distinct);
	}
	validation_merge(validations[3], part);
	validation_merge(validations[3], validations[2]);
	validation_merge(validations[2], part);
	bytes = flat_form(validations[0], &length);
	for (unsigned v = 1; v < 4; v++)
	{
		size_t other_length;
		char *other = flat_form(validations[v], &other_length);

		assert_int_equal(other_length, length);
		assert_memory_equal(other, bytes, length);
	}
	validation_unflatten(again, bytes, length);
	{
		size_t again_length;
		char *again_bytes = flat_form(again, &again_length);

		assert_int_equal(again_length, length);
		assert_memory_equal(again_bytes, bytes, length);
	}
}

static void
test_order_of_rows(void **state)
{
	(void) state;
	check_order(300, 100);
	test_host_free_all();
	/* more distinct texts than a sample keeps */
	check_order(80000, 70000);
}

/* Beyond the exact counts: estimates near the truth, one text with very many rows included. */
static void
test_estimated_counts(void **state)
{
	TextCounts *counts = host_allocate_zero(sizeof(TextCounts));
	uint64_t n_distinct = 2500000;
	uint64_t n_rows = 0;
	TextRepetition repetition;

	(void) state;
	for (uint64_t i = 0; i < n_distinct; i++)
	{
		text_counts_add(counts, hash_mix(i + 1), 5);
		n_rows++;
		if (i % 20 == 0)
		{
			text_counts_add(counts, hash_mix(i + 1), 6);
			n_rows++;
		}
	}
	repetition = text_counts_sum(counts, n_rows);
	assert_true(repetition.is_estimate && counts->n_texts <= MAX_COUNTED_TEXTS);
	assert_near(repetition.n_distinct / (double) n_distinct, 1, 0.01);
	assert_near(repetition.n_duplicates / ((double) n_distinct / 20), 1, 0.03);
	assert_near(repetition.n_conflicts / ((double) n_distinct / 10), 1, 0.03);
	/* a crowd that the sample does not have */
	for (uint64_t i = 0; i < 1000000; i++)
		text_counts_add(counts, UINT64_MAX - 3, 5);
	n_rows += 1000000;
	repetition = text_counts_sum(counts, n_rows);
	assert_near(repetition.n_duplicates / ((double) n_distinct / 20 + 999999), 1, 0.03);
}

/* That a contract is refused with a message. */
static void
assert_refused(const char *json, const char *message)
{
	jmp_buf target;
	Contract *contract = host_allocate(sizeof(Contract));

	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		contract_parse(json, contract);
		test_host_error_target = NULL;
		fail_msg("accepted: %s", json);
	}
	test_host_error_target = NULL;
	assert_string_equal(test_host_error.message, message);
}

static void
test_contract_json(void **state)
{
	Contract *contract = host_allocate(sizeof(Contract));

	(void) state;
	contract_parse("{}", contract);
	assert_string_equal(contract->text_column, "text");
	assert_int_equal(contract->min_rows, 1);
	assert_true(contract->max_null_text_share == 1);
	assert_int_equal(contract->severities[CHECK_DUPLICATE_TEXT], SEVERITY_ERROR);
	assert_int_equal(contract->severities[CHECK_HTML], SEVERITY_INFO);
	contract_parse(
		"{\"columns\": {\"a\": \"any\", \"b\": \"number\"}, \"labels\": [\"x\", \"\"],"
		" \"ranges\": {\"p\": {\"min\": -1e300}, \"q\": {\"max\": 2, \"max_null_share\": 0}},"
		" \"severity\": {\"html\": \"off\"}}",
		contract);
	assert_int_equal(contract->n_columns, 2);
	assert_int_equal(contract->columns[1].family, COLUMN_NUMBER);
	assert_true(contract_allows_label(contract, "", 0) && !contract_allows_label(contract, "y", 1));
	assert_int_equal(contract->n_ranges, 2);
	assert_true(contract->ranges[0].minimum == -1e300 && isinf(contract->ranges[0].maximum));
	assert_true(contract->ranges[1].max_null_share == 0);
	assert_int_equal(contract->severities[CHECK_HTML], SEVERITY_OFF);

	assert_refused("[]", "keys of the contract must be a JSON object");
	assert_refused("{\"lables\": []}", "unknown key \"lables\" of the contract");
	assert_refused("{\"labels\": []}", "\"labels\" of the contract is empty");
	assert_refused("{\"labels\": [1]}", "invalid label in \"labels\" of the contract");
	assert_refused("{\"labels\": [\"a\", \"a\"]}",
				   "label \"a\" stands in \"labels\" of the contract twice");
	assert_refused("{\"columns\": {\"a\": \"int\"}}",
				   "invalid type of column \"a\" in \"columns\" of the contract");
	assert_refused("{\"columns\": {\"a\": \"any\", \"a\": \"any\"}}",
				   "key \"a\" in \"columns\" of the contract is given twice");
	assert_refused("{\"ranges\": {\"p\": 1}}",
				   "invalid value of column \"p\" in \"ranges\" of the contract");
	assert_refused("{\"ranges\": {\"p\": {\"mn\": 1}}}",
				   "unknown key \"mn\" of \"p\" in \"ranges\" of the contract");
	assert_refused("{\"ranges\": {\"p\": {\"min\": 3, \"max\": 2}}}",
				   "\"min\" is greater than \"max\" of \"p\" in \"ranges\" of the contract");
	assert_refused("{\"severity\": {\"html\": \"fatal\"}}",
				   "invalid value for key \"html\" in \"severity\" of the contract: \"fatal\"");
	assert_refused("{\"severity\": {\"htm\": \"off\"}}",
				   "unknown key \"htm\" in \"severity\" of the contract");
	assert_refused("{\"max_blank_share\": 2}",
				   "invalid value for key \"max_blank_share\" of the contract: 2");
	assert_refused("{\"min_text_length\": 9, \"max_text_length\": 3}",
				   "\"min_text_length\" of the contract is greater than \"max_text_length\"");
	assert_refused("{\"label_column\": \"\", \"labels\": [\"a\"]}",
				   "the contract is for rows without labels, but says what they must be");
	assert_refused("{\"min_rows\": 1, \"min_rows\": 2}",
				   "key \"min_rows\" of the contract is given twice");
}

/* What is suggested is a contract, and the rows keep it. */
static void
test_suggestion(void **state)
{
	Validation *validation = new_validation("{\"ranges\": {\"x\": {}}}");
	ContractColumn columns[1] = {{"text", COLUMN_TEXT}};
	ByteBuffer json = {0};
	Validation *checked;
	Findings *findings = host_allocate_zero(sizeof(Findings));

	(void) state;
	for (uint64_t i = 0; i < 2000; i++)
		add_made_row(validation, i, 1500);
	contract_suggest(validation, &validation->options.contract, columns, 1, &json);
	checked = new_validation(buffer_c_string(&json));
	for (uint64_t i = 0; i < 2000; i++)
		add_made_row(checked, i, 1500);
	validation_report(checked, &checked->options.contract, NULL, findings);
	assert_int_equal(findings_count(findings, SEVERITY_ERROR), 0);
	assert_true(findings->n_findings > 0);
	/* other rows do not keep it */
	for (unsigned i = 0; i < 2000; i++)
	{
		ValidationRow row = {.text = "new", .text_length = 3, .label = "other", .label_length = 5};

		row.numbers = (double[1]){1e9};
		row.is_null = (bool[1]){false};
		validation_add(checked, &row);
	}
	assert_int_equal(find_finding(checked, CHECK_UNKNOWN_LABEL)->severity, SEVERITY_ERROR);
	assert_int_equal(find_finding(checked, CHECK_NUMBER_RANGE)->n_rows, 2000);
	assert_int_equal(find_finding(checked, CHECK_DUPLICATE_TEXT)->severity, SEVERITY_ERROR);
}

/* Rows whose label a confident model contradicts, by hand. */
static void
test_label_errors(void **state)
{
	static const struct
	{
		unsigned given;
		unsigned predicted;
		double given_probability;
		double predicted_probability;
	} rows[] = {
		/* the mean of label 1 in its rows is 0.75 */
		{1, 1, 0.9, 0.9},
		{1, 1, 0.6, 0.6},
		/* 0.8 is above it: an error; 0.7 is not */
		{0, 1, 0.2, 0.8},
		{0, 1, 0.3, 0.7},
		{0, 0, 0.95, 0.95},
	};
	Validation *validation = host_allocate_zero(sizeof(Validation));
	Findings *findings = host_allocate_zero(sizeof(Findings));
	const char *labels[2] = {"bad", "good"};

	(void) state;
	validation_set_options(validation, "{\"contract\": {}, \"model_labels\": 2}");
	for (unsigned i = 0; i < N_ELEMENTS(rows); i++)
	{
		char text[20];
		ValidationRow row = {.text = text,
							 .label = labels[rows[i].given],
							 .has_evidence = true,
							 .given = rows[i].given,
							 .predicted = rows[i].predicted,
							 .given_probability = rows[i].given_probability,
							 .predicted_probability = rows[i].predicted_probability};

		snprintf(text, sizeof(text), "text %u", i);
		row.text_length = strlen(text);
		row.label_length = strlen(row.label);
		validation_add(validation, &row);
	}
	validation_report(validation, &validation->options.contract, labels, findings);
	for (uint32_t i = 0; i < findings->n_findings; i++)
	{
		const Finding *finding = &findings->findings[i];

		if (finding->check != CHECK_LABEL_ERROR)
			continue;
		assert_int_equal(finding->n_rows, 1);
		assert_near(finding->share, 0.2, 1e-12);
		assert_string_equal(finding->example,
							"labelled \"bad\", predicted \"good\" (0.800): text 2");
		return;
	}
	fail_msg("no label error was found");
}

/* Every cut and many changed bytes of a flat form are refused or read back as they are. */
static void
test_hostile_bytes(void **state)
{
	Validation *validation = new_validation("{\"ranges\": {\"x\": {}}}");
	size_t length;
	char *bytes;

	(void) state;
	for (uint64_t i = 0; i < 20; i++)
		add_made_row(validation, i, 15);
	bytes = flat_form(validation, &length);
	for (size_t i = 0; i < 2 * length; i++)
	{
		bool is_cut = i < length;
		size_t cut_length = is_cut ? i : length;
		char *hostile = malloc(cut_length + 1);
		Validation *read = host_allocate_zero(sizeof(Validation));
		jmp_buf target;

		memcpy(hostile, bytes, cut_length);
		if (!is_cut)
			hostile[i - length] ^= (char) (1 << (i % 8));
		test_host_error_target = &target;
		if (setjmp(target) == 0)
		{
			size_t again_length;
			char *again;

			validation_unflatten(read, hostile, cut_length);
			test_host_error_target = NULL;
			assert_false(is_cut);
			again = flat_form(read, &again_length);
			assert_int_equal(again_length, cut_length);
			assert_memory_equal(again, hostile, cut_length);
			host_free(again);
		}
		else
			assert_int_not_equal(test_host_error.code, HOST_ERROR_INTERNAL);
		test_host_error_target = NULL;
		free(hostile);
	}
}

/* Blocks that cJSON still gets. */
static int blocks_left;

static void *
allocate_some(size_t size)
{
	return blocks_left-- > 0 ? malloc(size) : NULL;
}

/* Where memory ends within a contract, none of it is forgotten. */
static void
test_contract_without_memory(void **state)
{
	const char *json = "{\"columns\": {\"price\": \"number\"}, \"labels\": [\"pos\", \"neg\"],"
					   " \"ranges\": {\"price\": {\"min\": 0, \"max\": 10}}}";
	cJSON_Hooks hooks = {allocate_some, free};
	Contract *contract = host_allocate(sizeof(Contract));
	volatile int n_refused = 0;
	volatile bool is_parsed = false;

	(void) state;
	cJSON_InitHooks(&hooks);
	for (; !is_parsed; n_refused++)
	{
		jmp_buf target;

		assert_true(n_refused < 300);
		blocks_left = n_refused;
		test_host_error_target = &target;
		if (setjmp(target) == 0)
		{
			contract_parse(json, contract);
			is_parsed = true;
		}
		else
			assert_int_equal(test_host_error.code, HOST_ERROR_OUT_OF_MEMORY);
		test_host_error_target = NULL;
	}
	cJSON_InitHooks(NULL);
	assert_true(n_refused > 20);
	assert_int_equal(contract->n_columns, 1);
	assert_int_equal(contract->n_labels, 2);
	assert_int_equal(contract->n_ranges, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_robust_statistics, free_memory),
		cmocka_unit_test_teardown(test_robust_statistics_of_cells, free_memory),
		cmocka_unit_test_teardown(test_sketches_estimate_jaccard, free_memory),
		cmocka_unit_test_teardown(test_near_duplicates, free_memory),
		cmocka_unit_test_teardown(test_damage, free_memory),
		cmocka_unit_test_teardown(test_order_of_rows, free_memory),
		cmocka_unit_test_teardown(test_estimated_counts, free_memory),
		cmocka_unit_test_teardown(test_contract_json, free_memory),
		cmocka_unit_test_teardown(test_suggestion, free_memory),
		cmocka_unit_test_teardown(test_label_errors, free_memory),
		cmocka_unit_test_teardown(test_hostile_bytes, free_memory),
		cmocka_unit_test_teardown(test_contract_without_memory, free_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
