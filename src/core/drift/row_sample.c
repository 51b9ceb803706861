/*
 * row_sample.c
 *	  The rows with the smallest keys.
 *
 * A row is its key and its values' upper 16 bits, padded with zero bytes to a multiple of 8. Rows gather
 * up to twice the capacity; then the larger half of the keys goes, and what comes later with a larger key
 * is not taken at all. Rows of equal keys are ordered by their values.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/drift/row_sample.h"
#include "core/host.h"

#define FIRST_ROOM 64

/* Bytes of a row. */
static size_t
row_size(const RowSample *sample)
{
	return sizeof(uint64_t) + ((sample->n_values * sizeof(uint16_t) + 7) & ~(size_t) 7);
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

/* Compare rows by key, then by values. */
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
row_sample_add(RowSample *sample, uint64_t key, const float *values)
{
	char *place;

	if (sample->capacity == 0 || !row_sample_wants(sample, key))
		return;
	place = next_place(sample);
	memset(place, 0, row_size(sample));
	memcpy(place, &key, sizeof(key));
	for (uint32_t i = 0; i < sample->n_values; i++)
	{
		uint16_t value = shortened(values[i]);

		memcpy(place + sizeof(key) + i * sizeof(value), &value, sizeof(value));
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

void
row_sample_values(const RowSample *sample, uint32_t row, float *values)
{
	const char *place = sample->rows + row * row_size(sample) + sizeof(uint64_t);

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
	size_t end = sizeof(uint64_t) + sample->n_values * sizeof(uint16_t);

	for (size_t i = sizeof(uint64_t); i < end; i += sizeof(uint16_t))
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

const char *
row_sample_unflatten(RowSample *sample, const char *bytes, uint32_t n_rows)
{
	size_t size = row_size(sample);

	if (n_rows > sample->capacity)
		return "Its sample has more rows than it may.";
	if (n_rows == 0)
		return NULL;
	sample->room = n_rows;
	sample->rows = host_allocate(n_rows * size);
	memcpy(sample->rows, bytes, n_rows * size);
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
