/*
 * column_statistics.h
 *	  Variance and extreme of each column of a tall row-major matrix.
 */
#ifndef SENTIMENT_COLUMN_STATISTICS_H
#define SENTIMENT_COLUMN_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/*
 * variances: (n_columns), divided by n_rows as numpy.var does. extremes: (n_columns), the entry of the
 * largest absolute value, the first of equals. matrix: (n_rows, n_columns), n_rows > 0. The result does
 * not depend on the number of threads.
 */
extern void column_statistics(const float *matrix, size_t n_rows, uint32_t n_columns,
							  double *variances, float *extremes);

#endif /* SENTIMENT_COLUMN_STATISTICS_H */
