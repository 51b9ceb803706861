/*
 * model_source.h
 *	  The rows that a model was told to be trained from, in the place of those that its versions were.
 */
#ifndef SENTIMENT_MODEL_SOURCE_H
#define SENTIMENT_MODEL_SOURCE_H

#include "postgres.h"

#include "extension/registry.h"

/* A row of sentiment.model_source. */
typedef struct ModelSource
{
	char *schema;
	char *name;
	char *text_column;
	char *label_column;
	char *filter;          /* NULL: all rows */
	Datum numeric_columns; /* text[], or 0: those of the version */
	StoredRole named_by;
} ModelSource;

/*
 * What sentiment_set_source has named, in the current memory context; false if it has named none. The caller has checked what
 * the current role may do with the model.
 */
extern bool model_source_find(const RegistryModel *model, ModelSource *source);

/* The rows that a version is measured on: those of sentiment_set_source, or those that it was trained from. */
extern bool model_source_of_version(const RegistryModel *model, int32 version, Snapshot snapshot,
									RegistryVersionSource *source);

#endif /* SENTIMENT_MODEL_SOURCE_H */
