/*
 * classifier.h
 *	  The one interface of all kinds of classifiers, and the table of kinds.
 *
 * A kind is one file in this folder plus one row in classifier_kinds. The row names the kind and
 * declares its parameters; everything else (JSON checking, storage, the view of kinds, search) is
 * read from it.
 */
#ifndef SENTIMENT_CLASSIFIER_H
#define SENTIMENT_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/features/sparse_matrix.h"
#include "core/parameters.h"

#define MAX_CLASSES 1000

/* What a classifier learns from. */
typedef struct TrainingSet
{
	SparseMatrix features;  /* (n_rows, n_features) */
	const uint32_t *labels; /* (n_rows) class of each row, below n_classes */
	uint32_t n_classes;     /* 2 to MAX_CLASSES; each has a row at least */
	uint64_t seed;          /* for whatever is random */
} TrainingSet;

typedef struct ClassifierKind ClassifierKind;

/* A trained classifier, in place in a model image. */
typedef struct Classifier
{
	const ClassifierKind *kind;
	uint32_t n_features;
	uint32_t n_classes;
	const void *bytes; /* the section of the image that the kind wrote; 16-byte aligned */
	size_t length;
} Classifier;

struct ClassifierKind
{
	const char *name;
	const char *meaning;             /* one line for people */
	const ParameterSpec *parameters; /* of an options struct of options_size bytes */
	size_t n_parameters;
	size_t options_size;

	/* Bytes that fit will append at most, to check the limit of an image before the work. */
	size_t (*image_size)(uint32_t n_features, uint32_t n_classes, const void *options);

	/* Learn, and append the classifier to the image (whose length is a multiple of 16). */
	void (*fit)(const TrainingSet *training_set, const void *options, ByteBuffer *image);

	/*
	 * Check every size and offset of untrusted bytes, so that no other function below can read
	 * outside of them or loop without end. Answers NULL, or what is wrong (a constant string).
	 */
	const char *(*validate)(const Classifier *classifier);

	/* Probability of every class for one row. probabilities: (n_classes), sums to 1 */
	void (*predict)(const Classifier *classifier, const SparseRow *row, double *probabilities);

	/*
	 * What each entry of the row adds to the output of one class, and what no entry accounts for
	 * (the intercept); together they sum to that output. For two classes the output is the
	 * log-odds of class 1 (its negative for class 0); for more, the class's logit.
	 * weights: (row->count) the model's coefficient of the entry; contributions: (row->count)
	 */
	void (*explain)(const Classifier *classifier, const SparseRow *row, uint32_t class_index,
					double *weights, double *contributions, double *intercept);
};

extern const ClassifierKind *const classifier_kinds[];
extern const size_t n_classifier_kinds;

/* The kind of that name, or NULL. */
extern const ClassifierKind *classifier_kind_find(const char *name);

#endif /* SENTIMENT_CLASSIFIER_H */
