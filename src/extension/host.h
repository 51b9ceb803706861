/*
 * host.h
 *	  PostgreSQL as the host of the core: memory contexts, ereport, interrupts, encodings.
 */
#ifndef SENTIMENT_EXTENSION_HOST_H
#define SENTIMENT_EXTENSION_HOST_H

#include "postgres.h"

#include "fmgr.h"

#include "core/host.h"

/* What host_end_budget goes back to. */
typedef struct HostBudget
{
	MemoryContext context;
	MemoryContext large_context;
	struct LargeMemory *large_memory;
} HostBudget;

/*
 * Until host_end_budget, memory in the context and below it may not pass sentiment.training_memory.
 * Answers the budget before, to be given to host_end_budget; an error ends all budgets.
 */
extern HostBudget host_begin_budget(MemoryContext context);
extern void host_end_budget(HostBudget previous);

/*
 * The same for a whole training: large allocations in the context come from a large memory of their own.
 * Nothing that outlives the context may be allocated in it.
 */
extern HostBudget host_begin_training(MemoryContext context);

/* Forget the budget and the level of progress: called when a transaction or a part of one ends. */
extern void host_reset(void);

/* Report progress as NOTICE (true) or as DEBUG1 (false, the default). */
extern void host_show_progress(bool show);

/* A detoasted text in UTF-8; bytes are not zero-terminated. */
typedef struct Utf8Text
{
	const char *bytes;
	size_t length;
	void *to_free; /* NULL if the bytes are the argument's own */
} Utf8Text;

/* Detoast a text and convert it from the database's encoding. */
extern Utf8Text utf8_from_datum(Datum datum);

/* Free what utf8_from_datum allocated: for functions that are called for millions of rows. */
extern void utf8_free(Utf8Text *text);

/* A text datum of UTF-8 bytes in the database's encoding. */
extern Datum utf8_to_text(const char *bytes, size_t length);

/* A zero-terminated UTF-8 string of a text datum. */
extern char *utf8_cstring_from_datum(Datum datum);

/* A string of the server's encoding in UTF-8, which host_progress and core code want. */
extern char *utf8_from_server(const char *string);

/* A UTF-8 string in the server's encoding, which ereport wants. */
extern char *server_from_utf8(const char *string);

/* JSON text (UTF-8) of a jsonb argument; "{}" for NULL. Anything but an object is an error. */
extern const char *json_from_argument(FunctionCallInfo fcinfo, int argument);

/* A jsonb datum of JSON text in UTF-8. */
extern Datum jsonb_from_json(const char *json);

#endif /* SENTIMENT_EXTENSION_HOST_H */
