/*
 * log_loss.c
 *	  The mean log loss of rows.
 *
 * Parallel scans add rows in any order, and a sum of doubles depends on it in its last digits. With
 * the rounding errors kept beside the sum, the order shows about 30 digits down, which rounding to a
 * double hides.
 */
#include <math.h>

#include "core/evaluation/classification_metrics.h"
#include "core/evaluation/log_loss.h"
#include "core/host.h"

/* Add a number and a small correction to the sum (Knuth's two-sum, then a renormalisation). */
static void
add_to_sum(LogLoss *loss, double high, double low)
{
	double sum = loss->high + high;
	double part = sum - loss->high;
	double error = (loss->high - (sum - part)) + (high - part);

	error += loss->low + low;
	loss->high = sum + error;
	loss->low = error - (loss->high - sum);
}

void
log_loss_add(LogLoss *loss, bool positive, double probability)
{
	if (!(probability >= 0 && probability <= 1))
		host_error(HOST_ERROR_INVALID_PARAMETER, "It must be a probability, from 0 to 1.", NULL,
				   "score is out of range: %.15g", probability);
	add_to_sum(loss, classification_log_loss_row(positive, probability), 0);
	loss->n_rows++;
}

void
log_loss_merge(LogLoss *loss, const LogLoss *other)
{
	add_to_sum(loss, other->high, other->low);
	loss->n_rows += other->n_rows;
}

double
log_loss_mean(const LogLoss *loss)
{
	return loss->n_rows > 0 ? loss->high / loss->n_rows : NAN;
}
