/*
 * column_statistics.c
 *	  Variance and extreme of each column of a tall row-major matrix.
 *
 * Sums are of the distances from the first row, so that a column without variance has exactly none.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/linear_algebra/column_statistics.h"
#include "core/threads.h"

#define MIN_TILE_ROWS 256
#define MAX_TILES     256

typedef struct StatisticsContext
{
	const float *matrix;
	size_t n_rows;
	size_t tile_rows;
	uint32_t n_columns;
	double *sums;    /* (n_tiles, n_columns) */
	double *squares; /* (n_tiles, n_columns) */
	float *extremes; /* (n_tiles, n_columns) */
} StatisticsContext;

/* Task: the sums and extremes of a tile. */
static void
scan_tile(void *argument, uint32_t tile, uint32_t thread)
{
	StatisticsContext *context = argument;
	uint32_t n = context->n_columns;
	const float *origin = context->matrix;
	double *sums = context->sums + (size_t) tile * n;
	double *squares = context->squares + (size_t) tile * n;
	float *extremes = context->extremes + (size_t) tile * n;
	size_t end = (tile + (size_t) 1) * context->tile_rows;

	(void) thread;
	if (end > context->n_rows)
		end = context->n_rows;
	memset(sums, 0, n * sizeof(double));
	memset(squares, 0, n * sizeof(double));
	memset(extremes, 0, n * sizeof(float));
	for (size_t row = tile * context->tile_rows; row < end; row++)
	{
		const float *x = context->matrix + row * n;

		for (uint32_t c = 0; c < n; c++)
		{
			double distance = (double) x[c] - (double) origin[c];

			sums[c] += distance;
			squares[c] += distance * distance;
			extremes[c] = fabsf(x[c]) > fabsf(extremes[c]) ? x[c] : extremes[c];
		}
	}
}

/* Join the tiles' statistics in the order of the tiles. */
static void
join_tiles(const StatisticsContext *context, uint32_t n_tiles, double *variances, float *extremes)
{
	double n_rows = (double) context->n_rows;

	for (uint32_t c = 0; c < context->n_columns; c++)
	{
		double sum = 0;
		double square = 0;

		extremes[c] = 0;
		for (uint32_t t = 0; t < n_tiles; t++)
		{
			size_t i = (size_t) t * context->n_columns + c;

			sum += context->sums[i];
			square += context->squares[i];
			if (fabsf(context->extremes[i]) > fabsf(extremes[c]))
				extremes[c] = context->extremes[i];
		}
		variances[c] = fmax(square / n_rows - sum / n_rows * (sum / n_rows), 0);
	}
}

void
column_statistics(const float *matrix, size_t n_rows, uint32_t n_columns, double *variances,
				  float *extremes)
{
	StatisticsContext context = {.matrix = matrix, .n_rows = n_rows, .n_columns = n_columns};
	uint32_t n_tiles;
	size_t size;

	context.tile_rows = (n_rows + MAX_TILES - 1) / MAX_TILES;
	if (context.tile_rows < MIN_TILE_ROWS)
		context.tile_rows = MIN_TILE_ROWS;
	n_tiles = (uint32_t) ((n_rows + context.tile_rows - 1) / context.tile_rows);
	size = host_array_size(n_tiles, n_columns);
	context.sums = host_allocate_array(double, size);
	context.squares = host_allocate_array(double, size);
	context.extremes = host_allocate_array(float, size);
	parallel_for(n_tiles, scan_tile, &context);
	join_tiles(&context, n_tiles, variances, extremes);
	host_free(context.sums);
	host_free(context.squares);
	host_free(context.extremes);
}
