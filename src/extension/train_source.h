/*
 * train_source.h
 *	  What a training reads of its source: the scan.
 */
#ifndef SENTIMENT_TRAIN_SOURCE_H
#define SENTIMENT_TRAIN_SOURCE_H

#include "postgres.h"

#include "core/features/corpus.h"
#include "core/held_out.h"
#include "core/text_subset.h"
#include "extension/source.h"

/* What was odd about the numbers of a column. */
typedef struct NumberCounts
{
	int64 n_missing;  /* rows without a number */
	int64 n_infinite; /* rows with NaN or an infinite number, taken as missing */
} NumberCounts;

/* A source, and what is read from it. */
typedef struct TrainSource
{
	Source origin;

	/* which rows are held out */
	uint64 split_seed;
	double holdout;
	bool held_out_only; /* keep no other rows */
	bool keep_texts;    /* keep some of the texts to learn from */

	/* what the scan fills, in context */
	MemoryContext context;
	Corpus corpus;
	HeldOutRows held_out;
	TextSubset texts; /* some of those to learn from */
	int64 n_rows;
	int64 n_skipped;       /* rows without a text or a label */
	NumberCounts *numbers; /* (origin.n_numeric) */
} TrainSource;

/* Read all rows in one scan, into the corpus and the held-out rows. */
extern void train_source_read(TrainSource *source);

#endif /* SENTIMENT_TRAIN_SOURCE_H */
