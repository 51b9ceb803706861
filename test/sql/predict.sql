-- Asking models by name and by value; deployment within transactions; privileges.

SET client_min_messages = warning;

CREATE TABLE predict_reviews AS
SELECT i AS id,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 37 || ' x' || i AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 600) AS i;

-- without any model
SELECT sentiment_predict('x');
SELECT sentiment_predict('x', 'p_missing');

SELECT version FROM sentiment_train('p_first', 'predict_reviews');
SELECT version FROM sentiment_train('p_second', 'predict_reviews', params => '{"positive_label": "neg"}');

-- the model that was deployed first answers, or the one of the setting, or the one that is named
SELECT model, version, label FROM sentiment_classify('a lovely book');
SELECT model FROM sentiment_classify('a lovely book', 'p_second');
SET sentiment.default_model = 'p_second';
SELECT model FROM sentiment_classify('a lovely book');
SET sentiment.default_model = 'p_missing';
SELECT sentiment_predict('a lovely book');
RESET sentiment.default_model;
SELECT model FROM sentiment_classify('a lovely book');

-- the whole family agrees, by name and by value
CREATE TABLE predict_value AS SELECT sentiment_get_model('p_first') AS model;
SELECT count(*) FILTER (WHERE sentiment_predict(text, 'p_first') = label) AS right,
	count(*) FILTER (WHERE sentiment_predict(text, 'p_first') <> sentiment_predict(model, text)) AS differing,
	count(*) FILTER (WHERE sentiment_score(text, 'p_first') <> sentiment_score(model, text)) AS differing_scores,
	count(*) FILTER (WHERE (sentiment_score(text, 'p_second') > 0.5) = (label = 'pos')) AS not_opposite
FROM predict_reviews, predict_value;
SELECT c.label, c.probability = sentiment_score('a lovely book') AS same, c.model, c.version
FROM predict_value AS v, sentiment_classify(v.model, 'a lovely book') AS c;
SELECT label, probability = sentiment_score('a lovely book') AS is_score
FROM sentiment_probabilities('a lovely book') ORDER BY probability DESC;
SELECT count(*) AS texts, bool_and(abs(total - 1) < 1e-12) AS sum_to_one
FROM (SELECT id, sum(probability) AS total
	  FROM predict_reviews, sentiment_probabilities(text, 'p_first') GROUP BY id) AS sums;

-- contributions and intercept sum to the logit of the predicted label
SELECT bool_and(abs(logit - ln(probability / (1 - probability))) < 1e-9) AS explained
FROM (SELECT r.id, sum(e.contribution) AS logit
	  FROM predict_reviews AS r, sentiment_explain(r.text, 'p_first') AS e GROUP BY r.id) AS explained
JOIN (SELECT r.id, c.probability FROM predict_reviews AS r, sentiment_classify(r.text, 'p_first') AS c) AS classified USING (id);
SELECT term FROM sentiment_explain('lovely lovely unicorn') ORDER BY term;

-- batches keep the order; null gives null
SELECT ordinal, label FROM sentiment_predict_batch(ARRAY['a lovely book', NULL, 'awful meal', '']);
SELECT count(*) FROM sentiment_predict_batch('{}');
SELECT count(*) FROM sentiment_predict_batch(NULL);
SELECT model, version, labels, predicted, array_dims(probabilities) AS dims, warnings
FROM sentiment_classify_batch(ARRAY['a lovely book', NULL, 'awful meal', '']);
SELECT bool_and(c.labels[c.predicted[o.i]] = p.label AND c.probabilities[o.i][c.predicted[o.i]] = p.probability) AS same
FROM (SELECT array_agg(text ORDER BY id) AS texts FROM predict_reviews) AS t, sentiment_classify_batch(t.texts, 'p_second') AS c,
	sentiment_predict_batch(t.texts, 'p_second') AS p, LATERAL (SELECT p.ordinal AS i) AS o;
SELECT predicted, probabilities, warnings FROM sentiment_classify_batch('{}');
SELECT sentiment_classify_batch(NULL) IS NULL AS is_null;
SELECT sentiment_predict(NULL) IS NULL, sentiment_score(NULL, 'p_first') IS NULL, sentiment_classify(NULL) IS NULL,
	sentiment_predict(NULL::sentiment_model, 'x') IS NULL, sentiment_predict(model, NULL) IS NULL
FROM predict_value;
SELECT count(*) FROM sentiment_probabilities(NULL);
SELECT count(*) FROM sentiment_explain(NULL);
SELECT sentiment_predict('a lovely book'::varchar), sentiment_predict('a lovely book'::char(20));

-- two models in one row, models that alternate, and a cache that holds none of them
SET sentiment.model_cache_size = 0;
SELECT count(*) AS differing FROM predict_reviews
WHERE sentiment_predict(text, CASE WHEN id % 2 = 0 THEN 'p_first' ELSE 'p_second' END) <> sentiment_predict(text, 'p_first');
RESET sentiment.model_cache_size;

-- volatility and cost: an index by value is possible, by name it is not
CREATE INDEX ON predict_reviews (sentiment_score(text));
EXPLAIN (COSTS OFF) SELECT count(sentiment_predict(text)) FROM predict_reviews;

-- a deployment is part of its transaction
SELECT version, deployed FROM sentiment_train('p_first', 'predict_reviews', params => '{"C": 0.01}', deploy => 'never');
PREPARE which AS SELECT version FROM sentiment_classify('a lovely book', 'p_first');
EXECUTE which;
BEGIN;
SELECT sentiment_deploy('p_first', 2);
EXECUTE which;
ROLLBACK;
EXECUTE which;
BEGIN;
EXECUTE which;
SAVEPOINT before;
SELECT sentiment_deploy('p_first', 2);
EXECUTE which;
ROLLBACK TO before;
EXECUTE which;
SELECT sentiment_deploy('p_first', 2);
COMMIT;
EXECUTE which;
DO $$
BEGIN
	PERFORM sentiment_deploy('p_first', 1);
	ASSERT (SELECT version FROM sentiment_classify('x', 'p_first')) = 1;
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
	ASSERT (SELECT version FROM sentiment_classify('x', 'p_first')) = 2;
END
$$;
SELECT action, version, previous_version, reason FROM sentiment_deployments WHERE model = 'p_first';
SELECT sentiment_deploy('p_first', 99);
SELECT sentiment_deploy('p_missing', 1);
SELECT sentiment_deploy('p_first', NULL);
SELECT sentiment_drop_model(NULL);
SELECT sentiment_get_model('p_first', 99);
SELECT sentiment_get_model(NULL) IS NULL;
SELECT version FROM sentiment_train('p_never', 'predict_reviews', deploy => 'never');
SELECT sentiment_predict('x', 'p_never');

-- three roles: the owner, one who may predict, and a stranger
CREATE ROLE regress_sentiment_owner;
CREATE ROLE regress_sentiment_reader;
CREATE ROLE regress_sentiment_stranger;
GRANT SELECT ON predict_reviews TO regress_sentiment_owner;
SET ROLE regress_sentiment_owner;
SELECT version FROM sentiment_train('p_owned', 'predict_reviews');
SELECT sentiment_grant('p_owned', 'regress_sentiment_reader', 'predict');
SELECT sentiment_grant('p_owned', 'regress_sentiment_nobody', 'predict');
SELECT sentiment_grant('p_owned', 'regress_sentiment_reader', 'fly');
SELECT sentiment_grant('p_first', 'regress_sentiment_owner', 'admin');
SELECT model, owner FROM sentiment_models;
SELECT sentiment_predict('a lovely book');
SELECT image FROM sentiment.model_version;
SELECT image_checksum FROM sentiment.model_version;
UPDATE sentiment.model SET owner = 'regress_sentiment_stranger';
DELETE FROM sentiment.deployment;
INSERT INTO sentiment.model (name, owner, split_seed) VALUES ('x', 'x', 1);
SET ROLE regress_sentiment_reader;
SELECT sentiment_predict('a lovely book', 'p_owned');
SELECT model, f1 IS NOT NULL AS has_f1 FROM sentiment_models;
SELECT count(*) FROM sentiment_model_versions;
SELECT sentiment_train('p_owned', 'predict_reviews');
SELECT sentiment_deploy('p_owned', 1);
SELECT sentiment_drop_model('p_owned');
SELECT sentiment_get_model('p_owned') IS NULL;
SELECT sentiment_grant('p_owned', 'regress_sentiment_stranger', 'predict');
SELECT sentiment_train('p_mine', 'predict_reviews');
SET ROLE regress_sentiment_stranger;
SELECT sentiment_predict('a lovely book', 'p_owned');
SELECT sentiment_predict('a lovely book');
SELECT count(*) FROM sentiment_models;
SELECT count(*) FROM sentiment.model;
SELECT count(*) FROM sentiment_deployments;
RESET ROLE;
-- in one session, the right is the present role's
SELECT sentiment_predict('a lovely book', 'p_owned');
SET ROLE regress_sentiment_stranger;
SELECT sentiment_predict('a lovely book', 'p_owned');
RESET ROLE;
SELECT sentiment_grant('p_owned', 'public', 'predict');
SET ROLE regress_sentiment_stranger;
SELECT sentiment_predict('a lovely book', 'p_owned');
RESET ROLE;
SELECT sentiment_revoke('p_owned', 'public', 'predict');
SELECT sentiment_revoke('p_owned', 'regress_sentiment_reader', 'predict');
SET ROLE regress_sentiment_reader;
SELECT sentiment_predict('a lovely book', 'p_owned');
RESET ROLE;
SELECT sentiment_grant('p_owned', 'regress_sentiment_reader', 'train');
GRANT SELECT ON predict_reviews TO regress_sentiment_reader;
SET ROLE regress_sentiment_reader;
SELECT version, deployed FROM sentiment_train('p_owned', 'predict_reviews');
SELECT sentiment_deploy('p_owned', 2);
SELECT version FROM sentiment_classify('x', 'p_owned');
RESET ROLE;
SELECT action, version, previous_version, done_by FROM sentiment_deployments WHERE model = 'p_owned';

-- a model whose owner is gone is for superusers
REVOKE ALL ON predict_reviews FROM regress_sentiment_owner, regress_sentiment_reader;
DROP ROLE regress_sentiment_owner;
DROP ROLE regress_sentiment_reader;
SELECT sentiment_predict('a lovely book', 'p_owned');
SET ROLE regress_sentiment_stranger;
SELECT sentiment_predict('a lovely book', 'p_owned');
RESET ROLE;
DROP ROLE regress_sentiment_stranger;

-- dropped models are gone, their history stays
SELECT sentiment_drop_model('p_owned');
SELECT sentiment_predict('a lovely book', 'p_owned');
SELECT action, version, previous_version FROM sentiment.deployment_history WHERE model = 'p_owned' ORDER BY history_id;
SELECT count(*) FROM sentiment.model_version AS v WHERE NOT EXISTS (SELECT FROM sentiment.model AS m WHERE m.model_id = v.model_id);

-- a text of 50 MB
SELECT sentiment_predict(repeat('lovely book ', 4200000), 'p_first');

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP TABLE predict_reviews, predict_value;
