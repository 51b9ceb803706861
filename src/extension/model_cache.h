/*
 * model_cache.h
 *	  The models that a session holds ready: one copy of each, whatever the number of statements.
 *
 * Only images are kept, which never change: an entry is found by the image's checksum and length, one
 * of the registry by its model and version too, so that no value that somebody made up can pass for it.
 */
#ifndef SENTIMENT_MODEL_CACHE_H
#define SENTIMENT_MODEL_CACHE_H

#include "postgres.h"

#include "core/pipeline.h"
#include "extension/image_value.h"

#define MAX_KEPT_VERSIONS 32

/* What identifies an entry; a key of a hash table, so without padding. */
typedef struct CachedModelKey
{
	int64 model_id; /* 0: given by value */
	int64 version;  /* 0: given by value */
	ImageKey image;
} CachedModelKey;

/* A model held ready. Its memory context is to be current while its pipeline works. */
typedef struct CachedModel
{
	CachedModelKey key;
	Pipeline *pipeline;
	MemoryContext context;
	Size size;        /* of the context when it was last measured */
	Size opened_size; /* when the model was opened */
	uint64 last_use;
	bool in_use; /* set while its pipeline works; left set by an error */
} CachedModel;

/*
 * A number that changes whenever an entry is dropped: pointers to entries hold no longer. To be called
 * before each use of a pointer that was kept.
 */
extern uint64 model_cache_generation(void);

/*
 * To be called when a model has answered (in place of resetting in_use): its scratch memory may have
 * grown with the text. What it has answered stays where it is until model_cache_generation is called
 * the next time, or the transaction ends.
 */
extern void model_cache_answered(CachedModel *model);

/* Drop what an error or a huge text has left behind: called when a transaction ends. */
extern void model_cache_trim(void);

/* How often a model was opened. */
extern uint64 model_cache_loads(void);

/*
 * From now on keep versions of a model whatever the setting says: those of the deployment that was looked up
 * last, which share the traffic and would push each other out. versions: (n_versions), MAX_KEPT_VERSIONS at
 * most; 0 for none
 */
extern void model_cache_keep(int64 model_id, const int32 *versions, int n_versions);

/* The entry of a model given by value. */
extern CachedModel *model_cache_from_datum(Datum datum);

/* The entry of a version in the registry. */
extern CachedModel *model_cache_from_version(int64 model_id, int32 version, ImageKey image_key);

#endif /* SENTIMENT_MODEL_CACHE_H */
