/*
 * predict.c
 *	  Asking a model: by the name under which it is deployed, a version of it by its number, or by value.
 *
 * Nothing here writes anything, so all of it runs in parallel workers and on a standby. What is answered by
 * name is counted in shared memory, if there is any; see statistics.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "core/drift/live_sketch.h"
#include "core/explanation.h"
#include "core/pipeline.h"
#include "extension/call_site.h"
#include "extension/host.h"
#include "extension/numeric_features.h"
#include "extension/shadow.h"

/* How a function was called, and what was answered. */
typedef struct Question
{
	CallSite *site;
	int place; /* of the version in site->deployment; -1: by value */
	CachedModel *model;
	Datum text;
	Jsonb *features;      /* numbers that come with the text, or NULL */
	bool ignores_unknown; /* among them, rather than raise an error */
	List *unknown;        /* names among them that the model does not know, if there are features */
	const double *probabilities;
	uint32 best; /* the class that is answered */
} Question;

/* Whether an argument was given. */
static bool
has_argument(FunctionCallInfo fcinfo, int argument)
{
	return argument < PG_NARGS() && !PG_ARGISNULL(argument);
}

/*
 * Let a version of the model of a name answer: the one that was asked for, else the one that the unit (or NULL)
 * has.
 */
static inline void
choose_version(Question *question, const text *name, int64 version, const text *unit)
{
	question->place = call_site_choose(question->site, name, version, unit);
	question->model = call_site_model(question->site, question->place);
}

/* Places of arguments behind the text and the model. */
typedef struct ArgumentPlaces
{
	int features;
	int unit;
	int version;
} ArgumentPlaces;

#define NO_ARGUMENT FUNC_MAX_ARGS

/* (text, model, features, unit, version), or by value (model, text, features) */
static const ArgumentPlaces usual_places = {2, 3, 4};

/* (text, model, features, label, unit, version), or by value (model, text, features, label) */
static const ArgumentPlaces explain_places = {2, 4, 5};

/* (text, model, version), or by value (model, text) */
static const ArgumentPlaces embedding_places = {NO_ARGUMENT, NO_ARGUMENT, 2};

/* The argument version. */
static inline int64
version_argument(FunctionCallInfo fcinfo, int argument)
{
	return has_argument(fcinfo, argument) ? PG_GETARG_INT32(argument) : NO_ASKED_VERSION;
}

/*
 * Read the arguments (text, model name, ...) or, if the first one is a model, (model, text, ...). Answers false
 * where the text (or the model value) is NULL.
 */
static inline bool
read_question(FunctionCallInfo fcinfo, bool by_value, const ArgumentPlaces *places,
			  Question *question)
{
	if (PG_ARGISNULL(0) || (by_value && PG_ARGISNULL(1)))
		return false;
	question->site = call_site(fcinfo);
	question->ignores_unknown = false;
	question->text = PG_GETARG_DATUM(by_value ? 1 : 0);
	if (by_value)
	{
		question->place = -1;
		question->model = call_site_by_value(question->site, PG_GETARG_DATUM(0));
	}
	else
		choose_version(question, has_argument(fcinfo, 1) ? PG_GETARG_TEXT_PP(1) : NULL,
					   version_argument(fcinfo, places->version),
					   has_argument(fcinfo, places->unit) ? PG_GETARG_TEXT_PP(places->unit) : NULL);
	question->features =
		has_argument(fcinfo, places->features) ? PG_GETARG_JSONB_P(places->features) : NULL;
	return true;
}

/*
 * Whether one of the deployed versions knows a feature: whoever asks does not know which one answers a unit, so
 * the numbers of all may be given, those in the shadow included.
 */
static bool
is_known_to_deployment(const Question *question, const char *name)
{
	const Deployment *deployment = question->site->deployment;

	if (question->place < 0)
		return false;
	for (int i = 0; i < deployment->n_answering + deployment->n_shadows; i++)
	{
		if (numeric_features_has(call_site_model(question->site, i)->pipeline, name))
			return true;
	}
	return false;
}

/* The numbers that come with a text; NULL without any, which is all missing. */
static float *
read_numbers(Question *question)
{
	float *numbers;
	ListCell *cell;

	if (question->features == NULL)
		return NULL;
	numbers = numeric_features_read_known(question->model->pipeline, question->features,
										  &question->unknown);
	if (question->ignores_unknown)
		return numbers;
	foreach (cell, question->unknown)
	{
		if (!is_known_to_deployment(question, lfirst(cell)))
			numeric_features_raise_unknown(question->model->pipeline, lfirst(cell));
	}
	return numbers;
}

/* Show the version's sketch what it has just answered. */
static pg_noinline void
sample_answer(const Question *question, VersionCounter *counter, const Utf8Text *text,
			  const float *numbers)
{
	const Pipeline *pipeline = question->model->pipeline;
	const LiveLayout *layout = statistics_layout(counter, pipeline);
	LiveSample sample;

	if (layout == NULL)
		return;
	live_sketch_locate(layout, pipeline, text->bytes, text->length, numbers,
					   question->probabilities, &sample);
	statistics_sample(counter, &sample);
}

/* Probabilities of all classes for a text, and the class that is answered. counter: or NULL */
static inline void
predict(Question *question, VersionCounter *counter)
{
	CachedModel *model = question->model;
	float *numbers = read_numbers(question);
	Utf8Text text = utf8_from_datum(question->text);
	MemoryContext old_context = MemoryContextSwitchTo(model->context);

	model->in_use = true;
	question->probabilities = pipeline_predict(model->pipeline, text.bytes, text.length, numbers);
	if (counter != NULL && statistics_wants_sample())
		sample_answer(question, counter, &text, numbers);
	model_cache_answered(model);
	MemoryContextSwitchTo(old_context);
	utf8_free(&text);
	if (numbers != NULL)
		pfree(numbers);
	question->best = pipeline_decide(model->pipeline, question->probabilities);
}

/*
 * An error is reported while a version answers: count it. As an error context callback, which costs the
 * predictions that go well next to nothing; it adds no context.
 */
static void
count_error(void *counter)
{
	int category = ERRCODE_TO_CATEGORY(geterrcode());

	/* notices and warnings come here too */
	if (category != ERRCODE_SUCCESSFUL_COMPLETION && category != ERRCODE_WARNING)
		statistics_fail((VersionCounter *) counter, geterrcode());
}

/* The same, counted. */
static void
predict_counted(Question *question, VersionCounter *counter)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack, .callback = count_error, .arg = counter};
	uint64 begun = statistics_begin(counter);

	error_context_stack = &callback;
	predict(question, counter);
	error_context_stack = callback.previous;
	statistics_end(counter, begun, question->best, question->probabilities[question->best]);
}

/* Answer a question: what prediction functions do. */
static void
answer(Question *question)
{
	VersionCounter *counter =
		question->place < 0 ? NULL : question->site->counters[question->place];

	if (counter == NULL)
	{
		predict(question, NULL);
		return;
	}
	predict_counted(question, counter);
	if (question->site->deployment->n_shadows > 0)
		shadow_score(question->site, question->model,
					 question->model->pipeline->labels[question->best], question->text,
					 question->features);
}

/* A label as a text datum. */
static Datum
label_datum(const CachedModel *model, uint32 class_index)
{
	const char *label = model->pipeline->labels[class_index];

	return utf8_to_text(label, strlen(label));
}

/* Body of sentiment_predict. */
static Datum
predict_label(FunctionCallInfo fcinfo, bool by_value)
{
	Question question;

	if (!read_question(fcinfo, by_value, &usual_places, &question))
		PG_RETURN_NULL();
	answer(&question);
	return label_datum(question.model, question.best);
}

PG_FUNCTION_INFO_V1(sentiment_predict);
Datum
sentiment_predict(PG_FUNCTION_ARGS)
{
	return predict_label(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sentiment_predict_by_value);
Datum
sentiment_predict_by_value(PG_FUNCTION_ARGS)
{
	return predict_label(fcinfo, true);
}

/* Body of sentiment_score. */
static Datum
score(FunctionCallInfo fcinfo, bool by_value)
{
	Question question;
	Pipeline *pipeline;

	if (!read_question(fcinfo, by_value, &usual_places, &question))
		PG_RETURN_NULL();
	pipeline = question.model->pipeline;
	if (pipeline->n_labels != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a score needs a model of two labels, this one has %u", pipeline->n_labels),
				 errhint("Use sentiment_probabilities.")));
	answer(&question);
	PG_RETURN_FLOAT8(question.probabilities[pipeline->positive]);
}

PG_FUNCTION_INFO_V1(sentiment_score);
Datum
sentiment_score(PG_FUNCTION_ARGS)
{
	return score(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sentiment_score_by_value);
Datum
sentiment_score_by_value(PG_FUNCTION_ARGS)
{
	return score(fcinfo, true);
}

/* Body of sentiment_classify: (label, probability, model, version). */
static Datum
classify(FunctionCallInfo fcinfo, bool by_value)
{
	Question question;
	TupleDesc descriptor;
	Datum values[4] = {0};
	bool nulls[4] = {false, false, by_value, by_value};

	if (!read_question(fcinfo, by_value, &usual_places, &question))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	answer(&question);
	values[0] = label_datum(question.model, question.best);
	values[1] = Float8GetDatum(question.probabilities[question.best]);
	if (!by_value)
	{
		const Deployment *deployment = question.site->deployment;

		values[2] = CStringGetTextDatum(deployment->model);
		values[3] = Int32GetDatum(deployment->versions[question.place].version.version);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

PG_FUNCTION_INFO_V1(sentiment_classify);
Datum
sentiment_classify(PG_FUNCTION_ARGS)
{
	return classify(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sentiment_classify_by_value);
Datum
sentiment_classify_by_value(PG_FUNCTION_ARGS)
{
	return classify(fcinfo, true);
}

/* Add a row to a set that a function returns. */
static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Body of sentiment_probabilities: (label, probability) in the order of the labels. */
static Datum
probabilities(FunctionCallInfo fcinfo, bool by_value)
{
	Question question;

	InitMaterializedSRF(fcinfo, 0);
	if (!read_question(fcinfo, by_value, &usual_places, &question))
		return (Datum) 0;
	answer(&question);
	for (uint32 i = 0; i < question.model->pipeline->n_labels; i++)
	{
		Datum values[2] = {label_datum(question.model, i),
						   Float8GetDatum(question.probabilities[i])};
		bool nulls[2] = {false, false};

		put_row(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(sentiment_probabilities);
Datum
sentiment_probabilities(PG_FUNCTION_ARGS)
{
	return probabilities(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sentiment_probabilities_by_value);
Datum
sentiment_probabilities_by_value(PG_FUNCTION_ARGS)
{
	return probabilities(fcinfo, true);
}

/* The class to explain: that of a label, or for NULL the one that is answered. */
static uint32
explained_class(const Pipeline *pipeline, const double *probabilities, const char *label)
{
	uint32 class_index;

	if (label == NULL)
		return pipeline_decide(pipeline, probabilities);
	class_index = pipeline_find_label(pipeline, label);
	if (class_index == pipeline->n_labels)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the model has no label \"%s\"", server_from_utf8(label)),
						errhint("sentiment_probabilities lists its labels.")));
	return class_index;
}

/* What everything contributes to a class; in the current memory context. */
static Contribution *
explain_question(Question *question, const char *label, uint32 *n_contributions, double *intercept)
{
	CachedModel *model = question->model;
	float *numbers = read_numbers(question);
	Utf8Text text = utf8_from_datum(question->text);
	MemoryContext result_context = CurrentMemoryContext;
	Pipeline *pipeline = model->pipeline;
	Contribution *contributions;
	Contribution *copy;
	uint32 class_index;

	MemoryContextSwitchTo(model->context);
	model->in_use = true;
	class_index = explained_class(
		pipeline, pipeline_predict(pipeline, text.bytes, text.length, numbers), label);
	contributions = explain_text(pipeline, text.bytes, text.length, numbers, class_index,
								 n_contributions, intercept);
	model_cache_answered(model);
	MemoryContextSwitchTo(result_context);
	copy = palloc_array(Contribution, *n_contributions + 1);
	memcpy(copy, contributions, *n_contributions * sizeof(Contribution));
	pfree(contributions);
	utf8_free(&text);
	return copy;
}

/* Body of sentiment_explain: (term, weight, contribution), strongest first, then the intercept. */
static Datum
explain(FunctionCallInfo fcinfo, bool by_value)
{
	Question question;
	Contribution *contributions;
	uint32 n_contributions;
	double intercept;
	char *label;
	ByteBuffer name = {0};
	bool nulls[3] = {false, false, false};
	Datum values[3];

	InitMaterializedSRF(fcinfo, 0);
	if (!read_question(fcinfo, by_value, &explain_places, &question))
		return (Datum) 0;
	label = PG_ARGISNULL(3) ? NULL : utf8_cstring_from_datum(PG_GETARG_DATUM(3));
	contributions = explain_question(&question, label, &n_contributions, &intercept);
	for (uint32 i = 0; i < n_contributions; i++)
	{
		name.length = 0;
		explanation_append_name(question.model->pipeline, contributions[i].source, &name);
		values[0] = utf8_to_displayed_text(name.data, name.length);
		values[1] = Float8GetDatum(contributions[i].weight);
		values[2] = Float8GetDatum(contributions[i].contribution);
		put_row(fcinfo, values, nulls);
		pfree(DatumGetPointer(values[0]));
	}
	values[0] = CStringGetTextDatum("(intercept)");
	values[1] = Float8GetDatum(intercept);
	values[2] = Float8GetDatum(intercept);
	put_row(fcinfo, values, nulls);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(sentiment_explain);
Datum
sentiment_explain(PG_FUNCTION_ARGS)
{
	return explain(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sentiment_explain_by_value);
Datum
sentiment_explain_by_value(PG_FUNCTION_ARGS)
{
	return explain(fcinfo, true);
}

/* The SVD coordinates of a text. */
static Datum
embedding(FunctionCallInfo fcinfo, bool by_value)
{
	Question question;
	Pipeline *pipeline;
	Utf8Text text;
	MemoryContext old_context;
	uint32 n_components;
	float *coordinates;
	Datum *elements;

	if (!read_question(fcinfo, by_value, &embedding_places, &question))
		PG_RETURN_NULL();
	pipeline = question.model->pipeline;
	n_components = pipeline->space.n_components;
	if (n_components == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the model has no embedding"),
						errdetail("Its terms are not reduced to SVD coordinates."),
						errhint("Train it with the parameter svd_components.")));
	text = utf8_from_datum(question.text);
	coordinates = palloc_array(float, n_components);
	elements = palloc_array(Datum, n_components);
	old_context = MemoryContextSwitchTo(question.model->context);
	question.model->in_use = true;
	feature_space_embed(&pipeline->space, text.bytes, text.length, coordinates);
	model_cache_answered(question.model);
	MemoryContextSwitchTo(old_context);
	for (uint32 i = 0; i < n_components; i++)
		elements[i] = Float4GetDatum(coordinates[i]);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(elements, n_components, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(sentiment_embedding);
Datum
sentiment_embedding(PG_FUNCTION_ARGS)
{
	return embedding(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sentiment_embedding_by_value);
Datum
sentiment_embedding_by_value(PG_FUNCTION_ARGS)
{
	return embedding(fcinfo, true);
}

/* Standard deviations from the mean of training beyond which a value is outlying. */
#define OUTLYING_DEVIATIONS 3

/*
 * What is remarkable of a value; NULL if nothing is. Who may ask a model need not know its training rows:
 * their mean and range stay untold.
 */
static char *
problem_of(const ScalerColumn *column, MissingRule rule, float value)
{
	if (isnan(value))
		return pstrdup(rule == MISSING_KEEP   ? "missing"
					   : rule == MISSING_MEAN ? "missing: taken as the mean of training"
											  : "missing: taken as 0");
	if (column->deviation == 0)
		return value == (float) column->mean
				   ? NULL
				   : pstrdup("differs from the one value of training: has no influence");
	if (fabs(value - column->mean) > OUTLYING_DEVIATIONS * column->deviation)
		return psprintf("%.1f standard deviations from the mean of training",
						fabs(value - column->mean) / column->deviation);
	return NULL;
}

/* (feature, value, problem) of the features besides the terms. */
PG_FUNCTION_INFO_V1(sentiment_check_features);
Datum
sentiment_check_features(PG_FUNCTION_ARGS)
{
	Question question = {.site = call_site(fcinfo)};
	CachedModel *model;
	const FeatureSpace *space;
	float *numbers;
	float *columns;
	Utf8Text asked;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(1))
		return (Datum) 0;
	choose_version(&question, PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0),
				   version_argument(fcinfo, 3), NULL);
	question.features = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);
	model = question.model;
	numbers = read_numbers(&question);
	space = &model->pipeline->space;
	asked = utf8_from_datum(PG_GETARG_DATUM(1));
	columns = palloc_array(float, space->columns.header.n_columns + 1);
	{
		MemoryContext old_context = MemoryContextSwitchTo(model->context);

		model->in_use = true;
		(void) feature_space_transform(&model->pipeline->space, asked.bytes, asked.length, numbers);
		model_cache_answered(model);
		MemoryContextSwitchTo(old_context);
	}
	memcpy(columns, feature_space_columns(space), space->columns.header.n_columns * sizeof(float));
	for (uint32 i = 0; i < space->columns.header.n_columns; i++)
	{
		char *problem = problem_of(&space->columns.columns[i],
								   (MissingRule) space->options.blocks.numeric_missing, columns[i]);
		const char *name = space->columns.names[i];
		Datum values[3] = {utf8_to_text(name, strlen(name)), Float8GetDatum(columns[i]), 0};
		bool nulls[3] = {false, isnan(columns[i]), problem == NULL};

		if (problem != NULL)
			values[2] = CStringGetTextDatum(problem);
		put_row(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

/* An array argument that goes with the texts: an element for each, or NULL. */
static Datum *
parallel_array(FunctionCallInfo fcinfo, int argument, Oid type, const char *name, int n_texts,
			   bool **nulls)
{
	Datum *elements;
	int n;

	if (!has_argument(fcinfo, argument))
		return NULL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), type, -1, false, TYPALIGN_INT, &elements,
					  nulls, &n);
	if (n != n_texts)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("%d texts have %d %s", n_texts, n, name),
						errhint("Give one element for each text, or null.")));
	return elements;
}

/* (ordinal, label, probability) of every element of an array, in its order. */
PG_FUNCTION_INFO_V1(sentiment_predict_batch);
Datum
sentiment_predict_batch(PG_FUNCTION_ARGS)
{
	Question question = {0};
	const text *name;
	int64 version;
	Datum *texts;
	Datum *features;
	Datum *units;
	bool *text_nulls;
	bool *feature_nulls;
	bool *unit_nulls;
	int n_texts;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &texts,
					  &text_nulls, &n_texts);
	features = parallel_array(fcinfo, 2, JSONBOID, "features", n_texts, &feature_nulls);
	units = parallel_array(fcinfo, 3, TEXTOID, "units", n_texts, &unit_nulls);
	if (n_texts == 0)
		return (Datum) 0;
	name = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	version = version_argument(fcinfo, 4);
	question.site = call_site(fcinfo);
	/* even if all texts are null, the model must be one that may be asked */
	choose_version(&question, name, version, NULL);
	for (int i = 0; i < n_texts; i++)
	{
		Datum values[3] = {Int32GetDatum(i + 1), 0, 0};
		bool nulls[3] = {false, text_nulls[i], text_nulls[i]};

		CHECK_FOR_INTERRUPTS();
		if (!text_nulls[i])
		{
			choose_version(&question, name, version,
						   units == NULL || unit_nulls[i] ? NULL : DatumGetTextPP(units[i]));
			question.text = texts[i];
			question.features =
				features == NULL || feature_nulls[i] ? NULL : DatumGetJsonbP(features[i]);
			answer(&question);
			values[1] = label_datum(question.model, question.best);
			values[2] = Float8GetDatum(question.probabilities[question.best]);
		}
		put_row(fcinfo, values, nulls);
		if (!text_nulls[i])
			pfree(DatumGetPointer(values[1]));
	}
	return (Datum) 0;
}

/* Warnings that sentiment_classify_batch gives at most. */
#define MAX_WARNINGS 100

/* Warn of a name that the model does not know: once for all texts. */
static void
warn_of_unknown(List **unknown_of_batch, List *unknown_of_text, ArrayBuildState **warnings)
{
	ListCell *cell;

	foreach (cell, unknown_of_text)
	{
		char *name = lfirst(cell);
		ListCell *known;

		foreach (known, *unknown_of_batch)
			if (strcmp(lfirst(known), name) == 0)
				break;
		if (known != NULL || list_length(*unknown_of_batch) >= MAX_WARNINGS)
			continue;
		*unknown_of_batch = lappend(*unknown_of_batch, name);
		*warnings = accumArrayResult(
			*warnings,
			CStringGetTextDatum(psprintf("feature \"%s\" is not known to the model, and ignored",
										 server_from_utf8(name))),
			false, TEXTOID, CurrentMemoryContext);
	}
}

/* Warn of missing and outlying numbers of the text that was predicted last. */
static void
warn_of_columns(const CachedModel *model, int ordinal, int *n_warnings, ArrayBuildState **warnings)
{
	const FeatureSpace *space = &model->pipeline->space;
	uint32 n_columns = space->columns.header.n_columns;
	const float *values = n_columns == 0 ? NULL : feature_space_columns(space);

	for (uint32 i = 0; i < n_columns && *n_warnings < MAX_WARNINGS; i++)
	{
		char *problem = problem_of(&space->columns.columns[i],
								   (MissingRule) space->options.blocks.numeric_missing, values[i]);
		char *warning;

		if (problem == NULL)
			continue;
		warning = psprintf("text %d: feature \"%s\": %s", ordinal,
						   server_from_utf8(space->columns.names[i]), problem);
		(*n_warnings)++;
		*warnings = accumArrayResult(*warnings, CStringGetTextDatum(warning), false, TEXTOID,
									 CurrentMemoryContext);
	}
}

/* The labels of a model as an array. */
static Datum
labels_array(const CachedModel *model)
{
	uint32 n_labels = model->pipeline->n_labels;
	Datum *labels = palloc_array(Datum, n_labels);

	for (uint32 i = 0; i < n_labels; i++)
		labels[i] = label_datum(model, i);
	return PointerGetDatum(construct_array(labels, n_labels, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Everything about an array of texts in one row of arrays: (model, version, labels, predicted,
 * probabilities, warnings). Rows of a set would cost more than the predictions.
 */
PG_FUNCTION_INFO_V1(sentiment_classify_batch);
Datum
sentiment_classify_batch(PG_FUNCTION_ARGS)
{
	Question question = {.site = call_site(fcinfo), .ignores_unknown = true};
	const Deployment *deployment;
	TupleDesc descriptor;
	Datum *texts;
	bool *text_nulls;
	int n_texts;
	Datum *features;
	bool *feature_nulls;
	uint32 n_labels;
	Datum *predicted;
	Datum *probabilities_of_texts;
	bool *probability_nulls;
	ArrayBuildState *warnings = NULL;
	List *unknown_of_batch = NIL;
	int n_warnings = 0;
	int lower_bounds[2] = {1, 1};
	Datum values[6];
	bool nulls[6] = {false, false, false, false, false, false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &texts,
					  &text_nulls, &n_texts);
	features = parallel_array(fcinfo, 2, JSONBOID, "features", n_texts, &feature_nulls);
	choose_version(&question, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1),
				   version_argument(fcinfo, 3), NULL);
	deployment = question.site->deployment;
	n_labels = question.model->pipeline->n_labels;
	predicted = palloc_array(Datum, n_texts + 1);
	probabilities_of_texts =
		palloc_extended(mul_size(mul_size(n_texts + 1, n_labels), sizeof(Datum)), MCXT_ALLOC_HUGE);
	probability_nulls = palloc_extended(mul_size(n_texts + 1, n_labels), MCXT_ALLOC_HUGE);
	for (int i = 0; i < n_texts; i++)
	{
		Datum *of_text = probabilities_of_texts + (size_t) i * n_labels;

		CHECK_FOR_INTERRUPTS();
		memset(probability_nulls + (size_t) i * n_labels, text_nulls[i], n_labels);
		predicted[i] = 0;
		if (text_nulls[i])
			continue;
		question.text = texts[i];
		question.features =
			features == NULL || feature_nulls[i] ? NULL : DatumGetJsonbP(features[i]);
		question.unknown = NIL;
		answer(&question);
		predicted[i] = Int32GetDatum(question.best + 1);
		for (uint32 j = 0; j < n_labels; j++)
			of_text[j] = Float8GetDatum(question.probabilities[j]);
		warn_of_unknown(&unknown_of_batch, question.unknown, &warnings);
		warn_of_columns(question.model, i + 1, &n_warnings, &warnings);
	}
	values[0] = CStringGetTextDatum(deployment->model);
	values[1] = Int32GetDatum(deployment->versions[question.place].version.version);
	values[2] = labels_array(question.model);
	values[3] = PointerGetDatum(construct_md_array(predicted, text_nulls, n_texts > 0 ? 1 : 0,
												   &n_texts, lower_bounds, INT4OID, sizeof(int32),
												   true, TYPALIGN_INT));
	{
		int dimensions[2] = {n_texts, n_labels};

		values[4] = PointerGetDatum(construct_md_array(
			probabilities_of_texts, probability_nulls, n_texts > 0 ? 2 : 0, dimensions,
			lower_bounds, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	}
	values[5] = warnings == NULL ? PointerGetDatum(construct_empty_array(TEXTOID))
								 : makeArrayResult(warnings, CurrentMemoryContext);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
