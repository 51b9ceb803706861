/* src/extension/drift_injection.sql: drift made on purpose, for testing that it is found */

CREATE FUNCTION @extschema@.sentiment_inject_drift("text" pg_catalog.text, kind pg_catalog.text,
	strength pg_catalog.float8 DEFAULT 1, seed pg_catalog.int8 DEFAULT 0)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;

CREATE FUNCTION @extschema@.sentiment_inject_drift(value pg_catalog.float8, kind pg_catalog.text,
	strength pg_catalog.float8 DEFAULT 1, seed pg_catalog.int8 DEFAULT 0)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'sentiment_inject_drift_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

CREATE FUNCTION @extschema@.sentiment_inject_class_shift("text" pg_catalog.text, label pg_catalog.text, towards pg_catalog.text,
	strength pg_catalog.float8 DEFAULT 1, seed pg_catalog.int8 DEFAULT 0)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION @extschema@.sentiment_inject_drift(pg_catalog.text, pg_catalog.text, pg_catalog.float8, pg_catalog.int8) IS
'a text with drift made on purpose: longer, shorter, shouting, typos, vocabulary_swap or negation_flip, with a strength from 0 (none) to 1';
COMMENT ON FUNCTION @extschema@.sentiment_inject_drift(pg_catalog.float8, pg_catalog.text, pg_catalog.float8, pg_catalog.int8) IS
'a number with drift made on purpose: shift, scale, noise, missing or clip; at strength 0 the number itself';
COMMENT ON FUNCTION @extschema@.sentiment_inject_class_shift(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.float8, pg_catalog.int8) IS
'whether a row is kept in a made shift of classes: all rows of the label towards which it goes, and of the others the fewer the greater the strength';
