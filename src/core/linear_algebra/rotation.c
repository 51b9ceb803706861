/*
 * rotation.c
 *	  Gram matrix and rotation of the columns of a tall row-major matrix, by OpenBLAS.
 */
#include <string.h>

#include "core/host.h"
#include "core/linear_algebra/blas.h"
#include "core/linear_algebra/rotation.h"
#include "core/threads.h"

/* Rows of one product: beyond them, sums are in float64. */
#define TILE_ROWS ((size_t) 256)

/* Multiplications of a task at most: a few ms. */
#define WORK_PER_TASK ((size_t) 200000000)

/* Sums that are made at once, each by tasks one after the other. */
#define N_SUMS 8

typedef struct RotationContext
{
	const Blas *blas;
	float *matrix;
	size_t n_rows;
	uint32_t n_columns;
	size_t task_rows;
	const float *rotation;
	float *scratch; /* a piece of scratch_size floats a thread or sum */
	size_t scratch_size;
	double *sums; /* (N_SUMS, n_columns, n_columns) */
	uint32_t first_task;
} RotationContext;

/* Tasks that all rows make. */
static uint32_t
count_tasks(const RotationContext *context)
{
	return (uint32_t) ((context->n_rows + context->task_rows - 1) / context->task_rows);
}

/* Sizes of the tasks, and OpenBLAS for those that run at once. */
static RotationContext
make_context(const float *matrix, size_t n_rows, uint32_t n_columns)
{
	RotationContext context = {
		.matrix = (float *) matrix, .n_rows = n_rows, .n_columns = n_columns};
	size_t tiles = WORK_PER_TASK / ((size_t) n_columns * n_columns * TILE_ROWS);
	uint32_t n_tasks;

	context.task_rows = (tiles < 1 ? 1 : tiles > 16 ? 16 : tiles) * TILE_ROWS;
	n_tasks = count_tasks(&context);
	context.blas = blas_load(n_tasks < threads_count() ? n_tasks : threads_count());
	return context;
}

/* Rows of the tile that begins with row first, of the task that ends with end. */
static size_t
rows_of_tile(size_t first, size_t end)
{
	return end - first < TILE_ROWS ? end - first : TILE_ROWS;
}

/* Row behind the last of a task. */
static size_t
end_of_task(const RotationContext *context, uint32_t task)
{
	size_t end = (task + (size_t) 1) * context->task_rows;

	return end < context->n_rows ? end : context->n_rows;
}

/* Task: add some rows' Gram matrix to one of the sums. */
static void
add_gram(void *argument, uint32_t sum, uint32_t thread)
{
	RotationContext *context = argument;
	size_t n = context->n_columns;
	float *tile_gram = context->scratch + sum * context->scratch_size;
	double *target = context->sums + sum * n * n;
	uint32_t task = context->first_task + sum;

	(void) thread;
	for (size_t row = task * context->task_rows; row < end_of_task(context, task); row += TILE_ROWS)
	{
		size_t n_rows = rows_of_tile(row, end_of_task(context, task));
		const float *tile = context->matrix + row * n;

		blas_multiply(context->blas, true, false, (int) n, (int) n, (int) n_rows, 1, tile, tile, 0,
					  tile_gram);
		for (size_t i = 0; i < n * n; i++)
			target[i] += (double) tile_gram[i];
	}
}

void
rotation_gram(const float *matrix, size_t n_rows, uint32_t n_columns, double *gram)
{
	RotationContext context = make_context(matrix, n_rows, n_columns);
	size_t size = host_array_size(n_columns, n_columns);
	uint32_t n_tasks = count_tasks(&context);

	context.scratch_size = size;
	context.scratch = host_allocate_array(float, host_array_size(N_SUMS, size));
	context.sums = host_allocate_zero_array(double, host_array_size(N_SUMS, size));
	for (; context.first_task < n_tasks; context.first_task += N_SUMS)
	{
		uint32_t left = n_tasks - context.first_task;

		parallel_for(left < N_SUMS ? left : N_SUMS, add_gram, &context);
	}
	memset(gram, 0, size * sizeof(double));
	for (uint32_t s = 0; s < N_SUMS; s++)
	{
		host_check_interrupts();
		for (size_t i = 0; i < size; i++)
			gram[i] += context.sums[s * size + i];
	}
	host_free(context.scratch);
	host_free(context.sums);
}

/* Task: rotate some rows. */
static void
rotate_rows(void *argument, uint32_t task, uint32_t thread)
{
	RotationContext *context = argument;
	size_t n = context->n_columns;
	float *copy = context->scratch + thread * context->scratch_size;

	for (size_t row = task * context->task_rows; row < end_of_task(context, task); row += TILE_ROWS)
	{
		size_t n_rows = rows_of_tile(row, end_of_task(context, task));
		float *tile = context->matrix + row * n;

		memcpy(copy, tile, n_rows * n * sizeof(float));
		blas_multiply(context->blas, false, false, (int) n_rows, (int) n, (int) n, 1, copy,
					  context->rotation, 0, tile);
	}
}

void
rotation_apply(float *matrix, size_t n_rows, uint32_t n_columns, const float *rotation)
{
	RotationContext context = make_context(matrix, n_rows, n_columns);

	context.rotation = rotation;
	context.scratch_size = TILE_ROWS * n_columns;
	context.scratch = host_allocate_array(float, threads_count() * context.scratch_size);
	parallel_for(count_tasks(&context), rotate_rows, &context);
	host_free(context.scratch);
}
