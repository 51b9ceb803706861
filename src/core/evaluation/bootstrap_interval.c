/*
 * bootstrap_interval.c
 *	  Intervals of figures of confusion matrices, by resampling rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluation/bootstrap_interval.h"
#include "core/evaluation/random_draws.h"
#include "core/evaluation/sort_doubles.h"
#include "core/host.h"

/* About as many steps may all resamples take; a step is a few nanoseconds. */
#define STEP_LIMIT 4e6

/* What is alike in rows: the labels that they have, and that were predicted. */
typedef struct Cell
{
	uint32_t actual;
	uint32_t predicted[2];
	uint32_t n_rows; /* of a cluster */
} Cell;

/* A cluster: its cells, in order. */
typedef struct Cluster
{
	const Cell *cells;
	size_t n_cells;
} Cluster;

/* Clusters that are alike. */
typedef struct ClusterKind
{
	Cluster cluster;
	uint64_t n_clusters;
} ClusterKind;

/* What is resampled, and what one resample counts. */
typedef struct Bootstrap
{
	const JudgedRows *rows;
	Cell *cells;
	size_t n_clusters;
	ClusterKind *kinds; /* (n_kinds) the most frequent first */
	size_t n_kinds;
	uint32_t *kind_of;      /* (n_clusters) in the order of the kinds */
	uint64_t *actual;       /* (n_labels) rows with labels up to and with this one */
	ClassTotals *totals[2]; /* (n_labels) */
	int n_resamples;
	RandomStream stream;
} Bootstrap;

static int
compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* Order cells by their labels. */
static int
compare_cells(const void *a, const void *b)
{
	const Cell *first = a;
	const Cell *second = b;
	int order = compare_numbers(first->actual, second->actual);

	if (order == 0)
		order = compare_numbers(first->predicted[0], second->predicted[0]);
	if (order == 0)
		order = compare_numbers(first->predicted[1], second->predicted[1]);
	return order;
}

/* Order clusters, so that those that are alike come together. */
static int
compare_clusters(const void *a, const void *b)
{
	const Cluster *first = a;
	const Cluster *second = b;
	int order = (first->n_cells > second->n_cells) - (first->n_cells < second->n_cells);

	for (size_t i = 0; order == 0 && i < first->n_cells; i++)
	{
		order = compare_cells(&first->cells[i], &second->cells[i]);
		if (order == 0)
			order = compare_numbers(first->cells[i].n_rows, second->cells[i].n_rows);
	}
	return order;
}

/* The most frequent kinds first; kinds that are equally frequent by what they are. */
static int
compare_kinds(const void *a, const void *b)
{
	const ClusterKind *first = a;
	const ClusterKind *second = b;

	if (first->n_clusters != second->n_clusters)
		return first->n_clusters > second->n_clusters ? -1 : 1;
	return compare_clusters(&first->cluster, &second->cluster);
}

/* Make the cells of a cluster of rows, in order, those that are alike as one. Answers how many. */
static size_t
make_cells(const JudgedRows *rows, const uint32_t *order, size_t n_rows, Cell *cells)
{
	size_t n_cells = 0;

	for (size_t i = 0; i < n_rows; i++)
	{
		uint32_t row = order[i];
		uint32_t predicted = rows->sides[0].predicted[row];

		cells[i] =
			(Cell){rows->actual[row],
				   {predicted, rows->n_sides > 1 ? rows->sides[1].predicted[row] : predicted},
				   1};
	}
	qsort(cells, n_rows, sizeof(Cell), compare_cells);
	for (size_t i = 0; i < n_rows; i++)
	{
		if (n_cells > 0 && compare_cells(&cells[n_cells - 1], &cells[i]) == 0)
			cells[n_cells - 1].n_rows++;
		else
			cells[n_cells++] = cells[i];
	}
	return n_cells;
}

/* Find the clusters of the rows. */
static Cluster *
make_clusters(Bootstrap *bootstrap)
{
	const JudgedRows *rows = bootstrap->rows;
	uint32_t *order = judged_rows_by_cluster(rows);
	Cluster *clusters = host_allocate_array(Cluster, rows->n_rows + 1);
	size_t size;

	bootstrap->cells = host_allocate_array(Cell, rows->n_rows + 1);
	for (size_t i = 0; i < rows->n_rows; i += size)
	{
		Cell *cells = bootstrap->cells + i;

		size = judged_rows_cluster_size(rows, order, i);
		clusters[bootstrap->n_clusters++] =
			(Cluster){cells, make_cells(rows, order + i, size, cells)};
	}
	host_free(order);
	return clusters;
}

/* Find the kinds of clusters, and how many there are of each. */
static void
make_kinds(Bootstrap *bootstrap)
{
	Cluster *clusters = make_clusters(bootstrap);
	uint64_t end = 0;

	qsort(clusters, bootstrap->n_clusters, sizeof(Cluster), compare_clusters);
	bootstrap->kinds = host_allocate_array(ClusterKind, bootstrap->n_clusters + 1);
	for (size_t i = 0; i < bootstrap->n_clusters; i++)
	{
		if (i == 0 || compare_clusters(&clusters[i - 1], &clusters[i]) != 0)
			bootstrap->kinds[bootstrap->n_kinds++] = (ClusterKind){clusters[i], 0};
		bootstrap->kinds[bootstrap->n_kinds - 1].n_clusters++;
	}
	host_free(clusters);
	qsort(bootstrap->kinds, bootstrap->n_kinds, sizeof(ClusterKind), compare_kinds);
	bootstrap->kind_of = host_allocate_array(uint32_t, bootstrap->n_clusters + 1);
	for (size_t i = 0; i < bootstrap->n_kinds; i++)
	{
		for (uint64_t j = 0; j < bootstrap->kinds[i].n_clusters; j++)
			bootstrap->kind_of[end++] = (uint32_t) i;
	}
}

/* Count labels up to each, to draw one as frequently as it occurs. */
static void
count_labels(Bootstrap *bootstrap)
{
	const JudgedRows *rows = bootstrap->rows;

	bootstrap->actual = host_allocate_zero_array(uint64_t, (size_t) rows->n_labels + 1);
	for (size_t i = 0; i < rows->n_rows; i++)
		bootstrap->actual[rows->actual[i]]++;
	for (uint32_t i = 1; i < rows->n_labels; i++)
		bootstrap->actual[i] += bootstrap->actual[i - 1];
}

/* The first place whose end is beyond a number. */
static size_t
find_end(const uint64_t *ends, size_t n, uint64_t number)
{
	size_t low = 0;
	size_t high = n - 1;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (ends[middle] > number)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Add a cluster to the totals of a resample, some times. */
static void
add_cluster(Bootstrap *bootstrap, const Cluster *cluster, uint64_t times)
{
	for (size_t i = 0; i < cluster->n_cells; i++)
	{
		const Cell *cell = &cluster->cells[i];
		uint64_t n_rows = cell->n_rows * times;

		for (int side = 0; side < bootstrap->rows->n_sides; side++)
		{
			ClassTotals *totals = bootstrap->totals[side];

			totals[cell->actual].actual += n_rows;
			totals[cell->predicted[side]].predicted += n_rows;
			if (cell->actual == cell->predicted[side])
				totals[cell->actual].correct += n_rows;
		}
	}
}

/* Draw a label as frequently as it occurs. */
static uint32_t
draw_label(Bootstrap *bootstrap)
{
	const JudgedRows *rows = bootstrap->rows;

	return (uint32_t) find_end(bootstrap->actual, rows->n_labels,
							   draw_integer(&bootstrap->stream, rows->n_rows));
}

/* Draw a label that is not this one: as frequently as it occurs, or any where no other occurs. */
static uint32_t
draw_other_label(Bootstrap *bootstrap, uint32_t label)
{
	uint32_t n_labels = bootstrap->rows->n_labels;
	uint64_t before = label == 0 ? 0 : bootstrap->actual[label - 1];
	uint64_t own = bootstrap->actual[label] - before;
	uint64_t others = bootstrap->rows->n_rows - own;
	uint64_t number;

	if (n_labels < 2)
		return label;
	if (others == 0)
		return (label + 1 + (uint32_t) draw_integer(&bootstrap->stream, n_labels - 1)) % n_labels;
	number = draw_integer(&bootstrap->stream, others);
	return (uint32_t) find_end(bootstrap->actual, n_labels,
							   number < before ? number : number + own);
}

/* Add a row that is not there: right or wrong on either side, each as often. */
static void
add_pseudo_row(Bootstrap *bootstrap)
{
	uint64_t which = draw_integer(&bootstrap->stream, PSEUDO_ROWS);
	uint32_t actual = draw_label(bootstrap);
	uint32_t wrong = draw_other_label(bootstrap, actual);
	Cell cell = {actual, {which & 1 ? actual : wrong, which & 2 ? actual : wrong}, 1};
	Cluster cluster = {&cell, 1};

	add_cluster(bootstrap, &cluster, 1);
}

/* Draw clusters one by one: there are too many kinds. */
static void
draw_each(Bootstrap *bootstrap, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
	{
		uint64_t number = draw_integer(&bootstrap->stream, bootstrap->n_clusters);

		add_cluster(bootstrap, &bootstrap->kinds[bootstrap->kind_of[number]].cluster, 1);
	}
}

/* Draw how many clusters of each kind there are: a multinomial variable, by a binomial one a kind. */
static void
draw_kinds(Bootstrap *bootstrap, uint64_t n)
{
	uint64_t left = bootstrap->n_clusters;

	for (size_t i = 0; i < bootstrap->n_kinds && n > 0; i++)
	{
		const ClusterKind *kind = &bootstrap->kinds[i];
		uint64_t drawn =
			draw_binomial(&bootstrap->stream, n, (double) kind->n_clusters / (double) left);

		if (drawn > 0)
			add_cluster(bootstrap, &kind->cluster, drawn);
		n -= drawn;
		left -= kind->n_clusters;
	}
}

/* Steps of drawing kinds; drawing a cluster is one. */
static double
steps_of_kinds(const Bootstrap *bootstrap)
{
	return 8 * (double) bootstrap->n_kinds;
}

/* Make one resample. */
static void
draw_resample(Bootstrap *bootstrap)
{
	uint64_t n = bootstrap->n_clusters;
	uint64_t n_pseudo =
		draw_binomial(&bootstrap->stream, n, PSEUDO_ROWS / ((double) n + PSEUDO_ROWS));

	for (int side = 0; side < bootstrap->rows->n_sides; side++)
		memset(bootstrap->totals[side], 0, bootstrap->rows->n_labels * sizeof(ClassTotals));
	for (uint64_t i = 0; i < n_pseudo; i++)
		add_pseudo_row(bootstrap);
	if (steps_of_kinds(bootstrap) < (double) bootstrap->n_clusters)
		draw_kinds(bootstrap, n - n_pseudo);
	else
		draw_each(bootstrap, n - n_pseudo);
}

/* How many resamples are worth their time. */
static int
number_of_resamples(const Bootstrap *bootstrap)
{
	double steps = fmin(steps_of_kinds(bootstrap), (double) bootstrap->n_clusters) +
				   8.0 * bootstrap->rows->n_labels;
	double affordable = STEP_LIMIT / steps;

	return (int) fmax(fmin(affordable, BOOTSTRAP_RESAMPLES), BOOTSTRAP_MIN_RESAMPLES);
}

/* The interval that leaves out as much at either end; sorts the figures. */
static ConfidenceInterval
percentile_interval(double *figures, int n)
{
	int left_out = (int) floor((1 - CONFIDENCE_LEVEL) / 2 * (n + 1)) - 1;

	sort_doubles(figures, (size_t) n);
	return (ConfidenceInterval){figures[left_out], figures[n - 1 - left_out]};
}

/* An interval holds the figure itself. */
static ConfidenceInterval
with_figure(ConfidenceInterval interval, double figure)
{
	return (ConfidenceInterval){fmin(interval.lower, figure), fmax(interval.upper, figure)};
}

/* The figures of the resampled rows, or of the rows themselves. */
typedef struct Figures
{
	double side[2];
	double difference;
	double over_baseline;
} Figures;

static Figures
figures_of_totals(const Bootstrap *bootstrap, DecisionMetric metric)
{
	const JudgedRows *rows = bootstrap->rows;
	Figures figures = {{NAN, NAN}, NAN, NAN};

	for (int side = 0; side < rows->n_sides; side++)
	{
		ConfusionTotals totals = {.n_labels = rows->n_labels, .totals = bootstrap->totals[side]};

		figures.side[side] = decision_metric_value(metric, &totals, rows->positive);
	}
	figures.difference = figures.side[0] - figures.side[1];
	figures.over_baseline =
		figures.side[0] -
		decision_metric_baseline(metric, bootstrap->totals[0], rows->n_labels, rows->positive);
	return figures;
}

/* The kinds of figures, by number. */
#define N_FIGURES 4

static double *
figure_of(Figures *figures, int number)
{
	double *const places[N_FIGURES] = {&figures->side[0], &figures->side[1], &figures->difference,
									   &figures->over_baseline};

	return places[number];
}

static ConfidenceInterval *
interval_of(BootstrapIntervals *intervals, int number)
{
	ConfidenceInterval *const places[N_FIGURES] = {&intervals->side[0], &intervals->side[1],
												   &intervals->difference,
												   &intervals->over_baseline};

	return places[number];
}

/* Make all resamples; figures: (n_metrics, N_FIGURES, n_resamples) */
static void
resample(Bootstrap *bootstrap, const DecisionMetric *metrics, int n_metrics, double *figures)
{
	for (int i = 0; i < bootstrap->n_resamples; i++)
	{
		host_check_interrupts();
		draw_resample(bootstrap);
		for (int metric = 0; metric < n_metrics; metric++)
		{
			Figures of_metric = figures_of_totals(bootstrap, metrics[metric]);

			for (int number = 0; number < N_FIGURES; number++)
				figures[(metric * N_FIGURES + number) * bootstrap->n_resamples + i] =
					*figure_of(&of_metric, number);
		}
	}
}

/* Make the intervals of a metric; figures: (N_FIGURES, n_resamples) */
static void
make_intervals(Bootstrap *bootstrap, DecisionMetric metric, double *figures,
			   BootstrapIntervals *intervals)
{
	Figures of_rows;

	for (int side = 0; side < bootstrap->rows->n_sides; side++)
		judged_rows_totals(bootstrap->rows, side, bootstrap->totals[side]);
	of_rows = figures_of_totals(bootstrap, metric);
	for (int number = 0; number < N_FIGURES; number++)
	{
		double figure = *figure_of(&of_rows, number);

		*interval_of(intervals, number) =
			isnan(figure) ? (ConfidenceInterval){NAN, NAN}
						  : with_figure(percentile_interval(figures + (size_t) number *
																		  bootstrap->n_resamples,
															bootstrap->n_resamples),
										figure);
	}
}

/* Free what a bootstrap holds. */
static void
free_bootstrap(Bootstrap *bootstrap)
{
	host_free(bootstrap->cells);
	host_free(bootstrap->kinds);
	host_free(bootstrap->kind_of);
	host_free(bootstrap->actual);
	for (int side = 0; side < bootstrap->rows->n_sides; side++)
		host_free(bootstrap->totals[side]);
}

void
bootstrap_intervals(const JudgedRows *rows, const DecisionMetric *metrics, int n_metrics,
					uint64_t seed, BootstrapIntervals *intervals)
{
	Bootstrap bootstrap = {.rows = rows, .stream = random_stream_start(seed, rows->n_rows, 0)};
	double *figures;

	make_kinds(&bootstrap);
	count_labels(&bootstrap);
	for (int side = 0; side < rows->n_sides; side++)
		bootstrap.totals[side] = host_allocate_zero_array(ClassTotals, (size_t) rows->n_labels + 1);
	bootstrap.n_resamples = number_of_resamples(&bootstrap);
	figures =
		host_allocate_array(double, (size_t) n_metrics *N_FIGURES *(size_t) bootstrap.n_resamples);
	if (rows->n_rows > 0)
		resample(&bootstrap, metrics, n_metrics, figures);
	for (int i = 0; i < n_metrics; i++)
		make_intervals(&bootstrap, metrics[i],
					   figures + (size_t) i * N_FIGURES * (size_t) bootstrap.n_resamples,
					   &intervals[i]);
	host_free(figures);
	free_bootstrap(&bootstrap);
}
