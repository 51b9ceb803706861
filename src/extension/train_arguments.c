/*
 * train_arguments.c
 *	  The arguments of sentiment_train.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "extension/arguments.h"
#include "extension/host.h"
#include "extension/registry.h"
#include "extension/train_arguments.h"

static const ParameterSpec train_parameters[] = {
	{.name = "holdout",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(TrainOptions, holdout),
	 .default_json = "0.2",
	 .minimum = 0,
	 .maximum = 0.5,
	 .meaning = "Share of the texts that are held out to measure the model"},
};

ParameterGroup
train_parameter_group(TrainOptions *options)
{
	return (ParameterGroup){train_parameters, lengthof(train_parameters), options};
}

/* Read the rule of deployment. */
static DeployRule
parse_deploy_rule(const char *name)
{
	if (strcmp(name, "always") == 0)
		return DEPLOY_ALWAYS;
	if (strcmp(name, "if_better") == 0)
		return DEPLOY_IF_BETTER;
	if (strcmp(name, "never") == 0)
		return DEPLOY_NEVER;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid value for argument \"deploy\": \"%s\"", name),
					errhint("Use \"always\", \"if_better\" or \"never\".")));
}

void
train_check_deploy_rule(const char *name)
{
	(void) parse_deploy_rule(name);
}

/* A text argument, or its default for NULL. */
static char *
text_argument(FunctionCallInfo fcinfo, int argument, const char *default_value)
{
	return PG_ARGISNULL(argument) ? pstrdup(default_value)
								  : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* A name argument, or its default for NULL. */
static char *
name_argument(FunctionCallInfo fcinfo, int argument, const char *default_value)
{
	return pstrdup(PG_ARGISNULL(argument) ? default_value : NameStr(*PG_GETARG_NAME(argument)));
}

/* Whether a parameter is a kind's. */
static bool
kind_has_parameter(const ClassifierKind *kind, const char *name)
{
	for (size_t i = 0; i < kind->n_parameters; i++)
	{
		if (strcmp(kind->parameters[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Parameters for one kind of all: without those that only other kinds know. */
static Datum
parameters_for_kind(Datum params, const ClassifierKind *kind)
{
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		const ClassifierKind *other = classifier_kinds[k];

		for (size_t i = 0; i < other->n_parameters; i++)
		{
			if (!kind_has_parameter(kind, other->parameters[i].name))
				params = DirectFunctionCall2(jsonb_delete, params,
											 CStringGetTextDatum(other->parameters[i].name));
		}
	}
	return params;
}

/* JSON text (UTF-8) of a jsonb object. */
static const char *
json_text(Datum params)
{
	Jsonb *value = DatumGetJsonbP(params);

	if (!JB_ROOT_IS_OBJECT(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("params must be a JSON object"),
				 errhint("Give parameters by name, as in '{\"ngram_max\": 1}'.")));
	return utf8_from_server(JsonbToCString(NULL, &value->root, VARSIZE(value)));
}

Datum
train_parameters_for_kind(Datum params, const char *kind)
{
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		if (strcmp(classifier_kinds[k]->name, kind) == 0)
			return parameters_for_kind(params, classifier_kinds[k]);
	}
	return params;
}

double
train_check_recipe(const char *kind, Datum params)
{
	TrainOptions options = {0};
	ParameterGroup group = train_parameter_group(&options);
	PipelineOptions pipeline;

	if (kind == NULL && params == (Datum) 0)
		return 0;
	if (kind == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"params\" needs the argument \"kind\""),
						errhint("Name the kind that the parameters are for.")));
	if (params == (Datum) 0)
		params = jsonb_from_json("{}");
	if (strcmp(kind, KIND_AUTO) != 0)
	{
		pipeline_parse_options(utf8_from_server(kind), json_text(params), &group, 1, &pipeline);
		return options.holdout;
	}
	for (size_t k = 0; k < n_classifier_kinds; k++)
		pipeline_parse_options(classifier_kinds[k]->name,
							   json_text(parameters_for_kind(params, classifier_kinds[k])), &group,
							   1, &pipeline);
	return options.holdout;
}

void
train_parse_candidate(Training *training, Candidate *candidate, const char *kind, const char *json)
{
	ParameterGroup train_group = train_parameter_group(&training->train_options);
	FeatureSpaceOptions *features = &candidate->options.features;
	const char **names = palloc_array(const char *, training->source.origin.n_numeric + 1);

	pipeline_parse_options(kind, json, &train_group, 1, &candidate->options);
	for (int i = 0; i < training->source.origin.n_numeric; i++)
		names[i] = utf8_from_server(training->source.origin.numeric[i].name);
	features->n_numeric = training->source.origin.n_numeric;
	features->numeric_names = names;
}

/* Read kind and parameters: one candidate, or all kinds. */
static void
read_candidates(const TrainRequest *request, Training *training)
{
	char *kind = utf8_from_server(request->kind);
	bool has_params = request->params != (Datum) 0;

	if (strcmp(kind, KIND_AUTO) != 0)
	{
		training->n_candidates = 1;
		training->candidates = palloc0_array(Candidate, 1);
		train_parse_candidate(training, &training->candidates[0], kind,
							  has_params ? json_text(request->params) : "{}");
		return;
	}
	training->n_candidates = n_classifier_kinds;
	training->candidates = palloc0_array(Candidate, n_classifier_kinds);
	for (size_t k = 0; k < n_classifier_kinds; k++)
		train_parse_candidate(
			training, &training->candidates[k], classifier_kinds[k]->name,
			has_params ? json_text(parameters_for_kind(request->params, classifier_kinds[k]))
					   : "{}");
	if (training->train_options.holdout == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("kind \"auto\" needs held-out rows"),
						errdetail("The kinds are compared on rows that none of them has seen."),
						errhint("Leave the parameter holdout out, or name a kind.")));
}

/* Read the names of the numeric columns. */
static void
read_numeric_columns(Datum columns, TrainSource *source)
{
	Datum *names;
	bool *nulls;

	if (columns == (Datum) 0)
		return;
	deconstruct_array(DatumGetArrayTypeP(columns), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &names, &nulls, &source->origin.n_numeric);
	source->origin.numeric = palloc0_array(NumericColumn, source->origin.n_numeric + 1);
	for (int i = 0; i < source->origin.n_numeric; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"numeric_columns\" must not contain null")));
		source->origin.numeric[i].name = pstrdup(NameStr(*DatumGetName(names[i])));
	}
}

/* An argument as it is, or 0 for NULL. */
static Datum
optional_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? (Datum) 0 : PG_GETARG_DATUM(argument);
}

TrainRequest
train_source_request_of_arguments(FunctionCallInfo fcinfo)
{
	TrainRequest request = {0};

	require_argument(fcinfo, 0, "model");
	require_argument(fcinfo, 1, "source");
	request.model = text_to_cstring(PG_GETARG_TEXT_PP(0));
	request.relation = PG_GETARG_OID(1);
	request.text_column = name_argument(fcinfo, 2, "text");
	request.label_column = name_argument(fcinfo, 3, "label");
	request.numeric_columns = optional_argument(fcinfo, 6);
	request.deploy = text_argument(fcinfo, 7, "if_better");
	request.filter = PG_ARGISNULL(8) ? NULL : text_argument(fcinfo, 8, "");
	return request;
}

TrainRequest
train_request_of_arguments(FunctionCallInfo fcinfo)
{
	TrainRequest request = train_source_request_of_arguments(fcinfo);

	request.kind = text_argument(fcinfo, 4, DEFAULT_KIND);
	request.params = optional_argument(fcinfo, 5);
	return request;
}

void
train_read_source_request(const TrainRequest *request, Training *training)
{
	TrainSource *source = &training->source;

	training->name = pstrdup(request->model);
	registry_check_name(training->name);
	source->origin.relation = request->relation;
	source->origin.text_column = pstrdup(request->text_column);
	source->origin.label_column = pstrdup(request->label_column);
	read_numeric_columns(request->numeric_columns, source);
	training->deploy = parse_deploy_rule(request->deploy);
	source->origin.filter = request->filter == NULL ? NULL : pstrdup(request->filter);
	source->origin.stored = request->stored;
	source->origin.filter_is_lost = request->filter_is_lost;
	source->origin.numeric_by = request->numeric_by;
	training->trained_by = request->stored == NULL ? stored_role_of(GetUserId())
												   : stored_source_trainer(request->stored);
}

void
train_read_request(const TrainRequest *request, Training *training)
{
	train_read_source_request(request, training);
	read_candidates(request, training);
	training->source.holdout = training->train_options.holdout;
}
