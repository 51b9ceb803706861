-- What a session holds while it trains and predicts: budgets, models, and their memory.

SET client_min_messages = warning;

-- an error that a part of the source catches does not switch the bound on memory off
CREATE TABLE session_large AS
SELECT i AS id, i % 2 AS label, string_agg('w' || (i * 7919 + j * 104729) % 1000003, ' ') AS text
FROM generate_series(1, 4000) AS i, generate_series(1, 150) AS j GROUP BY i;
CREATE FUNCTION session_caught(number int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	RETURN 1 / number;
EXCEPTION WHEN division_by_zero THEN
	RETURN 0;
END
$$;
CREATE VIEW session_catching AS
SELECT text, label FROM session_large WHERE session_caught((id - 1)::int) IS NOT NULL;
SET sentiment.training_memory = '16MB';
\set VERBOSITY sqlstate
SELECT sentiment_train('s_large', 'session_catching');
-- nor does one within a training that such a part begins
CREATE FUNCTION session_trains(number int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF number > 1 THEN
		RETURN 0;
	END IF;
	PERFORM sentiment_fit(t, l) FROM (VALUES ('same', 'a'), ('same', 'a')) AS v(t, l);
	RETURN 1;
EXCEPTION WHEN data_exception THEN
	RETURN 2;
END
$$;
CREATE VIEW session_nested AS
SELECT text, label FROM session_large WHERE session_trains(id::int) IS NOT NULL;
SELECT sentiment_train('s_large', 'session_nested');
-- the bound of a training that was caught is gone with it
DO $$
BEGIN
	PERFORM sentiment_train('s_large', 'session_large');
EXCEPTION WHEN out_of_memory THEN
	NULL;
END
$$;
\set VERBOSITY default
RESET sentiment.training_memory;
SELECT version FROM sentiment_train('s_large', 'session_nested', deploy => 'always');

CREATE TABLE session_small AS SELECT 'word' || id % 5 AS text, label FROM session_large WHERE id <= 100;

-- a version in the registry and an equal model by value are held apart, so are equal versions
SELECT version FROM sentiment_train('s_one', 'session_small', params => '{"holdout": 0}');
SELECT version FROM sentiment_train('s_two', 'session_small', params => '{"holdout": 0}');
CREATE TABLE session_value AS SELECT sentiment_get_model('s_one') AS model;
SELECT count(DISTINCT image_checksum) FROM sentiment.model_version AS v JOIN sentiment.model AS m USING (model_id)
WHERE m.name IN ('s_one', 's_two');
\c
SET client_min_messages = warning;
SELECT sentiment_predict(model, 'word1') IS NOT NULL FROM session_value;
SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'sentiment model';
SELECT sentiment_predict('word1', 's_one') IS NOT NULL;
SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'sentiment model';
SELECT sentiment_predict('word1', 's_two') IS NOT NULL;
SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'sentiment model';

-- a text so large that its counts take more than 16 MB leaves no memory behind
CREATE TABLE session_words AS
SELECT j % 2 AS label, string_agg('v' || j, ' ') AS text FROM generate_series(1, 1100000) AS j GROUP BY j % 40, j % 2;
SELECT version FROM sentiment_train('s_words', 'session_words', params => '{"holdout": 0, "min_df": 1, "ngram_max": 1, "max_iter": 1}');
CREATE TABLE session_words_value AS SELECT sentiment_get_model('s_words') AS model;
CREATE VIEW session_huge AS SELECT string_agg(text, ' ') AS text FROM session_words;
CREATE VIEW session_models AS SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'sentiment model';
\c
SET client_min_messages = warning;
SELECT sentiment_predict('v1', 's_words') IS NOT NULL, sentiment_predict('word1', 's_one') IS NOT NULL;
SELECT * FROM session_models;
SELECT sentiment_predict(text, 's_words') IS NOT NULL FROM session_huge;
SELECT * FROM session_models;
-- within a transaction it is given back when the next model is asked
BEGIN;
SELECT sentiment_predict(text, 's_words') IS NOT NULL FROM session_huge;
SELECT sentiment_predict('word1', 's_one') IS NOT NULL;
SELECT * FROM session_models;
COMMIT;
-- by name and by value in one statement, before and after the huge text
SELECT i, sentiment_predict(text, 's_words') = sentiment_predict(model, text) AS same
FROM session_words_value, (
	SELECT 1 AS i, 'v1 v3' AS text
	UNION ALL SELECT 2, text FROM session_huge
	UNION ALL SELECT 3, 'v2 v4'
	UNION ALL SELECT 4, 'v1 v3' OFFSET 0) AS texts;
SELECT count(*) > 1000000 AS many_terms FROM session_huge, sentiment_explain(text, 's_words');
SELECT * FROM session_models;

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP VIEW session_models;
DROP TABLE session_words, session_words_value, session_large, session_value CASCADE;
DROP FUNCTION session_caught, session_trains;
