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
	SparseMatrix features;       /* (n_rows, n_features) */
	const uint32_t *labels;      /* (n_rows) class of each row, below n_classes */
	uint32_t n_classes;          /* 2 to MAX_CLASSES; each has a row at least */
	uint64_t seed;               /* for whatever is random */
	uint32_t n_dense;            /* features that every row has, see below */
	const double *class_weights; /* (n_classes) what a row of the class counts; NULL: 1 */
} TrainingSet;

/*
 * The last n_dense features of a row are dense: every row, in training and in prediction, has an entry
 * for each of them, zero or not, in their order, behind its other entries. A feature that a row has no
 * entry for is 0 there. A kind that accepts missing values may find NaN among the dense ones.
 */

typedef struct ClassifierKind ClassifierKind;

/* A trained classifier, in place in a model image. */
typedef struct Classifier
{
	const ClassifierKind *kind;
	uint32_t n_features;
	uint32_t n_classes;
	const void *bytes; /* the section of the image that the kind wrote; 16-byte aligned */
	size_t length;
	void *scratch; /* scratch_size bytes, zero at first; NULL if the kind needs none */
} Classifier;

struct ClassifierKind
{
	const char *name;
	const char *meaning;             /* one line for people */
	const ParameterSpec *parameters; /* of an options struct of options_size bytes */
	size_t n_parameters;
	size_t options_size;
	bool accepts_missing;         /* NaN among the dense features */
	bool explains_slopes;         /* explain's contributions are a slope times the value */
	const char *feature_defaults; /* JSON: defaults of the feature space for this kind; or NULL */

	/*
	 * Bytes that fit will append, to check the limit of an image before the work; at least so many if
	 * only the work can tell, and then fit checks as the image grows (image_check_size).
	 */
	size_t (*image_size)(uint32_t n_features, uint32_t n_classes, const void *options);

	/* Learn, and append the classifier to the image (whose length is a multiple of 16). */
	void (*fit)(const TrainingSet *training_set, const void *options, ByteBuffer *image);

	/*
	 * Check every size and offset of untrusted bytes, so that no other function below can read
	 * outside of them or loop without end. Answers NULL, or what is wrong (a constant string).
	 */
	const char *(*validate)(const Classifier *classifier);

	/* Bytes of scratch memory that the functions below need; may be NULL for none. */
	size_t (*scratch_size)(const Classifier *classifier);

	/* Probability of every class for one row. probabilities: (n_classes), sums to 1 */
	void (*predict)(const Classifier *classifier, const SparseRow *row, double *probabilities);

	/*
	 * What each entry of the row adds to the output of one class, and what no entry accounts for
	 * (the intercept, or the output of a row of zeros, or the mean output of the training rows);
	 * together they sum to that output. The output of a kind is the class's log-odds or logit, or for
	 * a kind that averages probabilities the probability itself; for two classes the log-odds of
	 * class 0 is the negative of class 1's.
	 * contributions: (row->count)
	 */
	void (*explain)(const Classifier *classifier, const SparseRow *row, uint32_t class_index,
					double *contributions, double *intercept);

	/*
	 * How much each feature matters to the model as a whole, not negative and in the kind's own unit.
	 * importances: (n_features)
	 */
	void (*importance)(const Classifier *classifier, double *importances);
};

extern const ClassifierKind *const classifier_kinds[];
extern const size_t n_classifier_kinds;

/*
 * Make a classifier ready: validate its bytes (answers what is wrong with them, or NULL), and allocate
 * its scratch memory from the host. kind, n_features, n_classes, bytes and length are set.
 */
extern const char *classifier_open(Classifier *classifier);

/* Free the scratch memory. */
extern void classifier_close(Classifier *classifier);

/*
 * Whether options of a kind make rows of rare classes count for more: those with a parameter class_weight that is not its
 * first choice.
 */
extern bool classifier_kind_weighs_classes(const ClassifierKind *kind, const void *options);

/* The kind of that name, or NULL. */
extern const ClassifierKind *classifier_kind_find(const char *name);

#endif /* SENTIMENT_CLASSIFIER_H */
