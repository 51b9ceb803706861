/*
 * gate.h
 *	  What a version must reach to be promoted to production.
 */
#ifndef SENTIMENT_GATE_H
#define SENTIMENT_GATE_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "extension/registry.h"
#include "extension/train.h"

/* One check. */
typedef struct GateCheck
{
	const char *name;
	bool passed;
	double value;              /* NaN: not known */
	double threshold;          /* NaN: none */
	const char *detail;        /* for who asked */
	const char *public_detail; /* for everybody; NULL: the same */
} GateCheck;

#define N_GATE_CHECKS 6

/* All checks of a version. */
typedef struct GateReport
{
	GateCheck checks[N_GATE_CHECKS];
	bool passed;        /* all of them */
	bool is_unmeasured; /* there are no rows to measure it on, or they cannot be read */
	int32 production;   /* the version that it was compared with; 0: none answered */
} GateReport;

/*
 * Measure a version of a model against the model's gate. Reads the stored source of the version, or (named, NULL: none)
 * the relation and filter of one that the current role has named; one that cannot be read fails the checks that need it.
 * The caller has checked what the current role may do with the model.
 */
extern GateReport gate_measure(const RegistryModel *model, int32 version, const Source *named,
							   Snapshot snapshot);

/*
 * The same of a training that is not stored yet, on the rows that it has read and held out: nothing is locked
 * meanwhile. model: NULL for one that does not exist yet. In the current memory context.
 */
extern GateReport gate_measure_training(const RegistryModel *model, Training *training,
										Snapshot snapshot);

/* The metric by which versions of a model are compared; model: NULL for one that does not exist yet. */
extern DecisionMetric gate_metric(const RegistryModel *model, Snapshot snapshot);

/* The checks as a jsonb array of the rows of sentiment_check_gate, as everybody may see them. */
extern Datum gate_report_to_jsonb(const GateReport *report);

/* Why a version is deployed or not, in a line that everybody may see: the failed checks, or what was compared. */
extern char *gate_summary(const GateReport *report);

/* The names of the checks that failed, in a list. */
extern char *gate_failed_names(const GateReport *report);

/* A gate with all of its members, checked, as jsonb; json in UTF-8. */
extern Datum gate_canonical(const char *json);

/* The checks that failed, as the detail of an error or the reason of a promotion: for who asked, or for everybody. */
extern char *gate_failures(const GateReport *report, bool is_public);

#endif /* SENTIMENT_GATE_H */
