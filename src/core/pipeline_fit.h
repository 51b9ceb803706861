/*
 * pipeline_fit.h
 *	  One fit of a pipeline: from chosen rows to an image.
 */
#ifndef SENTIMENT_PIPELINE_FIT_H
#define SENTIMENT_PIPELINE_FIT_H

#include "core/class_list.h"
#include "core/pipeline.h"
#include "core/training_rows.h"

/*
 * Fit feature space and classifier to the rows, and append all sections but the calibration's to an image
 * that was begun. Every class must have a row. measured: what corrects the priors of a balanced pipeline, by
 * prior_correction_measure; or NULL
 */
extern void pipeline_fit(const PipelineOptions *options, const ClassList *classes,
						 const TrainingRows *rows, const double *measured, ImageWriter *image);

/*
 * The parts of a fit, for whoever fits several classifiers to the same features: what a classifier is fitted
 * to, apart from the image with the feature space's sections.
 */
typedef struct FittedSpace
{
	SparseMatrix features; /* of the rows */
	uint32_t n_dense;
	uint32_t *labels; /* (features.n_rows) classes of the rows */
} FittedSpace;

/* Whether a pipeline learns from rows whose classes count otherwise than as they are distributed. */
extern bool pipeline_is_balanced(const PipelineOptions *options, const TrainingRows *rows);

/*
 * What corrects the priors of a pipeline that learns from the rows: by the rows that are left out, and by what was
 * measured besides. measured: (n_classes), NULL for all 1; ratios: (n_classes)
 */
extern void pipeline_prior_ratios(const TrainingRows *rows, const double *measured, double *ratios);

/* Begin an image with what does not depend on the texts' terms: parameters, summary, labels. */
extern void pipeline_begin_image(const PipelineOptions *options, const ClassList *classes,
								 const TrainingRows *rows, ImageWriter *image);

/* Fit the feature space, and append its sections to an image that was begun. */
extern void pipeline_fit_space(const PipelineOptions *options, const ClassList *classes,
							   const TrainingRows *rows, ImageWriter *image, FittedSpace *space);

/* Free what a fitted space holds. */
extern void pipeline_free_space(FittedSpace *space);

/*
 * Fit the classifier to a space that was fitted to the same rows, and append it to a buffer whose length is a
 * multiple of 16. image_size: bytes of the image besides, which may not grow too large
 */
extern void pipeline_fit_classifier(const PipelineOptions *options, const TrainingRows *rows,
									const FittedSpace *space, size_t image_size,
									ByteBuffer *section);

#endif /* SENTIMENT_PIPELINE_FIT_H */
