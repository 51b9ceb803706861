/*
 * vocabulary_builder.h
 *	  From documents of token ids to a vocabulary and to the counts of its terms in each document.
 */
#ifndef SENTIMENT_VOCABULARY_BUILDER_H
#define SENTIMENT_VOCABULARY_BUILDER_H

#include "core/features/corpus.h"
#include "core/features/vocabulary.h"

/* Counts of terms in documents, CSR; owned arrays. */
typedef struct TermCountMatrix
{
	uint32_t n_rows;
	uint32_t n_features;
	uint64_t *row_starts; /* (n_rows + 1) */
	uint32_t *indices;    /* (row_starts[n_rows]) features */
	float *values;        /* (row_starts[n_rows]) counts */
} TermCountMatrix;

/*
 * Count the n-grams of the documents (some or all of the corpus, in the order given), choose the terms
 * as min_df, max_df and max_features tell (scikit-learn's rules), and append the vocabulary's section
 * to the buffer, whose length must be a multiple of 16. The result depends on the set of documents
 * only; the rows of counts, if asked for (counts not NULL), come in the order of the documents.
 * Raises HOST_ERROR_INSUFFICIENT_DATA if no term is left.
 */
extern void vocabulary_build(const Corpus *corpus, const CorpusDocument *documents,
							 uint32_t n_documents, const VocabularyOptions *options,
							 ByteBuffer *section, TermCountMatrix *counts);

/* The same, but answers false and appends nothing if no term is left. */
extern bool vocabulary_try_build(const Corpus *corpus, const CorpusDocument *documents,
								 uint32_t n_documents, const VocabularyOptions *options,
								 ByteBuffer *section, TermCountMatrix *counts);

/* Append the section of a vocabulary without terms, of that many texts. */
extern void vocabulary_write_empty(const VocabularyOptions *options, uint32_t n_documents,
								   ByteBuffer *section);

/* Free the arrays of a matrix. */
extern void term_count_matrix_free(TermCountMatrix *counts);

#endif /* SENTIMENT_VOCABULARY_BUILDER_H */
