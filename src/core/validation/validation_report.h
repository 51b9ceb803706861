/*
 * validation_report.h
 *	  The findings of a validation.
 *
 * A check whose limit is kept but that has rows is told as info; one with severity off is not told.
 */
#ifndef SENTIMENT_VALIDATION_REPORT_H
#define SENTIMENT_VALIDATION_REPORT_H

#include "core/validation/validation.h"

/* What a check has found. */
typedef struct Finding
{
	ContractCheck check;
	Severity severity;
	bool has_rows;
	uint64_t n_rows;
	double share;        /* of all rows, unless the detail says of what; NaN: none */
	const char *detail;  /* one line, UTF-8 */
	const char *example; /* one line, UTF-8; NULL for none */
} Finding;

/* Findings in the order in which they were made; starts as zero bytes. */
typedef struct Findings
{
	uint32_t n_findings;
	uint32_t capacity;
	Finding *findings; /* (capacity) */
} Findings;

/* Add a finding unless its severity is off. Both strings are kept as they are. */
extern void findings_add(Findings *findings, const Finding *finding);

/*
 * The detail of a finding for who may not see the rows: what the check means, where the detail quotes labels or numbers of
 * rows; else the detail itself.
 */
extern const char *finding_public_detail(const Finding *finding);

/* Whether there is a finding of a severity. */
extern uint32_t findings_count(const Findings *findings, Severity severity);

/*
 * Add what a validation has found. model_labels: (options.n_model_labels) of the model that gave evidence.
 */
extern void validation_report(const Validation *validation, const Contract *contract,
							  const char *const *model_labels, Findings *findings);

#endif /* SENTIMENT_VALIDATION_REPORT_H */
