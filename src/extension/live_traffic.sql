/* src/extension/live_traffic.sql: what predictions see, in shared memory */

CREATE FUNCTION @extschema@.sentiment_stat_sketches()
RETURNS TABLE (model_id pg_catalog.int8, version pg_catalog.int4, feature pg_catalog.text, lower pg_catalog.float8, upper pg_catalog.float8,
	predictions pg_catalog.int8, since pg_catalog.timestamptz)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 1000;

COMMENT ON FUNCTION @extschema@.sentiment_stat_sketches() IS
'histograms of what the predictions of the versions that the current role may train have seen; the view sentiment_stat_features shows it';

CREATE VIEW @extschema@.sentiment_stat_features WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, s.feature, s.lower, s.upper, s.predictions, s.since
FROM @extschema@.sentiment_stat_sketches() AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id;

COMMENT ON VIEW @extschema@.sentiment_stat_features IS
'what the predictions of each version see: histograms of the text features, the share of unknown tokens and the score, of one prediction in 64, since the statistics were reset; of the models that the current role may train';

GRANT SELECT ON @extschema@.sentiment_stat_features TO PUBLIC;
