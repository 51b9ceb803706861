/*
 * prior_correction.h
 *	  From the probabilities of a classifier that learned from other shares of the classes than rows have, to those of rows.
 *
 * A classifier of undersampled or weighted rows answers as if its classes were as frequent as there: it learned
 * from other priors. Bayes' rule takes them out again: each class's probability is multiplied by its base rate over
 * the share that was learned from, and divided by the sum (Elkan 2001, "The foundations of cost-sensitive learning",
 * theorem 2; Saerens, Latinne, Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori
 * probabilities", equation 2.4). For two classes that shifts the log-odds.
 *
 * What is answered stays what the balanced classifier would say, as balance is asked for to find rare classes: the
 * class whose probability is the largest in relation to its ratio. For two classes and balanced rows, that is the
 * positive one from its base rate on.
 *
 * A kind that takes weights out of its probabilities by itself (undoes_weights of classifier.h) has another ratio for its
 * scores than for its decisions: in a tree, whose leaves hold rows of one class, weights shift no probability, and a
 * correction would. It decides by the base rate too (O'Brien and Ishwaran 2019, "A random forests quantile classifier
 * for class imbalanced data").
 *
 * The section of an image: double scores[n_classes], double decisions[n_classes].
 */
#ifndef SENTIMENT_PRIOR_CORRECTION_H
#define SENTIMENT_PRIOR_CORRECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ratios of base rates to learned shares; NULL: all 1. */
typedef struct PriorCorrection
{
	const double *scores;    /* (n_classes) what probabilities are multiplied by */
	const double *decisions; /* (n_classes) what they are divided by to decide */
} PriorCorrection;

/* Numbers of a correction. */
#define PRIOR_CORRECTION_SIZE(n_classes) (2 * (size_t) (n_classes))

/*
 * The ratios of a classifier; answers whether any of them is not 1.
 * base_sizes: (n_classes) rows as they are distributed; learned_sizes: (n_classes) rows that are learned from; weights:
 * (n_classes) what such a row counts; undoes_weights: but not in probabilities; ratios: (PRIOR_CORRECTION_SIZE)
 */
extern bool prior_correction_make(const uint32_t *base_sizes, const uint32_t *learned_sizes,
								  uint32_t n_classes, const double *weights, bool undoes_weights,
								  double *ratios);

/* The correction by such ratios, which must stay. */
extern PriorCorrection prior_correction_of(const double *ratios, uint32_t n_classes);

/* The correction by a section of untrusted origin, in place; checks all of it. */
extern PriorCorrection prior_correction_open(const void *section, size_t length,
											 uint32_t n_classes);

/* Correct the probabilities of one row in place. probabilities: (n_classes) */
extern void prior_correction_apply(const PriorCorrection *correction, uint32_t n_classes,
								   double *probabilities);

/* The class that is answered for corrected probabilities, the first of equals. */
extern uint32_t prior_correction_decide(const PriorCorrection *correction, uint32_t n_classes,
										const double *probabilities);

/* The corrected probability of one of two classes from which it is answered. */
extern double prior_correction_threshold(const PriorCorrection *correction, uint32_t class_index);

#endif /* SENTIMENT_PRIOR_CORRECTION_H */
