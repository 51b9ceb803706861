/*
 * blas.c
 *	  OpenBLAS, loaded when it is first needed.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "core/host.h"
#include "core/linear_algebra/blas.h"

#define LIBRARY "libopenblas.so.0"

static Blas blas;
static void *library = NULL;

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

const Blas *
blas_load(void)
{
	void *handle;

	if (library != NULL)
		return &blas;
	/* read when the library starts: with one thread it makes none */
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		host_error(HOST_ERROR_UNAVAILABLE, dlerror(),
				   "Install OpenBLAS: on Debian, apt-get install libopenblas0-pthread.",
				   "could not load the library %s", LIBRARY);
	*(void **) &blas.sgemm = find_function(handle, "cblas_sgemm");
	*(void **) &blas.dsyevd = find_function(handle, "dsyevd_");
	library = handle;
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
