/*
 * validation_report.c
 *	  The findings of a validation.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/evaluation/drift_statistics.h"
#include "core/host.h"
#include "core/labels.h"
#include "core/validation/near_labels.h"
#include "core/validation/robust_statistics.h"
#include "core/validation/validation_report.h"

/* So many labels are named in a detail. */
#define MAX_NAMED_LABELS 5

/* A split is told as uneven below this p-value. */
#define SPLIT_P_VALUE 0.001

/* A chi-squared test wants so many expected rows of a label; rarer labels count together. */
#define MIN_EXPECTED_ROWS 5

/* What is reported on, and where to. */
typedef struct Report
{
	const Validation *validation;
	const Contract *contract;
	const char *const *model_labels;
	Findings *findings;
} Report;

/* Labels that do not keep a rule. */
typedef struct LabelList
{
	uint32_t n_labels;
	uint64_t n_rows;
	ByteBuffer text;
} LabelList;

void
findings_add(Findings *findings, const Finding *finding)
{
	if (finding->severity == SEVERITY_OFF)
		return;
	if (findings->n_findings == findings->capacity)
	{
		findings->capacity = findings->capacity == 0 ? 16 : findings->capacity * 2;
		if (findings->findings == NULL)
			findings->findings = host_allocate_array(Finding, findings->capacity);
		else
			findings->findings =
				host_reallocate_array(findings->findings, Finding, findings->capacity);
	}
	findings->findings[findings->n_findings++] = *finding;
}

uint32_t
findings_count(const Findings *findings, Severity severity)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < findings->n_findings; i++)
		n += findings->findings[i].severity == severity;
	return n;
}

const char *
finding_public_detail(const Finding *finding)
{
	switch (finding->check)
	{
		case CHECK_UNKNOWN_LABEL:
		case CHECK_NEAR_EQUAL_LABELS:
		case CHECK_CLASS_ROWS:
		case CHECK_CLASS_BALANCE:
		case CHECK_NUMBER_RANGE:
		case CHECK_OUTLYING_NUMBER:
			return contract_checks[finding->check].meaning;
		default:
			return finding->detail;
	}
}

/* Formatted text in memory of its own. */
static char *__attribute__((format(printf, 1, 2))) format_text(const char *format, ...)
{
	va_list arguments;
	int length;
	char *text;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	text = host_allocate((size_t) length + 1);
	va_start(arguments, format);
	vsnprintf(text, (size_t) length + 1, format, arguments);
	va_end(arguments);
	return text;
}

/* A string of an excerpt, or NULL for an empty one. */
static char *
excerpt_string(const Excerpt *excerpt)
{
	return excerpt->length == 0 ? NULL : format_text("%.*s", excerpt->length, excerpt->bytes);
}

/* The excerpt of an example, or NULL. */
static char *
example_string(const ValidationExample *example)
{
	return example->is_there ? excerpt_string(&example->excerpt) : NULL;
}

/* A label on one line. */
static char *
label_string(const char *label, size_t length)
{
	Excerpt excerpt = excerpt_make(label, length);

	return format_text("%.*s", excerpt.length, excerpt.bytes);
}

/* Whether a check is looked for at all. */
static bool
is_on(const Report *report, ContractCheck check)
{
	return report->contract->severities[check] != SEVERITY_OFF;
}

/* The finding of a check that a limit was passed, or as info that it was not. */
static void
add_finding(const Report *report, ContractCheck check, bool is_violation, double n_rows,
			double share, const char *detail, const char *example)
{
	Finding finding = {.check = check,
					   .severity = is_violation ? (Severity) report->contract->severities[check]
												: SEVERITY_INFO,
					   .has_rows = true,
					   .n_rows = (uint64_t) llround(n_rows),
					   .share = share,
					   .detail = detail,
					   .example = example};

	if (is_on(report, check))
		findings_add(report->findings, &finding);
}

/*
 * The finding of a share of rows with a limit. key: of the limit in the contract; what: of what the share
 * is a share, to be told; note: more to tell, "" for nothing
 */
static void
add_share(const Report *report, ContractCheck check, double n_rows, double n_all, const char *key,
		  double limit, const char *note, const char *example)
{
	double share = n_all > 0 ? n_rows / n_all : 0;
	bool is_violation = share > limit;
	char *detail;

	if (!(n_rows > 0) || !is_on(report, check))
		return;
	if (limit >= 1)
		detail = format_text("%s%s%s", contract_checks[check].meaning, note[0] ? "; " : "", note);
	else
		detail = format_text("%s; %s %s (%.4g)%s%s", contract_checks[check].meaning,
							 is_violation ? "more than" : "not more than", key, limit,
							 note[0] ? "; " : "", note);
	add_finding(report, check, is_violation, n_rows, share, detail, example);
}

/* Findings of texts that are missing, blank, too short or too long. */
static void
report_texts(const Report *report)
{
	const ValidationCounts *counts = &report->validation->counts;
	const ValidationExample *examples = report->validation->examples;
	const Contract *contract = report->contract;
	double n_rows = (double) counts->n_rows;

	if (n_rows < contract->min_rows)
		add_finding(report, CHECK_ROWS, true, n_rows, NAN,
					format_text("There are %llu rows, fewer than min_rows (%d)",
								(unsigned long long) counts->n_rows, contract->min_rows),
					NULL);
	add_share(report, CHECK_NULL_TEXT, (double) counts->n_null_text, n_rows, "max_null_text_share",
			  contract->max_null_text_share, "", NULL);
	add_share(report, CHECK_BLANK_TEXT, (double) counts->n_blank, n_rows, "max_blank_share",
			  contract->max_blank_share, "", NULL);
	add_share(report, CHECK_TEXT_TOO_SHORT, (double) counts->n_too_short, n_rows,
			  "max_length_violation_share", contract->max_length_violation_share,
			  format_text("min_text_length is %d", contract->min_text_length),
			  example_string(&examples[EXAMPLE_TOO_SHORT]));
	add_share(report, CHECK_TEXT_TOO_LONG, (double) counts->n_too_long, n_rows,
			  "max_length_violation_share", contract->max_length_violation_share,
			  format_text("max_text_length is %d", contract->max_text_length),
			  example_string(&examples[EXAMPLE_TOO_LONG]));
}

/* Take a label into a list, with what is to be said of it. */
static void
list_label(LabelList *list, const char *label, size_t length, uint64_t n_rows, const char *format,
		   double figure)
{
	char said[64];

	snprintf(said, sizeof(said), format, figure);
	if (list->n_labels < MAX_NAMED_LABELS)
		buffer_printf(&list->text, "%slabel \"%s\"%s", list->n_labels > 0 ? ", " : "",
					  label_string(label, length), said);
	list->n_labels++;
	list->n_rows += n_rows;
}

/* The labels of a list for a detail. */
static const char *
listed_labels(LabelList *list)
{
	if (list->n_labels > MAX_NAMED_LABELS)
		buffer_printf(&list->text, " and %u more", list->n_labels - MAX_NAMED_LABELS);
	return buffer_c_string(&list->text);
}

/* The labels of the rows in their order. order: (labels.n_strings) numbers */
static uint32_t *
order_labels(const StringTable *labels)
{
	const char **strings = host_allocate_array(const char *, (size_t) labels->n_strings + 1);
	uint32_t *order = host_allocate_array(uint32_t, (size_t) labels->n_strings + 1);

	for (uint32_t i = 0; i < labels->n_strings; i++)
		strings[i] = string_table_copy(labels, i);
	labels_order(strings, labels->n_strings, order);
	return order;
}

/* Whether the rows have a label. */
static bool
has_label(const StringTable *labels, const char *label)
{
	for (uint32_t i = 0; i < labels->n_strings; i++)
	{
		size_t length;
		const char *known = string_table_get(labels, i, &length);

		if (strlen(label) == length && memcmp(known, label, length) == 0)
			return true;
	}
	return false;
}

/* Rows with a label that is told apart. */
static uint64_t
count_labelled(const Validation *validation)
{
	uint64_t n_rows = 0;

	for (uint32_t i = 0; i < validation->labels.n_strings; i++)
		n_rows += validation->label_counts[i].n_rows;
	return n_rows;
}

/* Find the labels that are not allowed, those of too few rows, and those of too small or large a share. */
static void
list_labels(const Report *report, LabelList *unknown, LabelList *rare, LabelList *unbalanced)
{
	const Validation *validation = report->validation;
	const Contract *contract = report->contract;
	uint32_t *order = order_labels(&validation->labels);
	double n_labelled = (double) count_labelled(validation);

	for (uint32_t i = 0; i < validation->labels.n_strings; i++)
	{
		uint64_t n_rows = validation->label_counts[order[i]].n_rows;
		double share = (double) n_rows / n_labelled;
		size_t length;
		const char *label = string_table_get(&validation->labels, order[i], &length);

		if (!contract_allows_label(contract, label, length))
		{
			list_label(unknown, label, length, n_rows, " has %.0f", (double) n_rows);
			continue;
		}
		if (n_rows < (uint64_t) contract->min_rows_per_class)
			list_label(rare, label, length, n_rows, " has %.0f", (double) n_rows);
		if (share < contract->min_class_share || share > contract->max_class_share)
			list_label(unbalanced, label, length, n_rows, " has %.4g", share);
	}
	for (uint32_t i = 0; i < contract->n_labels && !validation->has_too_many_labels; i++)
	{
		const char *label = contract->labels[i];

		if (has_label(&validation->labels, label))
			continue;
		if (contract->min_rows_per_class > 0)
			list_label(rare, label, strlen(label), 0, " has %.0f", 0);
		if (contract->min_class_share > 0 && n_labelled > 0)
			list_label(unbalanced, label, strlen(label), 0, " has %.4g", 0);
	}
}

/* A finding of labels that are near equal. */
static void
report_near_labels(const Report *report)
{
	const Validation *validation = report->validation;
	uint32_t n_labels = validation->labels.n_strings;
	uint32_t *order = order_labels(&validation->labels);
	CountedLabel *labels = host_allocate_array(CountedLabel, (size_t) n_labels + 1);
	ByteBuffer text = {0};
	uint64_t n_rows;

	for (uint32_t i = 0; i < n_labels; i++)
	{
		labels[i].label = string_table_get(&validation->labels, order[i], &labels[i].length);
		labels[i].n_rows = validation->label_counts[order[i]].n_rows;
	}
	n_rows = near_labels_find(labels, n_labels, &text);
	if (n_rows > 0)
		add_finding(report, CHECK_NEAR_EQUAL_LABELS, true, (double) n_rows,
					(double) n_rows / (double) count_labelled(validation),
					format_text("Most likely one label each: %s", buffer_c_string(&text)), NULL);
}

/* Findings of labels: missing, not allowed, near equal, too few, out of balance. */
static void
report_labels(const Report *report)
{
	const Validation *validation = report->validation;
	const ValidationCounts *counts = &validation->counts;
	const Contract *contract = report->contract;
	double n_rows = (double) counts->n_rows;
	LabelList unknown = {0};
	LabelList rare = {0};
	LabelList unbalanced = {0};

	add_share(report, CHECK_NULL_LABEL, (double) counts->n_null_label, n_rows,
			  "max_null_label_share", contract->max_null_label_share, "", NULL);
	list_labels(report, &unknown, &rare, &unbalanced);
	add_share(report, CHECK_UNKNOWN_LABEL, (double) unknown.n_rows, n_rows,
			  "max_unknown_label_share", contract->max_unknown_label_share, listed_labels(&unknown),
			  NULL);
	if (counts->n_unusable_labels > 0 || validation->has_too_many_labels)
		add_finding(
			report, CHECK_LABEL_UNUSABLE, true,
			validation->has_too_many_labels ? n_rows : (double) counts->n_unusable_labels, NAN,
			format_text(validation->has_too_many_labels
							? "There are more than %d distinct labels"
							: "A label has more than %d bytes, or is not valid UTF-8",
						validation->has_too_many_labels ? MAX_VALIDATED_LABELS : MAX_LABEL_LENGTH),
			NULL);
	report_near_labels(report);
	if (rare.n_labels > 0)
		add_finding(report, CHECK_CLASS_ROWS, true, (double) rare.n_rows, NAN,
					format_text("Fewer rows than min_rows_per_class (%d): %s",
								contract->min_rows_per_class, listed_labels(&rare)),
					NULL);
	if (unbalanced.n_labels > 0)
		add_finding(
			report, CHECK_CLASS_BALANCE, true, (double) unbalanced.n_rows, NAN,
			format_text("A share of the labelled rows below min_class_share (%.4g) or above "
						"max_class_share (%.4g): %s",
						contract->min_class_share, contract->max_class_share,
						listed_labels(&unbalanced)),
			NULL);
}

/* The number of an extreme for an example. */
static char *
number_string(double number)
{
	return isfinite(number) ? format_text("%.15g", number) : NULL;
}

/* A finding of outlying values. */
static void
add_outliers(const Report *report, ContractCheck check, const char *name,
			 const RobustStatistics *statistics, const char *example)
{
	double n_rows = (double) report->validation->counts.n_rows;
	char *note;

	if (statistics->n_outlying == 0)
		return;
	note = format_text("%s: median %.4g, not outlying from %.4g to %.4g (robust z of %.4g)", name,
					   statistics->median, statistics->lower, statistics->upper,
					   report->contract->outlier_z);
	add_share(report, check, (double) statistics->n_outlying, n_rows, "max_outlier_share",
			  report->contract->max_outlier_share, note, example);
}

/* Findings of columns of numbers. */
static void
report_numbers(const Report *report)
{
	double n_rows = (double) report->validation->counts.n_rows;

	for (uint32_t i = 0; i < report->contract->n_ranges; i++)
	{
		const ContractRange *range = &report->contract->ranges[i];
		const NumberCount *count = &report->validation->numbers[i];
		const Histogram *histogram = &count->histogram;
		char *column = label_string(range->column, strlen(range->column));
		bool is_below = histogram_minimum(histogram) < range->minimum;

		add_share(report, CHECK_NULL_NUMBER, (double) count->n_null, n_rows, "max_null_share",
				  range->max_null_share, format_text("column \"%s\"", column), NULL);
		add_share(report, CHECK_NUMBER_RANGE, (double) count->n_outside, n_rows,
				  "max_outside_share", range->max_outside_share,
				  format_text("column \"%s\" has numbers from %.15g to %.15g", column,
							  histogram_minimum(histogram), histogram_maximum(histogram)),
				  number_string(is_below ? histogram->minimum : histogram->maximum));
	}
}

/* Findings of outlying numbers. */
static void
report_outlying_numbers(const Report *report)
{
	for (uint32_t i = 0; i < report->contract->n_ranges; i++)
	{
		const Histogram *histogram = &report->validation->numbers[i].histogram;
		const char *column = report->contract->ranges[i].column;
		RobustStatistics statistics =
			robust_statistics(histogram, false, report->contract->outlier_z);

		add_outliers(report, CHECK_OUTLYING_NUMBER,
					 format_text("column \"%s\"", label_string(column, strlen(column))),
					 &statistics,
					 number_string(histogram->maximum > statistics.upper ? histogram->maximum
																		 : histogram->minimum));
	}
}

/* Findings of outlying lengths and rates of texts. */
static void
report_outlying_texts(const Report *report)
{
	const Validation *validation = report->validation;

	for (unsigned i = 0; i < N_MEASURES; i++)
	{
		Histogram *histogram = host_allocate_zero(sizeof(Histogram));
		bool is_length = i == MEASURE_LENGTH;
		RobustStatistics statistics;
		const ValidationExample *largest = &validation->examples[EXAMPLE_LARGEST + i];

		histogram_merge(histogram, &validation->measures[i]);
		if (is_length)
			histogram_merge(histogram, &validation->held_out_length);
		statistics = robust_statistics(histogram, is_length, report->contract->outlier_z);
		add_outliers(report, is_length ? CHECK_OUTLYING_LENGTH : CHECK_OUTLYING_RATE,
					 measure_names[i], &statistics,
					 example_string(largest->is_there && largest->rank > statistics.upper
										? largest
										: &validation->examples[EXAMPLE_SMALLEST + i]));
	}
}

/* The kept text with the smallest hash that occurs more than once, or with several labels; or NULL. */
static const SampledText *
find_repeated(const Validation *validation, bool with_conflict)
{
	const TextSample *samples[2] = {&validation->by_text, &validation->by_shingles};
	const SampledText *found = NULL;

	for (unsigned s = 0; s < 2; s++)
	{
		for (uint32_t i = 0; i < samples[s]->n_texts; i++)
		{
			const SampledText *text = &samples[s]->texts[i];
			const TextCount *count;

			if (found != NULL && text->hash >= found->hash)
				continue;
			count = with_conflict ? text_counts_find(&validation->text_counts, text->hash) : NULL;
			if (with_conflict ? count != NULL && text_has_conflict(count) : text->n_rows > 1)
				found = text;
		}
	}
	return found;
}

/* What is to be said of a figure that comes from a sample. */
static const char *
estimate_note(bool is_estimate)
{
	return is_estimate ? "estimated from a sample of the distinct texts" : "";
}

/* Findings of texts that stand there more than once, as they are or almost. */
static void
report_repetition(const Report *report)
{
	const Validation *validation = report->validation;
	const Contract *contract = report->contract;
	double n_rows = (double) validation->counts.n_rows;
	uint64_t n_texts = validation->counts.n_rows - validation->counts.n_null_text;
	TextRepetition repetition = text_counts_sum(&validation->text_counts, n_texts);
	const SampledText *repeated = find_repeated(validation, false);

	add_share(report, CHECK_DUPLICATE_TEXT, repetition.n_duplicates, n_rows, "max_duplicate_share",
			  contract->max_duplicate_share, estimate_note(repetition.is_estimate),
			  repeated == NULL ? NULL : excerpt_string(&repeated->excerpt));
	if (is_on(report, CHECK_NEAR_DUPLICATE_TEXT))
	{
		SimilarTexts similar =
			text_sample_similar(&validation->by_text, contract->near_duplicate_similarity);

		/* all texts are in the first sample, or the second one may know better */
		if (similar.is_estimate)
		{
			SimilarTexts pairs =
				text_sample_similar(&validation->by_shingles, contract->near_duplicate_similarity);

			if (pairs.n_rows > similar.n_rows)
				similar = pairs;
		}
		add_share(report, CHECK_NEAR_DUPLICATE_TEXT, fmin(similar.n_rows, (double) n_texts), n_rows,
				  "max_near_duplicate_share", contract->max_near_duplicate_share,
				  estimate_note(similar.is_estimate),
				  similar.text == NULL
					  ? NULL
					  : format_text("%.*s | %.*s", similar.text->excerpt.length,
									similar.text->excerpt.bytes, similar.partner->excerpt.length,
									similar.partner->excerpt.bytes));
	}
	repeated = find_repeated(validation, true);
	add_share(report, CHECK_LABEL_CONFLICT, repetition.n_conflicts, n_rows,
			  "max_label_conflict_share", contract->max_label_conflict_share,
			  estimate_note(repetition.is_estimate),
			  repeated == NULL ? NULL : excerpt_string(&repeated->excerpt));
}

/*
 * Rows whose label a confident model contradicts: it gives another label a probability of at least the
 * mean that it gives this other label in the rows that have it (Northcutt et al. 2021).
 */
static uint64_t
count_label_errors(const Validation *validation)
{
	uint64_t n_rows = 0;

	for (int i = 0; i < validation->options.n_model_labels; i++)
	{
		const LabelEvidence *evidence = &validation->evidence[i];
		double mean;

		if (evidence->n_labelled == 0)
			continue;
		mean = (double) evidence->sum_of_own / 0x1p20 / (double) evidence->n_labelled;
		for (unsigned bin = 0; bin < N_EVIDENCE_BINS; bin++)
		{
			if ((double) bin / N_EVIDENCE_BINS >= mean)
				n_rows += evidence->n_contradictions[bin];
		}
	}
	return n_rows;
}

/* Finding of labels that a model contradicts. */
static void
report_label_errors(const Report *report)
{
	const Validation *validation = report->validation;
	const ValidationExample *example = &validation->examples[EXAMPLE_LABEL_ERROR];
	uint64_t n_rows = count_label_errors(validation);
	char *text = NULL;

	if (n_rows == 0)
		return;
	if (example->is_there)
		text = format_text("labelled \"%s\", predicted \"%s\" (%.3f): %.*s",
						   label_string(report->model_labels[example->given],
										strlen(report->model_labels[example->given])),
						   label_string(report->model_labels[example->predicted],
										strlen(report->model_labels[example->predicted])),
						   example->rank, example->excerpt.length, example->excerpt.bytes);
	add_share(report, CHECK_LABEL_ERROR, (double) n_rows, (double) validation->counts.n_evidence,
			  "max_label_error_share", report->contract->max_label_error_share,
			  format_text("a share of the %llu held-out rows that the model was asked about",
						  (unsigned long long) validation->counts.n_evidence),
			  text);
}

/* Findings of damaged characters, and of HTML. */
static void
report_damages(const Report *report)
{
	static const ContractCheck checks[N_TEXT_DAMAGES] = {CHECK_INVALID_ENCODING,
														 CHECK_REPLACEMENT_CHARACTER,
														 CHECK_CONTROL_CHARACTER,
														 CHECK_MOJIBAKE,
														 CHECK_DOUBLE_ENCODING,
														 CHECK_LONE_SURROGATE,
														 CHECK_HTML};
	const ValidationCounts *counts = &report->validation->counts;
	const Contract *contract = report->contract;

	for (unsigned i = 0; i < N_TEXT_DAMAGES; i++)
	{
		bool is_html = checks[i] == CHECK_HTML;

		add_share(report, checks[i], (double) counts->n_damaged[i], (double) counts->n_rows,
				  is_html ? "max_html_share" : "max_encoding_damage_share",
				  is_html ? contract->max_html_share : contract->max_encoding_damage_share, "",
				  example_string(&report->validation->examples[EXAMPLE_DAMAGE + i]));
	}
}

/* Test that the held-out rows have the labels of the others. */
static void
report_split_labels(const Report *report)
{
	const Validation *validation = report->validation;
	uint32_t n_labels = validation->labels.n_strings;
	double *held_out = host_allocate_zero_array(double, (size_t) n_labels + 1);
	double *others = host_allocate_zero_array(double, (size_t) n_labels + 1);
	double n_held_out = 0;
	uint32_t n = 1;
	DriftTest test;

	/* the first place is for the rare ones together */
	for (uint32_t i = 0; i < n_labels; i++)
	{
		const LabelCount *count = &validation->label_counts[i];
		double n_expected = (double) count->n_rows * validation->options.holdout;
		uint32_t place = n_expected < MIN_EXPECTED_ROWS ? 0 : n++;

		held_out[place] += (double) count->n_held_out;
		others[place] += (double) (count->n_rows - count->n_held_out);
		n_held_out += (double) count->n_held_out;
	}
	test = drift_chi_squared(others, held_out, n);
	if (test.p_value < SPLIT_P_VALUE)
		add_finding(report, CHECK_SPLIT_LABELS, true, n_held_out, NAN,
					format_text("%s; chi-squared %.4g of %.0f degrees of freedom, p-value %.3g",
								contract_checks[CHECK_SPLIT_LABELS].meaning, test.statistic,
								test.degrees_of_freedom, test.p_value),
					NULL);
}

/* Test that the held-out texts are as long as the others. */
static void
report_split_length(const Report *report)
{
	const Histogram *others = &report->validation->measures[MEASURE_LENGTH];
	const Histogram *held_out = &report->validation->held_out_length;
	DriftTest test = drift_kolmogorov_smirnov(others, held_out);

	if (test.p_value < SPLIT_P_VALUE)
		add_finding(report, CHECK_SPLIT_LENGTH, true, (double) histogram_n_values(held_out), NAN,
					format_text("%s; medians %.4g and %.4g, Kolmogorov-Smirnov %.4g, p-value %.3g",
								contract_checks[CHECK_SPLIT_LENGTH].meaning,
								histogram_quantile(held_out, 0.5), histogram_quantile(others, 0.5),
								test.statistic, test.p_value),
					NULL);
}

void
validation_report(const Validation *validation, const Contract *contract,
				  const char *const *model_labels, Findings *findings)
{
	Report report = {validation, contract, model_labels, findings};
	bool has_rows = validation->options.json != NULL;

	report_texts(&report);
	if (!has_rows)
		return;
	if (contract->label_column[0] != '\0')
		report_labels(&report);
	report_numbers(&report);
	report_repetition(&report);
	report_label_errors(&report);
	report_outlying_texts(&report);
	report_outlying_numbers(&report);
	report_damages(&report);
	if (validation->options.holdout > 0)
	{
		report_split_labels(&report);
		report_split_length(&report);
	}
}
