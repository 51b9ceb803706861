/*
 * counted_split.c
 *	  The best split of a forest's node by one feature, two classes.
 *
 * Samples are summed up by bin; then the upper edge of each bin that has some is a candidate. Most
 * nodes are small: for them a bitmap tells which bins have samples, so that neither clearing nor
 * looking touches all of them.
 */
#include <string.h>

#include "core/models/forest_split.h"

/* The best candidate so far of a scan. */
typedef struct CountedScan
{
	const NodeSamples *node;
	double weights[2];
	bool found;
	/* Gini: impurity of the sides as a fraction, so that comparing takes no division */
	double best_numerator;
	double best_denominator;
	/* entropy */
	double best_purity;
	uint32_t best_bin;
	bool best_missing_left;
} CountedScan;

/* Whether the split into these sides is better than the best so far, by the Gini impurity. */
static inline bool
is_better_gini(CountedScan *scan, PackedSample left, PackedSample right)
{
	double left0 = scan->weights[0] * (int32_t) counted_of_class(left, 0);
	double left1 = scan->weights[1] * (int32_t) counted_of_class(left, 1);
	double right0 = scan->weights[0] * (int32_t) counted_of_class(right, 0);
	double right1 = scan->weights[1] * (int32_t) counted_of_class(right, 1);
	double left_weight = left0 + left1;
	double right_weight = right0 + right1;
	double numerator = left0 * left1 * right_weight + right0 * right1 * left_weight;
	double denominator = left_weight * right_weight;

	if (!(numerator * scan->best_denominator < scan->best_numerator * denominator))
		return false;
	scan->best_numerator = numerator;
	scan->best_denominator = denominator;
	return true;
}

/* The entropy's purity of a side. */
static inline double
side_purity(const CountedScan *scan, PackedSample side)
{
	const double *count_logs = scan->node->count_logs;
	uint32_t count0 = counted_of_class(side, 0);
	uint32_t count1 = counted_of_class(side, 1);

	if (scan->node->unit_weights)
		return count_logs[count0] + count_logs[count1] - count_logs[count0 + count1];
	return weight_log(scan->weights[0] * count0) + weight_log(scan->weights[1] * count1) -
		   weight_log(scan->weights[0] * count0 + scan->weights[1] * count1);
}

/* The same by the entropy. */
static inline bool
is_better_entropy(CountedScan *scan, PackedSample left, PackedSample right)
{
	double purity = side_purity(scan, left) + side_purity(scan, right);

	if (scan->found && !(purity > scan->best_purity))
		return false;
	scan->best_purity = purity;
	return true;
}

/* A candidate: so many samples on the left. */
static inline void
consider(CountedScan *scan, PackedSample left, uint32_t bin, bool missing_left)
{
	const NodeSamples *node = scan->node;
	PackedSample right = node->counted - left;

	if (counted_rows(left) < node->min_samples_leaf || counted_rows(right) < node->min_samples_leaf)
		return;
	if (node->criterion == CRITERION_GINI ? is_better_gini(scan, left, right)
										  : is_better_entropy(scan, left, right))
	{
		scan->found = true;
		scan->best_bin = bin;
		scan->best_missing_left = missing_left;
	}
}

/* Candidates between all occupied bins of a full histogram. left: what is there already */
static void
scan_histogram(CountedScan *scan, const PackedSample *histogram, uint32_t n_bins, PackedSample left,
			   bool missing_left)
{
	for (uint32_t b = 0; b < n_bins; b++)
	{
		if (histogram[b] == 0)
			continue;
		left += histogram[b];
		consider(scan, left, b, missing_left);
	}
}

/* The same with a bitmap. */
static void
scan_bitmap(CountedScan *scan, const PackedSample *histogram, const OccupiedBins *occupied,
			PackedSample left, bool missing_left)
{
	for (uint32_t word = 0; word < 4; word++)
	{
		for (uint64_t bits = occupied->words[word]; bits != 0; bits &= bits - 1)
		{
			uint32_t b = word * 64 + (uint32_t) __builtin_ctzll(bits);

			left += histogram[b];
			consider(scan, left, b, missing_left);
		}
	}
}

/* Begin a scan; nothing was found. */
static CountedScan
begin_scan(const NodeSamples *node)
{
	return (CountedScan){.node = node,
						 .weights = {node->class_weights[0], node->class_weights[1]},
						 .best_numerator = 1,
						 .best_denominator = 0};
}

/* What a scan found. */
static SplitOutcome
end_scan(const CountedScan *scan, bool has_missing, ForestSplit *split)
{
	if (!scan->found)
		return SPLIT_REFUSED;
	split->bin = scan->best_bin;
	split->missing_left = scan->best_missing_left;
	split->missing_decided = has_missing;
	split->purity = scan->best_purity;
	if (scan->node->criterion == CRITERION_GINI)
		split->purity = scan->node->weight - 2 * (scan->best_numerator / scan->best_denominator);
	return SPLIT_FOUND;
}

/* A node of many rows: clear and look at all bins. */
static SplitOutcome
split_large_node(const NodeSamples *node, const uint8_t *bins, uint32_t n_value_bins,
				 SplitScratch *scratch, ForestSplit *split)
{
	PackedSample *histogram = scratch->histogram;
	CountedScan scan = begin_scan(node);
	SplitOutcome outcome = SPLIT_CONSTANT;
	PackedSample missing;

	for (uint32_t i = 0; i < node->count; i++)
		histogram[bins[node->rows[i]]] += node->samples[i];
	missing = histogram[n_value_bins];
	if (histogram[bins[node->rows[0]]] != node->counted)
	{
		scan_histogram(&scan, histogram, n_value_bins, 0, false);
		if (missing != 0)
			scan_histogram(&scan, histogram, n_value_bins, missing, true);
		outcome = end_scan(&scan, missing != 0, split);
		split->next_bin = split->bin + 1;
		while (outcome == SPLIT_FOUND && split->next_bin < n_value_bins &&
			   histogram[split->next_bin] == 0)
			split->next_bin++;
	}
	memset(histogram, 0, sizeof(scratch->histogram));
	return outcome;
}

/* The first occupied bin from bin on, or limit. */
static uint32_t
next_occupied(const OccupiedBins *occupied, uint32_t bin, uint32_t limit)
{
	while (bin < limit && (occupied->words[bin / 64] >> bin % 64 & 1) == 0)
		bin++;
	return bin;
}

/* A node of few rows: touch only occupied bins. */
static SplitOutcome
split_small_node(const NodeSamples *node, const uint8_t *bins, uint32_t n_value_bins,
				 SplitScratch *scratch, ForestSplit *split)
{
	PackedSample *histogram = scratch->histogram;
	OccupiedBins occupied = {{0}};
	CountedScan scan = begin_scan(node);
	SplitOutcome outcome = SPLIT_CONSTANT;

	for (uint32_t i = 0; i < node->count; i++)
	{
		uint32_t bin = bins[node->rows[i]];

		histogram[bin] += node->samples[i];
		occupied.words[bin / 64] |= UINT64_C(1) << bin % 64;
	}
	if (histogram[bins[node->rows[0]]] != node->counted)
	{
		PackedSample missing = histogram[n_value_bins];

		occupied.words[n_value_bins / 64] &= ~(UINT64_C(1) << n_value_bins % 64);
		scan_bitmap(&scan, histogram, &occupied, 0, false);
		if (missing != 0)
			scan_bitmap(&scan, histogram, &occupied, missing, true);
		outcome = end_scan(&scan, missing != 0, split);
		split->next_bin = next_occupied(&occupied, split->bin + 1, n_value_bins);
	}
	for (uint32_t i = 0; i < node->count; i++)
		histogram[bins[node->rows[i]]] = 0;
	return outcome;
}

SplitOutcome
find_counted_split(const NodeSamples *node, const BinnedFeatures *features, uint32_t feature,
				   SplitScratch *scratch, ForestSplit *split)
{
	const uint8_t *bins = binned_features_column(features, feature);
	uint32_t n_value_bins = features->n_value_bins[feature];

	*split = (ForestSplit){.feature = feature};
	return node->count < SMALL_NODE ? split_small_node(node, bins, n_value_bins, scratch, split)
									: split_large_node(node, bins, n_value_bins, scratch, split);
}
