-- Asking a version by its number: who may, what answers, and what is refused.

SET client_min_messages = warning;

CREATE TABLE version_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label, i % 5 AS price
FROM generate_series(1, 400) AS i;
-- the labels upside down, so that versions contradict each other
CREATE VIEW version_turned AS SELECT text, CASE label WHEN 'pos' THEN 'neg' ELSE 'pos' END AS label FROM version_reviews;
CREATE ROLE regress_sentiment_owner;
CREATE ROLE regress_sentiment_trainer;
CREATE ROLE regress_sentiment_user;
CREATE ROLE regress_sentiment_other;
GRANT SELECT ON version_reviews, version_turned TO regress_sentiment_owner;

SET ROLE regress_sentiment_owner;
SELECT version FROM sentiment_train('v', 'version_reviews', params => '{"svd_components": 3}', deploy => 'never');
SELECT version FROM sentiment_train('v', 'version_turned', params => '{"svd_components": 2}', deploy => 'never');
SELECT version FROM sentiment_train('v', 'version_reviews', numeric_columns => '{price}', deploy => 'never');
SELECT version FROM sentiment_train('v', 'version_reviews', params => '{"C": 0.01}', deploy => 'never');
SELECT sentiment_grant('v', 'regress_sentiment_user', 'predict');
SELECT sentiment_grant('v', 'regress_sentiment_trainer', 'train');

-- nothing is deployed: by name nothing answers, by number the version does
SELECT sentiment_predict('a good book', 'v');
SELECT label, model, version FROM sentiment_classify('a good book', 'v', version => 2);
SELECT sentiment_deploy('v', 1);

-- the whole family, by number and by the value of the same version
CREATE TEMP TABLE version_models AS SELECT i AS version, sentiment_get_model('v', i) AS model FROM generate_series(1, 4) AS i;
SELECT m.version, count(*) FILTER (WHERE sentiment_predict(text, 'v', version => m.version) = sentiment_predict(model, text)) AS label,
	count(*) FILTER (WHERE sentiment_score(text, 'v', version => m.version) = sentiment_score(model, text)) AS score,
	count(*) FILTER (WHERE sentiment_classify(text, 'v', version => m.version) = (SELECT (c.label, c.probability, 'v'::text, m.version) FROM sentiment_classify(model, text) AS c)) AS classify,
	count(*) FILTER (WHERE (SELECT array_agg(p ORDER BY p.label) FROM sentiment_probabilities(text, 'v', version => m.version) AS p)
		= (SELECT array_agg(p ORDER BY p.label) FROM sentiment_probabilities(model, text) AS p)) AS probabilities,
	count(*) FILTER (WHERE (SELECT array_agg(e ORDER BY e) FROM sentiment_explain(text, 'v', label => 'pos', version => m.version) AS e)
		= (SELECT array_agg(e ORDER BY e) FROM sentiment_explain(model, text, label => 'pos') AS e)) AS explain,
	count(*) FILTER (WHERE sentiment_predict(text, 'v', version => m.version) = label) AS right
FROM version_reviews, version_models AS m GROUP BY m.version ORDER BY m.version;
SELECT m.version, count(*) FILTER (WHERE b.label = sentiment_predict(m.model, texts[b.ordinal])) AS predict_batch,
	count(*) FILTER (WHERE c.labels[c.predicted[b.ordinal]] = b.label AND c.probabilities[b.ordinal][c.predicted[b.ordinal]] = b.probability) AS classify_batch,
	bool_and(c.version = m.version AND c.model = 'v') AS tells_which
FROM version_models AS m, (SELECT array_agg(text ORDER BY id) AS texts FROM version_reviews) AS t, sentiment_predict_batch(texts, 'v', version => m.version) AS b,
	sentiment_classify_batch(texts, 'v', version => m.version) AS c
GROUP BY m.version ORDER BY m.version;
SELECT version, cardinality(sentiment_embedding('a good book', 'v', version)) AS components,
	sentiment_embedding('a good book', 'v', version) = sentiment_embedding(model, 'a good book') AS same FROM version_models WHERE version < 3;
SELECT sentiment_embedding('a good book', 'v', 4);
SELECT version, count(*) FILTER (WHERE feature = 'price') AS has_price FROM version_models, sentiment_check_features('v', 'a good book', version => version)
GROUP BY version ORDER BY version;
-- a version knows its own numbers only
SELECT sentiment_predict('a good book', 'v', '{"price": 2}', version => 3) IS NOT NULL AS known;
SELECT sentiment_predict('a good book', 'v', '{"price": 2}', version => 1);
SELECT c.warnings FROM sentiment_classify_batch('{good}', 'v', '{"{\"price\": 2}"}', version => 1) AS c;

-- without a number, or with NULL, what is deployed answers; a number goes before the unit
SELECT DISTINCT version FROM version_reviews, sentiment_classify(text, 'v', version => NULL);
SELECT sentiment_set_traffic('v', '{"1": 0.5, "2": 0.5}');
SELECT version, count(*) FROM version_reviews, sentiment_classify(text, 'v', unit => id::text, version => CASE WHEN id % 4 = 0 THEN 4 END) GROUP BY version ORDER BY version;
SELECT version, count(*) FROM version_reviews, sentiment_classify(text, 'v', unit => id::text, version => 2) GROUP BY version;
SELECT count(*) FILTER (WHERE label = 'pos') AS positive, count(*) AS texts
FROM (SELECT array_agg(text ORDER BY id) AS texts, array_agg(id::text ORDER BY id) AS units FROM version_reviews) AS a, sentiment_predict_batch(texts, 'v', NULL, units, 2);
SET sentiment.default_model = 'v';
SELECT version, label FROM sentiment_classify('a good book', version => 4);
RESET sentiment.default_model;
-- two versions in one row, versions that alternate, with a cache that holds none of them
SET sentiment.model_cache_size = 0;
SELECT count(*) FILTER (WHERE sentiment_predict(text, 'v', version => 1) <> sentiment_predict(text, 'v', version => 2)) AS differing,
	count(*) FILTER (WHERE (sentiment_classify(text, 'v', version => 1 + id % 4)).version = 1 + id % 4) AS alternating, count(*) FROM version_reviews;
RESET sentiment.model_cache_size;
-- NULL texts, and arrays of them
SELECT sentiment_predict(NULL, 'v', version => 1) IS NULL, sentiment_predict_batch('{NULL}', 'v', version => 4), (sentiment_classify_batch('{}', 'v', version => 4)).version;

-- numbers that no version has
SELECT sentiment_predict('a', 'v', version => 5);
SELECT sentiment_predict('a', 'v', version => 0);
SELECT sentiment_predict('a', 'v', version => -1);
SELECT sentiment_predict('a', 'v', version => -2147483648);
SELECT sentiment_predict('a', 'v', version => 2147483647);
SELECT sentiment_predict('a', 'v_missing', version => 1);
SELECT sentiment_predict('a', '', version => 1);
SELECT * FROM sentiment_predict_batch('{NULL}', 'v', version => 5);
SELECT * FROM sentiment_classify_batch('{}', 'v', version => 5);
SELECT * FROM sentiment_explain('a', 'v', version => 5);
SELECT * FROM sentiment_check_features('v', 'a', version => 5);
SELECT sentiment_embedding('a', 'v', 5);
SELECT sentiment_train('v_second', 'version_reviews') IS NOT NULL AS trained;
SELECT sentiment_predict('a', 'v_second', version => 2);

-- who may ask which: version 1 and 2 answer, 3 is in the shadow, 4 in staging, 5 a candidate, 6 archived, 7 retired
SELECT sentiment_set_shadow('v', 3, 0.5);
SELECT sentiment_promote('v', 4, 'staging');
SELECT version FROM sentiment_train('v', 'version_reviews', deploy => 'never');
SELECT version FROM sentiment_train('v', 'version_reviews', deploy => 'never');
SELECT version FROM sentiment_train('v', 'version_reviews', deploy => 'never');
SELECT sentiment_set_traffic('v', '{"6": 1}');
SELECT sentiment_set_traffic('v', '{"1": 0.5, "2": 0.5}');
SELECT sentiment_retire('v', 7, 'never any good');
SELECT version, stage, retired, share FROM sentiment_model_versions WHERE model = 'v' ORDER BY version;
CREATE FUNCTION pg_temp.may_ask(version int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN 'version ' || (sentiment_classify('a good book', 'v', version => may_ask.version)).version || ' answers';
EXCEPTION WHEN others THEN
	RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT i AS version, pg_temp.may_ask(i) AS owner FROM generate_series(1, 8) AS i;
SET ROLE regress_sentiment_trainer;
SELECT i AS version, pg_temp.may_ask(i) AS trainer FROM generate_series(1, 8) AS i;
SET ROLE regress_sentiment_user;
SELECT i AS version, pg_temp.may_ask(i) AS user FROM generate_series(1, 8) AS i;
SELECT sentiment_predict('a', 'v', version => 5);
SELECT sentiment_explain('a', 'v', version => 6);
SELECT sentiment_classify_batch('{a}', 'v', version => 7);
SET ROLE regress_sentiment_other;
SELECT i AS version, pg_temp.may_ask(i) AS other FROM generate_series(1, 8, 3) AS i;
RESET ROLE;
SELECT i AS version, pg_temp.may_ask(i) AS superuser FROM generate_series(5, 7) AS i;
-- the right is the present role's, in one prepared statement too
PREPARE candidate AS SELECT version FROM sentiment_classify('a', 'v', version => 5);
EXECUTE candidate;
SET ROLE regress_sentiment_user;
EXECUTE candidate;
RESET ROLE;
EXECUTE candidate;

-- it changes with the stage, within the transaction that changes it, and back with a ROLLBACK
SET ROLE regress_sentiment_trainer;
BEGIN;
SELECT sentiment_promote('v', 5, 'staging');
SAVEPOINT promoted;
SELECT sentiment_retire('v', 5, 'after all not');
SELECT pg_temp.may_ask(5);
ROLLBACK TO promoted;
SET LOCAL ROLE regress_sentiment_user;
SELECT pg_temp.may_ask(5);
ROLLBACK;
SET ROLE regress_sentiment_user;
SELECT pg_temp.may_ask(5);
RESET ROLE;

-- it writes nothing, and runs in parallel workers
BEGIN READ ONLY;
SELECT version FROM sentiment_classify('a', 'v', version => 4);
ROLLBACK;
ANALYZE version_reviews;
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM version_reviews WHERE sentiment_predict(text, 'v', version => 2) = label;
SELECT count(*) FROM version_reviews WHERE sentiment_predict(text, 'v', version => 2) <> label;
ROLLBACK;
GRANT SELECT ON version_reviews TO regress_sentiment_user;
SET ROLE regress_sentiment_user;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT count(*) FROM version_reviews WHERE sentiment_predict(text, 'v', version => 2) <> label;
\set SHOW_CONTEXT never
SELECT count(*) FROM version_reviews WHERE sentiment_predict(text, 'v', version => 5) <> label;
\set SHOW_CONTEXT errors
RESET ROLE;

-- an image that is not the one of its version
UPDATE sentiment.model_version SET image = (SELECT image FROM sentiment.model_version AS o JOIN sentiment.model AS m USING (model_id) WHERE m.name = 'v' AND o.version = 1)
WHERE version = 6 AND model_id = (SELECT model_id FROM sentiment.model WHERE name = 'v');
SET sentiment.model_cache_size = 0;
SELECT sentiment_predict('a', 'v', version => 6);
SELECT sentiment_predict('a', 'v', version => 4) IS NOT NULL AS others_answer;
RESET sentiment.model_cache_size;

-- a version that is gone
SELECT sentiment_set_shadow('v', 3, 0);
SELECT sentiment_prune('v', 1);
SELECT pg_temp.may_ask(5), pg_temp.may_ask(3), pg_temp.may_ask(1);

SELECT sentiment_drop_model(m) FROM unnest('{v,v_second}'::text[]) AS m;
SELECT pg_temp.may_ask(1);
DROP FUNCTION pg_temp.may_ask(int);
DROP VIEW version_turned;
DROP TABLE version_reviews, version_models;
DROP ROLE regress_sentiment_owner, regress_sentiment_trainer, regress_sentiment_user, regress_sentiment_other;
