/*
 * traffic.c
 *	  Versions that share a model's traffic, and versions in the shadow of those that answer.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

#include "extension/arguments.h"
#include "extension/deployment.h"
#include "extension/event.h"
#include "extension/host.h"
#include "extension/registry.h"
#include "extension/version_counter.h"

/* How far the sum of shares may be from 1: what writing them as decimal numbers takes. */
#define SHARE_TOLERANCE 1e-9

/* Versions by share, as they were asked for. */
typedef struct Traffic
{
	int n;
	int32 versions[MAX_TRAFFIC_VERSIONS];
	double shares[MAX_TRAFFIC_VERSIONS];
} Traffic;

/* Raise the error for traffic of another form. */
static void
pg_attribute_noreturn() refuse_form(const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid traffic"),
					errdetail("%s", detail),
					errhint("Give a JSON object of versions and their shares, as in '{\"3\": 0.9, "
							"\"4\": 0.1}'.")));
}

/* The number of a version, written as PostgreSQL would write it. */
static int32
parse_version(const JsonbValue *key)
{
	char *digits = pnstrdup(key->val.string.val, key->val.string.len);
	int32 version =
		strlen(digits) > 0 && strlen(digits) < 11 ? (int32) strtol(digits, NULL, 10) : 0;

	if (version <= 0 || strcmp(digits, psprintf("%d", version)) != 0)
		refuse_form(psprintf("\"%s\" is not the number of a version.", digits));
	return version;
}

/* The share of a version. */
static double
parse_share(int32 version, const JsonbValue *value)
{
	double share;

	if (value->type != jbvNumeric)
		refuse_form(psprintf("The share of version %d is not a number.", version));
	share = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!(share > 0 && share <= 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the share of version %d is %g", version, share),
						errdetail("A share is above 0, and 1 at most."),
						errhint("Leave a version out that is not to answer.")));
	return share;
}

/* Read traffic, and check all that needs no table. */
static Traffic
parse_traffic(Jsonb *json)
{
	JsonbIterator *iterator = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue value;
	Traffic traffic = {0};
	double sum = 0;

	if (!JB_ROOT_IS_OBJECT(json) || JB_ROOT_COUNT(json) == 0)
		refuse_form(JB_ROOT_IS_OBJECT(json) ? "It names no version." : "It is not an object.");
	if (JB_ROOT_COUNT(json) > MAX_TRAFFIC_VERSIONS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("traffic of %u versions", JB_ROOT_COUNT(json)),
						errdetail("%d versions of a model at most may share its traffic.",
								  MAX_TRAFFIC_VERSIONS)));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			traffic.versions[traffic.n] = parse_version(&value);
		else if (token == WJB_VALUE)
		{
			traffic.shares[traffic.n] = parse_share(traffic.versions[traffic.n], &value);
			sum += traffic.shares[traffic.n++];
		}
	}
	if (fabs(sum - 1) > SHARE_TOLERANCE)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the shares sum to %.10g, not to 1", sum),
						errdetail("Each unit must have a version that answers it.")));
	return traffic;
}

/* Raise an error unless a version may be deployed. Under the lock of the model. */
static void
check_version(const RegistryModel *model, int32 version)
{
	RegistryVersion found;

	if (!registry_find_version(model->model_id, version, GetActiveSnapshot(), &found, NULL))
		registry_version_missing(model->name, version);
}

PG_FUNCTION_INFO_V1(sentiment_set_traffic);
Datum
sentiment_set_traffic(PG_FUNCTION_ARGS)
{
	RegistryChange change = {.action = "traffic", .rolls_back_to = -1};
	RegistryWriter writer;
	RegistryModel model;
	Traffic traffic;

	require_arguments(fcinfo, 2);
	traffic = parse_traffic(PG_GETARG_JSONB_P(1));
	change.reason = optional_text_argument(fcinfo, 2, "sentiment_set_traffic");
	writer = registry_begin_write("sentiment_set_traffic()");
	registry_lock_for_change(&writer, text_to_cstring(PG_GETARG_TEXT_PP(0)), PRIVILEGE_TRAIN,
							 &model);
	for (int i = 0; i < traffic.n; i++)
		check_version(&model, traffic.versions[i]);
	registry_set_traffic(&writer, &model, PG_GETARG_DATUM(1), &change);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}

/* Write an event of the shadow to the history, after the deployment has changed. */
static void
write_shadow_history(const RegistryWriter *writer, const RegistryModel *model, int32 version,
					 const char *reason)
{
	StoredRole caller = stored_role_of(writer->caller);
	Oid types[6] = {INT8OID, INT4OID, TEXTOID, TEXTOID, OIDOID, INT8OID};
	Datum values[6] = {Int64GetDatum(model->model_id), Int32GetDatum(version),
					   CStringGetTextDatum(reason),    CStringGetTextDatum(caller.name),
					   ObjectIdGetDatum(caller.oid),   Int64GetDatum(caller.cluster)};

	registry_execute(
		"INSERT INTO sentiment.deployment_history"
		" (model_id, model, action, version, shadow, reason,"
		" owner, owner_oid, owner_cluster, done_by, done_by_oid, done_by_cluster)"
		" SELECT m.model_id, m.name, 'shadow', $2,"
		" (SELECT COALESCE(pg_catalog.jsonb_object_agg(d.version, d.shadow_share), '{}')"
		" FROM sentiment.deployment AS d"
		" WHERE d.model_id = m.model_id AND d.shadow_share > 0),"
		" $3, m.owner, m.owner_oid, m.owner_cluster, $4, $5, $6"
		" FROM sentiment.model AS m WHERE m.model_id = $1",
		6, types, values, NULL, SPI_OK_INSERT);
}

/* Put a version into the shadow, or with a share of 0 end it. Under the lock of the model. */
static void
write_shadow(const RegistryWriter *writer, const RegistryModel *model, int32 version, double share)
{
	Oid types[4] = {INT8OID, INT4OID, FLOAT8OID, TEXTOID};
	Datum values[4] = {Int64GetDatum(model->model_id), Int32GetDatum(version),
					   Float8GetDatum(share),
					   CStringGetTextDatum(GetUserNameFromId(writer->caller, false))};

	registry_execute("DELETE FROM sentiment.deployment WHERE model_id = $1 AND version = $2", 2,
					 types, values, NULL, SPI_OK_DELETE);
	if (share > 0)
		registry_execute(
			"INSERT INTO sentiment.deployment (model_id, version, share, shadow_share, deployed_by)"
			" VALUES ($1, $2, 0, $3, $4)",
			4, types, values, NULL, SPI_OK_INSERT);
}

/* Raise an error unless a version may be put into the shadow with a share, or taken out of it with 0. */
static void
check_shadow(const RegistryModel *model, int32 version, double share)
{
	RegistryDeployed rows[MAX_TRAFFIC_VERSIONS + MAX_SHADOW_VERSIONS];
	int n_rows = registry_read_deployment(model->model_id, GetActiveSnapshot(), rows);
	int n_shadows = 0;
	bool is_shadow = false;

	for (int i = 0; i < n_rows; i++)
	{
		if (rows[i].share > 0 && rows[i].version == version)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("version %d of model \"%s\" answers already", version, model->name),
					 errhint("Only versions that do not answer are scored in the shadow.")));
		n_shadows += rows[i].shadow_share > 0;
		is_shadow = is_shadow || (rows[i].shadow_share > 0 && rows[i].version == version);
	}
	if (share == 0 && !is_shadow)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" is not in the shadow", version, model->name)));
	if (share > 0 && !is_shadow && n_shadows == MAX_SHADOW_VERSIONS)
		ereport(
			ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("model \"%s\" has %d versions in the shadow already", model->name, n_shadows),
			 errhint("End one with sentiment_set_shadow('%s', version, 0).", model->name)));
}

PG_FUNCTION_INFO_V1(sentiment_set_shadow);
Datum
sentiment_set_shadow(PG_FUNCTION_ARGS)
{
	RegistryWriter writer;
	RegistryModel model;
	int32 version;
	double share;

	require_arguments(fcinfo, 3);
	version = PG_GETARG_INT32(1);
	share = PG_GETARG_FLOAT8(2);
	if (!(share >= 0 && share <= 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the share of the shadow is %g", share),
						errdetail("A share of the predictions is 0 to 1; 0 ends the shadow.")));
	writer = registry_begin_write("sentiment_set_shadow()");
	registry_lock_for_change(&writer, text_to_cstring(PG_GETARG_TEXT_PP(0)), PRIVILEGE_TRAIN,
							 &model);
	check_version(&model, version);
	if (share > 0)
		registry_check_not_retired(&model, registry_single_version_traffic(version));
	check_shadow(&model, version, share);
	write_shadow(&writer, &model, version, share);
	write_shadow_history(&writer, &model, version,
						 optional_text_argument(fcinfo, 3, "sentiment_set_shadow"));
	event_notify("shadow", model.name, version, psprintf("\"share\": %g", share));
	registry_end_write(&writer);
	if (share > 0 && !statistics_available())
		ereport(NOTICE,
				(errmsg("version %d is not scored on this server", version),
				 errdetail("What a shadow would have answered is counted in shared memory."),
				 errhint("Add \"sentiment\" to shared_preload_libraries and restart.")));
	PG_RETURN_VOID();
}

/* The version that answers a unit. */
PG_FUNCTION_INFO_V1(sentiment_route);
Datum
sentiment_route(PG_FUNCTION_ARGS)
{
	const Deployment *deployment =
		deployment_resolve(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	int i = deployment_choose(deployment, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1));

	PG_RETURN_INT32(deployment->versions[i].version.version);
}
