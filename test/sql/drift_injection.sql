-- Drift made on purpose.
SELECT kind, strength, sentiment_inject_drift('This is not a good book. I was happy, Größe!', kind, strength, 1)
FROM unnest('{longer,shorter,shouting,typos,vocabulary_swap,negation_flip}'::text[]) AS kind, unnest('{0,0.5,1}'::float8[]) AS strength;
SELECT kind, strength, sentiment_inject_drift(8.5, kind, strength, 1)::numeric(10, 6)
FROM unnest('{shift,scale,noise,missing,clip}'::text[]) AS kind, unnest('{0,0.5,1}'::float8[]) AS strength;
-- the replaced pipeline's: times 1.5, plus 10
SELECT sentiment_inject_drift(sentiment_inject_drift(4.0, 'scale'), 'shift') AS value;
SELECT label, count(*) FILTER (WHERE sentiment_inject_class_shift('text ' || i, label, 'pos', 0)) AS none,
	   count(*) FILTER (WHERE sentiment_inject_class_shift('text ' || i, label, 'pos', 0.5)) BETWEEN 400 AND 600 OR label = 'pos' AS half,
	   count(*) FILTER (WHERE sentiment_inject_class_shift('text ' || i, label, 'pos')) AS all
FROM generate_series(1, 1000) AS i, unnest('{pos,neg}'::text[]) AS label GROUP BY label ORDER BY label;
-- other seeds, other words; the same seed, the same
SELECT count(DISTINCT sentiment_inject_drift('one two three four five six', 'typos', 0.5, seed)) > 5 AS seeds,
	   sentiment_inject_drift('one two three', 'typos', 0.5, 3) = sentiment_inject_drift('one two three', 'typos', 0.5, 3) AS same
FROM generate_series(1, 20) AS seed;
SELECT sentiment_inject_drift(NULL::text, 'typos') IS NULL AS text, sentiment_inject_drift(NULL::float8, 'shift') IS NULL AS number, sentiment_inject_drift('', kind) AS empty
FROM unnest('{longer,shorter,typos,vocabulary_swap,negation_flip}'::text[]) AS kind;
SELECT sentiment_inject_drift('NaN'::float8, 'scale') AS nan, sentiment_inject_drift('-Infinity'::float8, 'clip') AS clipped;
SELECT sentiment_inject_drift('a', 'nothing');
SELECT sentiment_inject_drift('a', 'class_shift');
SELECT sentiment_inject_drift('a', 'typos', 2);
SELECT sentiment_inject_drift(1.0, 'nothing');
SELECT sentiment_inject_drift(1.0, 'shift', 'NaN');
SELECT sentiment_inject_class_shift('a', 'b', 'c', -1);
