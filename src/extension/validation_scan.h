/*
 * validation_scan.h
 *	  One validation: the columns of a relation, a scan of its rows, the findings.
 *
 * The relation is read as the current role, by one query that may run in parallel.
 */
#ifndef SENTIMENT_VALIDATION_SCAN_H
#define SENTIMENT_VALIDATION_SCAN_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "core/validation/contract.h"
#include "core/validation/validation_report.h"
#include "extension/source.h"

/* A version of a model, and what it was trained from: all in the current memory context. */
typedef struct ValidatedVersion
{
	int32 version; /* 0: there is none */
	bool is_deployed;
	char *source_schema;
	char *source_name;
	char *text_column;
	char *label_column;
	double holdout;
	StoredRole trained_by; /* who chose the numeric columns */
	Datum image;           /* sentiment_model, as it is stored: to be detoasted */
	int n_numeric;
	char **numeric_columns; /* (n_numeric) */
	int n_labels;
	const char **labels; /* (n_labels) UTF-8 */
} ValidatedVersion;

typedef struct ValidationScan
{
	/* set by the caller */
	Source source;           /* its relation, filter, and whose rights it is read with */
	Datum contract_json;     /* jsonb */
	const char *text_column; /* that the source itself has; NULL: not known */
	const char *label_column;
	const StoredRole *author;        /* who wrote the contract; NULL: nobody, or the current role */
	const char *model;               /* NULL: none */
	const ValidatedVersion *version; /* that is asked about labels; NULL: none is */
	uint64 split_seed;
	double holdout; /* share of the split that is looked at; 0: none */

	/* filled by validation_scan */
	Contract contract;
	const Validation *validation; /* NULL: there was no row, or no text column */
	Findings findings;
	uint64 n_rows;
	double seconds;
} ValidationScan;

/* Read the deployed version of a model, or else the latest. The caller has checked what the current role may do with the model. */
extern void validated_version_read(int64 model_id, int32 deployed_version,
								   ValidatedVersion *version);

/* A contract with other columns of text and label, unless it names its own. contract: jsonb */
extern Datum contract_with_columns(Datum contract, const char *text_column,
								   const char *label_column);

/* Check a contract (jsonb): raises an error if it is not one. */
extern void contract_read(Datum contract_json, Contract *contract);

/* Validate. Everything lives in the current memory context. */
extern void validation_scan(ValidationScan *scan);

/* The family of a column; false if the relation has no such column. name: UTF-8 */
extern bool column_family(Oid relation, const char *name, ColumnFamily *family);

#endif /* SENTIMENT_VALIDATION_SCAN_H */
