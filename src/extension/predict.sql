/* src/extension/predict.sql: asking a model */

CREATE FUNCTION @extschema@.sentiment_predict("text" pg_catalog.text, model pg_catalog.text DEFAULT NULL, features pg_catalog.jsonb DEFAULT NULL, unit pg_catalog.text DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 1000;

CREATE FUNCTION @extschema@.sentiment_predict(model @extschema@.sentiment_model, "text" pg_catalog.text, features pg_catalog.jsonb DEFAULT NULL)
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME', 'sentiment_predict_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_predict(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4) IS
'the label of a text, by the model deployed under a name (by default the setting sentiment.default_model, else the model that was deployed first); of versions that share its traffic, the one of the unit; or by a version given by its number';
COMMENT ON FUNCTION @extschema@.sentiment_predict(@extschema@.sentiment_model, pg_catalog.text, pg_catalog.jsonb) IS
'the label of a text, by a model value';

CREATE FUNCTION @extschema@.sentiment_score("text" pg_catalog.text, model pg_catalog.text DEFAULT NULL, features pg_catalog.jsonb DEFAULT NULL, unit pg_catalog.text DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 1000;

CREATE FUNCTION @extschema@.sentiment_score(model @extschema@.sentiment_model, "text" pg_catalog.text, features pg_catalog.jsonb DEFAULT NULL)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'sentiment_score_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_score(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4) IS
'probability that a text has the positive label, of a model of two labels, by the model deployed under a name (by default the setting sentiment.default_model, else the model that was deployed first); of versions that share its traffic, the one of the unit; or by a version given by its number';
COMMENT ON FUNCTION @extschema@.sentiment_score(@extschema@.sentiment_model, pg_catalog.text, pg_catalog.jsonb) IS
'probability that a text has the positive label, of a model of two labels, by a model value';

CREATE FUNCTION @extschema@.sentiment_classify("text" pg_catalog.text, model pg_catalog.text DEFAULT NULL, features pg_catalog.jsonb DEFAULT NULL, unit pg_catalog.text DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL,
	OUT label pg_catalog.text, OUT probability pg_catalog.float8, OUT model pg_catalog.text, OUT version pg_catalog.int4)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 1000;

CREATE FUNCTION @extschema@.sentiment_classify(model @extschema@.sentiment_model, "text" pg_catalog.text, features pg_catalog.jsonb DEFAULT NULL,
	OUT label pg_catalog.text, OUT probability pg_catalog.float8, OUT model pg_catalog.text, OUT version pg_catalog.int4)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME', 'sentiment_classify_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_classify(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4) IS
'the label of a text, its probability, and the model and version that answered, by the model deployed under a name (by default the setting sentiment.default_model, else the model that was deployed first); of versions that share its traffic, the one of the unit; or by a version given by its number';
COMMENT ON FUNCTION @extschema@.sentiment_classify(@extschema@.sentiment_model, pg_catalog.text, pg_catalog.jsonb) IS
'the label of a text, its probability, and the model and version that answered, by a model value';

CREATE FUNCTION @extschema@.sentiment_probabilities("text" pg_catalog.text, model pg_catalog.text DEFAULT NULL, features pg_catalog.jsonb DEFAULT NULL, unit pg_catalog.text DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (label pg_catalog.text, probability pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 2;

CREATE FUNCTION @extschema@.sentiment_probabilities(model @extschema@.sentiment_model, "text" pg_catalog.text, features pg_catalog.jsonb DEFAULT NULL)
RETURNS TABLE (label pg_catalog.text, probability pg_catalog.float8)
AS 'MODULE_PATHNAME', 'sentiment_probabilities_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 2;

COMMENT ON FUNCTION @extschema@.sentiment_probabilities(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4) IS
'the probability of every label for a text, by the model deployed under a name (by default the setting sentiment.default_model, else the model that was deployed first); of versions that share its traffic, the one of the unit; or by a version given by its number';
COMMENT ON FUNCTION @extschema@.sentiment_probabilities(@extschema@.sentiment_model, pg_catalog.text, pg_catalog.jsonb) IS
'the probability of every label for a text, by a model value';

CREATE FUNCTION sentiment.explain("text" pg_catalog.text, model pg_catalog.text, features pg_catalog.jsonb, label pg_catalog.text,
	unit pg_catalog.text, version pg_catalog.int4)
RETURNS TABLE (term pg_catalog.text, weight pg_catalog.float8, contribution pg_catalog.float8)
AS 'MODULE_PATHNAME', 'sentiment_explain' LANGUAGE C STABLE PARALLEL SAFE COST 2000 ROWS 100;

COMMENT ON FUNCTION sentiment.explain(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.text, pg_catalog.int4) IS
'sentiment_explain, as the library''s own SQL and the exporter call it';

CREATE FUNCTION @extschema@.sentiment_explain("text" pg_catalog.text, model pg_catalog.text DEFAULT NULL, features pg_catalog.jsonb DEFAULT NULL, label pg_catalog.text DEFAULT NULL,
	unit pg_catalog.text DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (term pg_catalog.text, weight pg_catalog.float8, contribution pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 2000 ROWS 100;

CREATE FUNCTION @extschema@.sentiment_explain(model @extschema@.sentiment_model, "text" pg_catalog.text, features pg_catalog.jsonb DEFAULT NULL, label pg_catalog.text DEFAULT NULL)
RETURNS TABLE (term pg_catalog.text, weight pg_catalog.float8, contribution pg_catalog.float8)
AS 'MODULE_PATHNAME', 'sentiment_explain_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000 ROWS 100;

COMMENT ON FUNCTION @extschema@.sentiment_explain(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.text, pg_catalog.int4) IS
'what each term, text feature and number adds to the output of a label (by default the predicted one), strongest first; with the row (intercept) they sum to it, by the model deployed under a name (by default the setting sentiment.default_model, else the model that was deployed first); of versions that share its traffic, the one of the unit; or by a version given by its number';
COMMENT ON FUNCTION @extschema@.sentiment_explain(@extschema@.sentiment_model, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text) IS
'what each term, text feature and number adds to the output of a label (by default the predicted one), strongest first; with the row (intercept) they sum to it, by a model value';

CREATE FUNCTION @extschema@.sentiment_predict_batch(texts pg_catalog.text[], model pg_catalog.text DEFAULT NULL, features pg_catalog.jsonb[] DEFAULT NULL,
	units pg_catalog.text[] DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (ordinal pg_catalog.int4, label pg_catalog.text, probability pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 100;

COMMENT ON FUNCTION @extschema@.sentiment_predict_batch(pg_catalog.text[], pg_catalog.text, pg_catalog.jsonb[], pg_catalog.text[], pg_catalog.int4) IS
'the labels of an array of texts with their probabilities, in the order of the array, by a deployed model or a version given by its number';

CREATE FUNCTION sentiment.classify_batch(texts pg_catalog.text[], model pg_catalog.text, features pg_catalog.jsonb[], version pg_catalog.int4,
	OUT model pg_catalog.text, OUT version pg_catalog.int4, OUT labels pg_catalog.text[], OUT predicted pg_catalog.int4[],
	OUT probabilities pg_catalog.float8[], OUT warnings pg_catalog.text[])
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME', 'sentiment_classify_batch' LANGUAGE C STABLE PARALLEL SAFE COST 100000;

COMMENT ON FUNCTION sentiment.classify_batch(pg_catalog.text[], pg_catalog.text, pg_catalog.jsonb[], pg_catalog.int4) IS
'sentiment_classify_batch, as the library''s own SQL and the exporter call it';

CREATE FUNCTION @extschema@.sentiment_classify_batch(texts pg_catalog.text[], model pg_catalog.text DEFAULT NULL, features pg_catalog.jsonb[] DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL,
	OUT model pg_catalog.text, OUT version pg_catalog.int4, OUT labels pg_catalog.text[], OUT predicted pg_catalog.int4[],
	OUT probabilities pg_catalog.float8[], OUT warnings pg_catalog.text[])
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 100000;

COMMENT ON FUNCTION @extschema@.sentiment_classify_batch(pg_catalog.text[], pg_catalog.text, pg_catalog.jsonb[], pg_catalog.int4) IS
'everything about an array of texts as one row: the model and version that answered, its labels, for each text the predicted one (a subscript of labels) and the probability of every label (a row of a two-dimensional array), and warnings of numbers that are unknown (they are ignored), missing or outlying (at most 100); by a deployed model or a version given by its number';

CREATE FUNCTION @extschema@.sentiment_embedding("text" pg_catalog.text, model pg_catalog.text DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.float4[]
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 1000;

CREATE FUNCTION @extschema@.sentiment_embedding(model @extschema@.sentiment_model, "text" pg_catalog.text)
RETURNS pg_catalog.float4[]
AS 'MODULE_PATHNAME', 'sentiment_embedding_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_embedding(pg_catalog.text, pg_catalog.text, pg_catalog.int4) IS
'the SVD coordinates of a text (svd_components numbers, castable to pgvector''s vector), by the model deployed under a name or a version of it given by its number';
COMMENT ON FUNCTION @extschema@.sentiment_embedding(@extschema@.sentiment_model, pg_catalog.text) IS
'the SVD coordinates of a text (svd_components numbers, castable to pgvector''s vector), by a model value';

CREATE FUNCTION @extschema@.sentiment_check_features(model pg_catalog.text, "text" pg_catalog.text, features pg_catalog.jsonb DEFAULT NULL, version pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (feature pg_catalog.text, value pg_catalog.float8, problem pg_catalog.text)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 2000 ROWS 15;

COMMENT ON FUNCTION @extschema@.sentiment_check_features(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.int4) IS
'text features, polarities and numbers of a text as a deployed model, or a version given by its number, sees them, and what is remarkable of each: missing, or more than 3 standard deviations from the mean of training';
