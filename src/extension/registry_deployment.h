/*
 * registry_deployment.h
 *	  Rows of sentiment.deployment: which versions answer, and the stages that go with that.
 */
#ifndef SENTIMENT_REGISTRY_DEPLOYMENT_H
#define SENTIMENT_REGISTRY_DEPLOYMENT_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "extension/registry_history.h"
#include "extension/registry_model.h"
#include "extension/registry_writer.h"

/* Versions that may share a model's traffic, and those scored in their shadow besides, at most. */
#define MAX_TRAFFIC_VERSIONS 16
#define MAX_SHADOW_VERSIONS  4

/* A row of sentiment.deployment. */
typedef struct RegistryDeployed
{
	int32 version;
	double share;
	double shadow_share;
} RegistryDeployed;

/*
 * Number of the version that answers where no unit is given: the one with the largest share, the lower one of
 * equals; or 0.
 */
extern int32 registry_deployed_version(int64 model_id, Snapshot snapshot);

/*
 * The versions that answer or are scored in the shadow, in the order of their numbers. Answers how many.
 * rows: (MAX_TRAFFIC_VERSIONS + MAX_SHADOW_VERSIONS)
 */
extern int registry_read_deployment(int64 model_id, Snapshot snapshot, RegistryDeployed *rows);

/*
 * Let versions answer, each with a share: writes the deployment, the stages of the versions that answered until
 * now, the history and an event. Under the lock of the model. Raises an error if one of the versions is
 * retired. traffic: jsonb object of versions with shares that sum to 1, which the caller has checked. Answers
 * the version with the largest share.
 */
extern int32 registry_set_traffic(const RegistryWriter *writer, const RegistryModel *model,
								  Datum traffic, const RegistryChange *change);

/*
 * Raise an error if one of the versions of traffic is retired. Between registry_begin_write and
 * registry_end_write.
 */
extern void registry_check_not_retired(const RegistryModel *model, Datum traffic);

/* The traffic of a single version. */
extern Datum registry_single_version_traffic(int32 version);

/* Let a single version answer, whatever the gate says. Under the lock of the model. */
extern void registry_deploy(const RegistryWriter *writer, const RegistryModel *model, int32 version,
							const char *reason);

#endif /* SENTIMENT_REGISTRY_DEPLOYMENT_H */
