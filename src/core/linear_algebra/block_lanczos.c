/*
 * block_lanczos.c
 *	  Largest eigenvalues of a symmetric matrix that is known by its products with blocks of columns.
 */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/linear_algebra/block_lanczos.h"
#include "core/linear_algebra/orthonormalization.h"
#include "core/linear_algebra/symmetric_eigen.h"
#include "core/threads.h"

/* Rows of the vectors that a task computes. */
#define ROWS_PER_TASK 512

/* Random numbers between two checks for interrupts. */
#define NUMBERS_PER_INTERRUPT_CHECK ((size_t) 1 << 18)

#define ALL_COLUMNS ((1U << BLOCK_WIDTH) - 1)

typedef struct KrylovSpace
{
	const BlockLanczosProblem *problem;
	size_t padded_rows;
	uint32_t max_blocks;
	uint32_t n_blocks;
	float *blocks;      /* (n_blocks, padded_rows, BLOCK_WIDTH) */
	void *memory;       /* of blocks */
	uint32_t n_columns; /* of the blocks that are not zero */
	uint32_t *columns;  /* (n_columns) their numbers */
	double *projection; /* (max_blocks * BLOCK_WIDTH, the same): transposed blocks M blocks */
	Orthonormalization work;
} KrylovSpace;

/* Block number i of the space. */
static float *
block_of(const KrylovSpace *space, uint32_t i)
{
	return space->blocks + i * space->padded_rows * BLOCK_WIDTH;
}

/* Fill the columns of a block whose bits are set with random numbers of norm about 1. */
static void
fill_random(const KrylovSpace *space, uint32_t block, uint32_t columns)
{
	uint32_t n_rows = space->problem->n_rows;
	float scale = (float) (sqrt(3.0 / n_rows) / (1 << 23));
	uint64_t seed = hash_mix(space->problem->seed + UINT64_C(0x9e3779b97f4a7c15)) ^ block;
	float *rows = block_of(space, block);

	for (size_t i = 0; i < (size_t) n_rows * BLOCK_WIDTH; i++)
	{
		if (i % NUMBERS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
		if (columns & 1U << i % BLOCK_WIDTH)
			rows[i] = scale * (float) ((int32_t) (hash_mix(seed + (i << 24)) >> 40) - (1 << 23));
	}
}

/*
 * Make the next block orthonormal to all before it, with new random columns in the place of those that
 * were dropped, and take it into the space. Answers false if there is no direction left.
 */
static bool
add_block(KrylovSpace *space, uint32_t dropped)
{
	uint32_t block = space->n_blocks;

	if (dropped != 0)
		fill_random(space, block, dropped);
	dropped = orthonormalize_block(&space->work, space->blocks, block, block_of(space, block));
	for (uint32_t c = 0; c < BLOCK_WIDTH; c++)
	{
		if (!(dropped & 1U << c))
			space->columns[space->n_columns++] = block * BLOCK_WIDTH + c;
	}
	if (dropped == ALL_COLUMNS)
		return false;
	space->n_blocks++;
	return true;
}

/* Enter transposed block i times M block j into the projection, and its mirror image. */
static void
enter_square(KrylovSpace *space, uint32_t i, uint32_t j, const double *square)
{
	size_t n = (size_t) space->max_blocks * BLOCK_WIDTH;

	for (size_t r = 0; r < BLOCK_WIDTH; r++)
	{
		for (size_t c = 0; c < BLOCK_WIDTH; c++)
		{
			size_t row = i * BLOCK_WIDTH + r;
			size_t column = j * BLOCK_WIDTH + c;
			/* of a square on the diagonal, half from each side */
			double value = i == j ? (square[r * BLOCK_WIDTH + c] + square[c * BLOCK_WIDTH + r]) / 2
								  : square[r * BLOCK_WIDTH + c];

			space->projection[row * n + column] = value;
			space->projection[column * n + row] = value;
		}
	}
}

/*
 * Compute M times block j into the place of block j + 1, and subtract from it its projections on blocks
 * j and j - 1; it has none on those before. Answers the columns that are dropped.
 */
static uint32_t
expand(KrylovSpace *space, uint32_t j)
{
	float *product = block_of(space, j + 1);
	uint32_t first = j > 0 ? j - 1 : 0;
	uint32_t dropped;

	space->problem->multiply(space->problem->context, block_of(space, j), product);
	dropped = orthonormalize_block(&space->work, block_of(space, first), j + 1 - first, product);
	for (uint32_t i = first; i <= j; i++)
		enter_square(space, i, j, space->work.coefficients + (size_t) (i - first) * BLOCK_SQUARE);
	return dropped;
}

/* Build the space and the projection of M on it. */
static void
build_space(KrylovSpace *space)
{
	uint32_t dropped;

	memset(block_of(space, 0), 0, space->padded_rows * BLOCK_WIDTH * sizeof(float));
	fill_random(space, 0, ALL_COLUMNS);
	dropped = orthonormalize_block(&space->work, space->blocks, 0, space->blocks);
	while (space->n_blocks < space->max_blocks && add_block(space, dropped))
		dropped = expand(space, space->n_blocks - 1);
}

typedef struct VectorsContext
{
	const KrylovSpace *space;
	const VectorKernels *kernels;
	const float *factors; /* (out blocks, n_blocks, BLOCK_WIDTH, BLOCK_WIDTH) */
	float *vectors;
	uint32_t out_blocks;
} VectorsContext;

/* Task: some rows of the vectors, which are combinations of the blocks' columns. */
static void
combine_blocks(void *context, uint32_t task, uint32_t thread)
{
	VectorsContext *c = context;
	const KrylovSpace *space = c->space;
	size_t first = (size_t) task * ROWS_PER_TASK;
	size_t n_rows = space->padded_rows - first;

	if (n_rows > ROWS_PER_TASK)
		n_rows = ROWS_PER_TASK;
	for (uint32_t o = 0; o < c->out_blocks; o++)
	{
		float *out = c->vectors + (o * space->padded_rows + first) * BLOCK_WIDTH;

		memset(out, 0, n_rows * BLOCK_WIDTH * sizeof(float));
		for (uint32_t b = 0; b < space->n_blocks; b++)
			c->kernels->add_product(out, block_of(space, b) + first * BLOCK_WIDTH,
									c->factors + ((size_t) o * space->n_blocks + b) * BLOCK_SQUARE,
									n_rows);
	}
}

/* Arrange the wanted eigenvectors of the projection as squares to multiply the blocks with. */
static void
arrange_factors(const KrylovSpace *space, uint32_t n_wanted, float *factors)
{
	size_t n = space->n_columns;

	for (uint32_t v = 0; v < n_wanted; v++)
	{
		/* ascending, so the largest is the last */
		const double *vector = space->projection + (n - 1 - v) * n;
		float *out =
			factors + (size_t) (v / BLOCK_WIDTH) * space->n_blocks * BLOCK_SQUARE + v % BLOCK_WIDTH;

		for (size_t i = 0; i < n; i++)
			out[(size_t) space->columns[i] * BLOCK_WIDTH] = (float) vector[i];
	}
}

/* Leave nothing in the projection but the columns that are not zero, without gaps. */
static void
pack_projection(const KrylovSpace *space)
{
	size_t stride = (size_t) space->max_blocks * BLOCK_WIDTH;
	double *packed = space->projection;

	for (size_t i = 0; i < space->n_columns; i++)
	{
		const double *row = space->projection + space->columns[i] * stride;

		for (size_t j = 0; j < space->n_columns; j++)
			*packed++ = row[space->columns[j]];
	}
}

/* Raise an error if the products overflowed. values: (count) */
static void
check_finite(const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (!isfinite(values[i]))
			host_error(HOST_ERROR_LIMIT_EXCEEDED,
					   "Sums of their squares are not finite in float32.", "Scale the features.",
					   "feature values are too large for a decomposition");
	}
}

/* The best eigenvectors in the space. */
static void
extract_vectors(const KrylovSpace *space, double *eigenvalues, float *vectors)
{
	uint32_t n = space->n_columns;
	uint32_t n_vectors = space->problem->n_vectors;
	uint32_t n_wanted = n_vectors < n ? n_vectors : n;
	uint32_t out_blocks = (n_vectors + BLOCK_WIDTH - 1) / BLOCK_WIDTH;
	size_t n_squares = host_array_size(out_blocks, (size_t) space->n_blocks * BLOCK_WIDTH);
	double *all_values = host_allocate_array(double, n);
	void *memory;
	float *factors = block_allocate(n_squares, &memory);
	VectorsContext context = {space, vector_kernels(), factors, vectors, out_blocks};

	pack_projection(space);
	check_finite(space->projection, (size_t) n * n);
	symmetric_eigen(n, space->projection, all_values);
	for (uint32_t i = 0; i < n_vectors; i++)
		eigenvalues[i] = i < n_wanted ? fmax(all_values[n - 1 - i], 0) : 0;
	memset(factors, 0, n_squares * BLOCK_WIDTH * sizeof(float));
	arrange_factors(space, n_wanted, factors);
	parallel_for((uint32_t) ((space->padded_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK),
				 combine_blocks, &context);
	host_free(all_values);
	host_free(memory);
}

void
block_lanczos(const BlockLanczosProblem *problem, double *eigenvalues, float *vectors)
{
	KrylovSpace space = {.problem = problem, .padded_rows = block_rows(problem->n_rows)};
	uint32_t n_dimensions = problem->n_dimensions;
	size_t n;

	if (n_dimensions > problem->n_rows)
		n_dimensions = problem->n_rows;
	space.max_blocks = (n_dimensions + BLOCK_WIDTH - 1) / BLOCK_WIDTH;
	n = (size_t) space.max_blocks * BLOCK_WIDTH;
	/* one block more: where M times the last is projected */
	space.blocks =
		block_allocate(host_array_size(space.max_blocks + 1, space.padded_rows), &space.memory);
	space.projection = host_allocate_zero_array(double, host_array_size(n, n));
	space.columns = host_allocate_array(uint32_t, n);
	space.work = orthonormalization_make(space.padded_rows, space.max_blocks);
	build_space(&space);
	extract_vectors(&space, eigenvalues, vectors);
	orthonormalization_free(&space.work);
	host_free(space.projection);
	host_free(space.columns);
	host_free(space.memory);
}
