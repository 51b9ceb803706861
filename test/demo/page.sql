-- What make demo puts on the web page: versions, a contract, eight weeks of reviews of which the last drift, a
-- retraining, a pipeline run, an experiment, a job, and predictions.
\set ON_ERROR_STOP on
\set QUIET on
\pset footer off
\pset linestyle unicode
\pset border 1
SET client_min_messages = error;
\o /dev/null

-- versions to choose from
SELECT FROM sentiment_train('food', 'reviews', kind => 'random_forest', params => '{"n_estimators": 50}', deploy => 'never');
SELECT FROM sentiment_train('food', 'reviews', params => '{"ngram_max": 1, "max_features": 2000}', deploy => 'never');

-- Eight weeks: in the last two, people use other words.
CREATE TABLE incoming AS
SELECT id, week, now() - make_interval(weeks => 8 - week) - make_interval(mins => id) AS came_in, label,
	CASE week WHEN 7 THEN sentiment_inject_drift(text, 'vocabulary_swap', 0.8)
		WHEN 8 THEN sentiment_inject_drift(sentiment_inject_drift(text, 'vocabulary_swap', 0.9), 'shouting', 0.3, id)
		ELSE text END AS text
FROM (SELECT *, 1 + (hashint4(id)::bigint & 7)::int AS week FROM reviews) AS r;
CREATE VIEW customers AS SELECT generate_series(1, 3000)::text AS customer;

SELECT FROM sentiment_monitor('food', 'incoming', time_column => 'came_in', period => '7 days', label_column => 'label',
	training_period => '14 days');
SELECT week, (SELECT count(*) FROM sentiment_check_drift('food', 'incoming', format('week = %s', week)) AS d WHERE d.drifted) AS findings
FROM generate_series(1, 8) AS week;
-- the reports get the dates of their weeks, as if a job had made them then
UPDATE sentiment.drift_report SET checked_at = now() - make_interval(weeks => 8 - substring(filter FROM '\d+')::int)
WHERE filter LIKE 'week = %';

-- what the nightly job does, once by hand; then the job, a contract, and the pipeline
SELECT sentiment_run_task('food', 'check_and_retrain');
CREATE EXTENSION IF NOT EXISTS pg_cron;
SELECT FROM sentiment_schedule('food', '0 3 * * *', 'check_and_retrain');
SELECT FROM sentiment_schedule('food', '30 3 * * 0', 'prune');
SELECT FROM sentiment_set_contract('food', sentiment_suggest_contract('reviews', 'text', 'label'));
SELECT FROM sentiment_validate('food', 'reviews', store => true);
SELECT FROM sentiment_run_pipeline('food', source => 'reviews', kinds => '{logistic_regression,mlp}', deploy => 'never');

-- two versions share the customers, a third one is scored in the shadow; outcomes are made up
SELECT version AS main FROM sentiment_model_versions WHERE model = 'food' AND share > 0 ORDER BY share DESC LIMIT 1 \gset
SELECT FROM sentiment_set_traffic('food', jsonb_build_object(:'main', 0.7, '2', 0.3), 'is the forest better?');
SELECT FROM sentiment_set_shadow('food', 3, 0.5);
SELECT count(sentiment_outcome('food', v.version, customer, abs(hashtext(customer || 'x')::bigint) % 100 < CASE v.version WHEN 2 THEN 54 ELSE 61 END))
FROM customers, sentiment_route('food', customer) AS v(version);
SELECT count(sentiment_predict(text, 'food', unit => id::text)) FROM reviews;

\o
\echo
\echo 'Eight weeks of reviews came in, and were checked for drift. SELECT * FROM sentiment_drift_reports;'
\echo
SELECT CASE WHEN filter LIKE 'week = %' THEN filter ELSE 'the last 7 days' END AS rows_of, rows, findings || ' of ' || tests AS findings, CASE WHEN drifted THEN 'drifted' ELSE 'steady' END AS verdict
FROM sentiment_drift_reports WHERE model = 'food' ORDER BY report_id;
\echo 'So the model was trained again. SELECT * FROM sentiment_retrainings;'
\echo
SELECT trigger, status, old_version, round(old_value::numeric, 3) AS old_value, new_version, round(new_value::numeric, 3) AS new_value
FROM sentiment_retrainings WHERE model = 'food';

\o /dev/null
SELECT FROM sentiment_grant('food', 'sentiment_exporter', 'train');
