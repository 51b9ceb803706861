/*
 * hypothesis_tests.h
 *	  Tests of several numbers at once, and the correction for several tests.
 */
#ifndef SENTIMENT_HYPOTHESIS_TESTS_H
#define SENTIMENT_HYPOTHESIS_TESTS_H

#include <stddef.h>

#include "core/drift/repetition.h"
#include "core/drift/vector_moments.h"

/* Fewest rows on either side for which the mean of vectors is compared. */
#define MIN_MEAN_ROWS 100

/* How far two means of vectors are from each other. */
typedef struct MeanTest
{
	double t_squared; /* Hotelling's */
	double distance;  /* Mahalanobis distance of the means, without what chance adds; 0 at least */
	double p_value;
} MeanTest;

/*
 * Hotelling's two-sample T squared test that rows of two sides have the same mean, their covariances
 * pooled. All NaN if a side has fewer than MIN_MEAN_ROWS rows, or both together too few independent ones.
 */
extern MeanTest hotelling_test(const VectorMoments *reference, const VectorMoments *current,
							   const Repetition *repetition);

/*
 * The same for a current side of which only the sums are known, not the products: the covariance is the
 * reference's.
 */
extern MeanTest mean_test(const VectorMoments *reference, const VectorMoments *current,
						  const Repetition *repetition);

/*
 * Holm's correction (1979): p-values that may be compared with the level of the whole family. NaN stands
 * for a test that was not made, and stays. adjusted: (n)
 */
extern void holm_adjust(const double *p_values, size_t n, double *adjusted);

/*
 * Cholesky decomposition of a symmetric matrix, in place: the lower triangle becomes L. False if it is
 * not positive definite. matrix: (n, n)
 */
extern int cholesky_decompose(double *matrix, size_t n);

/* Solve L transposed L x = b in place. triangle: of cholesky_decompose */
extern void cholesky_solve(const double *triangle, size_t n, double *vector);

#endif /* SENTIMENT_HYPOTHESIS_TESTS_H */
