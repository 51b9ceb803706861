/* src/extension/kinds.sql: kinds of classifiers, their parameters, and what matters to a model */

CREATE FUNCTION sentiment.kind_parameters()
RETURNS TABLE (kind pg_catalog.text, parameter pg_catalog.text, type pg_catalog.text, allowed pg_catalog.text,
	minimum pg_catalog.float8, maximum pg_catalog.float8, choices pg_catalog.text[], default_value pg_catalog.jsonb,
	log_scale pg_catalog.bool, of_kind pg_catalog.bool, meaning pg_catalog.text,
	search_low pg_catalog.float8, search_high pg_catalog.float8, search_choices pg_catalog.jsonb)
AS 'MODULE_PATHNAME', 'sentiment_kind_parameters' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 100;

COMMENT ON FUNCTION sentiment.kind_parameters() IS 'sentiment_kind_parameters, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_kind_parameters()
RETURNS TABLE (kind pg_catalog.text, parameter pg_catalog.text, type pg_catalog.text, allowed pg_catalog.text,
	minimum pg_catalog.float8, maximum pg_catalog.float8, choices pg_catalog.text[], default_value pg_catalog.jsonb,
	log_scale pg_catalog.bool, of_kind pg_catalog.bool, meaning pg_catalog.text,
	search_low pg_catalog.float8, search_high pg_catalog.float8, search_choices pg_catalog.jsonb)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 100;

COMMENT ON FUNCTION @extschema@.sentiment_kind_parameters() IS
'every parameter of every kind of classifier; see the view sentiment_model_kinds';

CREATE VIEW @extschema@.sentiment_model_kinds AS
SELECT kind, parameter, type, allowed, minimum, maximum, choices, default_value, log_scale, of_kind, meaning,
	search_low, search_high, search_choices
FROM sentiment.kind_parameters();

COMMENT ON VIEW @extschema@.sentiment_model_kinds IS 'kinds of classifiers with all of their parameters';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.kind IS 'name of the kind, for sentiment_train';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.parameter IS 'name of the parameter, a key of params';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.type IS 'boolean, integer, number, choice, string or integer list';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.allowed IS 'what is allowed, in words';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.minimum IS 'smallest number allowed';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.maximum IS 'largest number allowed';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.choices IS 'the values of a choice';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.default_value IS 'the value if it is not given, for this kind';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.log_scale IS 'whether a search should sample its logarithm';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.of_kind IS 'whether it belongs to the kind itself, rather than to the text, the features or the training';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.meaning IS 'what it does';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.search_low IS 'low end of the range that sentiment_search tries, unless it is told another';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.search_high IS 'high end of that range';
COMMENT ON COLUMN @extschema@.sentiment_model_kinds.search_choices IS 'the values that sentiment_search tries instead of a range; without either it keeps the default';

GRANT SELECT ON @extschema@.sentiment_model_kinds TO PUBLIC;

CREATE FUNCTION sentiment.feature_importance(model pg_catalog.text, version pg_catalog.int4)
RETURNS TABLE (feature pg_catalog.text, importance pg_catalog.float8)
AS 'MODULE_PATHNAME', 'sentiment_feature_importance' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 1000;

COMMENT ON FUNCTION sentiment.feature_importance(pg_catalog.text, pg_catalog.int4) IS 'sentiment_feature_importance, as the library''s own SQL calls it';

CREATE FUNCTION @extschema@.sentiment_feature_importance(model pg_catalog.text, version pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (feature pg_catalog.text, importance pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 1000;

CREATE FUNCTION @extschema@.sentiment_feature_importance(model @extschema@.sentiment_model)
RETURNS TABLE (feature pg_catalog.text, importance pg_catalog.float8)
AS 'MODULE_PATHNAME', 'sentiment_feature_importance_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 1000;

COMMENT ON FUNCTION @extschema@.sentiment_feature_importance(pg_catalog.text, pg_catalog.int4) IS
'how much each feature matters to a version of a model (by default the deployed one), most important first, in the kind''s own unit; needs admin rights, for it shows words of the training texts';
COMMENT ON FUNCTION @extschema@.sentiment_feature_importance(@extschema@.sentiment_model) IS
'how much each feature matters to a model value, most important first, in the kind''s own unit';
