/*
 * pipeline_call.h
 *	  What starts a run of the pipeline.
 */
#ifndef SENTIMENT_PIPELINE_CALL_H
#define SENTIMENT_PIPELINE_CALL_H

#include "postgres.h"

/* A run for a model by what it is trained from, with all kinds, for a job; answers how it ended. */
extern char *pipeline_run_for_job(const char *model);

#endif /* SENTIMENT_PIPELINE_CALL_H */
