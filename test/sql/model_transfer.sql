-- Export and import: the same predictions, what belongs to it, and what somebody made up.

SET client_min_messages = warning;

CREATE TABLE transfer_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label, i % 4 AS stars, i % 7 AS number
FROM generate_series(1, 400) AS i;

SELECT version FROM sentiment_train('transfer', 'transfer_reviews', params => '{"positive_label": "neg", "C": 3}', numeric_columns => '{number}');
SELECT sentiment_set_gate('transfer', '{"min_f1": 0.6}');
CREATE TABLE exported AS SELECT 'transfer' AS what, sentiment_export_model('transfer') AS container;
-- the same version gives the same bytes
SELECT container = sentiment_export_model('transfer', 1) AS same FROM exported;

-- a new model: the same image, labels, gate, split and figures; a candidate, of the caller
SELECT i.* FROM exported, sentiment_import_model(container, 'copy') AS i;
SELECT sentiment_get_model('copy', 1)::text = sentiment_get_model('transfer', 1)::text AS same_image;
SELECT a.kind = b.kind AS kind, a.parameters = b.parameters AS parameters, a.labels = b.labels AS labels, a.metrics = b.metrics AS metrics,
	a.features = b.features AS features, a.rows_trained = b.rows_trained AS trained, a.rows_held_out = b.rows_held_out AS held_out,
	a.numeric_columns = b.numeric_columns AS numbers, a.trained_at = b.trained_at AS trained_at, b.stage, b.source_name
FROM sentiment_model_versions AS a, sentiment_model_versions AS b WHERE a.model = 'transfer' AND b.model = 'copy';
SELECT a.split_seed = b.split_seed AS seed, a.positive_label = b.positive_label AS positive, b.gate
FROM sentiment.model AS a, sentiment.model AS b WHERE a.name = 'transfer' AND b.name = 'copy';
SELECT (SELECT count(*) FROM sentiment.version_curves) AS curves, (SELECT count(*) FROM sentiment.version_profile) AS profiles;
SELECT count(DISTINCT curves) AS curves FROM sentiment.version_curves;
SELECT count(DISTINCT (profile::text, learned_texts)) AS profiles FROM sentiment.version_profile;
SELECT action, version, stage, reason ~ '^version 1 of model "transfer", trained from "public.transfer_reviews" by ' AS reason
FROM sentiment_deployments WHERE model = 'copy';
-- an export of the import holds the same image; it may be deployed
SELECT sentiment_predict('a good book', 'copy');
SELECT sentiment_deploy('copy', 1);
SELECT sentiment_predict('a good book', 'copy'), sentiment_score('a good book', 'copy') = sentiment_score('a good book', 'transfer') AS same;
-- imported without a source it cannot be measured; with one it can
SELECT check_name, passed, detail FROM sentiment_check_gate('copy', 1) WHERE check_name = 'beat_baseline';
SELECT i.* FROM exported, sentiment_import_model(container, 'sourceless') AS i;
SELECT sentiment_promote('sourceless', 1);
SELECT sentiment_drop_model('sourceless');
SELECT i.* FROM exported, sentiment_import_model(container, 'copy', 'transfer_reviews', filter => 'id > 10') AS i;
SELECT check_name, passed, detail FROM sentiment_check_gate('copy', 2) WHERE check_name = 'beat_baseline';
SELECT source_schema, source_name, filter FROM sentiment_model_versions WHERE model = 'copy' AND version = 2;
SELECT sentiment_import_model(container, 'copy', 'transfer_reviews', text_column => 'body') FROM exported;
SELECT sentiment_import_model(container, 'copy', filter => 'id > 10') FROM exported;
SELECT sentiment_import_model(container, 'copy', 'transfer_reviews', filter => 'id > 10; DROP TABLE exported') FROM exported;
-- the name that it has
SELECT i.* FROM exported, sentiment_import_model(container) AS i;

-- a model that holds out other texts: what it has learned from is not known, so it is not compared
SELECT version FROM sentiment_train('other', 'transfer_reviews', params => '{"positive_label": "neg"}');
SELECT i.* FROM exported, sentiment_import_model(container, 'other', 'transfer_reviews') AS i;
SELECT check_name, passed, detail FROM sentiment_check_gate('other', 2) WHERE check_name IN ('beat_baseline', 'must_beat');
-- another positive label
SELECT version FROM sentiment_train('positive', 'transfer_reviews', params => '{"positive_label": "pos"}');
SELECT sentiment_import_model(container, 'positive') FROM exported;

-- every kind, more labels, nothing held out
SELECT count(*) FROM (SELECT sentiment_train('kinds', 'transfer_reviews', label_column => 'stars', kind => 'auto', params => '{"n_estimators": 5, "max_iter": 5, "svd_components": 4}')) AS t;
SELECT sentiment_train('kinds', 'transfer_reviews', label_column => 'stars', params => '{"holdout": 0}') IS NOT NULL;
CREATE TABLE imported AS SELECT v.version AS original, i.version
FROM (SELECT version FROM sentiment_model_versions WHERE model = 'kinds' ORDER BY version) AS v,
	sentiment_import_model(sentiment_export_model('kinds', v.version), 'kinds_copy') AS i;
SELECT version, sentiment_get_model('kinds_copy', version)::text = sentiment_get_model('kinds', original)::text AS same FROM imported ORDER BY 1;
DROP TABLE imported;

-- the data contract goes with the model: with a new one as it is, with another language's quotes and letters
SELECT sentiment_set_contract('transfer', '{"min_rows": 2, "labels": ["neg", "pos"], "ranges": {"number": {"min": 0}}, "severity": {"html": "off"}}');
SELECT sentiment_set_contract('transfer', '{"min_rows": 3, "labels": ["neg", "pos", "größer \"1\""]}');
CREATE TABLE exported_contract AS SELECT sentiment_export_model('transfer') AS container;
SELECT i.* FROM exported_contract, sentiment_import_model(container, 'contracted') AS i;
SELECT model, version, contract, waits_for_model, in_force, set_by = current_user AS mine FROM sentiment_contracts WHERE model = 'contracted';
SELECT check_name, severity, rows FROM sentiment_validate('contracted', 'transfer_reviews', 'id <= 2') WHERE severity = 'error';
-- what it exports again is the same
SELECT i.* FROM sentiment_import_model(sentiment_export_model('contracted', 1), 'contracted_again') AS i;
SELECT version, contract FROM sentiment_contracts WHERE model = 'contracted_again';
-- again into the same model: it has that contract, and nothing is said
SET client_min_messages = notice;
SELECT i.* FROM exported_contract, sentiment_import_model(container, 'contracted') AS i;
-- a model that is there keeps what it has: none, or another; also one that was removed is not brought back
SELECT i.* FROM exported_contract, sentiment_import_model(container, 'copy') AS i;
SELECT sentiment_set_contract('copy', '{"min_rows": 5}');
SELECT i.* FROM exported_contract, sentiment_import_model(container, 'copy') AS i;
SELECT sentiment_set_contract('copy', NULL);
SELECT i.* FROM exported_contract, sentiment_import_model(container, 'copy') AS i;
SELECT version, contract, in_force FROM sentiment_contracts WHERE model = 'copy';
-- one that was set for a model to come, by who imports it, is preferred
SELECT sentiment_set_contract('awaited', '{"min_rows": 7}');
SELECT i.* FROM exported_contract, sentiment_import_model(container, 'awaited') AS i;
SELECT version, contract, waits_for_model, in_force FROM sentiment_contracts WHERE model = 'awaited';
-- a contract that was removed is not exported
SELECT sentiment_set_contract('transfer', NULL);
SELECT i.* FROM sentiment_import_model(sentiment_export_model('transfer'), 'uncontracted') AS i;
SELECT count(*) FROM sentiment_contracts WHERE model = 'uncontracted';
SET client_min_messages = warning;
DROP TABLE exported_contract;

-- roles: export needs admin, import makes a model of one's own or needs train
CREATE ROLE regress_transfer_a;
CREATE ROLE regress_transfer_b;
GRANT SELECT ON exported TO PUBLIC;
SELECT sentiment_grant('transfer', 'regress_transfer_a', 'train');
SET ROLE regress_transfer_a;
SELECT sentiment_export_model('transfer');
SELECT i.* FROM exported, sentiment_import_model(container, 'mine') AS i;
SELECT i.* FROM exported, sentiment_import_model(container, 'transfer') AS i;
SELECT model, owner FROM sentiment_models ORDER BY model;
SET ROLE regress_transfer_b;
SELECT sentiment_export_model('mine');
SELECT sentiment_import_model(container, 'mine') FROM exported;
SELECT sentiment_import_model(container, 'transfer') FROM exported;
SELECT sentiment_import_model(container, 'his', 'transfer_reviews') FROM exported;
RESET ROLE;
GRANT SELECT ON transfer_reviews TO regress_transfer_b;
SET ROLE regress_transfer_b;
SELECT sentiment_import_model(container, 'his', 'transfer_reviews') FROM exported;
RESET ROLE;

-- bad input
SELECT sentiment_export_model('transfer_missing');
SELECT sentiment_export_model('transfer', 99);
SELECT sentiment_export_model('mine');
SELECT sentiment_export_model(NULL);
SELECT sentiment_import_model(NULL);
SELECT sentiment_import_model(container, '') FROM exported;
SELECT sentiment_import_model('');
SELECT sentiment_import_model('\xdeadbeef');
SELECT sentiment_import_model(substr(container, 1, length(container) - 1)) FROM exported;
SELECT sentiment_import_model(container || '\x00') FROM exported;
SELECT sentiment_import_model(set_byte(container, 2000, 255 - get_byte(container, 2000))) FROM exported;
SELECT sentiment_import_model(set_byte(container, 8, 2)) FROM exported;
BEGIN READ ONLY;
SELECT sentiment_import_model(container) FROM exported;
ROLLBACK;

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP TABLE transfer_reviews, exported;
DROP ROLE regress_transfer_a, regress_transfer_b;
