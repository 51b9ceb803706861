/* src/extension/drift.sql: histograms of numbers, and how far they have moved from a reference */

CREATE TYPE @extschema@.sentiment_histogram;

CREATE FUNCTION @extschema@.sentiment_histogram_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_histogram
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_histogram_out(@extschema@.sentiment_histogram) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_histogram_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_histogram
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_histogram_send(@extschema@.sentiment_histogram) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.sentiment_histogram (
	INPUT = @extschema@.sentiment_histogram_in,
	OUTPUT = @extschema@.sentiment_histogram_out,
	RECEIVE = @extschema@.sentiment_histogram_recv,
	SEND = @extschema@.sentiment_histogram_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.sentiment_histogram IS
'how numbers are distributed: counts of up to 8192 numbers, or of ranges as narrow as that allows, with exact count, mean, deviation, minimum and maximum';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_out(@extschema@.sentiment_histogram) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_send(@extschema@.sentiment_histogram) IS 'I/O';

CREATE FUNCTION @extschema@.sentiment_histogram_add(@extschema@.sentiment_histogram, value pg_catalog.float8)
RETURNS @extschema@.sentiment_histogram
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sentiment_histogram_add(@extschema@.sentiment_histogram, value pg_catalog.float8, params pg_catalog.jsonb)
RETURNS @extschema@.sentiment_histogram
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sentiment_histogram_combine(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram)
RETURNS @extschema@.sentiment_histogram
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5000;

CREATE FUNCTION @extschema@.sentiment_histogram_final(@extschema@.sentiment_histogram)
RETURNS @extschema@.sentiment_histogram
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION @extschema@.sentiment_histogram_add(@extschema@.sentiment_histogram, pg_catalog.float8) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_add(@extschema@.sentiment_histogram, pg_catalog.float8, pg_catalog.jsonb) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_combine(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram) IS
'the rows of two histograms together; aggregate combine function';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_final(@extschema@.sentiment_histogram) IS
'aggregate final function';

CREATE AGGREGATE @extschema@.sentiment_histogram_agg(value pg_catalog.float8) (
	SFUNC = @extschema@.sentiment_histogram_add,
	STYPE = @extschema@.sentiment_histogram,
	SSPACE = 65536,
	FINALFUNC = @extschema@.sentiment_histogram_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_histogram_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_histogram_agg(value pg_catalog.float8, params pg_catalog.jsonb) (
	SFUNC = @extschema@.sentiment_histogram_add,
	STYPE = @extschema@.sentiment_histogram,
	SSPACE = 65536,
	FINALFUNC = @extschema@.sentiment_histogram_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_histogram_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_histogram_merge(histogram @extschema@.sentiment_histogram) (
	SFUNC = @extschema@.sentiment_histogram_combine,
	STYPE = @extschema@.sentiment_histogram,
	SSPACE = 65536,
	FINALFUNC = @extschema@.sentiment_histogram_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_histogram_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_histogram_agg(pg_catalog.float8) IS
'histogram of numbers; NULL and NaN count as missing';
COMMENT ON AGGREGATE @extschema@.sentiment_histogram_agg(pg_catalog.float8, pg_catalog.jsonb) IS
'histogram of numbers; NULL and NaN count as missing; params: max_bins';
COMMENT ON AGGREGATE @extschema@.sentiment_histogram_merge(@extschema@.sentiment_histogram) IS
'the rows of several histograms together';

CREATE FUNCTION @extschema@.sentiment_histogram_count(@extschema@.sentiment_histogram) RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.sentiment_histogram_missing(@extschema@.sentiment_histogram) RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.sentiment_histogram_mean(@extschema@.sentiment_histogram) RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.sentiment_histogram_stddev(@extschema@.sentiment_histogram) RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.sentiment_histogram_min(@extschema@.sentiment_histogram) RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.sentiment_histogram_max(@extschema@.sentiment_histogram) RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.sentiment_histogram_is_exact(@extschema@.sentiment_histogram) RETURNS pg_catalog.bool
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION @extschema@.sentiment_histogram_quantile(@extschema@.sentiment_histogram, fraction pg_catalog.float8)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION @extschema@.sentiment_histogram_bins(@extschema@.sentiment_histogram, bins pg_catalog.int4 DEFAULT 20)
RETURNS TABLE (bin pg_catalog.int4, lower pg_catalog.float8, upper pg_catalog.float8, count pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;

COMMENT ON FUNCTION @extschema@.sentiment_histogram_count(@extschema@.sentiment_histogram) IS
'number of values that are not missing';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_missing(@extschema@.sentiment_histogram) IS
'number of rows that were NULL or NaN';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_mean(@extschema@.sentiment_histogram) IS
'mean, exact; NULL without values';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_stddev(@extschema@.sentiment_histogram) IS
'sample standard deviation, exact; NULL for fewer than two values, NaN with infinite ones';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_min(@extschema@.sentiment_histogram) IS
'smallest value; NULL without values';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_max(@extschema@.sentiment_histogram) IS
'largest value; NULL without values';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_is_exact(@extschema@.sentiment_histogram) IS
'whether each distinct value is counted by itself, so that quantiles are exact';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_quantile(@extschema@.sentiment_histogram, pg_catalog.float8) IS
'the value below which a fraction of the values lies, as percentile_cont has it; NULL without values';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_bins(@extschema@.sentiment_histogram, pg_catalog.int4) IS
'counts in equally wide bins from minimum to maximum, for a chart';

CREATE FUNCTION @extschema@.sentiment_psi(reference @extschema@.sentiment_histogram, current @extschema@.sentiment_histogram,
	bins pg_catalog.int4 DEFAULT 10)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000;

CREATE FUNCTION @extschema@.sentiment_psi_test(reference @extschema@.sentiment_histogram, current @extschema@.sentiment_histogram,
	bins pg_catalog.int4 DEFAULT 10,
	OUT statistic pg_catalog.float8, OUT degrees_of_freedom pg_catalog.int4, OUT p_value pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000;

CREATE FUNCTION @extschema@.sentiment_psi_bins(reference @extschema@.sentiment_histogram, current @extschema@.sentiment_histogram,
	bins pg_catalog.int4 DEFAULT 10)
RETURNS TABLE (bin pg_catalog.int4, kind pg_catalog.text, lower pg_catalog.float8, upper pg_catalog.float8,
	reference_count pg_catalog.int8, current_count pg_catalog.int8, contribution pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000 ROWS 10;

CREATE FUNCTION @extschema@.sentiment_js(reference @extschema@.sentiment_histogram, current @extschema@.sentiment_histogram,
	bins pg_catalog.int4 DEFAULT 10)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000;

CREATE FUNCTION @extschema@.sentiment_ks(reference @extschema@.sentiment_histogram, current @extschema@.sentiment_histogram)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000;

CREATE FUNCTION @extschema@.sentiment_ks_test(reference @extschema@.sentiment_histogram, current @extschema@.sentiment_histogram,
	OUT statistic pg_catalog.float8, OUT p_value pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000;

CREATE FUNCTION @extschema@.sentiment_chi2(reference pg_catalog.jsonb, current pg_catalog.jsonb,
	OUT statistic pg_catalog.float8, OUT degrees_of_freedom pg_catalog.int4, OUT p_value pg_catalog.float8)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;

COMMENT ON FUNCTION @extschema@.sentiment_psi(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram, pg_catalog.int4) IS
'population stability index of bins cut at the reference''s quantiles; missing values are a bin';
COMMENT ON FUNCTION @extschema@.sentiment_psi_test(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram, pg_catalog.int4) IS
'population stability index, and the probability of one as large if nothing has moved';
COMMENT ON FUNCTION @extschema@.sentiment_psi_bins(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram, pg_catalog.int4) IS
'what each bin adds to the population stability index';
COMMENT ON FUNCTION @extschema@.sentiment_js(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram, pg_catalog.int4) IS
'Jensen-Shannon distance in base 2, from 0 to 1, in the bins of sentiment_psi';
COMMENT ON FUNCTION @extschema@.sentiment_ks(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram) IS
'Kolmogorov-Smirnov statistic: the largest distance of the distribution functions; missing values do not count';
COMMENT ON FUNCTION @extschema@.sentiment_ks_test(@extschema@.sentiment_histogram, @extschema@.sentiment_histogram) IS
'Kolmogorov-Smirnov statistic, and the probability of one as large if nothing has moved';
COMMENT ON FUNCTION @extschema@.sentiment_chi2(pg_catalog.jsonb, pg_catalog.jsonb) IS
'Pearson''s chi-squared test that counts by category ({"category": count}) come from one distribution';

CREATE TYPE @extschema@.sentiment_histogram_pair;

CREATE FUNCTION @extschema@.sentiment_histogram_pair_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_histogram_pair
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_histogram_pair_out(@extschema@.sentiment_histogram_pair) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_histogram_pair_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_histogram_pair
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_histogram_pair_send(@extschema@.sentiment_histogram_pair) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.sentiment_histogram_pair (
	INPUT = @extschema@.sentiment_histogram_pair_in,
	OUTPUT = @extschema@.sentiment_histogram_pair_out,
	RECEIVE = @extschema@.sentiment_histogram_pair_recv,
	SEND = @extschema@.sentiment_histogram_pair_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.sentiment_histogram_pair IS
'histograms of reference and current rows: the state of sentiment_psi_agg';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_out(@extschema@.sentiment_histogram_pair) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_send(@extschema@.sentiment_histogram_pair) IS 'I/O';

CREATE FUNCTION @extschema@.sentiment_histogram_pair_add(@extschema@.sentiment_histogram_pair, value pg_catalog.float8, is_current pg_catalog.bool)
RETURNS @extschema@.sentiment_histogram_pair
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sentiment_histogram_pair_add(@extschema@.sentiment_histogram_pair, value pg_catalog.float8, is_current pg_catalog.bool,
	bins pg_catalog.int4)
RETURNS @extschema@.sentiment_histogram_pair
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sentiment_histogram_pair_combine(@extschema@.sentiment_histogram_pair, @extschema@.sentiment_histogram_pair)
RETURNS @extschema@.sentiment_histogram_pair
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;

CREATE FUNCTION @extschema@.sentiment_histogram_pair_psi(@extschema@.sentiment_histogram_pair)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000;

COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_add(@extschema@.sentiment_histogram_pair, pg_catalog.float8, pg_catalog.bool) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_add(@extschema@.sentiment_histogram_pair, pg_catalog.float8, pg_catalog.bool, pg_catalog.int4) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_combine(@extschema@.sentiment_histogram_pair, @extschema@.sentiment_histogram_pair) IS
'the rows of two pairs of histograms together; aggregate combine function';
COMMENT ON FUNCTION @extschema@.sentiment_histogram_pair_psi(@extschema@.sentiment_histogram_pair) IS
'population stability index of a pair of histograms; aggregate final function';

CREATE AGGREGATE @extschema@.sentiment_psi_agg(value pg_catalog.float8, is_current pg_catalog.bool) (
	SFUNC = @extschema@.sentiment_histogram_pair_add,
	STYPE = @extschema@.sentiment_histogram_pair,
	SSPACE = 131072,
	FINALFUNC = @extschema@.sentiment_histogram_pair_psi,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_histogram_pair_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_psi_agg(pg_catalog.float8, pg_catalog.bool) IS
'population stability index of the current rows against the other ones (rows without is_current are left out)';

CREATE AGGREGATE @extschema@.sentiment_psi_agg(value pg_catalog.float8, is_current pg_catalog.bool, bins pg_catalog.int4) (
	SFUNC = @extschema@.sentiment_histogram_pair_add,
	STYPE = @extschema@.sentiment_histogram_pair,
	SSPACE = 131072,
	FINALFUNC = @extschema@.sentiment_histogram_pair_psi,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_histogram_pair_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_psi_agg(pg_catalog.float8, pg_catalog.bool, pg_catalog.int4) IS
'the same in so many bins';

-- its state is that of sentiment_evaluate
CREATE FUNCTION @extschema@.sentiment_category_add(@extschema@.sentiment_confusion, value pg_catalog.text)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;

CREATE FUNCTION @extschema@.sentiment_category_final(@extschema@.sentiment_confusion) RETURNS pg_catalog.jsonb
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;

COMMENT ON FUNCTION @extschema@.sentiment_category_add(@extschema@.sentiment_confusion, pg_catalog.text) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_category_final(@extschema@.sentiment_confusion) IS
'counts by category; aggregate final function';

CREATE AGGREGATE @extschema@.sentiment_category_counts(value pg_catalog.text) (
	SFUNC = @extschema@.sentiment_category_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_category_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_category_counts(pg_catalog.text) IS
'counts by category, {"category": count}, for sentiment_chi2; NULL is left out';
