/*
 * pipeline.h
 *	  Feature space, classifier and labels as one: what is trained, stored and asked.
 */
#ifndef SENTIMENT_PIPELINE_H
#define SENTIMENT_PIPELINE_H

#include "core/features/corpus.h"
#include "core/features/feature_space.h"
#include "core/models/classifier.h"

#define CLASSIFIER_KIND_SIZE 32 /* bytes of a kind's name in an image */
#define DEFAULT_KIND         "logistic_regression"

/* What a pipeline is made with. */
typedef struct PipelineOptions
{
	FeatureSpaceOptions features;
	const ClassifierKind *kind;
	void *kind_options;         /* kind->options_size bytes */
	const char *positive_label; /* NULL: the last of two labels */
	int seed;
} PipelineOptions;

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

/*
 * Train on a corpus: answers the image. Refuses fewer than two classes, and classes with a single row.
 * The result depends on the set of (text, label) rows, the options and the seed only.
 */
extern ByteBuffer pipeline_train(const PipelineOptions *options, const Corpus *corpus);

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

/* Probability of every class: (n_labels), until the next call. */
extern const double *pipeline_predict(Pipeline *pipeline, const char *text, size_t length);

/* The most probable class; the first one of equals. */
extern uint32_t pipeline_most_probable(const Pipeline *pipeline, const double *probabilities);

/* The class of a label, or n_labels if there is none. */
extern uint32_t pipeline_find_label(const Pipeline *pipeline, const char *label);

/* What one term of a text adds to the output of a class. */
typedef struct TermContribution
{
	uint32_t feature;
	double weight;       /* the model's coefficient of the term */
	double contribution; /* times the term's TF-IDF weight in the text */
} TermContribution;

/*
 * What each term of a text adds to the output of a class (see classifier.h), strongest first; together
 * with the intercept they sum to it. Allocates the contributions from the host.
 */
extern TermContribution *pipeline_explain(Pipeline *pipeline, const char *text, size_t length,
										  uint32_t class_index, uint32_t *n_terms,
										  double *intercept);

#endif /* SENTIMENT_PIPELINE_H */
