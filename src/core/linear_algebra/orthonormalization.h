/*
 * orthonormalization.h
 *	  Make the columns of a block orthonormal to each other and to those of blocks before it.
 *
 * Projections are block classical Gram-Schmidt, and within the block Cholesky QR, which need a few passes
 * over the rows where Householder's method needs one a column. Either loses orthogonality in proportion
 * to the condition of the block, so the caller does both twice ("twice is enough": Giraud, Langou,
 * Rozloznik and van den Eshof 2005; Yamamoto, Nakatsukasa, Yanagisawa and Fukaya 2015).
 *
 * The rows are cut into tiles by their number alone. Sums over tiles are in float64, in their order, so
 * the result does not depend on the number of threads.
 */
#ifndef SENTIMENT_ORTHONORMALIZATION_H
#define SENTIMENT_ORTHONORMALIZATION_H

#include "core/linear_algebra/vector_kernels.h"

/* Scratch memory for blocks of one size. */
typedef struct Orthonormalization
{
	size_t n_rows; /* of a block, padding included */
	size_t tile_rows;
	uint32_t n_tiles;
	uint32_t max_blocks;
	double *tile_squares;          /* (n_tiles, max_blocks, BLOCK_WIDTH, BLOCK_WIDTH) */
	double *coefficients;          /* (max_blocks, BLOCK_WIDTH, BLOCK_WIDTH) */
	float *factors;                /* (max_blocks, BLOCK_WIDTH, BLOCK_WIDTH), aligned to 64 */
	void *memory;                  /* of factors */
	double triangle[BLOCK_SQUARE]; /* of the last round; upper, row-major */
} Orthonormalization;

/* Make scratch memory. n_rows: block_rows(...); max_blocks: that a block is projected against. */
extern Orthonormalization orthonormalization_make(size_t n_rows, uint32_t max_blocks);

extern void orthonormalization_free(Orthonormalization *work);

/*
 * One round: subtract from the block its projection on the columns of n_blocks blocks, which are
 * orthonormal or zero, and make its own columns orthonormal. A column of which nothing but rounding
 * errors is left becomes zero.
 *
 * work->coefficients: (n_blocks, BLOCK_WIDTH, BLOCK_WIDTH), transposed block i times block before.
 * work->triangle: what was left of the block is the block after times this triangle.
 * Answers which columns became zero, bit i for column i.
 */
extern uint32_t orthonormalize_block(Orthonormalization *work, float *const *blocks,
									 uint32_t n_blocks, float *block);

#endif /* SENTIMENT_ORTHONORMALIZATION_H */
