/*
 * label_text.c
 *	  The text of a label: the same in every session, and one for equal values.
 *
 * A model keeps its labels as text. What a cast to text makes of a date depends on DateStyle, of a float on extra_float_digits, of bytes
 * on bytea_output; so a model that was trained in one session would be wrong in another. And 1.1 and 1.10 are one number.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "extension/label_text.h"

/* Settings that texts of built-in types depend on, as labels have them: what a new server prints, and UTC. */
static const char *const settings[][2] = {{"datestyle", "ISO, YMD"}, {"intervalstyle", "postgres"},
										  {"timezone", "UTC"},       {"extra_float_digits", "1"},
										  {"bytea_output", "hex"},   {"lc_monetary", "C"},
										  {"xmlbinary", "base64"}};

/* Whether a cast of a type to text gives one text for equal values in all sessions: types that labels are of mostly. */
static bool
has_one_text(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case CHAROID:
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case UUIDOID:
		case JSONOID:
		case JSONBOID:
			return true;
		default:
			/* types of users have casts of their own, which a cast to text means; an enum's is its name */
			return type >= FirstGenbkiObjectId && !type_is_array(type) && !type_is_range(type);
	}
}

void
label_text_append(StringInfo query, Oid relation, const char *column)
{
	Oid type = getBaseType(get_atttype(relation, get_attnum(relation, column)));

	if (has_one_text(type))
		appendStringInfo(query, "t.%s::pg_catalog.text", quote_identifier(column));
	else
		appendStringInfo(query, "sentiment.label_text(t.%s)", quote_identifier(column));
}

char *
label_text_of_numeric(Datum number)
{
	return DatumGetCString(
		DirectFunctionCall1(numeric_out, DirectFunctionCall1(numeric_trim_scale, number)));
}

/* The text of a value by its type's output function, under the settings of labels. */
static char *
output_by_settings(Oid type, Datum value)
{
	int guc_level = NewGUCNestLevel();
	Oid function;
	bool is_varlena;
	char *text;

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	getTypeOutputInfo(type, &function, &is_varlena);
	text = OidOutputFunctionCall(function, value);
	/* an error ends the (sub)transaction, and with it the level */
	AtEOXact_GUC(false, guc_level);
	return text;
}

/* The text of a label. IMMUTABLE: it depends on no setting */
PG_FUNCTION_INFO_V1(sentiment_label_text);
Datum
sentiment_label_text(PG_FUNCTION_ARGS)
{
	Oid type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, 0));
	Datum value = PG_GETARG_DATUM(0);

	/* 0 and -0 are one number */
	if (type == FLOAT4OID && DatumGetFloat4(value) == 0)
		value = Float4GetDatum(0);
	else if (type == FLOAT8OID && DatumGetFloat8(value) == 0)
		value = Float8GetDatum(0);
	PG_RETURN_TEXT_P(cstring_to_text(type == NUMERICOID ? label_text_of_numeric(value)
														: output_by_settings(type, value)));
}
