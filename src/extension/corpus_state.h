/*
 * corpus_state.h
 *	  The type sentiment_corpus: texts on their way into a vocabulary or a model, as aggregate state.
 *
 * The state carries the aggregate's parameters, so that it can be finished and combined anywhere.
 */
#ifndef SENTIMENT_CORPUS_STATE_H
#define SENTIMENT_CORPUS_STATE_H

#include "postgres.h"

#include "fmgr.h"

#include "core/features/corpus.h"

typedef struct CorpusState
{
	char *kind;       /* kind of classifier; "" for a vocabulary; NULL until the first row */
	char *parameters; /* JSON in UTF-8 as given by the user */
	Corpus corpus;
} CorpusState;

/*
 * Transition: add the text of argument 1 with the label of argument label_argument (-1: none), under
 * the parameters of argument params_argument (-1: defaults). Rows without a text or label are counted
 * as skipped.
 */
extern Datum corpus_state_add(FunctionCallInfo fcinfo, int label_argument, int params_argument);

/* The state of argument 0, for a final function; NULL if there were no rows at all. */
extern const CorpusState *corpus_state_argument(FunctionCallInfo fcinfo);

#endif /* SENTIMENT_CORPUS_STATE_H */
