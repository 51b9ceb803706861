-- Histograms of numbers and drift statistics.
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

--
-- What a histogram holds
--
CREATE TABLE numbers AS
SELECT i, CASE WHEN i % 20 = 0 THEN NULL WHEN i % 31 = 0 THEN 'NaN' ELSE (i * 7919 % 10007)::float8 / 100 END AS value
FROM generate_series(1, 5000) AS i;
CREATE TABLE histograms AS SELECT i % 5 AS part, sentiment_histogram_agg(value) AS histogram FROM numbers GROUP BY 1;
SELECT sentiment_histogram_count(h) AS count, sentiment_histogram_missing(h) AS missing, sentiment_histogram_is_exact(h) AS exact,
	   sentiment_histogram_mean(h)::numeric(20, 10) AS mean, sentiment_histogram_stddev(h)::numeric(20, 10) AS stddev,
	   sentiment_histogram_min(h) AS min, sentiment_histogram_max(h) AS max
FROM (SELECT sentiment_histogram_agg(value) FROM numbers) AS q(h);
SELECT count(value), avg(value)::numeric(20, 10), stddev(value)::numeric(20, 10), min(value), max(value) FROM numbers WHERE value <> 'NaN';
-- quantiles as percentile_cont has them
SELECT fraction, sentiment_histogram_quantile(h, fraction) AS quantile,
	   abs(sentiment_histogram_quantile(h, fraction) - (SELECT percentile_cont(fraction) WITHIN GROUP (ORDER BY value) FROM numbers WHERE value <> 'NaN')) < 1e-12 AS same
FROM (SELECT sentiment_histogram_agg(value) FROM numbers) AS q(h), unnest('{0,0.001,0.25,0.5,0.9,0.999,1}'::float8[]) AS fraction ORDER BY fraction;
SELECT b.*, (SELECT count(*) FROM numbers WHERE value >= lower AND (value < upper OR bin = 4) AND value <> 'NaN') = b.count AS same
FROM (SELECT sentiment_histogram_agg(value) FROM numbers) AS q(h), sentiment_histogram_bins(h, 4) AS b;

-- bounded memory: figures stay exact, quantiles near
SELECT sentiment_histogram_is_exact(h) AS exact, sentiment_histogram_count(h) AS count, sentiment_histogram_mean(h)::numeric(20, 8) AS mean,
	   abs(sentiment_histogram_quantile(h, 0.5) - 50000.5) < 500 AS median, length(h::text) < 5000 AS small
FROM (SELECT sentiment_histogram_agg(i, '{"max_bins": 128}') FROM generate_series(1, 100000) AS i) AS q(h);

-- infinities, a single value, nothing
SELECT sentiment_histogram_min(h) AS min, sentiment_histogram_max(h) AS max, sentiment_histogram_mean(h) AS mean, sentiment_histogram_stddev(h) AS stddev,
	   sentiment_histogram_quantile(h, 0.5) AS median, sentiment_histogram_count(h) AS count
FROM (SELECT sentiment_histogram_agg(v) FROM unnest('{-Infinity,1,2,3,Infinity}'::float8[]) AS v) AS q(h);
SELECT b.* FROM (SELECT sentiment_histogram_agg(v) FROM unnest('{-Infinity,1,2,3,Infinity}'::float8[]) AS v) AS q(h), sentiment_histogram_bins(h, 2) AS b;
SELECT sentiment_histogram_mean(h) AS mean, sentiment_histogram_stddev(h) AS stddev, sentiment_histogram_quantile(h, 0.5) AS median
FROM (SELECT sentiment_histogram_agg(7)) AS q(h);
SELECT sentiment_histogram_count(h) AS count, sentiment_histogram_missing(h) AS missing, sentiment_histogram_mean(h) AS mean,
	   sentiment_histogram_min(h) AS min, sentiment_histogram_quantile(h, 0.5) AS median, (SELECT count(*) FROM sentiment_histogram_bins(h)) AS bins
FROM (SELECT sentiment_histogram_agg(NULL) FROM generate_series(1, 3)) AS q(h);
SELECT sentiment_histogram_agg(1) IS NULL AS no_rows FROM numbers WHERE false;

SELECT pg_temp.error_of($$SELECT sentiment_histogram_agg(1, '{"max_bins": 2}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_histogram_agg(1, '{"bins": 100}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_histogram_quantile(sentiment_histogram_agg(1), 1.5)$$);
SELECT pg_temp.error_of($$SELECT sentiment_histogram_bins(h, 0) FROM (SELECT sentiment_histogram_agg(1)) AS q(h)$$);

--
-- Drift (the unit tests compare the figures with scipy's)
--
CREATE TABLE windows AS
SELECT sentiment_histogram_agg(value) FILTER (WHERE i <= 2000) AS reference,
	   sentiment_histogram_agg(value) FILTER (WHERE i > 2000 AND i <= 4000) AS same,
	   sentiment_histogram_agg(value * 1.2 + 5) FILTER (WHERE i > 2000 AND i <= 4000) AS moved,
	   sentiment_histogram_agg(CASE WHEN i % 2 = 0 THEN value END) FILTER (WHERE i > 2000 AND i <= 4000) AS missing
FROM numbers;
SELECT sentiment_psi(reference, reference) = 0 AS itself, sentiment_psi(reference, same) < 0.01 AS same,
	   sentiment_psi(reference, moved) > 0.1 AS moved, sentiment_psi(reference, missing) > 1 AS missing FROM windows;
SELECT (test).degrees_of_freedom, (test).statistic = psi AS same_statistic, round((test).p_value::numeric, 6) AS p_value
FROM (SELECT sentiment_psi_test(reference, moved) AS test, sentiment_psi(reference, moved) AS psi FROM windows) AS q;
SELECT (test).statistic = ks AS same_statistic, (test).p_value < 1e-6 AS drift
FROM (SELECT sentiment_ks_test(reference, moved) AS test, sentiment_ks(reference, moved) AS ks FROM windows) AS q;
SELECT (sentiment_psi_test(reference, same)).p_value > 0.05 AS psi, (sentiment_ks_test(reference, same)).p_value > 0.05 AS ks FROM windows;
SELECT bin, kind, lower, upper, reference_count, current_count, round(contribution::numeric, 5) AS contribution
FROM windows, sentiment_psi_bins(reference, moved, 5);
SELECT abs((SELECT sum(contribution) FROM sentiment_psi_bins(reference, moved)) - sentiment_psi(reference, moved)) < 1e-12 AS sums_up FROM windows;

-- by hand: shares 0.5, 0.5 against 0.8, 0.2
SELECT round(sentiment_psi(r, c)::numeric, 10) AS psi, round((0.3 * ln(0.8 / 0.5) - 0.3 * ln(0.2 / 0.5))::numeric, 10) AS by_hand,
	   round(sentiment_js(r, c)::numeric, 10) AS js, sentiment_ks(r, c)::numeric(10, 8) AS ks
FROM (SELECT sentiment_histogram_agg(i % 2), sentiment_histogram_agg(CASE WHEN i % 10 < 8 THEN 0 ELSE 1 END) FROM generate_series(1, 1000) AS i) AS q(r, c);
-- a constant that changes is drift; values that the reference lacks are a bin
SELECT p.* FROM (SELECT sentiment_histogram_agg(5), sentiment_histogram_agg(5 + i % 2 * 1e-9) FROM generate_series(1, 100) AS i) AS q(r, c),
	 LATERAL (SELECT bin, kind, lower, upper, reference_count, current_count FROM sentiment_psi_bins(r, c)) AS p;
-- no values in common
SELECT round(sentiment_psi(r, c)::numeric, 4) AS psi, sentiment_js(r, c) AS js, sentiment_ks(r, c) AS ks
FROM (SELECT sentiment_histogram_agg(i), sentiment_histogram_agg(1000 + i) FROM generate_series(1, 100) AS i) AS q(r, c);
-- windows without rows, or with nothing but missing values
SELECT sentiment_psi(reference, empty) IS NULL AS psi, sentiment_ks(reference, empty) IS NULL AS ks, sentiment_psi_test(reference, empty) IS NULL AS test
FROM windows, (SELECT sentiment_histogram_agg(value) FROM numbers WHERE false) AS q(empty);
SELECT sentiment_psi(reference, nulls) > 5 AS psi, sentiment_ks(reference, nulls) IS NULL AS ks, sentiment_ks_test(reference, nulls) IS NULL AS ks_test,
	   (sentiment_psi_test(nulls, nulls)).*
FROM windows, (SELECT sentiment_histogram_agg(NULL) FROM numbers) AS q(nulls);
SELECT pg_temp.error_of('SELECT sentiment_psi(reference, same, 1) FROM windows');
SELECT pg_temp.error_of('SELECT sentiment_js(reference, same, 1001) FROM windows');

-- in one pass
SELECT sentiment_psi_agg(value, i > 2500) = (SELECT sentiment_psi(sentiment_histogram_agg(value) FILTER (WHERE i <= 2500),
	   sentiment_histogram_agg(value) FILTER (WHERE i > 2500)) FROM numbers) AS same,
	   sentiment_psi_agg(value, NULL) IS NULL AS no_sides, sentiment_psi_agg(value, true) IS NULL AS one_side
FROM numbers;
-- in as many bins as are asked for
SELECT bins, sentiment_psi_agg(value, i > 2500, bins) = (SELECT sentiment_psi(sentiment_histogram_agg(value) FILTER (WHERE i <= 2500),
	   sentiment_histogram_agg(value) FILTER (WHERE i > 2500), bins) FROM numbers) AS same
FROM numbers, (VALUES (2), (10), (37)) AS b(bins) GROUP BY bins ORDER BY bins;
SELECT sentiment_psi_agg(value, i > 2500, 10) = sentiment_psi_agg(value, i > 2500) AS default_is_10,
	   sentiment_psi_agg(value, i > 2500, 3) = sentiment_psi_agg(value, i > 2500) AS three_are_10 FROM numbers;
SELECT pg_temp.error_of('SELECT sentiment_psi_agg(value, i > 2500, 1) FROM numbers');
SELECT pg_temp.error_of('SELECT sentiment_psi_agg(value, i > 2500, 1001) FROM numbers');
SELECT pg_temp.error_of('SELECT sentiment_psi_agg(value, i > 2500, NULL) FROM numbers');
SELECT pg_temp.error_of('SELECT sentiment_psi_agg(value, i > 2500, 2 + i % 2) FROM numbers');
SELECT pg_temp.error_of('SELECT sentiment_histogram_pair_combine(sentiment_histogram_pair_add(NULL, 1, true, 5), sentiment_histogram_pair_add(NULL, 1, true, 6))');
SELECT sentiment_histogram_pair_add(NULL, 1, true, 5)::text::sentiment_histogram_pair::text = sentiment_histogram_pair_add(NULL, 1, true, 5)::text AS same;
SELECT pg_temp.error_of(format('SELECT %L::sentiment_histogram_pair', overlay(sentiment_histogram_pair_add(NULL, 1, true, 5)::text placing '01' from 11)));

-- categories
SELECT sentiment_category_counts(v) FROM unnest('{a,b,a,NULL,"",c,"x\"y",a}'::text[]) AS v;
SELECT sentiment_category_counts(v) FROM unnest('{}'::text[]) AS v;
SELECT statistic::numeric(20, 8), degrees_of_freedom, p_value::numeric(20, 12)
FROM sentiment_chi2('{"a": 120, "bb": 30, "c": 9, "d": 4000, "e": 1}', '{"bb": 60, "a": 100, "d": 3500, "e": 7, "f": 0}');
SELECT * FROM sentiment_chi2('{"a": 5}', '{"a": 7}');
SELECT sentiment_chi2('{"a": 5}', '{}') IS NULL AS no_rows, sentiment_chi2('{}', '{"a": 0}') IS NULL AS none;
SELECT pg_temp.error_of(format('SELECT sentiment_chi2(%L, %L)', r, c))
FROM (VALUES ('[1]', '{}'), ('{}', '3'), ('{"a": -1}', '{}'), ('{}', '{"a": 1.5}'), ('{"a": "1"}', '{}'), ('{"a": {"b": 1}}', '{}'), ('{"a": [1]}', '{}'), ('{"a": 1e400}', '{}'), ('{"a": null}', '{}')) AS v(r, c);

--
-- Any order, any parts, any plan: the same histogram, byte for byte.
--
CREATE TABLE drift_rows AS
SELECT i, CASE WHEN i % 100 = 0 THEN NULL ELSE sin(i) * exp(i % 13) END AS value, i % 3 = 0 AS is_current FROM generate_series(1, 30000) AS i;
ALTER TABLE drift_rows SET (parallel_workers = 2);
ANALYZE drift_rows;
CREATE VIEW drift_figures AS
SELECT sentiment_histogram_agg(value)::text AS histogram, sentiment_histogram_agg(value, '{"max_bins": 100}')::text AS small,
	   sentiment_psi_agg(value, is_current) AS psi, sentiment_psi_agg(value, is_current, 40) AS fine_psi, sentiment_category_counts((i % 7)::text) AS counts FROM drift_rows;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS SELECT * FROM drift_figures;
SELECT (SELECT histogram FROM serial) = sentiment_histogram_agg(value ORDER BY value DESC)::text AS histogram FROM drift_rows;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT * FROM drift_figures;
SELECT s.histogram = p.histogram AS histogram, s.small = p.small AS small, s.psi = p.psi AS psi, s.fine_psi = p.fine_psi AS fine_psi, s.counts = p.counts AS counts FROM serial AS s, drift_figures AS p;
SET parallel_leader_participation = off;
SELECT s.histogram = p.histogram AS histogram, s.small = p.small AS small, s.psi = p.psi AS psi, s.fine_psi = p.fine_psi AS fine_psi, s.counts = p.counts AS counts FROM serial AS s, drift_figures AS p;
RESET parallel_leader_participation;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- histograms of parts, kept in a table, then merged
CREATE TABLE drift_parts AS SELECT i % 11 AS part, sentiment_histogram_agg(value) AS histogram FROM drift_rows GROUP BY 1;
SELECT sentiment_histogram_merge(histogram)::text = (SELECT histogram FROM serial) AS forward FROM drift_parts;
SELECT sentiment_histogram_merge(histogram ORDER BY part DESC)::text = (SELECT histogram FROM serial) AS backward FROM drift_parts;
SELECT sentiment_histogram_merge(NULL) IS NULL AS nothing;
-- a moving window
SELECT count(*) AS frames, count(*) FILTER (WHERE sentiment_histogram_count(w) = n AND abs(sentiment_histogram_mean(w) - mean) < 1e-9) AS equal
FROM (SELECT sentiment_histogram_agg(value) OVER f AS w, count(value) OVER f AS n, avg(value) OVER f AS mean
	  FROM numbers WHERE value <> 'NaN' AND i <= 200 WINDOW f AS (ORDER BY i ROWS 10 PRECEDING)) AS q;
-- called outside of an aggregate, nothing changes its argument
SELECT sentiment_histogram_count(h) AS before, sentiment_histogram_count(sentiment_histogram_add(h, 3)) AS added,
	   sentiment_histogram_count(sentiment_histogram_combine(h, h)) AS doubled, sentiment_histogram_count(h) AS after
FROM (SELECT sentiment_histogram_agg(i) FROM generate_series(1, 10) AS i) AS q(h);

--
-- Text and binary form
--
SELECT count(*) AS values, count(*) FILTER (WHERE histogram::text::sentiment_histogram::text = histogram::text) AS text FROM drift_parts;
CREATE TABLE drift_parts_copy (LIKE drift_parts);
\copy drift_parts to program 'cat > "${PG_ABS_BUILDDIR:-/tmp}"/drift.copy' (format binary)
\copy drift_parts_copy from program 'cat "${PG_ABS_BUILDDIR:-/tmp}"/drift.copy && rm "${PG_ABS_BUILDDIR:-/tmp}"/drift.copy' (format binary)
SELECT count(*) AS values, count(*) FILTER (WHERE a.histogram::text = b.histogram::text) AS binary FROM drift_parts AS a JOIN drift_parts_copy AS b USING (part);
SELECT input, pg_temp.error_of(format('SELECT %L::sentiment_histogram', input))
FROM unnest(ARRAY['', 'abc', '\x', '\xgg', '\x48495354', sentiment_confusion_add(NULL, 'a', 'b')::text]) AS input;
SELECT change, pg_temp.error_of(format('SELECT %L::sentiment_histogram', overlay(good PLACING bytes FROM 11 + 2 * at FOR length(bytes))))
FROM (VALUES ('version', 0, '02000000'), ('no version', 0, '00000000'), ('max_bins', 4, 'ffffffff'), ('shift', 8, '40000000'), ('bins', 12, 'ffffffff'), ('rows', 16, 'ffffffffffffffff'),
			 ('missing', 24, '0900000000000000'), ('minimum', 48, '000000000000f87f'), ('maximum', 56, '0000000000000080'), ('sign', 64, '02000000'),
			 ('limbs', 68, 'ffffffff'), ('reserved', 76, '01000000'), ('cell', 80, 'ffffffffffffffff'), ('count', 88, 'ffffffffffffffff')) AS v(change, at, bytes),
	 (SELECT sentiment_histogram_agg(i)::text FROM generate_series(1, 2) AS i) AS s(good);
SELECT pg_temp.error_of(format('SELECT %L::sentiment_histogram_pair', overlay(good PLACING bytes FROM 11 + 2 * at FOR length(bytes))))
FROM (VALUES (0, ''), (0, 'ffffffffffffffff'), (0, '0000000000000000'), (8, '02000000')) AS v(at, bytes),
	 (SELECT sentiment_histogram_pair_add(NULL, 1, true)::text) AS s(good);
-- any digit changed, any length: either refused, or kept as it came
DO $$
DECLARE
	good text := (SELECT sentiment_histogram_agg(i) FROM generate_series(1, 3) AS i)::text;
	bad text;
	refused int := 0;
BEGIN
	FOR i IN 2..length(good) - 1 LOOP
		BEGIN
			bad := left(good, i)::sentiment_histogram::text;
			RAISE WARNING '% was accepted', bad;
		EXCEPTION WHEN invalid_text_representation OR invalid_binary_representation OR invalid_parameter_value OR feature_not_supported THEN
			refused := refused + 1;
		END;
	END LOOP;
	RAISE NOTICE 'all lengths refused: %', refused = length(good) - 2;
	FOR i IN 3..length(good) LOOP
		BEGIN
			bad := overlay(good PLACING to_hex((('x' || substr(good, i, 1))::bit(4)::int + 8) % 16) FROM i FOR 1);
			IF bad::sentiment_histogram::text <> bad THEN
				RAISE WARNING '% came back different', bad;
			END IF;
			PERFORM sentiment_histogram_quantile(bad::sentiment_histogram, 0.5), sentiment_histogram_stddev(bad::sentiment_histogram),
				sentiment_psi(bad::sentiment_histogram, good::sentiment_histogram), sentiment_ks(good::sentiment_histogram, bad::sentiment_histogram);
		EXCEPTION WHEN invalid_binary_representation OR feature_not_supported THEN
			refused := refused + 1;
		END;
	END LOOP;
END $$;

DROP VIEW drift_figures;
DROP TABLE numbers, histograms, windows, drift_rows, drift_parts, drift_parts_copy;
