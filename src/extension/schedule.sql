/* src/extension/schedule.sql: jobs of pg_cron */

CREATE FUNCTION sentiment.run_task(model pg_catalog.text, task pg_catalog.text)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME', 'sentiment_run_task' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION sentiment.run_task(pg_catalog.text, pg_catalog.text) IS 'sentiment_run_task, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_run_task(model pg_catalog.text, task pg_catalog.text)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION @extschema@.sentiment_run_task(pg_catalog.text, pg_catalog.text) IS
'what a job of a model does: check_drift, retrain, check_and_retrain, pipeline or prune; answers how it ended';

CREATE FUNCTION @extschema@.sentiment_schedule(model pg_catalog.text, schedule pg_catalog.text, task pg_catalog.text DEFAULT 'check_and_retrain')
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_schedule(pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
'let pg_cron do a task for a model (check_drift, retrain, check_and_retrain, pipeline, prune) as the current role; answers the job''s name';

CREATE FUNCTION @extschema@.sentiment_unschedule(model pg_catalog.text, task pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_unschedule(pg_catalog.text, pg_catalog.text) IS
'end the jobs of a model, or that of one task: your own ones, and with the privilege admin everybody''s; answers how many';

CREATE FUNCTION sentiment.list_jobs()
RETURNS TABLE (model pg_catalog.text, task pg_catalog.text, schedule pg_catalog.text, role pg_catalog.text, active pg_catalog.bool,
	last_start pg_catalog.timestamptz, last_end pg_catalog.timestamptz, last_status pg_catalog.text, last_message pg_catalog.text,
	job_id pg_catalog.int8, job_name pg_catalog.text)
AS 'MODULE_PATHNAME', 'sentiment_list_jobs' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 10;

COMMENT ON FUNCTION sentiment.list_jobs() IS 'sentiment_list_jobs, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_list_jobs()
RETURNS TABLE (model pg_catalog.text, task pg_catalog.text, schedule pg_catalog.text, role pg_catalog.text, active pg_catalog.bool,
	last_start pg_catalog.timestamptz, last_end pg_catalog.timestamptz, last_status pg_catalog.text, last_message pg_catalog.text,
	job_id pg_catalog.int8, job_name pg_catalog.text)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 10;

COMMENT ON FUNCTION @extschema@.sentiment_list_jobs() IS
'the jobs of the models that the current role may use; none if pg_cron is not in this database';

CREATE VIEW @extschema@.sentiment_jobs WITH (security_invoker = true, security_barrier = true) AS
SELECT j.model, j.task, j.schedule, j.role, j.active, j.last_start, j.last_end, j.last_status, j.last_message, j.job_id, j.job_name
FROM sentiment.list_jobs() AS j;

COMMENT ON VIEW @extschema@.sentiment_jobs IS 'the jobs of the models that the current role may use, and how their last run ended';

GRANT SELECT ON @extschema@.sentiment_jobs TO PUBLIC;
