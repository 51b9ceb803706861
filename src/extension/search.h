/*
 * search.h
 *	  One search of hyperparameters: what was asked for, and what came of it.
 *
 * A search is a training whose parameters are found first: it reads the source once, measures trials on the rows
 * to learn from, and then trains one candidate with the best parameters, as sentiment_train does.
 */
#ifndef SENTIMENT_SEARCH_H
#define SENTIMENT_SEARCH_H

#include "postgres.h"

#include "core/search/hyperparameter_search.h"
#include "extension/search_progress.h"
#include "extension/train.h"

/* What is known of a trial besides the core's. */
typedef struct SearchTrialNote
{
	double seconds;
	int sqlstate;  /* of why it failed */
	char *message; /* why it failed, in the database's encoding; or NULL */
} SearchTrialNote;

typedef struct SearchRun
{
	Training *training; /* its candidates are one for each kind, until the best trial is known */

	/* arguments */
	const char **kinds; /* (n_kinds) */
	int n_kinds;
	Datum params; /* jsonb */
	Datum space;  /* jsonb */
	Datum limits; /* jsonb */
	const char *pruner;
	Datum max_time; /* interval, or 0 */
	SearchOptions options;
	TimestampTz deadline; /* DT_NOEND: none */

	/* result */
	Search *search;
	SearchTrialNote *notes; /* (search_trial_count) */
	const SearchTrial *best;
	bool time_is_over;
	double seconds;
	int64 search_id;
} SearchRun;

/* Read the arguments, and check what can be checked without looking at the source. */
extern void search_read_arguments(FunctionCallInfo fcinfo, SearchRun *run);

/* Make the search with its studies: after the model and its positive label are known. */
extern void search_make(SearchRun *run);

/*
 * Let the search begin with the parameters of the version that is deployed and with the defaults of each kind, where the
 * spaces have them, and tell where they have not.
 */
extern void search_enqueue_known(SearchRun *run);

/* The figures of a trial as a jsonb object. */
extern Datum search_trial_metrics(const SearchTrial *trial);

/* The name of a trial's state. */
extern const char *search_trial_state(const SearchTrial *trial);

/* Write the rows of the search. */
extern void search_store(SearchRun *run);

#endif /* SENTIMENT_SEARCH_H */
