/* src/extension/compare.sql: versions of a model on the same rows */

CREATE FUNCTION @extschema@.sentiment_compare(
	model pg_catalog.text,
	versions pg_catalog.int4[] DEFAULT NULL,
	source pg_catalog.regclass DEFAULT NULL,
	filter pg_catalog.text DEFAULT NULL,
	text_column pg_catalog.name DEFAULT NULL,
	label_column pg_catalog.name DEFAULT NULL,
	all_rows pg_catalog.bool DEFAULT false)
RETURNS TABLE (version pg_catalog.int4, metric pg_catalog.text, value pg_catalog.float8, lower pg_catalog.float8, upper pg_catalog.float8,
			   difference pg_catalog.float8, difference_lower pg_catalog.float8, difference_upper pg_catalog.float8,
			   better pg_catalog.bool, p_value pg_catalog.float8, baseline pg_catalog.float8, rows pg_catalog.int8,
			   row_set pg_catalog.text)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 14;

COMMENT ON FUNCTION @extschema@.sentiment_compare(pg_catalog.text, pg_catalog.int4[], pg_catalog.regclass, pg_catalog.text, pg_catalog.name, pg_catalog.name,
	pg_catalog.bool) IS
'measure versions of a model on the same rows: by default all of them, the one in production first, on the rows of its source that none has learned from; with 95 % intervals, and the paired difference to the first version';
