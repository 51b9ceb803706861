/* src/extension/model_transfer.sql: versions of models as values, and from one database to another */

CREATE FUNCTION @extschema@.sentiment_get_model(model pg_catalog.text, version pg_catalog.int4 DEFAULT NULL)
RETURNS @extschema@.sentiment_model
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.sentiment_get_model(pg_catalog.text, pg_catalog.int4) IS
'a version of a model as a value, by default the deployed one; needs the privilege admin, since it holds words of the training texts';
