/*
 * shadow.c
 *	  Scoring versions besides the one that answers.
 *
 * Errors are caught without a subtransaction, which parallel workers cannot begin: what an error may leave
 * behind when a model is read (locks, pins) belongs to a resource owner of its own, and is released with it.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "storage/bufmgr.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "extension/host.h"
#include "extension/numeric_features.h"
#include "extension/shadow.h"

/* Whether this call is one of the sample. */
static bool
is_sampled(double share)
{
	return share >= 1 || pg_prng_double(&pg_global_prng_state) < share;
}

/* The label of a text by a version. */
static const char *
label_of(CachedModel *model, Datum text_datum, Jsonb *features)
{
	List *ignored;
	float *numbers =
		features == NULL ? NULL : numeric_features_read_known(model->pipeline, features, &ignored);
	Utf8Text text = utf8_from_datum(text_datum);
	MemoryContext old_context = MemoryContextSwitchTo(model->context);
	const double *probabilities;

	model->in_use = true;
	probabilities = pipeline_predict(model->pipeline, text.bytes, text.length, numbers);
	model_cache_answered(model);
	MemoryContextSwitchTo(old_context);
	utf8_free(&text);
	return model->pipeline->labels[pipeline_decide(model->pipeline, probabilities)];
}

/* Release what scoring has left behind, after an error or not. */
static void
release(ResourceOwner owner, bool is_good)
{
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_BEFORE_LOCKS, is_good, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_LOCKS, is_good, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_AFTER_LOCKS, is_good, false);
	ResourceOwnerDelete(owner);
}

/* As the server does after an error, before resources are released. */
static void
recover_from_error(void)
{
	LWLockReleaseAll();
	ConditionVariableCancelSleep();
	UnlockBuffers();
}

/* Whether an error is about more than the shadow: somebody, or replay on a standby, wants the statement to end. */
static bool
must_not_be_caught(int sqlstate)
{
	return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) ||
		   sqlstate == ERRCODE_T_R_SERIALIZATION_FAILURE;
}

/* Score a text by one version of the shadow, and count. */
static void
score(CallSite *site, int place, const char *label, Datum text, Jsonb *features)
{
	bool *is_lost = &site->shadow_is_lost[place - site->deployment->n_answering];
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner outer = CurrentResourceOwner;
	ResourceOwner owner = ResourceOwnerCreate(outer, "sentiment shadow");
	VersionCounter *counter = NULL;
	volatile bool is_good = false;

	CurrentResourceOwner = owner;
	PG_TRY();
	{
		CachedModel *model = call_site_model(site, place);
		VersionCounter *found = site->counters[place];

		if (found != NULL)
		{
			bool disagrees = strcmp(label_of(model, text, features), label) != 0;

			statistics_count_shadow(found, disagrees);
		}
		is_good = true;
	}
	PG_CATCH();
	{
		CurrentResourceOwner = outer;
		MemoryContextSwitchTo(context);
		if (must_not_be_caught(geterrcode()))
			PG_RE_THROW();
		FlushErrorState();
		recover_from_error();
	}
	PG_END_TRY();
	CurrentResourceOwner = outer;
	release(owner, is_good);
	if (is_good)
		return;
	/* what cannot be opened, or was left in a state that nobody knows, is not tried again for every row */
	*is_lost = site->models[place] == NULL || site->models[place]->in_use;
	if (*is_lost)
		site->models[place] = NULL;
	counter =
		statistics_counter(site->deployment->model_id, &site->deployment->versions[place].version);
	if (counter != NULL)
		statistics_count_shadow_failure(counter);
}

void
shadow_score(CallSite *site, CachedModel *answering, const char *label, Datum text, Jsonb *features)
{
	const Deployment *deployment = site->deployment;

	answering->in_use = true;
	for (int i = 0; i < deployment->n_shadows; i++)
	{
		int place = deployment->n_answering + i;

		if (!site->shadow_is_lost[i] && is_sampled(deployment->versions[place].shadow_share))
			score(site, place, label, text, features);
	}
	answering->in_use = false;
}
