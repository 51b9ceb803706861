/*
 * registry_version.h
 *	  Rows of sentiment.model_version and of sentiment.version_profile.
 */
#ifndef SENTIMENT_REGISTRY_VERSION_H
#define SENTIMENT_REGISTRY_VERSION_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "extension/compat.h"
#include "extension/image_value.h"
#include "extension/registry_privilege.h"
#include "extension/stored_role.h"

/* What identifies a version, and its image. */
typedef struct RegistryVersion
{
	int32 version;
	ImageKey key;
} RegistryVersion;

/* Where a version was trained from. */
typedef struct RegistryVersionSource
{
	char schema[NAMEDATALEN];
	char name[NAMEDATALEN];
	char text_column[NAMEDATALEN];
	char label_column[NAMEDATALEN];
	int n_numeric;
	char **numeric_columns; /* (n_numeric) in the current memory context */
	char *filter;           /* in the current memory context; NULL: none */
	bool filter_is_lost;    /* it was for once, see source_filter_problem */
	double holdout;         /* share of the texts that it was not trained on */
	StoredRole trained_by;  /* who trained it, and chose its numeric columns */
	StoredRole named_by;    /* who named the source: the same, unless sentiment_set_source did */
} RegistryVersionSource;

/* The OID of the type sentiment_model. */
extern Oid registry_model_type(void);

/*
 * Read a version; false if there is none. With image not NULL, gives its image as it is stored (to be
 * detoasted), in the current memory context; good for as long as the snapshot is.
 */
extern bool registry_find_version(int64 model_id, int32 version, Snapshot snapshot,
								  RegistryVersion *found, Datum *image);

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

/* Raise the error for a version that does not exist. */
extern void registry_version_missing(const char *name, int32 version) pg_attribute_noreturn();

#endif /* SENTIMENT_REGISTRY_VERSION_H */
