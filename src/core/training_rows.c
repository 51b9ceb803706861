/*
 * training_rows.c
 *	  Which documents of a corpus a pipeline learns from, and in what order.
 */
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/training_rows.h"

/* Compare documents by hash of the text, then by class and values. */
static int
compare_documents(const void *a, const void *b)
{
	const CorpusDocument *first = a;
	const CorpusDocument *second = b;

	if (first->hash != second->hash)
		return first->hash < second->hash ? -1 : 1;
	if (first->label != second->label)
		return first->label < second->label ? -1 : 1;
	return (first->values_hash > second->values_hash) - (first->values_hash < second->values_hash);
}

/* Rows that a class may have at most, where the rows' classes have these sizes. */
static uint32_t
class_limit(const TrainingRows *rows, Balance balance, uint32_t per_class_limit)
{
	uint32_t limit = per_class_limit == 0 ? UINT32_MAX : per_class_limit;

	for (uint32_t i = 0; i < rows->n_classes && balance == BALANCE_UNDERSAMPLE; i++)
	{
		if (rows->class_sizes[i] < limit)
			limit = rows->class_sizes[i];
	}
	return limit;
}

uint32_t
training_rows_limit(TrainingRows *rows, Balance balance, uint32_t per_class_limit)
{
	uint32_t limit = class_limit(rows, balance, per_class_limit);
	uint32_t n_before = rows->n_documents;

	memset(rows->class_sizes, 0, sizeof(uint32_t) * rows->n_classes);
	rows->n_documents = 0;
	for (uint32_t i = 0; i < n_before; i++)
	{
		uint32_t class = rows->documents[i].label;

		if (rows->class_sizes[class] == limit)
			continue;
		rows->class_sizes[class]++;
		rows->documents[rows->n_documents++] = rows->documents[i];
	}
	return limit;
}

void
training_rows_choose(const Corpus *corpus, const ClassList *classes, TrainingRows *rows)
{
	rows->corpus = corpus;
	rows->n_classes = classes->n_classes;
	rows->n_documents = corpus->n_documents;
	rows->class_sizes = host_allocate_zero_array(uint32_t, classes->n_classes);
	rows->base_sizes = host_allocate_array(uint32_t, classes->n_classes);
	rows->documents = host_allocate_array(CorpusDocument, (size_t) corpus->n_documents + 1);
	for (uint32_t i = 0; i < corpus->n_documents; i++)
	{
		rows->documents[i] = corpus->documents[i];
		rows->documents[i].label = classes->class_of[rows->documents[i].label];
		rows->class_sizes[rows->documents[i].label]++;
	}
	qsort(rows->documents, corpus->n_documents, sizeof(CorpusDocument), compare_documents);
	host_check_interrupts();
	memcpy(rows->base_sizes, rows->class_sizes, sizeof(uint32_t) * rows->n_classes);
}

void
training_rows_class_weights(const TrainingRows *rows, double *weights)
{
	for (uint32_t i = 0; i < rows->n_classes; i++)
		weights[i] = (double) rows->n_documents / ((double) rows->n_classes * rows->class_sizes[i]);
}

/* A copy of an array of numbers. */
static uint32_t *
copy_numbers(const uint32_t *numbers, uint32_t n)
{
	return memcpy(host_allocate_array(uint32_t, n), numbers, n * sizeof(uint32_t));
}

void
training_rows_copy(const TrainingRows *rows, TrainingRows *copy)
{
	*copy = *rows;
	copy->documents = host_allocate_array(CorpusDocument, (size_t) rows->n_documents + 1);
	memcpy(copy->documents, rows->documents, rows->n_documents * sizeof(CorpusDocument));
	copy->class_sizes = copy_numbers(rows->class_sizes, rows->n_classes);
	copy->base_sizes = copy_numbers(rows->base_sizes, rows->n_classes);
}

void
training_rows_free(TrainingRows *rows)
{
	host_free(rows->documents);
	host_free(rows->class_sizes);
	host_free(rows->base_sizes);
	*rows = (TrainingRows){0};
}
