-- What reads a version asks for the right that predicting with it asks for: train for one that is neither in production,
-- nor in staging, nor in the shadow; and nobody gets anything of one that is retired.
SET client_min_messages = warning;
SET sentiment.training_threads = 1;
CREATE ROLE regress_version_predict;
CREATE ROLE regress_version_train;
CREATE ROLE regress_version_stranger;
CREATE TABLE version_rows AS
SELECT (ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' w' || i % 50 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label, i % 7 AS n1
FROM generate_series(1, 600) AS i;
GRANT SELECT ON version_rows TO PUBLIC;

-- 1 archived, 2 in production, 3 a candidate, 4 in staging, 5 in the shadow, 6 retired
SELECT count(*) FROM generate_series(1, 6) AS i, LATERAL sentiment_train('version_m', 'version_rows',
	params => format('{"svd_components": 5, "C": %s}', i)::jsonb, numeric_columns => '{n1}', deploy => 'never');
SELECT sentiment_deploy('version_m', 1);
SELECT sentiment_deploy('version_m', 2);
SELECT sentiment_promote('version_m', 4, 'staging');
SELECT sentiment_set_shadow('version_m', 5, 1);
SELECT sentiment_retire('version_m', 6);
SELECT sentiment_grant('version_m', 'regress_version_predict', 'predict'), sentiment_grant('version_m', 'regress_version_train', 'train');
SELECT version, stage, retired FROM sentiment_model_versions WHERE model = 'version_m' ORDER BY version;

-- ok, or the SQLSTATE; nothing that the statement has done stays
CREATE FUNCTION version_attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RAISE EXCEPTION USING ERRCODE = 'RB000';
EXCEPTION WHEN OTHERS THEN
	RETURN CASE SQLSTATE WHEN 'RB000' THEN 'ok' WHEN '42501' THEN 'denied' WHEN '55000' THEN 'retired' WHEN '42704' THEN 'missing' ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;
CREATE TABLE version_calls (call text PRIMARY KEY);
INSERT INTO version_calls VALUES
	($$sentiment_predict('good', 'version_m', version => %1$s)$$),
	($$sentiment_score('good', 'version_m', version => %1$s)$$),
	($$sentiment_classify('good', 'version_m', version => %1$s)$$),
	($$sentiment_probabilities('good', 'version_m', version => %1$s)$$),
	($$sentiment_explain('good', 'version_m', version => %1$s)$$),
	($$sentiment_predict_batch('{good}', 'version_m', version => %1$s)$$),
	($$sentiment_classify_batch('{good}', 'version_m', version => %1$s)$$),
	($$sentiment_embedding('good', 'version_m', version => %1$s)$$),
	($$sentiment_check_features('version_m', 'good', version => %1$s)$$),
	($$sentiment_drift_profile_agg('version_m', %1$s, 'good', NULL, '{1}', 1)$$),
	($$sentiment_drift_profile_agg('version_m', %1$s, NULL, NULL, NULL, NULL)$$),
	($$sentiment_drift_profile_add(NULL, 'version_m', %1$s, 'good', NULL, '{1}', 1)$$),
	($$sentiment_check_drift('version_m', 'version_rows', version => %1$s, store => false)$$);
GRANT SELECT ON version_calls TO PUBLIC;
CREATE VIEW version_outcomes WITH (security_invoker = true) AS
SELECT call, string_agg(version_attempt(format('SELECT ' || call, version)), ' ' ORDER BY version) AS outcomes
FROM version_calls, generate_series(1, 7) AS version GROUP BY call;
GRANT SELECT ON version_outcomes TO PUBLIC;

SET ROLE regress_version_predict;
SELECT outcomes, count(*), max(call) FILTER (WHERE outcomes <> 'denied ok denied ok ok retired missing') AS exception FROM version_outcomes GROUP BY 1 ORDER BY 1;
SET ROLE regress_version_train;
SELECT outcomes, count(*), max(call) FILTER (WHERE outcomes <> 'ok ok ok ok ok retired missing') AS exception FROM version_outcomes GROUP BY 1 ORDER BY 1;
SET ROLE regress_version_stranger;
SELECT outcomes, count(*) FROM version_outcomes GROUP BY 1 ORDER BY 1;
RESET ROLE;
SELECT outcomes, count(*) FROM version_outcomes GROUP BY 1 ORDER BY 1;

-- no version, 0 and a negative one: the one in production, or none
SET ROLE regress_version_predict;
SELECT v, version_attempt(format($$SELECT sentiment_predict('good', 'version_m', version => %s)$$, v)) AS predict,
	version_attempt(format($$SELECT sentiment_drift_profile_agg('version_m', %s, 'good', NULL, '{1}', 1)$$, v)) AS profile,
	version_attempt(format($$SELECT sentiment_check_drift('version_m', 'version_rows', version => %s, store => false)$$, v)) AS drift
FROM unnest('{NULL::int4,0,-1,-2147483648,2147483647}'::text[]) AS v;

-- a profile's figures are those of the version that was asked for
SELECT sentiment_drift_profile_summary(sentiment_drift_profile_agg('version_m', NULL, 'good', NULL, '{1}', 1))
	= sentiment_drift_profile_summary(sentiment_drift_profile_agg('version_m', 2, 'good', NULL, '{1}', 1)) AS same;
SELECT sentiment_drift_profile_summary(sentiment_drift_profile_agg('version_m', 3, 'good', NULL, '{1}', 1));

-- the right is looked at for each row, and as the statement sees it: neither a prepared statement, nor an aggregate that goes on
-- after another version, nor a role that is switched to keeps what somebody else might ask
SELECT sentiment_drift_profile_agg('version_m', v, 'good', NULL, '{1}', 1) FROM unnest('{2,3}'::int4[]) AS v;
PREPARE version_profile AS SELECT sentiment_drift_profile_agg('version_m', 3, 'good', NULL, '{1}', 1) IS NOT NULL AS answered;
SET ROLE regress_version_train;
EXECUTE version_profile;
SET ROLE regress_version_predict;
EXECUTE version_profile;
RESET ROLE;
SELECT sentiment_promote('version_m', 3, 'staging');
SET ROLE regress_version_predict;
EXECUTE version_profile;
RESET ROLE;
SELECT sentiment_retire('version_m', 3);
SET ROLE regress_version_predict;
EXECUTE version_profile;
RESET ROLE;
DEALLOCATE version_profile;

-- a definer's function asks with the definer's right
CREATE FUNCTION version_definer(version int4) RETURNS bool LANGUAGE sql SECURITY DEFINER AS
$$SELECT sentiment_drift_profile_agg('version_m', version, 'good', NULL, '{1}', 1) IS NOT NULL$$;
ALTER FUNCTION version_definer(int4) OWNER TO regress_version_train;
SET ROLE regress_version_predict;
SELECT version_definer(1);
RESET ROLE;

-- outcomes of a version that has never answered are made up; one that is archived or retired may have answered
SELECT version FROM sentiment_train('version_m', 'version_rows', numeric_columns => '{n1}', deploy => 'never');
SET ROLE regress_version_predict;
SELECT version, version_attempt(format($$SELECT sentiment_outcome('version_m', %s, 'u', true)$$, version)) FROM generate_series(1, 8) AS version;
SELECT sentiment_outcome('version_m', 7, 'u', true);
SET ROLE regress_version_train;
SELECT sentiment_outcome('version_m', 7, 'u', true);
RESET ROLE;

-- figures of the version that do not come from rows of one's choice are for who may ask the model; words of the training are not
SET ROLE regress_version_predict;
SELECT count(*) FROM sentiment_model_versions WHERE model = 'version_m';
SELECT sentiment_model_card('version_m', 7) ~ 'shown with the privilege admin only' AS words_are_hidden;
SELECT version_attempt($$SELECT sentiment_get_model('version_m', 7)$$), version_attempt($$SELECT sentiment_export_model('version_m', 7)$$),
	version_attempt($$SELECT sentiment_feature_importance('version_m', 7)$$), version_attempt($$SELECT sentiment_check_gate('version_m', 7)$$);
SET ROLE regress_version_train;
SELECT version_attempt($$SELECT sentiment_get_model('version_m', 7)$$), version_attempt($$SELECT sentiment_export_model('version_m', 7)$$),
	version_attempt($$SELECT sentiment_feature_importance('version_m', 7)$$), version_attempt($$SELECT sentiment_check_gate('version_m', 7)$$);
RESET ROLE;

-- a model that is dropped and made again is another one: nothing is left of the grants
SELECT sentiment_drop_model('version_m');
SET ROLE regress_version_predict;
SELECT DISTINCT outcomes FROM version_outcomes;
RESET ROLE;
SELECT version FROM sentiment_train('version_m', 'version_rows', params => '{"svd_components": 5}', numeric_columns => '{n1}');
SET ROLE regress_version_predict;
SELECT outcomes, count(*) FROM version_outcomes GROUP BY 1;
RESET ROLE;

SELECT sentiment_drop_model('version_m');
DROP FUNCTION version_definer(int4);
DROP VIEW version_outcomes;
DROP FUNCTION version_attempt(text);
DROP TABLE version_calls, version_rows;
DROP ROLE regress_version_predict, regress_version_train, regress_version_stranger;
