/*
 * fuzz_validation.c
 *	  libFuzzer harness for data contracts: their JSON, texts of any bytes, the flat form of a state.
 *
 * The first byte chooses. What is accepted of a flat form must come back byte for byte, merge with itself
 * and be reported.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/validation/contract_suggestion.h"
#include "core/validation/validation_report.h"

#include "../unit/host.h"

#define require(condition)              \
	do                                  \
	{                                   \
		if (!(condition))               \
			fail(#condition, __LINE__); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* End with a report that libFuzzer keeps the input for. */
static void
fail(const char *condition, int line)
{
	fprintf(stderr, "line %d: not true: %s\n", line, condition);
	abort();
}

/* Report, and suggest a contract that must be one. */
static void
report(const Validation *validation)
{
	const char *labels[MAX_EVIDENCE_LABELS];
	Findings findings = {0};
	ByteBuffer json = {0};
	Contract contract;

	for (unsigned i = 0; i < MAX_EVIDENCE_LABELS; i++)
		labels[i] = "a label";
	validation_report(validation, &validation->options.contract, labels, &findings);
	for (uint32_t i = 0; i < findings.n_findings; i++)
		require(findings.findings[i].detail[0] != '\0');
	contract_suggest(validation, &validation->options.contract, NULL, 0, &json);
	contract_parse(buffer_c_string(&json), &contract);
}

/* Read, write, merge and report a state. */
static void
try_flat_form(const char *bytes, size_t size)
{
	Validation *validation = host_allocate_zero(sizeof(Validation));
	Validation *again = host_allocate_zero(sizeof(Validation));
	char *flat;

	validation_unflatten(validation, bytes, size);
	require(validation_flat_size(validation) == size);
	flat = host_allocate(size);
	validation_flatten(validation, flat);
	require(memcmp(flat, bytes, size) == 0);
	if (validation->options.json == NULL)
		return;
	report(validation);
	validation_unflatten(again, flat, size);
	/* may refuse too many rows */
	validation_merge(validation, again);
	require(validation->counts.n_rows == 2 * again->counts.n_rows);
	size = validation_flat_size(validation);
	flat = host_allocate(size);
	validation_flatten(validation, flat);
	validation_unflatten(host_allocate_zero(sizeof(Validation)), flat, size);
}

/* Add texts of any bytes, cut at zero bytes; then all that a flat form must do. */
static void
try_texts(const char *bytes, size_t size)
{
	Validation *validation = host_allocate_zero(sizeof(Validation));
	size_t start = 0;
	size_t length;
	char *flat;

	validation_set_options(validation, "{\"contract\": {}, \"holdout\": 0.5}");
	for (size_t i = 0; i <= size; i++)
	{
		ValidationRow row = {.text = bytes + start, .label = "x", .label_length = 1};

		if (i < size && bytes[i] != '\0')
			continue;
		row.text_length = i - start;
		validation_add(validation, &row);
		start = i + 1;
	}
	length = validation_flat_size(validation);
	flat = host_allocate(length);
	validation_flatten(validation, flat);
	try_flat_form(flat, length);
}

/* Read JSON as a contract. */
static void
try_contract(const char *bytes, size_t size)
{
	char *json = host_allocate(size + 1);
	Contract contract;

	memcpy(json, bytes, size);
	json[size] = '\0';
	contract_parse(json, &contract);
	require(contract.n_columns <= MAX_CONTRACT_COLUMNS && contract.n_ranges <= MAX_CONTRACT_RANGES);
	for (uint32_t i = 0; i < contract.n_ranges; i++)
		require(contract.ranges[i].minimum <= contract.ranges[i].maximum);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	jmp_buf target;

	if (size == 0)
		return 0;
	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		if (data[0] % 3 == 0)
			try_flat_form((const char *) data + 1, size - 1);
		else if (data[0] % 3 == 1)
			try_texts((const char *) data + 1, size - 1);
		else
			try_contract((const char *) data + 1, size - 1);
	}
	else
		require(test_host_error.code != HOST_ERROR_INTERNAL);
	test_host_error_target = NULL;
	test_host_free_all();
	return 0;
}
