/*
 * vector_kernels_body.h
 *	  The kernels, written once for vectors of LANES floats; vector_kernels.c includes it for each set.
 *
 * To be defined before: NAME(x) (a name of the set), SET_NAME (for people), TARGET (attribute of its functions), LANES (floats
 * of a vector), ROWS_AT_ONCE (rows of a product in registers), COLUMNS_AT_ONCE (columns of a in the
 * registers of add_inner_products).
 */

typedef float NAME(Vector) __attribute__((vector_size(LANES * 4)));
typedef float NAME(LooseVector) __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float NAME(HalfVector) __attribute__((vector_size(LANES * 2)));
typedef double NAME(WideVector) __attribute__((vector_size(LANES * 4)));
typedef double NAME(LooseWideVector) __attribute__((vector_size(LANES * 4), aligned(8), may_alias));

#define HalfVector      NAME(HalfVector)
#define WideVector      NAME(WideVector)
#define LooseWideVector NAME(LooseWideVector)
#define Vector          NAME(Vector)
#define LooseVector     NAME(LooseVector)
#define PIECES          (BLOCK_WIDTH / LANES)

/* Store the first columns of a sum. */
static TARGET inline void
NAME(store_sum)(const SumTarget *target, uint32_t list, const Vector *z)
{
	uint32_t number = target->names == NULL ? list : target->names[list];
	float *sum = target->sums + (size_t) number * target->stride;

	if (target->n_columns == BLOCK_WIDTH)
	{
#pragma GCC unroll 16
		for (int p = 0; p < PIECES; p++)
			((LooseVector *) sum)[p] = z[p];
	}
	else
		memcpy(sum, z, target->n_columns * sizeof(float));
}

static TARGET void
NAME(multiply_sparse)(const SparseLists *lists, uint32_t first, uint32_t end, const float *block,
					  float *result, const SumTarget *target)
{
	const uint32_t *indices = lists->indices;
	const float *values = lists->values;
	const float *fetched = result == NULL ? block : result;
	uint64_t last = lists->starts[end];

	for (uint32_t l = first; l < end; l++)
	{
		uint64_t start = lists->starts[l];
		uint64_t stop = lists->starts[l + 1];
		uint64_t i = start;
		Vector even[PIECES] = {0};
		Vector odd[PIECES] = {0};

		for (; i + 2 <= stop; i += 2)
		{
			const Vector *a = (const Vector *) (block + (size_t) indices[i] * BLOCK_WIDTH);
			const Vector *b = (const Vector *) (block + (size_t) indices[i + 1] * BLOCK_WIDTH);

			prefetch_entry(block, fetched, indices, i + ENTRIES_AHEAD, last);
			prefetch_entry(block, fetched, indices, i + ENTRIES_AHEAD + 1, last);
#pragma GCC unroll 16
			for (int p = 0; p < PIECES; p++)
			{
				even[p] = MULTIPLY_ADD(values[i], a[p], even[p]);
				odd[p] = MULTIPLY_ADD(values[i + 1], b[p], odd[p]);
			}
		}
		if (i < stop)
		{
			const Vector *a = (const Vector *) (block + (size_t) indices[i] * BLOCK_WIDTH);

#pragma GCC unroll 16
			for (int p = 0; p < PIECES; p++)
				even[p] = MULTIPLY_ADD(values[i], a[p], even[p]);
		}
#pragma GCC unroll 16
		for (int p = 0; p < PIECES; p++)
			even[p] += odd[p];
		if (target != NULL)
			NAME(store_sum)(target, l, even);
		if (result == NULL)
			continue;
		for (i = start; i < stop; i++)
		{
			Vector *y = (Vector *) (result + (size_t) indices[i] * BLOCK_WIDTH);

#pragma GCC unroll 16
			for (int p = 0; p < PIECES; p++)
				y[p] = MULTIPLY_ADD(values[i], even[p], y[p]);
		}
	}
}

/* The inner products of at most ROWS_PER_FLUSH rows. */
static TARGET void
NAME(add_tile_inner_products)(double *square, const float *a, const float *b, size_t n_rows)
{
	for (int first = 0; first < BLOCK_WIDTH; first += COLUMNS_AT_ONCE)
	{
		Vector sums[COLUMNS_AT_ONCE][PIECES] = {{{0}}};
		float stored[LANES];

		for (size_t row = 0; row < n_rows; row++)
		{
			const float *left = a + row * BLOCK_WIDTH + first;
			const Vector *right = (const Vector *) (b + row * BLOCK_WIDTH);

#pragma GCC unroll 16
			for (int i = 0; i < COLUMNS_AT_ONCE; i++)
			{
#pragma GCC unroll 16
				for (int p = 0; p < PIECES; p++)
					sums[i][p] = MULTIPLY_ADD(left[i], right[p], sums[i][p]);
			}
		}
#pragma GCC unroll 16
		for (int i = 0; i < COLUMNS_AT_ONCE; i++)
		{
#pragma GCC unroll 16
			for (int p = 0; p < PIECES; p++)
			{
				memcpy(stored, &sums[i][p], sizeof(stored));
				for (int j = 0; j < LANES; j++)
					square[(first + i) * BLOCK_WIDTH + p * LANES + j] += (double) stored[j];
			}
		}
	}
}

static TARGET void
NAME(add_inner_products)(double *square, const float *a, const float *b, size_t n_rows)
{
	for (size_t row = 0; row < n_rows; row += ROWS_PER_FLUSH)
	{
		size_t n = n_rows - row < ROWS_PER_FLUSH ? n_rows - row : ROWS_PER_FLUSH;

		NAME(add_tile_inner_products)
		(square, a + row * BLOCK_WIDTH, b + row * BLOCK_WIDTH, n);
	}
}

/* Rows first to first + COLUMNS_AT_ONCE / 2 of the square. */
static TARGET inline void
NAME(add_gram_rows)(double *square, const float *a, size_t n_rows, int first)
{
	WideVector sums[COLUMNS_AT_ONCE / 2][2 * PIECES];

#pragma GCC unroll 16
	for (int i = 0; i < COLUMNS_AT_ONCE / 2 * 2 * PIECES; i++)
		sums[i / (2 * PIECES)][i % (2 * PIECES)] = ((const LooseWideVector *) square)[i];
	for (size_t row = 0; row < n_rows; row++)
	{
		const HalfVector *right = (const HalfVector *) (a + row * BLOCK_WIDTH);

#pragma GCC unroll 16
		for (int p = 0; p < 2 * PIECES; p++)
		{
			WideVector wide = __builtin_convertvector(right[p], WideVector);

#pragma GCC unroll 16
			for (int i = 0; i < COLUMNS_AT_ONCE / 2; i++)
				sums[i][p] =
					MULTIPLY_ADD((double) a[row * BLOCK_WIDTH + first + i], wide, sums[i][p]);
		}
	}
#pragma GCC unroll 16
	for (int i = 0; i < COLUMNS_AT_ONCE / 2 * 2 * PIECES; i++)
		((LooseWideVector *) square)[i] = sums[i / (2 * PIECES)][i % (2 * PIECES)];
}

static TARGET void
NAME(add_gram)(double *square, const float *a, size_t n_rows)
{
	for (int first = 0; first < BLOCK_WIDTH; first += COLUMNS_AT_ONCE / 2)
		NAME(add_gram_rows)(square + (size_t) first * BLOCK_WIDTH, a, n_rows, first);
}

/* sums += rows of a times square, for ROWS_AT_ONCE rows */
static TARGET inline void
NAME(multiply_rows)(Vector sums[ROWS_AT_ONCE][PIECES], const float *a, const float *square)
{
#pragma GCC unroll 16
	for (int i = 0; i < BLOCK_WIDTH; i++)
	{
		const Vector *right = (const Vector *) (square + (size_t) i * BLOCK_WIDTH);

#pragma GCC unroll 16
		for (int r = 0; r < ROWS_AT_ONCE; r++)
		{
#pragma GCC unroll 16
			for (int p = 0; p < PIECES; p++)
				sums[r][p] = MULTIPLY_ADD(a[r * BLOCK_WIDTH + i], right[p], sums[r][p]);
		}
	}
}

static TARGET void
NAME(add_product)(float *result, const float *a, const float *square, size_t n_rows)
{
	for (size_t row = 0; row < n_rows; row += ROWS_AT_ONCE)
	{
		Vector *target = (Vector *) (result + row * BLOCK_WIDTH);
		Vector sums[ROWS_AT_ONCE][PIECES];

#pragma GCC unroll 16
		for (int i = 0; i < ROWS_AT_ONCE * PIECES; i++)
			sums[i / PIECES][i % PIECES] = target[i];
		NAME(multiply_rows)(sums, a + row * BLOCK_WIDTH, square);
#pragma GCC unroll 16
		for (int i = 0; i < ROWS_AT_ONCE * PIECES; i++)
			target[i] = sums[i / PIECES][i % PIECES];
	}
}

static TARGET void
NAME(multiply_in_place)(float *a, const float *square, size_t n_rows)
{
	for (size_t row = 0; row < n_rows; row += ROWS_AT_ONCE)
	{
		Vector *target = (Vector *) (a + row * BLOCK_WIDTH);
		Vector sums[ROWS_AT_ONCE][PIECES] = {{{0}}};

		NAME(multiply_rows)(sums, a + row * BLOCK_WIDTH, square);
#pragma GCC unroll 16
		for (int i = 0; i < ROWS_AT_ONCE * PIECES; i++)
			target[i] = sums[i / PIECES][i % PIECES];
	}
}

/* sum += the four rows, one after the other */
static TARGET inline void
NAME(add_four_rows)(float *sum, uint32_t n_columns, const float *const row[4], const float *values)
{
	uint32_t j = 0;

	for (; j + LANES <= n_columns; j += LANES)
	{
		Vector s = *(LooseVector *) (sum + j);

#pragma GCC unroll 4
		for (int r = 0; r < 4; r++)
			s = MULTIPLY_ADD(values[r], *(const LooseVector *) (row[r] + j), s);
		*(LooseVector *) (sum + j) = s;
	}
	for (; j < n_columns; j++)
	{
		float s = sum[j];

		for (int r = 0; r < 4; r++)
			s = s + values[r] * row[r][j];
		sum[j] = s;
	}
}

static TARGET void
NAME(sum_rows)(float *sum, uint32_t n_columns, const float *rows, uint32_t count,
			   const uint32_t *indices, const float *values)
{
	uint32_t i = 0;

	memset(sum, 0, n_columns * sizeof(float));
	for (uint32_t k = 0; k < count && k < ROWS_AHEAD; k++)
		prefetch_row(rows + (size_t) indices[k] * n_columns, n_columns);
	for (; i + 4 <= count; i += 4)
	{
		const float *const row[4] = {
			rows + (size_t) indices[i] * n_columns, rows + (size_t) indices[i + 1] * n_columns,
			rows + (size_t) indices[i + 2] * n_columns, rows + (size_t) indices[i + 3] * n_columns};

		for (uint32_t k = i + ROWS_AHEAD; k < i + ROWS_AHEAD + 4 && k < count; k++)
			prefetch_row(rows + (size_t) indices[k] * n_columns, n_columns);
		NAME(add_four_rows)(sum, n_columns, row, values + i);
	}
	for (; i < count; i++)
	{
		const float *row = rows + (size_t) indices[i] * n_columns;

		for (uint32_t j = 0; j < n_columns; j++)
			sum[j] = sum[j] + values[i] * row[j];
	}
}

static const VectorKernels NAME(kernels) = {
	.name = SET_NAME,
	.multiply_sparse = NAME(multiply_sparse),
	.add_inner_products = NAME(add_inner_products),
	.add_gram = NAME(add_gram),
	.add_product = NAME(add_product),
	.multiply_in_place = NAME(multiply_in_place),
	.sum_rows = NAME(sum_rows),
};

#undef Vector
#undef LooseVector
#undef HalfVector
#undef WideVector
#undef LooseWideVector
#undef PIECES
#undef NAME
#undef SET_NAME
#undef TARGET
#undef LANES
#undef ROWS_AT_ONCE
#undef COLUMNS_AT_ONCE
