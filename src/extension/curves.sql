/* src/extension/curves.sql: what is drawn of a version's scores on held-out rows */

CREATE TABLE sentiment.version_curves (
	model_id pg_catalog.int8 NOT NULL,
	version pg_catalog.int4 NOT NULL,
	curves pg_catalog.jsonb NOT NULL,
	PRIMARY KEY (model_id, version)
);

COMMENT ON TABLE sentiment.version_curves IS 'ROC, precision-recall and calibration curves of versions';
COMMENT ON COLUMN sentiment.version_curves.model_id IS 'the model';
COMMENT ON COLUMN sentiment.version_curves.version IS 'the version';
COMMENT ON COLUMN sentiment.version_curves.curves IS 'by label: roc, precision_recall and calibration as lists of points';

SELECT pg_catalog.pg_extension_config_dump('sentiment.version_curves', '');

ALTER TABLE sentiment.version_curves ENABLE ROW LEVEL SECURITY;

CREATE POLICY visible ON sentiment.version_curves FOR SELECT
	USING (sentiment.has_privilege(model_id, 'predict'::pg_catalog.text));

GRANT SELECT ON sentiment.version_curves TO PUBLIC;

CREATE VIEW @extschema@.sentiment_model_curves WITH (security_invoker = true, security_barrier = true) AS
SELECT m.name AS model,
	   c.version,
	   l.key AS label,
	   k.key AS curve,
	   k.value AS points
FROM sentiment.version_curves AS c
JOIN sentiment.model AS m ON m.model_id OPERATOR(pg_catalog.=) c.model_id,
	pg_catalog.jsonb_each(c.curves) AS l,
	pg_catalog.jsonb_each(l.value) AS k;

COMMENT ON VIEW @extschema@.sentiment_model_curves IS
'curves of the versions on held-out rows, of the positive label or of each of up to 20: roc [[false positive rate, true positive rate], ...], precision_recall [[recall, precision], ...], calibration [[mean predicted probability, share of the label, rows], ...]';

GRANT SELECT ON @extschema@.sentiment_model_curves TO PUBLIC;
