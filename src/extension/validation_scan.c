/*
 * validation_scan.c
 *	  One validation: the columns of a relation, a scan of its rows, the findings.
 *
 * A column that the contract asks for and the relation does not have is a finding, and what the contract
 * says of it is then left out of the scan.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "extension/host.h"
#include "extension/label_text.h"
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/source_query.h"
#include "extension/validation_scan.h"
#include "extension/validation_state.h"

/* The family of a type. */
static ColumnFamily
type_family(Oid type)
{
	char category;
	bool preferred;

	type = getBaseType(type);
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return COLUMN_INTEGER;
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return COLUMN_NUMBER;
		case BOOLOID:
			return COLUMN_BOOLEAN;
		case JSONOID:
		case JSONBOID:
			return COLUMN_JSON;
	}
	get_type_category_preferred(type, &category, &preferred);
	switch (category)
	{
		case TYPCATEGORY_STRING:
			return COLUMN_TEXT;
		case TYPCATEGORY_DATETIME:
			return COLUMN_DATETIME;
		case TYPCATEGORY_ENUM:
			return COLUMN_ENUM;
	}
	return COLUMN_ANY;
}

/* The number of a column, or 0. name: UTF-8 */
static AttrNumber
column_number(Oid relation, const char *name)
{
	AttrNumber number = get_attnum(relation, server_from_utf8(name));

	return number > 0 ? number : 0;
}

bool
column_family(Oid relation, const char *name, ColumnFamily *family)
{
	AttrNumber number = column_number(relation, name);

	if (number == 0)
		return false;
	*family = type_family(get_atttype(relation, number));
	return true;
}

/* Whether a column of one family is one of another. */
static bool
family_fits(ColumnFamily present, ColumnFamily asked)
{
	return asked == COLUMN_ANY || present == asked ||
		   (asked == COLUMN_NUMBER && present == COLUMN_INTEGER);
}

/* The name of a column's type, in UTF-8. */
static char *
column_type_name(Oid relation, const char *name)
{
	return utf8_from_server(format_type_be(get_atttype(relation, column_number(relation, name))));
}

/* Whether a finding is about a column already. */
static bool
has_finding(const ValidationScan *scan, const char *detail)
{
	for (uint32 i = 0; i < scan->findings.n_findings; i++)
	{
		if (strcmp(scan->findings.findings[i].detail, detail) == 0)
			return true;
	}
	return false;
}

/* Add a finding of a column, once. */
static void
add_column_finding(ValidationScan *scan, ContractCheck check, const char *detail)
{
	Finding finding = {.check = check,
					   .severity = (Severity) scan->contract.severities[check],
					   .share = get_float8_nan(),
					   .detail = detail};

	if (!has_finding(scan, detail))
		findings_add(&scan->findings, &finding);
}

/* Check that a column is there and of a family. Answers whether it is there. */
static bool
check_column(ValidationScan *scan, const char *name, ColumnFamily asked, bool *fits)
{
	ColumnFamily present;

	*fits = false;
	if (!column_family(scan->source.relation, name, &present))
	{
		add_column_finding(scan, CHECK_COLUMN_MISSING, psprintf("There is no column \"%s\"", name));
		return false;
	}
	*fits = family_fits(present, asked);
	if (!*fits)
		add_column_finding(scan, CHECK_COLUMN_TYPE,
						   psprintf("Column \"%s\" is of type %s, which is not \"%s\"", name,
									column_type_name(scan->source.relation, name),
									column_family_names[asked]));
	return true;
}

/* The family that the contract asks of a column, or the default. */
static ColumnFamily
asked_family(const Contract *contract, const char *name, ColumnFamily default_family)
{
	for (uint32 i = 0; i < contract->n_columns; i++)
	{
		if (strcmp(contract->columns[i].name, name) == 0)
			return contract->columns[i].family;
	}
	return default_family;
}

/* Whether a column of a range holds numbers or booleans. */
static bool
check_range_column(ValidationScan *scan, const char *name)
{
	ColumnFamily family;
	bool fits;

	if (column_family(scan->source.relation, name, &family) && family == COLUMN_BOOLEAN)
		return true;
	return check_column(scan, name, COLUMN_NUMBER, &fits) && fits;
}

/* Drop the range of a column that cannot be read from the contract. */
static void
drop_range(ValidationScan *scan, const char *column)
{
	Datum path[2] = {CStringGetTextDatum("ranges"),
					 PointerGetDatum(cstring_to_text(server_from_utf8(column)))};

	scan->contract_json = DirectFunctionCall2(
		jsonb_delete_path, scan->contract_json,
		PointerGetDatum(construct_array(path, 2, TEXTOID, -1, false, TYPALIGN_INT)));
}

/* Check all columns that the contract names. Answers whether texts and labels can be read. */
static void
check_columns(ValidationScan *scan, bool *has_text, bool *has_label)
{
	Contract *contract = &scan->contract;
	bool fits;

	*has_text = check_column(scan, contract->text_column,
							 asked_family(contract, contract->text_column, COLUMN_TEXT), &fits);
	*has_label = contract->label_column[0] != '\0' &&
				 check_column(scan, contract->label_column,
							  asked_family(contract, contract->label_column, COLUMN_ANY), &fits);
	for (uint32 i = 0; i < contract->n_columns; i++)
		check_column(scan, contract->columns[i].name, contract->columns[i].family, &fits);
	for (uint32 i = 0; i < contract->n_ranges; i++)
	{
		if (!check_range_column(scan, contract->ranges[i].column))
			drop_range(scan, contract->ranges[i].column);
	}
}

void
contract_read(Datum contract_json, Contract *contract)
{
	Jsonb *value = DatumGetJsonbP(contract_json);
	char *json = JsonbToCString(NULL, &value->root, VARSIZE(value));

	contract_parse(pg_server_to_any(json, strlen(json), PG_UTF8), contract);
}

Datum
contract_with_columns(Datum contract, const char *text_column, const char *label_column)
{
	StringInfoData columns;

	/* what is not an object is refused later */
	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(contract)))
		return contract;
	initStringInfo(&columns);
	appendStringInfoString(&columns, "{\"text_column\": ");
	escape_json(&columns, text_column);
	appendStringInfoString(&columns, ", \"label_column\": ");
	escape_json(&columns, label_column);
	appendStringInfoChar(&columns, '}');
	return DirectFunctionCall2(jsonb_concat,
							   DirectFunctionCall1(jsonb_in, CStringGetDatum(columns.data)),
							   DirectFunctionCall1(jsonb_strip_nulls, contract));
}

/* The elements of an array of texts as strings. */
static char **
text_array_strings(Datum array, int *n_strings)
{
	Datum *elements;
	bool *nulls;
	char **strings;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, n_strings);
	strings = palloc_array(char *, *n_strings + 1);
	for (int i = 0; i < *n_strings; i++)
		strings[i] = nulls[i] ? pstrdup("") : TextDatumGetCString(elements[i]);
	return strings;
}

/* Read the row that validated_version_read has found. */
static void
read_version_row(ValidatedVersion *version, int32 deployed_version)
{
	bool is_null;
	char **labels;

	version->version = DatumGetInt32(query_typed_datum(0, 1, INT4OID, &is_null));
	version->is_deployed = version->version == deployed_version;
	version->source_schema = query_column(0, 2);
	version->source_name = query_column(0, 3);
	version->text_column = query_column(0, 4);
	version->label_column = query_column(0, 5);
	version->holdout = DatumGetFloat8(query_typed_datum(0, 6, FLOAT8OID, &is_null));
	version->numeric_columns =
		text_array_strings(query_typed_datum(0, 7, TEXTARRAYOID, &is_null), &version->n_numeric);
	labels =
		text_array_strings(query_typed_datum(0, 8, TEXTARRAYOID, &is_null), &version->n_labels);
	version->labels = palloc_array(const char *, version->n_labels + 1);
	for (int i = 0; i < version->n_labels; i++)
		version->labels[i] = utf8_from_server(labels[i]);
	version->image = query_typed_datum(0, 9, registry_model_type(), &is_null);
	strlcpy(version->trained_by.name, query_column(0, 10), NAMEDATALEN);
	version->trained_by.oid = DatumGetObjectId(query_typed_datum(0, 11, OIDOID, &is_null));
	version->trained_by.cluster = DatumGetInt64(query_typed_datum(0, 12, INT8OID, &is_null));
}

void
validated_version_read(int64 model_id, int32 deployed_version, ValidatedVersion *version)
{
	QueryParameter parameters[2] = {query_value(INT8OID, Int64GetDatum(model_id)),
									query_value(INT4OID, Int32GetDatum(deployed_version))};
	RegistryWriter reader = query_begin_read();

	memset(version, 0, sizeof(*version));
	if (public_query_read_only(
			"SELECT v.version, v.source_schema, v.source_name, v.text_column, v.label_column,"
			" v.holdout, v.numeric_columns, v.labels, v.image, v.trained_by,"
			" COALESCE(v.trained_by_oid, 0::pg_catalog.oid), COALESCE(v.trained_by_cluster, 0) "
			"FROM sentiment.model_version AS v"
			" WHERE v.model_id OPERATOR(pg_catalog.=) $1"
			" ORDER BY (v.version OPERATOR(pg_catalog.=) $2) DESC, v.version DESC LIMIT 1",
			2, parameters) == 1)
		read_version_row(version, deployed_version);
	registry_end_write(&reader);
}

/* Append an expression of type float8 for a column of numbers. name: in the server's encoding */
static void
append_number(StringInfo query, Oid relation, const char *name)
{
	Oid type = getBaseType(get_atttype(relation, get_attnum(relation, name)));

	if (type == NUMERICOID)
		appendStringInfo(query, "sentiment.numeric_to_float8(t.%s::pg_catalog.numeric)",
						 quote_identifier(name));
	else
		source_append_number(query, &(NumericColumn){(char *) name, type == BOOLOID, false});
}

/* Append the array of the numbers that the contract has ranges of. */
static void
append_numbers(StringInfo query, const ValidationScan *scan)
{
	if (scan->contract.n_ranges == 0)
	{
		appendStringInfoString(query, "NULL::pg_catalog.float8[]");
		return;
	}
	for (uint32 i = 0; i < scan->contract.n_ranges; i++)
	{
		appendStringInfoString(query, i == 0 ? "ARRAY[" : ", ");
		append_number(query, scan->source.relation,
					  server_from_utf8(scan->contract.ranges[i].column));
	}
	appendStringInfoString(query, "]::pg_catalog.float8[]");
}

/* Append the object of the numbers that the model knows of, without those that JSON cannot express. */
static void
append_features(StringInfo query, const ValidationScan *scan)
{
	const ValidatedVersion *version = scan->version;
	const char *separator = "pg_catalog.jsonb_build_object(";

	for (int i = 0; i < version->n_numeric; i++)
	{
		const char *name = version->numeric_columns[i];
		ColumnFamily family;
		StringInfoData number;

		if (!column_family(scan->source.relation, utf8_from_server(name), &family) ||
			(family != COLUMN_INTEGER && family != COLUMN_NUMBER && family != COLUMN_BOOLEAN))
			continue;
		initStringInfo(&number);
		append_number(&number, scan->source.relation, name);
		appendStringInfo(query,
						 "%s%s::pg_catalog.text, CASE WHEN %s OPERATOR(pg_catalog.<) "
						 "'Infinity'::pg_catalog.float8"
						 " AND %s OPERATOR(pg_catalog.>) '-Infinity'::pg_catalog.float8"
						 " THEN %s END",
						 separator, quote_literal_cstr(name), number.data, number.data,
						 number.data);
		separator = ", ";
	}
	appendStringInfoString(query, separator[0] == ',' ? ")" : "NULL::pg_catalog.jsonb");
}

/* Whether the model is asked about the labels. */
static bool
asks_model(const ValidationScan *scan, bool has_label)
{
	return scan->version != NULL && has_label;
}

/* Append the evidence of the model. */
static void
append_evidence(StringInfo query, const ValidationScan *scan, const char *text, const char *label)
{
	if (!asks_model(scan, label != NULL))
	{
		appendStringInfoString(query, "NULL::pg_catalog.float8[]");
		return;
	}
	appendStringInfo(query, "sentiment.label_evidence(%s, %s, $2, $3, $4, ", text, label);
	append_features(query, scan);
	appendStringInfoChar(query, ')');
}

/* The expression of the labels. */
static char *
label_expression(const ValidationScan *scan)
{
	StringInfoData expression;

	initStringInfo(&expression);
	label_text_append(&expression, scan->source.relation,
					  server_from_utf8(scan->contract.label_column));
	return expression.data;
}

/* The query of a scan. */
static char *
scan_query(const ValidationScan *scan, bool has_label)
{
	char *text = psprintf("t.%s::pg_catalog.text",
						  quote_identifier(server_from_utf8(scan->contract.text_column)));
	char *label = has_label ? label_expression(scan) : NULL;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT sentiment.validation_agg(%s, %s, ", text,
					 label == NULL ? "NULL::pg_catalog.text" : label);
	append_numbers(&query, scan);
	appendStringInfoString(&query, ", ");
	append_evidence(&query, scan, text, label);
	appendStringInfoString(&query, ", $1)");
	source_append_from(&query, &scan->source);
	return query.data;
}

/* The parameters of the aggregate. */
static Datum
scan_parameters(const ValidationScan *scan, bool has_label)
{
	Jsonb *contract = DatumGetJsonbP(scan->contract_json);
	bool has_evidence = asks_model(scan, has_label);
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"contract\": ");
	JsonbToCString(&json, &contract->root, VARSIZE(contract));
	appendStringInfo(&json, ", \"split_seed\": \"" UINT64_FORMAT "\", \"holdout\": %.17g",
					 scan->split_seed, scan->holdout);
	appendStringInfo(&json, ", \"model_labels\": %d}", has_evidence ? scan->version->n_labels : 0);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Run the scan; answers what it knows of the rows, in the current memory context. NULL: there is none. */
static const Validation *
run_scan(const ValidationScan *scan, bool has_label)
{
	MemoryContext context = CurrentMemoryContext;
	bool has_evidence = asks_model(scan, has_label);
	Oid types[4] = {JSONBOID, registry_model_type(), INT8OID, FLOAT8OID};
	Datum values[4] = {scan_parameters(scan, has_label),
					   has_evidence ? scan->version->image : (Datum) 0,
					   Int64GetDatum((int64) scan->split_seed), Float8GetDatum(scan->holdout)};
	SourceQuery query = {.sql = scan_query(scan, has_label),
						 .n_parameters = 4,
						 .types = types,
						 .values = values,
						 .nulls = has_evidence ? "    " : " n  ",
						 /* a custom plan would have a copy of the model */
						 .cursor_options = CURSOR_OPT_PARALLEL_OK | CURSOR_OPT_GENERIC_PLAN};
	const Validation *validation = NULL;
	Datum state;
	bool is_null;

	query_connect();
	if (source_query(&scan->source, &query) != 1)
		elog(ERROR, "unexpected result of: %s", query.sql);
	state = query_typed_datum(0, 1, extension_type("sentiment_validation"), &is_null);
	if (!is_null)
		validation = expanded_state_for_reading(state, &validation_type);
	query_finish();
	MemoryContextSwitchTo(context);
	return validation;
}

/* Leave out the model if the contract does not want to hear of it, or it cannot be asked. */
static void
decide_evidence(ValidationScan *scan)
{
	if (scan->version != NULL && (!scan->version->is_deployed || scan->holdout == 0 ||
								  scan->version->n_labels > MAX_EVIDENCE_LABELS ||
								  scan->contract.severities[CHECK_LABEL_ERROR] == SEVERITY_OFF))
		scan->version = NULL;
}

/* The names of all columns that a contract, or the model, may have read. */
static List *
columns_to_read(const ValidationScan *scan)
{
	const Contract *contract = &scan->contract;
	List *columns = list_make1(server_from_utf8(contract->text_column));

	if (contract->label_column[0] != '\0')
		columns = lappend(columns, server_from_utf8(contract->label_column));
	for (uint32 i = 0; i < contract->n_ranges; i++)
		columns = lappend(columns, server_from_utf8(contract->ranges[i].column));
	for (int i = 0; scan->version != NULL && i < scan->version->n_numeric; i++)
		columns = lappend(columns, scan->version->numeric_columns[i]);
	return columns;
}

/* Add a column that the contract names, unless the source has named it as such. */
static List *
add_column_of_contract(List *columns, const char *name, const char *of_source)
{
	const char *column = server_from_utf8(name);

	return name[0] == '\0' || (of_source != NULL && strcmp(column, of_source) == 0)
			   ? columns
			   : lappend(columns, (void *) column);
}

/* The names of the columns that only the contract has read. */
static List *
columns_of_contract(const ValidationScan *scan)
{
	const Contract *contract = &scan->contract;
	List *columns = add_column_of_contract(NIL, contract->text_column, scan->text_column);

	columns = add_column_of_contract(columns, contract->label_column, scan->label_column);
	for (uint32 i = 0; i < contract->n_ranges; i++)
		columns = add_column_of_contract(columns, contract->ranges[i].column, NULL);
	return columns;
}

/*
 * What a contract asks of columns, it tells who reads the findings: so its author must be allowed to read them, or he
 * would have a stored source answer for columns that he may not see.
 */
static void
check_author(const ValidationScan *scan)
{
	Oid author = scan->author == NULL ? InvalidOid : stored_role_find(scan->author);
	List *columns = columns_of_contract(scan);

	if (scan->source.stored != NULL && OidIsValid(author) && columns != NIL)
		stored_source_check_role(scan->source.stored, author, SOURCE_READER_AUTHOR, columns);
}

/* The same of who chose the numeric columns of the model that is asked. */
static void
check_trainer(const ValidationScan *scan)
{
	Oid trainer = scan->version == NULL ? InvalidOid : stored_role_find(&scan->version->trained_by);
	List *columns = NIL;

	for (int i = 0; scan->version != NULL && i < scan->version->n_numeric; i++)
		columns = lappend(columns, scan->version->numeric_columns[i]);
	if (scan->source.stored != NULL && OidIsValid(trainer) && columns != NIL)
		stored_source_check_role(scan->source.stored, trainer, SOURCE_READER_CHOOSER, columns);
}

void
validation_scan(ValidationScan *scan)
{
	static const Validation no_rows;
	bool has_text;
	bool has_label;
	instr_time start;
	instr_time end;

	INSTR_TIME_SET_CURRENT(start);
	contract_read(scan->contract_json, &scan->contract);
	source_check_with(&scan->source, columns_to_read(scan));
	check_author(scan);
	check_trainer(scan);
	check_columns(scan, &has_text, &has_label);
	contract_read(scan->contract_json, &scan->contract);
	decide_evidence(scan);
	if (has_text)
	{
		scan->validation = run_scan(scan, has_label);
		/* what is not there cannot break a rule about labels */
		if (!has_label)
			scan->contract.label_column = "";
		validation_report(scan->validation == NULL ? &no_rows : scan->validation, &scan->contract,
						  scan->version == NULL ? NULL : scan->version->labels, &scan->findings);
		scan->n_rows = scan->validation == NULL ? 0 : scan->validation->counts.n_rows;
	}
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	scan->seconds = INSTR_TIME_GET_DOUBLE(end);
}
