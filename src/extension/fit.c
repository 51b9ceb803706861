/*
 * fit.c
 *	  The aggregate sentiment_fit: a trained model as a value.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/pipeline_train.h"
#include "extension/corpus_state.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/label_text.h"

PG_FUNCTION_INFO_V1(sentiment_fit_add);
Datum
sentiment_fit_add(PG_FUNCTION_ARGS)
{
	return corpus_state_add(fcinfo, 2, PG_NARGS() > 3 ? 3 : -1);
}

PG_FUNCTION_INFO_V1(sentiment_fit_final);
Datum
sentiment_fit_final(PG_FUNCTION_ARGS)
{
	const CorpusState *state = corpus_state_argument(fcinfo);
	PipelineOptions options;
	MemoryContext context;
	MemoryContext old_context;
	HostBudget old_budget;
	ImageValue *value;
	ByteBuffer image;

	if (state == NULL)
		PG_RETURN_NULL();
	context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment training", ALLOCSET_DEFAULT_SIZES);
	old_context = MemoryContextSwitchTo(context);
	old_budget = host_begin_training(context);
	pipeline_parse_options(state->kind, state->parameters, NULL, 0, &options);
	image = pipeline_train(&options, &state->corpus, NULL);
	MemoryContextSwitchTo(old_context);
	value = image_value_create(&image);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	PG_RETURN_POINTER(value);
}

/* The same for a label of another type: its text form stands for it. */
static Datum
add_with_label(FunctionCallInfo fcinfo, Datum label)
{
	fcinfo->args[2].value = label;
	return sentiment_fit_add(fcinfo);
}

PG_FUNCTION_INFO_V1(sentiment_fit_add_numeric);
Datum
sentiment_fit_add_numeric(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(2))
		return sentiment_fit_add(fcinfo);
	return add_with_label(fcinfo, CStringGetTextDatum(label_text_of_numeric(PG_GETARG_DATUM(2))));
}

PG_FUNCTION_INFO_V1(sentiment_fit_add_boolean);
Datum
sentiment_fit_add_boolean(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(2))
		return sentiment_fit_add(fcinfo);
	return add_with_label(fcinfo, CStringGetTextDatum(PG_GETARG_BOOL(2) ? "true" : "false"));
}
