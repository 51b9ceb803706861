-- Vocabularies, TF-IDF vectors, and the state that collects texts.

CREATE TABLE documents (id int, text text);
INSERT INTO documents VALUES
	(1, 'the cat sat on the mat'),
	(2, 'the dog sat on the log'),
	(3, 'cats and dogs'),
	(4, NULL);

-- Expected figures are scikit-learn 1.2's, of the first three texts:
--   v = TfidfVectorizer(ngram_range=(1, 2)); v.fit(texts); v.vocabulary_, v.idf_
CREATE TABLE vocabularies AS
SELECT sentiment_vocabulary_agg(text, '{"min_df": 1, "sublinear_tf": false}') AS vocabulary FROM documents;
SELECT sentiment_vocabulary_size(vocabulary), sentiment_vocabulary_documents(vocabulary) FROM vocabularies;
SELECT feature, term, document_frequency, round(idf::numeric, 6) AS idf
FROM vocabularies, sentiment_vocabulary_terms(vocabulary) ORDER BY feature;

-- tf * idf, normalized
SELECT sentiment_tfidf(vocabulary, 'the cat the unicorn') FROM vocabularies;
WITH entries AS (
	SELECT e.index, e.value, t.term, t.idf
	FROM vocabularies, sentiment_vector_entries(sentiment_tfidf(vocabulary, 'the cat the unicorn')) AS e
	JOIN sentiment_vocabulary_terms((SELECT vocabulary FROM vocabularies)) AS t ON t.feature = e.index)
SELECT term, abs(value - idf * (CASE term WHEN 'the' THEN 2 ELSE 1 END)
	/ sqrt(sum((idf * (CASE term WHEN 'the' THEN 2 ELSE 1 END)) ^ 2) OVER ())) < 1e-6 AS as_defined
FROM entries ORDER BY index;
SELECT sentiment_tfidf(vocabulary, 'nothing known here') FROM vocabularies;
SELECT sentiment_tfidf(vocabulary, NULL) IS NULL AS null_text FROM vocabularies;

-- defaults: terms of two texts or more
SELECT term FROM sentiment_vocabulary_terms((SELECT sentiment_vocabulary_agg(text) FROM documents));
SELECT term FROM sentiment_vocabulary_terms((SELECT sentiment_vocabulary_agg(text, '{"max_features": 2}') FROM documents));
SELECT term FROM sentiment_vocabulary_terms((SELECT sentiment_vocabulary_agg(text, '{"max_df": 1, "min_df": 0.5, "ngram_max": 1}') FROM documents));

-- nothing to learn from
SELECT sentiment_vocabulary_agg(text) FROM documents WHERE false;
SELECT sentiment_vocabulary_agg(text) FROM documents WHERE text IS NULL;
SELECT sentiment_vocabulary_agg(text, '{"min_df": 1, "stop_words": "english"}') FROM (VALUES ('the and'), ('of the')) AS t(text);
SELECT sentiment_vocabulary_agg(text, '{"min_df": 4}') FROM documents;

-- values round-trip by their text and binary forms
SELECT (vocabulary::text)::sentiment_vocabulary::text = vocabulary::text AS same FROM vocabularies;
SELECT '{3:0.5, 1:-2e-3 }/5'::sentiment_vector, '{}/3'::sentiment_vector, '{2:0}/3'::sentiment_vector;
SELECT sentiment_vector_dimensions('{1:1}/7'), (SELECT count(*) FROM sentiment_vector_entries('{1:1,7:2}/7'));
SELECT '{1:1}'::sentiment_vector;
SELECT '{0:1}/3'::sentiment_vector;
SELECT '{4:1}/3'::sentiment_vector;
SELECT '{1:1,1:2}/3'::sentiment_vector;
SELECT '{1:nan}/3'::sentiment_vector;
SELECT '{1:1}/0'::sentiment_vector;
SELECT '{1:1,}/3'::sentiment_vector;
-- the binary form is checked likewise: a value that is zero, an index out of range
CREATE TABLE vectors (v sentiment_vector);
COPY vectors FROM PROGRAM 'printf ''PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\020\0\0\0\003\0\0\0\001\0\0\0\002\077\200\0\0\377\377''' (FORMAT binary);
COPY vectors FROM PROGRAM 'printf ''PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\020\0\0\0\003\0\0\0\001\0\0\0\002\0\0\0\0\377\377''' (FORMAT binary);
COPY vectors FROM PROGRAM 'printf ''PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\020\0\0\0\003\0\0\0\001\0\0\0\003\077\200\0\0\377\377''' (FORMAT binary);
SELECT * FROM vectors;
DROP TABLE vectors;

-- parallel workers give the same vocabulary, byte for byte
CREATE TABLE many_documents AS
SELECT i AS id, 'word' || i % 50 || ' and word' || i % 7 || ' then number' || i % 13 AS text FROM generate_series(1, 20000) AS i;
ANALYZE many_documents;
CREATE TABLE serial AS SELECT sentiment_vocabulary_agg(text)::text AS image FROM many_documents;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT sentiment_vocabulary_agg(text) FROM many_documents;
SELECT sentiment_vocabulary_agg(text)::text = image AS same FROM many_documents, serial GROUP BY image;
RESET ALL;

-- the state is a plain value: it can be stored, combined and finished later
CREATE TABLE states (state sentiment_corpus);
INSERT INTO states SELECT sentiment_vocabulary_agg_add(NULL, text) FROM documents;
SELECT count(*), bool_and((state::text)::sentiment_corpus::text = state::text) AS round_trip FROM states;
SELECT term FROM sentiment_vocabulary_terms((
	SELECT sentiment_vocabulary_agg_final(sentiment_corpus_combine(a.state, b.state))
	FROM (SELECT state FROM states LIMIT 1) AS a, (SELECT state FROM states OFFSET 1 LIMIT 1) AS b));
SELECT '\x00'::sentiment_corpus;
SELECT left(state::text, 40)::sentiment_corpus FROM states LIMIT 1;

-- as a window aggregate
SELECT id, sentiment_vocabulary_size(sentiment_vocabulary_agg(text, '{"min_df": 1}') OVER (ORDER BY id)) FROM documents;

DROP TABLE documents, vocabularies, many_documents, serial, states;
