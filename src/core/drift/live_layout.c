/*
 * live_layout.c
 *	  What is counted of live traffic one by one.
 *
 * A column's place 0 is of missing numbers, 1 + 2 i of the gap before group i (that of i = n_groups lies beyond all),
 * 2 + 2 i of group i.
 */
#include <math.h>
#include <string.h>

#include "core/drift/live_layout.h"
#include "core/host.h"

/* Where a feature's search in the table begins. */
static inline uint32_t
table_place(uint32_t feature)
{
	return (uint32_t) ((feature * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (LIVE_TERM_TABLE - 1);
}

/* Choose the terms and make their table. */
static void
choose_terms(LiveLayout *layout, const Vocabulary *vocabulary)
{
	uint32_t n_terms =
		vocabulary->n_features < N_LIVE_TERMS ? vocabulary->n_features : N_LIVE_TERMS;
	uint16_t *slots = drift_profile_term_slots(vocabulary, n_terms);

	for (uint32_t i = 0; i < vocabulary->n_features; i++)
	{
		uint32_t place = table_place(i);

		if (slots[i] >= n_terms)
			continue;
		while (layout->table[place] != 0)
			place = (place + 1) & (LIVE_TERM_TABLE - 1);
		layout->terms[layout->n_terms++] = i;
		layout->table[place] = (uint16_t) layout->n_terms;
	}
	host_free(slots);
}

uint32_t
live_layout_term(const LiveLayout *layout, uint32_t feature)
{
	uint32_t place = table_place(feature);

	while (layout->table[place] != 0)
	{
		if (layout->terms[layout->table[place] - 1] == feature)
			return layout->table[place] - 1U;
		place = (place + 1) & (LIVE_TERM_TABLE - 1);
	}
	return layout->n_terms;
}

/* Groups under construction. */
typedef struct Grouping
{
	LiveColumn *column;
	bool is_single[MAX_LIVE_GROUPS];
	bool is_open; /* the last group takes more cells */
} Grouping;

/* Begin a group with a cell's numbers. */
static void
begin_group(Grouping *grouping, double lower, double upper, bool is_single)
{
	LiveColumn *column = grouping->column;
	uint32_t i = column->n_groups++;

	column->lower[i] = lower;
	column->upper[i] = upper;
	grouping->is_single[i] = is_single;
	grouping->is_open = !is_single;
}

/* A joined group reaches up to its neighbours: what lies between them is no gap. */
static void
close_gaps(Grouping *grouping)
{
	LiveColumn *column = grouping->column;

	for (uint32_t i = 1; i < column->n_groups; i++)
	{
		if (!grouping->is_single[i])
			column->lower[i] = nextafter(column->upper[i - 1], INFINITY);
		else if (!grouping->is_single[i - 1])
			column->upper[i - 1] = nextafter(column->lower[i], -INFINITY);
	}
}

/* Cut a column's reference into groups. */
static void
cut_groups(LiveColumn *column, const Histogram *reference)
{
	Grouping grouping = {.column = column};
	HistogramBins sorted = histogram_sorted_bins(reference, reference->shift, 0);
	uint64_t n_rows = histogram_n_finite(reference);
	bool all_single = histogram_is_exact(reference) && sorted.n_bins <= LIVE_GROUPS;
	uint64_t in_group = 0;

	for (size_t i = 0; i < sorted.n_bins; i++)
	{
		uint64_t count = sorted.bins[i].count;
		double lower = histogram_cell_lower(sorted.bins[i].cell, reference->shift);
		double upper = histogram_cell_upper(sorted.bins[i].cell, reference->shift);

		if (all_single || count * LIVE_GROUPS >= n_rows)
		{
			begin_group(&grouping, lower, upper, true);
			continue;
		}
		if (!grouping.is_open)
		{
			begin_group(&grouping, lower, upper, false);
			in_group = 0;
		}
		column->upper[column->n_groups - 1] = upper;
		in_group += count;
		if (in_group * LIVE_GROUPS >= n_rows)
			grouping.is_open = false;
	}
	close_gaps(&grouping);
	host_free(sorted.bins);
}

void
live_layout_make(LiveLayout *layout, const Pipeline *pipeline, const DriftProfile *reference)
{
	uint32_t n_numeric = pipeline->space.options.n_numeric;

	memset(layout, 0, sizeof(*layout));
	choose_terms(layout, &pipeline->space.vocabulary);
	layout->n_columns = n_numeric < MAX_LIVE_COLUMNS ? n_numeric : MAX_LIVE_COLUMNS;
	if (reference == NULL || !drift_profile_is_of(reference, pipeline))
		return;
	for (uint32_t i = 0; i < layout->n_columns; i++)
		cut_groups(&layout->columns[i], &reference->histograms[PROFILE_NUMERIC + i]);
}

/* Whether terms are in ascending order, and the table has each of them and free places. */
static bool
terms_are_sound(const LiveLayout *layout)
{
	uint32_t n_taken = 0;

	if (layout->n_terms > N_LIVE_TERMS)
		return false;
	for (uint32_t i = 1; i < layout->n_terms; i++)
	{
		if (layout->terms[i] <= layout->terms[i - 1])
			return false;
	}
	for (uint32_t i = 0; i < LIVE_TERM_TABLE; i++)
	{
		if (layout->table[i] > layout->n_terms)
			return false;
		n_taken += layout->table[i] != 0;
	}
	return n_taken == layout->n_terms;
}

/* Whether a column's groups are ranges in ascending order. */
static bool
column_is_sound(const LiveColumn *column)
{
	if (column->n_groups > MAX_LIVE_GROUPS)
		return false;
	for (uint32_t i = 0; i < column->n_groups; i++)
	{
		if (!isfinite(column->lower[i]) || !isfinite(column->upper[i]) ||
			column->lower[i] > column->upper[i] ||
			(i > 0 && column->upper[i] <= column->upper[i - 1]))
			return false;
	}
	return true;
}

bool
live_layout_is_sound(const LiveLayout *layout)
{
	if (!terms_are_sound(layout) || layout->n_columns > MAX_LIVE_COLUMNS)
		return false;
	for (uint32_t i = 0; i < layout->n_columns; i++)
	{
		if (!column_is_sound(&layout->columns[i]))
			return false;
	}
	return true;
}

bool
live_layout_is_of(const LiveLayout *layout, const Pipeline *pipeline)
{
	return layout->n_columns <= pipeline->space.options.n_numeric &&
		   (layout->n_terms == 0 ||
			layout->terms[layout->n_terms - 1] < pipeline->space.vocabulary.n_features);
}

uint32_t
live_column_place(const LiveColumn *column, double value)
{
	uint32_t first = 0;
	uint32_t end = column->n_groups;

	if (isnan(value))
		return 0;
	/* the first group that does not end below the number */
	while (first < end)
	{
		uint32_t middle = (first + end) / 2;

		if (column->upper[middle] < value)
			first = middle + 1;
		else
			end = middle;
	}
	return 1 + 2 * first + (first < column->n_groups && column->lower[first] <= value);
}

void
live_column_range(const LiveColumn *column, uint32_t place, double *lower, double *upper)
{
	uint32_t group = (place - 1) / 2;

	*lower = *upper = NAN;
	if (place == 0)
		return;
	if (place % 2 == 0)
	{
		*lower = column->lower[group];
		*upper = column->upper[group];
		return;
	}
	*lower = group == 0 ? -INFINITY : nextafter(column->upper[group - 1], INFINITY);
	*upper = group == column->n_groups ? INFINITY : nextafter(column->lower[group], -INFINITY);
}

/* A number of the histogram for all of a place. */
static double
number_of_place(const LiveColumn *column, uint32_t place)
{
	double lower;
	double upper;

	live_column_range(column, place, &lower, &upper);
	/* a group ends with its largest number, so bins do; a gap may have no end */
	return place % 2 == 0 || isinf(lower) ? upper : lower;
}

void
live_column_add(const LiveColumn *column, uint32_t place, uint64_t count, Histogram *histogram)
{
	if (place == 0)
		histogram_add_missing(histogram, count);
	else
		histogram_add_cell(histogram, 0, histogram_cell(number_of_place(column, place), 0), count);
}

/* A column's reference in its groups. */
static Histogram
project_column(const LiveColumn *column, const Histogram *reference)
{
	Histogram projected = {.max_bins = reference->max_bins};
	HistogramBins sorted = histogram_sorted_bins(reference, reference->shift, 0);

	if (reference->n_missing > 0)
		histogram_add_missing(&projected, reference->n_missing);
	for (size_t i = 0; i < sorted.n_bins; i++)
	{
		double number = histogram_cell_lower(sorted.bins[i].cell, reference->shift);

		live_column_add(column, live_column_place(column, number), sorted.bins[i].count,
						&projected);
	}
	host_free(sorted.bins);
	return projected;
}

/* The counts of the reference's terms, with those together that are not counted one by one. */
static uint64_t *
project_terms(const LiveLayout *layout, const DriftProfile *reference, const uint16_t *slots)
{
	uint32_t n_terms = reference->shape.n_terms;
	uint64_t *texts = host_allocate_zero_array(uint64_t, (size_t) n_terms + 1);

	for (uint32_t i = 0; i <= n_terms; i++)
		texts[n_terms] += reference->term_texts[i];
	for (uint32_t i = 0; i < layout->n_terms; i++)
	{
		uint32_t slot = slots[layout->terms[i]];

		texts[slot] = reference->term_texts[slot];
		texts[n_terms] -= texts[slot];
	}
	return texts;
}

DriftProfile *
live_layout_project(const LiveLayout *layout, const DriftProfile *reference, const uint16_t *slots)
{
	DriftProfile *projected = host_allocate(sizeof(DriftProfile));
	size_t n_histograms = (size_t) PROFILE_NUMERIC + reference->shape.n_numeric;

	*projected = *reference;
	projected->histograms = host_allocate_array(Histogram, n_histograms);
	memcpy(projected->histograms, reference->histograms, n_histograms * sizeof(Histogram));
	for (uint32_t i = 0; i < layout->n_columns; i++)
	{
		if (layout->columns[i].n_groups > 0)
			projected->histograms[PROFILE_NUMERIC + i] =
				project_column(&layout->columns[i], &reference->histograms[PROFILE_NUMERIC + i]);
	}
	projected->term_texts = project_terms(layout, reference, slots);
	return projected;
}
