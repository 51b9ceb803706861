/*
 * pipeline_fit.c
 *	  One fit of a pipeline: from chosen rows to an image.
 */
#include <stdio.h>
#include <string.h>

#include "core/host.h"
#include "core/pipeline_fit.h"

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
							   .positive = class_list_positive(classes, options->positive_label),
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

/* Append the classifier's section. */
static void
fit_classifier(const PipelineOptions *options, const TrainingSet *training_set, ImageWriter *image)
{
	ByteBuffer *section = image_begin_section(image, IMAGE_SECTION_CLASSIFIER);

	image_check_size(section->length + options->kind->image_size(training_set->features.n_features,
																 training_set->n_classes,
																 options->kind_options));
	options->kind->fit(training_set, options->kind_options, section);
}

void
pipeline_fit(const PipelineOptions *options, const ClassList *classes, const TrainingRows *rows,
			 ImageWriter *image)
{
	TrainingSet training_set = {.n_classes = classes->n_classes, .seed = (uint64_t) options->seed};
	uint32_t *labels;
	double *class_weights = NULL;

	write_description(options, classes, rows->n_documents, image);
	feature_space_fit(&options->features, rows->corpus, rows->documents, rows->n_documents,
					  classes->n_classes, classes->labels, training_set.seed, image,
					  &training_set.features, &training_set.n_dense);
	host_progress(
		"%u features of %u texts, %llu not zero", training_set.features.n_features,
		training_set.features.n_rows,
		(unsigned long long) training_set.features.row_starts[training_set.features.n_rows]);

	labels = host_allocate_array(uint32_t, (size_t) rows->n_documents + 1);
	for (uint32_t i = 0; i < rows->n_documents; i++)
		labels[i] = rows->documents[i].label;
	training_set.labels = labels;
	if (options->balance == BALANCE_CLASS_WEIGHT)
	{
		class_weights = host_allocate_array(double, classes->n_classes);
		training_rows_class_weights(rows, class_weights);
		training_set.class_weights = class_weights;
	}
	fit_classifier(options, &training_set, image);
	feature_space_free_matrix(&training_set.features);
	host_free(labels);
	host_free(class_weights);
}
