-- The model card: every section, texts that are no Markdown, and who sees words of the training texts.

SET client_min_messages = warning;

CREATE TABLE card_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN '<b>pos|itive_*' ELSE E'neg\n# line' END AS label, i % 7 AS number
FROM generate_series(1, 400) AS i;
INSERT INTO card_reviews VALUES (401, NULL, 'x', 1);
GRANT SELECT ON card_reviews TO PUBLIC;
-- times, durations and sizes are not the same twice
CREATE FUNCTION card(model text, version int DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(sentiment_model_card(model, version),
		'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC', 'TIME', 'g'), 'in \d+\.\d+ s', 'in SECONDS', 'g'), '\d+ bytes', 'N bytes', 'g')
$$;
CREATE ROLE regress_card_owner;
CREATE ROLE regress_card_predict;
CREATE ROLE regress_card_stranger;

SET ROLE regress_card_owner;
SELECT version FROM sentiment_train('card', 'card_reviews', params => '{"cv_folds": 2, "positive_label": "<b>pos|itive_*"}',
	numeric_columns => '{number}', filter => 'id > 2');
SELECT sentiment_set_description('card', E'For <i>reviews</i> of books.\n# Not a heading\n[link](javascript:alert(1))');
SELECT sentiment_grant('card', 'regress_card_predict', 'predict');
\pset format unaligned
\pset tuples_only on
SELECT card('card');
\pset format aligned
\pset tuples_only off

-- no words of the training texts for those who may only predict
SET ROLE regress_card_predict;
SELECT card('card') ~ 'awful' AS words, card('card') ~ 'with the privilege admin only' AS says_so, length(card('card', 1)) > 1000 AS long;
SELECT sentiment_set_description('card', 'mine');
SET ROLE regress_card_stranger;
SELECT card('card');
RESET ROLE;

-- a candidate, an archived one, a drift check, nothing measured, more than two labels
SELECT version FROM sentiment_train('card', 'card_reviews', params => '{"holdout": 0}', deploy => 'never');
SELECT regexp_matches(card('card', 2), 'Stage .*\.|- Nothing is held out.*|Nothing was measured\.|None\.|Not checked\.', 'gn');
SELECT sentiment_promote('card', 2, force => true, reason => 'why | not');
SELECT regexp_matches(card('card', 1), 'Stage .*', 'n');
SELECT regexp_matches(card('card', 2), '^.*(?:forced|past its gate).*$', 'gn');
SELECT count(*) > 0 FROM sentiment_check_drift('card', 'card_reviews', 'id > 380');
SELECT card('card', 2) ~ 'Last check TIME, \d+ rows of public.card\\_reviews: ' AS drift;
SELECT sentiment_set_description('card', NULL);
SELECT card('card') ~ 'No description' AS none;

-- figures that somebody made up break nothing
UPDATE sentiment.model_version SET metrics = '{"f1": null, "accuracy": 1e300, "log_loss": "high", "report": {"classes": {"a": 1, "b": {"support": "x", "f1": [1]}}, "confusion_matrix": {"labels": ["a", 1], "counts": [[1], "x"]}}, "cross_validation": 7}'
FROM sentiment.model AS m WHERE m.model_id = model_version.model_id AND m.name = 'card' AND version = 2;
SELECT regexp_matches(card('card', 2), '^\| (?:F1|accuracy|log loss|a|b|1) \|.*$', 'gn');
UPDATE sentiment.model_version SET metrics = '{"report": [1, 2]}', parameters = '[]'
FROM sentiment.model AS m WHERE m.model_id = model_version.model_id AND m.name = 'card' AND version = 2;
SELECT card('card', 2) ~ 'Nothing was measured' AS nothing;

SELECT sentiment_model_card('card_missing');
SELECT sentiment_model_card('card', 99);
SELECT sentiment_model_card(NULL);
SELECT sentiment_set_description('card_missing', 'x');
SELECT sentiment_set_description(NULL, 'x');
BEGIN READ ONLY;
SELECT sentiment_set_description('card', 'x');
ROLLBACK;
-- no version in production
SELECT i.version FROM sentiment_import_model(sentiment_export_model('card', 1), 'card_copy') AS i;
SELECT sentiment_model_card('card_copy');
SELECT regexp_matches(card('card_copy', 1), '^.*import.*$', 'gn');

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP FUNCTION card;
DROP TABLE card_reviews;
DROP ROLE regress_card_owner, regress_card_predict, regress_card_stranger;
