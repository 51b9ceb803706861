/*
 * class_list.c
 *	  The classes of a training.
 */
#include <string.h>

#include "core/class_list.h"
#include "core/host.h"
#include "core/labels.h"

/* Refuse labels of which one has too few rows to learn from. */
static void
check_class_sizes(const ClassList *classes)
{
	for (uint32_t i = 0; i < classes->n_classes; i++)
	{
		if (classes->class_sizes[i] < 2)
			host_error(HOST_ERROR_INSUFFICIENT_DATA,
					   "A label that was seen once cannot be told from chance.",
					   "Add rows of this label, hold out fewer (parameter holdout), or leave it "
					   "out of the source with a view.",
					   "label \"%s\" has a single row to learn from", classes->labels[i]);
	}
}

void
class_list_make(const Corpus *corpus, ClassList *classes)
{
	uint32_t n_labels = corpus->labels.n_strings;
	const char **labels = host_allocate_array(const char *, (size_t) n_labels + 1);
	uint32_t *order = host_allocate_array(uint32_t, (size_t) n_labels + 1);

	/* before anything is looked up by label: a corpus may have texts, but no labels */
	if (n_labels < 2)
		host_error(HOST_ERROR_INSUFFICIENT_DATA, "A classifier needs rows of two labels at least.",
				   "Check the label column, and whether a filter leaves one label only.",
				   n_labels == 0 ? "there are no rows to learn from"
								 : "all rows have the same label");
	for (uint32_t i = 0; i < n_labels; i++)
		labels[i] = string_table_copy(&corpus->labels, i);
	labels_order(labels, n_labels, order);
	classes->n_classes = n_labels;
	classes->labels = host_allocate_array(const char *, (size_t) n_labels + 1);
	classes->class_of = host_allocate_array(uint32_t, (size_t) n_labels + 1);
	classes->class_sizes = host_allocate_zero_array(uint64_t, (size_t) n_labels + 1);
	for (uint32_t i = 0; i < n_labels; i++)
	{
		classes->labels[i] = labels[order[i]];
		classes->class_of[order[i]] = i;
	}
	for (uint32_t i = 0; i < corpus->n_documents; i++)
		classes->class_sizes[classes->class_of[corpus->documents[i].label]]++;
	host_free(labels);
	host_free(order);
	check_class_sizes(classes);
}

uint32_t
class_list_positive(const ClassList *classes, const char *positive_label)
{
	if (positive_label == NULL)
		return classes->n_classes - 1;
	for (uint32_t i = 0; i < classes->n_classes; i++)
	{
		if (strcmp(classes->labels[i], positive_label) == 0)
			return i;
	}
	host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Labels are compared exactly, case included.",
			   "positive_label \"%s\" is not among the labels", positive_label);
}

void
class_list_free(ClassList *classes)
{
	for (uint32_t i = 0; i < classes->n_classes; i++)
		host_free((void *) classes->labels[i]);
	host_free(classes->labels);
	host_free(classes->class_of);
	host_free(classes->class_sizes);
	*classes = (ClassList){0};
}
