/* src/extension/gate.sql: what a version must reach to be promoted to production */

CREATE FUNCTION @extschema@.sentiment_set_gate(model pg_catalog.text, gate pg_catalog.jsonb)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_set_gate(pg_catalog.text, pg_catalog.jsonb) IS
'set what a version of a model must reach to be promoted to production: metric (by which it is compared), beat_baseline, must_beat, max_loss, min_f1, max_latency, max_bytes; what is left out is the default';

CREATE FUNCTION sentiment.gate(model pg_catalog.text)
RETURNS pg_catalog.jsonb
AS 'MODULE_PATHNAME', 'sentiment_gate' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION sentiment.gate(pg_catalog.text) IS 'sentiment_gate, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_gate(model pg_catalog.text)
RETURNS pg_catalog.jsonb
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION @extschema@.sentiment_gate(pg_catalog.text) IS
'the gate of a model: what a version must reach to be promoted to production';

CREATE FUNCTION @extschema@.sentiment_check_gate(model pg_catalog.text, version pg_catalog.int4)
RETURNS TABLE (check_name pg_catalog.text, passed pg_catalog.bool, value pg_catalog.float8, threshold pg_catalog.float8,
			   detail pg_catalog.text)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 6;

COMMENT ON FUNCTION @extschema@.sentiment_check_gate(pg_catalog.text, pg_catalog.int4) IS
'measure a version against the gate of its model, beside the version in production, on the same rows that neither has learned from: of its own source, and of that of the version in production';
