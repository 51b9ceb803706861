/*
 * blas_buffers.h
 *	  OpenBLAS's work buffers, made before they are needed.
 */
#ifndef SENTIMENT_BLAS_BUFFERS_H
#define SENTIMENT_BLAS_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Address space of a buffer at most, in the builds that distributions ship (BUFFER_SIZE) */
#if defined(__powerpc64__)
#define BLAS_BUFFER_SIZE ((size_t) 256 * 1024 * 1024)
#elif defined(__LP64__)
#define BLAS_BUFFER_SIZE ((size_t) 128 * 1024 * 1024)
#else
#define BLAS_BUFFER_SIZE ((size_t) 32 * 1024 * 1024)
#endif

/* How OpenBLAS lends buffers to its own functions. */
typedef struct BlasBufferFunctions
{
	void *(*borrow)(int purpose);
	void (*give_back)(void *buffer);
} BlasBufferFunctions;

/*
 * Let so many threads call OpenBLAS at once without a further buffer. Raises
 * HOST_ERROR_OUT_OF_MEMORY. Not for threads' tasks. functions: always the same; count <= MAX_THREADS
 */
extern void blas_buffers_reserve(const BlasBufferFunctions *functions, uint32_t count);

/* Raise HOST_ERROR_OUT_OF_MEMORY unless some bytes and a number of buffers could be had just now. */
extern void blas_buffers_check_memory(size_t bytes, uint32_t n_buffers);

/* Raise HOST_ERROR_OUT_OF_MEMORY, with OpenBLAS's hint. */
extern void blas_buffers_out_of_memory(const char *detail) __attribute__((noreturn));

#endif /* SENTIMENT_BLAS_BUFFERS_H */
