/* src/extension/statistics.sql: what is counted of predictions, in shared memory */

CREATE FUNCTION sentiment.stat_versions(missing_ok pg_catalog.bool)
RETURNS TABLE (model_id pg_catalog.int8, version pg_catalog.int4, since pg_catalog.timestamptz, predictions pg_catalog.int8,
	labels pg_catalog.int8[], confidence pg_catalog.int8[], confidence_sum pg_catalog.float8, latency pg_catalog.int8[],
	latency_seconds pg_catalog.float8, p50 pg_catalog.float8, p95 pg_catalog.float8, p99 pg_catalog.float8, errors pg_catalog.int8[],
	shadow_compared pg_catalog.int8, shadow_disagreed pg_catalog.int8, shadow_failed pg_catalog.int8, trainings pg_catalog.int8,
	rows_trained pg_catalog.int8, loads pg_catalog.int8)
AS 'MODULE_PATHNAME', 'sentiment_stat_versions' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 20;

COMMENT ON FUNCTION sentiment.stat_versions(pg_catalog.bool) IS 'sentiment_stat_versions, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_stat_versions(missing_ok pg_catalog.bool DEFAULT false)
RETURNS TABLE (model_id pg_catalog.int8, version pg_catalog.int4, since pg_catalog.timestamptz, predictions pg_catalog.int8,
	labels pg_catalog.int8[], confidence pg_catalog.int8[], confidence_sum pg_catalog.float8, latency pg_catalog.int8[],
	latency_seconds pg_catalog.float8, p50 pg_catalog.float8, p95 pg_catalog.float8, p99 pg_catalog.float8, errors pg_catalog.int8[],
	shadow_compared pg_catalog.int8, shadow_disagreed pg_catalog.int8, shadow_failed pg_catalog.int8, trainings pg_catalog.int8,
	rows_trained pg_catalog.int8, loads pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 20;

COMMENT ON FUNCTION @extschema@.sentiment_stat_versions(pg_catalog.bool) IS
'everything that is counted of the versions that the current role may use; the views sentiment_stat_... show it. If nothing can be counted: an error, or with missing_ok no rows';

CREATE FUNCTION sentiment.stat_table(missing_ok pg_catalog.bool)
RETURNS TABLE (max_tracked_versions pg_catalog.int4, tracked_versions pg_catalog.int4, evicted_versions pg_catalog.int8, untracked_predictions pg_catalog.int8)
AS 'MODULE_PATHNAME', 'sentiment_stat_table' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 1;

COMMENT ON FUNCTION sentiment.stat_table(pg_catalog.bool) IS 'sentiment_stat_table, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_stat_table(missing_ok pg_catalog.bool DEFAULT false)
RETURNS TABLE (max_tracked_versions pg_catalog.int4, tracked_versions pg_catalog.int4, evicted_versions pg_catalog.int8, untracked_predictions pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 1;

COMMENT ON FUNCTION @extschema@.sentiment_stat_table(pg_catalog.bool) IS
'how full the table of counted versions is, of all databases together: its size, versions in it, versions that lost their place to others, and predictions of versions that found no place';

CREATE FUNCTION sentiment.stat_latency_bounds()
RETURNS pg_catalog.float8[]
AS 'MODULE_PATHNAME', 'sentiment_stat_latency_bounds' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

COMMENT ON FUNCTION sentiment.stat_latency_bounds() IS 'sentiment_stat_latency_bounds, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_stat_latency_bounds()
RETURNS pg_catalog.float8[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

COMMENT ON FUNCTION @extschema@.sentiment_stat_latency_bounds() IS 'upper bounds of the latency buckets, in seconds';

CREATE FUNCTION sentiment.stat_error_classes()
RETURNS pg_catalog.text[]
AS 'MODULE_PATHNAME', 'sentiment_stat_error_classes' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

COMMENT ON FUNCTION sentiment.stat_error_classes() IS 'sentiment_stat_error_classes, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_stat_error_classes()
RETURNS pg_catalog.text[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;

COMMENT ON FUNCTION @extschema@.sentiment_stat_error_classes() IS 'the classes of SQLSTATE by which errors are counted';

CREATE FUNCTION @extschema@.sentiment_stat_reset(model pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION @extschema@.sentiment_stat_reset(pg_catalog.text) IS
'count a model''s predictions from zero (needs the privilege admin), or those of all models of the database (superusers)';

-- The rows of what a role may not use are left out by the functions too: the views join names only.

CREATE VIEW @extschema@.sentiment_stat_predictions WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, v.labels[l.ordinal] AS label, l.predictions, s.since
FROM sentiment.stat_versions(false) AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
JOIN sentiment.model_version AS v ON v.model_id OPERATOR(pg_catalog.=) s.model_id AND v.version OPERATOR(pg_catalog.=) s.version
CROSS JOIN LATERAL (
	SELECT CASE WHEN pg_catalog.cardinality(v.labels) OPERATOR(pg_catalog.>) pg_catalog.cardinality(s.labels)
				AND a.ordinal OPERATOR(pg_catalog.=) pg_catalog.cardinality(s.labels) THEN NULL ELSE a.ordinal END AS ordinal,
		a.predictions
	FROM pg_catalog.unnest(s.labels) WITH ORDINALITY AS a (predictions, ordinal)
	WHERE a.ordinal OPERATOR(pg_catalog.<=) pg_catalog.cardinality(v.labels)) AS l;

COMMENT ON VIEW @extschema@.sentiment_stat_predictions IS 'predictions by label of each version, since the statistics were reset; of more than 64 labels the rest is one row without a label';

CREATE VIEW @extschema@.sentiment_stat_confidence WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version,
	(b.ordinal OPERATOR(pg_catalog.-) 1)::pg_catalog.float8 OPERATOR(pg_catalog./) pg_catalog.cardinality(s.confidence)::pg_catalog.float8 AS lower,
	b.ordinal::pg_catalog.float8 OPERATOR(pg_catalog./) pg_catalog.cardinality(s.confidence)::pg_catalog.float8 AS upper,
	b.predictions, s.since
FROM sentiment.stat_versions(false) AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
CROSS JOIN LATERAL pg_catalog.unnest(s.confidence) WITH ORDINALITY AS b (predictions, ordinal);

COMMENT ON VIEW @extschema@.sentiment_stat_confidence IS 'predictions of each version by the probability of the label that was answered';

CREATE VIEW @extschema@.sentiment_stat_latency WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, s.predictions,
	s.latency_seconds OPERATOR(pg_catalog.*) 1000000 OPERATOR(pg_catalog./) NULLIF(s.predictions, 0)::pg_catalog.float8 AS mean_us,
	s.p50 OPERATOR(pg_catalog.*) 1000000 AS p50_us,
	s.p95 OPERATOR(pg_catalog.*) 1000000 AS p95_us,
	s.p99 OPERATOR(pg_catalog.*) 1000000 AS p99_us,
	s.loads, s.since
FROM sentiment.stat_versions(false) AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id;

COMMENT ON VIEW @extschema@.sentiment_stat_latency IS 'how long predictions of each version take within the server, in microseconds, and how often a session has read the version from its table';

CREATE VIEW @extschema@.sentiment_stat_latency_buckets WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, b.upper_seconds, b.predictions,
	pg_catalog.sum(b.predictions) OVER (PARTITION BY s.model_id, s.version ORDER BY b.upper_seconds)::pg_catalog.int8 AS cumulative,
	s.since
FROM sentiment.stat_versions(false) AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(sentiment.stat_latency_bounds()), pg_catalog.unnest(s.latency)) AS b (upper_seconds, predictions);

COMMENT ON VIEW @extschema@.sentiment_stat_latency_buckets IS 'the histogram of how long predictions of each version take';

CREATE VIEW @extschema@.sentiment_stat_errors WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, e.sqlstate_class, e.errors, s.since
FROM sentiment.stat_versions(false) AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(sentiment.stat_error_classes()), pg_catalog.unnest(s.errors)) AS e (sqlstate_class, errors)
WHERE e.errors OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW @extschema@.sentiment_stat_errors IS 'predictions of each version that ended with an error, by the class (the first two characters) of its SQLSTATE';

CREATE VIEW @extschema@.sentiment_stat_shadow WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, COALESCE(d.shadow_share, 0) AS shadow_share, s.shadow_compared AS compared, s.shadow_disagreed AS disagreed,
	s.shadow_disagreed::pg_catalog.float8 OPERATOR(pg_catalog./) NULLIF(s.shadow_compared, 0)::pg_catalog.float8 AS disagreement,
	s.shadow_failed AS failed, s.since
FROM sentiment.stat_versions(false) AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
LEFT JOIN sentiment.deployment AS d ON d.model_id OPERATOR(pg_catalog.=) s.model_id AND d.version OPERATOR(pg_catalog.=) s.version
WHERE d.shadow_share OPERATOR(pg_catalog.>) 0 OR s.shadow_compared OPERATOR(pg_catalog.>) 0 OR s.shadow_failed OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW @extschema@.sentiment_stat_shadow IS 'how often versions that were scored in the shadow disagreed with the label that was answered, or failed';

CREATE VIEW @extschema@.sentiment_stat_training WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model, s.version, s.trainings, s.rows_trained, s.since
FROM sentiment.stat_versions(false) AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
WHERE s.trainings OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW @extschema@.sentiment_stat_training IS 'trainings and the rows that they learned from';

GRANT SELECT ON @extschema@.sentiment_stat_predictions, @extschema@.sentiment_stat_confidence, @extschema@.sentiment_stat_latency,
	@extschema@.sentiment_stat_latency_buckets, @extschema@.sentiment_stat_errors, @extschema@.sentiment_stat_shadow,
	@extschema@.sentiment_stat_training TO PUBLIC;
