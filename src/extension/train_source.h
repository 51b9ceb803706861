/*
 * train_source.h
 *	  The relation that a training reads: its columns, and the scan.
 */
#ifndef SENTIMENT_TRAIN_SOURCE_H
#define SENTIMENT_TRAIN_SOURCE_H

#include "postgres.h"

#include "core/features/corpus.h"
#include "core/held_out.h"

/* A column of numbers. */
typedef struct NumericColumn
{
	char *name;       /* as the server has it */
	bool is_boolean;  /* counts as 0 and 1 */
	bool is_numeric;  /* may be beyond float8 */
	int64 n_missing;  /* rows without a number */
	int64 n_infinite; /* rows with NaN or an infinite number, taken as missing */
} NumericColumn;

/* A source, and what is read from it. */
typedef struct TrainSource
{
	Oid relation;
	char *schema;
	char *name;
	char *text_column;
	char *label_column;
	int n_numeric;
	NumericColumn *numeric; /* (n_numeric) */

	/* which rows are held out */
	uint64 split_seed;
	double holdout;

	/* what the scan fills, in context */
	MemoryContext context;
	Corpus corpus;
	HeldOutRows held_out;
	int64 n_rows;
	int64 n_skipped; /* rows without a text or a label */
} TrainSource;

/*
 * Look at the source: raises an error unless it is a relation that can be read and has the columns, the
 * numeric ones of a numeric type. Fills in schema and name.
 */
extern void train_source_check(TrainSource *source);

/* Read all rows as the current role, in one scan, into the corpus and the held-out rows. */
extern void train_source_read(TrainSource *source);

/* The source's qualified name in UTF-8, for progress. */
extern char *train_source_display_name(const TrainSource *source);

#endif /* SENTIMENT_TRAIN_SOURCE_H */
