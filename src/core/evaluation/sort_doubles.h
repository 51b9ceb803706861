/*
 * sort_doubles.h
 *	  Sort many doubles, fast and cancellable.
 */
#ifndef SENTIMENT_SORT_DOUBLES_H
#define SENTIMENT_SORT_DOUBLES_H

#include <stddef.h>

/*
 * Sort in ascending order. None may be NaN. -0 and 0 are equal: -0 becomes 0. Checks for interrupts;
 * takes as much memory again while it works.
 */
extern void sort_doubles(double *values, size_t n_values);

#endif /* SENTIMENT_SORT_DOUBLES_H */
