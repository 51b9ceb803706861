/*
 * forest_split.h
 *	  The best split of a forest's node by one feature.
 *
 * A node's samples are distinct rows, each with its number of times in the bootstrap sample. What a
 * split is worth is the sum of the purity of its sides, larger is better:
 *
 *		Gini:    sum over classes of w_k^2 / W
 *		entropy: sum over classes of w_k ln w_k, less W ln W
 *
 * with w_k the weight of the class's samples on the side, and W their sum. A side's weight times
 * its impurity is W less its Gini purity, or the negative of its entropy purity; so the decrease of
 * impurity is what the sides' purity has above the node's.
 */
#ifndef SENTIMENT_FOREST_SPLIT_H
#define SENTIMENT_FOREST_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/models/binned_features.h"

typedef enum ForestCriterion
{
	CRITERION_GINI,
	CRITERION_ENTROPY
} ForestCriterion;

/*
 * Class and number of times of a sample in 64 bits, in one of two forms. Counted: one number each
 * for the samples of class 0, of class 1, and the rows, so that sums of samples are a sum of such
 * words. Only for two classes, the Gini criterion, and rows that do not make the numbers overflow.
 * Labelled: times and label.
 */
typedef uint64_t PackedSample;

#define COUNTED_BITS     21
#define COUNTED_MAX_ROWS ((1u << COUNTED_BITS) - 1)
#define LABEL_BITS       16

static inline PackedSample
counted_sample(uint32_t times, uint32_t label)
{
	return (uint64_t) times << (label == 0 ? 0 : COUNTED_BITS) | UINT64_C(1) << 2 * COUNTED_BITS;
}

static inline uint32_t
counted_of_class(PackedSample sum, uint32_t label)
{
	return (uint32_t) (sum >> (label == 0 ? 0 : COUNTED_BITS)) & COUNTED_MAX_ROWS;
}

static inline uint32_t
counted_rows(PackedSample sum)
{
	return (uint32_t) (sum >> 2 * COUNTED_BITS);
}

static inline PackedSample
labelled_sample(uint32_t times, uint32_t label)
{
	return (uint64_t) times << LABEL_BITS | label;
}

static inline uint32_t
labelled_times(PackedSample sample)
{
	return (uint32_t) (sample >> LABEL_BITS);
}

static inline uint32_t
labelled_label(PackedSample sample)
{
	return (uint32_t) sample & ((1u << LABEL_BITS) - 1);
}

/* What a node is made of. */
typedef struct NodeSamples
{
	uint32_t count;              /* rows */
	const uint32_t *rows;        /* (count) ascending */
	const PackedSample *samples; /* (count) */
	PackedSample counted;        /* their sum, if counted */
	uint32_t n_classes;
	const uint32_t *class_counts; /* (n_classes) with their times */
	const double *class_weights;  /* (n_classes) */
	bool unit_weights;            /* all of them are 1 */
	uint32_t min_samples_leaf;    /* rows on each side at least */
	ForestCriterion criterion;
	const double *count_logs; /* c ln c of every count, for the entropy */
	/* set by describe_purity */
	double weight; /* sum of the weights of all samples */
	double sum;    /* over classes of w_k^2 (Gini), or of w_k ln w_k (entropy) */
	double purity; /* of the node itself */
} NodeSamples;

/* The best way to split by one feature. */
typedef struct ForestSplit
{
	uint32_t feature;
	uint32_t bin;      /* the last bin of values on the left */
	uint32_t next_bin; /* the next one in which there are samples; n_value_bins if there is none */
	bool missing_left;
	bool missing_decided; /* there are missing values on one of the sides */
	double purity;        /* sum of the sides' */
} ForestSplit;

/* Scratch memory of a thread. */
typedef struct SplitScratch
{
	PackedSample histogram[MAX_VALUE_BINS + 1]; /* zero between two uses */
	uint32_t bin_counts[MAX_VALUE_BINS + 1];    /* zero between two uses */
	PackedSample *sorted;                       /* (most rows of a node) labelled */
	uint32_t *left_counts;                      /* (n_classes) zero between two uses */
} SplitScratch;

/* Nodes of fewer rows keep a bitmap of the bins in which there are samples. */
#define SMALL_NODE 96

/* Which bins there are samples in. */
typedef struct OccupiedBins
{
	uint64_t words[4];
} OccupiedBins;

/* What came of looking at a feature. */
typedef enum SplitOutcome
{
	SPLIT_CONSTANT, /* all samples are in one bin */
	SPLIT_REFUSED,  /* they are not, but no side may be so small */
	SPLIT_FOUND
} SplitOutcome;

/* Weight, sum and purity of a node from the counts of its classes. */
extern void describe_purity(NodeSamples *node);

/* w ln w */
extern double weight_log(double weight);

/* Find the best split by a feature; samples are counted. */
extern SplitOutcome find_counted_split(const NodeSamples *node, const BinnedFeatures *features,
									   uint32_t feature, SplitScratch *scratch, ForestSplit *split);

/* Find the best split by a feature; samples are labelled. */
extern SplitOutcome find_labelled_split(const NodeSamples *node, const BinnedFeatures *features,
										uint32_t feature, SplitScratch *scratch,
										ForestSplit *split);

#endif /* SENTIMENT_FOREST_SPLIT_H */
