/*
 * sparse_vector.c
 *	  The type sentiment_vector: a sparse vector of float4.
 *
 * The text form is pgvector's of sparsevec: {index:value,...}/dimensions with indices from 1.
 * Entries that are zero are left out, indices rise.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "extension/sparse_vector.h"

/* The stored form; values: (n_entries) follow the indices. */
typedef struct SparseVector
{
	int32 vl_len_;
	uint32 dimensions;
	uint32 n_entries;
	uint32 reserved;                       /* 0 */
	uint32 indices[FLEXIBLE_ARRAY_MEMBER]; /* from 0 */
} SparseVector;

#define SPARSE_VECTOR_MAX_ENTRIES ((uint32) 32 * 1024 * 1024)

#define DatumGetSparseVector(datum) ((SparseVector *) PG_DETOAST_DATUM(datum))

/* Where the values are. */
static inline float *
sparse_vector_values(SparseVector *vector)
{
	return (float *) (vector->indices + vector->n_entries);
}

/* Make a vector with room for its entries. */
static SparseVector *
sparse_vector_create(uint32 dimensions, uint32 n_entries)
{
	Size size =
		offsetof(SparseVector, indices) + (Size) n_entries * (sizeof(uint32) + sizeof(float));
	SparseVector *vector = palloc0(size);

	SET_VARSIZE(vector, size);
	vector->dimensions = dimensions;
	vector->n_entries = n_entries;
	return vector;
}

Datum
sparse_vector_from_row(const SparseRow *row, uint32 dimensions)
{
	SparseVector *vector = sparse_vector_create(dimensions, row->count);

	sparse_row_sort(row, vector->indices, sparse_vector_values(vector));
	return PointerGetDatum(vector);
}

/* Refuse dimensions out of range. */
static void
check_dimensions(int64 dimensions)
{
	if (dimensions < 1 || dimensions > SPARSE_VECTOR_MAX_DIMENSIONS)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("sentiment_vector must have 1 to %d dimensions",
							   SPARSE_VECTOR_MAX_DIMENSIONS)));
}

/* Check what both input forms give: indices in range and rising, values finite and not zero. */
static void
check_entries(SparseVector *vector)
{
	const float *values = sparse_vector_values(vector);

	for (uint32 i = 0; i < vector->n_entries; i++)
	{
		if (vector->indices[i] >= vector->dimensions)
			ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
							errmsg("index of a sentiment_vector is out of range"),
							errdetail("Indices go from 1 to the number of dimensions, %u.",
									  vector->dimensions)));
		if (i > 0 && vector->indices[i] <= vector->indices[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("indices of a sentiment_vector must be distinct and ascending")));
		if (!isfinite(values[i]))
			ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
							errmsg("values of a sentiment_vector must be finite")));
	}
}

/* Raise the error for text that cannot be read. */
static void
pg_attribute_noreturn() invalid_syntax(const char *text)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%.100s\"", "sentiment_vector", text),
			 errhint("Write it as {index:value,...}/dimensions.")));
}

/* Skip white space. */
static const char *
skip_space(const char *position)
{
	while (*position == ' ' || *position == '\t' || *position == '\n' || *position == '\r')
		position++;
	return position;
}

/* Read a whole number and what must follow it. */
static const char *
read_number(const char *position, char follower, int64 *number, const char *text)
{
	char *end;

	errno = 0;
	*number = strtoll(position, &end, 10);
	if (end == position || errno != 0)
		invalid_syntax(text);
	position = skip_space(end);
	if (follower != '\0')
	{
		if (*position != follower)
			invalid_syntax(text);
		position = skip_space(position + 1);
	}
	return position;
}

/* An entry of the text form, in the order in which it was written. */
typedef struct Entry
{
	int64 index;
	float value;
} Entry;

static int
compare_entries(const void *a, const void *b)
{
	const Entry *first = a;
	const Entry *second = b;

	return (first->index > second->index) - (first->index < second->index);
}

/* Make a vector of entries in any order, without those that are zero. */
static SparseVector *
vector_from_entries(Entry *entries, uint32 n_entries, int64 dimensions)
{
	SparseVector *vector;
	uint32 n_kept = 0;

	check_dimensions(dimensions);
	qsort(entries, n_entries, sizeof(Entry), compare_entries);
	for (uint32 i = 0; i < n_entries; i++)
	{
		if (entries[i].index < 1 || entries[i].index > dimensions)
			ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
							errmsg("index of a sentiment_vector is out of range"),
							errdetail("Indices go from 1 to the number of dimensions, %lld.",
									  (long long) dimensions)));
		if (i > 0 && entries[i].index == entries[i - 1].index)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("indices of a sentiment_vector must be distinct and ascending")));
		if (entries[i].value != 0)
			n_kept++;
	}
	vector = sparse_vector_create((uint32) dimensions, n_kept);
	n_kept = 0;
	for (uint32 i = 0; i < n_entries; i++)
	{
		if (entries[i].value == 0)
			continue;
		vector->indices[n_kept] = (uint32) (entries[i].index - 1);
		sparse_vector_values(vector)[n_kept++] = entries[i].value;
	}
	check_entries(vector);
	return vector;
}

PG_FUNCTION_INFO_V1(sentiment_vector_in);
Datum
sentiment_vector_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	const char *position = skip_space(text);
	Size capacity = 16;
	Entry *entries = palloc(capacity * sizeof(Entry));
	uint32 n_entries = 0;
	int64 dimensions;

	if (*position != '{')
		invalid_syntax(text);
	position = skip_space(position + 1);
	while (*position != '}')
	{
		char *end;

		if (n_entries > 0)
		{
			if (*position != ',')
				invalid_syntax(text);
			position = skip_space(position + 1);
		}
		if (n_entries >= SPARSE_VECTOR_MAX_ENTRIES)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("sentiment_vector has too many entries")));
		if (n_entries == capacity)
		{
			capacity *= 2;
			entries = repalloc_huge(entries, capacity * sizeof(Entry));
		}
		position = read_number(position, ':', &entries[n_entries].index, text);
		entries[n_entries].value = strtof(position, &end);
		if (end == position)
			invalid_syntax(text);
		if (!isfinite(entries[n_entries].value))
			ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
							errmsg("values of a sentiment_vector must be finite")));
		position = skip_space(end);
		if (++n_entries % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	position = skip_space(position + 1);
	if (*position != '/')
		invalid_syntax(text);
	position = read_number(skip_space(position + 1), '\0', &dimensions, text);
	if (*position != '\0')
		invalid_syntax(text);
	PG_RETURN_POINTER(vector_from_entries(entries, n_entries, dimensions));
}

PG_FUNCTION_INFO_V1(sentiment_vector_out);
Datum
sentiment_vector_out(PG_FUNCTION_ARGS)
{
	SparseVector *vector = DatumGetSparseVector(PG_GETARG_DATUM(0));
	const float *values = sparse_vector_values(vector);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (uint32 i = 0; i < vector->n_entries; i++)
	{
		char number[FLOAT_SHORTEST_DECIMAL_LEN];

		float_to_shortest_decimal_buf(values[i], number);
		appendStringInfo(&text, "%s%u:%s", i == 0 ? "" : ",", vector->indices[i] + 1, number);
	}
	appendStringInfo(&text, "}/%u", vector->dimensions);
	PG_RETURN_CSTRING(text.data);
}

PG_FUNCTION_INFO_V1(sentiment_vector_recv);
Datum
sentiment_vector_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int64 dimensions = pq_getmsgint(message, 4);
	uint32 n_entries = pq_getmsgint(message, 4);
	SparseVector *vector;

	check_dimensions(dimensions);
	if (n_entries > (uint32) (message->len - message->cursor) / 8)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("sentiment_vector is truncated")));
	vector = sparse_vector_create((uint32) dimensions, n_entries);
	for (uint32 i = 0; i < n_entries; i++)
		vector->indices[i] = pq_getmsgint(message, 4);
	for (uint32 i = 0; i < n_entries; i++)
		sparse_vector_values(vector)[i] = pq_getmsgfloat4(message);
	check_entries(vector);
	PG_RETURN_POINTER(vector);
}

PG_FUNCTION_INFO_V1(sentiment_vector_send);
Datum
sentiment_vector_send(PG_FUNCTION_ARGS)
{
	SparseVector *vector = DatumGetSparseVector(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, vector->dimensions);
	pq_sendint32(&message, vector->n_entries);
	for (uint32 i = 0; i < vector->n_entries; i++)
		pq_sendint32(&message, vector->indices[i]);
	for (uint32 i = 0; i < vector->n_entries; i++)
		pq_sendfloat4(&message, sparse_vector_values(vector)[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

PG_FUNCTION_INFO_V1(sentiment_vector_dimensions);
Datum
sentiment_vector_dimensions(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) DatumGetSparseVector(PG_GETARG_DATUM(0))->dimensions);
}

PG_FUNCTION_INFO_V1(sentiment_vector_entries);
Datum
sentiment_vector_entries(PG_FUNCTION_ARGS)
{
	SparseVector *vector = DatumGetSparseVector(PG_GETARG_DATUM(0));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < vector->n_entries; i++)
	{
		Datum values[2] = {Int32GetDatum((int32) vector->indices[i] + 1),
						   Float4GetDatum(sparse_vector_values(vector)[i])};
		bool nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
