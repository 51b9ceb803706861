/*
 * train_candidates.h
 *	  Fitting the candidates of a training, and measuring them on the held-out rows.
 */
#ifndef SENTIMENT_TRAIN_CANDIDATES_H
#define SENTIMENT_TRAIN_CANDIDATES_H

#include "extension/train.h"

/* Make the corpus ready for what the candidates need. */
extern void train_begin_corpus(Training *training);

/* Train all candidates; the best has the highest F1 on the held-out rows, the first of equals. */
extern void train_fit_candidates(Training *training);

#endif /* SENTIMENT_TRAIN_CANDIDATES_H */
