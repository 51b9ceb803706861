/* src/extension/drift_profile.sql: what rows look like to a model, and the reference that each training stores */

CREATE TYPE @extschema@.sentiment_drift_profile;

CREATE FUNCTION @extschema@.sentiment_drift_profile_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_drift_profile
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_drift_profile_out(@extschema@.sentiment_drift_profile) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_drift_profile_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_drift_profile
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_drift_profile_send(@extschema@.sentiment_drift_profile) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- external: what it holds hardly compresses
CREATE TYPE @extschema@.sentiment_drift_profile (
	INPUT = @extschema@.sentiment_drift_profile_in,
	OUTPUT = @extschema@.sentiment_drift_profile_out,
	RECEIVE = @extschema@.sentiment_drift_profile_recv,
	SEND = @extschema@.sentiment_drift_profile_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = external
);

COMMENT ON TYPE @extschema@.sentiment_drift_profile IS
'what a set of rows looks like to a model: histograms of features and scores, counts of labels and terms, embeddings, a sample';
COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_out(@extschema@.sentiment_drift_profile) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_send(@extschema@.sentiment_drift_profile) IS 'I/O';

CREATE FUNCTION @extschema@.sentiment_drift_profile_add(@extschema@.sentiment_drift_profile, model pg_catalog.text, version pg_catalog.int4,
	"text" pg_catalog.text, label pg_catalog.text, numbers pg_catalog.float8[], row_key pg_catalog.int8)
RETURNS @extschema@.sentiment_drift_profile
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 1500;

CREATE FUNCTION @extschema@.sentiment_drift_profile_combine(@extschema@.sentiment_drift_profile, @extschema@.sentiment_drift_profile)
RETURNS @extschema@.sentiment_drift_profile
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;

CREATE FUNCTION @extschema@.sentiment_drift_profile_final(@extschema@.sentiment_drift_profile)
RETURNS @extschema@.sentiment_drift_profile
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_drift_profile_summary(@extschema@.sentiment_drift_profile)
RETURNS pg_catalog.jsonb
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_add(@extschema@.sentiment_drift_profile, pg_catalog.text, pg_catalog.int4,
	pg_catalog.text, pg_catalog.text, pg_catalog.float8[], pg_catalog.int8) IS 'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_combine(@extschema@.sentiment_drift_profile, @extschema@.sentiment_drift_profile) IS
'the rows of two drift profiles together; aggregate combine function';
COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_final(@extschema@.sentiment_drift_profile) IS
'aggregate final function';
COMMENT ON FUNCTION @extschema@.sentiment_drift_profile_summary(@extschema@.sentiment_drift_profile) IS
'figures of a drift profile: means and deviations, counts of labels and terms, mean and covariance of the embeddings';

CREATE AGGREGATE @extschema@.sentiment_drift_profile_agg(model pg_catalog.text, version pg_catalog.int4, "text" pg_catalog.text,
	label pg_catalog.text, numbers pg_catalog.float8[], row_key pg_catalog.int8) (
	SFUNC = @extschema@.sentiment_drift_profile_add,
	STYPE = @extschema@.sentiment_drift_profile,
	SSPACE = 2097152,
	FINALFUNC = @extschema@.sentiment_drift_profile_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_drift_profile_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_drift_profile_agg(pg_catalog.text, pg_catalog.int4, pg_catalog.text, pg_catalog.text,
	pg_catalog.float8[], pg_catalog.int8) IS
'what rows look like to a version of a model (null: the deployed one); row_key, any number that tells rows apart, chooses the sample';

-- The same by a model value, for rows that are read as a role that may not ask the model by its name.
CREATE FUNCTION sentiment.drift_profile_add(@extschema@.sentiment_drift_profile, model @extschema@.sentiment_model,
	learned_texts pg_catalog.bytea, "text" pg_catalog.text, label pg_catalog.text, numbers pg_catalog.float8[], row_key pg_catalog.int8)
RETURNS @extschema@.sentiment_drift_profile
AS 'MODULE_PATHNAME', 'sentiment_drift_profile_add_by_value' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1500;

COMMENT ON FUNCTION sentiment.drift_profile_add(@extschema@.sentiment_drift_profile, @extschema@.sentiment_model, pg_catalog.bytea,
	pg_catalog.text, pg_catalog.text, pg_catalog.float8[], pg_catalog.int8) IS 'aggregate transition function';

CREATE AGGREGATE sentiment.drift_profile_agg(model @extschema@.sentiment_model, learned_texts pg_catalog.bytea, "text" pg_catalog.text,
	label pg_catalog.text, numbers pg_catalog.float8[], row_key pg_catalog.int8) (
	SFUNC = sentiment.drift_profile_add,
	STYPE = @extschema@.sentiment_drift_profile,
	SSPACE = 2097152,
	FINALFUNC = @extschema@.sentiment_drift_profile_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_drift_profile_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE sentiment.drift_profile_agg(@extschema@.sentiment_model, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
	pg_catalog.float8[], pg_catalog.int8) IS
'what rows look like to a model value; learned_texts: filter of the texts that it has learned from, which do not count; null: none is known';

CREATE TABLE sentiment.version_profile (
	model_id pg_catalog.int8 NOT NULL,
	version pg_catalog.int4 NOT NULL,
	profile @extschema@.sentiment_drift_profile NOT NULL,
	learned_texts pg_catalog.bytea NOT NULL,
	PRIMARY KEY (model_id, version)
);

COMMENT ON TABLE sentiment.version_profile IS 'what held-out rows of the training looked like to each version: the reference for drift';
COMMENT ON COLUMN sentiment.version_profile.model_id IS 'the model';
COMMENT ON COLUMN sentiment.version_profile.version IS 'the version';
COMMENT ON COLUMN sentiment.version_profile.profile IS 'the reference: distributions, no words';
COMMENT ON COLUMN sentiment.version_profile.learned_texts IS 'Bloom filter of hashes of the texts that it has learned from: what it makes of them tells nothing of new ones';

ALTER TABLE sentiment.version_profile ALTER COLUMN learned_texts SET STORAGE EXTERNAL;
SELECT pg_catalog.pg_extension_config_dump('sentiment.version_profile', '');

-- who may ask a model need not know its training rows
ALTER TABLE sentiment.version_profile ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON sentiment.version_profile FOR SELECT
	USING (sentiment.has_privilege(model_id, 'admin'::pg_catalog.text));
GRANT SELECT ON sentiment.version_profile TO PUBLIC;
