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

#include "extension/compat.h"
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
	float *values = sparse_vector_values(vector);
	SparseVector *without_zeros;
	uint32 n_kept = 0;

	sparse_row_sort(row, vector->indices, values);
	for (uint32 i = 0; i < row->count; i++)
		n_kept += values[i] != 0;
	if (n_kept == row->count)
		return PointerGetDatum(vector);
	without_zeros = sparse_vector_create(dimensions, n_kept);
	n_kept = 0;
	for (uint32 i = 0; i < row->count; i++)
	{
		if (values[i] == 0)
			continue;
		without_zeros->indices[n_kept] = vector->indices[i];
		sparse_vector_values(without_zeros)[n_kept++] = values[i];
	}
	pfree(vector);
	return PointerGetDatum(without_zeros);
}

/*
 * The checks of both input forms answer false after an error that the caller of an input function wants
 * to be told of softly; see ereturn in compat.h.
 */

/* Refuse dimensions out of range. */
static bool
check_dimensions(int64 dimensions, Node *error_context)
{
	if (dimensions < 1 || dimensions > SPARSE_VECTOR_MAX_DIMENSIONS)
		ereturn(error_context, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sentiment_vector must have 1 to %d dimensions",
						SPARSE_VECTOR_MAX_DIMENSIONS)));
	return true;
}

/* Check what both input forms give: indices in range and rising, values finite and not zero. */
static bool
check_entries(SparseVector *vector, Node *error_context)
{
	const float *values = sparse_vector_values(vector);

	for (uint32 i = 0; i < vector->n_entries; i++)
	{
		if (vector->indices[i] >= vector->dimensions)
			ereturn(error_context, false,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("index of a sentiment_vector is out of range"),
					 errdetail("Indices go from 1 to the number of dimensions, %u.",
							   vector->dimensions)));
		if (i > 0 && vector->indices[i] <= vector->indices[i - 1])
			ereturn(error_context, false,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("indices of a sentiment_vector must be distinct and ascending")));
		if (!isfinite(values[i]))
			ereturn(error_context, false,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("values of a sentiment_vector must be finite")));
		if (values[i] == 0)
			ereturn(error_context, false,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("values of a sentiment_vector must not be zero"),
					 errdetail("Entries that are zero are left out.")));
	}
	return true;
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

/* Check sorted entries, which may be zero: indices in range and distinct. */
static bool
check_sorted(const Entry *entries, uint32 n_entries, int64 dimensions, Node *error_context)
{
	for (uint32 i = 0; i < n_entries; i++)
	{
		if (entries[i].index < 1 || entries[i].index > dimensions)
			ereturn(error_context, false,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("index of a sentiment_vector is out of range"),
					 errdetail("Indices go from 1 to the number of dimensions, %lld.",
							   (long long) dimensions)));
		if (i > 0 && entries[i].index == entries[i - 1].index)
			ereturn(error_context, false,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("indices of a sentiment_vector must be distinct and ascending")));
	}
	return true;
}

/* Make a vector of entries in any order, without those that are zero; NULL after a soft error. */
static SparseVector *
vector_from_entries(Entry *entries, uint32 n_entries, int64 dimensions, Node *error_context)
{
	SparseVector *vector;
	uint32 n_kept = 0;

	qsort(entries, n_entries, sizeof(Entry), compare_entries);
	if (!check_dimensions(dimensions, error_context) ||
		!check_sorted(entries, n_entries, dimensions, error_context))
		return NULL;
	for (uint32 i = 0; i < n_entries; i++)
		n_kept += entries[i].value != 0;
	vector = sparse_vector_create((uint32) dimensions, n_kept);
	n_kept = 0;
	for (uint32 i = 0; i < n_entries; i++)
	{
		if (entries[i].value == 0)
			continue;
		vector->indices[n_kept] = (uint32) (entries[i].index - 1);
		sparse_vector_values(vector)[n_kept++] = entries[i].value;
	}
	return vector;
}

/* Reading the text form: where, and what has been read. */
typedef struct Reader
{
	const char *text;
	const char *position;
	Node *error_context;
	Entry *entries;
	Size capacity;
	uint32 n_entries;
	int64 dimensions;
} Reader;

/* Report text that cannot be read; answers false after a soft error. */
static bool
invalid_syntax(const Reader *reader)
{
	ereturn(
		reader->error_context, false,
		(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		 errmsg("invalid input syntax for type %s: \"%.100s\"", "sentiment_vector", reader->text),
		 errhint("Write it as {index:value,...}/dimensions.")));
}

/* Skip white space. */
static void
skip_space(Reader *reader)
{
	while (*reader->position == ' ' || *reader->position == '\t' || *reader->position == '\n' ||
		   *reader->position == '\r')
		reader->position++;
}

/* Read a character that must be there, and white space around it. */
static bool
read_character(Reader *reader, char character)
{
	skip_space(reader);
	if (*reader->position != character)
		return invalid_syntax(reader);
	if (character != '\0')
		reader->position++;
	skip_space(reader);
	return true;
}

/* Read a whole number. */
static bool
read_integer(Reader *reader, int64 *number)
{
	char *end;

	errno = 0;
	*number = strtoll(reader->position, &end, 10);
	if (end == reader->position || errno != 0)
		return invalid_syntax(reader);
	reader->position = end;
	return true;
}

/* Read a value. */
static bool
read_value(Reader *reader, float *value)
{
	char *end;

	*value = strtof(reader->position, &end);
	if (end == reader->position)
		return invalid_syntax(reader);
	if (!isfinite(*value))
		ereturn(reader->error_context, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("values of a sentiment_vector must be finite")));
	reader->position = end;
	return true;
}

/* Read index:value, and what goes before it. */
static bool
read_entry(Reader *reader)
{
	Entry *entry;

	if (reader->n_entries > 0 && !read_character(reader, ','))
		return false;
	if (reader->n_entries >= SPARSE_VECTOR_MAX_ENTRIES)
		ereturn(reader->error_context, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sentiment_vector has too many entries")));
	if (reader->n_entries == reader->capacity)
	{
		reader->capacity *= 2;
		reader->entries = repalloc_huge(reader->entries, reader->capacity * sizeof(Entry));
	}
	entry = &reader->entries[reader->n_entries];
	if (!read_integer(reader, &entry->index) || !read_character(reader, ':') ||
		!read_value(reader, &entry->value))
		return false;
	skip_space(reader);
	if (++reader->n_entries % 65536 == 0)
		CHECK_FOR_INTERRUPTS();
	return true;
}

/* Read all of the text form. */
static bool
read_text(Reader *reader)
{
	if (!read_character(reader, '{'))
		return false;
	while (*reader->position != '}')
	{
		if (!read_entry(reader))
			return false;
	}
	return read_character(reader, '}') && read_character(reader, '/') &&
		   read_integer(reader, &reader->dimensions) && read_character(reader, '\0');
}

PG_FUNCTION_INFO_V1(sentiment_vector_in);
Datum
sentiment_vector_in(PG_FUNCTION_ARGS)
{
	Reader reader = {
		.text = PG_GETARG_CSTRING(0), .error_context = fcinfo->context, .capacity = 16};

	reader.position = reader.text;
	reader.entries = palloc(reader.capacity * sizeof(Entry));
	if (!read_text(&reader))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(vector_from_entries(reader.entries, reader.n_entries, reader.dimensions,
										  reader.error_context));
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

	(void) check_dimensions(dimensions, NULL);
	if (n_entries > (uint32) (message->len - message->cursor) / 8)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("sentiment_vector is truncated")));
	vector = sparse_vector_create((uint32) dimensions, n_entries);
	for (uint32 i = 0; i < n_entries; i++)
		vector->indices[i] = pq_getmsgint(message, 4);
	for (uint32 i = 0; i < n_entries; i++)
		sparse_vector_values(vector)[i] = pq_getmsgfloat4(message);
	(void) check_entries(vector, NULL);
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
