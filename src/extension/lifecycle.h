/*
 * lifecycle.h
 *	  Letting a version answer.
 */
#ifndef SENTIMENT_LIFECYCLE_H
#define SENTIMENT_LIFECYCLE_H

#include "postgres.h"

#include "extension/gate.h"
#include "extension/registry.h"

/*
 * As sentiment_promote to production, with a report of the gate that was made before anything was locked. It is made
 * anew, and *report is that one, if another version answers by now.
 */
extern void lifecycle_promote(const RegistryModel *measured, int32 version, const char *reason,
							  bool force, GateReport *report);

/* Versions that pruning keeps besides those that answer or are in staging, if nothing else is said. */
#define LIFECYCLE_PRUNE_KEEP 3

/* Drop the versions that need not be kept, see sentiment_prune; answers how many. Needs the privilege admin. */
extern int32 lifecycle_prune(const char *name, int32 keep);

#endif /* SENTIMENT_LIFECYCLE_H */
