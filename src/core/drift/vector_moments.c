/*
 * vector_moments.c
 *	  Mean and covariance of short vectors by sums of integers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/drift/vector_moments.h"
#include "core/host.h"

/* A coordinate as an integer, where it is called for each. */
static inline int32_t
rounded(float coordinate)
{
	float scaled = coordinate * MOMENT_ONE;

	if (!(scaled > -MOMENT_ONE))
		return isnan(scaled) ? 0 : -MOMENT_ONE;
	if (scaled > MOMENT_ONE)
		return MOMENT_ONE;
	/* away from zero at a half: without a call, and without the rounding mode */
	return (int32_t) (scaled + (scaled < 0 ? -0.5F : 0.5F));
}

int32_t
vector_moments_round(float coordinate)
{
	return rounded(coordinate);
}

/* Raise an error for more rows than sums have room for. */
static void
check_rows(uint64_t n_rows)
{
	if (n_rows > MAX_MOMENT_ROWS)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, "Look at a sample of the rows.",
				   "more than %llu rows in a drift profile", (unsigned long long) MAX_MOMENT_ROWS);
}

void
vector_moments_add(VectorMoments *moments, const float *coordinates)
{
	int32_t row[MAX_MOMENT_DIMENSIONS];
	int64_t *products = moments->products;

	check_rows(moments->n_rows + 1);
	moments->n_rows++;
	for (uint32_t i = 0; i < moments->n_dimensions; i++)
	{
		row[i] = rounded(coordinates[i]);
		moments->sums[i] += row[i];
	}
	for (uint32_t i = 0; i < moments->n_dimensions; i++)
	{
		if (row[i] != 0)
		{
			for (uint32_t j = 0; j <= i; j++)
				products[j] += row[i] * row[j];
		}
		products += i + 1;
	}
}

void
vector_moments_mean(const VectorMoments *moments, double *mean)
{
	for (uint32_t i = 0; i < moments->n_dimensions; i++)
		mean[i] = moments->n_rows == 0
					  ? NAN
					  : (double) moments->sums[i] / ((double) moments->n_rows * MOMENT_ONE);
}

void
vector_moments_covariance(const VectorMoments *moments, double *covariance)
{
	uint32_t n = moments->n_dimensions;
	const int64_t *products = moments->products;
	double scale = (double) moments->n_rows * ((double) moments->n_rows - 1) * MOMENT_ONE *
				   (double) MOMENT_ONE;

	for (uint32_t i = 0; i < n; i++)
	{
		for (uint32_t j = 0; j <= i; j++)
		{
			/* exact until the division: n times a sum of products may have 94 bits */
			__int128 spread = (__int128) products[j] * (__int128) moments->n_rows -
							  (__int128) moments->sums[i] * moments->sums[j];
			double value = moments->n_rows < 2 ? NAN : (double) spread / scale;

			covariance[i * n + j] = value;
			covariance[j * n + i] = value;
		}
		products += i + 1;
	}
}
