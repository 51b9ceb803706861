/*
 * monitor.c
 *	  What is watched of a model, and what it is trained from again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "extension/arguments.h"
#include "extension/event.h"
#include "extension/gate.h"
#include "extension/live_traffic.h"
#include "extension/monitor.h"
#include "extension/public_query.h"
#include "extension/source_query.h"
#include "extension/train_arguments.h"
#include "extension/train_recipe.h"

/* Arguments of sentiment_monitor. */
enum
{
	ARGUMENT_MODEL,
	ARGUMENT_SOURCE,
	ARGUMENT_TEXT_COLUMN,
	ARGUMENT_TIME_COLUMN,
	ARGUMENT_PERIOD,
	ARGUMENT_LABEL_COLUMN,
	ARGUMENT_FILTER,
	ARGUMENT_TRAINING_PERIOD,
	ARGUMENT_NUMERIC_COLUMNS,
	ARGUMENT_KIND,
	ARGUMENT_PARAMS,
	ARGUMENT_DEPLOY,
	ARGUMENT_COOLDOWN,
	ARGUMENT_ALPHA
};

void
monitor_missing(const RegistryModel *model)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("model \"%s\" is not monitored", model->name),
					errdetail("Where its new rows come in is not known."),
					errhint("Say what to watch with sentiment_monitor('%s', ...).", model->name)));
}

/* A column of the row that was read, or 0. */
static Datum
optional_datum(int column, Oid type)
{
	bool is_null;

	return query_typed_datum(0, column, type, &is_null);
}

bool
monitor_find(const RegistryModel *model, Monitor *monitor)
{
	QueryParameter parameters[1] = {query_value(INT8OID, Int64GetDatum(model->model_id))};
	RegistryWriter reader = query_begin_read();
	bool found;

	found = public_query_read_only("SELECT source_schema, source_name, text_column, time_column,"
								   " label_column, filter, period, training_period,"
								   " numeric_columns, kind, params, deploy, cooldown, alpha,"
								   " set_by, set_by_oid, set_by_cluster"
								   " FROM sentiment.monitor WHERE model_id = $1",
								   1, parameters) == 1;
	if (found)
	{
		bool is_null;

		*monitor =
			(Monitor){.schema = query_column(0, 1),
					  .name = query_column(0, 2),
					  .text_column = query_column(0, 3),
					  .time_column = query_column(0, 4),
					  .label_column = query_column(0, 5),
					  .filter = query_column(0, 6),
					  .period = optional_datum(7, INTERVALOID),
					  .training_period = optional_datum(8, INTERVALOID),
					  .numeric_columns = optional_datum(9, TEXTARRAYOID),
					  .kind = query_column(0, 10),
					  .params = optional_datum(11, JSONBOID),
					  .deploy = query_column(0, 12),
					  .cooldown = optional_datum(13, INTERVALOID),
					  .alpha = DatumGetFloat8(query_typed_datum(0, 14, FLOAT8OID, &is_null))};
		strlcpy(monitor->set_by.name, query_column(0, 15), NAMEDATALEN);
		monitor->set_by.oid = DatumGetObjectId(query_typed_datum(0, 16, OIDOID, &is_null));
		monitor->set_by.cluster = DatumGetInt64(query_typed_datum(0, 17, INT8OID, &is_null));
	}
	registry_end_write(&reader);
	return found;
}

StoredSource *
monitor_source(const RegistryModel *model, const Monitor *monitor)
{
	return stored_source_open(model, monitor->schema, monitor->name, &monitor->set_by);
}

/* The moment that lies an interval before now, as a literal that no setting changes. */
static char *
moment_before_now(Datum interval)
{
	QueryParameter parameters[1] = {query_value(INTERVALOID, interval)};
	char *moment;

	query_connect();
	/* a year before Christ would be written without its era */
	public_query_read_only("SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', GREATEST("
						   "pg_catalog.now() OPERATOR(pg_catalog.-) $1,"
						   " '0001-01-01 00:00:00+00'::pg_catalog.timestamptz)),"
						   " 'YYYY-MM-DD HH24:MI:SS.US')",
						   1, parameters);
	moment = query_column(0, 1);
	query_finish();
	return moment;
}

char *
monitor_window(const Monitor *monitor, Datum interval)
{
	StringInfoData filter;

	if (monitor->time_column == NULL || interval == (Datum) 0)
		return monitor->filter;
	initStringInfo(&filter);
	if (monitor->filter != NULL)
		appendStringInfo(&filter, "(%s\n) AND ", monitor->filter);
	appendStringInfo(&filter, "t.%s OPERATOR(pg_catalog.>=) '%s+00'::pg_catalog.timestamptz",
					 quote_identifier(monitor->time_column), moment_before_now(interval));
	return filter.data;
}

/* Raise an error unless an interval is at least (or, with positive, more than) zero. */
static void
check_interval(FunctionCallInfo fcinfo, int argument, const char *name, bool positive)
{
	Interval zero = {0};
	int order;

	if (PG_ARGISNULL(argument))
		return;
	order = DatumGetInt32(
		DirectFunctionCall2(interval_cmp, PG_GETARG_DATUM(argument), IntervalPGetDatum(&zero)));
	if (order < 0 || (positive && order == 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"%s\" must %s", name,
							   positive ? "be more than zero" : "not be negative")));
}

/* A text or name argument, NULL if it is null. */
static char *
optional_name(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(argument)));
}

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* The numeric columns as text[], 0 if they are not given. */
static Datum
numeric_columns_argument(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(ARGUMENT_NUMERIC_COLUMNS)
			   ? (Datum) 0
			   : text_array_of_names(PG_GETARG_ARRAYTYPE_P(ARGUMENT_NUMERIC_COLUMNS),
									 "numeric_columns");
}

/* The source must have the columns that are named, or else those of the version that is watched. */
static void
take_numeric_columns(const RegistryModel *model, const Monitor *monitor, Source *source)
{
	int32 version = train_recipe_version(model);

	if (monitor->numeric_columns != (Datum) 0)
		source_set_numeric_columns(source, monitor->numeric_columns);
	else if (version != 0)
		source_set_numeric_columns(source, train_recipe_of_version(model, version).numeric_columns);
}

/* Raise an error unless the time column is one of times. */
static void
check_time_column(const Source *source, const char *column)
{
	AttrNumber number = get_attnum(source->relation, column);
	Oid type = number > 0 ? getBaseType(get_atttype(source->relation, number)) : InvalidOid;

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist", column, source->name),
				 errhint("Name the column in the argument time_column.")));
	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" of relation \"%s\" is of type %s, which is no time",
							   column, source->name, format_type_be(type)),
						errhint("Use a column of type timestamptz, timestamp or date.")));
}

/* Look at the source as it will be read: it can be stored, the columns are there, and a query of no rows succeeds. */
static void
check_source(const RegistryModel *model, Monitor *monitor, Source *source)
{
	List *columns = NIL;

	source_check(source);
	if (monitor->time_column != NULL)
	{
		check_time_column(source, monitor->time_column);
		columns = list_make1(monitor->time_column);
	}
	monitor->schema = source->schema;
	monitor->name = source->name;
	source_try_stored(model, source, monitor_window(monitor, monitor->period), columns);
}

/* Read the arguments. */
static void
read_arguments(FunctionCallInfo fcinfo, Monitor *monitor, Source *source)
{
	require_argument(fcinfo, ARGUMENT_MODEL, "model");
	require_argument(fcinfo, ARGUMENT_TEXT_COLUMN, "text_column");
	require_argument(fcinfo, ARGUMENT_PERIOD, "period");
	require_argument(fcinfo, ARGUMENT_DEPLOY, "deploy");
	require_argument(fcinfo, ARGUMENT_COOLDOWN, "cooldown");
	require_argument(fcinfo, ARGUMENT_ALPHA, "alpha");
	check_interval(fcinfo, ARGUMENT_PERIOD, "period", true);
	check_interval(fcinfo, ARGUMENT_TRAINING_PERIOD, "training_period", true);
	check_interval(fcinfo, ARGUMENT_COOLDOWN, "cooldown", false);
	*source = (Source){.relation = PG_ARGISNULL(ARGUMENT_SOURCE) ? InvalidOid
																 : PG_GETARG_OID(ARGUMENT_SOURCE),
					   .text_column = optional_name(fcinfo, ARGUMENT_TEXT_COLUMN),
					   .label_column = optional_name(fcinfo, ARGUMENT_LABEL_COLUMN),
					   .filter = optional_text(fcinfo, ARGUMENT_FILTER)};
	*monitor = (Monitor){.text_column = source->text_column,
						 .time_column = optional_name(fcinfo, ARGUMENT_TIME_COLUMN),
						 .label_column = source->label_column,
						 .filter = source->filter,
						 .period = PG_GETARG_DATUM(ARGUMENT_PERIOD),
						 .training_period = PG_ARGISNULL(ARGUMENT_TRAINING_PERIOD)
												? (Datum) 0
												: PG_GETARG_DATUM(ARGUMENT_TRAINING_PERIOD),
						 .numeric_columns = numeric_columns_argument(fcinfo),
						 .kind = optional_text(fcinfo, ARGUMENT_KIND),
						 .params = PG_ARGISNULL(ARGUMENT_PARAMS) ? (Datum) 0
																 : PG_GETARG_DATUM(ARGUMENT_PARAMS),
						 .deploy = optional_text(fcinfo, ARGUMENT_DEPLOY),
						 .cooldown = PG_GETARG_DATUM(ARGUMENT_COOLDOWN),
						 .alpha = PG_GETARG_FLOAT8(ARGUMENT_ALPHA),
						 .set_by = stored_role_of(GetUserId())};
}

/* Check what the arguments say by themselves. */
static void
check_arguments(const Monitor *monitor, bool has_source)
{
	train_check_deploy_rule(monitor->deploy);
	if (!(monitor->alpha > 0 && monitor->alpha < 1))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("argument \"alpha\" must be between 0 and 1, both excluded")));
	if (monitor->training_period != (Datum) 0 && monitor->time_column == NULL && has_source)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"training_period\" needs a time column"),
						errhint("Name it in the argument time_column.")));
	train_check_recipe(monitor->kind, monitor->params);
}

/* The default of the argument text_column. */
#define DEFAULT_TEXT_COLUMN "text"

/* Watch live traffic: what goes with a source must not be given. */
static void
take_live_traffic(const RegistryModel *model, Monitor *monitor)
{
	if (monitor->time_column != NULL || monitor->label_column != NULL || monitor->filter != NULL ||
		monitor->training_period != (Datum) 0 ||
		strcmp(monitor->text_column, DEFAULT_TEXT_COLUMN) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("text_column, time_column, label_column, filter and training_period need a "
						"source"),
				 errdetail("Without a source, live traffic is watched."),
				 errhint("Name a table or view in the argument source, or leave them out.")));
	live_traffic_require(model);
	monitor->text_column = NULL;
}

/* Write the row. */
static void
write_monitor(const RegistryWriter *writer, const RegistryModel *model, const Monitor *monitor)
{
	StoredRole caller = stored_role_of(writer->caller);
	QueryParameter parameters[] = {query_value(INT8OID, Int64GetDatum(model->model_id)),
								   query_text(monitor->schema),
								   query_text(monitor->name),
								   query_text(monitor->text_column),
								   query_text(monitor->time_column),
								   query_text(monitor->label_column),
								   query_text(monitor->filter),
								   query_value(INTERVALOID, monitor->period),
								   query_optional(INTERVALOID, monitor->training_period),
								   query_optional(TEXTARRAYOID, monitor->numeric_columns),
								   query_text(monitor->kind),
								   query_optional(JSONBOID, monitor->params),
								   query_text(monitor->deploy),
								   query_value(INTERVALOID, monitor->cooldown),
								   query_value(FLOAT8OID, Float8GetDatum(monitor->alpha)),
								   query_text(caller.name),
								   query_value(OIDOID, ObjectIdGetDatum(caller.oid)),
								   query_value(INT8OID, Int64GetDatum(caller.cluster))};

	public_query("DELETE FROM sentiment.monitor WHERE model_id = $1", 1, parameters);
	public_query("INSERT INTO sentiment.monitor (model_id, source_schema, source_name, text_column,"
				 " time_column, label_column, filter, period, training_period, numeric_columns,"
				 " kind, params, deploy, cooldown, alpha, set_by, set_by_oid, set_by_cluster)"
				 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
				 " $17, $18)",
				 lengthof(parameters), parameters);
}

/* Tell at once if what answers would not pass the gate: then hardly anything that is trained again will. */
static void
warn_of_deployed_version(const RegistryModel *model)
{
	int32 version = registry_deployed_version(model->model_id, GetActiveSnapshot());
	GateReport report;

	if (version == 0)
		return;
	report = gate_measure(model, version, NULL, GetActiveSnapshot());
	if (report.passed)
		return;
	ereport(WARNING,
			(errmsg("version %d of model \"%s\", which answers, does not pass the gate itself",
					version, model->name),
			 errdetail("%s.", gate_failures(&report, false)),
			 errhint("See sentiment_check_gate('%s', %d), and change the gate with "
					 "sentiment_set_gate if it asks for too much.",
					 model->name, version)));
}

PG_FUNCTION_INFO_V1(sentiment_monitor);
Datum
sentiment_monitor(PG_FUNCTION_ARGS)
{
	Monitor monitor;
	Source source;
	RegistryModel model;
	RegistryWriter writer;
	char *name;

	read_arguments(fcinfo, &monitor, &source);
	check_arguments(&monitor, OidIsValid(source.relation));
	name = optional_text(fcinfo, ARGUMENT_MODEL);
	if (!registry_find_model(name, GetActiveSnapshot(), &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, GetActiveSnapshot());
	if (OidIsValid(source.relation))
	{
		take_numeric_columns(&model, &monitor, &source);
		check_source(&model, &monitor, &source);
	}
	else
		take_live_traffic(&model, &monitor);
	writer = registry_begin_write("sentiment_monitor()");
	registry_lock_for_change(&writer, name, PRIVILEGE_TRAIN, &model);
	write_monitor(&writer, &model, &monitor);
	event_notify("monitor", model.name, 0, NULL);
	registry_end_write(&writer);
	warn_of_deployed_version(&model);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sentiment_unmonitor);
Datum
sentiment_unmonitor(PG_FUNCTION_ARGS)
{
	RegistryWriter writer;
	RegistryModel model;
	QueryParameter parameters[1];
	char *name;
	bool found;

	require_argument(fcinfo, ARGUMENT_MODEL, "model");
	name = optional_text(fcinfo, ARGUMENT_MODEL);
	writer = registry_begin_write("sentiment_unmonitor()");
	registry_lock_for_change(&writer, name, PRIVILEGE_TRAIN, &model);
	parameters[0] = query_value(INT8OID, Int64GetDatum(model.model_id));
	found = public_query("DELETE FROM sentiment.monitor WHERE model_id = $1", 1, parameters) > 0;
	if (found)
		event_notify("unmonitor", model.name, 0, NULL);
	registry_end_write(&writer);
	PG_RETURN_BOOL(found);
}
