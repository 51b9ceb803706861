/*
 * test_blas_buffers.c
 *	  OpenBLAS where memory is short: an error within seconds, no call that waits, and no harm afterwards.
 *
 * Each test runs in a child of its own, which has not loaded OpenBLAS, limits its address space, and is
 * killed if it hangs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/linear_algebra/blas.h"
#include "core/linear_algebra/blas_buffers.h"
#include "core/linear_algebra/rotation.h"
#include "core/linear_algebra/symmetric_eigen.h"
#include "core/threads.h"
#include "host.h"

#define MEGABYTE ((size_t) 1024 * 1024)

/* A child that takes longer hangs. */
#define MOST_SECONDS 60

#define check(condition)                                                              \
	do                                                                                \
	{                                                                                 \
		if (!(condition))                                                             \
		{                                                                             \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                                 \
		}                                                                             \
	} while (0)

/* Run a test in a child. */
static void
run_in_child(void (*test)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
	{
		alarm(MOST_SECONDS);
		test();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Let the process have so much more address space than it has now. */
static void
allow_more(size_t bytes)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;
	struct rlimit limit;

	check(file != NULL && fscanf(file, "%lu", &pages) == 1);
	fclose(file);
	check(getrlimit(RLIMIT_AS, &limit) == 0);
	limit.rlim_cur = pages * (size_t) sysconf(_SC_PAGESIZE) + bytes;
	check(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* Let the process have all address space. */
static void
allow_all(void)
{
	struct rlimit limit;

	check(getrlimit(RLIMIT_AS, &limit) == 0);
	limit.rlim_cur = limit.rlim_max;
	check(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* Seconds since some time. */
static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Check that a statement raises an error of the class. */
#define check_error(expected_code, statement)              \
	do                                                     \
	{                                                      \
		jmp_buf target_;                                   \
		test_host_error_target = &target_;                 \
		if (setjmp(target_) == 0)                          \
		{                                                  \
			statement;                                     \
			fprintf(stderr, "no error: %s\n", #statement); \
			_exit(1);                                      \
		}                                                  \
		test_host_error_target = NULL;                     \
		check(test_host_error.code == (expected_code));    \
	} while (0)

#define check_out_of_memory(statement)                            \
	do                                                            \
	{                                                             \
		check_error(HOST_ERROR_OUT_OF_MEMORY, statement);         \
		check(strstr(test_host_error.hint, "ulimit -v") != NULL); \
	} while (0)

/* Let as many threads as there may be call OpenBLAS, with matrices that are small and large to it. */
static void
calculate(void)
{
	uint32_t n = 300;
	size_t n_rows = 20000;
	float *matrix = host_allocate_array(float, n_rows *n);
	float *rotation = host_allocate_array(float, (size_t) n *n);
	double *gram = host_allocate_array(double, (size_t) n *n);
	double *values = host_allocate_array(double, n);

	for (size_t i = 0; i < n_rows * n; i++)
		matrix[i] = (float) (i * 7919 % 1009) / 1009;
	for (size_t i = 0; i < (size_t) n * n; i++)
		rotation[i] = matrix[i];
	rotation_gram(matrix, n_rows, n, gram);
	symmetric_eigen(n, gram, values);
	rotation_apply(matrix, n_rows, n, rotation);
	blas_multiply(blas_load(1), false, true, 1, (int) n, (int) n, 1, matrix, rotation, 0,
				  matrix + n);
	check(values[n - 1] > values[0]);
}

/* A limit below the library's size, then below a buffer's. */
static void
check_that_loading_is_refused(void)
{
	allow_more(20 * MEGABYTE);
	check_out_of_memory(blas_load(1));
	allow_more(64 * MEGABYTE + BLAS_BUFFER_SIZE / 2);
	check_out_of_memory(blas_load(1));
	check_out_of_memory(blas_load(1));
	allow_all();
	calculate();
}

static void
test_loading_is_refused(void **state)
{
	(void) state;
	run_in_child(check_that_loading_is_refused);
}

/* Room for two buffers, and for one that a build for OpenMP takes for itself. */
static void
check_that_threads_are_refused(void)
{
	allow_more(80 * MEGABYTE + 3 * BLAS_BUFFER_SIZE);
	check_out_of_memory(blas_load(5));
	check(blas_load(1) != NULL);
	check_out_of_memory(blas_load(5));
	check(blas_load(2) == blas_load(1));
	allow_all();
	test_host_threads = 5;
	calculate();
}

static void
test_threads_are_refused(void **state)
{
	(void) state;
	run_in_child(check_that_threads_are_refused);
}

/* With buffers made, calculating needs room for its own matrices only. */
static void
check_that_no_call_waits(void)
{
	test_host_threads = 3;
	blas_load(threads_count());
	calculate(); /* the threads, and what the host's memory needs of them */
	test_host_free_all();
	blas_load(threads_count());
	allow_more(BLAS_BUFFER_SIZE - 4 * MEGABYTE);
	calculate();
	check_out_of_memory(blas_load(4));
	calculate();
}

static void
test_no_call_waits(void **state)
{
	(void) state;
	run_in_child(check_that_no_call_waits);
}

/* A library whose buffers are not to be had, until they are. */
static atomic_bool memory_is_there;
static atomic_int n_lent;

static void *
borrow_when_there(int purpose)
{
	struct timespec time = {.tv_nsec = 1000000};

	(void) purpose;
	while (!atomic_load(&memory_is_there))
		nanosleep(&time, NULL);
	atomic_fetch_add(&n_lent, 1);
	return &n_lent;
}

static void
give_back(void *buffer)
{
	check(buffer == &n_lent);
	atomic_fetch_sub(&n_lent, 1);
}

/* Memory that somebody else took after it was found to be free. */
static void
check_that_waiting_ends(void)
{
	static const BlasBufferFunctions functions = {borrow_when_there, give_back};
	double start = seconds();

	test_host_interrupt_after = 3;
	check_error(HOST_ERROR_INTERNAL, blas_buffers_reserve(&functions, 2));
	check(seconds() - start < 2);
	check_out_of_memory(blas_buffers_reserve(&functions, 2));
	check(seconds() - start < 30);
	atomic_store(&memory_is_there, true);
	blas_buffers_reserve(&functions, 2);
	blas_buffers_reserve(&functions, 3);
	check(atomic_load(&n_lent) == 0);
}

static void
test_waiting_ends(void **state)
{
	(void) state;
	run_in_child(check_that_waiting_ends);
}

static void *
borrow_nothing(int purpose)
{
	(void) purpose;
	return NULL;
}

/* A library that has no room in its tables. */
static void
check_that_nothing_is_refused(void)
{
	static const BlasBufferFunctions functions = {borrow_nothing, give_back};

	check_out_of_memory(blas_buffers_reserve(&functions, 1));
	check_out_of_memory(blas_buffers_reserve(&functions, 1));
}

static void
test_nothing_is_refused(void **state)
{
	(void) state;
	run_in_child(check_that_nothing_is_refused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loading_is_refused), cmocka_unit_test(test_threads_are_refused),
		cmocka_unit_test(test_no_call_waits),      cmocka_unit_test(test_waiting_ends),
		cmocka_unit_test(test_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
