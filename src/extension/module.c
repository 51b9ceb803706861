/*
 * module.c
 *	  What happens when the library is loaded.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "extension/deployment.h"
#include "extension/host.h"
#include "extension/model_cache.h"
#include "extension/progress.h"
#include "extension/search_progress.h"
#include "extension/settings.h"
#include "extension/shared_statistics.h"
#include "extension/version_counter.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

/* At the end of a transaction, forget what held within it. */
static void
transaction_ended(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_PARALLEL_COMMIT || event == XACT_EVENT_PARALLEL_ABORT)
		statistics_flush();
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		statistics_flush();
		host_transaction_ended();
		search_progress_transaction_ended();
		progress_transaction_ended();
		model_cache_trim();
		/* without an own transaction id, nothing was written that others did not see before */
		if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
			deployment_forget();
	}
}

/* After ROLLBACK TO SAVEPOINT, or an error that was caught. */
static void
subtransaction_ended(SubXactEvent event, SubTransactionId id, SubTransactionId parent,
					 void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		host_subtransaction_aborted();
		search_progress_subtransaction_aborted();
		progress_subtransaction_aborted();
		deployment_forget();
	}
}

void
_PG_init(void)
{
	settings_define();
	if (process_shared_preload_libraries_in_progress)
	{
		shared_statistics_install();
		search_progress_install();
		progress_install();
	}
	RegisterXactCallback(transaction_ended, NULL);
	RegisterSubXactCallback(subtransaction_ended, NULL);
}
