/*
 * sparse_gram.c
 *	  Products of blocks with X transposed X or with transposed X X, X a sparse matrix.
 */
#include <string.h>

#include "core/features/sparse_gram.h"
#include "core/host.h"
#include "core/threads.h"

/* Work of a segment, of which an entry is one and a list some: at most 10 ms where memory is slow. */
#define WORK_PER_SEGMENT ((uint64_t) 1 << 18)
#define WORK_PER_LIST    8

/* Partial products: enough for the threads, and few beside the entries, since each is filled and read. */
#define MIN_PARTIALS        2
#define MAX_PARTIALS        8
#define ENTRIES_PER_PARTIAL 4 /* a row of the block */
#define MAX_PARTIALS_MEMORY ((size_t) 256 << 20)
#define ROWS_PER_JOIN       4096
/* Number of rows that have each feature. counts: (n_features) */
static void
count_rows(const SparseMatrix *matrix, uint32_t *counts)
{
	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		sparse_matrix_check_interrupts(matrix, i);
		for (uint64_t j = matrix->row_starts[i]; j < matrix->row_starts[i + 1]; j++)
			counts[matrix->indices[j]]++;
	}
}

/*
 * Order the features by their counts, so that neighbouring loops are of one length, which the processor
 * foretells. names: (n_features)
 */
static void
order_features(const SparseMatrix *matrix, const uint32_t *counts, uint32_t *names)
{
	size_t n = (size_t) matrix->n_rows + 2;
	uint32_t *places = host_allocate_zero_array(uint32_t, n);

	for (uint32_t f = 0; f < matrix->n_features; f++)
		places[counts[f] + 1]++;
	for (size_t i = 1; i < n; i++)
		places[i] += places[i - 1];
	host_check_interrupts();
	for (uint32_t f = 0; f < matrix->n_features; f++)
		names[places[counts[f]]++] = f;
	host_free(places);
	host_check_interrupts();
}

/* Copy the entries to the lists of their features. ends: (n_features) where each list begins */
static void
distribute_entries(const SparseMatrix *matrix, uint64_t *ends, uint32_t *indices, float *values)
{
	for (uint32_t i = 0; i < matrix->n_rows; i++)
	{
		sparse_matrix_check_interrupts(matrix, i);
		for (uint64_t j = matrix->row_starts[i]; j < matrix->row_starts[i + 1]; j++)
		{
			uint64_t position = ends[matrix->indices[j]]++;

			indices[position] = i;
			values[position] = matrix->values[j];
		}
	}
}

/* Make the lists of the features. */
static void
make_feature_lists(SparseGram *gram, const SparseMatrix *matrix)
{
	size_t n_features = matrix->n_features;
	uint64_t n_entries = matrix->row_starts[matrix->n_rows];
	size_t starts_size = host_array_size(n_features + 1, sizeof(uint64_t));
	char *copy = host_allocate(starts_size + host_array_size(n_entries, 8));
	uint64_t *starts = (uint64_t *) copy;
	uint32_t *indices = (uint32_t *) (copy + starts_size);
	float *values = (float *) (indices + n_entries);
	uint32_t *counts = host_allocate_zero_array(uint32_t, n_features);
	uint64_t *ends = host_allocate_array(uint64_t, n_features);

	gram->copy = copy;
	gram->names = host_allocate_array(uint32_t, n_features);
	gram->lists = (SparseLists){starts, indices, values};
	count_rows(matrix, counts);
	order_features(matrix, counts, gram->names);
	starts[0] = 0;
	for (size_t l = 0; l < n_features; l++)
	{
		ends[gram->names[l]] = starts[l];
		starts[l + 1] = starts[l] + counts[gram->names[l]];
	}
	distribute_entries(matrix, ends, indices, values);
	host_free(counts);
	host_free(ends);
}

/* Cut the lists into segments of about the same work. */
static void
cut_segments(SparseGram *gram)
{
	const uint64_t *starts = gram->lists.starts;
	uint64_t work = starts[gram->n_lists] + (uint64_t) gram->n_lists * WORK_PER_LIST;
	uint64_t rounds = work / (gram->n_partials * WORK_PER_SEGMENT) + 1;
	uint32_t l = 0;

	gram->n_segments = (uint32_t) (rounds * gram->n_partials);
	gram->segment_ends = host_allocate_array(uint32_t, (size_t) gram->n_segments + 1);
	gram->segment_ends[0] = 0;
	for (uint32_t s = 1; s <= gram->n_segments; s++)
	{
		uint64_t goal = (uint64_t) ((unsigned __int128) work * s / gram->n_segments);

		while (l < gram->n_lists && starts[l + 1] + (uint64_t) (l + 1) * WORK_PER_LIST <= goal)
			l++;
		gram->segment_ends[s] = s == gram->n_segments ? gram->n_lists : l;
	}
}

/* How many partial products there are. */
static uint32_t
count_partials(const SparseGram *gram)
{
	size_t block_size = host_array_size(block_rows(gram->n_inner), BLOCK_WIDTH * sizeof(float));
	uint64_t n = gram->lists.starts[gram->n_lists] / ENTRIES_PER_PARTIAL / gram->n_inner;

	n = n < MIN_PARTIALS ? MIN_PARTIALS : n > MAX_PARTIALS ? MAX_PARTIALS : n;
	while (n > MIN_PARTIALS && n > MAX_PARTIALS_MEMORY / block_size)
		n--;
	return (uint32_t) n;
}

SparseGram
sparse_gram_make(const SparseMatrix *matrix)
{
	SparseGram gram = {.of_rows = matrix->n_rows <= matrix->n_features};

	gram.n_inner = gram.of_rows ? matrix->n_rows : matrix->n_features;
	gram.n_lists = gram.of_rows ? matrix->n_features : matrix->n_rows;
	if (gram.of_rows)
		make_feature_lists(&gram, matrix);
	else
		gram.lists = (SparseLists){matrix->row_starts, matrix->indices, matrix->values};
	gram.n_partials = count_partials(&gram);
	cut_segments(&gram);
	gram.partials = block_allocate(host_array_size(gram.n_partials, block_rows(gram.n_inner)),
								   &gram.partials_memory);
	return gram;
}

void
sparse_gram_free(SparseGram *gram)
{
	host_free(gram->copy);
	host_free(gram->names);
	host_free(gram->segment_ends);
	host_free(gram->partials_memory);
}

typedef struct MultiplyContext
{
	const SparseGram *gram;
	const VectorKernels *kernels;
	const float *block;
	float *product; /* NULL: not wanted */
	const SumTarget *target;
	uint32_t round;
} MultiplyContext;

/* Where partial product p is. */
static float *
partial_of(const SparseGram *gram, uint32_t p)
{
	return gram->partials + p * block_rows(gram->n_inner) * BLOCK_WIDTH;
}

/* Task: one segment, into its partial product. */
static void
multiply_segment(void *context, uint32_t partial, uint32_t thread)
{
	MultiplyContext *c = context;
	const SparseGram *gram = c->gram;
	uint32_t segment = c->round * gram->n_partials + partial;
	float *result = c->product == NULL ? NULL : partial_of(gram, partial);

	(void) thread;
	if (result != NULL && c->round == 0)
		memset(result, 0, block_rows(gram->n_inner) * BLOCK_WIDTH * sizeof(float));
	c->kernels->multiply_sparse(&gram->lists, gram->segment_ends[segment],
								gram->segment_ends[segment + 1], c->block, result, c->target);
}

/* Task: add some rows of the partial products. */
static void
join_rows(void *context, uint32_t task, uint32_t thread)
{
	MultiplyContext *c = context;
	size_t first = (size_t) task * ROWS_PER_JOIN * BLOCK_WIDTH;
	size_t end = block_rows(c->gram->n_inner) * BLOCK_WIDTH;
	const float *partials[MAX_PARTIALS] = {c->gram->partials};

	(void) thread;
	if (end - first > ROWS_PER_JOIN * BLOCK_WIDTH)
		end = first + ROWS_PER_JOIN * BLOCK_WIDTH;
	for (uint32_t p = 1; p < c->gram->n_partials; p++)
		partials[p] = partial_of(c->gram, p);
	for (size_t i = first; i < end; i += BLOCK_WIDTH)
	{
		float sum[BLOCK_WIDTH];

		memcpy(sum, partials[0] + i, sizeof(sum));
		for (uint32_t p = 1; p < c->gram->n_partials; p++)
		{
			for (int j = 0; j < BLOCK_WIDTH; j++)
				sum[j] += partials[p][i + j];
		}
		memcpy(c->product + i, sum, sizeof(sum));
	}
}

void
sparse_gram_multiply(const SparseGram *gram, const float *block, float *product,
					 const SumTarget *target)
{
	size_t n_rows = block_rows(gram->n_inner);
	SumTarget named;
	MultiplyContext context = {gram, vector_kernels(), block, product, NULL, 0};

	if (target != NULL)
	{
		named = *target;
		named.names = gram->names;
		context.target = &named;
	}
	for (; context.round < gram->n_segments / gram->n_partials; context.round++)
		parallel_for(gram->n_partials, multiply_segment, &context);
	if (product != NULL)
		parallel_for((uint32_t) ((n_rows + ROWS_PER_JOIN - 1) / ROWS_PER_JOIN), join_rows,
					 &context);
}

void
sparse_gram_product(void *context, const float *block, float *product)
{
	sparse_gram_multiply(context, block, product, NULL);
}
