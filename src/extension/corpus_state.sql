/* src/extension/corpus_state.sql: the state of the aggregates that collect texts */

CREATE TYPE @extschema@.sentiment_corpus;

CREATE FUNCTION @extschema@.sentiment_corpus_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_corpus_out(@extschema@.sentiment_corpus) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_corpus_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_corpus_send(@extschema@.sentiment_corpus) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.sentiment_corpus (
	INPUT = @extschema@.sentiment_corpus_in,
	OUTPUT = @extschema@.sentiment_corpus_out,
	RECEIVE = @extschema@.sentiment_corpus_recv,
	SEND = @extschema@.sentiment_corpus_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.sentiment_corpus IS
'texts as numbers of their tokens, with labels: the state of sentiment_vocabulary_agg and sentiment_fit';
COMMENT ON FUNCTION @extschema@.sentiment_corpus_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_corpus_out(@extschema@.sentiment_corpus) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_corpus_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_corpus_send(@extschema@.sentiment_corpus) IS 'I/O';

CREATE FUNCTION @extschema@.sentiment_corpus_combine(@extschema@.sentiment_corpus, @extschema@.sentiment_corpus)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.sentiment_corpus_combine(@extschema@.sentiment_corpus, @extschema@.sentiment_corpus) IS
'aggregate combine function';
