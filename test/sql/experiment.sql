-- Outcomes of units, and what they tell of versions.

SET client_min_messages = warning;
SET extra_float_digits = -6;

CREATE TABLE outcome_reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 200) AS i;
GRANT SELECT ON outcome_reviews TO PUBLIC;
CREATE ROLE regress_sentiment_owner;
CREATE ROLE regress_sentiment_user;
CREATE ROLE regress_sentiment_other;

SET ROLE regress_sentiment_owner;
SELECT version FROM sentiment_train('e', 'outcome_reviews');
SELECT version FROM sentiment_train('e', 'outcome_reviews', deploy => 'never');
SELECT version FROM sentiment_train('e', 'outcome_reviews', deploy => 'never');
SELECT sentiment_deploy('e', 3);
SELECT sentiment_grant('e', 'regress_sentiment_user', 'predict');
SELECT sentiment_set_traffic('e', '{"1": 0.5, "2": 0.5}');
SELECT model, version, share, is_main, outcomes, successes, rate, difference, p_value, since <= clock_timestamp() AS since FROM sentiment_experiments;

-- who may ask may report
SET ROLE regress_sentiment_user;
SELECT sentiment_outcome('e', 1, 'u1', true);
SELECT sentiment_outcome('e', NULL, 'u2', true) = sentiment_route('e', 'u2') AS routed;
-- one row for a version and a unit: what was reported last counts
SELECT sentiment_outcome('e', 1, 'u3', false);
SELECT sentiment_outcome('e', 1, 'u3', true);
SELECT sentiment_outcome('e', 1, 'u3', true);
SELECT sentiment_outcome('e', 2, 'u3', false);
SELECT model, version, outcomes, successes FROM sentiment_experiments;
-- but not read whose it was, nor write the table
SELECT unit FROM sentiment.outcome;
SELECT count(*) FROM sentiment.outcome;
DELETE FROM sentiment.outcome;
INSERT INTO sentiment.outcome VALUES (1, 1, 'x', true);
SET ROLE regress_sentiment_other;
SELECT sentiment_outcome('e', 1, 'u1', false);
SELECT * FROM sentiment_experiments;
SELECT count(*) FROM sentiment.outcome;
SET ROLE regress_sentiment_user;

-- what is refused
SELECT sentiment_outcome('e', 9, 'u1', true);
SELECT sentiment_outcome('e', 1, NULL, true);
SELECT sentiment_outcome('e', 1, 'u1', NULL);
SELECT sentiment_outcome(NULL, 1, 'u1', true);
SELECT sentiment_outcome('missing', 1, 'u1', true);
SELECT sentiment_outcome('e', 1, repeat('x', 1025), true);
SELECT sentiment_outcome('e', 1, repeat('x', 1024), true);
SELECT sentiment_outcome('e', 1, '', true);
BEGIN READ ONLY;
SELECT sentiment_outcome('e', 1, 'u1', true);
ROLLBACK;
-- transactional
BEGIN;
SELECT sentiment_outcome('e', 1, 'u9', true);
ROLLBACK;
SELECT model, version, outcomes, successes FROM sentiment_experiments;

-- many at once: 60 % against 70 %
RESET ROLE;
DELETE FROM sentiment.outcome;
SET ROLE regress_sentiment_user;
SELECT version, count(*) FROM (SELECT sentiment_outcome('e', 1 + i % 2, 'user ' || i, i / 2 % 10 < 6 + i % 2) AS version FROM generate_series(0, 3999) AS i) AS o GROUP BY version ORDER BY version;
SELECT model, version, share, is_main, outcomes, successes, rate, rate_lower, rate_upper, difference, difference_lower, difference_upper, p_value FROM sentiment_experiments;
-- a version that does not answer any more, but has been reported
SELECT sentiment_outcome('e', 3, 'u1', true);
SELECT version, share, outcomes, p_value FROM sentiment_experiment('e');
-- one that is not there, or not for the role; of all models those that it may see
SELECT version FROM sentiment_experiment('missing');
SELECT version FROM sentiment_experiment('');
SET ROLE regress_sentiment_other;
SELECT version FROM sentiment_experiment('e');
SELECT count(*) FROM sentiment_experiment();
SELECT count(*) FROM sentiment_experiment(NULL, '-infinity');
SET ROLE regress_sentiment_user;
-- a unit that was reported last before a time does not count from then on
SELECT version, outcomes FROM sentiment_experiment('e', clock_timestamp());
SELECT version, outcomes FROM sentiment_experiment('e', '-infinity');
-- other traffic is another experiment
SET ROLE regress_sentiment_owner;
SELECT sentiment_set_traffic('e', '{"1": 0.2, "2": 0.8}');
SELECT version, share, is_main, outcomes, rate, p_value FROM sentiment_experiments;
SELECT version, outcomes, successes FROM sentiment_experiment(since => '2020-01-01');
-- in which a unit that comes back counts as soon as it is reported again, as it was before or otherwise, and once
SELECT sentiment_outcome('e', 1, 'user 0', true), sentiment_outcome('e', 2, 'user 1', false);
SELECT sentiment_outcome('e', 2, 'user 1', false);
SELECT version, outcomes, successes FROM sentiment_experiments;
SELECT version, outcomes FROM sentiment_experiment(since => '2020-01-01');
-- a model without a deployed version
DO 'BEGIN PERFORM sentiment_train(''u'', ''outcome_reviews'', deploy => ''never''); END';
SELECT sentiment_outcome('u', NULL, 'u1', true);
SELECT sentiment_outcome('u', 1, 'u1', true);
SELECT count(*) FROM sentiment_experiments WHERE model = 'u';
SELECT count(*) FROM sentiment_experiment('u');

-- the figures by themselves
SELECT * FROM sentiment_rate(7, 10);
SELECT * FROM sentiment_rate(0, 10);
SELECT * FROM sentiment_rate(10, 10);
SELECT * FROM sentiment_rate(0, 0);
SELECT * FROM sentiment_rate(3, 2);
SELECT * FROM sentiment_rate(-1, 2);
SELECT sentiment_rate(NULL, 2);
SELECT * FROM sentiment_rate_difference(100, 1000, 150, 1000);
SELECT * FROM sentiment_rate_difference(0, 0, 150, 1000);
SELECT * FROM sentiment_rate_difference(1, 1, 1001, 1000);
SELECT (sentiment_rate_difference(s, 1000000000000, s + 10000000000, 1000000000000)).p_value < 1e-100 AS certain FROM (VALUES (500000000000::int8)) AS v(s);

-- outcomes go with their model
SELECT sentiment_drop_model('e');
SELECT sentiment_drop_model('u');
RESET ROLE;
SELECT count(*) FROM sentiment.outcome;
DROP TABLE outcome_reviews;
DROP ROLE regress_sentiment_owner, regress_sentiment_user, regress_sentiment_other;
