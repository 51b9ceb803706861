/*
 * registry_model.h
 *	  Rows of sentiment.model.
 */
#ifndef SENTIMENT_REGISTRY_MODEL_H
#define SENTIMENT_REGISTRY_MODEL_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "extension/compat.h"
#include "extension/registry_writer.h"
#include "extension/stored_role.h"

/* A row of sentiment.model. */
typedef struct RegistryModel
{
	int64 model_id;
	char name[NAMEDATALEN];
	StoredRole owner;
	int64 split_seed;
	char *positive_label; /* in the current memory context; NULL for more than two classes */
} RegistryModel;

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
 * Whether a model belongs to the current role, to a role that it is a member of, to a superuser or to the owner of the
 * database: it answers where somebody else than the current role has named it.
 */
extern bool registry_model_is_trusted(const RegistryModel *model);

/* Refuse a name that cannot be a model's. */
extern void registry_check_name(const char *name);

/* Raise the error for a model that does not exist. */
extern void registry_model_missing(const char *name) pg_attribute_noreturn();

/*
 * Make a model that belongs to the caller, unless there is one of this name. positive_label: a text datum,
 * or 0 for none.
 */
extern void registry_create_model(const RegistryWriter *writer, const char *name, int64 split_seed,
								  Datum positive_label);

/* Number the next version of a model. Under the lock of the model. */
extern int32 registry_take_version(const RegistryModel *model);

#endif /* SENTIMENT_REGISTRY_MODEL_H */
