-- The text of a label is the same in every session, and one for equal values.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.other_settings() RETURNS void LANGUAGE sql AS $$
	SELECT set_config('DateStyle', 'German', false), set_config('TimeZone', 'Asia/Kolkata', false), set_config('IntervalStyle', 'iso_8601', false),
		set_config('extra_float_digits', '-10', false), set_config('bytea_output', 'escape', false);
$$;
CREATE VIEW label_texts AS SELECT sentiment.label_text(date '2024-01-02') AS date, sentiment.label_text(timestamptz '2024-01-02 03:04:05.5+00') AS timestamptz,
	sentiment.label_text(timestamp 'infinity') AS timestamp, sentiment.label_text(interval '1 month 2 days 03:00') AS interval, sentiment.label_text(float8 '0.1' + float8 '0.2') AS float8,
	sentiment.label_text(float4 '-0') AS float4, sentiment.label_text('\x00ff'::bytea) AS bytea, sentiment.label_text(1.100) AS numeric, sentiment.label_text(100.0) AS whole,
	sentiment.label_text(ARRAY[date '2024-01-02']) AS array, sentiment.label_text(daterange('2024-01-02', NULL)) AS range, sentiment.label_text('a '::text) AS text,
	sentiment.label_text(NULL::date) AS missing;
\x on
SELECT * FROM label_texts;
SELECT FROM pg_temp.other_settings();
SELECT * FROM label_texts;
RESET ALL;
\x off
SET client_min_messages = warning;

-- every use of labels of such types, in another session than that of the training
CREATE DOMAIN label_day AS date;
CREATE TABLE label_rows AS
SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'good ' ELSE 'bad ' END || i % 40 || ' w' || i AS text, (date '2024-01-02' + i % 2)::label_day AS day,
	timestamptz '2024-01-02 00:00+00' + make_interval(hours => i % 2) AS moment, make_interval(days => i % 2) AS span, float8 '0.1' + i % 2 + float8 '0.2' AS number,
	CASE WHEN i % 2 = 0 THEN 1.1 WHEN i % 3 = 0 THEN 1.20 ELSE 1.2 END AS exact, CASE WHEN i % 2 = 0 THEN '\x00'::bytea ELSE '\xff' END AS bytes
FROM generate_series(1, 300) AS i;
CREATE TABLE label_answers (kind text, labels text[], f1 float8, gate bool, drifted bool, findings bigint, same bool);
CREATE PROCEDURE label_uses(columns name[]) LANGUAGE plpgsql AS $$
DECLARE
	label name;
	answer label_answers;
BEGIN
	FOREACH label IN ARRAY columns LOOP
		answer.kind := label;
		PERFORM sentiment_train('of ' || label, 'label_rows', label_column => label, deploy => 'always');
		SELECT labels, (metrics->>'f1')::float8 INTO answer.labels, answer.f1 FROM sentiment_model_versions WHERE model = 'of ' || label ORDER BY version DESC LIMIT 1;
		SELECT passed INTO answer.gate FROM sentiment_check_gate('of ' || label, 1) WHERE check_name = 'min_f1';
		SELECT drifted INTO answer.drifted FROM sentiment_check_drift('of ' || label, 'label_rows', label_column => label) WHERE feature = '(label)';
		PERFORM sentiment_set_contract('of ' || label, sentiment_suggest_contract('label_rows', label_column => label));
		SELECT count(*) FILTER (WHERE severity = 'error') INTO answer.findings FROM sentiment_validate('of ' || label);
		EXECUTE format('SELECT bool_and(sentiment_predict(text, %L) = sentiment.label_text(%I)) FROM label_rows', 'of ' || label, label) INTO answer.same;
		INSERT INTO label_answers SELECT answer.*;
	END LOOP;
END
$$;
CALL label_uses('{day,moment,span,number,exact,bytes}');
SELECT FROM pg_temp.other_settings();
CALL label_uses('{day,moment,span,number,exact,bytes}');
RESET ALL;
SET client_min_messages = warning;
SELECT kind, count(*), min(labels::text) AS labels, min(labels::text) = max(labels::text) AS equal, min(f1) AS f1, bool_and(gate) AS gate, bool_or(drifted) AS drifted,
	max(findings) AS errors, bool_and(same) AS predicted
FROM label_answers GROUP BY kind ORDER BY kind;
-- aggregates of labels that are numbers
SELECT label, round(probability::numeric, 1) FROM sentiment_probabilities((SELECT sentiment_fit(text, exact) FROM label_rows), 'good') ORDER BY label;
SELECT jsonb_object_keys(sentiment_evaluate(exact, sentiment_predict(text, 'of exact'))->'classes') FROM label_rows;

-- labels that are most likely one: a warning of the training, and a finding
CREATE VIEW near_labels AS
SELECT id, text, CASE WHEN id % 10 = 0 THEN 'Pos' WHEN id % 10 = 1 THEN 'pos ' WHEN id % 2 = 0 THEN 'pos' WHEN id % 10 = 3 THEN U&'ne\0301g' ELSE U&'n\00e9g' END AS label
FROM label_rows;
SELECT version FROM sentiment_train('of near', 'near_labels');
SELECT severity, rows, round(share::numeric, 2) AS share, detail FROM sentiment_validate('of near', check_labels => false) WHERE check_name = 'near_equal_labels';
SELECT count(*) FROM sentiment_validate(contract => '{"severity": {"near_equal_labels": "off"}}', source => 'near_labels') WHERE check_name = 'near_equal_labels';
SELECT sentiment_set_contract('of near', '{"severity": {"near_equal_labels": "error"}}');
SELECT version FROM sentiment_train('of near', 'near_labels');
-- who may retrain, and may not read the rows, is not told the labels
SELECT sentiment_set_contract('of near', NULL);
CREATE ROLE regress_label_trainer;
SELECT sentiment_grant('of near', 'regress_label_trainer', 'train');
SET ROLE regress_label_trainer;
SELECT status FROM sentiment_retrain('of near');
RESET ROLE;
SELECT sentiment_revoke('of near', 'regress_label_trainer', 'train');
DROP ROLE regress_label_trainer;
DROP VIEW near_labels;

SELECT count(sentiment_drop_model(model)) FROM sentiment_models WHERE model LIKE 'of %';
DROP TABLE label_rows, label_answers;
DROP PROCEDURE label_uses(name[]);
DROP VIEW label_texts;
DROP DOMAIN label_day;
