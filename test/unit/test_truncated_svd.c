/*
 * test_truncated_svd.c
 *	  Truncated SVD against scikit-learn, against Jacobi's method, and on odd matrices.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/features/truncated_svd.h"
#include "core/hash.h"
#include "core/linear_algebra/vector_kernels.h"
#include "core/threads.h"
#include "host.h"
#include "truncated_svd_fixture.h"

/* What a fit answers, in one piece so that two can be compared. */
typedef struct Decomposition
{
	uint32_t n_rows;
	uint32_t n_features;
	uint32_t n_components;
	double *singular_values;
	double *explained_variance;
	double *explained_variance_ratio;
	float *components;
	float *transformed;
	size_t size;
} Decomposition;

static uint64_t random_state;

static int
set_up(void **state)
{
	(void) state;
	random_state = 5;
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	instruction_set_limit = INSTRUCTIONS_AVX512;
	test_host_threads = 2;
	test_host_interrupt_after = 0;
	threads_stop();
	test_host_free_all();
	return 0;
}

/* Random number below a limit. */
static uint32_t
random_below(uint32_t limit)
{
	return (uint32_t) (hash_mix(random_state += UINT64_C(0x9e3779b97f4a7c15)) % limit);
}

/* A matrix from its entries, row by row, zeros left out. entries: (n_rows, n_features) */
static SparseMatrix
make_matrix(uint32_t n_rows, uint32_t n_features, const float *entries)
{
	uint64_t *starts = host_allocate_array(uint64_t, (size_t) n_rows + 1);
	uint32_t *indices = host_allocate_array(uint32_t, (size_t) n_rows * n_features);
	float *values = host_allocate_array(float, (size_t) n_rows *n_features);
	uint64_t n = 0;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		starts[i] = n;
		for (uint32_t f = 0; f < n_features; f++)
		{
			if (entries[i * n_features + f] != 0)
			{
				indices[n] = f;
				values[n++] = entries[i * n_features + f];
			}
		}
	}
	starts[n_rows] = n;
	return (SparseMatrix){n_rows, n_features, starts, indices, values};
}

/* A random matrix of so many entries a row, at random places, of sizes from 1 to 9. */
static SparseMatrix
random_matrix(uint32_t n_rows, uint32_t n_features, uint32_t entries_per_row)
{
	uint64_t *starts = host_allocate_array(uint64_t, (size_t) n_rows + 1);
	uint32_t *indices = host_allocate_array(uint32_t, (size_t) n_rows * entries_per_row);
	float *values = host_allocate_array(float, (size_t) n_rows *entries_per_row);
	uint32_t stride = n_features / entries_per_row;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		starts[i] = (uint64_t) i * entries_per_row;
		for (uint32_t j = 0; j < entries_per_row; j++)
		{
			/* few features are frequent */
			uint32_t place = random_below(1 + random_below(stride));

			indices[starts[i] + j] = j * stride + place;
			values[starts[i] + j] = (float) (1 + random_below(9));
		}
	}
	starts[n_rows] = (uint64_t) n_rows * entries_per_row;
	return (SparseMatrix){n_rows, n_features, starts, indices, values};
}

/* The transpose. */
static SparseMatrix
transpose(const SparseMatrix *matrix)
{
	float *entries = host_allocate_zero_array(float, (size_t) matrix->n_rows * matrix->n_features);

	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		for (uint64_t j = matrix->row_starts[i]; j < matrix->row_starts[i + 1]; j++)
			entries[(size_t) matrix->indices[j] * matrix->n_rows + i] = matrix->values[j];
	}
	return make_matrix(matrix->n_features, matrix->n_rows, entries);
}

static SparseMatrix
fixture_matrix(void)
{
	return (SparseMatrix){FIXTURE_ROWS, FIXTURE_FEATURES, fixture_row_starts, fixture_indices,
						  fixture_values};
}

static Decomposition
fit(const SparseMatrix *matrix, uint32_t n_components, uint32_t n_iter, uint64_t seed)
{
	TruncatedSvdOptions options = {n_components, n_iter, seed};
	size_t n = n_components;
	Decomposition d = {
		matrix->n_rows, matrix->n_features, n_components, NULL, NULL, NULL, NULL, NULL, 0};
	size_t before;

	d.size = 3 * n * sizeof(double) + ((size_t) d.n_rows + d.n_features) * n * sizeof(float);
	d.singular_values = host_allocate(d.size);
	memset(d.singular_values, 0xff, d.size); /* NaN: all must be written */
	d.explained_variance = d.singular_values + n;
	d.explained_variance_ratio = d.explained_variance + n;
	d.components = (float *) (d.explained_variance_ratio + n);
	d.transformed = d.components + d.n_features * n;
	before = test_host_allocated;
	truncated_svd_fit(matrix, &options, d.components, d.singular_values, d.explained_variance,
					  d.explained_variance_ratio, d.transformed);
	assert_int_equal(test_host_allocated, before);
	return d;
}

static void
assert_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance))
		fail_msg("%.12g is not %.12g within %g", actual, expected, tolerance);
}

/* The columns of a row-major matrix are orthonormal, the first n_nonzero of them; the rest is zero. */
static void
assert_orthonormal(const float *matrix, size_t n_rows, uint32_t n, uint32_t n_nonzero,
				   double tolerance)
{
	for (uint32_t i = 0; i < n; i++)
	{
		for (uint32_t j = 0; j <= i; j++)
		{
			double sum = 0;

			for (size_t r = 0; r < n_rows; r++)
				sum += (double) matrix[r * n + i] * (double) matrix[r * n + j];
			assert_near(sum, i == j && i < n_nonzero, tolerance);
		}
	}
}

/* All that holds for any decomposition whose first n_nonzero singular values are not zero. */
static void
check_decomposition(const SparseMatrix *matrix, const Decomposition *d, uint32_t n_nonzero,
					double tolerance)
{
	uint32_t n = d->n_components;
	double largest = d->singular_values[0];
	float *coordinates = host_allocate_array(float, n);

	assert_orthonormal(d->components, d->n_features, n, n_nonzero, tolerance);
	for (uint32_t i = 0; i < d->n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(matrix, i);

		truncated_svd_transform(d->components, n, &row, coordinates);
		for (uint32_t c = 0; c < n; c++)
			assert_near((double) d->transformed[(size_t) i * n + c], (double) coordinates[c],
						tolerance * largest);
	}
	for (uint32_t c = 0; c < n; c++)
	{
		double sum = 0;
		double squares = 0;
		float extreme = 0;

		for (uint32_t i = 0; i < d->n_rows; i++)
		{
			float x = d->transformed[(size_t) i * n + c];

			sum += (double) x;
			squares += (double) x * (double) x;
			extreme = fabsf(x) > fabsf(extreme) ? x : extreme;
		}
		assert_true(extreme >= 0);
		assert_true(c == 0 || d->singular_values[c] <= d->singular_values[c - 1]);
		assert_near(sqrt(squares), d->singular_values[c], tolerance * largest);
		squares /= d->n_rows;
		assert_near(d->explained_variance[c], squares - sum / d->n_rows * (sum / d->n_rows),
					1e-6 * squares + 1e-30);
		assert_true(d->explained_variance_ratio[c] >= 0);
		if (c >= n_nonzero)
			assert_true(d->singular_values[c] == 0 && d->explained_variance[c] == 0 &&
						d->explained_variance_ratio[c] == 0 && extreme == 0);
	}
}

/* Singular values, descending, by one-sided Jacobi rotations. values: (n_features) */
static void
reference_singular_values(const SparseMatrix *matrix, double *values)
{
	size_t n = matrix->n_features;
	size_t m = matrix->n_rows;
	double *a = host_allocate_zero_array(double, m *n);

	for (size_t i = 0; i < m; i++)
	{
		for (uint64_t j = matrix->row_starts[i]; j < matrix->row_starts[i + 1]; j++)
			a[i * n + matrix->indices[j]] = (double) matrix->values[j];
	}
	for (int sweep = 0; sweep < 30; sweep++)
	{
		for (size_t p = 0; p < n; p++)
		{
			for (size_t q = p + 1; q < n; q++)
			{
				double pp = 0;
				double qq = 0;
				double pq = 0;
				double t;
				double cosine;

				for (size_t i = 0; i < m; i++)
				{
					pp += a[i * n + p] * a[i * n + p];
					qq += a[i * n + q] * a[i * n + q];
					pq += a[i * n + p] * a[i * n + q];
				}
				if (fabs(pq) <= 1e-15 * sqrt(pp * qq))
					continue;
				t = (qq - pp) / (2 * pq);
				t = (t >= 0 ? 1 : -1) / (fabs(t) + sqrt(1 + t * t));
				cosine = 1 / sqrt(1 + t * t);
				for (size_t i = 0; i < m; i++)
				{
					double x = a[i * n + p];
					double y = a[i * n + q];

					a[i * n + p] = cosine * (x - t * y);
					a[i * n + q] = cosine * (t * x + y);
				}
			}
		}
	}
	for (size_t f = 0; f < n; f++)
	{
		double square = 0;
		size_t place = f;

		for (size_t i = 0; i < m; i++)
			square += a[i * n + f] * a[i * n + f];
		for (; place > 0 && values[place - 1] < sqrt(square); place--)
			values[place] = values[place - 1];
		values[place] = sqrt(square);
	}
	host_free(a);
}

static void
check_fixture(const SparseMatrix *matrix, const FixtureDecomposition *expected)
{
	Decomposition d = fit(matrix, FIXTURE_COMPONENTS, 5, 1);

	check_decomposition(matrix, &d, FIXTURE_COMPONENTS, 2e-6);
	for (int c = 0; c < FIXTURE_COMPONENTS; c++)
	{
		assert_near(d.singular_values[c] / expected->singular_values[c], 1, 1e-4);
		assert_near(d.explained_variance[c] / expected->explained_variance[c], 1, 1e-3);
		assert_near(d.explained_variance_ratio[c] / expected->explained_variance_ratio[c], 1, 1e-3);
	}
	/* the first ones have converged: the same vectors with the same signs */
	for (int c = 0; c < 8; c++)
	{
		assert_near(d.singular_values[c] / expected->singular_values[c], 1, 1e-6);
		for (int i = 0; i < FIXTURE_SHOWN_ROWS; i++)
			assert_near((double) d.transformed[i * FIXTURE_COMPONENTS + c],
						expected->transformed[i][c], 1e-5);
	}
}

static void
test_agrees_with_scikit_learn(void **state)
{
	SparseMatrix wide = fixture_matrix();
	SparseMatrix tall = transpose(&wide);

	(void) state;
	for (int set = 0; set < N_INSTRUCTION_SETS; set++)
	{
		instruction_set_limit = (InstructionSet) set;
		check_fixture(&wide, &fixture_wide);
		check_fixture(&tall, &fixture_tall);
	}
}

static void
test_more_iterations_are_closer(void **state)
{
	SparseMatrix matrix = fixture_matrix();
	double before = 1;

	(void) state;
	for (uint32_t n_iter = 0; n_iter <= 8; n_iter += 4)
	{
		Decomposition d = fit(&matrix, FIXTURE_COMPONENTS, n_iter, 1);
		double error = 0;

		for (int c = 0; c < FIXTURE_COMPONENTS; c++)
			error = fmax(error, 1 - d.singular_values[c] / fixture_wide.singular_values[c]);
		assert_true(error < before);
		before = fmax(error, 1e-6);
	}
	assert_true(before <= 1e-6);
}

static void
check_bytes_equal(const Decomposition *a, const Decomposition *b)
{
	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->singular_values, b->singular_values, a->size);
}

static void
test_ends_when_converged(void **state)
{
	SparseMatrix easy = fixture_matrix();
	float *noise = host_allocate_array(float, 800 * 800); /* has many large singular values */
	SparseMatrix hard;
	Decomposition five = fit(&easy, FIXTURE_COMPONENTS, 5, 1);
	Decomposition many = fit(&easy, FIXTURE_COMPONENTS, 4000000000, 1);
	Decomposition all;

	(void) state;
	check_bytes_equal(&five, &many);
	for (int i = 0; i < 800 * 800; i++)
		noise[i] = (float) random_below(201) - 100;
	hard = make_matrix(800, 800, noise);
	five = fit(&hard, 20, 5, 1);
	many = fit(&hard, 20, 4000000000, 1);
	all = fit(&hard, 400, 5, 1); /* in a space of all 800 dimensions */
	for (int c = 0; c < 20; c++)
		assert_near(many.explained_variance[c] / all.explained_variance[c], 1, 2e-4);
	assert_true(many.singular_values[19] > five.singular_values[19] * 1.001);
}

static void
check_all_components(uint32_t n_rows, uint32_t n_features, uint32_t entries_per_row)
{
	SparseMatrix matrix = random_matrix(n_rows, n_features, entries_per_row);
	uint32_t n = n_rows < n_features ? n_rows : n_features;
	double *expected = host_allocate_array(double, n_features);
	uint32_t rank = 0;

	reference_singular_values(&matrix, expected);
	while (rank < n && expected[rank] > 1e-9 * expected[0])
		rank++;
	for (uint32_t n_components = n; n_components > 0; n_components /= 2)
	{
		Decomposition d = fit(&matrix, n_components, 8, 3);

		check_decomposition(&matrix, &d, n_components < rank ? n_components : rank, 3e-5);
		for (uint32_t c = 0; c < n_components; c++)
			assert_near(d.singular_values[c], expected[c], 3e-6 * expected[0]);
	}
}

static void
test_all_components(void **state)
{
	(void) state;
	check_all_components(40, 60, 5);
	check_all_components(60, 40, 5);
	check_all_components(16, 16, 4);
	check_all_components(33, 33, 3);
	check_all_components(50, 7, 2);
	check_all_components(3, 100, 10);
	check_all_components(2, 2, 1);
	check_all_components(20, 1, 1);
	check_all_components(1, 20, 4);
	check_all_components(1, 1, 1);
}

static void
check_repeats(const SparseMatrix *matrix, uint32_t n_components)
{
	Decomposition first;

	test_host_threads = 1;
	first = fit(matrix, n_components, 3, 1);
	for (test_host_threads = 2; test_host_threads <= 4; test_host_threads += 2)
	{
		Decomposition again = fit(matrix, n_components, 3, 1);

		check_bytes_equal(&again, &first);
	}
	test_host_threads = 2;
	for (int set = 0; set < N_INSTRUCTION_SETS; set++)
	{
		Decomposition again;

		instruction_set_limit = (InstructionSet) set;
		again = fit(matrix, n_components, 3, 1);
		check_bytes_equal(&again, &first);
	}
	instruction_set_limit = INSTRUCTIONS_AVX512;
}

static void
test_threads_and_kernels_change_nothing(void **state)
{
	SparseMatrix many_rows = random_matrix(3000, 2000, 20);
	SparseMatrix few_features = random_matrix(5000, 300, 10);
	SparseMatrix many_features = random_matrix(700, 300000, 60); /* several rounds of segments */

	(void) state;
	check_repeats(&many_rows, 12);
	check_repeats(&few_features, 40);
	check_repeats(&many_features, 3);
}

static void
test_many_rows_and_features(void **state)
{
	SparseMatrix matrix = random_matrix(3000, 2000, 20);
	Decomposition d = fit(&matrix, 20, 5, 9);

	(void) state;
	check_decomposition(&matrix, &d, 20, 1e-5);
}

static void
test_seeds(void **state)
{
	SparseMatrix matrix = fixture_matrix();
	Decomposition a = fit(&matrix, 10, 5, 1);
	Decomposition b = fit(&matrix, 10, 5, 1);
	Decomposition c = fit(&matrix, 10, 5, 2);

	(void) state;
	check_bytes_equal(&a, &b);
	assert_memory_not_equal(a.components, c.components, (size_t) 10 * FIXTURE_FEATURES * 4);
	for (int i = 0; i < 10; i++)
		assert_near(a.singular_values[i] / c.singular_values[i], 1, 1e-4);
}

static void
test_equal_rows(void **state)
{
	(void) state;
	for (uint32_t n_features = 5; n_features <= 80; n_features += 75)
	{
		float *entries = host_allocate_zero_array(float, (size_t) 40 * n_features);
		SparseMatrix matrix;
		Decomposition d;

		for (uint32_t i = 0; i < 40; i++)
		{
			entries[i * n_features] = 3;
			entries[i * n_features + 4] = 4;
		}
		matrix = make_matrix(40, n_features, entries);
		d = fit(&matrix, 5, 5, 1);
		check_decomposition(&matrix, &d, 1, 1e-6);
		assert_near(d.singular_values[0], 5 * sqrt(40), 1e-5);
		assert_near((double) d.components[0], 0.6, 1e-6);
		assert_near((double) d.components[(size_t) 4 * 5], 0.8, 1e-6);
		assert_near((double) d.transformed[0], 5, 1e-5);
		/* no feature varies, so nothing is explained */
		assert_true(d.explained_variance[0] < 1e-9 && d.explained_variance_ratio[0] == 0);
	}
}

static void
test_zero_matrix(void **state)
{
	(void) state;
	for (uint32_t n_features = 3; n_features <= 30; n_features += 27)
	{
		float *entries = host_allocate_zero_array(float, (size_t) 20 * n_features);
		SparseMatrix matrix = make_matrix(20, n_features, entries);
		Decomposition d = fit(&matrix, 3, 5, 1);

		check_decomposition(&matrix, &d, 0, 0);
	}
}

static void
test_low_rank_with_empty_rows(void **state)
{
	float *entries = host_allocate_zero_array(float, 90 * 120);
	SparseMatrix wide;
	SparseMatrix tall;
	Decomposition d;

	(void) state;
	/* six different rows, each many times, and as many empty ones */
	for (int i = 0; i < 90; i += 2)
	{
		for (int j = 0; j < 7; j++)
			entries[i * 120 + (i % 12) * 10 + j] = (float) (1 + (i * j) % 3);
	}
	wide = make_matrix(90, 120, entries);
	tall = transpose(&wide);
	d = fit(&wide, 25, 5, 1);
	check_decomposition(&wide, &d, 6, 1e-5);
	d = fit(&tall, 25, 5, 1);
	check_decomposition(&tall, &d, 6, 1e-5);
}

static void
test_more_equal_singular_values_than_a_block_is_wide(void **state)
{
	float *entries = host_allocate_zero_array(float, 100 * 100);
	SparseMatrix matrix;
	Decomposition d;

	(void) state;
	for (int i = 0; i < 100; i++)
		entries[i * 100 + (i * 7) % 100] = i < 50 ? 2 : 1;
	matrix = make_matrix(100, 100, entries);
	d = fit(&matrix, 60, 5, 1);
	check_decomposition(&matrix, &d, 60, 1e-5);
	for (int c = 0; c < 60; c++)
		assert_near(d.singular_values[c], c < 50 ? 2 : 1, 1e-5);
}

static void
test_single_row(void **state)
{
	float entries[30] = {0};
	SparseMatrix matrix;
	Decomposition d;

	(void) state;
	entries[3] = -3;
	entries[29] = 4;
	matrix = make_matrix(1, 30, entries);
	d = fit(&matrix, 1, 5, 1);
	check_decomposition(&matrix, &d, 1, 1e-6);
	assert_near(d.singular_values[0], 5, 1e-6);
	assert_near((double) d.components[3], -0.6, 1e-6);
	assert_near((double) d.transformed[0], 5, 1e-6);
	assert_true(d.explained_variance[0] == 0 && d.explained_variance_ratio[0] == 0);
}

static void
test_scale(void **state)
{
	SparseMatrix matrix = fixture_matrix();
	Decomposition one = fit(&matrix, 10, 5, 1);

	(void) state;
	for (int exponent = -40; exponent <= 40; exponent += 80)
	{
		uint64_t n = fixture_row_starts[FIXTURE_ROWS];
		float *values = host_allocate_array(float, n);
		SparseMatrix scaled = matrix;
		Decomposition d;

		for (uint64_t i = 0; i < n; i++)
			values[i] = ldexpf(fixture_values[i], exponent);
		scaled.values = values;
		d = fit(&scaled, 10, 5, 1);
		for (int c = 0; c < 10; c++)
			assert_near(ldexp(d.singular_values[c], -exponent), one.singular_values[c], 1e-5);
		for (size_t i = 0; i < (size_t) 10 * FIXTURE_FEATURES; i++)
			assert_near((double) d.components[i], (double) one.components[i], 1e-4);
	}
}

static void
test_overflow(void **state)
{
	float entries[6] = {1, 2, 3, 4, 5, 1e30F};
	SparseMatrix wide = make_matrix(2, 3, entries);
	SparseMatrix tall = make_matrix(3, 2, entries);

	(void) state;
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, fit(&wide, 2, 5, 1));
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, fit(&tall, 2, 5, 1));
}

static void
test_ill_conditioned(void **state)
{
	(void) state;
	/* singular values from 1 to 1e-4: the Gram matrix holds those below 3e-4 in no digit */
	for (int extra = -5; extra <= 5; extra += 10)
	{
		uint32_t n_rows = 30;
		uint32_t n_features = (uint32_t) (30 + extra);
		uint32_t n = extra < 0 ? n_features : n_rows;
		float *entries = host_allocate_zero_array(float, (size_t) n_rows *n_features);
		double *expected = host_allocate_array(double, n_features);
		SparseMatrix matrix;
		Decomposition d;

		for (uint32_t i = 0; i < n_rows; i++)
		{
			for (uint32_t f = i; f < i + 2 && f < n_features; f++)
				entries[i * n_features + f] = (float) pow(10, -4.0 * i / (n - 1) - (f > i));
		}
		matrix = make_matrix(n_rows, n_features, entries);
		reference_singular_values(&matrix, expected);
		d = fit(&matrix, n, 5, 1);
		check_decomposition(&matrix, &d, n, 1e-4);
		for (uint32_t c = 0; c < n; c++)
			assert_near(d.singular_values[c], expected[c], 1e-6);
	}
}

static void
test_interrupts(void **state)
{
	const long never = 1000000;
	SparseMatrix matrix = random_matrix(3000, 2000, 20);
	Decomposition expected = fit(&matrix, 12, 3, 1);
	Decomposition d;
	long n_checks;

	(void) state;
	/* interrupts that are seen but end nothing */
	test_host_threads = 1;
	test_host_interrupt_after = never;
	d = fit(&matrix, 12, 3, 1);
	check_bytes_equal(&d, &expected);
	n_checks = never - test_host_interrupt_after;
	assert_true(n_checks > 50);
	for (int i = 0; i <= 20; i++)
	{
		/* with more threads, the caller looks less often: at least once a parallel_for */
		test_host_threads = 1 + (uint32_t) i % 3;
		test_host_interrupt_after = 1 + (test_host_threads == 1 ? n_checks * i / 21 : i);
		assert_host_error(HOST_ERROR_INTERNAL, fit(&matrix, 12, 3, 1));
	}
	test_host_interrupt_after = 0;
	d = fit(&matrix, 12, 3, 1);
	check_bytes_equal(&d, &expected);
}

static void
test_transform_of_odd_rows(void **state)
{
	float components[6] = {1, 2, 3, 4, 5, 6};
	uint32_t indices[2] = {2, 0};
	float values[2] = {2, -1};
	SparseRow row = {2, indices, values};
	SparseRow empty = {0, NULL, NULL};
	float coordinates[2];

	(void) state;
	truncated_svd_transform(components, 2, &row, coordinates);
	assert_true(coordinates[0] == 9 && coordinates[1] == 10);
	truncated_svd_transform(components, 2, &empty, coordinates);
	assert_true(coordinates[0] == 0 && coordinates[1] == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_agrees_with_scikit_learn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_more_iterations_are_closer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ends_when_converged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_components, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads_and_kernels_change_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_rows_and_features, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_seeds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_equal_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_zero_matrix, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_low_rank_with_empty_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_more_equal_singular_values_than_a_block_is_wide,
										set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_single_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_scale, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overflow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ill_conditioned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_interrupts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_transform_of_odd_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
