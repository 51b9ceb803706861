/*
 * threads.c
 *	  Own threads for the length of a training.
 *
 * The caller and the workers take tasks from one counter. A worker that runs out of tasks looks for the
 * next work a while before it sleeps, because the pieces of a training follow each other closely.
 *
 * Locking: the fields of the work are written by the caller while the work is closed and nobody is within
 * it. The caller opens it, raises the generation, and closes it when it has taken the last task; then it
 * waits for the workers that have entered, but not for one that never woke up. The mutex serves those
 * only that sleep.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/host.h"
#include "core/threads.h"

/* Looks at the generation before a worker sleeps, and at running before the caller does. */
#define SPIN_COUNT 4000

/* In ThreadPool.running: no worker may enter the work. */
#define WORK_CLOSED 0x80000000u

typedef struct ThreadPool
{
	pthread_mutex_t mutex;
	pthread_cond_t work_begins;
	pthread_t threads[MAX_THREADS];
	uint32_t n_workers;
	uint32_t n_wanted;      /* workers that were asked for; the system may give fewer */
	atomic_uint generation; /* of the work */
	atomic_uint running;    /* workers within the present work; WORK_CLOSED: no more may enter */
	atomic_uint next_task;
	atomic_bool stop_tasks; /* take no more tasks */
	atomic_bool quit;
	atomic_uint sleeping; /* workers that must be woken; raised under the mutex */
	ParallelTask task;
	void *context;
	uint32_t n_tasks;
} ThreadPool;

static ThreadPool pool = {.mutex = PTHREAD_MUTEX_INITIALIZER,
						  .work_begins = PTHREAD_COND_INITIALIZER,
						  .running = WORK_CLOSED};

static inline void
spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* Take the next task; false if there is none. */
static bool
take_task(uint32_t *task)
{
	if (atomic_load(&pool.stop_tasks))
		return false;
	*task = atomic_fetch_add(&pool.next_task, 1);
	return *task < pool.n_tasks;
}

/* Wait for work that is not of the generation seen; false when it is time to quit. */
static bool
wait_for_work(unsigned seen)
{
	for (int i = 0; i < SPIN_COUNT; i++)
	{
		if (atomic_load(&pool.generation) != seen)
			return !atomic_load(&pool.quit);
		spin_pause();
	}
	pthread_mutex_lock(&pool.mutex);
	atomic_fetch_add(&pool.sleeping, 1);
	while (atomic_load(&pool.generation) == seen)
		pthread_cond_wait(&pool.work_begins, &pool.mutex);
	atomic_fetch_sub(&pool.sleeping, 1);
	pthread_mutex_unlock(&pool.mutex);
	return !atomic_load(&pool.quit);
}

/* What a worker does; its number arrives as the argument. */
static void *
work(void *argument)
{
	uint32_t thread = (uint32_t) (uintptr_t) argument;
	unsigned generation = 0;

	while (wait_for_work(generation))
	{
		uint32_t task;

		generation = atomic_load(&pool.generation);
		/* who comes too late must not touch the next work's fields */
		if ((atomic_fetch_add(&pool.running, 1) & WORK_CLOSED) == 0)
		{
			while (take_task(&task))
				pool.task(pool.context, task, thread);
		}
		atomic_fetch_sub(&pool.running, 1);
	}
	return NULL;
}

/* Have so many workers; fewer if the system gives no more. */
static void
start_workers(uint32_t wanted)
{
	sigset_t all;
	sigset_t old;

	if (pool.n_wanted == wanted)
		return;
	threads_stop();
	pool.n_wanted = wanted;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (pool.n_workers < wanted &&
		   pthread_create(&pool.threads[pool.n_workers], NULL, work,
						  (void *) (uintptr_t) (pool.n_workers + 1)) == 0)
		pool.n_workers++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Raise the generation: all workers look at the work, or at quit. */
static void
wake_workers(bool quit)
{
	atomic_store(&pool.quit, quit);
	atomic_fetch_add(&pool.generation, 1);
	/* a worker that goes to sleep now has seen the generation, or is seen here */
	if (atomic_load(&pool.sleeping) == 0)
		return;
	pthread_mutex_lock(&pool.mutex);
	pthread_cond_broadcast(&pool.work_begins);
	pthread_mutex_unlock(&pool.mutex);
}

/* Run tasks with the workers until all are done or an interrupt waits; no task runs afterwards. */
static void
run_until_interrupt(void)
{
	uint32_t task;
	int spins = 0;

	atomic_store(&pool.stop_tasks, false);
	atomic_fetch_and(&pool.running, ~WORK_CLOSED);
	wake_workers(false);
	while (take_task(&task))
	{
		pool.task(pool.context, task, 0);
		if (host_interrupt_is_pending())
			atomic_store(&pool.stop_tasks, true);
	}
	atomic_fetch_or(&pool.running, WORK_CLOSED);
	while (atomic_load(&pool.running) != WORK_CLOSED)
	{
		spin_pause();
		if (++spins % SPIN_COUNT == 0)
		{
			if (host_interrupt_is_pending())
				atomic_store(&pool.stop_tasks, true);
			sched_yield();
		}
	}
}

/* Run the tasks in this thread alone. */
static void
run_alone(uint32_t n_tasks, ParallelTask task, void *context)
{
	for (uint32_t i = 0; i < n_tasks; i++)
	{
		task(context, i, 0);
		if (host_interrupt_is_pending())
			host_check_interrupts();
	}
}

uint32_t
threads_count(void)
{
	uint32_t limit = host_thread_limit();

	return limit < MAX_THREADS ? limit : MAX_THREADS;
}

void
parallel_for(uint32_t n_tasks, ParallelTask task, void *context)
{
	if (n_tasks > 1 && threads_count() > 1)
		start_workers(threads_count() - 1);
	if (n_tasks <= 1 || threads_count() == 1 || pool.n_workers == 0)
	{
		run_alone(n_tasks, task, context);
		return;
	}
	pool.task = task;
	pool.context = context;
	pool.n_tasks = n_tasks;
	atomic_store(&pool.next_task, 0);
	do
	{
		run_until_interrupt();
		if (host_interrupt_is_pending())
			host_check_interrupts();
		/* an interrupt that did not end the training: what was not taken is still to be done */
	} while (atomic_load(&pool.next_task) < n_tasks);
}

void
threads_stop(void)
{
	pool.n_wanted = 0;
	if (pool.n_workers == 0)
		return;
	wake_workers(true);
	for (uint32_t i = 0; i < pool.n_workers; i++)
		pthread_join(pool.threads[i], NULL);
	pool.n_workers = 0;
	atomic_store(&pool.generation, 0);
}
