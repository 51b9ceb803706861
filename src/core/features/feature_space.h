/*
 * feature_space.h
 *	  From a text (and numbers that come with it) to its features. Training and prediction call the same
 *	  code.
 *
 * A feature space joins blocks, each switched and weighted by parameters:
 *
 *	- terms: TF-IDF, or counts weighted by log-count ratios of the classes (weighting); or instead of the
 *	  terms the coordinates of their truncated SVD (svd_components);
 *	- columns, scaled to mean 0 and variance 1: text features with learned polarities (text_features), and
 *	  numeric columns.
 *
 * The features of a row are numbered in this order: terms or SVD coordinates, text features, polarities,
 * numeric columns. All but the terms are dense: every row has them, behind its terms.
 */
#ifndef SENTIMENT_FEATURE_SPACE_H
#define SENTIMENT_FEATURE_SPACE_H

#include "core/features/corpus.h"
#include "core/features/sparse_matrix.h"
#include "core/features/standard_scaler.h"
#include "core/features/tfidf.h"
#include "core/features/vocabulary.h"
#include "core/model_image.h"
#include "core/parameters.h"
#include "core/text/tokenizer.h"

/* How terms are weighted. */
typedef enum Weighting
{
	WEIGHTING_TFIDF,   /* TF-IDF */
	WEIGHTING_NB,      /* presence times log-count ratio */
	WEIGHTING_TFIDF_NB /* TF-IDF times log-count ratio */
} Weighting;

/* Filled by parameters_parse from feature_block_parameters. */
typedef struct FeatureBlockOptions
{
	int weighting;      /* Weighting */
	int svd_components; /* 0: the terms themselves */
	bool text_features;
	int numeric_missing;   /* MissingRule */
	double text_weight;    /* of terms or SVD coordinates; 0: none of them */
	double numeric_weight; /* of the columns */
} FeatureBlockOptions;

typedef struct FeatureSpaceOptions
{
	TokenizerOptions tokenizer;
	VocabularyOptions vocabulary;
	TfidfOptions tfidf;
	FeatureBlockOptions blocks;
	uint32_t n_numeric;
	const char *const *numeric_names; /* (n_numeric) names of the numeric columns */
} FeatureSpaceOptions;

/* Groups of parameters of the terms alone, and of the whole feature space. */
#define N_TERM_GROUPS          3
#define N_FEATURE_SPACE_GROUPS 4

/* More classes than this have no polarities. */
#define MAX_POLARITY_CLASSES 32

/* The groups of parameters that fill the options; groups: (N_FEATURE_SPACE_GROUPS) */
extern void feature_space_groups(FeatureSpaceOptions *options, ParameterGroup *groups);

/* Set defaults, apply a JSON object with parameters of terms, and check that they agree. */
extern void feature_space_parse(const char *json, FeatureSpaceOptions *options);

/* What a corpus must keep of its texts. */
extern CorpusValues feature_space_corpus_values(const FeatureSpaceOptions *options);

/* First bytes of the section IMAGE_SECTION_SVD; the figures follow, then the components. */
typedef struct SvdHeader
{
	uint32_t n_terms;
	uint32_t n_components;
	/*
	 * double singular_values[n_components], explained_variance[n_components],
	 * explained_variance_ratio[n_components]; float components[n_terms][n_components]
	 */
} SvdHeader;

/* Bytes of the section before the components. */
static inline size_t
svd_components_offset(uint32_t n_components)
{
	return (sizeof(SvdHeader) + 3 * sizeof(double) * (size_t) n_components + 63) & ~(size_t) 63;
}

/* A fitted feature space in an image, with the scratch memory to use it. */
typedef struct FeatureSpace
{
	FeatureSpaceOptions options;
	Vocabulary vocabulary;
	uint32_t n_terms;              /* features that are terms: the vocabulary's, or 0 */
	uint32_t n_components;         /* SVD coordinates, or 0 */
	const float *components;       /* (vocabulary.n_features, n_components) */
	const double *singular_values; /* (n_components) */
	StandardScaler columns;        /* text features, polarities, numeric columns */
	const float *polarities;       /* (vocabulary.n_features, columns.header.n_polarities) */
	uint32_t n_dense;              /* n_components and the columns */
	uint32_t n_features;           /* n_terms + n_dense */
	Tokenizer *tokenizer;
	TermCounts *counts;
	float *column_values;  /* (columns) */
	uint32_t *row_indices; /* of the last row, if it has dense features */
	float *row_values;
	uint32_t row_capacity;
} FeatureSpace;

/*
 * Fit the feature space to documents of a corpus and append its sections to the image. The documents'
 * labels must be classes below n_classes. Gives the documents' features in rows, whose arrays are the
 * caller's, to be freed by feature_space_free_matrix, and the number of dense features.
 */
extern void feature_space_fit(const FeatureSpaceOptions *options, const Corpus *corpus,
							  const CorpusDocument *documents, uint32_t n_documents,
							  uint32_t n_classes, const char *const *labels, uint64_t seed,
							  ImageWriter *image, SparseMatrix *matrix, uint32_t *n_dense);

/* Free the arrays of a matrix of feature_space_fit. */
extern void feature_space_free_matrix(SparseMatrix *matrix);

/* The image of a vocabulary alone, fitted to all texts of a corpus. */
extern ByteBuffer feature_space_image(const FeatureSpaceOptions *options, const Corpus *corpus);

/* Open an image of untrusted origin made by feature_space_image; it must stay in place. */
extern FeatureSpace *feature_space_open_image(const void *image, size_t length);

/*
 * Open the feature space of a checked image, whose options the caller has read, for a number of classes
 * (0: a vocabulary alone).
 */
extern void feature_space_open(const void *image, const FeatureSpaceOptions *options,
							   uint32_t n_classes, FeatureSpace *space);

/* Free the scratch memory. */
extern void feature_space_close(FeatureSpace *space);

/*
 * The features of a text; the row lives until the next call.
 * numeric: the numeric columns' numbers, NaN where missing; NULL: all are missing
 */
extern SparseRow feature_space_transform(FeatureSpace *space, const char *text, size_t length,
										 const float *numeric);

/* The same for a document of a corpus. hashes: of the corpus's tokens, by token_hashes_of */
extern SparseRow feature_space_transform_document(FeatureSpace *space, const Corpus *corpus,
												  const CorpusDocument *document,
												  const uint64_t *hashes);

/* The SVD coordinates of a text, without text_weight: (n_components) */
extern void feature_space_embed(FeatureSpace *space, const char *text, size_t length,
								float *coordinates);

/* The weighted terms of the last text. */
extern SparseRow feature_space_terms(const FeatureSpace *space);

/*
 * The columns of the last text before they are scaled: (columns.header.n_columns), NaN where missing.
 */
extern const float *feature_space_columns(const FeatureSpace *space);

/* Append the name of a feature: a term, or in parentheses what is none, such as "(word_count)". */
extern void feature_space_append_name(const FeatureSpace *space, uint32_t feature,
									  ByteBuffer *buffer);

/* Append the name of a column: see feature_space_append_name. */
extern void feature_space_append_column_name(const FeatureSpace *space, uint32_t column,
											 ByteBuffer *buffer);

/* Hashes of all tokens of a corpus; the caller's to free. (tokens.n_strings) */
extern uint64_t *token_hashes_of(const Corpus *corpus);

#endif /* SENTIMENT_FEATURE_SPACE_H */
