-- sentiment_monitor: what is watched, who may say so, and as whom it is read.

SET client_min_messages = warning; -- progress carries timings

CREATE ROLE regress_owner;
CREATE ROLE regress_trainer;
CREATE ROLE regress_other;
CREATE SCHEMA monitored;
GRANT USAGE, CREATE ON SCHEMA monitored TO regress_owner, regress_trainer;
CREATE TABLE monitored.incoming AS
SELECT i AS id, now() - i * interval '1 hour' AS at, i % 7 AS stars,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 97 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 1000) AS i;
ALTER TABLE monitored.incoming OWNER TO regress_owner;
SET ROLE regress_owner;
SELECT version FROM sentiment_train('watched', 'monitored.incoming');
SELECT sentiment_monitor('watched', 'monitored.incoming', time_column => 'at', period => '10 days', label_column => 'label',
	filter => 'id > 0', cooldown => '0');
SELECT model, source_schema, source_name, text_column, time_column, period, label_column, filter, deploy, cooldown, alpha, set_by
FROM sentiment_monitors;
-- a period of any length, in any style of dates
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Kolkata';
SELECT sentiment_monitor('watched', 'monitored.incoming', time_column => 'at', period => '60000 months', label_column => 'label');
SELECT sentiment_run_task('watched', 'check_drift');
SELECT rows FROM sentiment_drift_reports WHERE model = 'watched' ORDER BY report_id DESC LIMIT 1;
SELECT sentiment_monitor('watched', 'monitored.incoming', time_column => 'at', period => '10 days', label_column => 'label',
	filter => 'id > 0', cooldown => '0');
SELECT sentiment_run_task('watched', 'check_drift') IS NOT NULL AS checked;
SELECT rows FROM sentiment_drift_reports WHERE model = 'watched' ORDER BY report_id DESC LIMIT 1;
RESET DateStyle;
RESET TimeZone;

-- what is wrong is told when it is set
SELECT sentiment_monitor(NULL, 'monitored.incoming');
SELECT sentiment_monitor('watched', NULL);
SELECT sentiment_monitor('unknown', 'monitored.incoming');
SELECT sentiment_monitor('watched', 'monitored.incoming', text_column => 'body');
SELECT sentiment_monitor('watched', 'monitored.incoming', label_column => 'tag');
SELECT sentiment_monitor('watched', 'monitored.incoming', time_column => 'then');
SELECT sentiment_monitor('watched', 'monitored.incoming', time_column => 'id');
SELECT sentiment_monitor('watched', 'monitored.incoming', period => '0');
SELECT sentiment_monitor('watched', 'monitored.incoming', period => '-1 day');
SELECT sentiment_monitor('watched', 'monitored.incoming', cooldown => '-1 day');
SELECT sentiment_monitor('watched', 'monitored.incoming', training_period => '1 day');
SELECT sentiment_monitor('watched', 'monitored.incoming', alpha => 0);
SELECT sentiment_monitor('watched', 'monitored.incoming', alpha => 'NaN');
SELECT sentiment_monitor('watched', 'monitored.incoming', deploy => 'perhaps');
SELECT sentiment_monitor('watched', 'monitored.incoming', kind => 'oracle');
SELECT sentiment_monitor('watched', 'monitored.incoming', params => '{"C": 1}');
SELECT sentiment_monitor('watched', 'monitored.incoming', kind => 'mlp', params => '{"C": 1}');
SELECT sentiment_monitor('watched', 'monitored.incoming', numeric_columns => '{stars,moons}');
\set VERBOSITY terse
SELECT sentiment_monitor('watched', 'monitored.incoming', filter => 'id > 0) OR (true');
SELECT sentiment_monitor('watched', 'monitored.incoming', filter => 'no_column');
\set VERBOSITY default
-- the columns that the version learned from must be there
SELECT version FROM sentiment_train('numbers', 'monitored.incoming', numeric_columns => '{stars}');
CREATE VIEW monitored.without_stars AS SELECT text, label FROM monitored.incoming;
SELECT sentiment_monitor('numbers', 'monitored.without_stars');
SELECT sentiment_drop_model('numbers');
-- none of it changed anything
SELECT filter, period FROM sentiment_monitors;

-- who may: the privilege train, and the source must be readable by the role that it is read as
RESET ROLE;
CREATE TABLE monitored.secret AS TABLE monitored.incoming;
SELECT sentiment_monitor('watched', 'monitored.secret');
SET ROLE regress_trainer;
SELECT sentiment_monitor('watched', 'monitored.incoming');
SELECT sentiment_unmonitor('watched');
SELECT count(*) FROM sentiment_monitors;
SET ROLE regress_owner;
SELECT sentiment_grant('watched', 'regress_trainer', 'train');
SELECT sentiment_grant('watched', 'regress_other', 'predict');
SET ROLE regress_other;
SELECT model, filter FROM sentiment_monitors;
SELECT sentiment_run_task('watched', 'check_drift');
SELECT sentiment_retrain('watched');

-- A superuser's job runs what the owner stored as the owner: functions in his view and filter see his role,
-- and cannot get out of it.
RESET ROLE;
CREATE TABLE monitored.witness (seen_as name, session name);
GRANT INSERT, SELECT ON monitored.witness TO PUBLIC;
SET ROLE regress_owner;
CREATE FUNCTION monitored.spy(value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO monitored.witness VALUES (current_user, session_user);
	RETURN value;
END $$;
CREATE FUNCTION monitored.escape() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	RESET ROLE;
	RETURN true;
END $$;
CREATE VIEW monitored.spied AS SELECT id, at, monitored.spy(text) AS text, label FROM monitored.incoming;
SELECT sentiment_monitor('watched', 'monitored.spied', label_column => 'label', cooldown => '0');
RESET ROLE;
SELECT sentiment_run_task('watched', 'check_drift') IS NOT NULL AS checked;
SELECT DISTINCT seen_as FROM monitored.witness;
TRUNCATE monitored.witness;
SELECT status, version FROM sentiment_retrain('watched', 'a superuser does it');
SELECT DISTINCT seen_as FROM monitored.witness;
SELECT source_name, trained_by FROM sentiment_model_versions WHERE model = 'watched' ORDER BY version DESC LIMIT 1;
SET ROLE regress_owner;
SELECT sentiment_monitor('watched', 'monitored.incoming', label_column => 'label', filter => 'monitored.escape()');
CREATE VIEW monitored.escaping AS SELECT id, at, text, label FROM monitored.incoming WHERE monitored.escape();
SELECT sentiment_monitor('watched', 'monitored.escaping', label_column => 'label');
RESET ROLE;
\set VERBOSITY terse
SELECT sentiment_run_task('watched', 'check_drift');
\set VERBOSITY default

-- what a trainer stores runs his code as him: he does not get the owner's rights by it, and the owner must be allowed to read it
SET ROLE regress_trainer;
SELECT sentiment_monitor('watched', 'monitored.incoming', label_column => 'label');
CREATE VIEW monitored.trap AS SELECT g AS at, 'good ' || g || current_user AS text, CASE WHEN g % 2 = 0 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 100) AS g;
CREATE FUNCTION monitored.note() RETURNS void LANGUAGE sql AS 'INSERT INTO monitored.witness VALUES (current_user, session_user)';
CREATE FUNCTION monitored.trainer_spy() RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM monitored.note();
	RETURN true;
END $$;
SELECT sentiment_monitor('watched', 'monitored.trap', label_column => 'label', filter => 'monitored.trainer_spy()', cooldown => '0');
CREATE VIEW monitored.trainers AS SELECT g AS at, 'good ' || g || monitored.trainer_spy() AS text, CASE WHEN g % 2 = 0 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 100) AS g;
SELECT sentiment_monitor('watched', 'monitored.trainers', label_column => 'label', cooldown => '0');
GRANT SELECT ON monitored.trap, monitored.trainers TO regress_owner;
-- what a view shows of current_user, it would show of the model's owner
SELECT sentiment_monitor('watched', 'monitored.trap', label_column => 'label', cooldown => '0');
SELECT sentiment_monitor('watched', 'monitored.trainers', label_column => 'label', cooldown => '0');
RESET ROLE;
TRUNCATE monitored.witness;
SET ROLE regress_owner;
SELECT sentiment_run_task('watched', 'check_drift') IS NOT NULL AS checked;
SELECT DISTINCT seen_as FROM monitored.witness;
RESET ROLE;

-- a source that is dropped, a right that is taken, an owner that is gone: clear errors, and rows of the history
SET ROLE regress_owner;
SELECT sentiment_monitor('watched', 'monitored.incoming', label_column => 'label', cooldown => '0');
RESET ROLE;
ALTER TABLE monitored.incoming OWNER TO CURRENT_USER;
REVOKE ALL ON monitored.incoming FROM regress_owner;
\set VERBOSITY terse
SELECT sentiment_run_task('watched', 'check_drift');
\set VERBOSITY default
SELECT sentiment_run_task('watched', 'check_and_retrain');
DROP TABLE monitored.incoming CASCADE;
SELECT sentiment_run_task('watched', 'check_drift');
SELECT sentiment_run_task('watched', 'check_and_retrain');
SELECT sentiment_run_task('watched', 'retrain');
SELECT status, version, promoted, message FROM sentiment_retrain('watched', 'the source is gone');
SELECT trigger, reason, status, old_version, new_version, message, sqlstate, done_by = current_user AS mine FROM sentiment_retrainings WHERE status = 'failed';

SET ROLE regress_owner;
SELECT sentiment_unmonitor('watched');
SELECT sentiment_unmonitor('watched');
SELECT sentiment_run_task('watched', 'check_drift');
RESET ROLE;
SELECT sentiment_monitor('watched', 'monitored.secret');
SELECT sentiment_set_owner('watched', current_user);
SELECT sentiment_monitor('watched', 'monitored.secret', label_column => 'label');
DROP OWNED BY regress_owner CASCADE;
DROP OWNED BY regress_trainer CASCADE;
DROP ROLE regress_owner;
SELECT status FROM sentiment_retrain('watched');
UPDATE sentiment.model SET owner = 'nobody', owner_oid = 1;
SELECT sentiment_run_task('watched', 'check_drift');
SELECT status, message FROM sentiment_retrain('watched');
SELECT sentiment_set_owner('watched', current_user);

-- dropped with the model
SELECT sentiment_drop_model('watched');
SELECT count(*) FROM sentiment.monitor;
DROP SCHEMA monitored CASCADE;
DROP ROLE regress_trainer, regress_other;
