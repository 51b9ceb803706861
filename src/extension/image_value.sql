/* src/extension/image_value.sql: the types sentiment_model and sentiment_vocabulary */

CREATE TYPE @extschema@.sentiment_model;

CREATE FUNCTION @extschema@.sentiment_model_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_model
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_model_out(@extschema@.sentiment_model) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_model_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_model
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_model_send(@extschema@.sentiment_model) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- EXTERNAL: an image is read often and hardly compresses, and its head can be read alone
CREATE TYPE @extschema@.sentiment_model (
	INPUT = @extschema@.sentiment_model_in,
	OUTPUT = @extschema@.sentiment_model_out,
	RECEIVE = @extschema@.sentiment_model_recv,
	SEND = @extschema@.sentiment_model_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = external
);

COMMENT ON TYPE @extschema@.sentiment_model IS 'a trained text classifier: feature space, classifier and labels; its text form is base64';
COMMENT ON FUNCTION @extschema@.sentiment_model_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_model_out(@extschema@.sentiment_model) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_model_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_model_send(@extschema@.sentiment_model) IS 'I/O';

CREATE TYPE @extschema@.sentiment_vocabulary;

CREATE FUNCTION @extschema@.sentiment_vocabulary_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_vocabulary
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_vocabulary_out(@extschema@.sentiment_vocabulary) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_vocabulary_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_vocabulary
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_vocabulary_send(@extschema@.sentiment_vocabulary) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- EXTERNAL: an image is read often and hardly compresses, and its head can be read alone
CREATE TYPE @extschema@.sentiment_vocabulary (
	INPUT = @extschema@.sentiment_vocabulary_in,
	OUTPUT = @extschema@.sentiment_vocabulary_out,
	RECEIVE = @extschema@.sentiment_vocabulary_recv,
	SEND = @extschema@.sentiment_vocabulary_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = external
);

COMMENT ON TYPE @extschema@.sentiment_vocabulary IS 'the terms of a set of texts with their document frequencies; its text form is base64';
COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_out(@extschema@.sentiment_vocabulary) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_vocabulary_send(@extschema@.sentiment_vocabulary) IS 'I/O';
