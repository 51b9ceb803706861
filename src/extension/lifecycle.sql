/* src/extension/lifecycle.sql: which version answers, and what becomes of the others */

CREATE FUNCTION @extschema@.sentiment_deploy(model pg_catalog.text, version pg_catalog.int4)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_deploy(pg_catalog.text, pg_catalog.int4) IS
'let a version of a model answer from now on; takes effect with the transaction''s commit';

CREATE FUNCTION @extschema@.sentiment_drop_model(model pg_catalog.text)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_drop_model(pg_catalog.text) IS
'drop a model with all of its versions; its history stays';

CREATE FUNCTION @extschema@.sentiment_promote(model pg_catalog.text, version pg_catalog.int4,
	stage pg_catalog.text DEFAULT 'production', reason pg_catalog.text DEFAULT NULL, force pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION @extschema@.sentiment_promote(pg_catalog.text, pg_catalog.int4, pg_catalog.text, pg_catalog.text, pg_catalog.bool) IS
'put a version into staging, or into production if it passes the gate of its model, or by force';

CREATE FUNCTION @extschema@.sentiment_rollback(model pg_catalog.text, reason pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_rollback(pg_catalog.text, pg_catalog.text) IS
'let answer what answered before; the version that answers from now on';

CREATE FUNCTION @extschema@.sentiment_retire(model pg_catalog.text, version pg_catalog.int4, reason pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_retire(pg_catalog.text, pg_catalog.int4, pg_catalog.text) IS
'archive a version that does not answer, so that it cannot answer until it is promoted again';

CREATE FUNCTION @extschema@.sentiment_prune(model pg_catalog.text, keep pg_catalog.int4 DEFAULT 3)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_prune(pg_catalog.text, pg_catalog.int4) IS
'drop versions but the newest, those that answer or are in staging, and those that were last in production; how many were dropped';
