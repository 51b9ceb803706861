/*
 * version_source.h
 *	  The rows that a version of a model is measured on.
 */
#ifndef SENTIMENT_VERSION_SOURCE_H
#define SENTIMENT_VERSION_SOURCE_H

#include "postgres.h"

#include "extension/train_source.h"
#include "extension/version_comparison.h"

/* What is to be read of a version's source, but for the relation, in the current memory context. */
extern TrainSource version_source(const RegistryModel *model, const StoredVersion *version);

/*
 * Read the rows that a version holds out: of its stored source, or (named, NULL: none) of the relation and filter that the current role
 * has named.
 */
extern TrainSource version_read_held_out(const RegistryModel *model, const StoredVersion *version,
										 const Source *named);

#endif /* SENTIMENT_VERSION_SOURCE_H */
