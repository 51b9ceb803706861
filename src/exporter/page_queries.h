/*
 * page_queries.h
 *	  What the web page reads: each query has one row of one column, JSON as text, or no row if there is no such
 *	  model (version, report).
 *
 * They ask public views and functions only, so that row-level security shows what the exporter's role may
 * see. Parameters are bound, and are text: $1 is the model, but for page_query_drift_bins the report.
 */
#ifndef EXPORTER_PAGE_QUERIES_H
#define EXPORTER_PAGE_QUERIES_H

/* All models. No parameters. */
extern const char page_query_models[];

/* The versions of a model and its history. $1 model */
extern const char page_query_versions[];

/* Curves of a version. $1 model, $2 version */
extern const char page_query_curves[];

/* The last reports on drift of a model with their findings. $1 model */
extern const char page_query_drift[];

/* What the findings of a report look like in bins. $1 report */
extern const char page_query_drift_bins[];

/* Live traffic of a version against its reference. $1 model, $2 version (NULL: the deployed one) */
extern const char page_query_live_drift[];

/* Jobs, retrainings, pipeline runs and the last validation of a model. $1 model */
extern const char page_query_operations[];

/* Versions that share the traffic of a model, and those in the shadow. $1 model */
extern const char page_query_experiments[];

/* The last searches of hyperparameters of a model with their trials, and those that run. $1 model */
extern const char page_query_searches[];

/* The model card in Markdown. $1 model, $2 version (NULL: the deployed one) */
extern const char page_query_model_card[];

#endif /* EXPORTER_PAGE_QUERIES_H */
