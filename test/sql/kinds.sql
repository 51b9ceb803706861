-- Kinds of classifiers: the view, training each, explanations, importances, embeddings, calibration.

SET client_min_messages = warning; -- progress carries timings

-- the view is the tables that training reads
SELECT kind, count(*) FILTER (WHERE of_kind) > 3 AS own, count(*) > 30 AS all_of_them,
	bool_and(length(meaning) > 10 AND default_value IS NOT NULL) AS described
FROM sentiment_model_kinds GROUP BY kind ORDER BY kind;
SELECT parameter, type, allowed, minimum, maximum, choices, default_value, log_scale FROM sentiment_model_kinds
WHERE kind = 'random_forest' AND parameter IN ('n_estimators', 'criterion', 'bootstrap', 'svd_components', 'C')
ORDER BY parameter;
SELECT kind, parameter, search_low, search_high, search_choices FROM sentiment_model_kinds
WHERE of_kind AND (search_low IS NOT NULL OR search_choices IS NOT NULL) ORDER BY kind, parameter;
SELECT DISTINCT parameter, search_low, search_high, search_choices FROM sentiment_model_kinds
WHERE NOT of_kind AND (search_low IS NOT NULL OR search_choices IS NOT NULL) ORDER BY parameter;
SELECT kind, default_value FROM sentiment_model_kinds WHERE parameter = 'svd_components' ORDER BY kind;

CREATE TABLE kinds_reviews AS
SELECT i AS id,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 97 || ' x' || i ||
	CASE WHEN i % 3 = 0 THEN '!!' ELSE '' END AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label,
	(i % 6) / 2 AS stars
FROM generate_series(1, 600) AS i;

-- every kind, two labels and three: it learns, predicts, and explains itself to the last digit
CREATE FUNCTION kinds_output(kind text, probability float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN kind = 'random_forest' THEN probability ELSE ln(probability / (1 - probability)) END
$$;
DO $$
DECLARE
	k text;
	f1 float8;
	output float8;
	total float8;
BEGIN
	FOR k IN SELECT DISTINCT kind FROM sentiment_model_kinds ORDER BY kind LOOP
		SELECT (metrics->>'f1')::float8 INTO f1 FROM sentiment_train('k_' || k, 'kinds_reviews', kind => k,
			params => '{"svd_components": 10, "text_features": true, "min_df": 1}');
		ASSERT f1 > 0.95, k || ' has F1 ' || f1;
		SELECT kinds_output(k, probability), (SELECT sum(contribution) FROM sentiment_explain('a lovely song!', 'k_' || k, label => label))
		INTO output, total FROM sentiment_probabilities('a lovely song!', 'k_' || k) WHERE label = 'pos';
		ASSERT abs(output - total) < 1e-4, k || ' explains ' || total || ' of ' || output;
		SELECT (metrics->>'f1')::float8 INTO f1 FROM sentiment_train('k3_' || k, 'kinds_reviews', 'text', 'stars', kind => k,
			params => '{"svd_components": 10, "text_features": true, "min_df": 1}');
		ASSERT f1 > 0.9, k || ' has macro F1 ' || f1 || ' of three labels';
		ASSERT (SELECT abs(sum(probability) - 1) < 1e-9 FROM sentiment_probabilities('a poor meal', 'k3_' || k));
		ASSERT (SELECT count(*) > 3 AND min(importance) > 0 FROM sentiment_feature_importance('k_' || k));
	END LOOP;
END $$;
SELECT model, sentiment_predict('awful meal number3 x7', model), sentiment_predict('lovely song number5 x8', model)
FROM sentiment_models WHERE model LIKE 'k\_%' ORDER BY model COLLATE "C";

-- an explanation names terms, and in parentheses what is none
SELECT term, weight <> 0 AS has_weight FROM sentiment_explain('lovely book!', 'k_logistic_regression')
WHERE term IN ('lovely', 'lovely book', '(exclamation_count)', '(polarity)', '(intercept)') ORDER BY term COLLATE "C";
SELECT a.term, abs(a.contribution + b.contribution) < 1e-9 AS opposite
FROM sentiment_explain('lovely', 'k_logistic_regression', label => 'pos') AS a
JOIN sentiment_explain('lovely', 'k_logistic_regression', label => 'neg') AS b USING (term)
WHERE term IN ('lovely', '(intercept)') ORDER BY term COLLATE "C";
SELECT * FROM sentiment_explain('lovely', 'k_logistic_regression', label => 'none');
SELECT count(*) > 0 AS has_coordinates FROM sentiment_feature_importance('k_random_forest') WHERE feature LIKE '(svd %)';
SELECT feature FROM sentiment_feature_importance(sentiment_get_model('k_random_forest')) WHERE feature = '(polarity)';
SELECT * FROM sentiment_feature_importance('k_random_forest', 7);

-- embeddings
SELECT array_length(sentiment_embedding('a lovely song', 'k_random_forest'), 1) AS coordinates,
	sentiment_embedding('a lovely song', 'k_random_forest') = sentiment_embedding(sentiment_get_model('k_random_forest'), 'a lovely song') AS same,
	sentiment_embedding(NULL, 'k_random_forest') IS NULL AS null_in_null_out;
SELECT version FROM sentiment_train('k_plain', 'kinds_reviews');
SELECT sentiment_embedding('a lovely song', 'k_plain');

-- the same rows, parameters and seed give the same image, whatever the threads
SET sentiment.training_threads = 1;
CREATE TABLE kinds_images AS
SELECT kind, (SELECT sentiment_fit(text, label, jsonb_build_object('kind', kind, 'svd_components', 8, 'text_features', true))
	FROM kinds_reviews)::text AS image
FROM (SELECT DISTINCT kind FROM sentiment_model_kinds) AS kinds;
SET sentiment.training_threads = 3;
SELECT kind, image = (SELECT sentiment_fit(text, label, jsonb_build_object('kind', kind, 'svd_components', 8, 'text_features', true)
		ORDER BY id DESC) FROM kinds_reviews)::text AS same
FROM kinds_images ORDER BY kind;
RESET sentiment.training_threads;

-- auto: every kind is a version, the best is deployed
SELECT deployed FROM sentiment_train('k_auto', 'kinds_reviews', kind => 'auto', params => '{"n_estimators": 20, "C": 3, "holdout": 0.3}');
SELECT deployed_version = (SELECT version FROM sentiment_model_versions AS v WHERE v.model = 'k_auto' ORDER BY (metrics->>'f1')::float8 DESC, version LIMIT 1) AS is_best
FROM sentiment_models WHERE model = 'k_auto';
SELECT count(DISTINCT kind) = count(*) AS all_kinds, count(*) = (SELECT count(DISTINCT kind) FROM sentiment_model_kinds) AS as_many
FROM sentiment_model_versions WHERE model = 'k_auto';
SELECT kind, parameters->>'n_estimators' AS n_estimators, parameters->>'C' AS c FROM sentiment_model_versions
WHERE model = 'k_auto' AND kind IN ('random_forest', 'logistic_regression') ORDER BY kind;
SELECT sentiment_train('k_wrong', 'kinds_reviews', kind => 'auto', params => '{"no_such": 1}');
SELECT sentiment_train('k_wrong', 'kinds_reviews', kind => 'auto', params => '{"holdout": 0}');

-- balance, cross-validation, calibration, threshold
CREATE VIEW kinds_unequal AS SELECT text, label FROM kinds_reviews WHERE label = 'pos' OR id % 4 = 0;
SELECT rows_trained < 250 AS fewer FROM sentiment_train('k_balance', 'kinds_unequal', params => '{"balance": "undersample"}');
SELECT rows_trained FROM sentiment_train('k_limit', 'kinds_unequal', params => '{"per_class_limit": 20}');
SELECT metrics->'cross_validation'->'folds' AS folds, jsonb_array_length(metrics->'cross_validation'->'f1'->'values') AS values,
	(metrics->'cross_validation'->'f1'->>'mean')::float8 > 0.9 AS high
FROM sentiment_train('k_folds', 'kinds_unequal', params => '{"cv_folds": 3, "balance": "class_weight"}');
SELECT metrics ? 'threshold' AS tuned FROM sentiment_train('k_tuned', 'kinds_unequal',
	params => '{"threshold": "f1", "calibration": "isotonic"}');
SELECT label, round(probability::numeric, 1) AS probability FROM sentiment_classify('a poor meal', 'k_tuned');
SELECT sentiment_train('k_wrong', 'kinds_unequal', params => '{"cv_folds": 1}');
SELECT sentiment_train('k_wrong', 'kinds_reviews', params => '{"cv_folds": 10}', filter => $$label = 'pos' OR id < 11$$);
SELECT sentiment_train('k_wrong', 'kinds_reviews', 'text', 'stars', params => '{"threshold": "f1"}');

-- fallbacks that are told, and what cannot be
SELECT (SELECT sentiment_fit(text, label, '{"svd_components": 500, "max_features": 5}') FROM kinds_reviews) IS NOT NULL AS lowered;
SELECT sentiment_fit(text, label, '{"svd_components": 501}') FROM kinds_reviews;
SELECT sentiment_fit(text, label, '{"text_weight": 0}') FROM kinds_reviews;
SELECT sentiment_fit(text, label, '{"kind": "logistic_regression", "numeric_missing": "keep"}') FROM kinds_reviews;
-- trees deeper than the data, one leaf, constant features
SELECT sentiment_predict((SELECT sentiment_fit(text, label, '{"kind": "random_forest", "max_depth": 500, "svd_components": 3}')
	FROM kinds_reviews), 'a lovely song') AS deep;
SELECT sentiment_predict((SELECT sentiment_fit('same text', label, '{"kind": "random_forest", "n_estimators": 3, "min_df": 1, "svd_components": 2}')
	FROM kinds_reviews), 'same text') IS NOT NULL AS constant;
SELECT sentiment_predict((SELECT sentiment_fit('same text', label, '{"kind": "hist_gradient_boosting", "min_df": 1, "svd_components": 0}')
	FROM kinds_reviews), 'same text') IS NOT NULL AS constant;
-- a limit of memory
SET sentiment.training_memory = '16MB';
SELECT sentiment_fit(text || id || ' ' || text || id * 7, label, '{"kind": "random_forest", "svd_components": 0, "min_df": 1, "ngram_max": 3}')
FROM kinds_reviews, generate_series(1, 12);
RESET sentiment.training_memory;

SELECT sentiment_drop_model(model) FROM sentiment_models WHERE model LIKE 'k%' ORDER BY model COLLATE "C";
DROP TABLE kinds_reviews, kinds_images CASCADE;
DROP FUNCTION kinds_output;
