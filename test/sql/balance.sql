-- balance, class weights and limits: scores are those of rows as they are distributed, labels those of the balanced model.

SET client_min_messages = warning;

-- one row in ten is "yes"; half of the rows are kept to ask
CREATE TABLE balance_rows AS
SELECT i AS id, CASE WHEN i % 10 = 0 THEN 'yes' ELSE 'no' END AS label,
	string_agg('w' || CASE WHEN (i * 7919::bigint + j * 104729) % 97 < 15 THEN CASE WHEN i % 10 = 0 THEN 500 ELSE 600 END + (i * 31 + j * 17) % 9
		ELSE (i * 12007::bigint + j * 3571 + i * j) % 211 END, ' ') AS text
FROM generate_series(1, 6000) AS i, generate_series(1, 8) AS j GROUP BY i;

CREATE TABLE balance_kinds AS SELECT * FROM (VALUES
	('b_none', 'logistic_regression', '{}'::jsonb),
	('b_under', 'logistic_regression', '{"balance": "undersample"}'),
	('b_weight', 'logistic_regression', '{"balance": "class_weight"}'),
	('b_kind_weight', 'logistic_regression', '{"class_weight": "balanced"}'),
	('b_limit', 'logistic_regression', '{"per_class_limit": 200}'),
	('b_sigmoid', 'logistic_regression', '{"balance": "undersample", "calibration": "sigmoid"}'),
	('b_isotonic', 'logistic_regression', '{"balance": "undersample", "calibration": "isotonic"}'),
	('b_tuned', 'logistic_regression', '{"balance": "undersample", "threshold": "f1"}'),
	('b_forest', 'random_forest', '{"balance": "undersample", "n_estimators": 50, "svd_components": 0, "max_features": 250, "text_features": false}'),
	('b_boosted', 'hist_gradient_boosting', '{"balance": "undersample", "max_iter": 20, "svd_components": 0, "max_features": 250, "text_features": false}'),
	('b_network', 'mlp', '{"balance": "undersample", "max_iter": 10}')) AS t(model, kind, params);
CREATE TABLE balance_trained AS
SELECT k.model, t.metrics, t.rows_trained FROM balance_kinds AS k,
	sentiment_train(k.model, 'balance_rows', kind => k.kind, params => '{"ngram_max": 1, "min_df": 2, "svd_components": 0}' || k.params, filter => 'id <= 3000', deploy => 'always') AS t;

-- mean scores of fresh rows are the base rate, 0.1
CREATE TABLE balance_scores AS
SELECT k.model, r.label, sentiment_score(r.text, k.model) AS score, sentiment_predict(r.text, k.model) AS answer
FROM balance_kinds AS k, balance_rows AS r WHERE r.id > 3000;
SELECT model, abs(avg(score) - 0.1) < 0.02 AS mean_is_base_rate, bool_and(score > 0 AND score < 1) OR model = 'b_forest' AS never_certain
FROM balance_scores GROUP BY model ORDER BY model COLLATE "C";
-- what is balanced finds more of the rare label
SELECT model, avg((answer = 'yes')::int) FILTER (WHERE label = 'yes')
	> (SELECT avg((answer = 'yes')::int) FROM balance_scores WHERE model = 'b_none' AND label = 'yes') AS finds_more
FROM balance_scores WHERE model IN ('b_under', 'b_weight', 'b_kind_weight', 'b_limit', 'b_forest', 'b_boosted', 'b_network') GROUP BY model ORDER BY model COLLATE "C";

-- the metrics tell the base rates and the score from which the positive label is answered
SELECT model, metrics->'base_rates' IS NOT NULL AS corrected, round((metrics->'base_rates'->>'yes')::numeric, 2) AS yes, metrics ? 'threshold' AS has_threshold
FROM balance_trained ORDER BY model COLLATE "C";
SELECT t.model, bool_and((s.answer = 'yes') = (s.score >= (t.metrics->>'threshold')::float8)) AS answers_by_it
FROM balance_trained AS t JOIN balance_scores AS s USING (model) WHERE t.metrics ? 'threshold' GROUP BY t.model ORDER BY t.model COLLATE "C";

-- folds are of rows as they are distributed: their F1 is that of the held-out rows, not that of half and half
SELECT abs((metrics->'cross_validation'->'f1'->>'mean')::float8 - (metrics->>'f1')::float8) < 0.1 AS as_held_out
FROM sentiment_train('b_folds', 'balance_rows', params => '{"ngram_max": 1, "balance": "undersample", "cv_folds": 4}', filter => 'id <= 3000');
-- as the folds of a search are
SELECT count(*) AS same FROM sentiment_search('b_search', 'balance_rows', trials => 1, folds => 4, filter => 'id <= 3000', deploy => 'never',
	params => '{"ngram_max": 1, "balance": "undersample", "C": 10, "penalty": "l2", "class_weight": "none", "min_df": 2, "max_features": 0, "weighting": "tfidf"}') AS s
JOIN sentiment_model_versions AS v ON v.model = 'b_folds'
WHERE abs(s.value - (v.metrics->'cross_validation'->'f1'->>'mean')::float8) < 1e-12
	AND abs((s.metrics->>'log_loss')::float8 - (v.metrics->'cross_validation'->'log_loss'->>'mean')::float8) < 1e-12;

-- by value as by name: the correction is in the image
CREATE TABLE balance_model AS SELECT sentiment_fit(text, label, '{"ngram_max": 1, "balance": "class_weight"}') AS model FROM balance_rows WHERE id <= 3000;
SELECT abs(avg(sentiment_score(model, text)) - 0.1) < 0.02 AS mean_is_base_rate FROM balance_rows, balance_model WHERE id > 3000;
SELECT abs(avg(sentiment_score(m.model::text::sentiment_model, text)) - avg(sentiment_score(m.model, text))) = 0 AS carried
FROM balance_rows AS r, balance_model AS m WHERE r.id > 5900;

-- three labels
CREATE TABLE balance_three AS
SELECT id, CASE WHEN label = 'yes' AND id % 20 = 0 THEN 'maybe' ELSE label END AS label, text || CASE WHEN id % 20 = 0 THEN ' w700' ELSE '' END AS text FROM balance_rows;
SELECT metrics ? 'base_rates' AS corrected, metrics ? 'threshold' AS has_threshold
FROM sentiment_train('b_three', 'balance_three', params => '{"ngram_max": 1, "balance": "undersample"}', filter => 'id <= 3000');
SELECT p.label, abs(avg(p.probability) - CASE p.label WHEN 'no' THEN 0.9 ELSE 0.05 END) < 0.02 AS mean_is_base_rate
FROM balance_three AS r, sentiment_probabilities(r.text, 'b_three') AS p WHERE r.id > 3000 GROUP BY p.label ORDER BY p.label;

-- too few rows to measure by are told of
SELECT metrics ? 'base_rates' AS corrected FROM sentiment_train('b_few', 'balance_rows', params => '{"ngram_max": 1, "balance": "class_weight"}', filter => 'id <= 150');
-- and so is isotonic calibration of few rows, for which a sigmoid is fitted and stored
SELECT version FROM sentiment_train('b_isotonic_few', 'balance_rows', params => '{"ngram_max": 1, "calibration": "isotonic"}', filter => 'id <= 900');
SELECT model, parameters->>'calibration' AS calibration FROM sentiment_model_versions WHERE model IN ('b_isotonic', 'b_isotonic_few') ORDER BY model;

SELECT count(sentiment_drop_model(model)) AS dropped FROM sentiment_models WHERE model LIKE 'b\_%';
DELETE FROM sentiment.search_trial USING sentiment.search AS s WHERE s.search_id = search_trial.search_id AND s.model = 'b_search';
DELETE FROM sentiment.search WHERE model = 'b_search';
DROP TABLE balance_rows, balance_model, balance_kinds, balance_trained, balance_scores, balance_three;
