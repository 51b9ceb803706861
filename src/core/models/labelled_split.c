/*
 * labelled_split.c
 *	  The best split of a forest's node by one feature, any number of classes.
 *
 * Samples are sorted by bin and moved from the right side to the left one after the other, which
 * takes the same time however many classes there are. The sums of both sides follow each move:
 *
 *		a class's weight l on the left that becomes l + m adds m (m + 2 l) to the left sum of squares;
 *		the right sum of squares is that of the node, less two times the sum over classes of the left
 *		weight times the node's, plus the left sum of squares.
 */
#include <math.h>
#include <string.h>

#include "core/models/forest_split.h"

/* Samples sorted by bin: those of a bin are a run. The missing ones come behind the last run. */
typedef struct SampleRuns
{
	uint32_t count;
	uint32_t bins[MAX_VALUE_BINS];
	uint32_t ends[MAX_VALUE_BINS];
} SampleRuns;

/* The two sides while samples move from the right one to the left one. */
typedef struct LabelledScan
{
	const NodeSamples *node;
	uint32_t *left_counts; /* (n_classes) */
	uint32_t left_rows;
	double left_weight;
	double left_sum; /* of squared weights (Gini), or of w ln w (entropy) */
	double right_sum;
	ForestSplit *best;
	uint32_t best_run;
	bool found;
} LabelledScan;

/* Count the samples of each bin. counts: (256), zero before */
static OccupiedBins
count_bins(const NodeSamples *node, const uint8_t *bins, uint32_t *counts)
{
	OccupiedBins occupied = {{0}};

	if (node->count < SMALL_NODE)
	{
		for (uint32_t i = 0; i < node->count; i++)
		{
			uint32_t bin = bins[node->rows[i]];

			counts[bin]++;
			occupied.words[bin / 64] |= UINT64_C(1) << bin % 64;
		}
		return occupied;
	}
	for (uint32_t i = 0; i < node->count; i++)
		counts[bins[node->rows[i]]]++;
	for (uint32_t b = 0; b <= MAX_VALUE_BINS; b++)
		occupied.words[b / 64] |= (uint64_t) (counts[b] != 0) << b % 64;
	return occupied;
}

/* Sort the samples by bin, and clear the counts. */
static void
sort_samples(const NodeSamples *node, const uint8_t *bins, uint32_t n_value_bins,
			 SplitScratch *scratch, SampleRuns *runs)
{
	uint32_t *counts = scratch->bin_counts;
	OccupiedBins occupied = count_bins(node, bins, counts);
	uint32_t start = 0;

	runs->count = 0;
	for (uint32_t word = 0; word < 4; word++)
	{
		for (uint64_t bits = occupied.words[word]; bits != 0; bits &= bits - 1)
		{
			uint32_t b = word * 64 + (uint32_t) __builtin_ctzll(bits);
			uint32_t end = start + counts[b];

			counts[b] = start;
			start = end;
			if (b == n_value_bins)
				break;
			runs->bins[runs->count] = b;
			runs->ends[runs->count++] = end;
		}
	}
	for (uint32_t i = 0; i < node->count; i++)
		scratch->sorted[counts[bins[node->rows[i]]]++] = node->samples[i];
	for (uint32_t i = 0; i < runs->count; i++)
		counts[runs->bins[i]] = 0;
	counts[n_value_bins] = 0;
}

/* Move samples that count 1: whole numbers. */
static inline void
move_units(LabelledScan *scan, const PackedSample *samples, uint32_t count)
{
	const uint32_t *totals = scan->node->class_counts;
	uint64_t squares = 0;
	uint64_t products = 0;
	uint64_t weight = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t label = labelled_label(samples[i]);
		uint64_t times = labelled_times(samples[i]);
		uint64_t left = scan->left_counts[label];

		scan->left_counts[label] = (uint32_t) (left + times);
		squares += times * (times + 2 * left);
		products += times * totals[label];
		weight += times;
	}
	scan->left_weight += (double) weight;
	scan->left_sum += (double) squares;
	scan->right_sum += (double) squares - 2 * (double) products;
}

/* Move weighted samples. */
static inline void
move_weights(LabelledScan *scan, const PackedSample *samples, uint32_t count)
{
	const NodeSamples *node = scan->node;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t label = labelled_label(samples[i]);
		uint32_t times = labelled_times(samples[i]);
		uint32_t left = scan->left_counts[label];
		double weight = node->class_weights[label];
		double moved = weight * times;
		double squares = moved * (moved + 2 * weight * left);

		scan->left_counts[label] = left + times;
		scan->left_sum += squares;
		scan->right_sum += squares - 2 * moved * weight * node->class_counts[label];
		scan->left_weight += moved;
	}
}

/* Move samples, entropy: w ln w of a count c is weight * (c ln c + c ln weight). */
static inline void
move_for_entropy(LabelledScan *scan, const PackedSample *samples, uint32_t count)
{
	const NodeSamples *node = scan->node;
	const double *count_logs = node->count_logs;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t label = labelled_label(samples[i]);
		uint32_t times = labelled_times(samples[i]);
		uint32_t left = scan->left_counts[label];
		uint32_t right = node->class_counts[label] - left;
		double weight = node->class_weights[label];
		double shift = node->unit_weights ? 0 : weight_log(weight) * times;

		scan->left_counts[label] = left + times;
		scan->left_sum += weight * (count_logs[left + times] - count_logs[left]) + shift;
		scan->right_sum += weight * (count_logs[right - times] - count_logs[right]) - shift;
		scan->left_weight += weight * times;
	}
}

/* Move samples to the left. */
static inline void
move_samples(LabelledScan *scan, const PackedSample *samples, uint32_t count)
{
	scan->left_rows += count;
	if (scan->node->criterion == CRITERION_ENTROPY)
		move_for_entropy(scan, samples, count);
	else if (scan->node->unit_weights)
		move_units(scan, samples, count);
	else
		move_weights(scan, samples, count);
}

/* Purity of both sides. */
static inline double
sides_purity(const LabelledScan *scan)
{
	const NodeSamples *node = scan->node;
	double left_weight = scan->left_weight;
	double right_weight = node->weight - left_weight;

	if (node->criterion == CRITERION_GINI)
		return scan->left_sum / left_weight + scan->right_sum / right_weight;
	if (node->unit_weights)
		return scan->left_sum - node->count_logs[(uint32_t) left_weight] + scan->right_sum -
			   node->count_logs[(uint32_t) right_weight];
	return scan->left_sum - weight_log(left_weight) + scan->right_sum - weight_log(right_weight);
}

/* A candidate: what is on the left now, up to a run. */
static inline void
consider(LabelledScan *scan, uint32_t run, bool missing_left)
{
	const NodeSamples *node = scan->node;
	double purity;

	if (scan->left_rows < node->min_samples_leaf ||
		node->count - scan->left_rows < node->min_samples_leaf)
		return;
	purity = sides_purity(scan);
	if (!scan->found || purity > scan->best->purity)
	{
		scan->found = true;
		scan->best_run = run;
		scan->best->missing_left = missing_left;
		scan->best->purity = purity;
	}
}

/* Candidates between all runs of the sorted samples. */
static void
scan_runs(LabelledScan *scan, const PackedSample *sorted, const SampleRuns *runs, bool missing_left)
{
	const NodeSamples *node = scan->node;
	uint32_t n_with_value = runs->count > 0 ? runs->ends[runs->count - 1] : 0;
	uint32_t start = 0;

	scan->left_rows = 0;
	scan->left_weight = 0;
	scan->left_sum = 0;
	scan->right_sum = node->sum;
	if (missing_left)
		move_samples(scan, sorted + n_with_value, node->count - n_with_value);
	for (uint32_t i = 0; i < runs->count; i++)
	{
		move_samples(scan, sorted + start, runs->ends[i] - start);
		consider(scan, i, missing_left);
		start = runs->ends[i];
	}
	if (node->n_classes <= node->count)
		memset(scan->left_counts, 0, sizeof(uint32_t) * node->n_classes);
	else
		for (uint32_t i = 0; i < node->count; i++)
			scan->left_counts[labelled_label(sorted[i])] = 0;
}

SplitOutcome
find_labelled_split(const NodeSamples *node, const BinnedFeatures *features, uint32_t feature,
					SplitScratch *scratch, ForestSplit *split)
{
	uint32_t n_value_bins = features->n_value_bins[feature];
	LabelledScan scan = {.node = node, .left_counts = scratch->left_counts, .best = split};
	SampleRuns runs;
	bool has_missing;

	*split = (ForestSplit){.feature = feature};
	sort_samples(node, binned_features_column(features, feature), n_value_bins, scratch, &runs);
	has_missing = runs.count == 0 || runs.ends[runs.count - 1] < node->count;
	if (runs.count + has_missing < 2)
		return SPLIT_CONSTANT;
	scan_runs(&scan, scratch->sorted, &runs, false);
	if (has_missing)
		scan_runs(&scan, scratch->sorted, &runs, true);
	if (!scan.found)
		return SPLIT_REFUSED;
	split->missing_decided = has_missing;
	split->bin = runs.bins[scan.best_run];
	split->next_bin = scan.best_run + 1 < runs.count ? runs.bins[scan.best_run + 1] : n_value_bins;
	return SPLIT_FOUND;
}
