/* src/extension/model_card.sql: what people should know of a version, as Markdown */

-- Names, labels and reasons come from anybody: they are shown as text, whatever they hold.
CREATE FUNCTION sentiment.card_text(value pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT regexp_replace(
		replace(replace(replace(regexp_replace($1, '[[:cntrl:]]+', ' ', 'g'), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
		'([\\`*_{}\[\]#|~!])', '\\\1', 'g');
END;

COMMENT ON FUNCTION sentiment.card_text(pg_catalog.text) IS 'a text in Markdown that shows as it is, on one line';

CREATE FUNCTION sentiment.card_number(value pg_catalog.jsonb, digits pg_catalog.int4)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN jsonb_typeof($1) = 'number' AND length($1::text) < 40 THEN round($1::numeric, $2)::text ELSE '–' END;
END;

COMMENT ON FUNCTION sentiment.card_number(pg_catalog.jsonb, pg_catalog.int4) IS 'a number of JSON, or a dash for anything else';

CREATE FUNCTION sentiment.card_object(value pg_catalog.jsonb)
RETURNS pg_catalog.jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN jsonb_typeof($1) = 'object' THEN $1 ELSE '{}' END;
END;

COMMENT ON FUNCTION sentiment.card_object(pg_catalog.jsonb) IS 'an object of JSON, or an empty one for anything else';

CREATE FUNCTION sentiment.card_time(value pg_catalog.timestamptz)
RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"');
END;

COMMENT ON FUNCTION sentiment.card_time(pg_catalog.timestamptz) IS 'a time in UTC';

CREATE FUNCTION sentiment.card_data(wanted_model_id pg_catalog.int8, wanted_version pg_catalog.int4)
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '| | |' || E'\n|---|---|'
		|| E'\n| source | ' || CASE WHEN v.source_name = '' THEN 'not known: the version was imported'
			ELSE sentiment.card_text(v.source_schema || '.' || v.source_name) END || ' |'
		|| COALESCE(E'\n| filter | ' || sentiment.card_text(v.filter) || ' |', '')
		|| E'\n| columns | text: ' || sentiment.card_text(v.text_column) || ', label: ' || sentiment.card_text(v.label_column)
		|| CASE WHEN v.numeric_columns = '{}' THEN ''
			ELSE ', numbers: ' || sentiment.card_text(array_to_string(v.numeric_columns, ', ')) END || ' |'
		|| E'\n| rows learned from | ' || v.rows_trained || ' |'
		|| E'\n| rows held out | ' || v.rows_held_out || ' (share ' || v.holdout || ' of the texts) |'
		|| E'\n| rows skipped | ' || v.rows_skipped || ' (without a text or a label) |'
		|| E'\n| labels | ' || (SELECT string_agg(sentiment.card_text(l), ', ' ORDER BY n) FROM unnest(v.labels) WITH ORDINALITY AS u(l, n)) || ' |'
		|| E'\n| trained | ' || sentiment.card_time(v.trained_at) || ' by ' || sentiment.card_text(v.trained_by)
		|| ', in ' || round(v.seconds::numeric, 2) || ' s, from the rows that were there then |'
	FROM sentiment.model_version AS v WHERE v.model_id = wanted_model_id AND v.version = wanted_version;
END;

COMMENT ON FUNCTION sentiment.card_data(pg_catalog.int8, pg_catalog.int4) IS 'a model card''s section of the data';

CREATE FUNCTION sentiment.card_metrics(metrics pg_catalog.jsonb)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '| figure | held-out rows | 95 % interval | without looking at the texts |' || CASE WHEN c ? 'folds' THEN ' cross-validation, mean of ' || sentiment.card_number(c -> 'folds', 0) || ' folds |' ELSE '' END
		|| E'\n|---|---|---|---|' || CASE WHEN c ? 'folds' THEN '---|' ELSE '' END
		|| string_agg(E'\n| ' || f.title || ' | ' || sentiment.card_number($1 -> f.key, 4) || ' | '
			|| COALESCE((SELECT round(i[1]::numeric, 4) || ' to ' || round(i[2]::numeric, 4) FROM sentiment.metric_interval($1, f.key) AS i WHERE i IS NOT NULL), '–') || ' | '
			|| sentiment.card_number(sentiment.card_object($1 -> 'baselines') -> f.key, 4) || ' |'
			|| CASE WHEN c ? 'folds' THEN ' ' || sentiment.card_number(sentiment.card_object(c -> f.key) -> 'mean', 4) || ' |' ELSE '' END, '' ORDER BY f.n)
	FROM sentiment.card_object($1 -> 'cross_validation') AS c,
		(VALUES (1, 'f1', 'F1'), (2, 'macro_f1', 'macro F1'), (3, 'accuracy', 'accuracy'), (4, 'roc_auc', 'area under the ROC curve'),
			(5, 'log_loss', 'log loss')) AS f(n, key, title)
	WHERE $1 ? f.key
	GROUP BY c;
END;

COMMENT ON FUNCTION sentiment.card_metrics(pg_catalog.jsonb) IS 'a model card''s table of metrics; null without any';

CREATE FUNCTION sentiment.card_labels(report pg_catalog.jsonb)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '| label | precision | recall | F1 | held-out rows |' || E'\n|---|---|---|---|---|'
		|| string_agg(E'\n| ' || sentiment.card_text(e.key) || ' | ' || sentiment.card_number(o -> 'precision', 4) || ' | '
			|| sentiment.card_number(o -> 'recall', 4) || ' | ' || sentiment.card_number(o -> 'f1', 4) || ' | '
			|| sentiment.card_number(o -> 'support', 0) || ' |', '' ORDER BY e.key COLLATE "C")
	FROM jsonb_each(sentiment.card_object($1 -> 'classes')) AS e, sentiment.card_object(e.value) AS o
	HAVING count(*) > 0;
END;

COMMENT ON FUNCTION sentiment.card_labels(pg_catalog.jsonb) IS 'a model card''s table of figures by label; null without any';

CREATE FUNCTION sentiment.card_confusion(matrix pg_catalog.jsonb)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN jsonb_typeof($1 -> 'labels') = 'array' AND jsonb_typeof($1 -> 'counts') = 'array'
			AND jsonb_array_length($1 -> 'labels') BETWEEN 1 AND 20
		THEN '| actual \ predicted |'
			|| (SELECT string_agg(' ' || sentiment.card_text(l) || ' |', '' ORDER BY n)
				FROM jsonb_array_elements_text($1 -> 'labels') WITH ORDINALITY AS a(l, n))
			|| E'\n|---|' || repeat('---|', jsonb_array_length($1 -> 'labels'))
			|| (SELECT string_agg(E'\n| ' || sentiment.card_text(l) || ' |'
					|| (SELECT string_agg(' ' || sentiment.card_number($1 -> 'counts' -> (n::int4 - 1) -> (i - 1), 0) || ' |', '' ORDER BY i)
						FROM generate_series(1, jsonb_array_length($1 -> 'labels')) AS i), '' ORDER BY n)
				FROM jsonb_array_elements_text($1 -> 'labels') WITH ORDINALITY AS a(l, n))
		END;
END;

COMMENT ON FUNCTION sentiment.card_confusion(pg_catalog.jsonb) IS 'a model card''s confusion matrix; null for more than 20 labels';

CREATE FUNCTION sentiment.card_parameters(parameters pg_catalog.jsonb)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '| parameter | value |' || E'\n|---|---|'
		|| string_agg(E'\n| ' || sentiment.card_text(e.key) || ' | ' || sentiment.card_text(e.value::text) || ' |', '' ORDER BY e.key COLLATE "C")
	FROM jsonb_each(sentiment.card_object($1)) AS e
	HAVING count(*) > 0;
END;

COMMENT ON FUNCTION sentiment.card_parameters(pg_catalog.jsonb) IS 'a model card''s table of parameters; null without any';

CREATE FUNCTION sentiment.card_search(wanted_model_id pg_catalog.int8, wanted_version pg_catalog.int4)
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'Chosen by search ' || s.search_id || ': trial ' || s.best_trial || ' of ' || (SELECT count(*) FROM sentiment.search_trial AS a WHERE a.search_id = s.search_id)
		|| ' (' || s.sampler || ', seed ' || s.seed || '), the best by ' || s.objectives[1] || ': ' || sentiment.card_number(t.metrics -> s.objectives[1], 4)
		|| CASE WHEN s.objectives[1] = ANY ('{latency,bytes}') THEN '' ELSE ', mean of ' || s.folds || ' folds' END
		|| CASE WHEN s.limits = '{}' THEN '' ELSE ', within ' || sentiment.card_text(s.limits::text) END || '.'
	FROM sentiment.search AS s JOIN sentiment.search_trial AS t ON t.search_id = s.search_id AND t.trial = s.best_trial
	WHERE s.model_id = wanted_model_id AND s.version = wanted_version
	ORDER BY s.search_id DESC LIMIT 1;
END;

COMMENT ON FUNCTION sentiment.card_search(pg_catalog.int8, pg_catalog.int4) IS 'a model card''s word on the search that chose the parameters; null if none did';

CREATE FUNCTION sentiment.card_features(model pg_catalog.text, version pg_catalog.int4)
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '| feature | importance |' || E'\n|---|---|'
		|| string_agg(E'\n| ' || sentiment.card_text(f.feature) || ' | ' || sentiment.card_number(to_jsonb(f.importance), 4) || ' |', ''
			ORDER BY f.importance DESC, f.feature COLLATE "C")
	FROM (SELECT i.feature, i.importance FROM sentiment.feature_importance($1, $2) AS i
		  ORDER BY i.importance DESC, i.feature COLLATE "C" LIMIT 20) AS f
	HAVING count(*) > 0;
END;

COMMENT ON FUNCTION sentiment.card_features(pg_catalog.text, pg_catalog.int4) IS
'a model card''s table of the most important features; needs the privilege admin';

CREATE FUNCTION sentiment.card_history(wanted_model_id pg_catalog.int8, wanted_version pg_catalog.int4)
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '| when | what | traffic | by | why |' || E'\n|---|---|---|---|---|'
		|| string_agg(E'\n| ' || sentiment.card_time(h.done_at) || ' | ' || sentiment.card_text(h.action)
			|| CASE WHEN h.forced THEN ' (forced)' ELSE '' END || ' | ' || COALESCE(sentiment.card_text(h.traffic::text), '') || ' | '
			|| sentiment.card_text(h.done_by) || ' | ' || sentiment.card_text(h.reason) || ' |', '' ORDER BY h.history_id)
	FROM (SELECT e.* FROM sentiment.deployment_history AS e
		  WHERE e.model_id = wanted_model_id AND (e.version = wanted_version OR e.traffic ? wanted_version::text
			  OR e.previous_traffic ? wanted_version::text)
		  ORDER BY e.history_id DESC LIMIT 20) AS h
	HAVING count(*) > 0;
END;

COMMENT ON FUNCTION sentiment.card_history(pg_catalog.int8, pg_catalog.int4) IS
'a model card''s table of the last events about a version; null without any';

CREATE FUNCTION sentiment.card_drift(wanted_model_id pg_catalog.int8, wanted_version pg_catalog.int4)
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'Last check ' || sentiment.card_time(r.checked_at) || ', ' || r.rows || ' rows'
		|| COALESCE(' of ' || sentiment.card_text(r.source_schema || '.' || r.source_name), '') || ': '
		|| CASE WHEN r.drifted THEN '**drift found**' WHEN r.drifted IS NULL THEN 'nothing to test' ELSE 'no drift' END
		|| ' (' || r.findings || ' of ' || r.tests || ' tests at level ' || r.alpha || ').'
		|| COALESCE(E'\n\n| feature | statistic | value | threshold |\n|---|---|---|---|'
			|| (SELECT string_agg(E'\n| ' || sentiment.card_text(f.feature) || ' | ' || sentiment.card_text(f.statistic) || ' | '
					|| sentiment.card_number(to_jsonb(f.value), 4) || ' | ' || sentiment.card_number(to_jsonb(f.threshold), 4) || ' |', '' ORDER BY f.position)
				FROM sentiment.drift_report_feature AS f WHERE f.report_id = r.report_id AND f.drifted), '')
	FROM sentiment.drift_report AS r
	WHERE r.model_id = wanted_model_id AND r.version = wanted_version
	ORDER BY r.report_id DESC LIMIT 1;
END;

COMMENT ON FUNCTION sentiment.card_drift(pg_catalog.int8, pg_catalog.int4) IS 'a model card''s section of drift; null without a check';

CREATE FUNCTION sentiment.card_caveats(wanted_model_id pg_catalog.int8, wanted_version pg_catalog.int4)
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH v AS (
		SELECT a.labels, a.metrics, a.rows_trained, a.rows_held_out, a.rows_skipped, a.numeric_columns, a.source_name, m.positive_label
		FROM sentiment.model_version AS a JOIN sentiment.model AS m USING (model_id)
		WHERE a.model_id = wanted_model_id AND a.version = wanted_version
	), support AS (
		SELECT e.key AS label, (sentiment.card_object(e.value) -> 'support')::float8 AS rows
		FROM v, jsonb_each(sentiment.card_object(sentiment.card_object(v.metrics -> 'report') -> 'classes')) AS e
		WHERE jsonb_typeof(sentiment.card_object(e.value) -> 'support') = 'number'
			AND length((sentiment.card_object(e.value) -> 'support')::text) < 40
	), caveats AS (
		SELECT 1 AS n, 'It knows words of its training texts only. Texts in another language, or about other things, are answered all the same: '
			|| 'see `sentiment_check_drift`.' AS caveat FROM v
		UNION ALL SELECT 2, 'F1 and the score are of the label ' || sentiment.card_text(v.positive_label) || '.' FROM v
			WHERE cardinality(v.labels) = 2 AND v.positive_label IS NOT NULL
		UNION ALL SELECT 3, 'Nothing is held out: how good it is on texts that it has not seen is not known.' FROM v
			WHERE v.rows_held_out = 0 OR NOT v.metrics ? 'f1'
		UNION ALL SELECT 4, 'It was measured on ' || v.rows_held_out || ' rows only: the figures are uncertain, by as much as their intervals say.' FROM v
			WHERE v.rows_held_out BETWEEN 1 AND 199
		UNION ALL SELECT 5, 'Labels with fewer than 30 held-out rows, whose figures say little: '
			|| string_agg(sentiment.card_text(s.label) || ' (' || s.rows || ')', ', ' ORDER BY s.label COLLATE "C") || '.' FROM support AS s
			WHERE s.rows < 30 HAVING count(*) > 0
		UNION ALL SELECT 6, 'Labels are unbalanced: the rarest has ' || min(s.rows) || ', the most frequent ' || max(s.rows) || ' held-out rows.'
			FROM support AS s HAVING min(s.rows) * 10 < max(s.rows)
		UNION ALL SELECT 7, 'Of ' || v.rows_trained + v.rows_held_out + v.rows_skipped || ' rows ' || v.rows_skipped
			|| ' had no text or no label, and were skipped.' FROM v WHERE v.rows_skipped > 0
		UNION ALL SELECT 8, 'It wants the numbers ' || sentiment.card_text(array_to_string(v.numeric_columns, ', '))
			|| ' beside the text: those that are not given count as missing.' FROM v WHERE v.numeric_columns <> '{}'
		UNION ALL SELECT 9, 'It was imported: what it was trained from is not in this database.' FROM v WHERE v.source_name = ''
		UNION ALL SELECT 10, 'It was put into production past its gate.' FROM v WHERE EXISTS (
			SELECT FROM sentiment.deployment_history AS h
			WHERE h.model_id = wanted_model_id AND h.version = wanted_version AND h.forced)
	)
	SELECT string_agg('- ' || c.caveat, E'\n' ORDER BY c.n) FROM caveats AS c;
END;

COMMENT ON FUNCTION sentiment.card_caveats(pg_catalog.int8, pg_catalog.int4) IS 'a model card''s list of limits';

CREATE FUNCTION @extschema@.sentiment_model_card(model pg_catalog.text, version pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- raises an error unless there is such a model that the current role may ask
	gate pg_catalog.jsonb := sentiment.gate(model);
	card record;
	report pg_catalog.jsonb;
BEGIN
	IF model IS NULL THEN
		RAISE EXCEPTION 'argument 1 of function sentiment_model_card must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT m.model_id, m.description, sentiment.role_name(m.owner, m.owner_oid, m.owner_cluster) AS owner, s.*
		INTO card
		FROM @extschema@.sentiment_model_versions AS s JOIN sentiment.model AS m ON m.name = s.model
		WHERE s.model = sentiment_model_card.model
			AND CASE WHEN sentiment_model_card.version IS NULL THEN s.stage = 'production' ELSE s.version = sentiment_model_card.version END;
	IF NOT FOUND AND version IS NULL THEN
		RAISE EXCEPTION 'model "%" has no deployed version', model
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Name a version.';
	ELSIF NOT FOUND THEN
		RAISE EXCEPTION 'version % of model "%" does not exist', version, model
			USING ERRCODE = 'undefined_object', HINT = 'The view sentiment_model_versions lists the versions.';
	END IF;
	report := sentiment.card_object(card.metrics -> 'report');
	RETURN concat_ws(E'\n\n',
		'# ' || sentiment.card_text(card.model) || ', version ' || card.version,
		CASE WHEN card.description IS NULL THEN '*No description: set one with `sentiment_set_description`.*'
			ELSE (SELECT string_agg(sentiment.card_text(l), E'\n' ORDER BY n)
				  FROM unnest(string_to_array(card.description, E'\n')) WITH ORDINALITY AS u(l, n)) END,
		'Stage **' || card.stage || '** since ' || sentiment.card_time(card.stage_since)
			|| CASE WHEN card.share > 0 AND card.share < 1 THEN ', share ' || card.share ELSE '' END
			|| CASE WHEN card.retired THEN ', retired' ELSE '' END || COALESCE(': ' || sentiment.card_text(card.stage_reason), '')
			|| '. Owner: ' || sentiment.card_text(card.owner) || '.',
		'## Data', sentiment.card_data(card.model_id, card.version),
		'## Metrics', COALESCE(sentiment.card_metrics(card.metrics), 'Nothing was measured.'),
		sentiment.card_labels(report), '### Confusion matrix',
		COALESCE(sentiment.card_confusion(report -> 'confusion_matrix'), 'Not shown: nothing was measured, or there are more than 20 labels.'),
		'## Features', 'Kind `' || card.kind || '`, ' || card.features || ' features, ' || card.image_bytes || ' bytes.',
		CASE WHEN sentiment.has_privilege(card.model_id, 'admin'::pg_catalog.text)
			THEN sentiment.card_features(card.model, card.version)
			ELSE 'The most important features are words of the training texts, and shown with the privilege admin only.' END,
		'### Parameters', sentiment.card_search(card.model_id, card.version), sentiment.card_parameters(card.parameters),
		'## Gate', sentiment.card_parameters(gate),
		'## Deployments', COALESCE(sentiment.card_history(card.model_id, card.version), 'None.'),
		'## Drift', COALESCE(sentiment.card_drift(card.model_id, card.version), 'Not checked.'),
		'## Limits', sentiment.card_caveats(card.model_id, card.version)) || E'\n';
END
$$;

COMMENT ON FUNCTION @extschema@.sentiment_model_card(pg_catalog.text, pg_catalog.int4) IS
'what people should know of a version of a model (by default the one in production), as Markdown';

CREATE FUNCTION @extschema@.sentiment_set_description(model pg_catalog.text, description pg_catalog.text)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.sentiment_set_description(pg_catalog.text, pg_catalog.text) IS
'say what a model is for, in words; null for nothing';
