-- What the page's test looks at: models, traffic, drift, a retraining, an experiment, and names that would be
-- dangerous where somebody forgot to escape them.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS sentiment;
CREATE EXTENSION IF NOT EXISTS pg_cron;

-- Reviews that are made up: sentences of good and bad words, with some noise in the labels.
CREATE TABLE reviews (id int PRIMARY KEY, text text NOT NULL, label text NOT NULL, written_at timestamptz NOT NULL);
CREATE FUNCTION word(words text[], seed int) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT words[1 + abs(hashint4(seed)::bigint) % cardinality(words)] $$;
INSERT INTO reviews
SELECT i,
	format('%s %s %s, the %s is %s and %s. %s', initcap(word('{really,quite,truly,simply,almost}', i)),
		word(CASE WHEN is_good THEN '{delicious,wonderful,lovely,great,fresh}' ELSE '{stale,awful,bland,salty,broken}' END::text[], 7 * i),
		word('{coffee,tea,chocolate,cereal,bread}', 11 * i), word('{taste,price,smell,package,texture}', 13 * i),
		word(CASE WHEN is_good THEN '{perfect,fine,excellent,rich}' ELSE '{terrible,poor,odd,bitter}' END::text[], 17 * i),
		word('{sweet,strong,cheap,expensive,simple,soft}', 19 * i),
		word('{"I will buy it again!","Never again.","My kids ate it.","It came late.","Recommended."}', 23 * i)),
	CASE WHEN is_good = (abs(hashint4(29 * i)::bigint) % 100 >= 8) THEN 'pos' ELSE 'neg' END,
	now() - make_interval(mins => 4000 - i)
FROM (SELECT i, abs(hashint4(3 * i)::bigint) % 100 < 55 AS is_good FROM generate_series(1, 2000) AS i) AS r;
ANALYZE reviews;

-- versions of several kinds
SELECT FROM sentiment_train('food', 'reviews');
SELECT FROM sentiment_train('food', 'reviews', kind => 'random_forest', params => '{"n_estimators": 30, "svd_components": 20}', deploy => 'never');
SELECT FROM sentiment_train('food', 'reviews', params => '{"ngram_max": 1, "max_features": 40, "C": 0.1}', deploy => 'never');

-- live traffic, and a report of it
SELECT count(sentiment_predict(text, 'food')) FROM reviews, generate_series(1, 20) \g /dev/null
SELECT FROM sentiment_check_drift('food');

-- a contract, a validation with findings, and a pipeline run
SELECT FROM sentiment_set_contract('food', sentiment_suggest_contract('reviews', 'text', 'label'));
SELECT FROM sentiment_validate('food', 'reviews', store => true);
SELECT FROM sentiment_monitor('food', 'reviews', 'text', time_column => 'written_at', period => '30 days');
SELECT FROM sentiment_run_pipeline('food');

-- drift: twice nothing, then everybody shouts
SELECT FROM sentiment_check_drift('food', 'reviews', 'id % 3 = 0');
SELECT FROM sentiment_check_drift('food', 'reviews', 'id % 3 = 1');
CREATE VIEW shouting AS SELECT id, upper(text) || '!!! REALLY???' AS text, label FROM reviews WHERE id % 2 = 0;
SELECT FROM sentiment_check_drift('food', 'shouting');
SELECT FROM sentiment_retrain('food', 'everybody shouts');
SELECT FROM sentiment_schedule('food', '0 3 * * *', 'check_and_retrain');

-- an experiment between two versions, one more in the shadow
SELECT FROM sentiment_set_traffic('food', '{"1": 0.6, "2": 0.4}', 'is the forest better?');
SELECT FROM sentiment_set_shadow('food', 3, 1.0);
SELECT count(sentiment_outcome('food', sentiment_route('food', i::text), i::text,
	abs(hashint4(31 * i)::bigint) % 100 < CASE sentiment_route('food', i::text) WHEN 2 THEN 75 ELSE 55 END))
FROM generate_series(1, 1500) AS i \g /dev/null
SELECT count(sentiment_predict(text, 'food')) FROM reviews \g /dev/null
SELECT count(sentiment_predict(text, 'food', version => 2)) FROM reviews, generate_series(1, 10) \g /dev/null

-- searches of hyperparameters: with a front, and the last one with trials that fail
SELECT count(*) FROM sentiment_search('food', 'reviews', kinds => '{logistic_regression,mlp}', trials => 8, folds => 3, objectives => '{f1,bytes}',
	params => '{"max_iter": 5}', space => '{"hidden_layer_sizes": {"low": 4, "high": 32}}', deploy => 'never') \g /dev/null
SELECT count(*) FROM sentiment_search('food', 'reviews', trials => 12, folds => 3, sampler => 'random', space => '{"min_df": [1, 2, 1900]}', deploy => 'never') \g /dev/null

-- names that are scripts
CREATE VIEW dangerous AS
SELECT text || ' <script>alert(''text'')</script>' AS text,
	CASE label WHEN 'pos' THEN '<img src=x onerror=alert(1)>' ELSE '"><svg onload=alert(2)>' END AS label
FROM reviews WHERE id <= 400;
SELECT FROM sentiment_train('<script>alert("model")</script>', 'dangerous');
SELECT FROM sentiment_train('<script>alert("model")</script>', 'dangerous', deploy => 'never');
SELECT FROM sentiment_train('<script>alert("model")</script>', 'dangerous', deploy => 'never');
SELECT FROM sentiment_retire('<script>alert("model")</script>', 3, 'of no use');
SELECT FROM sentiment_check_drift('<script>alert("model")</script>', 'dangerous');

-- the exporter's role, which may not read training rows of the dangerous one
SELECT FROM sentiment_grant('food', 'sentiment_exporter', 'train');
SELECT FROM sentiment_grant('<script>alert("model")</script>', 'sentiment_exporter', 'predict');
