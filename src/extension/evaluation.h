/*
 * evaluation.h
 *	  The state of sentiment_evaluate, which other aggregates count with too.
 */
#ifndef SENTIMENT_EXTENSION_EVALUATION_H
#define SENTIMENT_EXTENSION_EVALUATION_H

#include "extension/expanded_state.h"

/* Of sentiment_confusion, a ConfusionCounts. */
extern const StateType confusion_type;

#endif /* SENTIMENT_EXTENSION_EVALUATION_H */
