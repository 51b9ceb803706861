/*
 * version_row.h
 *	  Writing a version: its row in sentiment.model_version, and what is drawn of its scores.
 */
#ifndef SENTIMENT_VERSION_ROW_H
#define SENTIMENT_VERSION_ROW_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "core/pipeline.h"
#include "extension/image_value.h"
#include "extension/source.h"
#include "extension/stored_role.h"

/* What is written of a version; what the image tells is taken from there. */
typedef struct VersionRow
{
	int64 model_id;
	int32 version;
	const ImageValue *image;
	const Pipeline *pipeline; /* of the image */
	Datum parameters;         /* jsonb */
	const Source *source;
	double holdout;
	int64 rows_held_out;
	int64 rows_skipped;
	double seconds;
	Datum metrics; /* jsonb */
	StoredRole trained_by;
	TimestampTz trained_at;
} VersionRow;

/* Write a version. Between registry_begin_write and registry_end_write. */
extern void version_row_write(const VersionRow *row);

/* Write the curves of a version, a jsonb. */
extern void version_row_write_curves(int64 model_id, int32 version, Datum curves);

#endif /* SENTIMENT_VERSION_ROW_H */
