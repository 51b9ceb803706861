/*
 * bench_mlp.c
 *	  Time to fit a multilayer perceptron and to predict with it, on matrices from files.
 *
 *		bench_mlp TRAIN TEST PARAMETERS-AS-JSON [REPEAT [THREADS]]
 *
 * A matrix file holds, little-endian: n_rows, n_features, n_entries, n_classes, n_dense (uint64 each),
 * row_starts (uint64, n_rows + 1), indices (uint32), values (float), labels (uint32, n_rows). Each of
 * REPEAT fits has a seed of its own; the line of each can be read by a program: see bench_mlp.py.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/models/mlp.h"
#include "core/threads.h"
#include "../unit/host.h"

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

/* Predict all rows and tell how well and how fast. */
static void
predict(const Classifier *classifier, const MatrixFile *test)
{
	uint32_t n_classes = test->n_classes;
	double *probabilities = host_allocate_array(double, n_classes);
	uint32_t *counts = host_allocate_zero_array(uint32_t, (size_t) n_classes * n_classes);
	double log_loss = 0;
	double start = now();

	for (uint32_t i = 0; i < test->matrix.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&test->matrix, i);
		uint32_t best = 0;

		classifier->kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 1; k < n_classes; k++)
			best = probabilities[k] > probabilities[best] ? k : best;
		counts[test->labels[i] * n_classes + best]++;
		log_loss -= log(fmax(probabilities[test->labels[i]], 1e-15)) / test->matrix.n_rows;
	}
	printf("predict %.2f us a row, macro F1 %.4f, log loss %.4f\n",
		   (now() - start) * 1e6 / test->matrix.n_rows, macro_f1(counts, n_classes), log_loss);
	host_free(probabilities);
	host_free(counts);
}

int
main(int argc, char **argv)
{
	MlpOptions options;
	const ClassifierKind *kind = &mlp_kind;
	ParameterGroup group = {kind->parameters, kind->n_parameters, &options};
	MatrixFile train;
	MatrixFile test;
	int repeat = argc > 4 ? atoi(argv[4]) : 1;

	if (argc < 4)
	{
		fprintf(stderr, "usage: %s TRAIN TEST PARAMETERS [REPEAT [THREADS]]\n", argv[0]);
		return 1;
	}
	train = read_matrix(argv[1]);
	test = read_matrix(argv[2]);
	parameters_parse(argv[3], &group, 1);
	test_host_threads = argc > 5 ? (uint32_t) atoi(argv[5]) : 2;
	for (int i = 0; i < repeat; i++)
	{
		TrainingSet training_set = {train.matrix, train.labels,  train.n_classes,
									(uint64_t) i, train.n_dense, NULL};
		ByteBuffer image = {0};
		size_t before = test_host_allocated;
		double start = now();
		double seconds;
		Classifier classifier;

		test_host_peak = before;
		kind->fit(&training_set, &options, &image);
		seconds = now() - start;
		classifier = (Classifier){
			kind, train.matrix.n_features, train.n_classes, image.data, image.length, NULL};
		if (classifier_open(&classifier) != NULL)
			return 1;
		printf("fit %.4f s, peak memory %.1f MB, ", seconds,
			   (double) (test_host_peak - before) / 1e6);
		predict(&classifier, &test);
		classifier_close(&classifier);
		buffer_reset(&image);
	}
	threads_stop();
	test_host_free_all();
	return 0;
}
