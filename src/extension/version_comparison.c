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

/* F1 of the first side of rows. */
static double
f1_of_rows(const JudgedRows *rows)
{
	ClassTotals *totals = palloc_array(ClassTotals, rows->n_labels + 1);
	ConfusionTotals confusion = {.n_labels = rows->n_labels, .totals = totals};

	judged_rows_totals(rows, 0, totals);
	return decision_metric_value(METRIC_F1, &confusion, rows->positive);
}

/* What is said of rows, by a metric. */
static VersionComparison
compare_judged(const JudgedRows *rows, uint64 split_seed, bool same_labels, DecisionMetric metric)
{
	VersionComparison comparison = {
		.same_labels = same_labels, .n_rows = (uint32) rows->n_rows, .f1 = f1_of_rows(rows)};

	metric_compare(rows, &metric, 1, split_seed, &comparison.figures);
	return comparison;
}

VersionComparison
version_compare(const HeldOutRows *rows, uint64 split_seed, double holdout, Pipeline *version,
				double other_holdout, Pipeline *other, DecisionMetric metric)
{
	return version_compare_apart(rows, split_seed, holdout, version, other_holdout, other, metric,
								 NULL, 0, NULL);
}

VersionComparison
version_compare_apart(const HeldOutRows *rows, uint64 split_seed, double holdout, Pipeline *version,
					  double other_holdout, Pipeline *other, DecisionMetric metric,
					  const uint64 *texts, size_t n_texts, VersionComparison *apart)
{
	/* shares are nested: the smaller one lies inside the larger one */
	double share = Min(holdout, other_holdout);
	bool same_labels = other == NULL || have_same_labels(version, other);
	HeldOutJudgement judgement = held_out_judge(rows, version, other, split_seed, share);
	VersionComparison comparison = compare_judged(&judgement.rows, split_seed, same_labels, metric);

	if (apart != NULL)
	{
		judged_rows_drop(&judgement.rows, texts, n_texts);
		*apart = compare_judged(&judgement.rows, split_seed, same_labels, metric);
	}
	held_out_free_judged(&judgement.rows);
	return comparison;
}

const char *
version_comparison_title(const VersionComparison *comparison)
{
	DecisionMetric metric = comparison->figures.metric;

	if (metric == METRIC_F1 && !comparison->same_labels)
		metric = METRIC_MACRO_F1;
	return decision_metric_titles[metric];
}
