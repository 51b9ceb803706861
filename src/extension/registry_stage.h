/*
 * registry_stage.h
 *	  Rows of sentiment.version_stage: where a version stands, and who may ask it for that.
 */
#ifndef SENTIMENT_REGISTRY_STAGE_H
#define SENTIMENT_REGISTRY_STAGE_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "extension/compat.h"
#include "extension/registry_model.h"

/* Where a version stands, as the view sentiment_model_versions tells it. */
typedef enum VersionStage
{
	STAGE_CANDIDATE,
	STAGE_ARCHIVED,
	STAGE_RETIRED, /* archived, and not to answer until it is promoted again */
	STAGE_STAGING, /* a part of the traffic, the shadow, or put there */
	STAGE_PRODUCTION
} VersionStage;

/* The stage of a version that is there. */
extern VersionStage registry_version_stage(int64 model_id, int32 version, Snapshot snapshot);

/*
 * Raise an error unless the current role, which may ask the model, may ask this version of it, which must be
 * there. Who puts a version into production, staging or the shadow shows it to all who may ask the model; others
 * are for those who may train it. A retired version answers nobody.
 */
extern void registry_check_version_privilege(const RegistryModel *model, int32 version,
											 Snapshot snapshot);

/* Raise the error for a version that is retired. */
extern void registry_version_retired(const RegistryModel *model, int32 version)
	pg_attribute_noreturn();

#endif /* SENTIMENT_REGISTRY_STAGE_H */
