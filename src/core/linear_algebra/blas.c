/*
 * blas.c
 *	  OpenBLAS, loaded when it is first needed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/linear_algebra/blas.h"
#include "core/linear_algebra/blas_buffers.h"

#define LIBRARY "libopenblas.so.0"

/* Address space of the library with those that it needs, and what they allocate as they start. */
#define LIBRARY_SIZE ((size_t) 64 * 1024 * 1024)

static Blas blas;
static BlasBufferFunctions buffers;
static void *library = NULL;

/* Say what keeps the library from loading: memory, or something else. */
static void __attribute__((noreturn)) refuse_library(const char *reason)
{
	/* the system's error is not always part of the reason */
	if (reason == NULL || strstr(reason, strerror(ENOMEM)) != NULL)
		blas_buffers_out_of_memory(reason);
	blas_buffers_check_memory(LIBRARY_SIZE, 0);
	host_error(HOST_ERROR_UNAVAILABLE, reason,
			   "Install OpenBLAS: on Debian, apt-get install libopenblas0-pthread.",
			   "could not load the library %s", LIBRARY);
}

/* A function of the library. */
static void *
find_function(void *handle, const char *name)
{
	void *function = dlsym(handle, name);

	if (function == NULL)
	{
		dlclose(handle);
		host_error(HOST_ERROR_UNAVAILABLE, NULL, "Install the whole of OpenBLAS, LAPACK included.",
				   "the library %s has no function %s", LIBRARY, name);
	}
	return function;
}

/* Open the library, told to stay with one thread: then it makes none, and a build for OpenMP no buffers. */
static void *
open_library(void)
{
	bool is_ours = getenv("OMP_NUM_THREADS") == NULL;
	void *handle;

	/* read when the library starts */
	if (setenv("OPENBLAS_NUM_THREADS", "1", 1) != 0 || setenv("OMP_NUM_THREADS", "1", 0) != 0)
		blas_buffers_out_of_memory(NULL);
	handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (is_ours)
		unsetenv("OMP_NUM_THREADS");
	if (handle == NULL)
		refuse_library(dlerror());
	return handle;
}

/* Load the library. */
static void
load_library(void)
{
	void *handle = open_library();

	*(void **) &blas.sgemm = find_function(handle, "cblas_sgemm");
	*(void **) &blas.dsyevd = find_function(handle, "dsyevd_");
	*(void **) &buffers.borrow = find_function(handle, "blas_memory_alloc");
	*(void **) &buffers.give_back = find_function(handle, "blas_memory_free");
	library = handle;
}

const Blas *
blas_load(uint32_t n_threads)
{
	if (library == NULL)
	{
		/* libraries that start without memory end the process or wait for it */
		blas_buffers_check_memory(LIBRARY_SIZE, n_threads);
		load_library();
	}
	blas_buffers_reserve(&buffers, n_threads);
	return &blas;
}

void
blas_multiply(const Blas *functions, bool transpose_a, bool transpose_b, int m, int n, int k,
			  float alpha, const float *a, const float *b, float beta, float *c)
{
	if (m == 0 || n == 0)
		return;
	functions->sgemm(BLAS_ROW_MAJOR, transpose_a ? BLAS_TRANSPOSE : BLAS_NO_TRANSPOSE,
					 transpose_b ? BLAS_TRANSPOSE : BLAS_NO_TRANSPOSE, m, n, k, alpha, a,
					 transpose_a ? m : k, b, transpose_b ? k : n, beta, c, n);
}
