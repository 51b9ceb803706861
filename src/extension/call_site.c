/*
 * call_site.c
 *	  What a call site remembers of the models that it asks.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "extension/call_site.h"

CallSite *
call_site(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
	return fcinfo->flinfo->fn_extra;
}

/* Whether a name argument is the one that the call site remembers. */
static bool
is_same_name(const CallSite *site, const text *name)
{
	size_t length = name == NULL ? 0 : VARSIZE_ANY_EXHDR(name);

	return length < NAMEDATALEN && site->asked.name[length] == '\0' &&
		   (length == 0 || memcmp(site->asked.name, VARDATA_ANY(name), length) == 0) &&
		   (name == NULL || length > 0);
}

/* Forget pointers to models that the cache may have dropped. */
static void
forget_models(CallSite *site)
{
	memset(site->models, 0, sizeof(site->models));
	site->cache_generation = model_cache_generation();
}

/* Let the models of a deployment stay in the cache beside each other. */
static void
keep_models(const Deployment *deployment)
{
	int32 versions[MAX_DEPLOYED_VERSIONS];
	int n_versions = deployment->n_answering + deployment->n_shadows;

	StaticAssertStmt(MAX_DEPLOYED_VERSIONS <= MAX_KEPT_VERSIONS, "the cache keeps fewer versions");
	for (int i = 0; i < n_versions; i++)
		versions[i] = deployment->versions[i].version.version;
	/* the newest of all is kept in any case */
	model_cache_keep(deployment->model_id, versions, n_versions > 1 ? n_versions : 0);
}

/* Look up what answers under a name, or the version that is asked for. */
static void
resolve(CallSite *site, const text *name, int64 version, uint64 generation)
{
	const Deployment *deployment;

	site->deployment = NULL;
	deployment = deployment_resolve_version(name == NULL ? NULL : text_to_cstring(name), version);
	site->asked = deployment->asked;
	memset(site->counters, 0, sizeof(site->counters));
	memset(site->shadow_is_lost, 0, sizeof(site->shadow_is_lost));
	forget_models(site);
	if (version == NO_ASKED_VERSION)
		keep_models(deployment);
	site->deployment_generation = generation;
	site->deployment = deployment;
}

int
call_site_choose(CallSite *site, const text *name, int64 version, const text *unit)
{
	uint64 generation = deployment_generation();

	if (site->deployment == NULL || site->deployment_generation != generation ||
		site->asked.version != version || !is_same_name(site, name))
		resolve(site, name, version, generation);
	else if (site->cache_generation != model_cache_generation())
		forget_models(site);
	return unit == NULL ? site->deployment->main : deployment_choose(site->deployment, unit);
}

CachedModel *
call_site_open_model(CallSite *site, int place)
{
	const RegistryVersion *version = &site->deployment->versions[place].version;
	uint64 n_loads = model_cache_loads();
	CachedModel *model =
		model_cache_from_version(site->deployment->model_id, version->version, version->key);

	/* to make room, others may have been dropped */
	if (site->cache_generation != model_cache_generation())
		forget_models(site);
	site->models[place] = model;
	site->counters[place] = statistics_counter(site->deployment->model_id, version);
	if (site->counters[place] != NULL && model_cache_loads() != n_loads)
		statistics_count_load(site->counters[place]);
	return model;
}

/*
 * A value that is stored out of line is known by where it is stored, which stays true while the snapshot is
 * the same; others by their first bytes.
 */
CachedModel *
call_site_by_value(CallSite *site, Datum datum)
{
	uint64 generation = deployment_generation();
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);
	bool has_toast = VARATT_IS_EXTERNAL_ONDISK(value);
	struct varatt_external toast;

	if (has_toast)
	{
		VARATT_EXTERNAL_GET_POINTER(toast, value);
		if (site->model != NULL && site->has_toast && site->deployment_generation == generation &&
			site->cache_generation == model_cache_generation() &&
			memcmp(&site->toast, &toast, sizeof(toast)) == 0)
			return site->model;
	}
	site->model = NULL;
	site->model = model_cache_from_datum(datum);
	site->has_toast = has_toast;
	if (has_toast)
		site->toast = toast;
	site->deployment_generation = generation;
	site->cache_generation = model_cache_generation();
	return site->model;
}
