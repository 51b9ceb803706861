/*
 * fuzz_evaluation_states.c
 *	  libFuzzer harness for the flat forms of the evaluation's aggregate states.
 *
 * The first byte chooses the type, the rest is the flat form. What is accepted must come back byte for
 * byte, merge with itself and be reported.
 */
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/drift/drift_profile.h"
#include "core/evaluation/confusion_counts.h"
#include "core/evaluation/drift_statistics.h"
#include "core/evaluation/histogram.h"
#include "core/evaluation/scored_rows.h"

#include "../unit/host.h"

#define require(condition)              \
	do                                  \
	{                                   \
		if (!(condition))               \
			fail(#condition, __LINE__); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* End with a report that libFuzzer keeps the input for. */
static void
fail(const char *condition, int line)
{
	fprintf(stderr, "line %d: not true: %s\n", line, condition);
	abort();
}

/* Read, write, merge and report counts. */
static void
try_confusion_counts(const char *bytes, size_t size)
{
	ConfusionCounts counts = {.n_rows = 0};
	ConfusionCounts again = {.n_rows = 0};
	ByteBuffer json = {0};
	char *flat;

	confusion_counts_unflatten(&counts, bytes, size);
	require(confusion_counts_flat_size(&counts) == size);
	flat = host_allocate(size);
	confusion_counts_flatten(&counts, flat);
	require(memcmp(flat, bytes, size) == 0);
	confusion_counts_unflatten(&again, flat, size);
	confusion_counts_report_json(&counts, &json);
	require(json.data[json.length - 1] == '}');
	/* may refuse too many rows */
	confusion_counts_merge(&counts, &again);
	require(counts.n_rows == 2 * again.n_rows);
	require(counts.labels.n_strings == again.labels.n_strings);
}

/* Read, write, merge and measure scored rows. */
static void
try_scored_rows(const char *bytes, size_t size)
{
	ScoredRows rows = {.positive = {0}};
	ScoredRows again = {.positive = {0}};
	char *flat;
	double area;

	scored_rows_unflatten(&rows, bytes, size);
	require(scored_rows_flat_size(&rows) == size);
	flat = host_allocate(size);
	scored_rows_flatten(&rows, flat);
	require(memcmp(flat, bytes, size) == 0);
	area = scored_rows_roc_auc(&rows);
	require(isnan(area) == (rows.positive.n_scores == 0 || rows.negative.n_scores == 0));
	require(isnan(area) || (area >= 0 && area <= 1));
	scored_rows_unflatten(&again, flat, size);
	scored_rows_merge(&rows, &again);
	require(isnan(area) || fabs(scored_rows_roc_auc(&rows) - area) < 1e-15);
}

/* Read, write, merge, look into and compare a histogram. */
static void
try_histogram(const char *bytes, size_t size)
{
	Histogram *histogram = host_allocate_zero(sizeof(Histogram));
	Histogram *again = host_allocate_zero(sizeof(Histogram));
	HistogramRange ranges[12];
	DriftBins bins;
	char *flat;

	histogram_unflatten(histogram, bytes, size);
	require(histogram_flat_size(histogram) == size);
	flat = host_allocate(size);
	histogram_flatten(histogram, flat);
	require(memcmp(flat, bytes, size) == 0);
	histogram_unflatten(again, flat, size);
	bins = drift_bins_make(histogram, again, 10);
	require(bins.n_reference == 0 || drift_psi(&bins).statistic == 0);
	require(histogram_equal_width(histogram, 10, ranges) <= 12);
	require(!(histogram_standard_deviation(histogram) < 0));
	require(!(histogram_quantile(histogram, 0.3) > histogram_quantile(histogram, 0.7)));
	/* may refuse too many rows */
	histogram_merge(histogram, again);
	require(histogram->n_rows == 2 * again->n_rows);
	require(drift_kolmogorov_smirnov(histogram, again).statistic < 1e-9 ||
			histogram_n_values(again) == 0);
	/* what was merged must be readable too */
	size = histogram_flat_size(histogram);
	flat = host_allocate(size);
	histogram_flatten(histogram, flat);
	histogram_unflatten(host_allocate_zero(sizeof(Histogram)), flat, size);
}

/* Read, write, merge and report a drift profile. */
static void
try_drift_profile(const char *bytes, size_t size)
{
	DriftProfile *profile = host_allocate_zero(sizeof(DriftProfile));
	DriftProfile *again = host_allocate_zero(sizeof(DriftProfile));
	ByteBuffer json = {0};
	char *flat;
	size_t flat_size;

	drift_profile_unflatten(profile, bytes, size);
	flat_size = drift_profile_flat_size(profile);
	flat = host_allocate(flat_size);
	drift_profile_flatten(profile, flat);
	/* one of an earlier format, which its first bytes tell, is written in the present one */
	if (memcmp(flat, bytes, sizeof(uint32_t)) == 0)
		require(flat_size == size && memcmp(flat, bytes, size) == 0);
	drift_profile_unflatten(again, flat, flat_size);
	drift_profile_append_json(profile, &json);
	require(json.data[json.length - 1] == '}');
	/* may refuse too many rows */
	drift_profile_merge(profile, again);
	require(profile->n_rows == 2 * again->n_rows);
	/* what was merged must be readable too */
	size = drift_profile_flat_size(profile);
	flat = host_allocate(size);
	drift_profile_flatten(profile, flat);
	drift_profile_unflatten(host_allocate_zero(sizeof(DriftProfile)), flat, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	jmp_buf target;

	if (size == 0)
		return 0;
	test_host_error_target = &target;
	if (setjmp(target) == 0)
	{
		if (data[0] % 4 == 3)
			try_drift_profile((const char *) data + 1, size - 1);
		else if (data[0] % 3 == 0)
			try_confusion_counts((const char *) data + 1, size - 1);
		else if (data[0] % 3 == 1)
			try_histogram((const char *) data + 1, size - 1);
		else
			try_scored_rows((const char *) data + 1, size - 1);
	}
	else
		require(test_host_error.code != HOST_ERROR_INTERNAL);
	test_host_error_target = NULL;
	test_host_free_all();
	return 0;
}
