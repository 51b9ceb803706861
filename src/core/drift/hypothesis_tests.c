/*
 * hypothesis_tests.c
 *	  Tests of several numbers at once, and the correction for several tests.
 */
#include <math.h>

#include "core/drift/hypothesis_tests.h"
#include "core/evaluation/distributions.h"
#include "core/host.h"

/* Variance that rounding to multiples of 1 / MOMENT_ONE adds to a coordinate: none has less. */
#define ROUNDING_VARIANCE (1.0 / (12.0 * MOMENT_ONE * (double) MOMENT_ONE))

int
cholesky_decompose(double *matrix, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		for (size_t j = 0; j <= i; j++)
		{
			double sum = matrix[i * n + j];

			for (size_t k = 0; k < j; k++)
				sum -= matrix[i * n + k] * matrix[j * n + k];
			if (i > j)
				matrix[i * n + j] = sum / matrix[j * n + j];
			else if (sum > 0)
				matrix[i * n + i] = sqrt(sum);
			else
				return 0;
		}
	}
	return 1;
}

void
cholesky_solve(const double *triangle, size_t n, double *vector)
{
	for (size_t i = 0; i < n; i++)
	{
		for (size_t k = 0; k < i; k++)
			vector[i] -= triangle[i * n + k] * vector[k];
		vector[i] /= triangle[i * n + i];
	}
	for (size_t i = n; i-- > 0;)
	{
		for (size_t k = i + 1; k < n; k++)
			vector[i] -= triangle[k * n + i] * vector[k];
		vector[i] /= triangle[i * n + i];
	}
}

/* The pooled covariance. pooled: (n_dimensions, n_dimensions) */
static void
pool_covariances(const VectorMoments *reference, const VectorMoments *current, double *pooled)
{
	static const size_t most = (size_t) MAX_MOMENT_DIMENSIONS * MAX_MOMENT_DIMENSIONS;
	size_t n = reference->n_dimensions;
	double n_reference = (double) reference->n_rows;
	double n_current = (double) current->n_rows;
	double *other = host_allocate_array(double, most);

	vector_moments_covariance(reference, pooled);
	vector_moments_covariance(current, other);
	for (size_t i = 0; i < n * n; i++)
		pooled[i] = ((n_reference - 1) * pooled[i] + (n_current - 1) * other[i]) /
					(n_reference + n_current - 2);
	for (size_t i = 0; i < n; i++)
		pooled[i * n + i] += ROUNDING_VARIANCE;
	host_free(other);
}

/* Compare the means of so many independent rows by a covariance of some degrees of freedom; it is overwritten. */
static MeanTest
compare_means(const VectorMoments *reference, const VectorMoments *current, double n_reference,
			  double n_current, double *covariance, double freedom)
{
	size_t n = reference->n_dimensions;
	double scale = 1 / n_reference + 1 / n_current;
	double difference[MAX_MOMENT_DIMENSIONS];
	double solution[MAX_MOMENT_DIMENSIONS];
	double distance = 0;
	MeanTest test = {NAN, NAN, NAN};

	vector_moments_mean(reference, difference);
	vector_moments_mean(current, solution);
	for (size_t i = 0; i < n; i++)
	{
		difference[i] = solution[i] - difference[i];
		solution[i] = difference[i];
	}
	if (freedom < 2 * (double) n || !cholesky_decompose(covariance, n))
		return test;
	cholesky_solve(covariance, n, solution);
	for (size_t i = 0; i < n; i++)
		distance += difference[i] * solution[i];
	distance = fmax(distance, 0);
	test.t_squared = distance / scale;
	test.distance = sqrt(fmax(distance - (double) n * scale, 0));
	test.p_value = f_survival(test.t_squared * (freedom - (double) n + 1) / ((double) n * freedom),
							  (double) n, freedom - (double) n + 1);
	return test;
}

/* Whether there are enough rows to compare means. */
static int
may_compare(const VectorMoments *reference, const VectorMoments *current)
{
	return reference->n_dimensions > 0 && reference->n_rows >= MIN_MEAN_ROWS &&
		   current->n_rows >= MIN_MEAN_ROWS;
}

MeanTest
hotelling_test(const VectorMoments *reference, const VectorMoments *current,
			   const Repetition *repetition)
{
	double covariance[MAX_MOMENT_DIMENSIONS * MAX_MOMENT_DIMENSIONS];
	double n = effective_rows((double) reference->n_rows, repetition->reference);
	double m = effective_rows((double) current->n_rows, repetition->current);

	if (!may_compare(reference, current))
		return (MeanTest){NAN, NAN, NAN};
	pool_covariances(reference, current, covariance);
	return compare_means(reference, current, n, m, covariance, n + m - 2);
}

MeanTest
mean_test(const VectorMoments *reference, const VectorMoments *current,
		  const Repetition *repetition)
{
	double covariance[MAX_MOMENT_DIMENSIONS * MAX_MOMENT_DIMENSIONS];
	size_t n = reference->n_dimensions;
	double n_reference = effective_rows((double) reference->n_rows, repetition->reference);
	double n_current = effective_rows((double) current->n_rows, repetition->current);

	if (!may_compare(reference, current))
		return (MeanTest){NAN, NAN, NAN};
	vector_moments_covariance(reference, covariance);
	for (size_t i = 0; i < n; i++)
		covariance[i * n + i] += ROUNDING_VARIANCE;
	return compare_means(reference, current, n_reference, n_current, covariance, n_reference - 1);
}

void
holm_adjust(const double *p_values, size_t n, double *adjusted)
{
	double largest = 0;
	size_t n_tests = 0;

	for (size_t i = 0; i < n; i++)
	{
		adjusted[i] = NAN;
		n_tests += !isnan(p_values[i]);
	}
	/* the smallest p-value that is left, as often as there are tests: they are some dozens */
	for (size_t n_left = n_tests; n_left > 0; n_left--)
	{
		size_t smallest = n;

		for (size_t i = 0; i < n; i++)
		{
			if (!isnan(p_values[i]) && isnan(adjusted[i]) &&
				(smallest == n || p_values[i] < p_values[smallest]))
				smallest = i;
		}
		largest = fmax(largest, fmin(1, (double) n_left * p_values[smallest]));
		adjusted[smallest] = largest;
	}
}
