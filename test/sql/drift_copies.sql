-- Rows that stand several times, by a join or a repost, are not independent: they are no drift, and drift is found among them.
SET client_min_messages = warning;
SELECT setseed(0.25);
CREATE TABLE copied AS
SELECT i AS id, (SELECT string_agg('w' || floor(1 / (random() * 0.999 + 0.001))::int || '_' || floor(random() * 3)::int, ' ')
				 FROM generate_series(1, 10 + (random() * 40)::int) j WHERE i > 0)
	   || CASE WHEN i % 2 = 0 THEN ' good' ELSE ' bad' END AS text,
	   CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label, round((random() * 100)::numeric, 2) AS price
FROM generate_series(1, 1600) i;
-- three times each; twice, and one text in eleven 20 times
CREATE TABLE copied_before AS SELECT c.* FROM copied c, generate_series(1, 3) WHERE id <= 1000;
CREATE TABLE copied_after AS
SELECT c.* FROM copied c, generate_series(1, CASE WHEN id % 11 = 0 THEN 20 ELSE 2 END) WHERE id > 1000;
CREATE TABLE copied_once AS SELECT * FROM copied WHERE id > 1000;
SELECT version FROM sentiment_train('copies', 'copied_before', numeric_columns => '{price}', deploy => 'always');
SELECT drifted FROM sentiment_check_drift('copies', 'copied_after') WHERE feature = '(report)';
SELECT drifted FROM sentiment_check_drift('copies', 'copied_once') WHERE feature = '(report)';
-- 546 texts twice and 54 of them 20 times: 2172 squared / (546 * 4 + 54 * 400) is 198
SELECT rows, effective_rows BETWEEN 170 AND 230 AS effective, reference_rows > 200 AS reference_rows,
	   effective_reference_rows < 0.5 * reference_rows AS effective_reference, drifted
FROM sentiment_drift_reports WHERE source_name = 'copied_after';
SELECT rows, effective_rows BETWEEN 500 AND 600 AS effective FROM sentiment_drift_reports WHERE source_name = 'copied_once';
-- drift among the copies
UPDATE copied_after SET text = upper(text) || ' ' || text;
SELECT feature, statistic FROM sentiment_check_drift('copies', 'copied_after') WHERE drifted AND feature IN ('(report)', 'text_len', 'caps_ratio', '(domain classifier)');
-- a text that floods the rows hides none of it
TRUNCATE copied_after;
INSERT INTO copied_after SELECT id, upper(text), label, price FROM copied WHERE id > 1000;
INSERT INTO copied_after SELECT c.* FROM copied c, generate_series(1, 500) WHERE id = 1001;
SELECT feature, statistic FROM sentiment_check_drift('copies', 'copied_after') WHERE drifted;
-- by itself it is none, unless it makes up most of the rows
UPDATE copied_after SET text = c.text FROM copied c WHERE c.id = copied_after.id;
SELECT feature, statistic, drifted FROM sentiment_check_drift('copies', 'copied_after') WHERE drifted OR feature = '(report)';
INSERT INTO copied_after SELECT c.* FROM copied c, generate_series(1, 500) WHERE id = 1001;
SELECT feature, statistic, round(value::numeric, 2) AS value FROM sentiment_check_drift('copies', 'copied_after') WHERE drifted AND feature <> '(report)';
SELECT drifted FROM sentiment_check_drift('copies', 'copied_after', params => '{"repeated": 0.9}') WHERE feature = '(repeated text)';
-- texts without a word are no copies of one another
TRUNCATE copied_after;
INSERT INTO copied_after SELECT id, CASE WHEN id % 3 = 0 THEN ' ' ELSE text END, label, price FROM copied WHERE id > 1000;
SELECT drifted FROM sentiment_check_drift('copies', 'copied_after') WHERE feature = 'text_len' AND statistic = 'psi';
SELECT effective_rows BETWEEN 500 AND 600 AS effective FROM sentiment_drift_reports ORDER BY report_id DESC LIMIT 1;
SELECT sentiment_drop_model('copies');
DROP TABLE copied, copied_before, copied_after, copied_once;
RESET client_min_messages;
