/* src/extension/model_source.sql: the rows that a model is trained from again */

CREATE TABLE sentiment.model_source (
	model_id pg_catalog.int8 PRIMARY KEY,
	source_schema pg_catalog.text NOT NULL,
	source_name pg_catalog.text NOT NULL,
	text_column pg_catalog.text NOT NULL,
	label_column pg_catalog.text NOT NULL,
	filter pg_catalog.text,
	numeric_columns pg_catalog.text[],
	set_by pg_catalog.text NOT NULL,
	set_by_oid pg_catalog.oid NOT NULL,
	set_by_cluster pg_catalog.int8 NOT NULL,
	set_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

COMMENT ON TABLE sentiment.model_source IS 'the rows that models are trained from again and measured on, in the place of those that their versions were trained from';
COMMENT ON COLUMN sentiment.model_source.model_id IS 'the model';
COMMENT ON COLUMN sentiment.model_source.source_schema IS 'schema of the relation';
COMMENT ON COLUMN sentiment.model_source.source_name IS 'name of the relation; it is found by name at each use, and read with the rights of its owner';
COMMENT ON COLUMN sentiment.model_source.text_column IS 'column of the texts';
COMMENT ON COLUMN sentiment.model_source.label_column IS 'column of the labels';
COMMENT ON COLUMN sentiment.model_source.filter IS 'condition that chooses rows: a simple expression; null: all';
COMMENT ON COLUMN sentiment.model_source.numeric_columns IS 'columns of numbers to train from; null: those of the version that answers';
COMMENT ON COLUMN sentiment.model_source.set_by IS 'the role that named it: its name when that was written';
COMMENT ON COLUMN sentiment.model_source.set_by_oid IS 'its OID, which decides in the cluster that wrote it';
COMMENT ON COLUMN sentiment.model_source.set_by_cluster IS 'system identifier of that cluster; in another one the name decides';
COMMENT ON COLUMN sentiment.model_source.set_at IS 'when';

SELECT pg_catalog.pg_extension_config_dump('sentiment.model_source', '');

ALTER TABLE sentiment.model_source ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON sentiment.model_source FOR SELECT
	USING (sentiment.has_privilege(model_id, 'predict'::pg_catalog.text));
GRANT SELECT ON sentiment.model_source TO PUBLIC;

CREATE FUNCTION @extschema@.sentiment_set_source(
	model pg_catalog.text,
	source pg_catalog.regclass,
	text_column pg_catalog.name DEFAULT 'text',
	label_column pg_catalog.name DEFAULT 'label',
	filter pg_catalog.text DEFAULT NULL,
	numeric_columns pg_catalog.name[] DEFAULT NULL)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_set_source(pg_catalog.text, pg_catalog.regclass, pg_catalog.name, pg_catalog.name,
	pg_catalog.text, pg_catalog.name[]) IS
'say which rows a model is trained from again, validated and measured on; null returns to those that its versions were trained from; needs the privilege train, and that you and the model''s owner may read them';

CREATE VIEW @extschema@.sentiment_model_sources WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model,
	   s.source_schema,
	   s.source_name,
	   s.text_column,
	   s.label_column,
	   s.filter,
	   s.numeric_columns,
	   sentiment.role_name(s.set_by, s.set_by_oid, s.set_by_cluster) AS set_by,
	   s.set_at
FROM sentiment.model_source AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id;

COMMENT ON VIEW @extschema@.sentiment_model_sources IS 'what sentiment_set_source has named for the models that the current role may use';

GRANT SELECT ON @extschema@.sentiment_model_sources TO PUBLIC;

CREATE FUNCTION @extschema@.sentiment_filter_functions()
RETURNS SETOF pg_catalog.regprocedure
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100 ROWS 80;

COMMENT ON FUNCTION @extschema@.sentiment_filter_functions() IS
'the functions that a stored filter may call besides the immutable ones that are built in';
