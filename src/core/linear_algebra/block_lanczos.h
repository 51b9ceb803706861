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
 *
 * An eigenvalue's relative error is of the order of the squared residual (as a share of it), divided by
 * the relative distance to the next eigenvalues: on texts, 2 to 15 times the square.
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
	uint32_t n_dimensions; /* of the Krylov space at first, at least n_vectors */
	uint32_t n_more;       /* by which it grows while a residual is above the tolerance */
	uint32_t n_most;       /* at most, rounded up to whole blocks */
	double tolerance;      /* for |M v - eigenvalue v| / eigenvalue of each vector v */
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
