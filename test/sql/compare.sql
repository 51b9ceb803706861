-- sentiment_compare: versions on the same rows, with intervals and paired differences.

SET client_min_messages = error;

CREATE TABLE compare_reviews AS
SELECT i AS id, 'book ' || i || ' ' || (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] AS text, CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label,
	i % 7 AS number, (i % 3) + CASE WHEN i % 4 < 2 THEN 10 ELSE 0 END AS hint
FROM generate_series(1, 1000) AS i;
CREATE VIEW compare_few AS SELECT * FROM compare_reviews WHERE id <= 400;
SELECT version FROM sentiment_train('cmp', 'compare_reviews', params => '{"C": 1}');
SELECT version FROM sentiment_train('cmp', 'compare_few', params => '{"max_features": 1, "holdout": 0.1}', deploy => 'never');
SELECT version FROM sentiment_train('cmp', 'compare_reviews', params => '{"C": 1}', deploy => 'never');
SELECT version FROM sentiment_train('cmp', 'compare_reviews', params => '{"max_features": 1}', numeric_columns => '{hint}', deploy => 'never');

-- all versions, the one in production first; one row set
SELECT version, metric, round(value::numeric, 3) AS value, lower <= value AND value <= upper AS holds, round(difference::numeric, 3) AS difference,
	difference_lower <= difference AND difference <= difference_upper AS difference_holds, better, round(baseline::numeric, 3) AS baseline
FROM sentiment_compare('cmp');
SELECT count(DISTINCT (rows, row_set)) AS row_sets, min(rows) AS rows, min(length(row_set)) AS length FROM sentiment_compare('cmp');
-- the figures of a training are those of the same rows
SELECT abs(c.value - (v.metrics ->> 'macro_f1')::float8) < 1e-12 AS equal, c.row_set = v.metrics ->> 'row_set' AS same_rows,
	c.lower = (v.metrics #>> '{intervals,macro_f1,0}')::float8 AS same_interval
FROM sentiment_compare('cmp', '{3}') AS c, sentiment_model_versions AS v WHERE v.model = 'cmp' AND v.version = 3 AND c.metric = 'macro_f1';
-- other orders, other rows
SELECT version, better FROM sentiment_compare('cmp', '{2,3}') WHERE metric = 'macro_f1';
SELECT DISTINCT rows FROM sentiment_compare('cmp', '{1,3}', 'compare_reviews', 'id > 900', all_rows => true);
SELECT DISTINCT rows < 100 AS fewer FROM sentiment_compare('cmp', '{1,3}', 'compare_reviews', 'id > 900');
CREATE VIEW compare_renamed AS SELECT text AS body, label AS mood, number, hint FROM compare_reviews;
SELECT count(*) FROM sentiment_compare('cmp', '{1,4}', 'compare_renamed', text_column => 'body', label_column => 'mood');
SELECT count(*) FROM sentiment_compare('cmp', '{1,4}', 'compare_renamed');
-- other labels: F1 is macro F1, and there is no ROC curve of a common label
SELECT metric, value IS NULL AS unknown FROM sentiment_compare('cmp', '{1}', 'compare_reviews', label_column => 'number') WHERE metric IN ('f1', 'roc_auc');
-- nothing to measure on
SELECT metric, value, lower, rows FROM sentiment_compare('cmp', '{1,2}', 'compare_reviews', 'false') WHERE metric IN ('f1', 'log_loss');

-- bad input
SELECT sentiment_compare(NULL);
SELECT sentiment_compare('cmp_missing');
SELECT sentiment_compare('cmp', '{}');
SELECT sentiment_compare('cmp', '{1,9}');
SELECT sentiment_compare('cmp', '{1,1}');
SELECT sentiment_compare('cmp', '{1,NULL}');
SELECT sentiment_compare('cmp', '{1}', filter => 'true');
SELECT sentiment_retire('cmp', 2);
SELECT sentiment_compare('cmp', '{1,2}');
SELECT array_agg(DISTINCT version) FROM sentiment_compare('cmp');
BEGIN READ ONLY;
SELECT count(*) FROM sentiment_compare('cmp');
ROLLBACK;

-- whose rights: candidates need train; the stored source too, and it is read as stored ones are
CREATE ROLE regress_compare;
GRANT SELECT ON compare_few TO regress_compare;
SELECT sentiment_grant('cmp', 'regress_compare', 'predict');
SET ROLE regress_compare;
SELECT count(*) FROM sentiment_compare('cmp', '{1}', 'compare_few');
SELECT count(*) FROM sentiment_compare('cmp', '{1,3}', 'compare_few');
SELECT count(*) FROM sentiment_compare('cmp', '{1}', 'compare_reviews');
SELECT count(*) FROM sentiment_compare('cmp', '{1}');
RESET ROLE;
SELECT sentiment_grant('cmp', 'regress_compare', 'train');
SET ROLE regress_compare;
SELECT count(*) FROM sentiment_compare('cmp', '{1,3}');
RESET ROLE;
-- an error that may quote a row is told by its class to who may not read it
ALTER TABLE compare_reviews RENAME TO compare_renamed_reviews;
CREATE VIEW compare_reviews AS SELECT text, label, number + 1 / (id - 500) AS number, hint FROM compare_renamed_reviews WHERE ('x' || id)::text <> '' AND (text || CASE WHEN id = 500 THEN 'x' ELSE '' END)::text <> '' AND CASE WHEN id = 500 THEN text::int ELSE 1 END > 0;
SET ROLE regress_compare;
SELECT count(*) FROM sentiment_compare('cmp', '{1}');
RESET ROLE;

SELECT sentiment_drop_model('cmp');
DROP VIEW compare_reviews, compare_few, compare_renamed;
DROP TABLE compare_renamed_reviews;
DROP OWNED BY regress_compare;
DROP ROLE regress_compare;
