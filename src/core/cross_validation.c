/*
 * cross_validation.c
 *	  Stratified cross-validation.
 */
#include <math.h>
#include <string.h>

#include "core/cross_validation.h"
#include "core/folds.h"
#include "core/host.h"

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

/* Fit without one fold, and predict it. */
static void
validate_fold(const PipelineOptions *options, const ClassList *classes, const TrainingRows *rows,
			  const uint8_t *folds, uint32_t fold, const uint64_t *hashes, double *probabilities,
			  double *metrics)
{
	TrainingRows others;
	ImageWriter writer;
	ByteBuffer image;
	Pipeline *pipeline;

	folds_choose_others(rows, folds, fold, &others);
	training_rows_limit(&others, (Balance) options->balance, (uint32_t) options->per_class_limit);
	image_begin(&writer, IMAGE_MODEL);
	pipeline_fit(options, classes, &others, &writer);
	image = image_finish(&writer);
	pipeline = pipeline_open(image.data, image.length);
	predict_fold(pipeline, rows, folds, fold, hashes, probabilities);
	folds_measure(classes, rows, folds, fold, pipeline->positive, &pipeline->priors, probabilities,
				  metrics);
	pipeline_close(pipeline);
	buffer_reset(&image);
	training_rows_free(&others);
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
