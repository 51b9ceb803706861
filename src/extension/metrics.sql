/* src/extension/metrics.sql: everything for Prometheus in one query, one arm a topic */

CREATE FUNCTION @extschema@.sentiment_metrics()
RETURNS TABLE (name pg_catalog.text, type pg_catalog.text, help pg_catalog.text, labels pg_catalog.jsonb, value pg_catalog.float8)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 500
BEGIN ATOMIC
WITH stat AS MATERIALIZED (
	SELECT m.name AS model, v.labels AS version_labels, COALESCE(d.shadow_share, 0) AS shadow_share,
		pg_catalog.jsonb_build_object('model', m.name, 'version', s.version::pg_catalog.text) AS key, s.*
	FROM sentiment.stat_versions(true) AS s
	JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
	JOIN sentiment.model_version AS v ON v.model_id OPERATOR(pg_catalog.=) s.model_id AND v.version OPERATOR(pg_catalog.=) s.version
	LEFT JOIN sentiment.deployment AS d ON d.model_id OPERATOR(pg_catalog.=) s.model_id AND d.version OPERATOR(pg_catalog.=) s.version
), deployed AS MATERIALIZED (
	SELECT pg_catalog.jsonb_build_object('model', m.name, 'version', d.version::pg_catalog.text) AS key, d.share, d.shadow_share, d.deployed_at,
		v.kind, v.metrics, v.rows_trained, v.rows_held_out, v.image_bytes, v.trained_at
	FROM sentiment.deployment AS d
	JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) d.model_id
	JOIN sentiment.model_version AS v ON v.model_id OPERATOR(pg_catalog.=) d.model_id AND v.version OPERATOR(pg_catalog.=) d.version
), report AS MATERIALIZED (
	SELECT DISTINCT ON (r.model_id) pg_catalog.jsonb_build_object('model', m.name) AS key, r.report_id, r.drifted, r.checked_at
	FROM sentiment.drift_report AS r
	JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) r.model_id
	ORDER BY r.model_id, r.report_id DESC
)
-- models and versions
SELECT 'sentiment_model_info', 'gauge', 'A version, with its kind and stage',
	pg_catalog.jsonb_build_object('model', v.model, 'version', v.version::pg_catalog.text, 'kind', v.kind, 'stage', v.stage), 1
FROM @extschema@.sentiment_model_versions AS v
UNION ALL
SELECT 'sentiment_deployed_version', 'gauge', 'Version that answers, of several the main one',
	pg_catalog.jsonb_build_object('model', m.model), m.deployed_version::pg_catalog.float8
FROM @extschema@.sentiment_models AS m
WHERE m.deployed_version IS NOT NULL
UNION ALL
SELECT 'sentiment_model_versions', 'gauge', 'Versions of a model', pg_catalog.jsonb_build_object('model', m.name), pg_catalog.count(v.version)::pg_catalog.float8
FROM sentiment.model AS m
LEFT JOIN sentiment.model_version AS v ON v.model_id OPERATOR(pg_catalog.=) m.model_id
GROUP BY m.name
UNION ALL
SELECT a.name, 'gauge', a.help, a.labels, a.value
FROM deployed AS d
CROSS JOIN LATERAL (VALUES
	('sentiment_model_share', 'Share of the units that a version answers', d.key, d.share),
	('sentiment_model_shadow_share', 'Share of the predictions that a version is scored on in the shadow', d.key, d.shadow_share),
	('sentiment_model_deployed_timestamp_seconds', 'When a version was deployed', d.key, pg_catalog.date_part('epoch', d.deployed_at)),
	('sentiment_model_trained_timestamp_seconds', 'When the training of a deployed version began', d.key, pg_catalog.date_part('epoch', d.trained_at)),
	('sentiment_model_rows_trained', 'Rows that a deployed version has learned from', d.key, d.rows_trained::pg_catalog.float8),
	('sentiment_model_rows_held_out', 'Rows that a deployed version was measured on', d.key, d.rows_held_out::pg_catalog.float8),
	('sentiment_model_image_bytes', 'Size of a deployed version', d.key, d.image_bytes::pg_catalog.float8)) AS a (name, help, labels, value)
UNION ALL
-- how good the deployed versions were on held-out rows
SELECT 'sentiment_model_' OPERATOR(pg_catalog.||) a.figure, 'gauge', a.help, d.key, (d.metrics OPERATOR(pg_catalog.->>) a.figure)::pg_catalog.float8
FROM deployed AS d
CROSS JOIN LATERAL (VALUES
	('f1', 'F1 of a deployed version on held-out rows'),
	('macro_f1', 'Macro F1 of a deployed version on held-out rows'),
	('accuracy', 'Accuracy of a deployed version on held-out rows'),
	('roc_auc', 'Area under the ROC curve of a deployed version on held-out rows')) AS a (figure, help)
WHERE d.metrics OPERATOR(pg_catalog.->>) a.figure IS NOT NULL
UNION ALL
-- and how sure that is
SELECT 'sentiment_model_' OPERATOR(pg_catalog.||) a.figure OPERATOR(pg_catalog.||) b.bound, 'gauge', 'Bound of the 95 % interval of that figure', d.key, b.value
FROM deployed AS d
CROSS JOIN LATERAL (VALUES ('f1'), ('macro_f1'), ('accuracy'), ('roc_auc')) AS a (figure)
CROSS JOIN LATERAL (SELECT sentiment.metric_interval(d.metrics, a.figure) AS pair) AS i
CROSS JOIN LATERAL (VALUES ('_lower', i.pair[1]), ('_upper', i.pair[2])) AS b (bound, value)
WHERE b.value IS NOT NULL
UNION ALL
-- predictions
SELECT 'sentiment_predictions_total', 'counter', 'Predictions by label',
	s.key OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('label', CASE
		WHEN pg_catalog.cardinality(s.version_labels) OPERATOR(pg_catalog.>) pg_catalog.cardinality(s.labels)
			AND l.ordinal OPERATOR(pg_catalog.=) pg_catalog.cardinality(s.labels) THEN '(others)'
		ELSE s.version_labels[l.ordinal] END),
	l.predictions::pg_catalog.float8
FROM stat AS s
CROSS JOIN LATERAL pg_catalog.unnest(s.labels) WITH ORDINALITY AS l (predictions, ordinal)
WHERE l.ordinal OPERATOR(pg_catalog.<=) pg_catalog.cardinality(s.version_labels)
UNION ALL
SELECT 'sentiment_prediction_confidence_bucket', 'histogram', 'Probability of the label that was answered',
	s.key OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('le', CASE
		WHEN b.ordinal OPERATOR(pg_catalog.=) pg_catalog.cardinality(s.confidence) THEN '+Inf'
		ELSE pg_catalog.round(b.ordinal::pg_catalog.numeric OPERATOR(pg_catalog./) pg_catalog.cardinality(s.confidence)::pg_catalog.numeric, 2)::pg_catalog.text END),
	pg_catalog.sum(b.predictions) OVER (PARTITION BY s.model_id, s.version ORDER BY b.ordinal)::pg_catalog.float8
FROM stat AS s
CROSS JOIN LATERAL pg_catalog.unnest(s.confidence) WITH ORDINALITY AS b (predictions, ordinal)
UNION ALL
SELECT 'sentiment_prediction_confidence_sum', 'histogram', 'Probability of the label that was answered', s.key, s.confidence_sum FROM stat AS s
UNION ALL
SELECT 'sentiment_prediction_confidence_count', 'histogram', 'Probability of the label that was answered', s.key, s.predictions::pg_catalog.float8 FROM stat AS s
UNION ALL
SELECT 'sentiment_prediction_seconds_bucket', 'histogram', 'Time that a prediction takes within the server',
	s.key OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('le', CASE
		WHEN b.upper OPERATOR(pg_catalog.=) 'Infinity'::pg_catalog.float8 THEN '+Inf' ELSE b.upper::pg_catalog.text END),
	pg_catalog.sum(b.predictions) OVER (PARTITION BY s.model_id, s.version ORDER BY b.upper)::pg_catalog.float8
FROM stat AS s
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(sentiment.stat_latency_bounds()), pg_catalog.unnest(s.latency)) AS b (upper, predictions)
UNION ALL
SELECT 'sentiment_prediction_seconds_sum', 'histogram', 'Time that a prediction takes within the server', s.key, s.latency_seconds FROM stat AS s
UNION ALL
SELECT 'sentiment_prediction_seconds_count', 'histogram', 'Time that a prediction takes within the server', s.key,
	(SELECT pg_catalog.sum(b.predictions) FROM pg_catalog.unnest(s.latency) AS b (predictions))::pg_catalog.float8
FROM stat AS s
UNION ALL
SELECT 'sentiment_prediction_errors_total', 'counter', 'Predictions that ended with an error, by the class of its SQLSTATE',
	s.key OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('sqlstate_class', e.class), e.errors::pg_catalog.float8
FROM stat AS s
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(sentiment.stat_error_classes()), pg_catalog.unnest(s.errors)) AS e (class, errors)
WHERE e.errors OPERATOR(pg_catalog.>) 0
UNION ALL
-- the shadow
SELECT a.name, 'counter', a.help, s.key, a.value::pg_catalog.float8
FROM stat AS s
CROSS JOIN LATERAL (VALUES
	('sentiment_shadow_predictions_total', 'Predictions that a version was scored on in the shadow', s.shadow_compared),
	('sentiment_shadow_disagreements_total', 'Predictions on which a version in the shadow gave another label', s.shadow_disagreed),
	('sentiment_shadow_failures_total', 'Predictions on which a version in the shadow failed', s.shadow_failed)) AS a (name, help, value)
WHERE s.shadow_share OPERATOR(pg_catalog.>) 0 OR s.shadow_compared OPERATOR(pg_catalog.>) 0 OR s.shadow_failed OPERATOR(pg_catalog.>) 0
UNION ALL
-- trainings and the sessions' caches
SELECT a.name, 'counter', a.help, s.key, a.value::pg_catalog.float8
FROM stat AS s
CROSS JOIN LATERAL (VALUES
	('sentiment_trainings_total', 'Trainings of a version', s.trainings),
	('sentiment_rows_trained_total', 'Rows that trainings have learned from', s.rows_trained),
	('sentiment_model_loads_total', 'How often a session has read a version into its cache', s.loads)) AS a (name, help, value)
UNION ALL
-- the statistics themselves
SELECT 'sentiment_statistics_available', 'gauge', 'Whether predictions are counted', '{}'::pg_catalog.jsonb,
	(SELECT pg_catalog.count(*) FROM sentiment.stat_table(true))::pg_catalog.float8
UNION ALL
SELECT a.name, a.type, a.help, '{}'::pg_catalog.jsonb, a.value::pg_catalog.float8
FROM sentiment.stat_table(true) AS t
CROSS JOIN LATERAL (VALUES
	('sentiment_tracked_versions', 'gauge', 'Versions that predictions are counted of, in all databases', t.tracked_versions::pg_catalog.int8),
	('sentiment_max_tracked_versions', 'gauge', 'Versions that predictions may be counted of', t.max_tracked_versions::pg_catalog.int8),
	('sentiment_evicted_versions_total', 'counter', 'Versions whose counts were given up for those of others', t.evicted_versions),
	('sentiment_untracked_predictions_total', 'counter', 'Predictions of versions that found no place to be counted', t.untracked_predictions)) AS a (name, type, help, value)
UNION ALL
-- drift: the last report of each model
SELECT a.name, 'gauge', a.help, r.key OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('feature', f.feature, 'statistic', f.statistic), a.value
FROM report AS r
JOIN sentiment.drift_report_feature AS f ON f.report_id OPERATOR(pg_catalog.=) r.report_id
CROSS JOIN LATERAL (VALUES
	('sentiment_drift_value', 'Statistic of a feature in the last drift report', f.value),
	('sentiment_drift_drifted', 'Whether a feature has drifted in the last report, by its test', f.drifted::pg_catalog.int4::pg_catalog.float8)) AS a (name, help, value)
WHERE a.value IS NOT NULL
UNION ALL
SELECT a.name, 'gauge', a.help, r.key, a.value
FROM report AS r
CROSS JOIN LATERAL (VALUES
	('sentiment_drift_detected', 'Whether the last report tells of drift', r.drifted::pg_catalog.int4::pg_catalog.float8),
	('sentiment_drift_max_psi', 'Largest population stability index of a feature in the last report',
		(SELECT pg_catalog.max(f.value) FROM sentiment.drift_report_feature AS f
		 WHERE f.report_id OPERATOR(pg_catalog.=) r.report_id AND f.statistic OPERATOR(pg_catalog.=) 'psi')),
	('sentiment_drift_checked_timestamp_seconds', 'When drift was looked for last', pg_catalog.date_part('epoch', r.checked_at))) AS a (name, help, value)
WHERE a.value IS NOT NULL
UNION ALL
-- retraining: an attempt that was skipped says nothing of the last one that was not
SELECT 'sentiment_retrainings_total', 'counter', 'Retrainings by how they ended',
	pg_catalog.jsonb_build_object('model', m.name, 'status', r.status), pg_catalog.count(*)::pg_catalog.float8
FROM sentiment.retraining AS r
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) r.model_id
GROUP BY m.name, r.status
UNION ALL
SELECT a.name, 'gauge', a.help, pg_catalog.jsonb_build_object('model', r.name), a.value
FROM (
	SELECT DISTINCT ON (t.model_id) m.name, t.status, t.finished_at
	FROM sentiment.retraining AS t
	JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) t.model_id
	WHERE t.status OPERATOR(pg_catalog.<>) 'skipped'
	ORDER BY t.model_id, t.retraining_id DESC) AS r
CROSS JOIN LATERAL (VALUES
	('sentiment_retraining_last_timestamp_seconds', 'When the last retraining ended', pg_catalog.date_part('epoch', r.finished_at)),
	('sentiment_retraining_last_failed', 'Whether the last retraining failed',
		(r.status OPERATOR(pg_catalog.=) 'failed')::pg_catalog.int4::pg_catalog.float8)) AS a (name, help, value)
UNION ALL
-- searches of hyperparameters: those that are done, the last one of each model, and those that run
SELECT 'sentiment_searches_total', 'counter', 'Searches of hyperparameters', pg_catalog.jsonb_build_object('model', m.name), pg_catalog.count(*)::pg_catalog.float8
FROM sentiment.search AS s
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
GROUP BY m.name
UNION ALL
SELECT 'sentiment_search_trials_total', 'counter', 'Trials of searches by how they ended',
	pg_catalog.jsonb_build_object('model', m.name, 'state', t.state), pg_catalog.count(*)::pg_catalog.float8
FROM sentiment.search_trial AS t
JOIN sentiment.search AS s ON s.search_id OPERATOR(pg_catalog.=) t.search_id
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) s.model_id
GROUP BY m.name, t.state
UNION ALL
SELECT a.name, 'gauge', a.help, pg_catalog.jsonb_build_object('model', s.name) OPERATOR(pg_catalog.||) a.labels, a.value
FROM (
	SELECT DISTINCT ON (t.model_id) m.name, t.search_id, t.best_trial, t.objectives, t.finished_at, t.seconds
	FROM sentiment.search AS t
	JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) t.model_id
	ORDER BY t.model_id, t.search_id DESC) AS s
CROSS JOIN LATERAL (VALUES
	('sentiment_search_best_value', 'Best value of the first objective in the last search', pg_catalog.jsonb_build_object('objective', s.objectives[1]),
		(SELECT (b.metrics OPERATOR(pg_catalog.->>) s.objectives[1])::pg_catalog.float8 FROM sentiment.search_trial AS b
		 WHERE b.search_id OPERATOR(pg_catalog.=) s.search_id AND b.trial OPERATOR(pg_catalog.=) s.best_trial)),
	('sentiment_search_last_timestamp_seconds', 'When the last search ended', '{}'::pg_catalog.jsonb, pg_catalog.date_part('epoch', s.finished_at)),
	('sentiment_search_last_seconds', 'How long the last search took', '{}'::pg_catalog.jsonb, s.seconds)) AS a (name, help, labels, value)
WHERE a.value IS NOT NULL
UNION ALL
SELECT a.name, 'gauge', a.help, pg_catalog.jsonb_build_object('model', r.model, 'pid', r.pid::pg_catalog.text) OPERATOR(pg_catalog.||) a.labels, a.value
FROM sentiment.running_searches(true) AS r
CROSS JOIN LATERAL (VALUES
	('sentiment_search_running_trials', 'Trials that a running search will have at most', '{}'::pg_catalog.jsonb, r.trials::pg_catalog.float8),
	('sentiment_search_running_trials_done', 'Trials that a running search has done', '{}'::pg_catalog.jsonb,
		(r.complete OPERATOR(pg_catalog.+) r.pruned OPERATOR(pg_catalog.+) r.failed)::pg_catalog.float8),
	('sentiment_search_running_best_value', 'Best value of the first objective in a running search', pg_catalog.jsonb_build_object('objective', r.objective),
		r.best_value)) AS a (name, help, labels, value)
WHERE a.value IS NOT NULL
UNION ALL
-- jobs: those of several roles with one task together
SELECT a.name, 'gauge', a.help, j.key, a.value
FROM (
	SELECT pg_catalog.jsonb_build_object('model', l.model, 'task', l.task) AS key, pg_catalog.max(l.last_end) AS last_end,
		pg_catalog.bool_or(l.last_status OPERATOR(pg_catalog.=) 'failed') AS failed
	FROM sentiment.list_jobs() AS l
	WHERE l.last_end IS NOT NULL
	GROUP BY l.model, l.task) AS j
CROSS JOIN LATERAL (VALUES
	('sentiment_job_last_run_timestamp_seconds', 'When a job last ended', pg_catalog.date_part('epoch', j.last_end)),
	('sentiment_job_last_failed', 'Whether the last run of a job failed', j.failed::pg_catalog.int4::pg_catalog.float8)) AS a (name, help, value)
WHERE a.value IS NOT NULL
UNION ALL
-- data contracts: the last validation of each model that was stored
SELECT 'sentiment_validation_findings', 'gauge', 'Findings of the last validation by severity',
	pg_catalog.jsonb_build_object('model', v.name, 'severity', s.severity),
	(SELECT pg_catalog.count(*) FROM sentiment.validation_finding AS f
	 WHERE f.validation_id OPERATOR(pg_catalog.=) v.validation_id AND f.severity OPERATOR(pg_catalog.=) s.severity)::pg_catalog.float8
FROM (
	SELECT DISTINCT ON (a.model_id) m.name, a.validation_id
	FROM sentiment.validation AS a
	JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) a.model_id
	ORDER BY a.model_id, a.validation_id DESC) AS v
CROSS JOIN (VALUES ('error'), ('warning'), ('info')) AS s (severity);
END;

COMMENT ON FUNCTION @extschema@.sentiment_metrics() IS
'everything for Prometheus that the current role may see. The name is a sample''s: those of type histogram end with _bucket, _sum or _count after the name of the metric';
