/*
 * validation_state.c
 *	  The aggregate that looks at rows for a validation, and what a model says of their labels.
 *
 * Its state is the plain type sentiment_validation (see expanded_state.h), with the contract inside.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "core/text/utf8.h"
#include "core/validation/validation.h"
#include "extension/call_site.h"
#include "extension/deployment.h"
#include "extension/host.h"
#include "extension/model_cache.h"
#include "extension/numeric_features.h"
#include "extension/validation_state.h"

/* What sentiment_label_evidence answers: an array of so many numbers. */
typedef enum EvidenceElement
{
	EVIDENCE_GIVEN,
	EVIDENCE_PREDICTED,
	EVIDENCE_GIVEN_PROBABILITY,
	EVIDENCE_PREDICTED_PROBABILITY,
	N_EVIDENCE_ELEMENTS
} EvidenceElement;

static Size
validation_type_flat_size(const void *state)
{
	return validation_flat_size(state);
}

static void
validation_write_flat(const void *state, char *bytes)
{
	validation_flatten(state, bytes);
}

static void
validation_read_flat(void *state, const char *bytes, Size length)
{
	validation_unflatten(state, bytes, length);
}

static void
validation_type_merge(void *state, const void *other)
{
	validation_merge(state, other);
}

const StateType validation_type = {
	.name = "sentiment_validation",
	.magic = 0x494c4156, /* "VALI" */
	.state_size = sizeof(Validation),
	.flat_size = validation_type_flat_size,
	.write_flat = validation_write_flat,
	.read_flat = validation_read_flat,
	.merge = validation_type_merge,
};

PG_FUNCTION_INFO_V1(sentiment_validation_in);
Datum
sentiment_validation_in(PG_FUNCTION_ARGS)
{
	return expanded_state_in(fcinfo, &validation_type);
}

PG_FUNCTION_INFO_V1(sentiment_validation_out);
Datum
sentiment_validation_out(PG_FUNCTION_ARGS)
{
	return expanded_state_out(fcinfo, &validation_type);
}

PG_FUNCTION_INFO_V1(sentiment_validation_recv);
Datum
sentiment_validation_recv(PG_FUNCTION_ARGS)
{
	return expanded_state_recv(fcinfo, &validation_type);
}

PG_FUNCTION_INFO_V1(sentiment_validation_send);
Datum
sentiment_validation_send(PG_FUNCTION_ARGS)
{
	return expanded_state_send(fcinfo, &validation_type);
}

/*
 * A text in UTF-8. A database of no encoding may hold any bytes: they are taken as they are, since what is
 * wrong with them is to be found, not refused.
 */
static Utf8Text
any_text_from_datum(Datum datum)
{
	text *value;
	Utf8Text result;

	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		return utf8_from_datum(datum);
	value = DatumGetTextPP(datum);
	result = (Utf8Text){VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), NULL};
	if ((Pointer) value != DatumGetPointer(datum))
		result.to_free = value;
	return result;
}

/* The elements of an array of float8 of a known length, some of which may be NULL. */
static void
read_float8_array(ArrayType *array, int length, const char *name, Datum **elements, bool **nulls)
{
	int n;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, elements,
					  nulls, &n);
	if (n != length)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("argument \"%s\" has %d elements, not %d", name, n, length)));
}

/* Read the numbers of a row. */
static void
read_numbers(FunctionCallInfo fcinfo, int argument, const Contract *contract, ValidationRow *row)
{
	int n_ranges = (int) contract->n_ranges;
	Datum *elements;
	bool *nulls;
	double *numbers;

	if (n_ranges == 0)
		return;
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"numbers\" must not be null"),
						errdetail("The contract has ranges.")));
	read_float8_array(PG_GETARG_ARRAYTYPE_P(argument), n_ranges, "numbers", &elements, &nulls);
	numbers = palloc_array(double, n_ranges);
	for (int i = 0; i < n_ranges; i++)
		numbers[i] = nulls[i] ? NAN : DatumGetFloat8(elements[i]);
	row->numbers = numbers;
	row->is_null = nulls;
	pfree(elements);
}

/* Read what a model says of a row. */
static void
read_evidence(FunctionCallInfo fcinfo, int argument, int n_labels, ValidationRow *row)
{
	Datum *elements;
	bool *nulls;
	double numbers[N_EVIDENCE_ELEMENTS];

	if (n_labels == 0 || PG_ARGISNULL(argument))
		return;
	read_float8_array(PG_GETARG_ARRAYTYPE_P(argument), N_EVIDENCE_ELEMENTS, "evidence", &elements,
					  &nulls);
	for (int i = 0; i < N_EVIDENCE_ELEMENTS; i++)
	{
		numbers[i] = nulls[i] ? NAN : DatumGetFloat8(elements[i]);
		if (!(numbers[i] >= 0 && numbers[i] <= (i < EVIDENCE_GIVEN_PROBABILITY ? n_labels - 1 : 1)))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("element %d of argument \"evidence\" is out of range", i + 1)));
	}
	row->has_evidence = true;
	row->given = (uint32) numbers[EVIDENCE_GIVEN];
	row->predicted = (uint32) numbers[EVIDENCE_PREDICTED];
	row->given_probability = numbers[EVIDENCE_GIVEN_PROBABILITY];
	row->predicted_probability = numbers[EVIDENCE_PREDICTED_PROBABILITY];
}

/*
 * Transition of sentiment_validation_agg(text, label, numbers, evidence, params); the parameters of the
 * first row count.
 */
PG_FUNCTION_INFO_V1(sentiment_validation_add);
Datum
sentiment_validation_add(PG_FUNCTION_ARGS)
{
	ExpandedState *expanded = expanded_state_for_update(fcinfo, 0, &validation_type);
	Validation *validation = expanded->state;
	ValidationRow row = {.text = NULL};
	Utf8Text utf8 = {.bytes = NULL};
	Utf8Text label = {.bytes = NULL};
	MemoryContext old_context;

	if (validation->options.json == NULL)
	{
		const char *json = json_from_argument(fcinfo, 5);

		old_context = MemoryContextSwitchTo(expanded->header.eoh_context);
		validation_set_options(validation, json);
		MemoryContextSwitchTo(old_context);
	}
	if (!PG_ARGISNULL(1))
	{
		utf8 = any_text_from_datum(PG_GETARG_DATUM(1));
		row.text = utf8.bytes;
		row.text_length = utf8.length;
	}
	if (!PG_ARGISNULL(2))
	{
		label = any_text_from_datum(PG_GETARG_DATUM(2));
		row.label = label.bytes;
		row.label_length = label.length;
	}
	read_numbers(fcinfo, 3, &validation->options.contract, &row);
	if (row.text != NULL)
		read_evidence(fcinfo, 4, validation->options.n_model_labels, &row);
	old_context = MemoryContextSwitchTo(expanded->header.eoh_context);
	validation_add(validation, &row);
	MemoryContextSwitchTo(old_context);
	utf8_free(&utf8);
	utf8_free(&label);
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

PG_FUNCTION_INFO_V1(sentiment_validation_combine);
Datum
sentiment_validation_combine(PG_FUNCTION_ARGS)
{
	return expanded_state_combine(fcinfo, &validation_type);
}

/* The state as it is, but read-only: see sentiment_histogram_final. */
PG_FUNCTION_INFO_V1(sentiment_validation_final);
Datum
sentiment_validation_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Probabilities of all classes for a text. */
static const double *
predict(CachedModel *model, const Utf8Text *text, const float *numbers)
{
	MemoryContext old_context = MemoryContextSwitchTo(model->context);
	const double *probabilities;

	model->in_use = true;
	probabilities = pipeline_predict(model->pipeline, text->bytes, text->length, numbers);
	model_cache_answered(model);
	MemoryContextSwitchTo(old_context);
	return probabilities;
}

/* The array that sentiment_label_evidence answers. */
static Datum
evidence_array(uint32 given, uint32 predicted, const double *probabilities)
{
	Datum elements[N_EVIDENCE_ELEMENTS];

	elements[EVIDENCE_GIVEN] = Float8GetDatum(given);
	elements[EVIDENCE_PREDICTED] = Float8GetDatum(predicted);
	elements[EVIDENCE_GIVEN_PROBABILITY] = Float8GetDatum(probabilities[given]);
	elements[EVIDENCE_PREDICTED_PROBABILITY] = Float8GetDatum(probabilities[predicted]);
	return PointerGetDatum(construct_array(elements, N_EVIDENCE_ELEMENTS, FLOAT8OID, sizeof(float8),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The class with the highest probability, the first of equals. */
static uint32
most_probable(const double *probabilities, uint32 n_labels)
{
	uint32 best = 0;

	for (uint32 i = 1; i < n_labels; i++)
	{
		if (probabilities[i] > probabilities[best])
			best = i;
	}
	return best;
}

/* What is asked of a model about the label of a text. */
typedef struct LabelQuestion
{
	Utf8Text text; /* that its training held out */
	Datum label;
	Jsonb *numbers; /* by column name; NULL: none */
} LabelQuestion;

/*
 * Read the arguments text, label, model, seed and share of the split, numbers by column name. False if the answer is
 * NULL: an argument is, or the training may have seen the text.
 */
static bool
read_label_question(FunctionCallInfo fcinfo, LabelQuestion *question)
{
	for (int i = 0; i < 5; i++)
	{
		if (PG_ARGISNULL(i))
			return false;
	}
	question->text = any_text_from_datum(PG_GETARG_DATUM(0));
	question->label = PG_GETARG_DATUM(1);
	question->numbers = PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5);
	if (corpus_is_held_out(corpus_text_hash(question->text.bytes, question->text.length),
						   (uint64) PG_GETARG_INT64(3), PG_GETARG_FLOAT8(4)) &&
		utf8_is_valid(question->text.bytes, question->text.length))
		return true;
	utf8_free(&question->text);
	return false;
}

/*
 * What a model says of the label of a text: number of the label and of the most probable one among the model's, and their
 * probabilities. NULL for a label that the model does not know.
 */
static Datum
answer_label_question(FunctionCallInfo fcinfo, LabelQuestion *question, CachedModel *model)
{
	Utf8Text label_text = any_text_from_datum(question->label);
	char *label = pnstrdup(label_text.bytes, label_text.length);
	uint32 given = pipeline_find_label(model->pipeline, label);
	float *numbers;
	const double *probabilities;

	if (given == model->pipeline->n_labels)
		PG_RETURN_NULL();
	numbers = question->numbers == NULL ? NULL
										: numeric_features_read(model->pipeline, question->numbers);
	probabilities = predict(model, &question->text, numbers);
	utf8_free(&question->text);
	PG_RETURN_DATUM(evidence_array(given, most_probable(probabilities, model->pipeline->n_labels),
								   probabilities));
}

/* Ask the deployed version of a model, by its name. */
PG_FUNCTION_INFO_V1(sentiment_label_evidence);
Datum
sentiment_label_evidence(PG_FUNCTION_ARGS)
{
	const Deployment *deployment;
	LabelQuestion question;

	if (!read_label_question(fcinfo, &question))
		PG_RETURN_NULL();
	deployment = deployment_resolve(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	return answer_label_question(
		fcinfo, &question,
		model_cache_from_version(deployment->model_id, deployment_main_version(deployment)->version,
								 deployment_main_version(deployment)->key));
}

/* Ask a model value: rows are read as a role that may not ask the model by its name. */
PG_FUNCTION_INFO_V1(sentiment_label_evidence_by_value);
Datum
sentiment_label_evidence_by_value(PG_FUNCTION_ARGS)
{
	LabelQuestion question;

	if (!read_label_question(fcinfo, &question))
		PG_RETURN_NULL();
	return answer_label_question(fcinfo, &question,
								 call_site_by_value(call_site(fcinfo), PG_GETARG_DATUM(2)));
}

/* A number of any size as float8: infinite or 0 if it is beyond. */
PG_FUNCTION_INFO_V1(sentiment_numeric_to_float8);
Datum
sentiment_numeric_to_float8(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(numeric_float8_no_overflow, PG_GETARG_DATUM(0));
}
