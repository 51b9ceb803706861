/* src/extension/progress.sql: what runs, told while it runs */

CREATE FUNCTION sentiment.list_progress(missing_ok pg_catalog.bool)
RETURNS TABLE (pid pg_catalog.int4, leader_pid pg_catalog.int4, role pg_catalog.text, command pg_catalog.text, model pg_catalog.text,
	level pg_catalog.int4, step_number pg_catalog.int4, phase pg_catalog.text, kind pg_catalog.text, status pg_catalog.text,
	in_worker pg_catalog.bool, version pg_catalog.int4, rows_read pg_catalog.int8, done pg_catalog.int8, total pg_catalog.int8,
	best pg_catalog.float8, started_at pg_catalog.timestamptz, phase_started_at pg_catalog.timestamptz, finished_at pg_catalog.timestamptz)
AS 'MODULE_PATHNAME', 'sentiment_list_progress' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 10;

COMMENT ON FUNCTION sentiment.list_progress(pg_catalog.bool) IS 'sentiment_list_progress, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_list_progress(missing_ok pg_catalog.bool DEFAULT false)
RETURNS TABLE (pid pg_catalog.int4, leader_pid pg_catalog.int4, role pg_catalog.text, command pg_catalog.text, model pg_catalog.text,
	level pg_catalog.int4, step_number pg_catalog.int4, phase pg_catalog.text, kind pg_catalog.text, status pg_catalog.text,
	in_worker pg_catalog.bool, version pg_catalog.int4, rows_read pg_catalog.int8, done pg_catalog.int8, total pg_catalog.int8,
	best pg_catalog.float8, started_at pg_catalog.timestamptz, phase_started_at pg_catalog.timestamptz, finished_at pg_catalog.timestamptz)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 10;

COMMENT ON FUNCTION @extschema@.sentiment_list_progress(pg_catalog.bool) IS
'what runs: own activities, those on models that the current role may use, and all for pg_read_all_stats; the views sentiment_progress and sentiment_pipeline_progress show it. If the library was not preloaded: an error, or with missing_ok no rows';

CREATE VIEW @extschema@.sentiment_progress WITH (security_invoker = true, security_barrier = true) AS
SELECT p.pid, p.leader_pid, p.role, p.command, p.model, p.kind, p.phase, p.rows_read, p.done, p.total, p.best, p.version,
	   p.started_at, p.phase_started_at
FROM sentiment.list_progress(false) AS p
WHERE p.step_number IS NULL
ORDER BY COALESCE(p.leader_pid, p.pid), p.leader_pid IS NOT NULL, p.pid, p.level;

COMMENT ON VIEW @extschema@.sentiment_progress IS
'trainings, retrainings, runs of the pipeline and their like that run at this moment, and what they are doing; one within another has a row of its own';
COMMENT ON COLUMN @extschema@.sentiment_progress.pid IS 'process of the session or background worker';
COMMENT ON COLUMN @extschema@.sentiment_progress.leader_pid IS 'process that started the background worker';
COMMENT ON COLUMN @extschema@.sentiment_progress.role IS 'the role that it runs as';
COMMENT ON COLUMN @extschema@.sentiment_progress.command IS 'what runs: train, search, retrain, pipeline';
COMMENT ON COLUMN @extschema@.sentiment_progress.model IS 'name of the model, which a first training has not made yet';
COMMENT ON COLUMN @extschema@.sentiment_progress.kind IS 'kind of classifier at work';
COMMENT ON COLUMN @extschema@.sentiment_progress.phase IS 'what it is doing: validate, read, fit, measure, store of a training, and search before fit; train, gate, deploy of a retraining; of the pipeline its step';
COMMENT ON COLUMN @extschema@.sentiment_progress.rows_read IS 'rows of the source that the phase has read';
COMMENT ON COLUMN @extschema@.sentiment_progress.done IS 'candidates (of a training), trials (of a search) or steps (of the pipeline) that are done';
COMMENT ON COLUMN @extschema@.sentiment_progress.total IS 'of how many';
COMMENT ON COLUMN @extschema@.sentiment_progress.best IS 'best F1 so far; of a search the best value of its first objective';
COMMENT ON COLUMN @extschema@.sentiment_progress.version IS 'the version that was trained';
COMMENT ON COLUMN @extschema@.sentiment_progress.started_at IS 'when it began';
COMMENT ON COLUMN @extschema@.sentiment_progress.phase_started_at IS 'when the phase began';

CREATE VIEW @extschema@.sentiment_pipeline_progress WITH (security_invoker = true, security_barrier = true) AS
SELECT p.pid, p.model, p.step_number, p.phase AS step, p.kind, p.status, p.version, p.best AS f1, p.in_worker, p.rows_read,
	   p.started_at, p.finished_at
FROM sentiment.list_progress(false) AS p
WHERE p.step_number IS NOT NULL
ORDER BY p.pid, p.step_number;

COMMENT ON VIEW @extschema@.sentiment_pipeline_progress IS
'steps of the runs of the pipeline that run at this moment; when a run has ended they are in sentiment_pipeline_steps';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.pid IS 'process of the session that runs the pipeline';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.model IS 'name of the model';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.step_number IS 'number of the step within the run';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.step IS 'validate, train, select, gate or deploy';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.kind IS 'kind of classifier that is trained';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.status IS 'waiting, running, succeeded, failed or skipped';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.version IS 'the version that it made or is about';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.f1 IS 'F1 of that version on the held-out rows';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.in_worker IS 'whether a background worker does it; what that is doing is in sentiment_progress';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.rows_read IS 'rows of the source that it has read';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.started_at IS 'when it began';
COMMENT ON COLUMN @extschema@.sentiment_pipeline_progress.finished_at IS 'when it ended';

GRANT SELECT ON @extschema@.sentiment_progress, @extschema@.sentiment_pipeline_progress TO PUBLIC;
