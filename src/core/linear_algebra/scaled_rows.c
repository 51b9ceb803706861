/*
 * scaled_rows.c
 *	  The product of a sparse vector and a matrix: a sum of scaled rows of the matrix.
 *
 * Four rows are added at a time, so that the sum is loaded and stored once for them. The rows lie
 * anywhere in memory: those that come next are asked for ahead of their use.
 */
#include "core/linear_algebra/instruction_set.h"
#include "core/linear_algebra/scaled_rows.h"

/* Rows that are asked for ahead of their use, and how much of each (in floats: 8 cache lines). */
#define PREFETCH_DISTANCE 8
#define PREFETCH_WIDTH    128
#define CACHE_LINE_FLOATS 16

/* Ask for the beginning of a row. */
KERNEL_BODY void
prefetch_row(const float *row, uint32_t n_columns)
{
	uint32_t width = n_columns < PREFETCH_WIDTH ? n_columns : PREFETCH_WIDTH;

	for (uint32_t c = 0; c < width; c += CACHE_LINE_FLOATS)
		__builtin_prefetch(row + c);
}

/* Add four rows, one after the other. */
KERNEL_BODY void
add_four_rows(float *restrict sum, uint32_t n_columns, const float *row0, const float *row1,
			  const float *row2, const float *row3, float scale0, float scale1, float scale2,
			  float scale3)
{
	uint32_t c = 0;

	for (; c + FLOAT_VECTOR_WIDTH <= n_columns; c += FLOAT_VECTOR_WIDTH)
	{
		FloatVector part = *(const FloatVector *) (sum + c);

		part += *(const FloatVector *) (row0 + c) * scale0;
		part += *(const FloatVector *) (row1 + c) * scale1;
		part += *(const FloatVector *) (row2 + c) * scale2;
		part += *(const FloatVector *) (row3 + c) * scale3;
		*(FloatVector *) (sum + c) = part;
	}
	for (; c < n_columns; c++)
	{
		float part = sum[c];

		part += row0[c] * scale0;
		part += row1[c] * scale1;
		part += row2[c] * scale2;
		part += row3[c] * scale3;
		sum[c] = part;
	}
}

/* Add one row. */
KERNEL_BODY void
add_one_row(float *restrict sum, uint32_t n_columns, const float *row, float scale)
{
	uint32_t c = 0;

	for (; c + FLOAT_VECTOR_WIDTH <= n_columns; c += FLOAT_VECTOR_WIDTH)
		*(FloatVector *) (sum + c) += *(const FloatVector *) (row + c) * scale;
	for (; c < n_columns; c++)
		sum[c] += row[c] * scale;
}

KERNEL_BODY void
add_rows(float *sum, uint32_t n_columns, const float *matrix, size_t stride, uint32_t count,
		 const uint32_t *rows, const float *scales)
{
	uint32_t i = 0;

	for (; i < count && i < PREFETCH_DISTANCE; i++)
		prefetch_row(matrix + rows[i] * stride, n_columns);
	for (i = 0; i + 4 <= count; i += 4)
	{
		for (uint32_t ahead = i + PREFETCH_DISTANCE;
			 ahead < i + PREFETCH_DISTANCE + 4 && ahead < count; ahead++)
			prefetch_row(matrix + rows[ahead] * stride, n_columns);
		add_four_rows(sum, n_columns, matrix + rows[i] * stride, matrix + rows[i + 1] * stride,
					  matrix + rows[i + 2] * stride, matrix + rows[i + 3] * stride,
					  limit_scale(scales[i]), limit_scale(scales[i + 1]),
					  limit_scale(scales[i + 2]), limit_scale(scales[i + 3]));
	}
	for (; i < count; i++)
		add_one_row(sum, n_columns, matrix + rows[i] * stride, limit_scale(scales[i]));
}

#ifdef HAVE_X86_KERNELS
TARGET_AVX512 static void
add_rows_avx512(float *sum, uint32_t n_columns, const float *matrix, size_t stride, uint32_t count,
				const uint32_t *rows, const float *scales)
{
	add_rows(sum, n_columns, matrix, stride, count, rows, scales);
}

TARGET_AVX2 static void
add_rows_avx2(float *sum, uint32_t n_columns, const float *matrix, size_t stride, uint32_t count,
			  const uint32_t *rows, const float *scales)
{
	add_rows(sum, n_columns, matrix, stride, count, rows, scales);
}
#endif

void
add_scaled_rows(float *sum, uint32_t n_columns, const float *matrix, size_t stride, uint32_t count,
				const uint32_t *rows, const float *scales)
{
	switch (instruction_set())
	{
#ifdef HAVE_X86_KERNELS
		case INSTRUCTIONS_AVX512:
			add_rows_avx512(sum, n_columns, matrix, stride, count, rows, scales);
			return;
		case INSTRUCTIONS_AVX2:
			add_rows_avx2(sum, n_columns, matrix, stride, count, rows, scales);
			return;
#endif
		default:
			add_rows(sum, n_columns, matrix, stride, count, rows, scales);
	}
}
