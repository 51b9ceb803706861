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

/*
 * The regularized incomplete beta function I(x; a, b), for a, b > 0 and x in [0, 1], by its continued
 * fraction (Abramowitz and Stegun 26.5.8).
 */
extern double regularized_beta(double a, double b, double x);

/* Probability that a variable of the F distribution exceeds x. */
extern double f_survival(double x, double numerator_freedom, double denominator_freedom);

/* Probability that a standard normal variable exceeds x. */
extern double normal_survival(double x);

/*
 * The x that a standard normal variable is below with probability p, by Wichura's algorithm AS 241 (1988):
 * to about 1e-15 of it. Infinite at 0 and 1.
 */
extern double normal_quantile(double p);

/*
 * The x that a variable of Student's distribution is below with probability p, for 0.5 <= p < 1, to about 1e-12 of it.
 */
extern double student_quantile(double p, double degrees_of_freedom);

/*
 * Two-sided p-value of Fisher's exact test: twice the smaller tail of the hypergeometric distribution, 1 at
 * most. So many of n rows have a mark, and so many of m others.
 */
extern double fisher_exact(double marked_n, double n, double marked_m, double m);

#endif /* SENTIMENT_DISTRIBUTIONS_H */
