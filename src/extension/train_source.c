/*
 * train_source.c
 *	  The relation that a training reads: its columns, and the scan.
 *
 * The source is read as the caller, without locks on the registry: each text goes to the corpus or, by
 * its hash, to the held-out rows.
 */
#include "postgres.h"

#include <math.h>

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "extension/host.h"
#include "extension/train_source.h"

/* Milliseconds between two lines of progress while rows are read. */
#define PROGRESS_INTERVAL 5000

/* Names of a relation's columns, for a detail. */
static char *
list_columns(Relation relation)
{
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < RelationGetDescr(relation)->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), i);

		if (!attribute->attisdropped)
			appendStringInfo(&columns, "%s\"%s\"", columns.len == 0 ? "" : ", ",
							 NameStr(attribute->attname));
	}
	return columns.data;
}

/* The number of a column; raises an error unless the relation has it. */
static AttrNumber
check_column(Relation relation, const char *column, const char *argument)
{
	AttrNumber number = get_attnum(RelationGetRelid(relation), column);

	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("column \"%s\" of relation \"%s\" does not exist", column,
							   RelationGetRelationName(relation)),
						errdetail("Its columns are %s.", list_columns(relation)),
						errhint("Name the column in the argument %s.", argument)));
	return number;
}

/* Check that a column holds numbers. */
static void
check_numeric_column(Relation relation, NumericColumn *column)
{
	AttrNumber number = check_column(relation, column->name, "numeric_columns");
	Oid type = getBaseType(get_atttype(RelationGetRelid(relation), number));
	char category;
	bool preferred;

	get_type_category_preferred(type, &category, &preferred);
	column->is_boolean = type == BOOLOID;
	column->is_numeric = type == NUMERICOID;
	if (!column->is_boolean && type != INT2OID && type != INT4OID && type != INT8OID &&
		type != FLOAT4OID && type != FLOAT8OID && type != NUMERICOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is of type %s, which is not numeric",
						column->name, RelationGetRelationName(relation), format_type_be(type)),
				 category == TYPCATEGORY_DATETIME || category == TYPCATEGORY_TIMESPAN
					 ? errhint("Make a number of it in a view, as with "
							   "extract(epoch from %s).",
							   quote_identifier(column->name))
					 : errhint("Make a number of it in a view, or leave it out of "
							   "numeric_columns.")));
}

/* Refuse a column that is named twice: its number would count twice. */
static void
check_distinct_columns(const TrainSource *source)
{
	for (int i = 0; i < source->n_numeric; i++)
	{
		for (int j = 0; j < i; j++)
		{
			if (strcmp(source->numeric[i].name, source->numeric[j].name) == 0)
				ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
								errmsg("column \"%s\" stands in numeric_columns twice",
									   source->numeric[i].name)));
		}
		if (strcmp(source->numeric[i].name, source->label_column) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the label column \"%s\" cannot be a numeric column",
								   source->label_column),
							errdetail("The model would learn to read the label from itself.")));
	}
}

void
train_source_check(TrainSource *source)
{
	Relation relation = try_relation_open(source->relation, AccessShareLock);

	if (relation == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", source->relation)));
	switch (relation->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("cannot train from relation \"%s\"", RelationGetRelationName(relation)),
					 errdetail("The source must be a table, a view, a materialized view, a "
							   "partitioned or a foreign table.")));
	}
	check_column(relation, source->text_column, "text_column");
	check_column(relation, source->label_column, "label_column");
	for (int i = 0; i < source->n_numeric; i++)
		check_numeric_column(relation, &source->numeric[i]);
	check_distinct_columns(source);
	source->schema = get_namespace_name(RelationGetNamespace(relation));
	source->name = pstrdup(RelationGetRelationName(relation));
	relation_close(relation, NoLock);
}

char *
train_source_display_name(const TrainSource *source)
{
	return utf8_from_server(quote_qualified_identifier(source->schema, source->name));
}

/* A receiver of the scan's rows. */
typedef struct RowReceiver
{
	DestReceiver receiver;
	TrainSource *source;
	MemoryContext row_context;
	float *numeric; /* (n_numeric) of the present row */
	TimestampTz last_progress;
} RowReceiver;

/* Read the numbers of a row, behind text and label. */
static void
read_numeric(RowReceiver *receiver, TupleTableSlot *slot)
{
	for (int i = 0; i < receiver->source->n_numeric; i++)
	{
		NumericColumn *column = &receiver->source->numeric[i];
		bool is_null;
		Datum datum = slot_getattr(slot, 3 + i, &is_null);
		float number = NAN;

		if (!is_null)
			number = (float) DatumGetFloat8(
				column->is_numeric ? DirectFunctionCall1(numeric_float8_no_overflow, datum)
								   : datum);
		if (!is_null && !isfinite(number))
		{
			column->n_infinite++;
			number = NAN;
		}
		column->n_missing += is_null;
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
	else
		corpus_add_text(&source->corpus, text.bytes, text.length,
						corpus_add_label(&source->corpus, label.bytes, label.length),
						receiver->numeric);
	MemoryContextSwitchTo(old_context);
}

/* Tell how far the scan is, now and then. */
static void
report_scan(RowReceiver *receiver)
{
	TimestampTz now;

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
scan_query(const TrainSource *source)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT t.%s::pg_catalog.text, t.%s::pg_catalog.text",
					 quote_identifier(source->text_column), quote_identifier(source->label_column));
	for (int i = 0; i < source->n_numeric; i++)
		appendStringInfo(&query, ", t.%s%s", quote_identifier(source->numeric[i].name),
						 source->numeric[i].is_numeric   ? "::pg_catalog.numeric"
						 : source->numeric[i].is_boolean ? "::pg_catalog.int4::pg_catalog.float8"
														 : "::pg_catalog.float8");
	appendStringInfo(&query, " FROM %s AS t",
					 quote_qualified_identifier(source->schema, source->name));
	return query.data;
}

/* Tell of the numbers that were not there. */
static void
report_numeric(const TrainSource *source)
{
	for (int i = 0; i < source->n_numeric; i++)
	{
		const NumericColumn *column = &source->numeric[i];
		char *name = utf8_from_server(column->name);

		if (column->n_infinite > 0)
			host_progress("column \"%s\": %lld numbers are NaN, infinite or too large for a "
						  "float4, and were taken as missing",
						  name, (long long) column->n_infinite);
		if (column->n_missing > 0)
			host_progress("column \"%s\": %lld numbers are missing", name,
						  (long long) column->n_missing);
	}
}

void
train_source_read(TrainSource *source)
{
	RowReceiver receiver = {
		{receive_row, receiver_startup, receiver_nothing, receiver_nothing, DestTuplestore},
		source,
		AllocSetContextCreate(source->context, "sentiment training row", ALLOCSET_DEFAULT_SIZES),
		palloc_array(float, source->n_numeric + 1),
		GetCurrentTimestamp()};
	SPIPrepareOptions prepare_options = {0};
	SPIExecuteOptions execute_options = {0};
	char *query = scan_query(source);
	SPIPlanPtr plan;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare_extended(query, &prepare_options);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_extended failed for: %s", query);
	execute_options.read_only = true;
	execute_options.dest = &receiver.receiver;
	if (SPI_execute_plan_extended(plan, &execute_options) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan_extended failed for: %s", query);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextDelete(receiver.row_context);
	report_numeric(source);
}
