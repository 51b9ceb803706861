/*
 * validation_state.h
 *	  The type sentiment_validation: what a validation knows of the rows it has seen.
 */
#ifndef SENTIMENT_VALIDATION_STATE_H
#define SENTIMENT_VALIDATION_STATE_H

#include "extension/expanded_state.h"

/* The type of the state of sentiment_validation_agg, a Validation of core/validation/validation.h. */
extern const StateType validation_type;

#endif /* SENTIMENT_VALIDATION_STATE_H */
