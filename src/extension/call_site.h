/*
 * call_site.h
 *	  What a call site (one place in one running query) remembers of the models that it asks.
 */
#ifndef SENTIMENT_CALL_SITE_H
#define SENTIMENT_CALL_SITE_H

#include "postgres.h"

#include "fmgr.h"

#include "extension/compat.h"
#include "extension/deployment.h"
#include "extension/model_cache.h"
#include "extension/version_counter.h"

typedef struct CallSite
{
	uint64 deployment_generation;
	uint64 cache_generation;
	/* by name */
	const Deployment *deployment;
	CachedModel *models[MAX_DEPLOYED_VERSIONS]; /* of the deployment's versions, NULL until asked */
	VersionCounter *counters[MAX_DEPLOYED_VERSIONS]; /* NULL where nothing is counted */
	bool shadow_is_lost[MAX_SHADOW_VERSIONS];        /* could not be opened */
	AskedModel asked;                                /* the arguments */
	/* by value */
	CachedModel *model;
	bool has_toast;
	struct varatt_external toast; /* where the value is stored */
} CallSite;

/* The call site's memory, made at its first call. */
extern CallSite *call_site(FunctionCallInfo fcinfo);

/*
 * The version that answers under a name (NULL: the default model) for a unit (NULL: none), or the one that is asked
 * for by its number (NO_ASKED_VERSION: none is), whatever the unit: its place in site->deployment. The deployment
 * is looked up again whenever the snapshot, the role or a setting has changed.
 */
extern int call_site_choose(CallSite *site, const text *name, int64 version, const text *unit);

/* Open the model of a version of site->deployment. */
extern CachedModel *call_site_open_model(CallSite *site, int place);

/* The model of a version of site->deployment. Until the next call of call_site_choose. */
static inline CachedModel *
call_site_model(CallSite *site, int place)
{
	return site->models[place] != NULL ? site->models[place] : call_site_open_model(site, place);
}

/* The model given by value. */
extern CachedModel *call_site_by_value(CallSite *site, Datum value);

#endif /* SENTIMENT_CALL_SITE_H */
