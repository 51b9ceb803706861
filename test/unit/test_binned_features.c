/*
 * test_binned_features.c
 *	  Bins of features against a readable definition, for dense, sparse and odd columns.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/models/binned_features.h"
#include "tree_rows.h"

/* Sorts floats. */
static int
compare_floats(const void *a, const void *b)
{
	float first = *(const float *) a;
	float second = *(const float *) b;

	return (first > second) - (first < second);
}

/* Edges by definition, from all values of a column; answers their number. */
static uint32_t
reference_edges(const float *column, uint32_t n_rows, uint32_t max_bins, float *edges)
{
	float *values = host_allocate_array(float, n_rows + 1);
	uint32_t n_values = 0;
	uint32_t n_distinct = 0;
	uint32_t n_edges = 0;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		if (!isnan(column[i]))
			values[n_values++] = column[i];
	}
	qsort(values, n_values, sizeof(float), compare_floats);
	for (uint32_t i = 0; i < n_values; i++)
		n_distinct += i == 0 || values[i] != values[i - 1];
	if (n_distinct <= max_bins)
	{
		for (uint32_t i = 1; i < n_values; i++)
		{
			if (values[i] != values[i - 1])
				edges[n_edges++] = (float) (((double) values[i - 1] + values[i]) / 2);
		}
	}
	else
	{
		for (uint32_t b = 1; b < max_bins; b++)
		{
			double position = (double) (n_values - 1) * b / max_bins;
			double below = values[(uint32_t) floor(position + 1e-9)];
			double above = values[(uint32_t) ceil(position - 1e-9)];
			float edge = (float) ((below + above) / 2);

			if (n_edges == 0 || edges[n_edges - 1] != edge)
				edges[n_edges++] = edge;
		}
	}
	host_free(values);
	return n_edges;
}

/* Compare a feature's edges and bins with the definition's. */
static void
check_feature(const BinnedFeatures *features, uint32_t feature, const float *column,
			  uint32_t max_bins)
{
	float expected[MAX_VALUE_BINS];
	uint32_t n_edges = reference_edges(column, features->n_rows, max_bins, expected);
	const float *edges = binned_features_edges(features, feature);
	const uint8_t *bins = binned_features_column(features, feature);
	bool missing = false;

	assert_int_equal(features->n_value_bins[feature], n_edges + 1);
	for (uint32_t b = 0; b < n_edges; b++)
		assert_true(edges[b] == expected[b]);
	for (uint32_t i = 0; i < features->n_rows; i++)
	{
		uint32_t bin = 0;

		while (bin < n_edges && column[i] > edges[bin])
			bin++;
		missing |= isnan(column[i]);
		assert_int_equal(bins[i], isnan(column[i]) ? n_edges + 1 : bin);
	}
	assert_int_equal(features->has_missing[feature], missing);
}

/* A value of one of some sorts of columns. */
static float
make_value(uint32_t sort, uint32_t row)
{
	double u = uniform(row, sort);

	switch (sort % 8)
	{
		case 0:
			return (float) (u - 0.5);
		case 1:
			return (float) floor(u * 7) - 3;
		case 2:
			return u < 0.8 ? 0 : (float) u;
		case 3:
			return u < 0.3 ? NAN : (float) (u * u * 1000);
		case 4:
			return 42;
		case 5:
			return NAN;
		case 6:
			return u < 0.5 ? 0 : (float) (u - 0.9) * 3;
		default:
			return (float) floor(u * 300) / 64 - 2;
	}
}

#define N_SORTS 8

/* Dense and sparse columns of all sorts. */
static void
test_definition(void **state)
{
	const uint32_t row_counts[] = {1, 2, 3, 100, 257, 1000, 3000};
	const uint32_t bin_counts[] = {2, 16, 255};

	(void) state;
	for (int r = 0; r < 7; r++)
	{
		uint32_t n_rows = row_counts[r];
		TreeRows rows = allocate_rows(n_rows, 2 * N_SORTS);
		uint64_t n = 0;
		float *column = host_allocate_array(float, n_rows);

		/* the first half is sparse, the other dense */
		for (uint32_t i = 0; i < n_rows; i++)
		{
			((uint64_t *) rows.matrix.row_starts)[i] = n;
			for (uint32_t j = 0; j < 2 * N_SORTS; j++)
			{
				float value = make_value(j, i);

				if (j < N_SORTS && value == 0)
					continue;
				((uint32_t *) rows.matrix.indices)[n] = j;
				rows.values[n++] = value;
			}
		}
		((uint64_t *) rows.matrix.row_starts)[n_rows] = n;
		for (int b = 0; b < 3; b++)
		{
			TrainingSet set = {.features = rows.matrix, .labels = rows.labels, .n_dense = N_SORTS};
			BinnedFeatures features = binned_features_make(&set, bin_counts[b]);

			for (uint32_t j = 0; j < 2 * N_SORTS; j++)
			{
				for (uint32_t i = 0; i < n_rows; i++)
					column[i] = make_value(j, i);
				check_feature(&features, j, column, bin_counts[b]);
			}
			binned_features_free(&features);
		}
	}
}

/* Neighbours and infinities are told apart by finite edges. */
static void
test_extreme_values(void **state)
{
	const float values[] = {
		-INFINITY, -3.4028234e38f, -1, -0x1.fffffep-1f, -1e-45f,       -0.0f,
		0,         1e-45f,         1,  0x1.000002p0f,   3.4028234e38f, INFINITY};
	const uint8_t bins[] = {0, 0, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10};
	TreeRows rows = allocate_rows(12, 1);
	TrainingSet set = tree_training_set(&rows, 2);
	BinnedFeatures features;

	(void) state;
	memcpy(rows.values, values, sizeof(values));
	features = binned_features_make(&set, MAX_VALUE_BINS);
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(features.bins[i], bins[i]);
	for (uint32_t b = 0; b < features.n_value_bins[0] - 1u; b++)
		assert_true(isfinite(features.edges[b]) &&
					(b == 0 || features.edges[b] > features.edges[b - 1]));
}

/* Of many rows only a part decides about the edges. */
static void
test_many_rows(void **state)
{
	uint32_t n_rows = 450000;
	TreeRows rows = allocate_rows(n_rows, 1);
	TrainingSet set = tree_training_set(&rows, 2);
	uint32_t counts[MAX_VALUE_BINS] = {0};
	BinnedFeatures features;

	(void) state;
	for (uint32_t i = 0; i < n_rows; i++)
		rows.values[i] = (float) uniform(i, 0);
	features = binned_features_make(&set, MAX_VALUE_BINS);
	assert_int_equal(features.n_value_bins[0], MAX_VALUE_BINS);
	for (uint32_t i = 0; i < n_rows; i++)
		counts[features.bins[i]]++;
	for (uint32_t b = 0; b < MAX_VALUE_BINS; b++)
		assert_true(abs((int) counts[b] - (int) (n_rows / MAX_VALUE_BINS)) < 300);
}

/* The bins do not depend on the number of threads. */
static void
test_threads(void **state)
{
	TreeRows rows = make_tree_rows(0, 20000, 2, true);
	TrainingSet set = tree_training_set(&rows, 2);
	BinnedFeatures first;

	(void) state;
	test_host_threads = 1;
	first = binned_features_make(&set, MAX_VALUE_BINS);
	for (test_host_threads = 2; test_host_threads <= 4; test_host_threads++)
	{
		BinnedFeatures other = binned_features_make(&set, MAX_VALUE_BINS);

		assert_memory_equal(first.bins, other.bins, 20000 * FIXTURE_FEATURES);
		assert_memory_equal(first.n_value_bins, other.n_value_bins, FIXTURE_FEATURES);
		assert_memory_equal(first.has_missing, other.has_missing, FIXTURE_FEATURES);
		for (uint32_t f = 0; f < FIXTURE_FEATURES; f++)
			assert_memory_equal(binned_features_edges(&first, f), binned_features_edges(&other, f),
								sizeof(float) * (first.n_value_bins[f] - 1u));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_definition, free_memory),
		cmocka_unit_test_teardown(test_extreme_values, free_memory),
		cmocka_unit_test_teardown(test_many_rows, free_memory),
		cmocka_unit_test_teardown(test_threads, free_memory),
	};

	return cmocka_run_group_tests_name("binned_features", tests, NULL, NULL);
}
