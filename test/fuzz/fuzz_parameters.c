/*
 * fuzz_parameters.c
 *	  libFuzzer harness for parameters in JSON.
 *
 * The input is the JSON text. What is accepted must be written as JSON that stands for the same.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parameters.h"
#include "core/text/tokenizer.h"

#include "../unit/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parameters of the types that the tokenizer has none of. */
typedef struct OtherOptions
{
	double number;
	const char *string;
} OtherOptions;

static const ParameterSpec other_parameters[] = {
	{.name = "number",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(OtherOptions, number),
	 .default_json = "0.5",
	 .minimum = -1e300,
	 .maximum = 1e300,
	 .meaning = "any number"},
	{.name = "string",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(OtherOptions, string),
	 .default_json = "null",
	 .meaning = "any string"},
};

/* Parse JSON and write what was understood; in memory of the host. */
static const char *
canonical(const char *json)
{
	TokenizerOptions tokenizer_options;
	OtherOptions other_options;
	ParameterGroup groups[] = {
		{tokenizer_parameters, n_tokenizer_parameters, &tokenizer_options},
		{other_parameters, sizeof(other_parameters) / sizeof(other_parameters[0]), &other_options},
	};
	ByteBuffer buffer = {0};

	parameters_parse(json, groups, 2);
	parameters_append_json(&buffer, groups, 2);
	return buffer_c_string(&buffer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	jmp_buf target;
	char *json = malloc(size + 1);

	memcpy(json, data, size);
	json[size] = '\0';
	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		const char *first = canonical(json);

		if (strcmp(canonical(first), first) != 0)
		{
			fprintf(stderr, "%s is not %s\n", canonical(first), first);
			abort();
		}
	}
	else if (test_host_error.code == HOST_ERROR_INTERNAL)
		abort();
	test_host_error_target = NULL;
	test_host_free_all();
	free(json);
	return 0;
}
