/*
 * text_embedding.c
 *	  A text as a short vector, as a model sees it.
 */
#include <math.h>
#include <string.h>

#include "core/drift/text_embedding.h"
#include "core/hash.h"

uint32_t
text_embedding_dimensions(const FeatureSpace *space)
{
	return space->n_components > 0 && space->n_components < MAX_EMBEDDING_DIMENSIONS
			   ? space->n_components
			   : MAX_EMBEDDING_DIMENSIONS;
}

/* Add a term by its hashed sign to its hashed dimension. */
static inline void
add_hashed(uint32_t feature, float value, float *embedding)
{
	uint64_t hash = (feature + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);

	embedding[hash >> 59] += (hash >> 58 & 1) != 0 ? -value : value;
}

void
text_embedding_compute(const FeatureSpace *space, float *embedding)
{
	SparseRow terms = feature_space_terms(space);
	uint32_t n_dimensions = text_embedding_dimensions(space);
	double squares = 0;
	float scale;

	memset(embedding, 0, n_dimensions * sizeof(float));
	for (uint32_t i = 0; i < terms.count; i++)
	{
		const float *component;

		squares += (double) terms.values[i] * terms.values[i];
		if (space->n_components == 0)
		{
			add_hashed(terms.indices[i], terms.values[i], embedding);
			continue;
		}
		component = space->components + (size_t) terms.indices[i] * space->n_components;
		for (uint32_t j = 0; j < n_dimensions; j++)
			embedding[j] += terms.values[i] * component[j];
	}
	scale = squares > 0 ? (float) (1 / sqrt(squares)) : 0;
	for (uint32_t j = 0; j < n_dimensions; j++)
		embedding[j] *= scale;
}
