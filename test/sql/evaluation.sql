--
-- sentiment_evaluate, sentiment_roc_auc, sentiment_log_loss
--

-- SQLSTATE, message, detail and hint of the error that a statement raises
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE || ': ' || message, nullif('DETAIL: ' || detail, 'DETAIL: '),
					 nullif('HINT: ' || hint, 'HINT: '));
END $$;

-- paths at which two JSON values differ, numbers by more than 1e-13
CREATE FUNCTION pg_temp.differences(a jsonb, b jsonb, path text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	key text;
BEGIN
	IF jsonb_typeof(a) = 'number' AND jsonb_typeof(b) = 'number' THEN
		IF abs(a::numeric - b::numeric) > 1e-13 THEN
			RETURN NEXT path || ': ' || a || ' and ' || b;
		END IF;
	ELSIF jsonb_typeof(a) = 'object' AND jsonb_typeof(b) = 'object' THEN
		FOR key IN SELECT jsonb_object_keys(a) UNION SELECT jsonb_object_keys(b) LOOP
			RETURN QUERY SELECT pg_temp.differences(a -> key, b -> key, path || '/' || key);
		END LOOP;
	ELSIF a IS DISTINCT FROM b THEN
		RETURN NEXT path || ': ' || coalesce(a::text, 'missing') || ' and ' || coalesce(b::text, 'missing');
	END IF;
END $$;

--
-- The figures of scikit-learn 1.2.1, made by
--
-- n = range(1, 1001)
-- actual = [["neg", "neutral", "pos"][g * g % 7 % 3] for g in n]
-- predicted = [a if g % 4 else ["neg", "neutral", "pos"][g // 4 % 3] for g, a in zip(n, actual)]
-- true = [a == "pos" for a in actual]
-- score = [(g * 37 % 101) / 200 + 0.25 * (a == "pos") for g, a in zip(n, actual)]
-- classification_report(actual, predicted, output_dict=True); confusion_matrix(actual, predicted)
-- matthews_corrcoef(actual, predicted); roc_auc_score(true, score); log_loss(true, score)
--
CREATE TEMP TABLE predictions AS
SELECT g AS id, actual,
	   CASE WHEN g % 4 <> 0 THEN actual ELSE (ARRAY['neg', 'neutral', 'pos'])[g / 4 % 3 + 1] END AS predicted,
	   actual = 'pos' AS is_positive,
	   (g * 37 % 101)::float8 / 200 + CASE WHEN actual = 'pos' THEN 0.25 ELSE 0 END AS score
FROM generate_series(1, 1000) AS g, LATERAL (SELECT (ARRAY['neg', 'neutral', 'pos'])[g * g % 7 % 3 + 1]) AS a(actual);

SELECT pg_temp.differences(sentiment_evaluate(actual, predicted), '{
	"rows": 1000, "rows_skipped": 0, "accuracy": 0.832, "matthews_correlation": 0.7217355883165618,
	"macro": {"precision": 0.7831326165665843, "recall": 0.831773859942874, "f1": 0.8013802163108279},
	"weighted": {"precision": 0.8483868310667608, "recall": 0.832, "f1": 0.8363962115458752},
	"classes": {
		"neg": {"precision": 0.6210526315789474, "recall": 0.8309859154929577, "f1": 0.710843373493976, "support": 142},
		"neutral": {"precision": 0.9296875, "recall": 0.8321678321678322, "f1": 0.8782287822878229, "support": 572},
		"pos": {"precision": 0.7986577181208053, "recall": 0.8321678321678322, "f1": 0.815068493150685, "support": 286}},
	"confusion_matrix": {"labels": ["neg", "neutral", "pos"], "counts": [[118, 12, 12], [48, 476, 48], [24, 24, 238]]}}')
FROM predictions;

SELECT abs(sentiment_roc_auc(is_positive, score) - 0.8697381050322227) < 1e-14 AS roc_auc,
	   abs(sentiment_log_loss(is_positive, score) - 0.43301057319967995) < 1e-14 AS log_loss
FROM predictions;

-- Rows with a NULL are skipped; sentiment_evaluate counts them.
SELECT r ->> 'rows' AS rows, r ->> 'rows_skipped' AS rows_skipped, r ->> 'accuracy' AS accuracy
FROM (SELECT sentiment_evaluate(a, p) FROM (VALUES ('x', 'x'), (NULL, 'x'), ('x', NULL), (NULL, NULL), ('y', 'x')) AS v(a, p)) AS e(r);
SELECT sentiment_roc_auc(a, s), sentiment_log_loss(a, s)
FROM (VALUES (true, 0.75), (false, 0.5), (NULL, 0.1), (true, NULL), (false, 0.75)) AS v(a, s);

-- no rows, only skipped rows, one class
SELECT sentiment_evaluate(actual, predicted), sentiment_roc_auc(is_positive, score), sentiment_log_loss(is_positive, score)
FROM predictions WHERE false;
SELECT sentiment_evaluate(NULL::text, 'x'), sentiment_roc_auc(NULL, 0.5), sentiment_log_loss(true, NULL);
SELECT sentiment_roc_auc(true, 0.5), sentiment_log_loss(true, 0.5) = ln(2::float8) AS log_loss;

-- probabilities of 0 and 1 are clipped as by scikit-learn: log_loss([1, 0, 1], [0.0, 1.0, 1.0])
SELECT abs(sentiment_log_loss(a, s) - 24.029102259411438) < 1e-13 AS clipped FROM (VALUES (true, 0.0), (false, 1.0), (true, 1.0)) AS v(a, s);

-- scores need not be probabilities for the area
SELECT sentiment_roc_auc(a, s) FROM (VALUES (true, 'Infinity'::float8), (false, -3), (false, '-Infinity'), (true, 1e300), (true, -3)) AS v(a, s);
SELECT sentiment_roc_auc(id % 2 = 0, id) FROM predictions;
SELECT pg_temp.error_of($$SELECT sentiment_roc_auc(true, 'NaN')$$);
SELECT pg_temp.error_of($$SELECT sentiment_log_loss(true, 'NaN')$$);
SELECT pg_temp.error_of($$SELECT sentiment_log_loss(true, 1.5)$$);
SELECT pg_temp.error_of($$SELECT sentiment_log_loss(false, -0.001)$$);

--
-- Types of labels: all of these need no cast.
--
CREATE FUNCTION pg_temp.summary(report jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT (report ->> 'accuracy') || ' ' || (report #>> '{confusion_matrix,labels}')
$$;
CREATE TYPE pg_temp.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN pg_temp.short_text AS varchar(10);
CREATE TEMP TABLE label_types AS
SELECT g % 3 AS int4, (g % 3)::int2 AS int2, (g % 3)::int8 AS int8, (g % 3)::numeric AS plain, (g % 3)::numeric(5, 2) AS scaled,
	   g % 2 = 0 AS bool, (g % 3)::text AS text, (g % 3)::varchar AS varchar, (g % 3)::char(5) AS char, (g % 3)::name AS name,
	   (g % 2 = 0)::text AS truth, (g % 3)::text::pg_temp.short_text AS domain,
	   (ARRAY['sad', 'happy'])[g % 2 + 1]::pg_temp.mood AS mood
FROM generate_series(1, 20) AS g;

SELECT pg_temp.summary(sentiment_evaluate(int4, int4)) AS int4, pg_temp.summary(sentiment_evaluate(int4, int2)) AS int2,
	   pg_temp.summary(sentiment_evaluate(int8, int4)) AS int8, pg_temp.summary(sentiment_evaluate(int4, plain)) AS numeric,
	   pg_temp.summary(sentiment_evaluate(plain, scaled)) AS scaled FROM label_types;
SELECT pg_temp.summary(sentiment_evaluate(int4, text)) AS int4, pg_temp.summary(sentiment_evaluate(text, int8)) AS int8,
	   pg_temp.summary(sentiment_evaluate(text, varchar)) AS varchar, pg_temp.summary(sentiment_evaluate(varchar, varchar)) AS varchars,
	   pg_temp.summary(sentiment_evaluate(char, int2)) AS char, pg_temp.summary(sentiment_evaluate(name, domain)) AS name,
	   pg_temp.summary(sentiment_evaluate(int4, domain)) AS domain FROM label_types;
SELECT pg_temp.summary(sentiment_evaluate(bool, bool)) AS bools, pg_temp.summary(sentiment_evaluate(bool, truth)) AS text,
	   pg_temp.summary(sentiment_evaluate(truth, bool)) AS bool FROM label_types;
SELECT pg_temp.summary(sentiment_evaluate('a', 'b')) AS literals, pg_temp.summary(sentiment_evaluate(1, '1')) AS int4,
	   pg_temp.summary(sentiment_evaluate('1', 1)) AS int4, pg_temp.summary(sentiment_evaluate('true', true)) AS bool,
	   pg_temp.summary(sentiment_evaluate('2', text)) AS text, pg_temp.summary(sentiment_evaluate(int8, '2')) AS int8,
	   pg_temp.summary(sentiment_evaluate(1.50, 1.5)) AS numeric, pg_temp.summary(sentiment_evaluate(NULL, 'x')) AS null FROM label_types;
-- a label that is text keeps its digits; an enum needs a cast, as everywhere
SELECT pg_temp.summary(sentiment_evaluate(scaled, '2')) AS numeric, pg_temp.summary(sentiment_evaluate(mood::text, 'sad')) AS enum FROM label_types;
SELECT pg_temp.error_of($$SELECT sentiment_evaluate(mood, 'sad') FROM label_types$$);

-- order of labels: numbers if all are integers, else bytes
SELECT sentiment_evaluate(l, l) #> '{confusion_matrix,labels}' AS integers FROM unnest('{10,9,-3,0,100,-20}'::text[]) AS l;
SELECT sentiment_evaluate(l, l) #> '{confusion_matrix,labels}' AS bytes FROM unnest('{10,9,b,B,é,a,""}'::text[]) AS l;
-- labels that need escapes in JSON
SELECT sentiment_evaluate(l, l) #> '{confusion_matrix,labels}' AS escapes FROM unnest(ARRAY['"', '\', E'\n', '{"a": 1}']) AS l;

-- more than 100 labels: all figures, but no matrix
SELECT r ? 'confusion_matrix' AS matrix, r ->> 'rows' AS rows, r ->> 'accuracy' AS accuracy, (SELECT count(*) FROM jsonb_object_keys(r -> 'classes')) AS classes
FROM (SELECT sentiment_evaluate(g % 150, g % 300) AS r FROM generate_series(0, 599) AS g) AS e;

-- limits
SELECT pg_temp.error_of($$SELECT sentiment_evaluate(g, 0) FROM generate_series(1, 10001) AS g$$);
SELECT pg_temp.error_of($$SELECT sentiment_evaluate('a', repeat('x', 1025))$$);

--
-- Parallel plans give the same figures, to the last bit, as serial ones.
--
CREATE TABLE evaluation_rows AS
SELECT copy * 1000 + id AS id, actual, predicted, is_positive, mod((score * copy)::numeric, 1)::float8 AS score
FROM generate_series(1, 30) AS copy, predictions;
ALTER TABLE evaluation_rows SET (parallel_workers = 2);
ANALYZE evaluation_rows;
CREATE VIEW evaluation_figures AS
SELECT sentiment_evaluate(actual, predicted) AS report, sentiment_roc_auc(is_positive, score) AS roc_auc,
	   sentiment_log_loss(is_positive, score) AS log_loss
FROM evaluation_rows;
CREATE VIEW evaluation_figures_by_label AS
SELECT actual, sentiment_evaluate(actual, predicted) AS report, sentiment_roc_auc(id % 2 = 0, score) AS roc_auc,
	   sentiment_log_loss(is_positive, score) AS log_loss
FROM evaluation_rows GROUP BY actual;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial_figures AS SELECT * FROM evaluation_figures;
CREATE TEMP TABLE serial_figures_by_label AS SELECT * FROM evaluation_figures_by_label;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT * FROM evaluation_figures;
SELECT s.report = p.report AS report, s.roc_auc = p.roc_auc AS roc_auc, s.log_loss = p.log_loss AS log_loss
FROM serial_figures AS s, evaluation_figures AS p;
SELECT actual, s.report = p.report AS report, s.roc_auc = p.roc_auc AS roc_auc, s.log_loss = p.log_loss AS log_loss
FROM serial_figures_by_label AS s JOIN evaluation_figures_by_label AS p USING (actual) ORDER BY actual;
-- without the leader, all of the state comes through the workers
SET parallel_leader_participation = off;
SELECT s.report = p.report AS report, s.roc_auc = p.roc_auc AS roc_auc, s.log_loss = p.log_loss AS log_loss
FROM serial_figures AS s, evaluation_figures AS p;
-- other rows, another result: the comparison above can fail
SELECT (SELECT report FROM serial_figures) = sentiment_evaluate(actual, predicted) AS report,
	   (SELECT roc_auc FROM serial_figures) = sentiment_roc_auc(is_positive, score) AS roc_auc,
	   (SELECT log_loss FROM serial_figures) = sentiment_log_loss(is_positive, score) AS log_loss
FROM evaluation_rows WHERE id > 1001;
RESET parallel_leader_participation;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

--
-- Window functions
--
SELECT id, actual, predicted, round((sentiment_evaluate(actual, predicted) OVER w ->> 'accuracy')::numeric, 6) AS accuracy,
	   round(sentiment_roc_auc(is_positive, score) OVER w::numeric, 6) AS roc_auc
FROM predictions WHERE id <= 12 WINDOW w AS (ORDER BY id) ORDER BY id;
-- each frame alone gives the same
SELECT count(*) AS frames, count(*) FILTER (WHERE w.report = e.report AND w.roc_auc IS NOT DISTINCT FROM e.roc_auc AND w.log_loss = e.log_loss) AS equal
FROM (SELECT id, sentiment_evaluate(actual, predicted) OVER w AS report, sentiment_roc_auc(is_positive, score) OVER w AS roc_auc,
			 sentiment_log_loss(is_positive, score) OVER w AS log_loss
	  FROM predictions WINDOW w AS (ORDER BY id ROWS 20 PRECEDING)) AS w,
	 LATERAL (SELECT sentiment_evaluate(actual, predicted), sentiment_roc_auc(is_positive, score), sentiment_log_loss(is_positive, score)
			  FROM predictions AS p WHERE p.id BETWEEN w.id - 20 AND w.id) AS e(report, roc_auc, log_loss)
WHERE w.id % 10 = 1;

--
-- States as values: kept in a table, merged later.
--
CREATE AGGREGATE pg_temp.confusion_agg(text, text) (SFUNC = sentiment_confusion_add, STYPE = sentiment_confusion);
CREATE AGGREGATE pg_temp.confusion_merge(sentiment_confusion) (SFUNC = sentiment_confusion_combine, STYPE = sentiment_confusion);
CREATE AGGREGATE pg_temp.scored_rows_agg(boolean, float8) (SFUNC = sentiment_scored_rows_add, STYPE = sentiment_scored_rows);
CREATE AGGREGATE pg_temp.scored_rows_merge(sentiment_scored_rows) (SFUNC = sentiment_scored_rows_combine, STYPE = sentiment_scored_rows);
CREATE TABLE evaluation_states (part int, confusion sentiment_confusion, scored_rows sentiment_scored_rows);
INSERT INTO evaluation_states
SELECT id % 10, pg_temp.confusion_agg(actual, predicted), pg_temp.scored_rows_agg(is_positive, score) FROM evaluation_rows GROUP BY 1;
INSERT INTO evaluation_states VALUES (10, NULL, NULL);
SELECT sentiment_confusion_report(pg_temp.confusion_merge(confusion)) = (SELECT report FROM serial_figures) AS report,
	   sentiment_scored_rows_roc_auc(pg_temp.scored_rows_merge(scored_rows)) = (SELECT roc_auc FROM serial_figures) AS roc_auc
FROM evaluation_states;
-- large enough to be stored out of line
SELECT pg_relation_size(reltoastrelid) > 0 AS toasted FROM pg_class WHERE oid = 'evaluation_states'::regclass;

-- the text and the binary form come back as they went
SELECT count(*) AS states, count(*) FILTER (WHERE confusion::text::sentiment_confusion::text = confusion::text) AS confusion,
	   count(*) FILTER (WHERE scored_rows::text::sentiment_scored_rows::text = scored_rows::text) AS scored_rows
FROM evaluation_states;
CREATE TABLE evaluation_states_copy (LIKE evaluation_states);
\copy evaluation_states to program 'cat > "${PG_ABS_BUILDDIR:-/tmp}"/evaluation.copy' (format binary)
\copy evaluation_states_copy from program 'cat "${PG_ABS_BUILDDIR:-/tmp}"/evaluation.copy && rm "${PG_ABS_BUILDDIR:-/tmp}"/evaluation.copy' (format binary)
SELECT count(*) AS states, count(*) FILTER (WHERE a.confusion::text = b.confusion::text) AS confusion,
	   count(*) FILTER (WHERE a.scored_rows::text = b.scored_rows::text) AS scored_rows
FROM evaluation_states AS a JOIN evaluation_states_copy AS b USING (part);

-- called outside of an aggregate, a transition does not change its input
SELECT sentiment_confusion_report(s) ->> 'rows' AS before, sentiment_confusion_report(sentiment_confusion_add(s, 'a', 'b')) ->> 'rows' AS added,
	   sentiment_confusion_report(sentiment_confusion_combine(s, s)) ->> 'rows' AS doubled, sentiment_confusion_report(s) ->> 'rows' AS after
FROM (SELECT sentiment_confusion_add(sentiment_confusion_add(NULL, 'a', 'a'), 'a', 'b') AS s OFFSET 0) AS q;
SELECT sentiment_scored_rows_roc_auc(s) AS before, sentiment_scored_rows_roc_auc(sentiment_scored_rows_add(s, false, 0.9)) AS added,
	   sentiment_scored_rows_roc_auc(sentiment_scored_rows_combine(s, s)) AS doubled, sentiment_scored_rows_roc_auc(s) AS after
FROM (SELECT sentiment_scored_rows_add(sentiment_scored_rows_add(NULL, true, 0.5), false, 0.1) AS s OFFSET 0) AS q;
SELECT s AS before, sentiment_log_loss_final(sentiment_log_loss_add(s, false, 0.5)) AS added, sentiment_log_loss_final(sentiment_log_loss_combine(s, s)) AS doubled,
	   s AS after FROM (SELECT '{1,0.5,0}'::float8[] AS s OFFSET 0) AS q;
DO $$
DECLARE
	a sentiment_confusion := sentiment_confusion_add(NULL, 'x', 'x');
	b sentiment_confusion := a;
BEGIN
	FOR i IN 1..3 LOOP
		b := sentiment_confusion_add(b, 1, 2);
		b := sentiment_confusion_add(b, true, 'x');
	END LOOP;
	RAISE NOTICE 'a: %', sentiment_confusion_report(a) ->> 'rows';
	RAISE NOTICE 'b: %', sentiment_confusion_report(b) ->> 'rows';
END $$;
SELECT sentiment_confusion_combine(NULL, NULL) IS NULL AS both_null, sentiment_confusion_report(NULL) IS NULL AS no_state,
	   sentiment_confusion_report(sentiment_confusion_combine(s, NULL)) = sentiment_confusion_report(sentiment_confusion_combine(NULL, s)) AS either_null
FROM (SELECT confusion FROM evaluation_states WHERE part = 1) AS q(s);
SELECT pg_temp.error_of($$SELECT sentiment_log_loss_final('{1,2}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_log_loss_final('{1,2,NULL}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_log_loss_final('{{1,2,3}}')$$);

-- input that nobody wrote
SELECT sentiment_confusion_add(NULL, 'a', 'b') AS confusion, sentiment_scored_rows_add(NULL, true, 0.5) AS scored_rows;
SELECT input, pg_temp.error_of(format('SELECT %L::sentiment_confusion', input))
FROM unnest(ARRAY['', 'abc', '\x', '\x0', '\xgg', '\x434f4e46', '\x434f4e4601000000', sentiment_scored_rows_add(NULL, true, 0.5)::text]) AS input;
SELECT change, pg_temp.error_of(format('SELECT %L::sentiment_confusion', overlay(good PLACING bytes FROM length(good) - at FOR length(bytes))))
FROM (VALUES ('version', 115, '02000000'), ('number of labels', 107, 'ffffffff'), ('skipped rows', 99, 'ffffffffffffffff'),
			 ('count', 67, 'ffffffffffffffff'), ('length of a label', 11, 'ffffffff'), ('label', 1, 'ff'), ('label', 1, '00'), ('label', 1, '61')) AS v(change, at, bytes),
	 (SELECT sentiment_confusion_add(NULL, 'a', 'b')::text) AS s(good);
SELECT change, pg_temp.error_of(format('SELECT %L::sentiment_scored_rows', overlay(good PLACING bytes FROM length(good) - at FOR length(bytes))))
FROM (VALUES ('version', 63, '02000000'), ('reserved', 55, '01000000'), ('positive rows', 47, 'ffffffffffffffff'), ('negative rows', 31, '0100000000000000'),
			 ('score', 15, '000000000000f87f')) AS v(change, at, bytes),
	 (SELECT sentiment_scored_rows_add(NULL, true, 0.5)::text) AS s(good);
-- any byte changed, any length: either refused, or kept as it came
DO $$
DECLARE
	good text;
	bad text;
	refused int := 0;
BEGIN
	good := sentiment_confusion_add(sentiment_confusion_add(NULL, 'neg', 'pos'), 'neg', 'neg')::text;
	FOR i IN 2..length(good) LOOP
		BEGIN
			bad := left(good, i);
			IF bad::sentiment_confusion::text <> good THEN
				RAISE WARNING '% was accepted', bad;
			END IF;
		EXCEPTION WHEN invalid_binary_representation OR invalid_parameter_value OR feature_not_supported THEN
			refused := refused + 1;
		END;
	END LOOP;
	RAISE NOTICE '% of % lengths refused', refused, length(good) - 1;
	refused := 0;
	FOR i IN 3..length(good) LOOP
		BEGIN
			bad := overlay(good PLACING to_hex((('x' || substr(good, i, 1))::bit(4)::int + 8) % 16) FROM i FOR 1);
			IF bad::sentiment_confusion::text <> bad THEN
				RAISE WARNING '% came back different', bad;
			END IF;
			PERFORM sentiment_confusion_report(bad::sentiment_confusion);
		EXCEPTION WHEN invalid_binary_representation OR feature_not_supported THEN
			refused := refused + 1;
		END;
	END LOOP;
	RAISE NOTICE '% of % changed digits refused', refused, length(good) - 2;
END $$;

-- as a distributed engine combines: states of the workers as text, with rows that some of them never saw
SELECT sentiment_confusion_report(pg_temp.confusion_merge(state::sentiment_confusion)) - 'classes' - 'confusion_matrix' AS report
FROM (SELECT confusion::text AS state FROM evaluation_states UNION ALL SELECT NULL) AS q;

DROP VIEW evaluation_figures, evaluation_figures_by_label;
DROP TABLE evaluation_rows, evaluation_states, evaluation_states_copy;
