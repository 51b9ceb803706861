/*
 * drift_report.c
 *	  sentiment_check_drift: rows of a relation, or live traffic, against the reference of a version.
 *
 * The source is read in one scan, by sentiment.drift_profile_agg, so PostgreSQL may run it in parallel workers. Whoever may ask the model may check; the stored report is for those who may train it.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "extension/drift_profile.h"
#include "extension/drift_report.h"
#include "extension/event.h"
#include "extension/failover.h"
#include "extension/host.h"
#include "extension/label_text.h"
#include "extension/public_query.h"
#include "extension/source_error.h"
#include "extension/source_query.h"

#define COMMAND "sentiment_check_drift()"

/* The verdict's row. */
#define REPORT_FEATURE   "(report)"
#define REPORT_STATISTIC "holm"

/* Refuse to store where nothing can be written, before any work. */
static void
check_can_store(void)
{
	bool is_subscriber = failover_is_subscriber();

	if (!RecoveryInProgress() && !XactReadOnly && !is_subscriber)
		return;
	ereport(ERROR, (errcode(is_subscriber ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
										  : ERRCODE_READ_ONLY_SQL_TRANSACTION),
					is_subscriber ? errmsg("cannot store a drift report on a subscriber")
					: RecoveryInProgress()
						? errmsg("cannot store a drift report during recovery")
						: errmsg("cannot store a drift report in a read-only transaction"),
					errhint("Give store => false to %s: the answer is the same.", COMMAND)));
}

/* The reference of a version, in the current memory context. */
static DriftProfile *
read_reference(const RegistryModel *model, int32 version)
{
	Datum stored;

	if (!registry_find_profile(model->model_id, version, GetActiveSnapshot(), &stored, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" has no reference to measure drift from",
						version, model->name),
				 errdetail("It was trained by an earlier release, or imported."),
				 errhint("Train a new version with sentiment_train: each training stores one.")));
	return (DriftProfile *) expanded_state_for_reading(stored, &drift_profile_type);
}

/*
 * Find the version's pipeline in the cache, where it stays until something else is asked: as a value, which is what the rows are
 * shown to.
 */
static RegistryVersion
find_pipeline(DriftCheck *check)
{
	RegistryVersion found;

	if (!registry_find_version(check->model.model_id, check->version, GetActiveSnapshot(), &found,
							   &check->image))
		registry_version_missing(check->model.name, check->version);
	check->cached = model_cache_from_datum(check->image);
	return found;
}

void
drift_check_begin(DriftCheck *check, const char *model, int32 version, bool store)
{
	Snapshot snapshot = GetActiveSnapshot();

	INSTR_TIME_SET_CURRENT(check->start);
	check->store = store;
	if (store)
		check_can_store();
	if (!registry_find_model(model, snapshot, &check->model))
		registry_model_missing(model);
	registry_check_privilege(&check->model, store ? PRIVILEGE_TRAIN : PRIVILEGE_PREDICT, snapshot);
	if (version == 0)
		version = registry_deployed_version(check->model.model_id, snapshot);
	if (version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no deployed version", check->model.name),
				 errhint("Name a version, or deploy one with sentiment_deploy('%s', version).",
						 check->model.name)));
	check->version = version;
	(void) find_pipeline(check);
	/* what a version makes of rows tells as much as its answers */
	registry_check_version_privilege(&check->model, version, snapshot);
	check->reference = read_reference(&check->model, version);
	drift_profile_check(check->reference, check->cached->pipeline);
	if (check->reference->n_texts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the reference of version %d of model \"%s\" has no rows", version,
						check->model.name),
				 errdetail("No row was held out when it was trained: there is nothing in common "
						   "with other rows."),
				 errhint("Train with more rows, or with a larger parameter holdout.")));
}

/* Seconds since the check began. */
static double
elapsed_seconds(const DriftCheck *check)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, check->start);
	return INSTR_TIME_GET_DOUBLE(now);
}

/* A text value that may be NULL. */
static Datum
optional_text(const char *string, char *null)
{
	*null = string == NULL ? 'n' : ' ';
	return string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

/* Write the report's row; answers its number. */
static int64
write_report(const DriftCheck *check, const DriftReport *report, const char *caller)
{
	Oid types[] = {INT8OID,   INT4OID, TEXTOID, TEXTOID,        TEXTOID,   TEXTOID,   TEXTOID,
				   INT8OID,   INT8OID, INT4OID, INT4OID,        FLOAT8OID, FLOAT8OID, BOOLOID,
				   FLOAT8OID, TEXTOID, INT8OID, TIMESTAMPTZOID, INT8OID,   INT8OID};
	char nulls[lengthof(types) + 1] = "                    ";
	Datum values[lengthof(types)] = {Int64GetDatum(check->model.model_id),
									 Int32GetDatum(check->version),
									 optional_text(check->source_schema, &nulls[2]),
									 optional_text(check->source_name, &nulls[3]),
									 optional_text(check->filter, &nulls[4]),
									 optional_text(check->text_column, &nulls[5]),
									 optional_text(check->label_column, &nulls[6]),
									 Int64GetDatum((int64) report->n_current),
									 Int64GetDatum((int64) report->n_reference),
									 Int32GetDatum((int32) report->n_tests),
									 Int32GetDatum((int32) report->n_drifted),
									 Float8GetDatum(report->p_value),
									 Float8GetDatum(check->options.alpha),
									 BoolGetDatum(report->n_drifted > 0),
									 Float8GetDatum(elapsed_seconds(check)),
									 CStringGetTextDatum(caller),
									 Int64GetDatum((int64) check->traffic.n_sampled),
									 TimestampTzGetDatum(check->traffic.since),
									 Int64GetDatum(llrint(report->effective_current)),
									 Int64GetDatum(llrint(report->effective_reference))};
	bool is_null;

	if (report->n_tests == 0)
		nulls[11] = nulls[13] = 'n';
	if (check->source_name != NULL)
		nulls[16] = 'n';
	if (check->traffic.since == 0)
		nulls[17] = 'n';
	registry_execute(
		"INSERT INTO sentiment.drift_report"
		" (model_id, version, source_schema, source_name, filter, text_column,"
		" label_column, rows, reference_rows, tests, findings, p_value, alpha, drifted,"
		" seconds, checked_by, sampled, since, effective_rows, effective_reference_rows)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
		"$19,"
		" $20)"
		" RETURNING report_id",
		lengthof(types), types, values, nulls, SPI_OK_INSERT_RETURNING);
	return DatumGetInt64(query_typed_datum(0, 1, INT8OID, &is_null));
}

/* Write a finding's bins. */
static void
write_bins(int64 report_id, int position, const char *bins)
{
	Oid types[] = {INT8OID, INT4OID, JSONBOID};
	Datum values[] = {Int64GetDatum(report_id), Int32GetDatum(position), jsonb_from_json(bins)};

	registry_execute("INSERT INTO sentiment.drift_report_bins (report_id, position, bins)"
					 " VALUES ($1, $2, $3)",
					 lengthof(types), types, values, NULL, SPI_OK_INSERT);
}

/* Write a finding's row. */
static void
write_finding(int64 report_id, int position, const DriftFinding *finding)
{
	Oid types[] = {INT8OID, INT4OID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, BOOLOID};
	char nulls[lengthof(types) + 1] = "        ";
	Datum values[lengthof(types)] = {Int64GetDatum(report_id),
									 Int32GetDatum(position),
									 utf8_to_text(finding->feature, strlen(finding->feature)),
									 CStringGetTextDatum(finding->statistic),
									 Float8GetDatum(finding->value),
									 Float8GetDatum(finding->p_value),
									 Float8GetDatum(finding->threshold),
									 BoolGetDatum(finding->drifted)};

	if (isnan(finding->value))
		nulls[4] = nulls[5] = nulls[7] = 'n';
	registry_execute("INSERT INTO sentiment.drift_report_feature"
					 " (report_id, position, feature, statistic, value, p_value, threshold,"
					 " drifted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
					 lengthof(types), types, values, nulls, SPI_OK_INSERT);
	if (finding->bins != NULL)
		write_bins(report_id, position, finding->bins);
}

/* Store a report, and tell listeners of it. */
static void
store_report(const DriftCheck *check, const DriftReport *report)
{
	char *caller = GetUserNameFromId(GetUserId(), false);
	RegistryWriter writer = registry_begin_write(COMMAND);
	int64 report_id;
	char *members;

	registry_lock_for_reference(&check->model);
	report_id = write_report(check, report, caller);
	for (size_t i = 0; i < report->n_findings; i++)
		write_finding(report_id, (int) i + 1, &report->findings[i]);
	members = psprintf("\"report_id\": " INT64_FORMAT ", \"rows\": " INT64_FORMAT
					   ", \"findings\": %u, \"drifted\": %s",
					   report_id, (int64) report->n_current, report->n_drifted,
					   report->n_tests == 0    ? "null"
					   : report->n_drifted > 0 ? "true"
											   : "false");
	event_notify("drift_checked", check->model.name, check->version, members);
	if (report->n_drifted > 0)
		event_notify("drift_detected", check->model.name, check->version, members);
	registry_end_write(&writer);
}

DriftReport
drift_report_of_profile(DriftCheck *check, DriftProfile *current)
{
	DriftReport report;

	if (!drift_profile_fits(check->reference, current) && current->shape.n_labels > 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the rows were seen by another version than %d of model \"%s\"",
							   check->version, check->model.name)));
	/* the scan may have run anything, so the cache may have dropped the model */
	(void) find_pipeline(check);
	/* no row at all: an empty profile of the model */
	if (current->shape.n_labels == 0)
		drift_profile_begin(current, check->cached->pipeline, CURRENT_SAMPLE_ROWS);
	report = drift_report_make(check->reference, current, check->cached->pipeline, &check->options);
	if (check->store)
		store_report(check, &report);
	return report;
}

/* Whether a relation has a column. */
static bool
has_column(Oid relation, const char *column)
{
	return get_attnum(relation, column) > 0;
}

/* The columns of the version: those of its source. */
static void
read_columns(const DriftCheck *check, Source *source)
{
	QueryParameter parameters[2] = {query_value(INT8OID, Int64GetDatum(check->model.model_id)),
									query_value(INT4OID, Int32GetDatum(check->version))};
	RegistryWriter reader = query_begin_read();
	char *label_column;

	if (public_query_read_only("SELECT v.text_column, v.label_column"
							   " FROM sentiment.model_version AS v"
							   " WHERE v.model_id OPERATOR(pg_catalog.=) $1"
							   " AND v.version OPERATOR(pg_catalog.=) $2",
							   2, parameters) != 1)
		registry_version_missing(check->model.name, check->version);
	if (source->text_column == NULL)
		source->text_column = query_column(0, 1);
	label_column = query_column(0, 2);
	registry_end_write(&reader);
	/* rows of today may have no label yet */
	if (source->label_column == NULL && has_column(source->relation, label_column))
		source->label_column = label_column;
}

/* The numeric columns of the version, which the source must have. */
static void
name_numeric_columns(const DriftCheck *check, Source *source)
{
	const FeatureSpaceOptions *features = &check->cached->pipeline->space.options;

	source->n_numeric = (int) features->n_numeric;
	source->numeric = palloc0_array(NumericColumn, source->n_numeric + 1);
	for (int i = 0; i < source->n_numeric; i++)
	{
		source->numeric[i].name = server_from_utf8(features->numeric_names[i]);
		if (!has_column(source->relation, source->numeric[i].name))
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
							errmsg("column \"%s\" of relation \"%s\" does not exist",
								   source->numeric[i].name, get_rel_name(source->relation)),
							errdetail("Version %d of model \"%s\" learned from this column.",
									  check->version, check->model.name),
							errhint("Name a table or view that has it.")));
	}
}

/* Append an expression for a numeric column: what training takes as missing is NULL here. */
static void
append_number(StringInfo query, const NumericColumn *column)
{
	if (!column->is_numeric)
	{
		source_append_number(query, column);
		return;
	}
	appendStringInfoString(query, "CASE WHEN pg_catalog.abs(");
	source_append_number(query, column);
	/* a cast refuses what is too small for a float8, as 1e-400 */
	appendStringInfoString(query, ") OPERATOR(pg_catalog.<) 1e39::pg_catalog.numeric"
								  " THEN sentiment.numeric_to_float8(");
	source_append_number(query, column);
	appendStringInfoString(query, ") END");
}

/* The query that makes the profile of the source's rows: parameters are the model and the filter of its texts. */
static char *
profile_query(const Source *source)
{
	char kind = get_rel_relkind(source->relation);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT sentiment.drift_profile_agg($1, $2, t.%s::pg_catalog.text, ",
					 quote_identifier(source->text_column));
	if (source->label_column == NULL)
		appendStringInfoString(&query, "NULL::pg_catalog.text");
	else
		label_text_append(&query, source->relation, source->label_column);
	appendStringInfoString(&query,
						   source->n_numeric == 0 ? ", NULL::pg_catalog.float8[]" : ", ARRAY[");
	for (int i = 0; i < source->n_numeric; i++)
	{
		if (i > 0)
			appendStringInfoString(&query, ", ");
		append_number(&query, &source->numeric[i]);
	}
	if (source->n_numeric > 0)
		appendStringInfoString(&query, "]::pg_catalog.float8[]");
	/*
	 * Rows of tables are told apart by their place, so that the sample is the same in every scan; a
	 * privilege on single columns does not show it.
	 */
	if ((kind == RELKIND_RELATION || kind == RELKIND_MATVIEW ||
		 kind == RELKIND_PARTITIONED_TABLE) &&
		(source->stored != NULL ||
		 pg_class_aclcheck(source->relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK))
		appendStringInfoString(
			&query, ", pg_catalog.hashtidextended(t.ctid, t.tableoid::pg_catalog.int8))");
	else
		appendStringInfoString(&query, ", NULL::pg_catalog.int8)");
	source_append_from(&query, source);
	return query.data;
}

/*
 * The filter of the texts that the version has learned from, as it is stored; 0 if none is known, or the current role may only ask the model:
 * the profile of a single text would tell him whether it is one of the training rows.
 */
static Datum
find_learned_texts(const DriftCheck *check)
{
	Datum learned;

	if (!registry_has_privilege(&check->model, PRIVILEGE_TRAIN, GetActiveSnapshot()) ||
		!registry_find_profile(check->model.model_id, check->version, GetActiveSnapshot(), NULL,
							   &learned))
		return (Datum) 0;
	return learned;
}

/* Read the source; the profile lives in the current memory context. */
static DriftProfile *
profile_source(const DriftCheck *check, const Source *source)
{
	Datum learned = find_learned_texts(check);
	Oid types[2] = {registry_model_type(), BYTEAOID};
	Datum values[2] = {check->image, learned};
	SourceQuery query = {.sql = profile_query(source),
						 .n_parameters = 2,
						 .types = types,
						 .values = values,
						 .nulls = learned == (Datum) 0 ? " n" : "  ",
						 /* a custom plan would have a copy of the model */
						 .cursor_options = CURSOR_OPT_PARALLEL_OK | CURSOR_OPT_GENERIC_PLAN};
	DriftProfile *profile;
	Datum datum;
	bool is_null;

	query_connect();
	if (source_query(source, &query) != 1)
		elog(ERROR, "unexpected result of: %s", query.sql);
	datum = query_typed_datum(0, 1, registry_profile_type(), &is_null);
	profile = is_null ? palloc0(sizeof(DriftProfile))
					  : (DriftProfile *) expanded_state_for_reading(datum, &drift_profile_type);
	query_finish();
	return profile;
}

/* Add a row to the function's result. */
static void
put_row(FunctionCallInfo fcinfo, const DriftFinding *finding, bool is_known)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[6] = {utf8_to_text(finding->feature, strlen(finding->feature)),
					   CStringGetTextDatum(finding->statistic),
					   Float8GetDatum(finding->value),
					   Float8GetDatum(finding->p_value),
					   Float8GetDatum(finding->threshold),
					   BoolGetDatum(finding->drifted)};
	bool nulls[6] = {false, false, !is_known, !is_known, false, !is_known};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The function's result: the verdict, then the findings. */
static void
put_report(FunctionCallInfo fcinfo, const DriftReport *report, double alpha)
{
	DriftFinding verdict = {.feature = REPORT_FEATURE,
							.statistic = REPORT_STATISTIC,
							.value = report->n_drifted,
							.p_value = report->p_value,
							.threshold = alpha,
							.drifted = report->n_drifted > 0};

	put_row(fcinfo, &verdict, report->n_tests > 0);
	for (size_t i = 0; i < report->n_findings; i++)
		put_row(fcinfo, &report->findings[i], !isnan(report->findings[i].value));
}

/* A name argument, NULL for none. */
static char *
name_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(argument)));
}

/* The argument period; NULL if it is not given. */
static Interval *
period_argument(FunctionCallInfo fcinfo)
{
	Interval zero = {0};
	Interval *period = PG_ARGISNULL(9) ? NULL : PG_GETARG_INTERVAL_P(9);

	if (period != NULL && DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(period),
															IntervalPGetDatum(&zero))) <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"period\" must be more than zero")));
	return period;
}

/* The profile of what the version's predictions have seen. */
static DriftProfile *
profile_traffic(DriftCheck *check, const Interval *period)
{
	RegistryVersion version = find_pipeline(check);

	return live_traffic_profile(&check->model, &version, check->cached->pipeline, period,
								&check->reference, &check->traffic);
}

/* Fill in what the version tells of the source, check it, and note it for the report. */
static void
complete_source(DriftCheck *check, Source *source)
{
	read_columns(check, source);
	if (get_rel_relkind(source->relation) != 0)
		name_numeric_columns(check, source);
	source_check(source);
	check->source_schema = source->schema;
	check->source_name = source->name;
	check->filter = source->filter;
	check->text_column = source->text_column;
	check->label_column = source->label_column;
}

/* Read the rows of a source, and report. */
static DriftReport
check_source(DriftCheck *check, Source *source)
{
	complete_source(check, source);
	return drift_report_of_profile(check, profile_source(check, source));
}

/* The same of a stored source: who may not read it is told the class of an error that may quote rows. */
static DriftReport
check_stored_source(DriftCheck *check, Source *source)
{
	DriftReport report;

	PG_TRY();
	{
		report = check_source(check, source);
	}
	PG_CATCH();
	{
		source_error_rethrow(source->stored, SOURCE_ERROR_OF_DATA);
	}
	PG_END_TRY();
	return report;
}

/* Read the options: alpha, and thresholds as JSON (NULL: the defaults). */
static void
set_options(DriftReportOptions *options, const char *json, double alpha)
{
	ParameterGroup group = {drift_report_parameters, n_drift_report_parameters, options};

	parameters_parse(json, &group, 1);
	options->alpha = alpha;
	if (!(alpha > 0 && alpha < 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("alpha is out of range: %g", alpha),
						errdetail("It must lie between 0 and 1.")));
}

DriftReport
drift_check_monitored(const RegistryModel *model, const Monitor *monitor)
{
	DriftCheck *check = palloc0(sizeof(DriftCheck));
	Source *source = palloc0(sizeof(Source));
	RegistryVersionSource *version = palloc0(sizeof(RegistryVersionSource));

	set_options(&check->options, "{}", monitor->alpha);
	drift_check_begin(check, model->name, 0, true);
	if (monitor->name == NULL)
		return drift_report_of_profile(check,
									   profile_traffic(check, DatumGetIntervalP(monitor->period)));
	source->text_column = monitor->text_column;
	source->label_column = monitor->label_column;
	source->filter = monitor_window(monitor, monitor->period);
	source_take_stored(source, monitor_source(model, monitor));
	if (!registry_find_version_source(model->model_id, check->version, GetActiveSnapshot(),
									  version))
		registry_version_missing(model->name, check->version);
	source->numeric_by = &version->trained_by;
	return check_stored_source(check, source);
}

/* What goes with a source must not be given without one. */
static void
require_no_source_arguments(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(2) || !PG_ARGISNULL(3) || !PG_ARGISNULL(4))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("filter, text_column and label_column need a source"),
			 errdetail("Without a source, what predictions have seen is checked."),
			 errhint("Name a table or view of rows in the argument source, or leave them out.")));
}

/* The source of the arguments. */
static Source
source_argument(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(9))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"period\" is for live traffic, and a source is given"),
						errhint("Choose the rows of a period by the argument filter.")));
	return (Source){.relation = PG_GETARG_OID(1),
					.filter = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)),
					.text_column = name_argument(fcinfo, 3),
					.label_column = name_argument(fcinfo, 4)};
}

/* (model, source, filter, text_column, label_column, alpha, version, params, store, period) */
PG_FUNCTION_INFO_V1(sentiment_check_drift);
Datum
sentiment_check_drift(PG_FUNCTION_ARGS)
{
	DriftCheck check = {.store = false};
	Source source;
	DriftReport report;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"model\" must not be null")));
	InitMaterializedSRF(fcinfo, 0);
	set_options(&check.options, json_from_argument(fcinfo, 7),
				PG_ARGISNULL(5) ? 0.01 : PG_GETARG_FLOAT8(5));
	drift_check_begin(&check, text_to_cstring(PG_GETARG_TEXT_PP(0)),
					  PG_ARGISNULL(6) ? 0 : PG_GETARG_INT32(6),
					  PG_ARGISNULL(8) || PG_GETARG_BOOL(8));
	if (PG_ARGISNULL(1))
	{
		require_no_source_arguments(fcinfo);
		report = drift_report_of_profile(&check, profile_traffic(&check, period_argument(fcinfo)));
	}
	else
	{
		source = source_argument(fcinfo);
		report = check_source(&check, &source);
	}
	put_report(fcinfo, &report, check.options.alpha);
	return (Datum) 0;
}
