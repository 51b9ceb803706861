/*
 * explanation.h
 *	  What each term, text feature and number of a text adds to a pipeline's output.
 */
#ifndef SENTIMENT_EXPLANATION_H
#define SENTIMENT_EXPLANATION_H

#include "core/pipeline.h"

/* What one of them adds. */
typedef struct Contribution
{
	uint32_t source;     /* a term of the vocabulary, or the vocabulary's size + a column */
	double weight;       /* the contribution by unit of value; a linear model's coefficient */
	double contribution; /* to the output of the class */
} Contribution;

/*
 * Explain the output of a class for a text: contributions, strongest first; together with the intercept
 * they sum to the output (see classifier.h; before priors are corrected and before
 * calibration). Where terms are reduced to SVD
 * coordinates, what these contribute is carried back to the terms that they are made of.
 * Allocates the contributions from the host.
 */
extern Contribution *explain_text(Pipeline *pipeline, const char *text, size_t length,
								  const float *numeric, uint32_t class_index,
								  uint32_t *n_contributions, double *intercept);

/* Append the name of a source: a term, or a column in parentheses. */
extern void explanation_append_name(const Pipeline *pipeline, uint32_t source, ByteBuffer *buffer);

#endif /* SENTIMENT_EXPLANATION_H */
