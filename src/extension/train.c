/*
 * train.c
 *	  sentiment_train: from a relation to a new version of a model.
 *
 * What is long (reading, solving, measuring) is train_begin, and done before the model's row is locked, see
 * train_store.c. So trainings of one model may run side by side, and deployments go on. A retraining does more that
 * is long between the two halves: it asks the gate.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/features/corpus.h"
#include "extension/contract.h"
#include "extension/drift_profile.h"
#include "extension/host.h"
#include "extension/progress.h"
#include "extension/registry.h"
#include "extension/source_error.h"
#include "extension/train.h"
#include "extension/train_arguments.h"
#include "extension/train_candidates.h"
#include "extension/train_store.h"
#include "extension/train_warnings.h"

double
train_elapsed_seconds(const Training *training)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, training->start);
	return INSTR_TIME_GET_DOUBLE(now);
}

void
train_report_rows(Training *training)
{
	const TrainSource *source = &training->source;

	host_progress("%lld rows read from %s: %u to learn from, %u held out (%.1f s)",
				  (long long) source->n_rows, source_display_name(&source->origin),
				  source->corpus.n_documents, source->held_out.n_rows,
				  train_elapsed_seconds(training));
	if (source->n_skipped > 0)
		host_progress("%lld rows without a text or a label were skipped",
					  (long long) source->n_skipped);
	if (source->corpus.n_documents == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("there are no rows to learn from in \"%s\"", source->origin.name),
				 errdetail("%lld rows were read, %lld of them without a text or a label.",
						   (long long) source->n_rows, (long long) source->n_skipped),
				 source->held_out.n_rows > 0
					 ? errhint("All rows were held out: add rows, or lower the parameter holdout.")
					 : errhint("Check the columns, and what the current role may see.")));
}

/* The function's result: the best candidate. */
static Datum
result_row(FunctionCallInfo fcinfo, Training *training)
{
	const Candidate *best = training->best;
	TupleDesc descriptor;
	bool nulls[8] = {0};
	Datum values[8] = {CStringGetTextDatum(training->name),
					   Int32GetDatum(best->version),
					   CStringGetTextDatum(best->options.kind->name),
					   BoolGetDatum(best->deployed),
					   Int64GetDatum(best->pipeline->n_rows),
					   Int64GetDatum(training->source.held_out.n_rows),
					   Float8GetDatum(train_elapsed_seconds(training)),
					   best->metrics_json};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

void
train_check_not_dropped(const char *name, int64 model_id)
{
	RegistryModel model;
	bool exists;

	if (model_id == 0)
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	exists = registry_find_model_by_id(model_id, GetActiveSnapshot(), &model);
	PopActiveSnapshot();
	if (!exists)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("model \"%s\" was dropped while it was trained", name),
						errdetail("Nothing was stored.")));
}

/* A training of nothing yet, in a memory context of its own. */
static Training *
create_training(void)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment training", ALLOCSET_DEFAULT_SIZES);
	Training *training = MemoryContextAllocZero(context, sizeof(Training));

	INSTR_TIME_SET_CURRENT(training->start);
	training->started_at = GetCurrentTimestamp();
	training->context = context;
	training->source.context = context;
	return training;
}

/* Read and validate the rows. */
static void
read_rows(Training *training)
{
	progress_set_phase(training->progress, "validate");
	contract_validate_training(training->name, &training->source.origin,
							   training->source.split_seed, training->source.holdout,
							   &training->validation);
	train_check_not_dropped(training->name, training->model_id);
	progress_set_phase(training->progress, "read");
	train_source_read(&training->source);
	train_report_rows(training);
	train_warn_of_labels(&training->source);
	train_warn_of_reading(training);
}

/* Read the source, train and measure. */
static Training *
begin(const TrainRequest *request)
{
	Training *training = create_training();
	MemoryContext old_context = MemoryContextSwitchTo(training->context);
	HostBudget old_budget = host_begin_training(training->context);

	train_read_request(request, training);
	training->progress = progress_begin("train", training->name);
	source_check(&training->source.origin);
	train_warn_of_source(training);
	train_check_model(training);
	train_begin_corpus(training);
	host_show_progress(true);
	read_rows(training);
	train_fit_candidates(training);
	train_ask_gate(training);
	/* the largest part; what is kept of it says which texts were learned from */
	training->learned_texts = drift_profile_learned_texts(&training->source.corpus);
	corpus_free(&training->source.corpus);
	host_end_budget(old_budget);
	progress_end(training->progress);
	training->progress = NULL;
	MemoryContextSwitchTo(old_context);
	return training;
}

/* The same from a stored source: who may not read it is told the class of an error that may quote rows. */
static Training *
begin_from_stored(const TrainRequest *request)
{
	Training *volatile training = NULL;

	PG_TRY();
	{
		training = begin(request);
	}
	PG_CATCH();
	{
		source_error_rethrow(request->stored, SOURCE_ERROR_OF_DATA);
	}
	PG_END_TRY();
	return training;
}

Training *
train_begin(const TrainRequest *request)
{
	return request->stored == NULL ? begin(request) : begin_from_stored(request);
}

void
train_end(Training *training)
{
	MemoryContextDelete(training->context);
}

PG_FUNCTION_INFO_V1(sentiment_train);
Datum
sentiment_train(PG_FUNCTION_ARGS)
{
	TrainRequest request;
	Training *training;
	Datum result;

	registry_refuse_read_only("sentiment_train()");

	request = train_request_of_arguments(fcinfo);
	training = train_begin(&request);
	train_store(training);
	result = result_row(fcinfo, training);
	train_end(training);
	PG_RETURN_DATUM(result);
}
