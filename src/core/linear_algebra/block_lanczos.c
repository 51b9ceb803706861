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

/* Share of the largest eigenvalue that a residual may have by float32's rounding errors. */
#define ROUNDING 1e-6

#define ALL_COLUMNS ((1U << BLOCK_WIDTH) - 1)

typedef struct KrylovSpace
{
	const BlockLanczosProblem *problem;
	size_t padded_rows;
	uint32_t max_blocks;
	uint32_t n_blocks;
	float **blocks;  /* (n_blocks + 1), (padded_rows, BLOCK_WIDTH) each; the last is to come */
	void **memories; /* of the blocks */
	/* (n_blocks, 2, BLOCK_WIDTH, BLOCK_WIDTH): transposed block j - 1, then j, times M block j */
	double *couplings;
	uint32_t dropped;   /* columns of the block to come that need random numbers */
	bool is_complete;   /* there is no direction left */
	uint32_t n_columns; /* of the blocks that are not zero */
	uint32_t *columns;  /* (n_columns) their numbers */
	double residual_triangle[BLOCK_SQUARE]; /* times the block to come: what M times the last one
											 * has beyond the space */
	Orthonormalization work;
} KrylovSpace;

/* Eigenvalues and vectors of M's projection on the space, in ascending order. */
typedef struct Projection
{
	double *values;  /* (n_columns) */
	double *vectors; /* (n_columns, n_columns), a row each */
} Projection;

/* Fill the columns of a block whose bits are set with random numbers of norm about 1. */
static void
fill_random(const KrylovSpace *space, uint32_t block, uint32_t columns)
{
	uint32_t n_rows = space->problem->n_rows;
	float scale = (float) (sqrt(3.0 / n_rows) / (1 << 23));
	uint64_t seed = hash_mix(space->problem->seed + UINT64_C(0x9e3779b97f4a7c15)) ^ block;
	float *rows = space->blocks[block];

	for (size_t i = 0; i < (size_t) n_rows * BLOCK_WIDTH; i++)
	{
		if (i % NUMBERS_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
		if (columns & 1U << i % BLOCK_WIDTH)
			rows[i] = scale * (float) ((int32_t) (hash_mix(seed + (i << 24)) >> 40) - (1 << 23));
	}
}

/* Allocate the block to come. */
static void
allocate_block(KrylovSpace *space)
{
	uint32_t i = space->n_blocks;

	space->blocks[i] = block_allocate(space->padded_rows, &space->memories[i]);
}

/*
 * Make the block to come orthonormal to all before it, with new random columns in the place of those that
 * were dropped, and take it into the space.
 */
static void
add_block(KrylovSpace *space)
{
	uint32_t block = space->n_blocks;
	uint32_t dropped;

	if (space->dropped != 0)
		fill_random(space, block, space->dropped);
	dropped = orthonormalize_block(&space->work, space->blocks, block, space->blocks[block]);
	for (uint32_t c = 0; c < BLOCK_WIDTH; c++)
	{
		if (!(dropped & 1U << c))
			space->columns[space->n_columns++] = block * BLOCK_WIDTH + c;
	}
	space->n_blocks++;
	space->is_complete = dropped == ALL_COLUMNS;
}

/*
 * Compute M times the last block into the one to come, and subtract from it its projections on the last
 * two blocks; it has none on those before.
 */
static void
multiply_last_block(KrylovSpace *space)
{
	uint32_t j = space->n_blocks - 1;
	uint32_t first = j > 0 ? j - 1 : 0;
	double *couplings = space->couplings + (size_t) j * 2 * BLOCK_SQUARE;

	allocate_block(space);
	space->problem->multiply(space->problem->context, space->blocks[j], space->blocks[j + 1]);
	space->dropped = orthonormalize_block(&space->work, space->blocks + first, j + 1 - first,
										  space->blocks[j + 1]);
	memcpy(couplings + (j > 0 ? 0 : BLOCK_SQUARE), space->work.coefficients,
		   (j + 1 - first) * BLOCK_SQUARE * sizeof(double));
	memcpy(space->residual_triangle, space->work.triangle, sizeof(space->residual_triangle));
}

/* Let the space grow to a number of dimensions, or until it holds all there is. */
static void
grow(KrylovSpace *space, uint64_t n_dimensions)
{
	while (!space->is_complete && space->n_blocks < space->max_blocks &&
		   space->n_blocks * BLOCK_WIDTH < n_dimensions)
	{
		add_block(space);
		if (!space->is_complete)
			multiply_last_block(space);
	}
}

/* Begin with a block of random columns. */
static void
begin(KrylovSpace *space)
{
	allocate_block(space);
	memset(space->blocks[0], 0, space->padded_rows * BLOCK_WIDTH * sizeof(float));
	fill_random(space, 0, ALL_COLUMNS);
	space->dropped = orthonormalize_block(&space->work, space->blocks, 0, space->blocks[0]);
}

/* Transposed column row times M column column of the space; row <= column. */
static double
coupling(const KrylovSpace *space, uint32_t row, uint32_t column)
{
	uint32_t j = column / BLOCK_WIDTH;
	uint32_t i = row / BLOCK_WIDTH;
	const double *square = space->couplings + (size_t) (2 * j + (i == j)) * BLOCK_SQUARE;

	return i + 1 < j ? 0 : square[row % BLOCK_WIDTH * BLOCK_WIDTH + column % BLOCK_WIDTH];
}

/* Raise an error if the products overflowed. */
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

/* Decompose M's projection on the space. */
static Projection
decompose(const KrylovSpace *space)
{
	size_t n = space->n_columns;
	Projection projection = {host_allocate_array(double, n),
							 host_allocate_array(double, host_array_size(n, n))};

	check_finite(space->couplings, (size_t) space->n_blocks * 2 * BLOCK_SQUARE);
	for (size_t i = 0; i < n; i++)
	{
		for (size_t j = i; j < n; j++)
		{
			double value = coupling(space, space->columns[i], space->columns[j]);

			projection.vectors[i * n + j] = projection.vectors[j * n + i] = value;
		}
	}
	symmetric_eigen((uint32_t) n, projection.vectors, projection.values);
	return projection;
}

static void
free_projection(Projection *projection)
{
	host_free(projection->values);
	host_free(projection->vectors);
}

/* Norm of what M times a vector has beyond the space. vector: (n_columns) */
static double
residual_norm(const KrylovSpace *space, const double *vector)
{
	uint32_t first = (space->n_blocks - 1) * BLOCK_WIDTH;
	double product[BLOCK_WIDTH] = {0};
	double square = 0;

	for (uint32_t i = space->n_columns; i-- > 0 && space->columns[i] >= first;)
	{
		for (int r = 0; r < BLOCK_WIDTH; r++)
			product[r] +=
				space->residual_triangle[r * BLOCK_WIDTH + space->columns[i] - first] * vector[i];
	}
	for (int r = 0; r < BLOCK_WIDTH; r++)
		square += product[r] * product[r];
	return sqrt(square);
}

/* Whether the wanted eigenvectors' residuals are within the tolerance, or rounding errors. */
static bool
has_converged(const KrylovSpace *space, const Projection *projection)
{
	size_t n = space->n_columns;

	if (n < space->problem->n_vectors)
		return false;
	for (size_t v = n - space->problem->n_vectors; v < n; v++)
	{
		double bound = space->problem->tolerance * projection->values[v] +
					   ROUNDING * projection->values[n - 1];

		if (!(residual_norm(space, projection->vectors + v * n) <= bound))
			return false;
	}
	return true;
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

	(void) thread;
	if (n_rows > ROWS_PER_TASK)
		n_rows = ROWS_PER_TASK;
	for (uint32_t o = 0; o < c->out_blocks; o++)
	{
		float *out = c->vectors + (o * space->padded_rows + first) * BLOCK_WIDTH;

		memset(out, 0, n_rows * BLOCK_WIDTH * sizeof(float));
		for (uint32_t b = 0; b < space->n_blocks; b++)
			c->kernels->add_product(out, space->blocks[b] + first * BLOCK_WIDTH,
									c->factors + ((size_t) o * space->n_blocks + b) * BLOCK_SQUARE,
									n_rows);
	}
}

/* Arrange the wanted eigenvectors of the projection as squares to multiply the blocks with. */
static void
arrange_factors(const KrylovSpace *space, const Projection *projection, uint32_t n_wanted,
				float *factors)
{
	size_t n = space->n_columns;

	for (uint32_t v = 0; v < n_wanted; v++)
	{
		const double *vector = projection->vectors + (n - 1 - v) * n;
		float *out =
			factors + (size_t) (v / BLOCK_WIDTH) * space->n_blocks * BLOCK_SQUARE + v % BLOCK_WIDTH;

		for (size_t i = 0; i < n; i++)
			out[(size_t) space->columns[i] * BLOCK_WIDTH] = (float) vector[i];
	}
}

/* The best eigenvectors in the space. */
static void
extract_vectors(const KrylovSpace *space, const Projection *projection, double *eigenvalues,
				float *vectors)
{
	uint32_t n = space->n_columns;
	uint32_t n_vectors = space->problem->n_vectors;
	uint32_t n_wanted = n_vectors < n ? n_vectors : n;
	uint32_t out_blocks = (n_vectors + BLOCK_WIDTH - 1) / BLOCK_WIDTH;
	size_t n_squares = host_array_size(out_blocks, (size_t) space->n_blocks * BLOCK_WIDTH);
	void *memory;
	float *factors = block_allocate(n_squares, &memory);
	VectorsContext context = {space, vector_kernels(), factors, vectors, out_blocks};

	for (uint32_t v = 0; v < n_vectors; v++)
		eigenvalues[v] = v < n_wanted ? fmax(projection->values[n - 1 - v], 0) : 0;
	memset(factors, 0, n_squares * BLOCK_WIDTH * sizeof(float));
	arrange_factors(space, projection, n_wanted, factors);
	parallel_for((uint32_t) ((space->padded_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK),
				 combine_blocks, &context);
	host_free(memory);
}

/* An empty space. */
static KrylovSpace
make_space(const BlockLanczosProblem *problem)
{
	KrylovSpace space = {.problem = problem, .padded_rows = block_rows(problem->n_rows)};
	uint32_t n_most = problem->n_most < problem->n_rows ? problem->n_most : problem->n_rows;
	size_t n = (n_most + BLOCK_WIDTH - 1) / BLOCK_WIDTH;

	space.max_blocks = (uint32_t) n;
	space.blocks = host_allocate_array(float *, n + 1);
	space.memories = host_allocate_zero_array(void *, n + 1);
	space.couplings = host_allocate_zero_array(double, n * 2 * BLOCK_SQUARE);
	space.columns = host_allocate_array(uint32_t, n * BLOCK_WIDTH);
	space.work = orthonormalization_make(space.padded_rows, space.max_blocks);
	return space;
}

static void
free_space(KrylovSpace *space)
{
	orthonormalization_free(&space->work);
	for (uint32_t b = 0; b <= space->n_blocks; b++)
		host_free(space->memories[b]);
	host_free(space->blocks);
	host_free(space->memories);
	host_free(space->couplings);
	host_free(space->columns);
}

void
block_lanczos(const BlockLanczosProblem *problem, double *eigenvalues, float *vectors)
{
	KrylovSpace space = make_space(problem);
	uint64_t n_dimensions = problem->n_dimensions;
	Projection projection;

	begin(&space);
	for (;; n_dimensions += problem->n_more)
	{
		grow(&space, n_dimensions);
		projection = decompose(&space);
		if (space.is_complete || space.n_blocks == space.max_blocks || problem->n_more == 0 ||
			has_converged(&space, &projection))
			break;
		free_projection(&projection);
	}
	extract_vectors(&space, &projection, eigenvalues, vectors);
	free_projection(&projection);
	free_space(&space);
}
