/*
 * truncated_svd.c
 *	  Truncated singular value decomposition of sparse rows (latent semantic analysis).
 *
 * Words: the inner side is the smaller one of rows and features, on which the Krylov space is built; the
 * outer side is the other. Its vectors come from the inner side's by one more product with X.
 */
#include <math.h>
#include <string.h>

#include "core/features/sparse_gram.h"
#include "core/features/truncated_svd.h"
#include "core/host.h"
#include "core/linear_algebra/block_lanczos.h"
#include "core/linear_algebra/column_statistics.h"
#include "core/linear_algebra/rotation.h"
#include "core/linear_algebra/symmetric_eigen.h"
#include "core/threads.h"

/* Share of the largest singular value at which the others are lost in float32's rounding errors. */
#define NEGLIGIBLE 1e-5

/*
 * Share of the largest eigenvalue of the Gram matrix from which on its rounding errors are felt in the
 * components, so that they are made orthonormal once more.
 */
#define ILL_CONDITIONED 1e-3

/* Iterations before it is looked whether the singular vectors have converged. */
#define FIRST_CHECK 5

/* Residual of X transposed X u = s^2 u, as a share of s^2, from which on it is done: then the error of s^2
 * is of the order of 1e-4. */
#define TOLERANCE 5e-3

#define ROWS_PER_TASK 1024

typedef struct Fit
{
	const SparseMatrix *matrix;
	uint32_t n_components;
	SparseGram gram;
	double *inner_scales; /* (n_components) singular values by which inner vectors were divided */
	float *vectors;       /* (blocks, block_rows(n_inner), BLOCK_WIDTH), inner singular vectors */
	float *components;
	float *transformed;
	double *singular_values;
} Fit;

/* Dimensions of the Krylov space after some iterations. */
static uint32_t
dimensions_after(uint32_t n_components, uint32_t n_iterations)
{
	uint64_t n = (uint64_t) n_components + BLOCK_WIDTH +
				 (uint64_t) n_iterations * (n_components / 2 + BLOCK_WIDTH);

	return n < UINT32_MAX ? (uint32_t) n : UINT32_MAX;
}

/* The inner side's singular vectors; the singular values are the roots of the eigenvalues. */
static void
find_inner_vectors(Fit *fit, const TruncatedSvdOptions *options)
{
	uint32_t n = fit->n_components;
	uint32_t n_first = options->n_iter < FIRST_CHECK ? options->n_iter : FIRST_CHECK;
	BlockLanczosProblem problem = {.multiply = sparse_gram_product,
								   .context = &fit->gram,
								   .n_rows = fit->gram.n_inner,
								   .n_vectors = n,
								   .n_dimensions = dimensions_after(n, n_first),
								   .n_more = n / 2 + BLOCK_WIDTH,
								   .n_most = dimensions_after(n, options->n_iter),
								   .tolerance = TOLERANCE,
								   .seed = options->seed};

	block_lanczos(&problem, fit->singular_values, fit->vectors);
	for (uint32_t c = 0; c < n; c++)
		fit->singular_values[c] = sqrt(fit->singular_values[c]);
}

typedef struct ColumnsContext
{
	float *block; /* (n_rows with padding, BLOCK_WIDTH) */
	size_t n_rows;
	float *rows;        /* first column of the block in a row-major matrix */
	size_t stride;      /* columns of that matrix */
	uint32_t n_columns; /* of the block */
	const float *factors;
} ColumnsContext;

/* Rows of a task that has ROWS_PER_TASK, or what is left of them. */
static size_t
rows_of_task(size_t n_rows, uint32_t task)
{
	size_t left = n_rows - (size_t) task * ROWS_PER_TASK;

	return left < ROWS_PER_TASK ? left : ROWS_PER_TASK;
}

static uint32_t
count_tasks(size_t n_rows)
{
	return (uint32_t) ((n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

/* Task: copy some rows of a block into a row-major matrix. */
static void
store_rows(void *context, uint32_t task, uint32_t thread)
{
	ColumnsContext *c = context;
	size_t first = (size_t) task * ROWS_PER_TASK;
	size_t end = first + rows_of_task(c->n_rows, task);

	(void) thread;
	for (size_t i = first; i < end; i++)
		memcpy(c->rows + i * c->stride, c->block + i * BLOCK_WIDTH, c->n_columns * sizeof(float));
}

/* Task: multiply the columns in some rows of a block by a factor each. */
static void
scale_rows(void *context, uint32_t task, uint32_t thread)
{
	ColumnsContext *c = context;
	float *block = c->block + (size_t) task * ROWS_PER_TASK * BLOCK_WIDTH;

	(void) thread;
	for (size_t i = 0; i < rows_of_task(c->n_rows, task); i++)
	{
		for (int j = 0; j < BLOCK_WIDTH; j++)
			block[i * BLOCK_WIDTH + j] *= c->factors[j];
	}
}

/* Columns of block number b that are components. */
static uint32_t
columns_of_block(const Fit *fit, uint32_t b)
{
	uint32_t left = fit->n_components - b * BLOCK_WIDTH;

	return left < BLOCK_WIDTH ? left : BLOCK_WIDTH;
}

/*
 * Divide a block of inner vectors by the singular values, so that transposed X times them has norm 1. What
 * is negligible is divided by what negligible is, and left to the refinement.
 */
static void
scale_block(Fit *fit, uint32_t b, float *block)
{
	float factors[BLOCK_WIDTH] = {0};
	double floor = fmax(fit->singular_values[0] * NEGLIGIBLE / 10, (double) 1e-30F);
	ColumnsContext context = {.block = block, .n_rows = fit->gram.n_inner, .factors = factors};

	for (uint32_t j = 0; j < columns_of_block(fit, b); j++)
	{
		uint32_t c = b * BLOCK_WIDTH + j;

		fit->inner_scales[c] = fmax(fit->singular_values[c], floor);
		factors[j] = (float) (1 / fit->inner_scales[c]);
	}
	parallel_for(count_tasks(fit->gram.n_inner), scale_rows, &context);
}

/* Rows are the inner side: components = X transposed U / S, transformed = X components. */
static void
project_from_rows(Fit *fit, uint32_t b, float *block, float *product)
{
	uint32_t n = fit->n_components;
	uint32_t n_columns = columns_of_block(fit, b);
	SumTarget target = {fit->components + (size_t) b * BLOCK_WIDTH, n, n_columns, NULL};
	ColumnsContext store = {.block = product,
							.n_rows = fit->gram.n_inner,
							.rows = fit->transformed + (size_t) b * BLOCK_WIDTH,
							.stride = n,
							.n_columns = n_columns};

	scale_block(fit, b, block);
	sparse_gram_multiply(&fit->gram, block, product, &target);
	parallel_for(count_tasks(fit->gram.n_inner), store_rows, &store);
}

/* Features are the inner side, and the vectors the components: transformed = X components. */
static void
project_from_features(Fit *fit, uint32_t b, float *block)
{
	uint32_t n = fit->n_components;
	uint32_t n_columns = columns_of_block(fit, b);
	SumTarget target = {fit->transformed + (size_t) b * BLOCK_WIDTH, n, n_columns, NULL};
	ColumnsContext store = {.block = block,
							.n_rows = fit->gram.n_inner,
							.rows = fit->components + (size_t) b * BLOCK_WIDTH,
							.stride = n,
							.n_columns = n_columns};

	sparse_gram_multiply(&fit->gram, block, NULL, &target);
	parallel_for(count_tasks(fit->gram.n_inner), store_rows, &store);
}

/* Components and coordinates from the inner vectors. */
static void
project(Fit *fit)
{
	size_t block_size = block_rows(fit->gram.n_inner) * BLOCK_WIDTH;
	void *memory = NULL;
	float *product = NULL;

	if (fit->gram.of_rows)
		product = block_allocate(block_rows(fit->gram.n_inner), &memory);
	for (uint32_t b = 0; b * BLOCK_WIDTH < fit->n_components; b++)
	{
		if (fit->gram.of_rows)
			project_from_rows(fit, b, fit->vectors + b * block_size, product);
		else
			project_from_features(fit, b, fit->vectors + b * block_size);
	}
	host_free(memory);
}

/* Whether small singular values beside large ones lost digits that the components need. */
static bool
is_ill_conditioned(const Fit *fit)
{
	double first = fit->singular_values[0];
	double last = fit->singular_values[fit->n_components - 1];

	return !(last * last > first * first * ILL_CONDITIONED);
}

/*
 * Best singular vectors in the space of those found. Their Gram matrix on the outer side is computed from
 * themselves, not from the product of the inner side, which lost the digits of small singular values.
 */
static void
refine(Fit *fit)
{
	uint32_t n = fit->n_components;
	bool of_rows = fit->gram.of_rows;
	double *values = host_allocate_array(double, n);
	double *gram = host_allocate_array(double, host_array_size(n, n));
	float *rotation = host_allocate_array(float, host_array_size(n, n));

	if (of_rows)
		rotation_gram(fit->components, fit->matrix->n_features, n, gram);
	else
		rotation_gram(fit->transformed, fit->matrix->n_rows, n, gram);
	for (size_t i = 0; of_rows && i < (size_t) n * n; i++)
		gram[i] *= fit->inner_scales[i / n] * fit->inner_scales[i % n];
	symmetric_eigen(n, gram, values);
	for (uint32_t c = 0; c < n; c++)
	{
		uint32_t v = n - 1 - c;
		bool negligible = !(values[v] > values[n - 1] * NEGLIGIBLE * NEGLIGIBLE);

		fit->singular_values[c] = negligible ? 0 : sqrt(values[v]);
		for (uint32_t i = 0; i < n; i++)
		{
			double factor = of_rows ? fit->inner_scales[i] / fit->singular_values[c] : 1;

			rotation[(size_t) i * n + c] =
				negligible ? 0 : (float) (factor * gram[(size_t) v * n + i]);
		}
	}
	rotation_apply(fit->components, fit->matrix->n_features, n, rotation);
	rotation_apply(fit->transformed, fit->matrix->n_rows, n, rotation);
	host_free(values);
	host_free(gram);
	host_free(rotation);
}

typedef struct FlipContext
{
	float *matrix;
	size_t n_rows;
	uint32_t n_columns;
	const float *signs;
} FlipContext;

/* Task: multiply the columns of some rows by their signs. */
static void
flip_rows(void *context, uint32_t task, uint32_t thread)
{
	FlipContext *c = context;
	float *rows = c->matrix + (size_t) task * ROWS_PER_TASK * c->n_columns;

	(void) thread;
	for (size_t i = 0; i < rows_of_task(c->n_rows, task); i++)
	{
		for (uint32_t j = 0; j < c->n_columns; j++)
			rows[i * c->n_columns + j] *= c->signs[j];
	}
}

/* Turn the components whose extreme coordinate is negative. extremes: (n_components) */
static void
flip_signs(Fit *fit, float *extremes)
{
	uint32_t n = fit->n_components;
	FlipContext rows = {fit->transformed, fit->matrix->n_rows, n, extremes};
	FlipContext features = {fit->components, fit->matrix->n_features, n, extremes};
	bool any = false;

	for (uint32_t c = 0; c < n; c++)
	{
		any = any || extremes[c] < 0;
		extremes[c] = extremes[c] < 0 ? -1 : 1;
	}
	if (!any)
		return;
	parallel_for(count_tasks(rows.n_rows), flip_rows, &rows);
	parallel_for(count_tasks(features.n_rows), flip_rows, &features);
}

/* Sum of the variances of all features; 0 if it is nothing but rounding errors. */
static double
total_variance(const SparseMatrix *matrix)
{
	double *sums = host_allocate_zero_array(double, matrix->n_features);
	double n_rows = matrix->n_rows;
	double squares = 0;
	double squared_means = 0;
	double variance;

	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		sparse_matrix_check_interrupts(matrix, i);
		for (uint64_t j = matrix->row_starts[i]; j < matrix->row_starts[i + 1]; j++)
		{
			double value = (double) matrix->values[j];

			sums[matrix->indices[j]] += value;
			squares += value * value;
		}
	}
	for (uint32_t f = 0; f < matrix->n_features; f++)
		squared_means += sums[f] / n_rows * (sums[f] / n_rows);
	host_free(sums);
	host_check_interrupts();
	variance = squares / n_rows - squared_means;
	return variance > 1e-12 * squares / n_rows ? variance : 0;
}

/* Signs, and how much variance each component explains. */
static void
finish(Fit *fit, double *explained_variance, double *explained_variance_ratio)
{
	float *extremes = host_allocate_array(float, fit->n_components);
	double total = total_variance(fit->matrix);

	column_statistics(fit->transformed, fit->matrix->n_rows, fit->n_components, explained_variance,
					  extremes);
	flip_signs(fit, extremes);
	for (uint32_t c = 0; c < fit->n_components; c++)
		explained_variance_ratio[c] = total > 0 ? explained_variance[c] / total : 0;
	host_free(extremes);
}

void
truncated_svd_fit(const SparseMatrix *matrix, const TruncatedSvdOptions *options, float *components,
				  double *singular_values, double *explained_variance,
				  double *explained_variance_ratio, float *transformed)
{
	uint32_t n = options->n_components;
	size_t n_blocks = (n + BLOCK_WIDTH - 1) / BLOCK_WIDTH;
	Fit fit = {.matrix = matrix,
			   .n_components = n,
			   .gram = sparse_gram_make(matrix),
			   .components = components,
			   .transformed = transformed,
			   .singular_values = singular_values};
	void *memory;

	fit.inner_scales = host_allocate_array(double, n);
	fit.vectors = block_allocate(host_array_size(n_blocks, block_rows(fit.gram.n_inner)), &memory);
	find_inner_vectors(&fit, options);
	project(&fit);
	if (is_ill_conditioned(&fit))
		refine(&fit);
	finish(&fit, explained_variance, explained_variance_ratio);
	sparse_gram_free(&fit.gram);
	host_free(fit.inner_scales);
	host_free(memory);
}

void
truncated_svd_transform(const float *components, uint32_t n_components, const SparseRow *row,
						float *coordinates)
{
	vector_kernels()->sum_rows(coordinates, n_components, components, row->count, row->indices,
							   row->values);
}
