/*
 * feature_space.h
 *	  From a text to its features: tokens, terms, TF-IDF. Training and prediction call the same code.
 */
#ifndef SENTIMENT_FEATURE_SPACE_H
#define SENTIMENT_FEATURE_SPACE_H

#include "core/features/corpus.h"
#include "core/features/sparse_matrix.h"
#include "core/features/tfidf.h"
#include "core/features/vocabulary.h"
#include "core/model_image.h"
#include "core/parameters.h"
#include "core/text/tokenizer.h"

typedef struct FeatureSpaceOptions
{
	TokenizerOptions tokenizer;
	VocabularyOptions vocabulary;
	TfidfOptions tfidf;
} FeatureSpaceOptions;

#define N_FEATURE_SPACE_GROUPS 3

/* The groups of parameters that fill the options; groups: (N_FEATURE_SPACE_GROUPS) */
extern void feature_space_groups(FeatureSpaceOptions *options, ParameterGroup *groups);

/* Set defaults, apply a JSON object, and check that the options agree with each other. */
extern void feature_space_parse(const char *json, FeatureSpaceOptions *options);

/* A fitted feature space in an image, with the scratch memory to use it. */
typedef struct FeatureSpace
{
	FeatureSpaceOptions options;
	Vocabulary vocabulary;
	Tokenizer *tokenizer;
	TermCounts *counts;
} FeatureSpace;

/*
 * Fit the feature space to documents of a corpus: appends the vocabulary's section to the image, and
 * gives the documents' features in rows, unless matrix is NULL. The matrix's arrays are the caller's,
 * to be freed by feature_space_free_matrix.
 */
extern void feature_space_fit(const FeatureSpaceOptions *options, const Corpus *corpus,
							  const CorpusDocument *documents, uint32_t n_documents,
							  ImageWriter *image, SparseMatrix *matrix);

/* Free the arrays of a matrix of feature_space_fit. */
extern void feature_space_free_matrix(SparseMatrix *matrix);

/* The image of a feature space alone, fitted to all texts of a corpus. */
extern ByteBuffer feature_space_image(const FeatureSpaceOptions *options, const Corpus *corpus);

/* Open an image of untrusted origin made by feature_space_image; it must stay in place. */
extern FeatureSpace *feature_space_open_image(const void *image, size_t length);

/* Open the feature space of a checked image, whose options the caller has read. */
extern void feature_space_open(const void *image, const FeatureSpaceOptions *options,
							   FeatureSpace *space);

/* Free the scratch memory. */
extern void feature_space_close(FeatureSpace *space);

/* The features of a text; the row lives until the next call. */
extern SparseRow feature_space_transform(FeatureSpace *space, const char *text, size_t length);

#endif /* SENTIMENT_FEATURE_SPACE_H */
