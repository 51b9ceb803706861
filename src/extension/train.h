/*
 * train.h
 *	  One training: what was asked for, what was read, and what came of it.
 *
 * A candidate is one kind of classifier, trained and measured. There is one, unless the kind is auto: then
 * every kind is a candidate and becomes a version, and the best may be deployed.
 */
#ifndef SENTIMENT_TRAIN_H
#define SENTIMENT_TRAIN_H

#include "postgres.h"

#include "portability/instr_time.h"
#include "utils/timestamp.h"

#include "core/evaluation/decision_metric.h"
#include "core/held_out.h"
#include "core/drift/drift_profile.h"
#include "core/pipeline.h"
#include "extension/contract.h"
#include "extension/image_value.h"
#include "extension/progress.h"
#include "extension/stored_role.h"
#include "extension/train_source.h"

/* When a version is deployed. */
typedef enum DeployRule
{
	DEPLOY_ALWAYS,
	DEPLOY_IF_BETTER,
	DEPLOY_NEVER
} DeployRule;

/* What a training is asked for; a Datum that is 0 stands for null. */
typedef struct TrainRequest
{
	char *model;
	Oid relation;
	char *text_column;
	char *label_column;
	char *kind;                   /* may be auto */
	Datum params;                 /* jsonb */
	Datum numeric_columns;        /* name[] */
	const char *deploy;           /* the rule's name */
	char *filter;                 /* NULL: all rows */
	const StoredRole *numeric_by; /* who chose the numeric columns; NULL: who named the source */
	bool filter_is_lost;          /* see Source */
	const StoredSource
		*stored; /* whose rights the relation is read with; NULL: the current role's */
} TrainRequest;

/* Parameters of sentiment_train besides the pipeline's. */
typedef struct TrainOptions
{
	double holdout;
} TrainOptions;

/* One kind of classifier, trained. */
typedef struct Candidate
{
	PipelineOptions options;
	ImageValue *image;
	Pipeline *pipeline;
	HeldOutMetrics metrics;
	Datum metrics_json;    /* jsonb */
	Datum curves_json;     /* jsonb, of the held-out rows */
	bool has_curves;       /* there are held-out rows */
	Datum parameters_json; /* jsonb */
	DriftProfile profile;  /* what the rows look like to it */
	int32 version;
	bool deployed;
	double seconds; /* of the scan and of its own work */
} Candidate;

struct GateReport;

/* One training. */
typedef struct Training
{
	/* arguments */
	char *name;
	DeployRule deploy;
	TrainOptions train_options;
	StoredRole trained_by; /* whose the versions are said to be: who named the source */
	TrainSource source;
	TimestampTz started_at;
	instr_time start;
	MemoryContext context; /* for what lives no longer than the training */
	int64 model_id;        /* 0 if the model did not exist at the start, until it is stored */
	DecisionMetric metric; /* by which candidates are compared */
	TrainingValidation validation;
	const char *search_reason; /* how the parameters were found; NULL: the caller gave them */
	Progress *progress;        /* NULL: nobody is told of it */

	/* result */
	int n_candidates;
	Candidate *candidates; /* (n_candidates) */
	Candidate *best;
	struct GateReport *gate; /* what the gate says of the best; NULL: it was not asked */
	bytea *learned_texts;    /* see drift_profile_store */
} Training;

/*
 * Read the source, train all candidates, and measure them: whatever takes long. Nothing is
 * locked or written; train_store does that. The training is in a memory context of its own below the current one,
 * which train_end deletes.
 */
extern Training *train_begin(const TrainRequest *request);
extern void train_end(Training *training);

/*
 * Raise an error if the model has been dropped, as others see it by now: it is of no use to go on. Cheap, so that it
 * can be called between any two phases.
 */
extern void train_check_not_dropped(const char *name, int64 model_id);

/* Seconds since the training began. */
extern double train_elapsed_seconds(const Training *training);

/* Tell what was read, and refuse what cannot be learned from with a hint that fits. */
extern void train_report_rows(Training *training);

#endif /* SENTIMENT_TRAIN_H */
