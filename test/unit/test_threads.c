/*
 * test_threads.c
 *	  Threads of a training: every task runs once, and an interrupt leaves none running.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/threads.h"
#include "host.h"

#define N_TASKS 1000

static atomic_uint runs[N_TASKS];
static atomic_uint running;
static atomic_uint largest_thread;

static void
count_run(void *context, uint32_t task, uint32_t thread)
{
	unsigned largest = atomic_load(&largest_thread);

	atomic_fetch_add(&running, 1);
	while (thread > largest && !atomic_compare_exchange_weak(&largest_thread, &largest, thread))
		;
	atomic_fetch_add(&runs[task], *(unsigned *) context);
	for (volatile int i = 0; i < 1000; i++)
		;
	atomic_fetch_sub(&running, 1);
}

static void
reset(void)
{
	for (int i = 0; i < N_TASKS; i++)
		atomic_store(&runs[i], 0);
	atomic_store(&largest_thread, 0);
}

static void
test_every_task_runs_once(void **state)
{
	unsigned amount = 1;

	(void) state;
	for (test_host_threads = 1; test_host_threads <= 5; test_host_threads++)
	{
		for (uint32_t n_tasks = 0; n_tasks <= N_TASKS; n_tasks = n_tasks * 3 + 1)
		{
			reset();
			parallel_for(n_tasks, count_run, &amount);
			assert_int_equal(atomic_load(&running), 0);
			for (uint32_t i = 0; i < N_TASKS; i++)
				assert_int_equal(atomic_load(&runs[i]), i < n_tasks);
			assert_true(atomic_load(&largest_thread) < test_host_threads);
		}
	}
	test_host_threads = 2;
	threads_stop();
	threads_stop();
}

static void
test_interrupt_waits_for_running_tasks(void **state)
{
	unsigned amount = 1;

	(void) state;
	for (test_host_threads = 1; test_host_threads <= 4; test_host_threads++)
	{
		reset();
		test_host_interrupt_after = 1;
		assert_host_error(HOST_ERROR_INTERNAL, parallel_for(N_TASKS, count_run, &amount));
		assert_int_equal(atomic_load(&running), 0);
		/* and an interrupt that does not end the work leaves no task out */
		reset();
		test_host_interrupt_after = 100000;
		parallel_for(N_TASKS, count_run, &amount);
		test_host_interrupt_after = 0;
		for (uint32_t i = 0; i < N_TASKS; i++)
			assert_int_equal(atomic_load(&runs[i]), 1);
	}
	test_host_threads = 2;
	threads_stop();
}

static void
note_mask(void *context, uint32_t task, uint32_t thread)
{
	sigset_t mask;

	(void) task;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	if (thread > 0)
		atomic_store((atomic_int *) context, sigismember(&mask, SIGINT) ? 1 : -1);
	usleep(100);
}

static void
test_workers_block_signals(void **state)
{
	atomic_int blocked = 0;

	(void) state;
	while (atomic_load(&blocked) == 0)
		parallel_for(16, note_mask, &blocked);
	assert_int_equal(atomic_load(&blocked), 1);
	threads_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_task_runs_once),
		cmocka_unit_test(test_interrupt_waits_for_running_tasks),
		cmocka_unit_test(test_workers_block_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
