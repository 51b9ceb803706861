-- sentiment_schedule where pg_cron is not loaded: what is missing is told, and only there. With it: test/t/012_story.pl.

SET client_min_messages = warning; -- progress carries timings

CREATE TABLE schedule_reviews AS
SELECT CASE WHEN i % 2 = 0 THEN 'good book ' ELSE 'bad film ' END || i AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 200) AS i;
SELECT version FROM sentiment_train('timed', 'schedule_reviews');
\set VERBOSITY terse
SELECT sentiment_schedule('timed', '0 3 * * *', 'retrain');
SELECT sentiment_unschedule('timed');
\set VERBOSITY default
DO $$
DECLARE
	hint text;
BEGIN
	PERFORM sentiment_schedule('timed', '0 3 * * *', 'retrain');
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RAISE WARNING 'the hint tells what to do: %', hint ~ 'postgresql-\d+-cron.*shared_preload_libraries.*cron.database_name.*CREATE EXTENSION pg_cron';
END $$;
SELECT count(*) FROM sentiment_jobs;

-- what is wrong with the call itself comes first
SELECT sentiment_schedule('unknown', '0 3 * * *', 'retrain');
SELECT sentiment_schedule('timed', '0 3 * * *', 'dance');
-- a task that reads the watched rows needs to know them: the same is told as by the task itself
SELECT sentiment_schedule('timed', '0 3 * * *', 'check_drift');
SELECT sentiment_schedule('timed', '0 3 * * *');
SELECT sentiment_run_task('timed', 'check_drift');
\set VERBOSITY terse
SELECT sentiment_monitor('timed', 'schedule_reviews');
SELECT sentiment_schedule('timed', '0 3 * * *', 'check_drift');
\set VERBOSITY default
SELECT sentiment_schedule(NULL, '0 3 * * *', 'retrain');
SELECT sentiment_schedule('timed', NULL, 'retrain');
SELECT sentiment_schedule('timed', '0 3 * * *', NULL);
SELECT sentiment_unschedule(NULL);
SELECT sentiment_unschedule('timed', 'dance');
CREATE ROLE regress_stranger;
SET ROLE regress_stranger;
SELECT sentiment_schedule('timed', '0 3 * * *', 'retrain');
RESET ROLE;
DROP ROLE regress_stranger;
SELECT sentiment_drop_model('timed');
DROP TABLE schedule_reviews;
