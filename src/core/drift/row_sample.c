/*
 * row_sample.c
 *	  The rows with the smallest keys.
 *
 * A row is its key, the hash of its text, and its values' upper 16 bits, padded with zero bytes to a multiple of 8.
 * (The first format had no text: there, what has the same values has the same text.) Rows gather up to twice the capacity; then the larger half of the keys goes, and what comes later with a larger key
 * is not taken at all. Rows of equal keys are ordered by the rest.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/drift/row_sample.h"
#include "core/hash.h"
#include "core/host.h"

#define FIRST_ROOM 64

/* What is before a row's values: its key and the hash of its text. */
#define ROW_HEAD (2 * sizeof(uint64_t))

/* Bytes of a row's values. */
static size_t
values_size(const RowSample *sample)
{
	return (sample->n_values * sizeof(uint16_t) + 7) & ~(size_t) 7;
}

/* Bytes of a row. */
static size_t
row_size(const RowSample *sample)
{
	return ROW_HEAD + values_size(sample);
}

/* The upper half of a float, rounded to nearest; one NaN only. */
static uint16_t
shortened(float value)
{
	uint32_t bits;

	if (isnan(value))
		return 0x7fc0;
	memcpy(&bits, &value, sizeof(bits));
	if ((bits & 0x7fffffff) >= 0x7f7f8000) /* would round up to infinity */
		return (uint16_t) (bits >> 16 & 0x8000) | 0x7f7f;
	bits = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
	return bits == 0x8000 ? 0 : (uint16_t) bits;
}

/* Compare rows by key, then by the rest. */
static int
compare_rows(const void *a, const void *b, void *size)
{
	uint64_t x;
	uint64_t y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	if (x != y)
		return x < y ? -1 : 1;
	return memcmp((const char *) a + sizeof(x), (const char *) b + sizeof(y),
				  *(const size_t *) size - sizeof(x));
}

void
row_sample_settle(RowSample *sample)
{
	size_t size = row_size(sample);

	if (sample->n_rows > 1)
		qsort_r(sample->rows, sample->n_rows, size, compare_rows, &size);
	if (sample->n_rows >= sample->capacity && sample->capacity > 0)
	{
		sample->n_rows = sample->capacity;
		sample->limit = row_sample_key(sample, sample->capacity - 1);
	}
}

/* The place of a new row. */
static char *
next_place(RowSample *sample)
{
	size_t size = row_size(sample);

	if (sample->n_rows == 2 * sample->capacity)
	{
		host_check_interrupts();
		row_sample_settle(sample);
	}
	if (sample->n_rows == sample->room)
	{
		uint32_t room = sample->room == 0 ? FIRST_ROOM : sample->room * 2;

		if (room > 2 * sample->capacity)
			room = 2 * sample->capacity;
		if (sample->rows == NULL)
			sample->rows = host_allocate(room * size);
		else
			sample->rows = host_reallocate(sample->rows, room * size);
		sample->room = room;
	}
	return sample->rows + sample->n_rows++ * size;
}

void
row_sample_add(RowSample *sample, uint64_t key, uint64_t text, const float *values)
{
	char *place;

	if (sample->capacity == 0 || !row_sample_wants(sample, key))
		return;
	place = next_place(sample);
	memset(place, 0, row_size(sample));
	memcpy(place, &key, sizeof(key));
	memcpy(place + sizeof(key), &text, sizeof(text));
	for (uint32_t i = 0; i < sample->n_values; i++)
	{
		uint16_t value = shortened(values[i]);

		memcpy(place + ROW_HEAD + i * sizeof(value), &value, sizeof(value));
	}
}

void
row_sample_merge(RowSample *sample, const RowSample *other)
{
	size_t size = row_size(sample);

	for (uint32_t i = 0; i < other->n_rows && sample->capacity > 0; i++)
	{
		if (row_sample_wants(sample, row_sample_key(other, i)))
			memcpy(next_place(sample), other->rows + i * size, size);
	}
}

uint64_t
row_sample_key(const RowSample *sample, uint32_t row)
{
	uint64_t key;

	memcpy(&key, sample->rows + row * row_size(sample), sizeof(key));
	return key;
}

uint64_t
row_sample_text(const RowSample *sample, uint32_t row)
{
	uint64_t text;

	memcpy(&text, sample->rows + row * row_size(sample) + sizeof(uint64_t), sizeof(text));
	return text;
}

void
row_sample_values(const RowSample *sample, uint32_t row, float *values)
{
	const char *place = sample->rows + row * row_size(sample) + ROW_HEAD;

	for (uint32_t i = 0; i < sample->n_values; i++)
	{
		uint16_t value;
		uint32_t bits;

		memcpy(&value, place + i * sizeof(value), sizeof(value));
		bits = (uint32_t) value << 16;
		memcpy(&values[i], &bits, sizeof(bits));
	}
}

size_t
row_sample_flat_size(const RowSample *sample, uint32_t n_rows)
{
	return n_rows * row_size(sample);
}

char *
row_sample_flatten(const RowSample *sample, char *bytes)
{
	size_t length = row_sample_flat_size(sample, sample->n_rows);

	if (length > 0)
		memcpy(bytes, sample->rows, length);
	return bytes + length;
}

/* Whether a row's values are as they are written: finite or the one NaN, no -0, padded with zeros. */
static int
row_is_valid(const RowSample *sample, const char *row)
{
	size_t end = ROW_HEAD + sample->n_values * sizeof(uint16_t);

	for (size_t i = ROW_HEAD; i < end; i += sizeof(uint16_t))
	{
		uint16_t value;

		memcpy(&value, row + i, sizeof(value));
		if (((value & 0x7f80) == 0x7f80 && value != 0x7fc0) || value == 0x8000)
			return 0;
	}
	for (size_t i = end; i < row_size(sample); i++)
	{
		if (row[i] != 0)
			return 0;
	}
	return 1;
}

/* A row of the first format, without the text. */
static void
read_old_row(const RowSample *sample, const char *bytes, char *row)
{
	size_t size = values_size(sample);
	uint64_t text = hash_content(bytes + sizeof(uint64_t), size);

	memcpy(row, bytes, sizeof(uint64_t));
	memcpy(row + sizeof(uint64_t), &text, sizeof(text));
	memcpy(row + ROW_HEAD, bytes + sizeof(uint64_t), size);
}

/* Read rows of the first format; they are put into the order of this one. */
static void
read_old_rows(RowSample *sample, const char *bytes, uint32_t n_rows)
{
	size_t size = row_size(sample);

	for (uint32_t i = 0; i < n_rows; i++)
		read_old_row(sample, bytes + i * (size - sizeof(uint64_t)), sample->rows + i * size);
	qsort_r(sample->rows, n_rows, size, compare_rows, &size);
}

size_t
row_sample_old_flat_size(const RowSample *sample, uint32_t n_rows)
{
	return n_rows * (row_size(sample) - sizeof(uint64_t));
}

const char *
row_sample_unflatten(RowSample *sample, const char *bytes, uint32_t n_rows, bool has_texts)
{
	size_t size = row_size(sample);

	if (n_rows > sample->capacity)
		return "Its sample has more rows than it may.";
	if (n_rows == 0)
		return NULL;
	sample->room = n_rows;
	sample->rows = host_allocate(n_rows * size);
	if (has_texts)
		memcpy(sample->rows, bytes, n_rows * size);
	else
		read_old_rows(sample, bytes, n_rows);
	for (uint32_t i = 0; i < n_rows; i++)
	{
		const char *row = sample->rows + i * size;

		if (i > 0 && compare_rows(row - size, row, &size) > 0)
			return "Its sample is out of order.";
		if (!row_is_valid(sample, row))
			return "A row of its sample is not as it is written.";
	}
	sample->n_rows = n_rows;
	if (n_rows == sample->capacity)
		sample->limit = row_sample_key(sample, n_rows - 1);
	return NULL;
}

/* A row of a sample, to be sorted by its text. */
typedef struct RowOfText
{
	uint64_t text;
	uint32_t row;
} RowOfText;

static int
compare_rows_of_texts(const void *a, const void *b)
{
	const RowOfText *first = a;
	const RowOfText *second = b;

	if (first->text != second->text)
		return first->text < second->text ? -1 : 1;
	return (first->row > second->row) - (first->row < second->row);
}

/* Mark the rows that are among the first of their text. is_kept: (n_rows) */
static void
mark_first_of_texts(const RowSample *sample, uint32_t most, unsigned char *is_kept)
{
	RowOfText *rows = host_allocate_array(RowOfText, (size_t) sample->n_rows + 1);
	uint32_t n_same = 0;

	for (uint32_t i = 0; i < sample->n_rows; i++)
		rows[i] = (RowOfText){row_sample_text(sample, i), i};
	qsort(rows, sample->n_rows, sizeof(RowOfText), compare_rows_of_texts);
	for (uint32_t i = 0; i < sample->n_rows; i++)
	{
		n_same = i > 0 && rows[i].text == rows[i - 1].text ? n_same + 1 : 0;
		is_kept[rows[i].row] = n_same < most;
	}
	host_free(rows);
}

RowSample
row_sample_trim(const RowSample *sample, double largest_share)
{
	size_t size = row_size(sample);
	uint32_t most = (uint32_t) ceil(largest_share * sample->n_rows);
	unsigned char *is_kept = host_allocate((size_t) sample->n_rows + 1);
	RowSample trimmed = {.capacity = sample->capacity,
						 .n_values = sample->n_values,
						 .room = sample->n_rows,
						 .rows = host_allocate(sample->n_rows * size + 1)};

	mark_first_of_texts(sample, most, is_kept);
	for (uint32_t i = 0; i < sample->n_rows; i++)
	{
		if (is_kept[i])
			memcpy(trimmed.rows + trimmed.n_rows++ * size, sample->rows + i * size, size);
	}
	host_free(is_kept);
	return trimmed;
}
