/*
 * fuzz_model_container.c
 *	  libFuzzer harness for exported models by an attacker who can compute checksums.
 *
 * The input is the header's rest and what follows it; magic, version, length and checksum are made right, so that
 * the table of sections is reached. Whatever is accepted has its sections within its bytes; a contract among them
 * is read as an import reads it.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/model_container.h"
#include "core/validation/contract.h"

#include "../unit/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read every byte of every section by its name; answers a sum, so that nothing is left out. */
static uint32_t
read_sections(const char *bytes)
{
	static const char *const names[] = {CONTAINER_MANIFEST,
										CONTAINER_IMAGE,
										CONTAINER_CURVES,
										CONTAINER_DRIFT_PROFILE,
										CONTAINER_LEARNED_TEXTS,
										CONTAINER_CONTRACT,
										"s"};
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		size_t length;
		const unsigned char *section = model_container_find(bytes, names[i], &length);

		for (size_t j = 0; section != NULL && j < length; j++)
			sum += section[j];
	}
	return sum;
}

/* Read the contract, as an import does. */
static void
read_contract(const char *bytes)
{
	size_t length;
	const char *section = model_container_find(bytes, CONTAINER_CONTRACT, &length);
	Contract contract;
	char *json;

	if (section == NULL)
		return;
	json = host_allocate(length + 1);
	memcpy(json, section, length);
	json[length] = '\0';
	contract_parse(json, &contract);
}

/* Check a container and read it; the host's errors end that. */
static uint32_t
try_container(const char *bytes, size_t length)
{
	volatile uint32_t sum = 0;
	jmp_buf target;

	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		model_container_check(bytes, length);
		sum += read_sections(bytes);
		read_contract(bytes);
	}
	else if (test_host_error.code == HOST_ERROR_INTERNAL)
		abort();
	test_host_error_target = NULL;
	return sum;
}

/* A container that is right, but for the contract in it. */
static void
try_contract(const uint8_t *data, size_t size)
{
	ContainerWriter writer;
	ByteBuffer container;

	model_container_begin(&writer);
	model_container_add(&writer, CONTAINER_CONTRACT, data, size);
	container = model_container_finish(&writer);
	(void) try_container(container.data, container.length);
	test_host_free_all();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t start = offsetof(ContainerHeader, n_sections);
	ContainerHeader header = {.magic = "SENTEXP", .format_version = CONTAINER_FORMAT_VERSION};
	size_t length = start + size;
	/* exactly as long as it says, so that reading beyond it is noticed */
	char *bytes = malloc(length);

	header.length = length;
	memcpy(bytes, &header, start);
	memcpy(bytes + start, data, size);
	header.checksum = hash_mix(hash_content(data, size) ^ length);
	memcpy(bytes, &header, start);
	(void) try_container(bytes, length);
	test_host_free_all();
	free(bytes);
	try_contract(data, size);
	return 0;
}
