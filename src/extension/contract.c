/*
 * contract.c
 *	  Data contracts of models, and validations of rows against them.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "core/hash.h"
#include "core/validation/contract_suggestion.h"
#include "extension/contract.h"
#include "extension/event.h"
#include "extension/host.h"
#include "extension/owner_context.h"

/* So many findings are listed in the error that stops a training. */
#define MAX_LISTED_FINDINGS 10

/* Share of the texts that a first training holds out by default. */
#define DEFAULT_HOLDOUT 0.2

/* Raise an error for an argument that is null. */
static void
require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
}

/* The hash that decides which texts a first training of a model will hold out. */
static uint64
seed_of_name(const char *name)
{
	return hash_content(name, strlen(name)) >> 1;
}

PG_FUNCTION_INFO_V1(sentiment_set_contract);
Datum
sentiment_set_contract(PG_FUNCTION_ARGS)
{
	char *name;
	Datum contract = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	Contract checked;
	RegistryModel model;
	RegistryWriter writer;
	bool exists;

	require_argument(fcinfo, 0, "model");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	registry_check_name(name);
	if (contract != (Datum) 0)
		contract_read(contract, &checked);
	writer = registry_begin_write("sentiment_set_contract()");
	exists = registry_find_model(name, GetActiveSnapshot(), &model);
	if (exists)
		registry_lock_for_change(&writer, name, PRIVILEGE_TRAIN, &model);
	contract_write(&writer, name, exists ? &model : NULL, contract);
	registry_end_write(&writer);
	event_notify(contract == (Datum) 0 ? "contract_removed" : "contract_set", name, 0, NULL);
	PG_RETURN_VOID();
}

/* Write what a validation has found, within a registry write. trained_version: 0 for none */
static void
store_validation(const RegistryWriter *writer, const RegistryModel *model,
				 const ValidationScan *scan, int32 contract_version, int32 trained_version)
{
	Oid types[11] = {INT8OID, INT4OID, INT4OID, TEXTOID,   TEXTOID, TEXTOID,
					 INT8OID, INT4OID, INT4OID, FLOAT8OID, TEXTOID};
	Datum values[11] = {Int64GetDatum(model->model_id),
						Int32GetDatum(contract_version),
						Int32GetDatum(trained_version),
						CStringGetTextDatum(scan->schema),
						CStringGetTextDatum(scan->name),
						scan->filter == NULL ? (Datum) 0 : CStringGetTextDatum(scan->filter),
						Int64GetDatum((int64) scan->n_rows),
						Int32GetDatum((int32) findings_count(&scan->findings, SEVERITY_ERROR)),
						Int32GetDatum((int32) findings_count(&scan->findings, SEVERITY_WARNING)),
						Float8GetDatum(scan->seconds),
						CStringGetTextDatum(GetUserNameFromId(writer->caller, false))};
	char nulls[12] = "           ";
	Datum validation_id;
	bool is_null;

	nulls[1] = contract_version == 0 ? 'n' : ' ';
	nulls[2] = trained_version == 0 ? 'n' : ' ';
	nulls[5] = scan->filter == NULL ? 'n' : ' ';
	registry_execute("INSERT INTO sentiment.validation"
					 " (model_id, contract_version, trained_version, source_schema, source_name,"
					 " filter, rows, errors, warnings, seconds, validated_by)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
					 " RETURNING validation_id",
					 11, types, values, nulls, SPI_OK_INSERT_RETURNING);
	validation_id = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	for (uint32 i = 0; i < scan->findings.n_findings; i++)
	{
		const Finding *finding = &scan->findings.findings[i];
		Oid finding_types[8] = {INT8OID, INT4OID,   TEXTOID, TEXTOID,
								INT8OID, FLOAT8OID, TEXTOID, TEXTOID};
		Datum finding_values[8] = {
			validation_id,
			Int32GetDatum((int32) i + 1),
			CStringGetTextDatum(contract_checks[finding->check].name),
			CStringGetTextDatum(severity_names[finding->severity]),
			Int64GetDatum((int64) finding->n_rows),
			Float8GetDatum(finding->share),
			utf8_to_displayed_text(finding->detail, strlen(finding->detail)),
			finding->example == NULL
				? (Datum) 0
				: utf8_to_displayed_text(finding->example, strlen(finding->example))};
		char finding_nulls[9] = "        ";

		finding_nulls[4] = finding->has_rows ? ' ' : 'n';
		finding_nulls[5] = isnan(finding->share) ? 'n' : ' ';
		finding_nulls[7] = finding->example == NULL ? 'n' : ' ';
		registry_execute("INSERT INTO sentiment.validation_finding"
						 " (validation_id, number, check_name, severity, rows, share, detail)"
						 " VALUES ($1, $2, $3, $4, $5, $6, $7)",
						 7, finding_types, finding_values, finding_nulls, SPI_OK_INSERT);
		if (finding->example == NULL)
			continue;
		registry_execute("INSERT INTO sentiment.validation_example"
						 " (validation_id, number, example) VALUES ($1, $2, $8)",
						 8, finding_types, finding_values, finding_nulls, SPI_OK_INSERT);
	}
}

/* The findings of severity error, for a detail or the log. */
static char *
list_errors(const Findings *findings)
{
	uint32 n_errors = findings_count(findings, SEVERITY_ERROR);
	uint32 n_listed = 0;
	StringInfoData list;

	initStringInfo(&list);
	for (uint32 i = 0; i < findings->n_findings && n_listed < MAX_LISTED_FINDINGS; i++)
	{
		const Finding *finding = &findings->findings[i];

		if (finding->severity != SEVERITY_ERROR)
			continue;
		appendStringInfo(&list, "%s%s", n_listed++ > 0 ? "\n" : "",
						 contract_checks[finding->check].name);
		if (finding->has_rows)
			appendStringInfo(&list, " (rows: %llu)", (unsigned long long) finding->n_rows);
		appendStringInfo(&list, ": %s.", server_from_utf8(finding->detail));
	}
	if (n_errors > n_listed)
		appendStringInfo(&list, "\nThere are %u more.", n_errors - n_listed);
	return list.data;
}

/* Refuse a contract that is about other columns than the ones that a training reads. */
static void
check_training_columns(const char *name, const Source *source, const Contract *contract)
{
	const char *text_column = server_from_utf8(contract->text_column);
	const char *label_column = server_from_utf8(contract->label_column);

	if (strcmp(text_column, source->text_column) == 0 &&
		strcmp(label_column, source->label_column) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the contract of model \"%s\" is about other columns", name),
			 errdetail("It names \"%s\" and \"%s\"; the training reads \"%s\" and \"%s\".",
					   text_column, label_column, source->text_column, source->label_column),
			 errhint("Leave text_column and label_column out of the contract, or name the same "
					 "columns.")));
}

void
contract_validate_training(const char *name, const Source *source, uint64 split_seed,
						   double holdout, TrainingValidation *validation)
{
	ValidationScan *scan = &validation->scan;
	RegistryModel model;
	bool exists = registry_find_model(name, GetActiveSnapshot(), &model);
	ValidatedVersion *version = palloc0(sizeof(ValidatedVersion));

	memset(validation, 0, sizeof(*validation));
	validation->has_contract = contract_find(name, exists ? &model : NULL, &validation->stored);
	if (!validation->has_contract)
		return;
	scan->relation = source->relation;
	scan->filter = source->filter;
	scan->model = name;
	scan->split_seed = split_seed;
	scan->holdout = holdout;
	scan->contract_json = contract_with_columns(validation->stored.contract, source->text_column,
												source->label_column);
	contract_read(scan->contract_json, &scan->contract);
	check_training_columns(name, source, &scan->contract);
	/* asking the model takes longer than all else, so a training does it only where it decides */
	if (exists && scan->contract.severities[CHECK_LABEL_ERROR] == SEVERITY_ERROR)
	{
		validated_version_read(model.model_id,
							   registry_deployed_version(model.model_id, GetActiveSnapshot()),
							   version);
		scan->version = version;
		/* only what both have held out was not seen by the deployed version */
		scan->holdout = Min(holdout, version->holdout);
	}
	validation_scan(scan);
	host_progress("%llu rows validated by the contract: %u errors, %u warnings (%.1f s)",
				  (unsigned long long) scan->n_rows,
				  findings_count(&scan->findings, SEVERITY_ERROR),
				  findings_count(&scan->findings, SEVERITY_WARNING), scan->seconds);
	if (findings_count(&scan->findings, SEVERITY_ERROR) == 0)
		return;
	ereport(LOG, (errmsg("sentiment: the rows of \"%s.%s\" break the contract of model \"%s\"",
						 scan->schema, scan->name, name),
				  errdetail("%s", list_errors(&scan->findings))));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("the rows of \"%s\" break the contract of model \"%s\"", scan->name, name),
			 errdetail("%s", list_errors(&scan->findings)),
			 errhint("sentiment_validate('%s', '%s') shows examples. Mend the rows, choose others "
					 "with a view, or change the contract with sentiment_set_contract.",
					 name, quote_qualified_identifier(scan->schema, scan->name))));
}

void
contract_store_training(const RegistryWriter *writer, const TrainingValidation *validation,
						const RegistryModel *model, int32 version)
{
	contract_adopt(writer, model);
	if (validation->has_contract)
		store_validation(writer, model, &validation->scan, validation->stored.version, version);
}

/* Give the findings out, errors first. show_examples: the caller may see texts of the source */
static void
put_findings(FunctionCallInfo fcinfo, const Findings *findings, bool show_examples)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int severity = SEVERITY_ERROR; severity <= SEVERITY_INFO; severity++)
	{
		for (uint32 i = 0; i < findings->n_findings; i++)
		{
			const Finding *finding = &findings->findings[i];
			bool has_example = finding->example != NULL && show_examples;
			bool nulls[6] = {false, false,       !finding->has_rows, isnan(finding->share),
							 false, !has_example};
			Datum values[6] = {0};

			if ((int) finding->severity != severity)
				continue;
			values[0] = CStringGetTextDatum(contract_checks[finding->check].name);
			values[1] = CStringGetTextDatum(severity_names[severity]);
			values[2] = Int64GetDatum((int64) finding->n_rows);
			values[3] = Float8GetDatum(finding->share);
			values[4] = utf8_to_displayed_text(finding->detail, strlen(finding->detail));
			if (has_example)
				values[5] = utf8_to_displayed_text(finding->example, strlen(finding->example));
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
}

PG_FUNCTION_INFO_V1(sentiment_validate_contract);
Datum
sentiment_validate_contract(PG_FUNCTION_ARGS)
{
	ValidationScan scan = {0};

	require_argument(fcinfo, 0, "contract");
	require_argument(fcinfo, 1, "source");
	InitMaterializedSRF(fcinfo, 0);
	scan.contract_json = PG_GETARG_DATUM(0);
	scan.relation = PG_GETARG_OID(1);
	scan.filter = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	validation_scan(&scan);
	put_findings(fcinfo, &scan.findings, true);
	return (Datum) 0;
}

/* A validation by a model's contract. */
typedef struct ModelValidation
{
	const char *name;
	bool exists;
	RegistryModel model;
	StoredContract stored;
	ValidatedVersion version;
	ValidationScan scan;
} ModelValidation;

/* The relation that the model was last trained from; under the owner's context. */
static Oid
stored_source(const ModelValidation *validation)
{
	const ValidatedVersion *version = &validation->version;
	Oid schema = InvalidOid;
	Oid relation = InvalidOid;

	if (version->version != 0)
		schema = get_namespace_oid(version->source_schema, true);
	else
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("model \"%s\" has no source yet", validation->name),
						errhint("Name the source.")));
	if (OidIsValid(schema))
		relation = get_relname_relid(version->source_name, schema);
	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the source of model \"%s\" does not exist any more", validation->name),
				 errdetail("Version %d was trained from \"%s.%s\".", version->version,
						   version->source_schema, version->source_name),
				 errhint("Name the source.")));
	return relation;
}

/* Find the model, its contract and its version; check what the caller may do. */
static void
read_model(ModelValidation *validation, bool needs_train)
{
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel *model = &validation->model;
	bool has_contract;

	validation->exists = registry_find_model(validation->name, snapshot, model);
	if (validation->exists)
	{
		registry_check_privilege(model, needs_train ? PRIVILEGE_TRAIN : PRIVILEGE_PREDICT,
								 snapshot);
		validated_version_read(model->model_id,
							   registry_deployed_version(model->model_id, snapshot),
							   &validation->version);
	}
	has_contract =
		contract_find(validation->name, validation->exists ? model : NULL, &validation->stored);
	if (!has_contract && !validation->exists)
		registry_model_missing(validation->name);
	if (!has_contract)
		validation->stored =
			(StoredContract){0, DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))};
}

/* Prepare the scan. */
static void
prepare_scan(ModelValidation *validation, bool check_labels)
{
	ValidationScan *scan = &validation->scan;
	const ValidatedVersion *version = &validation->version;

	scan->model = validation->name;
	scan->contract_json = validation->stored.contract;
	scan->split_seed =
		validation->exists ? (uint64) validation->model.split_seed : seed_of_name(validation->name);
	scan->holdout = DEFAULT_HOLDOUT;
	if (version->version == 0)
		return;
	scan->contract_json = contract_with_columns(validation->stored.contract, version->text_column,
												version->label_column);
	scan->holdout = version->holdout;
	if (check_labels)
		scan->version = version;
}

/* Keep what was found, and tell listeners of errors. */
static void
store_findings(const ModelValidation *validation)
{
	RegistryWriter writer = registry_begin_write("sentiment_validate(store => true)");
	uint32 n_errors = findings_count(&validation->scan.findings, SEVERITY_ERROR);
	RegistryModel model;

	registry_lock_for_change(&writer, validation->name, PRIVILEGE_TRAIN, &model);
	if (model.model_id != validation->model.model_id)
		registry_model_missing(validation->name);
	store_validation(&writer, &model, &validation->scan, validation->stored.version, 0);
	registry_end_write(&writer);
	if (n_errors > 0)
		event_notify("validation_failed", validation->name, 0,
					 psprintf("\"errors\": %u, \"rows\": %llu", n_errors,
							  (unsigned long long) validation->scan.n_rows));
}

PG_FUNCTION_INFO_V1(sentiment_validate);
Datum
sentiment_validate(PG_FUNCTION_ARGS)
{
	bool store = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	bool check_labels = PG_ARGISNULL(4) || PG_GETARG_BOOL(4);
	bool is_stored_source = PG_ARGISNULL(1);
	ModelValidation *validation = palloc0(sizeof(ModelValidation));
	ValidationScan *scan = &validation->scan;
	bool show_examples = true;

	require_argument(fcinfo, 0, "model");
	if (store)
	{
		PreventCommandIfReadOnly("sentiment_validate(store => true)");
		PreventCommandIfParallelMode("sentiment_validate(store => true)");
		PreventCommandDuringRecovery("sentiment_validate(store => true)");
	}
	InitMaterializedSRF(fcinfo, 0);
	validation->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	read_model(validation, store || is_stored_source);
	if (store && !validation->exists)
		registry_model_missing(validation->name);
	prepare_scan(validation, check_labels);
	scan->filter = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (is_stored_source && validation->exists)
	{
		RegistryVersionSource source;
		OwnerContext context;

		if (scan->filter != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a filter needs a source"),
					 errdetail("The source of the model is read as whoever named it, who would "
							   "run the filter."),
					 errhint("Name the source: it is read as the current role.")));
		/* these are texts that the owner may read */
		show_examples =
			registry_has_privilege(&validation->model, PRIVILEGE_ADMIN, GetActiveSnapshot());
		scan->relation = stored_source(validation);
		if (!registry_find_version_source(validation->model.model_id, validation->version.version,
										  GetActiveSnapshot(), &source))
			registry_version_missing(validation->name, validation->version.version);
		scan->filter = source.filter;
		context = owner_context_begin_source(&validation->model, &source.trained_by);
		validation_scan(scan);
		owner_context_end(&context);
	}
	else
	{
		scan->relation = is_stored_source ? stored_source(validation) : PG_GETARG_OID(1);
		validation_scan(scan);
	}
	if (store)
		store_findings(validation);
	put_findings(fcinfo, &scan->findings, show_examples);
	return (Datum) 0;
}

/* Read the columns of numbers of sentiment_suggest_contract as ranges without limits. */
static void
append_ranges(FunctionCallInfo fcinfo, int argument, Oid relation, StringInfo json)
{
	Datum *names;
	bool *nulls;
	int n_names;

	if (PG_ARGISNULL(argument))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &names, &nulls, &n_names);
	if (n_names > MAX_CONTRACT_RANGES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many numeric columns"),
						errdetail("A contract can have %d ranges.", MAX_CONTRACT_RANGES)));
	appendStringInfoString(json, ", \"ranges\": {");
	for (int i = 0; i < n_names; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"numeric_columns\" must not contain null")));
		appendStringInfoString(json, i > 0 ? ", " : "");
		escape_json(json, NameStr(*DatumGetName(names[i])));
		appendStringInfoString(json, ": {}");
	}
	appendStringInfoChar(json, '}');
}

/* A name argument, or its default for NULL. */
static char *
name_argument(FunctionCallInfo fcinfo, int argument, const char *default_value)
{
	return pstrdup(PG_ARGISNULL(argument) ? default_value : NameStr(*PG_GETARG_NAME(argument)));
}

/* Raise an error where columns of a source are not what they were said to be. */
static void
check_suggested_columns(const ValidationScan *scan)
{
	for (uint32 i = 0; i < scan->findings.n_findings; i++)
	{
		const Finding *finding = &scan->findings.findings[i];

		if (finding->check == CHECK_COLUMN_MISSING || finding->check == CHECK_COLUMN_TYPE)
			ereport(ERROR,
					(errcode(finding->check == CHECK_COLUMN_MISSING ? ERRCODE_UNDEFINED_COLUMN
																	: ERRCODE_DATATYPE_MISMATCH),
					 errmsg("no contract can be suggested for \"%s\"", scan->name),
					 errdetail("%s.", server_from_utf8(finding->detail))));
		if (finding->check == CHECK_LABEL_UNUSABLE)
			ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
							errmsg("the column \"%s\" cannot hold labels",
								   server_from_utf8(scan->contract.label_column)),
							errdetail("%s.", server_from_utf8(finding->detail)),
							errhint("Name another label_column, or '' for rows without labels.")));
	}
	if (scan->validation == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("no contract can be suggested for \"%s\"", scan->name),
						errdetail("It has no rows that the current role may see.")));
}

PG_FUNCTION_INFO_V1(sentiment_suggest_contract);
Datum
sentiment_suggest_contract(PG_FUNCTION_ARGS)
{
	ValidationScan scan = {0};
	StringInfoData json;
	ByteBuffer suggestion = {0};
	ContractColumn columns[2 + MAX_CONTRACT_RANGES];
	uint32 n_columns = 0;
	Contract *contract = &scan.contract;

	require_argument(fcinfo, 0, "source");
	scan.relation = PG_GETARG_OID(0);
	initStringInfo(&json);
	/* any column can be read as text, so its type is only noted */
	appendStringInfoString(&json, "{\"columns\": {");
	escape_json(&json, name_argument(fcinfo, 1, "text"));
	appendStringInfoString(&json, ": \"any\"}");
	append_ranges(fcinfo, 3, scan.relation, &json);
	appendStringInfoChar(&json, '}');
	scan.contract_json =
		contract_with_columns(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)),
							  name_argument(fcinfo, 1, "text"), name_argument(fcinfo, 2, "label"));
	validation_scan(&scan);
	check_suggested_columns(&scan);
	columns[n_columns++].name = contract->text_column;
	if (contract->label_column[0] != '\0')
		columns[n_columns++].name = contract->label_column;
	for (uint32 i = 0; i < contract->n_ranges; i++)
	{
		/* the label may be a number too */
		if (strcmp(contract->ranges[i].column, contract->label_column) != 0)
			columns[n_columns++].name = contract->ranges[i].column;
	}
	for (uint32 i = 0; i < n_columns; i++)
		column_family(scan.relation, columns[i].name, &columns[i].family);
	contract_suggest(scan.validation, contract, columns, n_columns, &suggestion);
	return jsonb_from_json(buffer_c_string(&suggestion));
}

/* Give out the keys of a table. options: a struct of defaults; part_of NULL: of the contract itself */
static void
put_keys(FunctionCallInfo fcinfo, const ParameterSpec *specs, size_t n_specs, void *options,
		 const char *part_of)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ParameterGroup group = {specs, n_specs, options};

	parameters_set_defaults(&group);
	for (size_t i = 0; i < n_specs; i++)
	{
		ByteBuffer allowed = {0};
		ByteBuffer value = {0};
		bool nulls[5] = {false, part_of == NULL, false, false, false};
		Datum values[5] = {CStringGetTextDatum(specs[i].name)};

		parameters_append_allowed(&allowed, &specs[i]);
		parameters_append_value(&value, &group, &specs[i]);
		values[1] = part_of == NULL ? (Datum) 0 : CStringGetTextDatum(part_of);
		values[2] = CStringGetTextDatum(buffer_c_string(&allowed));
		values[3] = CStringGetTextDatum(buffer_c_string(&value));
		values[4] = CStringGetTextDatum(specs[i].meaning);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(sentiment_contract_keys);
Datum
sentiment_contract_keys(PG_FUNCTION_ARGS)
{
	Contract *contract = palloc0(sizeof(Contract));
	ContractRange *range = palloc0(sizeof(ContractRange));

	InitMaterializedSRF(fcinfo, 0);
	put_keys(fcinfo, contract_parameters, n_contract_parameters, contract, NULL);
	put_keys(fcinfo, contract_range_parameters, n_contract_range_parameters, range, "ranges");
	put_keys(fcinfo, contract_checks, N_CONTRACT_CHECKS, contract, "severity");
	return (Datum) 0;
}
