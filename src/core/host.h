/*
 * host.h
 *	  All that the core asks of whoever runs it.
 *
 * The core knows nothing of PostgreSQL. Whoever links it (the extension, the unit tests, a fuzzer)
 * defines these functions. In the extension they stand for memory contexts, ereport and
 * CHECK_FOR_INTERRUPTS.
 *
 * host_error and host_check_interrupts may leave by a long jump, so core code holds nothing across
 * them that only a return would release: no malloc, no file, no lock, no running thread. All memory
 * comes from host_allocate, and the host frees what an error leaves behind.
 */
#ifndef SENTIMENT_HOST_H
#define SENTIMENT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Classes of errors; the extension maps each to one SQLSTATE. */
typedef enum HostErrorCode
{
	HOST_ERROR_INVALID_PARAMETER, /* an unknown key, or a value that is not allowed */
	HOST_ERROR_INSUFFICIENT_DATA, /* nothing to learn from: no rows, one class, no terms */
	HOST_ERROR_LIMIT_EXCEEDED,    /* a size beyond a stated limit */
	HOST_ERROR_OUT_OF_MEMORY,     /* beyond the host's memory limit */
	HOST_ERROR_INVALID_TEXT,      /* bytes that are not valid UTF-8 */
	HOST_ERROR_INVALID_IMAGE,     /* bytes that are not a valid stored value */
	HOST_ERROR_UNSUPPORTED_IMAGE, /* a stored value of a later format version */
	HOST_ERROR_UNAVAILABLE,       /* a library that is not installed */
	HOST_ERROR_INTERNAL           /* a bug */
} HostErrorCode;

/*
 * Allocate size bytes, aligned for any type; may exceed 1 GB. Never answers NULL: raises
 * HOST_ERROR_OUT_OF_MEMORY. The memory lives until host_free or until the host drops it as a whole.
 */
extern void *host_allocate(size_t size);

/* As host_allocate, filled with zero bytes. */
extern void *host_allocate_zero(size_t size);

/* Resize memory of host_allocate, keeping its content (and its owner in the host). */
extern void *host_reallocate(void *memory, size_t size);

/* Give memory of host_allocate back; NULL is allowed. */
extern void host_free(void *memory);

/*
 * Raise an error and do not return. detail (the consequence) and hint (the next step) may be NULL;
 * all three follow PostgreSQL's message style. The strings are copied before any memory is freed.
 */
extern void host_error(HostErrorCode code, const char *detail, const char *hint,
					   const char *message_format, ...) __attribute__((noreturn))
__attribute__((format(printf, 4, 5)));

/* Leave by an error if a cancel or a timeout is pending. Cheap: call it at least every few ms. */
extern void host_check_interrupts(void);

/*
 * Whether host_check_interrupts may have something to do. Never leaves, so that a caller with running
 * threads can stop them first.
 */
extern bool host_interrupt_is_pending(void);

/* How many threads core code may use at once, this one included; 1 to 64. */
extern uint32_t host_thread_limit(void);

/* Tell a person what is going on: one line, no trailing period. */
extern void host_progress(const char *message_format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Warn of something that is done otherwise than was asked for: a message as those of errors, and the consequence and the
 * next step, which may be NULL.
 */
extern void host_warning(const char *detail, const char *hint, const char *message_format, ...)
	__attribute__((format(printf, 3, 4)));

/* Bytes of count elements of the given size; raises HOST_ERROR_LIMIT_EXCEEDED on overflow. */
static inline size_t
host_array_size(size_t count, size_t element_size)
{
	size_t total;

	if (__builtin_mul_overflow(count, element_size, &total))
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "size of an array overflows");
	return total;
}

/* Allocate an array, with an overflow check. */
#define host_allocate_array(type, count) \
	((type *) host_allocate(host_array_size((count), sizeof(type))))
#define host_allocate_zero_array(type, count) \
	((type *) host_allocate_zero(host_array_size((count), sizeof(type))))
#define host_reallocate_array(memory, type, count) \
	((type *) host_reallocate((memory), host_array_size((count), sizeof(type))))

#endif /* SENTIMENT_HOST_H */
