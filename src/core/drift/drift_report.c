/*
 * drift_report.c
 *	  Whether rows have drifted from a reference.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/drift/domain_classifier.h"
#include "core/drift/drift_report.h"
#include "core/drift/hypothesis_tests.h"
#include "core/evaluation/distributions.h"
#include "core/evaluation/drift_statistics.h"
#include "core/host.h"

/* Rows that a category is expected to have on each side for the chi-squared test. */
#define MIN_EXPECTED 5

/* Rows of the smaller side for each bin. */
#define ROWS_PER_BIN 20

/* With more distinct numbers than these, numbers are taken as continuous. */
#define MAX_DISCRETE 20

/* Differences in standard errors below which the exact test of a term is not worth its time. */
#define LEAST_TERM_DEVIATION 3

const ParameterSpec drift_report_parameters[] = {
	{.name = "bins",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(DriftReportOptions, bins),
	 .default_json = "10",
	 .minimum = 2,
	 .maximum = 100,
	 .meaning = "bins of the population stability index, fewer where rows are few"},
	{.name = "psi",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DriftReportOptions, psi),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 100,
	 .meaning = "population stability index from which a feature may drift"},
	{.name = "ks",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DriftReportOptions, ks),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Kolmogorov-Smirnov statistic from which a feature may drift"},
	{.name = "vocabulary",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DriftReportOptions, vocabulary),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Jensen-Shannon distance from which the vocabulary may drift"},
	{.name = "term",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DriftReportOptions, term),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "change of the share of texts with a term from which the term may drift"},
	{.name = "embedding",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DriftReportOptions, embedding),
	 .default_json = "0.25",
	 .minimum = 0,
	 .maximum = 100,
	 .meaning = "Mahalanobis distance of the mean embeddings from which they may drift"},
	{.name = "auc",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DriftReportOptions, auc),
	 .default_json = "0.6",
	 .minimum = 0.5,
	 .maximum = 1,
	 .meaning = "area under the ROC curve from which the domain classifier may find drift"},
	{.name = "repeated",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(DriftReportOptions, repeated),
	 .default_json = "0.5",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "share of the rows that a single text must have surely passed to be drift"},
};
const size_t n_drift_report_parameters =
	sizeof(drift_report_parameters) / sizeof(drift_report_parameters[0]);

/* Of a text that makes up more of a side's sampled rows, the rest is left out where vectors are compared. */
#define LARGEST_TEXT_SHARE 0.005

/* A report under construction. */
typedef struct Comparison
{
	DriftProfile *reference;
	DriftProfile *current;
	const Pipeline *pipeline;
	const DriftReportOptions *options;
	DriftReport *report;
	Repetition counted; /* of the texts that the model has not learned from */
	Repetition all;
} Comparison;

/* By what to multiply the counts of both sides, so that they are of independent rows. */
typedef struct Shrinkage
{
	double reference;
	double current;
} Shrinkage;

/* That of n and m rows. */
static Shrinkage
shrinkage_of(const Repetition *repetition, double n, double m)
{
	return (Shrinkage){n > 0 ? effective_rows(n, repetition->reference) / n : 1,
					   m > 0 ? effective_rows(m, repetition->current) / m : 1};
}

/* Rows that a category of so many on both sides is expected to have on the smaller one. */
static double
expected_rows(double in_category, double n, double m)
{
	return in_category * fmin(n, m) / (n + m);
}

double
category_test(const double *reference, const double *current, size_t n_categories)
{
	double *common_reference = host_allocate_array(double, n_categories + 1);
	double *common_current = host_allocate_array(double, n_categories + 1);
	size_t n_common = 0;
	double n = 0;
	double m = 0;
	double rare_n = 0;
	double rare_m = 0;
	double p_common = NAN;
	double p_rare = NAN;

	for (size_t i = 0; i < n_categories; i++)
	{
		n += reference[i];
		m += current[i];
	}
	for (size_t i = 0; i < n_categories; i++)
	{
		if (expected_rows(reference[i] + current[i], n, m) >= MIN_EXPECTED)
		{
			common_reference[n_common] = reference[i];
			common_current[n_common++] = current[i];
		}
		else
		{
			rare_n += reference[i];
			rare_m += current[i];
		}
	}
	if (n > 0 && m > 0 && n_common > 1)
		p_common = drift_chi_squared(common_reference, common_current, n_common).p_value;
	if (n > 0 && m > 0 && n_common > 0 && rare_n + rare_m > 0)
		p_rare = fisher_exact(rint(rare_n), rint(n), rint(rare_m), rint(m));
	host_free(common_reference);
	host_free(common_current);
	if (isnan(p_common))
		return p_rare;
	/* two tests: the smaller p-value, twice */
	return isnan(p_rare) ? p_common : fmin(1, 2 * fmin(p_common, p_rare));
}

/* Add a finding. */
static DriftFinding *
add_finding(Comparison *comparison, const char *feature, const char *statistic, double value,
			double p_value, double threshold)
{
	DriftFinding *finding = &comparison->report->findings[comparison->report->n_findings++];

	*finding = (DriftFinding){feature, statistic, value, p_value, threshold, false, NULL};
	if (isnan(value) || isnan(p_value))
		finding->value = finding->p_value = NAN;
	return finding;
}

/* Append the shares of both sides and close a bin's object. */
static void
append_shares(ByteBuffer *json, const DriftBins *bins, size_t i)
{
	buffer_printf(json, ", \"reference\": ");
	buffer_append_json_number(json,
							  (double) bins->bins[i].n_reference / (double) bins->n_reference);
	buffer_printf(json, ", \"current\": ");
	buffer_append_json_number(json, (double) bins->bins[i].n_current / (double) bins->n_current);
	buffer_printf(json, "}");
}

/* Append an edge; a bin may be open-ended, which is null. */
static void
append_edge(ByteBuffer *json, const char *name, double edge, bool is_score)
{
	buffer_printf(json, ", \"%s\": ", name);
	buffer_append_json_number(json, is_score && isfinite(edge) ? drift_profile_score(edge) : edge);
}

/* Bins of numbers as JSON. */
static char *
bins_json(const DriftBins *bins, bool is_score)
{
	static const char *const kinds[] = {
		[DRIFT_BIN_RANGE] = "range", [DRIFT_BIN_OTHER] = "other", [DRIFT_BIN_MISSING] = "missing"};
	ByteBuffer json = {0};

	if (bins->n_reference == 0 || bins->n_current == 0)
		return NULL;
	buffer_printf(&json, "[");
	for (size_t i = 0; i < bins->n_bins; i++)
	{
		const DriftBin *bin = &bins->bins[i];

		buffer_printf(&json, "%s{\"kind\": \"%s\"", i == 0 ? "" : ", ",
					  bin->kind == DRIFT_BIN_RANGE && bin->lower == bin->upper ? "value"
																			   : kinds[bin->kind]);
		if (bin->kind == DRIFT_BIN_RANGE)
		{
			append_edge(&json, "lower", bin->lower, is_score);
			append_edge(&json, "upper", bin->upper, is_score);
		}
		append_shares(&json, bins, i);
	}
	buffer_printf(&json, "]");
	return buffer_c_string(&json);
}

/* The p-value of bins. */
static double
bins_test(const DriftBins *bins, const Repetition *repetition)
{
	Shrinkage shrinkage =
		shrinkage_of(repetition, (double) bins->n_reference, (double) bins->n_current);
	double *reference = host_allocate_array(double, bins->n_bins + 1);
	double *current = host_allocate_array(double, bins->n_bins + 1);
	double p_value;

	for (size_t i = 0; i < bins->n_bins; i++)
	{
		reference[i] = (double) bins->bins[i].n_reference * shrinkage.reference;
		current[i] = (double) bins->bins[i].n_current * shrinkage.current;
	}
	p_value = bins->n_bins == 1 ? 1 : category_test(reference, current, bins->n_bins);
	host_free(reference);
	host_free(current);
	return p_value;
}

/* How many bins rows are enough for. */
static uint32_t
bins_for_rows(const Comparison *comparison, const Repetition *repetition, uint64_t n, uint64_t m)
{
	uint64_t most = (uint64_t) (fmin(effective_rows((double) n, repetition->reference),
									 effective_rows((double) m, repetition->current)) /
								ROWS_PER_BIN);
	uint32_t wanted = (uint32_t) comparison->options->bins;

	return most < 2 ? 2 : most < wanted ? (uint32_t) most : wanted;
}

/* The p-value of a Kolmogorov-Smirnov statistic. */
static double
distance_test(double statistic, const Histogram *reference, const Histogram *current,
			  const Repetition *repetition)
{
	double n = effective_rows((double) histogram_n_values(reference), repetition->reference);
	double m = effective_rows((double) histogram_n_values(current), repetition->current);

	return n > 0 && m > 0 ? kolmogorov_survival(sqrt(n * m / (n + m)) * statistic) : NAN;
}

/* Compare a histogram. */
static void
compare_histogram(Comparison *comparison, uint32_t place, const char *feature)
{
	const Histogram *reference = &comparison->reference->histograms[place];
	const Histogram *current = &comparison->current->histograms[place];
	const Repetition *repetition = place == PROFILE_UNKNOWN || place == PROFILE_SCORE
									   ? &comparison->counted
									   : &comparison->all;
	DriftBins bins =
		drift_bins_make(reference, current,
						bins_for_rows(comparison, repetition, reference->n_rows, current->n_rows));
	DriftFinding *finding = add_finding(comparison, feature, "psi", drift_psi(&bins).statistic,
										bins_test(&bins, repetition), comparison->options->psi);

	finding->bins = bins_json(&bins, place == PROFILE_SCORE);
	host_free(bins.bins);
	if (reference->n_bins > MAX_DISCRETE)
	{
		DriftTest test = drift_kolmogorov_smirnov(reference, current);

		add_finding(comparison, feature, "ks", test.statistic,
					distance_test(test.statistic, reference, current, repetition),
					comparison->options->ks);
	}
}

/* Counts of labels as bins, without those that no row has. names: which of the labels each is */
static DriftBins
bins_of_labels(const uint64_t *reference, const uint64_t *current, uint32_t n, uint32_t *names)
{
	DriftBins bins = {.bins = host_allocate_array(DriftBin, (size_t) n + 1)};

	for (uint32_t i = 0; i < n; i++)
	{
		bins.n_reference += reference[i];
		bins.n_current += current[i];
		if (reference[i] + current[i] == 0)
			continue;
		names[bins.n_bins] = i;
		bins.bins[bins.n_bins++] = (DriftBin){
			.kind = DRIFT_BIN_RANGE, .n_reference = reference[i], .n_current = current[i]};
	}
	return bins;
}

/* Compare counts of n labels, the last of which may be one more than the pipeline's. */
static void
compare_labels(Comparison *comparison, const uint64_t *reference, const uint64_t *current,
			   uint32_t n, const Repetition *repetition, const char *feature)
{
	const Pipeline *pipeline = comparison->pipeline;
	uint32_t *names = host_allocate_array(uint32_t, (size_t) n + 1);
	DriftBins bins = bins_of_labels(reference, current, n, names);
	DriftFinding *finding = add_finding(comparison, feature, "psi", drift_psi(&bins).statistic,
										bins_test(&bins, repetition), comparison->options->psi);
	ByteBuffer json = {0};

	if (bins.n_reference > 0 && bins.n_current > 0)
	{
		buffer_printf(&json, "[");
		for (size_t i = 0; i < bins.n_bins; i++)
		{
			buffer_printf(&json, "%s{\"label\": ", i == 0 ? "" : ", ");
			if (names[i] < pipeline->n_labels)
				buffer_append_json_string(&json, pipeline->labels[names[i]],
										  strlen(pipeline->labels[names[i]]));
			else
				buffer_printf(&json, "null");
			append_shares(&json, &bins, i);
		}
		buffer_printf(&json, "]");
		finding->bins = buffer_c_string(&json);
	}
	host_free(bins.bins);
	host_free(names);
}

/* The p-value of a term that is in so many of n texts, and in so many of m; 1 where it is not small. */
static double
term_test(double in_n, double n, double in_m, double m)
{
	double share = (in_n + in_m) / (n + m);
	double error = sqrt(share * (1 - share) * (1 / n + 1 / m));

	if (!(fabs(in_m / m - in_n / n) > LEAST_TERM_DEVIATION * error))
		return 1;
	return fisher_exact(rint(in_n), rint(n), rint(in_m), rint(m));
}

/* share log2(share / mean) */
static double
divergence_term(double share, double mean)
{
	return share > 0 ? share * log2(share / mean) : 0;
}

/*
 * The Jensen-Shannon distance of the terms' frequencies. Chance adds (terms - 1) / (8 ln 2) times the sum
 * of both sides' reciprocals to its square: that is taken off.
 */
static double
vocabulary_distance(const DriftProfile *reference, const DriftProfile *current,
					const Shrinkage *shrinkage)
{
	uint32_t n_terms = reference->shape.n_terms;
	double n = 0;
	double m = 0;
	double n_occupied = -1;
	double divergence = 0;

	for (uint32_t i = 0; i <= n_terms; i++)
	{
		n += (double) reference->term_texts[i];
		m += (double) current->term_texts[i];
	}
	if (n == 0 || m == 0 || reference->shape.n_terms == 0)
		return n == m ? NAN : 1;
	for (uint32_t i = 0; i <= n_terms; i++)
	{
		double in_n = (double) reference->term_texts[i] / n;
		double in_m = (double) current->term_texts[i] / m;
		double mean = (in_n + in_m) / 2;

		n_occupied += mean > 0;
		divergence += (divergence_term(in_n, mean) + divergence_term(in_m, mean)) / 2;
	}
	divergence -=
		n_occupied / (8 * M_LN2) * (1 / (n * shrinkage->reference) + 1 / (m * shrinkage->current));
	return sqrt(fmin(fmax(divergence, 0), 1));
}

/* The term whose share of texts has changed most surely. */
typedef struct ChangedTerm
{
	double p_value; /* times the number of terms */
	double change;  /* of its share of texts */
} ChangedTerm;

static ChangedTerm
find_changed_term(const DriftProfile *reference, const DriftProfile *current,
				  const Shrinkage *shrinkage)
{
	double n = (double) reference->n_counted;
	double m = (double) current->n_counted;
	ChangedTerm found = {2, 0};

	if (n == 0 || m == 0 || reference->shape.n_terms == 0)
		return (ChangedTerm){NAN, NAN};
	for (uint32_t i = 0; i < reference->shape.n_terms; i++)
	{
		double in_n = (double) reference->term_texts[i];
		double in_m = (double) current->term_texts[i];
		double change = fabs(in_m / m - in_n / n);
		double p_value = term_test(in_n * shrinkage->reference, n * shrinkage->reference,
								   in_m * shrinkage->current, m * shrinkage->current);

		/* of the same p-value (0 of many rows), the larger change */
		if (p_value < found.p_value || (p_value == found.p_value && change > found.change))
			found = (ChangedTerm){p_value, change};
		if (i % 64 == 0)
			host_check_interrupts();
	}
	found.p_value = fmin(1, found.p_value * reference->shape.n_terms);
	return found;
}

/* Compare the terms' frequencies. */
static void
compare_vocabulary(Comparison *comparison)
{
	Shrinkage shrinkage =
		shrinkage_of(&comparison->counted, (double) comparison->reference->n_counted,
					 (double) comparison->current->n_counted);
	ChangedTerm term = find_changed_term(comparison->reference, comparison->current, &shrinkage);

	add_finding(comparison, "(vocabulary)", "js",
				vocabulary_distance(comparison->reference, comparison->current, &shrinkage),
				term.p_value, comparison->options->vocabulary);
	add_finding(comparison, "(vocabulary)", "term share", term.change, term.p_value,
				comparison->options->term);
}

/* The hashes of a sample's texts; the caller's to free. */
static uint64_t *
texts_of(const RowSample *sample)
{
	uint64_t *texts = host_allocate_array(uint64_t, (size_t) sample->n_rows + 1);

	for (uint32_t i = 0; i < sample->n_rows; i++)
		texts[i] = row_sample_text(sample, i);
	return texts;
}

/* How often texts repeat in two samples. */
static Repetition
repetition_of_samples(const RowSample *reference, const RowSample *current)
{
	uint64_t *of_reference = texts_of(reference);
	uint64_t *of_current = texts_of(current);
	Repetition repetition =
		repetition_of_texts(of_reference, reference->n_rows, of_current, current->n_rows);

	host_free(of_reference);
	host_free(of_current);
	return repetition;
}

/* Compare the embeddings: of live traffic only their sums are known, and of the rows in buckets how they repeat. */
static MeanTest
compare_embeddings(const Comparison *comparison, const RowSample *reference_rows,
				   const RowSample *current_rows)
{
	DriftProfile *reference = comparison->reference;
	DriftProfile *current = comparison->current;
	VectorMoments of_reference;
	VectorMoments of_current;
	Repetition repetition;

	if (current->embedding_sums != NULL)
	{
		of_reference = drift_profile_moments(reference, &reference->sample);
		return mean_test(&of_reference, current->embedding_sums, &comparison->counted);
	}
	of_reference = drift_profile_moments(reference, reference_rows);
	of_current = drift_profile_moments(current, current_rows);
	repetition = repetition_of_samples(reference_rows, current_rows);
	return hotelling_test(&of_reference, &of_current, &repetition);
}

/* Compare embeddings, and all numbers of the sampled rows. */
static void
compare_vectors(Comparison *comparison)
{
	unsigned char is_count[MAX_SAMPLE_VALUES] = {0};
	uint32_t n_dimensions = comparison->reference->shape.n_dimensions;
	RowSample reference;
	RowSample current;
	MeanTest mean;
	DomainTest domain;

	/* of the text features, the lengths and counts */
	for (int i = 0; i < N_TEXT_FEATURES; i++)
	{
		size_t length = strlen(text_feature_names[i]);

		is_count[n_dimensions + i] =
			length < 6 || strcmp(text_feature_names[i] + length - 6, "_ratio") != 0;
	}
	row_sample_settle(&comparison->reference->sample);
	row_sample_settle(&comparison->current->sample);
	reference = row_sample_trim(&comparison->reference->sample, LARGEST_TEXT_SHARE);
	current = row_sample_trim(&comparison->current->sample, LARGEST_TEXT_SHARE);
	mean = compare_embeddings(comparison, &reference, &current);
	domain = domain_classifier_test(&reference, &current, is_count);
	host_free(reference.rows);
	host_free(current.rows);
	add_finding(comparison, "(embedding)", "mahalanobis", mean.distance, mean.p_value,
				comparison->options->embedding);
	add_finding(comparison, "(domain classifier)", "auc", domain.area, domain.p_value,
				comparison->options->auc);
}

/* Whether a single text floods the rows: whatever it is, they are no longer what was asked. */
static void
compare_repetition(Comparison *comparison)
{
	double threshold = comparison->options->repeated;
	double share = drift_profile_largest_share(comparison->reference, comparison->current);
	double m = (double) comparison->current->n_texts;
	double k = rint(share * m);
	double p_value = NAN;

	/* the tail of the binomial distribution */
	if (!isnan(share))
		p_value = k < 1 ? 1 : regularized_beta(k, m - k + 1, threshold);
	add_finding(comparison, "(repeated text)", "share", share, p_value, threshold);
}

/* Decide which findings drift. */
static void
decide(Comparison *comparison)
{
	DriftReport *report = comparison->report;
	double *p_values = host_allocate_array(double, report->n_findings + 1);
	double *adjusted = host_allocate_array(double, report->n_findings + 1);

	for (size_t i = 0; i < report->n_findings; i++)
		p_values[i] = report->findings[i].p_value;
	holm_adjust(p_values, report->n_findings, adjusted);
	report->p_value = 1;
	for (size_t i = 0; i < report->n_findings; i++)
	{
		DriftFinding *finding = &report->findings[i];

		report->n_tests += !isnan(adjusted[i]);
		if (!(finding->value >= finding->threshold))
			continue;
		report->p_value = fmin(report->p_value, adjusted[i]);
		finding->drifted = adjusted[i] <= comparison->options->alpha;
		report->n_drifted += finding->drifted;
	}
	host_free(p_values);
	host_free(adjusted);
}

DriftReport
drift_report_make(DriftProfile *reference, DriftProfile *current, const Pipeline *pipeline,
				  const DriftReportOptions *options)
{
	const FeatureSpaceOptions *features = &pipeline->space.options;
	DriftReport report = {.n_reference = reference->n_rows, .n_current = current->n_rows};
	Comparison comparison = {.reference = reference,
							 .current = current,
							 .pipeline = pipeline,
							 .options = options,
							 .report = &report,
							 .counted = drift_profile_repetition(reference, current, true),
							 .all = drift_profile_repetition(reference, current, false)};
	uint32_t n_labels = reference->shape.n_labels;

	report.effective_reference =
		effective_rows((double) reference->n_texts, comparison.all.reference);
	report.effective_current = effective_rows((double) current->n_texts, comparison.all.current);
	report.findings = host_allocate_array(
		DriftFinding, 2 * ((size_t) PROFILE_NUMERIC + reference->shape.n_numeric) + 7);
	for (uint32_t i = 0; i < N_TEXT_FEATURES; i++)
		compare_histogram(&comparison, PROFILE_TEXT_FEATURES + i, text_feature_names[i]);
	for (uint32_t i = 0; i < reference->shape.n_numeric; i++)
		compare_histogram(&comparison, PROFILE_NUMERIC + i, features->numeric_names[i]);
	compare_histogram(&comparison, PROFILE_SCORE, "(score)");
	compare_labels(&comparison, reference->predicted, current->predicted, n_labels,
				   &comparison.counted, "(predicted label)");
	compare_labels(&comparison, reference->actual, current->actual, n_labels + 1, &comparison.all,
				   "(label)");
	compare_histogram(&comparison, PROFILE_UNKNOWN, "(unknown tokens)");
	compare_vocabulary(&comparison);
	compare_vectors(&comparison);
	compare_repetition(&comparison);
	decide(&comparison);
	return report;
}
