/*
 * training_job.c
 *	  One of several trainings of a model.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "port/atomics.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"

#include "extension/owner_context.h"
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/train_store.h"
#include "extension/training_job.h"

/* The arguments as columns of a row. */
#define ARGUMENT_COLUMNS                                                                   \
	"pg_catalog.jsonb_to_record($1) AS p (model pg_catalog.text, relation pg_catalog.oid," \
	" text_column pg_catalog.name, label_column pg_catalog.name, kind pg_catalog.text,"    \
	" params pg_catalog.jsonb, numeric_columns pg_catalog.name[], filter pg_catalog.text," \
	" is_stored pg_catalog.bool, named_by pg_catalog.text, named_by_oid pg_catalog.oid,"   \
	" named_by_cluster pg_catalog.int8)"

/* Go on as who a stored source is to be read as, see owner_context.h; false if it is the current role's. */
static bool
begin_as_reader(const char *arguments, OwnerContext *reader)
{
	QueryParameter parameters[1] = {
		query_value(JSONBOID, DirectFunctionCall1(jsonb_in, CStringGetDatum(arguments)))};
	StoredRole named_by;
	RegistryModel model;
	bool is_stored;
	bool is_null;
	char *name;

	query_connect();
	public_query_read_only("SELECT p.model, p.is_stored, p.named_by, p.named_by_oid,"
						   " p.named_by_cluster FROM " ARGUMENT_COLUMNS,
						   1, parameters);
	name = query_column(0, 1);
	is_stored = DatumGetBool(query_datum(0, 2, &is_null));
	if (is_stored)
	{
		strlcpy(named_by.name, query_column(0, 3), NAMEDATALEN);
		named_by.oid = DatumGetObjectId(query_datum(0, 4, &is_null));
		named_by.cluster = DatumGetInt64(query_datum(0, 5, &is_null));
	}
	query_finish();
	if (!is_stored)
		return false;
	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	*reader = owner_context_begin_source(&model, &named_by);
	return true;
}

/* What sentiment_train is asked for. */
static TrainRequest
read_request(const char *arguments)
{
	QueryParameter parameters[1] = {
		query_value(JSONBOID, DirectFunctionCall1(jsonb_in, CStringGetDatum(arguments)))};
	TrainRequest request = {.deploy = "never"};
	bool is_null;

	query_connect();
	public_query_read_only("SELECT p.model, p.relation, p.text_column, p.label_column, p.kind,"
						   " p.params, p.numeric_columns, p.filter FROM " ARGUMENT_COLUMNS,
						   1, parameters);
	request.model = query_column(0, 1);
	request.relation = DatumGetObjectId(query_datum(0, 2, &is_null));
	request.text_column = query_column(0, 3);
	request.label_column = query_column(0, 4);
	request.kind = query_column(0, 5);
	request.params = query_datum(0, 6, &is_null);
	request.numeric_columns = query_datum(0, 7, &is_null);
	request.filter = query_column(0, 8);
	query_finish();
	return request;
}

void
training_job_train(TrainingJob *job)
{
	TrainRequest request = read_request(job->arguments);
	OwnerContext reader;
	bool is_stored = begin_as_reader(job->arguments, &reader);
	const Candidate *best;

	job->training = train_begin(&request);
	best = job->training->best;
	job->result.f1 = best->metrics.n_rows > 0 ? best->metrics.f1 : NAN;
	if (is_stored)
		owner_context_end(&reader);
}

void
training_job_store(TrainingJob *job)
{
	OwnerContext reader;
	bool is_stored = begin_as_reader(job->arguments, &reader);

	train_store(job->training);
	job->result.version = job->training->best->version;
	if (is_stored)
		owner_context_end(&reader);
}

void
training_job_take_error(TrainingJobResult *result, const ErrorData *error)
{
	result->sqlerrcode = error->sqlerrcode;
	strlcpy(result->message, error->message, sizeof(result->message));
	pg_write_barrier();
	result->state = TRAINING_JOB_FAILED;
}

bool
training_job_is_to_do(const TrainingJobResult *result)
{
	return result->state == TRAINING_JOB_WAITING ||
		   (result->state == TRAINING_JOB_FAILED &&
			result->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE);
}

void
training_job_tell(const TrainingJob *job, const TrainingJobResult *result)
{
	switch (result->state)
	{
		case TRAINING_JOB_WAITING:
			progress_set_step_state(job->step, "waiting", false);
			break;
		case TRAINING_JOB_RUNNING:
			progress_set_step_state(job->step, "running", job->in_worker);
			break;
		case TRAINING_JOB_DONE:
			progress_set_version(job->step, result->version);
			progress_set_best(job->step, result->f1);
			progress_finish_step(job->step, "succeeded");
			break;
		case TRAINING_JOB_FAILED:
			/* what waited for a lock is trained again, see pipeline_run.c */
			if (training_job_is_to_do(result))
				progress_set_step_state(job->step, "waiting", false);
			else
				progress_finish_step(job->step, "failed");
			break;
	}
}
