/*
 * test_blas.c
 *	  OpenBLAS as it is loaded, and what is built of it: eigenvalues, Gram matrix and rotation.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/linear_algebra/blas.h"
#include "core/linear_algebra/rotation.h"
#include "core/linear_algebra/symmetric_eigen.h"
#include "core/threads.h"
#include "host.h"

static uint64_t random_state = 3;

/* Random numbers between -1 and 1. */
static float *
random_floats(size_t count)
{
	float *numbers = host_allocate_array(float, count);

	for (size_t i = 0; i < count; i++)
	{
		uint64_t bits = hash_mix(random_state += UINT64_C(0x9e3779b97f4a7c15));

		numbers[i] = (float) (int32_t) (bits >> 32) / 2147483648.0F;
	}
	return numbers;
}

static int
tear_down(void **state)
{
	(void) state;
	test_host_threads = 2;
	test_host_interrupt_after = 0;
	threads_stop();
	test_host_free_all();
	return 0;
}

/* Entry of op(a). rows, columns: of op(a) */
static double
entry(const float *a, bool transpose, int row, int column, int rows, int columns)
{
	return (double) (transpose ? a[column * rows + row] : a[row * columns + column]);
}

static void
check_multiply(bool transpose_a, bool transpose_b, int m, int n, int k)
{
	float *a = random_floats((size_t) m * k);
	float *b = random_floats((size_t) k * n);
	float *c = random_floats((size_t) m * n);
	float *before = random_floats((size_t) m * n);

	memcpy(c, before, (size_t) m * n * sizeof(float));
	blas_multiply(blas_load(1), transpose_a, transpose_b, m, n, k, 2, a, b, 0.5F, c);
	for (int i = 0; i < m; i++)
	{
		for (int j = 0; j < n; j++)
		{
			double expected = 0.5 * (double) before[i * n + j];

			for (int l = 0; l < k; l++)
				expected +=
					2 * entry(a, transpose_a, i, l, m, k) * entry(b, transpose_b, l, j, k, n);
			assert_true(fabs((double) c[i * n + j] - expected) < 1e-5);
		}
	}
}

static void
test_multiply(void **state)
{
	(void) state;
	for (int transposes = 0; transposes < 4; transposes++)
	{
		check_multiply(transposes & 1, transposes & 2, 5, 7, 9);
		check_multiply(transposes & 1, transposes & 2, 1, 1, 1);
		check_multiply(transposes & 1, transposes & 2, 33, 2, 70);
		check_multiply(transposes & 1, transposes & 2, 0, 3, 2);
	}
	assert_ptr_equal(blas_load(1), blas_load(1));
}

static void
test_symmetric_eigen(void **state)
{
	(void) state;
	for (uint32_t n = 1; n <= 65; n += 16)
	{
		float *random = random_floats((size_t) n * n);
		double *matrix = host_allocate_array(double, (size_t) n *n);
		double *vectors = host_allocate_array(double, (size_t) n *n);
		double *values = host_allocate_array(double, n);

		for (uint32_t i = 0; i < n * n; i++)
			matrix[i] = (double) random[i] + (double) random[i % n * n + i / n];
		memcpy(vectors, matrix, (size_t) n * n * sizeof(double));
		symmetric_eigen(n, vectors, values);
		for (uint32_t v = 0; v < n; v++)
		{
			const double *vector = vectors + (size_t) v * n;
			double norm = 0;

			assert_true(v == 0 || values[v] >= values[v - 1]);
			for (uint32_t i = 0; i < n; i++)
			{
				double product = 0;

				for (uint32_t j = 0; j < n; j++)
					product += matrix[i * n + j] * vector[j];
				assert_true(fabs(product - values[v] * vector[i]) < 1e-12 * n);
				norm += vector[i] * vector[i];
			}
			assert_true(fabs(norm - 1) < 1e-12);
		}
	}
}

static void
test_eigen_refuses_too_large(void **state)
{
	(void) state;
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, symmetric_eigen(40000, NULL, NULL));
}

static void
check_rotation(size_t n_rows, uint32_t n)
{
	float *matrix = random_floats(n_rows * n);
	float *rotation = random_floats((size_t) n * n);
	float *first = host_allocate_array(float, n_rows *n);
	double *first_gram = host_allocate_array(double, (size_t) n *n);

	for (test_host_threads = 1; test_host_threads <= 4; test_host_threads *= 2)
	{
		double *gram = host_allocate_array(double, (size_t) n *n);
		float *rotated = host_allocate_array(float, n_rows *n);

		memcpy(rotated, matrix, n_rows * n * sizeof(float));
		rotation_gram(matrix, n_rows, n, gram);
		rotation_apply(rotated, n_rows, n, rotation);
		if (test_host_threads == 1)
		{
			memcpy(first, rotated, n_rows * n * sizeof(float));
			memcpy(first_gram, gram, (size_t) n * n * sizeof(double));
		}
		assert_memory_equal(rotated, first, n_rows * n * sizeof(float));
		assert_memory_equal(gram, first_gram, (size_t) n * n * sizeof(double));
	}
	for (uint32_t j = 0; j < n; j++)
	{
		double expected = 0;

		for (size_t i = 0; i < n_rows; i++)
			expected += (double) matrix[i * n] * (double) matrix[i * n + j];
		assert_true(fabs(first_gram[j] - expected) < 1e-3);
		for (size_t i = 0; i < n_rows; i += 97)
		{
			double product = 0;

			for (uint32_t l = 0; l < n; l++)
				product += (double) matrix[i * n + l] * (double) rotation[l * n + j];
			assert_true(fabs((double) first[i * n + j] - product) < 1e-5);
		}
	}
}

static void
test_rotation(void **state)
{
	(void) state;
	check_rotation(1, 1);
	check_rotation(255, 3);
	check_rotation(40000, 20); /* more tasks than sums */
	check_rotation(700, 111);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_multiply, tear_down),
		cmocka_unit_test_teardown(test_symmetric_eigen, tear_down),
		cmocka_unit_test_teardown(test_eigen_refuses_too_large, tear_down),
		cmocka_unit_test_teardown(test_rotation, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
