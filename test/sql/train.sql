-- sentiment_train: sources, labels, parameters, versions and deployment.

SET client_min_messages = warning; -- progress carries timings

CREATE TABLE train_reviews AS
SELECT i AS id,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 97 || ' x' || i AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label,
	(i % 6) / 2 AS stars
FROM generate_series(1, 1000) AS i;

-- the first version is deployed; the split holds out about a fifth
SELECT model, version, kind, deployed, rows_trained + rows_held_out AS rows,
	rows_held_out BETWEEN 150 AND 250 AS fifth, seconds > 0 AS took_time,
	metrics->>'f1' AS f1, metrics->>'accuracy' AS accuracy, metrics ? 'roc_auc' AS has_auc
FROM sentiment_train('t_first', 'train_reviews');

-- an equal one is not better; by other rules it is as asked
SELECT version, deployed FROM sentiment_train('t_first', 'train_reviews');
SELECT version, deployed FROM sentiment_train('t_first', 'train_reviews', deploy => 'never');
SELECT version, deployed FROM sentiment_train('t_first', 'train_reviews', deploy => 'always');
SELECT version, deployed FROM sentiment_train('t_first', 'train_reviews', deploy => 'sometimes');
SELECT version, deployed, kind, source_schema, source_name, text_column, label_column, labels, rows_skipped
FROM sentiment_model_versions WHERE model = 't_first' ORDER BY version;

-- a bad first version (one word only) answers, with a warning, until a better one replaces it
SELECT deployed FROM sentiment_train('t_better', 'train_reviews', params => '{"max_features": 1}');
SELECT deployed FROM sentiment_train('t_better', 'train_reviews');
SELECT deployed_version FROM sentiment_models WHERE model = 't_better';

-- sources
CREATE VIEW train_view AS SELECT text AS body, stars AS rating FROM train_reviews;
SELECT rows_trained + rows_held_out AS rows, metrics ? 'roc_auc' AS has_auc
FROM sentiment_train('t_view', 'train_view', 'body', 'rating');
CREATE MATERIALIZED VIEW train_matview AS SELECT text::varchar(100), label::varchar FROM train_reviews;
SELECT rows_trained + rows_held_out AS rows FROM sentiment_train('t_matview', 'train_matview');
CREATE TABLE train_partitioned (id int, text text, label text) PARTITION BY HASH (id);
CREATE TABLE train_partition_0 PARTITION OF train_partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE train_partition_1 PARTITION OF train_partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO train_partitioned SELECT id, text, label FROM train_reviews;
SELECT rows_trained + rows_held_out AS rows FROM sentiment_train('t_partitioned', 'train_partitioned');
CREATE SCHEMA "Odd ""schema";
CREATE TABLE "Odd ""schema"."Odd table" AS SELECT text AS "the text", label = 'pos' AS "Label" FROM train_reviews;
SELECT rows_trained + rows_held_out AS rows
FROM sentiment_train('t odd "name"', '"Odd ""schema"."Odd table"', 'the text', 'Label');
SELECT sentiment_predict('a lovely book', 't odd "name"');

-- the same rows make the same image, whatever the table
SELECT count(DISTINCT image_checksum) FROM sentiment.model_version JOIN sentiment.model USING (model_id)
WHERE name = 't_first';

-- a filter chooses rows, and is stored
SELECT rows_trained + rows_held_out AS rows FROM sentiment_train('t_filter', 'train_reviews', filter => 'id <= 500 -- the first');
SELECT rows_trained + rows_held_out AS rows FROM sentiment_train('t_filter', 'train_reviews', filter => 'id <= 500) OR (true');
SELECT rows_trained + rows_held_out AS rows FROM sentiment_train('t_filter', 'train_reviews', filter => 'no_column > 5');
SELECT version, filter FROM sentiment_model_versions WHERE model = 't_filter';

-- texts and labels that are null are skipped and counted
CREATE TABLE train_gaps AS SELECT CASE WHEN id <= 5 THEN NULL ELSE text END AS text,
	CASE WHEN id BETWEEN 4 AND 8 THEN NULL ELSE label END AS label FROM train_reviews;
SELECT rows_trained + rows_held_out AS rows FROM sentiment_train('t_gaps', 'train_gaps');
SELECT rows_skipped FROM sentiment_model_versions WHERE model = 't_gaps';

-- more than two labels; numbers in their order
SELECT metrics ? 'roc_auc' AS has_auc, (metrics->>'f1') = (metrics->>'macro_f1') AS macro
FROM sentiment_train('t_stars', 'train_reviews', label_column => 'stars');
SELECT labels FROM sentiment_models WHERE model = 't_stars';
SELECT sentiment_score('a good book', 't_stars');

-- nothing held out, and half
SELECT rows_held_out, metrics FROM sentiment_train('t_all', 'train_reviews', params => '{"holdout": 0}');
SELECT deployed FROM sentiment_train('t_all', 'train_reviews', params => '{"holdout": 0.5}');
SELECT sentiment_train('t_all', 'train_reviews', params => '{"holdout": 0.6}');

-- the positive label belongs to the model
SELECT deployed FROM sentiment_train('t_positive', 'train_reviews', params => '{"positive_label": "neg"}');
SELECT sentiment_score('awful meal', 't_positive') > 0.5 AS negative;
SELECT version FROM sentiment_train('t_positive', 'train_reviews', deploy => 'always');
SELECT sentiment_score('awful meal', 't_positive') > 0.5 AS negative;
SELECT sentiment_train('t_positive', 'train_reviews', params => '{"positive_label": "pos"}');

-- what is wrong is told with its consequence and the next step, and leaves nothing behind
SELECT sentiment_train('t_wrong', 'train_reviews', 'body');
SELECT sentiment_train('t_wrong', 'train_reviews', label_column => 'mood');
SELECT sentiment_train('t_wrong', 'no_such_table');
SELECT sentiment_train('t_wrong', 'train_reviews', kind => 'oracle');
SELECT sentiment_train('t_wrong', 'train_reviews', params => '{"c": 1}');
SELECT sentiment_train('t_wrong', 'train_reviews', params => '{"C": -1}');
SELECT sentiment_train('t_wrong', 'train_reviews', params => '{"penalty": "l3"}');
SELECT sentiment_train('t_wrong', 'train_reviews', numeric_columns => '{text}');
SELECT sentiment_train('', 'train_reviews');
SELECT sentiment_train(repeat('m', 64), 'train_reviews');
SELECT sentiment_train(NULL, 'train_reviews');
SELECT sentiment_train('t_wrong', NULL);
CREATE TABLE train_empty (text text, label text);
SELECT sentiment_train('t_wrong', 'train_empty');
INSERT INTO train_empty SELECT text, 'same' FROM train_reviews;
SELECT sentiment_train('t_wrong', 'train_empty');
UPDATE train_empty SET label = 'other' WHERE text = (SELECT text FROM train_empty LIMIT 1);
SELECT sentiment_train('t_wrong', 'train_empty', params => '{"holdout": 0}');
TRUNCATE train_empty;
INSERT INTO train_empty SELECT 'the of and', CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 100) AS i;
SELECT sentiment_train('t_wrong', 'train_empty', params => '{"stop_words": "english", "holdout": 0}');
CREATE TABLE train_many AS SELECT 'text ' || i AS text, i / 2 AS label FROM generate_series(1, 2400) AS i;
SELECT sentiment_train('t_wrong', 'train_many');
CREATE SEQUENCE train_sequence;
SELECT sentiment_train('t_wrong', 'train_sequence', 'last_value', 'is_called');
SELECT count(*) FROM sentiment.model WHERE name = 't_wrong';

-- the positive label belongs to the model, even if its first version had more labels
SELECT version FROM sentiment_train('t_label', 'train_reviews', 'text', 'stars');
SELECT version FROM sentiment_train('t_label', 'train_reviews', params => '{"positive_label": "pos"}');
SELECT version FROM sentiment_train('t_label', 'train_reviews', params => '{"positive_label": "neg"}');
SELECT sentiment_drop_model('t_label');

-- what is drawn of the scores on held-out rows: of the positive label, or of each of a few
SELECT version FROM sentiment_train('t_curves', 'train_reviews', 'text', 'stars');
SELECT version FROM sentiment_train('t_curves', 'train_reviews');
SELECT version FROM sentiment_train('t_curves', 'train_reviews', params => '{"holdout": 0}', deploy => 'always');
SELECT version, label, curve, points->0 AS first, points->-1 AS last FROM sentiment_model_curves
WHERE model = 't_curves' AND curve <> 'calibration' ORDER BY version, label COLLATE "C", curve COLLATE "C";
SELECT version, label, sum((point->>2)::int) = (SELECT rows_held_out FROM sentiment_model_versions AS v
		WHERE v.model = c.model AND v.version = c.version) AS all_rows
FROM sentiment_model_curves AS c, jsonb_array_elements(points) AS point
WHERE model = 't_curves' AND curve = 'calibration' GROUP BY model, version, label ORDER BY version, label COLLATE "C";
SELECT bool_or(metrics ? 'curves') FROM sentiment_model_versions WHERE model = 't_curves';
SELECT sentiment_drop_model('t_curves');
SELECT count(*) FROM sentiment.version_curves AS c LEFT JOIN sentiment.model AS m USING (model_id) WHERE m.model_id IS NULL;

-- a read-only transaction is refused before the work
BEGIN READ ONLY;
SELECT sentiment_train('t_wrong', 'train_reviews');
ROLLBACK;

-- memory is bounded
SET sentiment.training_memory = '16MB';
CREATE TABLE train_large AS SELECT i % 2 AS label, string_agg('w' || (i * 7919 + j * 104729) % 1000003, ' ') AS text
FROM generate_series(1, 4000) AS i, generate_series(1, 150) AS j GROUP BY i;
\set VERBOSITY sqlstate
SELECT sentiment_train('t_wrong', 'train_large');
\set VERBOSITY default
RESET sentiment.training_memory;

-- a rollback takes a training back
BEGIN;
SELECT version FROM sentiment_train('t_rolled_back', 'train_reviews');
ROLLBACK;
SELECT count(*) FROM sentiment_models WHERE model = 't_rolled_back';

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP TABLE train_reviews, train_partitioned, train_gaps, train_empty, train_many, train_large, "Odd ""schema"."Odd table" CASCADE;
DROP SEQUENCE train_sequence;
DROP SCHEMA "Odd ""schema";

-- text features need no terms if these are left out
CREATE TABLE train_marks AS SELECT CASE WHEN i % 2 = 0 THEN '!!! ' ELSE '... ? ' END || repeat('-', i) AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 60) AS i;
SELECT version FROM sentiment_train('t_marks', 'train_marks', params => '{"text_features": true, "text_weight": 0}');
SELECT sentiment_predict('!!! -------', 't_marks'), sentiment_predict('... ? -----', 't_marks');
SELECT count(*) > 5 AS explained FROM sentiment_explain('!!! -------', 't_marks');
SELECT sentiment_drop_model('t_marks');
DROP TABLE train_marks;
