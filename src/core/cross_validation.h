/*
 * cross_validation.h
 *	  Stratified cross-validation: probabilities of rows by pipelines that did not see them.
 */
#ifndef SENTIMENT_CROSS_VALIDATION_H
#define SENTIMENT_CROSS_VALIDATION_H

#include "core/pipeline_fit.h"

/*
 * Fit the pipeline n_folds times, each time without the rows of one fold, and predict those. Balance and
 * per_class_limit choose among the rows that a fold's pipeline learns from; what is predicted is as distributed. Folds
 * have the same share of every class; equal texts are in one fold. Raises HOST_ERROR_INSUFFICIENT_DATA if a
 * class has fewer distinct texts than there are folds.
 * probabilities: (n_documents, n_classes) of the rows, set here; json: the folds' metrics are appended as
 * an object, with their means and standard deviations; or NULL
 */
extern void cross_validate(const PipelineOptions *options, const ClassList *classes,
						   const TrainingRows *rows, uint32_t n_folds, double *probabilities,
						   ByteBuffer *json);

/* Distinct texts that every class must have to measure a correction of priors. */
#define MIN_PRIOR_TEXTS 20

/*
 * Measure what corrects the priors of a balanced pipeline (prior_correction_measure) by probabilities of rows that fits did
 * not see: those of one fold, and of more as long as a class has few there. Answers false if the rows do not allow it.
 * ratios: (n_classes)
 */
extern bool cross_validate_priors(const PipelineOptions *options, const ClassList *classes,
								  const TrainingRows *rows, uint32_t n_folds, double *ratios);

#endif /* SENTIMENT_CROSS_VALIDATION_H */
