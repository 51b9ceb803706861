/*
 * truncated_svd.h
 *	  Truncated singular value decomposition of sparse rows (latent semantic analysis).
 *
 * X is about U S transposed V, with the n_components largest singular values S. The components are the
 * columns of V; a row x has the coordinates x V. As in scikit-learn's TruncatedSVD, X is not centred.
 *
 * The decomposition is that of a Krylov space of X transposed X or transposed X X, whichever is smaller
 * (block_lanczos.h). After i iterations it has n_components + 16 + i * (n_components / 2 + 16)
 * dimensions, and all of them are used. From the fifth iteration on it ends when the residuals are small
 * enough, which is when the explained variances agree with the exact ones to about 1e-4. On texts that
 * was after 5 to 7 iterations; 5 of scikit-learn's randomized solver miss some by 1e-1.
 *
 * Signs: in each component's coordinates of the rows, the one of the largest absolute value (the first
 * such) is positive, as scikit-learn's svd_flip does it. Where X has less than n_components singular
 * values above 1e-5 of the largest, the rest of the components is zero.
 *
 * The result depends on the matrix, the options, and in its last bits on the OpenBLAS library.
 */
#ifndef SENTIMENT_TRUNCATED_SVD_H
#define SENTIMENT_TRUNCATED_SVD_H

#include "core/features/sparse_matrix.h"

typedef struct TruncatedSvdOptions
{
	uint32_t n_components; /* 1 to min(n_rows, n_features) */
	uint32_t n_iter;       /* iterations at most; 10 leave room where 5 do not suffice */
	uint64_t seed;
} TruncatedSvdOptions;

/*
 * Decompose a matrix of values up to about 1e15; raises HOST_ERROR_LIMIT_EXCEEDED where squares overflow,
 * and takes for 0 what is below 1e-15 throughout. Besides the results takes memory for a copy of the
 * matrix, and for the Krylov space 4 bytes times its dimension times min(n_rows, n_features). No interrupt
 * is seen while the eigenvalues of a matrix of that dimension are computed: some 20 ms for 100 components,
 * a second for 500.
 *
 * All arrays are the caller's.
 *
 * components: (n_features, n_components), row-major. singular_values: (n_components), descending.
 * explained_variance: (n_components), variance of the rows' coordinates. explained_variance_ratio:
 * (n_components), its share of the variance of all features; 0 if they have none. transformed:
 * (n_rows, n_components), row-major, X components.
 */
extern void truncated_svd_fit(const SparseMatrix *matrix, const TruncatedSvdOptions *options,
							  float *components, double *singular_values,
							  double *explained_variance, double *explained_variance_ratio,
							  float *transformed);

/* Coordinates of one row: the sum of value * components[index] over its entries, in their order. */
extern void truncated_svd_transform(const float *components, uint32_t n_components,
									const SparseRow *row, float *coordinates);

#endif /* SENTIMENT_TRUNCATED_SVD_H */
