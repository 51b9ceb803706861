/*
 * split_gain.c
 *	  The split of a node of a boosted tree that gains most.
 *
 * First the bins' running sums are made. As they ascend, the candidates that leave enough on both
 * sides are one range; its gains are computed several at a time, without a branch.
 */
#include "core/models/binned_features.h"
#include "core/models/split_gain.h"

bool split_gain_is_portable = false;

/* Gains that are computed at a time. */
#define WIDTH 4

/* Room for the bins and for what the last vector has more. */
#define MAX_CANDIDATES (MAX_VALUE_BINS + 1 + WIDTH)

typedef int64_t IntegerVector __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));
typedef double DoubleVector __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));

/* Added to an integer below 2^51 in size, gives the bits of CONVERSION_NUMBER plus the integer. */
#define CONVERSION_BITS   INT64_C(0x4338000000000000)
#define CONVERSION_NUMBER 0x1.8p52

/* The running sums of the bins of a feature. */
typedef struct RunningSums
{
	int64_t gradients[MAX_CANDIDATES];
	int64_t hessians_and_counts[MAX_CANDIDATES];
} RunningSums;

/* The candidates from begin to end that are to be scored. */
typedef struct CandidateRange
{
	uint32_t begin;
	uint32_t end;
} CandidateRange;

/* The best candidate of a range. */
typedef struct BestCandidate
{
	double score;
	uint32_t bin;
} BestCandidate;

/* Whether a side may be that small. */
static inline bool
is_enough(const GainNode *node, int64_t hessian_and_count)
{
	GradientSum sum = {0, hessian_and_count};

	return gradient_sum_count(sum, node->count_bits) >= node->min_samples_leaf &&
		   gradient_sum_hessian(sum, node->count_bits) >= node->min_hessian;
}

/* The candidates that leave enough on both sides. */
static CandidateRange
find_range(const GainNode *node, const RunningSums *sums, uint32_t n_bins)
{
	CandidateRange range = {0, n_bins};

	while (range.begin < n_bins && !is_enough(node, sums->hessians_and_counts[range.begin]))
		range.begin++;
	while (range.end > range.begin &&
		   !is_enough(node, node->sum[1] - sums->hessians_and_counts[range.end - 1]))
		range.end--;
	return range;
}

/* The elements of a where mask is set, else those of b. */
#define CHOOSE(mask, a, b) \
	((DoubleVector) (((mask) & (IntegerVector) (a)) | (~(mask) & (IntegerVector) (b))))

static inline __attribute__((always_inline)) BestCandidate
score_body(const GainNode *node, const RunningSums *sums, CandidateRange range)
{
	const double gradient = (double) node->sum[0];
	const double hessian = (double) (node->sum[1] >> node->count_bits) + node->lambda;
	DoubleVector bins = (DoubleVector){0, 1, 2, 3} + range.begin;
	DoubleVector best = {-1, -1, -1, -1};
	DoubleVector best_bins = bins;
	BestCandidate result;

	for (uint32_t b = range.begin; b < range.end; b += WIDTH)
	{
		IntegerVector gradients = *(const IntegerVector *) &sums->gradients[b];
		IntegerVector hessians =
			*(const IntegerVector *) &sums->hessians_and_counts[b] >> node->count_bits;
		DoubleVector left_gradient =
			(DoubleVector) (gradients + CONVERSION_BITS) - CONVERSION_NUMBER;
		DoubleVector left_hessian = (DoubleVector) (hessians + CONVERSION_BITS) - CONVERSION_NUMBER;
		DoubleVector right_gradient = gradient - left_gradient;
		DoubleVector right_hessian = hessian - left_hessian;
		DoubleVector score;
		IntegerVector better;

		left_hessian += node->lambda;
		score = (left_gradient * left_gradient * right_hessian +
				 right_gradient * right_gradient * left_hessian) /
				(left_hessian * right_hessian);
		better = score > best;
		best = CHOOSE(better, score, best);
		best_bins = CHOOSE(better, bins, best_bins);
		bins += WIDTH;
	}
	result = (BestCandidate){best[0], (uint32_t) best_bins[0]};
	for (int i = 1; i < WIDTH; i++)
	{
		if (best[i] > result.score || (best[i] == result.score && best_bins[i] < result.bin))
			result = (BestCandidate){best[i], (uint32_t) best_bins[i]};
	}
	return result;
}

static BestCandidate
score_portable(const GainNode *node, const RunningSums *sums, CandidateRange range)
{
	return score_body(node, sums, range);
}

#if defined(__x86_64__)
static __attribute__((target("avx2"))) BestCandidate
score_avx2(const GainNode *node, const RunningSums *sums, CandidateRange range)
{
	return score_body(node, sums, range);
}
#endif

/* Score the candidates of a range with the processor's best instructions. */
static BestCandidate
score(const GainNode *node, const RunningSums *sums, CandidateRange range)
{
#if defined(__x86_64__)
	if (!split_gain_is_portable && __builtin_cpu_supports("avx2"))
		return score_avx2(node, sums, range);
#endif
	return score_portable(node, sums, range);
}

/* Score all candidates with the missing values on one side. */
static void
score_side(const GainNode *node, const GradientSum *histogram, uint32_t n_value_bins,
		   GradientSum left, bool missing_left, GainSplit *split)
{
	RunningSums sums;
	CandidateRange range;
	BestCandidate best;

	for (uint32_t b = 0; b < n_value_bins; b++)
	{
		left += histogram[b];
		sums.gradients[b] = left[0];
		sums.hessians_and_counts[b] = left[1];
	}
	range = find_range(node, &sums, n_value_bins);
	if (range.begin == range.end)
		return;
	/* the last vector may hold the last candidate many times */
	for (uint32_t b = range.end; b < range.end + WIDTH; b++)
	{
		sums.gradients[b] = sums.gradients[range.end - 1];
		sums.hessians_and_counts[b] = sums.hessians_and_counts[range.end - 1];
	}
	best = score(node, &sums, range);
	if (!(best.score > split->score))
		return;
	split->score = best.score;
	split->bin = best.bin;
	split->missing_left = missing_left;
	split->left = (GradientSum){sums.gradients[best.bin], sums.hessians_and_counts[best.bin]};
}

GainSplit
find_gain_split(const GainNode *node, const GradientSum *histogram, uint32_t n_value_bins,
				bool has_missing)
{
	const GradientSum zero = {0, 0};
	GainSplit split = {.score = -1};

	score_side(node, histogram, n_value_bins, zero, false, &split);
	if (has_missing && histogram[n_value_bins][1] != 0)
	{
		split.missing_decided = true;
		score_side(node, histogram, n_value_bins, histogram[n_value_bins], true, &split);
	}
	return split;
}
