/*
 * advisory_lock.c
 *	  Locks of this extension's own, until the transaction's end, on what has no row.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"

#include "extension/advisory_lock.h"

uint64
advisory_lock_key(Oid role, const char *name)
{
	return hash_bytes_extended((const unsigned char *) name, (int) strlen(name), role);
}

/* Lock, or try to. */
static LockAcquireResult
acquire(AdvisoryLockClass lock_class, uint64 key, bool dont_wait)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key, lock_class);
	return LockAcquire(&tag, ExclusiveLock, false, dont_wait);
}

void
advisory_lock(AdvisoryLockClass lock_class, uint64 key)
{
	(void) acquire(lock_class, key, false);
}

bool
advisory_lock_try(AdvisoryLockClass lock_class, uint64 key)
{
	return acquire(lock_class, key, true) != LOCKACQUIRE_NOT_AVAIL;
}
