/*
 * retraining.h
 *	  Training a model again from present data, and letting the new version answer if it passes the gate.
 */
#ifndef SENTIMENT_RETRAINING_H
#define SENTIMENT_RETRAINING_H

#include "postgres.h"

#include "extension/registry.h"
#include "utils/timestamp.h"

/* What started a retraining. */
#define TRIGGER_MANUAL   "manual"
#define TRIGGER_SCHEDULE "schedule"
#define TRIGGER_DRIFT    "drift"

/* What became of it. */
#define RETRAINING_PROMOTED "promoted" /* the new version answers */
#define RETRAINING_KEPT     "kept" /* the version that answered goes on; the new one is a candidate */
#define RETRAINING_FAILED   "failed"  /* there is no new version */
#define RETRAINING_SKIPPED  "skipped" /* another one is under way, or was a short time ago */

/* One retraining. */
typedef struct Retraining
{
	RegistryModel model;
	const char *trigger;
	const char *reason; /* NULL: none was given */
	bool is_task;       /* of a job, be it called by hand: the cooldown counts */
	TimestampTz started_at;

	/* what became of it */
	int64 retraining_id; /* 0: no row of its own was written */
	const char *status;
	int32 old_version; /* 0: none answered */
	int32 new_version; /* 0: none */
	Datum gate;        /* jsonb, the rows of sentiment_check_gate; 0: it was not asked */
	char *message;
	char *detail;   /* NULL: none */
	char *hint;     /* NULL: none */
	char *sqlstate; /* of an error, or NULL */
	const struct SourceError
		*source_error; /* the whole of one that came from the source, or NULL */
} Retraining;

/* A retraining of a model that the current role may train; raises an error otherwise. */
extern Retraining *retraining_begin(const char *model, const char *trigger, const char *reason);

/*
 * Train, ask the gate, and promote or keep; then write the history, the log and an event. What fails is told in
 * the result.
 */
extern void retraining_run(Retraining *retraining);

/* Write the history, the log and an event of one that failed before it was run. */
extern void retraining_fail(Retraining *retraining, const ErrorData *error);

/* How it ended, in a line. */
extern char *retraining_summary(const Retraining *retraining);

/*
 * The lock that keeps two retrainings (or runs of the pipeline) of a model apart, until the transaction's end;
 * false if another session has it. It is of no hindrance to predictions and deployments.
 */
extern bool retraining_lock(const RegistryModel *model);

#endif /* SENTIMENT_RETRAINING_H */
