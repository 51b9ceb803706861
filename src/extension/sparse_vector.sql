/* src/extension/sparse_vector.sql: the type sentiment_vector */

CREATE TYPE @extschema@.sentiment_vector;

CREATE FUNCTION @extschema@.sentiment_vector_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_vector
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_vector_out(@extschema@.sentiment_vector) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_vector_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_vector
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_vector_send(@extschema@.sentiment_vector) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.sentiment_vector (
	INPUT = @extschema@.sentiment_vector_in,
	OUTPUT = @extschema@.sentiment_vector_out,
	RECEIVE = @extschema@.sentiment_vector_recv,
	SEND = @extschema@.sentiment_vector_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.sentiment_vector IS
'sparse vector of real numbers; its text form {index:value,...}/dimensions is that of pgvector''s sparsevec';
COMMENT ON FUNCTION @extschema@.sentiment_vector_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_vector_out(@extschema@.sentiment_vector) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_vector_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_vector_send(@extschema@.sentiment_vector) IS 'I/O';

CREATE FUNCTION @extschema@.sentiment_vector_dimensions(vector @extschema@.sentiment_vector) RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.sentiment_vector_dimensions(@extschema@.sentiment_vector) IS
'number of dimensions of a sparse vector';

CREATE FUNCTION @extschema@.sentiment_vector_entries(vector @extschema@.sentiment_vector)
RETURNS TABLE (index pg_catalog.int4, value pg_catalog.float4)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;

COMMENT ON FUNCTION @extschema@.sentiment_vector_entries(@extschema@.sentiment_vector) IS
'the entries of a sparse vector that are not zero, with indices from 1';
