/*
 * deployment.h
 *	  Which version of which model answers under a name: for whom, and at what time.
 */
#ifndef SENTIMENT_DEPLOYMENT_H
#define SENTIMENT_DEPLOYMENT_H

#include "postgres.h"

#include "extension/registry.h"

/* What answers under a name. */
typedef struct Deployment
{
	char asked_name[NAMEDATALEN]; /* "" for the default model; the key of a hash table */
	char model[NAMEDATALEN];
	int64 model_id;
	RegistryVersion version;
} Deployment;

/*
 * What answers under a name (NULL: the default model) for the current role under the active snapshot.
 * Raises an error if there is no such model, no deployed version, or no right to use it. The answer
 * holds as long as deployment_generation gives the same number.
 */
extern const Deployment *deployment_resolve(const char *name);

/*
 * A number that changes whenever an answer of deployment_resolve might: with another snapshot, role or
 * setting. Cheap: called for every row.
 */
extern uint64 deployment_generation(void);

/* Forget all answers. */
extern void deployment_forget(void);

#endif /* SENTIMENT_DEPLOYMENT_H */
