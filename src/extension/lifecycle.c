/*
 * lifecycle.c
 *	  Which version of a model answers, and what becomes of the others.
 *
 * A version begins as a candidate, may be put into staging, and answers in production. One that another has
 * displaced is archived, and answers again after a rollback; one that was retired does not until it is promoted
 * again. Which versions answer is what sentiment.deployment says: all commands here are changes to it, kept in
 * sentiment.deployment_history, and take effect with the commit.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/arguments.h"
#include "extension/event.h"
#include "extension/gate.h"
#include "extension/host.h"
#include "extension/lifecycle.h"
#include "extension/query_result.h"
#include "extension/registry.h"
#include "extension/registry_delete.h"

/* Raise an error unless the model has the version. */
static void
check_version(const RegistryModel *model, int32 version)
{
	RegistryVersion found;

	if (!registry_find_version(model->model_id, version, GetActiveSnapshot(), &found, NULL))
		registry_version_missing(model->name, version);
}

/* An integer of the first row that SPI has answered; null is 0. */
static int64
first_int8(int column)
{
	bool is_null;
	Datum value;

	if (SPI_processed == 0)
		return 0;
	value = query_typed_datum(0, column, INT8OID, &is_null);
	return is_null ? 0 : DatumGetInt64(value);
}

PG_FUNCTION_INFO_V1(sentiment_deploy);
Datum
sentiment_deploy(PG_FUNCTION_ARGS)
{
	int32 version;
	RegistryWriter writer;
	RegistryModel model;
	char *name;

	require_arguments(fcinfo, 2);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	version = PG_GETARG_INT32(1);
	writer = registry_begin_write("sentiment_deploy()");
	registry_lock_for_change(&writer, name, PRIVILEGE_TRAIN, &model);
	check_version(&model, version);
	registry_deploy(&writer, &model, version, "sentiment_deploy");
	registry_end_write(&writer);
	PG_RETURN_VOID();
}

/* What sentiment_promote is asked for. */
typedef struct Promotion
{
	char *name;
	int32 version;
	const char *stage;
	const char *reason; /* NULL: none given */
	bool force;
} Promotion;

/* Read the stage that a version is promoted to. */
static const char *
parse_stage(const char *stage)
{
	if (strcmp(stage, "production") == 0)
		return "production";
	if (strcmp(stage, "staging") == 0)
		return "staging";
	if (strcmp(stage, "archived") == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a version is not promoted to \"archived\""),
						errdetail("A version is archived when another takes its place in "
								  "production."),
						errhint("Use sentiment_retire.")));
	if (strcmp(stage, "candidate") == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a version is not promoted to \"candidate\""),
						errdetail("A version is a candidate from its training until it is "
								  "promoted.")));
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown stage \"%s\"", stage),
					errhint("A version is promoted to \"staging\" or to \"production\".")));
}

/* Read the arguments. */
static Promotion
read_promotion(FunctionCallInfo fcinfo)
{
	Promotion promotion;

	require_arguments(fcinfo, 3);
	promotion.name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	promotion.version = PG_GETARG_INT32(1);
	promotion.stage = parse_stage(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	promotion.reason = optional_text_argument(fcinfo, 3, NULL);
	promotion.force = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
	return promotion;
}

/* Measure the version before anything is locked: that takes its time. */
static GateReport
measure_before(const Promotion *promotion, int64 *model_id)
{
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;

	if (!registry_find_model(promotion->name, snapshot, &model))
		registry_model_missing(promotion->name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, snapshot);
	*model_id = model.model_id;
	return gate_measure(&model, promotion->version, NULL, snapshot);
}

/* The share and the shadow share of a version, under the lock of its model; false if it has none. */
static bool
find_share(const RegistryModel *model, int32 version, double *share)
{
	Oid types[2] = {INT8OID, INT4OID};
	Datum values[2] = {Int64GetDatum(model->model_id), Int32GetDatum(version)};
	bool is_null;

	registry_execute("SELECT d.share FROM sentiment.deployment AS d"
					 " WHERE d.model_id = $1 AND d.version = $2",
					 2, types, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		return false;
	*share = DatumGetFloat8(query_typed_datum(0, 1, FLOAT8OID, &is_null));
	return true;
}

/* Raise the error for a version that is where it should go. */
static void
pg_attribute_noreturn() already_there(const RegistryModel *model, int32 version, const char *stage)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("version %d of model \"%s\" is in %s already", version, model->name, stage)));
}

/* Take back what is said of a version's stage, so that it may answer. */
static void
forget_stage(const RegistryModel *model, int32 version)
{
	Oid types[2] = {INT8OID, INT4OID};
	Datum values[2] = {Int64GetDatum(model->model_id), Int32GetDatum(version)};

	registry_execute("DELETE FROM sentiment.version_stage WHERE model_id = $1 AND version = $2", 2,
					 types, values, NULL, SPI_OK_DELETE);
}

/* Say what the stage of a version that does not answer is; false if it is that already. */
static bool
set_stage(const RegistryWriter *writer, const RegistryModel *model, int32 version,
		  const char *stage, bool retired, const char *reason)
{
	Oid types[6] = {INT8OID, INT4OID, TEXTOID, BOOLOID, TEXTOID, TEXTOID};
	Datum values[6] = {Int64GetDatum(model->model_id),
					   Int32GetDatum(version),
					   CStringGetTextDatum(stage),
					   BoolGetDatum(retired),
					   CStringGetTextDatum(reason),
					   CStringGetTextDatum(GetUserNameFromId(writer->caller, false))};

	registry_execute("INSERT INTO sentiment.version_stage AS s"
					 " (model_id, version, stage, retired, reason, changed_by)"
					 " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (model_id, version)"
					 " DO UPDATE SET stage = EXCLUDED.stage, retired = EXCLUDED.retired,"
					 " reason = EXCLUDED.reason, changed_by = EXCLUDED.changed_by,"
					 " changed_at = EXCLUDED.changed_at"
					 " WHERE s.stage <> EXCLUDED.stage OR s.retired <> EXCLUDED.retired",
					 6, types, values, NULL, SPI_OK_INSERT);
	return SPI_processed > 0;
}

/* Write an event that changes the stage of a version that does not answer, and tell of it. */
static void
record_stage(const RegistryWriter *writer, const RegistryModel *model, int32 version,
			 const RegistryChange *change)
{
	registry_write_history(writer, model, change, version, (Datum) 0);
	event_notify(change->action, model->name, version,
				 psprintf("\"stage\": \"%s\"", change->stage));
}

/* Put a version into staging. */
static void
promote_to_staging(const RegistryWriter *writer, const RegistryModel *model,
				   const Promotion *promotion)
{
	RegistryChange change = {.action = "promote",
							 .stage = "staging",
							 .reason = promotion->reason == NULL ? "sentiment_promote"
																 : promotion->reason};
	double share;

	if (find_share(model, promotion->version, &share))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" is deployed", promotion->version, model->name),
				 errdetail("A version leaves production when another takes its place."),
				 errhint("Promote another version, or roll back.")));
	if (!set_stage(writer, model, promotion->version, "staging", false, change.reason))
		already_there(model, promotion->version, "staging");
	record_stage(writer, model, promotion->version, &change);
}

/* Raise the error for a version that does not pass. */
static void
pg_attribute_noreturn()
	gate_not_passed(const RegistryModel *model, int32 version, const GateReport *report)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("version %d of model \"%s\" does not pass the gate", version, model->name),
		 errdetail("%s.", gate_failures(report, false)),
		 report->is_unmeasured
			 ? errhint(
				   "Name a table to measure it on with sentiment_set_source('%s', 'a_table'); or "
				   "promote it all the same with force => true, which the history shows.",
				   model->name)
			 : errhint("Promote it all the same with force => true, which the history shows; or "
					   "change the gate with sentiment_set_gate.")));
}

/* Why a version is promoted, as the history keeps it: with what it was forced past. */
static const char *
promotion_reason(const Promotion *promotion, const GateReport *report)
{
	const char *reason = promotion->reason == NULL ? "sentiment_promote" : promotion->reason;

	if (report->passed)
		return reason;
	return psprintf("%s (forced past the gate: %s)", reason, gate_failures(report, true));
}

/* Let a version answer, if it passes the gate. */
static void
promote_to_production(const RegistryWriter *writer, const RegistryModel *model,
					  const Promotion *promotion, const GateReport *report)
{
	RegistryChange change = {.action = "promote", .rolls_back_to = -1};
	double share;

	if (find_share(model, promotion->version, &share) && share == 1)
		already_there(model, promotion->version, "production");
	if (!report->passed && !promotion->force)
		gate_not_passed(model, promotion->version, report);
	change.reason = promotion_reason(promotion, report);
	change.forced = !report->passed;
	forget_stage(model, promotion->version);
	registry_set_traffic(writer, model, registry_single_version_traffic(promotion->version),
						 &change);
}

/* Measure a version for the caller, who is told why its source cannot be read by what he may read. */
static GateReport
measure_as_caller(const RegistryWriter *writer, const RegistryModel *model, int32 version)
{
	GateReport report;
	Oid owner;
	int security_context;

	GetUserIdAndSecContext(&owner, &security_context);
	SetUserIdAndSecContext(writer->caller, security_context);
	report = gate_measure(model, version, NULL, GetActiveSnapshot());
	SetUserIdAndSecContext(owner, security_context);
	return report;
}

/*
 * Promote a version to production that was measured before; somebody else may have been faster: then it has another
 * one to beat, and is measured anew. Under the lock of the model.
 */
static void
promote_measured(const RegistryWriter *writer, const RegistryModel *model,
				 const Promotion *promotion, int64 measured_model, GateReport *report)
{
	if (model->model_id != measured_model ||
		registry_deployed_version(model->model_id, GetActiveSnapshot()) != report->production)
		*report = measure_as_caller(writer, model, promotion->version);
	promote_to_production(writer, model, promotion, report);
}

void
lifecycle_promote(const RegistryModel *measured, int32 version, const char *reason, bool force,
				  GateReport *report)
{
	Promotion promotion = {(char *) measured->name, version, "production", reason, force};
	RegistryWriter writer = registry_begin_write("sentiment_promote()");
	RegistryModel model;

	registry_lock_for_change(&writer, measured->name, PRIVILEGE_TRAIN, &model);
	check_version(&model, version);
	promote_measured(&writer, &model, &promotion, measured->model_id, report);
	registry_end_write(&writer);
}

PG_FUNCTION_INFO_V1(sentiment_promote);
Datum
sentiment_promote(PG_FUNCTION_ARGS)
{
	Promotion promotion = read_promotion(fcinfo);
	bool to_production = strcmp(promotion.stage, "production") == 0;
	GateReport report = {0};
	int64 measured_model = 0;
	RegistryWriter writer;
	RegistryModel model;

	registry_refuse_read_only("sentiment_promote()");
	if (to_production)
		report = measure_before(&promotion, &measured_model);
	writer = registry_begin_write("sentiment_promote()");
	registry_lock_for_change(&writer, promotion.name, PRIVILEGE_TRAIN, &model);
	check_version(&model, promotion.version);
	if (to_production)
		promote_measured(&writer, &model, &promotion, measured_model, &report);
	else
		promote_to_staging(&writer, &model, &promotion);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}

/*
 * Look for the traffic to return to, along the chain of events that each rolls back to another: the first whose
 * traffic is not the present one, and whose versions may all answer. False if there is none. n_skipped: events
 * on the way whose versions are gone or retired
 */
static bool
find_rollback(const RegistryModel *model, Datum *traffic, int64 *rolls_back_to, int64 *n_skipped)
{
	Oid types[1] = {INT8OID};
	Datum values[1] = {Int64GetDatum(model->model_id)};
	bool is_null;

	registry_execute(
		"WITH RECURSIVE present AS ("
		" SELECT h.history_id, h.traffic, h.rolls_back_to FROM sentiment.deployment_history AS h"
		" WHERE h.model_id = $1 AND h.traffic IS NOT NULL ORDER BY h.history_id DESC LIMIT 1"
		"), chain AS ("
		" SELECT p.history_id, p.traffic, p.rolls_back_to FROM present AS p"
		" UNION ALL"
		" SELECT h.history_id, h.traffic, h.rolls_back_to FROM chain AS c"
		" JOIN sentiment.deployment_history AS h ON h.history_id = c.rolls_back_to"
		" AND h.model_id = $1 AND h.history_id < c.history_id AND h.traffic IS NOT NULL"
		"), judged AS ("
		" SELECT c.*, NOT EXISTS (SELECT FROM pg_catalog.jsonb_object_keys(c.traffic) AS k"
		" WHERE NOT EXISTS (SELECT FROM sentiment.model_version AS v WHERE v.model_id = $1"
		" AND v.version = k::pg_catalog.int4 AND NOT EXISTS (SELECT"
		" FROM sentiment.version_stage AS s WHERE s.model_id = $1 AND s.version = v.version"
		" AND s.retired))) AS usable"
		" FROM chain AS c, present AS p WHERE c.traffic <> p.traffic"
		"), target AS ("
		" SELECT j.* FROM judged AS j WHERE j.usable ORDER BY j.history_id DESC LIMIT 1)"
		" SELECT (SELECT t.traffic FROM target AS t), (SELECT t.rolls_back_to FROM target AS t),"
		" (SELECT pg_catalog.count(*) FROM judged AS j WHERE NOT j.usable"
		" AND j.history_id > COALESCE((SELECT t.history_id FROM target AS t), 0))",
		1, types, values, NULL, SPI_OK_SELECT);
	*rolls_back_to = first_int8(2);
	*n_skipped = first_int8(3);
	*traffic = query_typed_datum(0, 1, JSONBOID, &is_null);
	return !is_null;
}

/* Raise the error for a model that has no traffic to return to. */
static void
pg_attribute_noreturn() nothing_before(const RegistryModel *model, int64 n_skipped)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("model \"%s\" has no earlier deployment to return to", model->name),
					registry_deployed_version(model->model_id, GetActiveSnapshot()) == 0
						? errdetail("No version answers.")
					: n_skipped > 0
						? errdetail("Versions of all earlier deployments are retired or pruned.")
						: errdetail("What answers now was deployed first."),
					errhint("The view sentiment_deployments shows what has answered; "
							"sentiment_promote and sentiment_deploy let any version answer.")));
}

PG_FUNCTION_INFO_V1(sentiment_rollback);
Datum
sentiment_rollback(PG_FUNCTION_ARGS)
{
	RegistryChange change = {.action = "rollback"};
	RegistryWriter writer;
	RegistryModel model;
	Datum traffic;
	int64 n_skipped;
	int32 version;
	char *name;

	require_arguments(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	change.reason = optional_text_argument(fcinfo, 1, "sentiment_rollback");
	writer = registry_begin_write("sentiment_rollback()");
	registry_lock_for_change(&writer, name, PRIVILEGE_TRAIN, &model);
	if (!find_rollback(&model, &traffic, &change.rolls_back_to, &n_skipped))
		nothing_before(&model, n_skipped);
	if (n_skipped > 0)
		ereport(NOTICE, (errmsg("skipped %lld earlier deployments of versions that are retired "
								"or pruned",
								(long long) n_skipped)));
	version = registry_set_traffic(&writer, &model, traffic, &change);
	registry_end_write(&writer);
	PG_RETURN_INT32(version);
}

PG_FUNCTION_INFO_V1(sentiment_retire);
Datum
sentiment_retire(PG_FUNCTION_ARGS)
{
	RegistryChange change = {.action = "retire", .stage = "archived"};
	RegistryWriter writer;
	RegistryModel model;
	int32 version;
	double share;
	char *name;

	require_arguments(fcinfo, 2);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	version = PG_GETARG_INT32(1);
	change.reason = optional_text_argument(fcinfo, 2, "sentiment_retire");
	writer = registry_begin_write("sentiment_retire()");
	registry_lock_for_change(&writer, name, PRIVILEGE_TRAIN, &model);
	check_version(&model, version);
	if (find_share(&model, version, &share))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("version %d of model \"%s\" is deployed", version, name),
						errdetail("A version that answers, or is scored in the shadow of one that "
								  "does, cannot be retired."),
						errhint("Promote another version first.")));
	if (!set_stage(&writer, &model, version, "archived", true, change.reason))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("version %d of model \"%s\" is retired already", version, name)));
	record_stage(&writer, &model, version, &change);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}

/*
 * The versions that pruning drops: those that do not answer, are not in staging, and are neither among the
 * newest nor among those that were last in production and could be returned to. Answers their numbers in
 * SPI's result.
 */
static void
find_versions_to_prune(const RegistryModel *model, int32 keep)
{
	Oid types[2] = {INT8OID, INT4OID};
	Datum values[2] = {Int64GetDatum(model->model_id), Int32GetDatum(keep)};

	registry_execute(
		"SELECT v.version FROM sentiment.model_version AS v WHERE v.model_id = $1"
		" AND NOT EXISTS (SELECT FROM sentiment.deployment AS d"
		" WHERE d.model_id = $1 AND d.version = v.version)"
		" AND NOT EXISTS (SELECT FROM sentiment.version_stage AS s"
		" WHERE s.model_id = $1 AND s.version = v.version AND s.stage = 'staging')"
		" AND v.version NOT IN (SELECT n.version FROM sentiment.model_version AS n"
		" WHERE n.model_id = $1 ORDER BY n.version DESC LIMIT $2)"
		" AND v.version NOT IN (SELECT p.version FROM ("
		" SELECT k::pg_catalog.int4 AS version, pg_catalog.max(h.history_id) AS last"
		" FROM sentiment.deployment_history AS h, pg_catalog.jsonb_object_keys(h.traffic) AS k"
		" WHERE h.model_id = $1 GROUP BY 1) AS p"
		" JOIN sentiment.model_version AS e ON e.model_id = $1 AND e.version = p.version"
		" WHERE NOT EXISTS (SELECT FROM sentiment.version_stage AS s"
		" WHERE s.model_id = $1 AND s.version = p.version AND s.retired)"
		" ORDER BY p.last DESC LIMIT $2)"
		" ORDER BY v.version",
		2, types, values, NULL, SPI_OK_SELECT);
}

/* Drop a version. */
static void
drop_version(const RegistryWriter *writer, const RegistryModel *model, int32 version,
			 const RegistryChange *change)
{
	registry_write_history(writer, model, change, version, (Datum) 0);
	registry_delete_version(model->model_id, version);
}

/* Drop the versions that need not be kept; how many. */
static int32
prune(const RegistryWriter *writer, const RegistryModel *model, int32 keep)
{
	RegistryChange change = {.action = "prune", .reason = psprintf("keep => %d", keep)};
	StringInfoData members;
	SPITupleTable *table;
	int32 n;

	find_versions_to_prune(model, keep);
	n = (int32) SPI_processed;
	table = SPI_tuptable;
	if (n == 0)
		return 0;
	query_check_type(1, INT4OID);
	initStringInfo(&members);
	appendStringInfoString(&members, "\"versions\": [");
	for (int32 i = 0; i < n; i++)
	{
		bool is_null;
		int32 version = DatumGetInt32(SPI_getbinval(table->vals[i], table->tupdesc, 1, &is_null));

		drop_version(writer, model, version, &change);
		appendStringInfo(&members, "%s%d", i == 0 ? "" : ", ", version);
	}
	appendStringInfoChar(&members, ']');
	event_notify("prune", model->name, 0, members.data);
	return n;
}

int32
lifecycle_prune(const char *name, int32 keep)
{
	RegistryWriter writer;
	RegistryModel model;
	int32 n;

	if (keep < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid value for argument \"keep\": %d", keep),
						errhint("Give the number of versions to keep besides those that answer "
								"or are in staging, from 0 on.")));
	writer = registry_begin_write("sentiment_prune()");
	registry_lock_for_change(&writer, name, PRIVILEGE_ADMIN, &model);
	n = prune(&writer, &model, keep);
	registry_end_write(&writer);
	return n;
}

PG_FUNCTION_INFO_V1(sentiment_prune);
Datum
sentiment_prune(PG_FUNCTION_ARGS)
{
	require_arguments(fcinfo, 2);
	PG_RETURN_INT32(lifecycle_prune(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1)));
}

PG_FUNCTION_INFO_V1(sentiment_drop_model);
Datum
sentiment_drop_model(PG_FUNCTION_ARGS)
{
	RegistryChange change = {.action = "drop", .reason = "sentiment_drop_model"};
	RegistryWriter writer;
	RegistryModel model;
	char *name;

	require_arguments(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	writer = registry_begin_write("sentiment_drop_model()");
	registry_lock_for_drop(&writer, name, &model);
	registry_write_history(&writer, &model, &change, 0, (Datum) 0);
	registry_delete_model(model.model_id);
	event_notify("drop", model.name, 0, NULL);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}
