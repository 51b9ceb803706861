/*
 * progress.h
 *	  What runs, told to other sessions while it runs: in shared memory, there if the library was preloaded.
 *
 * An activity is one call that takes long (a training, a run of the pipeline, ...), or a step of one. Activities
 * nest: a step is within its run, a training within its step. An activity is seen from progress_begin on until
 * progress_end, or until the (sub)transaction that it began in ends: so no error, cancel or terminated session
 * leaves one behind, and after kill -9 shared memory is made anew.
 *
 * Without shared memory, or if all slots are taken, the activity is NULL, which all functions here take: then
 * nothing is told. Only the session that began an activity changes it.
 */
#ifndef SENTIMENT_PROGRESS_H
#define SENTIMENT_PROGRESS_H

#include "postgres.h"

#include "utils/timestamp.h"

#define PROGRESS_WORD_LENGTH 32

/* Stands for a number that is not known or means nothing. */
#define PROGRESS_UNKNOWN (-1)

/* What is told of an activity. */
typedef struct ProgressState
{
	int32 pid;
	int32 leader_pid; /* of a background worker: the session that started it; 0: none */
	Oid database;
	Oid role;
	int32 level; /* how many activities of the session it is within */
	int32 step;  /* number of a step within its run, from 1 on; 0: is no step */
	char command[PROGRESS_WORD_LENGTH]; /* what runs: train, retrain, pipeline, ... */
	char model[NAMEDATALEN];
	int64 model_id;                    /* 0: there was none of the name when it began */
	char kind[PROGRESS_WORD_LENGTH];   /* of classifier; empty: none */
	char phase[PROGRESS_WORD_LENGTH];  /* what it is doing */
	char status[PROGRESS_WORD_LENGTH]; /* of a step */
	bool in_worker;                    /* of a step: a background worker does it */
	int32 version;                     /* that was made or is about; 0: none */
	int64 rows;                        /* read in this phase */
	int64 done; /* of units (steps, candidates, trials): those that are done */
	int64 total;
	double best; /* best objective so far; NaN: none */
	TimestampTz started_at;
	TimestampTz phase_started_at;
	TimestampTz finished_at; /* of a step; 0: it has not ended */
} ProgressState;

typedef struct Progress Progress;

/* Ask for shared memory: once, when the library is preloaded. */
extern void progress_install(void);

/* Begin an activity within the present one; model: in the database's encoding. */
extern Progress *progress_begin(const char *command, const char *model);

/* Begin a step of a run. It stays to be seen after progress_finish_step, until the run ends. */
extern Progress *progress_begin_step(const Progress *run, int number, const char *phase,
									 const char *kind);

/* The innermost activity that has not ended, or NULL: for code that does not know what it is part of. */
extern Progress *progress_present(void);

/* Enter a phase: its rows are counted from zero if it reads some, see progress_set_rows. */
extern void progress_set_phase(Progress *progress, const char *phase);

extern void progress_set_kind(Progress *progress, const char *kind);
extern void progress_set_rows(Progress *progress, int64 rows);
extern void progress_set_done(Progress *progress, int64 done, int64 total);
extern void progress_set_best(Progress *progress, double best);
extern void progress_set_version(Progress *progress, int32 version);
/* What is told of a step that waits (for a worker) or goes on. */
extern void progress_set_step_state(Progress *step, const char *status, bool in_worker);

/* A step has ended: succeeded, failed or skipped. */
extern void progress_finish_step(Progress *step, const char *status);

/* End an activity, and those within it. */
extern void progress_end(Progress *progress);

/* End what began in the transaction, or in the subtransaction that is aborted: see module.c. */
extern void progress_transaction_ended(void);
extern void progress_subtransaction_aborted(void);

#endif /* SENTIMENT_PROGRESS_H */
