/*
 * train_store.h
 *	  Writing the versions that a training made, and deploying the best of them.
 */
#ifndef SENTIMENT_TRAIN_STORE_H
#define SENTIMENT_TRAIN_STORE_H

#include "extension/train.h"

/* Take over what belongs to the model if it exists already, after checking the right to train it. */
extern void train_check_model(Training *training);

/* Ask the gate about the best candidate, if its deployment depends on that: before train_store locks. */
extern void train_ask_gate(Training *training);

/* Write the versions, and deploy the best where that is due. */
extern void train_store(Training *training);

#endif /* SENTIMENT_TRAIN_STORE_H */
