/*
 * class_ratios.c
 *	  Log-count ratios of the terms.
 */
#include <math.h>
#include <string.h>

#include "core/features/class_ratios.h"
#include "core/host.h"

/* Added to every number of texts, so that no ratio is infinite. */
#define SMOOTHING 1.0

/* Terms whose ratios are asked for ahead of their use. */
#define PREFETCH_DISTANCE 32

/* Rows between two checks for interrupts. */
#define ROWS_PER_CHECK 256

/* Texts of each class that have each term: (n_features, n_classes) */
static uint32_t *
count_texts(const TermCountMatrix *counts, const uint32_t *labels, uint32_t n_classes,
			const uint8_t *parts, uint8_t left_out)
{
	uint32_t *texts =
		host_allocate_zero_array(uint32_t, host_array_size(counts->n_features, n_classes));

	for (uint32_t row = 0; row < counts->n_rows; row++)
	{
		if (row % ROWS_PER_CHECK == 0)
			host_check_interrupts();
		if (parts != NULL && parts[row] == left_out)
			continue;
		for (uint64_t i = counts->row_starts[row]; i < counts->row_starts[row + 1]; i++)
			texts[(size_t) counts->indices[i] * n_classes + labels[row]]++;
	}
	return texts;
}

void
class_ratios_fit(const TermCountMatrix *counts, const uint32_t *labels, uint32_t n_classes,
				 const uint8_t *parts, uint8_t left_out, float *ratios)
{
	uint32_t n_ratios = class_ratio_count(n_classes);
	uint32_t *texts = count_texts(counts, labels, n_classes, parts, left_out);
	double *totals = host_allocate_zero_array(double, n_classes);
	double total = 0;

	for (uint32_t feature = 0; feature < counts->n_features; feature++)
	{
		if (feature % (1 + 65536 / n_classes) == 0)
			host_check_interrupts();
		for (uint32_t k = 0; k < n_classes; k++)
			totals[k] += texts[(size_t) feature * n_classes + k];
	}
	for (uint32_t k = 0; k < n_classes; k++)
		total += totals[k];
	for (uint32_t feature = 0; feature < counts->n_features; feature++)
	{
		const uint32_t *of_class = texts + (size_t) feature * n_classes;
		double smoothing_total = SMOOTHING * counts->n_features;
		double all = 0;

		if (feature % (1 + 65536 / n_classes) == 0)
			host_check_interrupts();
		for (uint32_t k = 0; k < n_classes; k++)
			all += of_class[k];
		for (uint32_t r = 0; r < n_ratios; r++)
		{
			uint32_t k = n_ratios == 1 ? 1 : r;
			double p = (of_class[k] + SMOOTHING) / (totals[k] + smoothing_total);
			double q = (all - of_class[k] + SMOOTHING) / (total - totals[k] + smoothing_total);

			ratios[(size_t) feature * n_ratios + r] = (float) log(p / q);
		}
	}
	host_free(texts);
	host_free(totals);
}

void
class_ratios_largest(const float *ratios, uint32_t n_features, uint32_t n_ratios, float *weights)
{
	for (uint32_t feature = 0; feature < n_features; feature++)
	{
		const float *of_feature = ratios + (size_t) feature * n_ratios;

		weights[feature] = of_feature[0];
		for (uint32_t r = 1; r < n_ratios; r++)
		{
			if (fabsf(of_feature[r]) > fabsf(weights[feature]))
				weights[feature] = of_feature[r];
		}
	}
}

void
class_ratios_polarity(const float *ratios, uint32_t n_ratios, const uint32_t *indices,
					  uint32_t count, double *polarities)
{
	memset(polarities, 0, n_ratios * sizeof(double));
	for (uint32_t i = 0; i < count && i < PREFETCH_DISTANCE; i++)
		__builtin_prefetch(&ratios[(size_t) indices[i] * n_ratios]);
	for (uint32_t i = 0; i < count; i++)
	{
		if (i + PREFETCH_DISTANCE < count)
			__builtin_prefetch(&ratios[(size_t) indices[i + PREFETCH_DISTANCE] * n_ratios]);
		for (uint32_t r = 0; r < n_ratios; r++)
			polarities[r] += ratios[(size_t) indices[i] * n_ratios + r];
	}
	for (uint32_t r = 0; r < n_ratios && count > 0; r++)
		polarities[r] /= count;
}
