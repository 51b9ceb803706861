/* src/extension/train.sql: training a version of a model from a relation */

CREATE FUNCTION @extschema@.sentiment_train(
	model pg_catalog.text,
	source pg_catalog.regclass,
	text_column pg_catalog.name DEFAULT 'text',
	label_column pg_catalog.name DEFAULT 'label',
	kind pg_catalog.text DEFAULT 'logistic_regression',
	params pg_catalog.jsonb DEFAULT '{}',
	numeric_columns pg_catalog.name[] DEFAULT '{}',
	deploy pg_catalog.text DEFAULT 'if_better',
	filter pg_catalog.text DEFAULT NULL,
	OUT model pg_catalog.text,
	OUT version pg_catalog.int4,
	OUT kind pg_catalog.text,
	OUT deployed pg_catalog.bool,
	OUT rows_trained pg_catalog.int8,
	OUT rows_held_out pg_catalog.int8,
	OUT seconds pg_catalog.float8,
	OUT metrics pg_catalog.jsonb)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION @extschema@.sentiment_train(pg_catalog.text, pg_catalog.regclass, pg_catalog.name, pg_catalog.name,
	pg_catalog.text, pg_catalog.jsonb, pg_catalog.name[], pg_catalog.text, pg_catalog.text) IS
'train a new version of a model from a table or view (all rows, or those that fit the filter, a condition in SQL), measure it on held-out rows, and deploy it (always, if_better, never)';
