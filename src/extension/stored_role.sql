/* src/extension/stored_role.sql: roles in the tables of the extension */

CREATE FUNCTION sentiment.role_name(name pg_catalog.text, oid pg_catalog.oid, cluster pg_catalog.int8)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME', 'sentiment_role_name' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION sentiment.role_name(pg_catalog.text, pg_catalog.oid, pg_catalog.int8) IS 'sentiment_role_name, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_role_name(name pg_catalog.text, oid pg_catalog.oid, cluster pg_catalog.int8)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION @extschema@.sentiment_role_name(pg_catalog.text, pg_catalog.oid, pg_catalog.int8) IS
'the present name of a role that is stored in a table of the extension';

CREATE FUNCTION sentiment.has_role(name pg_catalog.text, oid pg_catalog.oid, cluster pg_catalog.int8)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'sentiment_has_role' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION sentiment.has_role(pg_catalog.text, pg_catalog.oid, pg_catalog.int8) IS 'sentiment_has_role, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_has_role(name pg_catalog.text, oid pg_catalog.oid, cluster pg_catalog.int8)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION @extschema@.sentiment_has_role(pg_catalog.text, pg_catalog.oid, pg_catalog.int8) IS
'whether the current role has the rights of a role that is stored in a table of the extension';

CREATE FUNCTION sentiment.may_read_relation(oid pg_catalog.oid, cluster pg_catalog.int8)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'sentiment_may_read_relation' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION sentiment.may_read_relation(pg_catalog.oid, pg_catalog.int8) IS
'whether the current role may read all of a relation that is stored in a table of the extension by its OID and cluster';
