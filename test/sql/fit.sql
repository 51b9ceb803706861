-- The aggregate sentiment_fit.

CREATE TABLE fit_reviews AS
SELECT i AS id, 'category' || i % 3 AS category,
	(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' ' ||
	(ARRAY['book', 'film', 'song', 'meal'])[1 + i % 4] || ' number' || i % 11 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label,
	i % 6 < 3 AS is_positive,
	(i % 6) / 2 AS stars
FROM generate_series(1, 600) AS i;
ANALYZE fit_reviews;

-- one model for each category, as values
SELECT category, sentiment_predict(model, 'a lovely book'), sentiment_predict(model, 'awful meal')
FROM (SELECT category, sentiment_fit(text, label) AS model FROM fit_reviews GROUP BY category) AS models
ORDER BY category;

-- labels of other types, without a cast where that is possible
SELECT sentiment_predict(sentiment_fit(text, is_positive), 'great song') AS of_boolean FROM fit_reviews;
SELECT sentiment_predict(sentiment_fit(text, stars), 'great song') AS of_integer FROM fit_reviews;
SELECT sentiment_predict(sentiment_fit(text, stars::bigint), 'great song') AS of_bigint FROM fit_reviews;
SELECT sentiment_predict(sentiment_fit(text, stars::numeric), 'great song') AS of_numeric FROM fit_reviews;
SELECT sentiment_predict(sentiment_fit(text::varchar, label::varchar), 'great song') AS of_varchar FROM fit_reviews;
SELECT sentiment_predict(sentiment_fit(text, label, '{"C": 1, "ngram_max": 1}'), 'great song') AS with_params FROM fit_reviews;
SELECT sentiment_predict(sentiment_fit(text, stars, '{"kind": "logistic_regression", "penalty": "l1"}'), 'great song') AS with_kind FROM fit_reviews;

-- probabilities of three labels, in the order of the numbers
SELECT label, probability > 0 AND probability < 1 AS is_probability
FROM sentiment_probabilities((SELECT sentiment_fit(text, stars) FROM fit_reviews), 'good film');

-- the same rows give the same model, byte for byte: in another order, and by parallel workers
CREATE TABLE fitted AS SELECT sentiment_fit(text, label)::text AS image FROM fit_reviews;
SELECT sentiment_fit(text, label ORDER BY id DESC)::text = (SELECT image FROM fitted) AS same FROM fit_reviews;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT sentiment_fit(text, label) FROM fit_reviews;
SELECT sentiment_fit(text, label)::text = (SELECT image FROM fitted) AS same FROM fit_reviews;
RESET ALL;

-- what cannot be learned from
SELECT sentiment_fit(text, label) FROM fit_reviews WHERE false;
SELECT sentiment_fit(NULL, label) FROM fit_reviews;
SELECT sentiment_fit(text, 'same') FROM fit_reviews;
SELECT sentiment_fit(text, CASE WHEN id = 1 THEN 'rare' ELSE label END) FROM fit_reviews;
SELECT sentiment_fit(text, id) IS NOT NULL AS hundreds_of_labels FROM fit_reviews, generate_series(1, 2);
SELECT sentiment_fit(text, id + 1000 * n) FROM fit_reviews, generate_series(1, 2) AS n;
SELECT sentiment_fit(text, label, '{"kind": "oracle"}') FROM fit_reviews;
SELECT sentiment_fit(text, label, '{"C": 0}') FROM fit_reviews;
SELECT sentiment_fit(text, label, '{"positive_label": "maybe"}') FROM fit_reviews;
SELECT sentiment_fit(text, repeat('x', 2000)) FROM fit_reviews;

-- values of the type: refused unless they are whole
SELECT 'garbage'::sentiment_model;
SELECT 'AAAA'::sentiment_model;
SELECT left(image, 4000)::sentiment_model FROM fitted;
SELECT overlay(image PLACING 'AAAA' FROM 2001 FOR 4)::sentiment_model FROM fitted;
-- a later format version: byte 8 of the image
SELECT encode(set_byte(decode(image, 'base64'), 8, 99), 'base64') IS NOT NULL AS made FROM fitted;
DO $$
BEGIN
	PERFORM replace(encode(set_byte(decode(image, 'base64'), 8, 99), 'base64'), E'\n', '')::sentiment_model FROM fitted;
EXCEPTION WHEN feature_not_supported THEN
	RAISE NOTICE '%', SQLERRM;
END
$$;
SELECT (image::sentiment_model)::text = image AS round_trip FROM fitted;

DROP TABLE fit_reviews, fitted;

-- a state for a vocabulary is none for a classifier, whatever its bytes say
SELECT sentiment_fit_final(regexp_replace(sentiment_vocabulary_agg_add(NULL, 'some text')::text,
	'^\\x505243530100000001000000(03000000)(00000000)00',
	'\\x505243530100000014000000\1\2' || encode('logistic_regression', 'hex') || '00')::sentiment_corpus);
