/*
 * train_warnings.h
 *	  What a training warns of: what cannot be stored of its source, and labels that are most likely one.
 */
#ifndef SENTIMENT_TRAIN_WARNINGS_H
#define SENTIMENT_TRAIN_WARNINGS_H

#include "extension/train.h"

/*
 * Tell what cannot be stored of the source that the caller has named, and was checked: a version of it cannot be trained
 * again.
 */
extern void train_warn_of_source(Training *training);

/* Tell of a source that the caller could read, but that cannot be read again as a stored one is, and why. */
extern void train_warn_of_reading(Training *training);

/* Warn of labels that are most likely one: that differ only in case, white space or the form of their characters. */
extern void train_warn_of_labels(const TrainSource *source);

#endif /* SENTIMENT_TRAIN_WARNINGS_H */
