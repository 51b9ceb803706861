/*
 * page_queries.c
 *	  What the web page reads.
 */
#include "page_queries.h"

const char page_query_models[] =
	"SELECT coalesce(json_agg(m ORDER BY m.deployed_at IS NULL, m.model), '[]')::text "
	"FROM (SELECT model, owner, deployed_version, kind, f1, accuracy, labels, positive_label, "
	"rows_trained, trained_at, deployed_at, deployed_by, versions FROM @.sentiment_models) AS m";

const char page_query_versions[] =
	"SELECT json_build_object("
	"'versions', (SELECT coalesce(json_agg(v ORDER BY v.version DESC), '[]') FROM ("
	"SELECT a.version, a.stage, a.retired, NOT a.retired AND (a.stage IN ('production', 'staging') "
	"OR sentiment.has_privilege(i.model_id, 'train'::text)) AS may_ask, a.share, d.shadow_share, "
	"a.kind, "
	"a.f1, a.macro_f1, a.accuracy, "
	"a.roc_auc, a.rows_trained, a.rows_held_out, a.features, a.image_bytes, a.seconds, "
	"t.p50 AS prediction_seconds, "
	"concat_ws('.', a.source_schema, a.source_name) AS source, a.text_column, a.label_column, "
	"a.labels, a.parameters, a.metrics, a.trained_by, a.trained_at "
	"FROM @.sentiment_model_versions AS a "
	"JOIN sentiment.model AS i ON i.name = a.model "
	"LEFT JOIN sentiment.deployment AS d ON d.model_id = i.model_id AND d.version = a.version "
	/* the function answers without counters too; the views on it raise an error then */
	"LEFT JOIN sentiment.stat_versions(true) AS t ON t.model_id = i.model_id AND t.version = "
	"a.version "
	"WHERE a.model = m.model ORDER BY a.version DESC LIMIT 200) AS v), "
	"'history', (SELECT coalesce(json_agg(h ORDER BY h.history_id DESC), '[]') FROM ("
	"SELECT history_id, action, stage, version, previous_version, traffic, forced, reason, "
	"done_by, done_at FROM @.sentiment_deployments WHERE model = m.model "
	"ORDER BY history_id DESC LIMIT 200) AS h))::text "
	"FROM @.sentiment_models AS m WHERE m.model = $1::text";

const char page_query_curves[] =
	"SELECT (SELECT coalesce(json_agg(json_build_object('curve', c.curve, 'label', c.label, "
	"'points', c.points) ORDER BY c.curve, c.label), '[]') FROM @.sentiment_model_curves AS c "
	"WHERE c.model = v.model AND c.version = v.version)::text "
	"FROM @.sentiment_model_versions AS v WHERE v.model = $1::text AND v.version = $2::int4";

const char page_query_drift[] =
	"SELECT (WITH r AS MATERIALIZED (SELECT report_id, version, drifted, findings, tests, p_value, "
	"alpha, rows, reference_rows, nullif(concat_ws('.', source_schema, source_name), '') AS "
	"source, "
	"filter, checked_at FROM @.sentiment_drift_reports WHERE model = m.model "
	"ORDER BY report_id DESC LIMIT 60) "
	"SELECT json_build_object("
	"'reports', (SELECT coalesce(json_agg(r ORDER BY r.report_id DESC), '[]') FROM r), "
	"'features', (SELECT coalesce(json_agg(json_build_object('report_id', f.report_id, 'feature', "
	"f.feature, 'statistic', f.statistic, 'value', f.value, 'p_value', f.p_value, 'threshold', "
	"f.threshold, 'drifted', f.drifted) ORDER BY f.report_id DESC, f.position), '[]') "
	"FROM @.sentiment_drift_features AS f WHERE f.model = m.model "
	"AND f.report_id IN (SELECT r.report_id FROM r))))::text "
	"FROM @.sentiment_models AS m WHERE m.model = $1::text";

const char page_query_drift_bins[] =
	"SELECT (SELECT coalesce(json_agg(json_build_object('feature', b.feature, 'statistic', "
	"b.statistic, 'bins', b.bins) ORDER BY b.feature), '[]') FROM @.sentiment_drift_bins AS b "
	"WHERE b.report_id = r.report_id)::text "
	"FROM @.sentiment_drift_reports AS r WHERE r.report_id = $1::int8";

/*
 * A version without held-out rows has no reference, and a server that counts nothing no traffic: then features are
 * null, rather than an error that looks as if waiting helped.
 */
const char page_query_live_drift[] =
	"SELECT json_build_object("
	"'counted', c.counted, 'version', v.version, 'reference_rows', v.rows_held_out, "
	"'versions', (SELECT coalesce(json_agg(json_build_object('version', t.version, 'predictions', "
	"t.predictions, 'since', t.since) ORDER BY t.version DESC), '[]') "
	"FROM sentiment.stat_versions(true) AS t JOIN sentiment.model AS i ON i.model_id = t.model_id "
	"WHERE i.name = m.model AND (t.predictions > 0 OR t.version = v.version)), "
	"'features', CASE WHEN c.counted AND v.rows_held_out > 0 THEN "
	"(SELECT coalesce(json_agg(json_build_object('feature', f.feature, 'statistic', f.statistic, "
	"'value', f.value, 'p_value', f.p_value, 'threshold', f.threshold, 'drifted', f.drifted)), "
	"'[]') FROM @.sentiment_check_drift(m.model, NULL::regclass, NULL::text, NULL::name, "
	"NULL::name, "
	"0.01::float8, v.version, '{}'::jsonb, false, NULL::interval) AS f) "
	"END)::text "
	"FROM @.sentiment_models AS m "
	"CROSS JOIN (SELECT count(*) > 0 AS counted FROM sentiment.stat_table(true)) AS c "
	"LEFT JOIN @.sentiment_model_versions AS v ON v.model = m.model "
	"AND v.version = coalesce($2::int4, m.deployed_version) "
	"WHERE m.model = $1::text AND ($2 IS NULL OR v.version IS NOT NULL)";

const char page_query_operations[] =
	"SELECT json_build_object("
	"'jobs', (SELECT coalesce(json_agg(j ORDER BY j.job), '[]') FROM ("
	"SELECT job_name AS job, task, schedule, active, last_status, last_message, "
	"last_start AS last_started_at, last_end AS last_finished_at "
	"FROM @.sentiment_jobs WHERE model = m.model) AS j), "
	"'retrainings', (SELECT coalesce(json_agg(t ORDER BY t.retraining_id DESC), '[]') FROM ("
	"SELECT r.retraining_id, r.trigger, r.reason, r.status, r.new_version AS version, "
	"r.old_version AS previous_version, r.new_value AS f1, r.old_value AS previous_f1, r.gate, "
	"r.message, r.started_at, r.finished_at "
	"FROM @.sentiment_retrainings AS r WHERE r.model = m.model "
	"ORDER BY r.retraining_id DESC LIMIT 50) AS t), "
	"'runs', (SELECT coalesce(json_agg(p ORDER BY p.run_id DESC), '[]') FROM ("
	"SELECT r.run_id, r.status, r.version, r.message, r.started_at, r.finished_at, "
	"(SELECT coalesce(json_agg(json_build_object('step', s.step, 'kind', s.kind, 'status', "
	"s.status, 'version', s.version, 'f1', s.f1, 'in_worker', s.in_worker, 'message', s.message, "
	"'started_at', s.started_at, 'finished_at', s.finished_at) ORDER BY s.step_number), '[]') "
	"FROM @.sentiment_pipeline_steps AS s WHERE s.run_id = r.run_id) AS steps "
	"FROM @.sentiment_pipeline_runs AS r WHERE r.model = m.model "
	"ORDER BY r.run_id DESC LIMIT 10) AS p), "
	"'validation', (SELECT json_build_object('validated_at', v.validated_at, 'rows', v.rows, "
	"'errors', v.errors, 'warnings', v.warnings, 'seconds', v.seconds, "
	"'source', concat_ws('.', v.source_schema, v.source_name), "
	"'findings', (SELECT coalesce(json_agg(json_build_object('check_name', f.check_name, "
	"'severity', f.severity, 'rows', f.rows, 'share', f.share, 'detail', f.detail, "
	"'example', f.example)), '[]') FROM (SELECT * FROM @.sentiment_validation_findings AS f "
	"WHERE f.validation_id = v.validation_id "
	"ORDER BY array_position('{error,warning,info}', f.severity)) AS f)) "
	"FROM @.sentiment_validations AS v WHERE v.model = m.model "
	"ORDER BY v.validation_id DESC LIMIT 1))::text "
	"FROM @.sentiment_models AS m WHERE m.model = $1::text";

const char page_query_experiments[] =
	"SELECT json_build_object("
	"'arms', (SELECT coalesce(json_agg(e ORDER BY e.is_main DESC, e.version), '[]') FROM ("
	"SELECT version, share, is_main, outcomes, successes, rate, rate_lower, rate_upper, "
	"difference, difference_lower, difference_upper, p_value, since "
	"FROM @.sentiment_experiment(m.model, NULL::timestamptz)) AS e), "
	"'shadows', (SELECT coalesce(json_agg(s ORDER BY s.version), '[]') FROM ("
	"SELECT t.version, coalesce(d.shadow_share, 0) AS shadow_share, t.shadow_compared AS compared, "
	"t.shadow_disagreed AS disagreed, "
	"t.shadow_disagreed::float8 / nullif(t.shadow_compared, 0) AS disagreement, "
	"t.shadow_failed AS failed FROM sentiment.stat_versions(true) AS t "
	"JOIN sentiment.model AS i ON i.model_id = t.model_id "
	"LEFT JOIN sentiment.deployment AS d ON d.model_id = t.model_id AND d.version = t.version "
	"WHERE i.name = m.model AND (d.shadow_share > 0 OR t.shadow_compared > 0 OR t.shadow_failed > "
	"0)) "
	"AS s))::text "
	"FROM @.sentiment_models AS m WHERE m.model = $1::text";

const char page_query_searches[] =
	"SELECT json_build_object("
	"'searches', (SELECT coalesce(json_agg(s ORDER BY s.search_id DESC), '[]') FROM ("
	"SELECT a.search_id, a.kinds, a.objectives, a.limits, a.spaces, a.status, a.folds, "
	"a.best_value, a.version, a.seconds, a.started_at, a.done_by, "
	"(SELECT coalesce(json_agg(json_build_object('trial', t.trial, 'kind', t.kind, 'state', "
	"t.state, 'params', t.params, 'value', t.value, 'metrics', t.metrics, 'on_front', t.on_front, "
	"'best', t.best, 'seconds', t.seconds, 'message', t.message) ORDER BY t.trial), '[]') "
	"FROM @.sentiment_search_trials AS t WHERE t.search_id = a.search_id AND t.trial <= 1000) "
	"AS trials "
	"FROM @.sentiment_searches AS a WHERE a.model = m.model "
	"ORDER BY a.search_id DESC LIMIT 10) AS s), "
	"'running', (SELECT coalesce(json_agg(r ORDER BY r.started_at), '[]') FROM ("
	"SELECT pid, kind, trial, trials, pruned, failed, objective, best_value, started_at "
	"FROM sentiment.running_searches(true) WHERE model = m.model) AS r))::text "
	"FROM @.sentiment_models AS m WHERE m.model = $1::text";

const char page_query_model_card[] =
	"SELECT json_build_object('markdown', @.sentiment_model_card(m.model, "
	"coalesce($2::int4, m.deployed_version)))::text "
	"FROM @.sentiment_models AS m WHERE m.model = $1::text";
