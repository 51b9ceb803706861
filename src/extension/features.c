/*
 * features.c
 *	  Vocabularies and TF-IDF vectors as SQL values.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/features/feature_space.h"
#include "extension/corpus_state.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/sparse_vector.h"

PG_FUNCTION_INFO_V1(sentiment_vocabulary_agg_add);
Datum
sentiment_vocabulary_agg_add(PG_FUNCTION_ARGS)
{
	return corpus_state_add(fcinfo, -1, PG_NARGS() > 2 ? 2 : -1);
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_agg_final);
Datum
sentiment_vocabulary_agg_final(PG_FUNCTION_ARGS)
{
	const CorpusState *state = corpus_state_argument(fcinfo);
	FeatureSpaceOptions options;
	MemoryContext context;
	MemoryContext old_context;
	HostBudget old_budget;
	ImageValue *value;
	ByteBuffer image;

	if (state == NULL)
		PG_RETURN_NULL();
	context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment vocabulary", ALLOCSET_DEFAULT_SIZES);
	old_context = MemoryContextSwitchTo(context);
	old_budget = host_begin_training(context);
	feature_space_parse(state->parameters, &options);
	image = feature_space_image(&options, &state->corpus);
	MemoryContextSwitchTo(old_context);
	value = image_value_create(&image);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	PG_RETURN_POINTER(value);
}

/* A vocabulary that a call site has opened. */
typedef struct OpenVocabulary
{
	ImageKey key;
	FeatureSpace *space;
	MemoryContext context;
} OpenVocabulary;

/* The feature space of a vocabulary argument: opened once for as long as the same one comes. */
static FeatureSpace *
open_vocabulary(FunctionCallInfo fcinfo, int argument)
{
	OpenVocabulary *open = fcinfo->flinfo->fn_extra;
	ImageKey key = image_value_key(PG_GETARG_DATUM(argument));
	MemoryContext old_context;
	ImageValue *value;

	if (open != NULL && open->space != NULL && open->key.checksum == key.checksum &&
		open->key.length == key.length)
		return open->space;
	if (open == NULL)
	{
		open = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(OpenVocabulary));
		open->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "sentiment vocabulary",
											  ALLOCSET_DEFAULT_SIZES);
		fcinfo->flinfo->fn_extra = open;
	}
	open->space = NULL;
	MemoryContextReset(open->context);
	old_context = MemoryContextSwitchTo(open->context);
	value = (ImageValue *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(argument));
	open->space = feature_space_open_image(value->image, image_value_length(value));
	open->key = key;
	MemoryContextSwitchTo(old_context);
	return open->space;
}

PG_FUNCTION_INFO_V1(sentiment_tfidf);
Datum
sentiment_tfidf(PG_FUNCTION_ARGS)
{
	FeatureSpace *space = open_vocabulary(fcinfo, 0);
	Utf8Text text = utf8_from_datum(PG_GETARG_DATUM(1));
	OpenVocabulary *open = fcinfo->flinfo->fn_extra;
	MemoryContext old_context = MemoryContextSwitchTo(open->context);
	SparseRow row = feature_space_transform(space, text.bytes, text.length, NULL);

	MemoryContextSwitchTo(old_context);
	utf8_free(&text);
	return sparse_vector_from_row(&row, space->vocabulary.n_features);
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_size);
Datum
sentiment_vocabulary_size(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(open_vocabulary(fcinfo, 0)->vocabulary.n_features);
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_documents);
Datum
sentiment_vocabulary_documents(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(open_vocabulary(fcinfo, 0)->vocabulary.n_documents);
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_terms);
Datum
sentiment_vocabulary_terms(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Vocabulary *vocabulary = &open_vocabulary(fcinfo, 0)->vocabulary;
	ByteBuffer term = {0};

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 node = 0; node < vocabulary->n_nodes; node++)
	{
		uint32 feature = vocabulary->nodes[node].feature;
		Datum values[4];
		bool nulls[4] = {false, false, false, false};
		uint32 document_frequency;

		if (feature == VOCABULARY_NONE)
			continue;
		CHECK_FOR_INTERRUPTS();
		term.length = 0;
		vocabulary_append_term(vocabulary, node, &term);
		document_frequency = vocabulary->document_frequency[feature];
		values[0] = Int32GetDatum((int32) feature + 1);
		values[1] = utf8_to_displayed_text(term.data, term.length);
		values[2] = Int64GetDatum(document_frequency);
		values[3] = Float8GetDatum(vocabulary_idf(vocabulary->n_documents, document_frequency));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(DatumGetPointer(values[1]));
	}
	return (Datum) 0;
}
