/*
 * host.c
 *	  PostgreSQL as the host of the core.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "core/threads.h"
#include "extension/host.h"
#include "extension/large_memory.h"
#include "extension/settings.h"

/* A budget that began and has not ended. */
typedef struct Budget
{
	MemoryContext context;
	MemoryContext large_context; /* whose large blocks are in large_memory; NULL: has none */
	LargeMemory *large_memory;
	bool is_part; /* of the budget before it */
	bool progress_is_shown;
	int nest_level; /* of the transaction in which it began */
} Budget;

/*
 * Budgets nest where the source of a training calls what has one too. They are kept here, not by those
 * who began them: an error jumps over them, and one that a part of the source catches must leave the
 * training around it as it was.
 */
static Budget *budgets = NULL;
static int n_budgets = 0;
static int budgets_capacity = 0;

/* The budget in force, or NULL. */
static inline Budget *
present_budget(void)
{
	return n_budgets == 0 ? NULL : &budgets[n_budgets - 1];
}

/* Begin a budget within the present one. */
static HostBudget
push_budget(Budget budget)
{
	HostBudget previous = {n_budgets};

	if (n_budgets == budgets_capacity)
	{
		int capacity = Max(8, 2 * budgets_capacity);

		budgets = budgets == NULL ? MemoryContextAlloc(TopMemoryContext, capacity * sizeof(Budget))
								  : repalloc(budgets, capacity * sizeof(Budget));
		budgets_capacity = capacity;
	}
	budget.nest_level = GetCurrentTransactionNestLevel();
	budgets[n_budgets++] = budget;
	return previous;
}

HostBudget
host_begin_budget(MemoryContext context)
{
	return push_budget((Budget){.context = context});
}

HostBudget
host_begin_training(MemoryContext context)
{
	return push_budget((Budget){.context = context,
								.large_context = context,
								.large_memory = large_memory_create(context)});
}

HostBudget
host_begin_part(MemoryContext context)
{
	return push_budget((Budget){.context = context,
								.large_context = context,
								.large_memory = large_memory_create(context),
								.is_part = true});
}

void
host_end_budget(HostBudget previous)
{
	n_budgets = previous.n_outer;
	if (n_budgets == 0)
		threads_stop();
}

void
host_transaction_ended(void)
{
	n_budgets = 0;
	threads_stop();
}

void
host_subtransaction_aborted(void)
{
	int level = GetCurrentTransactionNestLevel();

	if (n_budgets == 0 || present_budget()->nest_level < level)
		return;
	while (n_budgets > 0 && present_budget()->nest_level >= level)
		n_budgets--;
	/* the error may have left them in the middle of something; an outer training starts them again */
	threads_stop();
}

void
host_show_progress(bool show)
{
	if (n_budgets > 0)
		present_budget()->progress_is_shown = show;
}

/* Bytes that a large memory may take of the machine's: without what its freed blocks keep, once that is given back. */
static Size
large_memory_size(LargeMemory *memory, bool trim)
{
	if (memory == NULL)
		return 0;
	if (trim)
		large_memory_trim(memory);
	return large_memory_resident(memory);
}

/*
 * Bytes that a budget's context holds, and what is below it; of a part, those of the whole. trim: after all that is free
 * was given back to the system
 */
static Size
used_memory(const Budget *budget, bool trim)
{
	const Budget *whole = budget;
	Size used = large_memory_size(budget->large_memory, trim);

	while (whole->is_part && whole > budgets)
	{
		whole--;
		used += large_memory_size(whole->large_memory, trim);
	}
	return used + MemoryContextMemAllocated(whole->context, true);
}

/* Refuse an allocation that would pass the budget. */
static void
check_budget(size_t size)
{
	size_t limit = (size_t) training_memory * 1024;
	size_t used;

	if (n_budgets == 0 || size < LARGE_MEMORY_THRESHOLD)
		return;
	used = used_memory(present_budget(), false);
	if (size <= limit && used <= limit - size)
		return;
	used = used_memory(present_budget(), true);
	if (size > limit || used > limit - size)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("training needs more memory than sentiment.training_memory allows"),
				 errdetail("It holds %zu MB and asks for %zu MB more; the limit is %d MB.",
						   used / (1024 * 1024), size / (1024 * 1024), training_memory / 1024),
				 errhint("Train on fewer rows, lower ngram_max, or have a superuser raise "
						 "sentiment.training_memory.")));
}

/* The large memory for a block of that size in a context; NULL: the context itself is to hold it. */
static LargeMemory *
large_memory_for(MemoryContext context, size_t size)
{
	const Budget *budget = present_budget();

	return size >= LARGE_MEMORY_THRESHOLD && budget != NULL && budget->large_context == context
			   ? budget->large_memory
			   : NULL;
}

void *
host_allocate(size_t size)
{
	LargeMemory *large_memory = large_memory_for(CurrentMemoryContext, size);
	void *memory;

	check_budget(size);
	if (large_memory != NULL)
		return large_memory_allocate(large_memory, size);
	memory =
		MemoryContextAllocExtended(CurrentMemoryContext, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (memory == NULL)
		large_memory_raise_out_of_memory(size);
	return memory;
}

void *
host_allocate_zero(size_t size)
{
	return memset(host_allocate(size), 0, size);
}

/* Error context: a hint for an error of the server's own allocation. */
static void
hint_at_memory(void *argument)
{
	(void) argument;
	if (geterrcode() == ERRCODE_OUT_OF_MEMORY)
		errhint(LARGE_MEMORY_HINT);
}

/* Resize a chunk of a memory context. */
static void *
reallocate_chunk(void *memory, size_t size)
{
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = hint_at_memory};

	error_context_stack = &callback;
	memory = repalloc_huge(memory, size);
	error_context_stack = callback.previous;
	return memory;
}

void *
host_reallocate(void *memory, size_t size)
{
	LargeMemory *owner = large_memory_of(memory);
	LargeMemory *large_memory;
	void *moved;

	check_budget(size);
	if (owner != NULL)
		return large_memory_reallocate(owner, memory, size);
	memory = reallocate_chunk(memory, size);
	large_memory = large_memory_for(GetMemoryChunkContext(memory), size);
	if (large_memory == NULL)
		return memory;
	/* it has become large */
	moved = large_memory_allocate(large_memory, size);
	memcpy(moved, memory, size);
	pfree(memory);
	return moved;
}

void
host_free(void *memory)
{
	LargeMemory *owner = memory == NULL ? NULL : large_memory_of(memory);

	if (owner != NULL)
		large_memory_free(owner, memory);
	else if (memory != NULL)
		pfree(memory);
}

/* The SQLSTATE of a class of errors. */
static int
sqlstate_of(HostErrorCode code)
{
	switch (code)
	{
		case HOST_ERROR_INVALID_PARAMETER:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case HOST_ERROR_INSUFFICIENT_DATA:
			return ERRCODE_DATA_EXCEPTION;
		case HOST_ERROR_LIMIT_EXCEEDED:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case HOST_ERROR_OUT_OF_MEMORY:
			return ERRCODE_OUT_OF_MEMORY;
		case HOST_ERROR_INVALID_TEXT:
			return ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
		case HOST_ERROR_INVALID_IMAGE:
			return ERRCODE_INVALID_BINARY_REPRESENTATION;
		case HOST_ERROR_UNSUPPORTED_IMAGE:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case HOST_ERROR_UNAVAILABLE:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case HOST_ERROR_INTERNAL:
			break;
	}
	return ERRCODE_INTERNAL_ERROR;
}

/* Bytes that are converted at a time: the buffer for their conversion is on the stack. */
#define CONVERSION_PIECE 512

/*
 * Append UTF-8 in the database's encoding, with a question mark for each character that has no equivalent
 * (and for each byte that is not UTF-8).
 */
static void
append_displayable(StringInfo target, const char *bytes, size_t length)
{
	Oid conversion = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());
	char converted[(CONVERSION_PIECE + 2) * MAX_CONVERSION_GROWTH];

	if (!OidIsValid(conversion))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("default conversion function for encoding \"%s\" to \"%s\" does not exist",
						pg_encoding_to_char(PG_UTF8), GetDatabaseEncodingName())));
	while (length > 0)
	{
		int piece = pg_encoding_mbcliplen(PG_UTF8, bytes, (int) Min(length, CONVERSION_PIECE),
										  CONVERSION_PIECE);
		int done = pg_do_encoding_conversion_buf(
			conversion, PG_UTF8, GetDatabaseEncoding(), (unsigned char *) bytes, piece,
			(unsigned char *) converted, sizeof(converted), true);

		appendStringInfoString(target, converted);
		bytes += done;
		length -= done;
		if (done < piece || piece == 0)
		{
			size_t skipped =
				pg_encoding_verifymbchar(PG_UTF8, bytes, (int) Min(length, CONVERSION_PIECE)) > 0
					? (size_t) pg_encoding_mblen(PG_UTF8, bytes)
					: 1;

			appendStringInfoChar(target, '?');
			bytes += skipped;
			length -= skipped;
		}
		CHECK_FOR_INTERRUPTS();
	}
}

/* Whether UTF-8 is what the database stores, as far as anybody knows. */
static bool
database_takes_utf8(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
}

char *
server_from_utf8(const char *string)
{
	StringInfoData converted;

	if (database_takes_utf8())
		return pstrdup(string);
	initStringInfo(&converted);
	append_displayable(&converted, string, strlen(string));
	return converted.data;
}

char *
utf8_from_server(const char *string)
{
	char *copy = pstrdup(string);

	return pg_server_to_any(copy, strlen(copy), PG_UTF8);
}

/* Cut what may be the beginning of a character at the end of a message that was cut by vsnprintf. */
static void
clip_message(char *message, size_t capacity)
{
	size_t length = strlen(message);

	message[pg_encoding_mbcliplen(PG_UTF8, message, (int) length, (int) capacity - 1)] = '\0';
}

void
host_error(HostErrorCode code, const char *detail, const char *hint, const char *message_format,
		   ...)
{
	char message[1024];
	va_list arguments;

	va_start(arguments, message_format);
	vsnprintf(message, sizeof(message), message_format, arguments);
	va_end(arguments);
	clip_message(message, sizeof(message));
	ereport(ERROR, (errcode(sqlstate_of(code)), errmsg_internal("%s", server_from_utf8(message)),
					detail ? errdetail_internal("%s", server_from_utf8(detail)) : 0,
					hint ? errhint("%s", server_from_utf8(hint)) : 0));
	pg_unreachable();
}

void
host_check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

bool
host_interrupt_is_pending(void)
{
	return InterruptPending != 0;
}

uint32_t
host_thread_limit(void)
{
	return (uint32_t) training_threads;
}

void
host_progress(const char *message_format, ...)
{
	const Budget *budget = present_budget();
	char message[1024];
	va_list arguments;

	va_start(arguments, message_format);
	vsnprintf(message, sizeof(message), message_format, arguments);
	va_end(arguments);
	clip_message(message, sizeof(message));
	ereport(budget != NULL && budget->progress_is_shown ? NOTICE : DEBUG1,
			(errmsg_internal("%s", server_from_utf8(message))));
}

void
host_warning(const char *detail, const char *hint, const char *message_format, ...)
{
	char message[1024];
	va_list arguments;

	va_start(arguments, message_format);
	vsnprintf(message, sizeof(message), message_format, arguments);
	va_end(arguments);
	clip_message(message, sizeof(message));
	ereport(WARNING, (errmsg_internal("%s", server_from_utf8(message)),
					  detail == NULL ? 0 : errdetail_internal("%s", server_from_utf8(detail)),
					  hint == NULL ? 0 : errhint("%s", server_from_utf8(hint))));
}

Utf8Text
utf8_from_datum(Datum datum)
{
	text *value = DatumGetTextPP(datum);
	Utf8Text result = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), NULL};

	if ((Pointer) value != DatumGetPointer(datum))
		result.to_free = value;
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		char *converted = pg_server_to_any(result.bytes, result.length, PG_UTF8);

		if (converted != result.bytes)
		{
			if (result.to_free != NULL)
				pfree(result.to_free);
			result = (Utf8Text){converted, strlen(converted), converted};
		}
	}
	return result;
}

void
utf8_free(Utf8Text *text)
{
	if (text->to_free != NULL)
		pfree(text->to_free);
}

Datum
utf8_to_text(const char *bytes, size_t length)
{
	char *converted = (char *) bytes;

	if (GetDatabaseEncoding() != PG_UTF8)
	{
		converted = pg_any_to_server(bytes, length, PG_UTF8);
		if (converted != bytes)
			length = strlen(converted);
	}
	return PointerGetDatum(cstring_to_text_with_len(converted, length));
}

Datum
utf8_to_displayed_text(const char *bytes, size_t length)
{
	StringInfoData converted;
	Datum result;

	if (database_takes_utf8())
		return utf8_to_text(bytes, length);
	initStringInfo(&converted);
	append_displayable(&converted, bytes, length);
	result = PointerGetDatum(cstring_to_text_with_len(converted.data, converted.len));
	pfree(converted.data);
	return result;
}

char *
utf8_cstring_from_datum(Datum datum)
{
	Utf8Text text = utf8_from_datum(datum);

	return pnstrdup(text.bytes, text.length);
}

const char *
json_from_argument(FunctionCallInfo fcinfo, int argument)
{
	Jsonb *value;
	char *json;

	if (PG_ARGISNULL(argument))
		return "{}";
	value = PG_GETARG_JSONB_P(argument);
	if (!JB_ROOT_IS_OBJECT(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("params must be a JSON object"),
				 errhint("Give parameters by name, as in '{\"ngram_max\": 1}'.")));
	json = JsonbToCString(NULL, &value->root, VARSIZE(value));
	return pg_server_to_any(json, strlen(json), PG_UTF8);
}

Datum
jsonb_from_json(const char *json)
{
	return DirectFunctionCall1(jsonb_in,
							   CStringGetDatum(pg_any_to_server(json, strlen(json), PG_UTF8)));
}
