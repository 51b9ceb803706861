/* src/extension/experiment.sql: outcomes of units, and what they tell of versions */

CREATE TABLE sentiment.outcome (
	model_id pg_catalog.int8 NOT NULL,
	version pg_catalog.int4 NOT NULL,
	unit pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	success pg_catalog.bool NOT NULL,
	reported_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (model_id, version, unit)
);

COMMENT ON TABLE sentiment.outcome IS 'what became of units (users, orders, ...) that versions have answered: one row for a version and a unit, with what was reported last';
COMMENT ON COLUMN sentiment.outcome.model_id IS 'the model';
COMMENT ON COLUMN sentiment.outcome.version IS 'the version that answered';
COMMENT ON COLUMN sentiment.outcome.unit IS 'the unit; not readable for others than the owner of the table';
COMMENT ON COLUMN sentiment.outcome.success IS 'whether it was a success, as reported last';
COMMENT ON COLUMN sentiment.outcome.reported_at IS 'when the unit was reported last';

SELECT pg_catalog.pg_extension_config_dump('sentiment.outcome', '');

-- Rows are counted by whoever may ask the model; whose they are stays with the owner of the table. The models
-- are looked up once, not for each of millions of rows.
ALTER TABLE sentiment.outcome ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON sentiment.outcome FOR SELECT
	USING (model_id OPERATOR(pg_catalog.=) ANY (SELECT m.model_id FROM sentiment.model AS m));
GRANT SELECT (model_id, version, success, reported_at) ON sentiment.outcome TO PUBLIC;

CREATE FUNCTION @extschema@.sentiment_outcome(model pg_catalog.text, version pg_catalog.int4, unit pg_catalog.text, success pg_catalog.bool)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_outcome(pg_catalog.text, pg_catalog.int4, pg_catalog.text, pg_catalog.bool) IS
'report what became of a unit that a version (null: the one that answers the unit now) has answered; a later report replaces an earlier one. Needs the privilege predict, or train for a version that has never answered; answers the version';

CREATE FUNCTION sentiment.rate(successes pg_catalog.int8, outcomes pg_catalog.int8,
	OUT rate pg_catalog.float8, OUT lower pg_catalog.float8, OUT upper pg_catalog.float8)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME', 'sentiment_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION sentiment.rate(pg_catalog.int8, pg_catalog.int8) IS 'sentiment_rate, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_rate(successes pg_catalog.int8, outcomes pg_catalog.int8,
	OUT rate pg_catalog.float8, OUT lower pg_catalog.float8, OUT upper pg_catalog.float8)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION @extschema@.sentiment_rate(pg_catalog.int8, pg_catalog.int8) IS
'the rate of successes with its 95 % confidence interval (Wilson)';

CREATE FUNCTION sentiment.rate_difference(successes pg_catalog.int8, outcomes pg_catalog.int8,
	other_successes pg_catalog.int8, other_outcomes pg_catalog.int8,
	OUT difference pg_catalog.float8, OUT lower pg_catalog.float8, OUT upper pg_catalog.float8, OUT p_value pg_catalog.float8)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME', 'sentiment_rate_difference' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION sentiment.rate_difference(pg_catalog.int8, pg_catalog.int8, pg_catalog.int8, pg_catalog.int8) IS 'sentiment_rate_difference, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_rate_difference(successes pg_catalog.int8, outcomes pg_catalog.int8,
	other_successes pg_catalog.int8, other_outcomes pg_catalog.int8,
	OUT difference pg_catalog.float8, OUT lower pg_catalog.float8, OUT upper pg_catalog.float8, OUT p_value pg_catalog.float8)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION @extschema@.sentiment_rate_difference(pg_catalog.int8, pg_catalog.int8, pg_catalog.int8, pg_catalog.int8) IS
'how much higher the other rate is, with a 95 % confidence interval and a p-value that hold however often one looks (mixture sequential probability ratio test)';

CREATE FUNCTION @extschema@.sentiment_experiment(model pg_catalog.text DEFAULT NULL, since pg_catalog.timestamptz DEFAULT NULL)
RETURNS TABLE (model pg_catalog.text, version pg_catalog.int4, share pg_catalog.float8, is_main pg_catalog.bool, outcomes pg_catalog.int8,
	successes pg_catalog.int8, rate pg_catalog.float8, rate_lower pg_catalog.float8, rate_upper pg_catalog.float8, difference pg_catalog.float8,
	difference_lower pg_catalog.float8, difference_upper pg_catalog.float8, p_value pg_catalog.float8, since pg_catalog.timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
-- raises an error unless there is such a model that the current role may ask
SELECT sentiment.gate($1);
WITH deployed AS (
	SELECT m.name, d.model_id, d.version, d.share,
		pg_catalog.row_number() OVER (PARTITION BY d.model_id ORDER BY d.share DESC, d.version) OPERATOR(pg_catalog.=) 1 AS is_main,
		COALESCE($2, pg_catalog.min(d.deployed_at) OVER (PARTITION BY d.model_id)) AS since
	FROM sentiment.deployment AS d
	JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) d.model_id
	WHERE d.share OPERATOR(pg_catalog.>) 0 AND ($1 IS NULL OR m.name OPERATOR(pg_catalog.=) $1)
), counted AS (
	SELECT o.model_id, o.version, pg_catalog.count(*) AS outcomes, pg_catalog.count(*) FILTER (WHERE o.success) AS successes
	FROM sentiment.outcome AS o
	JOIN deployed AS d ON d.model_id OPERATOR(pg_catalog.=) o.model_id AND d.is_main AND o.reported_at OPERATOR(pg_catalog.>=) d.since
	GROUP BY o.model_id, o.version
), versions AS (
	SELECT d.model_id, d.version FROM deployed AS d UNION SELECT c.model_id, c.version FROM counted AS c
), filled AS (
	SELECT main.name, v.model_id, v.version, COALESCE(d.share, 0) AS share, v.version OPERATOR(pg_catalog.=) main.version AS is_main,
		COALESCE(c.outcomes, 0) AS outcomes, COALESCE(c.successes, 0) AS successes, main.version AS main_version, main.since
	FROM versions AS v
	JOIN deployed AS main ON main.model_id OPERATOR(pg_catalog.=) v.model_id AND main.is_main
	LEFT JOIN deployed AS d ON d.model_id OPERATOR(pg_catalog.=) v.model_id AND d.version OPERATOR(pg_catalog.=) v.version
	LEFT JOIN counted AS c ON c.model_id OPERATOR(pg_catalog.=) v.model_id AND c.version OPERATOR(pg_catalog.=) v.version
)
SELECT f.name, f.version, f.share, f.is_main, f.outcomes, f.successes, r.rate, r.lower, r.upper, t.difference, t.lower, t.upper, t.p_value, f.since
FROM filled AS f
CROSS JOIN LATERAL sentiment.rate(f.successes, f.outcomes) AS r
LEFT JOIN filled AS m ON m.model_id OPERATOR(pg_catalog.=) f.model_id AND m.is_main AND NOT f.is_main
LEFT JOIN LATERAL sentiment.rate_difference(m.successes, m.outcomes, f.successes, f.outcomes) AS t ON true
ORDER BY f.name, f.version;
END;

COMMENT ON FUNCTION @extschema@.sentiment_experiment(pg_catalog.text, pg_catalog.timestamptz) IS
'outcomes of the versions of a model (null: of all that the current role may use) whose units were reported since a time (null: since the present traffic was set), each compared with the main version: the one with the largest share';

CREATE VIEW @extschema@.sentiment_experiments WITH (security_invoker = true, security_barrier = true) AS
SELECT e.model, e.version, e.share, e.is_main, e.outcomes, e.successes, e.rate, e.rate_lower, e.rate_upper, e.difference, e.difference_lower,
	e.difference_upper, e.p_value, e.since
FROM @extschema@.sentiment_experiment(NULL::pg_catalog.text, NULL::pg_catalog.timestamptz) AS e;

COMMENT ON VIEW @extschema@.sentiment_experiments IS 'outcomes of versions since the present traffic of their model was set: rates with 95 % confidence intervals, and differences from the main version with intervals and p-values that hold however often one looks';

GRANT SELECT ON @extschema@.sentiment_experiments TO PUBLIC;
