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
 * that was begun. Every class must have a row.
 */
extern void pipeline_fit(const PipelineOptions *options, const ClassList *classes,
						 const TrainingRows *rows, ImageWriter *image);

#endif /* SENTIMENT_PIPELINE_FIT_H */
