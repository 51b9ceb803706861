/*
 * live_sketch.h
 *	  What predictions see, in counters of a fixed number: for drift of live traffic without rows.
 *
 * A sketch has a histogram of each text feature, of the share of unknown tokens and of the score, as a
 * drift profile has (drift_profile.h), in cells that never change: eight for each power of two, a cell for 0 and one
 * for missing values. These are the cells of histogram.h at one shift, so a reference's histogram is brought to
 * the same cells by joining its own: the comparison interpolates nothing. Whole numbers below 16 have cells of their
 * own. Numbers beyond the outermost cells count in these. Behind the cells are those of the numeric columns and the
 * counters of the terms, as a layout has them (live_layout.h), and counts of the texts in buckets by their hashes, which
 * tell how often texts repeat (repetition.h); besides, the sum of the texts' embeddings.
 */
#ifndef SENTIMENT_LIVE_SKETCH_H
#define SENTIMENT_LIVE_SKETCH_H

#include "core/drift/live_layout.h"
#include "core/serving/prediction_counts.h"

#define N_LIVE_HISTOGRAMS (PROFILE_SCORE + 1)

/* Cells of a histogram over so many powers of two, with those for missing values and 0. */
#define LIVE_CELLS(n_octaves) (2 + 8 * (n_octaves))

/* Powers of two that histograms span. */
#define LIVE_LENGTH_OCTAVES 20 /* lengths: 1 to a million */
#define LIVE_COUNT_OCTAVES  12 /* counts: 1 to 4096 */
#define LIVE_WORD_OCTAVES   8  /* mean length of words: 1 to 256 */
#define LIVE_RATIO_OCTAVES  11 /* shares: 1/1024 to 1 */
#define LIVE_SCORE_OCTAVES  11 /* log odds: 1/64 to 32, of both signs */

#define N_LIVE_CELLS                                                            \
	(2 * LIVE_CELLS(LIVE_LENGTH_OCTAVES) + 4 * LIVE_CELLS(LIVE_COUNT_OCTAVES) + \
	 LIVE_CELLS(LIVE_WORD_OCTAVES) + 4 * LIVE_CELLS(LIVE_RATIO_OCTAVES) +       \
	 LIVE_CELLS(2 * LIVE_SCORE_OCTAVES))

/* Where the counters of the columns, of the terms, of all other terms, and of the texts begin. */
#define FIRST_LIVE_COLUMN N_LIVE_CELLS
#define FIRST_LIVE_TERM   (FIRST_LIVE_COLUMN + MAX_LIVE_COLUMNS * LIVE_COLUMN_CELLS)
#define LIVE_OTHER_TERMS  (FIRST_LIVE_TERM + N_LIVE_TERMS)
#define FIRST_LIVE_TEXT   (LIVE_OTHER_TERMS + 1)
#define N_LIVE_COUNTERS   (FIRST_LIVE_TEXT + N_LIVE_TEXT_BUCKETS)

/* What a text adds to a sketch. */
typedef struct LiveSample
{
	uint32_t n_places; /* counters that it adds one to */
	uint32_t n_other;  /* what it adds to the counter of all other terms */
	uint32_t n_dimensions;
	int32_t embedding[MAX_MOMENT_DIMENSIONS]; /* (n_dimensions) */
	uint16_t places[N_LIVE_HISTOGRAMS + 1 + MAX_LIVE_COLUMNS + N_LIVE_TERMS];
} LiveSample;

/* A sketch: a sum of samples. */
typedef struct LiveSketch
{
	uint64_t counters[N_LIVE_COUNTERS];
	int64_t embedding[MAX_MOMENT_DIMENSIONS];
} LiveSketch;

/* What a cell counts. */
typedef struct LiveCell
{
	uint32_t histogram; /* as ProfileHistogram numbers them */
	bool is_missing;
	uint64_t cell; /* of histogram.h, at the shift of live_sketch_shift */
	double lower;  /* smallest and largest number, of the score as a probability; NaN if missing */
	double upper;
} LiveCell;

/*
 * What a text adds that a pipeline has just answered. numeric: the numbers that came with it, NaN where missing;
 * NULL: all are
 */
extern void live_sketch_locate(const LiveLayout *layout, const Pipeline *pipeline, const char *text,
							   size_t length, const float *numeric, const double *probabilities,
							   LiveSample *sample);

/* Add a sample to a sketch. */
extern void live_sketch_add(LiveSketch *sketch, const LiveSample *sample);

/* What a cell counts: place below N_LIVE_CELLS. */
extern LiveCell live_sketch_cell(uint32_t place);

/* Texts that a sketch has seen. */
extern uint64_t live_sketch_texts(const LiveSketch *sketch);

/*
 * The profile of live traffic as a pipeline sees it: a sketch, the number of all predictions, and these by label, if
 * they are counted one by one. It has no rows, so neither their labels nor a sample. labels: (N_COUNTED_LABELS)
 */
extern DriftProfile *live_sketch_profile(const LiveSketch *sketch, const LiveLayout *layout,
										 const uint64_t *labels, const Pipeline *pipeline);

#endif /* SENTIMENT_LIVE_SKETCH_H */
