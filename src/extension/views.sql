/* src/extension/views.sql: what people and BI tools look at */

-- Metrics may come from an imported version, so anything may stand in them.
CREATE FUNCTION sentiment.metric_interval(metrics pg_catalog.jsonb, metric pg_catalog.text)
RETURNS pg_catalog.float8[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN jsonb_typeof(i.pair) = 'array' AND jsonb_array_length(i.pair) = 2
			AND jsonb_typeof(i.pair -> 0) = 'number' AND jsonb_typeof(i.pair -> 1) = 'number'
		THEN CASE WHEN (i.pair -> 0)::numeric >= -1000000 AND (i.pair -> 1)::numeric <= 1000000
				AND (i.pair -> 0)::numeric <= (i.pair -> 1)::numeric
			THEN ARRAY[(i.pair -> 0)::float8, (i.pair -> 1)::float8] END
		END
	FROM (SELECT $1 -> 'intervals' -> $2 AS pair) AS i;
END;

COMMENT ON FUNCTION sentiment.metric_interval(pg_catalog.jsonb, pg_catalog.text) IS
'the 95 % interval of a metric of held-out rows, as [lower, upper]; null if it is not known';

CREATE VIEW @extschema@.sentiment_models WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model,
	   sentiment.role_name(m.owner, m.owner_oid, m.owner_cluster) AS owner,
	   d.version AS deployed_version,
	   v.kind,
	   (v.metrics OPERATOR(pg_catalog.->>) 'f1')::pg_catalog.float8 AS f1,
	   sentiment.metric_interval(v.metrics, 'f1'::pg_catalog.text) AS f1_interval,
	   (v.metrics OPERATOR(pg_catalog.->>) 'accuracy')::pg_catalog.float8 AS accuracy,
	   v.labels,
	   m.positive_label,
	   v.rows_trained,
	   v.trained_at,
	   d.deployed_at,
	   d.deployed_by,
	   (SELECT pg_catalog.count(*) FROM sentiment.model_version AS a WHERE a.model_id OPERATOR(pg_catalog.=) m.model_id) AS versions
FROM sentiment.model AS m
LEFT JOIN LATERAL (
	SELECT a.model_id, a.version, a.deployed_at, a.deployed_by
	FROM sentiment.deployment AS a
	WHERE a.model_id OPERATOR(pg_catalog.=) m.model_id AND a.share OPERATOR(pg_catalog.>) 0
	ORDER BY a.share DESC, a.version
	LIMIT 1) AS d ON true
LEFT JOIN sentiment.model_version AS v
	ON v.model_id OPERATOR(pg_catalog.=) d.model_id AND v.version OPERATOR(pg_catalog.=) d.version;

COMMENT ON VIEW @extschema@.sentiment_models IS 'the models that the current role may use, with their deployed version and its F1';

CREATE VIEW @extschema@.sentiment_model_versions WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model,
	   v.version,
	   d.share IS NOT NULL AND d.share OPERATOR(pg_catalog.>) 0 AS deployed,
	   COALESCE(d.share, 0) AS share,
	   CASE WHEN d.is_main THEN 'production' WHEN d.version IS NOT NULL THEN 'staging' ELSE COALESCE(s.stage, 'candidate') END AS stage,
	   CASE WHEN d.version IS NOT NULL THEN d.deployed_at ELSE COALESCE(s.changed_at, v.trained_at) END AS stage_since,
	   CASE WHEN d.version IS NULL THEN s.reason END AS stage_reason,
	   COALESCE(s.retired, false) AS retired,
	   v.kind,
	   (v.metrics OPERATOR(pg_catalog.->>) 'f1')::pg_catalog.float8 AS f1,
	   (v.metrics OPERATOR(pg_catalog.->>) 'macro_f1')::pg_catalog.float8 AS macro_f1,
	   (v.metrics OPERATOR(pg_catalog.->>) 'accuracy')::pg_catalog.float8 AS accuracy,
	   (v.metrics OPERATOR(pg_catalog.->>) 'roc_auc')::pg_catalog.float8 AS roc_auc,
	   sentiment.metric_interval(v.metrics, 'f1'::pg_catalog.text) AS f1_interval,
	   sentiment.metric_interval(v.metrics, 'macro_f1'::pg_catalog.text) AS macro_f1_interval,
	   sentiment.metric_interval(v.metrics, 'accuracy'::pg_catalog.text) AS accuracy_interval,
	   sentiment.metric_interval(v.metrics, 'roc_auc'::pg_catalog.text) AS roc_auc_interval,
	   v.metrics OPERATOR(pg_catalog.->>) 'row_set' AS row_set,
	   v.rows_trained,
	   v.rows_held_out,
	   v.rows_skipped,
	   v.numeric_columns,
	   v.features,
	   v.image_bytes,
	   v.seconds,
	   v.source_schema,
	   v.source_name,
	   v.text_column,
	   v.label_column,
	   v.filter,
	   v.labels,
	   v.parameters,
	   v.metrics,
	   v.trained_by,
	   v.trained_at
FROM sentiment.model_version AS v
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) v.model_id
LEFT JOIN (
	SELECT a.model_id, a.version, a.share, a.deployed_at,
		   a.share OPERATOR(pg_catalog.>) 0
		   AND pg_catalog.row_number() OVER (PARTITION BY a.model_id ORDER BY a.share DESC, a.version) OPERATOR(pg_catalog.=) 1 AS is_main
	FROM sentiment.deployment AS a) AS d
	ON d.model_id OPERATOR(pg_catalog.=) v.model_id AND d.version OPERATOR(pg_catalog.=) v.version
LEFT JOIN sentiment.version_stage AS s
	ON s.model_id OPERATOR(pg_catalog.=) v.model_id AND s.version OPERATOR(pg_catalog.=) v.version;

COMMENT ON COLUMN @extschema@.sentiment_model_versions.row_set IS 'a number of the held-out rows that the figures are of: figures of different sets do not compare, see sentiment_compare';
COMMENT ON COLUMN @extschema@.sentiment_model_versions.f1_interval IS 'the 95 % interval of F1, as [lower, upper]';
COMMENT ON COLUMN @extschema@.sentiment_model_versions.macro_f1_interval IS 'the 95 % interval of macro F1';
COMMENT ON COLUMN @extschema@.sentiment_model_versions.accuracy_interval IS 'the 95 % interval of the accuracy';
COMMENT ON COLUMN @extschema@.sentiment_model_versions.roc_auc_interval IS 'the 95 % interval of the area under the ROC curve';
COMMENT ON VIEW @extschema@.sentiment_model_versions IS 'every version of the models that the current role may use, with its stage: production (the one that answers, or the main one of several), staging (others that answer or are scored beside it, or were put there), candidate, archived';

CREATE VIEW @extschema@.sentiment_deployments WITH (security_invoker = true, security_barrier = true) AS
SELECT h.model, h.action, h.version, h.previous_version, h.traffic, h.previous_traffic, h.forced, h.reason, h.done_by, h.done_at,
	   h.stage, h.history_id, h.shadow
FROM sentiment.deployment_history AS h
ORDER BY h.history_id;

COMMENT ON VIEW @extschema@.sentiment_deployments IS 'what was done to the versions of models: who deployed, promoted, retired or dropped what, when and why';

CREATE VIEW @extschema@.sentiment_privileges WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model,
	   sentiment.role_name(p.grantee, p.grantee_oid, p.grantee_cluster) AS grantee,
	   p.privilege,
	   p.granted_by,
	   p.granted_at
FROM sentiment.model_privilege AS p
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) p.model_id;

COMMENT ON VIEW @extschema@.sentiment_privileges IS 'what roles besides the owner may do with the models that the current role may use';

GRANT SELECT ON @extschema@.sentiment_models, @extschema@.sentiment_model_versions, @extschema@.sentiment_deployments,
	@extschema@.sentiment_privileges TO PUBLIC;
