/*
 * registry_privilege.h
 *	  Who may do what with a model.
 */
#ifndef SENTIMENT_REGISTRY_PRIVILEGE_H
#define SENTIMENT_REGISTRY_PRIVILEGE_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "extension/registry_model.h"

/* What a role may do with a model; each includes those before. */
typedef enum ModelPrivilege
{
	PRIVILEGE_PREDICT, /* ask it, see its metrics */
	PRIVILEGE_TRAIN,   /* train and deploy versions */
	PRIVILEGE_ADMIN    /* all that the owner may */
} ModelPrivilege;

/* The name of a privilege. */
extern const char *registry_privilege_name(ModelPrivilege privilege);

/* Whether the current role may do something with a model. */
extern bool registry_has_privilege(const RegistryModel *model, ModelPrivilege privilege,
								   Snapshot snapshot);

/* Whether a role, which may be gone, may do something with a model. */
extern bool registry_role_has_privilege(Oid role, const RegistryModel *model,
										ModelPrivilege privilege, Snapshot snapshot);

/* Raise an error if the current role may not. */
extern void registry_check_privilege(const RegistryModel *model, ModelPrivilege privilege,
									 Snapshot snapshot);

#endif /* SENTIMENT_REGISTRY_PRIVILEGE_H */
