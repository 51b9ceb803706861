/*
 * median_pruner.c
 *	  Whether to give a trial up before its last step.
 */
#include <math.h>
#include <stdlib.h>

#include "core/host.h"
#include "core/search/median_pruner.h"

void
median_pruner_default_options(MedianPrunerOptions *options)
{
	*options = (MedianPrunerOptions){.n_startup_trials = 5, .n_warmup_steps = 0};
}

/* The best of the steps so far; NaN if none is a number. */
static double
best_step(const double *steps, uint32_t n_steps)
{
	double best = NAN;

	for (uint32_t i = 0; i < n_steps; i++)
	{
		if (!isnan(steps[i]) && !(steps[i] <= best))
			best = steps[i];
	}
	return best;
}

/* Order of doubles for qsort; none is NaN. */
static int
compare_doubles(const void *a, const void *b)
{
	double first = *(const double *) a;
	double second = *(const double *) b;

	return (first > second) - (first < second);
}

/* The median of numbers, which it sorts; NaN of none. */
static double
median(double *numbers, size_t n)
{
	if (n == 0)
		return NAN;
	qsort(numbers, n, sizeof(double), compare_doubles);
	if (n % 2 == 1)
		return numbers[n / 2];
	return numbers[n / 2 - 1] + (numbers[n / 2] - numbers[n / 2 - 1]) * 0.5;
}

bool
median_pruner_prunes(const Trial *trials, size_t n_trials, const double *steps, uint32_t n_steps,
					 const MedianPrunerOptions *options)
{
	double *numbers;
	size_t n_complete = 0;
	size_t n_numbers = 0;
	double best;
	double limit;

	if (n_steps == 0 || n_steps <= options->n_warmup_steps)
		return false;
	numbers = host_allocate_array(double, n_trials + 1);
	for (size_t i = 0; i < n_trials; i++)
	{
		if (trials[i].state != TRIAL_COMPLETE)
			continue;
		n_complete++;
		if (trials[i].n_steps >= n_steps && !isnan(trials[i].steps[n_steps - 1]))
			numbers[n_numbers++] = trials[i].steps[n_steps - 1];
	}
	best = best_step(steps, n_steps);
	limit = median(numbers, n_numbers);
	host_free(numbers);
	if (n_complete == 0 || n_complete < options->n_startup_trials)
		return false;
	return isnan(best) || best < limit;
}
