/*
 * pipeline_run.h
 *	  The whole pipeline as one call.
 */
#ifndef SENTIMENT_PIPELINE_RUN_H
#define SENTIMENT_PIPELINE_RUN_H

#include "postgres.h"

/* A run for a model by what it is trained from, with all kinds, for a job; answers how it ended. */
extern char *pipeline_run_for_job(const char *model);

#endif /* SENTIMENT_PIPELINE_RUN_H */
