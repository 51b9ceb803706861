/*
 * standard_scaler.h
 *	  Columns of numbers, brought to mean 0 and variance 1; missing ones filled.
 *
 * The columns are those of a feature space besides its terms: text features, polarities, numeric
 * columns. Their section of an image:
 *
 *		ScalerHeader
 *		ScalerColumn[n_columns]
 *		uint32_t name_ends[n_columns]
 *		char names[]
 */
#ifndef SENTIMENT_STANDARD_SCALER_H
#define SENTIMENT_STANDARD_SCALER_H

#include <stdint.h>

#include "core/buffer.h"

/* What a missing number becomes. */
typedef enum MissingRule
{
	MISSING_MEAN, /* the mean of the training rows */
	MISSING_ZERO, /* 0, before scaling */
	MISSING_KEEP  /* it stays missing (NaN), for classifiers that can tell */
} MissingRule;

/* Where a column comes from. */
typedef enum ColumnSource
{
	COLUMN_TEXT_FEATURE,
	COLUMN_POLARITY,
	COLUMN_NUMERIC
} ColumnSource;

/* A column as it was in the training rows that have it. */
typedef struct ScalerColumn
{
	double mean;
	double deviation; /* standard deviation, of the population; 0 for a constant column */
	double minimum;
	double maximum;
	uint32_t source;    /* ColumnSource */
	uint32_t n_missing; /* training rows without the number */
} ScalerColumn;

typedef struct ScalerHeader
{
	uint32_t n_columns;
	uint32_t n_text_features;
	uint32_t n_polarities;
	uint32_t n_numeric;
	uint32_t name_bytes;
	uint32_t reserved;
} ScalerHeader;

/* A scaler in place in an image. */
typedef struct StandardScaler
{
	ScalerHeader header;
	const ScalerColumn *columns; /* (n_columns) text features, polarities, numeric columns */
	const char **names;          /* (n_columns) zero-terminated copies */
} StandardScaler;

/*
 * Fit the columns and append their section. values: (n_rows, n_columns), NaN where missing.
 * names: (n_columns)
 */
extern void standard_scaler_fit(const ScalerHeader *sizes, const char *const *names,
								const float *values, uint32_t n_rows, ByteBuffer *section);

/* Open a section of untrusted origin, which must stay in place; checks all of it. */
extern void standard_scaler_open(const void *section, size_t length, StandardScaler *scaler);

/* Free the names. */
extern void standard_scaler_close(StandardScaler *scaler);

/* Scale the numbers of one row, times a weight. values: (n_columns), may be the same as scaled */
extern void standard_scaler_transform(const StandardScaler *scaler, MissingRule rule, double weight,
									  const float *values, float *scaled);

#endif /* SENTIMENT_STANDARD_SCALER_H */
