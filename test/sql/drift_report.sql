-- Drift of rows from what a version was trained on: reference, report, privileges, bad input.
SET client_min_messages = warning;
SET extra_float_digits = 0;

CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;

CREATE FUNCTION made_review(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(CASE WHEN h % 7 = 0 THEN (ARRAY['lovely', 'awful'])[1 + i % 2]
						   ELSE (ARRAY['the', 'coffee', 'tea', 'taste', 'price', 'box', 'is', 'was', 'a', 'of', 'it', 'cup', 'milk', 'dark'])[1 + h % 14] END,
					  ' ' ORDER BY j) || (ARRAY['.', '!'])[1 + (i / 3) % 2]
	FROM generate_series(1, 8 + (hashint4(i) & 15)) AS j, LATERAL (SELECT hashint4(i * 100 + j) & 65535) AS r(h)
$$;
CREATE TABLE drift_reviews AS
SELECT i AS id, made_review(i) AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label, (hashint4(i) & 63)::numeric AS price
FROM generate_series(1, 3000) AS i;
CREATE VIEW drift_training AS SELECT * FROM drift_reviews WHERE id <= 2000;
SELECT version, rows_held_out > 300 AS enough FROM sentiment_train('d', 'drift_training', numeric_columns => '{price}');
CREATE VIEW reference AS SELECT p.profile FROM sentiment.version_profile AS p JOIN sentiment.model AS m USING (model_id) WHERE m.name = 'd' AND p.version = 1;

-- the reference: of the held-out rows, small, no words
SELECT (s->>'rows')::int = rows_held_out AS rows, s->'scored' = s->'rows' AS scored, (s->>'sampled')::int = rows_held_out AS sampled,
	   jsonb_array_length(s->'embedding_mean') AS dimensions, jsonb_array_length(s->'embedding_covariance') AS covariance,
	   jsonb_typeof(s#>'{text_features,text_len,mean}') AS mean, s::text !~ 'lovely|coffee' AND profile::text !~ encode('lovely', 'hex') AS no_words, length(profile::text) < 400000 AS small
FROM reference, sentiment_drift_profile_summary(profile) AS s, sentiment_model_versions WHERE model = 'd';

-- rows like those of the training: no drift
SELECT * FROM sentiment_check_drift('d', 'drift_reviews', 'id > 2000') WHERE feature = '(report)' OR drifted;
-- the rows of the training themselves are no drift either, although the model is surer of them
SELECT drifted FROM sentiment_check_drift('d', 'drift_training') WHERE feature = '(report)';
SELECT feature, statistic, threshold, value IS NULL AS unknown FROM sentiment_check_drift('d', 'drift_reviews', 'id > 2000', store => false);

-- drift of every kind
CREATE FUNCTION check_kind(kind text, strength float8) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	answer boolean;
BEGIN
	CREATE TABLE drifted_window AS SELECT id, sentiment_inject_drift(text, kind, strength, 1) AS text, label, price FROM drift_reviews WHERE id > 2000;
	SELECT drifted INTO answer FROM sentiment_check_drift('d', 'drifted_window', store => false) WHERE feature = '(report)';
	DROP TABLE drifted_window;
	RETURN answer;
END $$;
SELECT kind, check_kind(kind, 0) AS "0", check_kind(kind, 1) AS "1"
FROM unnest('{longer,shorter,shouting,typos,vocabulary_swap,negation_flip}'::text[]) AS kind;
CREATE VIEW shifted AS SELECT * FROM drift_reviews WHERE id > 2000 AND sentiment_inject_class_shift(text, label, 'pos', 1, 0);
SELECT feature, statistic FROM sentiment_check_drift('d', 'shifted') WHERE drifted AND feature IN ('(report)', '(label)', '(predicted label)', '(score)');
CREATE VIEW not_shifted AS SELECT * FROM drift_reviews WHERE id > 2000 AND sentiment_inject_class_shift(text, label, 'pos', 0, 0);
SELECT drifted FROM sentiment_check_drift('d', 'not_shifted') WHERE feature = '(report)';
CREATE VIEW dear AS SELECT id, text, label, sentiment_inject_drift(price::float8, 'shift', 2) AS price FROM drift_reviews WHERE id > 2000;
SELECT feature, statistic FROM sentiment_check_drift('d', 'dear') WHERE drifted;
CREATE VIEW missing AS SELECT id, text, label, sentiment_inject_drift(price::float8, 'missing', 0.5) AS price FROM drift_reviews WHERE id > 2000;
SELECT feature, statistic FROM sentiment_check_drift('d', 'missing') WHERE drifted;

-- stored reports
SELECT r.drifted, r.findings, r.tests > 20 AS tests, r.rows, r.source_name, r.filter, r.label_column, r.alpha, r.checked_by = current_user AS mine
FROM sentiment_drift_reports AS r WHERE r.model = 'd' ORDER BY report_id;
CREATE VIEW report_of_shifted AS SELECT report_id FROM sentiment_drift_reports WHERE source_name = 'shifted';
SELECT count(*) > 20 AS findings, count(*) FILTER (WHERE drifted) AS drifted FROM sentiment_drift_features JOIN report_of_shifted USING (report_id);
SELECT jsonb_pretty(bins) FROM sentiment_drift_bins JOIN report_of_shifted USING (report_id) WHERE feature = '(label)';
SELECT feature, statistic, abs(sum((bin->>'reference')::float8) - 1) < 1e-9 AS reference, abs(sum((bin->>'current')::float8) - 1) < 1e-9 AS current
FROM sentiment_drift_bins JOIN report_of_shifted USING (report_id), jsonb_array_elements(bins) AS bin WHERE feature IN ('(score)', 'price') GROUP BY 1, 2 ORDER BY 1;

-- the sample is chosen by where a row is, so scans in parallel workers give the same profile
CREATE FUNCTION profile_of(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT md5(sentiment_drift_profile_agg(''d'', NULL, text, label, ARRAY[price], hashtidextended(ctid, 0))::text) FROM %I', source) INTO answer;
	RETURN answer;
END $$;
CREATE TEMP TABLE answers AS SELECT profile_of('drift_reviews') AS profile;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT sentiment_drift_profile_agg('d', NULL, text, label, NULL, 1) FROM drift_reviews;
INSERT INTO answers SELECT profile_of('drift_reviews');
SELECT count(DISTINCT profile) AS different, count(*) AS scans FROM answers;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
-- the text form round-trips
SELECT profile::text = profile::text::sentiment_drift_profile::text AS same FROM reference;

-- rows in small numbers, none, without text, label or number, of odd numbers, all the same
SELECT value, p_value, drifted FROM sentiment_check_drift('d', 'drift_reviews', 'false') WHERE feature = '(report)';
SELECT rows, tests, p_value, drifted FROM sentiment_drift_reports ORDER BY report_id DESC LIMIT 1;
SELECT drifted FROM sentiment_check_drift('d', 'drift_reviews', 'id = 2001') WHERE feature = '(report)';
CREATE TABLE odd AS SELECT NULL::text AS text, NULL::text AS label, 1::numeric AS price FROM generate_series(1, 100);
SELECT value, drifted FROM sentiment_check_drift('d', 'odd') WHERE feature = '(report)';
TRUNCATE odd;
INSERT INTO odd SELECT text, NULL, (ARRAY['NaN', '1e400', '-1e300', NULL, '7'])[1 + id % 5]::numeric FROM drift_reviews WHERE id > 2000;
SELECT feature, statistic FROM sentiment_check_drift('d', 'odd') WHERE drifted OR feature = '(label)';
TRUNCATE odd;
INSERT INTO odd SELECT '', 'unseen', 3 FROM generate_series(1, 200);
SELECT drifted FROM sentiment_check_drift('d', 'odd') WHERE feature IN ('(report)', '(label)', 'text_len', '(unknown tokens)');

-- arguments
SELECT pg_temp.error_of($$SELECT sentiment_check_drift(NULL, 'drift_reviews')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('nobody', 'drift_reviews')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', version => 7)$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', store => false)$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', filter => 'id > 1')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', text_column => 'text')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', version => 7, store => false)$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', alpha => 0)$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', params => '{"ps": 1}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', text_column => 'txt')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', label_column => 'lbl')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', 'id > 1) OR (true')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', 'id / 0 = 1')$$);
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'pg_class', text_column => 'relname')$$);
SELECT pg_temp.error_of($$SELECT sentiment_drift_profile_agg('d', 1, text, label, '{1,2}', 1) FROM drift_reviews$$);
SELECT pg_temp.error_of($$SELECT '\x44505246'::sentiment_drift_profile$$);
-- all numbers at a level of one's own
SELECT feature FROM sentiment_check_drift('d', 'drift_reviews', 'id > 2000', params => '{"psi": 0, "ks": 0, "vocabulary": 0, "term": 0, "embedding": 0, "auc": 0.5}') WHERE drifted;

-- a version without a reference, without held-out rows, a model without a deployed version
DELETE FROM sentiment.version_profile WHERE model_id = (SELECT model_id FROM sentiment.model WHERE name = 'd');
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews')$$);
SELECT version FROM sentiment_train('whole', 'drift_training', params => '{"holdout": 0}', deploy => 'never');
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('whole', 'drift_reviews')$$);
SELECT drifted, value FROM sentiment_check_drift('whole', 'drift_reviews', 'id > 2000', version => 1) WHERE feature = '(report)';
SELECT feature FROM sentiment_check_drift('whole', 'drift_reviews', 'id > 2000', version => 1) WHERE value IS NULL;

-- many labels, and coordinates of an SVD
CREATE TABLE many_labels AS SELECT id, text, 'label ' || (id * 7919 % 400) AS label FROM drift_reviews;
SELECT version FROM sentiment_train('many', 'many_labels', params => '{"svd_components": 5, "max_iter": 2}', deploy => 'always');
SELECT feature, statistic FROM sentiment_check_drift('many', 'many_labels') WHERE drifted;

-- who may: read the source as oneself; predict is enough to ask, train stores and sees bins
CREATE ROLE regress_drift_predict;
CREATE ROLE regress_drift_train;
SELECT sentiment_train('d', 'drift_training', numeric_columns => '{price}', deploy => 'always') IS NOT NULL AS trained;
SELECT sentiment_grant('d', 'regress_drift_predict', 'predict');
SELECT sentiment_grant('d', 'regress_drift_train', 'train');
GRANT SELECT ON drift_reviews TO regress_drift_train;
GRANT SELECT (id, text, label, price) ON drift_reviews TO regress_drift_predict;
SET ROLE regress_drift_predict;
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews')$$);
SELECT drifted FROM sentiment_check_drift('d', 'drift_reviews', 'id > 2000', store => false) WHERE feature = '(report)';
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_training', store => false)$$);
SELECT count(*) > 0 AS reports, (SELECT count(*) FROM sentiment_drift_bins WHERE model = 'd') AS bins, (SELECT count(*) FROM sentiment.version_profile AS p JOIN sentiment.model AS m USING (model_id) WHERE m.name = 'd') AS profiles
FROM sentiment_drift_reports WHERE model = 'd';
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('whole', 'drift_reviews', store => false)$$);
SELECT count(*) FROM sentiment_drift_reports WHERE model = 'whole';
SET ROLE regress_drift_train;
SELECT drifted FROM sentiment_check_drift('d', 'drift_reviews', 'id > 2000') WHERE feature = '(report)';
SELECT count(*) > 0 AS bins, (SELECT count(*) FROM sentiment.version_profile AS p JOIN sentiment.model AS m USING (model_id) WHERE m.name = 'd') AS profiles FROM sentiment_drift_bins WHERE model = 'd';
SELECT pg_temp.error_of($$INSERT INTO sentiment.drift_report SELECT * FROM sentiment.drift_report$$);
-- who may only ask cannot find out which texts are training rows
RESET ROLE;
CREATE FUNCTION pg_temp.scored() RETURNS TABLE (rows text, all_scored bool) LANGUAGE sql AS $$
	SELECT s->>'rows', s->'scored' = s->'rows' FROM (
		SELECT sentiment_drift_profile_summary(sentiment_drift_profile_agg('d', NULL, text, label, ARRAY[price]::float8[], id)) AS s
		FROM drift_reviews WHERE id <= 2000) AS p $$;
SET ROLE regress_drift_train;
SELECT * FROM pg_temp.scored();
SET ROLE regress_drift_predict;
SELECT * FROM pg_temp.scored();
RESET ROLE;
-- nothing is stored in a read-only transaction, but asking works
BEGIN READ ONLY;
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('d', 'drift_reviews', 'id > 2000')$$);
SELECT drifted FROM sentiment_check_drift('d', 'drift_reviews', 'id > 2000', store => false) WHERE feature = '(report)';
COMMIT;
-- reports go with the model
CREATE TEMP TABLE gone AS SELECT model_id, report_id FROM sentiment.drift_report WHERE model_id IN (SELECT model_id FROM sentiment.model WHERE name IN ('d', 'whole', 'many'));
SELECT sentiment_drop_model(model) FROM unnest('{d,whole,many}'::text[]) AS model;
SELECT (SELECT count(*) FROM gone) > 5 AS before, (SELECT count(*) FROM sentiment.version_profile JOIN gone USING (model_id)) AS profiles,
	   (SELECT count(*) FROM sentiment.drift_report JOIN gone USING (report_id)) AS reports,
	   (SELECT count(*) FROM sentiment.drift_report_feature JOIN gone USING (report_id)) AS features,
	   (SELECT count(*) FROM sentiment.drift_report_bins JOIN gone USING (report_id)) AS bins;

REVOKE ALL (id, text, label, price) ON drift_reviews FROM regress_drift_predict;
REVOKE ALL ON drift_reviews FROM regress_drift_train, regress_drift_predict;
DROP ROLE regress_drift_predict;
DROP ROLE regress_drift_train;
DROP VIEW reference, report_of_shifted, drift_training, shifted, not_shifted, dear, missing;
DROP TABLE drift_reviews, odd, many_labels;
DROP FUNCTION made_review, check_kind, profile_of;
