-- sentiment_search: trials, the winner, what is kept, what is refused.

SET client_min_messages = warning; -- progress carries timings

CREATE TABLE search_reviews AS
SELECT i AS id, i % 5 AS stars,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + CASE WHEN i % 9 = 0 THEN 5 - i % 6 ELSE i % 6 END] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 97 || ' w' || i * 7919 % 401 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 600) AS i;

-- a search: each trial with its parameters and figures, the best of which becomes a version
CREATE TEMP TABLE first AS SELECT * FROM sentiment_search('s', 'search_reviews', trials => 12, folds => 3);
SELECT count(*) AS trials, count(DISTINCT search_id) AS searches, min(trial), max(trial), count(*) FILTER (WHERE best) AS best,
	count(version) AS versions, bool_and(state IN ('complete', 'pruned')) AS measured, bool_and(kind = 'logistic_regression') AS of_kind,
	bool_and((params->>'C')::float8 BETWEEN 0.01 AND 100) AS in_range, bool_and(value BETWEEN 0 AND 1) AS f1, bool_and(seconds >= 0) AS timed
FROM first;
SELECT value = (SELECT max(value) FROM first WHERE state = 'complete') AS highest, value = (metrics->>'f1')::float8 AS is_f1, on_front
FROM first WHERE best;
SELECT v.version, v.deployed, v.kind, v.parameters @> f.params AS with_its_parameters
FROM sentiment_model_versions AS v JOIN first AS f ON f.version = v.version WHERE v.model = 's';
SELECT reason LIKE 'best of 12 trials%' AS reason FROM sentiment_deployments WHERE model = 's';
-- what was measured is the mean of the folds, and the held-out rows are not among them
SELECT bool_and(abs(value - (SELECT avg(v::float8) FROM jsonb_array_elements_text(folds->'macro_f1') AS v)) < 1e-12) AS mean_of_folds,
	bool_and(CASE state WHEN 'complete' THEN jsonb_array_length(folds->'macro_f1') = 3 ELSE jsonb_array_length(folds->'macro_f1') < 3 END) AS folds
FROM sentiment_search_trials WHERE model = 's';
SELECT s.rows = v.rows_trained AS learned_rows, s.rows + v.rows_held_out = 600 AS all_rows
FROM sentiment_searches AS s JOIN sentiment_model_versions AS v ON v.model = s.model AND v.version = s.version WHERE s.model = 's';
-- the model card tells of it
SELECT substring(sentiment_model_card('s') FROM 'Chosen by search \d+: trial \d+ of 12 \(tpe, seed 0\), the best by macro_f1: [0-9.]+, mean of 3 folds.') IS NOT NULL AS told,
	sentiment_model_card('s', 1) LIKE '%Chosen by search%' AS told_of_version;
-- the views
SELECT model, kinds, objectives, status, trials_of_each_kind, trials, complete + pruned AS measured, failed, best_kind, version, folds,
	sampler, pruner, seed, source_schema, source_name, text_column, label_column, done_by = current_user AS mine FROM sentiment_searches;
SELECT best_value = (SELECT value FROM first WHERE best) AS best_value, best_params = (SELECT params FROM first WHERE best) AS best_params
FROM sentiment_searches;
SELECT count(*) FROM sentiment_search_trials AS t JOIN first AS f
ON f.search_id = t.search_id AND f.trial = t.trial AND f.params = t.params AND f.value = t.value AND f.best = t.best AND f.state = t.state;
-- the same search, with another number of threads: the same trials to the last bit, and the same image
SET sentiment.training_threads = 1;
CREATE TEMP TABLE second AS SELECT * FROM sentiment_search('s', 'search_reviews', trials => 12, folds => 3, deploy => 'never');
RESET sentiment.training_threads;
SELECT count(*) FROM first JOIN second USING (trial, kind, state, params, value, metrics, best);
SELECT sentiment_get_model('s', 1)::text = sentiment_get_model('s', 2)::text AS same_image;
SELECT count(*) < 12 AS another_seed FROM first
JOIN (SELECT * FROM sentiment_search('s', 'search_reviews', trials => 12, folds => 3, seed => 7, deploy => 'never')) AS other USING (trial, params);
-- a version from any trial
SELECT t.kind FROM sentiment_search_trials AS t, LATERAL sentiment_train('s', 'search_reviews', kind => t.kind, params => t.params, deploy => 'never') AS v
WHERE t.search_id = (SELECT min(search_id) FROM sentiment_searches) AND t.trial = 3;
SELECT v.parameters @> t.params AS same FROM sentiment_model_versions AS v, sentiment_search_trials AS t
WHERE v.model = 's' AND v.version = 4 AND t.search_id = (SELECT min(search_id) FROM sentiment_searches) AND t.trial = 3;
SELECT sentiment_model_card('s', 4) LIKE '%Chosen by search%' AS chosen_by_a_search;
-- figures are those of cross-validation
SELECT abs((v.metrics->'cross_validation'->'f1'->>'mean')::float8 - t.value) < 1e-12 AS same_f1,
	abs((v.metrics->'cross_validation'->'log_loss'->>'mean')::float8 - (t.metrics->>'log_loss')::float8) < 1e-12 AS same_log_loss
FROM sentiment_search_trials AS t,
	LATERAL sentiment_train('s', 'search_reviews', params => t.params || '{"cv_folds": 3}', deploy => 'never') AS v
WHERE t.search_id = (SELECT min(search_id) FROM sentiment_searches) AND t.best;

-- several kinds take turns; several objectives have a front, by definition
CREATE TEMP TABLE front AS SELECT * FROM sentiment_search('several', 'search_reviews', kinds => '{auto}', trials => 4, folds => 2,
	objectives => '{f1,bytes,latency}', params => '{"max_iter": 20, "n_estimators": 10, "svd_components": 0}', space => '{"hidden_layer_sizes": [[8], [16, 8]]}',
	numeric_columns => '{stars}');
SELECT array_agg(kind ORDER BY trial) AS kinds FROM front WHERE trial <= 4;
SELECT kind, count(*) FROM front GROUP BY kind ORDER BY kind COLLATE "C";
SELECT count(*) AS wrong FROM front AS f WHERE f.state = 'complete' AND f.on_front <> NOT EXISTS (
	SELECT FROM front AS o WHERE o.state = 'complete' AND o.value >= f.value AND (o.metrics->'bytes')::float8 <= (f.metrics->'bytes')::float8
		AND (o.metrics->'latency')::float8 <= (f.metrics->'latency')::float8
		AND (o.value > f.value OR (o.metrics->'bytes')::float8 < (f.metrics->'bytes')::float8 OR (o.metrics->'latency')::float8 < (f.metrics->'latency')::float8));
SELECT count(*) > 0 AS measured, bool_and((metrics->'latency')::float8 > 0) AS latency FROM front WHERE state = 'complete';
-- bytes are those of the version
SELECT (f.metrics->'bytes')::int8 = v.image_bytes AS bytes, v.kind = f.kind AS kind, v.numeric_columns
FROM front AS f JOIN sentiment_model_versions AS v ON v.model = 'several' AND v.version = f.version;
SELECT pruner, objectives FROM sentiment_searches WHERE model = 'several';

-- limits: the best within them; if there is none, no version
CREATE TEMP TABLE limited AS SELECT * FROM sentiment_search('limited', 'search_reviews', trials => 8, folds => 2, sampler => 'random',
	space => '{"min_df": [1, 20], "ngram_max": [1, 2]}', params => '{"C": 1, "penalty": "l2", "weighting": "tfidf"}', limits => '{"bytes": 20000}');
SELECT bool_or((metrics->'bytes')::float8 > 20000) AS some_beyond, max(value) FILTER (WHERE (metrics->'bytes')::float8 <= 20000)
	= max(value) FILTER (WHERE best) AS best_within FROM limited;
SELECT v.image_bytes <= 20000 AS within FROM sentiment_model_versions AS v WHERE v.model = 'limited';
SELECT bool_and(within_limits = ((metrics->'bytes')::float8 <= 20000)) AS marked FROM sentiment_search_trials WHERE model = 'limited';
SELECT count(*) AS trials, count(*) FILTER (WHERE best) AS best, count(version) AS versions
FROM sentiment_search('hopeless', 'search_reviews', trials => 2, folds => 2, limits => '{"accuracy": 1.5}');
SELECT model, status, best_trial, version, limits FROM sentiment_searches WHERE model = 'hopeless';
SELECT count(*) FROM sentiment_models WHERE model = 'hopeless';

-- samplers; a grid ends, a space of one point too, and a point is measured once
SELECT count(*), count(DISTINCT params) FROM sentiment_search('grid', 'search_reviews', sampler => 'grid', trials => 50, folds => 2, pruner => 'none',
	params => '{"penalty": "l2", "weighting": "tfidf", "max_features": 0, "class_weight": "none"}', space => '{"C": [0.1, 1, 10], "min_df": [1, 2], "ngram_max": [1]}');
SELECT count(*), min(params->>'C') FROM sentiment_search('grid', 'search_reviews', trials => 50, folds => 2,
	params => '{"C": 2, "penalty": "l2", "weighting": "nb", "max_features": 0, "class_weight": "none", "min_df": 1, "ngram_max": 1}');
CREATE TEMP TABLE repeated AS SELECT * FROM sentiment_search('grid', 'search_reviews', trials => 20, folds => 2, sampler => 'random', pruner => 'none',
	params => '{"penalty": "l2", "weighting": "tfidf", "max_features": 0, "class_weight": "none", "min_df": 1}', space => '{"C": [0.1, 10], "ngram_max": [1, 2]}');
SELECT count(*) AS trials, count(DISTINCT params) AS points, count(DISTINCT (params, value)) AS values FROM repeated;
SELECT trials - repeated AS measured FROM sentiment_searches ORDER BY search_id DESC LIMIT 1;
SELECT count(*) FROM sentiment_search_trials AS t JOIN sentiment_search_trials AS e ON e.search_id = t.search_id AND e.trial = t.repeats
WHERE t.params <> e.params OR t.value <> e.value OR e.repeats IS NOT NULL;

-- pruning: what was bad in its first folds is not measured in the others
SELECT count(*) FILTER (WHERE state = 'pruned') > 0 AS pruned, count(*) FILTER (WHERE state = 'pruned' AND best) AS best
FROM sentiment_search('pruned', 'search_reviews', trials => 40, folds => 5, space => '{"C": {"low": 0.00001, "high": 100, "log": true}}', sampler => 'random');
-- time: one trial at least, and no more than there is time for
SELECT count(*) >= 1 AS some, count(*) < 10000 AS not_all, count(version) AS versions
FROM sentiment_search('timed', 'search_reviews', trials => 10000, folds => 2, max_time => '100 ms', sampler => 'random');
SELECT status, max_time FROM sentiment_searches WHERE model = 'timed';

-- a trial that fails is told, and the others go on
SELECT count(*) FILTER (WHERE state = 'failed') > 0 AS failed, count(*) FILTER (WHERE state = 'complete') > 0 AS complete,
	min(message) FILTER (WHERE state = 'failed') AS message, bool_or(state = 'failed' AND (best OR value IS NOT NULL)) AS counts
FROM sentiment_search('partly', 'search_reviews', trials => 12, folds => 2, sampler => 'random', pruner => 'none', space => '{"min_df": [1, 400]}');
SELECT failed > 0 AS failed FROM sentiment_searches WHERE model = 'partly';
SELECT * FROM sentiment_search('none', 'search_reviews', trials => 3, folds => 2, params => '{"min_df": 400}');
-- more memory than there may be is a failure of that trial, too
SET sentiment.training_memory = '16MB';
SELECT count(*) FILTER (WHERE state = 'failed') > 0 AS failed, count(*) FILTER (WHERE state = 'complete') > 0 AS complete, count(version) AS versions
FROM sentiment_search('memory', 'search_reviews', kinds => '{mlp}', trials => 6, folds => 2, sampler => 'grid', params => '{"max_iter": 2, "min_df": 1, "ngram_max": 1,
	"weighting": "tfidf", "max_features": 0, "learning_rate_init": 0.001, "alpha": 0.0001}', space => '{"hidden_layer_sizes": [[8], [2048, 2048, 2048]]}', deploy => 'always');
RESET sentiment.training_memory;

-- more than two labels; a positive label
SELECT count(*) FROM sentiment_search('stars', (SELECT 'search_reviews'::regclass), label_column => 'stars', trials => 2, folds => 2, objectives => '{macro_f1}', deploy => 'always');
SELECT positive_label FROM sentiment_models WHERE model = 'stars';
SELECT count(*) FROM sentiment_search('negative', 'search_reviews', trials => 2, folds => 2, params => '{"positive_label": "neg", "threshold": "f1", "calibration": "sigmoid"}');
SELECT m.positive_label, v.parameters->'threshold' AS threshold, v.parameters->'calibration' AS calibration
FROM sentiment_models AS m JOIN sentiment_model_versions AS v USING (model) WHERE model = 'negative';
SELECT count(*) FROM sentiment_search('negative', 'search_reviews', trials => 2, folds => 2); -- the model's own
SELECT * FROM sentiment_search('negative', 'search_reviews', trials => 2, folds => 2, params => '{"positive_label": "pos"}');
-- rows by a filter, no held-out rows, balance
SELECT count(*) FROM sentiment_search('filtered', 'search_reviews', trials => 2, folds => 2, filter => 'id <= 300', params => '{"holdout": 0}',
	space => '{"balance": ["none", "undersample"], "text_features": [true, false], "svd_components": {"low": 1, "high": 5}}');
SELECT rows, filter, spaces->'logistic_regression'->'svd_components' AS svd_components FROM sentiment_searches WHERE model = 'filtered';

-- what is refused, before anything is read
SELECT * FROM sentiment_search('s', 'search_reviews', kinds => '{nothing}');
SELECT * FROM sentiment_search('s', 'search_reviews', kinds => '{}');
SELECT * FROM sentiment_search('s', 'search_reviews', kinds => NULL);
SELECT * FROM sentiment_search('s', 'search_reviews', kinds => '{mlp,NULL}');
SELECT * FROM sentiment_search('s', 'search_reviews', kinds => '{mlp,mlp}');
SELECT * FROM sentiment_search('s', 'search_reviews', params => '{"nothing": 1}');
SELECT * FROM sentiment_search('s', 'search_reviews', params => '[1]');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"nothing": [1, 2]}');
-- of another kind than the one that is searched
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"max_depth": [3]}');
SELECT * FROM sentiment_search('s', 'search_reviews', params => '{"max_depth": 3}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"C": {"low": 10, "high": 1}}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"C": {"low": -1, "high": 1}}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"C": []}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"penalty": ["l2", "l7"]}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"C": [1, 2]}', params => '{"C": 3}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"stemmer": ["none", "english"]}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"seed": [1, 2, 3]}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '{"holdout": [0.1, 0.2]}');
SELECT * FROM sentiment_search('s', 'search_reviews', space => '[]');
-- an array need not begin at 1, nor have one dimension
SELECT count(*) FROM sentiment_search('bounds', 'search_reviews', trials => 2, folds => 2, objectives => '[3:3]={f1}'::text[]);
SELECT count(*) FROM sentiment_search('bounds', 'search_reviews', trials => 2, folds => 2, objectives => '{{f1},{bytes}}'::text[]);
SELECT objectives, best_value > 0 AS best_value FROM sentiment_searches WHERE model = 'bounds';
SELECT * FROM sentiment_search('s', 'search_reviews', objectives => '{beauty}');
SELECT * FROM sentiment_search('s', 'search_reviews', objectives => '{}');
SELECT * FROM sentiment_search('s', 'search_reviews', objectives => '{f1,f1}');
SELECT * FROM sentiment_search('s', 'search_reviews', objectives => '{f1,NULL}');
SELECT * FROM sentiment_search('s', 'search_reviews', objectives => '{bytes}', pruner => 'median');
SELECT * FROM sentiment_search('s', 'search_reviews', limits => '{"beauty": 1}');
SELECT * FROM sentiment_search('s', 'search_reviews', limits => '{"bytes": "small"}');
SELECT * FROM sentiment_search('s', 'search_reviews', limits => '7');
SELECT * FROM sentiment_search('s', 'search_reviews', trials => 0);
SELECT * FROM sentiment_search('s', 'search_reviews', trials => NULL);
SELECT * FROM sentiment_search('s', 'search_reviews', folds => 1);
SELECT * FROM sentiment_search('s', 'search_reviews', folds => 21);
SELECT * FROM sentiment_search('s', 'search_reviews', sampler => 'magic');
SELECT * FROM sentiment_search('s', 'search_reviews', pruner => 'magic');
SELECT * FROM sentiment_search('s', 'search_reviews', max_time => '0');
SELECT * FROM sentiment_search('s', 'search_reviews', max_time => '-1 hour');
SELECT * FROM sentiment_search('s', 'search_reviews', deploy => 'perhaps');
SELECT * FROM sentiment_search('s', 'search_reviews', text_column => 'nothing');
SELECT * FROM sentiment_search(NULL, 'search_reviews');
SELECT * FROM sentiment_search('s', NULL);
-- and of the rows
CREATE VIEW search_few AS SELECT * FROM search_reviews WHERE id <= 8;
CREATE VIEW search_one AS SELECT * FROM search_reviews WHERE label = 'pos';
CREATE VIEW search_none AS SELECT * FROM search_reviews WHERE id < 0;
CREATE VIEW search_single AS SELECT id, text, label FROM search_reviews WHERE label = 'pos' UNION ALL SELECT 0, 'a single row', 'neg';
SELECT * FROM sentiment_search('s', 'search_few', params => '{"holdout": 0}');
SELECT * FROM sentiment_search('s', 'search_one');
SELECT * FROM sentiment_search('s', 'search_none');
SELECT * FROM sentiment_search('s', 'search_single', params => '{"holdout": 0}');
SELECT * FROM sentiment_search('three', 'search_reviews', label_column => 'stars', params => '{"threshold": "f1"}');
-- nothing is left of what was refused or rolled back
SELECT count(*) AS before FROM sentiment_searches \gset
BEGIN;
SELECT count(*) FROM sentiment_search('rolled_back', 'search_reviews', trials => 2, folds => 2);
ROLLBACK;
SELECT count(*) = :before AS same FROM sentiment_searches;
SELECT count(*) FROM sentiment_models WHERE model = 'rolled_back';
BEGIN READ ONLY;
SELECT * FROM sentiment_search('s', 'search_reviews');
ROLLBACK;

-- a contract holds for a search
SELECT sentiment_set_contract('checked', '{"max_text_length": 5}') IS NOT NULL AS set;
SELECT * FROM sentiment_search('checked', 'search_reviews', trials => 2, folds => 2);

-- privileges: to train, to see, not to write
CREATE ROLE regress_searcher;
CREATE ROLE regress_watcher;
GRANT SELECT ON search_reviews TO regress_searcher, regress_watcher;
SET ROLE regress_searcher;
SELECT * FROM sentiment_search('s', 'search_reviews', trials => 2);
SELECT count(*) FROM sentiment_searches;
SELECT count(*) FROM sentiment_search('theirs', 'search_reviews', trials => 2, folds => 2);
SELECT model, done_by FROM sentiment_searches;
SELECT count(*) FROM sentiment_search_trials;
INSERT INTO sentiment.search_trial SELECT * FROM sentiment.search_trial;
UPDATE sentiment.search SET version = 1;
SET ROLE regress_watcher;
SELECT count(*) FROM sentiment_search_trials;
RESET ROLE;
SELECT sentiment_grant('theirs', 'regress_watcher', 'predict');
SET ROLE regress_watcher;
SELECT model FROM sentiment_searches;
SELECT * FROM sentiment_search('theirs', 'search_reviews', trials => 2, folds => 2);
RESET ROLE;
SELECT sentiment_grant('theirs', 'regress_watcher', 'train');
SET ROLE regress_watcher;
SELECT count(version) FROM sentiment_search('theirs', 'search_reviews', trials => 2, folds => 2);
RESET ROLE;
SELECT DISTINCT done_by FROM sentiment_searches WHERE model = 'theirs' ORDER BY 1;
-- searches stay when a model is dropped
SELECT sentiment_drop_model('theirs');
SELECT count(*) FROM sentiment_searches WHERE model = 'theirs';

-- without shared memory there is no progress to see
SELECT * FROM sentiment_search_progress;
SELECT * FROM sentiment_running_searches(missing_ok => true);

SELECT count(sentiment_drop_model(model)) > 0 AS dropped FROM sentiment_models;
DROP OWNED BY regress_searcher, regress_watcher;
DROP ROLE regress_searcher, regress_watcher;
DROP TABLE search_reviews CASCADE;
