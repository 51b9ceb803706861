-- Versions that share a model's traffic by unit, and versions in the shadow.

SET client_min_messages = warning;
SET sentiment.model_cache_size = '256MB';

CREATE TABLE traffic_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label, i % 4 AS price, i % 2 AS pages
FROM generate_series(1, 400) AS i;
GRANT SELECT ON traffic_reviews TO PUBLIC;
CREATE ROLE regress_sentiment_owner;
CREATE ROLE regress_sentiment_user;
CREATE ROLE regress_sentiment_other;

SET ROLE regress_sentiment_owner;
SELECT version FROM sentiment_train('t', 'traffic_reviews');
SELECT version FROM sentiment_train('t', 'traffic_reviews', params => '{"C": 0.001}', deploy => 'never');
-- a version that has the labels upside down
CREATE TEMP VIEW traffic_turned AS SELECT text, CASE label WHEN 'pos' THEN 'neg' ELSE 'pos' END AS label FROM traffic_reviews;
SELECT version FROM sentiment_train('t', 'traffic_turned', deploy => 'never');
SELECT version FROM sentiment_train('t', 'traffic_reviews', params => '{"C": 1}', deploy => 'never');
SELECT sentiment_grant('t', 'regress_sentiment_user', 'predict');

-- without traffic, one version answers every unit
SELECT DISTINCT version FROM traffic_reviews, sentiment_classify(text, 't', unit => id::text);
SELECT sentiment_route('t', '1'), sentiment_route('t', NULL);

-- what is refused
SELECT sentiment_set_traffic('t', '{"1": 0.5, "2": 0.4}');
SELECT sentiment_set_traffic('t', '{"1": 0.5, "2": 0.500000002}');
SELECT sentiment_set_traffic('t', '{"1": 1.5, "2": -0.5}');
SELECT sentiment_set_traffic('t', '{"1": 1, "2": 0}');
SELECT sentiment_set_traffic('t', '{"1": 0.5, "9": 0.5}');
SELECT sentiment_set_traffic('t', '{"1": "0.5", "2": 0.5}');
SELECT sentiment_set_traffic('t', '{"1": null}');
SELECT sentiment_set_traffic('t', '{"1": {"2": 1}}');
SELECT sentiment_set_traffic('t', '{"one": 1}');
SELECT sentiment_set_traffic('t', '{"01": 1}');
SELECT sentiment_set_traffic('t', '{" 1": 1}');
SELECT sentiment_set_traffic('t', '{"": 1}');
SELECT sentiment_set_traffic('t', '{"-1": 1}');
SELECT sentiment_set_traffic('t', '{"99999999999": 1}');
SELECT sentiment_set_traffic('t', '{"4294967297": 1}');
SELECT sentiment_set_traffic('t', '{}');
SELECT sentiment_set_traffic('t', '[1]');
SELECT sentiment_set_traffic('t', '1');
SELECT sentiment_set_traffic('t', '{"1": 1e400}');
SELECT sentiment_set_traffic('t', (SELECT jsonb_object_agg(i, 1.0 / 17) FROM generate_series(1, 17) AS i));
SELECT sentiment_set_traffic('t', NULL);
SELECT sentiment_set_traffic(NULL, '{"1": 1}');
SELECT sentiment_set_traffic('missing', '{"1": 1}');
SELECT sentiment_set_traffic('', '{"1": 1}');
BEGIN READ ONLY;
SELECT sentiment_set_traffic('t', '{"1": 1}');
ROLLBACK;
SET ROLE regress_sentiment_user;
SELECT sentiment_set_traffic('t', '{"1": 1}');
SET ROLE regress_sentiment_other;
SELECT sentiment_set_traffic('t', '{"1": 1}');
SELECT sentiment_route('t', '1');
SELECT sentiment_predict('a good book', 't', unit => '1');
SET ROLE regress_sentiment_owner;
SELECT count(*) FROM sentiment_deployments WHERE model = 't' AND action = 'traffic';

-- two versions: each unit has its own, whatever is asked of it
SELECT sentiment_set_traffic('t', '{"1": 0.7, "3": 0.3}', 'try the other one');
SET ROLE regress_sentiment_user;
SELECT version, count(*) FROM traffic_reviews, sentiment_classify(text, 't', unit => id::text) GROUP BY version ORDER BY version;
CREATE TEMP TABLE routed AS SELECT id, sentiment_route('t', id::text) AS version FROM traffic_reviews;
SELECT count(*) FROM routed AS r JOIN traffic_reviews AS t USING (id), sentiment_classify(t.text, 't', unit => id::text) AS c WHERE c.version <> r.version;
-- (what version 3 answers is the contrary)
SELECT r.version, count(*) FILTER (WHERE sentiment_predict(t.text, 't', unit => id::text) = t.label) AS label,
	count(*) FILTER (WHERE (sentiment_score(t.text, 't', unit => id::text) > 0.5) = (t.label = 'pos')) AS score,
	count(*) FILTER (WHERE (SELECT p.probability > 0.5 FROM sentiment_probabilities(t.text, 't', unit => id::text) AS p WHERE p.label = t.label)) AS probability,
	count(*) FILTER (WHERE (SELECT sum(e.contribution) > 0 FROM sentiment_explain(t.text, 't', NULL, t.label, id::text) AS e)) AS explanation,
	count(*) AS all
FROM routed AS r JOIN traffic_reviews AS t USING (id) GROUP BY r.version ORDER BY r.version;
SELECT r.version, count(*) FILTER (WHERE b.label = t.label) AS right, count(*) AS all
FROM (SELECT array_agg(text ORDER BY id) AS texts, array_agg(id::text ORDER BY id) AS units FROM traffic_reviews) AS a,
	sentiment_predict_batch(a.texts, 't', NULL, a.units) AS b
	JOIN traffic_reviews AS t ON t.id = b.ordinal JOIN routed AS r USING (id)
GROUP BY r.version ORDER BY r.version;
SELECT ordinal, label IS NULL AS no_label FROM sentiment_predict_batch('{a,NULL}', 't', units => '{NULL,b}');
SELECT * FROM sentiment_predict_batch('{a,b}', 't', units => '{u}');
-- no unit: the version with the largest share
SELECT version FROM sentiment_classify('a good book', 't');
SELECT version FROM sentiment_classify('a good book', 't', unit => NULL);
SELECT version = sentiment_route('t', '') AS empty_is_a_unit FROM sentiment_classify('a good book', 't', unit => '');
-- the same again: in another order, in parallel, in PL/pgSQL, with a cache that is too small for both
SELECT count(*) FROM (SELECT id, text FROM traffic_reviews ORDER BY md5(id::text)) AS t JOIN routed AS r USING (id), sentiment_classify(t.text, 't', unit => id::text) AS c WHERE c.version <> r.version;
SET sentiment.model_cache_size = 0;
SELECT count(*) FROM traffic_reviews AS t JOIN routed AS r USING (id), sentiment_classify(t.text, 't', unit => id::text) AS c WHERE c.version <> r.version;
RESET sentiment.model_cache_size;
SET ROLE regress_sentiment_owner;
-- other shares move the units between the old bound and the new one only
SELECT sentiment_set_traffic('t', '{"1": 0.4, "3": 0.6}');
SELECT sentiment_route('t', NULL);
SET ROLE regress_sentiment_user;
SELECT r.version AS before, sentiment_route('t', id::text) AS after, count(*) FROM routed AS r GROUP BY 1, 2 ORDER BY 1, 2;
SET ROLE regress_sentiment_owner;
-- equal shares: the lower version; several versions
SELECT sentiment_set_traffic('t', '{"4": 0.25, "1": 0.25, "2": 0.25, "3": 0.25}');
SELECT sentiment_route('t', NULL);
SELECT sentiment_set_traffic('t', '{"3": 0.3333333333, "1": 0.3333333333, "2": 0.3333333334}');
SELECT sentiment_route('t', id::text), count(*) FROM traffic_reviews GROUP BY 1 ORDER BY 1;
SELECT version, share FROM sentiment_model_versions WHERE model = 't' ORDER BY version;
-- it is a transaction
BEGIN;
SELECT sentiment_set_traffic('t', '{"2": 1}');
SELECT DISTINCT sentiment_route('t', id::text) FROM traffic_reviews;
SAVEPOINT s;
SELECT sentiment_set_traffic('t', '{"1": 1}');
SELECT DISTINCT version FROM traffic_reviews, sentiment_classify(text, 't', unit => id::text);
ROLLBACK TO s;
SELECT DISTINCT version FROM traffic_reviews, sentiment_classify(text, 't', unit => id::text);
ROLLBACK;
SELECT count(DISTINCT sentiment_route('t', id::text)) FROM traffic_reviews;
SELECT action, version, traffic, previous_traffic, reason FROM sentiment_deployments WHERE model = 't';

SELECT sentiment_set_traffic('t', '{"1": 0.75, "2": 0.25}');

-- versions of other numeric columns: the numbers of all that answer may be given, not others
SELECT version FROM sentiment_train('n', 'traffic_reviews', numeric_columns => '{price}');
SELECT version FROM sentiment_train('n', 'traffic_reviews', numeric_columns => '{price,pages}', deploy => 'never');
SELECT sentiment_predict('a good book', 'n', '{"price": 1, "pages": 2}', '17');
SELECT sentiment_set_traffic('n', '{"1": 0.5, "2": 0.5}');
SELECT version, count(*) FROM traffic_reviews, sentiment_classify(text, 'n', '{"price": 1, "pages": 2}', id::text) GROUP BY version ORDER BY version;
SELECT sentiment_predict('a good book', 'n', '{"price": 1, "size": 2}', '17');
SELECT sentiment_predict('a good book', 'n', '{"price": "x"}', '17');
SELECT sentiment_predict('a good book', 'n', '[]', '17');

-- shadow versions: nothing is counted without shared memory, which is said
SET client_min_messages = notice;
SELECT sentiment_set_shadow('t', 3, 0.5, 'is it any better?');
SET client_min_messages = warning;
SELECT version, share, shadow_share FROM sentiment.deployment AS d JOIN sentiment.model AS m USING (model_id) WHERE m.name = 't' ORDER BY version;
SELECT sentiment_route('t', NULL);
SELECT sentiment_predict('a good book', 't', unit => '17');
SELECT sentiment_set_shadow('t', 3, 1.5);
SELECT sentiment_set_shadow('t', 3, -0.1);
SELECT sentiment_set_shadow('t', 3, 'NaN');
SELECT sentiment_set_shadow('t', 3, NULL);
SELECT sentiment_set_shadow('t', 9, 0.5);
SELECT sentiment_set_shadow('t', 1, 0.5);
SELECT sentiment_set_shadow('t', 4, 0);
SELECT sentiment_set_shadow('missing', 1, 0.5);
SET ROLE regress_sentiment_user;
SELECT sentiment_set_shadow('t', 3, 0.1);
SET ROLE regress_sentiment_owner;
-- traffic leaves the shadow alone, unless a version of it answers from then on
SELECT sentiment_set_shadow('t', 4, 1);
SELECT sentiment_set_traffic('t', '{"1": 0.5, "3": 0.5}');
SELECT sentiment_deploy('t', 2);
SELECT version, share, shadow_share FROM sentiment.deployment AS d JOIN sentiment.model AS m USING (model_id) WHERE m.name = 't' ORDER BY version;
SELECT sentiment_set_shadow('t', 4, 0);
SELECT version, share, shadow_share FROM sentiment.deployment AS d JOIN sentiment.model AS m USING (model_id) WHERE m.name = 't' ORDER BY version;
SELECT action, version, traffic, shadow, reason FROM sentiment_deployments WHERE model = 't' AND action IN ('shadow', 'deploy');

-- a retired version neither answers nor is scored
SELECT sentiment_retire('t', 4);
SELECT sentiment_set_traffic('t', '{"2": 0.5, "4": 0.5}');
SELECT sentiment_set_shadow('t', 4, 0.5);
-- nor is one retired that is
SELECT sentiment_set_shadow('t', 3, 0.5);
SELECT sentiment_retire('t', 3);

-- four at most
DO 'BEGIN FOR i IN 1..6 LOOP PERFORM sentiment_train(''many'', ''traffic_reviews'', deploy => ''never''); END LOOP; END';
SELECT count(sentiment_set_shadow('many', v, 0.5)) FROM generate_series(2, 5) AS v;
SELECT sentiment_set_shadow('many', 6, 0.5);
SELECT sentiment_set_shadow('many', 5, 0.25);
SELECT sentiment_set_shadow('many', 5, 0);
SELECT sentiment_set_shadow('many', 6, 0.5);

RESET ROLE;
SELECT sentiment_drop_model(model) FROM sentiment_models WHERE model IN ('t', 'n', 'many');
DROP TABLE traffic_reviews CASCADE;
DROP TABLE routed;
DROP OWNED BY regress_sentiment_owner, regress_sentiment_user, regress_sentiment_other;
DROP ROLE regress_sentiment_owner, regress_sentiment_user, regress_sentiment_other;
