/*
 * registry_delete.h
 *	  Deleting a model or a version, with all rows that refer to it.
 */
#ifndef SENTIMENT_REGISTRY_DELETE_H
#define SENTIMENT_REGISTRY_DELETE_H

#include "postgres.h"

/*
 * Delete a model that was locked to be dropped, with its versions, reports, contracts and all else that is of it. What tells the
 * history (deployments, searches, retrainings, runs of the pipeline) stays. Within a registry write.
 */
extern void registry_delete_model(int64 model_id);

/* Delete a version of a model that was locked for a change, with all that is of the version. Within a registry write. */
extern void registry_delete_version(int64 model_id, int32 version);

#endif /* SENTIMENT_REGISTRY_DELETE_H */
