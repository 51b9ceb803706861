-- The life of versions: stages, promotion, rollback, retirement, pruning; who may see and do what; the history.

SET client_min_messages = warning;

CREATE TABLE life_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 400) AS i;
GRANT SELECT ON life_reviews TO PUBLIC;
CREATE VIEW life_stages AS SELECT version, stage, share, retired, stage_reason FROM sentiment_model_versions WHERE model = 'life' ORDER BY version;
CREATE VIEW life_history AS SELECT action, version, stage, previous_version, traffic, forced, reason
	FROM sentiment_deployments WHERE model = 'life' ORDER BY history_id;

-- version 1 knows one word, 2 to 4 know all, 5 is bad again
SELECT version, deployed FROM sentiment_train('life', 'life_reviews', params => '{"max_features": 1}');
SELECT version, deployed FROM sentiment_train('life', 'life_reviews', deploy => 'never');
SELECT version, deployed FROM sentiment_train('life', 'life_reviews', params => '{"C": 1}', deploy => 'never');
SELECT version, deployed FROM sentiment_train('life', 'life_reviews', params => '{"C": 2}', deploy => 'never');
SELECT version, deployed FROM sentiment_train('life', 'life_reviews', params => '{"max_features": 1}', deploy => 'never');
TABLE life_stages;

-- nothing to return to yet
SELECT sentiment_rollback('life');
SELECT version, deployed FROM sentiment_train('life_never', 'life_reviews', deploy => 'never');
SELECT sentiment_rollback('life_never');
SELECT sentiment_drop_model('life_never');

-- candidate to staging to production; what it displaces is archived
SELECT sentiment_promote('life', 2, 'staging');
TABLE life_stages;
SELECT sentiment_promote('life', 2, 'staging');
SELECT sentiment_promote('life', 2, reason => 'better');
TABLE life_stages;
SELECT version FROM sentiment_classify('a good book', 'life');
SELECT sentiment_promote('life', 2);
SELECT sentiment_promote('life', 2, 'staging');

-- not past the gate: worse, or no better; by force, and that is kept
SELECT sentiment_promote('life', 5);
SELECT sentiment_promote('life', 3);
SELECT sentiment_promote('life', 3, force => true, reason => 'to try it');
SELECT forced, reason FROM life_history WHERE forced;

-- back, any number of times
SELECT sentiment_deploy('life', 4);
SELECT sentiment_rollback('life', 'worse on Monday');
SELECT sentiment_rollback('life');
SELECT sentiment_rollback('life');
SELECT sentiment_rollback('life');
-- and forth; what was rolled back to is what a rollback returns to
SELECT sentiment_promote('life', 4);
SELECT sentiment_rollback('life');
SELECT sentiment_rollback('life');

-- a version that answers cannot be retired; one that is retired cannot answer until it is promoted
SELECT sentiment_retire('life', 1);
SELECT sentiment_retire('life', 4, 'too slow');
SELECT sentiment_retire('life', 4);
TABLE life_stages;
SELECT sentiment_deploy('life', 4);
SELECT sentiment_promote('life', 4);
SELECT sentiment_promote('life', 3, force => true);
SELECT sentiment_retire('life', 4, 'again');
-- a rollback goes past it
SELECT sentiment_rollback('life');
SELECT sentiment_rollback('life');
-- and past all of one, with the reason told
SELECT sentiment_promote('life', 2);
SELECT sentiment_retire('life', 1);
SELECT sentiment_rollback('life');
-- from archive to staging
SELECT sentiment_promote('life', 1, 'staging', 'another look');
TABLE life_stages;
SELECT sentiment_rollback('life');

-- the same version deployed twice is one state
SELECT sentiment_deploy('life', 3);
SELECT sentiment_deploy('life', 3);
SELECT sentiment_rollback('life');

-- traffic between several is a state like any other: one displaces it, a rollback returns to it
SELECT sentiment_promote('life', 4, 'staging');
INSERT INTO sentiment.deployment_history (model_id, model, action, version, traffic, previous_traffic, rolls_back_to, reason,
	owner, owner_oid, owner_cluster, done_by, done_by_oid, done_by_cluster)
SELECT model_id, model, 'traffic', 3, '{"3": 0.5, "4": 0.25, "1": 0.25}', traffic, history_id, 'split',
	owner, owner_oid, owner_cluster, done_by, done_by_oid, done_by_cluster
FROM sentiment.deployment_history WHERE model = 'life' ORDER BY history_id DESC LIMIT 1;
DELETE FROM sentiment.deployment USING sentiment.model AS m WHERE m.model_id = deployment.model_id AND m.name = 'life';
INSERT INTO sentiment.deployment (model_id, version, share, deployed_by)
SELECT model_id, v.version, v.share, 'me' FROM sentiment.model, (VALUES (3, 0.5), (4, 0.25), (1, 0.25)) AS v(version, share) WHERE name = 'life';
TABLE life_stages;
SELECT version, share, action FROM sentiment_deployed_at('life', clock_timestamp());
SELECT sentiment_retire('life', 1);
SELECT sentiment_promote('life', 1, force => true);
TABLE life_stages;
SELECT sentiment_rollback('life');
SELECT version, share, action FROM sentiment_deployed_at('life', clock_timestamp());
TABLE life_stages;
-- the main one of several may be promoted to answer all
SELECT sentiment_promote('life', 3);
-- one of the versions is retired: the split is not returned to
SELECT sentiment_retire('life', 4);
SELECT sentiment_rollback('life');
SELECT sentiment_promote('life', 4, 'staging');
SELECT sentiment_deploy('life', 1);
TABLE life_history;

-- pruning keeps what answers, what is in staging, the newest and the last in production
SELECT sentiment_prune('life', -1);
SELECT sentiment_prune('life', 5);
SELECT sentiment_promote('life', 5, 'staging');
SELECT sentiment_prune('life', 1);
TABLE life_stages;
SELECT count(*) FROM sentiment.model_version AS v JOIN sentiment.model AS m USING (model_id) WHERE m.name = 'life';
SELECT action, version, reason FROM life_history WHERE action = 'prune' ORDER BY version;
-- what was pruned is neither returned to nor promoted
SELECT sentiment_rollback('life');
SELECT sentiment_promote('life', 4);
-- numbers are not given again
SELECT version FROM sentiment_train('life', 'life_reviews', deploy => 'never');
SELECT sentiment_prune('life');
SELECT sentiment_prune('life', 0);
TABLE life_stages;

-- what is wrong is told
SELECT sentiment_promote('life_missing', 1);
SELECT sentiment_promote('life', 99);
SELECT sentiment_promote('life', 99, 'staging');
SELECT sentiment_promote('life', 0);
SELECT sentiment_promote('life', -1);
SELECT sentiment_promote('life', 2, 'live');
SELECT sentiment_promote('life', 2, 'archived');
SELECT sentiment_promote('life', 2, 'candidate');
SELECT sentiment_promote(NULL, 1);
SELECT sentiment_promote('life', NULL);
SELECT sentiment_promote('life', 1, NULL);
SELECT sentiment_rollback('life_missing');
SELECT sentiment_rollback(NULL);
SELECT sentiment_retire('life_missing', 1);
SELECT sentiment_retire('life', 99);
SELECT sentiment_retire('life', NULL);
SELECT sentiment_prune('life_missing');
SELECT sentiment_prune('life', NULL);
SELECT sentiment_deploy('life', 99);
SELECT sentiment_deployed_at('life', NULL);
SELECT sentiment_deployed_at('life_missing', now());
BEGIN READ ONLY;
SELECT sentiment_promote('life', 2);
ROLLBACK;
BEGIN READ ONLY;
SELECT sentiment_rollback('life');
ROLLBACK;
BEGIN READ ONLY;
SELECT sentiment_retire('life', 1);
ROLLBACK;
BEGIN READ ONLY;
SELECT sentiment_prune('life');
ROLLBACK;

-- savepoints
SELECT version FROM sentiment_train('life', 'life_reviews', deploy => 'never') \gset
BEGIN;
SELECT sentiment_deploy('life', :version);
SAVEPOINT s;
SELECT sentiment_rollback('life');
SELECT version FROM sentiment_classify('a good book', 'life');
ROLLBACK TO s;
SELECT version = :version AS still FROM sentiment_classify('a good book', 'life');
ROLLBACK;
SELECT version FROM sentiment_classify('a good book', 'life');

-- which version answered when
SELECT sentiment_drop_model('life');
SELECT version FROM sentiment_train('life', 'life_reviews');
SELECT version FROM sentiment_train('life', 'life_reviews', deploy => 'never');
SELECT clock_timestamp() AS after_first \gset
SELECT sentiment_deploy('life', 2);
SELECT clock_timestamp() AS after_second \gset
SELECT sentiment_rollback('life', 'complaints');
SELECT version, share, action, reason, done_by = current_user AS by_me FROM sentiment_deployed_at('life', :'after_first');
SELECT version, share, action, reason, since < :'after_second' AS before FROM sentiment_deployed_at('life', :'after_second');
SELECT version, share, action, reason, since > :'after_second' AS later FROM sentiment_deployed_at('life', clock_timestamp());
SELECT count(*) FROM sentiment_deployed_at('life', '2000-01-01');
SELECT sentiment_drop_model('life');
-- of a dropped model: what was; nothing since
SELECT version FROM sentiment_deployed_at('life', :'after_second');
SELECT count(*) FROM sentiment_deployed_at('life', clock_timestamp());

-- the history is only added to
\set VERBOSITY terse
UPDATE sentiment.deployment_history SET reason = 'never happened';
UPDATE sentiment.deployment_history SET version = 1, owner = 'x';
DELETE FROM sentiment.deployment_history;
TRUNCATE sentiment.deployment_history;
\set VERBOSITY default

-- three roles: the owner, those with a grant, a stranger
CREATE ROLE regress_life_owner;
CREATE ROLE regress_life_predict;
CREATE ROLE regress_life_train;
CREATE ROLE regress_life_admin;
CREATE ROLE regress_life_stranger;
GRANT SELECT ON life_stages, life_history TO PUBLIC;
SET ROLE regress_life_owner;
SELECT version FROM sentiment_train('life_role', 'life_reviews', params => '{"max_features": 1}');
SELECT version FROM sentiment_train('life_role', 'life_reviews', deploy => 'never');
SELECT sentiment_grant('life_role', 'regress_life_predict', 'predict');
SELECT sentiment_grant('life_role', 'regress_life_train', 'train');
SELECT sentiment_grant('life_role', 'regress_life_admin', 'admin');
SET ROLE regress_life_stranger;
SELECT (SELECT count(*) FROM sentiment.model) AS models, (SELECT count(*) FROM sentiment_model_versions) AS versions,
	(SELECT count(*) FROM sentiment.version_stage) AS stages, (SELECT count(*) FROM sentiment.deployment) AS deployments,
	(SELECT count(*) FROM sentiment_deployments) AS events, (SELECT count(*) FROM sentiment.deployment_history) AS history,
	(SELECT count(*) FROM sentiment_privileges) AS privileges, (SELECT count(*) FROM sentiment_models) AS models_view;
SELECT sentiment_promote('life_role', 2);
SELECT sentiment_promote('life_role', 2, 'staging');
SELECT sentiment_rollback('life_role');
SELECT sentiment_retire('life_role', 2);
SELECT sentiment_prune('life_role');
SELECT sentiment_check_gate('life_role', 2);
SELECT sentiment_gate('life_role');
SELECT sentiment_set_gate('life_role', '{}');
SELECT sentiment_deployed_at('life_role', now());
SET ROLE regress_life_predict;
SELECT sentiment_promote('life_role', 2);
SELECT sentiment_rollback('life_role');
SELECT sentiment_retire('life_role', 2);
SELECT sentiment_check_gate('life_role', 2);
SELECT sentiment_gate('life_role');
SELECT version, stage FROM sentiment_model_versions ORDER BY version;
SELECT version, action FROM sentiment_deployed_at('life_role', clock_timestamp());
SELECT version, action FROM sentiment_deployments;
SET ROLE regress_life_train;
SELECT sentiment_promote('life_role', 2);
SELECT version, stage, stage_reason FROM sentiment_model_versions ORDER BY version;
SELECT version, stage, retired, changed_by FROM sentiment.version_stage;
SELECT sentiment_rollback('life_role');
SELECT sentiment_retire('life_role', 2);
SELECT sentiment_prune('life_role');
SELECT sentiment_set_gate('life_role', '{}');
SELECT sentiment_drop_model('life_role');
SET ROLE regress_life_admin;
SELECT sentiment_set_gate('life_role', '{"min_f1": 0.5}');
SELECT sentiment_prune('life_role', 0);
SELECT sentiment_drop_model('life_role');
-- who made events of a dropped model, or owned it, sees what answered, as far as the event is theirs to see
SELECT version, action FROM sentiment_deployments;
SET ROLE regress_life_owner;
SELECT count(*) FROM sentiment_deployed_at('life_role', clock_timestamp());
SELECT version, action, done_by FROM sentiment_deployments;
SET ROLE regress_life_train;
SELECT count(*) FROM sentiment_deployed_at('life_role', clock_timestamp());
SELECT version, action FROM sentiment_deployments;
SET ROLE regress_life_predict;
SELECT sentiment_deployed_at('life_role', clock_timestamp());
SELECT version, action FROM sentiment_deployments;
SET ROLE regress_life_stranger;
SELECT sentiment_deployed_at('life_role', clock_timestamp());
RESET ROLE;

DROP VIEW life_stages, life_history;
DROP TABLE life_reviews;
DROP ROLE regress_life_owner, regress_life_predict, regress_life_train, regress_life_admin, regress_life_stranger;
