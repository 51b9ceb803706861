/*
 * version_comparison.h
 *	  Two versions of a model on the same held-out rows, which neither has learned from.
 */
#ifndef SENTIMENT_VERSION_COMPARISON_H
#define SENTIMENT_VERSION_COMPARISON_H

#include "postgres.h"

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
	double f1;     /* macro F1 of both where their labels differ; NaN without rows */
	double other_f1;
} VersionComparison;

/*
 * Compare a version with another, each of which holds out a share of the model's texts. known: the figures of
 * the version at its own share, or NULL
 */
extern VersionComparison version_compare(const HeldOutRows *rows, uint64 split_seed, double holdout,
										 Pipeline *version, const HeldOutMetrics *known,
										 double other_holdout, Pipeline *other);

/* Which figure they were compared by. */
extern const char *version_comparison_figure(const VersionComparison *comparison);

/* Whether the version did better than the other. */
extern bool version_is_better(const VersionComparison *comparison);

#endif /* SENTIMENT_VERSION_COMPARISON_H */
