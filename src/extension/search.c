/*
 * search.c
 *	  sentiment_search: from a relation to the best of many trials, and to a version of it.
 *
 * The trials have a memory context of their own. One that fails is rolled back as a subtransaction, and leaves its
 * memory, and feature spaces that may be half made: so the context is given up with all that was kept, and a new
 * one goes on. What is known of the trials is in the training's context.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/pipeline_train.h"
#include "extension/contract.h"
#include "extension/drift_profile.h"
#include "extension/host.h"
#include "extension/large_memory.h"
#include "extension/progress.h"
#include "extension/search.h"
#include "extension/settings.h"
#include "extension/subtransaction.h"
#include "extension/train_arguments.h"
#include "extension/train_candidates.h"
#include "extension/train_warnings.h"
#include "extension/train_store.h"

/* The trials while they are measured. */
typedef struct Trials
{
	SearchRun *run;
	MemoryContext context;
	HostBudget outer;
	TrialEvaluator *evaluator; /* in the context */
	SearchTrial *trial;        /* the present one */
	SearchProgress progress;
	bool is_dropped; /* time was over before the present one was measured */
} Trials;

/* Begin a context for trials, and make ready to measure. */
static void
begin_context(Trials *trials)
{
	SearchRun *run = trials->run;
	MemoryContext old_context;

	trials->context =
		AllocSetContextCreate(run->training->context, "sentiment trials", ALLOCSET_DEFAULT_SIZES);
	trials->outer = host_begin_part(trials->context);
	old_context = MemoryContextSwitchTo(trials->context);
	trials->evaluator = trial_evaluator_create(&run->training->source.corpus, run->options.n_folds,
											   (size_t) training_memory * 1024 / 2);
	MemoryContextSwitchTo(old_context);
}

/* Give the context up. */
static void
end_context(Trials *trials)
{
	host_end_budget(trials->outer);
	MemoryContextDelete(trials->context);
}

/* Whether the search is to end for its time, which leaves it one trial at least. */
static bool
is_time_over(const Trials *trials)
{
	return trials->run->best != NULL && GetCurrentTimestamp() >= trials->run->deadline;
}

/* Measure the present trial, fold by fold. */
static void
measure(void *argument)
{
	Trials *trials = argument;
	SearchRun *run = trials->run;

	do
	{
		if (is_time_over(trials))
		{
			trials->is_dropped = true;
			return;
		}
		trials->progress.fold = Min(trials->trial->n_steps + 1, run->options.n_folds);
		search_progress_update(&trials->progress);
	} while (search_step_trial(run->search, trials->trial, trials->evaluator,
							   &run->training->source.texts.rows));
}

/* Keep why a trial failed, in the training's context. */
static void
note_failure(Trials *trials, const ErrorData *error)
{
	SearchTrialNote *note = &trials->run->notes[trials->trial->number - 1];

	search_fail_trial(trials->trial);
	note->sqlstate = error->sqlerrcode;
	note->message = error->detail == NULL ? pstrdup(error->message)
										  : psprintf("%s: %s", error->message, error->detail);
}

/* The value of the first objective. */
static double
first_value(const SearchRun *run, const SearchTrial *trial)
{
	return trial->figures[run->options.objectives[0]];
}

/* Take note of how the present trial ended, and tell if it is the best until now. */
static void
note_end(Trials *trials)
{
	SearchRun *run = trials->run;
	const SearchTrial *trial = trials->trial;
	SearchProgress *progress = &trials->progress;

	progress->fold = 0;
	progress->complete += trial->state == TRIAL_COMPLETE;
	progress->pruned += trial->state == TRIAL_PRUNED;
	progress->failed += trial->state == TRIAL_FAILED;
	if (search_is_better(trial, run->best))
	{
		run->best = trial;
		progress->best_trial = (int32) trial->number;
		progress->best_value = first_value(run, trial);
		host_show_progress(true);
		host_progress("trial %u of %u, %s: %s %.6g with %s (%.1f s)", trial->number,
					  search_trial_count(run->search), run->search->studies[trial->study].kind,
					  search_figure_names[run->options.objectives[0]], progress->best_value,
					  trial->parameters, train_elapsed_seconds(run->training));
		host_show_progress(false);
	}
	search_progress_update(progress);
	progress_set_done(run->training->progress, trial->number, progress->trials);
	if (progress->best_trial > 0)
		progress_set_best(run->training->progress, progress->best_value);
}

/* Do the present trial. */
static void
do_trial(Trials *trials)
{
	SearchRun *run = trials->run;
	MemoryContext old_context = MemoryContextSwitchTo(trials->context);
	double start = train_elapsed_seconds(run->training);
	ErrorData *error = subtransaction_run(measure, trials);

	MemoryContextSwitchTo(old_context);
	if (error != NULL)
	{
		note_failure(trials, error);
		end_context(trials);
		begin_context(trials);
	}
	run->notes[trials->trial->number - 1].seconds = train_elapsed_seconds(run->training) - start;
}

/* Do all trials, or as many as there is time for. */
static void
do_trials(Trials *trials)
{
	SearchRun *run = trials->run;

	while (!run->time_is_over && (trials->trial = search_begin_trial(run->search)) != NULL)
	{
		strlcpy(trials->progress.kind, run->search->studies[trials->trial->study].kind,
				NAMEDATALEN);
		progress_set_kind(run->training->progress, trials->progress.kind);
		trials->progress.trial = (int32) trials->trial->number;
		if (trials->trial->is_running)
			do_trial(trials);
		if (trials->is_dropped)
			search_drop_trial(run->search);
		else
			note_end(trials);
		run->time_is_over = is_time_over(trials) && search_has_more(run->search);
	}
}

/* Raise an error if every trial failed: there is nothing to tell but why. */
static void
check_trials(const SearchRun *run)
{
	bool lacks_memory = run->notes[0].sqlstate == ERRCODE_OUT_OF_MEMORY;

	for (uint32 i = 0; i < run->search->n_trials; i++)
	{
		if (run->search->trials[i].state != TRIAL_FAILED)
			return;
	}
	ereport(ERROR,
			(errcode(lacks_memory ? ERRCODE_OUT_OF_MEMORY : ERRCODE_DATA_EXCEPTION),
			 errmsg("all %u trials failed", run->search->n_trials),
			 run->notes[0].message == NULL ? 0 : errdetail("The first: %s", run->notes[0].message),
			 lacks_memory ? errhint(LARGE_MEMORY_HINT)
						  : errhint("Change what is given in params, or searched by space.")));
}

/* Search: measure the trials, and rank them. */
static void
search(SearchRun *run)
{
	Trials trials = {.run = run};
	const Training *training = run->training;
	SearchProgress *progress = &trials.progress;

	run->notes = palloc0_array(SearchTrialNote, search_trial_count(run->search));
	*progress = (SearchProgress){.pid = MyProcPid,
								 .database = MyDatabaseId,
								 .role = GetUserId(),
								 .model_id = training->model_id,
								 .trials = (int32) search_trial_count(run->search),
								 .folds = (int32) run->options.n_folds,
								 .best_value = NAN,
								 .started_at = training->started_at};
	strlcpy(progress->model, training->name, NAMEDATALEN);
	strlcpy(progress->objective, search_figure_names[run->options.objectives[0]], NAMEDATALEN);
	search_progress_begin(progress);
	begin_context(&trials);
	do_trials(&trials);
	end_context(&trials);
	search_progress_end();
	check_trials(run);
	search_rank(run->search);
	run->best = search_best(run->search);
	run->seconds = train_elapsed_seconds(training);
}

/* The best trial's parameters become the training's only candidate. */
static void
choose_candidate(SearchRun *run)
{
	Training *training = run->training;
	const char *kind = run->search->studies[run->best->study].kind;
	Datum params =
		DirectFunctionCall2(jsonb_concat, run->params, jsonb_from_json(run->best->parameters));
	Jsonb *value = DatumGetJsonbP(train_parameters_for_kind(params, kind));

	training->n_candidates = 1;
	training->candidates = palloc0_array(Candidate, 1);
	train_parse_candidate(training, &training->candidates[0], kind,
						  utf8_from_server(JsonbToCString(NULL, &value->root, VARSIZE(value))));
	if (run->options.positive_label != NULL)
		training->candidates[0].options.positive_label = run->options.positive_label;
	training->search_reason = psprintf("best of %u trials", run->search->n_trials);
}

/* Train and store the version with the best parameters. */
static void
train_best(SearchRun *run)
{
	const SearchTrial *best = run->best;

	host_show_progress(true);
	if (best == NULL)
	{
		ereport(WARNING, (errmsg("no trial keeps to the limits: no version was trained"),
						  errhint("Loosen the limits, or search another space; the view "
								  "sentiment_search_trials has the trials.")));
		return;
	}
	host_progress("the best of %u trials is trial %u: %s, %s %.6g", run->search->n_trials,
				  best->number, run->search->studies[best->study].kind,
				  search_figure_names[run->options.objectives[0]], first_value(run, best));
	choose_candidate(run);
	train_fit_candidates(run->training);
	train_ask_gate(run->training);
	run->training->learned_texts = drift_profile_learned_texts(&run->training->source.corpus);
	progress_set_phase(run->training->progress, "store");
	train_store(run->training);
	host_show_progress(false);
}

/* Put the trials into the answer. */
static void
put_trials(ReturnSetInfo *result, const SearchRun *run)
{
	for (uint32 i = 0; i < run->search->n_trials; i++)
	{
		const SearchTrial *trial = &run->search->trials[i];
		bool is_complete = trial->state == TRIAL_COMPLETE;
		bool is_best = trial == run->best;
		bool nulls[12] = {0};
		Datum values[12] = {
			Int64GetDatum(run->search_id),
			Int32GetDatum(trial->number),
			CStringGetTextDatum(run->search->studies[trial->study].kind),
			CStringGetTextDatum(search_trial_state(trial)),
			jsonb_from_json(trial->parameters),
			Float8GetDatum(first_value(run, trial)),
			search_trial_metrics(trial),
			BoolGetDatum(trial->rank == 0),
			BoolGetDatum(is_best),
			Int32GetDatum(is_best ? run->training->best->version : 0),
			Float8GetDatum(run->notes[i].seconds),
			run->notes[i].message == NULL ? (Datum) 0 : CStringGetTextDatum(run->notes[i].message)};

		nulls[5] = isnan(first_value(run, trial));
		nulls[7] = !is_complete;
		nulls[9] = !is_best;
		nulls[11] = run->notes[i].message == NULL;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* Read the source, and check what can be checked before the trials. */
static void
read_source(SearchRun *run)
{
	Training *training = run->training;

	source_check(&training->source.origin);
	train_warn_of_source(training);
	train_check_model(training);
	search_make(run);
	search_enqueue_known(run);
	train_begin_corpus(training);
	host_show_progress(true);
	progress_set_phase(training->progress, "validate");
	contract_validate_training(training->name, &training->source.origin,
							   training->source.split_seed, training->source.holdout,
							   &training->validation);
	progress_set_phase(training->progress, "read");
	train_source_read(&training->source);
	train_report_rows(training);
	train_warn_of_labels(&training->source);
	train_warn_of_reading(training);
	train_check_held_out_labels(&training->source);
	for (int i = 0; i < training->n_candidates; i++)
		pipeline_check_training(&training->candidates[i].options, &training->source.corpus);
	host_show_progress(false);
}

PG_FUNCTION_INFO_V1(sentiment_search);
Datum
sentiment_search(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old_context;
	HostBudget old_budget;
	SearchRun run = {0};
	Training *training;

	registry_refuse_read_only("sentiment_search()");
	InitMaterializedSRF(fcinfo, 0);

	context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment search", ALLOCSET_DEFAULT_SIZES);
	old_context = MemoryContextSwitchTo(context);
	old_budget = host_begin_training(context);
	training = run.training = palloc0(sizeof(Training));
	INSTR_TIME_SET_CURRENT(training->start);
	training->started_at = GetCurrentTimestamp();
	training->context = context;
	training->source.context = context;
	search_read_arguments(fcinfo, &run);
	training->progress = progress_begin("search", training->name);
	read_source(&run);
	progress_set_phase(training->progress, "search");
	search(&run);
	train_best(&run);
	search_store(&run);
	progress_end(training->progress);
	put_trials((ReturnSetInfo *) fcinfo->resultinfo, &run);

	MemoryContextSwitchTo(old_context);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	PG_RETURN_VOID();
}
