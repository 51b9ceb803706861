/*
 * pipeline.h
 *	  Feature space, classifier and labels as one: what is trained, stored and asked.
 */
#ifndef SENTIMENT_PIPELINE_H
#define SENTIMENT_PIPELINE_H

#include "core/features/corpus.h"
#include "core/features/feature_space.h"
#include "core/models/calibration.h"
#include "core/models/classifier.h"
#include "core/models/prior_correction.h"
#include "core/training_rows.h"

#define CLASSIFIER_KIND_SIZE 32 /* bytes of a kind's name in an image */
#define DEFAULT_KIND         "logistic_regression"
#define MAX_FOLDS            20

/* What the threshold is tuned for. */
typedef enum ThresholdRule
{
	THRESHOLD_NONE, /* the more probable label answers */
	THRESHOLD_F1    /* the positive label's F1 */
} ThresholdRule;

/* What a pipeline is made with. */
typedef struct PipelineOptions
{
	FeatureSpaceOptions features;
	const ClassifierKind *kind;
	void *kind_options;         /* kind->options_size bytes */
	const char *positive_label; /* NULL: the last of two labels */
	int balance;                /* Balance */
	int per_class_limit;        /* rows of a class to learn from; 0: all */
	int cv_folds;               /* 0: no cross-validation */
	int threshold;              /* ThresholdRule */
	int calibration;            /* CalibrationMethod */
	int seed;
} PipelineOptions;

#define N_PIPELINE_GROUPS (N_FEATURE_SPACE_GROUPS + 2)

/* The groups of parameters that fill the options; groups: (N_PIPELINE_GROUPS) */
extern void pipeline_groups(PipelineOptions *options, ParameterGroup *groups);

/*
 * Read options for a kind from a JSON object; more groups of parameters (of the caller's own) may be
 * in the same object. An unknown kind, key or value raises HOST_ERROR_INVALID_PARAMETER.
 */
extern void pipeline_parse_options(const char *kind_name, const char *json,
								   const ParameterGroup *more_groups, size_t n_more_groups,
								   PipelineOptions *options);

/* A trained pipeline, in place in its image. */
typedef struct Pipeline
{
	const void *image;
	size_t length;
	PipelineOptions options;
	FeatureSpace space;
	Classifier classifier;
	const double *prior_ratios; /* (n_labels) see prior_correction.h; NULL: none */
	double *
		decision_ratios; /* (n_labels) the same after calibration: what is answered is decided by them */
	Calibration calibration; /* all zero without a section */
	uint32_t n_labels;
	const char **labels;   /* (n_labels) zero-terminated, sorted; copies */
	uint32_t positive;     /* class of the positive label; two classes only */
	uint32_t n_rows;       /* texts that it was trained on */
	double *probabilities; /* (n_labels) scratch */
} Pipeline;

/* The summary's section of an image. */
typedef struct PipelineSummary
{
	uint32_t n_rows;
	uint32_t n_classes;
	uint32_t positive; /* class of the positive label */
	uint32_t reserved;
	int64_t seed;
	char kind[CLASSIFIER_KIND_SIZE];
} PipelineSummary;

/* First bytes of the labels' section. */
typedef struct LabelsHeader
{
	uint32_t n_labels;
	uint32_t n_bytes;
	/* starts (n_labels + 1), bytes */
} LabelsHeader;

/*
 * Open an image of untrusted origin (aligned to 16 bytes; it must stay in place): checks all of it.
 * Allocates the pipeline and its scratch memory from the host; it is for one thread.
 */
extern Pipeline *pipeline_open(const void *image, size_t length);

/* Free a pipeline, but not its image. */
extern void pipeline_close(Pipeline *pipeline);

/* Append all parameters, more groups of the caller's included, as a JSON object. */
extern void pipeline_append_parameters(Pipeline *pipeline, const ParameterGroup *more_groups,
									   size_t n_more_groups, ByteBuffer *buffer);

/*
 * Probability of every class: (n_labels), until the next call.
 * numeric: the numbers of space.columns that are numeric, NaN where missing; NULL: all are missing
 */
extern const double *pipeline_predict(Pipeline *pipeline, const char *text, size_t length,
									  const float *numeric);

/* The same for a document of a corpus; hashes: by token_hashes_of. */
extern const double *pipeline_predict_document(Pipeline *pipeline, const Corpus *corpus,
											   const CorpusDocument *document,
											   const uint64_t *hashes);

/*
 * The class that is answered: the most probable one (the first of equals), for a pipeline that learned from
 * balanced rows the most probable one among such, or as the threshold tells.
 */
extern uint32_t pipeline_decide(const Pipeline *pipeline, const double *probabilities);

/* The probability from which the positive label of two is answered; NaN for more labels. */
extern double pipeline_threshold(const Pipeline *pipeline);

/* The class of a label, or n_labels if there is none. */
extern uint32_t pipeline_find_label(const Pipeline *pipeline, const char *label);

#endif /* SENTIMENT_PIPELINE_H */
