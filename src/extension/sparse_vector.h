/*
 * sparse_vector.h
 *	  The type sentiment_vector: a sparse vector of float4, in pgvector's text form of sparsevec.
 */
#ifndef SENTIMENT_SPARSE_VECTOR_H
#define SENTIMENT_SPARSE_VECTOR_H

#include "postgres.h"

#include "core/features/sparse_matrix.h"

/* Dimensions and entries that pgvector's sparsevec allows as well. */
#define SPARSE_VECTOR_MAX_DIMENSIONS 1000000000

/* A vector with the entries of a row, sorted by index. */
extern Datum sparse_vector_from_row(const SparseRow *row, uint32 dimensions);

#endif /* SENTIMENT_SPARSE_VECTOR_H */
