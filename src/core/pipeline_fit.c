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

bool
pipeline_is_balanced(const PipelineOptions *options, const TrainingRows *rows)
{
	double *ratios = host_allocate_array(double, rows->n_classes);
	bool balanced =
		prior_correction_ratios(rows->base_sizes, rows->class_sizes, rows->n_classes, ratios);

	host_free(ratios);
	if (options->balance == BALANCE_CLASS_WEIGHT ||
		classifier_kind_weighs_classes(options->kind, options->kind_options))
	{
		for (uint32_t k = 1; k < rows->n_classes; k++)
			balanced |= rows->class_sizes[k] != rows->class_sizes[0];
	}
	return balanced;
}

void
pipeline_prior_ratios(const TrainingRows *rows, const double *measured, double *ratios)
{
	(void) prior_correction_ratios(rows->base_sizes, rows->class_sizes, rows->n_classes, ratios);
	for (uint32_t k = 0; k < rows->n_classes && measured != NULL; k++)
		ratios[k] *= measured[k];
}

/* Append the correction of priors, if the rows are learned from in other shares than they have. */
static void
write_priors(const PipelineOptions *options, const TrainingRows *rows, const double *measured,
			 ImageWriter *image)
{
	double *ratios;

	if (!pipeline_is_balanced(options, rows))
		return;
	ratios = host_allocate_array(double, rows->n_classes);
	pipeline_prior_ratios(rows, measured, ratios);
	image_require_format(image, IMAGE_FORMAT_VERSION_PRIORS);
	buffer_append(image_begin_section(image, IMAGE_SECTION_PRIORS), ratios,
				  rows->n_classes * sizeof(double));
	host_free(ratios);
}

/* Append what does not depend on the texts' terms: parameters, summary, labels, priors. */
static void
write_description(const PipelineOptions *options, const ClassList *classes,
				  const TrainingRows *rows, const double *measured, ImageWriter *image)
{
	PipelineOptions stored = *options;
	PipelineSummary summary = {.n_rows = rows->n_documents,
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
	write_priors(options, rows, measured, image);
}

/* What a classifier learns from; free the weights. */
static TrainingSet
training_set_of(const PipelineOptions *options, const TrainingRows *rows, const FittedSpace *space)
{
	TrainingSet training_set = {.features = space->features,
								.labels = space->labels,
								.n_classes = rows->n_classes,
								.seed = (uint64_t) options->seed,
								.n_dense = space->n_dense};

	if (options->balance == BALANCE_CLASS_WEIGHT)
	{
		double *class_weights = host_allocate_array(double, rows->n_classes);

		training_rows_class_weights(rows, class_weights);
		training_set.class_weights = class_weights;
	}
	return training_set;
}

void
pipeline_fit_classifier(const PipelineOptions *options, const TrainingRows *rows,
						const FittedSpace *space, size_t image_size, ByteBuffer *section)
{
	TrainingSet training_set = training_set_of(options, rows, space);

	image_check_size(image_size + options->kind->image_size(training_set.features.n_features,
															training_set.n_classes,
															options->kind_options));
	options->kind->fit(&training_set, options->kind_options, section);
	host_free((void *) training_set.class_weights);
}

void
pipeline_fit_space(const PipelineOptions *options, const ClassList *classes,
				   const TrainingRows *rows, ImageWriter *image, FittedSpace *space)
{
	*space = (FittedSpace){0};
	feature_space_fit(&options->features, rows->corpus, rows->documents, rows->n_documents,
					  classes->n_classes, classes->labels, (uint64_t) options->seed, image,
					  &space->features, &space->n_dense);
	space->labels = host_allocate_array(uint32_t, (size_t) rows->n_documents + 1);
	for (uint32_t i = 0; i < rows->n_documents; i++)
		space->labels[i] = rows->documents[i].label;
}

void
pipeline_free_space(FittedSpace *space)
{
	feature_space_free_matrix(&space->features);
	host_free(space->labels);
	space->labels = NULL;
}

void
pipeline_begin_image(const PipelineOptions *options, const ClassList *classes,
					 const TrainingRows *rows, ImageWriter *image)
{
	image_begin(image, IMAGE_MODEL);
	write_description(options, classes, rows, NULL, image);
}

void
pipeline_fit(const PipelineOptions *options, const ClassList *classes, const TrainingRows *rows,
			 const double *measured, ImageWriter *image)
{
	FittedSpace space;
	ByteBuffer *section;

	write_description(options, classes, rows, measured, image);
	pipeline_fit_space(options, classes, rows, image, &space);
	host_progress("%u features of %u texts, %llu not zero", space.features.n_features,
				  space.features.n_rows,
				  (unsigned long long) space.features.row_starts[space.features.n_rows]);
	section = image_begin_section(image, IMAGE_SECTION_CLASSIFIER);
	pipeline_fit_classifier(options, rows, &space, section->length, section);
	pipeline_free_space(&space);
}
