/*
 * text_embedding.h
 *	  A text as a short vector, as a model sees it: for comparing where texts lie.
 *
 * If the model reduces its terms by SVD, these are the first coordinates; else a random projection of the
 * weighted terms, one hashed sign and dimension for each term (a count sketch: inner products are kept on
 * average). The terms are first brought to length 1, so every coordinate lies in [-1, 1].
 */
#ifndef SENTIMENT_TEXT_EMBEDDING_H
#define SENTIMENT_TEXT_EMBEDDING_H

#include "core/features/feature_space.h"

#define MAX_EMBEDDING_DIMENSIONS 32

/* Dimensions of a feature space's embeddings. */
extern uint32_t text_embedding_dimensions(const FeatureSpace *space);

/* The embedding of the last text of a feature space. embedding: (text_embedding_dimensions) */
extern void text_embedding_compute(const FeatureSpace *space, float *embedding);

#endif /* SENTIMENT_TEXT_EMBEDDING_H */
