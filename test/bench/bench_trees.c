/*
 * bench_trees.c
 *	  Time and held-out figures of a kind of decision trees on the files of bench_trees_rival.py.
 *
 *		bench_trees FOLDER KIND PARAMETERS-AS-JSON [N_THREADS [REPEAT]]
 *
 * Build it from the folder test/bench with the core and the unit tests' host:
 *
 *		gcc -O3 -fno-math-errno -ffp-contract=off -std=gnu11 -D_GNU_SOURCE -I../../src -I../unit \
 *			bench_trees.c ../unit/host.c ../../src/core/ *.c ../../src/core/ * / *.c \
 *			-lcjson -lutf8proc -lstemmer -lm -lpthread -ldl -o /tmp/bench_trees
 *
 * (without the spaces after the slashes). Each of REPEAT fits has a seed of its own.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/models/classifier.h"
#include "core/threads.h"
#include "../unit/host.h"

typedef struct DenseFile
{
	SparseMatrix matrix;
	uint32_t *labels;
	uint32_t n_classes;
} DenseFile;

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

/* Read a file as rows in which all features are dense. */
static DenseFile
read_file(const char *folder, const char *name)
{
	char path[4096];
	DenseFile result;
	FILE *file;
	uint64_t *sizes;
	uint64_t *row_starts;
	uint32_t *indices;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	sizes = read_array(file, 3, 8);
	row_starts = host_allocate_array(uint64_t, sizes[0] + 1);
	indices = host_allocate_array(uint32_t, sizes[0] * sizes[1]);
	for (uint64_t i = 0; i <= sizes[0]; i++)
		row_starts[i] = i * sizes[1];
	for (uint64_t i = 0; i < sizes[0] * sizes[1]; i++)
		indices[i] = (uint32_t) (i % sizes[1]);
	result.n_classes = (uint32_t) sizes[2];
	result.matrix = (SparseMatrix){(uint32_t) sizes[0], (uint32_t) sizes[1], row_starts, indices,
								   read_array(file, sizes[0] * sizes[1], sizeof(float))};
	result.labels = read_array(file, sizes[0], sizeof(uint32_t));
	fclose(file);
	return result;
}

/* Predict all rows and tell time, accuracy, macro F1 and log loss. */
static void
predict(const Classifier *classifier, const DenseFile *test)
{
	uint32_t n_classes = test->n_classes;
	double *probabilities = host_allocate_array(double, n_classes);
	uint32_t *confusion = host_allocate_zero_array(uint32_t, (size_t) n_classes * n_classes);
	double log_loss = 0;
	double start = now();
	double seconds;
	uint32_t correct = 0;
	double macro_f1 = 0;

	for (uint32_t i = 0; i < test->matrix.n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&test->matrix, i);
		uint32_t best = 0;

		classifier->kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 1; k < n_classes; k++)
			best = probabilities[k] > probabilities[best] ? k : best;
		confusion[test->labels[i] * n_classes + best]++;
		log_loss -= log(fmax(probabilities[test->labels[i]], 1e-15));
	}
	seconds = now() - start;
	for (uint32_t k = 0; k < n_classes; k++)
	{
		uint32_t sum = 0;

		for (uint32_t other = 0; other < n_classes; other++)
			sum += confusion[k * n_classes + other] + confusion[other * n_classes + k];
		correct += confusion[k * n_classes + k];
		macro_f1 += 2.0 * confusion[k * n_classes + k] / sum / n_classes;
	}
	printf("predict %.1f us a row, accuracy %.4f, macro F1 %.4f, log loss %.4f",
		   seconds * 1e6 / test->matrix.n_rows, (double) correct / test->matrix.n_rows, macro_f1,
		   log_loss / test->matrix.n_rows);
	host_free(probabilities);
	host_free(confusion);
}

/* Tell the time to explain one row. */
static void
explain(const Classifier *classifier, const DenseFile *test)
{
	SparseRow row = sparse_matrix_row(&test->matrix, 0);
	double *contributions = host_allocate_array(double, row.count);
	double intercept;
	double start = now();

	classifier->kind->explain(classifier, &row, 1, contributions, &intercept);
	printf(", explain %.2f ms\n", (now() - start) * 1e3);
	host_free(contributions);
}

int
main(int argc, char **argv)
{
	const ClassifierKind *kind = argc > 2 ? classifier_kind_find(argv[2]) : NULL;
	int repeat = argc > 5 ? atoi(argv[5]) : 3;
	ParameterGroup group;
	DenseFile train;
	DenseFile test;

	if (argc < 4 || kind == NULL)
	{
		fprintf(stderr, "usage: %s FOLDER KIND PARAMETERS [N_THREADS [REPEAT]]\n", argv[0]);
		return 1;
	}
	test_host_threads = argc > 4 ? (uint32_t) atoi(argv[4]) : 2;
	train = read_file(argv[1], "train");
	test = read_file(argv[1], "test");
	group = (ParameterGroup){kind->parameters, kind->n_parameters,
							 host_allocate_zero(kind->options_size)};
	parameters_parse(argv[3], &group, 1);
	for (int i = 0; i < repeat; i++)
	{
		TrainingSet set = {.features = train.matrix,
						   .labels = train.labels,
						   .n_classes = train.n_classes,
						   .seed = (uint64_t) i,
						   .n_dense = train.matrix.n_features};
		ByteBuffer image = {0};
		size_t before = test_host_allocated;
		double start = now();
		Classifier classifier;

		test_host_peak = before;
		kind->fit(&set, group.options, &image);
		printf("fit %.4f s, memory %.1f MB, image %.1f MB; ", now() - start,
			   (double) (test_host_peak - before) / 1e6, (double) image.length / 1e6);
		classifier = (Classifier){
			kind, train.matrix.n_features, train.n_classes, image.data, image.length, NULL};
		if (classifier_open(&classifier) != NULL)
		{
			fprintf(stderr, "%s\n", kind->validate(&classifier));
			return 1;
		}
		predict(&classifier, &test);
		explain(&classifier, &test);
		classifier_close(&classifier);
		buffer_reset(&image);
	}
	threads_stop();
	test_host_free_all();
	return 0;
}
