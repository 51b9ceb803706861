/*
 * contract.c
 *	  Data contracts of models, and validations of rows against them.
 */
#include "postgres.h"

#include <math.h>

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
#include "extension/advisory_lock.h"
#include "extension/arguments.h"
#include "extension/contract.h"
#include "extension/event.h"
#include "extension/host.h"
#include "extension/model_source.h"
#include "extension/public_query.h"
#include "extension/source_error.h"

/* So many findings are listed in the error that stops a training. */
#define MAX_LISTED_FINDINGS 10

/* Share of the texts that a first training holds out by default. */
#define DEFAULT_HOLDOUT 0.2

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
	else
		/* another session of the role's that does so gets the number after this one's */
		advisory_lock(ADVISORY_LOCK_NEW_NAME, advisory_lock_key(writer.caller, name));
	contract_write(&writer, name, exists ? &model : NULL, contract);
	registry_end_write(&writer);
	event_notify(contract == (Datum) 0 ? "contract_removed" : "contract_set", name, 0, NULL);
	PG_RETURN_VOID();
}

/* Write what who may not see the rows may know of a finding. */
static void
store_finding(Datum validation_id, int32 number, const Finding *finding)
{
	const char *detail = finding_public_detail(finding);
	Oid types[7] = {INT8OID, INT4OID, TEXTOID, TEXTOID, INT8OID, FLOAT8OID, TEXTOID};
	Datum values[7] = {validation_id,
					   Int32GetDatum(number),
					   CStringGetTextDatum(contract_checks[finding->check].name),
					   CStringGetTextDatum(severity_names[finding->severity]),
					   Int64GetDatum((int64) finding->n_rows),
					   Float8GetDatum(finding->share),
					   utf8_to_displayed_text(detail, strlen(detail))};
	char nulls[8] = "       ";

	nulls[4] = finding->has_rows ? ' ' : 'n';
	nulls[5] = isnan(finding->share) ? 'n' : ' ';
	registry_execute("INSERT INTO sentiment.validation_finding"
					 " (validation_id, number, check_name, severity, rows, share, detail)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7)",
					 7, types, values, nulls, SPI_OK_INSERT);
}

/* Write what quotes rows of a finding, if anything does: for who may read the relation. */
static void
store_example(Datum validation_id, int32 number, const Finding *finding, Oid relation)
{
	const char *example = finding->example;
	Oid types[6] = {INT8OID, INT4OID, TEXTOID, TEXTOID, OIDOID, INT8OID};
	Datum values[6] = {validation_id,
					   Int32GetDatum(number),
					   example == NULL ? (Datum) 0
									   : utf8_to_displayed_text(example, strlen(example)),
					   utf8_to_displayed_text(finding->detail, strlen(finding->detail)),
					   ObjectIdGetDatum(relation),
					   Int64GetDatum(stored_role_this_cluster())};
	char nulls[7] = "      ";

	if (example == NULL && finding_public_detail(finding) == finding->detail)
		return;
	nulls[2] = example == NULL ? 'n' : ' ';
	registry_execute("INSERT INTO sentiment.validation_example"
					 " (validation_id, number, example, detail, source_oid, source_cluster)"
					 " VALUES ($1, $2, $3, $4, $5, $6)",
					 6, types, values, nulls, SPI_OK_INSERT);
}

/* Write what a validation has found, within a registry write. trained_version: 0 for none */
static void
store_validation(const RegistryWriter *writer, const RegistryModel *model,
				 const ValidationScan *scan, int32 contract_version, int32 trained_version)
{
	Oid types[11] = {INT8OID, INT4OID, INT4OID, TEXTOID,   TEXTOID, TEXTOID,
					 INT8OID, INT4OID, INT4OID, FLOAT8OID, TEXTOID};
	const Source *source = &scan->source;
	Datum values[11] = {Int64GetDatum(model->model_id),
						Int32GetDatum(contract_version),
						Int32GetDatum(trained_version),
						CStringGetTextDatum(source->schema),
						CStringGetTextDatum(source->name),
						source->filter == NULL ? (Datum) 0 : CStringGetTextDatum(source->filter),
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
	nulls[5] = source->filter == NULL ? 'n' : ' ';
	registry_execute("INSERT INTO sentiment.validation"
					 " (model_id, contract_version, trained_version, source_schema, source_name,"
					 " filter, rows, errors, warnings, seconds, validated_by)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
					 " RETURNING validation_id",
					 11, types, values, nulls, SPI_OK_INSERT_RETURNING);
	validation_id = query_typed_datum(0, 1, INT8OID, &is_null);
	for (uint32 i = 0; i < scan->findings.n_findings; i++)
	{
		store_finding(validation_id, (int32) i + 1, &scan->findings.findings[i]);
		store_example(validation_id, (int32) i + 1, &scan->findings.findings[i], source->relation);
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
	scan->source =
		(Source){.relation = source->relation, .filter = source->filter, .stored = source->stored};
	scan->model = name;
	scan->text_column = source->text_column;
	scan->label_column = source->label_column;
	scan->author = &validation->stored.set_by;
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
	/* not to a client that wants to see the log: it may not be allowed to see the rows */
	ereport(LOG_SERVER_ONLY,
			(errmsg("sentiment: the rows of \"%s.%s\" break the contract of model \"%s\"",
					scan->source.schema, scan->source.name, name),
			 errdetail("%s", list_errors(&scan->findings))));
	ereport(
		ERROR,
		(errcode(ERRCODE_CHECK_VIOLATION),
		 errmsg("the rows of \"%s\" break the contract of model \"%s\"", scan->source.name, name),
		 errdetail("%s", list_errors(&scan->findings)),
		 errhint("sentiment_validate('%s', '%s') shows examples. Mend the rows, choose others "
				 "with a view, or change the contract with sentiment_set_contract.",
				 name, quote_qualified_identifier(scan->source.schema, scan->source.name))));
}

void
contract_store_training(const RegistryWriter *writer, const TrainingValidation *validation,
						const RegistryModel *model, int32 version)
{
	contract_adopt(writer, model);
	if (validation->has_contract)
		store_validation(writer, model, &validation->scan, validation->stored.version, version);
}

/* Give the findings out, errors first. show_rows: the caller may see the rows of the source */
static void
put_findings(FunctionCallInfo fcinfo, const Findings *findings, bool show_rows)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int severity = SEVERITY_ERROR; severity <= SEVERITY_INFO; severity++)
	{
		for (uint32 i = 0; i < findings->n_findings; i++)
		{
			const Finding *finding = &findings->findings[i];
			bool has_example = finding->example != NULL && show_rows;
			bool nulls[6] = {false, false,       !finding->has_rows, isnan(finding->share),
							 false, !has_example};
			Datum values[6] = {0};

			const char *detail = show_rows ? finding->detail : finding_public_detail(finding);

			if ((int) finding->severity != severity)
				continue;
			values[0] = CStringGetTextDatum(contract_checks[finding->check].name);
			values[1] = CStringGetTextDatum(severity_names[severity]);
			values[2] = Int64GetDatum((int64) finding->n_rows);
			values[3] = Float8GetDatum(finding->share);
			values[4] = utf8_to_displayed_text(detail, strlen(detail));
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
	scan.source =
		(Source){.relation = PG_GETARG_OID(1), .filter = optional_text_argument(fcinfo, 2, NULL)};
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

/* Take the stored source of the model, which its version was trained from, or which it was told. */
static void
take_stored_source(ModelValidation *validation)
{
	ValidationScan *scan = &validation->scan;
	RegistryVersionSource source;

	if (validation->version.version == 0)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("model \"%s\" has no source yet", validation->name),
						errhint("Name the source.")));
	if (!model_source_of_version(&validation->model, validation->version.version,
								 GetActiveSnapshot(), &source))
		registry_version_missing(validation->name, validation->version.version);
	scan->contract_json =
		contract_with_columns(validation->stored.contract, source.text_column, source.label_column);
	scan->source.filter = source.filter;
	scan->source.filter_is_lost = source.filter_is_lost;
	scan->text_column = pstrdup(source.text_column);
	scan->label_column = pstrdup(source.label_column);
	source_take_stored(&scan->source, stored_source_open(&validation->model, source.schema,
														 source.name, &source.named_by));
}

/*
 * Find the model, its contract and its version; check what the caller may do. Answers whether there is a contract; the
 * empty one stands for none.
 */
static bool
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
	if (!has_contract)
		validation->stored =
			(StoredContract){.contract = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))};
	return has_contract;
}

/* Prepare the scan. */
static void
prepare_scan(ModelValidation *validation, bool check_labels)
{
	ValidationScan *scan = &validation->scan;
	const ValidatedVersion *version = &validation->version;

	scan->model = validation->name;
	scan->author = validation->stored.version == 0 ? NULL : &validation->stored.set_by;
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

/* Scan a stored source: who may not read it is told the class of an error that may quote rows. */
static void
scan_stored_source(ValidationScan *scan)
{
	PG_TRY();
	{
		validation_scan(scan);
	}
	PG_CATCH();
	{
		source_error_rethrow(scan->source.stored, SOURCE_ERROR_OF_DATA);
	}
	PG_END_TRY();
}

/* Scan a source. */
static void
scan_source(ValidationScan *scan)
{
	if (scan->source.stored != NULL)
		scan_stored_source(scan);
	else
		validation_scan(scan);
}

bool
contract_validate_source(const char *name, const Source *source, Findings *findings)
{
	ModelValidation *validation = palloc0(sizeof(ModelValidation));

	validation->name = name;
	if (!read_model(validation, true))
		return false;
	prepare_scan(validation, true);
	validation->scan.source = *source;
	validation->scan.text_column = source->text_column;
	validation->scan.label_column = source->label_column;
	scan_source(&validation->scan);
	*findings = validation->scan.findings;
	return true;
}

/* Compare two names. */
static int
compare_names(const void *first, const void *second)
{
	return strcmp(*(const char *const *) first, *(const char *const *) second);
}

char *
contract_broken_checks(const Findings *findings)
{
	const char **names = palloc_array(const char *, findings->n_findings + 1);
	StringInfoData list;
	int n = 0;

	for (uint32 i = 0; i < findings->n_findings; i++)
	{
		if (findings->findings[i].severity == SEVERITY_ERROR)
			names[n++] = contract_checks[findings->findings[i].check].name;
	}
	qsort(names, n, sizeof(*names), compare_names);
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			appendStringInfo(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
	}
	return list.data;
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

	require_argument(fcinfo, 0, "model");
	if (store)
		registry_refuse_read_only("sentiment_validate(store => true)");
	InitMaterializedSRF(fcinfo, 0);
	validation->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!read_model(validation, store || is_stored_source) && !validation->exists)
		registry_model_missing(validation->name);
	if (store && !validation->exists)
		registry_model_missing(validation->name);
	prepare_scan(validation, check_labels);
	if (is_stored_source)
	{
		if (!PG_ARGISNULL(2))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a filter needs a source"),
					 errdetail("The stored source of a model has a filter of its own."),
					 errhint("Name the source: it is read as the current role.")));
		take_stored_source(validation);
	}
	else
		scan->source = (Source){.relation = PG_GETARG_OID(1),
								.filter = optional_text_argument(fcinfo, 2, NULL)};
	scan_source(scan);
	if (store)
		store_findings(validation);
	put_findings(fcinfo, &scan->findings,
				 scan->source.stored == NULL || scan->source.stored->caller_may_read);
	return (Datum) 0;
}

/* Read the columns of numbers of sentiment_suggest_contract as ranges without limits. */
static void
append_ranges(FunctionCallInfo fcinfo, int argument, StringInfo json)
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
					 errmsg("no contract can be suggested for \"%s\"", scan->source.name),
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
						errmsg("no contract can be suggested for \"%s\"", scan->source.name),
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
	scan.source.relation = PG_GETARG_OID(0);
	initStringInfo(&json);
	/* any column can be read as text, so its type is only noted */
	appendStringInfoString(&json, "{\"columns\": {");
	escape_json(&json, name_argument(fcinfo, 1, "text"));
	appendStringInfoString(&json, ": \"any\"}");
	append_ranges(fcinfo, 3, &json);
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
		column_family(scan.source.relation, columns[i].name, &columns[i].family);
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
