/*
 * expanded_state.c
 *	  States of aggregates: a struct of the core in memory, a plain varlena type in SQL.
 *
 * nodeAgg.c and nodeWindowAgg.c keep a transition value as it is if it is a read-write expanded object
 * right below the aggregate's context, so a transition costs no copy. They hand final functions a
 * read-only pointer to it, and flatten it where it goes into a tuple.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "extension/compat.h"
#include "extension/expanded_state.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the stored forms of sentiment's types are little-endian"
#endif

/* The flat form; the payload is aligned to 8 bytes for a type of alignment double. */
typedef struct FlatState
{
	int32 vl_len_;
	uint32 magic;
	char payload[FLEXIBLE_ARRAY_MEMBER];
} FlatState;

/* Bytes of a flat state before its payload, with and without the varlena header. */
#define FLAT_HEADER_SIZE offsetof(FlatState, payload)
#define MAGIC_SIZE       sizeof(uint32)

static Size get_flat_size(ExpandedObjectHeader *header);
static void flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size);

static const ExpandedObjectMethods methods = {get_flat_size, flatten_into};

/* Raise an error if a flat state of that size would be too large. */
static void
check_flat_size(const StateType *type, Size size)
{
	if (size > MAX_FLAT_STATE_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value of type %s exceeds the limit of 256 MB", type->name),
						errdetail("Its stored form would take %zu bytes.", size),
						type->limit_hint ? errhint("%s", type->limit_hint) : 0));
}

/* Expanded object method: bytes of the flat form. */
static Size
get_flat_size(ExpandedObjectHeader *header)
{
	ExpandedState *expanded = (ExpandedState *) header;
	Size size = add_size(FLAT_HEADER_SIZE, expanded->type->flat_size(expanded->state));

	check_flat_size(expanded->type, size);
	return size;
}

/* Expanded object method: write the flat form. */
static void
flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size)
{
	ExpandedState *expanded = (ExpandedState *) header;
	FlatState *flat = result;

	SET_VARSIZE(flat, allocated_size);
	flat->magic = expanded->type->magic;
	expanded->type->write_flat(expanded->state, flat->payload);
}

/* The state as a flat value, in the current memory context. */
static FlatState *
flatten(ExpandedState *expanded)
{
	Size size = EOH_get_flat_size(&expanded->header);
	FlatState *flat = palloc(size);

	EOH_flatten_into(&expanded->header, flat, size);
	return flat;
}

Datum
expanded_state_flat_value(const StateType *type, const void *state)
{
	Size size = add_size(FLAT_HEADER_SIZE, type->flat_size(state));
	FlatState *flat;

	check_flat_size(type, size);
	flat = palloc(size);
	SET_VARSIZE(flat, size);
	flat->magic = type->magic;
	type->write_flat(state, flat->payload);
	return PointerGetDatum(flat);
}

ExpandedState *
expanded_state_create(const StateType *type, MemoryContext parent)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sentiment aggregate state", ALLOCSET_START_SMALL_SIZES);
	ExpandedState *expanded = MemoryContextAlloc(context, sizeof(ExpandedState));

	EOH_init_header(&expanded->header, &methods, context);
	expanded->type = type;
	expanded->state = MemoryContextAllocZero(context, type->state_size);
	return expanded;
}

/* Make a state from the stored bytes of one (magic number and payload), checking all of them. */
static ExpandedState *
read_bytes(const StateType *type, const char *bytes, Size length, MemoryContext parent)
{
	ExpandedState *expanded;
	MemoryContext old_context;

	if (length < MAGIC_SIZE || memcmp(bytes, &type->magic, MAGIC_SIZE) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid value for type %s", type->name),
						errdetail("It does not begin with the mark of this type.")));
	check_flat_size(type, add_size(length, VARHDRSZ));
	expanded = expanded_state_create(type, parent);
	old_context = MemoryContextSwitchTo(expanded->header.eoh_context);
	type->read_flat(expanded->state, bytes + MAGIC_SIZE, length - MAGIC_SIZE);
	MemoryContextSwitchTo(old_context);
	return expanded;
}

/* The object behind a datum, or NULL if the datum is not expanded (or not by this file). */
static ExpandedState *
expanded_object(Datum datum, const StateType *type)
{
	ExpandedState *expanded;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	expanded = (ExpandedState *) DatumGetEOHP(datum);
	if (expanded->header.eoh_methods != &methods || expanded->type != type)
		return NULL;
	return expanded;
}

/* A copy of a state in whatever form, below parent. */
static ExpandedState *
copy_state(Datum datum, const StateType *type, MemoryContext parent)
{
	struct varlena *flat = PG_DETOAST_DATUM(datum);
	ExpandedState *expanded = read_bytes(type, VARDATA(flat), VARSIZE(flat) - VARHDRSZ, parent);

	if ((Pointer) flat != DatumGetPointer(datum))
		pfree(flat);
	return expanded;
}

ExpandedState *
expanded_state_for_update(FunctionCallInfo fcinfo, int argument, const StateType *type)
{
	MemoryContext parent;
	Datum datum;

	if (!AggCheckCallContext(fcinfo, &parent))
		parent = CurrentMemoryContext;
	if (PG_ARGISNULL(argument))
		return expanded_state_create(type, parent);

	datum = PG_GETARG_DATUM(argument);
	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(datum)))
	{
		ExpandedState *expanded = expanded_object(datum, type);

		if (expanded != NULL)
			return expanded;
	}
	return copy_state(datum, type, parent);
}

const void *
expanded_state_for_reading(Datum datum, const StateType *type)
{
	ExpandedState *expanded = expanded_object(datum, type);

	if (expanded == NULL)
		expanded = copy_state(datum, type, CurrentMemoryContext);
	return expanded->state;
}

Datum
expanded_state_in(FunctionCallInfo fcinfo, const StateType *type)
{
	const char *text = PG_GETARG_CSTRING(0);
	Size length = strlen(text);
	char *bytes;

	if (length < 2 || text[0] != '\\' || text[1] != 'x')
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type %s", type->name),
						errdetail("It must be \\x followed by hexadecimal digits.")));
	length -= 2;
	check_flat_size(type, length / 2);
	bytes = palloc(length / 2 + 1);
	length = hex_decode(text + 2, length, bytes);
	PG_RETURN_POINTER(flatten(read_bytes(type, bytes, length, CurrentMemoryContext)));
}

Datum
expanded_state_recv(FunctionCallInfo fcinfo, const StateType *type)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, length);

	PG_RETURN_POINTER(flatten(read_bytes(type, bytes, length, CurrentMemoryContext)));
}

/* The flat form of a function's first argument. */
static FlatState *
flat_argument(FunctionCallInfo fcinfo, const StateType *type)
{
	ExpandedState *expanded = expanded_object(PG_GETARG_DATUM(0), type);

	if (expanded != NULL)
		return flatten(expanded);
	return (FlatState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
}

Datum
expanded_state_out(FunctionCallInfo fcinfo, const StateType *type)
{
	FlatState *flat = flat_argument(fcinfo, type);
	Size length = VARSIZE(flat) - VARHDRSZ;
	char *text = palloc(length * 2 + 3);

	text[0] = '\\';
	text[1] = 'x';
	text[2 + hex_encode(VARDATA(flat), length, text + 2)] = '\0';
	PG_RETURN_CSTRING(text);
}

Datum
expanded_state_send(FunctionCallInfo fcinfo, const StateType *type)
{
	FlatState *flat = flat_argument(fcinfo, type);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA(flat), VARSIZE(flat) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
expanded_state_combine(FunctionCallInfo fcinfo, const StateType *type)
{
	ExpandedState *expanded;
	const void *other;
	MemoryContext old_context;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(ExpandedStateGetDatum(expanded_state_for_update(fcinfo, 1, type)));

	expanded = expanded_state_for_update(fcinfo, 0, type);
	other = expanded_state_for_reading(PG_GETARG_DATUM(1), type);
	old_context = MemoryContextSwitchTo(expanded->header.eoh_context);
	type->merge(expanded->state, other);
	MemoryContextSwitchTo(old_context);
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}
