/*
 * drift_injection.c
 *	  Drift made on purpose, as SQL functions.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "core/drift/injection.h"
#include "extension/host.h"

/* (text, kind, strength, seed) */
PG_FUNCTION_INFO_V1(sentiment_inject_drift);
Datum
sentiment_inject_drift(PG_FUNCTION_ARGS)
{
	Utf8Text text = utf8_from_datum(PG_GETARG_DATUM(0));
	char *kind = utf8_cstring_from_datum(PG_GETARG_DATUM(1));
	ByteBuffer result = {0};
	Datum datum;

	inject_text_drift(text.bytes, text.length, kind, PG_GETARG_FLOAT8(2),
					  (uint64) PG_GETARG_INT64(3), &result);
	datum = utf8_to_displayed_text(result.data, result.length);
	buffer_reset(&result);
	utf8_free(&text);
	return datum;
}

/* (value, kind, strength, seed) */
PG_FUNCTION_INFO_V1(sentiment_inject_drift_number);
Datum
sentiment_inject_drift_number(PG_FUNCTION_ARGS)
{
	char *kind = utf8_cstring_from_datum(PG_GETARG_DATUM(1));
	bool is_missing;
	double value = inject_number_drift(PG_GETARG_FLOAT8(0), kind, PG_GETARG_FLOAT8(2),
									   (uint64) PG_GETARG_INT64(3), &is_missing);

	if (is_missing)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* (text, label, towards, strength, seed) */
PG_FUNCTION_INFO_V1(sentiment_inject_class_shift);
Datum
sentiment_inject_class_shift(PG_FUNCTION_ARGS)
{
	Utf8Text text = utf8_from_datum(PG_GETARG_DATUM(0));
	Utf8Text label = utf8_from_datum(PG_GETARG_DATUM(1));
	Utf8Text towards = utf8_from_datum(PG_GETARG_DATUM(2));
	bool is_label =
		label.length == towards.length && memcmp(label.bytes, towards.bytes, label.length) == 0;
	bool is_kept = inject_class_shift(text.bytes, text.length, is_label, PG_GETARG_FLOAT8(3),
									  (uint64) PG_GETARG_INT64(4));

	utf8_free(&text);
	utf8_free(&label);
	utf8_free(&towards);
	PG_RETURN_BOOL(is_kept);
}
