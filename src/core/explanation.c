/*
 * explanation.c
 *	  What each term, text feature and number of a text adds to a pipeline's output.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/explanation.h"
#include "core/host.h"

/*
 * A coordinate that is the small difference of large parts cannot carry its contribution to the terms by
 * their parts: these would get contributions many times as large, which only cancel each other. Below
 * this share of the parts' sizes the contribution is divided by the sizes.
 */
#define SMALLEST_SHARE 0.25

/* Strongest first; equals by source. */
static int
compare_contributions(const void *a, const void *b)
{
	const Contribution *first = a;
	const Contribution *second = b;
	double first_size = fabs(first->contribution);
	double second_size = fabs(second->contribution);

	if (first_size != second_size)
		return first_size > second_size ? -1 : 1;
	return (first->source > second->source) - (first->source < second->source);
}

/* Divide what one SVD coordinate contributes among the terms. of_terms: (terms->count), added to */
static void
carry_back(const FeatureSpace *space, const SparseRow *terms, uint32_t component, bool by_slope,
		   double contribution, double *of_terms)
{
	const float *components = space->components + component;
	double sum = 0;
	double size = 0;

	for (uint32_t i = 0; i < terms->count; i++)
	{
		double part = (double) terms->values[i] *
					  components[(size_t) terms->indices[i] * space->n_components];

		sum += part;
		size += fabs(part);
	}
	if (size == 0)
		return;
	by_slope = sum != 0 && (by_slope || fabs(sum) >= SMALLEST_SHARE * size);
	for (uint32_t i = 0; i < terms->count; i++)
	{
		double part = (double) terms->values[i] *
					  components[(size_t) terms->indices[i] * space->n_components];

		of_terms[i] += by_slope ? contribution * (part / sum) : contribution * (fabs(part) / size);
	}
}

/* One contribution of a value. */
static Contribution
contribution_of(uint32_t source, double value, double contribution)
{
	return (Contribution){source, value != 0 && !isnan(value) ? contribution / value : 0,
						  contribution};
}

/* The terms' contributions, where the row has SVD coordinates instead of them. */
static uint32_t
explain_components(const Pipeline *pipeline, const SparseRow *row, const double *of_row,
				   Contribution *result)
{
	const FeatureSpace *space = &pipeline->space;
	SparseRow terms = feature_space_terms(space);
	double *of_terms = host_allocate_zero_array(double, (size_t) terms.count + 1);

	for (uint32_t i = 0; i < space->n_components; i++)
	{
		host_check_interrupts();
		carry_back(space, &terms, row->indices[i] - space->n_terms,
				   pipeline->classifier.kind->explains_slopes, of_row[i], of_terms);
	}
	for (uint32_t i = 0; i < terms.count; i++)
		result[i] = contribution_of(terms.indices[i], terms.values[i], of_terms[i]);
	host_free(of_terms);
	return terms.count;
}

Contribution *
explain_text(Pipeline *pipeline, const char *text, size_t length, const float *numeric,
			 uint32_t class_index, uint32_t *n_contributions, double *intercept)
{
	const FeatureSpace *space = &pipeline->space;
	SparseRow row = feature_space_transform(&pipeline->space, text, length, numeric);
	size_t capacity = (size_t) row.count + feature_space_terms(space).count + 1;
	double *of_row = host_allocate_array(double, (size_t) row.count + 1);
	Contribution *result = host_allocate_array(Contribution, capacity);
	uint32_t n_terms = row.count - space->n_dense;
	uint32_t n = 0;

	pipeline->classifier.kind->explain(&pipeline->classifier, &row, class_index, of_row, intercept);
	for (uint32_t i = 0; i < n_terms; i++)
		result[n++] = contribution_of(row.indices[i], row.values[i], of_row[i]);
	if (space->n_components > 0)
		n += explain_components(pipeline, &row, of_row, result + n);
	for (uint32_t i = n_terms + space->n_components; i < row.count; i++)
		result[n++] = contribution_of(space->vocabulary.n_features + row.indices[i] -
										  space->n_terms - space->n_components,
									  row.values[i], of_row[i]);
	/* what coordinates contribute to a text without a known term has no term to go to */
	if (space->n_components > 0 && feature_space_terms(space).count == 0)
	{
		for (uint32_t i = 0; i < space->n_components; i++)
			*intercept += of_row[i];
	}
	qsort(result, n, sizeof(Contribution), compare_contributions);
	host_free(of_row);
	*n_contributions = n;
	return result;
}

void
explanation_append_name(const Pipeline *pipeline, uint32_t source, ByteBuffer *buffer)
{
	const Vocabulary *vocabulary = &pipeline->space.vocabulary;

	if (source < vocabulary->n_features)
		vocabulary_append_term(vocabulary, vocabulary_feature_node(vocabulary, source), buffer);
	else
		feature_space_append_column_name(&pipeline->space, source - vocabulary->n_features, buffer);
}
