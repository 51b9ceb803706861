-- sentiment_retrain: same recipe, present data, the gate, and what is left when it fails.

SET client_min_messages = warning; -- progress carries timings

CREATE ROLE regress_owner;
CREATE ROLE regress_trainer;
CREATE TABLE retrain_reviews AS
SELECT i AS id, i % 5 AS stars, now() - i * interval '1 hour' AS at,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 97 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 800) AS i;
ALTER TABLE retrain_reviews OWNER TO regress_owner;

-- the first version knows one word only
SET ROLE regress_owner;
SELECT version FROM sentiment_train('again', 'retrain_reviews', kind => 'logistic_regression',
	params => '{"C": 0.5, "max_features": 1, "holdout": 0.3}', numeric_columns => '{stars}', filter => 'id > 10', deploy => 'always');
SELECT sentiment_grant('again', 'regress_trainer', 'train');

-- the same recipe, to the last parameter; it is not better than itself
SELECT status, version, promoted, previous_version, message FROM sentiment_retrain('again', 'to see');
SELECT count(DISTINCT (kind, parameters, source_schema, source_name, text_column, label_column, filter, numeric_columns)) AS recipes,
	count(*) AS versions, count(DISTINCT metrics->>'f1') AS measured
FROM sentiment_model_versions WHERE model = 'again';
SELECT trigger, reason, status, old_version, new_version, old_value = new_value AS equal, jsonb_array_length(gate) > 1 AS has_checks,
	message, detail, sqlstate, finished_at >= started_at AS took_time, done_by
FROM sentiment_retrainings;

-- more data, of other words: the new version is better on the same rows, and answers
INSERT INTO retrain_reviews
SELECT 1000 + i, i % 5, now(), CASE WHEN i % 2 = 0 THEN 'splendid' ELSE 'dull' END || ' thing number' || i, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END
FROM generate_series(1, 400) AS i;
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', kind => 'logistic_regression', params => '{"ngram_max": 1}');
SELECT status, version, promoted, previous_version, message FROM sentiment_retrain('again', 'more data');
SELECT old_version, new_version, new_value > old_value AS better FROM sentiment_retrainings WHERE reason = 'more data';
SELECT version, share FROM sentiment_model_versions WHERE model = 'again' AND deployed;
SELECT sentiment_predict('a splendid thing', 'again');
SELECT action, version, previous_version, reason, done_by FROM sentiment_deployments WHERE model = 'again' ORDER BY done_at DESC LIMIT 1;
-- one call takes it back
SELECT sentiment_rollback('again', 'just to see');
SELECT deployed_version FROM sentiment_models WHERE model = 'again';

-- a trainer may; the history tells who did it
SET ROLE regress_trainer;
SELECT status FROM sentiment_retrain('again', 'by the trainer');
SELECT reason, status, done_by FROM sentiment_retrainings WHERE reason = 'by the trainer';
RESET ROLE;
SET ROLE regress_owner;

-- deploy rules of the monitor
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', deploy => 'never');
SELECT status, message LIKE '%as asked for' AS as_asked FROM sentiment_retrain('again');
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', deploy => 'always', kind => 'logistic_regression', params => '{"max_features": 1}');
SELECT status, message LIKE '%past the gate' AS past_the_gate FROM sentiment_retrain('again');
SELECT forced FROM sentiment_deployments WHERE model = 'again' ORDER BY done_at DESC LIMIT 1;

-- kinds: auto trains all of them
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', kind => 'auto', params => '{"max_iter": 20}');
SELECT status FROM sentiment_retrain('again', 'all kinds');
SELECT count(DISTINCT kind) > 2 AS all_kinds FROM sentiment_model_versions AS v WHERE model = 'again'
	AND version > (SELECT new_version FROM sentiment_retrainings WHERE reason = 'all kinds') - 4;

-- a training period; a source that has no labels is watched, and not learned from
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', time_column => 'at', training_period => '100 hours', kind => 'logistic_regression');
SELECT status IN ('kept', 'promoted') AS done FROM sentiment_retrain('again', 'the last hours');
SELECT v.rows_trained + v.rows_held_out AS rows, v.filter LIKE '%"at" OPERATOR%' OR v.filter LIKE '%t.at OPERATOR%' AS by_time
FROM sentiment_model_versions AS v WHERE v.model = 'again' ORDER BY v.version DESC LIMIT 1;
RESET ROLE;
CREATE VIEW unlabelled AS SELECT text, stars FROM retrain_reviews;
GRANT SELECT ON unlabelled TO regress_owner;
SET ROLE regress_owner;
SELECT sentiment_monitor('again', 'unlabelled');
SELECT status IN ('kept', 'promoted') AS done FROM sentiment_retrain('again', 'unlabelled');
SELECT source_name FROM sentiment_model_versions WHERE model = 'again' ORDER BY version DESC LIMIT 1;

-- the cooldown is for jobs; skipped ones in a row are one row
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', cooldown => '1 day');
SELECT sentiment_run_task('again', 'retrain');
SELECT sentiment_run_task('again', 'retrain');
SELECT status, trigger, message FROM sentiment_retrainings ORDER BY retraining_id DESC LIMIT 1;
SELECT count(*) FROM sentiment_retrainings WHERE status = 'skipped';
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', cooldown => '0');
SELECT sentiment_run_task('again', 'retrain') ~ '^(kept|promoted): ' AS done;

-- drift starts one, and its reason names the features
RESET ROLE;
CREATE TABLE retrain_drifted AS
SELECT repeat('SHOUTING!!! ', 12) || text AS text, label, stars FROM retrain_reviews;
ALTER TABLE retrain_drifted OWNER TO regress_owner;
SET ROLE regress_owner;
SELECT sentiment_run_task('again', 'check_drift');
SELECT sentiment_run_task('again', 'check_and_retrain');
SELECT sentiment_monitor('again', 'retrain_drifted', label_column => 'label', cooldown => '0');
SELECT sentiment_run_task('again', 'check_drift') LIKE 'drift: %text_len%' AS found;
SELECT sentiment_run_task('again', 'check_and_retrain') ~ '^drift: .*text_len.*; (kept|promoted): ' AS found;
SELECT trigger, reason LIKE '%text_len%' AS names_features, status IN ('kept', 'promoted') AS done FROM sentiment_retrainings
ORDER BY retraining_id DESC LIMIT 1;

-- a contract that the data break stops it before it trains; production is as it was
SELECT sentiment_set_contract('again', '{"min_rows": 100000}');
SELECT deployed_version AS before FROM sentiment_models WHERE model = 'again' \gset
SELECT status, version, promoted FROM sentiment_retrain('again', 'against the contract');
SELECT status, sqlstate, message FROM sentiment_retrainings WHERE reason = 'against the contract';
SELECT deployed_version = :before AS unchanged FROM sentiment_models WHERE model = 'again';
SELECT sentiment_run_task('again', 'retrain') LIKE 'failed: %' AS failed;

-- the caller's transaction goes on after a failure, and a rollback takes all of it back
BEGIN;
SELECT status FROM sentiment_retrain('again', 'rolled back');
SELECT count(*) FROM sentiment_retrainings WHERE reason = 'rolled back';
ROLLBACK;
SELECT count(*) FROM sentiment_retrainings WHERE reason = 'rolled back';

-- a cancel is not swallowed
SELECT sentiment_set_contract('again', '{}');
SELECT sentiment_monitor('again', 'retrain_reviews', label_column => 'label', kind => 'random_forest', params => '{"n_estimators": 1000}');
SET statement_timeout = '100ms';
\set VERBOSITY terse
SELECT sentiment_retrain('again', 'timed out');
\set VERBOSITY default
RESET statement_timeout;
SELECT count(*) FROM sentiment_retrainings WHERE reason = 'timed out';

-- prune
SELECT sentiment_run_task('again', 'prune') ~ '^[0-9]+ versions were dropped$' AS pruned;

-- bad input
SELECT sentiment_retrain(NULL);
SELECT sentiment_retrain('unknown');
SELECT sentiment_run_task('again', 'dance');
SELECT sentiment_run_task('unknown', 'retrain');
SELECT sentiment_run_task(NULL, 'retrain');
SELECT sentiment_run_task('again', NULL);
BEGIN READ ONLY;
SELECT sentiment_retrain('again');
ROLLBACK;

-- row security: nobody sees what is not theirs
RESET ROLE;
CREATE ROLE regress_stranger;
SET ROLE regress_stranger;
SELECT count(*) FROM sentiment_retrainings;
SELECT count(*) FROM sentiment_jobs;
INSERT INTO sentiment.retraining (model_id, model, trigger, status, started_at, done_by, done_by_oid, done_by_cluster)
VALUES (1, 'again', 'manual', 'promoted', now(), 'x', 1, 1);
RESET ROLE;

SELECT sentiment_drop_model('again');
-- who did it sees it even then
SET ROLE regress_trainer;
SELECT count(*) FROM sentiment_retrainings;
RESET ROLE;
DROP OWNED BY regress_owner, regress_trainer, regress_stranger CASCADE;
DROP ROLE regress_owner, regress_trainer, regress_stranger;
