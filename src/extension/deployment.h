/*
 * deployment.h
 *	  Which versions of which model answer under a name: for whom, and at what time.
 */
#ifndef SENTIMENT_DEPLOYMENT_H
#define SENTIMENT_DEPLOYMENT_H

#include "postgres.h"

#include "extension/registry.h"

#define MAX_DEPLOYED_VERSIONS (MAX_TRAFFIC_VERSIONS + MAX_SHADOW_VERSIONS)

/* A version that answers, or is scored in the shadow. */
typedef struct DeployedVersion
{
	RegistryVersion version;
	double shadow_share;
} DeployedVersion;

/* The number of a version that was asked for, or this: none was, so those that are deployed answer. */
#define NO_ASKED_VERSION PG_INT64_MIN

/* What is asked; the key of a hash table, so without padding. */
typedef struct AskedModel
{
	char name[NAMEDATALEN]; /* "" for the default model; zeros behind its end */
	int64 version;          /* or NO_ASKED_VERSION */
} AskedModel;

/* What answers under a name, or a version that was asked for by its number: it alone then. */
typedef struct Deployment
{
	AskedModel asked;
	char model[NAMEDATALEN];
	int64 model_id;
	uint64 traffic_salt; /* see traffic_split.h */
	int n_answering;     /* the first of the versions, in the order of their numbers */
	int n_shadows;       /* those after them */
	int main;            /* answers where no unit is given: the one with the largest share */
	DeployedVersion versions[MAX_DEPLOYED_VERSIONS];
	double bounds[MAX_TRAFFIC_VERSIONS]; /* (n_answering) sums of the shares */
} Deployment;

/*
 * What answers under a name (NULL: the default model) for the current role under the active snapshot.
 * Raises an error if there is no such model, no deployed version, or no right to use it. The answer
 * holds, where it is, as long as deployment_generation gives the same number.
 */
extern const Deployment *deployment_resolve(const char *name);

/*
 * The same for the version that was asked for (NO_ASKED_VERSION: as above). Raises an error if there is no such
 * version, or no right to ask it.
 */
extern const Deployment *deployment_resolve_version(const char *name, int64 version);

/* Which of the versions answers a unit; NULL: none is given. */
extern int deployment_choose(const Deployment *deployment, const text *unit);

/* The version that answers where no unit is given. */
static inline const RegistryVersion *
deployment_main_version(const Deployment *deployment)
{
	return &deployment->versions[deployment->main].version;
}

/*
 * A number that changes whenever an answer of deployment_resolve might: with another snapshot, role or
 * setting. Cheap: called for every row.
 */
extern uint64 deployment_generation(void);

/* Forget all answers. */
extern void deployment_forget(void);

#endif /* SENTIMENT_DEPLOYMENT_H */
