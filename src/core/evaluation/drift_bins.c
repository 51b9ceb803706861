/*
 * drift_bins.c
 *	  The bins in which two histograms are compared.
 *
 * Both are brought to the coarser of the two shifts, where their cells are the same. A cell's place is
 * its number and one; the infinities have the places at the ends.
 */
#include <float.h>
#include <string.h>

#include "core/evaluation/drift_bins.h"
#include "core/host.h"

#define FIRST_PLACE 0 /* of minus infinity */
#define LAST_PLACE  UINT64_MAX

/* Ranges with less than this share of a bin's rows are not made. */
#define LEAST_SHARE 10

/* The numbers of a histogram with their counts, in ascending order of the places. */
typedef struct Places
{
	size_t n_places;
	HistogramBin *bins; /* cell is the place */
	uint64_t n_values;
	uint32_t shift;
} Places;

/* Places of a range, both ends included. */
typedef struct PlaceRange
{
	uint64_t first;
	uint64_t last;
} PlaceRange;

/* Ranges under construction. */
typedef struct PlaceRanges
{
	const Places *reference;
	uint32_t n_wanted;
	bool all_single; /* each distinct number is a range */
	size_t n_ranges;
	PlaceRange *ranges;
} PlaceRanges;

static Places
make_places(const Histogram *histogram, uint32_t shift)
{
	HistogramBins sorted = histogram_sorted_bins(histogram, shift, 2);
	Places places = {0, sorted.bins, histogram_n_values(histogram), shift};

	if (histogram->n_negative_infinite > 0)
	{
		memmove(sorted.bins + 1, sorted.bins, sorted.n_bins * sizeof(HistogramBin));
		sorted.bins[0] = (HistogramBin){FIRST_PLACE, histogram->n_negative_infinite};
		places.n_places = 1;
	}
	for (size_t i = 0; i < sorted.n_bins; i++)
		sorted.bins[places.n_places++].cell++;
	if (histogram->n_positive_infinite > 0)
		sorted.bins[places.n_places++] = (HistogramBin){LAST_PLACE, histogram->n_positive_infinite};
	return places;
}

/* The shift at which two histograms have the same cells. */
static uint32_t
common_shift(const Histogram *a, const Histogram *b)
{
	return a->shift > b->shift ? a->shift : b->shift;
}

double
drift_largest_distance(const Histogram *reference, const Histogram *current)
{
	uint32_t shift = common_shift(reference, current);
	Places a = make_places(reference, shift);
	Places b = make_places(current, shift);
	uint64_t n_a = 0;
	uint64_t n_b = 0;
	size_t i = 0;
	size_t j = 0;
	double largest = 0;

	while (i < a.n_places || j < b.n_places)
	{
		uint64_t place = LAST_PLACE;

		if (i < a.n_places)
			place = a.bins[i].cell;
		if (j < b.n_places && b.bins[j].cell < place)
			place = b.bins[j].cell;
		if (i < a.n_places && a.bins[i].cell == place)
			n_a += a.bins[i++].count;
		if (j < b.n_places && b.bins[j].cell == place)
			n_b += b.bins[j++].count;
		largest = fmax(
			largest, fabs((double) n_a / (double) a.n_values - (double) n_b / (double) b.n_values));
	}
	host_free(a.bins);
	host_free(b.bins);
	return largest;
}

/* Whether a number of the reference is a range of its own. */
static bool
is_single(const PlaceRanges *ranges, size_t i)
{
	uint64_t count = ranges->reference->bins[i].count;

	return ranges->all_single ||
		   (count >= 2 && count >= (double) ranges->reference->n_values / ranges->n_wanted);
}

/* How many ranges to make of rows of the reference. */
static uint64_t
n_ranges_of(const PlaceRanges *ranges, uint64_t n_rows)
{
	double share = (double) n_rows * ranges->n_wanted / (double) ranges->reference->n_values;
	uint64_t n_ranges = (uint64_t) (share + 0.5);
	uint64_t most = n_rows / MIN_ROWS_PER_BIN;

	if (most < 2)
		most = 2;
	if (n_ranges > most)
		n_ranges = most;
	return n_ranges < 1 ? 1 : n_ranges;
}

/* Cut the numbers from begin to end, which are all that lie in some places, into ranges of equal counts. */
static void
cut_run(PlaceRanges *ranges, size_t begin, size_t end, PlaceRange places)
{
	const HistogramBin *bins = ranges->reference->bins;
	uint64_t n_rows = 0;
	uint64_t n_ranges;
	uint64_t n_cut = 0;
	uint64_t n_seen = 0;

	for (size_t i = begin; i < end; i++)
		n_rows += bins[i].count;
	/* as whole numbers, lest the platform's rounding decide */
	if ((unsigned __int128) n_rows * ranges->n_wanted * LEAST_SHARE < ranges->reference->n_values)
		return;
	n_ranges = n_ranges_of(ranges, n_rows);
	for (size_t i = begin; i < end; i++)
	{
		n_seen += bins[i].count;
		if (i + 1 < end && n_cut + 1 < n_ranges &&
			(unsigned __int128) n_seen * n_ranges >= (unsigned __int128) n_rows * (n_cut + 1))
		{
			ranges->ranges[ranges->n_ranges++] = (PlaceRange){places.first, bins[i].cell};
			places.first = bins[i].cell + 1;
			while (n_cut + 1 < n_ranges && (unsigned __int128) n_seen * n_ranges >=
											   (unsigned __int128) n_rows * (n_cut + 1))
				n_cut++;
		}
	}
	ranges->ranges[ranges->n_ranges++] = places;
}

/* Make the ranges of all numbers of the reference. */
static void
cut_ranges(PlaceRanges *ranges)
{
	const Places *reference = ranges->reference;
	size_t i = 0;
	uint64_t first = FIRST_PLACE;

	while (i < reference->n_places)
	{
		size_t end = i;
		uint64_t place;

		while (end < reference->n_places && !is_single(ranges, end))
			end++;
		if (end > i)
			cut_run(ranges, i, end,
					(PlaceRange){first, end < reference->n_places ? reference->bins[end].cell - 1
																  : LAST_PLACE});
		if (end == reference->n_places)
			break;
		place = reference->bins[end].cell;
		ranges->ranges[ranges->n_ranges++] = (PlaceRange){place, place};
		if (place == LAST_PLACE)
			break;
		first = place + 1;
		i = end + 1;
	}
}

/* The largest number up to a place, or below it. */
static double
upper_of_place(uint64_t place, uint32_t shift)
{
	if (place == FIRST_PLACE)
		return -INFINITY;
	if (place == LAST_PLACE)
		return INFINITY;
	if (place - 1 > UINT64_MAX >> shift) /* up to, but without, infinity */
		return DBL_MAX;
	return histogram_cell_upper(place - 1, shift);
}

/* A bin without rows for a range. */
static DriftBin
bin_of_range(PlaceRange range, uint32_t shift)
{
	DriftBin bin = {.kind = DRIFT_BIN_RANGE, .upper = upper_of_place(range.last, shift)};

	if (range.first == FIRST_PLACE)
		bin.lower = -INFINITY;
	else if (range.first == range.last)
		bin.lower =
			range.first == LAST_PLACE ? INFINITY : histogram_cell_lower(range.first - 1, shift);
	else
		bin.lower = upper_of_place(range.first - 1, shift);
	return bin;
}

/* Count places in bins, of which the first are the ranges and the next is of other values. */
static void
count_places(const Places *places, const PlaceRanges *ranges, DriftBin *bins, bool is_current)
{
	size_t range = 0;

	for (size_t i = 0; i < places->n_places; i++)
	{
		uint64_t place = places->bins[i].cell;
		DriftBin *bin = &bins[ranges->n_ranges];

		while (range < ranges->n_ranges && ranges->ranges[range].last < place)
			range++;
		if (range < ranges->n_ranges && ranges->ranges[range].first <= place)
			bin = &bins[range];
		if (is_current)
			bin->n_current += places->bins[i].count;
		else
			bin->n_reference += places->bins[i].count;
	}
}

/* Leave out bins that are empty on both sides. */
static void
drop_empty(DriftBins *bins)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < bins->n_bins; i++)
	{
		if (bins->bins[i].n_reference > 0 || bins->bins[i].n_current > 0)
			bins->bins[n_kept++] = bins->bins[i];
	}
	bins->n_bins = n_kept;
}

DriftBins
drift_bins_make(const Histogram *reference, const Histogram *current, uint32_t n_wanted)
{
	uint32_t shift = common_shift(reference, current);
	Places reference_places = make_places(reference, shift);
	Places current_places = make_places(current, shift);
	PlaceRanges ranges = {.reference = &reference_places, .n_wanted = n_wanted};
	DriftBins bins = {.n_reference = reference->n_rows, .n_current = current->n_rows};

	host_check_interrupts();
	ranges.all_single = reference_places.n_places <= n_wanted &&
						reference_places.n_values >= 2 * reference_places.n_places;
	ranges.ranges = host_allocate_array(PlaceRange, reference_places.n_places + 1);
	cut_ranges(&ranges);

	bins.n_bins = ranges.n_ranges + 2;
	bins.bins = host_allocate_zero_array(DriftBin, bins.n_bins);
	for (size_t i = 0; i < ranges.n_ranges; i++)
		bins.bins[i] = bin_of_range(ranges.ranges[i], shift);
	bins.bins[ranges.n_ranges] = (DriftBin){.kind = DRIFT_BIN_OTHER, .lower = NAN, .upper = NAN};
	bins.bins[ranges.n_ranges + 1] = (DriftBin){.kind = DRIFT_BIN_MISSING,
												.lower = NAN,
												.upper = NAN,
												.n_reference = reference->n_missing,
												.n_current = current->n_missing};
	count_places(&reference_places, &ranges, bins.bins, false);
	count_places(&current_places, &ranges, bins.bins, true);
	drop_empty(&bins);
	host_free(reference_places.bins);
	host_free(current_places.bins);
	host_free(ranges.ranges);
	return bins;
}
