/*
 * validation.h
 *	  What a validation knows of the rows it has seen: counts, histograms, samples, examples.
 *
 * It grows row by row; validations of parts of the rows merge. Its memory is bounded (about 100 MB
 * at worst), and what it holds depends on the rows alone: not on their order, nor on how parts were merged.
 * The flat form is the same byte for byte.
 */
#ifndef SENTIMENT_VALIDATION_H
#define SENTIMENT_VALIDATION_H

#include "core/evaluation/histogram.h"
#include "core/features/corpus.h"
#include "core/validation/contract.h"
#include "core/validation/text_counts.h"
#include "core/validation/text_damage.h"
#include "core/validation/text_sample.h"

/* A model of more labels gives no evidence of label errors. */
#define MAX_EVIDENCE_LABELS 100

/* Ranges of probability in which disagreement is counted. */
#define N_EVIDENCE_BINS 256

/* What is measured of a text, and may be outlying. */
typedef enum Measure
{
	MEASURE_LENGTH,
	MEASURE_WORD_LENGTH,
	MEASURE_CAPITALS,
	MEASURE_DIGITS,
	MEASURE_PUNCTUATION,
	N_MEASURES
} Measure;

/* Names of the text features that the measures are: (N_MEASURES) */
extern const char *const measure_names[N_MEASURES];

/* What is validated against; parameters, so part of the state. */
typedef struct ValidationOptions
{
	const char *json; /* as it was given; NULL: there was no row yet */
	const char *contract_json;
	const char *split_seed_text;
	uint64_t split_seed;
	double holdout;     /* share of the texts that training holds out; 0: no split to look at */
	int n_model_labels; /* of the model that gives evidence; 0 for none */
	Contract contract;
} ValidationOptions;

/* The row with the highest rank, or of equal ones the one with the smallest hash. */
typedef struct ValidationExample
{
	double rank;
	uint64_t hash;
	uint32_t is_there; /* 0 or 1 */
	uint32_t given; /* label errors: number of the label, and of the one that the model predicts */
	uint32_t predicted;
	uint32_t reserved; /* 0 */
	Excerpt excerpt;
} ValidationExample;

/* What examples are kept of. */
typedef enum ExampleKind
{
	EXAMPLE_DAMAGE, /* N_TEXT_DAMAGES of them */
	EXAMPLE_TOO_SHORT = EXAMPLE_DAMAGE + N_TEXT_DAMAGES,
	EXAMPLE_TOO_LONG,
	EXAMPLE_SMALLEST,                                /* N_MEASURES of them */
	EXAMPLE_LARGEST = EXAMPLE_SMALLEST + N_MEASURES, /* N_MEASURES of them */
	EXAMPLE_LABEL_ERROR = EXAMPLE_LARGEST + N_MEASURES,
	N_EXAMPLES
} ExampleKind;

/* Rows of a label. */
typedef struct LabelCount
{
	uint64_t n_rows;
	uint64_t n_held_out;
} LabelCount;

/* A column of numbers. */
typedef struct NumberCount
{
	uint64_t n_null;
	uint64_t n_outside;
	Histogram histogram;
} NumberCount;

/* What a model says of the rows of one of its labels, and of the rows that it gives that label. */
typedef struct LabelEvidence
{
	uint64_t n_labelled; /* rows of the label */
	uint64_t sum_of_own; /* of the label's probabilities in these rows, in units of 2^-20 */
	uint64_t n_contradictions
		[N_EVIDENCE_BINS]; /* rows of other labels, by the probability of this one */
} LabelEvidence;

/* Counts of rows. */
typedef struct ValidationCounts
{
	uint64_t n_rows;
	uint64_t n_null_text;
	uint64_t n_null_label;
	uint64_t n_blank;
	uint64_t n_too_short;
	uint64_t n_too_long;
	uint64_t n_unusable_labels; /* longer than a label may be, or not UTF-8 */
	uint64_t n_evidence;        /* rows that a model was asked about */
	uint64_t n_damaged[N_TEXT_DAMAGES];
} ValidationCounts;

/* Starts as zero bytes. */
typedef struct Validation
{
	ValidationOptions options;
	ValidationCounts counts;
	ValidationExample examples[N_EXAMPLES];
	Histogram measures[N_MEASURES]; /* the length: of texts that are not held out */
	Histogram held_out_length;
	bool has_too_many_labels; /* then they are not told apart */
	StringTable labels;
	LabelCount *label_counts; /* (label_capacity) by number of the label */
	uint32_t label_capacity;
	NumberCount *numbers;    /* (options.contract.n_ranges) */
	LabelEvidence *evidence; /* (options.n_model_labels) */
	TextCounts text_counts;
	TextSample by_text;
	TextSample by_shingles;

	/* made when they are needed */
	Tokenizer *tokenizer;
	Shingles *shingles;
} Validation;

/* A row. */
typedef struct ValidationRow
{
	const char *text; /* NULL: there is none */
	size_t text_length;
	const char *label; /* NULL: there is none */
	size_t label_length;
	const double *numbers; /* (n_ranges) */
	const bool *is_null;   /* (n_ranges) */

	/* what a model that has not seen the row says of it */
	bool has_evidence;
	uint32_t given;     /* number of the label among the model's */
	uint32_t predicted; /* the label that it predicts */
	double given_probability;
	double predicted_probability;
} ValidationRow;

/* Read the parameters of a validation without rows. */
extern void validation_set_options(Validation *validation, const char *json);

/* Add a row. */
extern void validation_add(Validation *validation, const ValidationRow *row);

/* Add the rows of another validation of the same parameters. */
extern void validation_merge(Validation *validation, const Validation *other);

/* Bytes of the flat form; write it; read one of untrusted origin into a zeroed validation. */
extern size_t validation_flat_size(const Validation *validation);
extern void validation_flatten(const Validation *validation, char *bytes);
extern void validation_unflatten(Validation *validation, const char *bytes, size_t length);

#endif /* SENTIMENT_VALIDATION_H */
