/*
 * pipeline.c
 *	  Feature space, classifier and labels as one.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/pipeline.h"
#include "core/text/utf8.h"

static const char *const balance_choices[] = {"none", "undersample", "class_weight", NULL};
static const char *const threshold_choices[] = {"none", "f1", NULL};
static const char *const calibration_choices[] = {"none", "sigmoid", "isotonic", NULL};

/* Options that belong to no part of the pipeline. */
static const ParameterSpec pipeline_parameters[] = {
	{.name = "positive_label",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(PipelineOptions, positive_label),
	 .default_json = "null",
	 .meaning = "the label whose probability is the score, of two; by default the last in order"},
	{.name = "balance",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(PipelineOptions, balance),
	 .default_json = "\"none\"",
	 .choices = balance_choices,
	 .meaning =
		 "make labels count the same: by leaving out rows of frequent ones (undersample), or "
		 "by weights (class_weight)"},
	{.name = "per_class_limit",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(PipelineOptions, per_class_limit),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = INT32_MAX,
	 .meaning = "rows of a label to learn from at most; 0: all"},
	{.name = "cv_folds",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(PipelineOptions, cv_folds),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = MAX_FOLDS,
	 .meaning = "measure by cross-validation in so many folds, besides the held-out rows; 0: not"},
	{.name = "threshold",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(PipelineOptions, threshold),
	 .default_json = "\"none\"",
	 .choices = threshold_choices,
	 .meaning =
		 "the probability from which the positive label is answered: the more probable label's "
		 "(none), or tuned for F1 by cross-validation"},
	{.name = "calibration",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(PipelineOptions, calibration),
	 .default_json = "\"none\"",
	 .choices = calibration_choices,
	 .meaning = "how probabilities are calibrated by cross-validation"},
	{.name = "seed",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(PipelineOptions, seed),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = INT32_MAX,
	 .meaning = "seed of whatever is random in training"},
};

#define MAX_MORE_GROUPS 4

void
pipeline_groups(PipelineOptions *options, ParameterGroup *groups)
{
	feature_space_groups(&options->features, groups);
	groups[N_FEATURE_SPACE_GROUPS] = (ParameterGroup){
		options->kind->parameters, options->kind->n_parameters, options->kind_options};
	groups[N_FEATURE_SPACE_GROUPS + 1] = (ParameterGroup){
		pipeline_parameters, sizeof(pipeline_parameters) / sizeof(pipeline_parameters[0]), options};
}

/* Raise the error for a kind that does not exist. */
static void __attribute__((noreturn)) unknown_kind(const char *name)
{
	ByteBuffer kinds = {0};

	for (size_t i = 0; i < n_classifier_kinds; i++)
		buffer_printf(&kinds, "%s\"%s\"", i == 0 ? "The kinds are " : ", ",
					  classifier_kinds[i]->name);
	buffer_printf(&kinds, ".");
	host_error(HOST_ERROR_INVALID_PARAMETER, NULL, buffer_c_string(&kinds),
			   "unknown kind of classifier \"%s\"", name);
}

/* Refuse options that contradict each other. */
static void
check_options(const PipelineOptions *options)
{
	vocabulary_check_options(&options->features.vocabulary);
	if (options->cv_folds == 1)
		host_error(HOST_ERROR_INVALID_PARAMETER, "One fold would leave no rows to learn from.",
				   "Use 2 folds or more, or 0 for none.", "parameter \"cv_folds\" must not be 1");
	if (options->features.blocks.numeric_missing == MISSING_KEEP && !options->kind->accepts_missing)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL,
				   "Use \"mean\" or \"zero\", or a kind of trees.",
				   "kind \"%s\" cannot learn from missing numbers", options->kind->name);
}

void
pipeline_parse_options(const char *kind_name, const char *json, const ParameterGroup *more_groups,
					   size_t n_more_groups, PipelineOptions *options)
{
	ParameterGroup groups[N_PIPELINE_GROUPS + MAX_MORE_GROUPS];

	*options = (PipelineOptions){0};
	options->kind = classifier_kind_find(kind_name);
	if (options->kind == NULL)
		unknown_kind(kind_name);
	options->kind_options = host_allocate_zero(options->kind->options_size);
	pipeline_groups(options, groups);
	for (size_t i = 0; i < n_more_groups && i < MAX_MORE_GROUPS; i++)
		groups[N_PIPELINE_GROUPS + i] = more_groups[i];
	parameters_parse_over(options->kind->feature_defaults, json, groups,
						  N_PIPELINE_GROUPS + n_more_groups);
	check_options(options);
}

/* Read the labels' section: zero-terminated copies. */
static void
open_labels(Pipeline *pipeline)
{
	size_t length;
	const char *section = image_required_section(pipeline->image, IMAGE_SECTION_LABELS, &length);
	LabelsHeader header;
	const uint32_t *starts = (const uint32_t *) (section + sizeof(header));
	const char *bytes;

	if (length < sizeof(header))
		image_invalid("Its labels are truncated.");
	memcpy(&header, section, sizeof(header));
	if (header.n_labels < 2 || header.n_labels > MAX_CLASSES ||
		length !=
			sizeof(header) + (header.n_labels + (size_t) 1) * sizeof(uint32_t) + header.n_bytes)
		image_invalid("Its labels' length is not the length that they state.");
	bytes = (const char *) (starts + header.n_labels + 1);
	pipeline->n_labels = header.n_labels;
	pipeline->labels = host_allocate_array(const char *, header.n_labels);
	for (uint32_t i = 0; i < header.n_labels; i++)
	{
		size_t label_length;
		char *label;

		if (starts[i] > starts[i + 1] || starts[i + 1] > header.n_bytes)
			image_invalid("A label lies outside of its space.");
		label_length = starts[i + 1] - starts[i];
		if (!utf8_is_valid(bytes + starts[i], label_length) ||
			memchr(bytes + starts[i], 0, label_length) != NULL)
			image_invalid("A label is not valid UTF-8.");
		label = host_allocate(label_length + 1);
		memcpy(label, bytes + starts[i], label_length);
		label[label_length] = '\0';
		pipeline->labels[i] = label;
	}
}

/* Read the summary and the parameters. */
static void
open_options(Pipeline *pipeline)
{
	size_t length;
	const void *section = image_required_section(pipeline->image, IMAGE_SECTION_SUMMARY, &length);
	PipelineSummary summary;
	char *json;

	if (length != sizeof(summary))
		image_invalid("Its summary's length is wrong.");
	memcpy(&summary, section, sizeof(summary));
	if (memchr(summary.kind, 0, sizeof(summary.kind)) == NULL ||
		!utf8_is_valid(summary.kind, strlen(summary.kind)))
		image_invalid("Its kind's name is not terminated.");
	if (summary.n_classes != pipeline->n_labels || summary.positive >= summary.n_classes)
		image_invalid("Its summary contradicts its labels.");
	pipeline->n_rows = summary.n_rows;
	pipeline->positive = summary.positive;
	json = image_copy_string(pipeline->image, IMAGE_SECTION_PARAMETERS);
	pipeline_parse_options(summary.kind, json, NULL, 0, &pipeline->options);
	host_free(json);
}

/* Open the classifier's section. */
static void
open_classifier(Pipeline *pipeline)
{
	Classifier *classifier = &pipeline->classifier;
	const char *problem;

	classifier->kind = pipeline->options.kind;
	classifier->n_features = pipeline->space.n_features;
	classifier->n_classes = pipeline->n_labels;
	classifier->bytes =
		image_required_section(pipeline->image, IMAGE_SECTION_CLASSIFIER, &classifier->length);
	problem = classifier_open(classifier);
	if (problem != NULL)
		image_invalid(problem);
}

/* Open the section of calibration and threshold, if there is one. */
static void
open_calibration(Pipeline *pipeline)
{
	size_t length;
	const void *section = image_section(pipeline->image, IMAGE_SECTION_CALIBRATION, &length);

	if (section != NULL)
		calibration_open(section, length, pipeline->n_labels, &pipeline->calibration);
}

/* Open the section of the priors' correction, if there is one. */
static void
open_priors(Pipeline *pipeline)
{
	size_t length;
	const void *section = image_section(pipeline->image, IMAGE_SECTION_PRIORS, &length);

	if (section != NULL)
		pipeline->prior_ratios = prior_correction_open(section, length, pipeline->n_labels);
}

/*
 * Calibrate the point at which a balanced classifier is of two minds: calibration is to change probabilities, not what is
 * answered, as it does where it is monotonous (of two labels).
 */
static void
find_decision_ratios(Pipeline *pipeline)
{
	double sum = 0;

	if (pipeline->prior_ratios == NULL)
		return;
	pipeline->decision_ratios = host_allocate_array(double, pipeline->n_labels);
	for (uint32_t k = 0; k < pipeline->n_labels; k++)
		sum += pipeline->prior_ratios[k];
	for (uint32_t k = 0; k < pipeline->n_labels; k++)
		pipeline->decision_ratios[k] = pipeline->prior_ratios[k] / sum;
	calibration_apply(&pipeline->calibration, pipeline->n_labels, pipeline->decision_ratios);
	/* of an image that somebody made up it may be 0 */
	for (uint32_t k = 0; k < pipeline->n_labels; k++)
		pipeline->decision_ratios[k] = fmax(pipeline->decision_ratios[k], DBL_MIN);
}

Pipeline *
pipeline_open(const void *image, size_t length)
{
	Pipeline *pipeline = host_allocate_zero(sizeof(Pipeline));

	image_check(image, length, IMAGE_MODEL);
	pipeline->image = image;
	pipeline->length = length;
	open_labels(pipeline);
	open_options(pipeline);
	feature_space_open(image, &pipeline->options.features, pipeline->n_labels, &pipeline->space);
	open_classifier(pipeline);
	open_priors(pipeline);
	open_calibration(pipeline);
	find_decision_ratios(pipeline);
	pipeline->probabilities = host_allocate_array(double, pipeline->n_labels);
	return pipeline;
}

void
pipeline_close(Pipeline *pipeline)
{
	feature_space_close(&pipeline->space);
	classifier_close(&pipeline->classifier);
	for (uint32_t i = 0; i < pipeline->n_labels; i++)
		host_free((void *) pipeline->labels[i]);
	host_free(pipeline->labels);
	host_free(pipeline->options.kind_options);
	host_free((void *) pipeline->options.positive_label);
	host_free(pipeline->probabilities);
	host_free(pipeline->decision_ratios);
	host_free(pipeline);
}

void
pipeline_append_parameters(Pipeline *pipeline, const ParameterGroup *more_groups,
						   size_t n_more_groups, ByteBuffer *buffer)
{
	ParameterGroup groups[N_PIPELINE_GROUPS + MAX_MORE_GROUPS];

	pipeline_groups(&pipeline->options, groups);
	for (size_t i = 0; i < n_more_groups && i < MAX_MORE_GROUPS; i++)
		groups[N_PIPELINE_GROUPS + i] = more_groups[i];
	parameters_append_json(buffer, groups, N_PIPELINE_GROUPS + n_more_groups);
}

/* Probabilities of a row's classes. */
static const double *
predict_row(Pipeline *pipeline, const SparseRow *row)
{
	pipeline->classifier.kind->predict(&pipeline->classifier, row, pipeline->probabilities);
	prior_correction_apply(pipeline->prior_ratios, pipeline->n_labels, pipeline->probabilities);
	calibration_apply(&pipeline->calibration, pipeline->n_labels, pipeline->probabilities);
	return pipeline->probabilities;
}

const double *
pipeline_predict(Pipeline *pipeline, const char *text, size_t length, const float *numeric)
{
	SparseRow row = feature_space_transform(&pipeline->space, text, length, numeric);

	return predict_row(pipeline, &row);
}

const double *
pipeline_predict_document(Pipeline *pipeline, const Corpus *corpus, const CorpusDocument *document,
						  const uint64_t *hashes)
{
	SparseRow row = feature_space_transform_document(&pipeline->space, corpus, document, hashes);

	return predict_row(pipeline, &row);
}

uint32_t
pipeline_decide(const Pipeline *pipeline, const double *probabilities)
{
	if (pipeline->calibration.header.has_threshold && pipeline->n_labels == 2)
		return probabilities[pipeline->positive] >= pipeline->calibration.header.threshold
				   ? pipeline->positive
				   : 1 - pipeline->positive;
	return prior_correction_decide(pipeline->decision_ratios, pipeline->n_labels, probabilities);
}

double
pipeline_threshold(const Pipeline *pipeline)
{
	if (pipeline->n_labels != 2)
		return NAN;
	if (pipeline->calibration.header.has_threshold)
		return pipeline->calibration.header.threshold;
	return pipeline->decision_ratios == NULL
			   ? 0.5
			   : prior_correction_threshold(pipeline->decision_ratios, pipeline->positive);
}

uint32_t
pipeline_find_label(const Pipeline *pipeline, const char *label)
{
	uint32_t i = 0;

	while (i < pipeline->n_labels && strcmp(pipeline->labels[i], label) != 0)
		i++;
	return i;
}
