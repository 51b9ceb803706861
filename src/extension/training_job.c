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
begin_as_reader(const QueryParameter *arguments, OwnerContext *reader)
{
	StoredRole named_by;
	RegistryModel model;
	bool is_null;
	char *name;

	public_query_read_only("SELECT p.model, p.is_stored, p.named_by, p.named_by_oid,"
						   " p.named_by_cluster FROM " ARGUMENT_COLUMNS,
						   1, arguments);
	if (!DatumGetBool(query_datum(0, 2, &is_null)))
		return false;
	name = query_column(0, 1);
	strlcpy(named_by.name, query_column(0, 3), NAMEDATALEN);
	named_by.oid = DatumGetObjectId(query_datum(0, 4, &is_null));
	named_by.cluster = DatumGetInt64(query_datum(0, 5, &is_null));
	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	*reader = owner_context_begin_source(&model, &named_by);
	return true;
}

void
training_job_run(const char *arguments, TrainingJobResult *result)
{
	QueryParameter parameters[1] = {
		query_value(JSONBOID, DirectFunctionCall1(jsonb_in, CStringGetDatum(arguments)))};
	OwnerContext reader;
	bool is_stored;
	bool is_null;

	query_connect();
	is_stored = begin_as_reader(parameters, &reader);
	public_query(
		"SELECT t.version,"
		" (t.metrics OPERATOR(pg_catalog.->>) 'f1')::pg_catalog.float8 FROM " ARGUMENT_COLUMNS
		", LATERAL @.sentiment_train(p.model, p.relation::pg_catalog.regclass,"
		" p.text_column, p.label_column, p.kind, p.params, p.numeric_columns, 'never',"
		" p.filter) AS t",
		1, parameters);
	result->version = DatumGetInt32(query_datum(0, 1, &is_null));
	result->f1 = DatumGetFloat8(query_datum(0, 2, &is_null));
	if (is_null)
		result->f1 = NAN;
	if (is_stored)
		owner_context_end(&reader);
	query_finish();
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
