-- The gate: what a version must reach to be promoted; its source, read as stored ones are; bad input.

SET client_min_messages = warning;

CREATE TABLE gate_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label, i % 4 AS stars, i % 7 AS number
FROM generate_series(1, 400) AS i;

SELECT version FROM sentiment_train('gated', 'gate_reviews', params => '{"max_features": 1}');
SELECT version FROM sentiment_train('gated', 'gate_reviews', deploy => 'never');
SELECT version FROM sentiment_train('gated', 'gate_reviews', params => '{"holdout": 0.1, "C": 1}', deploy => 'never');
SELECT version FROM sentiment_train('gated', 'gate_reviews', params => '{"holdout": 0}', deploy => 'never');
SELECT version FROM sentiment_train('gated', 'gate_reviews', deploy => 'never', numeric_columns => '{number}');

-- the default gate
SELECT sentiment_gate('gated');
SELECT check_name, passed, CASE check_name WHEN 'max_latency' THEN sign(value) WHEN 'max_bytes' THEN sign(value) ELSE value END AS value,
	threshold, detail FROM sentiment_check_gate('gated', 2);
-- the version in production itself
SELECT check_name, passed, threshold, detail FROM sentiment_check_gate('gated', 1);
SELECT sentiment_promote('gated', 2);
-- equal is not better; the smaller of both shares; nothing held out; a numeric column; other labels, macro F1
SELECT check_name, passed, threshold, detail FROM sentiment_check_gate('gated', 3) WHERE check_name IN ('beat_baseline', 'must_beat');
SELECT check_name, passed, threshold, detail FROM sentiment_check_gate('gated', 4);
SELECT check_name, passed, threshold, detail FROM sentiment_check_gate('gated', 5) WHERE check_name IN ('beat_baseline', 'must_beat');
CREATE VIEW gate_few AS SELECT text, stars FROM gate_reviews WHERE stars < 3;
SELECT version FROM sentiment_train('gate_labels', 'gate_few', label_column => 'stars');
SELECT version FROM sentiment_train('gate_labels', 'gate_reviews', label_column => 'stars', deploy => 'never');
SELECT check_name, passed, round(threshold::numeric, 3) AS threshold, detail FROM sentiment_check_gate('gate_labels', 2)
WHERE check_name IN ('beat_baseline', 'must_beat');
DROP VIEW gate_few;
-- a gate measures what is there now
DELETE FROM gate_reviews WHERE label = 'pos';
SELECT check_name, passed, value, detail FROM sentiment_check_gate('gated', 3) WHERE check_name IN ('beat_baseline', 'must_beat');
INSERT INTO gate_reviews SELECT i, (ARRAY['good', 'great'])[1 + i % 2] || ' book ' || i, 'pos', i % 4, 1 FROM generate_series(1, 400) AS i;

-- other gates
SELECT sentiment_set_gate('gated', '{"must_beat": false, "min_f1": 0.9, "max_bytes": 100, "max_latency": 1e-3}');
SELECT sentiment_gate('gated');
SELECT check_name, passed, threshold FROM sentiment_check_gate('gated', 3);
SELECT sentiment_set_gate('gated', '{"must_beat": false, "min_f1": 0, "max_bytes": 1e9, "max_latency": 1e9}');
SELECT check_name, passed, threshold FROM sentiment_check_gate('gated', 3);
SELECT sentiment_promote('gated', 3);
SELECT sentiment_set_gate('gated', '{"must_beat": false, "min_f1": 0, "max_bytes": null, "max_latency": null}');
SELECT sentiment_gate('gated');
SELECT passed, count(*) FROM sentiment_check_gate('gated', 4) GROUP BY passed;
SELECT sentiment_set_gate('gated', '{}');
SELECT sentiment_gate('gated');
SELECT action, version, reason FROM sentiment_deployments WHERE model = 'gated' AND action = 'set_gate' ORDER BY history_id LIMIT 2;

-- bad input
SELECT sentiment_set_gate('gated', '{"min_f2": 1}');
SELECT sentiment_set_gate('gated', '{"min_f1": 75}');
SELECT sentiment_set_gate('gated', '{"min_f1": "high"}');
SELECT sentiment_set_gate('gated', '{"must_beat": 1}');
SELECT sentiment_set_gate('gated', '{"max_latency": -1}');
SELECT sentiment_set_gate('gated', '[]');
SELECT sentiment_set_gate('gated', NULL);
SELECT sentiment_set_gate(NULL, '{}');
SELECT sentiment_set_gate('gate_missing', '{}');
SELECT sentiment_gate('gate_missing');
SELECT sentiment_gate(NULL);
SELECT sentiment_check_gate('gate_missing', 1);
SELECT sentiment_check_gate('gated', 99);
SELECT sentiment_check_gate('gated', NULL);
SELECT sentiment_check_gate(NULL, 1);
BEGIN READ ONLY;
SELECT sentiment_set_gate('gated', '{}');
ROLLBACK;
-- it only reads
BEGIN READ ONLY;
SELECT count(*) FROM sentiment_check_gate('gated', 3);
ROLLBACK;

-- a source that cannot be read is an answer; force goes past it
ALTER TABLE gate_reviews RENAME COLUMN label TO mood;
SELECT check_name, passed, value IS NOT NULL AS known, detail FROM sentiment_check_gate('gated', 2);
ALTER TABLE gate_reviews RENAME COLUMN mood TO label;
ALTER TABLE gate_reviews RENAME TO gate_renamed;
SELECT check_name, passed, value IS NOT NULL AS known, detail FROM sentiment_check_gate('gated', 2);
CREATE VIEW gate_reviews AS SELECT text, label, 1 / (id - 100) AS broken FROM gate_renamed WHERE 1 / (id - 100) IS NOT NULL;
SELECT check_name, passed, detail FROM sentiment_check_gate('gated', 2) WHERE check_name = 'beat_baseline';
SELECT sentiment_promote('gated', 2);
SELECT sentiment_promote('gated', 2, force => true);
SELECT forced, reason FROM sentiment_deployments WHERE model = 'gated' AND forced;
-- a cancel is no answer
CREATE OR REPLACE VIEW gate_reviews AS SELECT text, label, 1 AS broken FROM gate_renamed WHERE pg_sleep(0.01) IS NOT NULL;
SET statement_timeout = '300ms';
SELECT count(*) FROM sentiment_check_gate('gated', 2);
RESET statement_timeout;
DROP VIEW gate_reviews;
ALTER TABLE gate_renamed RENAME TO gate_reviews;

-- who trained a version named its source: the gate reads it with his rights, not the owner's
CREATE ROLE regress_gate_owner;
CREATE ROLE regress_gate_train;
GRANT SELECT ON gate_reviews TO regress_gate_owner, regress_gate_train;
CREATE TABLE gate_secret AS SELECT 'the secret' AS secret;
GRANT SELECT ON gate_secret TO regress_gate_owner;
CREATE SCHEMA regress_gate_schema AUTHORIZATION regress_gate_train;
GRANT USAGE ON SCHEMA regress_gate_schema TO PUBLIC;
SET ROLE regress_gate_owner;
SELECT version FROM sentiment_train('gate_shared', 'gate_reviews', params => '{"max_features": 1}', deploy => 'always');
SELECT sentiment_grant('gate_shared', 'regress_gate_train', 'train');
SET ROLE regress_gate_train;
CREATE FUNCTION regress_gate_schema.spy() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM secret FROM public.gate_secret;
	RETURN true;
END $$;
CREATE VIEW regress_gate_schema.reviews AS SELECT text, label FROM public.gate_reviews;
GRANT SELECT ON regress_gate_schema.reviews TO PUBLIC;
SELECT version FROM sentiment_train('gate_shared', 'regress_gate_schema.reviews', deploy => 'never');
SELECT check_name, passed FROM sentiment_check_gate('gate_shared', 2);
CREATE OR REPLACE VIEW regress_gate_schema.reviews AS SELECT CASE WHEN regress_gate_schema.spy() THEN text END AS text, label FROM public.gate_reviews;
SELECT check_name, detail FROM sentiment_check_gate('gate_shared', 2) WHERE check_name = 'beat_baseline';
-- nor does a validation of what the model was trained from
BEGIN;
SELECT sentiment_deploy('gate_shared', 2);
SELECT count(*) FROM sentiment_validate('gate_shared');
ROLLBACK;
SET ROLE regress_gate_owner;
SELECT check_name, detail FROM sentiment_check_gate('gate_shared', 2) WHERE check_name = 'beat_baseline';
-- the owner's own source needs no right of the trainer's
SET ROLE regress_gate_owner;
SELECT version FROM sentiment_train('gate_shared', 'gate_reviews', deploy => 'never');
RESET ROLE;
REVOKE SELECT ON gate_reviews FROM regress_gate_train;
SET ROLE regress_gate_train;
SELECT check_name, passed FROM sentiment_check_gate('gate_shared', 3) WHERE check_name IN ('beat_baseline', 'must_beat');
SELECT check_name, passed, detail FROM sentiment_check_gate('gate_shared', 2) WHERE check_name IN ('beat_baseline', 'must_beat');
SELECT current_user;
-- a superuser's training reads as the owner: functions of the owner's do not get a superuser's rights
RESET ROLE;
SELECT version FROM sentiment_train('gate_shared', 'gate_reviews', params => '{"C": 2}', deploy => 'never');
REVOKE SELECT ON gate_reviews FROM regress_gate_owner;
SELECT check_name, passed, detail FROM sentiment_check_gate('gate_shared', 4) WHERE check_name = 'beat_baseline';
GRANT SELECT ON gate_reviews TO regress_gate_owner;
-- a role that is gone
DROP OWNED BY regress_gate_train;
DROP ROLE regress_gate_train;
SELECT check_name, passed, detail FROM sentiment_check_gate('gate_shared', 2) WHERE check_name = 'beat_baseline';

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP TABLE gate_reviews, gate_secret;
DROP ROLE regress_gate_owner;
