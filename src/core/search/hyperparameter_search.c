/*
 * hyperparameter_search.c
 *	  A search of hyperparameters.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/json_document.h"
#include "core/prediction_latency.h"
#include "core/search/hyperparameter_search.h"
#include "core/search/median_pruner.h"
#include "core/search/pareto_front.h"

_Static_assert((int) SEARCH_LATENCY == (int) N_FOLD_FIGURES, "the folds' figures come first");
_Static_assert(N_SEARCH_FIGURES <= MAX_OBJECTIVES, "all figures may be objectives at once");

const char *const search_figure_names[N_SEARCH_FIGURES] = {"f1",       "macro_f1", "accuracy",
														   "log_loss", "latency",  "bytes"};

const char *const trial_origin_names[] = {"sampler", "defaults", "deployed"};

/* Parameters that no trial may choose, and why. */
static const struct
{
	const char *name;
	const char *why;
} unsearchable[] = {
	{"positive_label", "It says what is measured."},
	{"cv_folds", "Trials are measured in the folds of the search."},
	{"threshold", "Trials are measured without it; it is tuned for the winner."},
	{"calibration", "Trials are measured without it; it is fitted for the winner."},
	{"seed", "The luckiest of several seeds is no better on other texts."},
};

bool
search_figure_is_gain(SearchFigure figure)
{
	return figure <= SEARCH_ACCURACY;
}

SearchFigure
search_figure_find(const char *name)
{
	ByteBuffer hint = {0};

	for (int i = 0; i < N_SEARCH_FIGURES; i++)
	{
		if (strcmp(search_figure_names[i], name) == 0)
			return (SearchFigure) i;
		buffer_printf(&hint, "%s\"%s\"", i == 0 ? "The objectives are " : ", ",
					  search_figure_names[i]);
	}
	buffer_printf(&hint, ".");
	host_error(HOST_ERROR_INVALID_PARAMETER, NULL, buffer_c_string(&hint),
			   "unknown objective \"%s\"", name);
}

void
search_default_options(SearchOptions *options)
{
	*options = (SearchOptions){.sampler = SAMPLER_TPE, .n_folds = 5, .trials_per_study = 50};
	for (int i = 0; i < N_SEARCH_FIGURES; i++)
		options->limits[i] = NAN;
}

/* Set one limit; answers whether it is one. Raises nothing. */
static bool
set_limit(const cJSON *item, SearchOptions *options)
{
	for (int i = 0; i < N_SEARCH_FIGURES; i++)
	{
		if (strcmp(search_figure_names[i], item->string) != 0)
			continue;
		if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
			return false;
		options->limits[i] = item->valuedouble;
		return true;
	}
	return false;
}

void
search_parse_limits(const char *json, SearchOptions *options)
{
	cJSON *object = json_parse(json);
	char wrong[64] = "";
	bool is_object = cJSON_IsObject(object);

	for (const cJSON *item = is_object ? object->child : NULL; item != NULL && wrong[0] == '\0';
		 item = item->next)
	{
		if (!set_limit(item, options))
			strncpy(wrong, item->string[0] == '\0' ? "(empty)" : item->string, sizeof(wrong) - 1);
	}
	cJSON_Delete(object);
	if (!is_object)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL,
				   "Give limits by name, as in '{\"latency\": 100, \"bytes\": 1000000}'.",
				   "limits must be a JSON object");
	if (wrong[0] != '\0')
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL,
				   "Limits are numbers, by the names of objectives: f1, macro_f1 and accuracy at "
				   "least, log_loss, latency and bytes at most.",
				   "invalid limit \"%.40s\"", wrong);
}

void
search_check_options(const SearchOptions *options)
{
	if (options->n_objectives == 0)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Name one, such as \"f1\".",
				   "a search needs an objective");
	for (uint32_t i = 0; i < options->n_objectives; i++)
	{
		for (uint32_t j = 0; j < i; j++)
		{
			if (options->objectives[i] == options->objectives[j])
				host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL,
						   "objective \"%s\" is named twice",
						   search_figure_names[options->objectives[i]]);
		}
	}
	if (options->n_folds < 2 || options->n_folds > MAX_FOLDS)
		host_error(HOST_ERROR_INVALID_PARAMETER,
				   "A trial learns from all folds but one, and is measured on that one.", NULL,
				   "a search needs 2 to %d folds", MAX_FOLDS);
	if (options->prunes &&
		(options->n_objectives > 1 || (int) options->objectives[0] >= (int) N_FOLD_FIGURES))
		host_error(
			HOST_ERROR_INVALID_PARAMETER,
			"A trial is given up by its first folds only if one figure of the folds decides.",
			"Use the pruner \"none\", or one of the objectives f1, macro_f1, accuracy and "
			"log_loss alone.",
			"these objectives cannot be pruned");
}

bool
search_wants_figure(const SearchOptions *options, SearchFigure figure)
{
	for (uint32_t i = 0; i < options->n_objectives; i++)
	{
		if (options->objectives[i] == figure)
			return true;
	}
	return !isnan(options->limits[figure]);
}

Search *
search_create(const SearchOptions *options)
{
	Search *search = host_allocate_zero(sizeof(Search));

	search_check_options(options);
	search->options = *options;
	return search;
}

/* Refuse dimensions that no trial may choose. groups: of the pipeline */
static void
check_searchable(const SearchSpace *space, const ParameterGroup *groups)
{
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		const char *name = space->dimensions[i].name;
		const char *why = NULL;

		/* the tokenizer's group is the first */
		for (size_t k = 0; k < groups[0].n_specs; k++)
		{
			if (strcmp(groups[0].specs[k].name, name) == 0)
				why = "The texts are tokenized once for all trials.";
		}
		for (size_t k = 0; k < sizeof(unsearchable) / sizeof(unsearchable[0]); k++)
		{
			if (strcmp(unsearchable[k].name, name) == 0)
				why = unsearchable[k].why;
		}
		if (why != NULL)
			host_error(HOST_ERROR_INVALID_PARAMETER, why, "Give it in params.",
					   "parameter \"%s\" cannot be searched", name);
	}
}

/* The first key that two JSON objects have in common; false if there is none. */
static bool
common_key(const char *json, const char *other, char *key, size_t size)
{
	cJSON *object = json_parse(json);
	cJSON *other_object = json_parse_beside(object, other);
	bool found = false;

	for (const cJSON *item = object == NULL ? NULL : object->child; item != NULL && !found;
		 item = item->next)
	{
		found = !cJSON_IsNull(item) &&
				cJSON_GetObjectItemCaseSensitive(other_object, item->string) != NULL;
		if (found)
			snprintf(key, size, "%s", item->string);
	}
	cJSON_Delete(object);
	cJSON_Delete(other_object);
	return found;
}

/* A copy of a string. */
static char *
copy_string(const char *string)
{
	size_t size = strlen(string) + 1;

	return memcpy(host_allocate(size), string, size);
}

void
search_add_study(Search *search, const char *kind, const char *given, const char *space)
{
	SearchStudy study = {.kind = copy_string(kind), .given = copy_string(given)};
	ParameterGroup groups[N_PIPELINE_GROUPS];
	PipelineOptions pipeline;
	char common[64];

	if (common_key(space, given, common, sizeof(common)))
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL,
				   "Leave it out of params to have it searched, or out of space.",
				   "parameter \"%s\" is both given and searched", common);
	/* what is given must be right by itself */
	pipeline_parse_options(kind, given, NULL, 0, &pipeline);
	pipeline_groups(&pipeline, groups);
	search_space_default(groups, N_PIPELINE_GROUPS, &study.space);
	search_space_remove_keys(given, &study.space);
	search_space_apply_json(space, groups, N_PIPELINE_GROUPS, &study.space);
	search_space_check(&study.space);
	check_searchable(&study.space, groups);
	search_free_pipeline(&pipeline);
	search->studies =
		search->n_studies == 0
			? host_allocate_array(SearchStudy, 1)
			: host_reallocate_array(search->studies, SearchStudy, (size_t) search->n_studies + 1);
	search->studies[search->n_studies++] = study;
}

/* Trials that a study will have at most: a grid ends, and so does a space of one point. */
static uint64_t
study_trial_count(const Search *search, const SearchStudy *study)
{
	uint64_t count = search->options.trials_per_study;
	bool is_constant = true;

	for (uint32_t i = 0; i < study->space.n_dimensions; i++)
		is_constant &= dimension_is_constant(&study->space.dimensions[i]);
	if (is_constant)
		return 1;
	/* what is enqueued takes no place of a grid that is tried as a whole */
	if (search->options.sampler == SAMPLER_GRID && sampler_grid_size(&study->space) <= count)
		return sampler_grid_size(&study->space) + study->n_enqueued;
	return count;
}

uint32_t
search_trial_count(const Search *search)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < search->n_studies; i++)
		count += study_trial_count(search, &search->studies[i]);
	return (uint32_t) count;
}

/* The study whose turn it is, or NULL: that with the fewest trials of those that are to have more. */
static SearchStudy *
next_study(const Search *search)
{
	SearchStudy *next = NULL;

	for (uint32_t i = 0; i < search->n_studies; i++)
	{
		SearchStudy *study = &search->studies[i];

		if (study->n_trials < study_trial_count(search, study) &&
			(next == NULL || study->n_trials < next->n_trials))
			next = study;
	}
	return next;
}

bool
search_has_more(const Search *search)
{
	return next_study(search) != NULL;
}

/* The trials of a study as samplers and pruners see them, but for the last `without` of the search. */
static Trial *
trials_of_study(const Search *search, uint32_t study, uint32_t without, uint32_t *n_trials)
{
	Trial *trials = host_allocate_array(Trial, (size_t) search->n_trials + 1);

	*n_trials = 0;
	for (uint32_t i = 0; i + without < search->n_trials; i++)
	{
		const SearchTrial *trial = &search->trials[i];

		if (trial->study == study)
			trials[(*n_trials)++] = (Trial){.state = trial->state,
											.point = trial->point,
											.objectives = trial->objectives,
											.steps = trial->steps,
											.n_steps = trial->n_steps,
											.violation = trial->violation};
	}
	return trials;
}

/* The parameters of a trial as JSON: those that are given, and those of its point. */
static char *
trial_parameters(const SearchStudy *study, const double *point)
{
	cJSON *given = json_parse(study->given);
	bool is_empty = given == NULL || given->child == NULL;
	const char *end = strrchr(study->given, '}');
	ByteBuffer buffer = {0};
	size_t start;

	cJSON_Delete(given);
	if (is_empty)
		search_space_append_point(&buffer, &study->space, point);
	else
	{
		buffer_append(&buffer, study->given, (size_t) (end - study->given));
		start = buffer.length;
		search_space_append_point(&buffer, &study->space, point);
		/* in place of the bracket that opens the second object, a comma, if there is anything in it */
		if (study->space.n_dimensions > 0)
			buffer.data[start] = ',';
		else
			buffer.length = start;
		if (study->space.n_dimensions == 0)
			buffer_printf(&buffer, "}");
	}
	return buffer_c_string(&buffer);
}

/* All parameters of a pipeline as a JSON object. */
static char *
pipeline_json(PipelineOptions *options)
{
	ParameterGroup groups[N_PIPELINE_GROUPS];
	ByteBuffer json = {0};

	pipeline_groups(options, groups);
	parameters_append_json(&json, groups, N_PIPELINE_GROUPS);
	return buffer_c_string(&json);
}

/* Whether trials are measured without a parameter. */
static bool
is_unsearchable(const char *name)
{
	for (size_t i = 0; i < sizeof(unsearchable) / sizeof(unsearchable[0]); i++)
	{
		if (strcmp(unsearchable[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The name of the first parameter that differs and matters to a trial, or NULL; it is one of the kind's table. */
static const char *
different_parameter(PipelineOptions *options, const char *parameters)
{
	char *json = pipeline_json(options);
	ParameterGroup groups[N_PIPELINE_GROUPS];
	cJSON *own = json_parse(json);
	cJSON *other = json_parse_beside(own, parameters);
	const char *different = NULL;

	pipeline_groups(options, groups);
	for (size_t g = 0; g < N_PIPELINE_GROUPS && different == NULL; g++)
	{
		for (size_t i = 0; i < groups[g].n_specs && different == NULL; i++)
		{
			const char *name = groups[g].specs[i].name;

			if (!is_unsearchable(name) &&
				!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(own, name),
							   cJSON_GetObjectItemCaseSensitive(other, name), true))
				different = name;
		}
	}
	cJSON_Delete(own);
	cJSON_Delete(other);
	host_free(json);
	return different;
}

const char *
search_enqueue(Search *search, uint32_t study_number, const char *parameters, TrialOrigin origin)
{
	SearchStudy *study = &search->studies[study_number];
	size_t n_dimensions = study->space.n_dimensions;
	double *point = host_allocate_zero_array(double, n_dimensions + 1);
	const char *outside = search_space_find_point(&study->space, parameters, point);
	PipelineOptions pipeline;
	char *of_trial;

	if (outside != NULL)
		return outside;
	of_trial = trial_parameters(study, point);
	pipeline_parse_options(study->kind, of_trial, NULL, 0, &pipeline);
	outside = different_parameter(&pipeline, parameters);
	search_free_pipeline(&pipeline);
	host_free(of_trial);
	if (outside != NULL)
		return outside;
	for (uint32_t i = 0; i < study->n_enqueued; i++)
	{
		if (memcmp(study->enqueued[i].point, point, n_dimensions * sizeof(double)) == 0)
			return NULL;
	}
	if (study->n_enqueued < MAX_ENQUEUED)
		study->enqueued[study->n_enqueued++] = (EnqueuedPoint){origin, point};
	return NULL;
}

const char *
search_enqueue_defaults(Search *search, uint32_t study_number)
{
	const SearchStudy *study = &search->studies[study_number];
	PipelineOptions pipeline;
	char *parameters;
	const char *outside;

	pipeline_parse_options(study->kind, study->given, NULL, 0, &pipeline);
	parameters = pipeline_json(&pipeline);
	search_free_pipeline(&pipeline);
	outside = search_enqueue(search, study_number, parameters, ORIGIN_DEFAULTS);
	host_free(parameters);
	return outside;
}

/* Take over the figures of an earlier trial of the same study at the same point. */
static void
repeat_trial(const Search *search, SearchTrial *trial, const SearchTrial *earlier)
{
	trial->is_running = false;
	trial->state = earlier->state;
	trial->n_steps = earlier->n_steps;
	trial->violation = earlier->violation;
	trial->repeats = earlier->repeats != 0 ? earlier->repeats : earlier->number;
	memcpy(trial->figures, earlier->figures, sizeof(trial->figures));
	memcpy(trial->objectives, earlier->objectives, search->options.n_objectives * sizeof(double));
	memcpy(trial->steps, earlier->steps, search->options.n_folds * sizeof(double));
	memcpy(trial->fold_figures, earlier->fold_figures,
		   search->options.n_folds * N_FOLD_FIGURES * sizeof(double));
}

/* The trial of a study with a number within it. */
static const SearchTrial *
nth_of_study(const Search *search, uint32_t study, size_t number)
{
	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		if (search->trials[i].study == study && number-- == 0)
			return &search->trials[i];
	}
	return NULL;
}

/* A new trial with all memory that it will need. */
static SearchTrial
new_trial(const Search *search, const SearchStudy *study)
{
	uint32_t n_folds = search->options.n_folds;
	SearchTrial trial = {
		.number = search->n_trials + 1,
		.study = (uint32_t) (study - search->studies),
		.is_running = true,
		.state = TRIAL_FAILED,
		.point = host_allocate_zero_array(double, (size_t) study->space.n_dimensions + 1),
		.objectives = host_allocate_zero_array(double, search->options.n_objectives),
		.steps = host_allocate_zero_array(double, n_folds),
		.fold_figures = host_allocate_zero_array(double, (size_t) n_folds *N_FOLD_FIGURES)};

	for (int i = 0; i < N_SEARCH_FIGURES; i++)
		trial.figures[i] = NAN;
	return trial;
}

/* What the sampler of a study is to know. */
static SamplerOptions
sampler_options(const Search *search, const SearchStudy *study)
{
	SamplerOptions options;

	sampler_default_options(&options);
	options.type = search->options.sampler;
	options.n_objectives = search->options.n_objectives;
	/* by its name, so that a study does not depend on those beside it */
	options.seed = hash_mix(search->options.seed ^ hash_content(study->kind, strlen(study->kind)));
	return options;
}

/* Choose the point of a study's next trial: what is enqueued, then as the sampler tells. */
static void
choose_point(const Search *search, const SearchStudy *study, const Trial *before, uint32_t n_before,
			 SearchTrial *trial)
{
	SamplerOptions options = sampler_options(search, study);
	uint32_t n_sampled = n_before - study->n_enqueued;

	if (n_before < study->n_enqueued)
	{
		trial->origin = study->enqueued[n_before].origin;
		memcpy(trial->point, study->enqueued[n_before].point,
			   study->space.n_dimensions * sizeof(double));
		return;
	}
	/* the points of a grid are counted, and none may be passed over; TPE learns from all trials */
	sampler_suggest(&study->space, &options, before,
					options.type == SAMPLER_TPE ? n_before : n_sampled, trial->point);
}

SearchTrial *
search_begin_trial(Search *search)
{
	SearchStudy *study = next_study(search);
	SearchTrial trial;
	Trial *before;
	uint32_t n_before;
	size_t same;

	if (study == NULL)
		return NULL;
	trial = new_trial(search, study);
	before = trials_of_study(search, trial.study, 0, &n_before);
	choose_point(search, study, before, n_before, &trial);
	trial.parameters = trial_parameters(study, trial.point);
	same = trial_find_point(&study->space, before, n_before, trial.point);
	host_free(before);
	if (same < n_before)
		repeat_trial(search, &trial, nth_of_study(search, trial.study, same));
	if (search->trials == NULL)
		search->trials = host_allocate_array(SearchTrial, search_trial_count(search));
	search->trials[search->n_trials] = trial;
	study->n_trials++;
	return &search->trials[search->n_trials++];
}

void
search_trial_pipeline(const Search *search, const SearchTrial *trial, PipelineOptions *options)
{
	pipeline_parse_options(search->studies[trial->study].kind, trial->parameters, NULL, 0, options);
	options->features.n_numeric = search->options.n_numeric;
	options->features.numeric_names = search->options.numeric_names;
	if (search->options.positive_label != NULL)
	{
		host_free((void *) options->positive_label);
		options->positive_label = copy_string(search->options.positive_label);
	}
}

void
search_free_pipeline(PipelineOptions *options)
{
	host_free(options->kind_options);
	host_free((void *) options->positive_label);
}

/* A figure as an objective: larger is better. */
static double
as_gain(SearchFigure figure, double value)
{
	return search_figure_is_gain(figure) ? value : -value;
}

/* Set the means of the folds that were measured. */
static void
set_means(SearchTrial *trial)
{
	for (int figure = 0; figure < N_FOLD_FIGURES; figure++)
	{
		double sum = 0;

		for (uint32_t fold = 0; fold < trial->n_steps; fold++)
			sum += trial->fold_figures[(size_t) fold * N_FOLD_FIGURES + figure];
		trial->figures[figure] = sum / trial->n_steps;
	}
}

/* By how much figures are beyond the limits, each in relation to its limit. */
static double
violation_of(const SearchOptions *options, const double *figures)
{
	double violation = 0;

	for (int i = 0; i < N_SEARCH_FIGURES; i++)
	{
		double limit = options->limits[i];
		double beyond;

		if (isnan(limit))
			continue;
		beyond = as_gain((SearchFigure) i, limit) - as_gain((SearchFigure) i, figures[i]);
		if (beyond > 0)
			violation += beyond / fmax(fabs(limit), 1e-9);
	}
	return violation;
}

/* Note that a trial was measured in all there is. */
static void
complete(const Search *search, SearchTrial *trial)
{
	for (uint32_t i = 0; i < search->options.n_objectives; i++)
	{
		SearchFigure figure = search->options.objectives[i];

		trial->objectives[i] = as_gain(figure, trial->figures[figure]);
	}
	trial->violation = violation_of(&search->options, trial->figures);
	trial->state = TRIAL_COMPLETE;
	trial->is_running = false;
}

/* Whether a trial is to be given up; the trials before it are those of its study. */
static bool
is_to_prune(const Search *search, const SearchTrial *trial)
{
	MedianPrunerOptions options;
	uint32_t n_before;
	Trial *before;
	bool prunes;

	if (!search->options.prunes || trial->origin != ORIGIN_SAMPLER)
		return false;
	median_pruner_default_options(&options);
	before = trials_of_study(search, trial->study, 1, &n_before);
	prunes = median_pruner_prunes(before, n_before, trial->steps, trial->n_steps, &options);
	host_free(before);
	return prunes;
}

/* Measure the next fold. */
static void
step_fold(const Search *search, SearchTrial *trial, TrialEvaluator *evaluator,
		  const PipelineOptions *pipeline)
{
	uint32_t fold = trial->n_steps;
	SearchFigure first = search->options.objectives[0];

	trial_evaluate_fold(evaluator, pipeline, fold,
						trial->fold_figures + (size_t) fold * N_FOLD_FIGURES);
	trial->n_steps++;
	set_means(trial);
	trial->steps[fold] =
		(int) first < (int) N_FOLD_FIGURES ? as_gain(first, trial->figures[first]) : NAN;
}

/* Whether an image is wanted: for its size, or to ask it. */
static bool
needs_image(const SearchOptions *options)
{
	return search_wants_figure(options, SEARCH_BYTES) ||
		   search_wants_figure(options, SEARCH_LATENCY);
}

/* Train on all rows, and measure the image. */
static void
step_image(const Search *search, SearchTrial *trial, TrialEvaluator *evaluator,
		   const PipelineOptions *options, const HeldOutRows *texts)
{
	ByteBuffer image = trial_train(evaluator, options);

	trial->figures[SEARCH_BYTES] = (double) image.length;
	if (search_wants_figure(&search->options, SEARCH_LATENCY))
	{
		Pipeline *pipeline = pipeline_open(image.data, image.length);

		trial->figures[SEARCH_LATENCY] = prediction_latency(texts, pipeline, 0, 1);
		pipeline_close(pipeline);
	}
	buffer_reset(&image);
}

bool
search_step_trial(Search *search, SearchTrial *trial, TrialEvaluator *evaluator,
				  const HeldOutRows *texts)
{
	uint32_t n_folds = search->options.n_folds;
	PipelineOptions pipeline;

	search_trial_pipeline(search, trial, &pipeline);
	if (trial->n_steps < n_folds)
	{
		step_fold(search, trial, evaluator, &pipeline);
		if (trial->n_steps < n_folds && is_to_prune(search, trial))
		{
			trial->state = TRIAL_PRUNED;
			trial->is_running = false;
		}
		else if (trial->n_steps == n_folds && !needs_image(&search->options))
			complete(search, trial);
	}
	else
	{
		step_image(search, trial, evaluator, &pipeline, texts);
		complete(search, trial);
	}
	search_free_pipeline(&pipeline);
	return trial->is_running;
}

void
search_fail_trial(SearchTrial *trial)
{
	trial->state = TRIAL_FAILED;
	trial->is_running = false;
}

void
search_drop_trial(Search *search)
{
	search->n_trials--;
	search->studies[search->trials[search->n_trials].study].n_trials--;
}

bool
search_is_better(const SearchTrial *trial, const SearchTrial *other)
{
	if (trial->is_running || trial->state != TRIAL_COMPLETE || trial->violation > 0 ||
		isnan(trial->objectives[0]))
		return false;
	return other == NULL || trial->objectives[0] > other->objectives[0];
}

const SearchTrial *
search_best(const Search *search)
{
	const SearchTrial *best = NULL;

	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		if (search_is_better(&search->trials[i], best))
			best = &search->trials[i];
	}
	return best;
}

void
search_rank(Search *search)
{
	uint32_t n_objectives = search->options.n_objectives;
	double *points =
		host_allocate_array(double, host_array_size((size_t) search->n_trials + 1, n_objectives));
	uint32_t *ranks = host_allocate_array(uint32_t, (size_t) search->n_trials + 1);
	uint32_t n = 0;

	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		if (search->trials[i].state == TRIAL_COMPLETE)
			memcpy(points + (size_t) n++ * n_objectives, search->trials[i].objectives,
				   n_objectives * sizeof(double));
	}
	pareto_ranks(points, n, n_objectives, ranks);
	n = 0;
	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		if (search->trials[i].state == TRIAL_COMPLETE)
			search->trials[i].rank = ranks[n++];
	}
	host_free(points);
	host_free(ranks);
}
