/* src/extension/traffic.sql: versions that share a model's traffic, and versions in the shadow */

CREATE FUNCTION @extschema@.sentiment_set_traffic(model pg_catalog.text, traffic pg_catalog.jsonb, reason pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_set_traffic(pg_catalog.text, pg_catalog.jsonb, pg_catalog.text) IS
'let versions of a model share its traffic: a JSON object of versions and shares that sum to 1; takes effect with the transaction''s commit';

CREATE FUNCTION @extschema@.sentiment_set_shadow(model pg_catalog.text, version pg_catalog.int4, share pg_catalog.float8, reason pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_set_shadow(pg_catalog.text, pg_catalog.int4, pg_catalog.float8, pg_catalog.text) IS
'score a version besides those that answer, on a share of the predictions, and count how often it disagrees; 0 ends it';

CREATE FUNCTION @extschema@.sentiment_route(model pg_catalog.text, unit pg_catalog.text)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 5;

COMMENT ON FUNCTION @extschema@.sentiment_route(pg_catalog.text, pg_catalog.text) IS
'the version of a model that answers a unit (a user, an order, ...), as predictions with this unit have it';
