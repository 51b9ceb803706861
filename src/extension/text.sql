/* src/extension/text.sql: tokens and text features */

CREATE FUNCTION @extschema@.sentiment_tokens("text" pg_catalog.text, params pg_catalog.jsonb DEFAULT '{}')
RETURNS pg_catalog.text[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_tokens(pg_catalog.text, pg_catalog.jsonb) IS
'the terms of a text that a feature space sees: tokens, then longer n-grams, as scikit-learn''s TfidfVectorizer makes them';

CREATE TYPE @extschema@.sentiment_text_features AS (
	text_len pg_catalog.float8,
	word_count pg_catalog.float8,
	avg_word_length pg_catalog.float8,
	exclamation_count pg_catalog.float8,
	question_count pg_catalog.float8,
	caps_ratio pg_catalog.float8,
	digit_ratio pg_catalog.float8,
	punctuation_ratio pg_catalog.float8,
	emoji_count pg_catalog.float8,
	elongation_count pg_catalog.float8
);

COMMENT ON TYPE @extschema@.sentiment_text_features IS 'numbers that describe a raw text';
COMMENT ON COLUMN @extschema@.sentiment_text_features.text_len IS 'characters';
COMMENT ON COLUMN @extschema@.sentiment_text_features.word_count IS 'words: runs of characters that are not white space';
COMMENT ON COLUMN @extschema@.sentiment_text_features.avg_word_length IS 'mean length of the words in characters';
COMMENT ON COLUMN @extschema@.sentiment_text_features.exclamation_count IS 'exclamation marks';
COMMENT ON COLUMN @extschema@.sentiment_text_features.question_count IS 'question marks';
COMMENT ON COLUMN @extschema@.sentiment_text_features.caps_ratio IS 'share of upper-case letters among letters that have a case';
COMMENT ON COLUMN @extschema@.sentiment_text_features.digit_ratio IS 'share of digits among the characters';
COMMENT ON COLUMN @extschema@.sentiment_text_features.punctuation_ratio IS 'share of punctuation among the characters';
COMMENT ON COLUMN @extschema@.sentiment_text_features.emoji_count IS 'emoji';
COMMENT ON COLUMN @extschema@.sentiment_text_features.elongation_count IS 'runs of three or more equal letters, as in sooo';

CREATE FUNCTION @extschema@.sentiment_text_features("text" pg_catalog.text)
RETURNS @extschema@.sentiment_text_features
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_text_features(pg_catalog.text) IS
'numbers that describe a raw text: lengths, counts and shares';
