/*
 * test_vector_kernels.c
 *	  Kernels over column blocks: each set against plain loops, and all sets to the last bit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/linear_algebra/vector_kernels.h"
#include "host.h"

#define MAX_ROWS 600
#define N_ROWS   200
#define N_LISTS  50

static uint64_t random_state;

/* Random number between -1 and 1. */
static float
random_float(void)
{
	uint64_t bits = hash_mix(random_state += UINT64_C(0x9e3779b97f4a7c15));

	return (float) (int32_t) (bits >> 32) / 2147483648.0F;
}

/* A block of random numbers. */
static float *
random_block(size_t n_rows)
{
	void *memory;
	float *block = block_allocate(n_rows, &memory);

	for (size_t i = 0; i < n_rows * BLOCK_WIDTH; i++)
		block[i] = random_float();
	return block;
}

/* A copy of a block. */
static float *
copy_block(const float *block, size_t n_rows)
{
	void *memory;
	float *copy = block_allocate(n_rows, &memory);

	return memcpy(copy, block, n_rows * BLOCK_WIDTH * sizeof(float));
}

static void
assert_floats_near(const float *actual, const double *expected, size_t count, double tolerance)
{
	for (size_t i = 0; i < count; i++)
	{
		if (!(fabs((double) actual[i] - expected[i]) <= tolerance))
			fail_msg("entry %zu is %.9g, expected %.9g", i, (double) actual[i], expected[i]);
	}
}

static int
set_up(void **state)
{
	(void) state;
	random_state = 7;
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	instruction_set_limit = INSTRUCTIONS_AVX512;
	test_host_free_all();
	return 0;
}

/* Lists of every length from 0 on, over distinct rows. */
static SparseLists
make_lists(void)
{
	uint64_t *starts = host_allocate_array(uint64_t, N_LISTS + 1);
	uint32_t *indices = host_allocate_array(uint32_t, N_LISTS * N_LISTS);
	float *values = host_allocate_array(float, N_LISTS *N_LISTS);
	uint64_t n = 0;

	for (uint32_t l = 0; l < N_LISTS; l++)
	{
		starts[l] = n;
		for (uint32_t i = 0; i < l; i++, n++)
		{
			indices[n] = (i * 37 + l * 11) % N_ROWS;
			values[n] = random_float();
		}
	}
	starts[N_LISTS] = n;
	return (SparseLists){starts, indices, values};
}

/* multiply_sparse as its description says. sums: (N_LISTS, BLOCK_WIDTH) */
static void
reference_multiply_sparse(const SparseLists *lists, uint32_t first, uint32_t end,
						  const float *block, double *result, double *sums)
{
	for (uint32_t l = first; l < end; l++)
	{
		double *z = sums + (size_t) l * BLOCK_WIDTH;

		for (int c = 0; c < BLOCK_WIDTH; c++)
		{
			z[c] = 0;
			for (uint64_t i = lists->starts[l]; i < lists->starts[l + 1]; i++)
				z[c] +=
					(double) lists->values[i] * (double) block[lists->indices[i] * BLOCK_WIDTH + c];
			for (uint64_t i = lists->starts[l]; i < lists->starts[l + 1]; i++)
				result[lists->indices[i] * BLOCK_WIDTH + c] += (double) lists->values[i] * z[c];
		}
	}
}

static void
check_multiply_sparse(const VectorKernels *kernels, const SparseLists *lists, const float *block,
					  float *result, float *sums)
{
	static double expected_result[N_ROWS * BLOCK_WIDTH];
	static double expected_sums[N_LISTS * BLOCK_WIDTH];
	SumTarget target = {sums, BLOCK_WIDTH, BLOCK_WIDTH, NULL};

	memset(result, 0, N_ROWS * BLOCK_WIDTH * sizeof(float));
	memset(sums, 0, N_LISTS * BLOCK_WIDTH * sizeof(float));
	memset(expected_result, 0, sizeof(expected_result));
	memset(expected_sums, 0, sizeof(expected_sums));
	reference_multiply_sparse(lists, 0, 20, block, expected_result, expected_sums);
	reference_multiply_sparse(lists, 20, N_LISTS, block, expected_result, expected_sums);
	kernels->multiply_sparse(lists, 0, 20, block, result, &target);
	kernels->multiply_sparse(lists, 20, N_LISTS, block, result, &target);
	kernels->multiply_sparse(lists, 3, 3, block, result, &target);
	assert_floats_near(result, expected_result, N_ROWS * BLOCK_WIDTH, 2e-5);
	assert_floats_near(sums, expected_sums, N_LISTS * BLOCK_WIDTH, 2e-6);
}

static void
test_multiply_sparse(void **state)
{
	SparseLists lists = make_lists();
	float *block = random_block(N_ROWS);
	float *results[N_INSTRUCTION_SETS];
	float *sums[N_INSTRUCTION_SETS];

	(void) state;
	for (int set = 0; set < N_INSTRUCTION_SETS; set++)
	{
		const VectorKernels *kernels = vector_kernels_of((InstructionSet) set);

		results[set] = random_block(N_ROWS);
		sums[set] = random_block(N_LISTS);
		if (kernels == NULL)
			continue;
		check_multiply_sparse(kernels, &lists, block, results[set], sums[set]);
		assert_memory_equal(results[set], results[0], N_ROWS * BLOCK_WIDTH * sizeof(float));
		assert_memory_equal(sums[set], sums[0], N_LISTS * BLOCK_WIDTH * sizeof(float));
		/* neither is asked for the other's sake */
		float *other = random_block(N_ROWS);

		memset(other, 0, N_ROWS * BLOCK_WIDTH * sizeof(float));
		kernels->multiply_sparse(&lists, 0, 20, block, other, NULL);
		kernels->multiply_sparse(&lists, 20, N_LISTS, block, other, NULL);
		assert_memory_equal(other, results[0], N_ROWS * BLOCK_WIDTH * sizeof(float));
	}
}

static void
test_sums_go_to_their_names(void **state)
{
	SparseLists lists = make_lists();
	float *block = random_block(N_ROWS);
	float *all = random_block(N_LISTS);
	uint32_t names[N_LISTS];
	SumTarget whole = {all, BLOCK_WIDTH, BLOCK_WIDTH, NULL};

	(void) state;
	for (uint32_t l = 0; l < N_LISTS; l++)
		names[l] = N_LISTS - 1 - l;
	for (int set = 0; set < N_INSTRUCTION_SETS; set++)
	{
		const VectorKernels *kernels = vector_kernels_of((InstructionSet) set);

		if (kernels == NULL)
			continue;
		kernels->multiply_sparse(&lists, 0, N_LISTS, block, NULL, &whole);
		for (uint32_t n_columns = 1; n_columns <= BLOCK_WIDTH; n_columns++)
		{
			/* a matrix of 19 columns, of which the sums take some from the second on */
			float part[N_LISTS * 19 + 1];
			SumTarget target = {part + 1, 19, n_columns, names};

			for (size_t i = 0; i < N_LISTS * 19 + 1; i++)
				part[i] = 99;
			kernels->multiply_sparse(&lists, 0, N_LISTS, block, NULL, &target);
			for (uint32_t l = 0; l < N_LISTS; l++)
			{
				const float *row = part + 1 + (size_t) names[l] * 19;

				assert_memory_equal(row, all + (size_t) l * BLOCK_WIDTH, n_columns * sizeof(float));
				assert_true(row[-1] == 99 && row[n_columns] == 99);
			}
		}
	}
}

static void
test_inner_products(void **state)
{
	float *a = random_block(MAX_ROWS);
	float *b = random_block(MAX_ROWS);

	(void) state;
	for (size_t n_rows = 0; n_rows <= MAX_ROWS; n_rows += 8 + n_rows)
	{
		double expected[2][BLOCK_SQUARE];
		double first[2][BLOCK_SQUARE];

		for (int i = 0; i < BLOCK_SQUARE; i++)
		{
			expected[0][i] = expected[1][i] = i;
			for (size_t r = 0; r < n_rows; r++)
			{
				const float *left = a + r * BLOCK_WIDTH + i / BLOCK_WIDTH;

				expected[0][i] += (double) *left * (double) b[r * BLOCK_WIDTH + i % BLOCK_WIDTH];
				expected[1][i] += (double) *left * (double) a[r * BLOCK_WIDTH + i % BLOCK_WIDTH];
			}
		}
		for (int set = 0; set < N_INSTRUCTION_SETS; set++)
		{
			const VectorKernels *kernels = vector_kernels_of((InstructionSet) set);
			double actual[2][BLOCK_SQUARE];

			if (kernels == NULL)
				continue;
			for (int i = 0; i < BLOCK_SQUARE; i++)
				actual[0][i] = actual[1][i] = i;
			kernels->add_inner_products(actual[0], a, b, n_rows);
			kernels->add_gram(actual[1], a, n_rows);
			for (int i = 0; i < BLOCK_SQUARE; i++)
			{
				assert_true(fabs(actual[0][i] - expected[0][i]) < 1e-4);
				assert_true(fabs(actual[1][i] - expected[1][i]) < 1e-11);
			}
			if (set == 0)
				memcpy(first, actual, sizeof(first));
			assert_memory_equal(actual, first, sizeof(first));
		}
	}
}

static void
test_products(void **state)
{
	float *a = random_block(MAX_ROWS);
	float *square = random_block(BLOCK_WIDTH);
	float *before = random_block(MAX_ROWS);

	(void) state;
	for (size_t n_rows = 0; n_rows <= MAX_ROWS; n_rows += BLOCK_ROWS + n_rows)
	{
		static double expected[MAX_ROWS * BLOCK_WIDTH];
		static double product[MAX_ROWS * BLOCK_WIDTH];
		float *first[2] = {NULL, NULL};

		for (size_t i = 0; i < MAX_ROWS * BLOCK_WIDTH; i++)
		{
			product[i] = i < n_rows * BLOCK_WIDTH ? 0 : (double) a[i];
			for (int k = 0; k < BLOCK_WIDTH && i < n_rows * BLOCK_WIDTH; k++)
				product[i] += (double) a[i / BLOCK_WIDTH * BLOCK_WIDTH + k] *
							  (double) square[k * BLOCK_WIDTH + i % BLOCK_WIDTH];
			expected[i] = (double) before[i] + (i < n_rows * BLOCK_WIDTH ? product[i] : 0);
		}
		for (int set = 0; set < N_INSTRUCTION_SETS; set++)
		{
			const VectorKernels *kernels = vector_kernels_of((InstructionSet) set);
			float *sum = copy_block(before, MAX_ROWS);
			float *in_place = copy_block(a, MAX_ROWS);

			if (kernels == NULL)
				continue;
			kernels->add_product(sum, a, square, n_rows);
			kernels->multiply_in_place(in_place, square, n_rows);
			assert_floats_near(sum, expected, MAX_ROWS * BLOCK_WIDTH, 2e-6);
			assert_floats_near(in_place, product, MAX_ROWS * BLOCK_WIDTH, 2e-6);
			if (set == 0)
			{
				first[0] = sum;
				first[1] = in_place;
			}
			assert_memory_equal(sum, first[0], MAX_ROWS * BLOCK_WIDTH * sizeof(float));
			assert_memory_equal(in_place, first[1], MAX_ROWS * BLOCK_WIDTH * sizeof(float));
		}
	}
}

static void
test_sum_rows(void **state)
{
	float *memory = random_block(N_ROWS * 3);
	SparseLists lists = make_lists();

	(void) state;
	for (uint32_t n_columns = 1; n_columns <= 45; n_columns++)
	{
		for (uint32_t l = 0; l < N_LISTS; l += 1 + l / 8)
		{
			const uint32_t *indices = lists.indices + lists.starts[l];
			const float *values = lists.values + lists.starts[l];
			const float *rows = memory + 1;
			float first[46];

			for (int set = 0; set < N_INSTRUCTION_SETS; set++)
			{
				const VectorKernels *kernels = vector_kernels_of((InstructionSet) set);
				double expected[46];
				float sum[46];

				if (kernels == NULL)
					continue;
				for (uint32_t c = 0; c < n_columns; c++)
				{
					expected[c] = 0;
					for (uint32_t i = 0; i < l; i++)
						expected[c] +=
							(double) values[i] * (double) rows[(size_t) indices[i] * n_columns + c];
				}
				sum[n_columns] = 99;
				kernels->sum_rows(sum, n_columns, rows, l, indices, values);
				assert_floats_near(sum, expected, n_columns, 5e-6);
				assert_true(sum[n_columns] == 99);
				if (set == 0)
					memcpy(first, sum, n_columns * sizeof(float));
				assert_memory_equal(sum, first, n_columns * sizeof(float));
			}
		}
	}
}

static void
test_choice(void **state)
{
	(void) state;
	assert_ptr_equal(vector_kernels(), vector_kernels_of(instruction_set()));
	instruction_set_limit = INSTRUCTIONS_PORTABLE;
	assert_ptr_equal(vector_kernels(), vector_kernels_of(INSTRUCTIONS_PORTABLE));
	assert_null(vector_kernels_of(INSTRUCTIONS_AVX2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_multiply_sparse, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sums_go_to_their_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_inner_products, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_products, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sum_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_choice, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
