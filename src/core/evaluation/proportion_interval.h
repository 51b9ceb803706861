/*
 * proportion_interval.h
 *	  Wilson's interval of a proportion.
 */
#ifndef SENTIMENT_PROPORTION_INTERVAL_H
#define SENTIMENT_PROPORTION_INTERVAL_H

#include "core/evaluation/confidence_interval.h"

/*
 * Wilson's interval (1927) of a rate at a confidence of 95 %; 0 to 1 without outcomes. The numbers need not be whole: of
 * outcomes that repeat each other, n is the number of independent ones that tell as much.
 */
extern ConfidenceInterval proportion_interval(double n_successes, double n);

#endif /* SENTIMENT_PROPORTION_INTERVAL_H */
