/*
 * live_sketch.h
 *	  What predictions see, in counters of a fixed size: for drift of live traffic without rows.
 *
 * A sketch has a histogram of each text feature, of the share of unknown tokens and of the score, as a
 * drift profile has (drift_profile.h), in cells that never change: eight for each power of two, a cell for 0 and one
 * for missing values. These are the cells of histogram.h at one shift, so a reference's histogram is brought to
 * the same cells by joining its own: the comparison interpolates nothing, and a sketch can be begun
 * without knowing any reference. Whole numbers below 16 have cells of their own. Numbers beyond the
 * outermost cells count in these.
 */
#ifndef SENTIMENT_LIVE_SKETCH_H
#define SENTIMENT_LIVE_SKETCH_H

#include "core/drift/drift_profile.h"
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
 * The cells, one of each histogram, in which a text counts that a pipeline has just answered.
 * cells: (N_LIVE_HISTOGRAMS)
 */
extern void live_sketch_locate(const Pipeline *pipeline, const char *text, size_t length,
							   const double *probabilities, uint32_t *cells);

/* What a cell counts. */
extern LiveCell live_sketch_cell(uint32_t place);

/* Texts that a sketch has seen. counters: (N_LIVE_CELLS) */
extern uint64_t live_sketch_texts(const uint64_t *counters);

/*
 * Make an empty profile of a pipeline one of live traffic: with the histograms of a sketch, and if
 * they are counted one by one, the labels of all predictions. Of terms, embeddings and numeric columns it has
 * nothing.
 */
extern void live_sketch_fill_profile(const uint64_t *counters, const PredictionCounts *counts,
									 const Pipeline *pipeline, DriftProfile *profile);

#endif /* SENTIMENT_LIVE_SKETCH_H */
