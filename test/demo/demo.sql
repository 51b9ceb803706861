-- What make demo shows. Variables: reviews, the CSV file.
\set ON_ERROR_STOP on
\set QUIET on
\pset footer off
\pset linestyle unicode
\pset border 1
SET client_min_messages = warning;

CREATE EXTENSION sentiment;
CREATE TABLE reviews (id int PRIMARY KEY, text text NOT NULL, label text NOT NULL, category text NOT NULL);
\copy reviews FROM pstdin CSV HEADER
ANALYZE reviews;

\echo
\echo '5,000 food reviews are in the table reviews (id, text, label, category); labels: pos (5 stars) or neg.'
\echo 'Training: SELECT * FROM sentiment_train(''food'', ''reviews'');'
\echo
SELECT version, deployed, rows_trained AS "learned from", rows_held_out AS "held out",
	round(seconds::numeric, 3) AS seconds,
	round((metrics->>'f1')::numeric, 3) AS "F1 of pos", round((metrics->>'accuracy')::numeric, 3) AS accuracy,
	round((metrics->>'roc_auc')::numeric, 3) AS "ROC AUC"
FROM sentiment_train('food', 'reviews');

\echo 'Predictions: SELECT * FROM sentiment_classify(text);'
\echo
SELECT t.text, c.label, round(c.probability::numeric, 3) AS probability
FROM (VALUES ('Delicious! My kids love them, will buy again.'),
			 ('Arrived stale and far too salty. Do not waste your money.'),
			 ('The taste is fine, but the price is a joke.')) AS t(text),
	sentiment_classify(t.text) AS c;

\echo 'The words that decided the second one: SELECT * FROM sentiment_explain(text);'
\echo
SELECT term, round(weight::numeric, 2) AS weight, round(contribution::numeric, 2) AS contribution
FROM sentiment_explain('Arrived stale and far too salty. Do not waste your money.') LIMIT 6;

SELECT pg_catalog.clock_timestamp() AS start \gset
SELECT count(sentiment_predict(text)) AS predicted FROM reviews \gset
SELECT round(1000 * extract(epoch FROM pg_catalog.clock_timestamp() - :'start'::timestamptz), 1) AS ms,
	round(1000000 * extract(epoch FROM pg_catalog.clock_timestamp() - :'start'::timestamptz) / :predicted, 1) AS us \gset
\echo 'Predicting all' :predicted 'reviews took' :ms 'ms:' :us 'microseconds each.'
