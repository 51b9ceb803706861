/* src/extension/features.sql: vocabularies and TF-IDF vectors */

CREATE FUNCTION @extschema@.sentiment_vocabulary_agg_add(@extschema@.sentiment_corpus, pg_catalog.text)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

CREATE FUNCTION @extschema@.sentiment_vocabulary_agg_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.jsonb)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

CREATE FUNCTION @extschema@.sentiment_vocabulary_agg_final(@extschema@.sentiment_corpus)
RETURNS @extschema@.sentiment_vocabulary
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;

COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_agg_add(@extschema@.sentiment_corpus, pg_catalog.text) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_agg_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.jsonb) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_agg_final(@extschema@.sentiment_corpus) IS
'aggregate final function';

CREATE AGGREGATE @extschema@.sentiment_vocabulary_agg(pg_catalog.text) (
	SFUNC = @extschema@.sentiment_vocabulary_agg_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_vocabulary_agg_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_vocabulary_agg(pg_catalog.text, params pg_catalog.jsonb) (
	SFUNC = @extschema@.sentiment_vocabulary_agg_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_vocabulary_agg_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_vocabulary_agg(pg_catalog.text) IS
'the terms of all texts with their document frequencies';
COMMENT ON AGGREGATE @extschema@.sentiment_vocabulary_agg(pg_catalog.text, pg_catalog.jsonb) IS
'the terms of all texts with their document frequencies, under the parameters of the first row';

CREATE FUNCTION @extschema@.sentiment_tfidf(vocabulary @extschema@.sentiment_vocabulary, "text" pg_catalog.text)
RETURNS @extschema@.sentiment_vector
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_tfidf(@extschema@.sentiment_vocabulary, pg_catalog.text) IS
'TF-IDF weights of a text''s terms, as scikit-learn''s TfidfVectorizer gives them';

CREATE FUNCTION @extschema@.sentiment_vocabulary_size(vocabulary @extschema@.sentiment_vocabulary)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_size(@extschema@.sentiment_vocabulary) IS
'number of terms of a vocabulary';

CREATE FUNCTION @extschema@.sentiment_vocabulary_documents(vocabulary @extschema@.sentiment_vocabulary)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_documents(@extschema@.sentiment_vocabulary) IS
'number of texts that a vocabulary was made from';

CREATE FUNCTION @extschema@.sentiment_vocabulary_terms(vocabulary @extschema@.sentiment_vocabulary)
RETURNS TABLE (feature pg_catalog.int4, term pg_catalog.text, document_frequency pg_catalog.int8, idf pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;

COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_terms(@extschema@.sentiment_vocabulary) IS
'the terms of a vocabulary: index in sentiment_tfidf''s vectors, term, number of texts with it, inverse document frequency';
