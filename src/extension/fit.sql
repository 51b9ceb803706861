/* src/extension/fit.sql: the aggregate sentiment_fit */

CREATE FUNCTION @extschema@.sentiment_fit_final(@extschema@.sentiment_corpus)
RETURNS @extschema@.sentiment_model
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000000;

COMMENT ON FUNCTION @extschema@.sentiment_fit_final(@extschema@.sentiment_corpus) IS
'aggregate final function';

CREATE FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.text)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME', 'sentiment_fit_add' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.text) IS
'aggregate transition function';

CREATE AGGREGATE @extschema@.sentiment_fit("text" pg_catalog.text, label pg_catalog.text) (
	SFUNC = @extschema@.sentiment_fit_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_fit_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_fit(pg_catalog.text, pg_catalog.text) IS
'a text classifier trained on all rows';

CREATE FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME', 'sentiment_fit_add' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb) IS
'aggregate transition function';

CREATE AGGREGATE @extschema@.sentiment_fit("text" pg_catalog.text, label pg_catalog.text, params pg_catalog.jsonb) (
	SFUNC = @extschema@.sentiment_fit_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_fit_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_fit(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb) IS
'a text classifier trained on all rows, under the parameters of the first row (kind among them)';

CREATE FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.numeric)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME', 'sentiment_fit_add_numeric' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.numeric) IS
'aggregate transition function';

CREATE AGGREGATE @extschema@.sentiment_fit("text" pg_catalog.text, label pg_catalog.numeric) (
	SFUNC = @extschema@.sentiment_fit_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_fit_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_fit(pg_catalog.text, pg_catalog.numeric) IS
'a text classifier trained on all rows';

CREATE FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.numeric, pg_catalog.jsonb)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME', 'sentiment_fit_add_numeric' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.numeric, pg_catalog.jsonb) IS
'aggregate transition function';

CREATE AGGREGATE @extschema@.sentiment_fit("text" pg_catalog.text, label pg_catalog.numeric, params pg_catalog.jsonb) (
	SFUNC = @extschema@.sentiment_fit_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_fit_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_fit(pg_catalog.text, pg_catalog.numeric, pg_catalog.jsonb) IS
'a text classifier trained on all rows, under the parameters of the first row (kind among them)';

CREATE FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.bool)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME', 'sentiment_fit_add_boolean' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.bool) IS
'aggregate transition function';

CREATE AGGREGATE @extschema@.sentiment_fit("text" pg_catalog.text, label pg_catalog.bool) (
	SFUNC = @extschema@.sentiment_fit_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_fit_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_fit(pg_catalog.text, pg_catalog.bool) IS
'a text classifier trained on all rows';

CREATE FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.bool, pg_catalog.jsonb)
RETURNS @extschema@.sentiment_corpus
AS 'MODULE_PATHNAME', 'sentiment_fit_add_boolean' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_fit_add(@extschema@.sentiment_corpus, pg_catalog.text, pg_catalog.bool, pg_catalog.jsonb) IS
'aggregate transition function';

CREATE AGGREGATE @extschema@.sentiment_fit("text" pg_catalog.text, label pg_catalog.bool, params pg_catalog.jsonb) (
	SFUNC = @extschema@.sentiment_fit_add,
	STYPE = @extschema@.sentiment_corpus,
	SSPACE = 1000000,
	FINALFUNC = @extschema@.sentiment_fit_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_corpus_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_fit(pg_catalog.text, pg_catalog.bool, pg_catalog.jsonb) IS
'a text classifier trained on all rows, under the parameters of the first row (kind among them)';
