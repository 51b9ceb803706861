/*
 * bench_classifier.c
 *	  Time and held-out figures of a kind of classifier, or of the truncated SVD, on matrices from files.
 *
 *		bench_classifier TRAIN TEST KIND PARAMETERS-AS-JSON THREADS REPEAT
 *		bench_classifier TRAIN TEST svd N_COMPONENTS THREADS REPEAT
 *
 * A matrix file holds, little-endian: n_rows, n_features, n_entries, n_classes, n_dense (uint64 each),
 * row_starts (uint64, n_rows + 1), indices (uint32), values (float), labels (uint32, n_rows). Each of
 * REPEAT fits has a seed of its own and prints a line: seconds, macro F1 on TEST, microseconds for a
 * prediction, bytes of the image. run_kinds.py makes the files and reads the lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/features/truncated_svd.h"
#include "core/models/classifier.h"
#include "core/threads.h"
#include "host.h"

typedef struct MatrixFile
{
	SparseMatrix matrix;
	uint32_t *labels;
	uint32_t n_classes;
	uint32_t n_dense;
} MatrixFile;

/* Seconds since some fixed moment. */
static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* Read an array of the file. */
static void *
read_array(FILE *file, size_t count, size_t size)
{
	void *array = host_allocate(host_array_size(count + 1, size));

	if (fread(array, size, count, file) != count)
	{
		fprintf(stderr, "file is too short\n");
		exit(1);
	}
	return array;
}

static MatrixFile
read_matrix(const char *path)
{
	FILE *file = fopen(path, "rb");
	MatrixFile result;
	uint64_t *sizes;

	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	sizes = read_array(file, 5, 8);
	result.matrix.n_rows = (uint32_t) sizes[0];
	result.matrix.n_features = (uint32_t) sizes[1];
	result.n_classes = (uint32_t) sizes[3];
	result.n_dense = (uint32_t) sizes[4];
	result.matrix.row_starts = read_array(file, sizes[0] + 1, 8);
	result.matrix.indices = read_array(file, sizes[2], 4);
	result.matrix.values = read_array(file, sizes[2], 4);
	result.labels = read_array(file, sizes[0], 4);
	fclose(file);
	return result;
}

/* The mean over the classes of their F1. counts: (n_classes, n_classes) true, predicted */
static double
macro_f1(const uint32_t *counts, uint32_t n_classes)
{
	double sum = 0;

	for (uint32_t k = 0; k < n_classes; k++)
	{
		double right = counts[k * n_classes + k];
		double total = 0;

		for (uint32_t j = 0; j < n_classes; j++)
			total += counts[k * n_classes + j] + counts[j * n_classes + k];
		sum += total > 0 ? 2 * right / total : 0;
	}
	return sum / n_classes;
}

/* Predict all rows; answers macro F1 and the microseconds for a row. */
static double
predict(const Classifier *classifier, const MatrixFile *test, double *microseconds)
{
	uint32_t n_classes = test->n_classes;
	double *probabilities = host_allocate_array(double, n_classes);
	uint32_t *counts = host_allocate_zero_array(uint32_t, (size_t) n_classes * n_classes);
	double start = now();
	double f1;

	for (uint32_t i = 0; i < test->matrix.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&test->matrix, i);
		uint32_t best = 0;

		classifier->kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 1; k < n_classes; k++)
			best = probabilities[k] > probabilities[best] ? k : best;
		counts[test->labels[i] * n_classes + best]++;
	}
	*microseconds = (now() - start) * 1e6 / test->matrix.n_rows;
	f1 = macro_f1(counts, n_classes);
	host_free(probabilities);
	host_free(counts);
	return f1;
}

/* Fit a kind once, and print its line. */
static void
bench_kind(const ClassifierKind *kind, const void *options, const MatrixFile *train,
		   const MatrixFile *test, uint64_t seed)
{
	TrainingSet training_set = {train->matrix, train->labels,  train->n_classes,
								seed,          train->n_dense, NULL};
	ByteBuffer image = {0};
	Classifier classifier;
	const char *problem;
	double start = now();
	double seconds;
	double microseconds;
	double f1;

	kind->fit(&training_set, options, &image);
	seconds = now() - start;
	classifier = (Classifier){
		kind, train->matrix.n_features, train->n_classes, image.data, image.length, NULL};
	problem = classifier_open(&classifier);
	if (problem != NULL)
	{
		fprintf(stderr, "%s\n", problem);
		exit(1);
	}
	f1 = predict(&classifier, test, &microseconds);
	printf("%.6f %.6f %.3f %zu\n", seconds, f1, microseconds, image.length);
	classifier_close(&classifier);
	buffer_reset(&image);
}

/* Decompose once, and print a line: the third figure is of the transformation of a row. */
static void
bench_svd(uint32_t n_components, const MatrixFile *train, const MatrixFile *test, uint64_t seed)
{
	TruncatedSvdOptions options = {n_components, 10, seed};
	size_t n_features = train->matrix.n_features;
	float *components = host_allocate_array(float, n_features *n_components);
	float *transformed = host_allocate_array(float, (size_t) train->matrix.n_rows *n_components);
	double *figures = host_allocate_array(double, 3 * (size_t) n_components);
	double start = now();
	double seconds;
	double explained = 0;

	truncated_svd_fit(&train->matrix, &options, components, figures, figures + n_components,
					  figures + 2 * n_components, transformed);
	seconds = now() - start;
	for (uint32_t i = 0; i < n_components; i++)
		explained += figures[n_components + i];
	start = now();
	for (uint32_t i = 0; i < test->matrix.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&test->matrix, i);

		truncated_svd_transform(components, n_components, &row, transformed);
	}
	printf("%.6f %.9f %.3f %zu\n", seconds, explained, (now() - start) * 1e6 / test->matrix.n_rows,
		   n_features * n_components * sizeof(float));
	host_free(components);
	host_free(transformed);
	host_free(figures);
}

int
main(int argc, char **argv)
{
	const ClassifierKind *kind;
	MatrixFile train;
	MatrixFile test;
	void *options;

	if (argc != 7)
	{
		fprintf(stderr, "usage: %s TRAIN TEST KIND PARAMETERS THREADS REPEAT\n", argv[0]);
		return 1;
	}
	train = read_matrix(argv[1]);
	test = read_matrix(argv[2]);
	kind = classifier_kind_find(argv[3]);
	test_host_threads = (uint32_t) atoi(argv[5]);
	if (kind == NULL)
	{
		for (int i = 0; i < atoi(argv[6]); i++)
			bench_svd((uint32_t) atoi(argv[4]), &train, &test, (uint64_t) i);
	}
	else
	{
		ParameterGroup group = {kind->parameters, kind->n_parameters, NULL};

		group.options = options = host_allocate_zero(kind->options_size);
		parameters_parse(argv[4], &group, 1);
		for (int i = 0; i < atoi(argv[6]); i++)
			bench_kind(kind, options, &train, &test, (uint64_t) i);
	}
	threads_stop();
	test_host_free_all();
	return 0;
}
