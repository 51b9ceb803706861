/*
 * blas.h
 *	  OpenBLAS, loaded when it is first needed.
 *
 * OpenBLAS starts a thread a core when it is loaded, in every process that links it. So nothing links
 * it: training loads it, told to stay with one thread, and a backend that only predicts never does.
 * Its sums depend on the processor and on the shapes of the matrices, not on chance: call it over fixed
 * tiles, from the tasks of parallel_for if need be, and the results repeat.
 *
 * Matrices are row-major. A product should take 20 ms at most, for no interrupt is seen within it.
 */
#ifndef SENTIMENT_BLAS_H
#define SENTIMENT_BLAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Blas
{
	/* cblas_sgemm; enumerations as in CBLAS, below */
	void (*sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
				  const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
	/* LAPACK's dsyevd: eigenvalues and vectors of a symmetric matrix; column-major, by reference */
	void (*dsyevd)(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
				   double *w, double *work, const int *lwork, int *iwork, const int *liwork,
				   int *info, size_t jobz_length, size_t uplo_length);
} Blas;

#define BLAS_ROW_MAJOR    101
#define BLAS_NO_TRANSPOSE 111
#define BLAS_TRANSPOSE    112

/*
 * OpenBLAS's functions, for at most n_threads threads that call them at once; later answers are for more
 * or fewer. Raises an error if the library cannot be loaded, or has no memory to work with: calls of the
 * functions then find what they need, and cannot fail. Not for threads' tasks.
 */
extern const Blas *blas_load(uint32_t n_threads);

/* c = alpha * op(a) op(b) + beta * c; op(a): (m, k), op(b): (k, n), c: (m, n), all contiguous */
extern void blas_multiply(const Blas *blas, bool transpose_a, bool transpose_b, int m, int n, int k,
						  float alpha, const float *a, const float *b, float beta, float *c);

#endif /* SENTIMENT_BLAS_H */
