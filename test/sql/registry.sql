-- Whose model it is: roles that are dropped, renamed and made anew; ownership; which model answers unasked.

SET client_min_messages = warning;

CREATE TABLE registry_reviews AS
SELECT (ARRAY['good', 'great', 'bad', 'awful'])[1 + i % 4] || ' book ' || i AS text,
	CASE WHEN i % 4 < 2 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 200) AS i;
GRANT SELECT ON registry_reviews TO PUBLIC;

CREATE ROLE regress_sentiment_a;
CREATE ROLE regress_sentiment_b;
CREATE ROLE regress_sentiment_c;

-- the first training of all is somebody's, who grants it to everybody: nobody else is answered by it unasked
SET ROLE regress_sentiment_b;
SELECT version FROM sentiment_train('r_first', 'registry_reviews');
SELECT sentiment_grant('r_first', 'public', 'predict');
SELECT model FROM sentiment_classify('a good book');
SET ROLE regress_sentiment_a;
SELECT model FROM sentiment_classify('a good book');
SELECT model FROM sentiment_classify('a good book', 'r_first');
SET sentiment.default_model = 'r_first';
SELECT model FROM sentiment_classify('a good book');
RESET sentiment.default_model;
RESET ROLE;
-- a superuser, who has the rights of all roles, is no exception
SELECT model FROM sentiment_classify('a good book');
-- a member is
GRANT regress_sentiment_b TO regress_sentiment_c;
SET ROLE regress_sentiment_c;
SELECT model FROM sentiment_classify('a good book');
RESET ROLE;
REVOKE regress_sentiment_b FROM regress_sentiment_c;
-- a model of one's own
SET ROLE regress_sentiment_a;
SELECT version FROM sentiment_train('r_a', 'registry_reviews');
SELECT model FROM sentiment_classify('a good book');
RESET ROLE;
-- one of a superuser's answers all who may use it
SELECT version FROM sentiment_train('r_super', 'registry_reviews');
SELECT sentiment_grant('r_super', 'public', 'predict');
SELECT model FROM sentiment_classify('a good book');
SET ROLE regress_sentiment_c;
SELECT model FROM sentiment_classify('a good book');
SET ROLE regress_sentiment_a;
SELECT model FROM sentiment_classify('a good book');
RESET ROLE;

-- one of the database's owner's does too
SELECT sentiment_revoke('r_super', 'public', 'predict');
SELECT datdba::regrole AS old_owner FROM pg_database WHERE datname = current_database() \gset
DO 'BEGIN EXECUTE format(''ALTER DATABASE %I OWNER TO regress_sentiment_b'', current_database()); END';
SET ROLE regress_sentiment_c;
SELECT model FROM sentiment_classify('a good book');
RESET ROLE;
SELECT format('ALTER DATABASE %I OWNER TO %I', current_database(), :'old_owner') \gexec
SET ROLE regress_sentiment_c;
SELECT model FROM sentiment_classify('a good book');
RESET ROLE;

-- a role that is renamed keeps what it owns and what it was granted
SELECT sentiment_grant('r_super', 'regress_sentiment_c', 'predict');
ALTER ROLE regress_sentiment_a RENAME TO regress_sentiment_a2;
ALTER ROLE regress_sentiment_c RENAME TO regress_sentiment_c2;
SET ROLE regress_sentiment_a2;
SELECT model, owner FROM sentiment_models ORDER BY model;
SELECT version FROM sentiment_train('r_a', 'registry_reviews', deploy => 'always');
SET ROLE regress_sentiment_c2;
SELECT model FROM sentiment_classify('a good book', 'r_super');
RESET ROLE;
SELECT model, grantee, privilege FROM sentiment_privileges ORDER BY model, grantee COLLATE "C";

-- another role that takes the old name has nothing of it
CREATE ROLE regress_sentiment_a;
CREATE ROLE regress_sentiment_c;
SET ROLE regress_sentiment_a;
SELECT model FROM sentiment_models ORDER BY model;
SELECT sentiment_drop_model('r_a');
SELECT sentiment_get_model('r_a') IS NULL;
SET ROLE regress_sentiment_c;
SELECT model FROM sentiment_classify('a good book', 'r_super');
RESET ROLE;
-- it can be granted to both; each loses its own
SELECT sentiment_grant('r_super', 'regress_sentiment_c', 'predict');
SET ROLE regress_sentiment_c;
SELECT model FROM sentiment_classify('a good book', 'r_super');
RESET ROLE;
SELECT sentiment_revoke('r_super', 'regress_sentiment_c', 'predict');
SELECT model, grantee, privilege FROM sentiment_privileges ORDER BY model, grantee COLLATE "C";

-- nor has one that takes the name of a role that was dropped
DROP ROLE regress_sentiment_a;
ALTER ROLE regress_sentiment_a2 RENAME TO regress_sentiment_a;
DROP ROLE regress_sentiment_a;
CREATE ROLE regress_sentiment_a;
DROP ROLE regress_sentiment_c2;
CREATE ROLE regress_sentiment_c2;
SET ROLE regress_sentiment_a;
SELECT sentiment_drop_model('r_a');
SELECT model FROM sentiment_models ORDER BY model;
SELECT count(*) FROM sentiment_deployments WHERE model = 'r_a';
SET ROLE regress_sentiment_c2;
SELECT model FROM sentiment_classify('a good book', 'r_super');
RESET ROLE;
SELECT model, owner ~ '^unknown \(OID=\d+\)$' AS owner_is_gone FROM sentiment_models WHERE model = 'r_a';
SELECT model, grantee ~ '^unknown \(OID=\d+\)$' AS grantee_is_gone FROM sentiment_privileges ORDER BY model, grantee COLLATE "C";
-- what nobody has any more is taken back by the name that it was granted under
SELECT sentiment_revoke('r_super', 'regress_sentiment_c', 'predict');
SELECT count(*) FROM sentiment_privileges WHERE model = 'r_super';

-- a model is given to another role by its owner, who must be a member of it, or by a superuser
SELECT sentiment_set_owner('r_a', 'regress_sentiment_a');
SELECT owner FROM sentiment_models WHERE model = 'r_a';
SET ROLE regress_sentiment_a;
-- the server's own message, which PostgreSQL 16 changed
\set VERBOSITY sqlstate
SELECT sentiment_set_owner('r_a', 'regress_sentiment_b');
\set VERBOSITY default
SELECT sentiment_set_owner('r_first', 'regress_sentiment_a');
SELECT sentiment_set_owner('r_a', 'public');
SELECT sentiment_set_owner('r_a', 'regress_sentiment_nobody');
SELECT sentiment_set_owner('r_missing', 'regress_sentiment_a');
SELECT sentiment_set_owner('r_a', NULL);
RESET ROLE;
GRANT regress_sentiment_b TO regress_sentiment_a;
SET ROLE regress_sentiment_a;
SELECT sentiment_set_owner('r_a', 'regress_sentiment_b');
SELECT owner FROM sentiment_models WHERE model = 'r_a';
RESET ROLE;
REVOKE regress_sentiment_b FROM regress_sentiment_a;
SET ROLE regress_sentiment_a;
SELECT sentiment_predict('a good book', 'r_a');
SET ROLE regress_sentiment_b;
SELECT sentiment_predict('a good book', 'r_a');
BEGIN READ ONLY;
SELECT sentiment_set_owner('r_a', 'regress_sentiment_b');
ROLLBACK;
RESET ROLE;

-- the history of a dropped model stays visible to its owner and to whoever is in it
SELECT sentiment_grant('r_a', 'regress_sentiment_c', 'train');
SET ROLE regress_sentiment_c;
SELECT sentiment_deploy('r_a', 1);
SET ROLE regress_sentiment_b;
SELECT sentiment_drop_model('r_a');
SELECT model, action, version, done_by FROM sentiment_deployments WHERE model = 'r_a';
SET ROLE regress_sentiment_c;
SELECT model, action, version, done_by FROM sentiment_deployments WHERE model = 'r_a';
SET ROLE regress_sentiment_a;
SELECT model, action, version, done_by FROM sentiment_deployments WHERE model = 'r_a';
RESET ROLE;
DROP ROLE regress_sentiment_b;
CREATE ROLE regress_sentiment_b;
SET ROLE regress_sentiment_b;
SELECT count(*) FROM sentiment_deployments WHERE model = 'r_a';
RESET ROLE;

-- in a cluster that these tables were restored in, the name decides
UPDATE sentiment.model SET owner = 'regress_sentiment_a', owner_oid = 10, owner_cluster = owner_cluster + 1 WHERE name = 'r_first';
SELECT sentiment_revoke('r_first', 'public', 'predict');
SELECT sentiment_grant('r_first', 'regress_sentiment_c', 'train');
UPDATE sentiment.model_privilege SET grantee_oid = 10, grantee_cluster = grantee_cluster + 1;
SELECT owner FROM sentiment_models WHERE model = 'r_first';
SELECT grantee FROM sentiment_privileges;
SET ROLE regress_sentiment_a;
SELECT model FROM sentiment_classify('a good book');
SET ROLE regress_sentiment_c;
SELECT model FROM sentiment_classify('a good book', 'r_first');
SET ROLE regress_sentiment_b;
SELECT model FROM sentiment_classify('a good book', 'r_first');
RESET ROLE;
SELECT sentiment_grant('r_first', 'regress_sentiment_c', 'train');
SELECT grantee FROM sentiment_privileges;
SELECT sentiment_revoke('r_first', 'regress_sentiment_c', 'train');
SELECT grantee FROM sentiment_privileges;

SELECT sentiment_drop_model(model) FROM sentiment_models;
DROP TABLE registry_reviews;
DROP ROLE regress_sentiment_a, regress_sentiment_b, regress_sentiment_c, regress_sentiment_c2;
