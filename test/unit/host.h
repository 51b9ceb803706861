/*
 * host.h
 *	  The core's host for unit tests, fuzzers and benchmarks: malloc, and errors that can be caught.
 */
#ifndef SENTIMENT_TEST_HOST_H
#define SENTIMENT_TEST_HOST_H

#include <setjmp.h>

#include "core/host.h"

typedef struct TestHostError
{
	HostErrorCode code;
	char message[1024];
	char detail[1024];
	char hint[1024];
} TestHostError;

/* The last error. */
extern TestHostError test_host_error;

/* Where host_error jumps; NULL: print and abort. */
extern jmp_buf *test_host_error_target;

/* Number of calls of host_check_interrupts after which it raises an error; 0: never. */
extern long test_host_interrupt_after;

/* Answer of host_thread_limit. */
extern uint32_t test_host_threads;

/* Free all that host_allocate gave and host_free did not take back. */
extern void test_host_free_all(void);

/* Bytes now allocated, and the most there ever were. */
extern size_t test_host_allocated;
extern size_t test_host_peak;

/* Warnings until now. */
extern uint32_t test_host_warnings;

/* Run a statement that must raise an error of the class; usable inside cmocka tests. */
#define assert_host_error(expected_code, statement)              \
	do                                                           \
	{                                                            \
		jmp_buf target_;                                         \
		test_host_error_target = &target_;                       \
		if (setjmp(target_) == 0)                                \
		{                                                        \
			statement;                                           \
			test_host_error_target = NULL;                       \
			fail_msg("no error was raised by: %s", #statement);  \
		}                                                        \
		test_host_error_target = NULL;                           \
		assert_int_equal(test_host_error.code, (expected_code)); \
	} while (0)

#endif /* SENTIMENT_TEST_HOST_H */
