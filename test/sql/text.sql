-- Tokens and text features.

-- as scikit-learn's TfidfVectorizer makes them, single tokens before pairs
SELECT sentiment_tokens('A good book, not a GOOD film!');
SELECT sentiment_tokens('A good book, not a GOOD film!', '{"ngram_max": 1}');
SELECT sentiment_tokens('one two three four', '{"ngram_min": 2, "ngram_max": 3}');
SELECT sentiment_tokens('');
SELECT sentiment_tokens(NULL) IS NULL AS null_text, sentiment_tokens('some words', NULL) AS null_params;
SELECT sentiment_tokens('varchar works'::varchar, '{"ngram_max": 1}');

-- every parameter
SELECT sentiment_tokens('Upper lower', '{"lowercase": false, "ngram_max": 1}');
SELECT sentiment_tokens('Not <b>good</b><br />at &#34;all&#34; &amp; more', '{"strip_html": true, "ngram_max": 1}');
SELECT sentiment_tokens('see https://example.org/x?y=1 or www.example.org now', '{"strip_urls": true, "ngram_max": 1}');
SELECT sentiment_tokens('a bb ccc dddd', '{"token_min_length": 3, "ngram_max": 1}');
SELECT sentiment_tokens('this is not a good book', '{"stop_words": "english", "ngram_max": 1}');
SELECT sentiment_tokens('books reading wonderful', '{"stemmer": "english", "ngram_max": 1}');
SELECT sentiment_tokens('laufende Häuser', '{"stemmer": "german", "ngram_max": 1}');

-- scripts
SELECT sentiment_tokens('Очень ХОРОШАЯ книга', '{"ngram_max": 1}') AS russian;
SELECT sentiment_tokens('정말 좋은 영화', '{"ngram_max": 1}') AS korean;
SELECT sentiment_tokens('这本书很好', '{"ngram_max": 1}') AS chinese;
SELECT sentiment_tokens('とても良い', '{"ngram_max": 1}') AS japanese;
SELECT sentiment_tokens('Größe ÄRGER', '{"ngram_max": 1}') AS german;
SELECT sentiment_tokens('great 😀👍🏽 book 🇩🇪', '{"ngram_max": 1}') AS emoji;

-- what is wrong is named
\set VERBOSITY terse
SELECT sentiment_tokens('x', '{"ngram_maxx": 1}');
SELECT sentiment_tokens('x', '{"ngram_max": 9}');
SELECT sentiment_tokens('x', '{"ngram_max": "two"}');
SELECT sentiment_tokens('x', '{"ngram_min": 3}');
SELECT sentiment_tokens('x', '{"stop_words": "klingon"}');
SELECT sentiment_tokens('x', '{"stemmer": "klingon"}');
SELECT sentiment_tokens('x', '[1]');
\set VERBOSITY default
SELECT sentiment_tokens('x', '{"min_dff": 1}');

-- features are counted on the raw text
SELECT * FROM sentiment_text_features('WOW! So good, really? Sooo good 100%');
SELECT * FROM sentiment_text_features('');
SELECT (sentiment_text_features('Größe 😀')).text_len;
SELECT sentiment_text_features(NULL) IS NULL AS null_text;

-- a large text
SELECT cardinality(sentiment_tokens(repeat('word another ', 100000), '{"ngram_max": 1}'));
SELECT text_len, word_count FROM sentiment_text_features(repeat('word another ', 1000000));

-- the tokenizer of a call site lives on from row to row
SELECT count(*) AS texts, count(*) FILTER (WHERE tokens = ARRAY['row', g::text, 'of', 'many', 'row ' || g, g || ' of', 'of many']) AS as_expected
FROM (SELECT g, sentiment_tokens('Row ' || g || ' of MANY') AS tokens FROM generate_series(10, 3009) AS g) AS t;

-- contracted stop words are dropped whole, whatever the apostrophe
SELECT sentiment_tokens('it wasn''t, isn''t, hadn''t, won''t, don''t, I''ve, they''ll', '{"stop_words": "english", "ngram_max": 1}');
SELECT sentiment_tokens('They won’t say who won; John’s car, let’s go', '{"stop_words": "english", "ngram_max": 1}');
SELECT sentiment_tokens('L''homme qu’il aime, lorsqu''elle dort jusqu’à l’aube aujourd''hui', '{"stop_words": "french", "ngram_max": 1}');
SELECT sentiment_tokens('wasn''t they''ll', '{"ngram_max": 1}');
