/*
 * host.h
 *	  PostgreSQL as the host of the core: memory contexts, ereport, interrupts, encodings.
 */
#ifndef SENTIMENT_EXTENSION_HOST_H
#define SENTIMENT_EXTENSION_HOST_H

#include "postgres.h"

#include "fmgr.h"

#include "core/host.h"
#include "extension/compat.h"

/* What host_end_budget goes back to: how many budgets were in force. */
typedef struct HostBudget
{
	int n_outer;
} HostBudget;

/*
 * Until host_end_budget, memory in the context and below it may not pass sentiment.training_memory.
 * Answers the budget before, to be given to host_end_budget. An error ends the budgets that began in the
 * transaction, or the subtransaction, that it aborts.
 */
extern HostBudget host_begin_budget(MemoryContext context);
extern void host_end_budget(HostBudget previous);

/*
 * The same for a whole training: large allocations in the context come from a large memory of their own.
 * Nothing that outlives the context may be allocated in it.
 */
extern HostBudget host_begin_training(MemoryContext context);

/*
 * A part of the budget in force: its memory counts there too. When it has ended and its context is deleted, all
 * that was allocated in the context is given back, whatever error came between.
 */
extern HostBudget host_begin_part(MemoryContext context);

/*
 * End all budgets, or those that began in the subtransaction that is being aborted or within it: called
 * when a transaction ends, or a subtransaction aborts.
 */
extern void host_transaction_ended(void);
extern void host_subtransaction_aborted(void);

/* Report progress as NOTICE (true) or as DEBUG1 (false), until the budget in force ends. */
extern void host_show_progress(bool show);

/*
 * host_error and host_progress of core/host.h take UTF-8 like all of the core: a name or text that
 * comes from the server goes through utf8_from_server before it is an argument of theirs. What the
 * database's encoding cannot express is shown as a question mark. ereport takes the database's encoding.
 */

/* A copy of a string of the database's encoding in UTF-8. */
extern char *utf8_from_server(const char *string);

/* A copy of a UTF-8 string in the database's encoding, to be shown: with ? for what it does not have. */
extern char *server_from_utf8(const char *string);

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

/*
 * A text datum of UTF-8 bytes in the database's encoding; an error if that does not have one of the
 * characters. For what must stay what it is: labels.
 */
extern Datum utf8_to_text(const char *bytes, size_t length);

/* The same to be looked at, with ? for such characters: terms and tokens. */
extern Datum utf8_to_displayed_text(const char *bytes, size_t length);

/* A zero-terminated UTF-8 string of a text datum. */
extern char *utf8_cstring_from_datum(Datum datum);

/* JSON text (UTF-8) of a jsonb argument; "{}" for NULL. Anything but an object is an error. */
extern const char *json_from_argument(FunctionCallInfo fcinfo, int argument);

/* A jsonb datum of JSON text in UTF-8. */
extern Datum jsonb_from_json(const char *json);

#endif /* SENTIMENT_EXTENSION_HOST_H */
