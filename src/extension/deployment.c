/*
 * deployment.c
 *	  Which versions of which model answer under a name.
 *
 * Deployment is a transaction like any other: what answers is what the tables say under the active
 * snapshot, to the current role. Reading it takes four index lookups, which is more than a prediction
 * takes, so answers are kept; but only for as long as the snapshot sees the same: the same transactions
 * in progress, the same bounds, the same command of the own transaction. A commit of whatever kind by
 * anybody makes another snapshot. What a snapshot does not show is a ROLLBACK (of a savepoint too) of
 * own changes: module.c calls deployment_forget then.
 *
 * (Waiting for an invalidation message instead does not work: a transaction that takes no lock does not
 * process any, and one under REPEATABLE READ must not follow it.)
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/serving/traffic_split.h"
#include "extension/deployment.h"
#include "extension/host.h"
#include "extension/settings.h"

/* All that decides which rows a snapshot shows, and to whom. */
typedef struct SnapshotIdentity
{
	TransactionId xmin;
	TransactionId xmax;
	CommandId command;
	uint32 n_transactions;
	int32 n_subtransactions;
	bool subtransactions_overflowed;
	bool in_recovery;
	Oid role;
	TransactionId *transactions; /* those in progress, then subtransactions */
	Size capacity;
} SnapshotIdentity;

static SnapshotIdentity identity;
static uint64 generation = 1;
static HTAB *deployments = NULL;

/* Whether the snapshot shows the same rows as the remembered one. */
static bool
is_same_snapshot(Snapshot snapshot)
{
	return identity.xmin == snapshot->xmin && identity.xmax == snapshot->xmax &&
		   identity.command == snapshot->curcid && identity.n_transactions == snapshot->xcnt &&
		   identity.n_subtransactions == snapshot->subxcnt &&
		   identity.subtransactions_overflowed == snapshot->suboverflowed &&
		   identity.in_recovery == snapshot->takenDuringRecovery && identity.role == GetUserId() &&
		   identity.transactions != NULL &&
		   memcmp(identity.transactions, snapshot->xip, snapshot->xcnt * sizeof(TransactionId)) ==
			   0 &&
		   memcmp(identity.transactions + snapshot->xcnt, snapshot->subxip,
				  snapshot->subxcnt * sizeof(TransactionId)) == 0;
}

/* Remember a snapshot. */
static void
remember_snapshot(Snapshot snapshot)
{
	Size needed = snapshot->xcnt + snapshot->subxcnt + 1;

	if (identity.capacity < needed)
	{
		if (identity.transactions != NULL)
			pfree(identity.transactions);
		identity.transactions = NULL;
		identity.capacity = 0;
		identity.transactions =
			MemoryContextAlloc(TopMemoryContext, needed * 2 * sizeof(TransactionId));
		identity.capacity = needed * 2;
	}
	identity.xmin = snapshot->xmin;
	identity.xmax = snapshot->xmax;
	identity.command = snapshot->curcid;
	identity.n_transactions = snapshot->xcnt;
	identity.n_subtransactions = snapshot->subxcnt;
	identity.subtransactions_overflowed = snapshot->suboverflowed;
	identity.in_recovery = snapshot->takenDuringRecovery;
	identity.role = GetUserId();
	if (snapshot->xcnt > 0)
		memcpy(identity.transactions, snapshot->xip, snapshot->xcnt * sizeof(TransactionId));
	if (snapshot->subxcnt > 0)
		memcpy(identity.transactions + snapshot->xcnt, snapshot->subxip,
			   snapshot->subxcnt * sizeof(TransactionId));
}

void
deployment_forget(void)
{
	generation++;
	if (deployments != NULL)
		hash_destroy(deployments);
	deployments = NULL;
}

uint64
deployment_generation(void)
{
	if (!ActiveSnapshotSet())
		deployment_forget();
	else if (!is_same_snapshot(GetActiveSnapshot()))
	{
		deployment_forget();
		remember_snapshot(GetActiveSnapshot());
	}
	return generation;
}

/*
 * In a function that runs with other rights than its caller's, refuse a default model that the caller may have made: he sets which one it
 * is.
 */
static void
check_default_model(const RegistryModel *model)
{
	Oid role;
	int security_context;

	GetUserIdAndSecContext(&role, &security_context);
	if (security_context == 0 || registry_model_is_trusted(model))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("model \"%s\" of the setting sentiment.default_model is not trusted here",
					model->name),
			 errdetail("A function that runs with the rights of role \"%s\" asks it, and whoever "
					   "calls the function chooses the setting.",
					   GetUserNameFromId(role, false)),
			 errhint("Name the model in the function.")));
}

/* Find the model that a name stands for, and check the right to ask it. */
static void
find_model(const char *name, RegistryModel *model)
{
	Snapshot snapshot = GetActiveSnapshot();

	bool is_default = name == NULL && default_model != NULL && default_model[0] != '\0';

	if (is_default)
		name = default_model;
	if (name != NULL)
	{
		if (!registry_find_model(name, snapshot, model))
			registry_model_missing(name);
		registry_check_privilege(model, PRIVILEGE_PREDICT, snapshot);
		if (is_default)
			check_default_model(model);
	}
	else if (!registry_find_first_deployed(snapshot, model))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("there is no deployed model that you may use"),
						errdetail("Where none is named, only your own models, those of superusers "
								  "and those of the database's owner answer."),
						errhint("Train one with sentiment_train, or name one in the setting "
								"sentiment.default_model or as an argument.")));
}

/* Add a version to a deployment. */
static void
add_version(const RegistryModel *model, const RegistryDeployed *row, Deployment *deployment)
{
	DeployedVersion *added = &deployment->versions[deployment->n_answering + deployment->n_shadows];

	if (!registry_find_version(model->model_id, row->version, GetActiveSnapshot(), &added->version,
							   NULL))
		registry_version_missing(model->name, row->version);
	added->shadow_share = row->shadow_share;
}

/* Fill a deployment with versions: those that answer, then those in the shadow. */
static void
fill_versions(const RegistryModel *model, Deployment *deployment)
{
	RegistryDeployed rows[MAX_DEPLOYED_VERSIONS];
	int n_rows = registry_read_deployment(model->model_id, GetActiveSnapshot(), rows);
	double bound = 0;
	double largest_share = 0;

	for (int i = 0; i < n_rows; i++)
	{
		if (!(rows[i].share > 0))
			continue;
		if (deployment->n_answering == MAX_TRAFFIC_VERSIONS)
			ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
							errmsg("too many versions of model \"%s\" answer", model->name)));
		add_version(model, &rows[i], deployment);
		bound += rows[i].share;
		deployment->bounds[deployment->n_answering] = bound;
		if (rows[i].share > largest_share)
			deployment->main = deployment->n_answering;
		largest_share = Max(largest_share, rows[i].share);
		deployment->n_answering++;
	}
	for (int i = 0; i < n_rows; i++)
	{
		if (rows[i].share > 0 || !(rows[i].shadow_share > 0))
			continue;
		add_version(model, &rows[i], deployment);
		deployment->n_shadows++;
	}
}

/* Fill a deployment with the version that was asked for, which the current role must have the right to. */
static void
fill_asked_version(const RegistryModel *model, int32 version, Deployment *deployment)
{
	RegistryDeployed row = {.version = version};

	add_version(model, &row, deployment);
	registry_check_version_privilege(model, version, GetActiveSnapshot());
	deployment->bounds[0] = 1;
	deployment->n_answering = 1;
}

/* Look up in the tables what was asked for. */
static void
resolve(const char *name, Deployment *deployment)
{
	RegistryModel model;

	find_model(name, &model);
	if (deployment->asked.version != NO_ASKED_VERSION)
		fill_asked_version(&model, (int32) deployment->asked.version, deployment);
	else
		fill_versions(&model, deployment);
	if (deployment->n_answering == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("model \"%s\" has no deployed version", model.name),
						errhint("Deploy one with sentiment_deploy('%s', version).", model.name)));
	deployment->model_id = model.model_id;
	deployment->traffic_salt = traffic_salt(model.name, model.split_seed);
	strlcpy(deployment->model, model.name, NAMEDATALEN);
}

int
deployment_choose(const Deployment *deployment, const text *unit)
{
	if (unit == NULL || deployment->n_answering == 1)
		return deployment->main;
	return traffic_choose(
		deployment->bounds, deployment->n_answering,
		traffic_position(deployment->traffic_salt, VARDATA_ANY(unit), VARSIZE_ANY_EXHDR(unit)));
}

/* Make the table of answers. */
static void
create_table(void)
{
	HASHCTL control = {0};

	control.keysize = sizeof(AskedModel);
	control.entrysize = sizeof(Deployment);
	control.hcxt = TopMemoryContext;
	deployments =
		hash_create("sentiment deployments", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

const Deployment *
deployment_resolve(const char *name)
{
	return deployment_resolve_version(name, NO_ASKED_VERSION);
}

const Deployment *
deployment_resolve_version(const char *name, int64 version)
{
	Deployment found = {.asked.version = version};
	Deployment *entry;

	if (!ActiveSnapshotSet())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot look up a deployed model outside of a statement")));
	(void) deployment_generation();
	if (name != NULL && strlen(name) >= NAMEDATALEN)
		registry_model_missing(name);
	/* an empty name is not a model's, but is the key of the default model */
	if (name != NULL && name[0] == '\0')
		registry_model_missing(name);
	strlcpy(found.asked.name, name == NULL ? "" : name, NAMEDATALEN);
	if (deployments == NULL)
		create_table();
	entry = hash_search(deployments, &found.asked, HASH_FIND, NULL);
	if (entry == NULL)
	{
		resolve(name, &found);
		entry = hash_search(deployments, &found.asked, HASH_ENTER, NULL);
		*entry = found;
	}
	return entry;
}
