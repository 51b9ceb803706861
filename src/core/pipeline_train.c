/*
 * pipeline_train.c
 *	  From a corpus to a model image.
 *
 * Calibration and threshold are fitted to probabilities of rows by pipelines that did not see them, those
 * of cross-validation; the pipeline that is kept learns from all rows.
 */
#include <string.h>

#include "core/cross_validation.h"
#include "core/folds.h"
#include "core/host.h"
#include "core/pipeline_fit.h"
#include "core/pipeline_train.h"

/* Folds for calibration or threshold where the user names none. */
#define DEFAULT_FOLDS 5

/* What comes before the report's next key. */
static const char *
report_separator(const ByteBuffer *report)
{
	return report->data[report->length - 1] == '{' ? "" : ", ";
}

/* Calibrate the probabilities of all rows in place, by the section that was appended. */
static void
calibrate_rows(const ByteBuffer *section, size_t start, const TrainingRows *rows,
			   double *probabilities)
{
	Calibration calibration;

	calibration_open(section->data + start, section->length - start, rows->n_classes, &calibration);
	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		calibration_apply(&calibration, rows->n_classes,
						  probabilities + (size_t) i * rows->n_classes);
		if (i % 64 == 0)
			host_check_interrupts();
	}
}

/* Tune the threshold of the section for F1. */
static void
tune_threshold(void *section, const TrainingRows *rows, uint32_t positive,
			   const double *probabilities, ByteBuffer *report)
{
	double *of_positive = host_allocate_array(double, (size_t) rows->n_documents + 1);
	bool *is_positive = host_allocate_array(bool, (size_t) rows->n_documents + 1);
	double threshold;

	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		of_positive[i] = probabilities[(size_t) i * rows->n_classes + positive];
		is_positive[i] = rows->documents[i].label == positive;
	}
	threshold = calibration_best_threshold(of_positive, is_positive, rows->n_documents);
	calibration_set_threshold(section, threshold);
	host_progress("threshold %.4f gives the best F1", threshold);
	if (report != NULL)
	{
		buffer_printf(report, ", \"threshold\": ");
		buffer_append_json_number(report, threshold);
	}
	host_free(of_positive);
	host_free(is_positive);
}

/* Append the section of calibration and threshold. probabilities: (n_documents, n_classes) */
static void
write_calibration(const PipelineOptions *options, const ClassList *classes,
				  const TrainingRows *rows, const uint32_t *labels, double *probabilities,
				  ImageWriter *image, ByteBuffer *report)
{
	ByteBuffer *section = image_begin_section(image, IMAGE_SECTION_CALIBRATION);
	size_t start = section->length;

	calibration_fit((CalibrationMethod) options->calibration, probabilities, labels,
					rows->n_documents, rows->n_classes, section);
	calibrate_rows(section, start, rows, probabilities);
	if (options->threshold == THRESHOLD_F1)
		tune_threshold(section->data + start, rows,
					   class_list_positive(classes, options->positive_label), probabilities,
					   report);
}

/* Measure what corrects the priors by the probabilities of all rows, and correct these; false: there are too few. */
static bool
correct_priors(const TrainingRows *rows, const uint32_t *labels, double *probabilities,
			   double *measured)
{
	if (folds_fewest_texts(rows) < MIN_PRIOR_TEXTS)
		return false;
	prior_correction_measure(probabilities, labels, rows->n_documents, rows->n_classes, measured);
	for (uint32_t i = 0; i < rows->n_documents; i++)
		prior_correction_apply(measured, rows->n_classes,
							   probabilities + (size_t) i * rows->n_classes);
	return true;
}

/*
 * Cross-validate, and fit what is fitted to its probabilities. Answers whether the correction of priors was measured, which
 * is of balanced pipelines only.
 */
static bool
validate(const PipelineOptions *options, const ClassList *classes, const TrainingRows *rows,
		 bool is_balanced, double *measured, ImageWriter *image, ByteBuffer *report)
{
	uint32_t n_folds = (uint32_t) options->cv_folds;
	double *probabilities = host_allocate_array(
		double, host_array_size((size_t) rows->n_documents + 1, rows->n_classes));
	uint32_t *labels = host_allocate_array(uint32_t, (size_t) rows->n_documents + 1);
	bool is_measured;

	for (uint32_t i = 0; i < rows->n_documents; i++)
		labels[i] = rows->documents[i].label;
	if (n_folds == 0)
		n_folds = folds_possible(classes, rows, DEFAULT_FOLDS);
	if (report != NULL)
		buffer_printf(report, "\"cross_validation\": ");
	cross_validate(options, classes, rows, n_folds, probabilities, report);
	is_measured = is_balanced && correct_priors(rows, labels, probabilities, measured);
	if (options->calibration != CALIBRATION_NONE || options->threshold != THRESHOLD_NONE)
		write_calibration(options, classes, rows, labels, probabilities, image, report);
	host_free(labels);
	host_free(probabilities);
	return is_measured;
}

/* Refuse what the classes do not allow. */
static void
check_classes_of_options(const PipelineOptions *options, const ClassList *classes)
{
	(void) class_list_positive(classes, options->positive_label);
	if (options->threshold != THRESHOLD_NONE && classes->n_classes > 2)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Leave the parameter threshold out.",
				   "a threshold needs two labels, there are %u", classes->n_classes);
}

/* The method of calibration that the rows allow; tells if it is another one than was asked for. */
static int
choose_calibration(const PipelineOptions *options, const TrainingRows *rows)
{
	if (options->calibration != CALIBRATION_ISOTONIC || rows->n_documents >= MIN_ISOTONIC_ROWS)
		return options->calibration;
	host_warning("Isotonic regression follows the chance of few rows; a sigmoid is fitted instead, "
				 "and stored "
				 "as the version's parameter.",
				 "Use \"sigmoid\", or train on more rows.",
				 "%u rows are too few to calibrate by isotonic regression, which takes %d",
				 rows->n_documents, MIN_ISOTONIC_ROWS);
	return CALIBRATION_SIGMOID;
}

/* Leave out of the rows what the options tell, and say so. */
static void
choose_rows(const PipelineOptions *options, TrainingRows *rows)
{
	uint32_t n_before = rows->n_documents;
	uint32_t limit =
		training_rows_limit(rows, (Balance) options->balance, (uint32_t) options->per_class_limit);

	if (rows->n_documents < n_before)
		host_progress("%u of %u texts chosen, at most %u of each label", rows->n_documents,
					  n_before, limit);
}

/* Report the rates that scores are corrected to. */
static void
report_priors(const ClassList *classes, const TrainingRows *rows, ByteBuffer *report)
{
	double n_rows = 0;

	for (uint32_t k = 0; k < rows->n_classes; k++)
		n_rows += rows->base_sizes[k];
	buffer_printf(report, "%s\"base_rates\": {", report_separator(report));
	for (uint32_t k = 0; k < rows->n_classes; k++)
	{
		buffer_printf(report, k == 0 ? "" : ", ");
		buffer_append_json_string(report, classes->labels[k], strlen(classes->labels[k]));
		buffer_printf(report, ": ");
		buffer_append_json_number(report, rows->base_sizes[k] / n_rows);
	}
	buffer_printf(report, "}");
}

/* Tell that a balanced pipeline's scores are not measured against the base rates. */
static void
warn_of_priors(void)
{
	host_warning(
		"Of few rows it cannot be measured how far balance moves the scores: they may be above the "
		"base rates of rare labels.",
		"Train on more rows of each label.",
		"the scores are not corrected to the base rates: a label has fewer than %d texts that can "
		"be "
		"spread over folds",
		MIN_PRIOR_TEXTS);
}

void
pipeline_check_training(const PipelineOptions *options, const Corpus *corpus)
{
	ClassList classes;

	class_list_make(corpus, &classes);
	check_classes_of_options(options, &classes);
	class_list_free(&classes);
}

/*
 * Validate as the options ask for, leave rows out, and measure the correction of a balanced pipeline's priors. Answers
 * whether it was measured. measured: (n_classes)
 */
static bool
prepare(const PipelineOptions *options, const ClassList *classes, TrainingRows *rows,
		double *measured, ImageWriter *image, ByteBuffer *report)
{
	TrainingRows all = *rows;
	bool leaves_out = options->balance == BALANCE_UNDERSAMPLE || options->per_class_limit > 0;
	bool validates = options->cv_folds > 0 || options->calibration != CALIBRATION_NONE ||
					 options->threshold != THRESHOLD_NONE;
	bool is_balanced;
	bool is_measured = false;

	if (leaves_out)
	{
		training_rows_copy(rows, &all);
		choose_rows(options, rows);
	}
	is_balanced = pipeline_is_balanced(options, rows);
	if (validates)
		is_measured = validate(options, classes, &all, is_balanced, measured, image, report);
	else if (is_balanced)
		is_measured = cross_validate_priors(options, classes, &all, DEFAULT_FOLDS, measured);
	if (is_balanced && !is_measured)
		warn_of_priors();
	if (is_balanced && report != NULL && (is_measured || rows->n_documents < all.n_documents))
		report_priors(classes, rows, report);
	if (leaves_out)
		training_rows_free(&all);
	return is_measured;
}

/*
 * Report the score from which a balanced model answers the positive label of two, unless a tuned one is reported already:
 * it is not 0.5.
 */
static void
report_threshold(const PipelineOptions *options, const ByteBuffer *image, ByteBuffer *report)
{
	Pipeline *pipeline = pipeline_open(image->data, image->length);

	if (pipeline->n_labels == 2 && pipeline->prior_ratios != NULL &&
		options->threshold == THRESHOLD_NONE)
	{
		buffer_printf(report, "%s\"threshold\": ", report_separator(report));
		buffer_append_json_number(report, pipeline_threshold(pipeline));
	}
	pipeline_close(pipeline);
}

ByteBuffer
pipeline_train(const PipelineOptions *options, const Corpus *corpus, ByteBuffer *report)
{
	ClassList classes;
	TrainingRows rows;
	PipelineOptions fitted; /* what is done, and stored */
	double *measured;
	bool is_measured;
	ImageWriter image;
	ByteBuffer finished;

	class_list_make(corpus, &classes);
	check_classes_of_options(options, &classes);
	training_rows_choose(corpus, &classes, &rows);
	fitted = *options;
	fitted.calibration = choose_calibration(options, &rows);
	measured = host_allocate_array(double, classes.n_classes);
	image_begin(&image, IMAGE_MODEL);
	if (report != NULL)
		buffer_printf(report, "{");
	is_measured = prepare(&fitted, &classes, &rows, measured, &image, report);
	pipeline_fit(&fitted, &classes, &rows, is_measured ? measured : NULL, &image);
	host_free(measured);
	training_rows_free(&rows);
	class_list_free(&classes);
	finished = image_finish(&image);
	if (report != NULL)
	{
		report_threshold(&fitted, &finished, report);
		buffer_printf(report, "}");
	}
	return finished;
}
