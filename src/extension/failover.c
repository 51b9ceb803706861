/*
 * failover.c
 *	  Tables that another server writes by logical replication, and what is to be done when it does so no more.
 *
 * Logical replication carries rows, and no sequence. So after a switch-over the sequences of the former subscriber stand where they
 * stood when the extension was created.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_subscription_rel.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "extension/failover.h"
#include "extension/query_result.h"
#include "extension/registry_table.h"
#include "extension/registry_writer.h"

/* A table whose rows are numbered by a sequence. */
typedef struct Numbering
{
	const char *table;
	const char *column;
	const char *sequence;
} Numbering;

static const Numbering numberings[] = {
	{"model", "model_id", "model_model_id_seq"},
	{"deployment_history", "history_id", "deployment_history_history_id_seq"},
	{"contract", "contract_id", "contract_contract_id_seq"},
	{"validation", "validation_id", "validation_validation_id_seq"},
	{"drift_report", "report_id", "drift_report_report_id_seq"},
	{"search", "search_id", "search_search_id_seq"},
	{"retraining", "retraining_id", "retraining_retraining_id_seq"},
	{"pipeline_run", "run_id", "pipeline_run_run_id_seq"},
};

/* Whether a table is filled by a subscription. */
static bool
is_subscribed(Oid table)
{
	Relation relation = table_open(SubscriptionRelRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool found;

	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(table));
	scan = systable_beginscan(relation, SubscriptionRelSrrelidSrsubidIndexId, true, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

bool
failover_is_subscriber(void)
{
	return is_subscribed(registry_relation("model"));
}

void
failover_refuse_subscriber(const char *command)
{
	if (!failover_is_subscriber())
		return;
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("cannot execute %s on a subscriber", command),
		 errdetail("Models are replicated to this server. A row that is written here would take "
				   "the number of one that is to come, and stop the replication."),
		 errhint("Run it on the publisher. If this server is to take over, drop the "
				 "subscription and run sentiment_after_failover() first.")));
}

/* Add a hint to an error that says that a number is taken. */
static void
hint_at_numbers(void *argument)
{
	if (geterrcode() == ERRCODE_UNIQUE_VIOLATION)
		errhint("If the rows were replicated from another server, run sentiment_after_failover().");
}

void
failover_begin_hint(ErrorContextCallback *callback)
{
	callback->callback = hint_at_numbers;
	callback->arg = NULL;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

void
failover_end_hint(const ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}

/* The largest number that rows of a table have; 0: there is no row. Within a registry read or write. */
static int64
largest_number(const Numbering *numbering)
{
	char *sql =
		psprintf("SELECT COALESCE(pg_catalog.max(t.%s), 0::pg_catalog.int8) FROM sentiment.%s AS t",
				 numbering->column, numbering->table);
	bool is_null;

	registry_query(sql, 0, NULL, NULL);
	return DatumGetInt64(query_typed_datum(0, 1, INT8OID, &is_null));
}

/* The number that a sequence would give next. */
static int64
next_number(const Numbering *numbering)
{
	char *sql = psprintf("SELECT CASE WHEN s.is_called THEN s.last_value + 1::pg_catalog.int8"
						 " ELSE s.last_value END FROM sentiment.%s AS s",
						 numbering->sequence);
	bool is_null;

	registry_query(sql, 0, NULL, NULL);
	return DatumGetInt64(query_typed_datum(0, 1, INT8OID, &is_null));
}

/* Let a sequence go on at a number. */
static void
set_next_number(const Numbering *numbering, int64 number)
{
	Oid types[2] = {OIDOID, INT8OID};
	Datum values[2] = {ObjectIdGetDatum(registry_relation(numbering->sequence)),
					   Int64GetDatum(number)};

	registry_execute("SELECT pg_catalog.setval($1::pg_catalog.regclass, $2, false)", 2, types,
					 values, NULL, SPI_OK_SELECT);
}

/* (sequence, next number, largest number that is taken) of each sequence that is behind its table */
PG_FUNCTION_INFO_V1(sentiment_sequences_behind);
Datum
sentiment_sequences_behind(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RegistryWriter reader;

	InitMaterializedSRF(fcinfo, 0);
	reader = registry_begin_read();
	for (int i = 0; i < lengthof(numberings); i++)
	{
		int64 next = next_number(&numberings[i]);
		int64 largest = largest_number(&numberings[i]);
		bool nulls[3] = {0};
		Datum values[3] = {CStringGetTextDatum(numberings[i].sequence), Int64GetDatum(next),
						   Int64GetDatum(largest)};

		if (next <= largest)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	registry_end_write(&reader);
	return (Datum) 0;
}

/* Raise an error unless the caller could write the tables anyway. */
static void
check_may_take_over(void)
{
	Relation relation = table_open(registry_relation("model"), AccessShareLock);
	Oid owner = relation->rd_rel->relowner;

	table_close(relation, AccessShareLock);
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for sentiment_after_failover()"),
						errdetail("It sets the sequences of the extension's tables."),
						errhint("Ask a superuser, or a member of \"%s\".",
								GetUserNameFromId(owner, false))));
}

PG_FUNCTION_INFO_V1(sentiment_after_failover);
Datum
sentiment_after_failover(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RegistryWriter writer;

	check_may_take_over();
	InitMaterializedSRF(fcinfo, 0);
	writer = registry_begin_write("sentiment_after_failover()");
	/* nobody adds rows until this is done */
	registry_execute("LOCK TABLE sentiment.model IN SHARE ROW EXCLUSIVE MODE", 0, NULL, NULL, NULL,
					 SPI_OK_UTILITY);
	for (int i = 0; i < lengthof(numberings); i++)
	{
		int64 next = next_number(&numberings[i]);
		int64 largest = largest_number(&numberings[i]);
		bool nulls[2] = {0};
		Datum values[2] = {CStringGetTextDatum(numberings[i].sequence),
						   Int64GetDatum(Max(next, largest + 1))};

		if (next <= largest)
			set_next_number(&numberings[i], largest + 1);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	registry_end_write(&writer);
	return (Datum) 0;
}
