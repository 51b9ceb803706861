/*
 * drift_report.h
 *	  Whether rows have drifted from what a version of a model was trained on; the report is stored.
 */
#ifndef SENTIMENT_EXTENSION_DRIFT_REPORT_H
#define SENTIMENT_EXTENSION_DRIFT_REPORT_H

#include "postgres.h"

#include "portability/instr_time.h"

#include "core/drift/drift_report.h"
#include "extension/live_traffic.h"
#include "extension/model_cache.h"
#include "extension/monitor.h"
#include "extension/registry.h"

/* What is checked, and how. */
typedef struct DriftCheck
{
	RegistryModel model;
	int32 version;
	Datum image;         /* as it is stored: to be detoasted */
	CachedModel *cached; /* the version's pipeline */
	DriftProfile *reference;
	DriftReportOptions options;
	bool store;
	instr_time start;
	/* for the stored report; NULL where it does not apply */
	char *source_schema;
	char *source_name;
	char *filter;
	char *text_column;
	char *label_column;
	LiveTraffic traffic; /* zero for a source */
} DriftCheck;

/*
 * Begin a check of a version (0: the one that answers): finds the model and its reference. Raises an error
 * unless the current role may ask it, and train it where the report is to be stored.
 */
extern void drift_check_begin(DriftCheck *check, const char *model, int32 version, bool store);

/* Compare rows' profile with the reference, store the report and tell listeners. */
extern DriftReport drift_report_of_profile(DriftCheck *check, DriftProfile *current);

/*
 * Check what a monitor watches, rows of its source or live traffic, by the version that answers, and store the report. The
 * current role must have the right to train.
 */
extern DriftReport drift_check_monitored(const RegistryModel *model, const Monitor *monitor);

#endif /* SENTIMENT_EXTENSION_DRIFT_REPORT_H */
