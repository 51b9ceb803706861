/*
 * version_comparison.h
 *	  Two versions of a model on the same held-out rows, which neither has learned from.
 */
#ifndef SENTIMENT_VERSION_COMPARISON_H
#define SENTIMENT_VERSION_COMPARISON_H

#include "postgres.h"

#include "core/evaluation/metric_comparison.h"
#include "core/held_out.h"
#include "core/pipeline.h"
#include "extension/registry.h"

/* A version of the registry, ready to be asked. */
typedef struct StoredVersion
{
	int32 version;
	ImageKey key;
	RegistryVersionSource source;
	Pipeline *pipeline;
} StoredVersion;

/*
 * Open a version in the context, which its image's memory is of too; raises an error if there is none. The
 * caller has checked what the current role may do with the model.
 */
extern StoredVersion version_open(const RegistryModel *model, int32 version, Snapshot snapshot,
								  MemoryContext context);

/* How two versions did. */
typedef struct VersionComparison
{
	bool same_labels;
	uint32 n_rows; /* that neither has learned from */
	double f1;     /* of the version, of the positive label or macro F1, see HeldOutMetrics */
	MetricComparison figures; /* the version is the first side */
} VersionComparison;

/*
 * Compare a version with another (NULL: none) by a metric, each of which holds out a share of the model's texts. F1 is macro F1
 * where their labels differ, and the area under the ROC curve is not known.
 */
extern VersionComparison version_compare(const HeldOutRows *rows, uint64 split_seed, double holdout,
										 Pipeline *version, double other_holdout, Pipeline *other,
										 DecisionMetric metric);

/*
 * The same, and apart on the rows whose texts are not among some (given by their hashes, in ascending order); apart may be
 * NULL.
 */
extern VersionComparison version_compare_apart(const HeldOutRows *rows, uint64 split_seed,
											   double holdout, Pipeline *version,
											   double other_holdout, Pipeline *other,
											   DecisionMetric metric, const uint64 *texts,
											   size_t n_texts, VersionComparison *apart);

/* What people call the figure that they were compared by. */
extern const char *version_comparison_title(const VersionComparison *comparison);

#endif /* SENTIMENT_VERSION_COMPARISON_H */
