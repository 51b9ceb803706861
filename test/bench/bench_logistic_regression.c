/*
 * bench_logistic_regression.c
 *	  Time to fit and to predict on matrices from files, and the distance from reference
 *	  probabilities.
 *
 *		bench_logistic_regression TRAIN TEST PARAMETERS-AS-JSON [REFERENCE [REPEAT]]
 *
 * A matrix file holds, little-endian: n_rows, n_features, n_entries, n_classes (uint64 each),
 * row_starts (uint64, n_rows + 1), indices (uint32), values (float), labels (uint32, n_rows).
 * REFERENCE holds one double for each row of TEST and class. Each of REPEAT fits has a seed of its
 * own.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/models/classifier.h"
#include "core/models/logistic_regression.h"
#include "../unit/host.h"

typedef struct MatrixFile
{
	SparseMatrix matrix;
	uint32_t *labels;
	uint32_t n_classes;
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

static MatrixFile
read_matrix(const char *path)
{
	FILE *file = open_file(path);
	uint64_t *sizes = read_array(file, 4, 8);
	MatrixFile result;

	result.matrix.n_rows = (uint32_t) sizes[0];
	result.matrix.n_features = (uint32_t) sizes[1];
	result.n_classes = (uint32_t) sizes[3];
	result.matrix.row_starts = read_array(file, sizes[0] + 1, 8);
	result.matrix.indices = read_array(file, sizes[2], 4);
	result.matrix.values = read_array(file, sizes[2], 4);
	result.labels = read_array(file, sizes[0], 4);
	fclose(file);
	return result;
}

/* Predict all rows and tell the time, the accuracy and the distance from the reference. */
static void
predict(const Classifier *classifier, const MatrixFile *test, const double *reference)
{
	uint32_t n_classes = test->n_classes;
	double *probabilities = host_allocate_array(double, n_classes);
	double largest = 0;
	double squares = 0;
	double start = now();
	uint32_t correct = 0;

	for (uint32_t i = 0; i < test->matrix.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&test->matrix, i);
		uint32_t best = 0;

		classifier->kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 0; k < n_classes; k++)
		{
			double difference = 0;

			if (reference != NULL)
				difference = fabs(probabilities[k] - reference[(size_t) i * n_classes + k]);
			largest = fmax(largest, difference);
			squares += difference * difference;
			best = probabilities[k] > probabilities[best] ? k : best;
		}
		correct += best == test->labels[i];
	}
	printf("predict %.2f us a row, accuracy %.4f", (now() - start) * 1e6 / test->matrix.n_rows,
		   (double) correct / test->matrix.n_rows);
	if (reference != NULL)
		printf(", from the reference at most %.2e, rms %.2e", largest,
			   sqrt(squares / test->matrix.n_rows / n_classes));
	printf("\n");
	host_free(probabilities);
}

int
main(int argc, char **argv)
{
	LogisticRegressionOptions options;
	const ClassifierKind *kind = &logistic_regression_kind;
	ParameterGroup group = {kind->parameters, kind->n_parameters, &options};
	MatrixFile train;
	MatrixFile test;
	double *reference = NULL;
	int repeat = argc > 5 ? atoi(argv[5]) : 1;

	if (argc < 4)
	{
		fprintf(stderr, "usage: %s TRAIN TEST PARAMETERS [REFERENCE [REPEAT]]\n", argv[0]);
		return 1;
	}
	train = read_matrix(argv[1]);
	test = read_matrix(argv[2]);
	parameters_parse(argv[3], &group, 1);
	if (argc > 4 && argv[4][0] != '\0')
	{
		FILE *file = open_file(argv[4]);

		reference = read_array(file, (size_t) test.matrix.n_rows * test.n_classes, 8);
		fclose(file);
	}
	for (int i = 0; i < repeat; i++)
	{
		TrainingSet training_set = {train.matrix, train.labels, train.n_classes, (uint64_t) i, 0,
									NULL};
		ByteBuffer image = {0};
		size_t before = test_host_allocated;
		double start = now();
		Classifier classifier;

		test_host_peak = before;
		kind->fit(&training_set, &options, &image);
		printf("fit %.4f s, peak memory %.1f MB; ", now() - start,
			   (double) (test_host_peak - before) / 1e6);
		classifier = (Classifier){
			kind, train.matrix.n_features, train.n_classes, image.data, image.length, NULL};
		if (kind->validate(&classifier) != NULL)
		{
			fprintf(stderr, "%s\n", kind->validate(&classifier));
			return 1;
		}
		predict(&classifier, &test, reference);
		buffer_reset(&image);
	}
	test_host_free_all();
	return 0;
}
