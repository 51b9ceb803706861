-- Data contracts: what is refused, what is found and what is not, who may see what, and training by a contract.

SET client_min_messages = warning;

-- SQLSTATE, message, detail and hint of the error that a statement raises
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE || ': ' || message, nullif('DETAIL: ' || detail, 'DETAIL: '),
					 nullif('HINT: ' || hint, 'HINT: '));
END $$;

-- findings by a contract, but for what is only remarkable about these few texts
CREATE FUNCTION pg_temp.findings(contract jsonb, source regclass, filter text DEFAULT NULL)
RETURNS TABLE (check_name text, severity text, rows int8, share float8, detail text, example text) LANGUAGE sql AS $$
	SELECT check_name, severity, rows, round(share::numeric, 4), detail, example
	FROM sentiment_validate(contract, source, filter) AS v
	WHERE check_name NOT LIKE 'outlying%' AND check_name <> 'near_duplicate_text'
$$;

CREATE TABLE contract_reviews AS
SELECT i AS id,
	md5(i::text) || ' ' || (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book with words '
		|| md5((i + 1000)::text) || ' ' || md5((i + 2000)::text) AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label,
	(i % 100)::numeric AS price,
	i % 5 AS stars,
	i % 2 = 0 AS verified,
	now() AS written
FROM generate_series(1, 400) AS i;
GRANT SELECT ON contract_reviews TO PUBLIC;

--
-- The keys: what is declared, and what is refused
--
SELECT key, part_of, allowed, default_value FROM sentiment_contract_keys() ORDER BY part_of NULLS FIRST, key COLLATE "C";
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '[]', source => 'contract_reviews')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '1', source => 'contract_reviews')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => NULL, source => 'contract_reviews')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '{}', source => NULL)$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '{"lables": []}', source => 'contract_reviews')$$);
SELECT c, pg_temp.error_of(format('SELECT * FROM sentiment_validate(contract => %L, source => %L)', c, 'contract_reviews'))
FROM unnest(ARRAY[
	'{"text_column": 1}', '{"text_column": ""}', '{"label_column": "text"}', '{"columns": []}', '{"columns": {"a": "int4"}}',
	'{"columns": {"": "any"}}', '{"ranges": {"price": 1}}', '{"ranges": {"price": {"minimum": 1}}}',
	'{"ranges": {"price": {"min": "a"}}}', '{"ranges": {"price": {"min": 2, "max": 1}}}',
	'{"ranges": {"price": {"max_null_share": 1.5}}}', '{"labels": "pos"}', '{"labels": []}', '{"labels": [1]}',
	'{"labels": ["a", "a"]}', '{"min_rows": -1}', '{"min_rows": 1.5}', '{"min_text_length": 2, "max_text_length": 1}',
	'{"min_class_share": 0.6, "max_class_share": 0.5}', '{"min_class_share": 0.6, "labels": ["a", "b"]}',
	'{"max_null_text_share": -0.1}', '{"near_duplicate_similarity": 0.1}', '{"outlier_z": 0}', '{"severity": {"nothing": "error"}}',
	'{"severity": {"html": "fatal"}}', '{"label_column": "", "labels": ["a"]}', '{"label_column": "", "min_rows_per_class": 2}'])
	AS c;
-- limits: ranges, labels, columns, bytes
SELECT pg_temp.error_of(format('SELECT * FROM sentiment_validate(contract => %L, source => %L)', c, 'contract_reviews'))
FROM (VALUES
	((SELECT jsonb_build_object('ranges', jsonb_object_agg('c' || i, '{}'::jsonb)) FROM generate_series(1, 33) AS i)),
	((SELECT jsonb_build_object('labels', jsonb_agg('l' || i)) FROM generate_series(1, 1001) AS i)),
	((SELECT jsonb_build_object('columns', jsonb_object_agg('c' || i, 'any')) FROM generate_series(1, 201) AS i)),
	((SELECT jsonb_build_object('labels', jsonb_build_array(repeat('x', 1025))))),
	((SELECT jsonb_build_object('labels', jsonb_build_array(repeat('x', 300000)))))) AS v(c);
SELECT left(pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => jsonb_build_object('text_column', repeat('x', 10000000)),
	source => 'contract_reviews')$$), 200);
-- jsonb itself keeps the last of two equal keys
SELECT '{"min_rows": 1, "min_rows": 1000}'::jsonb;

--
-- Columns: what is not there or of another type is a finding, and the rest is looked at
--
SELECT * FROM pg_temp.findings('{"text_column": "body"}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"label_column": "stars_given"}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"label_column": "", "columns": {"id": "integer", "price": "number", "stars": "number", "verified": "boolean",
	"written": "datetime", "text": "text", "label": "any"}}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"columns": {"id": "text", "price": "integer", "verified": "number", "written": "text", "nothing": "any",
	"label": "enum", "text": "json"}}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"text_column": "id"}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"text_column": "id", "columns": {"id": "integer"}}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"ranges": {"nothing": {"min": 0}, "written": {"min": 0}, "price": {"min": 50}}}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"columns": {"nothing": "any"}, "severity": {"column_missing": "warning"}}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"columns": {"nothing": "any"}, "severity": {"column_missing": "off"}}', 'contract_reviews');

--
-- Checks by the contract: each kept and broken
--
CREATE TABLE contract_faults AS TABLE contract_reviews;
INSERT INTO contract_faults (id, text, label, price) VALUES
	(501, NULL, 'pos', 1), (502, NULL, 'neg', 2), (503, E' \t\n', 'pos', 3), (504, '', 'neg', NULL), (505, 'short', NULL, NULL),
	(506, repeat('long ', 300), 'odd', 1e30), (507, 'a text that stands there twice', 'pos', 'NaN'),
	(508, 'a text that stands there twice', 'neg', -5), (509, 'another text of two rows', 'pos', 1), (510, 'another text of two rows', 'pos', 1e400);
SELECT * FROM pg_temp.findings('{}', 'contract_faults');
SELECT * FROM pg_temp.findings('{"max_null_text_share": 0.001, "max_null_label_share": 0, "max_blank_share": 0, "max_duplicate_share": 0,
	"labels": ["neg", "pos"], "min_text_length": 6, "max_text_length": 1000, "min_rows": 1000, "min_rows_per_class": 210,
	"max_class_share": 0.495, "ranges": {"price": {"min": 0, "max": 1000, "max_null_share": 0}}}', 'contract_faults');
SELECT * FROM pg_temp.findings('{"max_null_text_share": 0.01, "max_null_label_share": 0.01, "max_blank_share": 0.01, "max_duplicate_share": 0.01,
	"labels": ["neg", "pos", "odd"], "max_length_violation_share": 0.01, "min_text_length": 6, "max_text_length": 1000, "min_rows": 410,
	"min_rows_per_class": 1, "max_class_share": 0.6, "max_label_conflict_share": 0.01, "max_unknown_label_share": 0.01,
	"ranges": {"price": {"min": 0, "max": 1000, "max_null_share": 0.01, "max_outside_share": 0.01}}}', 'contract_faults');
-- labels that are allowed but not there
SELECT * FROM pg_temp.findings('{"labels": ["neg", "pos", "new"], "min_rows_per_class": 2, "min_class_share": 0.01}', 'contract_reviews');
SELECT * FROM pg_temp.findings('{"min_class_share": 0.4, "max_class_share": 0.6}', 'contract_reviews', 'label = ''pos'' OR id % 10 = 0');
-- severity
SELECT check_name, severity FROM pg_temp.findings('{"max_null_text_share": 0, "max_blank_share": 0, "severity": {"null_text": "warning",
	"blank_text": "off", "duplicate_text": "off", "label_conflict": "error"}}', 'contract_faults') ORDER BY 1;
-- other rows, by a filter
SELECT * FROM pg_temp.findings('{}', 'contract_faults', 'id > 508 -- to the end');
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '{}', source => 'contract_reviews', filter => 'true) OR (true')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '{}', source => 'contract_reviews', filter => 'nothing > 1')$$);

--
-- Anomalies
--
CREATE TABLE contract_damage AS SELECT id, text FROM contract_reviews;
SELECT * FROM pg_temp.findings('{"label_column": ""}', 'contract_damage');
INSERT INTO contract_damage VALUES
	(601, 'the cafÃ© was closed'), (602, 'itâ€™s a pity'), (603, 'cafÃƒÂ© twice over'), (604, 'lost ' || chr(65533) || ' characters'),
	(605, E'a bell\x07 rings'), (606, 'half a face \ud83d here'), (607, 'one<br/>two &amp; three'), (608, 'MANHÃ… and «É», fine');
SELECT check_name, severity, rows, detail, example FROM pg_temp.findings('{"label_column": ""}', 'contract_damage');
SELECT check_name, severity FROM pg_temp.findings('{"label_column": "", "max_encoding_damage_share": 0.1, "max_html_share": 0,
	"severity": {"html": "error", "mojibake": "error"}}', 'contract_damage');
-- outlying lengths, rates, numbers
CREATE TABLE contract_outliers AS
SELECT i AS id, substr(repeat(md5(i::text) || ' and ', 3), 1, 40 + i * 7 % 30) AS text, 10 + (i * 37 % 50) / 10.0 AS price
FROM generate_series(1, 500) AS i;
INSERT INTO contract_outliers VALUES (601, repeat('very ', 1000), 11), (602, 'SHOUTING AT THE READER ALL THE TIME LONG', 11), (603, 'calm text of ordinary length, as it were', 4711);
SELECT check_name, severity, rows, detail, example FROM sentiment_validate(contract => '{"label_column": "", "ranges": {"price": {}}}', source => 'contract_outliers')
WHERE check_name LIKE 'outlying%';
SELECT check_name, severity, rows FROM sentiment_validate(contract => '{"label_column": "", "ranges": {"price": {}}, "outlier_z": 1000}', source => 'contract_outliers')
WHERE check_name LIKE 'outlying%';
-- near duplicates
CREATE TABLE contract_near AS SELECT id, text FROM contract_reviews;
INSERT INTO contract_near
SELECT 700 + i, 'The plot of this book moves slowly at first, then the hero finds the letter that his father wrote, and from there on nobody'
	|| ' who reads will sleep before the last page is turned, whatever the clock says, nor will they lend it to a friend who asks, for'
	|| ' fear of not seeing it again; and when the sequel comes out next spring all of them will stand in line before the shop opens; ' || (ARRAY['I loved it', 'we liked it', 'he hated it'])[i]
FROM generate_series(1, 3) AS i;
SELECT check_name, severity, rows, left(example, 60) AS example FROM sentiment_validate(contract => '{"label_column": ""}', source => 'contract_near')
WHERE check_name = 'near_duplicate_text';
SELECT check_name, severity, rows FROM sentiment_validate(contract => '{"label_column": "", "max_near_duplicate_share": 0.001, "near_duplicate_similarity": 0.8}', source => 'contract_near')
WHERE check_name = 'near_duplicate_text';
SELECT check_name, severity, rows FROM sentiment_validate(contract => '{"label_column": "", "near_duplicate_similarity": 1}', source => 'contract_near')
WHERE check_name = 'near_duplicate_text';

--
-- Sources of all kinds
--
CREATE TYPE contract_mood AS ENUM ('sad', 'happy');
CREATE DOMAIN contract_text AS varchar(500) CHECK (value <> 'forbidden');
CREATE TABLE contract_types AS
SELECT text::contract_text AS text, (CASE label WHEN 'pos' THEN 'happy' ELSE 'sad' END)::contract_mood AS mood, stars, verified FROM contract_reviews;
SELECT * FROM pg_temp.findings('{"label_column": "mood", "columns": {"mood": "enum", "text": "text"}, "labels": ["happy", "sad"]}', 'contract_types');
SELECT * FROM pg_temp.findings('{"label_column": "stars", "labels": ["0", "1", "2", "3"], "ranges": {"stars": {"max": 3}, "verified": {"max": 1}}}', 'contract_types');
CREATE VIEW contract_view AS SELECT text, label FROM contract_reviews WHERE id <= 100;
CREATE MATERIALIZED VIEW contract_matview AS TABLE contract_view;
CREATE TABLE contract_partitioned (id int, text text, label text) PARTITION BY RANGE (id);
CREATE TABLE contract_part_1 PARTITION OF contract_partitioned FOR VALUES FROM (0) TO (200);
CREATE TABLE contract_part_2 PARTITION OF contract_partitioned FOR VALUES FROM (200) TO (1000);
INSERT INTO contract_partitioned SELECT id, text, label FROM contract_reviews;
SELECT detail FROM pg_temp.findings('{"min_rows": 1000}', 'contract_view');
SELECT detail FROM pg_temp.findings('{"min_rows": 1000}', 'contract_matview');
SELECT detail FROM pg_temp.findings('{"min_rows": 1000}', 'contract_partitioned');
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '{}', source => 'sentiment.contract_contract_id_seq')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate(contract => '{}', source => 1::regclass)$$);
-- no rows, nothing but NULL, one label, very many labels, very long labels and texts
CREATE TABLE contract_odd (text text, label text);
SELECT * FROM pg_temp.findings('{}', 'contract_odd');
SELECT * FROM pg_temp.findings('{"min_rows": 0}', 'contract_odd');
INSERT INTO contract_odd SELECT NULL, NULL FROM generate_series(1, 5);
SELECT * FROM pg_temp.findings('{"max_null_text_share": 0.5, "max_null_label_share": 0.5, "min_rows_per_class": 1, "labels": ["a"]}', 'contract_odd');
TRUNCATE contract_odd;
INSERT INTO contract_odd SELECT md5(i::text), 'label ' || i % 1000 FROM generate_series(1, 3000) AS i;
SELECT * FROM pg_temp.findings('{"labels": ["label 1"], "min_rows_per_class": 4, "max_class_share": 0.0002}', 'contract_odd');
INSERT INTO contract_odd SELECT md5(i::text), 'label ' || i FROM generate_series(3001, 13000) AS i;
INSERT INTO contract_odd VALUES ('long label', repeat('x', 2000));
SELECT * FROM pg_temp.findings('{"min_rows_per_class": 4}', 'contract_odd');
TRUNCATE contract_odd;
INSERT INTO contract_odd VALUES (repeat('very long text ', 3500000), 'a');
SELECT check_name, severity, rows, share, detail, length(example) FROM pg_temp.findings('{"max_text_length": 10000}', 'contract_odd');

--
-- Suggested contracts: the rows keep them, others do not
--
SELECT jsonb_pretty(sentiment_suggest_contract('contract_reviews', numeric_columns => '{price,verified}'));
SELECT count(*) FROM sentiment_validate(sentiment_suggest_contract('contract_reviews', numeric_columns => '{price,verified}'), 'contract_reviews') WHERE severity = 'error';
SELECT count(*) FROM sentiment_validate(sentiment_suggest_contract('contract_faults', numeric_columns => '{price}'), 'contract_faults') WHERE severity = 'error';
SELECT count(*) FROM sentiment_validate(sentiment_suggest_contract('contract_damage', label_column => ''), 'contract_damage') WHERE severity = 'error';
SELECT count(*) FROM sentiment_validate(sentiment_suggest_contract('contract_types', label_column => 'mood'), 'contract_types') WHERE severity = 'error';
SELECT count(*) FROM sentiment_validate(sentiment_suggest_contract('contract_types', label_column => 'stars', numeric_columns => '{stars}'), 'contract_types') WHERE severity = 'error';
SELECT check_name, severity, rows FROM sentiment_validate(sentiment_suggest_contract('contract_reviews', numeric_columns => '{price}'), 'contract_faults') WHERE severity = 'error';
SELECT pg_temp.error_of($$SELECT sentiment_suggest_contract(NULL)$$);
SELECT pg_temp.error_of($$SELECT sentiment_suggest_contract('contract_reviews', 'nothing')$$);
SELECT pg_temp.error_of($$SELECT sentiment_suggest_contract('contract_reviews', numeric_columns => '{text}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_suggest_contract('contract_reviews', numeric_columns => ARRAY[NULL]::name[])$$);
SELECT pg_temp.error_of($$SELECT sentiment_suggest_contract('contract_near', label_column => 'text')$$);
DELETE FROM contract_odd;
SELECT pg_temp.error_of($$SELECT sentiment_suggest_contract('contract_odd')$$);

--
-- A contract of a model, and training by it
--
CREATE ROLE regress_contract_owner;
CREATE ROLE regress_contract_granted;
CREATE ROLE regress_contract_stranger;
GRANT SELECT ON contract_faults TO regress_contract_owner;
SELECT pg_temp.error_of($$SELECT sentiment_set_contract(NULL, '{}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_contract('', '{}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_contract('c_model', NULL)$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_contract('c_model', '{"labels": 1}')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model', 'contract_reviews')$$);
-- it waits for its model, and does not concern anybody else's
SET ROLE regress_contract_stranger;
SELECT sentiment_set_contract('c_model', '{"min_rows": 1000000}');
SET ROLE regress_contract_owner;
SELECT sentiment_set_contract('c_model', '{"min_rows": 1000}');
SELECT sentiment_set_contract('c_model', '{"min_rows": 100, "ranges": {"price": {"max": 50}}}');
SELECT model, version, contract, waits_for_model, in_force, set_by FROM sentiment_contracts;
SELECT check_name, severity, rows FROM sentiment_validate('c_model', 'contract_reviews') WHERE severity = 'error';
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model', 'contract_reviews', store => true)$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_train('c_model', 'contract_reviews')$$);
SELECT sentiment_set_contract('c_model', '{"min_rows": 100, "text_column": "words"}');
SELECT pg_temp.error_of($$SELECT * FROM sentiment_train('c_model', 'contract_reviews')$$);
SELECT sentiment_set_contract('c_model', '{"min_rows": 100, "ranges": {"price": {"max": 100}}, "max_outlier_share": 1}');
SELECT version, deployed FROM sentiment_train('c_model', 'contract_reviews');
SELECT model, version, waits_for_model, in_force FROM sentiment_contracts;
SELECT validation_id, model, contract_version, trained_version, source_name, filter, rows, errors, passed, validated_by FROM sentiment_validations;
SELECT sentiment_set_contract('c_model', '{"labels": ["neg", "pos"], "max_duplicate_share": 0, "max_null_text_share": 0}');
SELECT check_name, severity, rows, example FROM sentiment_validate('c_model', 'contract_faults', store => true) WHERE severity = 'error';
SELECT pg_temp.error_of($$SELECT * FROM sentiment_train('c_model', 'contract_faults')$$);
SELECT trained_version, source_name, rows, errors, passed FROM sentiment_validations ORDER BY validation_id;
SELECT check_name, severity, rows, example FROM sentiment_validation_findings WHERE severity = 'error' ORDER BY validation_id, check_name;
-- from what it was trained, read as who named it; a filter would be run by him
SELECT check_name, severity FROM sentiment_validate('c_model') WHERE severity = 'error';
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model', filter => 'true')$$);
-- three roles
SELECT sentiment_grant('c_model', 'regress_contract_granted', 'predict');
SET ROLE regress_contract_granted;
SELECT count(*) AS contracts FROM sentiment_contracts;
SELECT count(*) AS validations FROM sentiment_validations;
SELECT check_name, severity, rows, example FROM sentiment_validation_findings WHERE severity = 'error' ORDER BY check_name;
SELECT count(*) AS examples FROM sentiment.validation_example;
SELECT count(*) FROM sentiment_validate('c_model', 'contract_reviews') WHERE severity = 'error';
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model', 'contract_faults')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model')$$);
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model', 'contract_reviews', store => true)$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_contract('c_model', '{}')$$);
SELECT pg_temp.error_of($$DELETE FROM sentiment.contract$$);
SET ROLE regress_contract_stranger;
SELECT model, version, waits_for_model FROM sentiment_contracts;
SELECT count(*) AS validations FROM sentiment_validations;
SELECT count(*) AS findings FROM sentiment.validation_finding;
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_model', 'contract_reviews')$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_contract('c_model', '{}')$$);
RESET ROLE;
-- one who may train reads the owner's source through the model, but sees none of its texts
SET ROLE regress_contract_owner;
SELECT sentiment_set_contract('c_model', '{"max_text_length": 10}');
SELECT sentiment_grant('c_model', 'regress_contract_granted', 'train');
SELECT check_name, rows, length(example) FROM sentiment_validate('c_model') WHERE severity = 'error';
SET ROLE regress_contract_granted;
SELECT check_name, rows, example FROM sentiment_validate('c_model') WHERE severity = 'error';
SELECT sentiment_set_contract('c_model', NULL);
RESET ROLE;
-- a contract that waits while somebody else makes the model is in force for its setter's training, which hands it to the model
SET ROLE regress_contract_granted;
SELECT sentiment_set_contract('c_shared', '{"min_rows": 1000}');
SET ROLE regress_contract_owner;
SELECT version FROM sentiment_train('c_shared', 'contract_reviews');
SELECT sentiment_grant('c_shared', 'regress_contract_granted', 'train');
SET ROLE regress_contract_granted;
SELECT pg_temp.error_of($$SELECT * FROM sentiment_train('c_shared', 'contract_reviews')$$);
SELECT sentiment_set_contract('c_shared', '{"min_rows": 10}');
SELECT version, waits_for_model, in_force FROM sentiment_contracts WHERE model = 'c_shared';
SELECT version FROM sentiment_train('c_shared', 'contract_reviews', deploy => 'never');
SELECT contract_version, trained_version, errors FROM sentiment_validations WHERE model = 'c_shared';
RESET ROLE;
SELECT sentiment_drop_model('c_shared');
-- a source with row security is read as the caller
CREATE TABLE contract_secured AS TABLE contract_reviews;
ALTER TABLE contract_secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON contract_secured USING (id <= 30);
GRANT SELECT ON contract_secured TO PUBLIC;
SET ROLE regress_contract_stranger;
SELECT detail FROM sentiment_validate(contract => '{"min_rows": 31}', source => 'contract_secured') WHERE check_name = 'rows';
RESET ROLE;
SELECT detail FROM sentiment_validate(contract => '{"min_rows": 401}', source => 'contract_secured') WHERE check_name = 'rows';
-- removed: no more validation; removing it again is an error; the history stays
SELECT pg_temp.error_of($$SELECT sentiment_set_contract('c_model', NULL)$$);
SELECT version FROM sentiment_train('c_model', 'contract_reviews', deploy => 'never');
SELECT count(*) FROM sentiment_validations WHERE model = 'c_model';
SELECT model, version, contract IS NULL AS removed, in_force FROM sentiment_contracts WHERE model = 'c_model' ORDER BY waits_for_model, version;

--
-- Labels that a model contradicts, on rows that it has not seen
--
CREATE TABLE contract_labels AS SELECT id, text, label FROM contract_reviews;
INSERT INTO contract_labels SELECT id + 1000, 'again ' || md5(id::text) || substr(text, 33), label FROM contract_reviews;
SELECT version FROM sentiment_train('c_labels', 'contract_labels');
SELECT count(*) FROM sentiment_validate('c_labels', 'contract_labels') WHERE check_name = 'label_error';
UPDATE contract_labels SET label = CASE label WHEN 'pos' THEN 'neg' ELSE 'pos' END WHERE id % 40 < 4;
SELECT check_name, severity, rows BETWEEN 3 AND 20 AS rows, share BETWEEN 0.02 AND 0.15 AS share, example ~ '^labelled "(neg|pos)", predicted "(neg|pos)" \(0\.\d+\): .*' AS example
FROM sentiment_validate('c_labels', 'contract_labels') WHERE check_name = 'label_error';
SELECT count(*) FROM sentiment_validate('c_labels', 'contract_labels', check_labels => false) WHERE check_name = 'label_error';
-- a training asks the model only if the contract makes it an error
SELECT sentiment_set_contract('c_labels', '{"max_label_error_share": 0}');
SELECT version FROM sentiment_train('c_labels', 'contract_labels', deploy => 'never');
SELECT count(*) FROM sentiment_validation_findings WHERE model = 'c_labels' AND check_name = 'label_error';
SELECT sentiment_set_contract('c_labels', '{"max_label_error_share": 0, "severity": {"label_error": "error"}}');
SELECT pg_temp.error_of($$SELECT * FROM sentiment_train('c_labels', 'contract_labels')$$) ~ '^23514: the rows of "contract_labels" break the contract of model "c_labels"\nDETAIL: label_error' AS stopped;

--
-- The split: the same texts held out as in training
--
CREATE TABLE contract_split AS SELECT id, text || ' ' || n AS text, label FROM contract_reviews, generate_series(1, 20) AS n;
SELECT version FROM sentiment_train('c_split', 'contract_split');
SELECT count(*) FROM sentiment_validate('c_split', 'contract_split', check_labels => false) WHERE check_name LIKE 'split%';
UPDATE contract_split SET label = 'pos' WHERE sentiment_label_evidence(text, label, 'c_split',
	(SELECT split_seed FROM sentiment.model WHERE name = 'c_split'), 0.2, NULL) IS NOT NULL;
SELECT check_name, severity FROM sentiment_validate('c_split', 'contract_split', check_labels => false) WHERE check_name LIKE 'split%';

--
-- In parallel the same, byte for byte
--
CREATE TABLE contract_many AS SELECT id + n * 1000 AS id, CASE WHEN n % 3 = 0 THEN text ELSE text || n END AS text, label, price FROM contract_faults, generate_series(1, 25) AS n;
ALTER TABLE contract_many SET (parallel_workers = 2);
ANALYZE contract_many;
CREATE VIEW contract_state AS SELECT sentiment_validation_agg(text, label, ARRAY[sentiment_numeric_to_float8(price)], NULL,
	'{"contract": {"ranges": {"price": {"max": 50}}}, "split_seed": "17", "holdout": 0.3}') AS state FROM contract_many;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE contract_serial AS SELECT state::text FROM contract_state;
CREATE TEMP TABLE contract_serial_findings AS SELECT * FROM sentiment_validate(contract => '{"ranges": {"price": {"max": 50}}}', source => 'contract_many');
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT * FROM contract_state;
SELECT s.state = p.state::text AS state, length(s.state) > 10000 AS not_empty FROM contract_serial AS s, contract_state AS p;
SET parallel_leader_participation = off;
SELECT s.state = p.state::text AS state FROM contract_serial AS s, contract_state AS p;
SELECT count(*) AS differences FROM ((TABLE contract_serial_findings EXCEPT ALL SELECT * FROM sentiment_validate(contract => '{"ranges": {"price": {"max": 50}}}', source => 'contract_many'))
	UNION ALL (SELECT * FROM sentiment_validate(contract => '{"ranges": {"price": {"max": 50}}}', source => 'contract_many') EXCEPT ALL TABLE contract_serial_findings)) AS d;
RESET parallel_leader_participation;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- the state as a value: there and back; hostile ones are refused
SELECT state = state::sentiment_validation::text AS same FROM contract_serial;
SELECT left(state, 2 + 2 * n) AS start, pg_temp.error_of(format('SELECT %L::sentiment_validation', left(state, 2 + 2 * n))) FROM contract_serial, unnest('{0,3,4,10}'::int[]) AS n;
SELECT pg_temp.error_of(format('SELECT %L::sentiment_validation', left(state, length(state) - 2))) AS cut, pg_temp.error_of(format('SELECT %L::sentiment_validation', state || '00')) AS longer FROM contract_serial;
SELECT pg_temp.error_of($$SELECT 'a'::sentiment_validation$$);
SELECT pg_temp.error_of($$SELECT sentiment_validation_agg('a', 'b', '{1,2}', NULL, '{"contract": {"ranges": {"x": {}}}}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_validation_agg('a', 'b', NULL, NULL, '{"contract": {"ranges": {"x": {}}}}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_validation_agg('a', 'b', NULL, '{0,2,1,1}', '{"model_labels": 2}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_validation_agg('a', 'b', NULL, NULL, '{"contract": {"nothing": 1}}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_validation_combine(sentiment_validation_agg('a', 'b', NULL, NULL, '{}'), sentiment_validation_agg('a', 'b', NULL, NULL, '{"holdout": 0.5}'))$$);

-- nothing is written where nothing may be
BEGIN READ ONLY;
SELECT count(*) FROM sentiment_validate(contract => '{"min_rows": 1000}', source => 'contract_reviews') WHERE check_name = 'rows';
SELECT count(*) >= 0 AS works FROM sentiment_validate('c_labels');
SELECT pg_temp.error_of($$SELECT * FROM sentiment_validate('c_labels', store => true)$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_contract('c_labels', '{}')$$);
ROLLBACK;

-- a model that is dropped takes its contracts and validations along
SELECT sentiment_drop_model('c_model'), sentiment_drop_model('c_labels'), sentiment_drop_model('c_split');
SELECT count(*) FROM sentiment.validation;
SELECT model, waits_for_model, set_by FROM sentiment_contracts;
DROP TABLE contract_odd, contract_near, contract_damage, contract_outliers, contract_types, contract_labels, contract_split, contract_secured, contract_partitioned;
DROP VIEW contract_state;
DROP TABLE contract_many, contract_faults CASCADE;
DROP MATERIALIZED VIEW contract_matview;
DROP VIEW contract_view;
DROP TABLE contract_reviews;
DROP TYPE contract_mood;
DROP DOMAIN contract_text;
DELETE FROM sentiment.contract;
DROP ROLE regress_contract_owner, regress_contract_granted, regress_contract_stranger;
