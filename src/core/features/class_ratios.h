/*
 * class_ratios.h
 *	  Log-count ratios of the terms: how much more often a class has a term than the others.
 *
 * As in Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification"
 * (ACL 2012): with p the number of texts of the class that have the term, plus 1, and q the same for all
 * other texts, the ratio is ln((p / |p|) / (q / |q|)), where |.| sums over the terms.
 */
#ifndef SENTIMENT_CLASS_RATIOS_H
#define SENTIMENT_CLASS_RATIOS_H

#include <stdint.h>

#include "core/features/sparse_matrix.h"
#include "core/features/vocabulary_builder.h"

/* Ratios of a term: of class 1 for two classes, else one a class. */
static inline uint32_t
class_ratio_count(uint32_t n_classes)
{
	return n_classes == 2 ? 1 : n_classes;
}

/*
 * Compute the ratios of all terms from the rows (texts) that are not of a part.
 * labels: (n_rows) class of each row; parts: (n_rows) part of each row, or NULL to take all rows
 * ratios: (n_features, class_ratio_count(n_classes))
 */
extern void class_ratios_fit(const TermCountMatrix *counts, const uint32_t *labels,
							 uint32_t n_classes, const uint8_t *parts, uint8_t left_out,
							 float *ratios);

/* The ratio of each term that is largest in size, over the classes. weights: (n_features) */
extern void class_ratios_largest(const float *ratios, uint32_t n_features, uint32_t n_ratios,
								 float *weights);

/*
 * Polarity of a text: the mean ratio of its distinct terms; 0 without terms.
 * indices: (count) the terms; polarities: (n_ratios)
 */
extern void class_ratios_polarity(const float *ratios, uint32_t n_ratios, const uint32_t *indices,
								  uint32_t count, double *polarities);

#endif /* SENTIMENT_CLASS_RATIOS_H */
