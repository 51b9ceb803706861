/*
 * text.c
 *	  Tokens and text features as SQL values.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/features/ngrams.h"
#include "core/text/text_features.h"
#include "core/text/tokenizer.h"
#include "extension/host.h"

/* A call site's tokenizer and the parameters that it was made with. */
typedef struct TokenizerSite
{
	MemoryContext context;
	char *parameters; /* JSON */
	TokenizerOptions tokenizer_options;
	VocabularyOptions ngram_options;
	Tokenizer *tokenizer;
} TokenizerSite;

/* The call site's tokenizer for the parameters of argument 1. */
static TokenizerSite *
tokenizer_site(FunctionCallInfo fcinfo)
{
	TokenizerSite *site = fcinfo->flinfo->fn_extra;
	const char *parameters = json_from_argument(fcinfo, 1);
	MemoryContext old_context;

	if (site != NULL && site->tokenizer != NULL && strcmp(site->parameters, parameters) == 0)
		return site;
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(TokenizerSite));
		site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "sentiment tokenizer",
											  ALLOCSET_DEFAULT_SIZES);
		fcinfo->flinfo->fn_extra = site;
	}
	site->tokenizer = NULL;
	MemoryContextReset(site->context);
	old_context = MemoryContextSwitchTo(site->context);
	site->parameters = pstrdup(parameters);
	ngrams_parse(parameters, &site->tokenizer_options, &site->ngram_options);
	site->tokenizer = tokenizer_create(&site->tokenizer_options);
	MemoryContextSwitchTo(old_context);
	return site;
}

PG_FUNCTION_INFO_V1(sentiment_tokens);
Datum
sentiment_tokens(PG_FUNCTION_ARGS)
{
	TokenizerSite *site;
	Utf8Text text;
	NgramList list;
	Datum *terms;
	MemoryContext old_context;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = tokenizer_site(fcinfo);
	text = utf8_from_datum(PG_GETARG_DATUM(0));
	/* the tokenizer's scratch memory must outlive the row */
	old_context = MemoryContextSwitchTo(site->context);
	list = ngrams_list(site->tokenizer, &site->ngram_options, text.bytes, text.length);
	MemoryContextSwitchTo(old_context);
	utf8_free(&text);
	terms = palloc_extended(host_array_size(list.n_terms + 1, sizeof(Datum)), MCXT_ALLOC_HUGE);
	for (size_t i = 0; i < list.n_terms; i++)
	{
		terms[i] = utf8_to_displayed_text(list.bytes.data + list.starts[i],
										  list.starts[i + 1] - list.starts[i]);
		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	host_free(list.starts);
	buffer_reset(&list.bytes);
	PG_RETURN_ARRAYTYPE_P(construct_array(terms, list.n_terms, TEXTOID, -1, false, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(sentiment_text_features);
Datum
sentiment_text_features(PG_FUNCTION_ARGS)
{
	Utf8Text text = utf8_from_datum(PG_GETARG_DATUM(0));
	double features[N_TEXT_FEATURES];
	Datum values[N_TEXT_FEATURES];
	bool nulls[N_TEXT_FEATURES] = {0};
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	text_features_compute(text.bytes, text.length, features);
	utf8_free(&text);
	for (int i = 0; i < N_TEXT_FEATURES; i++)
		values[i] = Float8GetDatum(features[i]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
