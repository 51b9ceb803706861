/*
 * train_candidates.h
 *	  Fitting the candidates of a training, and measuring them on the held-out rows.
 */
#ifndef SENTIMENT_TRAIN_CANDIDATES_H
#define SENTIMENT_TRAIN_CANDIDATES_H

#include "extension/train.h"

/* Make the corpus ready for what the candidates need. */
extern void train_begin_corpus(Training *training);

/* Refuse a label that was held out in all of its rows: the model could never answer it. */
extern void train_check_held_out_labels(TrainSource *source);

/* Train all candidates; the best has the highest F1 on the held-out rows, the first of equals. */
extern void train_fit_candidates(Training *training);

#endif /* SENTIMENT_TRAIN_CANDIDATES_H */
