/*
 * registry_writer.c
 *	  Writing the registry's tables, as their owner and through SPI.
 */
#include "postgres.h"

#include "access/table.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "extension/compat.h"
#include "extension/failover.h"
#include "extension/registry_table.h"
#include "extension/registry_writer.h"
#include "extension/settings.h"

void
registry_refuse_read_only(const char *command)
{
	PreventCommandIfReadOnly(command);
	PreventCommandIfParallelMode(command);
	PreventCommandDuringRecovery(command);
	failover_refuse_subscriber(command);
}

/* Connect to SPI as the owner of the tables. */
static RegistryWriter
begin_as_owner(void)
{
	RegistryWriter writer = {0};
	Oid model_table = registry_relation("model");

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	GetUserIdAndSecContext(&writer.caller, &writer.security_context);
	{
		Relation relation = table_open(model_table, AccessShareLock);

		SetUserIdAndSecContext(relation->rd_rel->relowner,
							   writer.security_context | SECURITY_LOCAL_USERID_CHANGE);
		table_close(relation, AccessShareLock);
	}
	writer.guc_level = NewGUCNestLevel();
	restrict_search_path();
	settings_hide_plans();
	return writer;
}

RegistryWriter
registry_begin_write(const char *command)
{
	registry_refuse_read_only(command);
	return begin_as_owner();
}

RegistryWriter
registry_begin_read(void)
{
	return begin_as_owner();
}

void
registry_become_caller(const RegistryWriter *writer)
{
	SetUserIdAndSecContext(writer->caller, writer->security_context);
}

void
registry_query(const char *query, int n_arguments, Oid *types, Datum *values)
{
	int result = SPI_execute_with_args(query, n_arguments, types, values, NULL, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args answered %s for: %s", SPI_result_code_string(result),
			 query);
}

void
registry_execute(const char *query, int n_arguments, Oid *types, Datum *values, const char *nulls,
				 int expected)
{
	/* a generic plan: a custom one would have copies of the values, of model images even */
	SPIPlanPtr plan = SPI_prepare_cursor(query, n_arguments, types, CURSOR_OPT_GENERIC_PLAN);
	ErrorContextCallback hint;
	int result;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor answered %s for: %s", SPI_result_code_string(SPI_result),
			 query);
	failover_begin_hint(&hint);
	result = SPI_execute_plan(plan, values, nulls, false, 0);
	failover_end_hint(&hint);
	if (result != expected)
		elog(ERROR, "SPI_execute_plan answered %s for: %s", SPI_result_code_string(result), query);
	SPI_freeplan(plan);
}

void
registry_end_write(RegistryWriter *writer)
{
	if (writer->has_snapshot)
		PopActiveSnapshot();
	AtEOXact_GUC(false, writer->guc_level);
	SetUserIdAndSecContext(writer->caller, writer->security_context);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}
