/*
 * monitor.h
 *	  What is watched of a model, and what it is trained from again.
 *
 * A monitor names the relation where new rows come in, how to find those of the last period, and how to train
 * again. What it names is read as stored_source.h says. A monitor without a relation watches live traffic.
 */
#ifndef SENTIMENT_MONITOR_H
#define SENTIMENT_MONITOR_H

#include "postgres.h"

#include "extension/registry.h"
#include "extension/stored_source.h"

/* A row of sentiment.monitor. A Datum that is 0 stands for null. */
typedef struct Monitor
{
	char *schema;
	char *name; /* NULL: live traffic */
	char *text_column;
	char *time_column;  /* NULL: all rows are watched */
	char *label_column; /* NULL: none */
	char *filter;       /* NULL: all rows */
	Datum period;       /* interval */
	Datum training_period;
	Datum numeric_columns; /* text[], or 0: those of the version */
	char *kind;            /* NULL: that of the version */
	Datum params;          /* jsonb, or 0: those of the version */
	char *deploy;          /* if_better, always or never */
	Datum cooldown;        /* interval */
	double alpha;
	StoredRole set_by; /* see stored_source.h */
} Monitor;

/*
 * The monitor of a model, in the current memory context; false if it has none. The caller has checked what the
 * current role may do with the model.
 */
extern bool monitor_find(const RegistryModel *model, Monitor *monitor);

/* Raise the error for a model without one. */
extern void monitor_missing(const RegistryModel *model) pg_attribute_noreturn();

/* Open the monitored relation, see stored_source_open. */
extern StoredSource *monitor_source(const RegistryModel *model, const Monitor *monitor);

/* The filter for the rows of the last interval (0: all) by the time column; NULL if it chooses all rows. */
extern char *monitor_window(const Monitor *monitor, Datum interval);

#endif /* SENTIMENT_MONITOR_H */
