/*
 * hyperparameter_search.h
 *	  A search of hyperparameters: which trial comes next, how it is measured, and which one wins.
 *
 * A study is the search within one kind of classifier, with a space and a sampler of its own; the studies of a
 * search take turns. A trial is a point of a study's space; its steps are the folds of a cross-validation, after
 * each of which it may be pruned. Objectives are what a search is for, limits what a winner must keep to.
 */
#ifndef SENTIMENT_HYPERPARAMETER_SEARCH_H
#define SENTIMENT_HYPERPARAMETER_SEARCH_H

#include "core/held_out.h"
#include "core/search/sampler.h"
#include "core/search/search_space.h"
#include "core/search/trial.h"
#include "core/search/trial_evaluation.h"

/* What a trial is measured by. The first ones are the folds' figures, in their order. */
typedef enum SearchFigure
{
	SEARCH_F1,
	SEARCH_MACRO_F1,
	SEARCH_ACCURACY,
	SEARCH_LOG_LOSS,
	SEARCH_LATENCY, /* median microseconds of a prediction; measured, so not the same twice */
	SEARCH_BYTES,   /* of the image, trained on all rows */
	N_SEARCH_FIGURES
} SearchFigure;

/* Names of the figures. */
extern const char *const search_figure_names[N_SEARCH_FIGURES];

/* Whether a larger figure is a better one. */
extern bool search_figure_is_gain(SearchFigure figure);

/* The figure of a name; raises HOST_ERROR_INVALID_PARAMETER if there is none. */
extern SearchFigure search_figure_find(const char *name);

typedef struct SearchOptions
{
	uint32_t n_objectives;
	SearchFigure objectives[N_SEARCH_FIGURES]; /* (n_objectives) distinct, the first decides */
	double limits[N_SEARCH_FIGURES]; /* at least (gains) or at most (the others); NaN: no limit */
	SamplerType sampler;
	bool prunes;      /* by the median; needs a single objective that every fold has */
	uint32_t n_folds; /* 2 to MAX_FOLDS */
	uint32_t trials_per_study;
	uint64_t seed;

	/* of all pipelines */
	const char *positive_label; /* NULL: the last of two labels */
	uint32_t n_numeric;
	const char *const *numeric_names; /* (n_numeric) */
} SearchOptions;

/* No objective and no limit; otherwise the defaults. */
extern void search_default_options(SearchOptions *options);

/* Set limits by a JSON object of figures. */
extern void search_parse_limits(const char *json, SearchOptions *options);

/* Refuse options that contradict each other. */
extern void search_check_options(const SearchOptions *options);

/* Whether a figure is an objective or has a limit. */
extern bool search_wants_figure(const SearchOptions *options, SearchFigure figure);

/* Where the point of a trial comes from. */
typedef enum TrialOrigin
{
	ORIGIN_SAMPLER,
	ORIGIN_DEFAULTS, /* the values that parameters have if nobody names them */
	ORIGIN_DEPLOYED  /* those of the version that answers */
} TrialOrigin;

/* Names of the origins. */
extern const char *const trial_origin_names[];

/* A trial and all that is known of it. */
typedef struct SearchTrial
{
	uint32_t number; /* from 1 on */
	uint32_t study;  /* its number */
	TrialOrigin origin;
	bool is_running;
	TrialState state;
	double *point;                    /* (the space's n_dimensions) */
	char *parameters;                 /* JSON: those that are given, and those of the point */
	double *objectives;               /* (n_objectives) larger is better */
	double *steps;                    /* (n_folds) */
	double *fold_figures;             /* (n_folds, N_FOLD_FIGURES) */
	uint32_t n_steps;                 /* folds that were measured */
	double figures[N_SEARCH_FIGURES]; /* means of the folds, and of the image; NaN: not measured */
	double violation;                 /* see Trial */
	uint32_t repeats;                 /* number of the trial whose figures it has, or 0 */
	uint32_t rank;                    /* of complete trials, by search_rank */
} SearchTrial;

/* A point that is tried before the sampler is asked. */
typedef struct EnqueuedPoint
{
	TrialOrigin origin;
	double *point; /* (the space's n_dimensions) */
} EnqueuedPoint;

#define MAX_ENQUEUED 2 /* of a study: one of each origin */

/* The search within one kind. */
typedef struct SearchStudy
{
	const char *kind;
	const char *given; /* parameters that are not searched, a JSON object */
	SearchSpace space;
	EnqueuedPoint enqueued[MAX_ENQUEUED];
	uint32_t n_enqueued;
	uint32_t n_trials;
	bool is_exhausted; /* its points were all tried */
} SearchStudy;

typedef struct Search
{
	SearchOptions options;
	SearchStudy *studies; /* (n_studies) */
	uint32_t n_studies;
	SearchTrial *trials; /* (n_trials) stay where they are */
	uint32_t n_trials;
} Search;

/*
 * Begin a search, or add a study to it: for a kind, with parameters that are given (a JSON object) and a space
 * that differs from the kind's own as search_space_apply_json tells. A parameter of both is an error.
 */
extern Search *search_create(const SearchOptions *options);
extern void search_add_study(Search *search, const char *kind, const char *given,
							 const char *space);

/*
 * Let a study begin with parameters (a JSON object of all of them), so that a search cannot end below these. Such trials
 * are not pruned. Answers NULL, or the name of a parameter that no trial of the study can have as it is there: then nothing
 * is enqueued. Two origins of one point are one trial, of the first origin.
 */
extern const char *search_enqueue(Search *search, uint32_t study, const char *parameters,
								  TrialOrigin origin);

/* Let a study begin with the values that its parameters have if nobody names them; answers what search_enqueue does. */
extern const char *search_enqueue_defaults(Search *search, uint32_t study);

/* Trials that the search will have at most. */
extern uint32_t search_trial_count(const Search *search);

/* Whether there is another trial to begin. */
extern bool search_has_more(const Search *search);

/*
 * Begin the next trial, or answer NULL if there is none left. All that it holds is allocated here. A point that
 * an earlier trial of the study was complete or pruned at has its figures, and is not running.
 */
extern SearchTrial *search_begin_trial(Search *search);

/*
 * Measure a running trial's next fold, or behind the last one what needs an image; false when it is not running
 * any more. texts: to measure latency with, see HeldOutRows; NULL if nobody asks for it
 */
extern bool search_step_trial(Search *search, SearchTrial *trial, TrialEvaluator *evaluator,
							  const HeldOutRows *texts);

/* Note that a trial cannot be measured. */
extern void search_fail_trial(SearchTrial *trial);

/* Forget the last trial, which is running. */
extern void search_drop_trial(Search *search);

/* The pipeline that a trial is of; free it with search_free_pipeline. */
extern void search_trial_pipeline(const Search *search, const SearchTrial *trial,
								  PipelineOptions *options);
extern void search_free_pipeline(PipelineOptions *options);

/*
 * The complete trial with the best first objective among those within the limits, the first of equals; NULL if
 * there is none.
 */
extern const SearchTrial *search_best(const Search *search);

/* Whether a trial is better than another, which may be NULL, in that sense. */
extern bool search_is_better(const SearchTrial *trial, const SearchTrial *other);

/* Rank the complete trials of all studies together: 0 is the Pareto front. */
extern void search_rank(Search *search);

#endif /* SENTIMENT_HYPERPARAMETER_SEARCH_H */
