/*
 * pipeline_report.h
 *	  Telling of a run of the pipeline.
 */
#ifndef SENTIMENT_PIPELINE_REPORT_H
#define SENTIMENT_PIPELINE_REPORT_H

#include "extension/pipeline_run.h"

/* The step "report": the rows of the run and its steps, an event, the log, a warning if it failed. */
extern void pipeline_report(PipelineRun *run);

#endif /* SENTIMENT_PIPELINE_REPORT_H */
