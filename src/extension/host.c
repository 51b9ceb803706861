/*
 * host.c
 *	  PostgreSQL as the host of the core.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "core/threads.h"
#include "extension/host.h"
#include "extension/large_memory.h"
#include "extension/settings.h"

static MemoryContext budget_context = NULL;
static MemoryContext large_context = NULL; /* whose large blocks are in large_memory */
static LargeMemory *large_memory = NULL;
static bool progress_is_shown = false;

/* The budget in force. */
static HostBudget
present_budget(void)
{
	return (HostBudget){budget_context, large_context, large_memory};
}

HostBudget
host_begin_budget(MemoryContext context)
{
	HostBudget previous = present_budget();

	budget_context = context;
	large_context = NULL;
	large_memory = NULL;
	return previous;
}

HostBudget
host_begin_training(MemoryContext context)
{
	HostBudget previous = present_budget();

	large_memory = large_memory_create(context);
	large_context = context;
	budget_context = context;
	return previous;
}

void
host_end_budget(HostBudget previous)
{
	budget_context = previous.context;
	large_context = previous.large_context;
	large_memory = previous.large_memory;
	if (previous.context == NULL)
		threads_stop();
}

void
host_reset(void)
{
	threads_stop();
	budget_context = NULL;
	large_context = NULL;
	large_memory = NULL;
	progress_is_shown = false;
}

void
host_show_progress(bool show)
{
	progress_is_shown = show;
}

/* Refuse an allocation that would pass the budget. */
static void
check_budget(size_t size)
{
	size_t limit = (size_t) training_memory * 1024;
	size_t used;

	if (budget_context == NULL || size < LARGE_MEMORY_THRESHOLD)
		return;
	used = MemoryContextMemAllocated(budget_context, true);
	if (large_memory != NULL)
		used += large_memory_used(large_memory);
	if (size > limit || used > limit - size)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("training needs more memory than sentiment.training_memory allows"),
				 errdetail("It holds %zu MB and asks for %zu MB more; the limit is %d MB.",
						   used / (1024 * 1024), size / (1024 * 1024), training_memory / 1024),
				 errhint("Train on fewer rows, lower ngram_max, or have a superuser raise "
						 "sentiment.training_memory.")));
}

void *
host_allocate(size_t size)
{
	check_budget(size);
	if (size >= LARGE_MEMORY_THRESHOLD && large_context != NULL &&
		CurrentMemoryContext == large_context)
		return large_memory_allocate(large_memory, size);
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

void *
host_allocate_zero(size_t size)
{
	return memset(host_allocate(size), 0, size);
}

void *
host_reallocate(void *memory, size_t size)
{
	LargeMemory *owner = large_memory_of(memory);
	void *moved;

	check_budget(size);
	if (owner != NULL)
		return large_memory_reallocate(owner, memory, size);
	memory = repalloc_huge(memory, size);
	if (size < LARGE_MEMORY_THRESHOLD || large_context == NULL ||
		GetMemoryChunkContext(memory) != large_context)
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

char *
server_from_utf8(const char *string)
{
	char *copy = pstrdup(string);

	return pg_any_to_server(copy, strlen(copy), PG_UTF8);
}

void
host_error(HostErrorCode code, const char *detail, const char *hint, const char *message_format,
		   ...)
{
	char message[1024];
	va_list arguments;
	size_t length;

	va_start(arguments, message_format);
	vsnprintf(message, sizeof(message), message_format, arguments);
	va_end(arguments);
	/* a message that was cut must not end within a character */
	length = pg_encoding_mbcliplen(PG_UTF8, message, strlen(message), sizeof(message) - 1);
	message[length] = '\0';
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
	char message[1024];
	va_list arguments;

	va_start(arguments, message_format);
	vsnprintf(message, sizeof(message), message_format, arguments);
	va_end(arguments);
	ereport(progress_is_shown ? NOTICE : DEBUG1,
			(errmsg_internal("%s", server_from_utf8(message))));
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

char *
utf8_cstring_from_datum(Datum datum)
{
	Utf8Text text = utf8_from_datum(datum);

	return pnstrdup(text.bytes, text.length);
}

char *
utf8_from_server(const char *string)
{
	char *copy = pstrdup(string);

	return pg_server_to_any(copy, strlen(copy), PG_UTF8);
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
