/*
 * held_out.h
 *	  Rows that training does not see, and how well a pipeline does on them.
 */
#ifndef SENTIMENT_HELD_OUT_H
#define SENTIMENT_HELD_OUT_H

#include "core/buffer.h"
#include "core/drift/drift_profile.h"
#include "core/evaluation/confidence_interval.h"
#include "core/evaluation/decision_metric.h"
#include "core/evaluation/judged_rows.h"
#include "core/pipeline.h"

/* Models of more labels have no curves. */
#define MAX_CURVE_LABELS 20

/* Figures of fewer rows say little: a difference of 10 points may be chance. */
#define FEW_HELD_OUT_ROWS 100

/* One row that was held out. */
typedef struct HeldOutRow
{
	uint64_t hash;  /* of the text */
	uint64_t start; /* of the text in the texts */
	uint64_t length;
	uint32_t label; /* number in the labels */
} HeldOutRow;

#define NO_COLUMN UINT32_MAX

/* Grows row by row; starts as zero bytes, but for the numeric columns. */
typedef struct HeldOutRows
{
	uint32_t n_numeric;
	const char *const *numeric_names; /* (n_numeric) */
	float *numeric;                   /* (capacity, n_numeric), NaN where missing */
	HeldOutRow *rows;
	uint32_t n_rows;
	uint32_t capacity;
	ByteBuffer texts;
	StringTable labels;
} HeldOutRows;

/* Figures of a pipeline on held-out rows. */
typedef struct HeldOutMetrics
{
	uint32_t n_rows;
	double f1; /* of the positive label for two classes, macro F1 for more; NaN without rows */
	double macro_f1;                   /* NaN without rows */
	double values[N_DECISION_METRICS]; /* NaN without rows, and for what the labels do not have */
	ConfidenceInterval
		intervals[N_DECISION_METRICS]; /* of those; NaN too where no JSON was asked for */
} HeldOutMetrics;

/* What one or two pipelines say of rows; to be freed by held_out_free_judged. */
typedef struct HeldOutJudgement
{
	JudgedRows rows;
	uint64_t
		row_set; /* a number of the rows' texts and labels: equal for the same rows in any order */
} HeldOutJudgement;

/* Add a row. numeric: (n_numeric) */
extern void held_out_add(HeldOutRows *rows, const char *text, size_t length, uint64_t hash,
						 const char *label, size_t label_length, const float *numeric);

/*
 * Measure a pipeline on the rows that are held out at a share (of the seed's buckets): a share smaller
 * than the one that they were chosen by takes the rows that both hold out. With json not NULL, appends
 * all figures as a JSON object ({} without rows), with the curves of evaluation_curves.h under the key
 * curves, by label: of the positive label for two classes, of all for up to MAX_CURVE_LABELS. A numeric column that the rows do not have is missing.
 */
extern HeldOutMetrics held_out_evaluate(const HeldOutRows *rows, Pipeline *pipeline, uint64_t seed,
										double share, ByteBuffer *json);

/*
 * The same, and adds the rows to a profile that drift_profile_begin has begun: what the pipeline is used to.
 */
extern HeldOutMetrics held_out_evaluate_profiled(const HeldOutRows *rows, Pipeline *pipeline,
												 uint64_t seed, double share, ByteBuffer *json,
												 DriftProfile *profile);

/*
 * Ask one pipeline, or two (other: NULL for none), about the rows that are held out at a share. The positive label is theirs if
 * both have the same two labels.
 */
extern HeldOutJudgement held_out_judge(const HeldOutRows *rows, Pipeline *pipeline, Pipeline *other,
									   uint64_t seed, double share);

/* Free what held_out_judge has allocated. */
extern void held_out_free_judged(JudgedRows *judged);

#endif /* SENTIMENT_HELD_OUT_H */
