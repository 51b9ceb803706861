/*
 * prediction_queue.h
 *	  Predictions that wait for a connection, many of them asked by one query.
 *
 * Whatever waits for the same model (and version) when a connection gets free goes into one call of
 * sentiment_classify_batch: the more requests there are at once, the fewer queries each needs.
 */
#ifndef EXPORTER_PREDICTION_QUEUE_H
#define EXPORTER_PREDICTION_QUEUE_H

#include "database_pool.h"
#include "json_request.h"

/* What one query of predictions has answered; valid during the call of done. */
typedef struct PredictionAnswer
{
	Slice model;
	int version;
	const Slice *labels; /* (n_labels) */
	size_t n_labels;
	const char *predicted;     /* elements of the binary array, those of the job */
	const char *probabilities; /* likewise */
	const Slice *warnings;     /* (n_warnings) those of the job, numbered in it */
	size_t n_warnings;
	Slice explanations; /* JSON array; length 0 if not asked for */
} PredictionAnswer;

/* The predicted label of a text of the job, as a number of labels. */
extern size_t answer_predicted(const PredictionAnswer *answer, size_t text);

/* The probability of a label for a text of the job. */
extern double answer_probability(const PredictionAnswer *answer, size_t text, size_t label);

typedef struct PredictionJob PredictionJob;

/* One of answer and error is NULL. */
typedef void (*PredictionDone)(void *context, const PredictionAnswer *answer,
							   const ExporterError *error);

/* A part of a request; belongs to the caller until it is done. */
struct PredictionJob
{
	PredictionJob *next;
	const TextRow *rows; /* (n_rows) */
	size_t n_rows;
	Slice model; /* length 0: the default model */
	int version; /* 0: what is deployed */
	bool explain;
	bool alone; /* not with others in one query */
	PredictionDone done;
	void *context;
	size_t bytes;
	uint64_t deadline;
};

/* Rows and bytes of one query at most; the largest job may be as large. */
#define QUERY_ROWS  1024
#define QUERY_BYTES 524288

typedef struct PredictionQueue PredictionQueue;

/* classify and explain: numbers of the statements. */
extern PredictionQueue *prediction_queue_create(DatabasePool *pool, const char *default_model,
												unsigned classify, unsigned explain, long timeout);
extern void prediction_queue_free(PredictionQueue *queue);

/* The two statements. */
extern const Statement prediction_statement_classify;
extern const Statement prediction_statement_explain;

/* Add a job. It may be done within this call, with an error. */
extern void prediction_queue_add(PredictionQueue *queue, PredictionJob *job);

/* Send what waits, as far as connections are free; called when all that came at once is added. */
extern void prediction_queue_advance(PredictionQueue *queue, uint64_t now);

#endif /* EXPORTER_PREDICTION_QUEUE_H */
