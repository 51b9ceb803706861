/*
 * vector_kernels.h
 *	  Inner loops over blocks of sixteen columns, for the processor at hand.
 *
 * A column block is a tall matrix of BLOCK_WIDTH columns of float32, row by row: one row is 64 bytes, a
 * line of the processor's cache, so that rows reached by an index cost no byte too many. Blocks are
 * aligned to 64 bytes, and their rows padded with zeros to a multiple of BLOCK_ROWS (block_rows).
 *
 * Every kernel exists for AVX-512, for AVX2, and portably. All of them add the same numbers in the same
 * order and round after each multiplication, so they agree to the last bit.
 */
#ifndef SENTIMENT_VECTOR_KERNELS_H
#define SENTIMENT_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/linear_algebra/instruction_set.h"

#define BLOCK_WIDTH 16
#define BLOCK_ROWS  8

/* Elements of a small square matrix, of which products with blocks are made. */
#define BLOCK_SQUARE (BLOCK_WIDTH * BLOCK_WIDTH)

/* Where multiply_sparse leaves or takes what; see there. */
typedef struct SparseLists
{
	const uint64_t *starts;  /* (n_lists + 1), positions in indices and values */
	const uint32_t *indices; /* rows of the blocks */
	const float *values;
} SparseLists;

/* Place for the first columns of each list's sum. */
typedef struct SumTarget
{
	float *sums;           /* list l's sum goes to sums + number of l * stride */
	size_t stride;         /* floats */
	uint32_t n_columns;    /* of the block that are stored, at most BLOCK_WIDTH */
	const uint32_t *names; /* (n_lists) number of each list; NULL: they are numbered as they come */
} SumTarget;

typedef struct VectorKernels
{
	const char *name;

	/*
	 * For each list l from first to end - 1, with entries (index, value):
	 *		z = sum over entries of value * block[index]
	 *		result[index] += value * z, for each entry    (unless result is NULL)
	 * and z is stored (unless target is NULL). An index is in a list at most once.
	 */
	void (*multiply_sparse)(const SparseLists *lists, uint32_t first, uint32_t end,
							const float *block, float *result, const SumTarget *target);

	/* square += transposed a times b; float32 within 256 rows, float64 beyond */
	void (*add_inner_products)(double *square, const float *a, const float *b, size_t n_rows);

	/* square += transposed a times a, in float64 throughout */
	void (*add_gram)(double *square, const float *a, size_t n_rows);

	/* result += a square; square: (BLOCK_WIDTH, BLOCK_WIDTH), row-major */
	void (*add_product)(float *result, const float *a, const float *square, size_t n_rows);

	/* a = a square */
	void (*multiply_in_place)(float *a, const float *square, size_t n_rows);

	/* sum = sum over entries of value * rows[index], added in their order; rows: (any, n_columns) */
	void (*sum_rows)(float *sum, uint32_t n_columns, const float *rows, uint32_t count,
					 const uint32_t *indices, const float *values);
} VectorKernels;

/* The kernels for an instruction set; NULL if it may not be used here. */
extern const VectorKernels *vector_kernels_of(InstructionSet set);

/* The fastest kernels that may be used here. */
extern const VectorKernels *vector_kernels(void);

/* Allocate n_rows rows of a block or of several. memory: what host_free takes */
extern float *block_allocate(size_t n_rows, void **memory);

/* Rows of a block with its padding. */
static inline size_t
block_rows(size_t n_rows)
{
	return (n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS * BLOCK_ROWS;
}

#endif /* SENTIMENT_VECTOR_KERNELS_H */
