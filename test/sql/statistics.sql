-- Statistics in shared memory, on a server that has none of the extension's: it says so.
-- (test/t/010_statistics.pl has a server that has.)

SET client_min_messages = warning;
CREATE TABLE statistics_reviews AS
SELECT (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 200) AS i;
SELECT version FROM sentiment_train('s', 'statistics_reviews');
SELECT sentiment_predict('a good book', 's');

SELECT * FROM sentiment_stat_predictions;
SELECT * FROM sentiment_stat_confidence;
SELECT * FROM sentiment_stat_latency;
SELECT * FROM sentiment_stat_latency_buckets;
SELECT * FROM sentiment_stat_errors;
SELECT * FROM sentiment_stat_shadow;
SELECT * FROM sentiment_stat_training;
SELECT * FROM sentiment_stat_features;
SELECT * FROM sentiment_stat_table();
SELECT sentiment_stat_reset();
SELECT sentiment_stat_reset('s');
SELECT sentiment_stat_reset('missing');
SELECT count(*) FROM sentiment_stat_versions(true);
SELECT cardinality(sentiment_stat_latency_bounds()), sentiment_stat_error_classes();
SHOW sentiment.track_predictions;
SHOW sentiment.max_tracked_versions;
SET sentiment.max_tracked_versions = 5;

-- what is to be told without them
SELECT name, type, labels, CASE WHEN name ~ '(timestamp|bytes)' THEN NULL ELSE round(value::numeric, 3)::float8 END AS value
FROM sentiment_metrics() WHERE labels->>'model' = 's' OR labels = '{}' ORDER BY name;
-- names and types as Prometheus wants them, one type and help for a name
SELECT name FROM sentiment_metrics() WHERE name !~ '^[a-z][a-z0-9_]*$' OR type NOT IN ('gauge', 'counter', 'histogram') OR value IS NULL;
SELECT name FROM sentiment_metrics() GROUP BY name HAVING count(DISTINCT (type, help)) > 1;
SELECT name, labels FROM sentiment_metrics() GROUP BY name, labels HAVING count(*) > 1;

-- of drift, validations and retrainings, the last
SELECT count(*) > 0 AS checked FROM sentiment_check_drift('s', 'statistics_reviews');
SELECT count(*) AS findings FROM sentiment_validate('s', store => true);
SELECT status FROM sentiment_retrain('s', 'test');
SELECT name, labels - 'version' AS labels, count(*) AS samples, bool_and(value >= 0) AS is_number
FROM sentiment_metrics() WHERE name ~ '^sentiment_(drift|retraining|validation)' AND labels->>'model' = 's'
	AND (labels->>'feature' IS NULL OR labels->>'feature' = '(score)')
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT name, labels FROM sentiment_metrics() GROUP BY name, labels HAVING count(*) > 1;

-- a role sees what it may use
CREATE ROLE regress_sentiment_a;
SET ROLE regress_sentiment_a;
SELECT sentiment_stat_reset();
SELECT sentiment_stat_reset('s');
SELECT count(*) FROM sentiment_metrics() WHERE labels ? 'model';
SET sentiment.track_predictions = off;
RESET ROLE;
SELECT sentiment_grant('s', 'regress_sentiment_a', 'predict');
SET ROLE regress_sentiment_a;
SELECT count(*) > 0 AS seen FROM sentiment_metrics() WHERE labels ? 'model';
SELECT sentiment_stat_reset('s');
RESET ROLE;
SELECT sentiment_drop_model('s');
DROP TABLE statistics_reviews;
DROP ROLE regress_sentiment_a;
