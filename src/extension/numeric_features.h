/*
 * numeric_features.h
 *	  Numbers that come with a text: from a JSON object to a model's numeric columns.
 */
#ifndef SENTIMENT_NUMERIC_FEATURES_H
#define SENTIMENT_NUMERIC_FEATURES_H

#include "postgres.h"

#include "core/pipeline.h"
#include "utils/jsonb.h"

/*
 * The numbers of a model's numeric columns, NaN where missing, in the current memory context. features:
 * an object of numbers, booleans (0 and 1) or nulls by column name, or NULL. A value of another type raises an
 * error, and so does a name that the model does not know unless ignore_unknown.
 */
extern float *numeric_features_read(const Pipeline *pipeline, Jsonb *features, bool ignore_unknown);

/* Whether a model knows all names. */
extern bool numeric_features_are_known(const Pipeline *pipeline, Jsonb *features);

/* Raise the error for the first name that none of several models knows, if there is one. pipelines: (n) */
extern void numeric_features_check(const Pipeline *const *pipelines, int n, Jsonb *features);

#endif /* SENTIMENT_NUMERIC_FEATURES_H */
