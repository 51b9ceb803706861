/*
 * host.c
 *	  The core's host for unit tests, fuzzers and benchmarks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

TestHostError test_host_error;
jmp_buf *test_host_error_target = NULL;
long test_host_interrupt_after = 0;
uint32_t test_host_threads = 2;
size_t test_host_allocated = 0;
size_t test_host_peak = 0;
uint32_t test_host_warnings = 0;

/* Every allocation is a link of one list, so that an error's leftovers can be freed. */
typedef struct Allocation
{
	struct Allocation *next;
	struct Allocation *previous;
	size_t size;
	size_t padding; /* keeps what follows aligned to 16 bytes */
} Allocation;

static Allocation allocations = {&allocations, &allocations, 0, 0};

static void
account(size_t freed, size_t allocated)
{
	test_host_allocated += allocated - freed;
	if (test_host_allocated > test_host_peak)
		test_host_peak = test_host_allocated;
}

static void
link_allocation(Allocation *allocation, size_t size)
{
	allocation->size = size;
	allocation->next = allocations.next;
	allocation->previous = &allocations;
	allocations.next->previous = allocation;
	allocations.next = allocation;
}

void *
host_allocate(size_t size)
{
	Allocation *allocation = size < SIZE_MAX / 2 ? malloc(sizeof(Allocation) + size) : NULL;

	if (allocation == NULL)
		host_error(HOST_ERROR_OUT_OF_MEMORY, NULL, NULL, "out of memory");
	link_allocation(allocation, size);
	account(0, size);
	return allocation + 1;
}

void *
host_allocate_zero(size_t size)
{
	return memset(host_allocate(size), 0, size);
}

void *
host_reallocate(void *memory, size_t size)
{
	Allocation *allocation = (Allocation *) memory - 1;
	size_t old_size = allocation->size;

	allocation->next->previous = allocation->previous;
	allocation->previous->next = allocation->next;
	allocation = size < SIZE_MAX / 2 ? realloc(allocation, sizeof(Allocation) + size) : NULL;
	if (allocation == NULL)
		host_error(HOST_ERROR_OUT_OF_MEMORY, NULL, NULL, "out of memory");
	link_allocation(allocation, size);
	account(old_size, size);
	return allocation + 1;
}

void
host_free(void *memory)
{
	Allocation *allocation;

	if (memory == NULL)
		return;
	allocation = (Allocation *) memory - 1;
	allocation->next->previous = allocation->previous;
	allocation->previous->next = allocation->next;
	account(allocation->size, 0);
	free(allocation);
}

void
test_host_free_all(void)
{
	while (allocations.next != &allocations)
		host_free(allocations.next + 1);
}

void
host_error(HostErrorCode code, const char *detail, const char *hint, const char *message_format,
		   ...)
{
	va_list arguments;

	test_host_error.code = code;
	va_start(arguments, message_format);
	vsnprintf(test_host_error.message, sizeof(test_host_error.message), message_format, arguments);
	va_end(arguments);
	snprintf(test_host_error.detail, sizeof(test_host_error.detail), "%s", detail ? detail : "");
	snprintf(test_host_error.hint, sizeof(test_host_error.hint), "%s", hint ? hint : "");
	if (test_host_error_target != NULL)
		longjmp(*test_host_error_target, 1);
	fprintf(stderr, "error: %s\n%s\n%s\n", test_host_error.message, test_host_error.detail,
			test_host_error.hint);
	abort();
}

void
host_check_interrupts(void)
{
	if (test_host_interrupt_after > 0 && --test_host_interrupt_after == 0)
		host_error(HOST_ERROR_INTERNAL, NULL, NULL, "interrupted");
}

bool
host_interrupt_is_pending(void)
{
	return test_host_interrupt_after > 0;
}

uint32_t
host_thread_limit(void)
{
	return test_host_threads;
}

void
host_progress(const char *message_format, ...)
{
	(void) message_format;
}

void
host_warning(const char *detail, const char *hint, const char *message_format, ...)
{
	(void) detail;
	(void) hint;
	(void) message_format;
	test_host_warnings++;
}
