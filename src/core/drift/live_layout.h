/*
 * live_layout.h
 *	  What is counted of the texts that a version is asked, one by one: which terms, and which ranges of the
 *	  numbers of its columns.
 *
 * Counters of live traffic have a fixed number, so of the terms those are counted that were in most of the training's
 * texts, by number: no word is kept. The numbers of a column are counted in groups that the reference (drift_profile.h)
 * is cut into: a number that many rows share is a group of its own, the others are joined to groups of about
 * equal counts. Between and beyond the groups are gaps, where the reference has no rows. Brought to the same groups, the
 * reference is compared with what was counted without interpolation.
 *
 * A layout depends on the model and its reference alone.
 */
#ifndef SENTIMENT_LIVE_LAYOUT_H
#define SENTIMENT_LIVE_LAYOUT_H

#include "core/drift/drift_profile.h"

/* Terms that are counted, at most. */
#define N_LIVE_TERMS 512

/* Places of the table by which they are found: a power of two, half full at most. */
#define LIVE_TERM_TABLE 1024

/* Numeric columns that are counted; further ones are not. */
#define MAX_LIVE_COLUMNS 8

/* A number is a group of its own if one row in so many of the reference has it; about as many groups are cut. */
#define LIVE_GROUPS     24
#define MAX_LIVE_GROUPS (2 * LIVE_GROUPS + 2)

/* Places of a column: of missing numbers, then gaps and groups in turn. */
#define LIVE_COLUMN_CELLS (2 * MAX_LIVE_GROUPS + 2)

/* The groups of a column's numbers. */
typedef struct LiveColumn
{
	uint32_t n_groups; /* 0: the column is not counted */
	uint32_t reserved;
	double lower[MAX_LIVE_GROUPS]; /* smallest and largest number of each */
	double upper[MAX_LIVE_GROUPS];
} LiveColumn;

/* Plain data: it lies in shared memory and in a file. */
typedef struct LiveLayout
{
	uint32_t n_terms;
	uint32_t n_columns;
	uint32_t terms[N_LIVE_TERMS];    /* (n_terms) features in ascending order */
	uint16_t table[LIVE_TERM_TABLE]; /* place of a term in terms, and one; 0: free */
	LiveColumn columns[MAX_LIVE_COLUMNS];
} LiveLayout;

/*
 * The layout of a model's counters. reference: NULL, or of another model, if it has none: then no column is
 * counted.
 */
extern void live_layout_make(LiveLayout *layout, const Pipeline *pipeline,
							 const DriftProfile *reference);

/*
 * Whether bytes that were read as a layout can be one: nothing in it leads out of its arrays, or has no end. It may still
 * be of another model.
 */
extern bool live_layout_is_sound(const LiveLayout *layout);

/* Whether a sound layout can be of a model: it counts no terms or columns that the model has not. */
extern bool live_layout_is_of(const LiveLayout *layout, const Pipeline *pipeline);

/* The place of a term among those that are counted; n_terms if it is not. */
extern uint32_t live_layout_term(const LiveLayout *layout, uint32_t feature);

/* The place of a number of a column that is counted, below LIVE_COLUMN_CELLS. */
extern uint32_t live_column_place(const LiveColumn *column, double value);

/* The smallest and the largest number of a place; NaN of missing numbers, infinite beyond all groups. */
extern void live_column_range(const LiveColumn *column, uint32_t place, double *lower,
							  double *upper);

/* Add rows of which only the place is known to a histogram. */
extern void live_column_add(const LiveColumn *column, uint32_t place, uint64_t count,
							Histogram *histogram);

/*
 * A reference as the counters would have seen it: numbers in their groups, terms that are not counted one by one
 * together. Shares with the reference what does not differ. slots: (features) places of the terms in term_texts
 */
extern DriftProfile *live_layout_project(const LiveLayout *layout, const DriftProfile *reference,
										 const uint16_t *slots);

#endif /* SENTIMENT_LIVE_LAYOUT_H */
