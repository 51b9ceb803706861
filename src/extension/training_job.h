/*
 * training_job.h
 *	  One of several trainings of a model: done here, or by a background worker.
 */
#ifndef SENTIMENT_TRAINING_JOB_H
#define SENTIMENT_TRAINING_JOB_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "extension/progress.h"
#include "extension/train.h"

/* Bytes of an error's message that are kept. */
#define TRAINING_JOB_MESSAGE_LENGTH 1024

/* What became of a job. */
typedef enum TrainingJobState
{
	TRAINING_JOB_WAITING, /* nobody has begun it */
	TRAINING_JOB_RUNNING,
	TRAINING_JOB_DONE,
	TRAINING_JOB_FAILED
} TrainingJobState;

/* How it ended. */
typedef struct TrainingJobResult
{
	TrainingJobState state;
	int32 version;
	double f1;     /* NaN: it was not measured */
	double figure; /* by which versions of the model are compared; NaN likewise */
	DecisionMetric metric;
	TimestampTz started_at;
	TimestampTz finished_at;
	int sqlerrcode;                                  /* of an error, as are the messages */
	char message[TRAINING_JOB_MESSAGE_LENGTH];       /* for who runs it */
	char whole_message[TRAINING_JOB_MESSAGE_LENGTH]; /* for who may read the source */
	Oid source; /* a stored one that it came from, or InvalidOid */
} TrainingJobResult;

/* A job: the arguments of sentiment_train as a JSON object, and as whom a stored source is to be read. */
typedef struct TrainingJob
{
	char *arguments;
	bool in_worker;
	Progress *step;     /* what other sessions are told of it */
	Training *training; /* that this session has done, and not stored yet; NULL: none */
	TrainingJobResult result;
} TrainingJob;

/* Whether the leader is to do a job: no worker did, or it waited for a lock that the leader has. */
extern bool training_job_is_to_do(const TrainingJobResult *result);

/* Tell other sessions how far a job is. */
extern void training_job_tell(const TrainingJob *job, const TrainingJobResult *result);

/* Train, within the transaction that is open; errors are raised. Nothing is stored or locked yet. */
extern void training_job_train(TrainingJob *job);

/* Store what was trained: locks the model until the transaction's end. */
extern void training_job_store(TrainingJob *job);

/* Take over an error. */
extern void training_job_take_error(TrainingJobResult *result, const ErrorData *error);

/*
 * Why background workers must not be used now, or NULL if they may: a worker that waits for what its own
 * leader has locked or written would wait forever, since the leader waits for it.
 */
extern const char *training_workers_obstacle(Oid source);

/*
 * Run jobs in background workers, a few at a time (sentiment.max_workers), each in a transaction of its own.
 * Jobs that no worker could begin are left waiting. A cancel stops the workers.
 */
extern void training_workers_run(TrainingJob *jobs, int n_jobs);

#endif /* SENTIMENT_TRAINING_JOB_H */
