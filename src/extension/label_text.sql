/* src/extension/label_text.sql: the text of a label. For users too, in schema sentiment: an overload of somebody's would be preferred to a polymorphic function */

CREATE FUNCTION sentiment.label_text(label pg_catalog.anyelement) RETURNS pg_catalog.text
AS 'MODULE_PATHNAME', 'sentiment_label_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION sentiment.label_text(pg_catalog.anyelement) IS
'the text that a label has in every session: dates and times as ISO 8601 has them, in UTC; numbers without zeros at their end';
