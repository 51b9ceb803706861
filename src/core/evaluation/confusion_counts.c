/*
 * confusion_counts.c
 *	  Counts pairs of an actual and a predicted label.
 *
 * Flat form, little-endian: FlatHeader; the numbers, 8 bytes each: counts (n_labels, n_labels) up to
 * MAX_REPORTED_LABELS labels, else totals (n_labels, 3); the labels' lengths, 4 bytes each; the
 * labels' bytes.
 */
#include <string.h>

#include "core/evaluation/confusion_counts.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/labels.h"
#include "core/text/utf8.h"

#define FORMAT_VERSION 1

typedef struct FlatHeader
{
	uint32_t version;
	uint32_t n_labels;
	uint64_t n_skipped;
} FlatHeader;

/* Whether counts of that many labels know their pairs. */
static bool
has_pairs(uint32_t n_labels)
{
	return n_labels <= MAX_REPORTED_LABELS;
}

/* Make room for the totals of one label more. */
static void
grow_totals(ConfusionCounts *counts)
{
	uint32_t old_capacity = counts->capacity;

	counts->capacity = old_capacity == 0 ? 4 : old_capacity * 2;
	if (counts->totals == NULL)
		counts->totals = host_allocate_array(ClassTotals, counts->capacity);
	else
		counts->totals = host_reallocate_array(counts->totals, ClassTotals, counts->capacity);
	memset(counts->totals + old_capacity, 0,
		   (counts->capacity - old_capacity) * sizeof(ClassTotals));
}

/* Make room for the pairs of one label more. */
static void
grow_pairs(ConfusionCounts *counts)
{
	size_t old_capacity = counts->counts_capacity;
	size_t capacity = old_capacity == 0 ? 4 : old_capacity * 2;
	uint64_t *grown = host_allocate_zero_array(uint64_t, capacity * capacity);

	for (size_t actual = 0; actual < old_capacity; actual++)
		memcpy(grown + actual * capacity, counts->counts + actual * old_capacity,
			   old_capacity * sizeof(uint64_t));
	host_free(counts->counts);
	counts->counts = grown;
	counts->counts_capacity = (uint32_t) capacity;
}

/* Forget the pairs: there are too many labels. */
static void
drop_pairs(ConfusionCounts *counts)
{
	host_free(counts->counts);
	counts->counts = NULL;
	counts->counts_capacity = 0;
}

/* Number of a label, which is added if it is new. */
static uint32_t
label_number(ConfusionCounts *counts, const char *label, size_t length)
{
	uint32_t n_labels = counts->labels.n_strings;
	uint32_t number;

	label_check_length(length);
	number = string_table_add(&counts->labels, label, length, hash_token(label, length));
	if (number < n_labels)
		return number;

	n_labels++;
	if (n_labels > MAX_EVALUATED_LABELS)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL,
				   "Check that both arguments are labels, and not texts or scores.",
				   "more than %d distinct labels", MAX_EVALUATED_LABELS);
	if (n_labels > counts->capacity)
		grow_totals(counts);
	if (!has_pairs(n_labels))
		drop_pairs(counts);
	else if (n_labels > counts->counts_capacity)
		grow_pairs(counts);
	return number;
}

/* Count a pair of labels n_rows times. */
static void
add_pair(ConfusionCounts *counts, uint32_t actual, uint32_t predicted, uint64_t n_rows)
{
	counts->totals[actual].actual += n_rows;
	counts->totals[predicted].predicted += n_rows;
	if (actual == predicted)
		counts->totals[actual].correct += n_rows;
	if (counts->counts != NULL)
		counts->counts[(size_t) actual * counts->counts_capacity + predicted] += n_rows;
}

/* Add to a number of rows; refuses too many. */
static void
add_rows(uint64_t *n_rows, uint64_t more)
{
	if (more > MAX_EVALUATED_ROWS - *n_rows)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "more than %llu rows",
				   (unsigned long long) MAX_EVALUATED_ROWS);
	*n_rows += more;
}

void
confusion_counts_add(ConfusionCounts *counts, const char *actual, size_t actual_length,
					 const char *predicted, size_t predicted_length)
{
	uint32_t actual_number = label_number(counts, actual, actual_length);
	uint32_t predicted_number = label_number(counts, predicted, predicted_length);

	add_rows(&counts->n_rows, 1);
	add_pair(counts, actual_number, predicted_number, 1);
}

void
confusion_counts_skip(ConfusionCounts *counts)
{
	add_rows(&counts->n_skipped, 1);
}

/* Add the totals of other counts. numbers: the other's label numbers -> these */
static void
merge_totals(ConfusionCounts *counts, const ConfusionCounts *other, const uint32_t *numbers)
{
	for (uint32_t i = 0; i < other->labels.n_strings; i++)
	{
		ClassTotals *totals = &counts->totals[numbers[i]];

		totals->correct += other->totals[i].correct;
		totals->actual += other->totals[i].actual;
		totals->predicted += other->totals[i].predicted;
	}
}

/* Add the pairs of other counts, where both know them. */
static void
merge_pairs(ConfusionCounts *counts, const ConfusionCounts *other, const uint32_t *numbers)
{
	if (counts->counts == NULL || other->counts == NULL)
		return;
	for (uint32_t i = 0; i < other->labels.n_strings; i++)
	{
		uint64_t *target = counts->counts + (size_t) numbers[i] * counts->counts_capacity;
		const uint64_t *source = other->counts + (size_t) i * other->counts_capacity;

		for (uint32_t j = 0; j < other->labels.n_strings; j++)
			target[numbers[j]] += source[j];
	}
}

void
confusion_counts_merge(ConfusionCounts *counts, const ConfusionCounts *other)
{
	uint32_t n_labels = other->labels.n_strings;
	uint32_t *numbers = host_allocate_array(uint32_t, n_labels);

	for (uint32_t i = 0; i < n_labels; i++)
	{
		size_t length;
		const char *label = string_table_get(&other->labels, i, &length);

		numbers[i] = label_number(counts, label, length);
	}
	add_rows(&counts->n_rows, other->n_rows);
	add_rows(&counts->n_skipped, other->n_skipped);
	merge_totals(counts, other, numbers);
	merge_pairs(counts, other, numbers);
	host_free(numbers);
}

/* The labels as zero-terminated strings, by number. */
static const char **
copy_labels(const StringTable *table)
{
	const char **labels = host_allocate_array(const char *, table->n_strings);

	for (uint32_t i = 0; i < table->n_strings; i++)
		labels[i] = string_table_copy(table, i);
	return labels;
}

/* The pairs with rows and columns in another order, or NULL if they are not known. */
static uint64_t *
ordered_pairs(const ConfusionCounts *counts, const uint32_t *order)
{
	size_t n_labels = counts->labels.n_strings;
	uint64_t *ordered;

	if (counts->counts == NULL)
		return NULL;
	ordered = host_allocate_array(uint64_t, n_labels * n_labels);
	for (size_t i = 0; i < n_labels; i++)
	{
		for (size_t j = 0; j < n_labels; j++)
			ordered[i * n_labels + j] =
				counts->counts[(size_t) order[i] * counts->counts_capacity + order[j]];
	}
	return ordered;
}

void
confusion_counts_report_json(const ConfusionCounts *counts, ByteBuffer *buffer)
{
	uint32_t n_labels = counts->labels.n_strings;
	const char **labels = copy_labels(&counts->labels);
	const char **sorted_labels = host_allocate_array(const char *, n_labels);
	uint32_t *order = host_allocate_array(uint32_t, n_labels);
	ClassTotals *totals = host_allocate_array(ClassTotals, n_labels);
	uint64_t *pairs;

	labels_order(labels, n_labels, order);
	for (uint32_t i = 0; i < n_labels; i++)
	{
		sorted_labels[i] = labels[order[i]];
		totals[i] = counts->totals[order[i]];
	}
	pairs = ordered_pairs(counts, order);
	classification_totals_report_json(&(ConfusionTotals){.n_labels = n_labels,
														 .labels = sorted_labels,
														 .totals = totals,
														 .counts = pairs,
														 .rows_skipped = counts->n_skipped},
									  buffer);
	for (uint32_t i = 0; i < n_labels; i++)
		host_free((char *) labels[i]);
	host_free(pairs);
	host_free(totals);
	host_free(order);
	host_free(sorted_labels);
	host_free(labels);
}

/* How many numbers of 8 bytes the flat form of that many labels has. */
static size_t
flat_numbers(uint32_t n_labels)
{
	return (size_t) n_labels * (has_pairs(n_labels) ? n_labels : 3);
}

size_t
confusion_counts_flat_size(const ConfusionCounts *counts)
{
	uint32_t n_labels = counts->labels.n_strings;

	return sizeof(FlatHeader) + flat_numbers(n_labels) * sizeof(uint64_t) +
		   n_labels * sizeof(uint32_t) + counts->labels.bytes.length;
}

/* Copy a part of the flat form and answer where the next one starts. */
static char *
write_part(char *position, const void *part, size_t length)
{
	if (length > 0)
		memcpy(position, part, length);
	return position + length;
}

/* Write the flat form's numbers. */
static char *
write_numbers(const ConfusionCounts *counts, char *position)
{
	uint32_t n_labels = counts->labels.n_strings;

	if (!has_pairs(n_labels))
		return write_part(position, counts->totals, n_labels * sizeof(ClassTotals));
	for (uint32_t i = 0; i < n_labels; i++)
		position = write_part(position, counts->counts + (size_t) i * counts->counts_capacity,
							  n_labels * sizeof(uint64_t));
	return position;
}

void
confusion_counts_flatten(const ConfusionCounts *counts, char *bytes)
{
	FlatHeader header = {FORMAT_VERSION, counts->labels.n_strings, counts->n_skipped};
	char *position = write_part(bytes, &header, sizeof(header));

	position = write_numbers(counts, position);
	for (uint32_t i = 0; i < header.n_labels; i++)
	{
		size_t length;
		uint32_t stored_length;

		string_table_get(&counts->labels, i, &length);
		stored_length = (uint32_t) length;
		position = write_part(position, &stored_length, sizeof(stored_length));
	}
	write_part(position, counts->labels.bytes.data, counts->labels.bytes.length);
}

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_counts(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL,
			   "invalid value for type sentiment_confusion");
}

/* Check a flat form's header, and that what it announces is there but for the labels' bytes. */
static FlatHeader
read_header(const char *bytes, size_t length)
{
	FlatHeader header;

	if (length < sizeof(header))
		invalid_counts("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	if (header.version == 0)
		invalid_counts("It has no format version.");
	if (header.version > FORMAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.",
				   "Upgrade the extension.",
				   "format version %u of type sentiment_confusion is not supported",
				   header.version);
	if (header.n_labels > MAX_EVALUATED_LABELS)
		invalid_counts("It has too many labels.");
	if (header.n_skipped > MAX_EVALUATED_ROWS)
		invalid_counts("It has too many rows.");
	if ((length - sizeof(header)) / sizeof(uint32_t) <
		flat_numbers(header.n_labels) * 2 + header.n_labels)
		invalid_counts("It is truncated.");
	return header;
}

/* Read the labels, whose bytes must fill the rest. */
static void
read_labels(ConfusionCounts *counts, uint32_t n_labels, const char *lengths, const char *bytes,
			size_t n_bytes)
{
	for (uint32_t i = 0; i < n_labels; i++)
	{
		uint32_t length;

		memcpy(&length, lengths + i * sizeof(length), sizeof(length));
		if (length > n_bytes || length > MAX_LABEL_LENGTH)
			invalid_counts("A label lies outside of its space.");
		if (memchr(bytes, '\0', length) != NULL || !utf8_is_valid(bytes, length))
			invalid_counts("A label is not valid UTF-8.");
		if (label_number(counts, bytes, length) != i)
			invalid_counts("A label stands there twice.");
		bytes += length;
		n_bytes -= length;
	}
	if (n_bytes != 0)
		invalid_counts("It is longer than its labels.");
}

/* Read the numbers of all pairs. */
static void
read_pairs(ConfusionCounts *counts, uint32_t n_labels, const char *numbers)
{
	for (uint32_t actual = 0; actual < n_labels; actual++)
	{
		for (uint32_t predicted = 0; predicted < n_labels; predicted++)
		{
			uint64_t n_rows;

			memcpy(&n_rows, numbers, sizeof(n_rows));
			numbers += sizeof(n_rows);
			if (n_rows > MAX_EVALUATED_ROWS - counts->n_rows)
				invalid_counts("It has too many rows.");
			counts->n_rows += n_rows;
			add_pair(counts, actual, predicted, n_rows);
		}
	}
}

/* Read the labels' totals. */
static void
read_totals(ConfusionCounts *counts, uint32_t n_labels, const char *numbers)
{
	uint64_t n_predicted = 0;

	for (uint32_t i = 0; i < n_labels; i++)
	{
		ClassTotals totals;

		memcpy(&totals, numbers + i * sizeof(totals), sizeof(totals));
		if (totals.actual > MAX_EVALUATED_ROWS - counts->n_rows ||
			totals.predicted > MAX_EVALUATED_ROWS - n_predicted)
			invalid_counts("It has too many rows.");
		if (totals.correct > totals.actual || totals.correct > totals.predicted)
			invalid_counts("A label is correct more often than it occurs.");
		counts->totals[i] = totals;
		counts->n_rows += totals.actual;
		n_predicted += totals.predicted;
	}
	if (n_predicted != counts->n_rows)
		invalid_counts("It has not as many actual as predicted labels.");
}

void
confusion_counts_unflatten(ConfusionCounts *counts, const char *bytes, size_t length)
{
	FlatHeader header = read_header(bytes, length);
	const char *numbers = bytes + sizeof(header);
	const char *lengths = numbers + flat_numbers(header.n_labels) * sizeof(uint64_t);
	const char *labels = lengths + header.n_labels * sizeof(uint32_t);

	counts->n_skipped = header.n_skipped;
	read_labels(counts, header.n_labels, lengths, labels, length - (size_t) (labels - bytes));
	if (has_pairs(header.n_labels))
		read_pairs(counts, header.n_labels, numbers);
	else
		read_totals(counts, header.n_labels, numbers);
}
