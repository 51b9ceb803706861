/*
 * train_source.c
 *	  What a training reads of its source: the scan.
 *
 * The source is read without locks on the registry, see source_query.h: each text goes to the corpus or, by its hash,
 * to the held-out rows.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "extension/host.h"
#include "extension/label_text.h"
#include "extension/progress.h"
#include "extension/source_query.h"
#include "extension/train_source.h"

/* Milliseconds between two lines of progress while rows are read. */
#define PROGRESS_INTERVAL 5000

/* Rows between two changes of the number that other sessions see; a power of two. */
#define PROGRESS_ROWS 64

/* A receiver of the scan's rows. */
typedef struct RowReceiver
{
	DestReceiver receiver;
	TrainSource *source;
	MemoryContext row_context;
	float *numeric; /* (n_numeric) of the present row */
	TimestampTz last_progress;
	Progress *progress; /* of what the scan is part of */
} RowReceiver;

/* Read the numbers of a row, behind text and label. */
static void
read_numeric(RowReceiver *receiver, TupleTableSlot *slot)
{
	TrainSource *source = receiver->source;

	for (int i = 0; i < source->origin.n_numeric; i++)
	{
		const NumericColumn *column = &source->origin.numeric[i];
		bool is_null;
		Datum datum = slot_getattr(slot, 3 + i, &is_null);
		float number = NAN;

		if (!is_null)
			number = (float) DatumGetFloat8(
				column->is_numeric ? DirectFunctionCall1(numeric_float8_no_overflow, datum)
								   : datum);
		if (!is_null && !isfinite(number))
		{
			source->numbers[i].n_infinite++;
			number = NAN;
		}
		source->numbers[i].n_missing += is_null;
		receiver->numeric[i] = number;
	}
}

/* Add one row of the source. */
static void
add_row(RowReceiver *receiver, Datum text_datum, Datum label_datum)
{
	TrainSource *source = receiver->source;
	Utf8Text text = utf8_from_datum(text_datum);
	Utf8Text label = utf8_from_datum(label_datum);
	uint64 hash = corpus_text_hash(text.bytes, text.length);
	MemoryContext old_context = MemoryContextSwitchTo(source->context);

	if (corpus_is_held_out(hash, source->split_seed, source->holdout))
		held_out_add(&source->held_out, text.bytes, text.length, hash, label.bytes, label.length,
					 receiver->numeric);
	else if (!source->held_out_only)
	{
		corpus_add_text(&source->corpus, text.bytes, text.length,
						corpus_add_label(&source->corpus, label.bytes, label.length),
						receiver->numeric);
		if (source->keep_texts)
			text_subset_add(&source->texts, text.bytes, text.length, hash);
	}
	MemoryContextSwitchTo(old_context);
}

/* Tell how far the scan is, now and then. */
static void
report_scan(RowReceiver *receiver)
{
	TimestampTz now;

	if (receiver->source->n_rows % PROGRESS_ROWS != 0)
		return;
	progress_set_rows(receiver->progress, receiver->source->n_rows);
	if (receiver->source->n_rows % 1024 != 0)
		return;
	now = GetCurrentTimestamp();
	if (TimestampDifferenceExceeds(receiver->last_progress, now, PROGRESS_INTERVAL))
	{
		receiver->last_progress = now;
		host_progress("%lld rows read", (long long) receiver->source->n_rows);
	}
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	TrainSource *source = receiver->source;
	MemoryContext old_context = MemoryContextSwitchTo(receiver->row_context);
	bool text_is_null;
	bool label_is_null;
	Datum text_datum = slot_getattr(slot, 1, &text_is_null);
	Datum label_datum = slot_getattr(slot, 2, &label_is_null);

	source->n_rows++;
	if (text_is_null || label_is_null)
		source->n_skipped++;
	else
	{
		read_numeric(receiver, slot);
		add_row(receiver, text_datum, label_datum);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(receiver->row_context);
	report_scan(receiver);
	return true;
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc descriptor)
{
}

static void
receiver_nothing(DestReceiver *self)
{
}

/* The query that reads the source. */
static char *
scan_query(const Source *origin)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT t.%s::pg_catalog.text, ",
					 quote_identifier(origin->text_column));
	label_text_append(&query, origin->relation, origin->label_column);
	for (int i = 0; i < origin->n_numeric; i++)
	{
		appendStringInfoString(&query, ", ");
		source_append_number(&query, &origin->numeric[i]);
	}
	source_append_from(&query, origin);
	return query.data;
}

/* Tell of the numbers that were not there. */
static void
report_numeric(const TrainSource *source)
{
	for (int i = 0; i < source->origin.n_numeric; i++)
	{
		const NumberCounts *counts = &source->numbers[i];
		char *name = utf8_from_server(source->origin.numeric[i].name);

		if (counts->n_infinite > 0)
			host_progress("column \"%s\": %lld numbers are NaN, infinite or too large for a "
						  "float4, and were taken as missing",
						  name, (long long) counts->n_infinite);
		if (counts->n_missing > 0)
			host_progress("column \"%s\": %lld numbers are missing", name,
						  (long long) counts->n_missing);
	}
}

void
train_source_read(TrainSource *source)
{
	RowReceiver receiver = {
		{receive_row, receiver_startup, receiver_nothing, receiver_nothing, DestTuplestore},
		source,
		AllocSetContextCreate(source->context, "sentiment training row", ALLOCSET_DEFAULT_SIZES),
		palloc_array(float, source->origin.n_numeric + 1),
		GetCurrentTimestamp(),
		progress_present()};
	SourceQuery query = {.sql = scan_query(&source->origin), .receiver = &receiver.receiver};

	source->numbers = palloc0_array(NumberCounts, source->origin.n_numeric + 1);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	(void) source_query(&source->origin, &query);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	progress_set_rows(receiver.progress, source->n_rows);
	MemoryContextDelete(receiver.row_context);
	report_numeric(source);
}
