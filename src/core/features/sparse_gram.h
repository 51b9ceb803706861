/*
 * sparse_gram.h
 *	  Products of blocks with X transposed X or with transposed X X, X a sparse matrix.
 *
 * The smaller of the two, so that blocks are short: for texts mostly the former, (n_rows, n_rows). Neither
 * it nor X transposed times the block is ever stored: for each feature, z = sum of its entries times their
 * rows of the block, and then z times each entry is added to the same rows of the product. All traffic
 * goes to the block and the product, which fit into the caches for some thousands of rows.
 *
 * The features (or the rows) are cut into segments by their number and that of the entries alone. The
 * segments add to a few partial products, which are joined in their order: the result does not depend on
 * the number of threads.
 */
#ifndef SENTIMENT_SPARSE_GRAM_H
#define SENTIMENT_SPARSE_GRAM_H

#include <stdbool.h>

#include "core/features/sparse_matrix.h"
#include "core/linear_algebra/vector_kernels.h"

typedef struct SparseGram
{
	bool of_rows;      /* blocks have a row a row of X: X transposed X; else a row a feature */
	uint32_t n_inner;  /* rows of a block without padding */
	uint32_t n_lists;  /* features if of_rows, else rows */
	SparseLists lists; /* the entries of each */
	uint32_t *names;   /* (n_lists) feature of each list; NULL: their own numbers */
	void *copy;        /* memory of the lists, NULL if they are the matrix itself */
	uint32_t n_segments;
	uint32_t *segment_ends; /* (n_segments + 1), lists; the first is 0 */
	uint32_t n_partials;
	float *partials; /* (n_partials, block_rows(n_inner), BLOCK_WIDTH) */
	void *partials_memory;
} SparseGram;

/* Prepare a matrix, which must outlive the result. Takes as much memory as its entries again. */
extern SparseGram sparse_gram_make(const SparseMatrix *matrix);

extern void sparse_gram_free(SparseGram *gram);

/*
 * product = X transposed X block, or transposed X X block; the padding becomes zero. If target is not
 * NULL it gets transposed X block (of_rows) or X block, its names being set here; product may then be
 * NULL.
 */
extern void sparse_gram_multiply(const SparseGram *gram, const float *block, float *product,
								 const SumTarget *target);

/* As a BlockProduct (block_lanczos.h): product = the Gram matrix times block. context: the SparseGram */
extern void sparse_gram_product(void *context, const float *block, float *product);

#endif /* SENTIMENT_SPARSE_GRAM_H */
