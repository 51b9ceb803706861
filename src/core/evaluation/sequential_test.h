/*
 * sequential_test.h
 *	  Whether two versions succeed equally often: intervals of rates, and a test that may be looked at
 *	  after every outcome.
 *
 * The test is a mixture sequential probability ratio test (Robbins 1970; Johari, Koomen, Pekelis and Walsh
 * 2022, "Always valid inference", eq. 10) for the log-odds ratio d of two proportions. With n outcomes and s
 * successes of the two sides, p = (s1 + s2) / (n1 + n2) the common rate, m = n1 n2 / (n1 + n2), the score of
 * d at 0 is U = m (s2/n2 - s1/n1), and its information I = m p (1 - p). Under equal rates U behaves as a
 * Brownian motion at the time I, so the likelihood ratio mixed over d ~ N(0, t^2),
 *
 *	L = integral of exp(d U - d^2 I / 2) dN(0, t^2)(d) = (1 + t^2 I)^(-1/2) exp(t^2 U^2 / (2 (1 + t^2 I))),
 *
 * is about a martingale, and passes 1/a at any time with a probability of a at most (Ville). 1/L is a p-value
 * whenever one looks. Measuring time by the information rather than by rows keeps early looks and rare
 * successes from false alarms: the sides differ in nothing yet when a handful of successes is there.
 *
 * The interval of the difference of rates inverts the same mixture with the variance of either side's own
 * (a confidence sequence: it holds the difference at all times at once).
 */
#ifndef SENTIMENT_SEQUENTIAL_TEST_H
#define SENTIMENT_SEQUENTIAL_TEST_H

#include <stdint.h>

#include "core/evaluation/confidence_interval.h"

/* Outcomes of a version. */
typedef struct Outcomes
{
	uint64_t n;
	uint64_t n_successes; /* n at most */
} Outcomes;

typedef ConfidenceInterval RateInterval;

/* Standard deviation t of the log-odds ratios that the mixture expects: 0.2 is 50 % against 55 %. */
#define MIXTURE_DEVIATION 0.2

/* Wilson's interval (1927) of a rate at a confidence of 95 %; 0 to 1 without outcomes. */
extern RateInterval wilson_interval(Outcomes outcomes);

/* The p-value of equal rates, valid whenever one looks; 1 without outcomes on either side. */
extern double sequential_p_value(Outcomes one, Outcomes other);

/*
 * RateInterval of the rate of the other less that of one: holds the difference at all times at once, with a
 * probability of 95 %. -1 to 1 without outcomes on either side.
 */
extern RateInterval sequential_difference(Outcomes one, Outcomes other);

#endif /* SENTIMENT_SEQUENTIAL_TEST_H */
