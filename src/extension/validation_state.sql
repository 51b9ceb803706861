/* src/extension/validation_state.sql: the aggregate that looks at rows for a validation */

CREATE TYPE @extschema@.sentiment_validation;

CREATE FUNCTION @extschema@.sentiment_validation_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_validation_out(@extschema@.sentiment_validation) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_validation_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_validation_send(@extschema@.sentiment_validation) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.sentiment_validation (
	INPUT = @extschema@.sentiment_validation_in,
	OUTPUT = @extschema@.sentiment_validation_out,
	RECEIVE = @extschema@.sentiment_validation_recv,
	SEND = @extschema@.sentiment_validation_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.sentiment_validation IS
'what a validation knows of the rows it has seen: the state of sentiment_validation_agg; holds excerpts of texts';
COMMENT ON FUNCTION @extschema@.sentiment_validation_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_validation_out(@extschema@.sentiment_validation) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_validation_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_validation_send(@extschema@.sentiment_validation) IS 'I/O';

CREATE FUNCTION sentiment.validation_add(@extschema@.sentiment_validation, text pg_catalog.text,
	label pg_catalog.text, numbers pg_catalog.float8[], evidence pg_catalog.float8[], params pg_catalog.jsonb)
RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME', 'sentiment_validation_add' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 500;

COMMENT ON FUNCTION sentiment.validation_add(@extschema@.sentiment_validation, pg_catalog.text, pg_catalog.text,
	pg_catalog.float8[], pg_catalog.float8[], pg_catalog.jsonb) IS
'sentiment_validation_add, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_validation_add(@extschema@.sentiment_validation, text pg_catalog.text,
	label pg_catalog.text, numbers pg_catalog.float8[], evidence pg_catalog.float8[], params pg_catalog.jsonb)
RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 500;

CREATE FUNCTION sentiment.validation_combine(@extschema@.sentiment_validation, @extschema@.sentiment_validation)
RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME', 'sentiment_validation_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;

COMMENT ON FUNCTION sentiment.validation_combine(@extschema@.sentiment_validation, @extschema@.sentiment_validation) IS
'sentiment_validation_combine, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_validation_combine(@extschema@.sentiment_validation, @extschema@.sentiment_validation)
RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;

CREATE FUNCTION sentiment.validation_final(@extschema@.sentiment_validation)
RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME', 'sentiment_validation_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION sentiment.validation_final(@extschema@.sentiment_validation) IS 'sentiment_validation_final, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_validation_final(@extschema@.sentiment_validation)
RETURNS @extschema@.sentiment_validation
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_validation_add(@extschema@.sentiment_validation, pg_catalog.text, pg_catalog.text,
	pg_catalog.float8[], pg_catalog.float8[], pg_catalog.jsonb) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_validation_combine(@extschema@.sentiment_validation, @extschema@.sentiment_validation) IS
'the rows of two validations together; aggregate combine function';
COMMENT ON FUNCTION @extschema@.sentiment_validation_final(@extschema@.sentiment_validation) IS
'aggregate final function';

CREATE AGGREGATE sentiment.validation_agg(text pg_catalog.text, label pg_catalog.text, numbers pg_catalog.float8[],
	evidence pg_catalog.float8[], params pg_catalog.jsonb) (
	SFUNC = sentiment.validation_add,
	STYPE = @extschema@.sentiment_validation,
	SSPACE = 1048576,
	FINALFUNC = sentiment.validation_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = sentiment.validation_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE sentiment.validation_agg(pg_catalog.text, pg_catalog.text, pg_catalog.float8[],
	pg_catalog.float8[], pg_catalog.jsonb) IS
'sentiment_validation_agg, as the library''s own SQL calls it';

CREATE AGGREGATE @extschema@.sentiment_validation_agg(text pg_catalog.text, label pg_catalog.text, numbers pg_catalog.float8[],
	evidence pg_catalog.float8[], params pg_catalog.jsonb) (
	SFUNC = @extschema@.sentiment_validation_add,
	STYPE = @extschema@.sentiment_validation,
	SSPACE = 1048576,
	FINALFUNC = @extschema@.sentiment_validation_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_validation_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_validation_agg(pg_catalog.text, pg_catalog.text, pg_catalog.float8[],
	pg_catalog.float8[], pg_catalog.jsonb) IS
'what sentiment_validate counts of rows; params: contract, split_seed, holdout, model_labels';

CREATE FUNCTION @extschema@.sentiment_label_evidence(text pg_catalog.text, label pg_catalog.text, model pg_catalog.text,
	split_seed pg_catalog.int8, holdout pg_catalog.float8, features pg_catalog.jsonb)
RETURNS pg_catalog.float8[]
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_label_evidence(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.int8,
	pg_catalog.float8, pg_catalog.jsonb) IS
'what a deployed model says of the label of a text that its training held out: numbers and probabilities of the given and the most probable label; null for other texts';

CREATE FUNCTION sentiment.label_evidence("text" pg_catalog.text, label pg_catalog.text, model @extschema@.sentiment_model,
	split_seed pg_catalog.int8, holdout pg_catalog.float8, features pg_catalog.jsonb)
RETURNS pg_catalog.float8[]
AS 'MODULE_PATHNAME', 'sentiment_label_evidence_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION sentiment.label_evidence(pg_catalog.text, pg_catalog.text, @extschema@.sentiment_model, pg_catalog.int8,
	pg_catalog.float8, pg_catalog.jsonb) IS
'what sentiment_label_evidence answers, by a model value';

CREATE FUNCTION sentiment.numeric_to_float8(pg_catalog.numeric) RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'sentiment_numeric_to_float8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION sentiment.numeric_to_float8(pg_catalog.numeric) IS 'sentiment_numeric_to_float8, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_numeric_to_float8(pg_catalog.numeric) RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.sentiment_numeric_to_float8(pg_catalog.numeric) IS
'a number of any size as float8: infinite or 0 if it is beyond';
