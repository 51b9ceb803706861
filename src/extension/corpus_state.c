/*
 * corpus_state.c
 *	  The type sentiment_corpus: texts on their way into a vocabulary or a model, as aggregate state.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "core/features/feature_space.h"
#include "core/pipeline.h"
#include "extension/corpus_state.h"
#include "extension/expanded_state.h"
#include "extension/host.h"

/* First bytes of the flat form; kind, parameters (each with a zero byte) and the corpus follow. */
typedef struct FlatCorpusState
{
	uint32 version;
	uint32 kind_size;
	uint32 parameters_size;
	uint32 reserved;
} FlatCorpusState;

#define FLAT_VERSION 1

/* Read the options that the parameters stand for; checks them. */
static void
parse_options(const char *kind, const char *parameters, FeatureSpaceOptions *options)
{
	if (kind[0] == '\0')
		feature_space_parse(parameters, options);
	else
	{
		PipelineOptions pipeline_options;

		pipeline_parse_options(kind, parameters, NULL, 0, &pipeline_options);
		*options = pipeline_options.features;
	}
}

static Size
corpus_state_flat_size(const void *state)
{
	const CorpusState *corpus_state = state;

	return sizeof(FlatCorpusState) + strlen(corpus_state->kind) + 1 +
		   strlen(corpus_state->parameters) + 1 + corpus_flat_size(&corpus_state->corpus);
}

static void
corpus_state_write_flat(const void *state, char *bytes)
{
	const CorpusState *corpus_state = state;
	FlatCorpusState flat = {FLAT_VERSION, strlen(corpus_state->kind) + 1,
							strlen(corpus_state->parameters) + 1, 0};

	memcpy(bytes, &flat, sizeof(flat));
	bytes += sizeof(flat);
	memcpy(bytes, corpus_state->kind, flat.kind_size);
	bytes += flat.kind_size;
	memcpy(bytes, corpus_state->parameters, flat.parameters_size);
	bytes += flat.parameters_size;
	corpus_flatten(&corpus_state->corpus, bytes);
}

/* Raise the error for a flat form that cannot be right. */
static void
pg_attribute_noreturn() invalid_state(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL, "invalid value for type sentiment_corpus");
}

static void
corpus_state_read_flat(void *state, const char *bytes, Size length)
{
	CorpusState *corpus_state = state;
	FlatCorpusState flat;
	FeatureSpaceOptions options = {0};
	CorpusValues values;
	Size left = length;

	if (left < sizeof(flat))
		invalid_state("It is truncated.");
	memcpy(&flat, bytes, sizeof(flat));
	bytes += sizeof(flat);
	left -= sizeof(flat);
	if (flat.version != FLAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.", NULL,
				   "unsupported version %u of type sentiment_corpus", flat.version);
	if (flat.reserved != 0 || flat.kind_size == 0 || flat.kind_size > left ||
		flat.parameters_size == 0 || flat.parameters_size > left - flat.kind_size ||
		memchr(bytes, 0, flat.kind_size) != bytes + flat.kind_size - 1 ||
		memchr(bytes + flat.kind_size, 0, flat.parameters_size) !=
			bytes + flat.kind_size + flat.parameters_size - 1)
		invalid_state("Its parameters are truncated.");
	corpus_state->kind = pstrdup(bytes);
	corpus_state->parameters = pstrdup(bytes + flat.kind_size);
	bytes += flat.kind_size + flat.parameters_size;
	left -= flat.kind_size + flat.parameters_size;
	parse_options(corpus_state->kind, corpus_state->parameters, &options);
	values = feature_space_corpus_values(&options);
	corpus_initialize(&corpus_state->corpus, &options.tokenizer, &values);
	corpus_unflatten(&corpus_state->corpus, bytes, left);
	if ((corpus_state->kind[0] != '\0') != (corpus_state->corpus.labels.n_strings > 0) &&
		corpus_state->corpus.n_documents > 0)
		invalid_state("Its texts have labels where they should have none, or the other way round.");
}

static void
corpus_state_merge(void *state, const void *other)
{
	CorpusState *corpus_state = state;
	const CorpusState *other_state = other;

	if (strcmp(corpus_state->kind, other_state->kind) != 0 ||
		strcmp(corpus_state->parameters, other_state->parameters) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("cannot combine texts that were prepared with different params")));
	corpus_combine(&corpus_state->corpus, &other_state->corpus);
}

static const StateType corpus_state_type = {
	.name = "sentiment_corpus",
	.limit_hint =
		"Use sentiment_train, which has no such limit, or aggregate a sample of the rows.",
	.magic = 0x53435250,
	.state_size = sizeof(CorpusState),
	.flat_size = corpus_state_flat_size,
	.write_flat = corpus_state_write_flat,
	.read_flat = corpus_state_read_flat,
	.merge = corpus_state_merge,
};

/*
 * Take the kind of classifier out of the parameters: sentiment_fit has no argument for it. Answers the
 * default kind without one.
 */
static char *
take_kind(FunctionCallInfo fcinfo, int params_argument, char **parameters)
{
	Jsonb *params;
	JsonbValue *kind;
	JsonbValue buffer;
	char *name;

	*parameters = pstrdup(params_argument < 0 ? "{}" : json_from_argument(fcinfo, params_argument));
	if (params_argument < 0 || PG_ARGISNULL(params_argument))
		return pstrdup(DEFAULT_KIND);
	params = PG_GETARG_JSONB_P(params_argument);
	kind = getKeyJsonValueFromContainer(&params->root, "kind", 4, &buffer);
	if (kind == NULL)
		return pstrdup(DEFAULT_KIND);
	if (kind->type != jbvString)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("parameter \"kind\" must be a string")));
	name = pnstrdup(kind->val.string.val, kind->val.string.len);
	params = DatumGetJsonbP(
		DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(params), CStringGetTextDatum("kind")));
	*parameters = utf8_from_server(JsonbToCString(NULL, &params->root, VARSIZE(params)));
	return utf8_from_server(name);
}

/* Begin a state: read the parameters of the first row. */
static void
begin_state(FunctionCallInfo fcinfo, bool has_labels, int params_argument, CorpusState *state)
{
	FeatureSpaceOptions options = {0};
	CorpusValues values;

	if (has_labels)
		state->kind = take_kind(fcinfo, params_argument, &state->parameters);
	else
	{
		state->kind = pstrdup("");
		state->parameters =
			pstrdup(params_argument < 0 ? "{}" : json_from_argument(fcinfo, params_argument));
	}
	parse_options(state->kind, state->parameters, &options);
	values = feature_space_corpus_values(&options);
	corpus_initialize(&state->corpus, &options.tokenizer, &values);
}

/*
 * One tokenizer serves all groups of an aggregate, which may be thousands: it is kept for as long as
 * the same options are asked for. It is static because not every caller of a transition function keeps
 * fn_extra. While a text is tokenized it is in use; an error leaves it so, and a new one is made then.
 */
static Tokenizer *shared_tokenizer = NULL;
static MemoryContext tokenizer_context = NULL;
static TokenizerOptions shared_options;
static bool tokenizer_in_use = false;

/* The shared tokenizer for some options (made in zeroed memory, so that they compare as bytes). */
static Tokenizer *
borrow_tokenizer(const TokenizerOptions *options)
{
	if (shared_tokenizer == NULL || tokenizer_in_use ||
		memcmp(&shared_options, options, sizeof(TokenizerOptions)) != 0)
	{
		MemoryContext old_context;

		if (tokenizer_context == NULL)
			tokenizer_context = AllocSetContextCreate(TopMemoryContext, "sentiment tokenizer",
													  ALLOCSET_DEFAULT_SIZES);
		shared_tokenizer = NULL;
		MemoryContextReset(tokenizer_context);
		old_context = MemoryContextSwitchTo(tokenizer_context);
		shared_tokenizer = tokenizer_create(options);
		MemoryContextSwitchTo(old_context);
		shared_options = *options;
	}
	return shared_tokenizer;
}

/* Tokenize a text in the tokenizer's context and add its tokens in the corpus's. */
static void
add_tokens(Corpus *corpus, const Utf8Text *text, MemoryContext corpus_context)
{
	Tokenizer *tokenizer = borrow_tokenizer(&corpus->tokenizer_options);
	const TokenBatch *batch;

	tokenizer_in_use = true;
	MemoryContextSwitchTo(tokenizer_context);
	tokenizer_begin(tokenizer, text->bytes, text->length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		MemoryContextSwitchTo(corpus_context);
		corpus_add_tokens(corpus, batch);
		MemoryContextSwitchTo(tokenizer_context);
	}
	MemoryContextSwitchTo(corpus_context);
	tokenizer_in_use = false;
}

Datum
corpus_state_add(FunctionCallInfo fcinfo, int label_argument, int params_argument)
{
	ExpandedState *expanded = expanded_state_for_update(fcinfo, 0, &corpus_state_type);
	CorpusState *state = expanded->state;
	MemoryContext old_context = CurrentMemoryContext;
	HostBudget old_budget;

	if (state->kind == NULL)
	{
		MemoryContextSwitchTo(expanded->header.eoh_context);
		begin_state(fcinfo, label_argument >= 0, params_argument, state);
		MemoryContextSwitchTo(old_context);
	}
	if (PG_ARGISNULL(1) || (label_argument >= 0 && PG_ARGISNULL(label_argument)))
		state->corpus.n_skipped++;
	else
	{
		Utf8Text text = utf8_from_datum(PG_GETARG_DATUM(1));
		uint32 label = 0;

		old_budget = host_begin_budget(expanded->header.eoh_context);
		if (label_argument >= 0)
		{
			Utf8Text label_text = utf8_from_datum(PG_GETARG_DATUM(label_argument));

			MemoryContextSwitchTo(expanded->header.eoh_context);
			label = corpus_add_label(&state->corpus, label_text.bytes, label_text.length);
			utf8_free(&label_text);
		}
		add_tokens(&state->corpus, &text, expanded->header.eoh_context);
		corpus_end_text(&state->corpus, text.bytes, text.length, label, NULL);
		MemoryContextSwitchTo(old_context);
		host_end_budget(old_budget);
		utf8_free(&text);
	}
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

const CorpusState *
corpus_state_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		return NULL;
	return expanded_state_for_reading(PG_GETARG_DATUM(0), &corpus_state_type);
}

PG_FUNCTION_INFO_V1(sentiment_corpus_in);
Datum
sentiment_corpus_in(PG_FUNCTION_ARGS)
{
	return expanded_state_in(fcinfo, &corpus_state_type);
}

PG_FUNCTION_INFO_V1(sentiment_corpus_out);
Datum
sentiment_corpus_out(PG_FUNCTION_ARGS)
{
	return expanded_state_out(fcinfo, &corpus_state_type);
}

PG_FUNCTION_INFO_V1(sentiment_corpus_recv);
Datum
sentiment_corpus_recv(PG_FUNCTION_ARGS)
{
	return expanded_state_recv(fcinfo, &corpus_state_type);
}

PG_FUNCTION_INFO_V1(sentiment_corpus_send);
Datum
sentiment_corpus_send(PG_FUNCTION_ARGS)
{
	return expanded_state_send(fcinfo, &corpus_state_type);
}

PG_FUNCTION_INFO_V1(sentiment_corpus_combine);
Datum
sentiment_corpus_combine(PG_FUNCTION_ARGS)
{
	return expanded_state_combine(fcinfo, &corpus_state_type);
}
