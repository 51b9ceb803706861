/* src/extension/monitor.sql: what is watched of a model */

CREATE TABLE sentiment.monitor (
	model_id pg_catalog.int8 PRIMARY KEY,
	source_schema pg_catalog.text,
	source_name pg_catalog.text,
	text_column pg_catalog.text,
	time_column pg_catalog.text,
	label_column pg_catalog.text,
	filter pg_catalog.text,
	period pg_catalog.interval NOT NULL,
	training_period pg_catalog.interval,
	numeric_columns pg_catalog.text[],
	kind pg_catalog.text,
	params pg_catalog.jsonb,
	deploy pg_catalog.text NOT NULL,
	cooldown pg_catalog.interval NOT NULL,
	alpha pg_catalog.float8 NOT NULL,
	set_by pg_catalog.text NOT NULL,
	set_by_oid pg_catalog.oid NOT NULL,
	set_by_cluster pg_catalog.int8 NOT NULL,
	set_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE sentiment.monitor IS 'what is watched of a model, and how it is trained again';
COMMENT ON COLUMN sentiment.monitor.model_id IS 'the model';
COMMENT ON COLUMN sentiment.monitor.source_schema IS 'schema of the relation that is watched; null: live traffic is';
COMMENT ON COLUMN sentiment.monitor.source_name IS 'name of the relation that is watched; it is found by name at each use, and read with the rights of its owner';
COMMENT ON COLUMN sentiment.monitor.text_column IS 'column of the texts';
COMMENT ON COLUMN sentiment.monitor.time_column IS 'column of the times; null: all rows are watched';
COMMENT ON COLUMN sentiment.monitor.label_column IS 'column of the labels; null: there are none';
COMMENT ON COLUMN sentiment.monitor.filter IS 'condition that chooses rows: a simple expression; null: all';
COMMENT ON COLUMN sentiment.monitor.period IS 'how old the rows, or predictions, may be that are watched';
COMMENT ON COLUMN sentiment.monitor.training_period IS 'how old the rows may be that it is trained from again; null: any age';
COMMENT ON COLUMN sentiment.monitor.numeric_columns IS 'columns of numbers to train from; null: those of the version that answers';
COMMENT ON COLUMN sentiment.monitor.kind IS 'kind to train; null: that of the version that answers';
COMMENT ON COLUMN sentiment.monitor.params IS 'parameters to train with; null: those of the version that answers';
COMMENT ON COLUMN sentiment.monitor.deploy IS 'if_better: a new version answers if it passes the model''s gate; always; or never';
COMMENT ON COLUMN sentiment.monitor.cooldown IS 'shortest time between two retrainings by schedule';
COMMENT ON COLUMN sentiment.monitor.alpha IS 'how often a check for drift may raise a false alarm';
COMMENT ON COLUMN sentiment.monitor.set_by IS 'the role that set it: its name when that was written';
COMMENT ON COLUMN sentiment.monitor.set_by_oid IS 'its OID, which decides in the cluster that wrote it';
COMMENT ON COLUMN sentiment.monitor.set_by_cluster IS 'system identifier of that cluster; in another one the name decides';
COMMENT ON COLUMN sentiment.monitor.set_at IS 'when';

SELECT pg_catalog.pg_extension_config_dump('sentiment.monitor', '');

ALTER TABLE sentiment.monitor ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON sentiment.monitor FOR SELECT
	USING (sentiment.has_privilege(model_id, 'predict'::pg_catalog.text));
GRANT SELECT ON sentiment.monitor TO PUBLIC;

CREATE FUNCTION @extschema@.sentiment_monitor(
	model pg_catalog.text,
	source pg_catalog.regclass DEFAULT NULL,
	text_column pg_catalog.name DEFAULT 'text',
	time_column pg_catalog.name DEFAULT NULL,
	period pg_catalog.interval DEFAULT '7 days',
	label_column pg_catalog.name DEFAULT NULL,
	filter pg_catalog.text DEFAULT NULL,
	training_period pg_catalog.interval DEFAULT NULL,
	numeric_columns pg_catalog.name[] DEFAULT NULL,
	kind pg_catalog.text DEFAULT NULL,
	params pg_catalog.jsonb DEFAULT NULL,
	deploy pg_catalog.text DEFAULT 'if_better',
	cooldown pg_catalog.interval DEFAULT '1 hour',
	alpha pg_catalog.float8 DEFAULT 0.01)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_monitor(pg_catalog.text, pg_catalog.regclass, pg_catalog.name, pg_catalog.name,
	pg_catalog.interval, pg_catalog.name, pg_catalog.text, pg_catalog.interval, pg_catalog.name[], pg_catalog.text,
	pg_catalog.jsonb, pg_catalog.text, pg_catalog.interval, pg_catalog.float8) IS
'say what is watched of a model, rows or without a source its live traffic, and how it is trained again; needs the privilege train, and that you and the model''s owner may read the source, which is read with the rights of its owner';

CREATE FUNCTION @extschema@.sentiment_unmonitor(model pg_catalog.text)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_unmonitor(pg_catalog.text) IS
'watch a model no longer; answers whether it was watched';

CREATE VIEW @extschema@.sentiment_monitors WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model,
	   o.source_schema,
	   o.source_name,
	   o.text_column,
	   o.time_column,
	   o.period,
	   o.label_column,
	   o.filter,
	   o.training_period,
	   o.numeric_columns,
	   o.kind,
	   o.params,
	   o.deploy,
	   o.cooldown,
	   o.alpha,
	   sentiment.role_name(o.set_by, o.set_by_oid, o.set_by_cluster) AS set_by,
	   o.set_at
FROM sentiment.monitor AS o
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) o.model_id;

COMMENT ON VIEW @extschema@.sentiment_monitors IS 'what is watched of the models that the current role may use';

GRANT SELECT ON @extschema@.sentiment_monitors TO PUBLIC;
