/*
 * distributions.h
 *	  Tail probabilities of the distributions that test statistics have.
 */
#ifndef SENTIMENT_DISTRIBUTIONS_H
#define SENTIMENT_DISTRIBUTIONS_H

/*
 * The upper regularized incomplete gamma function Q(a, x), for a > 0 and x >= 0: by its power series
 * below x = a + 1, by its continued fraction above (Abramowitz and Stegun 6.5.29, 6.5.31). The relative
 * error is below 1e-12 up to a = 10000.
 */
extern double regularized_gamma_q(double a, double x);

/* Probability that a chi-squared variable exceeds x; 1 without degrees of freedom. */
extern double chi_squared_survival(double x, double degrees_of_freedom);

/* Probability that a variable of Kolmogorov's limiting distribution exceeds x. */
extern double kolmogorov_survival(double x);

#endif /* SENTIMENT_DISTRIBUTIONS_H */
