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

#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/source_error.h"
#include "extension/train_store.h"
#include "extension/training_job.h"

/* The arguments as columns of a row. */
#define ARGUMENT_COLUMNS                                                                         \
	"pg_catalog.jsonb_to_record($1) AS p (model pg_catalog.text, relation pg_catalog.oid,"       \
	" text_column pg_catalog.name, label_column pg_catalog.name, kind pg_catalog.text,"          \
	" params pg_catalog.jsonb, numeric_columns pg_catalog.name[], filter pg_catalog.text,"       \
	" is_stored pg_catalog.bool, filter_is_lost pg_catalog.bool, source_schema pg_catalog.text," \
	" source_name pg_catalog.text, named_by pg_catalog.text, named_by_oid pg_catalog.oid,"       \
	" named_by_cluster pg_catalog.int8, numeric_by pg_catalog.text, numeric_by_oid "             \
	"pg_catalog.oid, numeric_by_cluster pg_catalog.int8)"

/* Open the stored source of a job, see stored_source.h. */
static const StoredSource *
open_source(const char *model_name, const char *schema, const char *name,
			const StoredRole *named_by)
{
	RegistryModel model;

	if (!registry_find_model(model_name, GetActiveSnapshot(), &model))
		registry_model_missing(model_name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	return stored_source_open(&model, schema, name, named_by);
}

/* What sentiment_train is asked for. */
static TrainRequest
read_request(const char *arguments)
{
	QueryParameter parameters[1] = {
		query_value(JSONBOID, DirectFunctionCall1(jsonb_in, CStringGetDatum(arguments)))};
	TrainRequest request = {.deploy = "never"};
	StoredRole named_by;
	StoredRole *numeric_by;
	char *schema;
	char *name;
	bool is_stored;
	bool is_null;

	query_connect();
	public_query_read_only(
		"SELECT p.model, p.relation, p.text_column, p.label_column, p.kind,"
		" p.params, p.numeric_columns, p.filter, p.is_stored, p.source_schema,"
		" p.source_name, p.named_by, p.named_by_oid, p.named_by_cluster, p.filter_is_lost,"
		" p.numeric_by, p.numeric_by_oid, p.numeric_by_cluster"
		" FROM " ARGUMENT_COLUMNS,
		1, parameters);
	request.model = query_column(0, 1);
	request.relation = DatumGetObjectId(query_typed_datum(0, 2, OIDOID, &is_null));
	request.text_column = query_column(0, 3);
	request.label_column = query_column(0, 4);
	request.kind = query_column(0, 5);
	request.params = query_typed_datum(0, 6, JSONBOID, &is_null);
	request.numeric_columns = query_typed_datum(0, 7, NAMEARRAYOID, &is_null);
	request.filter = query_column(0, 8);
	is_stored = DatumGetBool(query_typed_datum(0, 9, BOOLOID, &is_null));
	schema = query_column(0, 10);
	name = query_column(0, 11);
	strlcpy(named_by.name, query_column(0, 12), NAMEDATALEN);
	named_by.oid = DatumGetObjectId(query_typed_datum(0, 13, OIDOID, &is_null));
	named_by.cluster = DatumGetInt64(query_typed_datum(0, 14, INT8OID, &is_null));
	request.filter_is_lost = DatumGetBool(query_typed_datum(0, 15, BOOLOID, &is_null));
	numeric_by = palloc0(sizeof(StoredRole));
	strlcpy(numeric_by->name, query_column(0, 16), NAMEDATALEN);
	numeric_by->oid = DatumGetObjectId(query_typed_datum(0, 17, OIDOID, &is_null));
	numeric_by->cluster = DatumGetInt64(query_typed_datum(0, 18, INT8OID, &is_null));
	query_finish();
	if (!is_stored)
		return request;
	request.numeric_by = numeric_by;
	request.stored = open_source(request.model, schema, name, &named_by);
	request.relation = request.stored->relation;
	return request;
}

void
training_job_train(TrainingJob *job)
{
	TrainRequest request = read_request(job->arguments);
	const Candidate *best;

	job->training = train_begin(&request);
	best = job->training->best;
	job->result.f1 = best->metrics.n_rows > 0 ? best->metrics.f1 : NAN;
	job->result.metric = job->training->metric;
	job->result.figure = best->metrics.values[job->training->metric];
}

void
training_job_store(TrainingJob *job)
{
	train_store(job->training);
	job->result.version = job->training->best->version;
}

void
training_job_take_error(TrainingJobResult *result, const ErrorData *error)
{
	const SourceError *of_source = source_error_of(error);

	result->sqlerrcode = error->sqlerrcode;
	strlcpy(result->message, error->message, sizeof(result->message));
	result->source = InvalidOid;
	if (of_source != NULL)
	{
		result->source = of_source->relation;
		strlcpy(result->whole_message, of_source->message, sizeof(result->whole_message));
	}
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
