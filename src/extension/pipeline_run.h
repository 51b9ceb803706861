/*
 * pipeline_run.h
 *	  A run of the pipeline: its steps, and what became of them.
 */
#ifndef SENTIMENT_PIPELINE_RUN_H
#define SENTIMENT_PIPELINE_RUN_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "extension/gate.h"
#include "extension/train_recipe.h"
#include "extension/training_job.h"

/* What became of a step. */
#define STEP_SUCCEEDED "succeeded"
#define STEP_FAILED    "failed"
#define STEP_SKIPPED   "skipped"

/* validate, select, gate, deploy, report; the trainings are between the first two */
#define N_OTHER_STEPS 5

/* A step. */
typedef struct PipelineStep
{
	const char *name;
	const char *kind; /* NULL: none */
	const char *status;
	int32 version; /* 0: none */
	double f1;     /* NaN: none */
	bool in_worker;
	char *message;        /* for who runs it */
	char *public_message; /* for everybody; NULL: the same */
	char *whole_message;  /* for who may read the source; NULL: as for who runs it */
	Oid source;           /* that an error came from, and may quote; InvalidOid: none */
	char *sqlstate;       /* NULL: no error */
	TimestampTz started_at;
	TimestampTz finished_at;
} PipelineStep;

/* A run. */
typedef struct PipelineRun
{
	/* what is to be done */
	char *name;
	const StoredSource *stored; /* the source, if it is a stored one; NULL: the caller named it */
	TrainRecipe recipe;
	Oid relation;
	int n_kinds;
	char **kinds;
	const char *deploy;
	TimestampTz started_at;

	/* what became of it */
	int64 model_id;     /* 0: there was no model of the name when it began */
	Progress *progress; /* what other sessions are told of it */
	TrainingJob *jobs;  /* (n_kinds) NULL: none was begun */
	int first_job_step; /* the step of the first one; the others follow */
	TrainingJob *best;  /* NULL: none */
	int n_steps;
	PipelineStep *steps; /* (n_kinds + N_OTHER_STEPS) */
	int64 run_id;
	const char *status; /* as of a retraining */
	char *message;
	int32 version;
	GateReport gate;
} PipelineRun;

/* A step that begins now: the last one of the run. */
extern PipelineStep *pipeline_begin_step(PipelineRun *run, const char *name);

/* Do all steps, if no retraining or other run for the model is under way, and report. */
extern void pipeline_run(PipelineRun *run);

/* Append a member with a string, or null, to a JSON object that has others. */
extern void json_append_member(StringInfo json, const char *name, const char *value);

#endif /* SENTIMENT_PIPELINE_RUN_H */
