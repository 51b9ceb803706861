/*
 * domain_classifier.h
 *	  Whether a classifier can tell rows of one side from rows of another.
 *
 * Logistic regression on standardized columns learns the side from one half of the rows and is tested on
 * the other, and the other way round. Each half's area under the ROC curve is of rows that its classifier
 * has not seen, so if the sides do not differ it has the distribution of the Mann-Whitney statistic. (The
 * areas of the folds of one pooled cross-validation have not.) All copies of a text are in one half, and the variance is
 * that of the independent rows (repetition.h).
 */
#ifndef SENTIMENT_DOMAIN_CLASSIFIER_H
#define SENTIMENT_DOMAIN_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "core/drift/row_sample.h"

/* Fewest rows on either side. */
#define MIN_DOMAIN_ROWS 100

typedef struct DomainTest
{
	double area;    /* under the ROC curve, mean of both halves; 0.5: the sides look the same */
	double p_value; /* twice the smaller of the halves' one-sided p-values, 1 at most */
} DomainTest;

/*
 * Compare two settled samples with the same values. Takes the logarithm of the columns that are marked:
 * of counts and lengths. is_count: (n_values). All NaN if a side has fewer than MIN_DOMAIN_ROWS rows, or a quarter of
 * that in one of the halves.
 */
extern DomainTest domain_classifier_test(const RowSample *reference, const RowSample *current,
										 const unsigned char *is_count);

#endif /* SENTIMENT_DOMAIN_CLASSIFIER_H */
