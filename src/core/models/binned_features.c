/*
 * binned_features.c
 *	  Features cut into bins.
 *
 * Features come in two ways. A column of the sparse ones is its entries and a number of zeros that
 * are not stored, so its quantiles are looked up in the sorted entries with a run of zeros put
 * between. The dense ones are read where they are, and binned a block of rows at a time, because
 * they stand side by side.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/features/column_matrix.h"
#include "core/host.h"
#include "core/models/binned_features.h"
#include "core/threads.h"

#define MAX_BINS_SIZE ((uint64_t) 4 << 30)

/* What fits in a tree's node. */
#define MAX_TREE_FEATURES ((uint32_t) 1 << 30)

/* Rows whose values decide about the edges; of more rows every second, third, ... is looked at. */
#define MAX_SAMPLED_ROWS 200000

/* Values that a task bins, about. */
#define VALUES_PER_TASK ((uint32_t) 1 << 17)

#define SPARSE_FEATURES_PER_TASK 16

/* Below this many values insertion is faster than radix sort. */
#define INSERTION_SORT_LIMIT 64

typedef struct Binning
{
	const TrainingSet *set;
	BinnedFeatures *features;
	ColumnMatrix columns; /* of the sparse features; nothing if there are none */
	uint32_t n_sparse;
	uint32_t max_bins;
	uint32_t sample_step; /* every so many rows one is looked at for the edges */
	uint32_t n_sampled;
	uint32_t rows_per_task;
	uint32_t n_threads;
	float **scratch; /* (n_threads) each of 2 * n_sampled values */
} Binning;

/* A column's values in order, with the zeros that are not stored. */
typedef struct SortedColumn
{
	const float *values; /* (n_values) stored, ascending, none missing */
	uint32_t n_values;
	uint32_t n_negative; /* stored ones below zero */
	uint32_t n_zeros;    /* not stored */
} SortedColumn;

/* Number of rank in the column's order. */
static inline float
value_of_rank(const SortedColumn *column, uint32_t rank)
{
	if (rank < column->n_negative)
		return column->values[rank];
	if (rank < column->n_negative + column->n_zeros)
		return 0;
	return column->values[rank - column->n_zeros];
}

/* Sort few values by insertion. */
static void
insertion_sort(float *values, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
	{
		float value = values[i];
		uint32_t j = i;

		for (; j > 0 && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
}

/* Bits of a float that are ordered as the floats are, and back. */
static inline uint32_t
ordered_bits(uint32_t bits)
{
	return bits ^ ((bits >> 31) != 0 ? 0xffffffffu : 0x80000000u);
}

static inline uint32_t
float_bits(uint32_t ordered)
{
	return ordered ^ ((ordered >> 31) != 0 ? 0x80000000u : 0xffffffffu);
}

/* Sort floats, none of them NaN: by bytes, the lowest first. temporary: (count) */
static void
sort_floats(float *values, float *temporary, uint32_t count)
{
	uint32_t counts[4][256] = {{0}};
	uint32_t *from = (uint32_t *) values;
	uint32_t *to = (uint32_t *) temporary;

	if (count < INSERTION_SORT_LIMIT)
	{
		insertion_sort(values, count);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof(bits));
		bits = ordered_bits(bits);
		memcpy(&values[i], &bits, sizeof(bits));
		for (int byte = 0; byte < 4; byte++)
			counts[byte][bits >> 8 * byte & 255]++;
	}
	for (int byte = 0; byte < 4; byte++)
	{
		uint32_t starts[256];
		uint32_t start = 0;
		uint32_t *swapped = from;

		for (int i = 0; i < 256; i++)
		{
			starts[i] = start;
			start += counts[byte][i];
		}
		for (uint32_t i = 0; i < count; i++)
		{
			uint32_t bits;

			memcpy(&bits, &from[i], sizeof(bits));
			memcpy(&to[starts[bits >> 8 * byte & 255]++], &bits, sizeof(bits));
		}
		from = to;
		to = swapped;
	}
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof(bits));
		bits = float_bits(bits);
		memcpy(&values[i], &bits, sizeof(bits));
	}
}

/*
 * A number that at least the lower and not the higher of two different values (or of two equal
 * ones) does not pass: their middle, but finite.
 */
static float
middle(float lower, float higher)
{
	double mean = ((double) lower + (double) higher) / 2;
	float edge;

	if (isnan(mean)) /* from one infinity to the other */
		return 0;
	edge = (float) fmin(fmax(mean, -FLT_MAX), FLT_MAX);
	/* between neighbours there is no number to round to */
	return edge >= higher && lower < higher ? fmaxf(lower, -FLT_MAX) : edge;
}

/* Append an edge if it is above the last one. */
static void
add_edge(float *edges, uint32_t *n_edges, float edge)
{
	if (*n_edges == 0 || edges[*n_edges - 1] < edge)
		edges[(*n_edges)++] = edge;
}

/* Edges between all distinct values; false if there are more than max_bins. */
static bool
find_distinct_edges(const SortedColumn *column, uint32_t max_bins, float *edges, uint32_t *n_edges)
{
	uint32_t n_ranks = column->n_values + column->n_zeros;
	uint32_t n_distinct = 1;
	float last;

	*n_edges = 0;
	if (n_ranks == 0)
		return true;
	last = value_of_rank(column, 0);
	for (uint32_t rank = 1; rank < n_ranks; rank++)
	{
		float value = value_of_rank(column, rank);

		if (value == last)
		{
			/* the zeros are one step */
			if (rank >= column->n_negative && rank < column->n_negative + column->n_zeros)
				rank = column->n_negative + column->n_zeros - 1;
			continue;
		}
		if (++n_distinct > max_bins)
			return false;
		add_edge(edges, n_edges, middle(last, value));
		last = value;
	}
	return true;
}

/* Edges at the quantiles, in the middle of the two values beside each. */
static void
find_quantile_edges(const SortedColumn *column, uint32_t max_bins, float *edges, uint32_t *n_edges)
{
	uint64_t last_rank = (uint64_t) column->n_values + column->n_zeros - 1;

	*n_edges = 0;
	for (uint32_t b = 1; b < max_bins; b++)
	{
		uint32_t lower = (uint32_t) (last_rank * b / max_bins);
		uint32_t higher = lower + (last_rank * b % max_bins != 0);

		add_edge(edges, n_edges,
				 middle(value_of_rank(column, lower), value_of_rank(column, higher)));
	}
}

/* Find the edges of a column from unsorted values, which may hold NaN and are overwritten. */
static void
find_edges(const Binning *binning, uint32_t feature, float *values, uint32_t n_values,
		   uint32_t n_zeros)
{
	BinnedFeatures *features = binning->features;
	float *edges = features->edges + features->edge_starts[feature];
	SortedColumn column = {.values = values, .n_zeros = n_zeros};
	uint32_t n_edges;

	for (uint32_t i = 0; i < n_values; i++)
	{
		if (!isnan(values[i]))
			values[column.n_values++] = values[i];
	}
	sort_floats(values, values + binning->n_sampled, column.n_values);
	while (column.n_negative < column.n_values && values[column.n_negative] < 0)
		column.n_negative++;
	if (!find_distinct_edges(&column, binning->max_bins, edges, &n_edges))
		find_quantile_edges(&column, binning->max_bins, edges, &n_edges);
	features->n_value_bins[feature] = (uint8_t) (n_edges + 1);
}

/* Values whose bins are looked for side by side, since each step waits for the one before. */
#define BINS_AT_ONCE 8

/* The edges of a feature as a search goes through them. */
typedef struct EdgeSearch
{
	float edges[MAX_VALUE_BINS + 1]; /* padded with infinity */
	uint32_t first_step;             /* a power of two */
	uint8_t missing_bin;
} EdgeSearch;

/* Prepare for many values of a feature. */
static void
begin_search(const BinnedFeatures *features, uint32_t feature, EdgeSearch *search)
{
	uint32_t n_edges = features->n_value_bins[feature] - 1u;

	search->missing_bin = features->n_value_bins[feature];
	search->first_step = 1;
	while (search->first_step * 2 <= n_edges)
		search->first_step *= 2;
	for (uint32_t i = 0; i <= MAX_VALUE_BINS; i++)
		search->edges[i] = i < n_edges ? binned_features_edges(features, feature)[i] : INFINITY;
}

/*
 * The bins of BINS_AT_ONCE values: how many edges are below each. bins: (BINS_AT_ONCE); answers
 * whether one is missing
 */
static inline bool
find_bins(const EdgeSearch *search, const float *values, uint8_t *bins)
{
	uint32_t below[BINS_AT_ONCE] = {0};
	bool missing = false;

	for (uint32_t step = search->first_step; step > 0; step /= 2)
	{
		for (int i = 0; i < BINS_AT_ONCE; i++)
			below[i] += search->edges[below[i] + step - 1] < values[i] ? step : 0;
	}
	for (int i = 0; i < BINS_AT_ONCE; i++)
	{
		missing |= isnan(values[i]);
		bins[i] = isnan(values[i]) ? search->missing_bin : (uint8_t) below[i];
	}
	return missing;
}

/* The bin of one value; notes if it is missing. */
static uint8_t
find_bin(const EdgeSearch *search, float value, bool *missing)
{
	float values[BINS_AT_ONCE] = {value};
	uint8_t bins[BINS_AT_ONCE];

	*missing |= find_bins(search, values, bins);
	return bins[0];
}

/* Edges and bins of a sparse feature. */
static void
bin_sparse_feature(Binning *binning, uint32_t feature, float *scratch)
{
	BinnedFeatures *features = binning->features;
	const ColumnMatrix *columns = &binning->columns;
	uint64_t start = columns->column_starts[feature];
	uint64_t end = columns->column_starts[feature + 1];
	uint8_t *bins = features->bins + (size_t) feature * features->n_rows;
	uint32_t n_values = 0;
	bool missing = false;
	EdgeSearch search;

	for (uint64_t i = start; i < end; i++)
	{
		if (columns->rows[i] % binning->sample_step == 0)
			scratch[n_values++] = columns->values[i];
	}
	find_edges(binning, feature, scratch, n_values, binning->n_sampled - n_values);
	begin_search(features, feature, &search);
	memset(bins, find_bin(&search, 0, &missing), features->n_rows);
	for (uint64_t i = start; i < end; i++)
		bins[columns->rows[i]] = find_bin(&search, columns->values[i], &missing);
	features->has_missing[feature] = missing;
}

/* Task: edges and bins of some sparse features. */
static void
bin_sparse_features(void *context, uint32_t task, uint32_t thread)
{
	Binning *binning = context;
	uint32_t start = task * SPARSE_FEATURES_PER_TASK;

	for (uint32_t f = start; f < start + SPARSE_FEATURES_PER_TASK && f < binning->n_sparse; f++)
		bin_sparse_feature(binning, f, binning->scratch[thread]);
}

/* The dense values of a row. */
static inline const float *
dense_values(const TrainingSet *set, uint32_t row)
{
	return set->features.values + set->features.row_starts[(size_t) row + 1] - set->n_dense;
}

/* Task: the edges of one dense feature. */
static void
find_dense_edges(void *context, uint32_t task, uint32_t thread)
{
	Binning *binning = context;
	float *scratch = binning->scratch[thread];
	uint32_t n_values = 0;

	for (uint64_t row = 0; row < binning->set->features.n_rows; row += binning->sample_step)
		scratch[n_values++] = dense_values(binning->set, (uint32_t) row)[task];
	find_edges(binning, binning->n_sparse + task, scratch, n_values, 0);
}

/* Task: the bins of a block of rows, all dense features. */
static void
bin_dense_rows(void *context, uint32_t task, uint32_t thread)
{
	Binning *binning = context;
	BinnedFeatures *features = binning->features;
	uint32_t start = task * binning->rows_per_task;
	uint32_t end = features->n_rows - start > binning->rows_per_task
					   ? start + binning->rows_per_task
					   : features->n_rows;

	(void) thread;
	for (uint32_t j = 0; j < binning->set->n_dense; j++)
	{
		uint32_t feature = binning->n_sparse + j;
		uint8_t *bins = features->bins + (size_t) feature * features->n_rows;
		bool missing = false;
		EdgeSearch search;
		uint32_t row = start;

		begin_search(features, feature, &search);
		for (; row + BINS_AT_ONCE <= end; row += BINS_AT_ONCE)
		{
			float values[BINS_AT_ONCE];

			for (uint32_t i = 0; i < BINS_AT_ONCE; i++)
				values[i] = dense_values(binning->set, row + i)[j];
			missing |= find_bins(&search, values, bins + row);
		}
		for (; row < end; row++)
			bins[row] = find_bin(&search, dense_values(binning->set, row)[j], &missing);
		if (missing)
			__atomic_store_n(&features->has_missing[feature], true, __ATOMIC_RELAXED);
	}
}

/* Room for the edges of every feature: it has no more than it has values. */
static void
allocate_edges(const Binning *binning)
{
	BinnedFeatures *features = binning->features;
	uint64_t total = 0;

	features->edge_starts = host_allocate_array(uint64_t, (size_t) features->n_features + 1);
	for (uint32_t f = 0; f < features->n_features; f++)
	{
		uint64_t n_values = features->n_rows;

		if (f < binning->n_sparse)
			n_values = binning->columns.column_starts[f + 1] - binning->columns.column_starts[f];
		features->edge_starts[f] = total;
		/* a sparse feature has its zeros too: as many edges as values */
		total += n_values < binning->max_bins ? n_values : binning->max_bins - 1;
	}
	features->edge_starts[features->n_features] = total;
	features->edges = host_allocate_array(float, total);
}

/* Raise an error if the bins would take too much memory. */
static void
check_size(uint64_t n_rows, uint64_t n_features)
{
	uint64_t size;

	if (__builtin_mul_overflow(n_rows, n_features, &size) || size > MAX_BINS_SIZE ||
		n_features > MAX_TREE_FEATURES)
		host_error(HOST_ERROR_LIMIT_EXCEEDED,
				   "Decision trees are learned from a table with a byte for every row and feature.",
				   "Set svd_components, lower max_features, or train on fewer rows.",
				   "the table of %llu rows and %llu features would pass %llu GB",
				   (unsigned long long) n_rows, (unsigned long long) n_features,
				   (unsigned long long) (MAX_BINS_SIZE >> 30));
}

/* What the tasks need. */
static void
begin_binning(Binning *binning)
{
	const TrainingSet *set = binning->set;
	uint32_t n_rows = set->features.n_rows;

	binning->n_sparse = set->features.n_features - set->n_dense;
	binning->sample_step = n_rows / MAX_SAMPLED_ROWS + (n_rows % MAX_SAMPLED_ROWS != 0);
	binning->sample_step = binning->sample_step == 0 ? 1 : binning->sample_step;
	binning->n_sampled = n_rows == 0 ? 0 : (n_rows - 1) / binning->sample_step + 1;
	binning->rows_per_task = VALUES_PER_TASK / (set->n_dense + 1) + 64;
	if (binning->n_sparse > 0)
		binning->columns = column_matrix_make(&set->features);
	binning->n_threads = threads_count();
	binning->scratch = host_allocate_array(float *, binning->n_threads);
	for (uint32_t i = 0; i < binning->n_threads; i++)
		binning->scratch[i] = host_allocate_array(float, 2 * (size_t) binning->n_sampled + 1);
}

/* Free what the tasks needed. */
static void
end_binning(Binning *binning)
{
	if (binning->n_sparse > 0)
		column_matrix_free(&binning->columns);
	for (uint32_t i = 0; i < binning->n_threads; i++)
		host_free(binning->scratch[i]);
	host_free(binning->scratch);
}

BinnedFeatures
binned_features_make(const TrainingSet *training_set, uint32_t max_bins)
{
	uint32_t n_rows = training_set->features.n_rows;
	uint32_t n_features = training_set->features.n_features;
	BinnedFeatures features = {.n_rows = n_rows, .n_features = n_features};
	Binning binning = {.set = training_set, .features = &features, .max_bins = max_bins};

	check_size(n_rows, n_features);
	begin_binning(&binning);
	allocate_edges(&binning);
	features.bins = host_allocate_array(uint8_t, (size_t) n_rows * n_features);
	features.n_value_bins = host_allocate_array(uint8_t, n_features);
	features.has_missing = host_allocate_zero_array(bool, n_features);
	parallel_for(binning.n_sparse / SPARSE_FEATURES_PER_TASK +
					 (binning.n_sparse % SPARSE_FEATURES_PER_TASK != 0),
				 bin_sparse_features, &binning);
	parallel_for(training_set->n_dense, find_dense_edges, &binning);
	if (training_set->n_dense > 0)
		parallel_for(n_rows / binning.rows_per_task + (n_rows % binning.rows_per_task != 0),
					 bin_dense_rows, &binning);
	end_binning(&binning);
	return features;
}

void
binned_features_free(BinnedFeatures *features)
{
	host_free(features->bins);
	host_free(features->n_value_bins);
	host_free(features->has_missing);
	host_free(features->edge_starts);
	host_free(features->edges);
}
