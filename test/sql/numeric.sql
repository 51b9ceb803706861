-- Numeric columns: types, missing numbers, prediction with features, checks of features.

SET client_min_messages = warning; -- progress carries timings

CREATE TABLE numeric_reviews AS
SELECT i AS id, 'some words number' || i % 7 || ' w' || i AS text,
	CASE WHEN i % 3 = 0 THEN 'good' ELSE 'other' END AS label,
	((CASE WHEN i % 3 = 0 THEN 50 ELSE 10 END) + i % 5)::numeric AS price,
	(CASE WHEN i % 11 = 0 THEN NULL ELSE i % 4 END)::int AS visits,
	i % 3 = 0 AS member,
	(CASE i WHEN 5 THEN 'NaN' WHEN 6 THEN 'Infinity' WHEN 7 THEN '1e300' ELSE '1.5' END)::float8 AS odd,
	now() AS at
FROM generate_series(1, 400) AS i;

SELECT version FROM sentiment_train('n', 'numeric_reviews', numeric_columns => '{price,visits,member,odd}');
SELECT numeric_columns FROM sentiment_model_versions WHERE model = 'n';
SELECT feature, round(value::numeric, 2) AS value, problem
FROM sentiment_check_features('n', 'some words', '{"price": 400, "visits": null, "member": true}');
SELECT sentiment_predict('some words', 'n', '{"price": 52, "member": true}') AS high,
	sentiment_predict('some words', 'n', '{"price": 11, "member": false}') AS low,
	sentiment_predict('some words', 'n', features => '{"price": 52, "member": 1}') AS as_number;
SELECT sentiment_score('some words', 'n', '{}') = sentiment_score('some words', 'n') AS missing_is_default,
	sentiment_score('some words', 'n', '{"price": null}') = sentiment_score('some words', 'n') AS null_is_missing,
	sentiment_predict(sentiment_get_model('n'), 'some words', '{"price": 52, "member": true}') AS by_value;
SELECT label, probability > 0.9 AS sure FROM sentiment_classify('some words', 'n', '{"price": 52, "member": true}');
SELECT ordinal, label, round(p::numeric, 2) AS p FROM sentiment_predict_batch('{some words,some words,NULL}', 'n',
	ARRAY['{"price": 52, "member": true}', '{"price": 11, "member": false}', NULL]::jsonb[]) AS b (ordinal, label, p)
WHERE p IS NULL OR p > 0.5;
SELECT term FROM sentiment_explain('some words', 'n', '{"price": 52, "member": true}') WHERE term IN ('(price)', '(member)') ORDER BY 1;

-- a number beyond float4 is missing, in prediction as in training
SELECT sentiment_score('some words', 'n', '{"price": 1e60}') = sentiment_score('some words', 'n', '{"price": null}') AS missing,
	sentiment_score('some words', 'n', '{"price": -1e400}') = sentiment_score('some words', 'n', '{"price": null}') AS beyond_float8,
	sentiment_score('some words', 'n', '{"price": 1e60}') = sentiment_score('some words', 'n', '{"price": 1e30}') AS large;
CREATE TABLE numeric_beyond AS SELECT text, label, CASE WHEN id % 7 = 0 THEN 'Infinity' WHEN id % 5 = 0 THEN 1e39 ELSE id END::float8 AS price FROM
	(SELECT 'word' || i % 9 || CASE WHEN i % 2 = 0 THEN ' fine' ELSE ' poor' END AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label, i AS id
	 FROM generate_series(1, 200) AS i) AS t;
SELECT version FROM sentiment_train('n_beyond', 'numeric_beyond', numeric_columns => '{price}');
SELECT count(sentiment_predict(text, 'n_beyond', jsonb_build_object('price', NULLIF(price, 'Infinity')))) FROM numeric_beyond;
SELECT sentiment_drop_model('n_beyond');
DROP TABLE numeric_beyond;

-- errors
SELECT sentiment_predict('some words', 'n', '{"cost": 1}');
SELECT sentiment_predict('some words', 'n', '{"price": "high"}');
SELECT sentiment_predict('some words', 'n', '[1]');
SELECT * FROM sentiment_predict_batch('{a,b}', 'n', ARRAY['{}']::jsonb[]);
SELECT predicted, unnest(warnings) AS warning FROM sentiment_classify_batch('{some words,some words,NULL}', 'n',
	ARRAY['{"other": 1, "more": 2}', '{"other": 2}', NULL]::jsonb[]);
SELECT warnings FROM sentiment_classify_batch('{a,b}', 'n', ARRAY['{}']::jsonb[]);
SELECT sentiment_train('n_wrong', 'numeric_reviews', numeric_columns => '{text}');
SELECT sentiment_train('n_wrong', 'numeric_reviews', numeric_columns => '{at}');
SELECT sentiment_train('n_wrong', 'numeric_reviews', numeric_columns => '{none}');
SELECT sentiment_train('n_wrong', 'numeric_reviews', numeric_columns => '{price,price}');
SELECT sentiment_train('n_wrong', 'numeric_reviews', numeric_columns => '{price,NULL}');
SELECT sentiment_train('n_wrong', 'numeric_reviews', label_column => 'visits', numeric_columns => '{visits}');
SELECT version FROM sentiment_train('n_plain', 'numeric_reviews', numeric_columns => NULL, deploy => 'always');
SELECT sentiment_predict('some words', 'n_plain', '{"price": 1}');
SELECT count(*) FROM sentiment_check_features('n_plain', 'some words');

-- rules for missing numbers
SELECT version, metrics->>'f1' AS f1 FROM sentiment_train('n_zero', 'numeric_reviews', params => '{"numeric_missing": "zero"}',
	numeric_columns => '{price,visits}');
SELECT version, metrics->>'f1' AS f1 FROM sentiment_train('n_keep', 'numeric_reviews', kind => 'hist_gradient_boosting',
	params => '{"numeric_missing": "keep", "svd_components": 0, "max_features": 20}', numeric_columns => '{price,visits}');
SELECT feature, problem FROM sentiment_check_features('n_zero', 'x') UNION ALL
SELECT feature, problem FROM sentiment_check_features('n_keep', 'x') WHERE feature IN ('price', 'visits');
SELECT sentiment_train('n_wrong', 'numeric_reviews', params => '{"numeric_missing": "keep"}', numeric_columns => '{price}');

-- a column that is missing everywhere, and one that is constant
CREATE VIEW numeric_empty AS SELECT text, label, NULL::float8 AS nothing, 7 AS constant, price FROM numeric_reviews;
SELECT metrics->>'f1' AS f1 FROM sentiment_train('n_empty', 'numeric_empty', numeric_columns => '{nothing,constant,price}');
SELECT * FROM sentiment_check_features('n_empty', 'x', '{"nothing": 5, "constant": 8, "price": 12}');

-- numbers alone, beyond float8, and far beyond those of training
CREATE TABLE numeric_alone AS SELECT '' AS text, label, CASE id WHEN 8 THEN 1e400 ELSE price END AS price FROM numeric_reviews;
SELECT rows_trained, rows_held_out FROM sentiment_train('n_alone', 'numeric_alone', params => '{"text_weight": 0}', numeric_columns => '{price}');
SELECT features FROM sentiment_model_versions WHERE model = 'n_alone';
SELECT sentiment_predict('', 'n_alone', '{"price": 53}') AS high, sentiment_score('', 'n_alone', '{"price": 3e38}') BETWEEN 0 AND 1 AS finite,
	sentiment_score('', 'n_alone', '{"price": -3e38}') BETWEEN 0 AND 1 AS finite_too;
DROP TABLE numeric_alone;

-- versions of other labels are compared by macro F1, whatever the gate asks for
SET client_min_messages = notice;
CREATE VIEW numeric_three AS SELECT text || ' ' || label AS text, CASE WHEN id % 2 = 0 THEN label ELSE 'third' END AS label FROM numeric_reviews;
DO $$
DECLARE
	reason text;
BEGIN
	SET LOCAL client_min_messages = warning;
	PERFORM sentiment_train('n_labels', 'numeric_reviews', deploy => 'always');
	PERFORM sentiment_set_gate('n_labels', '{"metric": "f1"}');
	PERFORM sentiment_train('n_labels', 'numeric_three', deploy => 'never');
	SELECT g.detail INTO reason FROM sentiment_check_gate('n_labels', 2) AS g WHERE check_name = 'must_beat';
	ASSERT reason LIKE 'macro F1 against %', coalesce(reason, 'nothing');
END $$;
SET client_min_messages = warning;
DROP VIEW numeric_three;

-- a version with other columns is compared on the same rows
SELECT version, deployed FROM sentiment_train('n', 'numeric_reviews', numeric_columns => '{visits}');

SELECT sentiment_drop_model(model) FROM sentiment_models WHERE model LIKE 'n%' ORDER BY model COLLATE "C";
DROP TABLE numeric_reviews CASCADE;
