/*
 * orthonormalization.c
 *	  Make the columns of a block orthonormal to each other and to those of blocks before it.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/linear_algebra/orthonormalization.h"
#include "core/threads.h"

/* A tile of two blocks stays in the first cache; many tiles cost memory for their sums. */
#define MIN_TILE_ROWS 256
#define MAX_TILES     64

/* Share of a column's squared norm below which what projections leave of it is rounding errors. */
#define NEGLIGIBLE 1e-9

typedef struct RoundContext
{
	const Orthonormalization *work;
	const VectorKernels *kernels;
	float *const *blocks;
	uint32_t n_blocks;
	float *block;
} RoundContext;

Orthonormalization
orthonormalization_make(size_t n_rows, uint32_t max_blocks)
{
	Orthonormalization work = {.n_rows = n_rows, .max_blocks = max_blocks};
	size_t squares = host_array_size(max_blocks, BLOCK_SQUARE);

	work.tile_rows = block_rows((n_rows + MAX_TILES - 1) / MAX_TILES);
	if (work.tile_rows < MIN_TILE_ROWS)
		work.tile_rows = MIN_TILE_ROWS;
	work.n_tiles = (uint32_t) ((n_rows + work.tile_rows - 1) / work.tile_rows);
	work.tile_squares = host_allocate_array(double, host_array_size(work.n_tiles, squares));
	work.coefficients = host_allocate_array(double, squares);
	work.factors = block_allocate(squares / BLOCK_WIDTH, &work.memory);
	return work;
}

void
orthonormalization_free(Orthonormalization *work)
{
	host_free(work->tile_squares);
	host_free(work->coefficients);
	host_free(work->memory);
}

/* Rows of a tile. */
static size_t
rows_of_tile(const Orthonormalization *work, uint32_t tile)
{
	size_t first = tile * work->tile_rows;

	return work->n_rows - first < work->tile_rows ? work->n_rows - first : work->tile_rows;
}

/* Where a tile's sums for a block are. */
static double *
tile_square(const Orthonormalization *work, uint32_t tile, uint32_t block)
{
	return work->tile_squares + ((size_t) tile * work->max_blocks + block) * BLOCK_SQUARE;
}

/* Task: the inner products of the block with those before, over the rows of a tile. */
static void
compute_coefficients(void *context, uint32_t tile, uint32_t thread)
{
	RoundContext *round = context;
	const Orthonormalization *work = round->work;
	size_t offset = tile * work->tile_rows * BLOCK_WIDTH;

	(void) thread;
	memset(tile_square(work, tile, 0), 0, round->n_blocks * BLOCK_SQUARE * sizeof(double));
	for (uint32_t b = 0; b < round->n_blocks; b++)
		round->kernels->add_inner_products(tile_square(work, tile, b), round->blocks[b] + offset,
										   round->block + offset, rows_of_tile(work, tile));
}

/* Task: subtract the projection from the rows of a tile, and compute their share of the Gram matrix. */
static void
subtract_projection(void *context, uint32_t tile, uint32_t thread)
{
	RoundContext *round = context;
	const Orthonormalization *work = round->work;
	size_t offset = tile * work->tile_rows * BLOCK_WIDTH;
	size_t n_rows = rows_of_tile(work, tile);

	(void) thread;
	for (uint32_t b = 0; b < round->n_blocks; b++)
		round->kernels->add_product(round->block + offset, round->blocks[b] + offset,
									work->factors + (size_t) b * BLOCK_SQUARE, n_rows);
	memset(tile_square(work, tile, 0), 0, BLOCK_SQUARE * sizeof(double));
	round->kernels->add_gram(tile_square(work, tile, 0), round->block + offset, n_rows);
}

/* Task: multiply the rows of a tile by the first factor. */
static void
multiply_by_factor(void *context, uint32_t tile, uint32_t thread)
{
	RoundContext *round = context;
	const Orthonormalization *work = round->work;

	(void) thread;
	round->kernels->multiply_in_place(round->block + tile * work->tile_rows * BLOCK_WIDTH,
									  work->factors, rows_of_tile(work, tile));
}

/* Add the tiles' sums in the order of the tiles. sums: (n_blocks, BLOCK_WIDTH, BLOCK_WIDTH) */
static void
join_tiles(const Orthonormalization *work, uint32_t n_blocks, double *sums)
{
	memset(sums, 0, n_blocks * BLOCK_SQUARE * sizeof(double));
	for (uint32_t t = 0; t < work->n_tiles; t++)
	{
		const double *addends = tile_square(work, t, 0);

		for (size_t i = 0; i < (size_t) n_blocks * BLOCK_SQUARE; i++)
			sums[i] += addends[i];
	}
}

/* Squared norms of the columns before the projection, by Pythagoras. norms: (BLOCK_WIDTH) */
static void
norms_before_projection(const double *coefficients, uint32_t n_blocks, const double *gram,
						double *norms)
{
	for (int c = 0; c < BLOCK_WIDTH; c++)
	{
		norms[c] = gram[c * BLOCK_WIDTH + c];
		for (size_t i = 0; i < (size_t) n_blocks * BLOCK_WIDTH; i++)
			norms[c] += coefficients[i * BLOCK_WIDTH + c] * coefficients[i * BLOCK_WIDTH + c];
	}
}

/*
 * Cholesky's factor R of gram = transposed R times R, upper, in its place. A column whose pivot is
 * negligible beside its norm before is left out: its row and column of R are zero. Answers which are.
 */
static uint32_t
factorize(double *gram, const double *norms)
{
	uint32_t dropped = 0;

	for (int c = 0; c < BLOCK_WIDTH; c++)
	{
		double *row = gram + (size_t) c * BLOCK_WIDTH;
		double pivot = row[c];

		for (int r = 0; r < c; r++)
			pivot -= gram[r * BLOCK_WIDTH + c] * gram[r * BLOCK_WIDTH + c];
		memset(row, 0, (size_t) c * sizeof(double));
		if (!(pivot > NEGLIGIBLE * norms[c]))
		{
			memset(row, 0, BLOCK_WIDTH * sizeof(double));
			for (int r = 0; r < c; r++)
				gram[r * BLOCK_WIDTH + c] = 0;
			dropped |= 1U << c;
			continue;
		}
		row[c] = sqrt(pivot);
		for (int l = c + 1; l < BLOCK_WIDTH; l++)
		{
			for (int r = 0; r < c; r++)
				row[l] -= gram[r * BLOCK_WIDTH + c] * gram[r * BLOCK_WIDTH + l];
			row[l] /= row[c];
		}
	}
	return dropped;
}

/* The inverse of the upper factor; columns of zeros stay so. inverse: (BLOCK_WIDTH, BLOCK_WIDTH) */
static void
invert_factor(const double *factor, float *inverse)
{
	double exact[BLOCK_WIDTH][BLOCK_WIDTH] = {{0}};

	for (int c = 0; c < BLOCK_WIDTH; c++)
	{
		if (factor[c * BLOCK_WIDTH + c] == 0)
			continue;
		exact[c][c] = 1 / factor[c * BLOCK_WIDTH + c];
		for (int r = 0; r < c; r++)
		{
			double sum = 0;

			for (int k = r; k < c; k++)
				sum += exact[r][k] * factor[k * BLOCK_WIDTH + c];
			exact[r][c] = -sum * exact[c][c];
		}
	}
	for (int i = 0; i < BLOCK_SQUARE; i++)
		inverse[i] = (float) exact[i / BLOCK_WIDTH][i % BLOCK_WIDTH];
}

uint32_t
orthonormalize_block(Orthonormalization *work, float *const *blocks, uint32_t n_blocks,
					 float *block)
{
	RoundContext round = {work, vector_kernels(), blocks, n_blocks, block};
	double norms[BLOCK_WIDTH];
	uint32_t dropped;

	if (n_blocks > 0)
		parallel_for(work->n_tiles, compute_coefficients, &round);
	join_tiles(work, n_blocks, work->coefficients);
	for (size_t i = 0; i < (size_t) n_blocks * BLOCK_SQUARE; i++)
		work->factors[i] = -(float) work->coefficients[i];
	parallel_for(work->n_tiles, subtract_projection, &round);
	join_tiles(work, 1, work->triangle);
	norms_before_projection(work->coefficients, n_blocks, work->triangle, norms);
	dropped = factorize(work->triangle, norms);
	invert_factor(work->triangle, work->factors);
	parallel_for(work->n_tiles, multiply_by_factor, &round);
	return dropped;
}
