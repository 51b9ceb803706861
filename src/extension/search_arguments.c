/*
 * search_arguments.c
 *	  The arguments of sentiment_search.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "extension/arguments.h"
#include "extension/gate.h"
#include "extension/host.h"
#include "extension/search.h"
#include "extension/train_arguments.h"
#include "extension/version_comparison.h"

/* Trials of a kind at most. */
#define MAX_TRIALS 10000

/* Places of the arguments; those before are sentiment_train's. */
enum
{
	ARGUMENT_KINDS = 4,
	ARGUMENT_PARAMS = 5,
	ARGUMENT_TRIALS = 9,
	ARGUMENT_SPACE,
	ARGUMENT_OBJECTIVES,
	ARGUMENT_LIMITS,
	ARGUMENT_FOLDS,
	ARGUMENT_SAMPLER,
	ARGUMENT_PRUNER,
	ARGUMENT_MAX_TIME,
	ARGUMENT_SEED
};

/* Raise the error for an argument with a value that is not allowed. */
static void
pg_attribute_noreturn() invalid_argument(const char *name, const char *value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"%s\": %s", name, value), errhint("%s", hint)));
}

/* The elements of an array of texts, in UTF-8; none of them null. */
static const char **
text_array_argument(FunctionCallInfo fcinfo, int argument, const char *name, int *n)
{
	Datum *elements;
	bool *nulls;
	const char **texts;

	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, n);
	texts = palloc0_array(const char *, *n + 1);
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"%s\" must not contain null", name)));
		texts[i] = utf8_from_server(TextDatumGetCString(elements[i]));
	}
	return texts;
}

/* Read the kinds; auto stands for all of them. */
static void
read_kinds(FunctionCallInfo fcinfo, SearchRun *run)
{
	run->kinds = text_array_argument(fcinfo, ARGUMENT_KINDS, "kinds", &run->n_kinds);
	if (run->n_kinds == 1 && strcmp(run->kinds[0], KIND_AUTO) == 0)
	{
		run->n_kinds = n_classifier_kinds;
		run->kinds = palloc_array(const char *, n_classifier_kinds);
		for (size_t k = 0; k < n_classifier_kinds; k++)
			run->kinds[k] = classifier_kinds[k]->name;
	}
	if (run->n_kinds == 0)
		invalid_argument("kinds", "{}", "Name a kind of classifier, or \"auto\" for all of them.");
	for (int i = 0; i < run->n_kinds; i++)
	{
		for (int j = 0; j < i; j++)
		{
			if (strcmp(run->kinds[i], run->kinds[j]) == 0)
				invalid_argument("kinds", server_from_utf8(run->kinds[i]), "Name each kind once.");
		}
	}
}

/* A jsonb argument that is an object; {} for NULL. */
static Datum
object_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		return jsonb_from_json("{}");
	if (!JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(argument)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"%s\" must be a JSON object", name)));
	return PG_GETARG_DATUM(argument);
}

/* JSON text (UTF-8) of a jsonb object. */
static char *
json_of(Datum object)
{
	Jsonb *value = DatumGetJsonbP(object);

	return utf8_from_server(JsonbToCString(NULL, &value->root, VARSIZE(value)));
}

/* The figure by which versions of the model are compared, or macro F1 where the folds have none of that. */
static SearchFigure
objective_of_model(const char *name)
{
	RegistryModel model;
	bool exists = registry_find_model(name, GetActiveSnapshot(), &model);

	switch (gate_metric(exists ? &model : NULL, GetActiveSnapshot()))
	{
		case METRIC_F1:
			return SEARCH_F1;
		case METRIC_ACCURACY:
			return SEARCH_ACCURACY;
		case METRIC_LOG_LOSS:
			return SEARCH_LOG_LOSS;
		default:
			return SEARCH_MACRO_F1;
	}
}

/* Read what the search is for. */
static void
read_objectives(FunctionCallInfo fcinfo, SearchRun *run)
{
	int n = 1;
	const char **names = PG_ARGISNULL(ARGUMENT_OBJECTIVES)
							 ? NULL
							 : text_array_argument(fcinfo, ARGUMENT_OBJECTIVES, "objectives", &n);

	if (n > N_SEARCH_FIGURES)
		invalid_argument("objectives", "too many", "Name each objective once.");
	run->options.n_objectives = n;
	for (int i = 0; names != NULL && i < n; i++)
		run->options.objectives[i] = search_figure_find(names[i]);
	if (names == NULL)
		run->options.objectives[0] = objective_of_model(run->training->name);
	run->limits = object_argument(fcinfo, ARGUMENT_LIMITS, "limits");
	search_parse_limits(json_of(run->limits), &run->options);
}

/* Read how points are chosen. */
static void
read_sampler(FunctionCallInfo fcinfo, SearchRun *run)
{
	char *name = optional_text_argument(fcinfo, ARGUMENT_SAMPLER, "tpe");

	for (int i = 0; sampler_names[i] != NULL; i++)
	{
		if (strcmp(sampler_names[i], name) == 0)
		{
			run->options.sampler = (SamplerType) i;
			return;
		}
	}
	invalid_argument("sampler", psprintf("\"%s\"", name), "Use \"tpe\", \"random\" or \"grid\".");
}

/* Whether the objectives are one that all folds have. */
static bool
can_prune(const SearchOptions *options)
{
	return options->n_objectives == 1 && (int) options->objectives[0] < (int) N_FOLD_FIGURES;
}

/* Read how trials are given up; by default by the median, where that can be. */
static void
read_pruner(FunctionCallInfo fcinfo, SearchRun *run)
{
	run->pruner = optional_text_argument(fcinfo, ARGUMENT_PRUNER,
										 can_prune(&run->options) ? "median" : "none");
	if (strcmp(run->pruner, "median") != 0 && strcmp(run->pruner, "none") != 0)
		invalid_argument("pruner", psprintf("\"%s\"", run->pruner), "Use \"median\" or \"none\".");
	run->options.prunes = strcmp(run->pruner, "median") == 0;
}

/* Read how long the search may take. */
static void
read_max_time(FunctionCallInfo fcinfo, SearchRun *run)
{
	TimestampTz start = run->training->started_at;

	run->deadline = DT_NOEND;
	if (PG_ARGISNULL(ARGUMENT_MAX_TIME))
		return;
	run->max_time = PG_GETARG_DATUM(ARGUMENT_MAX_TIME);
	run->deadline = DatumGetTimestampTz(
		DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(start), run->max_time));
	if (run->deadline <= start)
		invalid_argument("max_time",
						 DatumGetCString(DirectFunctionCall1(interval_out, run->max_time)),
						 "Give a time to search, or null for no limit.");
}

/* An integer argument within bounds. */
static int32
integer_argument(FunctionCallInfo fcinfo, int argument, const char *name, int32 minimum,
				 int32 maximum)
{
	int32 value;

	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
	value = PG_GETARG_INT32(argument);
	if (value < minimum || value > maximum)
		invalid_argument(name, psprintf("%d", value), psprintf("Use %d to %d.", minimum, maximum));
	return value;
}

/*
 * Parameters of an object for one of the kinds that are searched: without those of other kinds. Where a single
 * kind is searched, these are mistakes, which whoever reads the object tells of.
 */
static Datum
parameters_for_searched_kind(const SearchRun *run, Datum object, const char *kind)
{
	return run->n_kinds == 1 ? object : train_parameters_for_kind(object, kind);
}

/* Read the parameters for each kind, as candidates of the training. */
static void
read_candidates(SearchRun *run)
{
	Training *training = run->training;

	training->n_candidates = run->n_kinds;
	training->candidates = palloc0_array(Candidate, run->n_kinds);
	for (int i = 0; i < run->n_kinds; i++)
		train_parse_candidate(
			training, &training->candidates[i], run->kinds[i],
			json_of(parameters_for_searched_kind(run, run->params, run->kinds[i])));
	training->source.holdout = training->train_options.holdout;
}

/* Whether a jsonb object has a key. */
static bool
has_key(Datum object, const char *key)
{
	return DatumGetBool(DirectFunctionCall2(jsonb_exists, object, CStringGetTextDatum(key)));
}

void
search_read_arguments(FunctionCallInfo fcinfo, SearchRun *run)
{
	Training *training = run->training;
	TrainRequest request;

	request = train_source_request_of_arguments(fcinfo);
	train_read_source_request(&request, training);
	search_default_options(&run->options);
	read_kinds(fcinfo, run);
	run->params = object_argument(fcinfo, ARGUMENT_PARAMS, "params");
	run->space = object_argument(fcinfo, ARGUMENT_SPACE, "space");
	read_objectives(fcinfo, run);
	read_sampler(fcinfo, run);
	read_pruner(fcinfo, run);
	read_max_time(fcinfo, run);
	run->options.trials_per_study =
		integer_argument(fcinfo, ARGUMENT_TRIALS, "trials", 1, MAX_TRIALS);
	run->options.n_folds = integer_argument(fcinfo, ARGUMENT_FOLDS, "folds", 2, MAX_FOLDS);
	run->options.seed = PG_ARGISNULL(ARGUMENT_SEED) ? 0 : (uint64) PG_GETARG_INT64(ARGUMENT_SEED);
	read_candidates(run);
	if (has_key(run->space, "holdout"))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("parameter \"holdout\" cannot be searched"),
						errdetail("No trial sees the rows that are held out."),
						errhint("Give it in params.")));
	/* what is wrong with the space is told before anything is read */
	search_make(run);
	/* the corpus keeps what any of the trials may want of a text */
	if (has_key(run->space, "text_features"))
		training->candidates[0].options.features.blocks.text_features = true;
	training->source.keep_texts = search_wants_figure(&run->options, SEARCH_LATENCY);
}

void
search_make(SearchRun *run)
{
	const PipelineOptions *first = &run->training->candidates[0].options;

	run->options.positive_label = first->positive_label;
	run->options.n_numeric = first->features.n_numeric;
	run->options.numeric_names = first->features.numeric_names;
	run->search = search_create(&run->options);
	for (int i = 0; i < run->n_kinds; i++)
	{
		Datum given = DirectFunctionCall2(
			jsonb_delete, parameters_for_searched_kind(run, run->params, run->kinds[i]),
			CStringGetTextDatum("holdout"));

		search_add_study(run->search, run->kinds[i], json_of(given),
						 json_of(parameters_for_searched_kind(run, run->space, run->kinds[i])));
	}
}

/* The study of a kind, or the number of studies. */
static uint32
study_of(const Search *search, const char *kind)
{
	uint32 study = 0;

	while (study < search->n_studies && strcmp(search->studies[study].kind, kind) != 0)
		study++;
	return study;
}

/* Whether a version was trained with the numeric columns of the search. */
static bool
has_same_columns(const SearchRun *run, const FeatureSpaceOptions *features)
{
	if (features->n_numeric != run->options.n_numeric)
		return false;
	for (uint32 i = 0; i < features->n_numeric; i++)
	{
		if (strcmp(features->numeric_names[i], run->options.numeric_names[i]) != 0)
			return false;
	}
	return true;
}

/* Enqueue the parameters of a version, if its kind is searched. */
static void
enqueue_version(SearchRun *run, StoredVersion *stored)
{
	uint32 study = study_of(run->search, stored->pipeline->options.kind->name);
	ByteBuffer parameters = {0};
	const char *outside = "numeric_columns";

	if (study == run->search->n_studies)
		return;
	pipeline_append_parameters(stored->pipeline, NULL, 0, &parameters);
	if (has_same_columns(run, &stored->pipeline->options.features))
		outside = search_enqueue(run->search, study, buffer_c_string(&parameters), ORIGIN_DEPLOYED);
	if (outside != NULL)
		host_progress(
			"the search does not begin with the parameters of version %d, which is deployed: "
			"no trial can have its \"%s\"",
			stored->version, outside);
	buffer_reset(&parameters);
}

/* Enqueue the parameters of the version that is deployed, if there is one. */
static void
enqueue_deployed(SearchRun *run)
{
	Training *training = run->training;
	RegistryModel model;
	int32 version;

	if (training->model_id == 0)
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	if (registry_find_model_by_id(training->model_id, GetActiveSnapshot(), &model) &&
		(version = registry_deployed_version(model.model_id, GetActiveSnapshot())) != 0)
	{
		StoredVersion stored =
			version_open(&model, version, GetActiveSnapshot(), training->context);

		enqueue_version(run, &stored);
		pipeline_close(stored.pipeline);
	}
	PopActiveSnapshot();
}

void
search_enqueue_known(SearchRun *run)
{
	host_show_progress(true);
	enqueue_deployed(run);
	for (uint32 study = 0; study < run->search->n_studies; study++)
	{
		const char *outside = search_enqueue_defaults(run->search, study);

		if (outside != NULL)
			host_progress(
				"the search does not begin with the defaults of %s: no trial can have that of "
				"\"%s\"",
				run->search->studies[study].kind, outside);
	}
	host_show_progress(false);
}
