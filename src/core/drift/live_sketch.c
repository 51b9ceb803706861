/*
 * live_sketch.c
 *	  What predictions see, in counters of a fixed size.
 *
 * A histogram's cells lie side by side: of missing values, of negative numbers (if it has any) in ascending
 * order, of 0, of positive numbers.
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "core/drift/live_sketch.h"
#include "core/drift/text_embedding.h"
#include "core/hash.h"
#include "core/host.h"

/* At this shift of histogram.h there are eight cells for each power of two. */
#define LIVE_SHIFT       49
#define CELLS_PER_OCTAVE 8

/* Where a histogram's cells lie, and what they count. */
typedef struct LiveGrid
{
	uint32_t first;
	int lowest; /* exponent of the smallest power of two */
	uint32_t n_octaves;
	bool has_negative;
} LiveGrid;

#define LENGTH_CELLS LIVE_CELLS(LIVE_LENGTH_OCTAVES)
#define COUNT_CELLS  LIVE_CELLS(LIVE_COUNT_OCTAVES)
#define WORD_CELLS   LIVE_CELLS(LIVE_WORD_OCTAVES)
#define RATIO_CELLS  LIVE_CELLS(LIVE_RATIO_OCTAVES)

/* Where kinds of histograms begin. */
#define FIRST_WORD  (2 * LENGTH_CELLS)
#define FIRST_COUNT (FIRST_WORD + WORD_CELLS)
#define FIRST_RATIO (FIRST_COUNT + 4 * COUNT_CELLS)
#define FIRST_SCORE (FIRST_RATIO + 4 * RATIO_CELLS)

/* In the order of text_features_compute, then as ProfileHistogram has it. */
static const LiveGrid grids[N_LIVE_HISTOGRAMS] = {
	{0, 0, LIVE_LENGTH_OCTAVES, false},                              /* text_len */
	{LENGTH_CELLS, 0, LIVE_LENGTH_OCTAVES, false},                   /* word_count */
	{FIRST_WORD, 0, LIVE_WORD_OCTAVES, false},                       /* avg_word_length */
	{FIRST_COUNT, 0, LIVE_COUNT_OCTAVES, false},                     /* exclamation_count */
	{FIRST_COUNT + COUNT_CELLS, 0, LIVE_COUNT_OCTAVES, false},       /* question_count */
	{FIRST_RATIO, -10, LIVE_RATIO_OCTAVES, false},                   /* caps_ratio */
	{FIRST_RATIO + RATIO_CELLS, -10, LIVE_RATIO_OCTAVES, false},     /* digit_ratio */
	{FIRST_RATIO + 2 * RATIO_CELLS, -10, LIVE_RATIO_OCTAVES, false}, /* punctuation_ratio */
	{FIRST_COUNT + 2 * COUNT_CELLS, 0, LIVE_COUNT_OCTAVES, false},   /* emoji_count */
	{FIRST_COUNT + 3 * COUNT_CELLS, 0, LIVE_COUNT_OCTAVES, false},   /* elongation_count */
	[PROFILE_UNKNOWN] = {FIRST_RATIO + 3 * RATIO_CELLS, -10, LIVE_RATIO_OCTAVES, false},
	[PROFILE_SCORE] = {FIRST_SCORE, -6, LIVE_SCORE_OCTAVES, true},
};

/* Cells of one sign. */
static inline uint32_t
side_cells(const LiveGrid *grid)
{
	return grid->n_octaves * CELLS_PER_OCTAVE;
}

/* The place of the cell of 0. */
static inline uint32_t
zero_place(const LiveGrid *grid)
{
	return grid->first + 1 + (grid->has_negative ? side_cells(grid) : 0);
}

/* The cell of the smallest positive number that has one, or of its negative. */
static inline uint64_t
lowest_cell(const LiveGrid *grid, bool is_negative)
{
	double lowest = ldexp(1, grid->lowest);

	return histogram_cell(is_negative ? -lowest : lowest, LIVE_SHIFT);
}

/* The place of a number's cell. */
static uint32_t
place_of(const LiveGrid *grid, double value)
{
	bool is_negative = value < 0;
	uint64_t lowest;
	uint64_t cell;
	uint64_t distance = 0;

	if (isnan(value))
		return grid->first;
	if (value == 0 || (is_negative && !grid->has_negative))
		return zero_place(grid);
	lowest = lowest_cell(grid, is_negative);
	cell = histogram_cell(value, LIVE_SHIFT);
	if (is_negative ? cell < lowest : cell > lowest)
		distance = is_negative ? lowest - cell : cell - lowest;
	if (distance >= side_cells(grid))
		distance = side_cells(grid) - 1;
	return is_negative ? zero_place(grid) - 1 - (uint32_t) distance
					   : zero_place(grid) + 1 + (uint32_t) distance;
}

/* Note that a text counts in a place. */
static inline void
count_in(LiveSample *sample, uint32_t place)
{
	sample->places[sample->n_places++] = (uint16_t) place;
}

/* The cells of the histograms. */
static void
locate_features(const Pipeline *pipeline, const float *features, const double *probabilities,
				LiveSample *sample)
{
	for (int i = 0; i < N_TEXT_FEATURES; i++)
		count_in(sample, place_of(&grids[PROFILE_TEXT_FEATURES + i], features[i]));
	count_in(sample, place_of(&grids[PROFILE_UNKNOWN],
							  drift_profile_unknown_share(pipeline->space.counts)));
	count_in(sample,
			 place_of(&grids[PROFILE_SCORE], drift_profile_log_odds(pipeline, probabilities)));
}

/* A number as good as random, for texts that have no word: the time. */
static uint64_t
random_number(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return hash_mix((uint64_t) now.tv_sec * UINT64_C(1000000000) + (uint64_t) now.tv_nsec);
}

/* The bucket of the text. */
static void
locate_text(const float *features, const char *text, size_t length, LiveSample *sample)
{
	uint64_t hash = drift_profile_text(corpus_text_hash(text, length), features, random_number());

	count_in(sample, FIRST_LIVE_TEXT + text_bucket(hash, N_LIVE_TEXT_BUCKETS));
}

/* The places of the numbers in their columns. */
static void
locate_numbers(const LiveLayout *layout, const float *numeric, LiveSample *sample)
{
	for (uint32_t i = 0; i < layout->n_columns; i++)
	{
		const LiveColumn *column = &layout->columns[i];

		if (column->n_groups > 0)
			count_in(sample, FIRST_LIVE_COLUMN + i * LIVE_COLUMN_CELLS +
								 live_column_place(column, numeric == NULL ? NAN : numeric[i]));
	}
}

/* The terms of the text. */
static void
locate_terms(const LiveLayout *layout, const TermCounts *counts, LiveSample *sample)
{
	for (uint32_t i = 0; i < counts->n_terms; i++)
	{
		uint32_t term = live_layout_term(layout, counts->features[i]);

		if (term < layout->n_terms)
			count_in(sample, FIRST_LIVE_TERM + term);
		else
			sample->n_other++;
	}
}

void
live_sketch_locate(const LiveLayout *layout, const Pipeline *pipeline, const char *text,
				   size_t length, const float *numeric, const double *probabilities,
				   LiveSample *sample)
{
	float embedding[MAX_EMBEDDING_DIMENSIONS];
	float computed[N_TEXT_FEATURES];
	const float *features = drift_profile_text_features(pipeline, text, length, true, computed);

	sample->n_places = sample->n_other = 0;
	locate_features(pipeline, features, probabilities, sample);
	locate_text(features, text, length, sample);
	locate_numbers(layout, numeric, sample);
	locate_terms(layout, pipeline->space.counts, sample);
	text_embedding_compute(&pipeline->space, embedding);
	sample->n_dimensions = text_embedding_dimensions(&pipeline->space);
	for (uint32_t i = 0; i < sample->n_dimensions; i++)
		sample->embedding[i] = vector_moments_round(embedding[i]);
}

void
live_sketch_add(LiveSketch *sketch, const LiveSample *sample)
{
	for (uint32_t i = 0; i < sample->n_places; i++)
		sketch->counters[sample->places[i]]++;
	sketch->counters[LIVE_OTHER_TERMS] += sample->n_other;
	for (uint32_t i = 0; i < sample->n_dimensions; i++)
		sketch->embedding[i] += sample->embedding[i];
}

/* The histogram that a place belongs to. */
static uint32_t
histogram_of_place(uint32_t place)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i < N_LIVE_HISTOGRAMS; i++)
	{
		if (grids[i].first <= place && grids[i].first >= grids[found].first)
			found = i;
	}
	return found;
}

LiveCell
live_sketch_cell(uint32_t place)
{
	LiveCell cell = {.histogram = histogram_of_place(place), .lower = NAN, .upper = NAN};
	const LiveGrid *grid = &grids[cell.histogram];
	uint32_t zero = zero_place(grid);

	cell.is_missing = place == grid->first;
	if (cell.is_missing)
		return cell;
	if (place < zero)
		cell.cell = lowest_cell(grid, true) - (zero - 1 - place);
	else if (place > zero)
		cell.cell = lowest_cell(grid, false) + (place - zero - 1);
	else
		cell.cell = histogram_cell(0, LIVE_SHIFT);
	cell.lower = place == zero ? 0 : histogram_cell_lower(cell.cell, LIVE_SHIFT);
	cell.upper = place == zero ? 0 : histogram_cell_upper(cell.cell, LIVE_SHIFT);
	if (cell.histogram == PROFILE_SCORE)
	{
		cell.lower = drift_profile_score(cell.lower);
		cell.upper = drift_profile_score(cell.upper);
	}
	return cell;
}

uint64_t
live_sketch_texts(const LiveSketch *sketch)
{
	uint64_t n_texts = 0;

	/* each text counts once in each histogram */
	for (uint32_t i = 0; i < LENGTH_CELLS; i++)
		n_texts += sketch->counters[i];
	return n_texts;
}

/* Fill the histograms of a profile. */
static void
fill_histograms(const LiveSketch *sketch, const LiveLayout *layout, DriftProfile *profile)
{
	for (uint32_t place = 0; place < N_LIVE_CELLS; place++)
	{
		LiveCell cell = live_sketch_cell(place);
		Histogram *histogram = &profile->histograms[cell.histogram];
		uint64_t count = sketch->counters[place];

		if (count > 0 && cell.is_missing)
			histogram_add_missing(histogram, count);
		else if (count > 0)
			histogram_add_cell(histogram, LIVE_SHIFT, cell.cell, count);
	}
	for (uint32_t i = 0; i < layout->n_columns * LIVE_COLUMN_CELLS; i++)
	{
		uint32_t column = i / LIVE_COLUMN_CELLS;
		uint64_t count = sketch->counters[FIRST_LIVE_COLUMN + i];

		if (count > 0)
			live_column_add(&layout->columns[column], i % LIVE_COLUMN_CELLS, count,
							&profile->histograms[PROFILE_NUMERIC + column]);
	}
}

/* Fill the counts of the terms. */
static void
fill_terms(const LiveSketch *sketch, const LiveLayout *layout, DriftProfile *profile)
{
	profile->term_texts[profile->shape.n_terms] = sketch->counters[LIVE_OTHER_TERMS];
	for (uint32_t i = 0; i < layout->n_terms; i++)
		profile->term_texts[profile->term_slots[layout->terms[i]]] =
			sketch->counters[FIRST_LIVE_TERM + i];
}

/* Fill the sums of the embeddings. */
static void
fill_embedding(const LiveSketch *sketch, DriftProfile *profile)
{
	VectorMoments *sums = host_allocate_zero(sizeof(VectorMoments));

	sums->n_dimensions = profile->shape.n_dimensions;
	sums->n_rows = profile->n_texts;
	for (uint32_t i = 0; i < sums->n_dimensions; i++)
		sums->sums[i] = sketch->embedding[i];
	profile->embedding_sums = sums;
}

DriftProfile *
live_sketch_profile(const LiveSketch *sketch, const LiveLayout *layout, const uint64_t *labels,
					const Pipeline *pipeline)
{
	DriftProfile *profile = host_allocate_zero(sizeof(DriftProfile));

	drift_profile_begin(profile, pipeline, CURRENT_SAMPLE_ROWS);
	for (int i = 0; i < N_COUNTED_LABELS; i++)
		profile->n_rows += labels[i];
	profile->n_texts = profile->n_scored = profile->n_counted = live_sketch_texts(sketch);
	fill_histograms(sketch, layout, profile);
	fill_terms(sketch, layout, profile);
	fill_embedding(sketch, profile);
	profile->n_text_buckets = N_LIVE_TEXT_BUCKETS;
	memcpy(profile->counted_texts, sketch->counters + FIRST_LIVE_TEXT,
		   N_LIVE_TEXT_BUCKETS * sizeof(uint64_t));
	/* the last counter would be of several labels */
	for (uint32_t i = 0; i < pipeline->n_labels && pipeline->n_labels <= N_COUNTED_LABELS; i++)
		profile->predicted[i] = labels[i];
	return profile;
}
