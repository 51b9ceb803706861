/*
 * bench_truncated_svd.c
 *	  Time to decompose a sparse matrix from a file, and to transform its rows.
 *
 *		bench_truncated_svd MATRIX [N_COMPONENTS [N_ITER [THREADS [REPEAT [VARIANCES [KERNELS]]]]]]
 *
 * The matrix file holds, little-endian: n_rows, n_features, n_entries, 0 (uint64 each), row_starts
 * (uint64, n_rows + 1), indices (uint32), values (float). VARIANCES holds the exact explained
 * variances, one double a component (- for no file); KERNELS is an InstructionSet. bench_truncated_svd.py makes both.
 */
#include <math.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/features/truncated_svd.h"
#include "core/linear_algebra/vector_kernels.h"
#include "core/threads.h"
#include "../unit/host.h"

/* Seconds since some fixed moment. */
static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* Open a file or give up. */
static FILE *
open_file(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	return file;
}

/* Read count elements or give up. */
static void *
read_array(FILE *file, size_t count, size_t size)
{
	void *array = host_allocate(host_array_size(count, size));

	if (fread(array, size, count, file) != count)
	{
		fprintf(stderr, "file is too short\n");
		exit(1);
	}
	return array;
}

static SparseMatrix
read_matrix(const char *path)
{
	FILE *file = open_file(path);
	uint64_t *sizes = read_array(file, 4, 8);
	SparseMatrix matrix = {.n_rows = (uint32_t) sizes[0], .n_features = (uint32_t) sizes[1]};

	matrix.row_starts = read_array(file, sizes[0] + 1, 8);
	matrix.indices = read_array(file, sizes[2], 4);
	matrix.values = read_array(file, sizes[2], 4);
	fclose(file);
	return matrix;
}

static int
compare_doubles(const void *a, const void *b)
{
	return (*(const double *) a > *(const double *) b) -
		   (*(const double *) a < *(const double *) b);
}

/* Largest entry of transposed components times components - 1. */
static double
orthonormality_error(const float *components, size_t n_features, uint32_t n)
{
	double largest = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		for (uint32_t j = 0; j <= i; j += i - j > 3 ? 3 : 1)
		{
			double sum = i == j ? -1 : 0;

			for (size_t f = 0; f < n_features; f++)
				sum += (double) components[f * n + i] * (double) components[f * n + j];
			largest = fmax(largest, fabs(sum));
		}
	}
	return largest;
}

/* Transform all rows; tell the time and the distance from the fit's own coordinates. */
static void
transform(const SparseMatrix *matrix, uint32_t n, const float *components, const float *expected)
{
	float *coordinates = host_allocate_array(float, n);
	double largest = 0;
	double start = now();

	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(matrix, i);

		truncated_svd_transform(components, n, &row, coordinates);
	}
	printf("transform %.2f us a row", (now() - start) * 1e6 / matrix->n_rows);
	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(matrix, i);

		truncated_svd_transform(components, n, &row, coordinates);
		for (uint32_t c = 0; c < n; c++)
			largest = fmax(largest,
						   fabs((double) coordinates[c] - (double) expected[(size_t) i * n + c]));
	}
	printf(", from the fit's coordinates at most %.1e\n", largest);
}

int
main(int argc, char **argv)
{
	TruncatedSvdOptions options = {100, 10, 0};
	int repeat = argc > 5 ? atoi(argv[5]) : 5;
	SparseMatrix matrix;
	uint32_t n;

	if (argc < 2)
	{
		fprintf(
			stderr,
			"usage: %s MATRIX [N_COMPONENTS [N_ITER [THREADS [REPEAT [VARIANCES [KERNELS]]]]]]\n",
			argv[0]);
		return 1;
	}
	if (argc > 7)
		instruction_set_limit = (InstructionSet) atoi(argv[7]);
	/* memory is used again, as in a training */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 2047 << 20);
	mallopt(M_TOP_PAD, 512 << 20);
	matrix = read_matrix(argv[1]);
	options.n_components = n = argc > 2 ? (uint32_t) atoi(argv[2]) : 100;
	options.n_iter = argc > 3 ? (uint32_t) atoi(argv[3]) : 10;
	test_host_threads = argc > 4 ? (uint32_t) atoi(argv[4]) : 2;

	float *components = host_allocate_array(float, (size_t) matrix.n_features *n);
	float *transformed = host_allocate_array(float, (size_t) matrix.n_rows *n);
	double *statistics = host_allocate_array(double, 3 * (size_t) n);
	double *times = host_allocate_array(double, (size_t) repeat);
	size_t before = test_host_allocated;

	test_host_peak = before;
	for (int i = 0; i < repeat; i++)
	{
		double start = now();

		options.seed = (uint64_t) i;
		truncated_svd_fit(&matrix, &options, components, statistics, statistics + n,
						  statistics + 2 * n, transformed);
		times[i] = now() - start;
		if (i == 0)
			printf("kernels %s, first %.4f s, ", vector_kernels()->name, times[0]);
	}
	qsort(times, (size_t) repeat, sizeof(double), compare_doubles);
	printf("median %.4f s, best %.4f s of %d with %u threads, peak memory %.1f MB\n",
		   times[repeat / 2], times[0], repeat, test_host_threads,
		   (double) (test_host_peak - before) / 1e6);
	printf("singular values %.5f ... %.5f, explained %.6f, components orthonormal to %.1e\n",
		   statistics[0], statistics[n - 1], statistics[2 * n],
		   orthonormality_error(components, matrix.n_features, n));
	if (argc > 6 && strcmp(argv[6], "-") != 0)
	{
		FILE *file = open_file(argv[6]);
		double *exact = read_array(file, n, sizeof(double));
		double largest = 0;

		for (uint32_t c = 0; c < n; c++)
			largest = fmax(largest, fabs(statistics[n + c] / exact[c] - 1));
		printf("explained variances within %.1e of the exact ones\n", largest);
		fclose(file);
	}
	transform(&matrix, n, components, transformed);
	threads_stop();
	test_host_free_all();
	return 0;
}
