/*
 * log_loss.h
 *	  The mean log loss of rows, summed so that the order of the rows does not show.
 */
#ifndef SENTIMENT_LOG_LOSS_H
#define SENTIMENT_LOG_LOSS_H

#include <stdbool.h>

/* A sum of losses in twice the precision of a double. Starts as zeroes. */
typedef struct LogLoss
{
	double n_rows;
	double high; /* the sum, rounded */
	double low;  /* what rounding took from it */
} LogLoss;

/* Add a row. A probability that is NaN or outside of [0, 1] raises HOST_ERROR_INVALID_PARAMETER. */
extern void log_loss_add(LogLoss *loss, bool positive, double probability);

/* Add the rows of another sum. */
extern void log_loss_merge(LogLoss *loss, const LogLoss *other);

/* The mean loss; NaN without rows. */
extern double log_loss_mean(const LogLoss *loss);

#endif /* SENTIMENT_LOG_LOSS_H */
