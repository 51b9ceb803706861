/*
 * symmetric_eigen.h
 *	  Eigenvalues and eigenvectors of a small symmetric matrix.
 */
#ifndef SENTIMENT_SYMMETRIC_EIGEN_H
#define SENTIMENT_SYMMETRIC_EIGEN_H

#include <stdint.h>

/*
 * Decompose a symmetric matrix by LAPACK's dsyevd. values: (n), ascending. The matrix, (n, n), is
 * replaced by the eigenvectors: row i is the one of value i. Takes about n^3 * 10 floating-point
 * operations, in one thread, and sees no interrupt meanwhile.
 */
extern void symmetric_eigen(uint32_t n, double *matrix, double *values);

#endif /* SENTIMENT_SYMMETRIC_EIGEN_H */
