-- A search begins with what is known: the version that is deployed, and the defaults.

SET client_min_messages = warning;

CREATE TABLE known_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + CASE WHEN i % 9 = 0 THEN 5 - i % 6 ELSE i % 6 END] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 97 || ' w' || i * 7919 % 401 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label, i % 13 AS price
FROM generate_series(1, 400) AS i;

-- of every kind the defaults are tried first, whatever the sampler
SELECT count(*) FROM sentiment_search('known', 'known_reviews', kinds => '{auto}', trials => 2, folds => 2, params => '{"svd_components": 5}', space => '{"n_estimators": [200, 10]}');
SELECT trial, kind, origin FROM sentiment_search_trials WHERE model = 'known' ORDER BY trial;
SELECT count(*) FROM sentiment_search('known_random', 'known_reviews', sampler => 'random', trials => 3, folds => 2);
SELECT trial, origin, params FROM sentiment_search_trials WHERE model = 'known_random' AND origin <> 'sampler';
-- a grid is tried as a whole besides
SELECT count(*) FROM sentiment_search('known_grid', 'known_reviews', sampler => 'grid', trials => 4, folds => 2,
	params => '{"max_features": 0, "min_df": 1, "penalty": "l2", "weighting": "tfidf", "class_weight": "none"}', space => '{"C": [1, 10], "ngram_max": [1, 2]}');
SELECT origin, count(DISTINCT params), count(repeats) AS repeats FROM sentiment_search_trials WHERE model = 'known_grid' GROUP BY origin ORDER BY origin;

-- with a version that answers, it comes first
SELECT version FROM sentiment_train('deployed', 'known_reviews', params => '{"C": 2.5, "ngram_max": 1, "min_df": 1, "calibration": "sigmoid"}');
SELECT count(*) FROM sentiment_search('deployed', 'known_reviews', kinds => '{mlp,logistic_regression}', trials => 3, folds => 2, deploy => 'never');
SELECT trial, kind, origin, state, params->'C' AS c FROM sentiment_search_trials WHERE model = 'deployed' AND origin <> 'sampler' ORDER BY trial;
SELECT b.best_value >= (SELECT max(value) FROM sentiment_search_trials WHERE model = 'deployed' AND origin <> 'sampler') AS not_below FROM sentiment_searches AS b WHERE b.model = 'deployed';

-- what does not lie in the space is told, and not tried
SELECT count(*) FROM sentiment_search('deployed', 'known_reviews', trials => 1, folds => 2, space => '{"C": [0.1, 0.2]}', deploy => 'never');
SELECT count(*) FROM sentiment_search('deployed', 'known_reviews', trials => 1, folds => 2, params => '{"stop_words": "english"}', deploy => 'never');
SELECT count(*) FROM sentiment_search('deployed', 'known_reviews', trials => 2, folds => 2, numeric_columns => '{price}', deploy => 'never');
SELECT search_id - (SELECT min(search_id) FROM sentiment_searches WHERE model = 'deployed') AS search, trial, origin FROM sentiment_search_trials WHERE model = 'deployed'
	AND search_id > (SELECT min(search_id) FROM sentiment_searches WHERE model = 'deployed') ORDER BY 1, 2;

SELECT count(sentiment_drop_model(model)) AS dropped FROM sentiment_models WHERE model IN ('known', 'known_random', 'known_grid', 'deployed');
DELETE FROM sentiment.search_trial USING sentiment.search AS s WHERE s.search_id = search_trial.search_id AND s.model IN ('known', 'known_random', 'known_grid', 'deployed');
DELETE FROM sentiment.search WHERE model IN ('known', 'known_random', 'known_grid', 'deployed');
DROP TABLE known_reviews;
