/*
 * registry_delete.c
 *	  Deleting a model or a version, with all rows that refer to it.
 *
 * No foreign key does it: see registry.sql. A table whose rows are of a model or a version has a line here, and one in
 * sentiment_check_integrity().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "extension/registry_delete.h"
#include "extension/registry_writer.h"

/*
 * What is of a model. Versions are first: who writes an outcome holds its version, and is waited for. Of the others, rows that
 * refer to rows go before those. $1: the model
 */
static const char *const of_model[] = {
	"DELETE FROM sentiment.model_version WHERE model_id = $1",
	"DELETE FROM sentiment.drift_report_bins AS b USING sentiment.drift_report AS r"
	" WHERE r.model_id = $1 AND b.report_id = r.report_id",
	"DELETE FROM sentiment.drift_report_feature AS f USING sentiment.drift_report AS r"
	" WHERE r.model_id = $1 AND f.report_id = r.report_id",
	"DELETE FROM sentiment.drift_report WHERE model_id = $1",
	"DELETE FROM sentiment.validation_example AS e USING sentiment.validation AS v"
	" WHERE v.model_id = $1 AND e.validation_id = v.validation_id",
	"DELETE FROM sentiment.validation_finding AS f USING sentiment.validation AS v"
	" WHERE v.model_id = $1 AND f.validation_id = v.validation_id",
	"DELETE FROM sentiment.validation WHERE model_id = $1",
	"DELETE FROM sentiment.contract WHERE model_id = $1",
	"DELETE FROM sentiment.model_source WHERE model_id = $1",
	"DELETE FROM sentiment.monitor WHERE model_id = $1",
	"DELETE FROM sentiment.model_privilege WHERE model_id = $1",
	"DELETE FROM sentiment.deployment WHERE model_id = $1",
	"DELETE FROM sentiment.outcome WHERE model_id = $1",
	"DELETE FROM sentiment.version_stage WHERE model_id = $1",
	"DELETE FROM sentiment.version_curves WHERE model_id = $1",
	"DELETE FROM sentiment.version_profile WHERE model_id = $1",
	"DELETE FROM sentiment.model WHERE model_id = $1",
};

/* What is of a version, itself first. $1: the model; $2: the version */
static const char *const of_version[] = {
	"DELETE FROM sentiment.model_version WHERE model_id = $1 AND version = $2",
	"DELETE FROM sentiment.outcome WHERE model_id = $1 AND version = $2",
	"DELETE FROM sentiment.version_stage WHERE model_id = $1 AND version = $2",
	"DELETE FROM sentiment.version_curves WHERE model_id = $1 AND version = $2",
	"DELETE FROM sentiment.version_profile WHERE model_id = $1 AND version = $2",
};

void
registry_delete_model(int64 model_id)
{
	Oid types[1] = {INT8OID};
	Datum values[1] = {Int64GetDatum(model_id)};

	for (int i = 0; i < lengthof(of_model); i++)
		registry_execute(of_model[i], 1, types, values, NULL, SPI_OK_DELETE);
}

void
registry_delete_version(int64 model_id, int32 version)
{
	Oid types[2] = {INT8OID, INT4OID};
	Datum values[2] = {Int64GetDatum(model_id), Int32GetDatum(version)};

	for (int i = 0; i < lengthof(of_version); i++)
		registry_execute(of_version[i], 2, types, values, NULL, SPI_OK_DELETE);
}
