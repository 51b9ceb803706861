/*
 * blas_buffers.c
 *	  OpenBLAS's work buffers, made before they are needed.
 *
 * A function of OpenBLAS borrows a buffer of the process for as long as it runs, and one is made if all are
 * lent. Where the system has no memory for it, OpenBLAS asks again for ever (blas_memory_alloc in its
 * driver/others/memory.c), and sees no interrupt. So the buffers are made here, as many as there will be
 * calls at once: then no call makes one. They take address space; memory is taken as they are touched.
 *
 * Whether they fit is tried first. Others may take the memory in between, where the system counts
 * what it promises, so a thread of its own borrows the buffers. The caller waits for it for some
 * seconds, and sees interrupts. A thread that got stuck stays: it cannot be ended safely where it is. It
 * holds no lock, and ends when the memory is there.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "core/host.h"
#include "core/linear_algebra/blas_buffers.h"
#include "core/threads.h"

/* What else is needed to make buffers: the thread, a few small blocks. */
#define MARGIN ((size_t) 1024 * 1024)

/* Stack of the thread. */
#define STACK_SIZE ((size_t) 256 * 1024)

/* Waits for the thread: each twice as long as the one before it, up to a limit; seconds in all. */
#define FIRST_WAIT_NS   20000L
#define LONGEST_WAIT_NS 10000000L
#define PATIENCE_NS     5000000000L

/* The thread that borrows the buffers. */
typedef struct BufferMaker
{
	bool is_started; /* and not joined */
	pthread_t thread;
	const BlasBufferFunctions *functions;
	uint32_t count;  /* buffers to make */
	uint32_t n_made; /* valid when it is done */
	atomic_bool is_done;
} BufferMaker;

static BufferMaker maker;

/* Buffers that there are. */
static uint32_t n_ready = 0;

void
blas_buffers_out_of_memory(const char *detail)
{
	host_error(HOST_ERROR_OUT_OF_MEMORY, detail,
			   "Lower sentiment.training_threads, or let the server's processes have more memory "
			   "(ulimit -v, vm.overcommit_memory).",
			   "out of memory for OpenBLAS");
}

/* Raise the error that so much address space is not to be had. */
static void __attribute__((noreturn)) refuse(size_t bytes, uint32_t n_buffers)
{
	char detail[128];

	snprintf(detail, sizeof(detail), "It needs %zu MB of address space, %u buffers included.",
			 (bytes + n_buffers * BLAS_BUFFER_SIZE) / (1024 * 1024), n_buffers);
	blas_buffers_out_of_memory(detail);
}

/* Memory of this size that nobody has touched; NULL if there is none. */
static void *
map_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void
blas_buffers_check_memory(size_t bytes, uint32_t n_buffers)
{
	void *rest = map_memory(bytes);
	void *buffers[MAX_THREADS];
	uint32_t n_mapped = 0;

	/* one by one, as OpenBLAS does: the system may refuse a block that is larger than its memory */
	while (rest != NULL && n_mapped < n_buffers &&
		   (buffers[n_mapped] = map_memory(BLAS_BUFFER_SIZE)) != NULL)
		n_mapped++;
	for (uint32_t i = 0; i < n_mapped; i++)
		munmap(buffers[i], BLAS_BUFFER_SIZE);
	if (rest != NULL)
		munmap(rest, bytes);
	if (rest == NULL || n_mapped < n_buffers)
		refuse(bytes, n_buffers);
}

/* What the thread does: borrow the buffers, all at once, so that there are as many. */
static void *
make_buffers(void *argument)
{
	BufferMaker *m = argument;
	void *buffers[MAX_THREADS];

	m->n_made = 0;
	while (m->n_made < m->count && (buffers[m->n_made] = m->functions->borrow(0)) != NULL)
		m->n_made++;
	for (uint32_t i = 0; i < m->n_made; i++)
		m->functions->give_back(buffers[i]);
	atomic_store(&m->is_done, true);
	return NULL;
}

/* Start the thread, which blocks all signals. Answers whether there is one. */
static bool
start_thread(void)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t old;
	bool is_started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	is_started = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
				 pthread_create(&maker.thread, &attributes, make_buffers, &maker) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	return is_started;
}

/* Wait for the thread. */
static void
wait_for_buffers(void)
{
	long wait = FIRST_WAIT_NS;

	for (long waited = 0; !atomic_load(&maker.is_done); waited += wait)
	{
		struct timespec time = {.tv_nsec = wait};

		if (waited > PATIENCE_NS)
			blas_buffers_out_of_memory("A thread of this session waits for the memory, and takes a "
									   "processor until it is there or the session ends.");
		if (host_interrupt_is_pending())
			host_check_interrupts();
		nanosleep(&time, NULL);
		wait = wait < LONGEST_WAIT_NS / 2 ? 2 * wait : LONGEST_WAIT_NS;
	}
	pthread_join(maker.thread, NULL);
	maker.is_started = false;
	n_ready = maker.n_made > n_ready ? maker.n_made : n_ready;
}

void
blas_buffers_reserve(const BlasBufferFunctions *functions, uint32_t count)
{
	/* one that got stuck in an earlier training */
	if (maker.is_started && n_ready < count)
		wait_for_buffers();
	if (n_ready >= count)
		return;
	blas_buffers_check_memory(MARGIN, count - n_ready);
	maker.functions = functions;
	maker.count = count;
	atomic_store(&maker.is_done, false);
	maker.is_started = start_thread();
	if (!maker.is_started)
		blas_buffers_out_of_memory("A thread could not be started.");
	wait_for_buffers();
	if (n_ready < count)
		blas_buffers_out_of_memory("It makes no further buffer.");
}
