/*
 * pipeline.c
 *	  Feature space, classifier and labels as one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/labels.h"
#include "core/pipeline.h"
#include "core/text/utf8.h"

/* Options that belong to no part of the pipeline. */
static const ParameterSpec pipeline_parameters[] = {
	{.name = "positive_label",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(PipelineOptions, positive_label),
	 .default_json = "null",
	 .meaning = "The label whose probability is the score, of two; by default the last in order"},
	{.name = "seed",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(PipelineOptions, seed),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = INT32_MAX,
	 .meaning = "Seed of whatever is random in training"},
};

#define N_PIPELINE_GROUPS (N_FEATURE_SPACE_GROUPS + 2)
#define MAX_MORE_GROUPS   4

/* First bytes of the labels' section. */
typedef struct LabelsHeader
{
	uint32_t n_labels;
	uint32_t n_bytes;
	/* starts (n_labels + 1), bytes */
} LabelsHeader;

/* The groups of parameters that fill the options; groups: (N_PIPELINE_GROUPS) */
static void
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
	parameters_parse(json, groups, N_PIPELINE_GROUPS + n_more_groups);
	vocabulary_check_options(&options->features.vocabulary);
}

/* The labels of a training, in their final order. */
typedef struct ClassList
{
	uint32_t n_classes;
	const char **labels;   /* (n_classes) zero-terminated, sorted */
	uint32_t *class_of;    /* label number of the corpus -> class */
	uint64_t *class_sizes; /* (n_classes) rows */
} ClassList;

/* Refuse labels that cannot be learned from. */
static void
check_classes(const ClassList *classes)
{
	if (classes->n_classes < 2)
		host_error(HOST_ERROR_INSUFFICIENT_DATA, "A classifier needs rows of two labels at least.",
				   "Check the label column, and whether a filter leaves one label only.",
				   classes->n_classes == 0 ? "there are no rows to learn from"
										   : "all rows have the same label");
	for (uint32_t i = 0; i < classes->n_classes; i++)
	{
		if (classes->class_sizes[i] < 2)
			host_error(HOST_ERROR_INSUFFICIENT_DATA,
					   "A label that was seen once cannot be told from chance.",
					   "Add rows of this label, or leave it out of the source with a view.",
					   "label \"%s\" has a single row to learn from", classes->labels[i]);
	}
}

/* Sort the labels of a corpus that occur. */
static void
list_classes(const Corpus *corpus, ClassList *classes)
{
	uint32_t n_labels = corpus->labels.n_strings;
	const char **labels = host_allocate_array(const char *, (size_t) n_labels + 1);
	uint32_t *order = host_allocate_array(uint32_t, (size_t) n_labels + 1);

	for (uint32_t i = 0; i < n_labels; i++)
		labels[i] = string_table_copy(&corpus->labels, i);
	labels_order(labels, n_labels, order);
	classes->n_classes = n_labels;
	classes->labels = host_allocate_array(const char *, (size_t) n_labels + 1);
	classes->class_of = host_allocate_array(uint32_t, (size_t) n_labels + 1);
	classes->class_sizes = host_allocate_zero_array(uint64_t, (size_t) n_labels + 1);
	for (uint32_t i = 0; i < n_labels; i++)
	{
		classes->labels[i] = labels[order[i]];
		classes->class_of[order[i]] = i;
	}
	for (uint32_t i = 0; i < corpus->n_documents; i++)
		classes->class_sizes[classes->class_of[corpus->documents[i].label]]++;
	host_free(labels);
	host_free(order);
}

/* Which class is positive: the label that was asked for, or the last one. */
static uint32_t
find_positive(const ClassList *classes, const char *positive_label)
{
	if (positive_label == NULL)
		return classes->n_classes - 1;
	for (uint32_t i = 0; i < classes->n_classes; i++)
	{
		if (strcmp(classes->labels[i], positive_label) == 0)
			return i;
	}
	host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Labels are compared exactly, case included.",
			   "positive_label \"%s\" is not among the labels", positive_label);
}

/* Compare documents by hash of the text, then by class. */
static int
compare_documents(const void *a, const void *b)
{
	const CorpusDocument *first = a;
	const CorpusDocument *second = b;

	if (first->hash != second->hash)
		return first->hash < second->hash ? -1 : 1;
	return (first->label > second->label) - (first->label < second->label);
}

/* The documents with their classes for labels, in an order that depends on the set of rows only. */
static CorpusDocument *
canonical_documents(const Corpus *corpus, const ClassList *classes)
{
	CorpusDocument *documents = host_allocate_array(CorpusDocument, corpus->n_documents);

	for (uint32_t i = 0; i < corpus->n_documents; i++)
	{
		documents[i] = corpus->documents[i];
		documents[i].label = classes->class_of[documents[i].label];
	}
	qsort(documents, corpus->n_documents, sizeof(CorpusDocument), compare_documents);
	host_check_interrupts();
	return documents;
}

/* Append the labels' section. */
static void
write_labels(const ClassList *classes, ByteBuffer *section)
{
	LabelsHeader header = {classes->n_classes, 0};
	uint32_t start = 0;

	for (uint32_t i = 0; i < classes->n_classes; i++)
		header.n_bytes += strlen(classes->labels[i]);
	buffer_append(section, &header, sizeof(header));
	for (uint32_t i = 0; i <= classes->n_classes; i++)
	{
		buffer_append(section, &start, sizeof(start));
		if (i < classes->n_classes)
			start += strlen(classes->labels[i]);
	}
	for (uint32_t i = 0; i < classes->n_classes; i++)
		buffer_append(section, classes->labels[i], strlen(classes->labels[i]));
}

/* Append what does not depend on the texts' terms: parameters, summary, labels. */
static void
write_description(const PipelineOptions *options, const ClassList *classes, uint32_t n_rows,
				  ImageWriter *image)
{
	PipelineOptions stored = *options;
	PipelineSummary summary = {.n_rows = n_rows,
							   .n_classes = classes->n_classes,
							   .positive = find_positive(classes, options->positive_label),
							   .seed = options->seed};
	ParameterGroup groups[N_PIPELINE_GROUPS];

	stored.positive_label =
		classes->n_classes == 2 ? classes->labels[summary.positive] : options->positive_label;
	snprintf(summary.kind, sizeof(summary.kind), "%s", options->kind->name);
	pipeline_groups(&stored, groups);
	parameters_append_json(image_begin_section(image, IMAGE_SECTION_PARAMETERS), groups,
						   N_PIPELINE_GROUPS);
	buffer_append(image_begin_section(image, IMAGE_SECTION_SUMMARY), &summary, sizeof(summary));
	write_labels(classes, image_begin_section(image, IMAGE_SECTION_LABELS));
}

ByteBuffer
pipeline_train(const PipelineOptions *options, const Corpus *corpus)
{
	ClassList classes;
	CorpusDocument *documents;
	TrainingSet training_set = {.seed = (uint64_t) options->seed};
	uint32_t *labels;
	ImageWriter image;
	ByteBuffer *section;

	list_classes(corpus, &classes);
	check_classes(&classes);
	documents = canonical_documents(corpus, &classes);
	image_begin(&image, IMAGE_MODEL);
	write_description(options, &classes, corpus->n_documents, &image);
	feature_space_fit(&options->features, corpus, documents, corpus->n_documents, &image,
					  &training_set.features);
	host_progress(
		"%u terms in %u texts, %llu not zero", training_set.features.n_features,
		training_set.features.n_rows,
		(unsigned long long) training_set.features.row_starts[training_set.features.n_rows]);

	labels = host_allocate_array(uint32_t, corpus->n_documents);
	for (uint32_t i = 0; i < corpus->n_documents; i++)
		labels[i] = documents[i].label;
	host_free(documents);
	training_set.labels = labels;
	training_set.n_classes = classes.n_classes;

	section = image_begin_section(&image, IMAGE_SECTION_CLASSIFIER);
	image_check_size(section->length + options->kind->image_size(training_set.features.n_features,
																 training_set.n_classes,
																 options->kind_options));
	options->kind->fit(&training_set, options->kind_options, section);
	feature_space_free_matrix(&training_set.features);
	host_free(labels);
	return image_finish(&image);
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
	classifier->n_features = pipeline->space.vocabulary.n_features;
	classifier->n_classes = pipeline->n_labels;
	classifier->bytes =
		image_required_section(pipeline->image, IMAGE_SECTION_CLASSIFIER, &classifier->length);
	problem = classifier_open(classifier);
	if (problem != NULL)
		image_invalid(problem);
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
	feature_space_open(image, &pipeline->options.features, &pipeline->space);
	open_classifier(pipeline);
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

const double *
pipeline_predict(Pipeline *pipeline, const char *text, size_t length)
{
	SparseRow row = feature_space_transform(&pipeline->space, text, length);

	pipeline->classifier.kind->predict(&pipeline->classifier, &row, pipeline->probabilities);
	return pipeline->probabilities;
}

uint32_t
pipeline_most_probable(const Pipeline *pipeline, const double *probabilities)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < pipeline->n_labels; i++)
	{
		if (probabilities[i] > probabilities[best])
			best = i;
	}
	return best;
}

uint32_t
pipeline_find_label(const Pipeline *pipeline, const char *label)
{
	uint32_t i = 0;

	while (i < pipeline->n_labels && strcmp(pipeline->labels[i], label) != 0)
		i++;
	return i;
}

/* Strongest first; equals by feature. */
static int
compare_contributions(const void *a, const void *b)
{
	const TermContribution *first = a;
	const TermContribution *second = b;
	double first_size = fabs(first->contribution);
	double second_size = fabs(second->contribution);

	if (first_size != second_size)
		return first_size > second_size ? -1 : 1;
	return (first->feature > second->feature) - (first->feature < second->feature);
}

TermContribution *
pipeline_explain(Pipeline *pipeline, const char *text, size_t length, uint32_t class_index,
				 uint32_t *n_terms, double *intercept)
{
	SparseRow row = feature_space_transform(&pipeline->space, text, length);
	double *contributions = host_allocate_array(double, (size_t) row.count + 1);
	TermContribution *terms = host_allocate_array(TermContribution, (size_t) row.count + 1);

	pipeline->classifier.kind->explain(&pipeline->classifier, &row, class_index, contributions,
									   intercept);
	for (uint32_t i = 0; i < row.count; i++)
	{
		double value = row.values[i];

		terms[i] = (TermContribution){row.indices[i], value != 0 ? contributions[i] / value : 0,
									  contributions[i]};
	}
	qsort(terms, row.count, sizeof(TermContribution), compare_contributions);
	host_free(contributions);
	*n_terms = row.count;
	return terms;
}
