/*
 * test_model_container.c
 *	  Exported models: what goes in comes out, and what somebody made up is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/model_container.h"
#include "host.h"

/* A container of three sections. */
static ByteBuffer
make_container(void)
{
	ContainerWriter writer;

	model_container_begin(&writer);
	model_container_add(&writer, "manifest", "{}", 2);
	model_container_add(&writer, "empty", NULL, 0);
	model_container_add(&writer, "image", "abcdefghi", 9);
	return model_container_finish(&writer);
}

/* Make the checksum right again after a change, as an attacker would. */
static void
mend(ByteBuffer *container)
{
	ContainerHeader *header = (ContainerHeader *) container->data;
	const size_t start = offsetof(ContainerHeader, n_sections);

	header->length = container->length;
	header->checksum = hash_mix(hash_content(container->data + start, container->length - start) ^
								container->length);
}

static ContainerSection *
section_of(ByteBuffer *container, int number)
{
	return (ContainerSection *) (container->data + sizeof(ContainerHeader)) + number;
}

static void
test_round_trip(void **state)
{
	ByteBuffer container = make_container();
	size_t length;

	(void) state;
	model_container_check(container.data, container.length);
	assert_memory_equal(model_container_find(container.data, "manifest", &length), "{}", 2);
	assert_int_equal(length, 2);
	assert_memory_equal(model_container_require(container.data, "image", &length), "abcdefghi", 9);
	assert_int_equal(length, 9);
	assert_non_null(model_container_find(container.data, "empty", &length));
	assert_int_equal(length, 0);
	assert_null(model_container_find(container.data, "profile", &length));
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_require(container.data, "profile", &length));
	test_host_free_all();
}

/* A bytea begins anywhere. */
static void
test_any_alignment(void **state)
{
	ByteBuffer container = make_container();
	char *copy = host_allocate(container.length + 8);
	size_t length;

	(void) state;
	for (int shift = 0; shift < 8; shift++)
	{
		memcpy(copy + shift, container.data, container.length);
		model_container_check(copy + shift, container.length);
		assert_memory_equal(model_container_find(copy + shift, "image", &length), "abcdefghi", 9);
	}
	test_host_free_all();
}

/* Whether a container is refused. */
static bool
is_refused(const void *bytes, size_t length)
{
	jmp_buf target;
	volatile bool refused = true;

	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		model_container_check(bytes, length);
		refused = false;
	}
	test_host_error_target = NULL;
	return refused;
}

/* Every byte counts: whatever is changed, or cut off, is noticed. */
static void
test_every_byte(void **state)
{
	ByteBuffer container = make_container();

	(void) state;
	for (size_t i = 0; i < container.length; i++)
	{
		/* the reserved bytes of the header are not checked, so that they may be used one day */
		if (i >= offsetof(ContainerHeader, reserved) && i < offsetof(ContainerHeader, length))
			continue;
		container.data[i] ^= 1;
		if (!is_refused(container.data, container.length))
			fail_msg("byte %zu was changed", i);
		container.data[i] ^= 1;
	}
	assert_false(is_refused(container.data, container.length));
	for (size_t length = 0; length < container.length; length++)
		assert_true(is_refused(container.data, length));
	test_host_free_all();
}

/* What an attacker can write with a checksum that is right. */
static void
test_hostile_tables(void **state)
{
	ByteBuffer container = make_container();
	ContainerHeader *header = (ContainerHeader *) container.data;
	ContainerSection good = *section_of(&container, 2);
	ContainerSection *section = section_of(&container, 2);

	(void) state;
	section->offset = container.length + 1;
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	*section = good;
	section->offset = 0;
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	*section = good;
	section->length = UINT64_MAX;
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	*section = good;
	memset(section->name, 'x', sizeof(section->name));
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	*section = good;
	memset(section->name, 0, sizeof(section->name));
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	*section = good;
	strcpy(section->name, "manifest");
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	*section = good;
	section->name[20] = 'x';
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	*section = good;
	header->n_sections = CONTAINER_MAX_SECTIONS + 1;
	mend(&container);
	assert_host_error(HOST_ERROR_INVALID_IMAGE,
					  model_container_check(container.data, container.length));
	header->n_sections = 3;
	mend(&container);
	model_container_check(container.data, container.length);
	test_host_free_all();
}

static void
test_versions(void **state)
{
	ByteBuffer container = make_container();
	ContainerHeader *header = (ContainerHeader *) container.data;

	(void) state;
	header->format_version = CONTAINER_FORMAT_VERSION + 1;
	assert_host_error(HOST_ERROR_UNSUPPORTED_IMAGE,
					  model_container_check(container.data, container.length));
	header->format_version = 0;
	assert_host_error(HOST_ERROR_UNSUPPORTED_IMAGE,
					  model_container_check(container.data, container.length));
	test_host_free_all();
}

/* The same content gives the same bytes, for ever: a later release reads what this one wrote. */
static void
test_format(void **state)
{
	ByteBuffer container = make_container();
	const ContainerHeader *header = (const ContainerHeader *) container.data;

	(void) state;
	assert_int_equal(container.length, 40 + 16 * 48 + 8 + 16);
	assert_int_equal(header->checksum, UINT64_C(0x4c3457a4f13368fe));
	test_host_free_all();
}

static void
test_limits(void **state)
{
	ContainerWriter writer;

	(void) state;
	model_container_begin(&writer);
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED,
					  model_container_add(&writer, "large", "", CONTAINER_MAX_SIZE));
	for (int i = 0; i < CONTAINER_MAX_SECTIONS; i++)
	{
		char name[8];

		snprintf(name, sizeof(name), "s%d", i);
		model_container_add(&writer, name, "x", 1);
	}
	assert_host_error(HOST_ERROR_INTERNAL, model_container_add(&writer, "more", "x", 1));
	test_host_free_all();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_any_alignment),
		cmocka_unit_test(test_every_byte), cmocka_unit_test(test_hostile_tables),
		cmocka_unit_test(test_versions),   cmocka_unit_test(test_format),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
