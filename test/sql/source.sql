-- Relations of all kinds as what is trained from, validated and checked for drift; each has the same rows.

SET client_min_messages = warning;

CREATE TABLE source_plain AS
SELECT i AS id, (ARRAY['good', 'bad'])[1 + i % 2] || ' book number ' || i AS text, (ARRAY['pos', 'neg'])[1 + i % 2] AS label, i % 7 AS price
FROM generate_series(1, 400) AS i;
CREATE VIEW source_view AS SELECT id, text, label, price FROM source_plain WHERE id > 0;
CREATE VIEW source_barrier WITH (security_barrier = true) AS TABLE source_plain;
CREATE MATERIALIZED VIEW source_matview AS TABLE source_plain;
CREATE TABLE source_partitioned (LIKE source_plain) PARTITION BY RANGE (id);
CREATE TABLE source_partition_1 PARTITION OF source_partitioned FOR VALUES FROM (1) TO (150);
-- a partition whose columns are in another order
CREATE TABLE source_partition_2 (price int, label text, text text, id int);
ALTER TABLE source_partitioned ATTACH PARTITION source_partition_2 FOR VALUES FROM (150) TO (1000);
INSERT INTO source_partitioned TABLE source_plain;
CREATE TABLE source_parent (LIKE source_plain);
CREATE TABLE source_child (more text) INHERITS (source_parent);
INSERT INTO source_parent SELECT * FROM source_plain WHERE id <= 100;
INSERT INTO source_child SELECT * FROM source_plain WHERE id > 100;
CREATE TABLE source_generated (id int, word text, text text GENERATED ALWAYS AS (word || ' book number ' || id) STORED, label text, price int,
	dropped int);
ALTER TABLE source_generated DROP COLUMN dropped;
INSERT INTO source_generated (id, word, label, price) SELECT id, split_part(text, ' ', 1), label, price FROM source_plain;
CREATE TEMP TABLE source_temporary AS TABLE source_plain;
CREATE UNLOGGED TABLE source_unlogged AS TABLE source_plain;
CREATE EXTENSION file_fdw;
CREATE SERVER source_files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE source_foreign (id int, text text, label text, price int) SERVER source_files OPTIONS (format 'csv',
	program 'awk ''BEGIN { for (i = 1; i <= 400; i++) print i "," (i % 2 ? "bad" : "good") " book number " i "," (i % 2 ? "neg" : "pos") "," i % 7 }''');
CREATE TABLE source_mixed (LIKE source_plain) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE source_mixed_1 PARTITION OF source_mixed FOR VALUES FROM (0) TO (1000) SERVER source_files OPTIONS (format 'csv',
	program 'awk ''BEGIN { for (i = 1; i <= 400; i++) print i "," (i % 2 ? "bad" : "good") " book number " i "," (i % 2 ? "neg" : "pos") "," i % 7 }''');

-- the same model, findings and drift from each: the same texts are held out, so all is as from the plain table
CREATE TABLE source_result (source text, features int8, trained int8, held_out int8, f1 float8, checksum int8, findings text, drift text);
DO $$
DECLARE
	source regclass;
BEGIN
	FOREACH source IN ARRAY '{source_plain,source_view,source_barrier,source_matview,source_partitioned,source_parent,source_generated,source_temporary,source_unlogged,source_foreign,source_mixed}'::regclass[] LOOP
		PERFORM sentiment_train('sources', source, numeric_columns => '{price}', deploy => 'always');
		INSERT INTO source_result
		SELECT source, v.features, v.rows_trained, v.rows_held_out, v.f1, m.image_checksum,
			(SELECT string_agg(f.check_name || ' ' || coalesce(f.rows::text, ''), ', ' ORDER BY f.check_name)
				FROM sentiment_validate(contract => '{"min_rows": 401, "max_text_length": 17, "ranges": {"price": {"max": 5}}}', source => source) AS f
				WHERE f.severity = 'error'),
			(SELECT string_agg(d.feature || ' ' || d.statistic || ' ' || round(d.value::numeric, 6), ',' ORDER BY d.feature, d.statistic)
				FROM sentiment_check_drift('sources', source) AS d WHERE d.value IS NOT NULL)
		FROM sentiment_model_versions AS v JOIN sentiment.model_version AS m USING (version)
		WHERE v.model = 'sources' AND v.stage = 'production';
	END LOOP;
END $$;
SELECT source, features, trained, held_out, f1, findings, length(drift) > 100 AS drift FROM source_result WHERE source = 'source_plain';
SELECT r.source, (r.features, r.trained, r.held_out, r.f1, r.checksum, r.findings, r.drift)
	IS NOT DISTINCT FROM (p.features, p.trained, p.held_out, p.f1, p.checksum, p.findings, p.drift) AS same
FROM source_result AS r, source_result AS p WHERE p.source = 'source_plain' ORDER BY r.source COLLATE "C";

-- with row security each role's rows are its own, in all three
CREATE ROLE regress_source_few;
CREATE TABLE source_secured AS TABLE source_plain;
ALTER TABLE source_secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON source_secured USING (id <= 200);
GRANT SELECT ON source_secured TO regress_source_few;
SET ROLE regress_source_few;
SELECT version FROM sentiment_train('source_few', 'source_secured');
SELECT rows_trained + rows_held_out AS rows FROM sentiment_model_versions WHERE model = 'source_few';
SELECT rows FROM sentiment_validate(contract => '{"min_rows": 1000}', source => 'source_secured') WHERE check_name = 'rows';
SELECT count(*) > 0 AS checked FROM sentiment_check_drift('source_few', 'source_secured');
SELECT rows FROM sentiment_drift_reports WHERE model = 'source_few';
RESET ROLE;

-- what fails in the middle of a scan leaves nothing: a foreign table with a row that cannot be read
CREATE FOREIGN TABLE source_broken (id int, text text, label text, price int) SERVER source_files OPTIONS (format 'csv',
	program 'echo 1,good,pos,1; echo 2,bad,neg,x');
SELECT sentiment_train('source_broken_model', 'source_broken', numeric_columns => '{price}');
SELECT count(*) FROM sentiment_validate(contract => '{"ranges": {"price": {}}}', source => 'source_broken');
SELECT count(*) FROM sentiment_check_drift('sources', 'source_broken');
SELECT count(*) FROM sentiment_models WHERE model = 'source_broken_model';
-- numbers that no float8 can hold are read by all three
CREATE TABLE source_numbers AS SELECT text, label, (ARRAY['NaN', '1e400', '1e-400', '-1e-400', '2'])[1 + id % 5]::numeric AS price FROM source_plain;
SELECT version FROM sentiment_train('source_numbers', 'source_numbers', numeric_columns => '{price}');
SELECT rows FROM sentiment_validate(contract => '{"ranges": {"price": {}}}', source => 'source_numbers') WHERE check_name = 'number_range';
SELECT bool_or(drifted) AS drifted FROM sentiment_check_drift('source_numbers', 'source_numbers');
DROP TABLE source_numbers;
-- what has no rows to read is refused
CREATE SEQUENCE source_sequence;
CREATE INDEX source_index ON source_plain (id);
SELECT sentiment_train('source_none', 'source_sequence');
SELECT sentiment_train('source_none', 'source_index');

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP EXTENSION file_fdw CASCADE;
DROP SEQUENCE source_sequence;
DROP TABLE source_result, source_partitioned, source_mixed, source_parent, source_child, source_generated, source_temporary, source_unlogged, source_secured;
DROP VIEW source_view, source_barrier;
DROP MATERIALIZED VIEW source_matview;
DROP TABLE source_plain;
DROP ROLE regress_source_few;
