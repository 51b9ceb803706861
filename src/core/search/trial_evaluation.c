/*
 * trial_evaluation.c
 *	  Measuring trials of a search by cross-validation.
 */
#include <string.h>

#include "core/host.h"
#include "core/pipeline_fit.h"
#include "core/search/trial_evaluation.h"

/* Rows between two checks for interrupts while they are predicted. */
#define ROWS_PER_CHECK 16

/* A feature space that was fitted to the rows of all folds but one, or to all rows. */
typedef struct KeptSpace
{
	struct KeptSpace *next; /* in the order of their last use, newest first */
	char *key;              /* the options that it depends on, as text */
	uint32_t fold;          /* whose rows it was not fitted to; n_folds: none */
	TrainingRows rows;      /* that it was fitted to, without the documents */
	FittedSpace fitted;
	ByteBuffer image;       /* with the space's sections; of all rows only */
	size_t image_length;    /* bytes of the image, kept or not */
	SparseMatrix fold_rows; /* features of the fold's rows */
	size_t size;            /* bytes */
} KeptSpace;

struct TrialEvaluator
{
	const Corpus *corpus;
	ClassList classes;
	TrainingRows rows;
	uint32_t n_folds;
	uint8_t *folds;        /* (rows.n_documents) */
	uint64_t *hashes;      /* of the corpus's tokens */
	double *probabilities; /* (rows.n_documents, classes.n_classes) scratch */
	size_t memory_limit;
	uint64_t n_fitted;
	KeptSpace *newest;
};

TrialEvaluator *
trial_evaluator_create(const Corpus *corpus, uint32_t n_folds, size_t memory_limit)
{
	TrialEvaluator *evaluator = host_allocate_zero(sizeof(TrialEvaluator));

	evaluator->corpus = corpus;
	evaluator->n_folds = n_folds;
	evaluator->memory_limit = memory_limit;
	class_list_make(corpus, &evaluator->classes);
	training_rows_choose(corpus, &evaluator->classes, &evaluator->rows);
	evaluator->folds = folds_assign(&evaluator->classes, &evaluator->rows, n_folds);
	evaluator->hashes = token_hashes_of(corpus);
	evaluator->probabilities =
		host_allocate_array(double, host_array_size((size_t) evaluator->rows.n_documents + 1,
													evaluator->classes.n_classes));
	return evaluator;
}

/* Free a space. */
static void
free_space(KeptSpace *space)
{
	host_free(space->key);
	host_free(space->rows.class_sizes);
	host_free(space->rows.base_sizes);
	pipeline_free_space(&space->fitted);
	feature_space_free_matrix(&space->fold_rows);
	buffer_reset(&space->image);
	host_free(space);
}

void
trial_evaluator_free(TrialEvaluator *evaluator)
{
	while (evaluator->newest != NULL)
	{
		KeptSpace *space = evaluator->newest;

		evaluator->newest = space->next;
		free_space(space);
	}
	training_rows_free(&evaluator->rows);
	class_list_free(&evaluator->classes);
	host_free(evaluator->folds);
	host_free(evaluator->hashes);
	host_free(evaluator->probabilities);
	host_free(evaluator);
}

uint64_t
trial_evaluator_spaces_fitted(const TrialEvaluator *evaluator)
{
	return evaluator->n_fitted;
}

/* What a feature space depends on besides the rows of its folds; the caller's to free. */
static char *
space_key(const PipelineOptions *options)
{
	FeatureSpaceOptions features = options->features;
	ParameterGroup groups[N_FEATURE_SPACE_GROUPS];
	ByteBuffer key = {0};

	feature_space_groups(&features, groups);
	parameters_append_json(&key, groups, N_FEATURE_SPACE_GROUPS);
	buffer_printf(&key, " %d %d %d", options->balance == BALANCE_UNDERSAMPLE,
				  options->per_class_limit, options->seed);
	return buffer_c_string(&key);
}

/* Take a space out of the list, or NULL. */
static KeptSpace *
unlink_space(TrialEvaluator *evaluator, const char *key, uint32_t fold)
{
	for (KeptSpace **at = &evaluator->newest; *at != NULL; at = &(*at)->next)
	{
		KeptSpace *space = *at;

		if (space->fold == fold && strcmp(space->key, key) == 0)
		{
			*at = space->next;
			return space;
		}
	}
	return NULL;
}

/* Bytes of the arrays of a matrix. */
static size_t
matrix_size(const SparseMatrix *matrix)
{
	if (matrix->row_starts == NULL)
		return 0;
	return (matrix->n_rows + 1) * sizeof(uint64_t) +
		   matrix->row_starts[matrix->n_rows] * (sizeof(uint32_t) + sizeof(float));
}

/* Give up the spaces that were not used for longest, but for the newest, until the rest fits. */
static void
trim(TrialEvaluator *evaluator)
{
	size_t total = evaluator->newest->size;
	KeptSpace *last = evaluator->newest;

	while (last->next != NULL)
	{
		KeptSpace *space = last->next;

		if (total + space->size <= evaluator->memory_limit)
		{
			total += space->size;
			last = space;
			continue;
		}
		last->next = space->next;
		free_space(space);
	}
}

/* The features of the rows of a fold, by a space that was not fitted to them. */
static void
transform_fold(const TrialEvaluator *evaluator, FeatureSpace *space, uint32_t fold,
			   SparseMatrix *matrix)
{
	const TrainingRows *rows = &evaluator->rows;
	uint64_t *row_starts = host_allocate_array(uint64_t, (size_t) rows->n_documents + 1);
	ByteBuffer indices = {0};
	ByteBuffer values = {0};
	uint32_t n_rows = 0;
	uint64_t position = 0;

	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		SparseRow row;

		if (i % ROWS_PER_CHECK == 0)
			host_check_interrupts();
		if (evaluator->folds[i] != fold)
			continue;
		row = feature_space_transform_document(space, evaluator->corpus, &rows->documents[i],
											   evaluator->hashes);
		row_starts[n_rows++] = position;
		position += row.count;
		buffer_append(&indices, row.indices, row.count * sizeof(uint32_t));
		buffer_append(&values, row.values, row.count * sizeof(float));
	}
	row_starts[n_rows] = position;
	/* what is kept has no spare room */
	indices.data = host_reallocate(buffer_c_string(&indices), indices.length + 1);
	values.data = host_reallocate(buffer_c_string(&values), values.length + 1);
	*matrix = (SparseMatrix){n_rows, space->n_features, row_starts, (const uint32_t *) indices.data,
							 (const float *) values.data};
}

/* Choose what a space learns from: all rows, or those of the other folds, as the options tell. */
static void
choose_rows(const TrialEvaluator *evaluator, const PipelineOptions *options, uint32_t fold,
			TrainingRows *rows)
{
	/* no row is in fold n_folds */
	folds_choose_others(&evaluator->rows, evaluator->folds, fold, rows);
	training_rows_limit(rows, (Balance) options->balance, (uint32_t) options->per_class_limit);
}

/* Fit a space. */
static KeptSpace *
fit_space(TrialEvaluator *evaluator, const PipelineOptions *options, uint32_t fold)
{
	KeptSpace *kept = host_allocate_zero(sizeof(KeptSpace));
	ImageWriter writer;

	kept->fold = fold;
	choose_rows(evaluator, options, fold, &kept->rows);
	image_begin(&writer, IMAGE_MODEL);
	pipeline_fit_space(options, &evaluator->classes, &kept->rows, &writer, &kept->fitted);
	kept->image = image_finish(&writer);
	kept->image_length = kept->image.length;
	if (fold < evaluator->n_folds)
	{
		FeatureSpace space = {0};

		feature_space_open(kept->image.data, &options->features, evaluator->classes.n_classes,
						   &space);
		transform_fold(evaluator, &space, fold, &kept->fold_rows);
		feature_space_close(&space);
		buffer_reset(&kept->image);
	}
	host_free(kept->rows.documents);
	kept->rows.documents = NULL;
	kept->size = sizeof(KeptSpace) + matrix_size(&kept->fitted.features) +
				 matrix_size(&kept->fold_rows) + kept->image.capacity +
				 kept->rows.n_documents * sizeof(uint32_t);
	evaluator->n_fitted++;
	return kept;
}

/* The space of a trial, fitted anew if it is not kept. It stays until the next call. */
static const KeptSpace *
space_for(TrialEvaluator *evaluator, const PipelineOptions *options, uint32_t fold)
{
	char *key = space_key(options);
	KeptSpace *space = unlink_space(evaluator, key, fold);

	if (space == NULL)
	{
		space = fit_space(evaluator, options, fold);
		space->key = key;
	}
	else
		host_free(key);
	space->next = evaluator->newest;
	evaluator->newest = space;
	trim(evaluator);
	return space;
}

/* Raise an error for a classifier that was fitted just now and cannot be asked. */
static void
open_classifier(Classifier *classifier)
{
	const char *problem = classifier_open(classifier);

	if (problem != NULL)
		host_error(HOST_ERROR_INTERNAL, problem, NULL, "a classifier of kind \"%s\" is not valid",
				   classifier->kind->name);
}

/* Predict the rows of a fold. */
static void
predict_fold(TrialEvaluator *evaluator, const KeptSpace *space, const Classifier *classifier,
			 const double *ratios)
{
	uint32_t n_classes = evaluator->classes.n_classes;
	uint32_t n = 0;

	for (uint32_t i = 0; i < evaluator->rows.n_documents; i++)
	{
		double *probabilities = evaluator->probabilities + (size_t) i * n_classes;
		SparseRow row;

		if (evaluator->folds[i] != space->fold)
			continue;
		if (n % ROWS_PER_CHECK == 0)
			host_check_interrupts();
		row = sparse_matrix_row(&space->fold_rows, n++);
		classifier->kind->predict(classifier, &row, probabilities);
		prior_correction_apply(ratios, n_classes, probabilities);
	}
}

void
trial_evaluate_fold(TrialEvaluator *evaluator, const PipelineOptions *options, uint32_t fold,
					double *figures)
{
	const KeptSpace *space = space_for(evaluator, options, fold);
	uint32_t positive = class_list_positive(&evaluator->classes, options->positive_label);
	double *ratios = NULL;
	ByteBuffer section = {0};
	Classifier classifier = {.kind = options->kind,
							 .n_features = space->fitted.features.n_features,
							 .n_classes = evaluator->classes.n_classes};

	if (pipeline_is_balanced(options, &space->rows))
	{
		ratios = host_allocate_array(double, evaluator->classes.n_classes);
		pipeline_prior_ratios(&space->rows, NULL, ratios);
	}
	pipeline_fit_classifier(options, &space->rows, &space->fitted, space->image_length, &section);
	classifier.bytes = section.data;
	classifier.length = section.length;
	open_classifier(&classifier);
	predict_fold(evaluator, space, &classifier, ratios);
	classifier_close(&classifier);
	buffer_reset(&section);
	folds_measure(&evaluator->classes, &evaluator->rows, evaluator->folds, fold, positive, ratios,
				  evaluator->probabilities, figures);
	host_free(ratios);
}

/* Append the sections of a feature space to another image. */
static void
copy_space(const ByteBuffer *space, ImageWriter *image)
{
	const ImageHeader *header = (const ImageHeader *) space->data;
	const ImageSection *sections = (const ImageSection *) (header + 1);

	for (uint32_t i = 0; i < header->n_sections; i++)
		buffer_append(image_begin_section(image, (ImageSectionId) sections[i].id),
					  space->data + sections[i].offset, sections[i].length);
}

ByteBuffer
trial_train(TrialEvaluator *evaluator, const PipelineOptions *options)
{
	const KeptSpace *space = space_for(evaluator, options, evaluator->n_folds);
	ByteBuffer *section;
	ImageWriter image;

	pipeline_begin_image(options, &evaluator->classes, &space->rows, &image);
	copy_space(&space->image, &image);
	section = image_begin_section(&image, IMAGE_SECTION_CLASSIFIER);
	pipeline_fit_classifier(options, &space->rows, &space->fitted, section->length, section);
	return image_finish(&image);
}
