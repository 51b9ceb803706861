/*
 * threads.h
 *	  Own threads for the length of a training.
 *
 * A task runs core code that computes on memory which the caller has allocated: it calls none of the
 * host's functions, and writes only what no other task touches. What comes out must not depend on the
 * number of threads: cut the work into tasks by its own size, and join their results in the order of the
 * tasks.
 *
 * The threads block all signals. They are made when the first work comes and wait for more until
 * threads_stop, which the host calls at the end of a training, by whatever way it ends.
 */
#ifndef SENTIMENT_THREADS_H
#define SENTIMENT_THREADS_H

#include <stdint.h>

#define MAX_THREADS 64

/* One piece of work. thread: which thread runs it, below threads_count(), to choose its scratch memory */
typedef void (*ParallelTask)(void *context, uint32_t task, uint32_t thread);

/* Threads that parallel_for uses at most, the caller's own included. */
extern uint32_t threads_count(void);

/*
 * Run the tasks 0 to n_tasks - 1, each once, in no promised order, and wait for them. Checks for
 * interrupts between tasks, with no task running: a task should take 20 ms at most.
 */
extern void parallel_for(uint32_t n_tasks, ParallelTask task, void *context);

/* End the threads; they begin again when there is work. */
extern void threads_stop(void);

#endif /* SENTIMENT_THREADS_H */
