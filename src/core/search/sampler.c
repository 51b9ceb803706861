/*
 * sampler.c
 *	  Which point of a search space to try next.
 */
#include "core/search/dimension.h"
#include "core/search/random_stream.h"
#include "core/search/sampler.h"
#include "core/search/tpe.h"

const char *const sampler_names[] = {"tpe", "random", "grid", NULL};

void
sampler_default_options(SamplerOptions *options)
{
	*options = (SamplerOptions){.type = SAMPLER_TPE,
								.n_startup_trials = 10,
								.n_candidates = 24,
								.n_objectives = 1,
								.seed = 0};
}

/* Each dimension evenly. */
static void
suggest_at_random(const SearchSpace *space, uint64_t seed, size_t n_trials, double *point)
{
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		RandomStream stream = random_stream_start(seed, n_trials, i);

		point[i] = dimension_at_share(&space->dimensions[i], random_stream_uniform(&stream));
	}
}

/* Number of values of a dimension in the grid. */
static uint64_t
grid_values(const Dimension *dimension)
{
	if (dimension->type == DIMENSION_CHOICE)
		return dimension->n_choices;
	if (dimension->type == DIMENSION_INTEGER && dimension->high - dimension->low + 1 < GRID_VALUES)
		return (uint64_t) (dimension->high - dimension->low) + 1;
	return dimension_is_constant(dimension) ? 1 : GRID_VALUES;
}

uint64_t
sampler_grid_size(const SearchSpace *space)
{
	uint64_t size = 1;

	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		if (__builtin_mul_overflow(size, grid_values(&space->dimensions[i]), &size))
			return UINT64_MAX;
	}
	return size;
}

/* A value of a dimension in the grid; the first and the last of a range are its ends. */
static double
grid_value(const Dimension *dimension, uint64_t index, uint64_t n_values)
{
	double low;
	double high;

	if (dimension->type == DIMENSION_CHOICE)
		return (double) index;
	low = dimension_to_scale(dimension, dimension->low);
	high = dimension_to_scale(dimension, dimension->high);
	if (n_values == 1)
		return dimension->low;
	return dimension_from_scale(dimension, low + (high - low) * index / (n_values - 1.0));
}

/* The greatest common divisor. */
static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0)
	{
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * The next point of the grid. The points are numbered; steps of a length that has no divisor in common
 * with their number meet each once, and a length of about the golden section spreads them out.
 */
static void
suggest_from_grid(const SearchSpace *space, uint64_t seed, size_t n_trials, double *point)
{
	uint64_t size = sampler_grid_size(space);
	RandomStream stream = random_stream_start(seed, 0, 0);
	uint64_t start = random_stream_next(&stream) % size;
	uint64_t step = (uint64_t) ((double) size * 0.6180339887498949);
	uint64_t number;

	if (step == 0)
		step = 1;
	while (common_divisor(step, size) != 1)
		step++;
	number = (uint64_t) (((unsigned __int128) step * n_trials + start) % size);
	for (uint32_t i = 0; i < space->n_dimensions; i++)
	{
		uint64_t n_values = grid_values(&space->dimensions[i]);

		point[i] = grid_value(&space->dimensions[i], number % n_values, n_values);
		number /= n_values;
	}
}

/* By the estimator, or evenly as long as there are too few trials for it. */
static void
suggest_by_tpe(const SearchSpace *space, const SamplerOptions *options, const Trial *trials,
			   size_t n_trials, double *point)
{
	TpeSplit split;

	if (!tpe_split(options, trials, n_trials, &split))
	{
		suggest_at_random(space, options->seed, n_trials, point);
		return;
	}
	tpe_suggest(space, options, trials, n_trials, &split, point);
	tpe_split_free(&split);
}

void
sampler_suggest(const SearchSpace *space, const SamplerOptions *options, const Trial *trials,
				size_t n_trials, double *point)
{
	switch (options->type)
	{
		case SAMPLER_TPE:
			suggest_by_tpe(space, options, trials, n_trials, point);
			break;
		case SAMPLER_RANDOM:
			suggest_at_random(space, options->seed, n_trials, point);
			break;
		case SAMPLER_GRID:
			suggest_from_grid(space, options->seed, n_trials, point);
			break;
	}
}
