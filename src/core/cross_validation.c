/*
 * cross_validation.c
 *	  Stratified cross-validation.
 */
#include <math.h>
#include <string.h>

#include "core/cross_validation.h"
#include "core/folds.h"
#include "core/host.h"

/* Rows of each class that a correction of priors is measured by, if there are so many. */
#define ENOUGH_ROWS 100

/* Predict the rows of a fold. */
static void
predict_fold(Pipeline *pipeline, const TrainingRows *rows, const uint8_t *folds, uint32_t fold,
			 const uint64_t *hashes, double *probabilities)
{
	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		if (i % 64 == 0)
			host_check_interrupts();
		if (folds[i] == fold)
			memcpy(probabilities + (size_t) i * rows->n_classes,
				   pipeline_predict_document(pipeline, rows->corpus, &rows->documents[i], hashes),
				   rows->n_classes * sizeof(double));
	}
}

/* Append the folds' figures as a JSON object. metrics: (n_folds, N_FOLD_FIGURES) */
static void
append_metrics(const double *metrics, uint32_t n_folds, ByteBuffer *json)
{
	buffer_printf(json, "{\"folds\": %u", n_folds);
	for (int metric = 0; metric < N_FOLD_FIGURES; metric++)
	{
		double mean = 0;
		double squares = 0;

		buffer_printf(json, ", \"%s\": {\"values\": [", fold_figure_names[metric]);
		for (uint32_t fold = 0; fold < n_folds; fold++)
		{
			buffer_printf(json, fold == 0 ? "" : ", ");
			buffer_append_json_number(json, metrics[fold * N_FOLD_FIGURES + metric]);
			mean += metrics[fold * N_FOLD_FIGURES + metric] / n_folds;
		}
		for (uint32_t fold = 0; fold < n_folds; fold++)
		{
			double difference = metrics[fold * N_FOLD_FIGURES + metric] - mean;

			squares += difference * difference / n_folds;
		}
		buffer_printf(json, "], \"mean\": ");
		buffer_append_json_number(json, mean);
		buffer_printf(json, ", \"deviation\": ");
		buffer_append_json_number(json, sqrt(squares));
		buffer_printf(json, "}");
	}
	buffer_printf(json, "}");
}

/* Fit without one fold, and predict it. Answers the pipeline, whose image is set. */
static Pipeline *
fit_fold(const PipelineOptions *options, const ClassList *classes, const TrainingRows *rows,
		 const uint8_t *folds, uint32_t fold, const uint64_t *hashes, double *probabilities,
		 ByteBuffer *image)
{
	TrainingRows others;
	ImageWriter writer;
	Pipeline *pipeline;

	folds_choose_others(rows, folds, fold, &others);
	training_rows_limit(&others, (Balance) options->balance, (uint32_t) options->per_class_limit);
	image_begin(&writer, IMAGE_MODEL);
	pipeline_fit(options, classes, &others, NULL, &writer);
	*image = image_finish(&writer);
	pipeline = pipeline_open(image->data, image->length);
	predict_fold(pipeline, rows, folds, fold, hashes, probabilities);
	training_rows_free(&others);
	return pipeline;
}

/* The same, and measure it. */
static void
validate_fold(const PipelineOptions *options, const ClassList *classes, const TrainingRows *rows,
			  const uint8_t *folds, uint32_t fold, const uint64_t *hashes, double *probabilities,
			  double *metrics)
{
	ByteBuffer image;
	Pipeline *pipeline =
		fit_fold(options, classes, rows, folds, fold, hashes, probabilities, &image);

	folds_measure(classes, rows, folds, fold, pipeline->positive, pipeline->prior_ratios,
				  probabilities, metrics);
	pipeline_close(pipeline);
	buffer_reset(&image);
}

void
cross_validate(const PipelineOptions *options, const ClassList *classes, const TrainingRows *rows,
			   uint32_t n_folds, double *probabilities, ByteBuffer *json)
{
	uint8_t *folds;
	uint64_t *hashes;
	double *metrics;

	folds = folds_assign(classes, rows, n_folds);
	hashes = token_hashes_of(rows->corpus);
	metrics = host_allocate_array(double, (size_t) n_folds *N_FOLD_FIGURES);
	for (uint32_t fold = 0; fold < n_folds; fold++)
	{
		validate_fold(options, classes, rows, folds, fold, hashes, probabilities,
					  metrics + (size_t) fold * N_FOLD_FIGURES);
		host_progress("fold %u of %u: F1 %.4f", fold + 1, n_folds,
					  metrics[(size_t) fold * N_FOLD_FIGURES + FOLD_F1]);
	}
	if (json != NULL)
		append_metrics(metrics, n_folds, json);
	host_free(folds);
	host_free(hashes);
	host_free(metrics);
}

/* Bring the probabilities of the first folds to the front, with their labels; answers how many there are. */
static uint32_t
gather_folds(const TrainingRows *rows, const uint8_t *folds, uint32_t n_done, double *probabilities,
			 uint32_t *labels)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		if (folds[i] >= n_done)
			continue;
		memmove(probabilities + (size_t) n * rows->n_classes,
				probabilities + (size_t) i * rows->n_classes, rows->n_classes * sizeof(double));
		labels[n++] = rows->documents[i].label;
	}
	return n;
}

/* Whether the first folds have enough rows of each class to measure by. */
static bool
has_enough(const TrainingRows *rows, const uint8_t *folds, uint32_t n_done)
{
	uint32_t *sizes = host_allocate_zero_array(uint32_t, rows->n_classes);
	bool enough = true;

	for (uint32_t i = 0; i < rows->n_documents; i++)
		sizes[rows->documents[i].label] += folds[i] < n_done;
	for (uint32_t k = 0; k < rows->n_classes; k++)
		enough &= sizes[k] >= ENOUGH_ROWS;
	host_free(sizes);
	return enough;
}

bool
cross_validate_priors(const PipelineOptions *options, const ClassList *classes,
					  const TrainingRows *rows, uint32_t n_folds, double *ratios)
{
	uint8_t *folds = folds_try_assign(rows, n_folds, MIN_PRIOR_TEXTS);
	uint64_t *hashes;
	double *probabilities;
	uint32_t *labels;
	uint32_t n_done = 0;
	uint32_t n_rows;

	if (folds == NULL)
		return false;
	hashes = token_hashes_of(rows->corpus);
	probabilities = host_allocate_array(
		double, host_array_size((size_t) rows->n_documents + 1, rows->n_classes));
	labels = host_allocate_array(uint32_t, (size_t) rows->n_documents + 1);
	do
	{
		ByteBuffer image;

		pipeline_close(
			fit_fold(options, classes, rows, folds, n_done, hashes, probabilities, &image));
		buffer_reset(&image);
		n_done++;
	} while (n_done < n_folds && !has_enough(rows, folds, n_done));
	n_rows = gather_folds(rows, folds, n_done, probabilities, labels);
	prior_correction_measure(probabilities, labels, n_rows, rows->n_classes, ratios);
	host_progress("scores are corrected to the base rates by %u rows", n_rows);
	host_free(folds);
	host_free(hashes);
	host_free(probabilities);
	host_free(labels);
	return true;
}
