/*
 * expanded_state.h
 *	  States of aggregates: a struct of the core in memory, a plain varlena type in SQL.
 *
 * A state has two forms. In memory it is an expanded object: a struct of the core in a memory context
 * of its own, which a transition function changes in place. In a tuple (on its way from a parallel
 * worker, in a table, in a dump) it is flat: a varlena of a magic number and the bytes that the type
 * writes. The text form is the flat form in hexadecimal digits, the binary form its bytes, so both
 * enter through the same check.
 *
 * A StateType describes one such type. The struct's own memory comes from host_allocate, that is from
 * CurrentMemoryContext: whoever changes a state switches to its context first
 * (expanded_state_for_update answers it). All functions of a StateType but write_flat may raise
 * errors; none may keep a pointer to what it is given.
 */
#ifndef SENTIMENT_EXPANDED_STATE_H
#define SENTIMENT_EXPANDED_STATE_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/expandeddatum.h"

/* A flat state may not be longer: its text form doubles, and 1 GB is the end of COPY and pg_dump. */
#define MAX_FLAT_STATE_SIZE ((Size) 256 * 1024 * 1024)

typedef struct StateType
{
	const char *name;       /* of the SQL type, for messages */
	const char *limit_hint; /* what to do when a state is too large to be flat */
	uint32 magic;           /* the first four bytes of the flat form */
	Size state_size; /* of the struct; it starts as zero bytes, which must be a valid state */

	/* Bytes that write_flat will write. */
	Size (*flat_size)(const void *state);

	/* Write exactly flat_size bytes. */
	void (*write_flat)(const void *state, char *bytes);

	/*
	 * Fill a zeroed struct from flat bytes, which may come from anybody (and be unaligned): checks
	 * all, raises HOST_ERROR_INVALID_IMAGE or HOST_ERROR_UNSUPPORTED_IMAGE. What it accepts,
	 * write_flat writes again byte for byte.
	 */
	void (*read_flat)(void *state, const char *bytes, Size length);

	/* Add the rows of another state to this one. */
	void (*merge)(void *state, const void *other);
} StateType;

typedef struct ExpandedState
{
	ExpandedObjectHeader header; /* header.eoh_context holds the struct and this object */
	const StateType *type;
	void *state;
} ExpandedState;

/* The state as a function result that the receiver may change. */
#define ExpandedStateGetDatum(expanded) EOHPGetRWDatum(&(expanded)->header)

/* Make an empty state in a new memory context below parent. */
extern ExpandedState *expanded_state_create(const StateType *type, MemoryContext parent);

/*
 * The state in an argument of a transition function, to be changed: the aggregate's own object, in
 * place, or else a copy (a new, empty state for NULL) below the aggregate's context; called outside
 * of an aggregate, below the current context. Change it with its header.eoh_context as the current
 * context, and return it by ExpandedStateGetDatum.
 */
extern ExpandedState *expanded_state_for_update(FunctionCallInfo fcinfo, int argument,
												const StateType *type);

/* The struct of a state that is not NULL, for reading only: in place or as a copy. */
extern const void *expanded_state_for_reading(Datum datum, const StateType *type);

/* A flat value of a struct that is no expanded object, in the current memory context. */
extern Datum expanded_state_flat_value(const StateType *type, const void *state);

/* Bodies of the SQL functions of the type: input, output, receive, send and combine. */
extern Datum expanded_state_in(FunctionCallInfo fcinfo, const StateType *type);
extern Datum expanded_state_out(FunctionCallInfo fcinfo, const StateType *type);
extern Datum expanded_state_recv(FunctionCallInfo fcinfo, const StateType *type);
extern Datum expanded_state_send(FunctionCallInfo fcinfo, const StateType *type);
extern Datum expanded_state_combine(FunctionCallInfo fcinfo, const StateType *type);

#endif /* SENTIMENT_EXPANDED_STATE_H */
