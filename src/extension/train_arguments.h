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

/* What sentiment_train is asked for. */
extern TrainRequest train_request_of_arguments(FunctionCallInfo fcinfo);

/* Read what is asked for, and check what can be checked without looking at the source. */
extern void train_read_request(const TrainRequest *request, Training *training);

/*
 * The same for all but kinds and parameters: the arguments 0 to 3 and 6 to 8, which sentiment_search has in the same
 * places.
 */
extern TrainRequest train_source_request_of_arguments(FunctionCallInfo fcinfo);
extern void train_read_source_request(const TrainRequest *request, Training *training);

/* Read the parameters (a JSON object in UTF-8) of a candidate, and the training's own among them. */
extern void train_parse_candidate(Training *training, Candidate *candidate, const char *kind,
								  const char *json);

/*
 * Raise an error unless a kind (or auto) could be trained with the parameters; parameters need a kind.
 * params: jsonb object; either may be NULL or 0. Answers the share of texts that is held out
 */
extern double train_check_recipe(const char *kind, Datum params);

/* Raise an error unless a name is that of a rule of deployment: always, if_better or never. */
extern void train_check_deploy_rule(const char *name);

/* Parameters (jsonb) for one kind: without those that only other kinds know. */
extern Datum train_parameters_for_kind(Datum params, const char *kind);

/* The parameters that are a training's own, besides the pipeline's. */
extern ParameterGroup train_parameter_group(TrainOptions *options);

#endif /* SENTIMENT_TRAIN_ARGUMENTS_H */
