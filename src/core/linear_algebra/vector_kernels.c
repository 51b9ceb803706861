/*
 * vector_kernels.c
 *	  Inner loops over blocks of sixteen columns, for the processor at hand.
 */
#include <string.h>

#include "core/host.h"
#include "core/linear_algebra/vector_kernels.h"

/* Rows whose inner products are summed up in float32 before they go to float64. */
#define ROWS_PER_FLUSH ((size_t) 256)

/* Entries between a prefetch of multiply_sparse and the use. */
#define ENTRIES_AHEAD 24

/* Rows between a prefetch of sum_rows and the use. */
#define ROWS_AHEAD 8

#define MULTIPLY_ADD(factor, x, sum) ((sum) + (factor) * (x))

/* Fetch the cache lines of a row of floats. */
static inline void
prefetch_row(const float *row, uint32_t n_columns)
{
	for (uint32_t j = 0; j < n_columns; j += 16)
		__builtin_prefetch(row + j);
}

/* Fetch the rows of two blocks that entry i will need, if there is one. */
static inline void
prefetch_entry(const float *block, const float *result, const uint32_t *indices, uint64_t i,
			   uint64_t end)
{
	if (i < end)
	{
		__builtin_prefetch(block + (size_t) indices[i] * BLOCK_WIDTH);
		__builtin_prefetch(result + (size_t) indices[i] * BLOCK_WIDTH, 1);
	}
}

#define NAME(x)  portable_##x
#define SET_NAME "portable"
#define TARGET
#define LANES           4
#define ROWS_AT_ONCE    2
#define COLUMNS_AT_ONCE 2
#include "core/linear_algebra/vector_kernels_body.h"

#ifdef HAVE_X86_KERNELS
#define NAME(x)         avx2_##x
#define SET_NAME        "AVX2"
#define TARGET          TARGET_AVX2
#define LANES           8
#define ROWS_AT_ONCE    4
#define COLUMNS_AT_ONCE 4
#include "core/linear_algebra/vector_kernels_body.h"

#define NAME(x)         avx512_##x
#define SET_NAME        "AVX-512"
#define TARGET          TARGET_AVX512
#define LANES           16
#define ROWS_AT_ONCE    8
#define COLUMNS_AT_ONCE 16
#include "core/linear_algebra/vector_kernels_body.h"
#endif

const VectorKernels *
vector_kernels_of(InstructionSet set)
{
	if (set > instruction_set())
		return NULL;
#ifdef HAVE_X86_KERNELS
	if (set == INSTRUCTIONS_AVX512)
		return &avx512_kernels;
	if (set == INSTRUCTIONS_AVX2)
		return &avx2_kernels;
#endif
	return &portable_kernels;
}

const VectorKernels *
vector_kernels(void)
{
	return vector_kernels_of(instruction_set());
}

float *
block_allocate(size_t n_rows, void **memory)
{
	size_t alignment = BLOCK_WIDTH * sizeof(float);
	uintptr_t start;

	*memory = host_allocate(host_array_size(n_rows + 1, alignment));
	start = (uintptr_t) *memory;
	return (float *) ((start + alignment - 1) / alignment * alignment);
}
