/*
 * source_error.c
 *	  Errors that a stored source gives: who is told what.
 *
 * The last such error is remembered, so that whoever catches it can keep the whole of it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "extension/source_error.h"
#include "extension/stored_role.h"

/* Bytes of a message or detail that are remembered. */
#define REMEMBERED_LENGTH 4096

/* The last error of a stored source. */
static struct
{
	int sqlerrcode; /* 0: there was none */
	Oid relation;
	bool is_told_by_class;
	bool has_detail;
	char told[REMEMBERED_LENGTH]; /* what was told in its place */
	char message[REMEMBERED_LENGTH];
	char detail[REMEMBERED_LENGTH];
} last;

/* Whether an error is the one that is remembered. */
static bool
is_remembered(const ErrorData *error)
{
	char message[REMEMBERED_LENGTH];

	if (last.sqlerrcode == 0 || error->sqlerrcode != last.sqlerrcode || error->message == NULL)
		return false;
	strlcpy(message, error->message, sizeof(message));
	return strcmp(message, last.told) == 0;
}

/* Remember an error and what is told of it. */
static void
remember(const ErrorData *error, const char *told, Oid relation)
{
	last.sqlerrcode = error->sqlerrcode;
	last.is_told_by_class = told != error->message;
	last.relation = relation;
	last.has_detail = error->detail != NULL;
	strlcpy(last.told, told, sizeof(last.told));
	strlcpy(last.message, error->message, sizeof(last.message));
	strlcpy(last.detail, error->detail == NULL ? "" : error->detail, sizeof(last.detail));
}

/*
 * Whether an error is raised where its message is known to hold no row: for a cancel or a shutdown, or by this library. Code
 * of the source's may raise any class of errors.
 */
static bool
is_known(const ErrorData *error)
{
	return error->funcname != NULL && (strcmp(error->funcname, "ProcessInterrupts") == 0 ||
									   strcmp(error->funcname, "host_error") == 0);
}

/* Whether an error says that somebody wants the statement to end, or that there is no room. */
static bool
is_of_the_server(int sqlerrcode)
{
	int category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) ||
		   category == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) ||
		   category == ERRCODE_TO_CATEGORY(ERRCODE_PROGRAM_LIMIT_EXCEEDED) ||
		   category == ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK);
}

/* Whether an error complains of data. */
static bool
is_of_data(int sqlerrcode)
{
	int category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) ||
		   category == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION);
}

/*
 * Tell the class of an error, and leave the whole of it in the log. Nothing is looked up here: the error may have left
 * locks behind.
 */
static void
pg_attribute_noreturn() tell_class(const StoredSource *stored, const ErrorData *error)
{
	char *told =
		psprintf("the rows of the source %s of model \"%s\" could not be used: error %s",
				 stored->display_name, stored->model.name, unpack_sql_state(error->sqlerrcode));

	remember(error, told, stored->relation);
	ereport(LOG_SERVER_ONLY, (errcode(error->sqlerrcode),
							  errmsg("sentiment: the source %s of model \"%s\" gave an error: %s",
									 stored->display_name, stored->model.name, error->message),
							  error->detail != NULL ? errdetail_internal("%s", error->detail) : 0,
							  error->context != NULL ? errcontext_msg("%s", error->context) : 0));
	ereport(ERROR,
			(errcode(error->sqlerrcode), errmsg_internal("%s", told),
			 errdetail("The error may quote rows, which role \"%s\" may not read. The server's log "
					   "has the whole of it.",
					   stored->caller_name),
			 errhint("Ask a role that may read the source.")));
}

/* Raise an error of the server's without what may tell of the row that was being read. */
static void
pg_attribute_noreturn() rethrow_without_rows(ErrorData *error)
{
	FlushErrorState();
	error->detail = NULL;
	error->detail_log = NULL;
	error->context = NULL;
	ReThrowError(error);
}

void
source_error_rethrow(const StoredSource *stored, SourceErrorOrigin origin)
{
	MemoryContext old_context = MemoryContextSwitchTo(TopTransactionContext);
	ErrorData *error = CopyErrorData();

	MemoryContextSwitchTo(old_context);
	if (is_of_the_server(error->sqlerrcode) && !stored->caller_may_read && is_known(error))
		rethrow_without_rows(error);
	if ((last.is_told_by_class && is_remembered(error)) ||
		(is_of_the_server(error->sqlerrcode) &&
		 (is_known(error) || origin == SOURCE_ERROR_OF_DATA)) ||
		(origin == SOURCE_ERROR_OF_DATA && !is_of_data(error->sqlerrcode)))
		PG_RE_THROW();
	if (error->message == NULL)
		error->message = "";
	if (stored->caller_may_read)
	{
		remember(error, error->message, stored->relation);
		PG_RE_THROW();
	}
	FlushErrorState();
	MemoryContextSwitchTo(TopTransactionContext);
	tell_class(stored, error);
}

SourceError *
source_error_of(const ErrorData *error)
{
	SourceError *found;

	if (!is_remembered(error))
		return NULL;
	found = palloc0(sizeof(SourceError));
	found->relation = last.relation;
	found->message = pstrdup(last.message);
	found->detail = last.has_detail ? pstrdup(last.detail) : NULL;
	return found;
}

/* Whether the current role may read a relation that is stored by its OID and cluster. */
PG_FUNCTION_INFO_V1(sentiment_may_read_relation);
Datum
sentiment_may_read_relation(PG_FUNCTION_ARGS)
{
	if (superuser())
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(PG_GETARG_INT64(1) == stored_role_this_cluster() &&
				   role_may_read_relation(GetUserId(), PG_GETARG_OID(0)));
}
