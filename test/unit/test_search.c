/*
 * test_search.c
 *	  Search of hyperparameters: densities, good trials, fronts, volumes and pruning against Optuna, how far
 *	  the samplers come, and input that is no use.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/evaluation/distributions.h"
#include "core/pipeline.h"
#include "core/search/hypervolume.h"
#include "core/search/median_pruner.h"
#include "core/search/pareto_front.h"
#include "core/search/parzen_estimator.h"
#include "core/search/sampler.h"
#include "core/search/tpe.h"
#include "host.h"
#include "search_fixture.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define assert_close(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance) *fmax(1, fabs(b)))

/* scipy.stats.norm.ppf */
static void
test_normal_quantile(void **state)
{
	static const double known[][2] = {{0.5, 0},
									  {0.3, -0.5244005127080409},
									  {0.01, -2.3263478740408408},
									  {1e-10, -6.361340902404056},
									  {1e-100, -21.273453560965322},
									  {1e-300, -37.0470962993612},
									  {0.999, 3.090232306167813}};

	(void) state;
	for (size_t i = 0; i < LENGTH(known); i++)
		assert_close(normal_quantile(known[i][0]), known[i][1], 1e-14);
	assert_true(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY);
}

static void
test_densities(void **state)
{
	(void) state;
	for (size_t i = 0; i < LENGTH(density_cases); i++)
	{
		const struct DensityCase *c = &density_cases[i];
		ParzenEstimator estimator;

		parzen_estimator_fit(&c->dimension, c->values, c->weights, c->n_values, &estimator);
		for (size_t j = 0; j < N_ASKED; j++)
			assert_close(parzen_estimator_log_density(&estimator, c->asked[j]), c->logs[j], 1e-9);
		parzen_estimator_free(&estimator);
	}
}

/* Draws are distributed as the density says: each bin's count within 5 standard deviations. */
static void
test_draws(void **state)
{
	enum
	{
		N_DRAWS = 40000
	};

	(void) state;
	for (size_t i = 0; i < LENGTH(density_cases); i++)
	{
		const struct DensityCase *c = &density_cases[i];
		bool is_choice = c->dimension.type == DIMENSION_CHOICE;
		uint32_t n_bins = is_choice ? c->dimension.n_choices : 13;
		uint32_t counts[13] = {0};
		RandomStream stream = random_stream_start(i, 1, 2);
		ParzenEstimator estimator;

		/* one value a bin: the mass is the density */
		if (!is_choice && c->dimension.high - c->dimension.low != 12)
			continue;
		parzen_estimator_fit(&c->dimension, c->values, c->weights, c->n_values, &estimator);
		for (int j = 0; j < N_DRAWS; j++)
			counts[(int) (parzen_estimator_sample(&estimator, &stream) - c->dimension.low)]++;
		for (uint32_t k = 0; k < n_bins; k++)
		{
			double p = exp(parzen_estimator_log_density(&estimator, c->dimension.low + k));

			assert_true(fabs(counts[k] - N_DRAWS * p) <= 5 * sqrt(N_DRAWS * p * (1 - p)) + 1);
		}
		parzen_estimator_free(&estimator);
	}
}

/* The trials of a case; their steps are the first objective. */
static Trial *
trials_of(const struct SplitCase *c, double *steps)
{
	static const TrialState states[] = {TRIAL_COMPLETE, TRIAL_PRUNED, TRIAL_FAILED};
	Trial *trials = host_allocate_zero_array(Trial, c->n);

	for (size_t i = 0; i < c->n; i++)
	{
		trials[i] = (Trial){.state = states[c->states[i]],
							.objectives = c->objectives + i * c->n_objectives,
							.steps = steps + 4 * i,
							.n_steps = c->states[i] == 1 ? c->steps[i] : 4,
							.violation = c->violations[i]};
		for (int k = 0; k < 4; k++)
			steps[4 * i + k] = trials[i].objectives[0];
	}
	return trials;
}

static void
test_good_trials(void **state)
{
	(void) state;
	for (size_t i = 0; i < LENGTH(split_cases); i++)
	{
		const struct SplitCase *c = &split_cases[i];
		double *steps = host_allocate_array(double, 4 * c->n);
		Trial *trials = trials_of(c, steps);
		SamplerOptions options;
		TpeSplit split;

		sampler_default_options(&options);
		options.n_objectives = c->n_objectives;
		options.n_startup_trials = 0;
		assert_true(tpe_split(&options, trials, c->n, &split));
		assert_int_equal(split.n_below, c->n_below);
		assert_int_equal(split.n_above, c->n_above);
		assert_memory_equal(split.below, c->below, c->n_below * sizeof(size_t));
		assert_memory_equal(split.above, c->above, c->n_above * sizeof(size_t));
		for (size_t k = 0; k < c->n_below && c->n_objectives > 1; k++)
			assert_close(split.weights[k], c->weights[k], 1e-9);
		tpe_split_free(&split);
	}
}

static void
test_fronts_and_volumes(void **state)
{
	(void) state;
	for (size_t i = 0; i < LENGTH(front_cases); i++)
	{
		const struct FrontCase *c = &front_cases[i];
		uint32_t *ranks = host_allocate_array(uint32_t, c->n);
		double *contributions = host_allocate_array(double, c->n);
		double *selected = host_allocate_array(double, c->n_chosen * c->n_objectives);
		size_t *chosen = host_allocate_array(size_t, c->n_chosen);

		pareto_ranks(c->points, c->n, c->n_objectives, ranks);
		assert_memory_equal(ranks, c->ranks, c->n * sizeof(uint32_t));
		assert_close(hypervolume(c->points, c->n, c->n_objectives, c->reference), c->volume, 1e-12);
		hypervolume_contributions(c->points, c->n, c->n_objectives, c->reference, contributions);
		for (size_t k = 0; k < c->n; k++)
			assert_close(contributions[k], c->contributions[k], 1e-10);
		hypervolume_select(c->points, c->n, c->n_objectives, c->reference, c->n_chosen, chosen);
		for (size_t k = 0; k < c->n_chosen; k++)
			memcpy(selected + k * c->n_objectives, c->points + chosen[k] * c->n_objectives,
				   c->n_objectives * sizeof(double));
		assert_close(hypervolume(selected, c->n_chosen, c->n_objectives, c->reference),
					 c->chosen_volume, 1e-12);
	}
}

/* What is not a number is worst; signed zeros are equal; no points are no trouble. */
static void
test_ranks_of_odd_points(void **state)
{
	static const double points[] = {NAN, 1, 0.0, 1, -0.0, 1, 2, NAN, NAN, NAN};
	static const uint32_t expected[] = {1, 0, 0, 0, 2};
	uint32_t ranks[5];

	(void) state;
	pareto_ranks(points, 5, 2, ranks);
	assert_memory_equal(ranks, expected, sizeof(expected));
	pareto_ranks(points, 0, 2, ranks);
}

static void
test_pruning(void **state)
{
	size_t n_pruned = 0;

	(void) state;
	for (size_t i = 0; i < LENGTH(pruner_cases); i++)
	{
		const struct PrunerCase *c = &pruner_cases[i];
		Trial *trials = host_allocate_zero_array(Trial, c->n + 1);
		MedianPrunerOptions options = {c->startup, c->warmup};

		for (size_t k = 0; k < c->n; k++)
		{
			trials[k].state = c->states[k] == 0 ? TRIAL_COMPLETE : TRIAL_PRUNED;
			trials[k].steps = c->steps + k * MAX_STEPS;
			trials[k].n_steps = c->lengths[k];
		}
		assert_int_equal(median_pruner_prunes(trials, c->n, c->own, c->n_steps, &options),
						 c->prunes);
		n_pruned += c->prunes;
	}
	assert_in_range(n_pruned, 10, LENGTH(pruner_cases) - 10);
}

/* A function to make small, over a space. */
typedef struct Problem
{
	SearchSpace space;
	double (*loss)(const double *point);
} Problem;

static double
branin(const double *p)
{
	double bowl = p[1] - 5.1 / (4 * M_PI * M_PI) * p[0] * p[0] + 5 / M_PI * p[0] - 6;

	return bowl * bowl + 10 * (1 - 1 / (8 * M_PI)) * cos(p[0]) + 10 - 0.397887;
}

static double
mixed(const double *p)
{
	static const double of_kind[] = {0.5, 0, 1, 2};
	double rate = log10(p[0]) + 3;
	double leaves = log10(p[2]) - 1.5;

	return rate * rate + (p[1] - 7) * (p[1] - 7) / 20 + leaves * leaves + of_kind[(int) p[3]];
}

static const Problem branin_problem = {
	{2,
	 {{.name = "x", .type = DIMENSION_REAL, .low = -5, .high = 10},
	  {.name = "y", .type = DIMENSION_REAL, .low = 0, .high = 15}}},
	branin};
static const Problem mixed_problem = {
	{4,
	 {{.name = "rate", .type = DIMENSION_REAL, .low = 1e-5, .high = 1, .log_scale = true},
	  {.name = "depth", .type = DIMENSION_INTEGER, .low = 1, .high = 20},
	  {.name = "leaves", .type = DIMENSION_INTEGER, .low = 1, .high = 1000, .log_scale = true},
	  {.name = "kind", .type = DIMENSION_CHOICE, .n_choices = 4}}},
	mixed};

#define N_TRIALS 60
#define N_SEEDS  200

/* Mean of the logarithm of the smallest loss of 60 trials, over seeds. */
static double
mean_log_loss(const Problem *problem, SamplerType type)
{
	double sum = 0;

	for (uint64_t seed = 0; seed < N_SEEDS; seed++)
	{
		double points[N_TRIALS][4];
		double objectives[N_TRIALS];
		Trial trials[N_TRIALS] = {0};
		double best = INFINITY;
		SamplerOptions options;

		sampler_default_options(&options);
		options.type = type;
		options.seed = seed;
		for (size_t i = 0; i < N_TRIALS; i++)
		{
			sampler_suggest(&problem->space, &options, trials, i, points[i]);
			objectives[i] = -problem->loss(points[i]);
			trials[i] = (Trial){.point = points[i], .objectives = &objectives[i]};
			best = fmin(best, -objectives[i]);
		}
		sum += log(best);
	}
	return sum / N_SEEDS;
}

/*
 * TPE is better than chance, and about as good as Optuna's. The standard error of the mean of Optuna's 40
 * seeds is 0.2 and 0.3, of these 200 it is 0.1.
 */
static void
test_regret(void **state)
{
	static const struct
	{
		const Problem *problem;
		const double *tpe_of_optuna;
	} cases[] = {{&branin_problem, &branin_tpe}, {&mixed_problem, &mixed_tpe}};

	(void) state;
	for (size_t i = 0; i < LENGTH(cases); i++)
	{
		double tpe = mean_log_loss(cases[i].problem, SAMPLER_TPE);
		double random = mean_log_loss(cases[i].problem, SAMPLER_RANDOM);

		print_message("log loss: TPE %.3f, Optuna's TPE %.3f, random %.3f\n", tpe,
					  *cases[i].tpe_of_optuna, random);
		assert_true(tpe < random - 0.5);
		assert_true(tpe < *cases[i].tpe_of_optuna + 0.5);
	}
}

/* Two objectives at odds: the volume that the trials of a search dominate, mean of 10 seeds. */
static double
mean_volume(SamplerType type)
{
	static const SearchSpace space = {2,
									  {{.name = "x", .type = DIMENSION_REAL, .low = 0, .high = 1},
									   {.name = "y", .type = DIMENSION_REAL, .low = 0, .high = 1}}};
	const double reference[2] = {-1.5, -1.5};
	double sum = 0;

	for (uint64_t seed = 0; seed < 10; seed++)
	{
		double points[N_TRIALS][2];
		double objectives[N_TRIALS][2];
		Trial trials[N_TRIALS] = {0};
		SamplerOptions options;

		sampler_default_options(&options);
		options.type = type;
		options.seed = seed;
		options.n_objectives = 2;
		for (size_t i = 0; i < N_TRIALS; i++)
		{
			double away;

			sampler_suggest(&space, &options, trials, i, points[i]);
			away = 1 + 4 * fabs(points[i][1] - 0.3);
			objectives[i][0] = -points[i][0] * away;
			objectives[i][1] = -(1 - sqrt(points[i][0])) * away;
			trials[i] = (Trial){.point = points[i], .objectives = objectives[i]};
		}
		sum += hypervolume(objectives[0], N_TRIALS, 2, reference);
	}
	return sum / 10;
}

/* The front is y = 0.3 and dominates 2.25 - 1/3; TPE leaves less than half of what chance leaves of it. */
static void
test_front_of_two_objectives(void **state)
{
	const double largest = 2.25 - 1.0 / 3;
	double tpe = largest - mean_volume(SAMPLER_TPE);
	double random = largest - mean_volume(SAMPLER_RANDOM);

	(void) state;
	print_message("volume that is missing: TPE %.3f, random %.3f\n", tpe, random);
	assert_true(tpe > 0 && tpe < random / 2);
}

/* Fail unless a point is one of the space. */
static void
assert_in_space(const SearchSpace *space, const double *point)
{
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		const Dimension *d = &space->dimensions[i];
		double low = d->type == DIMENSION_CHOICE ? 0 : d->low;
		double high = d->type == DIMENSION_CHOICE ? d->n_choices - 1.0 : d->high;

		assert_true(point[i] >= low && point[i] <= high);
		if (d->type != DIMENSION_REAL)
			assert_true(point[i] == floor(point[i]));
	}
}

/* Dimensions at the edge of what is allowed. */
static const SearchSpace odd_space = {
	8,
	{{.name = "constant", .type = DIMENSION_REAL, .low = 2, .high = 2},
	 {.name = "log constant", .type = DIMENSION_INTEGER, .low = 3, .high = 3, .log_scale = true},
	 {.name = "one choice", .type = DIMENSION_CHOICE, .n_choices = 1},
	 {.name = "wide", .type = DIMENSION_REAL, .low = -8e307, .high = 8e307},
	 {.name = "tiny", .type = DIMENSION_REAL, .low = 1e-320, .high = 1e-300, .log_scale = true},
	 {.name = "huge", .type = DIMENSION_INTEGER, .low = 1, .high = 9007199254740992.0},
	 {.name = "pair", .type = DIMENSION_INTEGER, .low = 1, .high = 2, .log_scale = true},
	 {.name = "many", .type = DIMENSION_CHOICE, .n_choices = 1000}}};

/* A number that is no use in one of many ways, or is. */
static double
odd_number(RandomStream *stream)
{
	static const double odd[] = {NAN, INFINITY, -INFINITY, 0, -0.0, 1e308, -1e308, 5e-324, 1, 1};
	uint64_t draw = random_stream_next(stream) % 20;

	return draw < LENGTH(odd) ? odd[draw] : random_stream_uniform(stream) * 10 - 5;
}

/* Whatever trials say, a suggestion is a point of the space, and the same one when asked again. */
static void
test_odd_trials(void **state)
{
	enum
	{
		MOST = 400
	};
	static double points[MOST][8];
	static double objectives[MOST][MAX_OBJECTIVES];
	static double steps[MOST][3];
	static Trial trials[MOST];

	(void) state;
	search_space_check(&odd_space);
	for (uint64_t round = 0; round < 600; round++)
	{
		RandomStream stream = random_stream_start(round, 7, 7);
		size_t n =
			round % 10 == 0 ? random_stream_next(&stream) % MOST : random_stream_next(&stream) % 30;
		bool all_equal = round % 7 == 0;
		bool all_failed = round % 11 == 0;
		uint32_t n_objectives = 1 + round % 3;
		SamplerOptions options = {.type = (SamplerType) (round % 5 == 4 ? 1 + round % 2 : 0),
								  .n_startup_trials = round % 4,
								  .n_candidates = 1 + round % 30,
								  .n_objectives = n_objectives,
								  .seed = round};
		MedianPrunerOptions pruning = {round % 3, 0};
		double point[8];
		double again[8];

		for (size_t i = 0; i < n; i++)
		{
			for (int k = 0; k < 8; k++)
				points[i][k] = all_equal ? 1 : odd_number(&stream);
			for (uint32_t k = 0; k < n_objectives; k++)
				objectives[i][k] = odd_number(&stream);
			for (int k = 0; k < 3; k++)
				steps[i][k] = odd_number(&stream);
			trials[i] = (Trial){
				.state = all_failed ? TRIAL_FAILED : (TrialState) (random_stream_next(&stream) % 3),
				.point = points[i],
				.objectives = objectives[i],
				.steps = steps[i],
				.n_steps = (uint32_t) (random_stream_next(&stream) % 4),
				.violation = round % 2 == 0 ? 0 : odd_number(&stream)};
		}
		sampler_suggest(&odd_space, &options, trials, n, point);
		assert_in_space(&odd_space, point);
		sampler_suggest(&odd_space, &options, trials, n, again);
		assert_memory_equal(point, again, sizeof(point));
		(void) median_pruner_prunes(trials, n, steps[0], 3, &pruning);
		(void) trial_find_point(&odd_space, trials, n, point);
	}
}

/* Ten thousand trials of 20 dimensions and three objectives, none of which dominates another. */
static void
test_many_trials(void **state)
{
	enum
	{
		N = 10000
	};
	double *points = host_allocate_array(double, N * 20);
	double *objectives = host_allocate_array(double, N * 3);
	Trial *trials = host_allocate_zero_array(Trial, N);
	SearchSpace space = {.n_dimensions = 20};
	RandomStream stream = random_stream_start(1, 2, 3);
	double point[20];

	(void) state;
	for (int k = 0; k < 20; k++)
		space.dimensions[k] = mixed_problem.space.dimensions[k % 4];
	for (int i = 0; i < N; i++)
	{
		for (int k = 0; k < 20; k++)
			points[20 * i + k] = k % 4 == 3 ? i % 4 : 1 + i % 20;
		for (int k = 0; k < 2; k++)
			objectives[3 * i + k] = random_stream_uniform(&stream);
		objectives[3 * i + 2] = -objectives[3 * i] - objectives[3 * i + 1];
		trials[i] = (Trial){.point = points + 20 * i, .objectives = objectives + 3 * i};
	}
	for (uint32_t n_objectives = 1; n_objectives <= 3; n_objectives += 2)
	{
		SamplerOptions options;

		sampler_default_options(&options);
		options.n_objectives = n_objectives;
		sampler_suggest(&space, &options, trials, n_objectives == 1 ? N / 3 : N, point);
		assert_in_space(&space, point);
	}
}

/* The grid meets each of its points once, and then begins again. */
static void
test_grid(void **state)
{
	const SearchSpace *space = &mixed_problem.space;
	SamplerOptions options;
	uint64_t size = sampler_grid_size(space);
	double *points = host_allocate_array(double, 4 * (size + 1));

	(void) state;
	assert_int_equal(size, 4 * 4 * 4 * 4);
	assert_int_equal(sampler_grid_size(&odd_space), 4 * 4 * 4 * 2 * 1000);
	sampler_default_options(&options);
	options.type = SAMPLER_GRID;
	for (uint64_t i = 0; i <= size; i++)
	{
		sampler_suggest(space, &options, NULL, i, points + 4 * i);
		assert_in_space(space, points + 4 * i);
		for (uint64_t j = 0; j < i; j++)
			assert_int_equal(memcmp(points + 4 * i, points + 4 * j, 4 * sizeof(double)) == 0,
							 i == size && j == 0);
	}
}

/* The space of a kind, with its parameters. */
static void
space_of_kind(const char *kind, PipelineOptions *options, ParameterGroup *groups,
			  SearchSpace *space)
{
	pipeline_parse_options(kind, "{}", NULL, 0, options);
	pipeline_groups(options, groups);
	search_space_default(groups, N_PIPELINE_GROUPS, space);
}

/* Every kind has a space, and each of its points is allowed. */
static void
test_default_spaces(void **state)
{
	(void) state;
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		ParameterGroup groups[N_PIPELINE_GROUPS];
		PipelineOptions options;
		PipelineOptions parsed;
		SamplerOptions sampling = {.type = SAMPLER_GRID, .seed = k};
		SearchSpace space;
		double point[MAX_DIMENSIONS];

		space_of_kind(classifier_kinds[k]->name, &options, groups, &space);
		search_space_check(&space);
		assert_in_range(space.n_dimensions, 6, 20);
		for (size_t i = 0; i < 200; i++)
		{
			ByteBuffer json = {0};

			sampler_suggest(&space, &sampling, NULL, i, point);
			search_space_append_point(&json, &space, point);
			pipeline_parse_options(classifier_kinds[k]->name, buffer_c_string(&json), NULL, 0,
								   &parsed);
		}
	}
}

/* A space as JSON. */
static const char *
space_json(const SearchSpace *space)
{
	ByteBuffer json = {0};

	search_space_append_json(&json, space);
	return buffer_c_string(&json);
}

static void
test_space_from_json(void **state)
{
	ParameterGroup groups[N_PIPELINE_GROUPS];
	PipelineOptions options;
	SearchSpace space;
	SearchSpace same;
	ByteBuffer json = {0};
	double point[MAX_DIMENSIONS] = {0.5, 3, 1, 0, 1};

	(void) state;
	space_of_kind("mlp", &options, groups, &space);
	space.n_dimensions = 0;
	search_space_apply_json("{\"alpha\": {\"low\": 0, \"high\": 1}, "
							"\"max_iter\": {\"low\": 2, \"high\": 9, \"log\": false},"
							"\"hidden_layer_sizes\": [[64], [128, 64], 32], \"stemmer\": "
							"\"english\", \"early_stopping\": [true, false], \"min_df\": null}",
							groups, N_PIPELINE_GROUPS, &space);
	assert_string_equal(space_json(&space),
						"{\"alpha\": {\"low\": 0, \"high\": 1, \"log\": false}, "
						"\"max_iter\": {\"low\": 2, \"high\": 9, \"log\": false}, "
						"\"hidden_layer_sizes\": [[64], [128,64], 32], \"stemmer\": "
						"[\"english\"], \"early_stopping\": [true, false]}");
	search_space_append_point(&json, &space, point);
	assert_string_equal(buffer_c_string(&json),
						"{\"alpha\": 0.5, \"max_iter\": 3, \"hidden_layer_sizes\": [128,64], "
						"\"stemmer\": \"english\", \"early_stopping\": false}");
	/* what it writes, it reads */
	same.n_dimensions = 0;
	search_space_apply_json(space_json(&space), groups, N_PIPELINE_GROUPS, &same);
	assert_string_equal(space_json(&same), space_json(&space));
	search_space_remove_keys("{\"alpha\": 1, \"stemmer\": \"none\", \"C\": 3}", &space);
	search_space_remove_keys("[", &space);
	assert_int_equal(space.n_dimensions, 3);
	assert_string_equal(space.dimensions[0].name, "max_iter");
}

static void
test_refused_spaces(void **state)
{
	static const char *const refused[] = {
		"",
		"[]",
		"{\"gamma\": [1]}",
		"{\"alpha\": []}",
		"{\"alpha\": [1, -1]}",
		"{\"alpha\": [1e999]}",
		"{\"alpha\": {}}",
		"{\"alpha\": {\"low\": 1}}",
		"{\"alpha\": {\"low\": \"1\", \"high\": 2}}",
		"{\"alpha\": {\"low\": 2, \"high\": 1}}",
		"{\"alpha\": {\"low\": -1, \"high\": 1}}",
		"{\"alpha\": {\"low\": 1, \"high\": 1e999}}",
		"{\"alpha\": {\"low\": 0, \"high\": 1, \"log\": true}}",
		"{\"alpha\": {\"low\": 0, \"high\": 1, \"step\": 0.1}}",
		"{\"max_iter\": {\"low\": 1.5, \"high\": 3}}",
		"{\"stemmer\": {\"low\": 1, \"high\": 3}}",
		"{\"stemmer\": [\"klingon\"]}",
	};
	ParameterGroup groups[N_PIPELINE_GROUPS];
	PipelineOptions options;
	SearchSpace space;

	(void) state;
	for (volatile size_t i = 0; i < LENGTH(refused); i++)
	{
		space_of_kind("mlp", &options, groups, &space);
		assert_host_error(HOST_ERROR_INVALID_PARAMETER,
						  search_space_apply_json(refused[i], groups, N_PIPELINE_GROUPS, &space));
	}
}

static int
tear_down(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_normal_quantile, tear_down),
		cmocka_unit_test_teardown(test_densities, tear_down),
		cmocka_unit_test_teardown(test_draws, tear_down),
		cmocka_unit_test_teardown(test_good_trials, tear_down),
		cmocka_unit_test_teardown(test_fronts_and_volumes, tear_down),
		cmocka_unit_test_teardown(test_ranks_of_odd_points, tear_down),
		cmocka_unit_test_teardown(test_pruning, tear_down),
		cmocka_unit_test_teardown(test_regret, tear_down),
		cmocka_unit_test_teardown(test_front_of_two_objectives, tear_down),
		cmocka_unit_test_teardown(test_odd_trials, tear_down),
		cmocka_unit_test_teardown(test_many_trials, tear_down),
		cmocka_unit_test_teardown(test_grid, tear_down),
		cmocka_unit_test_teardown(test_default_spaces, tear_down),
		cmocka_unit_test_teardown(test_space_from_json, tear_down),
		cmocka_unit_test_teardown(test_refused_spaces, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
