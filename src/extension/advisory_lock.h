/*
 * advisory_lock.h
 *	  Locks of this extension's own, until the transaction's end, on what has no row.
 */
#ifndef SENTIMENT_ADVISORY_LOCK_H
#define SENTIMENT_ADVISORY_LOCK_H

#include "postgres.h"

/*
 * What a lock is about: the class of the advisory lock. pg_advisory_lock() has 1 and 2, so that nobody can take one of
 * these by hand.
 */
typedef enum AdvisoryLockClass
{
	ADVISORY_LOCK_RETRAINING = 0x5352, /* the retraining of a model; key: its number */
	ADVISORY_LOCK_NEW_NAME =
		0x5353 /* what a role has for a name that no model has yet; key: advisory_lock_key() */
} AdvisoryLockClass;

/* The key of a role's name. Two may share one: they wait for each other then. */
extern uint64 advisory_lock_key(Oid role, const char *name);

/* Lock until the transaction's end, and wait for it. */
extern void advisory_lock(AdvisoryLockClass lock_class, uint64 key);

/* The same without waiting; false: another transaction has it. */
extern bool advisory_lock_try(AdvisoryLockClass lock_class, uint64 key);

#endif /* SENTIMENT_ADVISORY_LOCK_H */
