/*
 * pipeline_call.c
 *	  What starts a run of the pipeline: sentiment_run_pipeline and its arguments, or a job.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/models/classifier.h"
#include "extension/arguments.h"
#include "extension/host.h"
#include "extension/monitor.h"
#include "extension/pipeline_call.h"
#include "extension/pipeline_run.h"
#include "extension/registry.h"
#include "extension/retraining.h"
#include "extension/source.h"
#include "extension/train_arguments.h"

/* Take over the kinds: NULL stands for all. */
static void
take_kinds(PipelineRun *run, ArrayType *kinds)
{
	Datum *names;
	bool *nulls;

	if (kinds == NULL)
	{
		run->n_kinds = (int) n_classifier_kinds;
		run->kinds = palloc_array(char *, run->n_kinds);
		for (int i = 0; i < run->n_kinds; i++)
			run->kinds[i] = pstrdup(classifier_kinds[i]->name);
		return;
	}
	deconstruct_array(kinds, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &run->n_kinds);
	if (run->n_kinds == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"kinds\" must name a kind"),
						errhint("Leave it out to train all kinds.")));
	run->kinds = palloc_array(char *, run->n_kinds);
	for (int i = 0; i < run->n_kinds; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"kinds\" must not contain null")));
		run->kinds[i] = TextDatumGetCString(names[i]);
		for (int j = 0; j < i; j++)
		{
			if (strcmp(run->kinds[i], run->kinds[j]) == 0)
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("kind \"%s\" stands in kinds twice", run->kinds[i])));
		}
	}
}

/* Check that every kind is there and takes the parameters. */
static void
check_kinds(const PipelineRun *run)
{
	double holdout;

	for (int i = 0; i < run->n_kinds; i++)
	{
		if (strcmp(run->kinds[i], KIND_AUTO) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("kind \"%s\" cannot be one of several", KIND_AUTO),
							errhint("Leave the argument kinds out to train all kinds.")));
		holdout =
			train_check_recipe(run->kinds[i], train_recipe_parameters(&run->recipe, run->kinds[i]));
		if (holdout == 0 && run->n_kinds > 1)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("several kinds need held-out rows"),
							errdetail("They are compared on rows that none of them has seen."),
							errhint("Leave the parameter holdout out, or name one kind.")));
	}
}

/* The source is what the model is trained from. */
static void
take_stored_source(PipelineRun *run)
{
	RegistryModel model;
	Monitor monitor;
	bool is_monitored;

	if (!registry_find_model(run->name, GetActiveSnapshot(), &model))
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" does not exist", run->name),
			 errhint("To make it, name the rows with source => '...'. The view sentiment_models "
					 "lists the models that you may use.")));
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	is_monitored = monitor_find(&model, &monitor);
	run->recipe = train_recipe_for_model(&model, is_monitored ? &monitor : NULL);
	run->stored = train_recipe_source(&model, &run->recipe);
	run->relation = run->stored->relation;
}

/* The numeric columns as text[]: none if they are not given. */
static Datum
numeric_columns_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument)
			   ? PointerGetDatum(construct_empty_array(TEXTOID))
			   : text_array_of_names(PG_GETARG_ARRAYTYPE_P(argument), "numeric_columns");
}

/* The source is the caller's. */
static void
take_named_source(FunctionCallInfo fcinfo, PipelineRun *run)
{
	TrainRecipe *recipe = &run->recipe;
	Source source = {.relation = PG_GETARG_OID(2)};
	Datum numeric_columns;

	source.text_column = PG_ARGISNULL(3) ? "text" : NameStr(*PG_GETARG_NAME(3));
	source.label_column = PG_ARGISNULL(4) ? "label" : NameStr(*PG_GETARG_NAME(4));
	source.filter = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));
	numeric_columns = numeric_columns_argument(fcinfo, 7);
	source_set_numeric_columns(&source, numeric_columns);
	source_check(&source);
	run->relation = source.relation;
	*recipe = (TrainRecipe){.schema = source.schema,
							.name = source.name,
							.text_column = source.text_column,
							.label_column = source.label_column,
							.filter = source.filter,
							.params = jsonb_from_json("{}"),
							.numeric_columns = numeric_columns};
}

/* Refuse a filter that would have nothing to choose from. */
static void
check_no_named_source(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(5) || !PG_ARGISNULL(7))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments \"filter\" and \"numeric_columns\" need the argument "
						"\"source\""),
				 errdetail("Without it the rows are those that the model is trained from.")));
}

/* Read the arguments. */
static void
read_arguments(FunctionCallInfo fcinfo, PipelineRun *run)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"model\" must not be null")));
	run->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	registry_check_name(run->name);
	take_kinds(run, PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1));
	run->deploy = PG_ARGISNULL(8) ? "if_better" : text_to_cstring(PG_GETARG_TEXT_PP(8));
	train_check_deploy_rule(run->deploy);
	if (PG_ARGISNULL(2))
	{
		check_no_named_source(fcinfo);
		take_stored_source(run);
	}
	else
		take_named_source(fcinfo, run);
	if (!PG_ARGISNULL(6))
		run->recipe.params = PG_GETARG_DATUM(6);
	check_kinds(run);
}

/* The function's result. */
static Datum
result_row(FunctionCallInfo fcinfo, const PipelineRun *run)
{
	TupleDesc descriptor;
	Datum values[] = {Int64GetDatum(run->run_id), CStringGetTextDatum(run->status),
					  Int32GetDatum(run->version),
					  BoolGetDatum(strcmp(run->status, RETRAINING_PROMOTED) == 0),
					  CStringGetTextDatum(run->message)};
	bool nulls[] = {false, false, run->version == 0, false, false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

PG_FUNCTION_INFO_V1(sentiment_run_pipeline);
Datum
sentiment_run_pipeline(PG_FUNCTION_ARGS)
{
	PipelineRun run = {.started_at = GetCurrentTimestamp()};

	registry_refuse_read_only("sentiment_run_pipeline()");
	read_arguments(fcinfo, &run);
	pipeline_run(&run);
	PG_RETURN_DATUM(result_row(fcinfo, &run));
}

char *
pipeline_run_for_job(const char *model)
{
	PipelineRun run = {.name = pstrdup(model), .started_at = GetCurrentTimestamp()};
	RegistryModel found;
	Monitor monitor;

	take_kinds(&run, NULL);
	take_stored_source(&run);
	check_kinds(&run);
	run.deploy = "if_better";
	if (registry_find_model(model, GetActiveSnapshot(), &found) && monitor_find(&found, &monitor))
		run.deploy = monitor.deploy;
	pipeline_run(&run);
	return psprintf("%s: %s", run.status, run.message);
}
