/* src/extension/privileges.sql: who owns a model, and who may do what with it */

CREATE FUNCTION sentiment.has_privilege(model_id pg_catalog.int8, privilege pg_catalog.text)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME', 'sentiment_has_privilege' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION sentiment.has_privilege(pg_catalog.int8, pg_catalog.text) IS 'sentiment_has_privilege, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_has_privilege(model_id pg_catalog.int8, privilege pg_catalog.text)
RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION @extschema@.sentiment_has_privilege(pg_catalog.int8, pg_catalog.text) IS
'whether the current role may do something (predict, train, admin) with a model';

CREATE FUNCTION @extschema@.sentiment_grant(model pg_catalog.text, role pg_catalog.text, privilege pg_catalog.text)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_grant(pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
'let a role (or public) do something with a model: predict, train or admin';

CREATE FUNCTION @extschema@.sentiment_revoke(model pg_catalog.text, role pg_catalog.text, privilege pg_catalog.text)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_revoke(pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
'take a privilege on a model back from a role (or public)';

CREATE FUNCTION @extschema@.sentiment_set_owner(model pg_catalog.text, new_owner pg_catalog.name)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_set_owner(pg_catalog.text, pg_catalog.name) IS
'give a model to another role, which the current role must be a member of; needs the privilege admin';
