/*
 * pipeline_train.h
 *	  From a corpus to a model image: choice of rows, cross-validation, calibration, fit.
 */
#ifndef SENTIMENT_PIPELINE_TRAIN_H
#define SENTIMENT_PIPELINE_TRAIN_H

#include "core/pipeline.h"

/*
 * Train on a corpus: answers the image. Refuses fewer than two classes, and classes with a single row.
 * The result depends on the set of (text, label, numbers) rows, the options and the seed only.
 * report: what cross-validation found is appended as a JSON object ({} without any); or NULL
 */
extern ByteBuffer pipeline_train(const PipelineOptions *options, const Corpus *corpus,
								 ByteBuffer *report);

/* Refuse what a training with these options on this corpus would refuse, without doing it. */
extern void pipeline_check_training(const PipelineOptions *options, const Corpus *corpus);

#endif /* SENTIMENT_PIPELINE_TRAIN_H */
