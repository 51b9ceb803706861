/*
 * drift_report.h
 *	  Whether rows have drifted from a reference: one finding for each feature and statistic.
 *
 * A finding drifts if its p-value, corrected by Holm for all findings, is at most alpha, and its value is
 * at least a threshold: with many rows the smallest difference is significant, and means nothing.
 *
 * The tests: of a histogram, the population stability index, its p-value by category_test in the bins,
 * which are fewer for few rows; and where numbers are many, the Kolmogorov-Smirnov statistic. Of labels,
 * the index over the labels. Of the vocabulary, the Jensen-Shannon distance of the terms' frequencies less
 * what chance adds; its p-value is that of the term whose share of texts has changed most (Fisher's exact
 * test, times the number of terms: sound however terms depend on each other). Of the embeddings,
 * Hotelling's test. Of all together, the domain classifier.
 *
 * Copies of a text are not independent rows: every test counts as many as are (repetition.h). Values are of all rows,
 * but where vectors are compared, of which one text may be half a percent. That a text floods the rows is a finding
 * of its own: its p-value is that of so many rows or more if its share were the threshold.
 */
#ifndef SENTIMENT_DRIFT_REPORT_H
#define SENTIMENT_DRIFT_REPORT_H

#include "core/buffer.h"
#include "core/drift/drift_profile.h"
#include "core/parameters.h"

/* Filled by parameters_parse from drift_report_parameters. */
typedef struct DriftReportOptions
{
	int bins;
	double psi; /* thresholds */
	double ks;
	double vocabulary;
	double term;
	double embedding;
	double auc;
	double repeated;
	double alpha; /* the caller's */
} DriftReportOptions;

extern const ParameterSpec drift_report_parameters[];
extern const size_t n_drift_report_parameters;

typedef struct DriftFinding
{
	const char *feature;
	const char *statistic;
	double value;   /* NaN: there are too few rows (or none) to tell */
	double p_value; /* not corrected; NaN as well */
	double threshold;
	bool drifted;
	char *bins; /* JSON array of the shares in bins of both sides, or NULL */
} DriftFinding;

typedef struct DriftReport
{
	size_t n_findings;
	DriftFinding *findings; /* (n_findings) */
	uint64_t n_reference;   /* rows */
	uint64_t n_current;
	double effective_reference; /* independent rows with a text */
	double effective_current;
	uint32_t n_tests;   /* findings with a p-value */
	uint32_t n_drifted; /* findings that drifted */
	double p_value;     /* smallest corrected one of findings beyond their threshold; 1 without */
} DriftReport;

/* Compare profiles of the same model, which gives labels and columns their names. */
extern DriftReport drift_report_make(DriftProfile *reference, DriftProfile *current,
									 const Pipeline *pipeline, const DriftReportOptions *options);

/*
 * The p-value that counts by category come from one distribution. Categories that are too rare for the
 * chi-squared test are one, tested by Fisher's exact test against the others. NaN if there are too few rows.
 */
extern double category_test(const double *reference, const double *current, size_t n_categories);

#endif /* SENTIMENT_DRIFT_REPORT_H */
