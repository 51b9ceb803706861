/*
 * registry.h
 *	  The tables of models and versions: reading them directly, writing them as their owner.
 *
 * Nobody but the owner of the tables has the right to write them, and row security hides what a role
 * may not use. The functions here check the caller's right to a model themselves, then read the tables
 * without further checks, or write them through SPI as their owner.
 */
#ifndef SENTIMENT_REGISTRY_H
#define SENTIMENT_REGISTRY_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "extension/compat.h"
#include "extension/image_value.h"
#include "extension/stored_role.h"

/* What a role may do with a model; each includes those before. */
typedef enum ModelPrivilege
{
	PRIVILEGE_PREDICT, /* ask it, see its metrics */
	PRIVILEGE_TRAIN,   /* train and deploy versions */
	PRIVILEGE_ADMIN    /* all that the owner may */
} ModelPrivilege;

/* A row of sentiment.model. */
typedef struct RegistryModel
{
	int64 model_id;
	char name[NAMEDATALEN];
	StoredRole owner;
	int64 split_seed;
	char *positive_label; /* in the current memory context; NULL for more than two classes */
} RegistryModel;

/* What identifies a version, and its image. */
typedef struct RegistryVersion
{
	int32 version;
	ImageKey key;
} RegistryVersion;

/* Where a version was trained from, and by whom. */
typedef struct RegistryVersionSource
{
	char schema[NAMEDATALEN];
	char name[NAMEDATALEN];
	char text_column[NAMEDATALEN];
	char label_column[NAMEDATALEN];
	int n_numeric;
	char **numeric_columns; /* (n_numeric) in the current memory context */
	char *filter;           /* in the current memory context; NULL: none */
	double holdout;         /* share of the texts that it was not trained on */
	StoredRole trained_by;
} RegistryVersionSource;

/* The name of a privilege. */
extern const char *registry_privilege_name(ModelPrivilege privilege);

/* The OID of the type sentiment_model. */
extern Oid registry_model_type(void);

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

/* Read a model by name; false if there is none under the snapshot. */
extern bool registry_find_model(const char *name, Snapshot snapshot, RegistryModel *model);

/* Read a model by number; false if there is none under the snapshot. */
extern bool registry_find_model_by_id(int64 model_id, Snapshot snapshot, RegistryModel *model);

/* The gate of a model as JSON in UTF-8; NULL if it has the default one. */
extern const char *registry_model_gate(int64 model_id, Snapshot snapshot);

/*
 * The model that was deployed first among those that the current role may ask and that belong to it, to a
 * role that it is a member of, to a superuser or to the owner of the database; false if none.
 */
extern bool registry_find_first_deployed(Snapshot snapshot, RegistryModel *model);

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
 * Read a version; false if there is none. With image not NULL, gives its image as it is stored (to be
 * detoasted), in the current memory context; good for as long as the snapshot is.
 */
extern bool registry_find_version(int64 model_id, int32 version, Snapshot snapshot,
								  RegistryVersion *found, Datum *image);

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

/* Read where a version comes from; false if there is none. */
extern bool registry_find_version_source(int64 model_id, int32 version, Snapshot snapshot,
										 RegistryVersionSource *source);

/* The OID of the type sentiment_drift_profile. */
extern Oid registry_profile_type(void);

/*
 * Read what is kept of a version's training to measure drift from, as it is stored (to be detoasted): the
 * reference profile, and the filter of the texts that it has learned from; each may be NULL, if it is not
 * wanted. False if there is none.
 */
extern bool registry_find_profile(int64 model_id, int32 version, Snapshot snapshot, Datum *profile,
								  Datum *learned_texts);

/*
 * The stored image of a version (0: the deployed one), to be detoasted. Raises an error unless the model
 * and the version exist and the current role has the privilege.
 */
extern Datum registry_image(const char *name, int32 version, ModelPrivilege privilege);

/* Whether the current role may do something with a model. */
extern bool registry_has_privilege(const RegistryModel *model, ModelPrivilege privilege,
								   Snapshot snapshot);

/* Raise an error if it may not. */
extern void registry_check_privilege(const RegistryModel *model, ModelPrivilege privilege,
									 Snapshot snapshot);

/* Refuse a name that cannot be a model's. */
extern void registry_check_name(const char *name);

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

/* Raise the error for a model that does not exist. */
extern void registry_model_missing(const char *name) pg_attribute_noreturn();

/* Raise the error for a version that does not exist. */
extern void registry_version_missing(const char *name, int32 version) pg_attribute_noreturn();

/* What must be undone after writing the tables. */
typedef struct RegistryWriter
{
	Oid caller;
	int security_context;
	int guc_level;
	bool has_snapshot; /* registry_lock_for_change has pushed one */
} RegistryWriter;

/* Refuse a standby and a read-only transaction: for commands that work for long before they write. */
extern void registry_refuse_read_only(const char *command);

/* Connect to SPI as the owner of the tables, with a safe search_path. Refuses a standby. */
extern RegistryWriter registry_begin_write(const char *command);

/*
 * The same to read only, past row security: the caller checks what the current role may see. Until
 * registry_end_write.
 */
extern RegistryWriter registry_begin_read(void);

/* Go on as the caller; registry_end_write is still to be called. */
extern void registry_become_caller(const RegistryWriter *writer);

/* Read under the active snapshot. */
extern void registry_query(const char *query, int n_arguments, Oid *types, Datum *values);

/* Run a statement with text, bigint, ... parameters; checks SPI's result code. */
extern void registry_execute(const char *query, int n_arguments, Oid *types, Datum *values,
							 const char *nulls, int expected);

/* Return to the caller's role and disconnect. */
extern void registry_end_write(RegistryWriter *writer);

/*
 * Lock a model's row against other trainings and deployments until the transaction's end, and read it
 * again, for a change that needs a privilege of the caller's; errors if it is gone, or that is denied. From then
 * on until registry_end_write the active snapshot is one that was taken under the lock, so that what a concurrent
 * change has committed is seen.
 */
extern void registry_lock_for_change(RegistryWriter *writer, const char *name,
									 ModelPrivilege privilege, RegistryModel *model);

/* The same to drop it, which waits for transactions that have written rows about it, too. */
extern void registry_lock_for_drop(RegistryWriter *writer, const char *name, RegistryModel *model);

/*
 * Make a model that belongs to the caller, unless there is one of this name. positive_label: a text datum,
 * or 0 for none.
 */
extern void registry_create_model(const RegistryWriter *writer, const char *name, int64 split_seed,
								  Datum positive_label);

/* Number the next version of a model. Under the lock of the model. */
extern int32 registry_take_version(const RegistryModel *model);

/* What is written into the history. */
typedef struct RegistryChange
{
	const char *action;
	const char *reason;
	const char *stage;   /* of the version from then on; NULL: it has none */
	int64 rolls_back_to; /* history_id of the event to return to: 0 none, -1 the present state's */
	bool forced;         /* it went past checks of the gate that had failed */
} RegistryChange;

/*
 * Write an event to the history, before anything changes. traffic: jsonb of versions with their shares from
 * then on, or 0 if the event changes none; version: see sentiment.deployment_history, 0 for none
 */
extern void registry_write_history(const RegistryWriter *writer, const RegistryModel *model,
								   const RegistryChange *change, int32 version, Datum traffic);

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

#endif /* SENTIMENT_REGISTRY_H */
