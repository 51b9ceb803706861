/*
 * integrity.c
 *	  Whether the rows of the extension's tables fit together.
 *
 * No foreign key keeps them so: see registry.sql. Rows that refer to nothing do no harm, and are of nobody who may see them;
 * they tell that rows were lost, or that somebody has written the tables.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "extension/query_result.h"
#include "extension/registry_writer.h"

#define MAX_KEY_COLUMNS 2

/* A table whose rows refer to those of another one. */
typedef struct Reference
{
	const char *table;
	const char *columns[MAX_KEY_COLUMNS]; /* the second one may be NULL */
	const char *referenced;               /* has columns of the same names */
} Reference;

static const Reference references[] = {
	{"model_version", {"model_id"}, "model"},
	{"version_curves", {"model_id", "version"}, "model_version"},
	{"version_profile", {"model_id", "version"}, "model_version"},
	{"version_stage", {"model_id", "version"}, "model_version"},
	{"deployment", {"model_id", "version"}, "model_version"},
	{"outcome", {"model_id", "version"}, "model_version"},
	{"model_privilege", {"model_id"}, "model"},
	{"model_source", {"model_id"}, "model"},
	{"monitor", {"model_id"}, "model"},
	{"contract", {"model_id"}, "model"},
	{"validation", {"model_id"}, "model"},
	{"validation_finding", {"validation_id"}, "validation"},
	{"validation_example", {"validation_id", "number"}, "validation_finding"},
	{"drift_report", {"model_id"}, "model"},
	{"drift_report_feature", {"report_id"}, "drift_report"},
	{"drift_report_bins", {"report_id", "position"}, "drift_report_feature"},
	{"pipeline_step", {"run_id"}, "pipeline_run"},
	{"pipeline_error", {"run_id"}, "pipeline_run"},
	{"retraining_error", {"retraining_id"}, "retraining"},
	{"search_trial", {"search_id"}, "search"},
	{"search_trial_error", {"search_id", "trial"}, "search_trial"},
};

/* Count the rows of a table that refer to nothing. */
static int64
count_orphans(const Reference *reference)
{
	StringInfoData sql;
	bool is_null;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "SELECT pg_catalog.count(*) FROM sentiment.%s AS r WHERE r.%s IS NOT NULL"
					 " AND NOT EXISTS (SELECT FROM sentiment.%s AS k WHERE k.%s = r.%s",
					 reference->table, reference->columns[0], reference->referenced,
					 reference->columns[0], reference->columns[0]);
	if (reference->columns[1] != NULL)
		appendStringInfo(&sql, " AND k.%s = r.%s", reference->columns[1], reference->columns[1]);
	appendStringInfoChar(&sql, ')');
	registry_query(sql.data, 0, NULL, NULL);
	return DatumGetInt64(query_typed_datum(0, 1, INT8OID, &is_null));
}

/* (table, referenced table, rows) of each table that has rows that refer to nothing: counts only, which are for everybody */
PG_FUNCTION_INFO_V1(sentiment_orphaned_rows);
Datum
sentiment_orphaned_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RegistryWriter reader;

	InitMaterializedSRF(fcinfo, 0);
	reader = registry_begin_read();
	for (int i = 0; i < lengthof(references); i++)
	{
		int64 n = count_orphans(&references[i]);
		bool nulls[3] = {0};
		Datum values[3] = {CStringGetTextDatum(references[i].table),
						   CStringGetTextDatum(references[i].referenced), Int64GetDatum(n)};

		if (n > 0)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	registry_end_write(&reader);
	return (Datum) 0;
}
