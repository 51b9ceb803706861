-- sentiment_run_pipeline: the steps, with and without background workers.

SET client_min_messages = warning; -- progress carries timings

CREATE TABLE pipeline_reviews AS
SELECT i AS id, i % 5 AS stars,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 97 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 800) AS i;

-- all kinds, in workers: the first run makes the model
SELECT status, promoted, version IS NOT NULL AS has_version FROM sentiment_run_pipeline('line', source => 'pipeline_reviews');
SELECT step_number, step, kind, status, version IS NOT NULL AS version, f1 IS NOT NULL AS f1, in_worker, finished_at >= started_at AS timed
FROM sentiment_pipeline_steps ORDER BY run_id, step_number;
SELECT model, kinds, source_schema, source_name, status, finished_at >= started_at AS timed, done_by = current_user AS mine
FROM sentiment_pipeline_runs;
SELECT count(*), count(DISTINCT kind) AS kinds, count(*) FILTER (WHERE deployed) AS deployed FROM sentiment_model_versions WHERE model = 'line';
SELECT kind = (SELECT kind FROM sentiment_pipeline_steps WHERE step = 'select') AS best_answers FROM sentiment_models;
-- workers took turns: never more than two at once
SELECT max(n) <= 2 AS two_at_most FROM (
	SELECT (SELECT count(*) FROM sentiment_pipeline_steps AS o WHERE o.step = 'train' AND o.started_at <= s.started_at AND o.finished_at > s.started_at) AS n
	FROM sentiment_pipeline_steps AS s WHERE s.step = 'train') AS counts;

-- without a source: from what the model is trained from; a version that is not better is kept as a candidate
SELECT status, promoted FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}');
SELECT step, kind, status FROM sentiment_pipeline_steps WHERE run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs) ORDER BY step_number;
-- another kind has defaults of its own: trees reduce the terms
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('line', kinds => '{hist_gradient_boosting}', deploy => 'never');
SELECT v.kind, v.parameters->'svd_components' AS svd_components, v.parameters->'text_features' AS text_features
FROM sentiment_model_versions AS v JOIN sentiment_pipeline_steps AS s ON s.version = v.version AND s.step = 'train'
WHERE v.model = 'line' AND s.run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs);
SELECT status, promoted FROM sentiment_run_pipeline('line', kinds => '{logistic_regression}', deploy => 'never');
SELECT step, status, in_worker, message LIKE '%one kind only' AS one FROM sentiment_pipeline_steps
WHERE run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs) AND step IN ('train', 'deploy') ORDER BY step_number;
SELECT status, promoted FROM sentiment_run_pipeline('line', kinds => '{logistic_regression}', deploy => 'always');

-- in the session itself, and the reason: nothing waits for itself
CREATE FUNCTION last_training() RETURNS TABLE (status text, in_worker bool, message text) LANGUAGE sql AS $$
	SELECT status, in_worker, message FROM sentiment_pipeline_steps
	WHERE run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs) AND step = 'train'
	ORDER BY step_number LIMIT 1 $$;
BEGIN;
INSERT INTO pipeline_reviews VALUES (0, 0, 'good new', 'pos');
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}', source => 'pipeline_reviews');
SELECT * FROM last_training();
ROLLBACK;
BEGIN;
LOCK TABLE pipeline_reviews IN SHARE ROW EXCLUSIVE MODE;
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}', source => 'pipeline_reviews');
SELECT * FROM last_training();
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}', source => 'pipeline_reviews');
SELECT * FROM last_training();
ROLLBACK;
SET sentiment.max_workers = 0;
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}', source => 'pipeline_reviews');
SELECT * FROM last_training();
RESET sentiment.max_workers;
CREATE TEMP TABLE pipeline_temporary AS TABLE pipeline_reviews;
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}', source => 'pipeline_temporary');
SELECT * FROM last_training();
CREATE ROLE regress_nologin;
GRANT SELECT ON pipeline_reviews TO regress_nologin;
SET ROLE regress_nologin;
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('theirs', kinds => '{logistic_regression,mlp}', source => 'pipeline_reviews');
SELECT * FROM last_training();
RESET ROLE;

-- a worker has the role and the settings of its leader: row security that asks a setting shows it the same rows
CREATE ROLE regress_login LOGIN;
CREATE TABLE pipeline_tenants AS SELECT *, id % 2 AS tenant FROM pipeline_reviews;
ALTER TABLE pipeline_tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON pipeline_tenants USING (tenant = current_setting('app.tenant')::int AND current_user = 'regress_login');
GRANT SELECT ON pipeline_tenants TO regress_login;
SET ROLE regress_login;
SET app.tenant = '1';
SELECT status FROM sentiment_run_pipeline('tenants', kinds => '{logistic_regression,mlp}', source => 'pipeline_tenants');
SELECT * FROM last_training();
SELECT DISTINCT rows_trained + rows_held_out AS rows, trained_by FROM sentiment_model_versions WHERE model = 'tenants';
RESET app.tenant;
RESET ROLE;

-- what workers have trained stays if the caller rolls back: candidates, none of which answers
BEGIN;
SELECT status FROM sentiment_run_pipeline('left', kinds => '{logistic_regression,mlp}', source => 'pipeline_reviews');
ROLLBACK;
SELECT version, deployed FROM sentiment_model_versions WHERE model = 'left' ORDER BY version;
SELECT count(*) FROM sentiment_pipeline_runs WHERE model = 'left';

-- one kind that fails does not stop the others
SET sentiment.training_memory = '16MB';
SELECT status FROM sentiment_run_pipeline('half', kinds => '{mlp,logistic_regression}', source => 'pipeline_reviews',
	params => '{"hidden_layer_sizes": [2048, 2048, 2048]}');
RESET sentiment.training_memory;
SELECT step, kind, status, in_worker, sqlstate FROM sentiment_pipeline_steps WHERE model = 'half' AND step IN ('train', 'select');
-- if all fail, the run has failed; what answered goes on
CREATE VIEW pipeline_empty AS SELECT * FROM pipeline_reviews WHERE id < 0;
SELECT status, version, promoted, message FROM sentiment_run_pipeline('half', kinds => '{random_forest,logistic_regression}', source => 'pipeline_empty');
SELECT step, status FROM sentiment_pipeline_steps WHERE run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs) ORDER BY step_number;

-- the contract comes first
SELECT sentiment_set_contract('line', '{"min_rows": 100000}');
SELECT status, version, promoted FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}');
SELECT step, status, message FROM sentiment_pipeline_steps WHERE run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs) ORDER BY step_number;
SELECT sentiment_set_contract('line', '{"min_rows": 10}');
SELECT status IS NOT NULL AS done FROM sentiment_run_pipeline('line', kinds => '{logistic_regression,mlp}');
SELECT step, status FROM sentiment_pipeline_steps WHERE run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs) AND step = 'validate';

-- as a job
SELECT sentiment_run_task('half', 'pipeline') ~ '^(kept|promoted): ' AS done;

-- a timeout stops the workers
CREATE VIEW pipeline_slow AS SELECT * FROM pipeline_reviews WHERE pg_sleep(0.05) IS NOT NULL;
SET statement_timeout = '200ms';
\set VERBOSITY terse
SELECT sentiment_run_pipeline('stopped', kinds => '{random_forest,mlp}', source => 'pipeline_slow');
\set VERBOSITY default
RESET statement_timeout;
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'sentiment training worker';
SELECT count(*) FROM sentiment_models WHERE model = 'stopped';

-- bad input
SELECT sentiment_run_pipeline(NULL);
SELECT sentiment_run_pipeline('');
SELECT sentiment_run_pipeline('unknown');
SELECT sentiment_run_pipeline('line', kinds => '{}');
SELECT sentiment_run_pipeline('line', kinds => '{oracle}');
SELECT sentiment_run_pipeline('line', kinds => '{auto}');
SELECT sentiment_run_pipeline('line', kinds => '{mlp,NULL}');
SELECT sentiment_run_pipeline('line', kinds => '{mlp,mlp}');
SELECT sentiment_run_pipeline('line', deploy => 'perhaps');
SELECT sentiment_run_pipeline('line', filter => 'true');
SELECT sentiment_run_pipeline('line', params => '{"holdout": 0}');
SELECT sentiment_run_pipeline('line', source => 'pipeline_reviews', text_column => 'body');
SELECT sentiment_run_pipeline('line', source => 'pipeline_reviews', numeric_columns => '{moons}');
\set VERBOSITY terse
SELECT sentiment_run_pipeline('line', params => '{"oracle": 1}');
\set VERBOSITY default
SELECT sentiment_run_pipeline('line', params => '[]');
SET ROLE regress_login;
SELECT sentiment_run_pipeline('line');
SELECT count(*) FROM sentiment_pipeline_runs WHERE model = 'line';
SELECT count(*) FROM sentiment_pipeline_steps WHERE model = 'line';
RESET ROLE;
BEGIN READ ONLY;
SELECT sentiment_run_pipeline('line');
ROLLBACK;
SET sentiment.max_workers = 65;

-- a worker lets its leader set no more than the leader's session would: what a library that is not loaded yet will ask for
CREATE FUNCTION tell_setting(value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'plpgsql.variable_conflict is %', current_setting('plpgsql.variable_conflict');
	RETURN value;
END $$;
CREATE VIEW pipeline_settings AS SELECT tell_setting(text) AS text, label FROM pipeline_reviews;
GRANT SELECT ON pipeline_settings TO regress_login;
\set administrator :USER
\c - regress_login
SET client_min_messages = error;
SET plpgsql.variable_conflict = 'use_column';
SELECT status FROM sentiment_run_pipeline('settings', kinds => '{logistic_regression,mlp}', source => 'pipeline_settings');
SELECT in_worker, message FROM sentiment_pipeline_steps WHERE model = 'settings' AND step = 'train' ORDER BY step_number LIMIT 1;
\c - :administrator
SET client_min_messages = warning;

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP TABLE pipeline_reviews, pipeline_tenants CASCADE;
DROP FUNCTION last_training(), tell_setting(text);
DROP ROLE regress_nologin, regress_login;
