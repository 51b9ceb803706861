/*
 * labels.c
 *	  The order of labels: of a model's classes and of a report.
 */
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/labels.h"

void
label_check_length(size_t length)
{
	if (length > MAX_LABEL_LENGTH)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL,
				   "Check that the label is in that column, and not the text.",
				   "label of %zu bytes exceeds the limit of %d bytes", length, MAX_LABEL_LENGTH);
}

/* Whether a label is an optional minus sign and one or more digits. */
static bool
is_integer(const char *label)
{
	if (*label == '-')
		label++;
	if (*label == '\0')
		return false;
	while (*label >= '0' && *label <= '9')
		label++;
	return *label == '\0';
}

bool
labels_are_integers(const char *const *labels, size_t n_labels)
{
	for (size_t i = 0; i < n_labels; i++)
	{
		if (!is_integer(labels[i]))
			return false;
	}
	return true;
}

/* Compare two numbers without sign, of any length. */
static int
compare_magnitudes(const char *a, const char *b)
{
	size_t a_length;
	size_t b_length;

	while (*a == '0')
		a++;
	while (*b == '0')
		b++;
	a_length = strlen(a);
	b_length = strlen(b);
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return strcmp(a, b);
}

/* Compare two integers of any length; "-0" comes before "0". */
static int
compare_integers(const char *a, const char *b)
{
	bool a_is_negative = *a == '-';
	bool b_is_negative = *b == '-';

	if (a_is_negative != b_is_negative)
		return a_is_negative ? -1 : 1;
	if (a_is_negative)
		return compare_magnitudes(b + 1, a + 1);
	return compare_magnitudes(a, b);
}

int
label_compare(const char *a, const char *b, bool as_integers)
{
	int comparison = as_integers ? compare_integers(a, b) : 0;

	/* "07" and "7" are two labels, so equal numbers need an order too */
	return comparison != 0 ? comparison : strcmp(a, b);
}

/* A label with its place in the list, for sorting. */
typedef struct LabelEntry
{
	const char *label;
	uint32_t index;
} LabelEntry;

static int
compare_integer_entries(const void *a, const void *b)
{
	return label_compare(((const LabelEntry *) a)->label, ((const LabelEntry *) b)->label, true);
}

static int
compare_byte_entries(const void *a, const void *b)
{
	return label_compare(((const LabelEntry *) a)->label, ((const LabelEntry *) b)->label, false);
}

/* The labels with their places, sorted; to be freed by host_free. */
static LabelEntry *
sorted_entries(const char *const *labels, size_t n_labels)
{
	LabelEntry *entries = host_allocate_array(LabelEntry, n_labels);

	for (size_t i = 0; i < n_labels; i++)
		entries[i] = (LabelEntry){labels[i], (uint32_t) i};
	qsort(entries, n_labels, sizeof(LabelEntry),
		  labels_are_integers(labels, n_labels) ? compare_integer_entries : compare_byte_entries);
	return entries;
}

void
labels_order(const char *const *labels, size_t n_labels, uint32_t *order)
{
	LabelEntry *entries = sorted_entries(labels, n_labels);

	for (size_t i = 0; i < n_labels; i++)
		order[i] = entries[i].index;
	host_free(entries);
}

void
labels_sort(const char **labels, size_t n_labels)
{
	LabelEntry *entries = sorted_entries(labels, n_labels);

	for (size_t i = 0; i < n_labels; i++)
		labels[i] = entries[i].label;
	host_free(entries);
}
