/* src/extension/live_traffic.sql: what predictions see, in shared memory */

CREATE FUNCTION sentiment.stat_sketches()
RETURNS TABLE (model_id pg_catalog.int8, version pg_catalog.int4, feature pg_catalog.text, numeric_column pg_catalog.int4, lower pg_catalog.float8, upper pg_catalog.float8,
	predictions pg_catalog.int8, since pg_catalog.timestamptz)
AS 'MODULE_PATHNAME', 'sentiment_stat_sketches' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 1000;

COMMENT ON FUNCTION sentiment.stat_sketches() IS 'sentiment_stat_sketches, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_stat_sketches()
RETURNS TABLE (model_id pg_catalog.int8, version pg_catalog.int4, feature pg_catalog.text, numeric_column pg_catalog.int4, lower pg_catalog.float8, upper pg_catalog.float8,
	predictions pg_catalog.int8, since pg_catalog.timestamptz)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 1000;

COMMENT ON FUNCTION @extschema@.sentiment_stat_sketches() IS
'histograms of what the predictions of the versions that the current role may train have seen; the view sentiment_stat_features shows it';

CREATE VIEW @extschema@.sentiment_stat_features WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, COALESCE(s.feature, v.numeric_columns[s.numeric_column]) AS feature, s.lower, s.upper, s.predictions, s.since
FROM sentiment.stat_sketches() AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
JOIN sentiment.model_version AS v ON v.model_id OPERATOR(pg_catalog.=) s.model_id AND v.version OPERATOR(pg_catalog.=) s.version;

COMMENT ON VIEW @extschema@.sentiment_stat_features IS
'what the predictions of each version see: histograms of the text features, the share of unknown tokens, the score and the numeric columns, of one prediction in 64, since the statistics were reset; of the models that the current role may train';

GRANT SELECT ON @extschema@.sentiment_stat_features TO PUBLIC;
