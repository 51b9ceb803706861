/*
 * version_comparison.c
 *	  Two versions of a model on the same held-out rows.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "extension/version_comparison.h"

StoredVersion
version_open(const RegistryModel *model, int32 version, Snapshot snapshot, MemoryContext context)
{
	MemoryContext old_context = MemoryContextSwitchTo(context);
	StoredVersion opened = {.version = version};
	RegistryVersion found;
	Datum stored;
	const char *image;
	Size length;

	if (!registry_find_version(model->model_id, version, snapshot, &found, &stored) ||
		!registry_find_version_source(model->model_id, version, snapshot, &opened.source))
		registry_version_missing(model->name, version);
	opened.key = found.key;
	image = image_value_place(stored, context, &length);
	opened.pipeline = pipeline_open(image, length);
	MemoryContextSwitchTo(old_context);
	return opened;
}

/* Whether two pipelines answer the same labels, which are in order. */
static bool
have_same_labels(const Pipeline *first, const Pipeline *second)
{
	for (uint32 i = 0; i < first->n_labels && i < second->n_labels; i++)
	{
		if (strcmp(first->labels[i], second->labels[i]) != 0)
			return false;
	}
	return first->n_labels == second->n_labels;
}

VersionComparison
version_compare(const HeldOutRows *rows, uint64 split_seed, double holdout, Pipeline *version,
				const HeldOutMetrics *known, double other_holdout, Pipeline *other)
{
	/* shares are nested: the smaller one lies inside the larger one */
	double share = Min(holdout, other_holdout);
	bool same_labels = have_same_labels(version, other);
	HeldOutMetrics metrics = known != NULL && share == holdout
								 ? *known
								 : held_out_evaluate(rows, version, split_seed, share, NULL);
	HeldOutMetrics other_metrics = held_out_evaluate(rows, other, split_seed, share, NULL);

	/* F1 is of the positive label for two labels: other labels, other figures */
	return (VersionComparison){.same_labels = same_labels,
							   .n_rows = metrics.n_rows,
							   .f1 = same_labels ? metrics.f1 : metrics.macro_f1,
							   .other_f1 = same_labels ? other_metrics.f1 : other_metrics.macro_f1};
}

const char *
version_comparison_figure(const VersionComparison *comparison)
{
	return comparison->same_labels ? "F1" : "macro F1";
}

bool
version_is_better(const VersionComparison *comparison)
{
	return comparison->n_rows > 0 && comparison->f1 > comparison->other_f1;
}
