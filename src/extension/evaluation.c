/*
 * evaluation.c
 *	  Aggregates that measure predictions: sentiment_evaluate, sentiment_roc_auc, sentiment_log_loss.
 *
 * Their states are plain types (see expanded_state.h): sentiment_confusion, counts of (actual,
 * predicted) pairs; sentiment_scored_rows, the scores of positive and of negative rows; and an array
 * of three numbers for the log loss, as PostgreSQL's own avg(float8) has it.
 *
 * Labels come as text, numeric or boolean. A label is its text as label_text.h has it, so that
 * numbers and booleans compare with the labels that a model predicts; two numbers are one label if
 * they are equal (1 and 1.0).
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/evaluation/confusion_counts.h"
#include "core/evaluation/log_loss.h"
#include "core/evaluation/scored_rows.h"
#include "extension/evaluation.h"
#include "extension/expanded_state.h"
#include "extension/host.h"
#include "extension/label_text.h"

static Size
confusion_flat_size(const void *state)
{
	return confusion_counts_flat_size(state);
}

static void
confusion_write_flat(const void *state, char *bytes)
{
	confusion_counts_flatten(state, bytes);
}

static void
confusion_read_flat(void *state, const char *bytes, Size length)
{
	confusion_counts_unflatten(state, bytes, length);
}

static void
confusion_merge(void *state, const void *other)
{
	confusion_counts_merge(state, other);
}

const StateType confusion_type = {
	.name = "sentiment_confusion",
	.magic = 0x464e4f43, /* "CONF" */
	.state_size = sizeof(ConfusionCounts),
	.flat_size = confusion_flat_size,
	.write_flat = confusion_write_flat,
	.read_flat = confusion_read_flat,
	.merge = confusion_merge,
};

static Size
scored_rows_type_flat_size(const void *state)
{
	return scored_rows_flat_size(state);
}

static void
scored_rows_write_flat(const void *state, char *bytes)
{
	scored_rows_flatten(state, bytes);
}

static void
scored_rows_read_flat(void *state, const char *bytes, Size length)
{
	scored_rows_unflatten(state, bytes, length);
}

static void
scored_rows_type_merge(void *state, const void *other)
{
	scored_rows_merge(state, other);
}

static const StateType scored_rows_type = {
	.name = "sentiment_scored_rows",
	.limit_hint = "Aggregate fewer rows (33 million fit), or without parallel workers: set "
				  "max_parallel_workers_per_gather to 0.",
	.magic = 0x524f4353, /* "SCOR" */
	.state_size = sizeof(ScoredRows),
	.flat_size = scored_rows_type_flat_size,
	.write_flat = scored_rows_write_flat,
	.read_flat = scored_rows_read_flat,
	.merge = scored_rows_type_merge,
};

/* How an argument holds a label. */
typedef enum LabelForm
{
	LABEL_TEXT,
	LABEL_NUMERIC, /* trailing zeroes do not count */
	LABEL_BOOLEAN
} LabelForm;

/* The label in an argument that is not NULL, to be freed by utf8_free. */
static Utf8Text
label_argument(FunctionCallInfo fcinfo, int argument, LabelForm form)
{
	Datum datum = PG_GETARG_DATUM(argument);
	char *label = NULL;

	switch (form)
	{
		case LABEL_TEXT:
			return utf8_from_datum(datum);
		case LABEL_BOOLEAN:
			label = DatumGetBool(datum) ? "true" : "false";
			return (Utf8Text){label, strlen(label), NULL};
		case LABEL_NUMERIC:
			label = label_text_of_numeric(datum);
			break;
	}
	return (Utf8Text){label, strlen(label), label};
}

/* Count the row of arguments 1 and 2; a row that misses a label is skipped. */
static void
confusion_add_row(FunctionCallInfo fcinfo, ExpandedState *expanded, LabelForm actual_form,
				  LabelForm predicted_form)
{
	Utf8Text actual;
	Utf8Text predicted;
	MemoryContext old_context;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		confusion_counts_skip(expanded->state);
		return;
	}
	actual = label_argument(fcinfo, 1, actual_form);
	predicted = label_argument(fcinfo, 2, predicted_form);
	old_context = MemoryContextSwitchTo(expanded->header.eoh_context);
	confusion_counts_add(expanded->state, actual.bytes, actual.length, predicted.bytes,
						 predicted.length);
	MemoryContextSwitchTo(old_context);
	utf8_free(&actual);
	utf8_free(&predicted);
}

/* Transition of sentiment_evaluate. */
static Datum
confusion_add(FunctionCallInfo fcinfo, LabelForm actual_form, LabelForm predicted_form)
{
	ExpandedState *expanded = expanded_state_for_update(fcinfo, 0, &confusion_type);

	confusion_add_row(fcinfo, expanded, actual_form, predicted_form);
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

PG_FUNCTION_INFO_V1(sentiment_confusion_add_text_text);
Datum
sentiment_confusion_add_text_text(PG_FUNCTION_ARGS)
{
	return confusion_add(fcinfo, LABEL_TEXT, LABEL_TEXT);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_add_numeric_numeric);
Datum
sentiment_confusion_add_numeric_numeric(PG_FUNCTION_ARGS)
{
	return confusion_add(fcinfo, LABEL_NUMERIC, LABEL_NUMERIC);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_add_numeric_text);
Datum
sentiment_confusion_add_numeric_text(PG_FUNCTION_ARGS)
{
	return confusion_add(fcinfo, LABEL_NUMERIC, LABEL_TEXT);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_add_text_numeric);
Datum
sentiment_confusion_add_text_numeric(PG_FUNCTION_ARGS)
{
	return confusion_add(fcinfo, LABEL_TEXT, LABEL_NUMERIC);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_add_boolean_boolean);
Datum
sentiment_confusion_add_boolean_boolean(PG_FUNCTION_ARGS)
{
	return confusion_add(fcinfo, LABEL_BOOLEAN, LABEL_BOOLEAN);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_add_boolean_text);
Datum
sentiment_confusion_add_boolean_text(PG_FUNCTION_ARGS)
{
	return confusion_add(fcinfo, LABEL_BOOLEAN, LABEL_TEXT);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_add_text_boolean);
Datum
sentiment_confusion_add_text_boolean(PG_FUNCTION_ARGS)
{
	return confusion_add(fcinfo, LABEL_TEXT, LABEL_BOOLEAN);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_combine);
Datum
sentiment_confusion_combine(PG_FUNCTION_ARGS)
{
	return expanded_state_combine(fcinfo, &confusion_type);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_report);
Datum
sentiment_confusion_report(PG_FUNCTION_ARGS)
{
	ByteBuffer json = {0};

	confusion_counts_report_json(expanded_state_for_reading(PG_GETARG_DATUM(0), &confusion_type),
								 &json);
	return jsonb_from_json(buffer_c_string(&json));
}

PG_FUNCTION_INFO_V1(sentiment_confusion_in);
Datum
sentiment_confusion_in(PG_FUNCTION_ARGS)
{
	return expanded_state_in(fcinfo, &confusion_type);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_out);
Datum
sentiment_confusion_out(PG_FUNCTION_ARGS)
{
	return expanded_state_out(fcinfo, &confusion_type);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_recv);
Datum
sentiment_confusion_recv(PG_FUNCTION_ARGS)
{
	return expanded_state_recv(fcinfo, &confusion_type);
}

PG_FUNCTION_INFO_V1(sentiment_confusion_send);
Datum
sentiment_confusion_send(PG_FUNCTION_ARGS)
{
	return expanded_state_send(fcinfo, &confusion_type);
}

/* Transition of sentiment_roc_auc; rows with a NULL are left out. */
PG_FUNCTION_INFO_V1(sentiment_scored_rows_add);
Datum
sentiment_scored_rows_add(PG_FUNCTION_ARGS)
{
	ExpandedState *expanded;
	MemoryContext old_context;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	expanded = expanded_state_for_update(fcinfo, 0, &scored_rows_type);
	old_context = MemoryContextSwitchTo(expanded->header.eoh_context);
	scored_rows_add(expanded->state, PG_GETARG_BOOL(1), PG_GETARG_FLOAT8(2));
	MemoryContextSwitchTo(old_context);
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

PG_FUNCTION_INFO_V1(sentiment_scored_rows_combine);
Datum
sentiment_scored_rows_combine(PG_FUNCTION_ARGS)
{
	return expanded_state_combine(fcinfo, &scored_rows_type);
}

PG_FUNCTION_INFO_V1(sentiment_scored_rows_roc_auc);
Datum
sentiment_scored_rows_roc_auc(PG_FUNCTION_ARGS)
{
	double area =
		scored_rows_roc_auc(expanded_state_for_reading(PG_GETARG_DATUM(0), &scored_rows_type));

	if (isnan(area))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(area);
}

PG_FUNCTION_INFO_V1(sentiment_scored_rows_in);
Datum
sentiment_scored_rows_in(PG_FUNCTION_ARGS)
{
	return expanded_state_in(fcinfo, &scored_rows_type);
}

PG_FUNCTION_INFO_V1(sentiment_scored_rows_out);
Datum
sentiment_scored_rows_out(PG_FUNCTION_ARGS)
{
	return expanded_state_out(fcinfo, &scored_rows_type);
}

PG_FUNCTION_INFO_V1(sentiment_scored_rows_recv);
Datum
sentiment_scored_rows_recv(PG_FUNCTION_ARGS)
{
	return expanded_state_recv(fcinfo, &scored_rows_type);
}

PG_FUNCTION_INFO_V1(sentiment_scored_rows_send);
Datum
sentiment_scored_rows_send(PG_FUNCTION_ARGS)
{
	return expanded_state_send(fcinfo, &scored_rows_type);
}

/* Numbers in the state of sentiment_log_loss: those of a LogLoss. */
#define LOG_LOSS_NUMBERS 3

StaticAssertDecl(sizeof(LogLoss) == LOG_LOSS_NUMBERS * sizeof(float8),
				 "the state of sentiment_log_loss is a LogLoss");

/* The LogLoss inside an array, in place. */
static LogLoss *
log_loss_of_array(ArrayType *array)
{
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != LOG_LOSS_NUMBERS || ARR_HASNULL(array) ||
		ARR_ELEMTYPE(array) != FLOAT8OID)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("state of sentiment_log_loss must be an array of %d numbers",
							   LOG_LOSS_NUMBERS)));
	return (LogLoss *) ((char *) array + ARR_OVERHEAD_NONULLS(1));
}

/* The state in argument 0 for a change: the aggregate's own, or else a copy. */
static ArrayType *
log_loss_for_update(FunctionCallInfo fcinfo)
{
	if (AggCheckCallContext(fcinfo, NULL))
		return PG_GETARG_ARRAYTYPE_P(0);
	return PG_GETARG_ARRAYTYPE_P_COPY(0);
}

PG_FUNCTION_INFO_V1(sentiment_log_loss_add);
Datum
sentiment_log_loss_add(PG_FUNCTION_ARGS)
{
	ArrayType *state = log_loss_for_update(fcinfo);

	log_loss_add(log_loss_of_array(state), PG_GETARG_BOOL(1), PG_GETARG_FLOAT8(2));
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(sentiment_log_loss_combine);
Datum
sentiment_log_loss_combine(PG_FUNCTION_ARGS)
{
	ArrayType *state = log_loss_for_update(fcinfo);

	log_loss_merge(log_loss_of_array(state), log_loss_of_array(PG_GETARG_ARRAYTYPE_P(1)));
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(sentiment_log_loss_final);
Datum
sentiment_log_loss_final(PG_FUNCTION_ARGS)
{
	const LogLoss *loss = log_loss_of_array(PG_GETARG_ARRAYTYPE_P(0));

	if (loss->n_rows == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(log_loss_mean(loss));
}
