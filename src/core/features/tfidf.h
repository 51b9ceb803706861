/*
 * tfidf.h
 *	  Term frequency times inverse document frequency, normalized: as scikit-learn's TfidfTransformer.
 */
#ifndef SENTIMENT_TFIDF_H
#define SENTIMENT_TFIDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parameters.h"

typedef enum TfidfNorm
{
	NORM_L2,
	NORM_L1,
	NORM_NONE
} TfidfNorm;

/* Filled by parameters_parse from tfidf_parameters. */
typedef struct TfidfOptions
{
	bool sublinear_tf; /* 1 + ln(tf) instead of tf */
	int norm;          /* TfidfNorm */
} TfidfOptions;

extern const ParameterSpec tfidf_parameters[];
extern const size_t n_tfidf_parameters;

/* Turn the counts of one text into weights in place. counts, idfs: (n_terms) */
extern void tfidf_weigh(const TfidfOptions *options, uint32_t n_terms, float *counts,
						const float *idfs);

#endif /* SENTIMENT_TFIDF_H */
