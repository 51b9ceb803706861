/*
 * train_arguments.h
 *	  The arguments of sentiment_train.
 */
#ifndef SENTIMENT_TRAIN_ARGUMENTS_H
#define SENTIMENT_TRAIN_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"

#include "core/parameters.h"
#include "extension/train.h"

/* The argument kind that stands for all of them. */
#define KIND_AUTO "auto"

/* Read the arguments, and check what can be checked without looking at the source. */
extern void train_read_arguments(FunctionCallInfo fcinfo, Training *training);

/* The parameters that are a training's own, besides the pipeline's. */
extern ParameterGroup train_parameter_group(TrainOptions *options);

#endif /* SENTIMENT_TRAIN_ARGUMENTS_H */
