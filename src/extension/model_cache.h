/*
 * model_cache.h
 *	  The models that a session holds ready: one copy of each, whatever the number of statements.
 *
 * Only images are kept, which never change: an entry is found by the image's checksum and length.
 */
#ifndef SENTIMENT_MODEL_CACHE_H
#define SENTIMENT_MODEL_CACHE_H

#include "postgres.h"

#include "core/pipeline.h"
#include "extension/image_value.h"

/* A model held ready. Its memory context is to be current while its pipeline works. */
typedef struct CachedModel
{
	ImageKey key; /* of a hash table */
	Pipeline *pipeline;
	MemoryContext context;
	Size size;
	uint64 last_use;
	bool in_use; /* set while its pipeline works; left set by an error */
} CachedModel;

/* A number that changes whenever an entry is dropped: pointers to entries hold no longer. */
extern uint64 model_cache_generation(void);

/* The entry of a model given by value. */
extern CachedModel *model_cache_from_datum(Datum datum);

/* The entry of a version in the registry. */
extern CachedModel *model_cache_from_version(int64 model_id, int32 version, ImageKey key);

#endif /* SENTIMENT_MODEL_CACHE_H */
