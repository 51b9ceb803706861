/* src/extension/model_transfer.sql: versions of models as values, and from one database to another */

CREATE FUNCTION @extschema@.sentiment_get_model(model pg_catalog.text, version pg_catalog.int4 DEFAULT NULL)
RETURNS @extschema@.sentiment_model
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.sentiment_get_model(pg_catalog.text, pg_catalog.int4) IS
'a version of a model as a value, by default the deployed one; needs the privilege admin, since it holds words of the training texts';

CREATE FUNCTION @extschema@.sentiment_export_model(model pg_catalog.text, version pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000;

COMMENT ON FUNCTION @extschema@.sentiment_export_model(pg_catalog.text, pg_catalog.int4) IS
'a version of a model (by default the deployed one) with all that is known of it, for sentiment_import_model in another database; needs the privilege admin, since it holds words of the training texts';

CREATE FUNCTION @extschema@.sentiment_import_model(
	container pg_catalog.bytea,
	model pg_catalog.text DEFAULT NULL,
	source pg_catalog.regclass DEFAULT NULL,
	text_column pg_catalog.name DEFAULT NULL,
	label_column pg_catalog.name DEFAULT NULL,
	filter pg_catalog.text DEFAULT NULL,
	OUT model pg_catalog.text,
	OUT version pg_catalog.int4)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;

COMMENT ON FUNCTION @extschema@.sentiment_import_model(pg_catalog.bytea, pg_catalog.text, pg_catalog.regclass, pg_catalog.name, pg_catalog.name,
	pg_catalog.text) IS
'make a candidate of a version that sentiment_export_model wrote, of a new model or of one that the current role may train; source: a relation to measure it on';
