/* src/extension/evaluation.sql: aggregates that measure predictions */

CREATE TYPE @extschema@.sentiment_confusion;

CREATE FUNCTION @extschema@.sentiment_confusion_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_confusion_out(@extschema@.sentiment_confusion) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_confusion_recv(pg_catalog.internal) RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_confusion_send(@extschema@.sentiment_confusion) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.sentiment_confusion (
	INPUT = @extschema@.sentiment_confusion_in,
	OUTPUT = @extschema@.sentiment_confusion_out,
	RECEIVE = @extschema@.sentiment_confusion_recv,
	SEND = @extschema@.sentiment_confusion_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.sentiment_confusion IS
'counts of pairs of an actual and a predicted label: the state of sentiment_evaluate';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_out(@extschema@.sentiment_confusion) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_send(@extschema@.sentiment_confusion) IS 'I/O';

-- A label is what a cast to text makes of it. Every pair of types has a function of its own, because an
-- aggregate that runs on the workers of a distributed engine needs concrete types.
CREATE FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, actual pg_catalog.text, predicted pg_catalog.text)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME', 'sentiment_confusion_add_text_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;

CREATE FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, actual pg_catalog.numeric, predicted pg_catalog.numeric)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME', 'sentiment_confusion_add_numeric_numeric' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 8;

CREATE FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, actual pg_catalog.numeric, predicted pg_catalog.text)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME', 'sentiment_confusion_add_numeric_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 8;

CREATE FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, actual pg_catalog.text, predicted pg_catalog.numeric)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME', 'sentiment_confusion_add_text_numeric' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 8;

CREATE FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, actual pg_catalog.bool, predicted pg_catalog.bool)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME', 'sentiment_confusion_add_boolean_boolean' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;

CREATE FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, actual pg_catalog.bool, predicted pg_catalog.text)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME', 'sentiment_confusion_add_boolean_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;

CREATE FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, actual pg_catalog.text, predicted pg_catalog.bool)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME', 'sentiment_confusion_add_text_boolean' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;

COMMENT ON FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, pg_catalog.text, pg_catalog.text) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, pg_catalog.numeric, pg_catalog.numeric) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, pg_catalog.numeric, pg_catalog.text) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, pg_catalog.text, pg_catalog.numeric) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, pg_catalog.bool, pg_catalog.bool) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, pg_catalog.bool, pg_catalog.text) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_add(@extschema@.sentiment_confusion, pg_catalog.text, pg_catalog.bool) IS
'aggregate transition function';

CREATE FUNCTION @extschema@.sentiment_confusion_combine(@extschema@.sentiment_confusion, @extschema@.sentiment_confusion)
RETURNS @extschema@.sentiment_confusion
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;

CREATE FUNCTION @extschema@.sentiment_confusion_report(@extschema@.sentiment_confusion) RETURNS pg_catalog.jsonb
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;

COMMENT ON FUNCTION @extschema@.sentiment_confusion_combine(@extschema@.sentiment_confusion, @extschema@.sentiment_confusion) IS
'the counts of two sets of rows together; aggregate combine function';
COMMENT ON FUNCTION @extschema@.sentiment_confusion_report(@extschema@.sentiment_confusion) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of counted rows; aggregate final function';

CREATE AGGREGATE @extschema@.sentiment_evaluate(actual pg_catalog.text, predicted pg_catalog.text) (
	SFUNC = @extschema@.sentiment_confusion_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_confusion_report,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_evaluate(actual pg_catalog.numeric, predicted pg_catalog.numeric) (
	SFUNC = @extschema@.sentiment_confusion_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_confusion_report,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_evaluate(actual pg_catalog.numeric, predicted pg_catalog.text) (
	SFUNC = @extschema@.sentiment_confusion_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_confusion_report,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_evaluate(actual pg_catalog.text, predicted pg_catalog.numeric) (
	SFUNC = @extschema@.sentiment_confusion_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_confusion_report,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_evaluate(actual pg_catalog.bool, predicted pg_catalog.bool) (
	SFUNC = @extschema@.sentiment_confusion_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_confusion_report,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_evaluate(actual pg_catalog.bool, predicted pg_catalog.text) (
	SFUNC = @extschema@.sentiment_confusion_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_confusion_report,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

CREATE AGGREGATE @extschema@.sentiment_evaluate(actual pg_catalog.text, predicted pg_catalog.bool) (
	SFUNC = @extschema@.sentiment_confusion_add,
	STYPE = @extschema@.sentiment_confusion,
	SSPACE = 4096,
	FINALFUNC = @extschema@.sentiment_confusion_report,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_confusion_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_evaluate(pg_catalog.text, pg_catalog.text) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of predicted labels';
COMMENT ON AGGREGATE @extschema@.sentiment_evaluate(pg_catalog.numeric, pg_catalog.numeric) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of predicted labels';
COMMENT ON AGGREGATE @extschema@.sentiment_evaluate(pg_catalog.numeric, pg_catalog.text) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of predicted labels';
COMMENT ON AGGREGATE @extschema@.sentiment_evaluate(pg_catalog.text, pg_catalog.numeric) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of predicted labels';
COMMENT ON AGGREGATE @extschema@.sentiment_evaluate(pg_catalog.bool, pg_catalog.bool) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of predicted labels';
COMMENT ON AGGREGATE @extschema@.sentiment_evaluate(pg_catalog.bool, pg_catalog.text) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of predicted labels';
COMMENT ON AGGREGATE @extschema@.sentiment_evaluate(pg_catalog.text, pg_catalog.bool) IS
'accuracy, precision, recall, F1, Matthews correlation and confusion matrix of predicted labels';

CREATE TYPE @extschema@.sentiment_scored_rows;

CREATE FUNCTION @extschema@.sentiment_scored_rows_in(pg_catalog.cstring) RETURNS @extschema@.sentiment_scored_rows
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_scored_rows_out(@extschema@.sentiment_scored_rows) RETURNS pg_catalog.cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_scored_rows_recv(pg_catalog.internal)
RETURNS @extschema@.sentiment_scored_rows
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_scored_rows_send(@extschema@.sentiment_scored_rows) RETURNS pg_catalog.bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.sentiment_scored_rows (
	INPUT = @extschema@.sentiment_scored_rows_in,
	OUTPUT = @extschema@.sentiment_scored_rows_out,
	RECEIVE = @extschema@.sentiment_scored_rows_recv,
	SEND = @extschema@.sentiment_scored_rows_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.sentiment_scored_rows IS
'scores of positive and of negative rows: the state of sentiment_roc_auc';
COMMENT ON FUNCTION @extschema@.sentiment_scored_rows_in(pg_catalog.cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_scored_rows_out(@extschema@.sentiment_scored_rows) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_scored_rows_recv(pg_catalog.internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.sentiment_scored_rows_send(@extschema@.sentiment_scored_rows) IS 'I/O';

CREATE FUNCTION @extschema@.sentiment_scored_rows_add(@extschema@.sentiment_scored_rows, actual pg_catalog.bool, score pg_catalog.float8)
RETURNS @extschema@.sentiment_scored_rows
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sentiment_scored_rows_combine(@extschema@.sentiment_scored_rows, @extschema@.sentiment_scored_rows)
RETURNS @extschema@.sentiment_scored_rows
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;

CREATE FUNCTION @extschema@.sentiment_scored_rows_roc_auc(@extschema@.sentiment_scored_rows)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION @extschema@.sentiment_scored_rows_add(@extschema@.sentiment_scored_rows, pg_catalog.bool, pg_catalog.float8) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_scored_rows_combine(@extschema@.sentiment_scored_rows, @extschema@.sentiment_scored_rows) IS
'the scores of two sets of rows together; aggregate combine function';
COMMENT ON FUNCTION @extschema@.sentiment_scored_rows_roc_auc(@extschema@.sentiment_scored_rows) IS
'area under the ROC curve of collected scores; aggregate final function';

CREATE AGGREGATE @extschema@.sentiment_roc_auc(actual pg_catalog.bool, score pg_catalog.float8) (
	SFUNC = @extschema@.sentiment_scored_rows_add,
	STYPE = @extschema@.sentiment_scored_rows,
	SSPACE = 8192,
	FINALFUNC = @extschema@.sentiment_scored_rows_roc_auc,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_scored_rows_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_roc_auc(pg_catalog.bool, pg_catalog.float8) IS
'area under the ROC curve: the share of pairs of a positive and a negative row in which the positive one scores higher';

-- the state: number of rows, sum of the losses, rounding error of the sum
CREATE FUNCTION @extschema@.sentiment_log_loss_add(pg_catalog.float8[], actual pg_catalog.bool, score pg_catalog.float8)
RETURNS pg_catalog.float8[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE FUNCTION @extschema@.sentiment_log_loss_combine(pg_catalog.float8[], pg_catalog.float8[])
RETURNS pg_catalog.float8[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION @extschema@.sentiment_log_loss_final(pg_catalog.float8[]) RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.sentiment_log_loss_add(pg_catalog.float8[], pg_catalog.bool, pg_catalog.float8) IS
'aggregate transition function';
COMMENT ON FUNCTION @extschema@.sentiment_log_loss_combine(pg_catalog.float8[], pg_catalog.float8[]) IS
'aggregate combine function';
COMMENT ON FUNCTION @extschema@.sentiment_log_loss_final(pg_catalog.float8[]) IS
'aggregate final function';

CREATE AGGREGATE @extschema@.sentiment_log_loss(actual pg_catalog.bool, score pg_catalog.float8) (
	SFUNC = @extschema@.sentiment_log_loss_add,
	STYPE = pg_catalog.float8[],
	INITCOND = '{0,0,0}',
	FINALFUNC = @extschema@.sentiment_log_loss_final,
	FINALFUNC_MODIFY = read_only,
	COMBINEFUNC = @extschema@.sentiment_log_loss_combine,
	PARALLEL = safe
);

COMMENT ON AGGREGATE @extschema@.sentiment_log_loss(pg_catalog.bool, pg_catalog.float8) IS
'mean of -ln of the probability that was given to what was true (cross-entropy)';
