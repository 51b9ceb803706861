/*
 * numeric_features.h
 *	  Numbers that come with a text: from a JSON object to a model's numeric columns.
 */
#ifndef SENTIMENT_NUMERIC_FEATURES_H
#define SENTIMENT_NUMERIC_FEATURES_H

#include "postgres.h"

#include "core/pipeline.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/*
 * The numbers of a model's numeric columns, NaN where missing, in the current memory context; NULL if
 * there are none. features: an object of numbers, booleans (0 and 1) or nulls by column name, or NULL.
 * An unknown name and a value of another type raise an error.
 */
extern float *numeric_features_read(const Pipeline *pipeline, Jsonb *features);

/* The same, but names that the model does not know are put into a list (UTF-8 strings), not raised. */
extern float *numeric_features_read_known(const Pipeline *pipeline, Jsonb *features,
										  List **unknown);

/* Whether a model has a numeric column; name: in UTF-8 */
extern bool numeric_features_has(const Pipeline *pipeline, const char *name);

/* Raise the error for a name that the model does not know. */
extern void numeric_features_raise_unknown(const Pipeline *pipeline, const char *name);

#endif /* SENTIMENT_NUMERIC_FEATURES_H */
