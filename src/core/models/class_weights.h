/*
 * class_weights.h
 *	  What a training row counts, by its class.
 */
#ifndef SENTIMENT_CLASS_WEIGHTS_H
#define SENTIMENT_CLASS_WEIGHTS_H

#include "core/models/classifier.h"

/* Rows of each class; the caller's to free. (n_classes) */
extern uint32_t *count_class_rows(const TrainingSet *training_set);

/*
 * What a row of each class counts: what the training set says, and if balanced times n_rows / (n_classes
 * * rows of the class), as scikit-learn's class_weight "balanced". The caller's to free. (n_classes)
 */
extern double *make_class_weights(const TrainingSet *training_set, const uint32_t *class_counts,
								  bool balanced);

#endif /* SENTIMENT_CLASS_WEIGHTS_H */
