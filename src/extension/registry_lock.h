/*
 * registry_lock.h
 *	  Locking a model against changes by others.
 */
#ifndef SENTIMENT_REGISTRY_LOCK_H
#define SENTIMENT_REGISTRY_LOCK_H

#include "postgres.h"

#include "extension/registry_privilege.h"
#include "extension/registry_writer.h"

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
 * Hold a model against being dropped until the transaction's end, for a row that will refer to it: it conflicts with no change
 * of the model. Raises an error if the model is gone. Within a registry write.
 */
extern void registry_lock_for_reference(const RegistryModel *model);

#endif /* SENTIMENT_REGISTRY_LOCK_H */
