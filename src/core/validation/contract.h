/*
 * contract.h
 *	  A data contract: what the rows that a model learns from must be like.
 *
 * It is written as a JSON object. contract_parameters declares its keys, contract_checks the findings that
 * a validation can have and how severe each is unless the contract says otherwise. A limit that the
 * contract does not name allows everything, or is an anomaly's default.
 */
#ifndef SENTIMENT_CONTRACT_H
#define SENTIMENT_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/parameters.h"

#define MAX_CONTRACT_LENGTH  (256 * 1024) /* bytes of its JSON text */
#define MAX_CONTRACT_COLUMNS 200
#define MAX_CONTRACT_RANGES  32
#define MAX_CONTRACT_LABELS  1000

/* More distinct labels in the data are a finding of their own, and are not told apart. */
#define MAX_VALIDATED_LABELS 10000

typedef enum Severity
{
	SEVERITY_ERROR,
	SEVERITY_WARNING,
	SEVERITY_INFO,
	SEVERITY_OFF /* not looked for */
} Severity;

/* "error", "warning", "info", "off", NULL */
extern const char *const severity_names[];

/* What a validation looks for, in the order of a report. */
typedef enum ContractCheck
{
	CHECK_COLUMN_MISSING,
	CHECK_COLUMN_TYPE,
	CHECK_ROWS,
	CHECK_NULL_TEXT,
	CHECK_BLANK_TEXT,
	CHECK_TEXT_TOO_SHORT,
	CHECK_TEXT_TOO_LONG,
	CHECK_NULL_LABEL,
	CHECK_UNKNOWN_LABEL,
	CHECK_LABEL_UNUSABLE,
	CHECK_NEAR_EQUAL_LABELS,
	CHECK_CLASS_ROWS,
	CHECK_CLASS_BALANCE,
	CHECK_NULL_NUMBER,
	CHECK_NUMBER_RANGE,
	CHECK_DUPLICATE_TEXT,
	CHECK_NEAR_DUPLICATE_TEXT,
	CHECK_LABEL_CONFLICT,
	CHECK_LABEL_ERROR,
	CHECK_OUTLYING_LENGTH,
	CHECK_OUTLYING_RATE,
	CHECK_OUTLYING_NUMBER,
	CHECK_INVALID_ENCODING,
	CHECK_REPLACEMENT_CHARACTER,
	CHECK_CONTROL_CHARACTER,
	CHECK_MOJIBAKE,
	CHECK_DOUBLE_ENCODING,
	CHECK_LONE_SURROGATE,
	CHECK_HTML,
	CHECK_SPLIT_LABELS,
	CHECK_SPLIT_LENGTH,
	N_CONTRACT_CHECKS
} ContractCheck;

/* Names, default severities and meanings of the checks: (N_CONTRACT_CHECKS) */
extern const ParameterSpec contract_checks[];

/* Families of column types that a contract can ask for. */
typedef enum ColumnFamily
{
	COLUMN_ANY,
	COLUMN_TEXT,
	COLUMN_NUMBER,
	COLUMN_INTEGER,
	COLUMN_BOOLEAN,
	COLUMN_DATETIME,
	COLUMN_ENUM,
	COLUMN_JSON
} ColumnFamily;

/* "any", "text", ..., NULL */
extern const char *const column_family_names[];

/* A column that must be there. */
typedef struct ContractColumn
{
	const char *name;
	ColumnFamily family;
} ContractColumn;

/* A column of numbers and what they may be. */
typedef struct ContractRange
{
	const char *column;
	double minimum;
	double maximum;
	double max_null_share;
	double max_outside_share;
} ContractRange;

/* Filled by contract_parse. */
typedef struct Contract
{
	const char *text_column;
	const char *label_column; /* "" for rows without labels */

	int min_rows;
	int min_text_length; /* characters */
	int max_text_length;
	int min_rows_per_class;
	double min_class_share;
	double max_class_share;
	double max_null_text_share;
	double max_null_label_share;
	double max_blank_share;
	double max_length_violation_share;
	double max_unknown_label_share;
	double max_duplicate_share;
	double max_near_duplicate_share;
	double near_duplicate_similarity; /* Jaccard, of shingles of three words */
	double max_label_conflict_share;
	double max_label_error_share;
	double max_outlier_share;
	double outlier_z; /* robust z-score beyond which a value is outlying */
	double max_encoding_damage_share;
	double max_html_share;

	/* JSON text of the keys that hold others, NULL if not given */
	const char *columns_json;
	const char *labels_json;
	const char *ranges_json;
	const char *severity_json;

	uint32_t n_columns;
	ContractColumn *columns; /* (n_columns) */
	uint32_t n_ranges;
	ContractRange *ranges; /* (n_ranges) */
	uint32_t n_labels;
	const char **labels; /* (n_labels) that are allowed; none: all are */
	int severities[N_CONTRACT_CHECKS];
} Contract;

/* The keys of a contract. */
extern const ParameterSpec contract_parameters[];
extern const size_t n_contract_parameters;

/* The keys of one of the ranges. */
extern const ParameterSpec contract_range_parameters[];
extern const size_t n_contract_range_parameters;

/*
 * Read and check a contract. What is wrong raises HOST_ERROR_INVALID_PARAMETER with the key and what is
 * allowed.
 */
extern void contract_parse(const char *json, Contract *contract);

/* Whether a label is allowed. */
extern bool contract_allows_label(const Contract *contract, const char *label, size_t length);

#endif /* SENTIMENT_CONTRACT_H */
