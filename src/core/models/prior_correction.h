/*
 * prior_correction.h
 *	  From the probabilities of a classifier that learned from balanced classes to those of rows as they are distributed.
 *
 * A classifier of undersampled rows answers as if its classes were as frequent as there: it learned from other priors.
 * Bayes' rule takes them out again: each class's probability is multiplied by its base rate over the share that was
 * learned from, and divided by the sum (Elkan 2001, "The foundations of cost-sensitive learning", theorem 2; Saerens,
 * Latinne, Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori probabilities", equation 2.4).
 * For two classes that shifts the log-odds.
 *
 * What is left is measured: by how much probabilities of rows that were not learned from, as they are distributed, are
 * off in the mean. Weights of classes shift a classifier less than the rule says, the more so the better it fits its
 * rows (Byrd and Lipton 2019, "What is the effect of importance weighting in deep learning?"), so they have no other
 * correction than this one.
 *
 * What is answered stays what the balanced classifier would say, as balance is asked for to find rare classes: the
 * class whose probability is the largest in relation to its ratio.
 *
 * The section of an image: double ratios[n_classes].
 */
#ifndef SENTIMENT_PRIOR_CORRECTION_H
#define SENTIMENT_PRIOR_CORRECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The ratios of base rates to learned shares; answers whether any of them is not 1.
 * base_sizes: (n_classes) rows as they are distributed; learned_sizes: (n_classes) rows that are learned from;
 * ratios: (n_classes)
 */
extern bool prior_correction_ratios(const uint32_t *base_sizes, const uint32_t *learned_sizes,
									uint32_t n_classes, double *ratios);

/*
 * The ratios that make the mean probability of every class its share of the rows: the intercepts of multinomial
 * logistic regression with the logarithms of the probabilities as offsets, so log loss is the least there is.
 * probabilities: (n_rows, n_classes) of rows that were not learned from; labels: (n_rows); ratios: (n_classes)
 */
extern void prior_correction_measure(const double *probabilities, const uint32_t *labels,
									 uint32_t n_rows, uint32_t n_classes, double *ratios);

/* The ratios of a section of untrusted origin, in place; checks all of it. */
extern const double *prior_correction_open(const void *section, size_t length, uint32_t n_classes);

/* Correct the probabilities of one row in place. ratios: (n_classes), NULL for all 1; probabilities: (n_classes) */
extern void prior_correction_apply(const double *ratios, uint32_t n_classes, double *probabilities);

/* The class that is answered for corrected probabilities, the first of equals. ratios: NULL for all 1 */
extern uint32_t prior_correction_decide(const double *ratios, uint32_t n_classes,
										const double *probabilities);

/* The corrected probability of one of two classes from which it is answered. */
extern double prior_correction_threshold(const double *ratios, uint32_t class_index);

#endif /* SENTIMENT_PRIOR_CORRECTION_H */
