/*
 * block_lanczos.h
 *	  Largest eigenvalues of a symmetric matrix that is known by its products with blocks of columns.
 *
 * From sixteen random columns Q the Krylov space of Q, M Q, M M Q, ... is made orthonormal step by step
 * (block Lanczos, Golub and Underwood 1977), and the eigenvectors are the best that it holds
 * (Rayleigh-Ritz). Of the same number of products this gets far more digits than subspace iteration,
 * which forgets the powers before the last (Musco and Musco 2015, "Randomized block Krylov methods for
 * stronger and faster approximate singular value decomposition").
 *
 * Every block is made orthonormal to all before it. Directions that the Krylov space lacks, because it
 * ends or because an eigenvalue has more than sixteen vectors, are replaced by random ones, so that a
 * space as large as the matrix holds all eigenvectors.
 */
#ifndef SENTIMENT_BLOCK_LANCZOS_H
#define SENTIMENT_BLOCK_LANCZOS_H

#include "core/linear_algebra/vector_kernels.h"

/* product = M block; (block_rows(n_rows), BLOCK_WIDTH) each. Rows of the padding stay zero. */
typedef void (*BlockProduct)(void *context, const float *block, float *product);

typedef struct BlockLanczosProblem
{
	BlockProduct multiply; /* by M, which is positive semidefinite */
	void *context;
	uint32_t n_rows;       /* of M */
	uint32_t n_vectors;    /* wanted, at most n_rows */
	uint32_t n_dimensions; /* of the Krylov space, at least n_vectors; rounded up to whole blocks */
	uint64_t seed;
} BlockLanczosProblem;

/*
 * Compute the largest eigenvalues, descending, and their vectors.
 *
 * eigenvalues: (n_vectors), not negative; 0 from where M has no more. vectors: n_vectors columns,
 * sixteen a block, blocks one after the other; orthonormal, in any order where eigenvalues are equal,
 * zero in the last block's columns from n_vectors on.
 */
extern void block_lanczos(const BlockLanczosProblem *problem, double *eigenvalues, float *vectors);

#endif /* SENTIMENT_BLOCK_LANCZOS_H */
