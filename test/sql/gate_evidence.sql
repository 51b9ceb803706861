-- The gate asks for evidence: more than chance, more than noise, and nothing lost of what the old version knew.

SET client_min_messages = error;

CREATE VIEW gate_checks AS
SELECT m.model, m.version, g.check_name, g.passed, g.value, g.threshold, g.detail
FROM sentiment_model_versions AS m, LATERAL sentiment_check_gate(m.model, m.version) AS g;

-- labels drawn at random, two thirds of them positive: F1 of the positive label is high, and says nothing
CREATE TABLE gate_noise AS
SELECT i AS id, 'word' || hashint4(i) % 50 || ' thing' || hashint4(i + 100000) % 50 || ' number' || i AS text,
	CASE WHEN abs(hashint4(i + 200000)) % 3 < 2 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 1500) AS i;
SELECT deployed, (metrics ->> 'f1')::float8 > 0.75 AS f1_is_high 
FROM sentiment_train('noise', 'gate_noise', params => '{"C": 0.001}', deploy => 'never');
SELECT check_name, passed, threshold FROM gate_checks WHERE model = 'noise' AND check_name = 'beat_baseline';
SELECT sentiment_promote('noise', 1);
SELECT deployed FROM sentiment_train('noise', 'gate_noise', kind => 'auto', params => '{"max_iter": 5}', deploy => 'never');
-- who wants it all the same may say so
SELECT sentiment_set_gate('noise', '{"beat_baseline": false}');
SELECT check_name, passed, detail LIKE '%, no more than noise (not asked for)' AS told FROM gate_checks WHERE model = 'noise' AND version = 1 AND check_name = 'beat_baseline';
SELECT sentiment_set_gate('noise', '{}');
-- noise does not replace noise, whatever the figure is
SELECT sentiment_deploy('noise', 1);
SELECT version FROM sentiment_train('noise', 'gate_noise', params => '{"C": 100}', deploy => 'never');
DO $$
DECLARE
	metric text;
	deployed bool;
BEGIN
	FOREACH metric IN ARRAY '{macro_f1,matthews_correlation,f1,weighted_f1,accuracy,roc_auc}'::text[] LOOP
		PERFORM sentiment_set_gate('noise', jsonb_build_object('metric', metric, 'beat_baseline', false));
		ASSERT NOT (SELECT passed FROM sentiment_check_gate('noise', 6) WHERE check_name = 'must_beat'), metric;
		SELECT t.deployed INTO deployed FROM sentiment_train('noise', 'gate_noise', params => '{"C": 10}') AS t;
		ASSERT NOT deployed, metric;
	END LOOP;
END $$;
SELECT sentiment_set_gate('noise', '{"metric": "f2"}');

-- five labels: half of the answers are right, and that is far more than chance
CREATE TABLE gate_stars AS
SELECT i AS id, 1 + i % 5 AS stars, 'book ' || i || ' star' || CASE WHEN hashint4(i) % 2 = 0 THEN 1 + i % 5 ELSE 1 + abs(hashint4(i + 7)) % 5 END AS text
FROM generate_series(1, 1500) AS i;
SELECT deployed, (metrics ->> 'f1')::float8 < 0.75 AS f1_is_low FROM sentiment_train('stars', 'gate_stars', label_column => 'stars', params => '{"max_features": 1}', deploy => 'always');
SELECT deployed, (metrics ->> 'f1')::float8 < 0.75 AS f1_is_low FROM sentiment_train('stars', 'gate_stars', label_column => 'stars');
SELECT check_name, passed FROM gate_checks WHERE model = 'stars' AND version = 2 AND check_name NOT LIKE 'max_latency';
-- the same rows again: an equal version is not worse, but it has nothing that the other has not
SELECT status FROM sentiment_retrain('stars');
SELECT check_name, passed, value = threshold AS equal, detail LIKE '%McNemar p 1): not better by more than noise' AS told
FROM gate_checks WHERE model = 'stars' AND version = 3 AND check_name = 'must_beat';
-- a floor that what answers does not reach is told at once
SET client_min_messages = warning;
SELECT sentiment_monitor('stars', 'gate_stars', label_column => 'stars');
SELECT sentiment_set_gate('stars', '{"min_f1": 0.9}');
SELECT sentiment_monitor('stars', 'gate_stars', label_column => 'stars');
SELECT sentiment_unmonitor('stars');
SET client_min_messages = error;
-- unless fresher is enough
SELECT sentiment_set_gate('stars', '{"must_beat": false}');
SELECT passed FROM gate_checks WHERE model = 'stars' AND version = 3 AND check_name = 'must_beat';
SELECT passed FROM gate_checks WHERE model = 'stars' AND version = 1 AND check_name = 'must_beat';
SELECT status FROM sentiment_retrain('stars');

-- what the old version knew: a training of new rows only loses it
CREATE TABLE gate_old AS
SELECT i AS id, 'book ' || i || ' ' || (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] AS text, CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 1200) AS i;
CREATE TABLE gate_new AS
SELECT i AS id, 'film ' || i || ' ' || (ARRAY['brilliant', 'superb', 'dull', 'tedious'])[1 + i % 4] AS text, CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(5001, 6200) AS i;
CREATE VIEW gate_both AS SELECT * FROM gate_old UNION ALL SELECT * FROM gate_new;
SELECT deployed FROM sentiment_train('knows', 'gate_old');
SELECT deployed FROM sentiment_train('knows', 'gate_new');
SELECT check_name, passed, value > 0.9 AS knows, threshold > 0.9 AS knew, regexp_replace(detail, ' difference .*', ' …') AS detail
FROM gate_checks WHERE model = 'knows' AND version = 2 AND check_name IN ('must_beat', 'max_loss');
SELECT sentiment_promote('knows', 2);
SELECT deployed FROM sentiment_train('knows', 'gate_both');
SELECT check_name, passed FROM gate_checks WHERE model = 'knows' AND version = 3 AND check_name IN ('must_beat', 'max_loss');
SELECT version, reason ~ '^[01].\d+ against [01].\d+: macro F1 against that of version 1 in production on the same \d+ rows' AS told
FROM sentiment_deployments WHERE model = 'knows' ORDER BY history_id DESC LIMIT 1;
-- nor does a window of new rows, whose own source holds the old ones too: what is gained there does not make up for it
SELECT sentiment_deploy('knows', 1);
SELECT version, deployed FROM sentiment_train('window', 'gate_both', filter => 'id <= 5600');
SELECT version, deployed FROM sentiment_train('window', 'gate_both', filter => 'id > 5100');
SELECT passed, threshold > 0.9 AS knew, regexp_replace(detail, ' difference .*', ' …') AS detail
FROM gate_checks WHERE model = 'window' AND version = 2 AND check_name = 'max_loss';
-- no limit; rows that are gone cannot be lost; rows that cannot be read are
SELECT sentiment_deploy('knows', 1);
SELECT sentiment_set_gate('knows', '{"max_loss": 1}');
SELECT check_name, passed FROM gate_checks WHERE model = 'knows' AND version = 2 AND check_name IN ('must_beat', 'max_loss');
SELECT sentiment_set_gate('knows', '{}');
BEGIN;
DELETE FROM gate_old;
SELECT passed, detail FROM gate_checks WHERE model = 'knows' AND version = 2 AND check_name = 'max_loss';
ROLLBACK;
BEGIN;
ALTER TABLE gate_old RENAME TO gate_gone;
SELECT passed, detail FROM gate_checks WHERE model = 'knows' AND version = 2 AND check_name = 'max_loss';
ROLLBACK;
-- other rows for all versions: what was learned before is not lost either, until it cannot be read any more
SELECT sentiment_set_source('knows', 'gate_new');
SELECT passed, threshold > 0.9 AS knew FROM gate_checks WHERE model = 'knows' AND version = 2 AND check_name = 'max_loss';
ALTER TABLE gate_old RENAME TO gate_gone;
SELECT passed, detail FROM gate_checks WHERE model = 'knows' AND version = 2 AND check_name = 'max_loss';

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP VIEW gate_checks, gate_both;
DROP TABLE gate_noise, gate_stars, gate_gone, gate_new;
