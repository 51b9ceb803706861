/*
 * forest_split.c
 *	  The best split of a forest's node by one feature.
 *
 * Counted samples are summed up by bin; then each occupied bin's upper edge is a candidate. Most
 * nodes are small: for them a bitmap tells which bins are occupied, so that neither clearing nor
 * looking touches all of them.
 *
 * Labelled samples are sorted by bin and moved from the right side to the left one after the other,
 * which takes the same time however many classes there are.
 */
#include <math.h>
#include <string.h>

#include "core/models/forest_split.h"

/* Nodes of fewer rows keep a bitmap of occupied bins. */
#define SMALL_NODE 96

/* The best candidate so far of a scan over counted samples. */
typedef struct CountedScan
{
	double weights[2];
	PackedSample total;
	uint32_t min_samples_leaf;
	/* impurity of the sides as a fraction, so that comparing takes no division */
	double best_numerator;
	double best_denominator;
	uint32_t best_bin;
	bool best_missing_left;
} CountedScan;

double
node_purity(const NodeSamples *node)
{
	double sum = 0;

	for (uint32_t k = 0; k < node->n_classes; k++)
	{
		double weight = node->class_weights[k] * node->class_counts[k];

		if (node->criterion == CRITERION_GINI)
			sum += weight * weight / node->weight;
		else if (weight > 0)
			sum += weight * log(weight / node->weight);
	}
	return sum;
}

/* A candidate: so many samples on the left. */
static inline void
consider(CountedScan *scan, PackedSample left, uint32_t bin, bool missing_left)
{
	PackedSample right = scan->total - left;
	double left0, left1, right0, right1;
	double left_weight, right_weight;
	double numerator, denominator;

	if (counted_rows(left) < scan->min_samples_leaf || counted_rows(right) < scan->min_samples_leaf)
		return;
	left0 = scan->weights[0] * (int32_t) counted_of_class(left, 0);
	left1 = scan->weights[1] * (int32_t) counted_of_class(left, 1);
	right0 = scan->weights[0] * (int32_t) counted_of_class(right, 0);
	right1 = scan->weights[1] * (int32_t) counted_of_class(right, 1);
	left_weight = left0 + left1;
	right_weight = right0 + right1;
	numerator = left0 * left1 * right_weight + right0 * right1 * left_weight;
	denominator = left_weight * right_weight;
	if (numerator * scan->best_denominator < scan->best_numerator * denominator)
	{
		scan->best_numerator = numerator;
		scan->best_denominator = denominator;
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
scan_bitmap(CountedScan *scan, const PackedSample *histogram, const uint64_t *occupied,
			PackedSample left, bool missing_left)
{
	for (uint32_t word = 0; word < 4; word++)
	{
		for (uint64_t bits = occupied[word]; bits != 0; bits &= bits - 1)
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
	return (CountedScan){.weights = {node->class_weights[0], node->class_weights[1]},
						 .total = node->counted,
						 .min_samples_leaf = node->min_samples_leaf,
						 .best_numerator = 1,
						 .best_denominator = 0};
}

/* What a scan found. */
static SplitOutcome
end_scan(const CountedScan *scan, const NodeSamples *node, bool has_missing, ForestSplit *split)
{
	if (scan->best_denominator == 0)
		return SPLIT_REFUSED;
	split->bin = scan->best_bin;
	split->missing_left = scan->best_missing_left;
	split->missing_decided = has_missing;
	split->purity = node->weight - 2 * (scan->best_numerator / scan->best_denominator);
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
		outcome = end_scan(&scan, node, missing != 0, split);
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
next_occupied(const uint64_t *occupied, uint32_t bin, uint32_t limit)
{
	while (bin < limit && (occupied[bin / 64] >> bin % 64 & 1) == 0)
		bin++;
	return bin;
}

/* A node of few rows: touch only occupied bins. */
static SplitOutcome
split_small_node(const NodeSamples *node, const uint8_t *bins, uint32_t n_value_bins,
				 SplitScratch *scratch, ForestSplit *split)
{
	PackedSample *histogram = scratch->histogram;
	uint64_t occupied[4] = {0, 0, 0, 0};
	CountedScan scan = begin_scan(node);
	SplitOutcome outcome = SPLIT_CONSTANT;

	for (uint32_t i = 0; i < node->count; i++)
	{
		uint32_t bin = bins[node->rows[i]];

		histogram[bin] += node->samples[i];
		occupied[bin / 64] |= UINT64_C(1) << bin % 64;
	}
	if (histogram[bins[node->rows[0]]] != node->counted)
	{
		PackedSample missing = histogram[n_value_bins];

		occupied[n_value_bins / 64] &= ~(UINT64_C(1) << n_value_bins % 64);
		scan_bitmap(&scan, histogram, occupied, 0, false);
		if (missing != 0)
			scan_bitmap(&scan, histogram, occupied, missing, true);
		outcome = end_scan(&scan, node, missing != 0, split);
		split->next_bin = next_occupied(occupied, split->bin + 1, n_value_bins);
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

/* The two sides while labelled samples move from the right one to the left one. */
typedef struct LabelledScan
{
	const NodeSamples *node;
	uint32_t *left_counts; /* (n_classes) */
	uint32_t left_rows;
	double left_weight;
	/* sum of squared weights (Gini), or of w ln w (entropy) */
	double left_sum;
	double right_sum;
	ForestSplit *best;
	bool found;
} LabelledScan;

/* Move a sample, Gini. */
static inline void
move_for_gini(LabelledScan *scan, PackedSample sample)
{
	uint32_t label = labelled_label(sample);
	uint32_t times = labelled_times(sample);
	uint32_t left = scan->left_counts[label];
	double weight = scan->node->class_weights[label];
	double moved = weight * times;
	double left_weight = weight * left;
	double right_weight = weight * (scan->node->class_counts[label] - left);

	scan->left_sum += moved * (moved + 2 * left_weight);
	scan->right_sum += moved * (moved - 2 * right_weight);
	scan->left_weight += moved;
	scan->left_counts[label] = left + times;
	scan->left_rows++;
}

/* Move a sample, entropy: w ln w of a count c is weight * (c ln c + c ln weight). */
static inline void
move_for_entropy(LabelledScan *scan, PackedSample sample)
{
	const double *count_logs = scan->node->count_logs;
	uint32_t label = labelled_label(sample);
	uint32_t times = labelled_times(sample);
	uint32_t left = scan->left_counts[label];
	uint32_t right = scan->node->class_counts[label] - left;
	double weight = scan->node->class_weights[label];
	double shift = weight == 1 ? 0 : weight * log(weight) * times;

	scan->left_sum += weight * (count_logs[left + times] - count_logs[left]) + shift;
	scan->right_sum += weight * (count_logs[right - times] - count_logs[right]) - shift;
	scan->left_weight += weight * times;
	scan->left_counts[label] = left + times;
	scan->left_rows++;
}

/* Purity of both sides. */
static inline double
sides_purity(const LabelledScan *scan)
{
	double left_weight = scan->left_weight;
	double right_weight = scan->node->weight - left_weight;

	if (scan->node->criterion == CRITERION_GINI)
		return scan->left_sum / left_weight + scan->right_sum / right_weight;
	return scan->left_sum - left_weight * log(left_weight) + scan->right_sum -
		   right_weight * log(right_weight);
}

/* A candidate: what is on the left now. */
static inline void
consider_sides(LabelledScan *scan, uint32_t bin, bool missing_left)
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
		scan->best->bin = bin;
		scan->best->missing_left = missing_left;
		scan->best->purity = purity;
	}
}

/* Move samples to the left. */
static inline void
move_samples(LabelledScan *scan, const PackedSample *samples, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
	{
		if (scan->node->criterion == CRITERION_GINI)
			move_for_gini(scan, samples[i]);
		else
			move_for_entropy(scan, samples[i]);
	}
}

/*
 * Candidates between all occupied bins. sorted: the samples by bin, with the missing ones behind
 * starts[n_bins]; starts: (n_bins + 1)
 */
static void
scan_sorted(LabelledScan *scan, const PackedSample *sorted, const uint32_t *starts, uint32_t n_bins,
			bool missing_left)
{
	const NodeSamples *node = scan->node;

	scan->left_rows = 0;
	scan->left_weight = 0;
	scan->left_sum = 0;
	scan->right_sum = 0;
	for (uint32_t k = 0; k < node->n_classes; k++)
	{
		double weight = node->class_weights[k] * node->class_counts[k];

		if (node->criterion == CRITERION_GINI)
			scan->right_sum += weight * weight;
		else if (weight > 0)
			scan->right_sum += weight * log(weight);
	}
	if (missing_left)
		move_samples(scan, sorted + starts[n_bins], node->count - starts[n_bins]);
	for (uint32_t b = 0; b < n_bins; b++)
	{
		if (starts[b + 1] == starts[b])
			continue;
		move_samples(scan, sorted + starts[b], starts[b + 1] - starts[b]);
		consider_sides(scan, b, missing_left);
	}
	memset(scan->left_counts, 0, sizeof(uint32_t) * node->n_classes);
}

/* Sort the samples by bin. starts: (257) of the bins; the missing ones' are n_value_bins */
static void
sort_samples(const NodeSamples *node, const uint8_t *bins, PackedSample *sorted, uint32_t *starts)
{
	uint32_t positions[256];

	memset(starts, 0, 257 * sizeof(uint32_t));
	for (uint32_t i = 0; i < node->count; i++)
		starts[bins[node->rows[i]] + 1]++;
	for (uint32_t b = 0; b < 256; b++)
	{
		positions[b] = starts[b];
		starts[b + 1] += starts[b];
	}
	for (uint32_t i = 0; i < node->count; i++)
		sorted[positions[bins[node->rows[i]]]++] = node->samples[i];
}

SplitOutcome
find_labelled_split(const NodeSamples *node, const BinnedFeatures *features, uint32_t feature,
					SplitScratch *scratch, ForestSplit *split)
{
	const uint8_t *bins = binned_features_column(features, feature);
	uint32_t n_value_bins = features->n_value_bins[feature];
	uint32_t starts[257];
	uint32_t first_bin = bins[node->rows[0]];
	LabelledScan scan = {.node = node, .left_counts = scratch->left_counts, .best = split};
	bool has_missing;

	*split = (ForestSplit){.feature = feature};
	sort_samples(node, bins, scratch->sorted, starts);
	if (starts[first_bin + 1] - starts[first_bin] == node->count)
		return SPLIT_CONSTANT;
	has_missing = starts[n_value_bins] < node->count;
	scan_sorted(&scan, scratch->sorted, starts, n_value_bins, false);
	if (has_missing)
		scan_sorted(&scan, scratch->sorted, starts, n_value_bins, true);
	if (!scan.found)
		return SPLIT_REFUSED;
	split->missing_decided = has_missing;
	split->next_bin = split->bin + 1;
	while (split->next_bin < n_value_bins && starts[split->next_bin + 1] == starts[split->next_bin])
		split->next_bin++;
	return SPLIT_FOUND;
}
